// Package errs is the one error vocabulary of Parlor.
//
// Every error that leaves a domain or the store is an *Error, or is treated as
// Internal. A front translates Code and Reason into its own dialect; Message is
// for the person; Err is the cause and goes only to the log.
package errs

import (
	"errors"
	"fmt"
	"net/http"
)

// Code says what kind of failure an error is.
type Code string

// The nine codes. Anything that carries none of them is Internal.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	TooLarge        Code = "too_large"
	TooMany         Code = "too_many"
	Unavailable     Code = "unavailable"
	Internal        Code = "internal"
)

// Error is a failure with a code, a stable machine word and a sentence.
type Error struct {
	// Code is the kind of failure.
	Code Code
	// Reason is a stable machine word, e.g. "conversation_closed".
	Reason string
	// Message is the sentence shown to the person.
	Message string
	// Field names the input field at fault, if there is one.
	Field string
	// Err is the cause, for the log only.
	Err error
	// trace holds the names of the operations that Wrap passed, innermost first.
	trace string
}

// New returns an error of the given code, reason and message.
func New(code Code, reason, format string, args ...any) *Error {
	return &Error{Code: code, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Field returns an Invalid error about one input field.
func Field(field, reason, format string, args ...any) *Error {
	e := New(Invalid, reason, format, args...)
	e.Field = field
	return e
}

// Because returns a copy of e that carries cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Err = cause
	return &c
}

// Error is the text for the log: operations, message and cause.
func (e *Error) Error() string {
	s := e.Message
	if s == "" {
		s = e.Reason
	}
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.trace != "" {
		s = e.trace + ": " + s
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is match errors that share code and reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Reason == e.Reason
}

// Wrap adds one line of context to *err, keeping its code. It is meant to be
// deferred as the first line of a function that does I/O.
func Wrap(err *error, format string, args ...any) {
	if *err == nil {
		return
	}
	op := fmt.Sprintf(format, args...)
	var e *Error
	if !errors.As(*err, &e) {
		*err = fmt.Errorf("%s: %w", op, *err)
		return
	}
	c := *e
	if c.trace == "" {
		c.trace = op
	} else {
		c.trace = op + ": " + c.trace
	}
	*err = &c
}

// CodeOf returns the code of err: "" for nil, Internal for a foreign error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// ReasonOf returns the machine word of err, "internal" for a foreign error.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Reason != "" {
		return e.Reason
	}
	if err == nil {
		return ""
	}
	return string(CodeOf(err))
}

// MessageOf returns the sentence for the person. The text of an Internal error
// never leaves the server.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Code != Internal {
		return e.Message
	}
	return "internal error"
}

// FieldOf returns the input field at fault, or "".
func FieldOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Field
	}
	return ""
}

var statuses = map[Code]int{
	Invalid:         http.StatusBadRequest,
	Unauthenticated: http.StatusUnauthorized,
	Forbidden:       http.StatusForbidden,
	NotFound:        http.StatusNotFound,
	Conflict:        http.StatusConflict,
	TooLarge:        http.StatusRequestEntityTooLarge,
	TooMany:         http.StatusTooManyRequests,
	Unavailable:     http.StatusServiceUnavailable,
	Internal:        http.StatusInternalServerError,
}

// Status returns the HTTP status of err, 200 for nil.
func Status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return statuses[CodeOf(err)]
}
