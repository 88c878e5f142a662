package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/region"
	"parlor/internal/store"
	"parlor/internal/survey"
)

// looking puts a visitor online on the world's node.
func (w *World) looking(v id.Visitor, node, url string, seconds int) online.Visitor {
	w.T.Helper()
	when := T0.Add(time.Duration(seconds) * time.Second)
	got, err := w.S.PutOnline(w.T.Context(), node, online.Visitor{Tenant: w.Tenant, Visitor: v, Since: when, PageSince: when, URL: url, Title: url + "!",
		Origin: online.Origin{Source: online.Search, Engine: "Baidu", Keyword: "灯", Referrer: "https://www.baidu.com/"},
		Region: region.Place{Country: "CN", Province: "浙江省", City: "杭州市"}})
	w.ok(err)
	return got
}

// testOnline keeps who looks at a page. Rows 45, 86.
func testOnline(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	vera, uli := w.Visitor("Vera"), w.Visitor("Uli")
	one := w.looking(vera, w.Node, "/a", 0)
	equal(t, "row", spaced(one.Name, one.Inbox, one.Since.Equal(T0), one.URL, one.Title, one.Source, one.Engine, one.Keyword, one.Region.City, one.State, one.Visits),
		"Vera main true /a /a! search Baidu 灯 杭州市 none 1")
	same := w.looking(vera, w.Node, "/a", 5)
	equal(t, "same page", spaced(same.Since.Sub(T0), same.PageSince.Sub(T0)), "0s 0s")
	next := w.looking(vera, w.Node, "/b", 9)
	equal(t, "next page", spaced(next.Since.Sub(T0), next.PageSince.Sub(T0), next.URL), "0s 9s /b")
	w.looking(uli, w.Node, "/c", 3)
	for i := range 5 {
		w.looking(w.Visitor(fmt.Sprint("v", i)), w.Node, "/", 10+i)
	}
	var names []string
	after := ""
	for {
		page, more, err := s.Online(t.Context(), w.Tenant, online.Filter{Inbox: w.Inbox, After: after, Limit: 3}, T0)
		must(t, err)
		for _, v := range page {
			names = append(names, v.Name)
		}
		if after = more; after == "" {
			break
		}
	}
	equal(t, "paged", fmt.Sprint(names), "[v4 v3 v2 v1 v0 Uli Vera]")
	none, _, err := s.Online(t.Context(), w.Tenant, online.Filter{Inbox: "another", Limit: 9}, T0)
	must(t, err)
	equal(t, "other inbox", len(none), 0)
	counts, err := s.CountOnline(t.Context(), w.Tenant, T0)
	must(t, err)
	equal(t, "counts", counts[w.Inbox], 7)

	// A conversation makes the row say so; its end takes it back.
	c := w.StartFor(vera, "")
	equal(t, "served", w.looking(vera, w.Node, "/b", 20).State, online.InService)
	w.Close(c)
	equal(t, "over", w.looking(vera, w.Node, "/b", 21).State, online.None)

	// The same of many at once; who is not online gets no row.
	refreshed := func(node string) string {
		t.Helper()
		rows, err := s.RefreshOnline(t.Context(), node, w.Tenant, []id.Visitor{vera, uli, "none", w.Visitor("Zoe")})
		must(t, err)
		slices.SortFunc(rows, func(a, b online.Visitor) int { return strings.Compare(a.Name, b.Name) })
		text := ""
		for _, v := range rows {
			text += spaced(v.Name, v.URL, v.State) + ";"
		}
		return text
	}
	equal(t, "nothing new", refreshed(w.Node), "Uli /c none;Vera /b none;")
	c = w.StartFor(vera, "")
	equal(t, "one is served", refreshed(w.Node), "Uli /c none;Vera /b in_service;")
	w.Close(c)
	_, err = s.Invite(t.Context(), invite.Invitation{ID: "refresh", Tenant: w.Tenant, Visitor: uli, Agent: w.Agent("inviter", 5), At: T0})
	must(t, err)
	equal(t, "over, and one is invited", refreshed(w.Node), "Uli /c invited;Vera /b none;")
	must(t, s.Beat(t.Context(), "third", T0.Add(time.Hour)))
	equal(t, "taken over", refreshed("third"), "Uli /c invited;Vera /b none;")
	must(t, s.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: w.Tenant, Visitor: vera}}))
	equal(t, "not dropped by the former node", refreshed(w.Node), "Uli /c invited;Vera /b none;")

	// Another node takes a visitor over; the first one may not drop it then.
	must(t, s.Beat(t.Context(), "second", T0.Add(time.Hour)))
	w.looking(uli, "second", "/d", 30)
	must(t, s.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: w.Tenant, Visitor: uli}, {Tenant: w.Tenant, Visitor: vera}}))
	_, err = s.OnlineVisitor(t.Context(), w.Tenant, vera, T0)
	wantReason(t, err, errs.NotFound, "visitor_not_online")
	got, err := s.OnlineVisitor(t.Context(), w.Tenant, uli, T0)
	must(t, err)
	equal(t, "taken over", got.URL, "/d")
	_, err = s.OnlineVisitor(t.Context(), w.Tenant, uli, T0.Add(2*time.Hour))
	wantReason(t, err, errs.NotFound, "visitor_not_online")
	_, err = s.ExpireNodes(t.Context(), T0.Add(2*time.Hour))
	must(t, err)
	_, err = s.OnlineVisitor(t.Context(), w.Tenant, uli, T0)
	wantReason(t, err, errs.NotFound, "visitor_not_online")
	must(t, s.DropOnlineNode(t.Context(), w.Node))
	counts, err = s.CountOnline(t.Context(), w.Tenant, T0)
	must(t, err)
	equal(t, "all gone", len(counts), 0)
	_, err = s.PutOnline(t.Context(), w.Node, online.Visitor{Tenant: w.Tenant, Visitor: "none"})
	wantReason(t, err, errs.NotFound, "visitor_not_found")
}

