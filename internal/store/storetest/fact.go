package storetest

import (
	"testing"
	"time"

	"parlor/internal/id"
	"parlor/internal/report"
	"parlor/internal/store"
	"parlor/internal/survey"
)

// testFacts keeps the figures of ended conversations and adds them up.
func testFacts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	help := w.Team("help")
	a, running := w.Start("a", help), w.Start("b", help)
	w.Close(a)
	o.Close(o.Start("foreign", ""))
	due, err := s.DueFacts(ctx, w.Tenant, 9)
	must(t, err)
	everywhere, err := s.DueFacts(ctx, "", 9)
	must(t, err)
	equal(t, "due", spaced(len(due), due[0].ID == a.ID, len(everywhere)), "1 true 2")
	census, err := s.Census(ctx, w.Tenant)
	must(t, err)
	equal(t, "census", spaced(census.Conversations, census.Queued, census.Open, census.Messages, census.Visitors, census.Contacts), "2 1 0 1 2 2")
	f := report.Fact{Conversation: a.ID, Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Team: help, Visitor: a.Visitor, CreatedAt: T0, ClosedAt: T0.Add(time.Minute),
		Wait: -1, First: 2 * time.Second, Reaction: -1, Responses: 2, Response: 3 * time.Second, Longest: 2 * time.Second, Duration: time.Minute, Messages: 4, Abandoned: true}
	parts := []report.Part{
		{Conversation: a.ID, Number: 1, Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Team: help, Agent: "ann", From: T0, Until: T0.Add(time.Minute), Out: true, First: -1, FromVisitor: 1},
		{Conversation: a.ID, Number: 2, Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Team: help, Agent: "bob", From: T0.Add(time.Minute), Until: T0.Add(3 * time.Minute), In: true, Ended: true,
			First: 2 * time.Second, Responses: 2, Response: 5 * time.Second, Longest: 4 * time.Second, FromVisitor: 2, FromAgent: 3, FromSystem: 1}}
	must(t, s.KeepFacts(ctx, []report.Fact{f}, parts))
	must(t, s.KeepFacts(ctx, []report.Fact{f}, parts)) // twice is once
	_, err = s.AnswerSurvey(ctx, survey.Survey{Conversation: a.ID, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: a.Visitor, Level: "1", Score: 80, AnsweredAt: &w.Now, EditedAt: &w.Now}, T0)
	must(t, err)
	due, err = s.DueFacts(ctx, w.Tenant, 9)
	must(t, err)
	equal(t, "nothing is due", len(due), 0)
	for _, q := range []report.Query{{}, {Team: help}, {Teams: []id.Team{help, "x"}, Bound: true}} {
		q.From, q.To = T0.Add(-time.Hour), T0.Add(time.Hour)
		for _, g := range []report.Group{report.Whole, report.ByTeam, report.ByAgent, report.ByChannel, report.ByHour, report.ByDay} {
			q.Group = g
			list, err := s.FactSums(ctx, w.Tenant, q)
			must(t, err)
			m := list[0]
			equal(t, "sum by "+string(g), spaced(len(list), m.Count, m.Closed, m.Messages, m.Abandoned, m.Wait.N, m.First.Sum, m.Response.N, m.Response.Longest, m.Duration.Sum, m.Service.N),
				"1 1 1 4 1 0 2s 2 2s 1m0s 0")
		}
		n, err := s.FactVisitors(ctx, w.Tenant, q)
		must(t, err)
		run, err := s.Running(ctx, w.Tenant, q, 9)
		must(t, err)
		equal(t, "running", spaced(n, len(run), run[0].ID == running.ID), "2 1 true")
		tags, err := s.TagSums(ctx, w.Tenant, q)
		must(t, err)
		equal(t, "tags", spaced(len(tags), tags[0].Key == "", tags[0].Count), "1 true 2")
	}
	partsKept(t, s, w, help)
	none := report.Query{From: T0.Add(-time.Hour), To: T0.Add(time.Hour), Bound: true}
	list, err := s.FactSums(ctx, w.Tenant, none)
	must(t, err)
	run, err := s.Running(ctx, w.Tenant, none, 9)
	must(t, err)
	tags, err := s.TagSums(ctx, w.Tenant, none)
	must(t, err)
	equal(t, "no team", spaced(len(list), len(run), len(tags)), "0 0 0")
}

