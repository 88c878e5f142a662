package report

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Part is an agent's share of a conversation: from getting it until it ended or went
// to somebody else. What is worked out of parts belongs to the agent whose part it is.
type Part struct {
	Conversation id.Conversation
	// Number counts the parts of a conversation from 1.
	Number  int
	Tenant  id.Tenant
	Inbox   id.Inbox
	Channel string
	Team    id.Team
	Agent   id.Agent
	// From is when the agent got it, Until when the part ended; zero while it runs.
	From, Until time.Time
	// Ended says that the conversation ended in this part, In and Out that it came
	// from another agent and went on.
	Ended, In, Out bool
	// First is from getting it to the agent's first word, negative without one.
	First time.Duration
	// Responses are answers to what the visitor had said, Response the sum of the times
	// they took and Longest the longest.
	Responses         int
	Response, Longest time.Duration
	// FromVisitor, FromAgent and FromSystem count messages; what the visitor said while
	// waiting counts for the agent who came.
	FromVisitor, FromAgent, FromSystem int
	// Rated and Score are of the visitor's rating of the conversation; the store fills
	// them when it adds up.
	Rated bool
	Score int
}

// Valid reports whether both sides have written.
func (p Part) Valid() bool { return p.FromVisitor > 0 && p.FromAgent > 0 }

// parting works out the parts of a conversation.
type parting struct {
	c         conversation.Conversation
	automatic map[id.Agent]bool
	list      []Part
	running   bool
	asked     time.Time
	// pending counts what the visitor said while nobody had it.
	pending int
}

// PartsOf works out the parts of a conversation from its messages, which are in order.
// What automatic agents say is counted, but is no answer.
func PartsOf(c conversation.Conversation, messages []conversation.Message, automatic map[id.Agent]bool) []Part {
	p := parting{c: c, automatic: automatic}
	for _, m := range messages {
		switch {
		case m.Line != nil:
			p.line(m)
		case m.Kind == conversation.Note:
		default:
			p.said(m)
		}
	}
	if c.ClosedAt != nil {
		p.end(*c.ClosedAt, false)
	}
	return p.list
}

func (p *parting) line(m conversation.Message) {
	if handed(m) { // what was said to the robot is nobody else's to answer
		p.pending, p.asked = 0, m.At
	}
	switch l := m.Line; l.Name {
	case conversation.LineAssigned, conversation.LineTransferred:
		handed := p.running
		p.end(m.At, l.Name == conversation.LineTransferred)
		if l.Agent == "" || l.Agent.Robot() {
			return
		}
		team := l.Team
		if team == "" {
			team = p.c.Team
		}
		p.list = append(p.list, Part{Conversation: p.c.ID, Number: len(p.list) + 1, Tenant: p.c.Tenant, Inbox: p.c.Inbox, Channel: p.c.Channel, Team: team, Agent: l.Agent,
			From: m.At, In: handed || len(p.list) > 0, First: -1, FromVisitor: p.pending})
		p.running, p.pending = true, 0
	case conversation.LineQueued, conversation.LineAgentLost:
		p.end(m.At, true)
	case conversation.LineClosed, conversation.LineIdleEnd, conversation.LineTooLong:
		if p.running {
			p.list[len(p.list)-1].Ended = true
		}
		p.end(m.At, false)
	default:
		if l.Text != "" && p.running && m.Kind.VisibleToVisitor() {
			p.list[len(p.list)-1].FromSystem++
		}
	}
}

// end ends the part that runs.
func (p *parting) end(at time.Time, out bool) {
	if !p.running {
		return
	}
	last := &p.list[len(p.list)-1]
	last.Until, last.Out, p.running = at, out, false
	if p.c.ClosedAt != nil && !at.Before(*p.c.ClosedAt) && !out {
		last.Ended = true
	}
}

