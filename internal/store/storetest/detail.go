package storetest

import (
	"regexp"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/priority"
	"parlor/internal/routing"
	"parlor/internal/store"
)

// testHold puts conversations on hold, which frees the place of their agent.
func testHold(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 1)
	open := func() int {
		st, err := s.AgentStatus(ctx, w.Tenant, ann, w.Now)
		must(t, err)
		return st.Open
	}
	a, b := w.Start("a", ""), w.Start("b", "")
	hold := func(tenant id.Tenant, c conversation.Conversation) (conversation.Moved, error) {
		return s.Hold(ctx, conversation.HoldInput{Tenant: tenant, Conversation: c.ID, At: w.Now, Line: w.Line(conversation.LineHeld)})
	}
	_, err := hold(w.Tenant, a)
	equal(t, "nobody serves it", errs.ReasonOf(err), "conversation_queued")
	a = w.Assign(a, ann).Conversation
	_, err = hold(o.Tenant, a)
	equal(t, "foreign", errs.ReasonOf(err), "conversation_not_found")
	m, err := hold(w.Tenant, a)
	must(t, err)
	equal(t, "held", spaced(m.Conversation.HeldAt.Equal(w.Now), m.Conversation.Status, m.Line.Line.Name, open()), "true open held 0")
	_, err = hold(w.Tenant, a)
	equal(t, "twice", errs.ReasonOf(err), "held")
	wrong, err := s.RepairLoads(ctx, w.Tenant)
	must(t, err)
	equal(t, "the recount agrees", len(wrong), 0)
	b = w.Assign(b, ann).Conversation
	unhold := func(queue bool) (conversation.Moved, error) {
		return s.Unhold(ctx, conversation.UnholdInput{Tenant: w.Tenant, Conversation: a.ID, At: w.Now, Line: w.Line(conversation.LineResumed), Queue: queue, QueueLine: w.Line(conversation.LineQueued)})
	}
	_, err = unhold(false)
	equal(t, "no place", errs.ReasonOf(err), "agent_full")
	m, err = unhold(true)
	must(t, err)
	equal(t, "to the queue", spaced(m.Conversation.Status, m.Conversation.HeldAt == nil, m.Before == ann, m.Line.Line.Name, open()), "queued true true queued 1")
	_, err = unhold(true)
	equal(t, "not held", errs.ReasonOf(err), "not_held")
	m, err = hold(w.Tenant, b)
	must(t, err)
	a, err = s.Conversation(ctx, w.Tenant, b.ID)
	must(t, err)
	m, err = unhold(true)
	must(t, err)
	equal(t, "to the agent", spaced(m.Conversation.Status, m.Conversation.Agent == ann, open()), "open true 1")
	_, err = hold(w.Tenant, b)
	must(t, err)
	m = w.Close(b)
	equal(t, "closed while on hold", spaced(m.Conversation.HeldAt == nil, open()), "true 0")
	_, err = hold(w.Tenant, b)
	equal(t, "closed", errs.ReasonOf(err), "conversation_closed")
	st, err := s.SetState(ctx, w.Tenant, ann, account.Away, "", w.Now)
	must(t, err)
	equal(t, "away", st.State, account.Away)
}

