package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/store"
)

func ids(list []routing.Waiting, name map[id.Conversation]string) string {
	out := []string{}
	for _, w := range list {
		out = append(out, name[w.Conversation])
	}
	return fmt.Sprint(out)
}

// testQueue checks the serving order, who may be served, and the places.
func testQueue(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	sales, help := w.Team("sales"), w.Team("help")
	ann := w.Ready("ann", 9, sales)
	name := map[id.Conversation]string{}
	start := func(label string, seconds int, team id.Team, priority int, named id.Agent) conversation.Conversation {
		w.Now = T0.Add(time.Duration(seconds) * time.Second)
		c, _, err := s.Start(t.Context(), conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Visitor: w.Visitor(label),
			Team: team, Priority: priority, RequestedAgent: named, CreatedAt: w.Now})
		must(t, err)
		name[c.ID] = label
		return c
	}
	late := start("late", 9, "", 0, "")
	early := start("early", 1, "", 0, "")
	start("sales", 2, sales, 0, "")
	start("help", 3, help, 0, "")
	start("named", 4, help, 0, ann)
	urgent := start("urgent", 5, "", 100, "")
	for _, x := range []struct {
		f    routing.WaitingFilter
		want string
	}{
		{routing.WaitingFilter{Limit: 10}, "[urgent early late]"},
		{routing.WaitingFilter{Teams: []id.Team{sales}, Limit: 10}, "[urgent early sales late]"},
		{routing.WaitingFilter{Teams: []id.Team{sales}, Agents: []id.Agent{ann}, Limit: 10}, "[urgent early sales named late]"},
		{routing.WaitingFilter{Teams: []id.Team{sales, help}, Agents: []id.Agent{ann}, Limit: 3}, "[urgent early sales]"},
		{routing.WaitingFilter{Only: early.ID, Limit: 3}, "[early]"},
	} {
		list, err := s.NextWaiting(t.Context(), w.Tenant, x.f)
		must(t, err)
		equal(t, fmt.Sprintf("%+v", x.f), ids(list, name), x.want)
	}
	list, err := s.NextWaiting(t.Context(), w.Tenant, routing.WaitingFilter{Only: urgent.ID, Limit: 1})
	must(t, err)
	equal(t, "waiting", spaced(list[0].Priority, list[0].QueuedAt.Equal(w.Now), list[0].Version, list[0].Visitor == urgent.Visitor), "100 true 1 true")
	queues, err := s.Places(t.Context(), w.Tenant, 2)
	must(t, err)
	told := map[id.Team]string{}
	for _, q := range queues {
		for _, p := range q.Places {
			told[q.Team] += fmt.Sprint(p.Place, " ", name[p.Conversation], " ")
		}
	}
	equal(t, "places", spaced(len(queues), told[""], told[sales], told[help]), "3 1 urgent 2 early  1 sales  1 help 2 named ")
	place, err := s.Place(t.Context(), w.Tenant, late.ID)
	must(t, err)
	equal(t, "place", place, 3)
	w.Assign(late, ann)
	place, err = s.Place(t.Context(), w.Tenant, late.ID)
	must(t, err)
	equal(t, "place after assignment", place, 0)
}

// testServed fills in who served the visitors before.
func testServed(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann, bob := w.Ready("ann", 9), w.Ready("bob", 9)
	v, u := w.Visitor("Vera"), w.Visitor("Uli")
	for i, a := range []id.Agent{ann, bob, ann, bob} {
		w.Now = T0.Add(time.Duration(i) * time.Minute)
		w.Close(w.Assign(w.StartFor(v, ""), a).Conversation)
	}
	w.Close(w.Assign(w.StartFor(u, ""), ann).Conversation)
	w.StartFor(v, "")
	w.StartFor(u, "")
	w.Start("New", "")
	list, err := s.NextWaiting(t.Context(), w.Tenant, routing.WaitingFilter{Limit: 10})
	must(t, err)
	by := map[id.Visitor]routing.Waiting{}
	for _, x := range list {
		by[x.Visitor] = x
	}
	equal(t, "waiting", len(list), 3)
	equal(t, "Vera's agents", spaced(by[v].Served), fmt.Sprint([]id.Agent{bob, ann}))
	equal(t, "Vera's previous", by[v].Previous, bob)
	equal(t, "Uli's agents", spaced(by[u].Served), fmt.Sprint([]id.Agent{ann}))
}

