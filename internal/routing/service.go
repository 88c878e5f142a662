package routing

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/region"
)

// Accounts is what routing asks of account.
type Accounts interface {
	Tenants(ctx context.Context) ([]account.Tenant, error)
	Book(ctx context.Context, t id.Tenant) (*account.Book, error)
	Teams(ctx context.Context, t id.Tenant) ([]account.Team, error)
	AgentStatus(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (account.AgentStatus, error)
	AgentByLogin(ctx context.Context, t id.Tenant, login string) (account.Agent, error)
	AnyoneAvailable(ctx context.Context, t id.Tenant) (bool, error)
}

// Announcer tells the world about moved conversations and changed agents.
type Announcer interface {
	// Moved announces a change of a conversation.
	Moved(m conversation.Moved, cause string)
	// Agent announces an agent whose load changed.
	Agent(ctx context.Context, t id.Tenant, a id.Agent)
}

// Reader starts and reads conversations on behalf of an actor.
type Reader interface {
	Start(ctx context.Context, who actor.Actor, in conversation.StartInput) (conversation.Conversation, bool, error)
	Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
	// Conversations reads many without asking who may see them.
	Conversations(ctx context.Context, t id.Tenant, list []id.Conversation) ([]conversation.Conversation, error)
	// Active returns the visitor's running conversation, or errs.NotFound.
	Active(ctx context.Context, t id.Tenant, v id.Visitor) (conversation.Conversation, error)
	// Close ends a conversation.
	Close(ctx context.Context, who actor.Actor, c id.Conversation, by conversation.EndBy) (conversation.Conversation, error)
}

// Service routes.
type Service struct {
	store    Store
	accounts Accounts
	reader   Reader
	announce Announcer
	events   event.Publisher
	clock    clock.Clock
	log      *slog.Logger
	opts     Options
	jobs     Jobs

	mu    sync.Mutex
	pumps map[id.Tenant]*pump
	rules map[id.Tenant]*rules
	// asking bounds who is asked at once; asks are those under way.
	asking chan struct{}
	asks   sync.WaitGroup
	// ran is true once Run has begun.
	ran bool
	// waits remembers how long visitors waited.
	waits waits
	// queued holds the pumps whose wake is pending; work signals them to Run.
	work   chan *pump
	places *placeBoard
}

// New returns a service. Run must run for anything to be routed.
func New(store Store, accounts Accounts, reader Reader, announce Announcer, events event.Publisher, c clock.Clock, log *slog.Logger, opts Options) *Service {
	opts.fill()
	s := &Service{store: store, accounts: accounts, reader: reader, announce: announce, events: events, clock: c,
		log: log.With("component", "routing"), opts: opts, pumps: map[id.Tenant]*pump{}, rules: map[id.Tenant]*rules{}, work: make(chan *pump, 1024), asking: make(chan struct{}, askers)}
	s.places = newPlaceBoard(s)
	return s
}

// Wake asks for a pass over a tenant's queue. It does not block.
func (s *Service) Wake(t id.Tenant) { s.pump(t).wake() }

// WakeAll wakes the routers of all nodes.
func (s *Service) WakeAll(t id.Tenant) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.QueueWake, To: []event.Topic{event.ToNodes}, At: s.clock.Now()})
}

// Route decides on a conversation that has just entered the queue and waits
// for the outcome. If nobody is free the decision has no agent, says why, and
// the conversation waits.
func (s *Service) Route(ctx context.Context, t id.Tenant, c id.Conversation) (Decision, error) {
	w := &waiter{conversation: c, done: make(chan outcome, 1)}
	p := s.pump(t)
	p.add(w)
	select {
	case o := <-w.done:
		return o.decision, o.err
	case <-ctx.Done():
		return Decision{}, ctx.Err()
	}
}

// Place returns the place of a queued conversation, from 1; 0 if it is not queued.
func (s *Service) Place(ctx context.Context, t id.Tenant, c id.Conversation) (int, error) {
	return s.store.Place(ctx, t, c)
}

