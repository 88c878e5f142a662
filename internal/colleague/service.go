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

// line checks a text and makes a message of who of it.
func (s *Service) line(who actor.Actor, text string) (m Remark, err error) {
	if who.Kind != actor.Agent {
		return m, errs.New(errs.Forbidden, "agents_only", "Only agents have colleagues.")
	}
	text = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", ""))
	if n := utf8.RuneCountInString(text); n < 1 || n > MaxText {
		return m, errs.Field("text", "text_length", "The message has %d characters; 1 to %d are allowed.", n, MaxText)
	}
	return Remark{ID: id.New(), Tenant: who.Tenant, From: who.Agent, FromName: who.Name, Text: text, At: s.clock.Now()}, nil
}

// Send stores a line from who to a colleague and delivers it to both.
func (s *Service) Send(ctx context.Context, who actor.Actor, to id.Agent, text string) (m Remark, err error) {
	defer errs.Wrap(&err, "colleague.Send")
	if m, err = s.line(who, text); err != nil {
		return m, err
	}
	if m.To = to; to == who.Agent {
		return m, errs.Field("to", "yourself", "You cannot write to yourself.")
	}
	if err = s.agents.Exists(ctx, who.Tenant, to); err != nil {
		return m, err
	}
	if err = s.store.AppendColleague(ctx, m); err != nil {
		return m, err
	}
	s.deliver(m, []id.Agent{who.Agent, to})
	return m, nil
}

// SendToGroup stores a line from who to a group it is a member of and delivers
// it to all members.
func (s *Service) SendToGroup(ctx context.Context, who actor.Actor, group, text string) (m Remark, err error) {
	defer errs.Wrap(&err, "colleague.SendToGroup")
	if m, err = s.line(who, text); err != nil {
		return m, err
	}
	m.Group = group
	members, err := s.store.AppendToGroup(ctx, m)
	if err != nil {
		return m, err
	}
	s.deliver(m, members)
	return m, nil
}

func (s *Service) deliver(m Remark, to []id.Agent) {
	s.events.Publish(&event.Event{ID: m.ID, Tenant: m.Tenant, Kind: event.ColleagueMessage, At: m.At, To: topics(m.Tenant, to), Data: &m})
}

func topics(t id.Tenant, list []id.Agent) []event.Topic {
	to := make([]event.Topic, len(list))
	for i, a := range list {
		to[i] = event.ToAgent(t, a)
	}
	return to
}

func (s *Service) changed(t id.Tenant, to []id.Agent, c Changed) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.ColleagueChanged, At: s.clock.Now(), To: topics(t, to), Data: &c})
}

// Between returns the newest lines of who and a colleague.
func (s *Service) Between(ctx context.Context, who actor.Actor, other id.Agent, limit int) ([]Remark, error) {
	return s.store.Between(ctx, who.Tenant, who.Agent, other, time.Time{}, pageSize(limit))
}

// History returns a page of the lines of who and a colleague, newest first.
func (s *Service) History(ctx context.Context, who actor.Actor, other id.Agent, after string, limit int) ([]Remark, string, error) {
	return s.store.History(ctx, who.Tenant, who.Agent, other, after, pageSize(limit))
}

// GroupHistory returns a page of the lines of a group that who is a member of.
func (s *Service) GroupHistory(ctx context.Context, who actor.Actor, group, after string, limit int) ([]Remark, string, error) {
	return s.store.GroupHistory(ctx, who.Tenant, group, who.Agent, after, pageSize(limit))
}

// ChatPage is a page of an agent's chats.
type ChatPage struct {
	Items []Chat `json:"items"`
	// Next is the cursor of the next page, absent at the end.
	Next string `json:"next,omitempty"`
	// Unread counts the unread lines of all chats.
	Unread int `json:"unread"`
}

// Chats returns a page of the chats of who, the newest line first.
func (s *Service) Chats(ctx context.Context, who actor.Actor, after string, limit int) (p ChatPage, err error) {
	defer errs.Wrap(&err, "colleague.Chats")
	if p.Items, p.Next, err = s.store.Chats(ctx, who.Tenant, who.Agent, after, pageSize(limit)); err != nil {
		return p, err
	}
	p.Unread, err = s.store.UnreadChats(ctx, who.Tenant, who.Agent)
	return p, err
}

// Read sets the unread count of a chat to 0, tells the other tabs, and returns
// how many lines are unread in all. peer is a colleague or a group.
func (s *Service) Read(ctx context.Context, who actor.Actor, peer string) (unread int, err error) {
	defer errs.Wrap(&err, "colleague.Read")
	moved, err := s.store.ReadChat(ctx, who.Tenant, who.Agent, peer)
	if err != nil {
		return 0, err
	}
	unread, err = s.store.UnreadChats(ctx, who.Tenant, who.Agent)
	if err == nil && moved {
		s.changed(who.Tenant, []id.Agent{who.Agent}, Changed{Read: &ReadMark{Peer: peer, Unread: unread}})
	}
	return unread, err
}

func pageSize(n int) int {
	if n < 1 || n > 200 {
		return 50
	}
	return n
}
