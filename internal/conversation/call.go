package conversation

import (
	"context"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Ringing is how a call stands that nobody has answered; others say how it goes on
// in words of their own, at most maxCall characters.
const (
	Ringing = "ringing"
	maxCall = 40
)

// over are the words for calls that are no more.
var over = map[string]bool{"": true, "ended": true, "declined": true}

// Ring begins a call in a running conversation and tells it with a line, unless
// one is going on. It returns how the call stands. The sound itself goes from
// browser to browser; this only keeps the record.
//
// Errors: Conflict "conversation_closed".
func (s *Service) Ring(ctx context.Context, who actor.Actor, c id.Conversation) (call string, err error) {
	defer errs.Wrap(&err, "conversation.Ring")
	got, err := s.Conversation(ctx, who, c)
	if err != nil {
		return "", err
	}
	if got.Status == Closed {
		return "", errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	}
	d, err := s.DetailsOf(ctx, who.Tenant, []id.Conversation{c})
	if err != nil || !over[d[c].Call] {
		return d[c].Call, err
	}
	if _, err = s.Note(ctx, who.Tenant, c, Line{Name: LineCalled, Agent: who.Agent, AgentName: who.Name, By: who.Name, ByAgent: who.Agent}, ""); err != nil {
		return "", err
	}
	call = Ringing
	return call, s.store.ChangeDetails(ctx, who.Tenant, c, DetailChange{Call: &call})
}

// SetCall says how the call of a conversation goes on. Errors: Invalid "bad_call".
func (s *Service) SetCall(ctx context.Context, who actor.Actor, c id.Conversation, call string) (err error) {
	defer errs.Wrap(&err, "conversation.SetCall")
	if n := utf8.RuneCountInString(call); n < 1 || n > maxCall || CleanText(call) != call {
		return errs.Field("status", "bad_call", "The state of a call has 1 to %d characters.", maxCall)
	}
	if _, err = s.Conversation(ctx, who, c); err != nil {
		return err
	}
	return s.store.ChangeDetails(ctx, who.Tenant, c, DetailChange{Call: &call})
}