// Explain returns the decisions kept for a conversation, newest first, and its
// place in the queue (0 if it does not wait). A waiting one gets a fresh
// decision in front: why it waits now.
func (s *Service) Explain(ctx context.Context, who actor.Actor, c id.Conversation) (list []Decision, place int, err error) {
	defer errs.Wrap(&err, "routing.Explain")
	got, err := s.reader.Conversation(ctx, who, c)
	if err != nil {
		return nil, 0, err
	}
	if list, err = s.store.Decisions(ctx, who.Tenant, c); err != nil || got.Status != conversation.Queued {
		return list, 0, err
	}
	snap, err := s.snapshot(ctx, who.Tenant)
	if err != nil {
		return nil, 0, err
	}
	next, err := s.store.NextWaiting(ctx, who.Tenant, WaitingFilter{Only: c, Limit: 1})
	if err != nil {
		return nil, 0, err
	}
	if len(next) == 1 {
		s.learn(snap, next[0])
		if err := s.bar(ctx, snap, next); err != nil {
			return nil, 0, err
		}
		list = append([]Decision{Decide(snap, next[0]).waits()}, list...)
	}
	place, err = s.store.Place(ctx, who.Tenant, c)
	return list, place, err
}

// Claim gives a queued conversation, or one that a robot has, to the agent who asks
// for it by hand, whatever its state; its cap holds. A company may serve known contacts only: Conflict
// "contact_unknown", "contact_unverified".
func (s *Service) Claim(ctx context.Context, who actor.Actor, c id.Conversation) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.Claim")
	before, err := s.reader.Conversation(ctx, who, c)
	if err != nil {
		return got, err
	}
	if !who.Can(actor.Reply) {
		return got, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow answering.")
	}
	if before.Status != conversation.Queued && !before.Bot {
		return got, errMoved
	}
	if err = s.mayTake(ctx, before); err != nil {
		return got, err
	}
	return s.give(ctx, before, handover{to: who.Agent, name: who.Name, rule: RulePicked, force: true, by: who.Name, byAgent: who.Agent})
}

var errMoved = errs.New(errs.Conflict, "conversation_moved", "The conversation has been taken or closed meanwhile.")

// Target is where a conversation is transferred: an agent or a team.
type Target struct {
	Agent id.Agent
	Team  id.Team
	// Note is for whoever takes over, kept with the line that records the
	// transfer; at most 2,000 characters.
	Note string
	// Direct hands over without asking the agent, whatever the settings say, and
	// waits until a team has been looked at: for contracts whose clients cannot
	// answer. Both an agent and the team for which it takes over may be named then.
	Direct bool
	// Attended asks for a team in which somebody is there, or that takes
	// conversations nevertheless (Desk.ForwardIdle), while agents are chosen by a rule:
	// Conflict "team_unattended" otherwise. An agent must be in the team named with it.
	Attended bool
	// Other asks for another team than that which has the conversation: Conflict
	// "same_team" otherwise. What waits may be sent to its own team again by agents,
	// not by visitors. Without it a conversation may go back to the queue of its team.
	Other bool
}