// said counts what somebody said, in the part that runs.
func (p *parting) said(m conversation.Message) {
	if m.From.Kind == actor.Visitor && p.asked.IsZero() {
		p.asked = m.At
	} else if id.Agent(m.From.ID).Robot() {
		p.asked = time.Time{}
	}
	if !p.running {
		if m.From.Kind == actor.Visitor {
			p.pending++
		}
		return
	}
	last := &p.list[len(p.list)-1]
	switch {
	case m.From.Kind == actor.Visitor:
		last.FromVisitor++
	case m.From.Kind != actor.Agent:
		last.FromSystem++
	case p.automatic[id.Agent(m.From.ID)]:
		last.FromAgent++
	default:
		last.FromAgent++
		if last.First < 0 {
			last.First = max(0, m.At.Sub(last.From))
		}
		if !p.asked.IsZero() {
			since := p.asked
			if since.Before(last.From) {
				since = last.From // what was asked before is not this agent's to answer sooner
			}
			took := max(0, m.At.Sub(since))
			last.Responses++
			last.Response += took
			last.Longest = max(last.Longest, took)
		}
		p.asked = time.Time{}
	}
}

// PartSum is what a group of parts adds up to.
type PartSum struct {
	// Key is what the group has in common, see Group.
	Key string
	// Accepted counts parts, Ended those in which the conversation ended, Valid those in
	// which both sides wrote.
	Accepted, Ended, Valid int
	// In and Out count what came from other agents and went on.
	In, Out int
	// Served is how long they took, First and Response as in Part.
	Served, First, Response Span
	// Rated counts ratings, Score adds them up; 0 to 100 each.
	Rated, Score                       int
	FromVisitor, FromAgent, FromSystem int
	// Most is the most messages in one part.
	Most int
}

// Add counts one part. now counts as the end of one that runs.
func (s *PartSum) Add(p Part, now time.Time) {
	s.Accepted++
	for _, x := range []struct {
		is bool
		to *int
	}{{p.Ended, &s.Ended}, {p.Valid(), &s.Valid}, {p.In, &s.In}, {p.Out, &s.Out}, {p.Rated, &s.Rated}} {
		if x.is {
			*x.to++
		}
	}
	until := p.Until
	if until.IsZero() {
		until = now
	}
	s.Served.Add(max(0, until.Sub(p.From)))
	s.First.Add(p.First)
	s.Response.merge(Span{p.Responses, p.Response, p.Longest})
	s.Score += p.Score
	s.FromVisitor, s.FromAgent, s.FromSystem = s.FromVisitor+p.FromVisitor, s.FromAgent+p.FromAgent, s.FromSystem+p.FromSystem
	s.Most = max(s.Most, p.FromVisitor+p.FromAgent+p.FromSystem)
}

// Merge adds another group's figures.
func (s *PartSum) Merge(o PartSum) {
	for _, x := range []struct {
		to   *int
		from int
	}{{&s.Accepted, o.Accepted}, {&s.Ended, o.Ended}, {&s.Valid, o.Valid}, {&s.In, o.In}, {&s.Out, o.Out}, {&s.Rated, o.Rated}, {&s.Score, o.Score},
		{&s.FromVisitor, o.FromVisitor}, {&s.FromAgent, o.FromAgent}, {&s.FromSystem, o.FromSystem}} {
		*x.to += x.from
	}
	s.Served.merge(o.Served)
	s.First.merge(o.First)
	s.Response.merge(o.Response)
	s.Most = max(s.Most, o.Most)
}

// MostDays is the longest time of a report on parts.
const MostDays = 90

// Parts adds up the parts that agents got within the time of a query, those that run
// included, ordered by key. It needs the permission actor.SeeAll. Errors: Invalid
// "too_long" beyond MostDays.
func (s *Service) Parts(ctx context.Context, who actor.Actor, q Query) (list []PartSum, err error) {
	defer errs.Wrap(&err, "report.Parts")
	if q.To.Sub(q.From) > MostDays*24*time.Hour+time.Hour {
		return nil, errs.Field("to", "too_long", "A report covers up to %d days.", MostDays)
	}
	if err = s.ready(ctx, who); err != nil {
		return nil, err
	}
	q = bound(who, q)
	if list, err = s.store.PartSums(ctx, who.Tenant, q); err != nil {
		return nil, err
	}
	since := q
	since.From = time.Time{} // one that was started before may have got its agent within it
	running, err := s.store.Running(ctx, who.Tenant, since, mostRunning)
	if err != nil {
		return nil, err
	}
	_, parts, err := s.workOut(ctx, running)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	for _, p := range parts {
		if p.From.Before(q.From) || !p.From.Before(q.To) || q.Team != "" && p.Team != q.Team {
			continue
		}
		one := PartSum{Key: q.keyOf(p)}
		one.Add(p, now)
		i := slices.IndexFunc(list, func(x PartSum) bool { return x.Key == one.Key })
		if i < 0 {
			list = append(list, one)
			continue
		}
		list[i].Merge(one)
	}
	slices.SortFunc(list, func(a, b PartSum) int { return compare(a.Key, b.Key) })
	return list, nil
}

