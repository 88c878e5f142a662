package storetest

import (
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/store"
)

// enter starts a conversation of a visitor, made for it, with what it asked for.
func (w *World) enter(name string, team id.Team, a *conversation.Asked, spills conversation.Spills) conversation.Conversation {
	w.T.Helper()
	c := conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Visitor: w.Visitor(name), Team: team, CreatedAt: w.Now}
	if a != nil && a.Bound != nil {
		c.BoundAgent = a.Bound.Agent
	}
	c, _, err := w.S.Start(w.T.Context(), c, conversation.Entrance{Asked: a, Spills: spills})
	w.ok(err)
	return c
}

// testAsked follows what was asked for from the start to the end of a conversation.
func testAsked(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	team := w.Team("help")
	li, bo := w.Ready("li", 5), w.Ready("bo", 5, team)
	bound := func(a id.Agent) *conversation.Asked {
		return &conversation.Asked{Wish: conversation.Wish{BusinessFlag: "lead", Name: "U"}, TeamBy: conversation.TeamByAsked,
			Bound: &conversation.Bound{Flag: "lead", Agent: a, Name: "Li", MaxHold: 60, Since: w.Now}}
	}
	c := w.enter("a", team, bound(li), nil)
	equal(t, "waits for", c.BoundAgent, li)
	plain := w.Start("b", team)
	none, err := s.Asked(ctx, w.Tenant, plain.ID)
	must(t, err)
	equal(t, "nothing asked", none == nil, true)
	for _, agents := range [][]id.Agent{{li}, {bo}} {
		list, err := s.NextWaiting(ctx, w.Tenant, routing.WaitingFilter{Agents: agents, Limit: 9})
		must(t, err)
		equal(t, "reached by the bound agent", len(list), map[id.Agent]int{li: 1, bo: 0}[agents[0]])
	}
	list, err := s.NextWaiting(ctx, w.Tenant, routing.WaitingFilter{Bound: true, Limit: 9})
	must(t, err)
	equal(t, "held", spaced(len(list), list[0].Conversation == c.ID, list[0].Bound.MaxHold, list[0].Fresh), "1 true 60 true")

	leave := routing.LeaveInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, Cause: routing.BoundSignedOut, At: w.Now}
	foreign := leave
	foreign.Tenant = o.Tenant
	_, _, err = s.LeaveBound(ctx, foreign)
	equal(t, "of another company", errs.CodeOf(err), errs.NotFound)
	moved, steps, err := s.LeaveBound(ctx, leave)
	must(t, err)
	equal(t, "left", spaced(moved.Conversation.BoundAgent == "", moved.Conversation.Version, len(steps)), "true 2 0")
	_, _, err = s.LeaveBound(ctx, leave)
	wantReason(t, err, errs.Conflict, "conversation_moved")
	a, err := s.Asked(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "kept", spaced(a.Bound.Left, a.Bound.LeftAt.Equal(w.Now), a.Name), "signed_out true U")

	moved, err = s.Rewish(ctx, routing.RewishInput{Tenant: w.Tenant, Conversation: c.ID, Version: 2, Asked: bound(bo), Team: "", Named: li})
	must(t, err)
	got, err := s.Conversation(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "wished anew", spaced(got.BoundAgent == bo, got.RequestedAgent == li, got.Team == "", got.Version == moved.Conversation.Version, got.QueuedAt.Equal(c.QueuedAt)), "true true true true true")
	got = w.Assign(got, bo).Conversation
	equal(t, "assigned", got.BoundAgent, id.Agent(""))
	_, err = s.Requeue(ctx, routing.RequeueInput{Tenant: w.Tenant, Conversation: c.ID, Version: got.Version, Team: team, At: w.Now, Asked: bound(li)})
	must(t, err)
	got, err = s.Conversation(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "handed over", got.BoundAgent, li)
	w.Close(got)
	got, err = s.Conversation(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "closed", got.BoundAgent, id.Agent(""))
	_, err = s.Asked(ctx, o.Tenant, c.ID)
	equal(t, "of another company", errs.CodeOf(err), errs.NotFound)
}

// testSpills sends on whoever comes to a long queue.
func testSpills(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	one, two := w.Team("one"), w.Team("two")
	li := w.Ready("li", 5)
	rules := conversation.Spills{one: {{Waiting: 1, Team: two}}, two: {{Waiting: 2, Team: one}}}
	for i, want := range []id.Team{one, two, two, two} { // two is full too, but one has been tried
		w.Now = T0.Add(time.Duration(i) * time.Second)
		c := w.enter("v", one, nil, rules)
		equal(t, "team", c.Team == want, true)
		if a, err := s.Asked(ctx, w.Tenant, c.ID); i > 0 {
			must(t, err)
			equal(t, "step", spaced(len(a.Spilled), a.Spilled[0].From == one, a.Spilled[0].Waiting), "1 true 1")
		}
	}
	held := w.enter("h", one, &conversation.Asked{Bound: &conversation.Bound{Agent: li}}, rules)
	equal(t, "held", held.Team, one)
	moved, steps, err := s.LeaveBound(ctx, routing.LeaveInput{Tenant: w.Tenant, Conversation: held.ID, Version: held.Version, Cause: routing.BoundGone, At: w.Now, Spills: rules})
	must(t, err)
	equal(t, "sent on", spaced(moved.Conversation.Team == two, len(steps), steps[0].Waiting), "true 1 2")

	back := routing.RequeueInput{Tenant: w.Tenant, Team: one, At: w.Now, Line: w.Line(conversation.LineQueued), Spills: rules}
	for _, bound := range []bool{true, false} {
		c := w.enter("r", "", nil, nil)
		got, err := s.Assign(ctx, w.AssignInput(c, li))
		must(t, err)
		back.Conversation, back.Version, back.Asked = c.ID, got.Conversation.Version, nil
		if bound {
			back.Asked = &conversation.Asked{Bound: &conversation.Bound{Agent: li}}
		}
		moved, err := s.Requeue(ctx, back)
		must(t, err)
		a, err := s.Asked(ctx, w.Tenant, c.ID)
		must(t, err)
		line := moved.Line.Line
		if bound {
			equal(t, "waits for somebody", spaced(moved.Conversation.Team == one, len(moved.Spilled), len(a.Spilled)), "true 0 0")
			continue
		}
		equal(t, "given back", spaced(moved.Conversation.Team == two, len(moved.Spilled), len(a.Spilled), line.Team == two, line.TeamName), "true 1 1 true two")
	}
	back.Team = two
	_, err = s.Requeue(ctx, back)
	wantReason(t, err, errs.Conflict, "conversation_moved")
}