// Transfer hands an open conversation to another agent or into the queue of a
// team. An agent may transfer its own, and any with the permission to manage; a
// visitor may go to another team.
// If the settings ask for the target agent's consent the conversation stays where
// it is, as a Handover, until the agent accepts.
// The target agent must be ready, connected and below its cap: errs.Conflict
// "agent_disabled", "agent_unavailable" or "agent_full" otherwise. A team may limit
// the teams to which its conversations go: Conflict "forward_not_allowed". A team
// in which nobody is there is replaced by the one that serves for it.
func (s *Service) Transfer(ctx context.Context, who actor.Actor, c id.Conversation, to Target) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.Transfer")
	before, err := s.reader.Conversation(ctx, who, c)
	if err != nil {
		return got, err
	}
	if who.Kind == actor.Visitor && to.Agent != "" || who.Kind == actor.Agent && before.Agent != who.Agent && !who.Can(actor.Manage) {
		return got, errs.New(errs.Conflict, "not_your_conversation", "The conversation is not assigned to you.")
	}
	if before.Status == conversation.Closed {
		return got, errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	}
	if to.Other && to.Agent == "" && to.Team != "" && to.Team == before.Team && (before.Status == conversation.Open || who.Kind == actor.Visitor) {
		return got, errs.New(errs.Conflict, "same_team", "The conversation is with that team already.")
	}
	if err := s.allowed(ctx, before, to); err != nil {
		return got, err
	}
	switch {
	case to.Agent == "" && to.Team == "", to.Agent != "" && to.Team != "" && !to.Direct:
		return got, errs.Field("agent", "one_target", "Name either an agent or a team.")
	case len([]rune(to.Note)) > maxNote:
		return got, errs.Field("note", "note_too_long", "The note has more than %d characters.", maxNote)
	case to.Agent != "" && to.Agent == before.Agent:
		return got, errs.Field("agent", "same_agent", "The conversation is with this agent already.")
	}
	if to.Agent != "" {
		if offered, err := s.offer(ctx, who, before, to); err != nil || offered {
			return before, err
		}
		st, err := s.accounts.AgentStatus(ctx, who.Tenant, to.Agent, s.clock.Now())
		switch {
		case err != nil:
			return got, err
		case to.Attended && to.Team != "" && !slices.Contains(st.Teams, to.Team):
			return got, errs.New(errs.Conflict, "agent_not_in_team", "%s is not in that team.", st.Name)
		case st.OffDuty:
			return got, errs.New(errs.Conflict, "agent_unavailable", "%s is off duty.", st.Name)
		}
		return s.give(ctx, before, handover{to: to.Agent, name: st.Name, rule: RuleTransfer, by: who.Name, byAgent: who.Agent, note: to.Note, team: to.Team})
	}
	name, err := s.teamName(ctx, who.Tenant, to.Team)
	if err != nil {
		return got, err
	}
	line := conversation.Line{Name: conversation.LineTransferred, Team: to.Team, TeamName: name, By: who.Name, ByAgent: who.Agent, FromTeam: before.Team, FromAgent: before.Agent, Note: to.Note}
	if line, err = s.instead(ctx, before, to, line); err != nil {
		return got, err
	}
	to.Team = line.Team
	moved, err := s.requeue(ctx, before, to.Team, transferPriority, line)
	if err != nil || !to.Direct {
		return moved.Conversation, err
	}
	if _, err = s.Route(ctx, who.Tenant, c); err != nil {
		return moved.Conversation, err
	}
	return s.reader.Conversation(ctx, actor.ForSystem(who.Tenant), c)
}

// Return takes an open conversation from its agent and puts it into the queue of
// a team, "" for its own, where it waits like any other. An agent may return its
// own, and any with the permission to manage. Errors: Conflict "conversation_closed",
// "not_your_conversation"; NotFound "team_not_found".
func (s *Service) Return(ctx context.Context, who actor.Actor, c id.Conversation, team id.Team) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.Return")
	before, err := s.reader.Conversation(ctx, who, c)
	if err != nil {
		return got, err
	}
	if before.Agent != who.Agent && !who.Can(actor.Manage) {
		return got, errs.New(errs.Conflict, "not_your_conversation", "The conversation is not assigned to you.")
	}
	if before.Status == conversation.Closed {
		return got, errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	}
	line := conversation.Line{Name: conversation.LineQueued, By: who.Name, ByAgent: who.Agent, FromTeam: before.Team, FromAgent: before.Agent}
	if team == "" {
		team = before.Team
	} else if line.TeamName, err = s.teamName(ctx, who.Tenant, team); err != nil {
		return got, err
	}
	line.Team = team
	moved, err := s.requeue(ctx, before, team, 0, line)
	return moved.Conversation, err
}

const maxNote = 2000

// Priorities of conversations that have waited before.
const (
	transferPriority = 50
	lostPriority     = 100
)

func (s *Service) teamName(ctx context.Context, t id.Tenant, team id.Team) (string, error) {
	teams, err := s.accounts.Teams(ctx, t)
	if err != nil {
		return "", err
	}
	for _, tm := range teams {
		if tm.ID == team {
			return tm.Name, nil
		}
	}
	return "", errs.New(errs.NotFound, "team_not_found", "There is no such team.")
}

// handover is an assignment by hand.
type handover struct {
	to    id.Agent
	name  string
	rule  Rule
	force bool
	by    string
	note  string
	// byAgent is the agent who did it.
	byAgent id.Agent
	// team, if set, becomes the conversation's team.
	team id.Team
}