// testArrivals keeps how visits began, the newest ones of a visitor.
func testArrivals(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	vera := w.Visitor("Vera")
	w.looking(vera, w.Node, "/a", 0)
	w.looking(vera, w.Node, "/b", 60) // another page of the same visit
	list, err := s.Arrivals(t.Context(), w.Tenant, vera, T0, T0.Add(time.Hour), 9)
	must(t, err)
	equal(t, "one visit", len(list), 1)
	a := list[0]
	equal(t, "arrival", spaced(a.Since.Equal(T0), a.Inbox, a.Source, a.Engine, a.Keyword, a.Referrer, a.Country, a.Province, a.City),
		"true main search Baidu 灯 https://www.baidu.com/ CN 浙江省 杭州市")
	for i := range 201 {
		must(t, s.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: w.Tenant, Visitor: vera}}))
		w.looking(vera, w.Node, "/a", 3600*(i+1))
	}
	list, err = s.Arrivals(t.Context(), w.Tenant, vera, T0, T0.Add(9999*time.Hour), 500)
	must(t, err)
	equal(t, "the oldest go", spaced(len(list), list[0].Since.Sub(T0), list[199].Since.Sub(T0)), "200 201h0m0s 2h0m0s")
	list, err = s.Arrivals(t.Context(), w.Tenant, vera, T0.Add(5*time.Hour), T0.Add(7*time.Hour), 2)
	must(t, err)
	equal(t, "within a time", spaced(len(list), list[0].Since.Sub(T0)), "2 7h0m0s")
}

