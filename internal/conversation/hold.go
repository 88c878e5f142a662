package conversation

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// HoldInput is what the verb Hold needs.
type HoldInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	At           time.Time
	Line         Message
}

// UnholdInput is what the verb Unhold needs.
type UnholdInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	At           time.Time
	Line         Message
	// Queue sends it to the queue of its team if the agent is not available or has
	// no place; QueueLine records that.
	Queue     bool
	QueueLine Message
}

// Hold puts a conversation on hold: its agent keeps it, but it does not count
// against the agent's cap until somebody writes. An agent may hold its own, and
// any with the permission to manage. comment is for the line that records it.
//
// Errors: Conflict "conversation_closed", "conversation_queued", "held",
// "visitor_waits" if the company asks for an answer first, "not_your_conversation".
func (s *Service) Hold(ctx context.Context, who actor.Actor, c id.Conversation, comment string) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Hold")
	before, err := s.servedBy(ctx, who, c)
	if err != nil {
		return got, err
	}
	if who.Kind == actor.Agent && before.LastFrom == actor.Visitor && s.limits.Rules(before.Tenant, before.Inbox).HoldAnswered {
		return got, errs.New(errs.Conflict, "visitor_waits", "The visitor waits for an answer.")
	}
	moved, err := s.store.Hold(ctx, HoldInput{Tenant: who.Tenant, Conversation: c, At: s.clock.Now(), Line: s.line(who, before, LineHeld, comment)})
	if err != nil {
		return got, err
	}
	s.Announce(moved, LineHeld)
	return moved.Conversation, nil
}

// Unhold takes a conversation off hold by hand. Errors as of Hold, and Conflict
// "not_held", "agent_full".
func (s *Service) Unhold(ctx context.Context, who actor.Actor, c id.Conversation) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Unhold")
	before, err := s.servedBy(ctx, who, c)
	if err != nil {
		return got, err
	}
	moved, err := s.store.Unhold(ctx, UnholdInput{Tenant: who.Tenant, Conversation: c, At: s.clock.Now(), Line: s.line(who, before, LineResumed, "")})
	if err != nil {
		return got, err
	}
	s.Announce(moved, LineResumed)
	return moved.Conversation, nil
}

// wakeHeld resumes a conversation in which somebody has written. What a visitor
// wrote goes to the agent who held it if there is room, else to the queue; an
// agent without a place answers and leaves it on hold.
func (s *Service) wakeHeld(ctx context.Context, who actor.Actor, c *Conversation) error {
	in := UnholdInput{Tenant: c.Tenant, Conversation: c.ID, At: s.clock.Now(), Line: s.line(who, *c, LineResumed, ""), Queue: who.Kind == actor.Visitor}
	in.QueueLine = s.line(who, *c, LineQueued, "")
	moved, err := s.store.Unhold(ctx, in)
	switch errs.ReasonOf(err) {
	case "":
	case "not_held", "conversation_closed", "agent_full":
		return nil // somebody else was faster, or it stays as it is
	default:
		return err
	}
	cause := LineResumed
	if moved.Conversation.Status == Queued {
		cause = LineQueued
	}
	s.Announce(moved, cause)
	*c = moved.Conversation
	return nil
}

// servedBy reads a conversation that who may see and serves or may manage.
func (s *Service) servedBy(ctx context.Context, who actor.Actor, c id.Conversation) (Conversation, error) {
	got, err := s.Conversation(ctx, who, c)
	switch {
	case err != nil:
		return got, err
	case got.Status == Closed:
		return got, errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case who.Kind == actor.Visitor, who.Kind == actor.Agent && got.Agent != who.Agent && !who.Can(actor.Manage):
		return got, errs.New(errs.Conflict, "not_your_conversation", "The conversation is not assigned to you.")
	}
	return got, nil
}

// line is a message that records what who did to c.
func (s *Service) line(who actor.Actor, c Conversation, name, text string) Message {
	return Message{ID: id.Message(id.New()), Tenant: c.Tenant, Conversation: c.ID, Kind: Event, From: Author{Kind: actor.System}, At: s.clock.Now(),
		Line: &Line{Name: name, Agent: c.Agent, AgentName: c.AgentName, By: who.Name, ByAgent: who.Agent, Note: clip(CleanText(text), MaxComment)}}
}

// Join lets an agent who may see a running conversation take part in it: everybody
// is told once. Errors: Conflict "conversation_closed".
func (s *Service) Join(ctx context.Context, who actor.Actor, c id.Conversation) error {
	got, err := s.Conversation(ctx, who, c)
	if err != nil {
		return err
	}
	if got.Agent == who.Agent && got.Status != Closed {
		return nil
	}
	_, err = s.Note(ctx, who.Tenant, c, Line{Name: LineJoined, Agent: who.Agent, AgentName: who.Name, By: who.Name, ByAgent: who.Agent}, "join "+string(who.Agent))
	return err
}