// give assigns c by hand.
func (s *Service) give(ctx context.Context, c conversation.Conversation, h handover) (conversation.Conversation, error) {
	now := s.clock.Now()
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return c, err
	}
	rules := book.Service(c.Inbox, c.Team).Routing
	line := conversation.Line{Name: conversation.LineAssigned, Agent: h.to, AgentName: h.name, By: h.by, ByAgent: h.byAgent, FromTeam: c.Team, FromAgent: c.Agent, Rule: string(h.rule), Note: h.note}
	if h.rule == RuleTransfer {
		line.Name = conversation.LineTransferred
	}
	moved, err := s.store.Assign(ctx, AssignInput{Tenant: c.Tenant, Conversation: c.ID, Version: c.Version, From: c.Agent, To: h.to, Force: h.force,
		Decision: Decision{Agent: h.to, Name: h.name, Rule: h.rule, Candidates: 1, At: now}, At: now, Team: h.team, AgentCap: *rules.AgentCap, Offline: *rules.Unattended,
		Line: eventMessage(c, line, s.clock)})
	if err != nil {
		return c, err
	}
	s.after(ctx, moved, line.Name)
	return moved.Conversation, nil
}

func (s *Service) requeue(ctx context.Context, c conversation.Conversation, team id.Team, priority int, line conversation.Line) (conversation.Moved, error) {
	return s.enqueue(ctx, c, RequeueInput{Team: team, Priority: priority}, line)
}

// enqueue completes in and puts a conversation into the queue that it names.
func (s *Service) enqueue(ctx context.Context, c conversation.Conversation, in RequeueInput, line conversation.Line) (conversation.Moved, error) {
	now := s.clock.Now()
	asked, err := s.fromBot(ctx, c)
	if err != nil {
		return conversation.Moved{}, err
	}
	in.Tenant, in.Conversation, in.Version, in.At, in.Line, in.Asked = c.Tenant, c.ID, c.Version, now, eventMessage(c, line, s.clock), asked
	moved, err := s.store.Requeue(ctx, in)
	if err != nil {
		return moved, err
	}
	s.after(ctx, moved, line.Name)
	s.holdUntil(ctx, moved.Conversation, asked)
	return moved, nil
}

// after announces a move, the loads it changed, and wakes the queue.
func (s *Service) after(ctx context.Context, m conversation.Moved, cause string) {
	t := m.Conversation.Tenant
	s.announce.Moved(m, cause)
	for _, a := range []id.Agent{m.Before, m.Conversation.Agent} {
		if a != "" {
			s.announce.Agent(ctx, t, a)
		}
	}
	s.places.dirty(t)
	if m.Conversation.Agent == "" || m.Before != "" {
		s.WakeAll(t)
	}
}

func eventMessage(c conversation.Conversation, l conversation.Line, ck clock.Clock) conversation.Message {
	return conversation.Message{ID: id.Message(id.New()), Tenant: c.Tenant, Conversation: c.ID, Kind: conversation.Event,
		From: conversation.Author{Kind: actor.System}, Line: &l, At: ck.Now()}
}

// Admission is where a visitor stands.
type Admission struct {
	Conversation conversation.Conversation
	// Created is false if a running conversation was resumed.
	Created bool
	// Place is the place in the queue, from 1; 0 if it does not wait.
	Place int
	// AgentsOnline is false if nobody of the tenant is available.
	AgentsOnline bool
	// Refused says why no conversation can be started: RefusedClosed outside
	// working hours, RefusedFull if the queue has its longest length.
	Refused string
	// Robot is set while a robot has the conversation, or would receive the visitor.
	Robot *Face
	// NextOpen is when the company opens again; zero if it is open or never opens.
	NextOpen time.Time
}

// Why a conversation is not started. The words are those of the UCKeFu
// contract's lvtype where it has one.
const (
	RefusedClosed = "notinworktime"
	RefusedFull   = "full"
	// RefusedStranger: the inbox serves known visitors only. To a stranger nobody is there.
	RefusedStranger = "noagent"
)

// Door tells whether an inbox and a team take a visitor now: Refused is "" if
// they do. Without a visitor the answer is that for one who is known.
func (s *Service) Door(ctx context.Context, t id.Tenant, inbox id.Inbox, team id.Team, v id.Visitor) (a Admission, err error) {
	defer errs.Wrap(&err, "routing.Door")
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return a, err
	}
	if v != "" && book.Inboxes[inbox].Settings.KnownOnly {
		known, err := s.store.Known(ctx, t, v)
		if err != nil || !known {
			a.Refused = RefusedStranger
			return a, err
		}
	}
	if team == "" {
		team = id.Team(book.Inboxes[inbox].Settings.Team)
	}
	if r, ok, err := s.reception(ctx, book, inbox, team); err != nil || ok {
		a.AgentsOnline, a.Robot = ok, faceOf(r, ok)
		return a, err
	}
	service := book.Service(inbox, team)
	now := s.clock.Now()
	if !service.Hours.OpenAt(now) {
		a.Refused = RefusedClosed
		a.NextOpen, _ = service.Hours.NextOpen(now)
		return a, nil
	}
	if limit := *service.Routing.MaxWaiting; limit > 0 {
		waiting, err := s.store.WaitingByTeam(ctx, t)
		if err != nil {
			return a, err
		}
		if waiting[team] >= limit {
			a.Refused = RefusedFull
		}
	}
	a.AgentsOnline, err = s.accounts.AnyoneAvailable(ctx, t)
	return a, err
}