// testInvitations keeps invitations and their answers. Rows 34, 46.
func testInvitations(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann, vera := w.Ready("ann", 5), w.Visitor("Vera")
	send := func(seconds int, agent id.Agent) (invite.Invitation, error) {
		return s.Invite(t.Context(), invite.Invitation{ID: id.New(), Tenant: w.Tenant, Visitor: vera, Agent: agent, AgentName: "Ann", Text: "hello",
			At: T0.Add(time.Duration(seconds) * time.Second)})
	}
	_, err := send(0, ann)
	wantReason(t, err, errs.NotFound, "visitor_not_online")
	w.looking(vera, w.Node, "/a", 0)
	first, err := send(1, ann)
	must(t, err)
	equal(t, "sent", spaced(first.Inbox, first.URL, first.Title, first.Result, first.Text, first.AnsweredAt == nil), "main /a /a! default hello true")
	row, err := s.OnlineVisitor(t.Context(), w.Tenant, vera, T0)
	must(t, err)
	equal(t, "row", spaced(row.State, row.Invites, row.InvitedAt.Sub(T0)), "invited 1 1s")
	answer := func(invitation string, r invite.Result, seconds int) (invite.Invitation, bool, error) {
		return s.AnswerInvite(t.Context(), w.Tenant, vera, invitation, r, T0.Add(time.Duration(seconds)*time.Second), T0)
	}
	got, changed, err := answer("", invite.Refused, 4)
	must(t, err)
	equal(t, "refused", spaced(changed, got.ID == first.ID, got.Result, got.ResponseMS), "true true refuse 3000")
	got, changed, err = answer(first.ID, invite.Accepted, 5)
	must(t, err)
	equal(t, "stays", spaced(changed, got.Result), "false refuse")
	_, ok, err := s.AcceptedInvite(t.Context(), w.Tenant, vera, T0)
	must(t, err)
	equal(t, "none accepted", ok, false)
	second, err := send(10, ann)
	must(t, err)
	_, _, err = answer(second.ID, invite.Accepted, 12)
	must(t, err)
	got, ok, err = s.AcceptedInvite(t.Context(), w.Tenant, vera, T0.Add(9*time.Second))
	must(t, err)
	equal(t, "accepted", spaced(ok, got.Agent == ann), "true true")
	_, ok, err = s.AcceptedInvite(t.Context(), w.Tenant, vera, T0.Add(10*time.Second))
	must(t, err)
	equal(t, "too old", ok, false)
	_, _, err = answer("none", invite.Accepted, 12)
	wantReason(t, err, errs.NotFound, "invitation_not_found")
	w.StartFor(vera, "")
	_, err = send(20, ann)
	wantReason(t, err, errs.Conflict, "visitor_in_service")
	for _, c := range []struct {
		f    invite.Filter
		want int
	}{{invite.Filter{Inbox: w.Inbox}, 2}, {invite.Filter{Inbox: "other"}, 0}, {invite.Filter{Result: invite.Refused}, 1}, {invite.Filter{Result: invite.Open}, 0},
		{invite.Filter{From: T0.Add(5 * time.Second)}, 1}, {invite.Filter{To: T0.Add(10 * time.Second)}, 1}, {invite.Filter{To: T0.Add(11 * time.Second), Inbox: w.Inbox}, 2},
		{invite.Filter{From: T0.Add(2 * time.Second), To: T0.Add(10 * time.Second)}, 0}} {
		c.f.Limit = 9
		page, _, err := s.Invites(t.Context(), w.Tenant, c.f)
		must(t, err)
		equal(t, fmt.Sprintf("%+v", c.f), len(page), c.want)
	}
	for _, in := range []id.Inbox{"", w.Inbox} {
		n, err := s.InviteTally(t.Context(), w.Tenant, in, T0)
		must(t, err)
		equal(t, "tally", n, invite.Tally{Accepted: 1, Refused: 1})
	}
	n, err := s.InviteTally(t.Context(), w.Tenant, w.Inbox, T0.Add(5*time.Second))
	must(t, err)
	equal(t, "tally of late", n, invite.Tally{Accepted: 1})
	for _, f := range []invite.Filter{{Limit: 1}, {Limit: 1, Visitor: vera}} {
		page, next, err := s.Invites(t.Context(), w.Tenant, f)
		must(t, err)
		f.After = next
		rest, end, err := s.Invites(t.Context(), w.Tenant, f)
		must(t, err)
		equal(t, "list", spaced(len(page), page[0].ID == second.ID, len(rest), rest[0].ID == first.ID, end), "1 true 1 true ")
	}
}

