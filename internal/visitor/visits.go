package visitor

import (
	"context"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// VisitPause is how long a visitor must have been away for the next page to
// begin a new visit.
const VisitPause = 30 * time.Minute

// Visit is a run of pages without a long pause.
type Visit struct {
	// Since and Until are the first and the last moment of the visit.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Arrival is how it began, absent if that is not known.
	Arrival *Arrival `json:"arrival,omitempty"`
	// Pages are newest first.
	Pages []Dwelt `json:"pages"`
}

// Arrival is how a visit began: from where, with what.
type Arrival struct {
	Since time.Time `json:"since"`
	Inbox id.Inbox  `json:"inbox"`
	// Source is direct, search, referral or campaign.
	Source   string `json:"source" enum:"direct,search,referral,campaign"`
	Engine   string `json:"engine,omitempty"`
	Keyword  string `json:"keyword,omitempty"`
	Campaign string `json:"campaign,omitempty"`
	Referrer string `json:"referrer,omitempty"`
	// Country, Province and City are empty where they are not known.
	Country  string `json:"country,omitempty"`
	Province string `json:"province,omitempty"`
	City     string `json:"city,omitempty"`
	OS       string `json:"os,omitempty"`
	Browser  string `json:"browser,omitempty"`
	Mobile   bool   `json:"mobile,omitempty"`
}

// maxArrivals is how many arrivals a call of Trail looks at: the newest ones.
const maxArrivals = 200

// arrive gives each visit the first arrival within it. Both lists are newest first.
func arrive(visits []Visit, arrivals []Arrival) {
	next := 0
	for i := range visits {
		// The row of a visit is written a moment after its first page.
		for from := visits[i].Since.Add(-VisitPause / 2); next < len(arrivals) && arrivals[next].Since.After(from); next++ {
			if !arrivals[next].Since.After(visits[i].Until.Add(VisitPause / 2)) {
				visits[i].Arrival = &arrivals[next]
			}
		}
	}
}

// Dwelt is a page with the time spent on it.
type Dwelt struct {
	Page
	// DwellMS is in milliseconds; for the page that is open now, so far.
	DwellMS int64 `json:"dwellMs"`
}

// Visits groups pages, newest first, into visits, newest first.
func Visits(pages []Page) (list []Visit) {
	for _, p := range pages {
		d := Dwelt{p, max(p.Until.Sub(p.At), 0).Milliseconds()}
		if n := len(list); n > 0 && list[n-1].Since.Sub(p.Until) <= VisitPause {
			v := &list[n-1]
			v.Pages, v.Since = append(v.Pages, d), p.At
			continue
		}
		list = append(list, Visit{Since: p.At, Until: p.Until, Pages: []Dwelt{d}})
	}
	return list
}

// maxTrail is how many pages a call of Trail reads at most.
const maxTrail = 200

// Trail returns the visits of a visitor, newest first, from pages older than
// before (zero: all). next continues; it is zero at the end. A visit may go on
// in the next part.
func (s *Service) Trail(ctx context.Context, t id.Tenant, v id.Visitor, before time.Time, limit int) (list []Visit, next time.Time, err error) {
	defer errs.Wrap(&err, "visitor.Trail")
	if limit < 1 || limit > maxTrail {
		limit = 100
	}
	pages, err := s.store.Pages(ctx, t, v, before, limit)
	if len(pages) == limit {
		next = pages[limit-1].At
	}
	if err != nil || len(pages) == 0 {
		return nil, next, err
	}
	list = Visits(pages)
	arrivals, err := s.store.Arrivals(ctx, t, v, list[len(list)-1].Since.Add(-VisitPause), list[0].Until.Add(VisitPause), maxArrivals)
	arrive(list, arrivals)
	return list, next, err
}