// keyOf is the group of a part.
func (q Query) keyOf(p Part) string {
	local := p.From.Add(q.Offset).UTC()
	switch q.Group {
	case ByTeam:
		return string(p.Team)
	case ByAgent:
		return string(p.Agent)
	case ByChannel:
		return p.Channel
	case ByInbox:
		return string(p.Inbox)
	case ByHour:
		return strconv.Itoa(local.Hour())
	case ByDay:
		return local.Format("2006-01-02")
	}
	return ""
}

// Moment is how things stand now and were today.
type Moment struct {
	// Accepted counts the conversations that agents got today, Serving those of them
	// that run.
	Accepted, Serving int
	// Waiting is how many wait now, MostWaiting how many waited at once at most today.
	Waiting, MostWaiting int
	// SignedIn counts agents, Places adds up how many conversations they may have.
	SignedIn, Places int
}

// Seats is who is signed in.
type Seats struct{ Agents, Places int }

// Stay is how long a conversation that was started today waited; Until is zero while
// it does.
type Stay struct{ From, Until time.Time }

// mostStays bounds the conversations that the peak of a day is worked out of.
const mostStays = 100_000

// Today tells how things stand on the day of a zone, which is so far from UTC. It
// needs the permission actor.SeeAll; who sees some teams only gets the figures of these.
func (s *Service) Today(ctx context.Context, who actor.Actor, offset time.Duration) (m Moment, err error) {
	defer errs.Wrap(&err, "report.Today")
	now := s.clock.Now()
	midnight := now.UTC().Add(offset).Truncate(24 * time.Hour).Add(-offset)
	q := Query{From: midnight, To: now.Add(time.Minute)}
	parts, err := s.Parts(ctx, who, q)
	if err != nil {
		return m, err
	}
	if len(parts) > 0 {
		m.Accepted = parts[0].Accepted - parts[0].In
		m.Serving = parts[0].Accepted - parts[0].Ended - parts[0].Out
	}
	q = bound(who, q)
	stays, err := s.store.Stays(ctx, who.Tenant, q, mostStays)
	if err != nil {
		return m, err
	}
	m.Waiting, m.MostWaiting = peak(stays)
	seats, err := s.store.Seats(ctx, who.Tenant, now, q)
	m.SignedIn, m.Places = seats.Agents, seats.Places
	return m, err
}

// peak counts who waits still, and how many waited at once at most.
func peak(stays []Stay) (now, most int) {
	type step struct {
		at time.Time
		by int
	}
	steps := make([]step, 0, 2*len(stays))
	for _, s := range stays {
		steps = append(steps, step{s.From, 1})
		if !s.Until.IsZero() {
			steps = append(steps, step{s.Until, -1})
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(a.at.Compare(b.at), a.by-b.by) })
	for _, s := range steps {
		now += s.by
		most = max(most, now)
	}
	return now, most
}

// Lasted is how long an agent was signed in in a state.
type Lasted struct {
	Agent id.Agent
	// State is "ready", "busy" or "away".
	State  string
	Lasted time.Duration
}

// States returns how long agents were signed in in each state on the days of a query,
// in UTC and to the minute, ordered by agent. It needs the permission actor.SeeAll.
func (s *Service) States(ctx context.Context, who actor.Actor, q Query) (list []Lasted, err error) {
	defer errs.Wrap(&err, "report.States")
	if !who.Can(actor.SeeAll) && !who.Bound {
		return nil, errForbidden
	}
	if err = s.notice(ctx); err != nil {
		return nil, err
	}
	return s.store.StateTimes(ctx, who.Tenant, bound(who, q))
}