// testDetails keeps topic, survey, transcript and labels.
func testDetails(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	a, b := w.Start("a", ""), w.Start("b", "")
	topic := "Refund"
	must(t, s.ChangeDetails(ctx, w.Tenant, a.ID, conversation.DetailChange{Topic: &topic}))
	must(t, s.ChangeDetails(ctx, w.Tenant, a.ID, conversation.DetailChange{Survey: map[string]string{"q": "5"}, Transcript: &conversation.TranscriptWish{Email: "x@y.z", At: T0}}))
	equal(t, "foreign", errs.ReasonOf(s.ChangeDetails(ctx, o.Tenant, a.ID, conversation.DetailChange{Topic: &topic})), "conversation_not_found")
	list, err := s.Details(ctx, w.Tenant, []id.Conversation{a.ID, b.ID})
	must(t, err)
	equal(t, "details", spaced(len(list), list[0].Topic, list[0].Survey["q"], list[0].Transcript.Email), "1 Refund 5 x@y.z")
	record, ringing := id.File("f1"), conversation.Ringing
	must(t, s.ChangeDetails(ctx, w.Tenant, a.ID, conversation.DetailChange{NoTranscript: true, Record: &record, Call: &ringing}))
	rung, err := s.Details(ctx, w.Tenant, []id.Conversation{a.ID})
	must(t, err)
	equal(t, "call", spaced(rung[0].Call, rung[0].Topic == topic), "ringing true")
	list, err = s.Details(ctx, w.Tenant, []id.Conversation{a.ID})
	must(t, err)
	equal(t, "taken back", spaced(list[0].Transcript == nil, list[0].Topic, list[0].Record), "true Refund f1")
	list, err = s.Details(ctx, o.Tenant, []id.Conversation{a.ID})
	must(t, err)
	equal(t, "not of others", len(list), 0)
	label := func(keep bool, names ...string) []string {
		got, err := s.Label(ctx, conversation.LabelInput{Tenant: w.Tenant, Conversation: a.ID, Names: names, Keep: keep, At: w.Now})
		must(t, err)
		read, err := s.Conversation(ctx, w.Tenant, a.ID)
		must(t, err)
		equal(t, "as it was said", spaced(got.Tags), spaced(read.Tags))
		return got.Tags
	}
	one := label(false, "Billing", "billing", "late")
	equal(t, "two tags", len(one), 2)
	names, err := s.TagNames(ctx, w.Tenant, one)
	must(t, err)
	equal(t, "names", spaced(names[one[0]], names[one[1]]), "Billing late")
	found, err := s.TagsNamed(ctx, w.Tenant, []string{"BILLING", "none"})
	must(t, err)
	equal(t, "by name", spaced(found), spaced(one[:1]))
	equal(t, "one more", len(label(true, "new")), 3)
	equal(t, "none", len(label(false)), 0)
	_, err = s.Label(ctx, conversation.LabelInput{Tenant: o.Tenant, Conversation: a.ID, Names: []string{"x"}})
	equal(t, "foreign", errs.ReasonOf(err), "conversation_not_found")
}

// testFind looks for conversations by what is known of them.
func testFind(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	o.Start("Foreign", "")
	help := w.Team("help")
	ann := w.Ready("ann", 9, help)
	a := w.Start("Ana 50%", help)
	w.Now = T0.Add(time.Minute)
	b := w.Assign(w.Start("Bob", ""), ann).Conversation
	w.Now = T0.Add(2 * time.Minute)
	c := w.Assign(w.Start("Cleo", help), ann).Conversation
	_, err := s.Hold(ctx, conversation.HoldInput{Tenant: w.Tenant, Conversation: c.ID, At: w.Now, Line: w.Line(conversation.LineHeld)})
	must(t, err)
	w.Now = T0.Add(3 * time.Minute)
	d := w.Assign(w.Start("Dora", ""), ann).Conversation
	w.Close(d)
	tagged, err := s.Label(ctx, conversation.LabelInput{Tenant: w.Tenant, Conversation: b.ID, Names: []string{"x"}, At: w.Now})
	must(t, err)
	names := map[id.Conversation]string{a.ID: "a", b.ID: "b", c.ID: "c", d.ID: "d"}
	find := func(q conversation.Query) string {
		t.Helper()
		q.Tenant, q.Limit = w.Tenant, max(q.Limit, 2)
		page, total, err := s.Find(ctx, q)
		must(t, err)
		text := ""
		for _, c := range page {
			text += names[c.ID]
		}
		return spaced(text, total)
	}
	for _, x := range []struct {
		q    conversation.Query
		want string
	}{
		{conversation.Query{}, "dc 4"},
		{conversation.Query{Offset: 3}, "a 4"},
		{conversation.Query{Rising: true}, "ab 4"},
		{conversation.Query{Visitors: []id.Visitor{a.Visitor, d.Visitor}}, "da 2"},
		{conversation.Query{Channels: []string{"web", "api"}, Visitors: []id.Visitor{b.Visitor}}, "b 1"},
		{conversation.Query{Channels: []string{"api", "sms"}}, " 0"},
		{conversation.Query{Order: conversation.ByName, Rising: true, Offset: 1}, "bc 4"},
		{conversation.Query{Order: conversation.ByEnd}, "dc 4"},
		{conversation.Query{Order: conversation.ByLast, Rising: true}, "ab 4"},
		{conversation.Query{Order: conversation.ByUnread, Rising: true, Limit: 1}, "ab 4"},
		{conversation.Query{State: conversation.Waits}, "a 1"},
		{conversation.Query{State: conversation.Served}, "b 1"},
		{conversation.Query{State: conversation.OnHold}, "c 1"},
		{conversation.Query{State: conversation.Ended}, "d 1"},
		{conversation.Query{Agents: []id.Agent{ann}}, "dc 3"},
		{conversation.Query{Agents: []id.Agent{"x", ann}}, "dc 3"},
		{conversation.Query{Teams: []id.Team{help}}, "ca 2"},
		{conversation.Query{Teams: []id.Team{help, "x"}}, "ca 2"},
		{conversation.Query{Name: "0%"}, "a 1"},
		{conversation.Query{Name: "_"}, " 0"},
		{conversation.Query{Name: "BO"}, "b 1"},
		{conversation.Query{Visitor: b.Visitor}, "b 1"},
		{conversation.Query{Tags: tagged.Tags}, "b 1"},
		{conversation.Query{Levels: []string{"high"}}, " 0"},
		{conversation.Query{Channel: "web"}, "dc 4"},
		{conversation.Query{Channel: "none"}, " 0"},
		{conversation.Query{Started: conversation.Span{From: T0.Add(time.Minute), To: T0.Add(2 * time.Minute)}}, "cb 2"},
		{conversation.Query{Closed: conversation.Span{From: T0.Add(time.Minute)}}, "d 1"},
		{conversation.Query{Fields: map[string]*regexp.Regexp{"order": regexp.MustCompile("1")}}, " 0"},
	} {
		equal(t, "found", find(x.q), x.want)
	}
	channels, err := s.Channels(ctx, w.Tenant)
	must(t, err)
	equal(t, "channels", spaced(channels), "[web]")
}

