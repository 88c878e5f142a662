package conversation

import (
	"context"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// MaxText is the longest text of a message, in characters.
const MaxText = 10000

// MaxTyping is the longest unsent text that is passed on, in characters.
const MaxTyping = 2000

// MaxClientID is the longest client id of a message, in bytes.
const MaxClientID = 64

// Files finds the file that a message wants to carry.
type Files interface {
	// ForMessage returns the file if who uploaded it; errs.NotFound otherwise.
	ForMessage(ctx context.Context, who actor.Actor, f id.File) (File, error)
}

// Service is the use cases of conversations.
type Service struct {
	store  Store
	files  Files
	events event.Publisher
	clock  clock.Clock
	owners *owners
	limits Limits
	sights Sights
}

// Preview is what of a visitor's unsent text goes to the agent.
type Preview string

// The previews; the zero value is PreviewAll.
const (
	PreviewAll Preview = ""
	// PreviewRedacted goes without numbers of cards and people.
	PreviewRedacted Preview = "redacted"
	// PreviewNone tells nothing.
	PreviewNone Preview = "none"
)

// Limits are what a company sets for its conversations.
type Limits interface {
	// RecallWithin is how long authors may take a message back.
	RecallWithin(ctx context.Context, t id.Tenant) (time.Duration, error)
	// Preview says what of the unsent text of an inbox's visitors goes to agents.
	// It is asked for each key stroke and does not block.
	Preview(t id.Tenant, in id.Inbox) Preview
	// Rules returns what holds for the messages of an inbox. It does not block.
	Rules(t id.Tenant, in id.Inbox) Rules
	// Closing returns what is asked of agents who close conversations of a team. It
	// does not block.
	Closing(t id.Tenant, team id.Team) ClosingRules
}

// New returns a service. Without limits the defaults hold for every company.
func New(store Store, files Files, events event.Publisher, c clock.Clock, limits ...Limits) *Service {
	s := &Service{store: store, files: files, events: events, clock: c, owners: newOwners(), limits: defaults{}}
	if len(limits) > 0 {
		s.limits = limits[0]
	}
	return s
}

// defaults are the limits of a company that has set none.
type defaults struct{}

// RecallWithin implements Limits.
func (defaults) RecallWithin(context.Context, id.Tenant) (time.Duration, error) {
	return RecallWithin, nil
}

// Preview implements Limits.
func (defaults) Preview(id.Tenant, id.Inbox) Preview { return PreviewAll }

// Rules implements Limits.
func (defaults) Rules(id.Tenant, id.Inbox) Rules { return Rules{} }

// Closing implements Limits.
func (defaults) Closing(id.Tenant, id.Team) ClosingRules { return ClosingRules{} }

// ScopeOf returns what an agent may see.
func ScopeOf(who actor.Actor) Scope {
	return Scope{Agent: who.Agent, Teams: who.Teams, All: who.Can(actor.SeeAll)}
}

// Holds reports whether c lies within the scope.
func (s Scope) Holds(c Conversation) bool {
	return s.All || c.Agent == s.Agent || (c.Team == "" && c.Status == Queued) || slices.Contains(s.Teams, c.Team)
}

var errNotFound = errs.New(errs.NotFound, "conversation_not_found", "There is no such conversation.")

// StartInput is what a visitor says when it starts a conversation.
type StartInput struct {
	Channel            string
	Team               id.Team
	Agent              id.Agent
	PageURL, PageTitle string
	// Address and Fingerprint are what is known of the browser, for the gate that
	// refuses visitors; they are not kept.
	Address, Fingerprint string
	// NeedAgent starts nothing while nobody is there to answer.
	NeedAgent bool
	// Wish are the flags that came with the visitor.
	Wish Wish
	// Enter is filled by routing: what is kept of all this.
	Enter Entrance
	// Later is set for channels on which nobody waits for an answer at once: neither
	// working hours nor a long queue refuse it.
	Later bool
}

// Start returns the visitor's running conversation, or a new one in the queue.
// Whoever calls it routes a new one.
func (s *Service) Start(ctx context.Context, who actor.Actor, in StartInput) (c Conversation, created bool, err error) {
	defer errs.Wrap(&err, "conversation.Start")
	if who.Kind != actor.Visitor {
		return c, false, errs.New(errs.Forbidden, "visitors_only", "Only visitors start conversations here.")
	}
	now := s.clock.Now()
	c = Conversation{ID: id.Conversation(id.New()), Tenant: who.Tenant, Inbox: who.Inbox, Channel: in.Channel, Visitor: who.Visitor,
		Status: Queued, Team: in.Team, RequestedAgent: in.Agent, Version: 1, PageURL: clip(in.PageURL, 500), PageTitle: clip(in.PageTitle, 200),
		CreatedAt: now, QueuedAt: now, LastAt: now}
	if b := boundOf(in.Enter.Asked); b != nil {
		c.BoundAgent = b.Agent
	}
	c, created, err = s.store.Start(ctx, c, in.Enter)
	if err != nil || !created {
		return c, false, err
	}
	s.Announce(Moved{Conversation: c}, CauseStarted)
	if r := in.Enter.Robot; r != nil && c.Agent == r.Agent {
		r.Line.Seq, r.Line.Tenant, r.Line.Conversation = 1, c.Tenant, c.ID
		s.Announce(Moved{Conversation: c, Line: r.Line}, LineAssigned)
	}
	return c, true, s.seenBefore(ctx, c)
}

// boundOf is the binding that counts, nil for none.
func boundOf(a *Asked) *Bound {
	if a == nil || a.Bound == nil || a.Bound.Left != "" {
		return nil
	}
	return a.Bound
}

// Announce publishes that status, agent or team of a conversation moved, and
// the line that records it. Routing calls it for its own verbs.
func (s *Service) Announce(m Moved, cause string) {
	c := m.Conversation
	now := s.clock.Now()
	to := append(agentTopics(c), event.ToVisitor(c.Tenant, c.Visitor), event.ToTeam(c.Tenant, c.Team))
	if m.Before != "" && m.Before != c.Agent {
		to = append(to, event.ToAgent(c.Tenant, m.Before))
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.ConversationChanged, To: to, At: now,
		Data: &Changed{Conversation: c, Before: m.Before, Cause: cause}})
	if m.Line.Seq > 0 {
		s.events.Publish(&event.Event{ID: string(m.Line.ID), Tenant: c.Tenant, Kind: event.MessagePosted, To: to, At: now,
			Data: &Posted{Message: m.Line, Conversation: c}})
	}
	if c.Status == Closed || cause == LineHeld || c.Status == Queued && m.Before != "" {
		s.events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.QueueWake, To: []event.Topic{event.ToNodes}, At: now})
	}
}

