package store

import (
	"context"
	"encoding/json"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/trigger"
)

var _ trigger.Store = (*Store)(nil)

// triggerRule is what the column rule holds.
type triggerRule struct {
	Description string              `json:"description"`
	RunOnce     bool                `json:"runOnce"`
	Conditions  []trigger.Condition `json:"conditions"`
	Actions     []trigger.Action    `json:"actions"`
}

const selectTrigger = `SELECT id, tenant, name, enabled, rule, created_at, updated_at FROM page_trigger`

func scanTrigger(r row) (tr trigger.Trigger, err error) {
	var enabled, created, updated int64
	var text string
	if err = r.Scan(&tr.ID, &tr.Tenant, &tr.Name, &enabled, &text, &created, &updated); err != nil {
		return tr, err
	}
	var rule triggerRule
	err = json.Unmarshal([]byte(text), &rule)
	tr.Enabled, tr.CreatedAt, tr.UpdatedAt = enabled != 0, at(created), at(updated)
	tr.Description, tr.RunOnce, tr.Conditions, tr.Actions = rule.Description, rule.RunOnce, rule.Conditions, rule.Actions
	return tr, err
}

// Triggers implements trigger.Store.
func (s *Store) Triggers(ctx context.Context, t id.Tenant) (list []trigger.Trigger, err error) {
	defer errs.Wrap(&err, "store.Triggers")
	return all(ctx, s.readers, scanTrigger, selectTrigger+` WHERE tenant = $1 ORDER BY created_at, id LIMIT $2`, string(t), trigger.MaxTriggers)
}

// SaveTrigger implements trigger.Store.
func (s *Store) SaveTrigger(ctx context.Context, tr trigger.Trigger, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveTrigger %s", tr.ID)
	rule, err := json.Marshal(triggerRule{tr.Description, tr.RunOnce, tr.Conditions, tr.Actions})
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, tr.Tenant); err != nil {
			return err
		}
		old, known, err := first(ctx, t, scanTrigger, selectTrigger+` WHERE id = $1 AND tenant = $2`, tr.ID, string(tr.Tenant))
		if err != nil {
			return err
		}
		change := changed{tenant: tr.Tenant, thing: "trigger", id: tr.ID, name: tr.Name, after: tr}
		if known {
			change.before = old
			_, err = t.exec(ctx, `UPDATE page_trigger SET name = $3, enabled = $4, rule = $5, updated_at = $6 WHERE id = $1 AND tenant = $2`,
				tr.ID, string(tr.Tenant), tr.Name, flag(tr.Enabled), string(rule), ms(tr.UpdatedAt))
		} else {
			n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM page_trigger WHERE tenant = $1`, string(tr.Tenant))
			if err != nil {
				return err
			}
			if n >= trigger.MaxTriggers {
				return errs.New(errs.Conflict, "too_many_triggers", "there are %d triggers, more are not allowed", n)
			}
			_, err = t.exec(ctx, `INSERT INTO page_trigger (id, tenant, name, enabled, rule, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				tr.ID, string(tr.Tenant), tr.Name, flag(tr.Enabled), string(rule), ms(tr.CreatedAt), ms(tr.UpdatedAt))
			if err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return record(ctx, t, by, change)
	})
}

// DeleteTrigger implements trigger.Store.
func (s *Store) DeleteTrigger(ctx context.Context, t id.Tenant, tr string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteTrigger %s", tr)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		old, ok, err := change(ctx, x, scanTrigger, `DELETE FROM page_trigger WHERE id = $1 AND tenant = $2
			RETURNING id, tenant, name, enabled, rule, created_at, updated_at`, tr, string(t))
		if err == nil && !ok {
			err = missing("trigger")
		}
		if err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "trigger", id: tr, name: old.Name, before: old})
	})
}
