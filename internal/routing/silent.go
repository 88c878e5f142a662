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

// Relieve gives an open conversation to another agent because its own has been
// silent for so many seconds. Where agents are chosen by a rule it chooses among
// the others, and the conversation stays while none of them is free; else it goes
// back to the queue of its team. A conversation is relieved once: done is false
// afterwards, and when there is nobody.
func (s *Service) Relieve(ctx context.Context, t id.Tenant, c id.Conversation, seconds int) (done bool, err error) {
	defer errs.Wrap(&err, "routing.Relieve")
	before, err := s.reader.Conversation(ctx, actor.ForSystem(t), c)
	if err != nil || before.Status != conversation.Open || before.HeldAt != nil {
		return false, err
	}
	snap, err := s.snapshot(ctx, t)
	if err != nil {
		return false, err
	}
	w := Waiting{Conversation: c, Inbox: before.Inbox, Visitor: before.Visitor, Version: before.Version, Team: before.Team, QueuedAt: before.QueuedAt}
	s.learn(snap, w)
	line := conversation.Line{Rule: string(RuleSilent), After: seconds, FromTeam: before.Team, FromAgent: before.Agent, Team: before.Team}
	if snap.policy(w.Inbox, w.Team).Base.waits() {
		line.Name = conversation.LineQueued
		if _, err = s.requeue(ctx, before, before.Team, transferPriority, line); err != nil {
			return false, moved(err)
		}
		return true, nil
	}
	d := decideWithout(snap, w, before.Agent)
	if d.Agent == "" {
		return false, nil
	}
	line.Name, line.Agent, line.AgentName, line.Team = conversation.LineTransferred, d.Agent, d.Name, ""
	now := s.clock.Now()
	got, err := s.store.Assign(ctx, AssignInput{Tenant: t, Conversation: c, Version: before.Version, From: before.Agent, To: d.Agent, Decision: d, At: now, Team: d.Team,
		AgentCap: snap.policy(w.Inbox, w.Team).AgentCap, Offline: snap.policy(w.Inbox, w.Team).Unattended, Line: eventMessage(before, line, s.clock)})
	if err != nil {
		return false, moved(err)
	}
	s.after(ctx, got, line.Name)
	return true, nil
}

// decideWithout is Decide with one agent left out, who has been silent.
func decideWithout(snap *Snapshot, w Waiting, silent id.Agent) Decision {
	var name string
	snap.Agents = slices.DeleteFunc(slices.Clone(snap.Agents), func(a account.AgentStatus) bool {
		if a.Agent == silent {
			name = a.Name
		}
		return a.Agent == silent
	})
	snap.Index()
	d := Decide(snap, w)
	d.Rule = RuleSilent
	d.Removed = append([]Removed{{Agent: silent, Name: name, Filter: FilterSilent}}, d.Removed...)
	if len(d.Removed) > MaxRemoved {
		d.Removed, d.RemovedMore = d.Removed[:MaxRemoved], d.RemovedMore+1
	}
	return d
}

// moved forgets that the conversation or the agent changed meanwhile: the next
// look finds what is so then.
func moved(err error) error {
	if errs.CodeOf(err) == errs.Conflict {
		return nil
	}
	return err
}