// testRemove deletes closed conversations with all that belongs to them.
func testRemove(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	help := w.Team("help")
	a, b := w.Start("a", help), w.Start("b", "")
	w.Append(w.Say(a, "forgotten words"))
	w.IndexAll()
	equal(t, "open", errs.ReasonOf(s.DeleteConversation(ctx, w.Tenant, a.ID)), "conversation_open")
	w.Close(a)
	w.Close(b)
	equal(t, "foreign", errs.ReasonOf(s.DeleteConversation(ctx, o.Tenant, a.ID)), "conversation_not_found")
	list, err := s.OldestClosed(ctx, w.Tenant, []id.Team{help}, 9)
	must(t, err)
	equal(t, "of a team", spaced(list), spaced([]id.Conversation{a.ID}))
	must(t, s.DeleteConversation(ctx, w.Tenant, a.ID))
	_, err = s.Conversation(ctx, w.Tenant, a.ID)
	equal(t, "gone", errs.ReasonOf(err), "conversation_not_found")
	hits, _, err := s.Search(ctx, conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "forgotten", Limit: 9})
	must(t, err)
	equal(t, "not found any more", len(hits), 0)
	w.IndexAll()
	list, err = s.OldestClosed(ctx, w.Tenant, nil, 9)
	must(t, err)
	equal(t, "the other is left", spaced(list), spaced([]id.Conversation{b.ID}))
}

