package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// testVisitors checks creation, the browser's key, details and visits.
func testVisitors(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	in := visitor.Visitor{ID: "v1", Tenant: w.Tenant, Inbox: w.Inbox, Name: "Vera", Email: "v@x", Phone: "1", Memo: "m", External: "e",
		BrowserKey: "k", Locale: "en", IP: "10.0.0.1", OS: "Linux", Browser: "Firefox", Mobile: true, Referrer: "r", Visits: 1, FirstSeen: T0, LastSeen: T0}
	got, created, err := s.CreateVisitor(t.Context(), in)
	must(t, err)
	equal(t, "created", created, true)
	equal(t, "visitor", got, in)
	second := in
	second.ID, second.Name = "v2", "Other"
	got, created, err = s.CreateVisitor(t.Context(), second)
	must(t, err)
	equal(t, "known browser", spaced(created, got.ID), "false v1")
	got, known, err := s.VisitorByKey(t.Context(), w.Tenant, w.Inbox, "k")
	must(t, err)
	equal(t, "by key", spaced(known, got.ID), "true v1")
	for _, foreign := range []struct {
		t  id.Tenant
		in id.Inbox
		k  string
	}{{"other", w.Inbox, "k"}, {w.Tenant, "other", "k"}, {w.Tenant, w.Inbox, ""}, {w.Tenant, w.Inbox, "K"}} {
		_, known, err = s.VisitorByKey(t.Context(), foreign.t, foreign.in, foreign.k)
		must(t, err)
		equal(t, "by another key", known, false)
	}
	second.BrowserKey = ""
	_, created, err = s.CreateVisitor(t.Context(), second)
	must(t, err)
	equal(t, "no browser key", created, true)
	_, _, err = s.CreateVisitor(t.Context(), second)
	wantReason(t, err, errs.Conflict, "visitor_exists")
	name, memo := "Vera W.", ""
	got, err = s.UpdateVisitor(t.Context(), w.Tenant, "v1", visitor.Details{Name: &name, Memo: &memo})
	must(t, err)
	equal(t, "details", got.Name+"|"+got.Memo+"|"+got.Email, "Vera W.||v@x")
	got, err = s.TouchVisitor(t.Context(), visitor.Visitor{ID: "v1", Tenant: w.Tenant, LastSeen: T0.Add(30 * time.Minute), IP: "10.0.0.2"})
	must(t, err)
	equal(t, "soon", spaced(got.Visits, got.IP, got.OS, got.Mobile, got.LastSeen.Sub(T0)), "1 10.0.0.2 Linux true 30m0s")
	got, err = s.TouchVisitor(t.Context(), visitor.Visitor{ID: "v1", Tenant: w.Tenant, LastSeen: T0.Add(61 * time.Minute), OS: "Windows"})
	must(t, err)
	equal(t, "later", spaced(got.Visits, got.OS, got.Browser, got.Mobile), "2 Windows Firefox false")
	got, err = s.TouchVisitor(t.Context(), visitor.Visitor{ID: "v1", Tenant: w.Tenant, LastSeen: T0})
	must(t, err)
	equal(t, "never back", got.LastSeen, T0.Add(61*time.Minute))
	must(t, s.SeeVisitors(t.Context(), "other", []id.Visitor{"v1"}, T0.Add(99*time.Minute)))
	must(t, s.SeeVisitors(t.Context(), w.Tenant, []id.Visitor{"v1", "none"}, T0.Add(62*time.Minute)))
	must(t, s.SeeVisitors(t.Context(), w.Tenant, []id.Visitor{"v1"}, T0))
	got.LastSeen = T0.Add(62 * time.Minute)
	stored, err := s.Visitor(t.Context(), w.Tenant, "v1")
	must(t, err)
	equal(t, "stored", stored, got)
	list, err := s.Visitors(t.Context(), w.Tenant, []id.Visitor{"v1", "v2", "none"})
	must(t, err)
	equal(t, "visitors", len(list), 2)
	_, err = s.TouchVisitor(t.Context(), visitor.Visitor{ID: "none", Tenant: w.Tenant})
	wantReason(t, err, errs.NotFound, "visitor_not_found")
}

// testPages checks the trail: repeated pages, its order and its bound.
func testPages(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	v := w.Visitor("Vera")
	add := func(url string, seconds int) (visitor.Page, bool) {
		t.Helper()
		when := T0.Add(time.Duration(seconds) * time.Second)
		p, fresh, err := s.AddPage(t.Context(), w.Tenant, visitor.Page{Visitor: v, URL: url, Title: url + "!", At: when, Until: when})
		must(t, err)
		return p, fresh
	}
	one, fresh := add("/a", 0)
	equal(t, "first", fresh, true)
	same, fresh := add("/a", 5)
	equal(t, "same page", spaced(fresh, same.ID == one.ID, same.At.Equal(T0), same.Until.Sub(T0)), "false true true 5s")
	must(t, s.ProlongPages(t.Context(), w.Tenant, []id.Visitor{v, "none"}, T0.Add(8*time.Second)))
	must(t, s.ProlongPages(t.Context(), w.Tenant, []id.Visitor{v}, T0.Add(7*time.Second)))
	kept, err := s.Pages(t.Context(), w.Tenant, v, time.Time{}, 9)
	must(t, err)
	equal(t, "prolonged", spaced(len(kept), kept[0].Until.Sub(T0), kept[0].At.Equal(T0)), "1 8s true")
	for i := range 1004 {
		add(fmt.Sprint("/p", i), 10+i)
	}
	list, err := s.Pages(t.Context(), w.Tenant, v, time.Time{}, 5000)
	must(t, err)
	equal(t, "kept", spaced(len(list), list[0].URL, list[999].URL), "1000 /p1003 /p4")
	list, err = s.Pages(t.Context(), w.Tenant, v, list[9].At, 2)
	must(t, err)
	equal(t, "before", spaced(len(list), list[0].URL, list[1].URL, list[0].Title), "2 /p993 /p992 /p993!")
	_, _, err = s.AddPage(t.Context(), w.Tenant, visitor.Page{Visitor: "none", URL: "/", At: T0})
	wantReason(t, err, errs.NotFound, "visitor_not_found")
}