// Admit resumes the visitor's running conversation or starts one and routes it.
// Outside working hours, beyond the longest queue and for strangers where known
// visitors only are served no new one is started: errs.Conflict "closed",
// "queue_full" and "known_only", "no_agent" if one is needed and nobody is there.
// While nobody of the team asked for is there the team that serves for it is taken.
// A visitor who asks for no team gets
// that of the inbox.
// Whom the gate refuses it returns errs.Forbidden.
func (s *Service) Admit(ctx context.Context, who actor.Actor, in conversation.StartInput) (a Admission, err error) {
	defer errs.Wrap(&err, "routing.Admit")
	if s.opts.Gate != nil {
		if err = s.opts.Gate.Refuse(ctx, who.Tenant, who.Visitor, in.Address, in.Fingerprint); err != nil {
			return a, err
		}
	}
	if in.Team, in.Agent, err = s.wishes(ctx, who.Tenant, in); err != nil {
		return a, err
	}
	book, err := s.accounts.Book(ctx, who.Tenant)
	if err != nil {
		return a, err
	}
	asked := s.settle(book, who, who.Inbox, &in)
	if in.Team == "" {
		in.Team = id.Team(book.Inboxes[who.Inbox].Settings.Team)
		if _, ok := book.Teams[in.Team]; !ok {
			in.Team = ""
		}
	}
	a.Conversation, err = s.reader.Active(ctx, who.Tenant, who.Visitor)
	if err == nil {
		if a.Conversation, err = s.Rewish(ctx, who, a.Conversation, in.Wish); err != nil {
			return a, err
		}
		return s.standing(ctx, a)
	}
	if errs.CodeOf(err) != errs.NotFound {
		return a, err
	}
	if book.Inboxes[who.Inbox].Settings.IdentityRequired && who.Kind == actor.Visitor && !who.Verified && !in.Later && in.Wish.Trust < conversation.TrustServer {
		return a, errs.New(errs.Unauthenticated, "identity_required", "Please log in to chat with us.")
	}
	robot, first, err := account.Reception{}, false, error(nil)
	if !in.Later {
		if robot, first, err = s.reception(ctx, book, who.Inbox, in.Team); err != nil {
			return a, err
		}
	}
	if !first {
		if in.Team, err = s.attending(ctx, who, in); err != nil {
			return a, err
		}
	}
	if a, err = s.Door(ctx, who.Tenant, who.Inbox, in.Team, who.Visitor); err != nil {
		return a, err
	}
	if in.Later && a.Refused != RefusedStranger {
		a.Refused = ""
	}
	switch a.Refused {
	case RefusedClosed:
		return a, errs.New(errs.Conflict, "closed", "It is outside working hours. Please leave a message.")
	case RefusedStranger:
		return a, errs.New(errs.Conflict, "known_only", "Only known customers are served here. Please leave a message.")
	case RefusedFull:
		return a, errs.New(errs.Conflict, "queue_full", "Too many visitors are waiting. Please leave a message.")
	}
	if in.Agent == "" && s.opts.Inviter != nil {
		if in.Agent, err = s.opts.Inviter.AgentFor(ctx, who); err != nil {
			return a, err
		}
		first = first && in.Agent == "" // whom an agent invited is that agent's
	}
	if err = s.entrance(ctx, book, who, &in, asked); err != nil {
		return a, err
	}
	if first {
		if err = s.received(book, robot, &in, asked); err != nil {
			return a, err
		}
	}
	if a.Conversation, a.Created, err = s.reader.Start(ctx, who, in); err != nil {
		return a, err
	}
	if !a.Created || a.Conversation.Agent.Robot() {
		return s.standing(ctx, a)
	}
	if _, err = s.Route(ctx, who.Tenant, a.Conversation.ID); err != nil {
		return a, err
	}
	if a.Conversation, err = s.reader.Conversation(ctx, who, a.Conversation.ID); err != nil {
		return a, err
	}
	if a.Conversation.BoundAgent != "" {
		s.holdUntil(ctx, a.Conversation, asked)
	}
	if err = s.entered(ctx, book, in.Team, a.Conversation); err != nil {
		return a, err
	}
	return s.standing(ctx, a)
}

