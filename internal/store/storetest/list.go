package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
)

// names lists the visitors of a page in order.
func names(list []conversation.Conversation) string {
	out := []string{}
	for _, c := range list {
		out = append(out, c.VisitorName)
	}
	return fmt.Sprint(out)
}

// testViews checks what each view shows to whom, and the counts.
func testViews(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	sales, help := w.Team("sales"), w.Team("help")
	ann, bob := w.Ready("ann", 9, sales), w.Ready("bob", 9, help)
	start := func(name string, team id.Team, a id.Agent, closed bool) {
		w.Now = w.Now.Add(time.Second)
		c := w.Start(name, team)
		w.Append(w.Say(c, "hello from "+name))
		if a != "" {
			c = w.Assign(c, a).Conversation
		}
		if closed {
			w.Close(c)
		}
	}
	start("q-none", "", "", false)
	start("q-sales", sales, "", false)
	start("q-help", help, "", false)
	start("o-ann", sales, ann, false)
	start("o-ann-help", help, ann, false)
	start("o-bob", help, bob, false)
	start("c-ann-help", help, ann, true)
	start("c-none", "", bob, true)
	start("c-help", help, bob, true)
	annSees := conversation.Scope{Agent: ann, Teams: []id.Team{sales}}
	for _, x := range []struct {
		name  string
		view  conversation.View
		scope conversation.Scope
		want  string
	}{
		{"mine", conversation.ViewMine, annSees, "[o-ann-help o-ann]"},
		{"queue", conversation.ViewQueue, annSees, "[q-none q-sales]"},
		{"all", conversation.ViewAll, annSees, "[o-ann-help o-ann q-sales q-none]"},
		{"closed", conversation.ViewClosed, annSees, "[c-none c-ann-help]"},
		{"mine of nobody", conversation.ViewMine, conversation.Scope{All: true}, "[]"},
		{"whole queue", conversation.ViewQueue, conversation.Scope{All: true}, "[q-none q-sales q-help]"},
		{"whole all", conversation.ViewAll, conversation.Scope{All: true}, "[o-bob o-ann-help o-ann q-help q-sales q-none]"},
		{"whole closed", conversation.ViewClosed, conversation.Scope{All: true}, "[c-help c-none c-ann-help]"},
		{"no team, no agent", conversation.ViewAll, conversation.Scope{}, "[q-none]"},
	} {
		list, next, err := s.List(t.Context(), conversation.Filter{Tenant: w.Tenant, View: x.view, Scope: x.scope, Limit: 50})
		must(t, err)
		equal(t, x.name, names(list), x.want)
		equal(t, x.name+" next", next, "")
	}
	n, err := s.Count(t.Context(), w.Tenant, annSees)
	must(t, err)
	equal(t, "counts of ann", n, conversation.Counts{Mine: 2, Queue: 2, All: 4, Unread: 2})
	n, err = s.Count(t.Context(), w.Tenant, conversation.Scope{All: true})
	must(t, err)
	equal(t, "counts of all", n, conversation.Counts{Queue: 3, All: 6})
	by, err := s.WaitingByTeam(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "waiting by team", spaced(by[""], by[sales], by[help], len(by)), "1 1 1 3")
}

// testListOfVisitor lists one visitor's conversations in any state, within the scope.
func testListOfVisitor(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	help := w.Team("help")
	ann := w.Ready("ann", 9)
	v := w.Visitor("Vera")
	for i := range 3 {
		w.Now = T0.Add(time.Duration(i) * time.Hour)
		c := w.StartFor(v, []id.Team{"", help, ""}[i])
		if i < 2 {
			w.Close(w.Assign(c, ann).Conversation)
		}
	}
	w.Start("Bob", "")
	list, _, err := s.List(t.Context(), conversation.Filter{Tenant: w.Tenant, Visitor: v, Scope: conversation.Scope{All: true}, Limit: 10})
	must(t, err)
	equal(t, "all", len(list), 3)
	equal(t, "newest first", list[0].Status, conversation.Queued)
	list, _, err = s.List(t.Context(), conversation.Filter{Tenant: w.Tenant, Visitor: v, Scope: conversation.Scope{Agent: "other"}, Limit: 10})
	must(t, err)
	equal(t, "without the team", len(list), 2)
}

// testPaging walks all pages while new conversations arrive.
func testPaging(t *testing.T, s *store.Store) {
	const total = 57
	w := NewWorld(t, s, "main")
	teams := []id.Team{"", w.Team("a"), w.Team("b")}
	for _, view := range []conversation.View{conversation.ViewAll, conversation.ViewQueue} {
		want := map[id.Conversation]bool{}
		for i := range total {
			w.Now = T0.Add(time.Duration(i/7) * time.Second) // many at the same moment
			want[w.Start(fmt.Sprint(view, i), teams[i%3]).ID] = true
		}
		f := conversation.Filter{Tenant: w.Tenant, View: view, Scope: conversation.Scope{Agent: "x", Teams: teams}, Limit: 10}
		seen := map[id.Conversation]int{}
		for pages := 0; ; pages++ {
			list, next, err := s.List(t.Context(), f)
			must(t, err)
			for _, c := range list {
				seen[c.ID]++
			}
			if next == "" {
				break
			}
			equal(t, "page size", len(list), 10)
			f.After = next
			w.Now = T0.Add(time.Hour)
			w.Start(fmt.Sprint(view, "new", pages), teams[pages%3])
		}
		for c := range want {
			equal(t, "times seen", seen[c], 1)
		}
		for c, n := range seen {
			if n != 1 {
				t.Fatalf("%s was seen %d times", c, n)
			}
		}
	}
	for _, bad := range []string{"!", "YWJj", "MTI", "____"} {
		_, _, err := s.List(t.Context(), conversation.Filter{Tenant: w.Tenant, View: conversation.ViewAll, After: bad, Limit: 1})
		wantReason(t, err, errs.Invalid, "bad_cursor")
		equal(t, "field", errs.FieldOf(err), "after")
	}
	_, _, err := s.List(t.Context(), conversation.Filter{Tenant: w.Tenant, View: "odd", Limit: 1})
	wantReason(t, err, errs.Invalid, "bad_view")
}

