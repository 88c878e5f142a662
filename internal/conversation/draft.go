package conversation

import (
	"context"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// MaxDrafts is how many drafts of an agent are kept, the newest.
const MaxDrafts = 200

// Draft is what an agent has written in a conversation and not sent.
type Draft struct {
	Conversation id.Conversation `json:"conversation"`
	// Text is empty if there is no draft.
	Text string `json:"text"`
	// Note says that it would be a private note.
	Note bool      `json:"note,omitempty"`
	At   time.Time `json:"at"`
	// Origin is the tab's own name for itself, so that it knows its own change.
	Origin string `json:"origin,omitempty"`
}

// SaveDraft keeps what who has written and tells the other tabs; an empty text
// clears it. The latest wins.
func (s *Service) SaveDraft(ctx context.Context, who actor.Actor, d Draft) (got Draft, err error) {
	defer errs.Wrap(&err, "conversation.SaveDraft")
	if who.Kind != actor.Agent {
		return d, errs.New(errs.Forbidden, "agents_only", "Only agents have drafts.")
	}
	if n := utf8.RuneCountInString(d.Text); n > MaxText {
		return d, errs.Field("text", "text_too_long", "The draft has %d characters; %d are allowed.", n, MaxText)
	}
	if len(d.Origin) > MaxClientID {
		return d, errs.Field("origin", "bad_origin", "The origin has %d bytes; %d are allowed.", len(d.Origin), MaxClientID)
	}
	if _, err = s.Conversation(ctx, who, d.Conversation); err != nil {
		return d, err
	}
	// Unlike a message a draft keeps its blanks: the agent goes on behind them.
	if CleanText(d.Text) == "" {
		d.Text = ""
	}
	d.At = s.clock.Now()
	if err = s.store.SaveDraft(ctx, who.Tenant, who.Agent, d); err != nil {
		return d, err
	}
	s.draftChanged(who, d)
	return d, nil
}

// Drafts returns the drafts of who, newest first.
func (s *Service) Drafts(ctx context.Context, who actor.Actor) ([]Draft, error) {
	return s.store.Drafts(ctx, who.Tenant, who.Agent)
}

// sent clears the draft of what was sent. One that stays because of a fault does
// no harm: it is shown again, and the message itself has been stored.
func (s *Service) sent(ctx context.Context, who actor.Actor, c id.Conversation) {
	if who.Kind != actor.Agent {
		return
	}
	if had, err := s.store.DropDraft(ctx, who.Tenant, who.Agent, c); err == nil && had {
		s.draftChanged(who, Draft{Conversation: c, At: s.clock.Now()})
	}
}

func (s *Service) draftChanged(who actor.Actor, d Draft) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.DraftChanged, To: []event.Topic{event.ToAgent(who.Tenant, who.Agent)},
		At: d.At, Data: &d})
}