// testRank orders the queue by priorities and agreements.
func testRank(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	var list []conversation.Conversation
	for i, name := range []string{"a", "b", "c", "d"} {
		w.Now = T0.Add(time.Duration(i) * time.Minute)
		list = append(list, w.Start(name, ""))
	}
	queue := func() string {
		next, err := s.NextWaiting(ctx, w.Tenant, routing.WaitingFilter{Limit: 9})
		must(t, err)
		text := ""
		for _, n := range next {
			for i, c := range list {
				if c.ID == n.Conversation {
					text += string(rune('a' + i))
				}
			}
		}
		return text
	}
	by := audit.By{Kind: "agent", ID: "ann", Name: "Ann", At: T0}
	must(t, s.SaveAgreement(ctx, priority.Agreement{ID: "fast", Tenant: w.Tenant, Name: "Fast", Due: 5, UpdatedAt: T0}, true, by))
	must(t, s.SaveAgreement(ctx, priority.Agreement{ID: "slow", Tenant: w.Tenant, Name: "Slow", Due: 60, UpdatedAt: T0}, true, by))
	equal(t, "same name", errs.ReasonOf(s.SaveAgreement(ctx, priority.Agreement{ID: "x", Tenant: w.Tenant, Name: "Fast", Due: 9}, true, by)), "agreement_exists")
	equal(t, "same time", errs.ReasonOf(s.SaveAgreement(ctx, priority.Agreement{ID: "x", Tenant: w.Tenant, Name: "X", Due: 5}, true, by)), "agreement_exists")
	equal(t, "unknown", errs.ReasonOf(s.SaveAgreement(ctx, priority.Agreement{ID: "x", Tenant: w.Tenant, Name: "X", Due: 9}, false, by)), "agreement_not_found")
	rank := func(i int, order priority.Order, level string, weight int, agreement string, due int) {
		t.Helper()
		_, err := s.Rank(ctx, priority.Ranking{Tenant: w.Tenant, Conversation: list[i].ID, Level: &level, Weight: weight, Agreement: &agreement, Due: due, Order: order})
		must(t, err)
	}
	rank(1, priority.ByLevel, "low", 4, "fast", 5)
	rank(3, priority.ByLevel, "highest", 1, "slow", 60)
	equal(t, "by level", queue(), "dbac")
	must(t, s.Reorder(ctx, w.Tenant, priority.ByAgreement))
	equal(t, "by agreement", queue(), "bdac")
	page, _, err := s.Find(ctx, conversation.Query{Tenant: w.Tenant, State: conversation.Waits, Order: conversation.ByPlace, Rising: true, Limit: 9})
	must(t, err)
	equal(t, "by place", spaced(page[0].ID == list[1].ID, page[1].ID == list[3].ID), "true true")
	rank(3, priority.ByAgreement, "highest", 1, "slow", 86_400)
	rank(0, priority.ByAgreement, "", 0, "slow", priority.MaxDue)
	rank(2, priority.ByAgreement, "", 0, "slow", 86_401)
	equal(t, "by long agreements", queue(), "bdca")
	rank(2, priority.ByAgreement, "", 0, "", 0)
	equal(t, "the longest before none", queue(), "bdac")
	rank(0, priority.ByAgreement, "", 0, "", 0)
	rank(3, priority.ByAgreement, "highest", 1, "slow", 60)
	must(t, s.Reorder(ctx, w.Tenant, priority.ByTime))
	equal(t, "by time", queue(), "abcd")
	must(t, s.Reorder(ctx, w.Tenant, priority.ByAgreement))
	must(t, s.DeleteAgreement(ctx, w.Tenant, "fast", by))
	must(t, s.Reorder(ctx, w.Tenant, priority.ByAgreement))
	equal(t, "deleted", queue(), "dabc")
	equal(t, "foreign", errs.ReasonOf(s.DeleteAgreement(ctx, o.Tenant, "slow", by)), "agreement_not_found")
	details, err := s.Details(ctx, w.Tenant, []id.Conversation{list[3].ID})
	must(t, err)
	equal(t, "kept", spaced(details[0].Level, details[0].Weight, details[0].Agreement, details[0].Due), "highest 1 slow 60")
	_, err = s.Requeue(ctx, routing.RequeueInput{Tenant: w.Tenant, Conversation: list[3].ID, Version: list[3].Version, At: w.Now, Line: w.Line(conversation.LineQueued)})
	must(t, err)
	equal(t, "keeps its rank when it comes back", queue(), "dabc")
	w.Close(list[2])
	level, none := "low", ""
	got, err := s.Rank(ctx, priority.Ranking{Tenant: w.Tenant, Conversation: list[2].ID, Level: &level, Weight: 4, Order: priority.ByAgreement})
	must(t, err)
	equal(t, "one that is over has a level", got.Status, conversation.Closed)
	details, err = s.Details(ctx, w.Tenant, []id.Conversation{list[2].ID})
	must(t, err)
	equal(t, "its level", spaced(details[0].Level, details[0].Weight), "low 4")
	_, err = s.Rank(ctx, priority.Ranking{Tenant: w.Tenant, Conversation: list[2].ID, Agreement: &none, Order: priority.ByAgreement})
	wantReason(t, err, errs.Conflict, "conversation_closed")
	equal(t, "it does not queue", queue(), "dab")
	must(t, s.NameLevels(ctx, w.Tenant, []priority.Level{{ID: "high", Name: "Gold", UpdatedAt: T0}}, by))
	names, err := s.LevelNames(ctx, w.Tenant)
	must(t, err)
	equal(t, "names", spaced(len(names), names[0].Name), "1 Gold")
	must(t, s.NameLevels(ctx, w.Tenant, []priority.Level{{ID: "high"}}, by))
	names, err = s.LevelNames(ctx, w.Tenant)
	must(t, err)
	equal(t, "usual again", len(names), 0)
	agreements, err := s.Agreements(ctx, o.Tenant)
	must(t, err)
	equal(t, "not of others", len(agreements), 0)
}
