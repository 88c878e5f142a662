package routing

import (
	"slices"
	"time"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Snapshot is what Decide looks at: the agents of one tenant at one moment.
type Snapshot struct {
	// Agents are all agents that are not disabled.
	Agents []account.AgentStatus
	// Turn breaks ties of LastAssignedAt: a higher turn was assigned later.
	Turn map[id.Agent]uint64
	// Policies by inbox; a missing one is the default of PolicyOf.
	Policies map[id.Inbox]Policy
	Now      time.Time

	index map[id.Agent]int
}

// Index prepares s for Decide. It must be called again after Agents was replaced.
func (s *Snapshot) Index() {
	s.index = make(map[id.Agent]int, len(s.Agents))
	for i := range s.Agents {
		s.index[s.Agents[i].Agent] = i
	}
	if s.Turn == nil {
		s.Turn = map[id.Agent]uint64{}
	}
}

// Apply counts an assignment in the snapshot, so that the next decision sees it.
func (s *Snapshot) Apply(a id.Agent, turn uint64) {
	if i, ok := s.index[a]; ok {
		s.Agents[i].Open++
		s.Agents[i].LastAssignedAt = s.Now
		s.Turn[a] = turn
	}
}

// free reports whether a can take one more.
func free(a *account.AgentStatus) bool { return a.Available() && a.Open < a.Cap }

// HasRoom reports whether any agent can take a conversation.
func (s *Snapshot) HasRoom() bool {
	for i := range s.Agents {
		if free(&s.Agents[i]) {
			return true
		}
	}
	return false
}

func (s *Snapshot) policy(in id.Inbox) Policy {
	if p, ok := s.Policies[in]; ok {
		return p
	}
	return PolicyOf(setting.Defaults().Routing)
}

// Decide chooses an agent for a waiting conversation, or leaves it in the
// queue, and says why. It is a pure function of its arguments. The steps:
// named agent, agent of the previous conversation, last-served agents, base
// rule. An agent is a candidate if it is ready, connected, below its cap and
// in the team asked for; the named agent need not be in the team.
func Decide(s *Snapshot, w Waiting) Decision {
	p := s.policy(w.Inbox)
	d := Decision{At: s.Now}
	only := p.AgentOnly && w.Named != ""
	best := -1
	for i := range s.Agents {
		a := &s.Agents[i]
		if f := filter(a, w, only); f != "" {
			d.remove(a, f)
			continue
		}
		d.Candidates++
		if best < 0 || s.before(p.Base, i, best) {
			best = i
		}
	}
	if best < 0 {
		return d
	}
	pick := func(a id.Agent, rule Rule) bool {
		i, ok := s.index[a]
		if !ok || filter(&s.Agents[i], w, only) != "" {
			return false
		}
		d.Agent, d.Name, d.Rule = a, s.Agents[i].Name, rule
		return true
	}
	if w.Named != "" && pick(w.Named, RuleNamed) {
		return d
	}
	if p.Returning && w.Previous != "" && pick(w.Previous, RuleReturning) {
		return d
	}
	if p.LastServed {
		for _, a := range w.Served {
			if pick(a, RuleLastServed) {
				return d
			}
		}
	}
	d.Agent, d.Name, d.Rule = s.Agents[best].Agent, s.Agents[best].Name, p.Base
	return d
}

// filter says why an agent is no candidate, "" if it is one.
func filter(a *account.AgentStatus, w Waiting, only bool) Filter {
	named := a.Agent == w.Named
	switch {
	case only && !named:
		return FilterNotNamed
	case w.Team != "" && !named && !slices.Contains(a.Teams, w.Team):
		return FilterTeam
	case a.State == account.Away:
		return FilterAway
	case a.State != account.Ready:
		return FilterBusy
	case !a.Connected:
		return FilterDisconnected
	case a.Open >= a.Cap:
		return FilterFull
	}
	return ""
}

func (d *Decision) remove(a *account.AgentStatus, f Filter) {
	if len(d.Removed) < MaxRemoved {
		d.Removed = append(d.Removed, Removed{Agent: a.Agent, Name: a.Name, Filter: f})
		return
	}
	d.RemovedMore++
}

// before reports whether agent i comes before agent j by the base rule.
func (s *Snapshot) before(rule Rule, i, j int) bool {
	a, b := &s.Agents[i], &s.Agents[j]
	switch rule {
	case RuleIdle:
		if (a.Open == 0) != (b.Open == 0) {
			return a.Open == 0
		}
		if a.Open == 0 && !a.IdleSince.Equal(b.IdleSince) {
			return a.IdleSince.Before(b.IdleSince)
		}
		if l := load(a, b); l != 0 {
			return l < 0
		}
	case RuleLeast:
		if l := load(a, b); l != 0 {
			return l < 0
		}
	}
	if !a.LastAssignedAt.Equal(b.LastAssignedAt) {
		return a.LastAssignedAt.Before(b.LastAssignedAt)
	}
	if ta, tb := s.Turn[a.Agent], s.Turn[b.Agent]; ta != tb {
		return ta < tb
	}
	return a.Agent < b.Agent
}

// load compares Open/Cap without division: negative if a is less loaded.
func load(a, b *account.AgentStatus) int { return a.Open*b.Cap - b.Open*a.Cap }