// testAssign checks the conditions and the effects of an assignment.
func testAssign(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann, bob, away := w.Ready("ann", 1), w.Ready("bob", 5), w.Agent("zoe", 5)
	c := w.Start("Vera", "")
	refuse := func(reason string, change func(*routing.AssignInput)) {
		t.Helper()
		in := w.AssignInput(c, ann)
		change(&in)
		_, err := s.Assign(t.Context(), in)
		wantReason(t, err, errs.Conflict, reason)
	}
	refuse("conversation_moved", func(in *routing.AssignInput) { in.Version = 2 })
	refuse("conversation_moved", func(in *routing.AssignInput) { in.From = bob })
	refuse("agent_unavailable", func(in *routing.AssignInput) { in.To = away })
	refuse("agent_unavailable", func(in *routing.AssignInput) { in.At = T0.Add(25 * time.Hour) }) // the node's lease is over
	w.Now = T0.Add(time.Minute)
	moved := w.Assign(c, ann)
	got := moved.Conversation
	equal(t, "status", got.Status, conversation.Open)
	equal(t, "agent", got.AgentName+got.VisitorName, "annVera")
	equal(t, "version", got.Version, 2)
	equal(t, "assigned at", *got.AssignedAt, w.Now)
	equal(t, "line", moved.Line.Seq, 1)
	equal(t, "line's place", got.LastSeq, 1)
	status := func(a id.Agent) account.AgentStatus {
		t.Helper()
		st, err := s.AgentStatus(t.Context(), w.Tenant, a, w.Now)
		must(t, err)
		return st
	}
	equal(t, "ann's open", status(ann).Open, 1)
	equal(t, "ann's last", status(ann).LastAssignedAt, w.Now)
	c = w.Start("Uli", "")
	refuse("agent_full", func(in *routing.AssignInput) {})
	refuse("agent_full", func(in *routing.AssignInput) { in.Force = true })
	_, err := s.Assign(t.Context(), func() routing.AssignInput { in := w.AssignInput(c, "nobody"); return in }())
	wantReason(t, err, errs.NotFound, "agent_not_found")
	forced := w.AssignInput(c, away)
	forced.Force = true
	_, err = s.Assign(t.Context(), forced)
	must(t, err)

	transfer := w.AssignInput(got, bob)
	w.Now = T0.Add(2 * time.Minute)
	transfer.At = w.Now
	moved, err = s.Assign(t.Context(), transfer)
	must(t, err)
	equal(t, "before", moved.Before, ann)
	equal(t, "after", moved.Conversation.Agent, bob)
	equal(t, "loads", spaced(status(ann).Open, status(bob).Open), "0 1")
	equal(t, "ann idle since", status(ann).IdleSince, w.Now)
	decisions, err := s.Decisions(t.Context(), w.Tenant, got.ID)
	must(t, err)
	equal(t, "decisions", spaced(len(decisions), decisions[0].Agent == bob, decisions[1].Agent == ann), "2 true true")
}

// testDisabled checks that an agent who is switched off gets nothing, by no way.
func testDisabled(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Ready("ann", 5)
	off := account.Agent{ID: id.Agent(id.New()), Tenant: w.Tenant, Name: "off", Email: "off@example.com", Username: "off",
		Role: account.Member, Cap: 5, Disabled: true, CreatedAt: w.Now}
	must(t, s.CreateAgent(t.Context(), off, audit.None))
	_, err := s.SetState(t.Context(), w.Tenant, off.ID, account.Ready, "", w.Now)
	must(t, err)
	must(t, s.Connect(t.Context(), w.Node, w.Tenant, off.ID, w.Now))
	waiting, open := w.Start("Vera", ""), w.Assign(w.Start("Uli", ""), ann).Conversation
	for _, force := range []bool{false, true} {
		for _, c := range []conversation.Conversation{waiting, open} {
			in := w.AssignInput(c, off.ID)
			in.Force = force
			_, err := s.Assign(t.Context(), in)
			wantReason(t, err, errs.Conflict, "agent_disabled")
			now, err := s.Conversation(t.Context(), w.Tenant, c.ID)
			must(t, err)
			equal(t, "unchanged", spaced(now.Version, now.Agent, now.LastSeq), spaced(c.Version, c.Agent, c.LastSeq))
		}
	}
	w.Assign(waiting, ann)
}

