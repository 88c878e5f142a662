package store

import (
	"context"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/priority"
)

var _ priority.Store = (*Store)(nil)

// LevelNames implements priority.Store.
func (s *Store) LevelNames(ctx context.Context, t id.Tenant) (list []priority.Level, err error) {
	defer errs.Wrap(&err, "store.LevelNames")
	return all(ctx, s.readers, func(r row) (l priority.Level, err error) {
		var updated int64
		err = r.Scan(&l.ID, &l.Name, &updated)
		l.UpdatedAt = at(updated)
		return l, err
	}, `SELECT l.id, l.name, l.updated_at FROM level l WHERE l.tenant = $1 ORDER BY l.id LIMIT $2`, string(t), len(priority.Words))
}

// NameLevels implements priority.Store.
func (s *Store) NameLevels(ctx context.Context, t id.Tenant, list []priority.Level, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.NameLevels")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		for _, l := range list {
			old, _, err := first(ctx, x, scalar[string], `SELECT l.name FROM level l WHERE l.tenant = $1 AND l.id = $2`, string(t), l.ID)
			if err != nil {
				return err
			}
			if _, err := x.exec(ctx, `DELETE FROM level WHERE tenant = $1 AND id = $2`, string(t), l.ID); err != nil {
				return err
			}
			if l.Name != "" {
				if _, err := x.exec(ctx, `INSERT INTO level (tenant, id, name, updated_at) VALUES ($1, $2, $3, $4)`, string(t), l.ID, l.Name, ms(l.UpdatedAt)); err != nil {
					return err
				}
			}
			if err := record(ctx, x, by, changed{tenant: t, thing: "priority", id: l.ID, name: l.Name, before: map[string]string{"name": old}, after: map[string]string{"name": l.Name}}); err != nil {
				return err
			}
		}
		return nil
	})
}

const agreementColumns = `id, tenant, name, description, due, updated_at`

func scanAgreement(r row) (a priority.Agreement, err error) {
	var updated int64
	err = r.Scan(&a.ID, &a.Tenant, &a.Name, &a.Description, &a.Due, &updated)
	a.UpdatedAt = at(updated)
	return a, err
}

// Agreements implements priority.Store.
func (s *Store) Agreements(ctx context.Context, t id.Tenant) (list []priority.Agreement, err error) {
	defer errs.Wrap(&err, "store.Agreements")
	return all(ctx, s.readers, scanAgreement, `SELECT `+agreementColumns+` FROM agreement WHERE tenant = $1 ORDER BY name LIMIT $2`, string(t), priority.MaxAgreements)
}

// SaveAgreement implements priority.Store.
func (s *Store) SaveAgreement(ctx context.Context, a priority.Agreement, fresh bool, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveAgreement %s", a.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, a.Tenant); err != nil {
			return err
		}
		known, err := all(ctx, t, scanAgreement, `SELECT `+agreementColumns+` FROM agreement WHERE tenant = $1 ORDER BY name LIMIT $2`, string(a.Tenant), priority.MaxAgreements)
		if err != nil {
			return err
		}
		var before any
		for _, k := range known {
			switch {
			case k.ID == a.ID:
				before = k
			case k.Name == a.Name || k.Due == a.Due:
				return errs.New(errs.Conflict, "agreement_exists", "there is an agreement with this name or time")
			}
		}
		switch {
		case !fresh && before == nil:
			return missing("agreement")
		case fresh && len(known) >= priority.MaxAgreements:
			return errs.New(errs.Conflict, "too_many_agreements", "there are %d agreements, more are not allowed", len(known))
		}
		if _, err := t.exec(ctx, `INSERT INTO agreement (`+agreementColumns+`) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET
			name = excluded.name, description = excluded.description, due = excluded.due, updated_at = excluded.updated_at`,
			a.ID, string(a.Tenant), a.Name, a.Description, a.Due, ms(a.UpdatedAt)); err != nil {
			return err
		}
		return record(ctx, t, by, changed{tenant: a.Tenant, thing: "agreement", id: a.ID, name: a.Name, before: before, after: a})
	})
}

