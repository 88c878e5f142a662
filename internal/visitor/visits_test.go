package visitor_test

import (
	"context"
	"testing"
	"time"

	"parlor/internal/id"
	"parlor/internal/visitor"
)

// Rows 45 and 50: pages fall into visits, each with the time spent on it.
func TestRow45Visits(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	page := func(url string, from, until int) visitor.Page {
		return visitor.Page{URL: url, At: t0.Add(time.Duration(from) * time.Minute), Until: t0.Add(time.Duration(until) * time.Minute)}
	}
	got := visitor.Visits([]visitor.Page{page("/d", 120, 121), page("/c", 45, 45), page("/b", 5, 20), page("/a", 0, 5)})
	if len(got) != 2 || len(got[0].Pages) != 1 || len(got[1].Pages) != 3 {
		t.Fatalf("%+v", got)
	}
	first := got[1]
	if !first.Since.Equal(t0) || !first.Until.Equal(t0.Add(45*time.Minute)) || first.Pages[1].DwellMS != 15*60*1000 || first.Pages[0].DwellMS != 0 {
		t.Errorf("%+v", first)
	}
	if visitor.Visits(nil) != nil {
		t.Error("no pages are no visits")
	}
}

// Row 45: each visit of the trail says how it began.
func TestRow45VisitsSayHowTheyBegan(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }
	store := &trail{pages: []visitor.Page{{URL: "/c", At: at(300), Until: at(301)}, {URL: "/b", At: at(100), Until: at(110)}, {URL: "/a", At: at(0), Until: at(5)}},
		arrivals: []visitor.Arrival{{Since: at(111), Source: "direct"}, {Since: at(100), Source: "search", Keyword: "lamp"}, {Since: at(0).Add(-time.Second), Source: "campaign"}}}
	s := visitor.New(store, nil, nil, []byte("key"))
	list, _, err := s.Trail(t.Context(), "main", "v", time.Time{}, 0)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	if list[0].Arrival != nil {
		t.Error("nothing is known of the newest visit", list[0].Arrival)
	}
	if a := list[1].Arrival; a == nil || a.Keyword != "lamp" {
		t.Error("the first arrival of a visit counts", a)
	}
	if a := list[2].Arrival; a == nil || a.Source != "campaign" {
		t.Error("an arrival a moment before the first page belongs to it", a)
	}
	if !store.from.Before(at(0)) || !store.to.After(at(301)) {
		t.Error("only arrivals of the time are read:", store.from, store.to)
	}
}

// trail is a store that holds one visitor's pages.
type trail struct {
	visitor.IdentityStore
	visitor.Store
	pages    []visitor.Page
	arrivals []visitor.Arrival
	from, to time.Time
}

func (s *trail) Pages(context.Context, id.Tenant, id.Visitor, time.Time, int) ([]visitor.Page, error) {
	return s.pages, nil
}

func (s *trail) Arrivals(_ context.Context, _ id.Tenant, _ id.Visitor, from, to time.Time, _ int) ([]visitor.Arrival, error) {
	s.from, s.to = from, to
	return s.arrivals, nil
}