// wishes drops a team or agent that the tenant does not have, and a team that does
// not serve where the visitor is: what a page asks for is a wish, not a fact.
func (s *Service) wishes(ctx context.Context, t id.Tenant, in conversation.StartInput) (id.Team, id.Agent, error) {
	team, agent := in.Team, in.Agent
	if team != "" {
		// Not the remembered book: a team that was made a moment ago may be wished for.
		teams, err := s.accounts.Teams(ctx, t)
		if err != nil {
			return "", "", err
		}
		if i := slices.IndexFunc(teams, func(x account.Team) bool { return x.ID == team }); i < 0 || !s.serves(teams[i], in.Address) {
			team = ""
		}
	}
	if agent != "" {
		_, err := s.accounts.AgentStatus(ctx, t, agent, s.clock.Now())
		if errs.CodeOf(err) == errs.NotFound {
			agent = ""
		} else if err != nil {
			return "", "", err
		}
	}
	return team, agent, nil
}

// serves reports whether a team takes visitors from an address.
func (s *Service) serves(team account.Team, address string) bool {
	var p region.Place
	if s.opts.Place != nil {
		p = s.opts.Place(address)
	}
	return team.Settings.Serves(p.Country, p.Province, p.City)
}

// Standing tells where a visitor stands in a conversation.
func (s *Service) Standing(ctx context.Context, c conversation.Conversation) (Admission, error) {
	return s.standing(ctx, Admission{Conversation: c})
}

func (s *Service) standing(ctx context.Context, a Admission) (_ Admission, err error) {
	c := a.Conversation
	a.AgentsOnline, a.Robot = true, nil
	if c.Status != conversation.Queued {
		a.Robot, err = s.Face(ctx, c)
		return a, err
	}
	if a.Place, err = s.store.Place(ctx, c.Tenant, c.ID); err != nil {
		return a, err
	}
	a.AgentsOnline, err = s.accounts.AnyoneAvailable(ctx, c.Tenant)
	return a, err
}

// TeamLoad is a team with its queue.
type TeamLoad struct {
	ID   id.Team `json:"id"`
	Name string  `json:"name"`
	// Waiting is how many conversations wait in its queue.
	Waiting int `json:"waiting"`
	// Ready is how many of its agents are available, full or not.
	Ready int `json:"ready"`
	// ExpectedWait is how many seconds a visitor who comes now may expect to wait:
	// 0 if an agent is free, else the median of the latest 20 of the last half
	// hour. Absent if nobody waited lately.
	ExpectedWait *int `json:"expectedWait,omitempty"`
}

// Teams returns the teams of a tenant with their queues, ordered by name.
func (s *Service) Teams(ctx context.Context, t id.Tenant) (list []TeamLoad, err error) {
	defer errs.Wrap(&err, "routing.Teams")
	teams, err := s.accounts.Teams(ctx, t)
	if err != nil {
		return nil, err
	}
	roster, err := s.store.Roster(ctx, t, s.clock.Now())
	if err != nil {
		return nil, err
	}
	waiting, err := s.store.WaitingByTeam(ctx, t)
	if err != nil {
		return nil, err
	}
	list = make([]TeamLoad, len(teams))
	for i, team := range teams {
		list[i] = TeamLoad{ID: team.ID, Name: team.Name, Waiting: waiting[team.ID]}
		room := false
		for _, a := range roster {
			if a.Available() && slices.Contains(a.Teams, team.ID) {
				list[i].Ready++
				room = room || a.Open < a.Cap
			}
		}
		if expected, ok := s.waits.expect(t, team.ID, s.clock.Now()); ok || room {
			seconds := int(expected.Seconds())
			if room && list[i].Waiting == 0 {
				seconds = 0
			}
			list[i].ExpectedWait = &seconds
		}
	}
	return list, nil
}
