package binding

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
)

// mostSkipped bounds the pages that are reached by number: the rows before one are
// walked. A list that is longer is read by cursor.
const mostSkipped = 1_000_000

// List returns a page of bindings and the cursor of the next, "" at the end. They
// come in the order of their flags and names, of names first if those are filtered.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (list []Binding, next string, err error) {
	defer errs.Wrap(&err, "binding.List")
	if err = s.filter(who, &f); err != nil {
		return nil, "", err
	}
	return s.store.Bindings(ctx, who.Tenant, f)
}

// Page returns page number page, from 1, of so many bindings each, and how many
// there are in all. Errors: Invalid "bad_page".
func (s *Service) Page(ctx context.Context, who actor.Actor, f Filter, page, perPage int) (list []Binding, total int, err error) {
	defer errs.Wrap(&err, "binding.Page")
	if page < 1 || perPage < 1 || perPage > 200 || page > mostSkipped/perPage {
		return nil, 0, errs.Field("page", "bad_page", "Pages count from 1 and have 1 to 200 rows.")
	}
	f.Limit, f.Skip, f.After = perPage, (page-1)*perPage, ""
	if err = s.filter(who, &f); err != nil {
		return nil, 0, err
	}
	if total, err = s.store.CountBindings(ctx, who.Tenant, f); err != nil || f.Skip >= total {
		return nil, total, err
	}
	list, _, err = s.store.Bindings(ctx, who.Tenant, f)
	return list, total, err
}

// Count returns how many bindings fit a filter.
func (s *Service) Count(ctx context.Context, who actor.Actor, f Filter) (n int, err error) {
	defer errs.Wrap(&err, "binding.Count")
	if err = s.filter(who, &f); err != nil {
		return 0, err
	}
	return s.store.CountBindings(ctx, who.Tenant, f)
}

func (s *Service) filter(who actor.Actor, f *Filter) error {
	if err := may(who); err != nil {
		return err
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	f.Flag, f.Visitor, f.Now = strings.TrimSpace(f.Flag), Key(f.Visitor), s.clock.Now()
	if len(f.Flag) > 4*MaxName || len(f.Visitor) > 4*MaxName {
		return errs.Field("filter", "bad_filter", "A filter has at most %d characters.", MaxName)
	}
	return nil
}

// maxFlags is how many flags are listed.
const maxFlags = 200

// Flags returns the flags that have bindings, in order, at most 200.
func (s *Service) Flags(ctx context.Context, who actor.Actor) ([]string, error) {
	if err := may(who); err != nil {
		return nil, err
	}
	return s.store.BindingFlags(ctx, who.Tenant, maxFlags)
}

// History returns what became of the bindings of a visitor, of one flag unless it
// is "", newest first, and the cursor of the next page.
func (s *Service) History(ctx context.Context, who actor.Actor, visitor, flag, after string, limit int) (list []Change, next string, err error) {
	defer errs.Wrap(&err, "binding.History")
	if err = may(who); err != nil {
		return nil, "", err
	}
	if visitor, err = cleanName("visitor", visitor); err != nil {
		return nil, "", err
	}
	if limit < 1 || limit > 200 {
		limit = 50
	}
	return s.store.BindingHistory(ctx, who.Tenant, visitor, strings.TrimSpace(flag), after, limit)
}
