package conversation

import (
	"context"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Read moves who's read mark in a conversation to seq and tells the other side.
// For agents only the assigned one has a mark: others read without a trace.
func (s *Service) Read(ctx context.Context, who actor.Actor, c id.Conversation, seq int64) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Read")
	if got, err = s.Conversation(ctx, who, c); err != nil {
		return got, err
	}
	if who.Kind == actor.Agent && got.Agent != who.Agent {
		return got, nil
	}
	got, moved, err := s.store.MarkRead(ctx, who.Tenant, c, who.Kind, seq)
	if err != nil || !moved {
		return got, err
	}
	mark := got.AgentRead
	if who.Kind == actor.Visitor {
		mark = got.VisitorRead
	}
	to := append(agentTopics(got), event.ToVisitor(got.Tenant, got.Visitor))
	s.events.Publish(&event.Event{ID: id.New(), Tenant: got.Tenant, Kind: event.ReadMoved, To: to, At: s.clock.Now(),
		Data: &Read{Conversation: c, Side: who.Kind, Seq: mark, Unread: got.Unread}})
	return got, nil
}

// TypeInput is what somebody types without having sent it.
type TypeInput struct {
	Conversation Conversation
	// Text is the visitor's unsent text; ignored for agents.
	Text string
	// On says that somebody types; of a visitor it may be known without the text.
	On bool
}

// Type passes on what somebody types. Nothing is stored. A visitor's text goes
// to the assigned agent only; that an agent types goes to the visitor and to
// colleagues who look at the conversation. in.Conversation is what the caller
// has at hand; its agent decides who gets it.
func (s *Service) Type(who actor.Actor, in TypeInput) {
	c := in.Conversation
	t := &Typing{Conversation: c.ID, From: who.Kind, Name: who.Name, On: in.On}
	var to []event.Topic
	switch who.Kind {
	case actor.Visitor:
		if c.Agent == "" || c.Visitor != who.Visitor {
			return
		}
		t.Text = clip(CleanText(in.Text), MaxTyping)
		switch s.limits.Preview(c.Tenant, c.Inbox) {
		case PreviewNone:
			return
		case PreviewRedacted:
			t.Text = Redact(t.Text)
		}
		t.On = in.On || t.Text != ""
		to = []event.Topic{event.ToAgent(c.Tenant, c.Agent)}
	case actor.Agent:
		if c.Agent != who.Agent {
			return
		}
		to = []event.Topic{event.ToVisitor(c.Tenant, c.Visitor), event.ToWatchers(c.Tenant, c.ID)}
	default:
		return
	}
	s.events.Publish(&event.Event{ID: "", Tenant: c.Tenant, Kind: event.Typing, To: to, At: s.clock.Now(), Data: t})
}

// Close ends a conversation. A visitor may end its own, an agent its own, and
// any with the permission to manage. by is the reason given for the system.
func (s *Service) Close(ctx context.Context, who actor.Actor, c id.Conversation, by EndBy) (got Conversation, err error) {
	return s.CloseWith(ctx, who, c, by, "")
}

// MaxComment is the longest word with which a conversation is closed, in characters.
const MaxComment = 2000

// CloseWith is Close with a comment, which the line that records the end shows. An
// agent cannot close what the team wants tagged: Conflict "tag_missing".
func (s *Service) CloseWith(ctx context.Context, who actor.Actor, c id.Conversation, by EndBy, comment string) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Close")
	comment = CleanText(comment)
	if n := utf8.RuneCountInString(comment); n > MaxComment {
		return got, errs.Field("comment", "comment_too_long", "The comment has %d characters; %d are allowed.", n, MaxComment)
	}
	before, err := s.Conversation(ctx, who, c)
	if err != nil {
		return got, err
	}
	in := CloseInput{Tenant: who.Tenant, Conversation: c, EndBy: by, At: s.clock.Now()}
	author := Author{Kind: actor.System}
	switch who.Kind {
	case actor.Visitor:
		if s.limits.Rules(before.Tenant, before.Inbox).NoVisitorEnd {
			return got, errs.New(errs.Forbidden, "end_disabled", "Visitors cannot end conversations here.")
		}
		in.EndBy = EndByVisitor
	case actor.Agent:
		in.EndBy, in.By = EndByAgent, who.Agent
		if len(before.Tags) == 0 && before.Status != Closed && s.limits.Closing(before.Tenant, before.Team).Tagged {
			return got, errTagMissing
		}
		if !who.Can(actor.Manage) {
			in.OnlyAgent = who.Agent
		}
	}
	in.Line = Message{ID: id.Message(id.New()), Tenant: who.Tenant, Conversation: c, Kind: Event, From: author, At: in.At,
		Line: &Line{Name: LineClosed, Agent: before.Agent, AgentName: before.AgentName, By: who.Name, ByAgent: who.Agent, Text: comment}}
	moved, err := s.store.CloseConversation(ctx, in)
	if err != nil {
		return got, err
	}
	s.Announce(moved, LineClosed)
	return moved.Conversation, nil
}

// IndexNext lets the search index follow; see Store.
func (s *Service) IndexNext(ctx context.Context, limit int) (int, error) {
	return s.store.IndexNext(ctx, limit)
}