// agentTopics are the agent connections that a conversation concerns always.
func agentTopics(c Conversation) []event.Topic {
	to := make([]event.Topic, 0, 6)
	if c.Agent != "" {
		to = append(to, event.ToAgent(c.Tenant, c.Agent))
	}
	return append(to, event.ToWatchers(c.Tenant, c.ID), event.ToSupervisors(c.Tenant))
}

// Conversation returns one conversation if who may see it. To anybody else it
// does not exist.
func (s *Service) Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (Conversation, error) {
	got, err := s.store.Conversation(ctx, who.Tenant, c)
	if err != nil {
		return got, err
	}
	switch {
	case who.Kind == actor.System,
		who.Kind == actor.Visitor && got.Visitor == who.Visitor,
		who.Kind == actor.Agent && ScopeOf(who).Holds(got):
		return got, nil
	}
	return Conversation{}, errNotFound
}

// Active returns the visitor's running conversation, or errs.NotFound.
func (s *Service) Active(ctx context.Context, t id.Tenant, v id.Visitor) (Conversation, error) {
	return s.store.Active(ctx, t, v)
}

// List returns a page of the conversations an agent may see.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page []Conversation, next string, err error) {
	f.Tenant, f.Scope = who.Tenant, ScopeOf(who)
	if who.Kind == actor.Visitor {
		f.Visitor, f.Scope = who.Visitor, Scope{All: true}
	}
	if f.View == "" {
		f.View = ViewAll
	}
	if !slices.Contains([]View{ViewMine, ViewQueue, ViewAll, ViewClosed, ViewRobot}, f.View) {
		return nil, "", errs.Field("view", "unknown_view", "%q is not a view; mine, queue, all, closed and robot are.", f.View)
	}
	f.Limit = pageSize(f.Limit)
	return s.store.List(ctx, f)
}

// Count returns the sizes of the views of an agent.
func (s *Service) Count(ctx context.Context, who actor.Actor) (Counts, error) {
	return s.store.Count(ctx, who.Tenant, ScopeOf(who))
}

// Messages returns messages of a conversation that who may see; visitors get no notes.
func (s *Service) Messages(ctx context.Context, who actor.Actor, c id.Conversation, r Range) ([]Message, error) {
	if _, err := s.Conversation(ctx, who, c); err != nil {
		return nil, err
	}
	r.Visible = who.Kind == actor.Visitor
	r.Limit = pageSize(r.Limit)
	return s.store.Messages(ctx, who.Tenant, c, r)
}

// Since returns up to 200 messages behind seq without asking who may see them:
// for connections that already follow the conversation.
func (s *Service) Since(ctx context.Context, t id.Tenant, c id.Conversation, seq int64, visible bool) ([]Message, error) {
	return s.store.Messages(ctx, t, c, Range{After: max(seq, 0), Before: 0, Limit: 200, Visible: visible})
}

// Search finds messages in the conversations an agent may see.
func (s *Service) Search(ctx context.Context, who actor.Actor, q SearchQuery) ([]Hit, string, error) {
	if who.Kind != actor.Agent {
		return nil, "", errs.New(errs.Forbidden, "agents_only", "Only agents can search.")
	}
	q.Tenant, q.Scope, q.Limit = who.Tenant, ScopeOf(who), pageSize(q.Limit)
	if n := len([]rune(q.Text)); n > 100 {
		return nil, "", errs.Field("q", "query_too_long", "The query has %d characters; 100 are allowed.", n)
	}
	return s.store.Search(ctx, q)
}

func pageSize(n int) int {
	if n < 1 || n > 200 {
		return 50
	}
	return n
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r := []rune(s)
	if len(r) > n {
		r = r[:n]
	}
	return string(r)
}
