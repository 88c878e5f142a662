package errs_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/errs"
)

func TestWrapKeepsCodeAndAddsContext(t *testing.T) {
	t.Parallel()
	inner := func() (err error) {
		defer errs.Wrap(&err, "store.Append %s", "c1")
		return errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	}
	outer := func() (err error) {
		defer errs.Wrap(&err, "conversation.Post")
		return inner()
	}
	err := outer()
	if got := errs.CodeOf(err); got != errs.Conflict {
		t.Fatalf("code %q, want conflict", got)
	}
	if got := errs.ReasonOf(err); got != "conversation_closed" {
		t.Fatalf("reason %q", got)
	}
	if got := err.Error(); !strings.HasPrefix(got, "conversation.Post: store.Append c1: ") {
		t.Fatalf("text %q does not start with the operations", got)
	}
	if got := errs.MessageOf(err); got != "The conversation is closed." {
		t.Fatalf("message %q leaks context", got)
	}
}

func TestForeignErrorIsInternalAndHidden(t *testing.T) {
	t.Parallel()
	err := errors.New("disk on fire")
	errs.Wrap(&err, "store.Open")
	if errs.CodeOf(err) != errs.Internal || errs.Status(err) != http.StatusInternalServerError {
		t.Fatalf("code %q status %d", errs.CodeOf(err), errs.Status(err))
	}
	if strings.Contains(errs.MessageOf(err), "fire") {
		t.Fatal("the cause reached the person")
	}
}

func TestIsMatchesCodeAndReason(t *testing.T) {
	t.Parallel()
	a := errs.New(errs.NotFound, "agent_not_found", "x")
	b := errs.New(errs.NotFound, "agent_not_found", "y").Because(errors.New("z"))
	c := errs.New(errs.NotFound, "team_not_found", "x")
	if !errors.Is(b, a) || errors.Is(c, a) {
		t.Fatal("Is must compare code and reason")
	}
}

func TestNil(t *testing.T) {
	t.Parallel()
	var err error
	errs.Wrap(&err, "x")
	if err != nil || errs.CodeOf(nil) != "" || errs.Status(nil) != http.StatusOK || errs.ReasonOf(nil) != "" {
		t.Fatal("nil must stay nil")
	}
}
