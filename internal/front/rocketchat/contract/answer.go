package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"parlor/internal/errs"
)

// Object is a JSON object that is put together by hand.
type Object map[string]any

// Stamp is a time as this contract writes it: milliseconds, Z.
type Stamp time.Time

const stampForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (s Stamp) MarshalJSON() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, `"`+stampForm+`"`), nil
}

// StampOf returns nil for the zero time, so that the key is left out.
func StampOf(t time.Time) *Stamp {
	if t.IsZero() {
		return nil
	}
	s := Stamp(t)
	return &s
}

// noEndpoint answers an unknown path or method.
var noEndpoint = Object{"status": "error", "message": "API endpoint does not exist"}

// Fault is a failure in the words of the contract.
type Fault struct {
	Status int
	// Text is the error, kind its errorType; a plain error has none.
	Text, Kind string
	details    any
	// Body replaces the whole envelope.
	Body any
}

// Error implements error.
func (f *Fault) Error() string { return f.Text }

// Expected implements httpx.Expected.
func (f *Fault) Expected() bool { return f.Status < http.StatusInternalServerError }

// Plain is an error that is its bare code.
func Plain(code string) *Fault { return &Fault{Status: http.StatusBadRequest, Text: code} }

// Structured is an error with a reason and its code as errorType.
func Structured(code, reason string) *Fault {
	text := "[" + code + "]"
	if reason != "" {
		text = reason + " " + text
	}
	return &Fault{Status: http.StatusBadRequest, Text: text, Kind: code}
}

// InvalidParams is a body or query that does not fit its schema.
func InvalidParams(text string) *Fault { return Structured("invalid-params", text) }

// Mismatch is a body that does not fit a pattern.
func Mismatch(text string) *Fault {
	return &Fault{Status: http.StatusBadRequest, Text: "Match error: " + text}
}

// Refused is what a handler answers to who may not.
func Refused() *Fault { return &Fault{Status: http.StatusForbidden, Text: "unauthorized"} }

// NotFound is an explicit 404.
func NotFound(text string) *Fault { return &Fault{Status: http.StatusNotFound, Text: text} }

// Bare is a failure without a word.
var Bare = &Fault{Status: http.StatusBadRequest, Body: Object{"success": false}}

// The refusals that come before a handler.
var (
	errLogin      = &Fault{Status: http.StatusUnauthorized, Body: Object{"status": "error", "message": "You must be logged in to do this."}}
	ErrPermission = &Fault{Status: http.StatusForbidden, Text: "User does not have the permissions required for this action [error-unauthorized]"}
)

// Send writes a JSON body. Strict clients compare the whole content type.
func Send(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"success":false,"error":"Internal server error"}`)
	}
	sendBytes(w, status, b)
}

func sendBytes(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the client has gone if this fails
}

// succeed writes the payload of a success.
func succeed(w http.ResponseWriter, v any) {
	if v == nil {
		sendBytes(w, http.StatusOK, []byte(`{"statusCode":200,"body":null}`))
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		Send(w, http.StatusInternalServerError, Object{"success": false, "error": "Internal server error"})
		return
	}
	switch {
	case b[0] != '{':
	case len(b) == 2:
		b = []byte(`{"success":true}`)
	default:
		b = append(bytes.TrimSuffix(b, []byte("}")), `,"success":true}`...)
	}
	sendBytes(w, http.StatusOK, b)
}

// words translates what domains refuse into the codes of the contract; all are
// plain errors.
var words = map[string]string{
	"visitor_not_found":      "invalid-token",
	"conversation_not_found": "invalid-room",
	"conversation_closed":    "room-closed",
	"agent_not_found":        "invalid-agent",
	"team_not_found":         "error-department-not-found",
	"message_not_found":      "invalid-message",
	"message_recalled":       "invalid-message",
	"text_too_long":          "message-length-exceeds-character-limit",
	"channel_blocked":        "error-contact-channel-blocked",
	"end_disabled":           "error-not-allowed-to-close-conversation",
	"not_author":             "error-action-not-allowed",
	"edit_disabled":          "error-action-not-allowed",
	"recall_disabled":        "error-action-not-allowed",
	"too_late":               "error-action-not-allowed",
	"not_editable":           "error-action-not-allowed",
	"not_recallable":         "error-action-not-allowed",
	"too_many_edits":         "error-action-not-allowed",
}

// Fail writes an error.
func (f *Kit) Fail(w http.ResponseWriter, r *http.Request, err error) {
	var own *Fault
	if !errors.As(err, &own) {
		own = faultOf(err)
	}
	if own.Status == http.StatusInternalServerError {
		f.logInternal(r, err)
	}
	if own.Body != nil {
		Send(w, own.Status, own.Body)
		return
	}
	body := Object{"success": false, "error": own.Text}
	if own.Kind != "" {
		body["errorType"] = own.Kind
	}
	if own.details != nil {
		body["details"] = own.details
	}
	Send(w, own.Status, body)
}

// faultOf is the contract's form of a domain's error.
func faultOf(err error) *Fault {
	code, reason := errs.CodeOf(err), errs.ReasonOf(err)
	if word := words[reason]; word != "" {
		return Plain(word)
	}
	switch code {
	case errs.Internal:
		return &Fault{Status: http.StatusInternalServerError, Text: "Internal server error"}
	case errs.Forbidden:
		return Refused()
	case errs.Unauthenticated:
		return errLogin
	case errs.Unavailable:
		return &Fault{Status: http.StatusServiceUnavailable, Text: errs.MessageOf(err)}
	case errs.TooLarge:
		return &Fault{Status: http.StatusRequestEntityTooLarge, Text: errs.MessageOf(err)}
	case errs.Invalid:
		return InvalidParams(errs.MessageOf(err))
	}
	return Structured(reason, errs.MessageOf(err))
}

// IsMissing reports whether something does not exist for who asked.
func IsMissing(err error) bool { return errs.CodeOf(err) == errs.NotFound }

// Put sets a key that has a value.
func Put(o Object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

// logInternal records an error that the caller is not told, unless the caller has
// gone.
func (f *Kit) logInternal(r *http.Request, err error) {
	if errs.CodeOf(err) == errs.Internal && r.Context().Err() == nil {
		f.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
}
