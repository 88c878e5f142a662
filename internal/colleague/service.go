package colleague

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// MaxText is the longest line, in characters.
const MaxText = 10000

// Directory tells whether an agent of the tenant exists.
type Directory interface {
	// Exists returns errs.NotFound "agent_not_found" if there is no such agent.
	Exists(ctx context.Context, t id.Tenant, a id.Agent) error
}

// Service is the use cases of colleague chat.
type Service struct {
	store  Store
	agents Directory
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, agents Directory, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, agents: agents, events: events, clock: c}
}

// Send stores a line from who to a colleague and delivers it to both.
func (s *Service) Send(ctx context.Context, who actor.Actor, to id.Agent, text string) (m Message, err error) {
	defer errs.Wrap(&err, "colleague.Send")
	if who.Kind != actor.Agent {
		return m, errs.New(errs.Forbidden, "agents_only", "Only agents have colleagues.")
	}
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if n := utf8.RuneCountInString(text); n < 1 || n > MaxText {
		return m, errs.Field("text", "text_length", "The message has %d characters; 1 to %d are allowed.", n, MaxText)
	}
	if err = s.agents.Exists(ctx, who.Tenant, to); err != nil {
		return m, err
	}
	m = Message{ID: id.New(), Tenant: who.Tenant, From: who.Agent, To: to, FromName: who.Name, Text: text, At: s.clock.Now()}
	if err = s.store.AppendColleague(ctx, m); err != nil {
		return m, err
	}
	s.events.Publish(&event.Event{ID: m.ID, Tenant: who.Tenant, Kind: event.ColleagueMessage, At: m.At,
		To: []event.Topic{event.ToAgent(who.Tenant, who.Agent), event.ToAgent(who.Tenant, to)}, Data: &m})
	return m, nil
}

// Between returns the newest lines of who and a colleague.
func (s *Service) Between(ctx context.Context, who actor.Actor, other id.Agent, limit int) ([]Message, error) {
	return s.store.Between(ctx, who.Tenant, who.Agent, other, time.Time{}, min(max(limit, 1), 200))
}
