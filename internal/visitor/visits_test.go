package visitor_test

import (
	"testing"
	"time"

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
