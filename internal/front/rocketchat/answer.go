package rocketchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"parlor/internal/errs"
	"parlor/internal/front/httpx"
)

// object is a JSON object that is put together by hand.
type object map[string]any

// stamp is a time as this contract writes it: milliseconds, Z.
type stamp time.Time

const stampForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (s stamp) MarshalJSON() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, `"`+stampForm+`"`), nil
}

// stampOf returns nil for the zero time, so that the key is left out.
func stampOf(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	s := stamp(t)
	return &s
}

// noEndpoint answers an unknown path or method.
var noEndpoint = object{"status": "error", "message": "API endpoint does not exist"}

// fault is a failure in the words of the contract.
type fault struct {
	status int
	// text is the error, kind its errorType; a plain error has none.
	text, kind string
	details    any
	// body replaces the whole envelope.
	body any
}

func (f *fault) Error() string { return f.text }

// plain is an error that is its bare code.
func plain(code string) *fault { return &fault{status: http.StatusBadRequest, text: code} }

// structured is an error with a reason and its code as errorType.
func structured(code, reason string) *fault {
	text := "[" + code + "]"
	if reason != "" {
		text = reason + " " + text
	}
	return &fault{status: http.StatusBadRequest, text: text, kind: code}
}

// invalidParams is a body or query that does not fit its schema.
func invalidParams(text string) *fault { return structured("invalid-params", text) }

// mismatch is a body that does not fit a pattern.
func mismatch(text string) *fault {
	return &fault{status: http.StatusBadRequest, text: "Match error: " + text}
}

// refused is what a handler answers to who may not.
func refused() *fault { return &fault{status: http.StatusForbidden, text: "unauthorized"} }

// notFound is an explicit 404.
func notFound(text string) *fault { return &fault{status: http.StatusNotFound, text: text} }

// bare is a failure without a word.
var bare = &fault{status: http.StatusBadRequest, body: object{"success": false}}

// The refusals that come before a handler.
var (
	errLogin      = &fault{status: http.StatusUnauthorized, body: object{"status": "error", "message": "You must be logged in to do this."}}
	errPermission = &fault{status: http.StatusForbidden, text: "User does not have the permissions required for this action [error-unauthorized]"}
)

// send writes a JSON body. Strict clients compare the whole content type.
func send(w http.ResponseWriter, status int, v any) {
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
		send(w, http.StatusInternalServerError, object{"success": false, "error": "Internal server error"})
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
	"end_disabled":           "error-not-allowed-to-close-conversation",
	"not_author":             "error-action-not-allowed",
	"edit_disabled":          "error-action-not-allowed",
	"recall_disabled":        "error-action-not-allowed",
	"too_late":               "error-action-not-allowed",
	"not_editable":           "error-action-not-allowed",
	"not_recallable":         "error-action-not-allowed",
	"too_many_edits":         "error-action-not-allowed",
}

// fail writes an error.
func (f *Front) fail(w http.ResponseWriter, r *http.Request, err error) {
	var own *fault
	if !errors.As(err, &own) {
		own = faultOf(err)
	}
	if own.status == http.StatusInternalServerError {
		httpx.LogInternal(f.Log, r, err)
	}
	if own.body != nil {
		send(w, own.status, own.body)
		return
	}
	body := object{"success": false, "error": own.text}
	if own.kind != "" {
		body["errorType"] = own.kind
	}
	if own.details != nil {
		body["details"] = own.details
	}
	send(w, own.status, body)
}

// faultOf is the contract's form of a domain's error.
func faultOf(err error) *fault {
	code, reason := errs.CodeOf(err), errs.ReasonOf(err)
	if word := words[reason]; word != "" {
		return plain(word)
	}
	switch code {
	case errs.Internal:
		return &fault{status: http.StatusInternalServerError, text: "Internal server error"}
	case errs.Forbidden:
		return refused()
	case errs.Unauthenticated:
		return errLogin
	case errs.Unavailable:
		return &fault{status: http.StatusServiceUnavailable, text: errs.MessageOf(err)}
	case errs.TooLarge:
		return &fault{status: http.StatusRequestEntityTooLarge, text: errs.MessageOf(err)}
	case errs.Invalid:
		return invalidParams(errs.MessageOf(err))
	}
	return structured(reason, errs.MessageOf(err))
}

// isMissing reports whether something does not exist for who asked.
func isMissing(err error) bool { return errs.CodeOf(err) == errs.NotFound }
