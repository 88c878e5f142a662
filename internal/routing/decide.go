package routing

import (
	"cmp"
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
	// Policies by inbox and team; if there is none for a team that of the inbox
	// alone holds, if there is none for that either, the default of PolicyOf.
	Policies map[Place]Policy
	// InTeam counts the open conversations of agents in teams with a cap of their own.
	InTeam map[AgentTeam]int
	// Standings are the places of members; only RuleServed asks for them.
	Standings map[AgentTeam]Standing
	// Bots and Unattended say that some policy takes bots, or agents without a connection.
	Bots, Unattended bool
	// Waiting counts the queues; only overflow by length asks for it.
	Waiting map[id.Team]int
	Now     time.Time

	index map[id.Agent]int
	// book and helps are filled by the service: the settings, and for each team
	// those that take over from it.
	book  *account.Book
	helps map[id.Team][]id.Team
}

// AgentTeam is an agent in one of its teams.
type AgentTeam struct {
	Agent id.Agent
	Team  id.Team
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

// Apply counts an assignment in a team in the snapshot, so that the next decision sees it.
func (s *Snapshot) Apply(a id.Agent, team id.Team, turn uint64) {
	if i, ok := s.index[a]; ok {
		s.Agents[i].Open++
		if s.InTeam != nil {
			s.InTeam[AgentTeam{a, team}]++
		}
		s.Agents[i].Served++
		if k := (AgentTeam{a, team}); s.Standings != nil {
			s.Standings[k] = Standing{s.Standings[k].Served + 1, s.Standings[k].Order}
		}
		s.Agents[i].LastAssignedAt = s.Now
		s.Turn[a] = turn
	}
}

// free reports whether a could take one more by some policy.
func (s *Snapshot) free(a *account.AgentStatus) bool {
	return s.able(a) && a.Open < a.Cap
}

// able is free whatever the agent has.
func (s *Snapshot) able(a *account.AgentStatus) bool {
	return a.Available() || a.Bot && s.Bots || s.Unattended && a.State == account.Ready && !a.OffDuty
}

// limited reports whether a has what the policy allows agents without a cap of their own.
func (p *Policy) limited(a *account.AgentStatus) bool {
	return p.AgentCap > 0 && a.Cap >= account.MaxCap && a.Open >= p.AgentCap
}

// HasRoom reports whether any agent can take a conversation.
func (s *Snapshot) HasRoom() bool {
	for i := range s.Agents {
		if s.free(&s.Agents[i]) {
			return true
		}
	}
	return false
}

// defaultPolicy holds where nothing is set.
var defaultPolicy = PolicyOf(setting.Defaults().Routing)

func (s *Snapshot) policy(in id.Inbox, team id.Team) Policy {
	if p, ok := s.Policies[Place{in, team}]; ok {
		return p
	}
	if p, ok := s.Policies[Place{in, ""}]; ok {
		return p
	}
	return defaultPolicy
}

// helpers returns the teams that may serve w besides its own, in order.
func (s *Snapshot) helpers(p *Policy, w *Waiting) (teams []id.Team) {
	if w.Team == "" {
		return nil
	}
	if p.Fallback != "" && (p.Shut || !s.anyone(w.Team)) {
		teams = append(teams, p.Fallback)
	}
	for _, o := range p.Overflow {
		waited := s.Now.Sub(w.QueuedAt) >= time.Duration(o.After)*time.Second
		crowded := o.Waiting > 0 && s.Waiting[w.Team] >= o.Waiting
		if waited || crowded {
			teams = append(teams, id.Team(o.Team))
		}
	}
	return teams
}

// anyone reports whether a member of a team is available.
func (s *Snapshot) anyone(team id.Team) bool {
	return slices.ContainsFunc(s.Agents, func(a account.AgentStatus) bool {
		return s.able(&a) && slices.Contains(a.Teams, team)
	})
}

// Decide chooses an agent for a waiting conversation, or leaves it in the
// queue, and says why. It is a pure function of its arguments. The steps: the agent
// whom the visitor is bound to,
// named agent, who looks after the contact, agent of the previous conversation, last-served agents, a bot for a
// new conversation, base rule. An agent is a candidate if it is ready, connected, below its caps and in
// the team asked for or in one that takes over; the named agent need not be in
// the team. Agents of the team asked for go before those of a team that takes
// over, whatever the base rule. With the rules manual, offer and external the base
// rule chooses nobody; Passed then holds whom the conversation is offered to.
func Decide(s *Snapshot, w Waiting) Decision {
	p := s.policy(w.Inbox, w.Team)
	q := question{w: &w, p: &p, only: p.AgentOnly && w.Named != "", helpers: s.helpers(&p, &w)}
	d := Decision{At: s.Now}
	if w.Bound != nil && s.binding(&d, &q) {
		return d
	}
	best, bestRank := -1, 0
	for i := range s.Agents {
		a := &s.Agents[i]
		rank, f := s.filter(a, &q)
		if f != "" {
			d.remove(a, f)
			continue
		}
		d.pass(a)
		if best < 0 || rank < bestRank || rank == bestRank && s.before(&q, i, best) {
			best, bestRank = i, rank
		}
	}
	if best >= 0 && s.prefer(&d, &q) || s.bot(&d, &q) || best < 0 {
		return d
	}
	d.Rule = p.Base
	if p.Base.waits() {
		return d
	}
	d.take(&s.Agents[best], p.Base, &q)
	return d
}

// waits reports whether a base rule chooses nobody by itself.
func (r Rule) waits() bool { return r == RuleManual || r == RuleOffer || r == RuleExternal }

// question is one conversation with what holds for it.
type question struct {
	w    *Waiting
	p    *Policy
	only bool
	// helpers are the teams that take over.
	helpers []id.Team
	// bound, if set, is the only agent who counts.
	bound id.Agent
}

// manages reports whether a looks after the contact of a new conversation, if that counts.
func (q *question) manages(a id.Agent) bool {
	return a != "" && q.p.Manager && q.w.Fresh && a == q.w.Manager
}

// prefer tries the agents that the visitor named or knows, before the base rule.
func (s *Snapshot) prefer(d *Decision, q *question) bool {
	pick := func(a id.Agent, rule Rule) bool {
		i, ok := s.index[a]
		if !ok {
			return false
		}
		if _, f := s.filter(&s.Agents[i], q); f != "" {
			return false
		}
		d.take(&s.Agents[i], rule, q)
		return true
	}
	if q.w.Named != "" && pick(q.w.Named, RuleNamed) {
		return true
	}
	if q.manages(q.w.Manager) && pick(q.w.Manager, RuleManager) {
		return true
	}
	if q.p.Returning && q.w.Previous != "" && pick(q.w.Previous, RuleReturning) {
		return true
	}
	if q.p.LastServed {
		for _, a := range q.w.Served {
			if pick(a, RuleLastServed) {
				return true
			}
		}
	}
	return false
}

// bot gives a new conversation to a bot of the team, if bots go first.
func (s *Snapshot) bot(d *Decision, q *question) bool {
	if !q.p.BotsFirst || !q.w.Fresh || q.only || q.w.Barred != "" {
		return false
	}
	best := -1
	for i := range s.Agents {
		a := &s.Agents[i]
		member := q.w.Team == "" || slices.Contains(a.Teams, q.w.Team)
		if a.Bot && member && a.Open < a.Cap && !q.p.limited(a) && (best < 0 || s.before(q, i, best)) {
			best = i
		}
	}
	if best >= 0 {
		d.take(&s.Agents[best], RuleBot, q)
	}
	return best >= 0
}

// take makes a the outcome.
func (d *Decision) take(a *account.AgentStatus, rule Rule, q *question) {
	d.Agent, d.Name, d.Rule = a.Agent, a.Name, rule
	if q.w.Team != "" && !slices.Contains(a.Teams, q.w.Team) {
		for _, t := range q.helpers {
			if slices.Contains(a.Teams, t) {
				d.Team = t
				return
			}
		}
	}
}

// behindAll puts agents who are not connected behind all others.
const behindAll = 1000

// filter says why an agent is no candidate, "" if it is one, and how near its
// team is: 0 for the team asked for, more for teams that take over.
func (s *Snapshot) filter(a *account.AgentStatus, q *question) (rank int, f Filter) {
	w, named := q.w, a.Agent == q.w.Named || a.Agent == q.bound && q.bound != ""
	if w.Barred != "" {
		return 0, w.Barred
	}
	if q.bound != "" && a.Agent != q.bound {
		return 0, FilterNotBound
	}
	manages := q.manages(a.Agent)
	if q.only && !named {
		return 0, FilterNotNamed
	}
	if w.Team != "" && !named && !manages && (q.p.Shut || !slices.Contains(a.Teams, w.Team)) {
		rank = 1 + slices.IndexFunc(q.helpers, func(t id.Team) bool { return slices.Contains(a.Teams, t) })
		if rank == 0 {
			return 0, FilterTeam
		}
	}
	switch {
	case a.State == account.Away, a.OffDuty, q.p.SkipAway && a.Presence == account.PresenceAway:
		return rank, FilterAway
	case a.State != account.Ready:
		return rank, FilterBusy
	case !a.Connected && !q.p.Unattended:
		return rank, FilterDisconnected
	case a.Open >= a.Cap, q.p.limited(a):
		return rank, FilterFull
	case q.p.TeamCap > 0 && s.InTeam[AgentTeam{a.Agent, w.Team}] >= q.p.TeamCap:
		return rank, FilterTeamFull
	case q.p.FirstBatch > 0 && a.Open >= q.p.FirstBatch && s.Now.Sub(a.Since) < BatchPause:
		return rank, FilterBatch
	}
	if !a.Connected {
		rank += behindAll
	}
	return rank, ""
}

// pass counts a candidate.
func (d *Decision) pass(a *account.AgentStatus) {
	d.Candidates++
	if d.Passed == nil {
		d.Passed = make([]Passed, 0, MaxRemoved) // one allocation instead of five
	}
	if len(d.Passed) < MaxRemoved {
		d.Passed = append(d.Passed, Passed{Agent: a.Agent, Name: a.Name, Open: a.Open, Cap: a.Cap, LastAssignedAt: a.LastAssignedAt, IdleSince: a.IdleSince})
	}
}

func (d *Decision) remove(a *account.AgentStatus, f Filter) {
	if d.Removed == nil {
		d.Removed = make([]Removed, 0, MaxRemoved)
	}
	if len(d.Removed) < MaxRemoved {
		d.Removed = append(d.Removed, Removed{Agent: a.Agent, Name: a.Name, Filter: f})
		return
	}
	d.RemovedMore++
}

// before reports whether agent i comes before agent j by the base rule.
func (s *Snapshot) before(q *question, i, j int) bool {
	a, b := &s.Agents[i], &s.Agents[j]
	switch q.p.Base {
	case RuleServed:
		if c := cmp.Or(s.standing(q, a, b), cmp.Compare(a.Name, b.Name)); c != 0 {
			return c < 0
		}
	case RuleFewest:
		x, y := a.Open, b.Open
		if t := q.w.Team; t != "" {
			x, y = s.InTeam[AgentTeam{a.Agent, t}], s.InTeam[AgentTeam{b.Agent, t}]
		}
		if x != y {
			return x < y
		}
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

// standing compares how many conversations two agents got so far, then their places.
func (s *Snapshot) standing(q *question, a, b *account.AgentStatus) int {
	if q.w.Team == "" {
		return cmp.Compare(a.Served, b.Served)
	}
	x, y := s.Standings[AgentTeam{a.Agent, q.w.Team}], s.Standings[AgentTeam{b.Agent, q.w.Team}]
	return cmp.Or(cmp.Compare(x.Served, y.Served), cmp.Compare(x.Order, y.Order))
}

// load compares Open/Cap without division: negative if a is less loaded.
func load(a, b *account.AgentStatus) int { return a.Open*b.Cap - b.Open*a.Cap }
