package conversation

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// RecallWithin is how long after sending an author may take a message back, if
// the company has set nothing else (recallSeconds). Who may manage conversations
// of others may do so at any time.
const RecallWithin = 2 * time.Minute

// Recall says who took a message back, and when.
type Recall struct {
	By Author    `json:"by"`
	At time.Time `json:"at"`
}

// Recalled is the payload of event.MessageRecalled.
type Recalled struct {
	// Message keeps number and author; text and file are gone.
	Message      Message      `json:"message"`
	Conversation Conversation `json:"conversation"`
}

// RecallInput is what the verb Recall needs.
type RecallInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Seq          int64
	// Author, if set, must be who wrote the message, and NotBefore the earliest
	// time at which it was sent.
	Author    string
	NotBefore time.Time
	Recall    Recall
}

// RecallResult is the result of the verb Recall.
type RecallResult struct {
	Message      Message
	Conversation Conversation
	// Line is the message that tells of it, so that whoever was away learns of
	// it by its number. Seq is 0 if the message had been taken back before.
	Line Message
}

// Recall takes a message back: its text and file go, its number stays. Authors
// may do so within the limit, who may manage at any time, also when the
// conversation is over. Taking back twice is no error. Errors: NotFound
// "message_not_found"; Forbidden "not_author", "recall_disabled"; Conflict "too_late";
// Conflict "not_recallable" for a line.
func (s *Service) Recall(ctx context.Context, who actor.Actor, c id.Conversation, seq int64) (m Message, err error) {
	defer errs.Wrap(&err, "conversation.Recall")
	conv, err := s.Conversation(ctx, who, c)
	if err != nil {
		return m, err
	}
	if !manages(who) && s.limits.Rules(conv.Tenant, conv.Inbox).NoRecall {
		return m, errs.New(errs.Forbidden, "recall_disabled", "Messages cannot be taken back here.")
	}
	within, err := s.limits.RecallWithin(ctx, who.Tenant)
	if err != nil {
		return m, err
	}
	now := s.clock.Now()
	in := RecallInput{Tenant: who.Tenant, Conversation: c, Seq: seq, Recall: Recall{At: now, By: Author{Kind: who.Kind, Name: who.Name}}}
	switch {
	case who.Kind == actor.Visitor:
		in.Author, in.NotBefore = string(who.Visitor), now.Add(-within)
	case who.Kind == actor.Agent && !who.Can(actor.Manage):
		in.Author, in.NotBefore = string(who.Agent), now.Add(-within)
	}
	in.Recall.By.ID = string(who.Visitor) + string(who.Agent)
	got, err := s.store.Recall(ctx, in)
	if err != nil || got.Line.Seq == 0 {
		return got.Message, err
	}
	s.announce(&Posted{Message: got.Line, Conversation: got.Conversation})
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.MessageRecalled, To: concerned(got.Conversation, got.Message), At: now,
		Data: &Recalled{Message: got.Message, Conversation: got.Conversation}})
	return got.Message, nil
}