// DeleteAgreement implements priority.Store. Where a conversation stands in a
// queue is left as it is until the queues are put in order again.
func (s *Store) DeleteAgreement(ctx context.Context, t id.Tenant, agreement string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteAgreement %s", agreement)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		old, ok, err := change(ctx, x, scanAgreement, `DELETE FROM agreement WHERE id = $1 AND tenant = $2 RETURNING `+agreementColumns, agreement, string(t))
		if err == nil && !ok {
			err = missing("agreement")
		}
		if err != nil {
			return err
		}
		if _, err := x.exec(ctx, `UPDATE conversation_detail SET agreement = '', due = 0 WHERE tenant = $1 AND agreement = $2 AND agreement <> ''`, string(t), agreement); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "agreement", id: agreement, name: old.Name, before: old})
	})
}

// ahead is how far a conversation with a level or an agreement stands before
// those without, in the unit of queueKey. A level counts as a hundred years of
// waiting, a minute of an agreement as four months: both more than anybody waits.
// Beyond 60 days a minute of an agreement counts as two hours, so that the longest
// still stands two hundred years before those without.
var ahead = map[priority.Order]string{
	priority.ByTime:  `CAST(0 AS BIGINT)`,
	priority.ByLevel: `CASE WHEN d.weight > 0 THEN (100 - d.weight) * CAST(10000000000000 AS BIGINT) ELSE 0 END`,
	priority.ByAgreement: `CASE WHEN d.due > 86400 THEN CAST(86000000000000 AS BIGINT) - (d.due - 86400) * CAST(8000000 AS BIGINT)
		WHEN d.due > 0 THEN CAST(950000000000000 AS BIGINT) - d.due * CAST(10000000000 AS BIGINT) ELSE 0 END`,
}

// aheadIn is the expression of an order; an unknown one is that of time.
func aheadIn(o priority.Order) string {
	if text, ok := ahead[o]; ok {
		return text
	}
	return ahead[priority.ByTime]
}

// setKey puts conversations of the queue where they belong. Those who come back
// to it go before all others, as they were told.
const setKey = `UPDATE conversation SET queue_key = queued_at - CASE WHEN priority = 0 THEN ` + aheadOf + ` ELSE priority * CAST(10000000000000 AS BIGINT) END`

// Rank implements priority.Store.
func (s *Store) Rank(ctx context.Context, in priority.Ranking) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Rank %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if c.Status == conversation.Closed && in.Agreement != nil {
			return errClosed()
		}
		if _, err := t.exec(ctx, `INSERT INTO conversation_detail (conversation, tenant) VALUES ($1, $2) ON CONFLICT (conversation) DO NOTHING`,
			string(c.ID), string(c.Tenant)); err != nil {
			return err
		}
		if in.Level != nil {
			if _, err := t.exec(ctx, `UPDATE conversation_detail SET level = $2, weight = $3 WHERE conversation = $1`, string(c.ID), *in.Level, in.Weight); err != nil {
				return err
			}
		}
		if in.Agreement != nil {
			if _, err := t.exec(ctx, `UPDATE conversation_detail SET agreement = $2, due = $3 WHERE conversation = $1`, string(c.ID), *in.Agreement, in.Due); err != nil {
				return err
			}
		}
		if _, err := t.exec(ctx, `UPDATE conversation_detail AS d SET ahead = `+aheadIn(in.Order)+` WHERE d.conversation = $1`, string(c.ID)); err != nil {
			return err
		}
		_, err = t.exec(ctx, setKey+` WHERE id = $1 AND status = 'queued'`, string(c.ID))
		got = c
		return err
	})
	return got, err
}

// Reorder implements priority.Store. It touches those who run only.
func (s *Store) Reorder(ctx context.Context, t id.Tenant, o priority.Order) (err error) {
	defer errs.Wrap(&err, "store.Reorder")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if _, err := x.exec(ctx, `UPDATE conversation_detail AS d SET ahead = `+aheadIn(o)+` WHERE d.conversation IN
			(SELECT id FROM conversation WHERE tenant = $1 AND status <> 'closed')`, string(t)); err != nil {
			return err
		}
		_, err := x.exec(ctx, setKey+` WHERE tenant = $1 AND status = 'queued'`, string(t))
		return err
	})
}
