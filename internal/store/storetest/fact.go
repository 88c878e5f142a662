package storetest

import (
	"testing"
	"time"

	"parlor/internal/id"
	"parlor/internal/report"
	"parlor/internal/store"
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
	must(t, s.KeepFacts(ctx, []report.Fact{f}))
	must(t, s.KeepFacts(ctx, []report.Fact{f})) // twice is once
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
	none := report.Query{From: T0.Add(-time.Hour), To: T0.Add(time.Hour), Bound: true}
	list, err := s.FactSums(ctx, w.Tenant, none)
	must(t, err)
	run, err := s.Running(ctx, w.Tenant, none, 9)
	must(t, err)
	tags, err := s.TagSums(ctx, w.Tenant, none)
	must(t, err)
	equal(t, "no team", spaced(len(list), len(run), len(tags)), "0 0 0")
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
	both := times(report.Query{})
	equal(t, "both", both == "ann 2m30s;bob 1m0s;" || both == "bob 1m0s;ann 2m30s;", true)
	equal(t, "of a team", times(report.Query{Teams: []id.Team{sales}, Bound: true}), "ann 2m30s;")
	equal(t, "of no team", times(report.Query{Bound: true}), "")
	list, err := s.AgentTimes(ctx, w.Tenant, report.Query{From: T0.Add(48 * time.Hour), To: T0.Add(72 * time.Hour)})
	must(t, err)
	equal(t, "another day", len(list), 0)
}
