package leave

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxFound is how many entries a list by numbers of pages counts and reaches.
const MaxFound = 10_000

// PageFilter chooses a page by its place in the list, newest first.
type PageFilter struct {
	// State and Visitor restrict if set.
	State   State
	Visitor id.Visitor
	// Offset is 0 to MaxFound, Limit 1 to 200.
	Offset, Limit int
}

// Page returns a page of entries, newest first, and how many there are, MaxFound at most.
func (s *Service) Page(ctx context.Context, who actor.Actor, f PageFilter) (page []Message, total int, err error) {
	defer errs.Wrap(&err, "leave.Page")
	if err := agentOnly(who); err != nil {
		return nil, 0, err
	}
	if f.State != "" && f.State != Open && f.State != Done {
		return nil, 0, errs.Field("state", "unknown_state", "%q is not a state; notprocess and processed are.", cut(string(f.State), 20))
	}
	if f.Offset < 0 || f.Offset > MaxFound || f.Limit < 1 || f.Limit > 200 {
		return nil, 0, errs.Field("limit", "bad_page", "A page has 1 to 200 entries of the first %d.", MaxFound)
	}
	page, total, err = s.store.LeavePage(ctx, who.Tenant, f)
	for i := range page {
		page[i] = page[i].For(who)
	}
	return page, total, err
}