// testRequeue puts a conversation back into a queue.
func testRequeue(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	help := w.Team("help")
	ann := w.Ready("ann", 1)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	w.Now = T0.Add(time.Minute)
	in := routing.RequeueInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, Team: help, Priority: 100, At: w.Now,
		Line: w.Line(conversation.LineAgentLost)}
	moved, err := s.Requeue(t.Context(), in)
	must(t, err)
	got := moved.Conversation
	equal(t, "moved", spaced(got.Status, got.Agent == "", got.Team == help, got.Priority, got.QueuedAt.Equal(w.Now), moved.Before == ann, moved.Line.Seq),
		"queued true true 100 true true 2")
	st, err := s.AgentStatus(t.Context(), w.Tenant, ann, w.Now)
	must(t, err)
	equal(t, "open", st.Open, 0)
	_, err = s.Requeue(t.Context(), in)
	wantReason(t, err, errs.Conflict, "conversation_moved")
	in.Version, in.Team = got.Version, "no team"
	_, err = s.Requeue(t.Context(), in)
	wantReason(t, err, errs.NotFound, "team_not_found")
	w.Close(got)
	in.Version, in.Team = got.Version+1, ""
	_, err = s.Requeue(t.Context(), in)
	wantReason(t, err, errs.Conflict, "conversation_moved")
}

// testDecisions keeps the newest reasons only.
func testDecisions(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Ready("ann", 99)
	c := w.Start("Vera", "")
	for i := range 3 {
		must(t, s.KeepDecision(t.Context(), w.Tenant, c.ID, routing.Decision{Candidates: i, At: w.Now}))
	}
	list, err := s.Decisions(t.Context(), w.Tenant, c.ID)
	must(t, err)
	equal(t, "waiting decisions", spaced(len(list), list[0].Candidates), "1 2")
	for range 15 {
		c = w.Assign(c, ann).Conversation
		must(t, s.KeepDecision(t.Context(), w.Tenant, c.ID, routing.Decision{Candidates: 7}))
		moved, err := s.Requeue(t.Context(), routing.RequeueInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, At: w.Now})
		must(t, err)
		equal(t, "no line", moved.Line.Seq, 0)
		c = moved.Conversation
	}
	list, err = s.Decisions(t.Context(), w.Tenant, c.ID)
	must(t, err)
	equal(t, "kept", spaced(len(list), list[0].Candidates, list[1].Agent == ann), "20 7 true")
}

// testAssignRace lets many callers assign a few conversations to a few agents.
func testAssignRace(t *testing.T, s *store.Store) {
	AssignRace(NewWorld(t, s, "main"), s, s)
}

// AssignRace lets nodes give the same conversations to agents with small caps,
// take them back, transfer and close them, all at once. No conversation may have
// two owners and no agent more than its cap.
func AssignRace(w *World, nodes ...*store.Store) {
	const conversations, limit = 12, 3
	t := w.T
	agents := []id.Agent{w.Ready("ann", limit), w.Ready("bob", limit), w.Ready("cid", limit)}
	var list []id.Conversation
	for i := range conversations {
		list = append(list, w.Start(fmt.Sprint("v", i), "").ID)
	}
	var wins atomic.Int64
	var wg sync.WaitGroup
	failures := make([]error, 16)
	for n := range failures {
		wg.Go(func() { failures[n] = scramble(w, nodes[n%len(nodes)], list, agents, n, &wins) })
	}
	wg.Wait()
	for _, err := range failures {
		must(t, err)
	}
	if wins.Load() == 0 {
		t.Fatal("nobody was given anything")
	}
	held := 0
	for _, a := range agents {
		open, err := w.S.OpenOf(t.Context(), w.Tenant, a)
		must(t, err)
		st, err := w.S.AgentStatus(t.Context(), w.Tenant, a, w.Now)
		must(t, err)
		equal(t, "open", st.Open, len(open))
		if len(open) > limit {
			t.Fatalf("%s holds %d", st.Name, len(open))
		}
		held += len(open)
	}
	for _, c := range list {
		got, err := w.S.Conversation(t.Context(), w.Tenant, c)
		must(t, err)
		if got.Status == conversation.Open {
			held--
		}
		CheckGapless(t, w.S, got)
	}
	equal(t, "held but not open", held, 0)
	wrong, err := w.S.RepairLoads(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "loads repaired", len(wrong), 0)
}