// testSurveys keeps one answer for each conversation. Row 75.
func testSurveys(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Ready("ann", 50)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	sheet := func(level string, seconds int) survey.Survey {
		when := T0.Add(time.Duration(seconds) * time.Second)
		return survey.Survey{Conversation: c.ID, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: c.Visitor, VisitorName: "Vera", Agent: ann, AgentName: "Ann",
			Level: level, Score: 80, Reasons: []string{"01"}, Comment: "good", AnsweredAt: &when}
	}
	_, err := s.Survey(t.Context(), w.Tenant, c.ID)
	wantReason(t, err, errs.NotFound, "survey_not_found")
	asked := sheet("", 0)
	asked.AnsweredAt, asked.Asked = nil, true
	got, err := s.AskSurvey(t.Context(), asked)
	must(t, err)
	equal(t, "asked", spaced(got.Asked, got.AnsweredAt == nil), "true true")
	got, err = s.AnswerSurvey(t.Context(), sheet("2", 10), T0)
	must(t, err)
	equal(t, "answered", spaced(got.Asked, got.Level, got.Score, got.Reasons, got.Comment, got.AnsweredAt.Sub(T0)), "true 2 80 [01] good 10s")
	got, err = s.AnswerSurvey(t.Context(), sheet("5", 20), T0.Add(10*time.Second))
	must(t, err)
	equal(t, "changed", spaced(got.Level, got.AnsweredAt.Sub(T0), got.EditedAt.Sub(T0)), "5 10s 20s")
	_, err = s.AnswerSurvey(t.Context(), sheet("1", 30), T0.Add(11*time.Second))
	wantReason(t, err, errs.Conflict, "survey_answered")
	got, err = s.AskSurvey(t.Context(), asked)
	must(t, err)
	equal(t, "asked again", got.Level, "5")
	lost := sheet("1", 0)
	lost.Conversation = "none"
	_, err = s.AnswerSurvey(t.Context(), lost, T0)
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	for i := range 4 {
		c = w.Assign(w.Start(fmt.Sprint("v", i), ""), ann).Conversation
		_, err = s.AnswerSurvey(t.Context(), sheet("1", 100+i), T0)
		must(t, err)
	}
	for _, c := range []struct {
		f    survey.Filter
		want int
	}{{survey.Filter{Inbox: w.Inbox}, 5}, {survey.Filter{Inbox: "other"}, 0}, {survey.Filter{Team: "none"}, 0}, {survey.Filter{Agent: ann, Level: "5"}, 1},
		{survey.Filter{From: T0.Add(102 * time.Second)}, 2}, {survey.Filter{To: T0.Add(102 * time.Second), Level: "1"}, 2}, {survey.Filter{To: T0.Add(10 * time.Second)}, 0}} {
		c.f.Limit = 9
		page, _, err := s.Surveys(t.Context(), w.Tenant, c.f)
		must(t, err)
		equal(t, fmt.Sprintf("%+v", c.f), len(page), c.want)
	}
	for _, f := range []survey.Filter{{}, {Agent: ann}, {Level: "1"}} {
		f.Limit = 3
		page, next, err := s.Surveys(t.Context(), w.Tenant, f)
		must(t, err)
		f.After = next
		rest, _, err := s.Surveys(t.Context(), w.Tenant, f)
		must(t, err)
		equal(t, "list", spaced(len(page), page[0].AnsweredAt.Sub(T0), rest[0].Level), "3 1m43s 1")
	}
	for _, a := range []id.Agent{"", ann} {
		tally, err := s.SurveyTally(t.Context(), w.Tenant, a, T0.Add(time.Second))
		must(t, err)
		equal(t, "tally", spaced(tally), "[{1 4} {5 1}]")
	}
}

