package store

import (
	"context"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/window"
)

// AddInteraction implements window.Store. The record is an entry of the audit log.
func (s *Store) AddInteraction(ctx context.Context, t id.Tenant, in window.Interaction, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.AddInteraction %s", in.Message)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		return record(ctx, x, by, changed{tenant: t, thing: "interaction", id: string(in.Message), name: in.Name, after: in})
	})
}
