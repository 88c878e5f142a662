// Package report turns conversations into figures: how many there were, how long
// people waited and were served. When a conversation ends, its figures are worked
// out once and kept as a Fact; reports add facts up. Conversations that still run
// are worked out when a report asks.
package report

import (
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// Fact is the figures of one conversation.
type Fact struct {
	Conversation id.Conversation
	Tenant       id.Tenant
	Inbox        id.Inbox
	Channel      string
	Team         id.Team
	Agent        id.Agent
	Visitor      id.Visitor
	CreatedAt    time.Time
	// ClosedAt is zero while it runs.
	ClosedAt time.Time
	EndBy    conversation.EndBy
	// Wait is from the start, or from a robot's handing over, to the agent; negative if
	// there was none. A robot is no agent.
	Wait time.Duration
	// First is from the visitor's first message, or the start, to the first answer;
	// Reaction from the agent's getting it to that answer. Negative without one.
	First, Reaction time.Duration
	// Responses are answers to what a visitor had said, Response the sum of the
	// times they took and Longest the longest.
	Responses         int
	Response, Longest time.Duration
	// Duration is from start to end, Service from the agent's getting it to the end.
	Duration, Service time.Duration
	// Messages counts what visitor and agents said.
	Messages, FromVisitor, FromAgent int
	Transfers                        int
	// Abandoned says that the visitor left or fell silent after the agent's last word.
	Abandoned bool
}

// FactOf works out the figures of a conversation from its messages, which are in
// order. now counts as the end of one that runs. What automatic agents say is counted,
// but is no answer.
func FactOf(c conversation.Conversation, list []conversation.Message, now time.Time, automatic map[id.Agent]bool) Fact {
	f := Fact{Conversation: c.ID, Tenant: c.Tenant, Inbox: c.Inbox, Channel: c.Channel, Team: c.Team, Agent: c.Agent, Visitor: c.Visitor, CreatedAt: c.CreatedAt,
		EndBy: c.EndBy, Wait: -1, First: -1, Reaction: -1}
	end := now
	if c.ClosedAt != nil {
		f.ClosedAt, end = *c.ClosedAt, *c.ClosedAt
	}
	f.Duration = max(0, end.Sub(c.CreatedAt))
	var assigned, asked, firstAsked time.Time
	from := c.CreatedAt
	for _, m := range list {
		if handed(m) && assigned.IsZero() { // what came before was the robot's to answer
			from, asked, firstAsked = m.At, m.At, m.At
		}
		switch {
		case m.Line != nil && (m.Line.Name == conversation.LineAssigned || m.Line.Name == conversation.LineTransferred):
			if m.Line.Name == conversation.LineTransferred {
				f.Transfers++
			}
			if m.Line.Agent != "" && !m.Line.Agent.Robot() && assigned.IsZero() {
				assigned = m.At
			}
		case m.Kind == conversation.Note || m.Kind == conversation.Event:
		case m.From.Kind == actor.Visitor:
			f.Messages++
			f.FromVisitor++
			if asked.IsZero() {
				asked = m.At
			}
			if firstAsked.IsZero() {
				firstAsked = m.At
			}
		case m.From.Kind == actor.Agent && (automatic[id.Agent(m.From.ID)] || id.Agent(m.From.ID).Robot()):
			f.Messages++
			f.FromAgent++
		case m.From.Kind == actor.Agent:
			f.answered(c, m.At, assigned, asked, firstAsked)
			asked = time.Time{}
		}
	}
	if !assigned.IsZero() {
		f.Wait, f.Service = max(0, assigned.Sub(from)), max(0, end.Sub(assigned))
	}
	f.Abandoned = c.EndBy == conversation.EndByTimeout || c.EndBy == conversation.EndByQueue || c.EndBy == conversation.EndByVisitor && f.FromAgent == 0
	return f
}

// handed reports whether a line takes a conversation off a robot.
func handed(m conversation.Message) bool { return m.Line != nil && m.Line.FromAgent.Robot() }

// answered adds an answer of an agent.
func (f *Fact) answered(c conversation.Conversation, at, assigned, asked, firstAsked time.Time) {
	f.Messages++
	f.FromAgent++
	if f.First < 0 {
		since := firstAsked
		if since.IsZero() {
			since = c.CreatedAt
		}
		f.First = max(0, at.Sub(since))
		if !assigned.IsZero() {
			f.Reaction = max(0, at.Sub(assigned))
		}
	}
	if asked.IsZero() && f.FromAgent > 1 {
		return
	}
	if asked.IsZero() {
		asked = c.CreatedAt
	}
	took := max(0, at.Sub(asked))
	f.Responses++
	f.Response += took
	f.Longest = max(f.Longest, took)
}

// Span adds times up.
type Span struct {
	N       int
	Sum     time.Duration
	Longest time.Duration
}

// Add counts one time; a negative one does not count.
func (s *Span) Add(d time.Duration) {
	if d < 0 {
		return
	}
	s.N++
	s.Sum += d
	s.Longest = max(s.Longest, d)
}

func (s *Span) merge(o Span) {
	s.N += o.N
	s.Sum += o.Sum
	s.Longest = max(s.Longest, o.Longest)
}

// Average is the mean, 0 without any.
func (s Span) Average() time.Duration {
	if s.N == 0 {
		return 0
	}
	return s.Sum / time.Duration(s.N)
}

// Sum is what a group of conversations adds up to.
type Sum struct {
	// Key is what the group has in common, see Group.
	Key string
	// Count is all of them; Closed, Open, Queued and Held by what they are now.
	Count, Closed, Open, Queued, Held int
	Messages, Transfers, Abandoned    int
	Wait, First, Reaction, Response   Span
	Duration, Service                 Span
}

// Add counts one conversation.
func (s *Sum) Add(f Fact) {
	s.Count++
	if !f.ClosedAt.IsZero() {
		s.Closed++
	}
	s.Messages += f.Messages
	s.Transfers += f.Transfers
	if f.Abandoned {
		s.Abandoned++
	}
	s.Wait.Add(f.Wait)
	s.First.Add(f.First)
	s.Reaction.Add(f.Reaction)
	s.Response.merge(Span{f.Responses, f.Response, f.Longest})
	if !f.ClosedAt.IsZero() {
		s.Duration.Add(f.Duration)
		if f.Wait >= 0 {
			s.Service.Add(f.Service)
		}
	}
}

// Merge adds another group's figures.
func (s *Sum) Merge(o Sum) {
	s.Count += o.Count
	s.Closed += o.Closed
	s.Open += o.Open
	s.Queued += o.Queued
	s.Held += o.Held
	s.Messages += o.Messages
	s.Transfers += o.Transfers
	s.Abandoned += o.Abandoned
	for _, p := range []struct {
		to   *Span
		from Span
	}{{&s.Wait, o.Wait}, {&s.First, o.First}, {&s.Reaction, o.Reaction}, {&s.Response, o.Response}, {&s.Duration, o.Duration}, {&s.Service, o.Service}} {
		p.to.merge(p.from)
	}
}

// Group says what conversations are put together by.
type Group string

// The groups. Hours and days are those of the time zone of the query.
const (
	Whole     Group = ""
	ByTeam    Group = "team"
	ByAgent   Group = "agent"
	ByChannel Group = "channel"
	ByInbox   Group = "inbox"
	ByHour    Group = "hour"
	ByDay     Group = "day"
)

// Query chooses the conversations that were started within a time.
type Query struct {
	From, To time.Time
	Team     id.Team
	// Teams are the only ones that count if Bound is set.
	Teams []id.Team
	Bound bool
	Group Group
	// Offset is the difference of the asker's time to UTC.
	Offset time.Duration
}