// scramble makes 40 attempts; lost races are expected, other errors are not. It
// looks at the caps after each.
func scramble(w *World, s *store.Store, list []id.Conversation, agents []id.Agent, seed int, wins *atomic.Int64) error {
	ctx := w.T.Context()
	for i := range 40 {
		c, err := s.Conversation(ctx, w.Tenant, list[(i*7+seed)%len(list)])
		if err != nil {
			return err
		}
		switch {
		case i%5 == 4 && c.Status == conversation.Open:
			_, err = s.Requeue(ctx, routing.RequeueInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, At: w.Now, Line: w.Line(conversation.LineQueued)})
		case i%11 == 10 && seed%4 == 0:
			_, err = s.CloseConversation(ctx, conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, At: w.Now, Line: w.Line(conversation.LineClosed)})
		default:
			_, err = s.Assign(ctx, w.AssignInput(c, agents[(i+seed)%len(agents)]))
			if err == nil {
				wins.Add(1)
			}
		}
		if err != nil && errs.CodeOf(err) != errs.Conflict {
			return err
		}
		roster, err := s.Roster(ctx, w.Tenant, w.Now)
		if err != nil {
			return err
		}
		for _, a := range roster {
			if a.Open > a.Cap || a.Open < 0 {
				return fmt.Errorf("%s holds %d of %d", a.Name, a.Open, a.Cap)
			}
		}
	}
	return nil
}

// testHandovers checks offers of conversations to other agents.
func testHandovers(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ctx := t.Context()
	ann, bob := w.Ready("ann", 5), w.Ready("bob", 5)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	h := routing.Handover{Conversation: c.ID, Tenant: w.Tenant, From: ann, To: bob, Note: "n", By: "Ann", At: T0, Expires: T0.Add(time.Minute)}
	bad := h
	bad.From = bob
	wantReason(t, s.OfferHandover(ctx, bad), errs.Conflict, "conversation_moved")
	bad = h
	bad.Tenant = o.Tenant
	wantReason(t, s.OfferHandover(ctx, bad), errs.NotFound, "conversation_not_found")
	must(t, s.OfferHandover(ctx, h))
	wantReason(t, s.OfferHandover(ctx, h), errs.Conflict, "handover_exists")
	for _, a := range []id.Agent{ann, bob} {
		list, err := s.Handovers(ctx, w.Tenant, a)
		must(t, err)
		equal(t, "handovers", fmt.Sprint(list), fmt.Sprint([]routing.Handover{h}))
	}
	list, err := s.Handovers(ctx, o.Tenant, ann)
	must(t, err)
	equal(t, "of another tenant", len(list), 0)
	_, err = s.TakeHandover(ctx, w.Tenant, c.ID, "", ann)
	wantReason(t, err, errs.NotFound, "handover_not_found")
	_, err = s.TakeHandover(ctx, o.Tenant, c.ID, ann, "")
	wantReason(t, err, errs.NotFound, "handover_not_found")
	list, err = s.ExpiredHandovers(ctx, T0.Add(59*time.Second), 9)
	must(t, err)
	equal(t, "expired too early", len(list), 0)
	list, err = s.ExpiredHandovers(ctx, T0.Add(time.Minute), 9)
	must(t, err)
	equal(t, "expired", len(list), 1)
	_, err = s.TakeHandover(ctx, w.Tenant, c.ID, "", bob)
	wantReason(t, err, errs.NotFound, "handover_not_found")
}

// testOpenByTeam checks the counts that caps of teams are held by.
func testOpenByTeam(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	team := w.Team("help")
	ann := w.Ready("ann", 5, team)
	for i := range 3 {
		w.Assign(w.Start(fmt.Sprint("v", i), team), ann)
	}
	w.Close(w.Assign(w.Start("over", team), ann).Conversation)
	w.Assign(w.Start("none", ""), ann)
	count, err := s.OpenByTeam(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "counts", fmt.Sprint(count), fmt.Sprint(map[routing.AgentTeam]int{{Agent: ann, Team: team}: 3}))
	in := w.AssignInput(w.Start("more", team), ann)
	in.TeamCap = 3
	_, err = s.Assign(t.Context(), in)
	wantReason(t, err, errs.Conflict, "agent_full")
	in.TeamCap = 4
	_, err = s.Assign(t.Context(), in)
	must(t, err)
}
