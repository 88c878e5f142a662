package routing

import (
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/id"
)

// BoundOutcome is what came of a binding in one decision.
type BoundOutcome string

// The outcomes. Full and Absent keep the visitor waiting for the bound agent, those
// behind them send the visitor on to the team.
const (
	// BoundAssigned: the bound agent gets the visitor.
	BoundAssigned BoundOutcome = "assigned"
	// BoundFull and BoundAbsent: the agent has no free place, or is busy or away.
	BoundFull   BoundOutcome = "full"
	BoundAbsent BoundOutcome = "absent"
	// BoundSignedOut: the agent is not signed in.
	BoundSignedOut BoundOutcome = "signed_out"
	// BoundGone: the agent is switched off or deleted.
	BoundGone BoundOutcome = "gone"
	// BoundNotNow: the agent cannot take the visitor now, and the policy waits for nobody.
	BoundNotNow BoundOutcome = "not_now"
	// BoundTooLong: the visitor has waited for the agent as long as the policy allows.
	BoundTooLong BoundOutcome = "too_long"
	// BoundYielded: the policy lets something else go first, and it chose an agent.
	BoundYielded BoundOutcome = "yielded"
)

// Leaves reports whether the visitor waits for the bound agent no longer.
func (o BoundOutcome) Leaves() bool {
	switch o {
	case BoundSignedOut, BoundGone, BoundNotNow, BoundTooLong:
		return true
	}
	return false
}

// BoundStep is the part of a decision that is about a binding.
type BoundStep struct {
	Flag    string       `json:"flag"`
	Agent   id.Agent     `json:"agent"`
	Name    string       `json:"name"`
	Outcome BoundOutcome `json:"outcome" enum:"assigned,full,absent,signed_out,gone,not_now,too_long,yielded"`
}

// binding is the first step of Decide, for a visitor who is bound to an agent and has
// not been sent on. done is true if the decision is made: the agent gets the visitor,
// or the visitor waits for the agent. Else the other steps follow. A bot that
// receives visitors goes first, for whom the binding is looked up again when it hands
// over; so do the agents whom the visitor knows, if the policy says so.
func (s *Snapshot) binding(d *Decision, q *question) (done bool) {
	b := q.w.Bound
	if s.bot(d, q) {
		return true
	}
	d.Bound = &BoundStep{Flag: b.Flag, Agent: b.Agent, Name: b.Name}
	if b.RoutingFirst && s.prefer(d, q) {
		d.Bound.Outcome = BoundYielded
		return true
	}
	q.bound = b.Agent
	i, there := s.index[b.Agent]
	var a *account.AgentStatus
	if there {
		a = &s.Agents[i]
	}
	if d.Bound.Outcome = s.boundTo(a, q); d.Bound.Outcome.Leaves() {
		q.bound = ""
		return false
	}
	for i := range s.Agents {
		if _, f := s.filter(&s.Agents[i], q); f != "" {
			d.remove(&s.Agents[i], f)
		} else {
			d.pass(&s.Agents[i])
		}
	}
	if d.Bound.Outcome == BoundAssigned {
		d.take(a, RuleBound, q)
	}
	return true
}

// reload is how long an agent may be without a connection while somebody waits for
// it: who loads the console anew is not signed out.
const reload = 3 * time.Second

// back reports whether an agent may just be loading the console anew, as seen by
// somebody who waited before.
func back(a *account.AgentStatus, b *conversation.Bound, now time.Time) bool {
	return a.LostAt.After(b.Since) && now.Sub(a.LostAt) < reload
}

// boundTo says what comes of a binding to an agent, nil for one who is not there.
func (s *Snapshot) boundTo(a *account.AgentStatus, q *question) BoundOutcome {
	b := q.w.Bound
	if a == nil {
		return BoundGone
	}
	_, f := s.filter(a, q)
	switch {
	case f == "":
		return BoundAssigned
	case f == q.w.Barred:
		return BoundAbsent // nobody may take the visitor yet
	case !a.Connected && !a.Bot && !back(a, b, s.Now):
		return BoundSignedOut
	case b.AtOnce:
		return BoundNotNow
	}
	if until, ok := b.HeldUntil(); ok && !s.Now.Before(until) {
		return BoundTooLong
	}
	switch f {
	case FilterFull, FilterTeamFull, FilterBatch:
		return BoundFull
	}
	return BoundAbsent
}