// testLeave appends what visitors leave, and who was missed. Rows 72, 76; weak point R16.
func testLeave(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann, vera := w.Ready("ann", 5), w.Visitor("Vera")
	for i := range 3 {
		must(t, s.AddLeave(t.Context(), leave.Message{ID: fmt.Sprint("m", i), Tenant: w.Tenant, Inbox: w.Inbox, Visitor: vera, Kind: leave.Form, Name: "Vera",
			Email: "v@example.com", Content: fmt.Sprint("call me ", i), Fields: map[string]string{"qq": "12345"}, Reason: "closed", URL: "/a",
			At: T0.Add(time.Duration(i) * time.Minute)}))
	}
	m, err := s.Leave(t.Context(), w.Tenant, "m0")
	must(t, err)
	equal(t, "kept", spaced(m.Kind, m.Name, m.Email, m.Content, m.Fields["qq"], m.Reason, m.State, m.At.Equal(T0)), "form Vera v@example.com call me 0 12345 closed notprocess true")
	done, note, nobody := leave.Done, "called", id.Agent("")
	m, err = s.ChangeLeave(t.Context(), w.Tenant, "m0", leave.Change{Assignee: &ann}, T0, leave.By{Agent: "ann", Name: "Ann"})
	must(t, err)
	counts, err := s.CountLeave(t.Context(), w.Tenant, ann)
	must(t, err)
	equal(t, "assigned", spaced(m.Assignee == ann, m.ChangedBy, counts), "true Ann {3 1}")
	m, err = s.ChangeLeave(t.Context(), w.Tenant, "m0", leave.Change{State: &done, Note: &note}, T0, leave.By{Agent: "ann", Name: "Ann"})
	must(t, err)
	equal(t, "done", spaced(m.Assignee == ann, m.State, m.Note), "true processed called")
	m, err = s.ChangeLeave(t.Context(), w.Tenant, "m0", leave.Change{Assignee: &nobody}, T0, leave.By{Agent: "ann", Name: "Ann"})
	must(t, err)
	equal(t, "nobody", m.Assignee, "")
	stranger := id.Agent("stranger")
	_, err = s.ChangeLeave(t.Context(), w.Tenant, "m0", leave.Change{Assignee: &stranger}, T0, leave.By{Agent: "ann", Name: "Ann"})
	wantReason(t, err, errs.NotFound, "agent_not_found")
	_, err = s.ChangeLeave(t.Context(), w.Tenant, "none", leave.Change{State: &done}, T0, leave.By{Agent: "ann", Name: "Ann"})
	wantReason(t, err, errs.NotFound, "leave_not_found")

	m, err = s.ReplyLeave(t.Context(), w.Tenant, "m1", leave.Reply{Text: "yes", At: T0, By: leave.By{Agent: "ann", Name: "Ann"}, Kind: "mail.leave", Key: "k", Payload: "{}"})
	must(t, err)
	equal(t, "answered", spaced(m.State, m.Reply, m.RepliedBy, m.RepliedAt.Equal(T0)), "processed yes Ann true")
	jobs, err := s.Claim(t.Context(), []string{"mail.leave"}, 9, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "outbox", len(jobs), 1)
	must(t, s.Enqueue(t.Context(), job.Job{ID: "again", Tenant: w.Tenant, Kind: "mail.leave", Key: "k", RunAt: T0}))
	jobs, err = s.Claim(t.Context(), []string{"mail.leave"}, 9, T0, T0.Add(time.Minute))
	must(t, err)
	equal(t, "once", len(jobs), 0)

	for _, c := range []struct {
		by   conversation.EndBy
		want string
	}{{conversation.EndByVisitor, "left"}, {conversation.EndByQueue, "timeout"}, {conversation.EndByAgent, ""}} {
		missed := w.Start("Uli", "")
		w.Append(w.Say(missed, "anybody?"))
		_, err := s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: missed.ID, EndBy: c.by, At: T0.Add(time.Hour), Line: w.Line("closed")})
		must(t, err)
		got, ok, err := s.MissedLeave(t.Context(), w.Tenant, missed.ID)
		must(t, err)
		equal(t, "missed", spaced(ok, got.Reason), spaced(c.want != "", c.want))
		if ok {
			equal(t, "entry", spaced(got.Name, got.Content, got.Kind, got.Inbox, got.State), "Uli anybody? missed main notprocess")
		}
	}
	served := w.Assign(w.Start("Vera", ""), ann).Conversation
	w.Close(served)
	_, ok, err := s.MissedLeave(t.Context(), w.Tenant, served.ID)
	must(t, err)
	equal(t, "served ones are not missed", ok, false)

	for f, want := range map[leave.Filter]int{{}: 5, {State: leave.Open}: 3, {State: leave.Done}: 2, {Assignee: ann}: 0, {Visitor: vera}: 3} {
		found, after := 0, ""
		for {
			f.Limit, f.After = 2, after
			page, next, err := s.Leaves(t.Context(), w.Tenant, f)
			must(t, err)
			found += len(page)
			if after = next; after == "" {
				break
			}
		}
		equal(t, fmt.Sprintf("list %+v", f), found, want)
		if f.Assignee != "" {
			continue
		}
		page, total, err := s.LeavePage(t.Context(), w.Tenant, leave.PageFilter{State: f.State, Visitor: f.Visitor, Offset: 1, Limit: 2})
		must(t, err)
		equal(t, fmt.Sprintf("page %+v", f), spaced(total, len(page)), spaced(want, min(2, want-1)))
	}
	page, total, err := s.LeavePage(t.Context(), w.Tenant, leave.PageFilter{State: leave.Open, Visitor: vera, Limit: 9})
	must(t, err)
	equal(t, "of a visitor in a state", spaced(total, page[0].ID), "1 m2")
	page, total, err = s.LeavePage(t.Context(), "other", leave.PageFilter{Limit: 9})
	must(t, err)
	equal(t, "of another company", spaced(total, len(page)), "0 0")
}