// partsKept adds the parts of testFacts up.
func partsKept(t *testing.T, s *store.Store, w *World, help id.Team) {
	t.Helper()
	ctx := t.Context()
	q := report.Query{From: T0.Add(-time.Hour), To: T0.Add(time.Hour), Group: report.ByAgent, Team: help}
	list, err := s.PartSums(ctx, w.Tenant, q)
	must(t, err)
	out := ""
	for _, m := range list {
		out += spaced(m.Key, m.Accepted, m.Ended, m.Valid, m.In, m.Out, m.Served.Sum, m.First.N, m.First.Sum, m.Response.N, m.Response.Sum, m.Response.Longest, m.Rated, m.Score, m.FromVisitor, m.FromAgent, m.FromSystem, m.Most) + ";"
	}
	equal(t, "parts by agent", out, "ann 1 0 0 0 1 1m0s 0 0s 0 0s 0s 1 80 1 0 0 1;bob 1 1 1 1 0 2m0s 1 2s 2 5s 4s 1 80 2 3 1 6;")
	for _, g := range []report.Group{report.Whole, report.ByTeam, report.ByChannel, report.ByInbox, report.ByHour, report.ByDay} {
		q.Group, q.Teams, q.Bound = g, []id.Team{help}, true
		list, err := s.PartSums(ctx, w.Tenant, q)
		must(t, err)
		equal(t, "parts by "+string(g), spaced(len(list), list[0].Accepted, list[0].Served.Sum), "1 2 3m0s")
	}
	stays, err := s.Stays(ctx, w.Tenant, q, 9)
	must(t, err)
	waits := 0
	for _, x := range stays {
		if x.Until.IsZero() {
			waits++
		}
	}
	equal(t, "stays", spaced(len(stays), waits), "2 1")
	q.Bound, q.Teams, q.Team = true, nil, ""
	list, err = s.PartSums(ctx, w.Tenant, q)
	must(t, err)
	stays, err = s.Stays(ctx, w.Tenant, q, 9)
	must(t, err)
	equal(t, "no team", spaced(len(list), len(stays)), "0 0")
}

// testAvailable adds up how long agents were there for new conversations.
func testAvailable(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	sales := w.Team("sales")
	ann, bob := w.Ready("ann", 1, sales), w.Ready("bob", 1)
	o.Ready("eve", 1)
	gap := 2 * time.Minute
	look := func(after time.Duration) { must(t, s.NoteAvailable(ctx, T0.Add(after), gap)) }
	look(0)
	look(time.Minute)
	look(time.Minute)
	_, err := s.SetState(ctx, w.Tenant, bob, "away", "", T0)
	must(t, err)
	look(2 * time.Minute)
	look(time.Hour)
	look(time.Hour + 30*time.Second)
	times := func(q report.Query) string {
		q.From, q.To = T0.Add(-time.Hour), T0.Add(2*time.Hour)
		list, err := s.AgentTimes(ctx, w.Tenant, q)
		must(t, err)
		out := ""
		for _, a := range list {
			name := "bob"
			if a.Agent == ann {
				name = "ann"
			}
			out += name + " " + a.Lasted.String() + ";"
		}
		return out
	}
	q := report.Query{From: T0.Add(-time.Hour), To: T0.Add(2 * time.Hour)}
	states, err := s.StateTimes(ctx, w.Tenant, q)
	must(t, err)
	lasted := map[string]time.Duration{}
	for _, x := range states {
		lasted[map[id.Agent]string{ann: "ann ", bob: "bob "}[x.Agent]+x.State] += x.Lasted
	}
	equal(t, "states", spaced(len(states), lasted["ann ready"], lasted["bob ready"], lasted["bob away"]), "3 2m30s 1m0s 30s")
	seats, err := s.Seats(ctx, w.Tenant, T0, q)
	must(t, err)
	equal(t, "seats", spaced(seats.Agents, seats.Places), "2 2")
	q.Bound, q.Teams = true, []id.Team{sales}
	seats, err = s.Seats(ctx, w.Tenant, T0, q)
	must(t, err)
	states, err = s.StateTimes(ctx, w.Tenant, q)
	must(t, err)
	equal(t, "of a team", spaced(seats.Agents, len(states)), "1 1")
	both := times(report.Query{})
	equal(t, "both", both == "ann 2m30s;bob 1m0s;" || both == "bob 1m0s;ann 2m30s;", true)
	equal(t, "of a team", times(report.Query{Teams: []id.Team{sales}, Bound: true}), "ann 2m30s;")
	equal(t, "of no team", times(report.Query{Bound: true}), "")
	list, err := s.AgentTimes(ctx, w.Tenant, report.Query{From: T0.Add(48 * time.Hour), To: T0.Add(72 * time.Hour)})
	must(t, err)
	equal(t, "another day", len(list), 0)
}
