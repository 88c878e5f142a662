package store

import (
	"context"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// RemoveAgent implements account.Store. The row stays, switched off and without
// the keys by which names are unique, so that what the agent wrote keeps its author.
func (s *Store) RemoveAgent(ctx context.Context, t id.Tenant, a id.Agent, when time.Time, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.RemoveAgent %s", a)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanAgent, selectAgent+` WHERE a.id = $1 AND a.tenant = $2 AND a.removed_at = 0`+s.dialect.lock("a"), string(a), string(t))
		if err != nil || !ok {
			return orMissing(err, "agent")
		}
		if _, err := x.exec(ctx, `UPDATE agent SET email = '', email_key = '', username_key = '', role = 'user', also = '', disabled = 1, password_hash = '',
			removed_at = $3, lost_at = $3 WHERE id = $1 AND tenant = $2`, string(a), string(t), ms(when)); err != nil {
			return err
		}
		for _, table := range []string{"agent_team", "unit_monitor", "credential", "presence"} {
			if _, err := x.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND agent = $2`, string(t), string(a)); err != nil {
				return err
			}
		}
		return record(ctx, x, by, changed{tenant: t, thing: "agent", id: string(a), name: before.Name, before: before})
	})
}

// RemovedAgents implements account.Store, along an index of the removed ones alone.
func (s *Store) RemovedAgents(ctx context.Context, t id.Tenant) (list []account.Agent, err error) {
	defer errs.Wrap(&err, "store.RemovedAgents")
	return all(ctx, s.readers, scanAgent, selectAgent+` WHERE a.tenant = $1 AND a.removed_at > 0 ORDER BY a.removed_at DESC, a.id DESC LIMIT 1000`, string(t))
}
