package report

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Census counts what a company has.
type Census struct {
	// Conversations are all of them, Open and Queued those that run; Messages counts
	// the lines of events too.
	Conversations, Open, Queued, Messages int64
	// Channels counts conversations by where they came from.
	Channels map[string]int64
	// Visitors and Contacts; Unknown are contacts that nobody has confirmed, Blocked
	// and Verified are channels of contacts.
	Visitors, Contacts, Unknown, Blocked, Verified int64
	// At is when it was counted.
	At time.Time
}

// How old a census may be: counting looks at every row.
const (
	censusLife  = time.Hour
	censusFresh = 10 * time.Second
	maxCensuses = 200
)

// Census returns the counts of the caller's company, at most an hour old, or, if
// fresh is wanted, ten seconds. It needs the permission actor.SeeAll.
func (s *Service) Census(ctx context.Context, who actor.Actor, fresh bool) (c Census, err error) {
	defer errs.Wrap(&err, "report.Census")
	if !who.Can(actor.SeeAll) || who.Bound {
		return c, errForbidden
	}
	load := func(ctx context.Context) (Census, error) {
		got, err := s.store.Census(ctx, who.Tenant)
		got.At = s.clock.Now()
		return got, err
	}
	c, err = s.counted.Get(ctx, who.Tenant, load)
	if err != nil || !fresh || s.clock.Now().Sub(c.At) < censusFresh {
		return c, err
	}
	s.counted.Forget(func(t id.Tenant) bool { return t == who.Tenant })
	return s.counted.Get(ctx, who.Tenant, load)
}
