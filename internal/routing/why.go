package routing

import (
	"context"
	"slices"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// WhyNot answers "why did this agent not get this conversation?".
type WhyNot struct {
	Agent id.Agent `json:"agent"`
	Name  string   `json:"name"`
	// Outcome is "got", "filtered" (Filter says by what), "passed_over" (a
	// candidate, but Rule chose Chosen), "waiting" (a candidate now, but nobody is
	// chosen by the rule manual or offer) or "unknown" (not among the reasons kept).
	Outcome string `json:"outcome" enum:"got,filtered,passed_over,waiting,unknown"`
	Filter  Filter `json:"filter,omitempty" enum:"away,busy,disconnected,full,other_team,not_the_named_agent,full_in_team,first_batch,not_the_bound_agent"`
	// Rule, Chosen and ChosenName are of the decision.
	Rule       Rule     `json:"rule,omitempty"`
	Chosen     id.Agent `json:"chosen,omitempty"`
	ChosenName string   `json:"chosenName,omitempty"`
	// Self and Other are what the rule compared, if both were candidates.
	Self  *Passed `json:"self,omitempty"`
	Other *Passed `json:"other,omitempty"`
	// Decision is the decision that the answer is read from.
	Decision Decision `json:"decision"`
}

// WhyNot answers for one conversation and one agent. An agent may ask for
// itself, whoever sees everything for anybody. A waiting conversation is decided
// on anew; one that was assigned is answered from the reasons kept.
func (s *Service) WhyNot(ctx context.Context, who actor.Actor, c id.Conversation, agent id.Agent) (out WhyNot, err error) {
	defer errs.Wrap(&err, "routing.WhyNot")
	if agent == "" {
		agent = who.Agent
	}
	if agent != who.Agent && !who.Can(actor.SeeAll) {
		return out, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow asking for another agent.")
	}
	st, err := s.accounts.AgentStatus(ctx, who.Tenant, agent, s.clock.Now())
	if err != nil {
		return out, err
	}
	// An agent may ask about a conversation that went to a colleague: the answer
	// holds names and loads of colleagues, nothing of the conversation.
	asker := who
	asker.Permissions = append(slices.Clone(who.Permissions), actor.SeeAll)
	list, _, err := s.Explain(ctx, asker, c)
	if err != nil {
		return out, err
	}
	return explainTo(list, st), nil
}

// explainTo reads the answer out of decisions, newest first.
func explainTo(list []Decision, st account.AgentStatus) WhyNot {
	out := WhyNot{Agent: st.Agent, Name: st.Name, Outcome: "unknown"}
	if len(list) == 0 {
		return out
	}
	d := list[0]
	out.Decision, out.Rule, out.Chosen, out.ChosenName = d, d.Rule, d.Agent, d.Name
	find := func(a id.Agent) *Passed {
		if i := slices.IndexFunc(d.Passed, func(p Passed) bool { return p.Agent == a }); i >= 0 {
			return &d.Passed[i]
		}
		return nil
	}
	out.Self, out.Other = find(st.Agent), find(d.Agent)
	switch i := slices.IndexFunc(d.Removed, func(r Removed) bool { return r.Agent == st.Agent }); {
	case d.Agent == st.Agent:
		out.Outcome = "got"
	case i >= 0:
		out.Outcome, out.Filter = "filtered", d.Removed[i].Filter
	case out.Self != nil && d.Agent == "":
		out.Outcome = "waiting"
	case out.Self != nil:
		out.Outcome = "passed_over"
	}
	return out
}

// QueueItem is a waiting conversation with the reason why it waits.
type QueueItem struct {
	Conversation conversation.Conversation `json:"conversation"`
	Place        int                       `json:"place"`
	Decision     Decision                  `json:"decision"`
}

// maxQueue is how many waiting conversations are explained at once.
const maxQueue = 50

// Queue returns the conversations that wait longest, of the teams that who may
// see, each with the reason why it waits now.
func (s *Service) Queue(ctx context.Context, who actor.Actor) (list []QueueItem, err error) {
	defer errs.Wrap(&err, "routing.Queue")
	snap, err := s.snapshot(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	f := WaitingFilter{Limit: maxQueue, Teams: who.Teams, Agents: []id.Agent{who.Agent}}
	if who.Can(actor.SeeAll) {
		f.Teams = nil
		for team := range snap.book.Teams {
			f.Teams = append(f.Teams, team)
		}
	}
	waiting, err := s.store.NextWaiting(ctx, who.Tenant, f)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	places := map[id.Team]int{}
	ids := make([]id.Conversation, len(waiting))
	for i, w := range waiting {
		ids[i] = w.Conversation
	}
	full, err := s.reader.Conversations(ctx, who.Tenant, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[id.Conversation]conversation.Conversation, len(full))
	for _, c := range full {
		by[c.ID] = c
	}
	for _, w := range waiting {
		s.learn(snap, w)
		places[w.Team]++
		if c, ok := by[w.Conversation]; ok {
			list = append(list, QueueItem{Conversation: c, Place: places[w.Team], Decision: Decide(snap, w).waits()})
		}
	}
	return list, nil
}