// testSearch finds words anywhere in the texts, within the scope, newest first.
func testSearch(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	help := w.Team("help")
	ann := w.Ready("ann", 9)
	c := w.Start("Vera", "")
	d := w.Start("Bob", help)
	for _, text := range []string{"我的订单什么时候发货", "Where is my PARCEL, please?", "ＡＢＣ１２３ 全角", "order #4711-x", "订 单", "50% off & more"} {
		w.Append(w.Say(c, text))
	}
	note := w.Answer(c, ann, "内部备注 refund approved")
	note.Message.Kind = conversation.Note
	w.Append(note)
	w.Append(w.Say(d, "订单 in the help team"))
	all := conversation.Scope{All: true}
	none, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: all, Text: "订单", Limit: 10})
	must(t, err)
	equal(t, "before indexing", len(none), 0)
	w.IndexAll()
	for _, x := range []struct {
		text  string
		scope conversation.Scope
		want  string
	}{
		{"订单", all, "[1 1]"},
		{"订单", conversation.Scope{Agent: ann}, "[1]"},
		{"订单", conversation.Scope{Agent: ann, Teams: []id.Team{help}}, "[1 1]"},
		{"什么时候", all, "[1]"},
		{"单订", all, "[]"},
		{"arce", all, "[2]"},
		{"parcel WHERE", all, "[2]"},
		{"parcel 订单", all, "[]"},
		{"abc123", all, "[3]"},
		{"#4711", all, "[4]"},
		{"-x", all, "[4]"},
		{"0% &", all, "[6]"},
		{"refund", all, "[7]"},
		{"\"refund", all, "[]"},
		{"missing", all, "[]"},
		{"help 订单", all, "[1]"},
		{"is a", all, "[2]"},
	} {
		hits, next, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: x.scope, Text: x.text, Limit: 10})
		must(t, err)
		got := []int64{}
		for _, h := range hits {
			got = append(got, h.Message.Seq)
		}
		equal(t, "hits of "+x.text, fmt.Sprint(got), x.want)
		equal(t, "next of "+x.text, next, "")
	}
	for _, short := range []string{"", "单", " a 单 ", "\x01"} {
		_, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: all, Text: short, Limit: 10})
		wantReason(t, err, errs.Invalid, "query_too_short")
		equal(t, "field", errs.FieldOf(err), "q")
	}
	_, _, err = s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: all, Text: "\xe5订", Limit: 10})
	wantReason(t, err, errs.Invalid, "bad_text")
	_, _, err = s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: all, Text: "订单", After: "!", Limit: 1})
	wantReason(t, err, errs.Invalid, "bad_cursor")
}

// testSearchPages walks the pages of a search: newest first, each hit once.
func testSearchPages(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	for i := range 45 {
		w.Append(w.Say(c, []string{"发货 了", "other", "货发"}[i%3]))
	}
	w.IndexAll()
	q := conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "发货", Limit: 4}
	var got []int64
	for pages := 1; ; pages++ {
		hits, next, err := s.Search(t.Context(), q)
		must(t, err)
		for _, h := range hits {
			got = append(got, h.Message.Seq)
			equal(t, "visitor", h.VisitorName, "Vera")
			equal(t, "status", h.Status, conversation.Queued)
		}
		if next == "" {
			equal(t, "pages", pages, 4)
			break
		}
		q.After = next
	}
	equal(t, "hits", len(got), 15)
	if !slices.IsSortedFunc(got, func(a, b int64) int { return int(b - a) }) || got[0] != 43 {
		t.Fatalf("hits in order %v", got)
	}
}

// testIndexNext checks that the index takes each message once, in steps.
func testIndexNext(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	for range 7 {
		w.Append(w.Say(c, "hello"))
	}
	for i, want := range []int{3, 3, 1, 0, 0} {
		n, err := s.IndexNext(t.Context(), 3)
		must(t, err)
		equal(t, fmt.Sprint("step ", i), n, want)
	}
	w.Append(w.Say(c, "hello again"))
	n, err := s.IndexNext(t.Context(), 3)
	must(t, err)
	equal(t, "after the pause", n, 1)
	hits, _, err := s.Search(t.Context(), conversation.SearchQuery{Tenant: w.Tenant, Scope: conversation.Scope{All: true}, Text: "hello", Limit: 50})
	must(t, err)
	equal(t, "hits", len(hits), 8)
}