// testVisitIsolation calls the verbs as another tenant. Weak point S13.
func testVisitIsolation(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann := w.Ready("ann", 5)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	free := w.Visitor("Uli")
	w.looking(free, w.Node, "/", 0)
	in, err := s.Invite(t.Context(), invite.Invitation{ID: "i1", Tenant: w.Tenant, Visitor: free, Agent: ann, At: T0})
	must(t, err)
	when := T0
	_, err = s.AnswerSurvey(t.Context(), survey.Survey{Conversation: c.ID, Tenant: w.Tenant, Level: "1", AnsweredAt: &when}, T0)
	must(t, err)
	must(t, s.AddLeave(t.Context(), leave.Message{ID: "m1", Tenant: w.Tenant, Inbox: w.Inbox, At: T0}))
	before := dump(t, s)
	done := leave.Done
	for name, run := range map[string]func() (int, error){
		"PutOnline": func() (int, error) {
			_, err := s.PutOnline(t.Context(), o.Node, online.Visitor{Tenant: o.Tenant, Visitor: free})
			return none(err)
		},
		"RefreshOnline": func() (int, error) {
			list, err := s.RefreshOnline(t.Context(), o.Node, o.Tenant, []id.Visitor{free})
			return len(list), err
		},
		"DropOnline": func() (int, error) {
			return 0, s.DropOnline(t.Context(), w.Node, []online.Key{{Tenant: o.Tenant, Visitor: free}})
		},
		"Arrivals": func() (int, error) {
			list, err := s.Arrivals(t.Context(), o.Tenant, free, T0.Add(-time.Hour), T0.Add(time.Hour), 9)
			return len(list), err
		},
		"Online": func() (int, error) {
			list, _, err := s.Online(t.Context(), o.Tenant, online.Filter{Limit: 9}, T0)
			return len(list), err
		},
		"OnlineVisitor": func() (int, error) { _, err := s.OnlineVisitor(t.Context(), o.Tenant, free, T0); return none(err) },
		"CountOnline":   func() (int, error) { n, err := s.CountOnline(t.Context(), o.Tenant, T0); return len(n), err },
		"Invite": func() (int, error) {
			_, err := s.Invite(t.Context(), invite.Invitation{ID: "i2", Tenant: o.Tenant, Visitor: free, At: T0})
			return none(err)
		},
		"AnswerInvite": func() (int, error) {
			_, _, err := s.AnswerInvite(t.Context(), o.Tenant, free, in.ID, invite.Accepted, T0, time.Time{})
			return none(err)
		},
		"AcceptedInvite": func() (int, error) {
			_, ok, err := s.AcceptedInvite(t.Context(), o.Tenant, free, time.Time{})
			return map[bool]int{true: 1}[ok], err
		},
		"Invites": func() (int, error) {
			list, _, err := s.Invites(t.Context(), o.Tenant, invite.Filter{Limit: 9})
			return len(list), err
		},
		"AskSurvey": func() (int, error) {
			_, err := s.AskSurvey(t.Context(), survey.Survey{Conversation: c.ID, Tenant: o.Tenant})
			return none(err)
		},
		"AnswerSurvey": func() (int, error) {
			_, err := s.AnswerSurvey(t.Context(), survey.Survey{Conversation: c.ID, Tenant: o.Tenant, Level: "5"}, T0)
			return none(err)
		},
		"Survey": func() (int, error) { _, err := s.Survey(t.Context(), o.Tenant, c.ID); return none(err) },
		"InviteTally": func() (int, error) {
			n, err := s.InviteTally(t.Context(), o.Tenant, "", time.Time{})
			return n.Open + n.Accepted + n.Refused, err
		},
		"Surveys": func() (int, error) {
			list, _, err := s.Surveys(t.Context(), o.Tenant, survey.Filter{Limit: 9})
			return len(list), err
		},
		"SurveyTally": func() (int, error) {
			list, err := s.SurveyTally(t.Context(), o.Tenant, ann, time.Time{})
			return len(list), err
		},
		"AddLeave": func() (int, error) {
			return none(s.AddLeave(t.Context(), leave.Message{ID: "m2", Tenant: o.Tenant, Inbox: w.Inbox, At: T0}))
		},
		"Leave": func() (int, error) { _, err := s.Leave(t.Context(), o.Tenant, "m1"); return none(err) },
		"MissedLeave": func() (int, error) {
			_, ok, err := s.MissedLeave(t.Context(), o.Tenant, c.ID)
			return map[bool]int{true: 1}[ok], err
		},
		"Leaves": func() (int, error) {
			list, _, err := s.Leaves(t.Context(), o.Tenant, leave.Filter{Limit: 9})
			return len(list), err
		},
		"ChangeLeave": func() (int, error) {
			_, err := s.ChangeLeave(t.Context(), o.Tenant, "m1", leave.Change{State: &done}, T0, leave.By{Name: "Eve"})
			return none(err)
		},
		"ReplyLeave": func() (int, error) {
			_, err := s.ReplyLeave(t.Context(), o.Tenant, "m1", leave.Reply{Text: "x", At: T0, Kind: "k"})
			return none(err)
		},
		"CountLeave": func() (int, error) { n, err := s.CountLeave(t.Context(), o.Tenant, ann); return n.Open + n.Mine, err },
	} {
		found, err := run()
		if err != nil && errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
		if err == nil && found != 0 {
			t.Errorf("%s found %d of another tenant", name, found)
		}
	}
	equal(t, "everything", dump(t, s), before)
}
