package routing

import (
	"context"
	"slices"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// snapshot reads the agents of a tenant, and of its settings what decisions
// need. Policies are filled by learn as conversations ask for them.
func (s *Service) snapshot(ctx context.Context, t id.Tenant) (*Snapshot, error) {
	now := s.clock.Now()
	agents, err := s.store.Roster(ctx, t, now)
	if err != nil {
		return nil, err
	}
	book, err := s.accounts.Book(ctx, t)
	if err != nil {
		return nil, err
	}
	book.SetDuty(agents, now)
	snap := &Snapshot{Agents: agents, Policies: map[Place]Policy{}, Now: now, book: book}
	if err := s.count(ctx, snap, t); err != nil {
		return nil, err
	}
	snap.Index()
	return snap, nil
}

// rules are what the settings of a tenant ask a snapshot to hold.
type rules struct {
	book *account.Book
	// caps and lengths say whether any team has a cap or an overflow by length.
	caps, lengths bool
	// standings, bots and unattended say whether any policy needs them.
	standings, bots, unattended bool
	helps                       map[id.Team][]id.Team
	// spills are the rules of long queues that lead on, notices those that only tell.
	spills  conversation.Spills
	notices map[id.Team][]setting.Spill
}

// rulesOf reads the rules out of the settings, once for each book.
func (s *Service) rulesOf(t id.Tenant, book *account.Book) *rules {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rules[t]; r != nil && r.book == book {
		return r
	}
	r := &rules{book: book, helps: map[id.Team][]id.Team{}}
	see := func(team id.Team, p Policy) {
		r.caps = r.caps || p.TeamCap > 0 || p.Base == RuleFewest
		r.standings = r.standings || p.Base == RuleServed
		r.bots, r.unattended = r.bots || p.BotsFirst, r.unattended || p.Unattended
		if p.Fallback != "" {
			r.helps[team] = append(r.helps[team], p.Fallback)
		}
		for _, o := range p.Overflow {
			r.lengths = r.lengths || o.Waiting > 0
			if to := id.Team(o.Team); !slices.Contains(r.helps[team], to) {
				r.helps[team] = append(r.helps[team], to)
			}
		}
	}
	for in := range book.Inboxes {
		see("", policyFor(book, in, ""))
		for team := range book.Teams {
			see(team, policyFor(book, in, team))
		}
	}
	r.spills, r.notices = spillsOf(book)
	s.rules[t] = r
	return r
}

// spillsOf reads the rules of long queues. A rule to a team that is not there or out
// of use does not lead on.
func spillsOf(book *account.Book) (rules conversation.Spills, notices map[id.Team][]setting.Spill) {
	rules, notices = conversation.Spills{}, map[id.Team][]setting.Spill{}
	for from, team := range book.Teams {
		for _, x := range team.Settings.Spills {
			if to, ok := book.Teams[id.Team(x.Team)]; ok && !to.Settings.Shut() && to.ID != from {
				rules[from] = append(rules[from], conversation.SpillRule{Waiting: x.Waiting, Team: to.ID})
			} else if x.Team == "" {
				notices[from] = append(notices[from], x)
			}
		}
	}
	return rules, notices
}

// count reads what caps of teams and overflows by length need, if there are any.
func (s *Service) count(ctx context.Context, snap *Snapshot, t id.Tenant) (err error) {
	r := s.rulesOf(t, snap.book)
	snap.helps, snap.Bots, snap.Unattended = r.helps, r.bots, r.unattended
	if r.caps {
		if snap.InTeam, err = s.store.OpenByTeam(ctx, t); err != nil {
			return err
		}
	}
	if r.standings {
		if snap.Standings, err = s.store.Standings(ctx, t); err != nil {
			return err
		}
	}
	if r.lengths {
		snap.Waiting, err = s.store.WaitingByTeam(ctx, t)
	}
	return err
}

// policyFor is the policy of a place, with what the team itself says.
func policyFor(book *account.Book, in id.Inbox, team id.Team) Policy {
	p := PolicyOf(book.Service(in, team).Routing)
	if t, ok := book.Teams[team]; ok {
		p.Shut, p.Fallback = t.Settings.Shut(), id.Team(t.Settings.Fallback)
	}
	return p
}

// learn makes sure that the snapshot knows the policy that holds for w.
func (s *Service) learn(snap *Snapshot, w Waiting) {
	p := Place{w.Inbox, w.Team}
	if _, ok := snap.Policies[p]; !ok {
		snap.Policies[p] = policyFor(snap.book, w.Inbox, w.Team)
	}
}

// waits returns the decision as the reason for waiting: nobody is chosen.
func (d Decision) waits() Decision {
	d.Agent, d.Name, d.Team = "", "", ""
	if !d.Rule.waits() {
		d.Rule = ""
	}
	return d
}

// Offer is the payload of event.Offered: a conversation that the first of the
// agents who claims it has.
type Offer struct {
	Conversation id.Conversation `json:"conversation"`
	Team         id.Team         `json:"team,omitempty"`
}

// maxOffers bounds what a pump remembers of offers it made.
const maxOffers = 4096

// offer tells the candidates of a conversation, once for each set of candidates.
func (p *pump) offer(w Waiting, d Decision) {
	if len(p.offered) >= maxOffers {
		clear(p.offered)
	}
	if p.offered == nil {
		p.offered = map[id.Conversation]map[id.Agent]bool{}
	}
	told := p.offered[w.Conversation]
	if told == nil {
		told = map[id.Agent]bool{}
		p.offered[w.Conversation] = told
	}
	var to []event.Topic
	for _, a := range d.Passed {
		if !told[a.Agent] {
			told[a.Agent] = true
			to = append(to, event.ToAgent(p.tenant, a.Agent))
		}
	}
	if len(to) > 0 {
		p.s.events.Publish(&event.Event{ID: id.New(), Tenant: p.tenant, Kind: event.Offered, To: to, At: d.At, Data: &Offer{Conversation: w.Conversation, Team: w.Team}})
	}
}

// Next returns the agent whom routing would choose for a conversation that a
// visitor starts now, "" if it would wait. Nothing is changed.
func (s *Service) Next(ctx context.Context, t id.Tenant, in id.Inbox, team id.Team) (a id.Agent, err error) {
	defer errs.Wrap(&err, "routing.Next")
	snap, err := s.snapshot(ctx, t)
	if err != nil {
		return "", err
	}
	w := Waiting{Inbox: in, Team: team}
	s.learn(snap, w)
	return Decide(snap, w).Agent, nil
}
