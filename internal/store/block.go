package store

import (
	"context"
	"time"

	"parlor/internal/blacklist"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// AddBlock implements blacklist.Store.
func (s *Store) AddBlock(ctx context.Context, b blacklist.Block, most int) (err error) {
	defer errs.Wrap(&err, "store.AddBlock")
	var until int64
	if b.Until != nil {
		until = ms(*b.Until)
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, b.Tenant); err != nil {
			return err
		}
		if b.Visitor != "" {
			if err := mustHave(ctx, t, "visitor", b.Tenant, string(b.Visitor)); err != nil {
				return err
			}
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM block WHERE tenant = $1`, string(b.Tenant))
		if err == nil && n >= most {
			err = errs.New(errs.Conflict, "blacklist_full", "there are %d entries, more are not allowed", n)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO block (id, tenant, visitor, address, fingerprint, reason, conversation, agent, agent_name, created_at, until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, b.ID, string(b.Tenant), string(b.Visitor), b.Address, b.Fingerprint, b.Reason,
			string(b.Conversation), string(b.Agent), b.AgentName, ms(b.CreatedAt), until)
		return err
	})
}

// RemoveBlock implements blacklist.Store.
func (s *Store) RemoveBlock(ctx context.Context, t id.Tenant, block string) (err error) {
	defer errs.Wrap(&err, "store.RemoveBlock %s", block)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `DELETE FROM block WHERE id = $1 AND tenant = $2`, block, string(t))
		if err == nil && n == 0 {
			err = missing("block")
		}
		return err
	})
}

// Blocks implements blacklist.Store. Ids grow with time, so the id is the order.
func (s *Store) Blocks(ctx context.Context, t id.Tenant, after string, limit int) (list []blacklist.Block, err error) {
	defer errs.Wrap(&err, "store.Blocks")
	if after == "" {
		after = "~"
	}
	return all(ctx, s.readers, func(r row) (b blacklist.Block, err error) {
		var created, until int64
		err = r.Scan(&b.ID, &b.Tenant, &b.Visitor, &b.Address, &b.Fingerprint, &b.Reason, &b.Conversation, &b.Agent, &b.AgentName, &created, &until)
		b.CreatedAt, b.Until = at(created), atOrNil(until)
		return b, err
	}, `SELECT id, tenant, visitor, address, fingerprint, reason, conversation, agent, agent_name, created_at, until FROM block
		WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, string(t), after, max(limit, 1))
}

// ExpireBlocks implements blacklist.Store.
func (s *Store) ExpireBlocks(ctx context.Context, now time.Time) (n int, err error) {
	defer errs.Wrap(&err, "store.ExpireBlocks")
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		gone, err := t.exec(ctx, `DELETE FROM block WHERE until > 0 AND until <= $1`, ms(now))
		n = int(gone)
		return err
	})
	return n, err
}
