package store

import (
	"context"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/presence"
)

// Beat implements presence.Store. It is one upsert; a node that was taken for dead and dropped
// comes back without its agents, which it must connect again.
func (s *Store) Beat(ctx context.Context, node string, until time.Time) (err error) {
	defer errs.Wrap(&err, "store.Beat %s", node)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO node (id, lease_until) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`, node, ms(until))
		return err
	})
}

// Connect implements presence.Store. An agent of another tenant is NotFound.
func (s *Store) Connect(ctx context.Context, node string, tenant id.Tenant, a id.Agent, _ time.Time) (err error) {
	defer errs.Wrap(&err, "store.Connect %s", a)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		// The agent's row comes first: it is what a concurrent loss waits for.
		n, err := t.exec(ctx, `UPDATE agent SET lost_at = 0 WHERE id = $1 AND tenant = $2`, string(a), string(tenant))
		if err != nil {
			return err
		}
		if n == 0 {
			return missing("agent")
		}
		_, err = t.exec(ctx, `INSERT INTO presence (node, tenant, agent) VALUES ($1, $2, $3)
			ON CONFLICT (node, tenant, agent) DO NOTHING`, node, string(tenant), string(a))
		return err
	})
}

// Disconnect implements presence.Store. An agent the node does not hold changes nothing.
func (s *Store) Disconnect(ctx context.Context, node string, tenant id.Tenant, a id.Agent, when time.Time) (last bool, err error) {
	defer errs.Wrap(&err, "store.Disconnect %s", a)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		last = false
		// The agent's row is locked first, so that of two nodes one is the last.
		if _, err := all(ctx, t, scalar[string], `SELECT a.id FROM agent a WHERE a.id = $1 AND a.tenant = $2`+
			s.dialect.lock("a"), string(a), string(tenant)); err != nil {
			return err
		}
		n, err := t.exec(ctx, `DELETE FROM presence WHERE node = $1 AND tenant = $2 AND agent = $3`,
			node, string(tenant), string(a))
		if err != nil || n == 0 {
			return err
		}
		lost, err := t.exec(ctx, `UPDATE agent SET lost_at = $3 WHERE id = $1 AND tenant = $2 AND NOT EXISTS
			(SELECT 1 FROM presence p JOIN node o ON o.id = p.node
				WHERE p.tenant = $2 AND p.agent = $1 AND o.lease_until > $3)`, string(a), string(tenant), ms(when))
		last = err == nil && lost > 0
		return err
	})
	return last, err
}

// DropNode implements presence.Store. It is called by a node that stops in good order, for itself.
func (s *Store) DropNode(ctx context.Context, node string, when time.Time) (lost []presence.Agent, err error) {
	defer errs.Wrap(&err, "store.DropNode %s", node)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		lost, err = s.dropNodes(ctx, t, []string{node}, ms(when))
		return err
	})
	return lost, err
}

// ExpireNodes implements presence.Store. It is called often and mostly finds nothing, which costs
// one read and no transaction.
func (s *Store) ExpireNodes(ctx context.Context, now time.Time) (lost []presence.Agent, err error) {
	defer errs.Wrap(&err, "store.ExpireNodes")
	const ended = `SELECT o.id FROM node o WHERE o.lease_until <= $1`
	nodes, err := all(ctx, s.readers, scalar[string], ended, ms(now))
	if err != nil || len(nodes) == 0 {
		return []presence.Agent{}, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		// A node that has beaten meanwhile is not in the list any more.
		nodes, err := all(ctx, t, scalar[string], ended+` ORDER BY o.lease_until, o.id`+s.dialect.lock("o"), ms(now))
		if err != nil {
			return err
		}
		lost, err = s.dropNodes(ctx, t, nodes, ms(now))
		return err
	})
	return lost, err
}

// dropNodes forgets nodes and returns the agents that no live node holds now.
func (s *Store) dropNodes(ctx context.Context, t *tx, nodes []string, when int64) ([]presence.Agent, error) {
	list := jsonList(nodes)
	held, err := all(ctx, t, scalar[string], `SELECT a.id FROM agent a WHERE a.id IN
		(SELECT p.agent FROM presence p WHERE p.node IN `+s.dialect.list("$1")+`)
		ORDER BY a.id`+s.dialect.lock("a"), list)
	if err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, `DELETE FROM presence WHERE node IN `+s.dialect.list("$1"), list); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, `DELETE FROM online_visitor WHERE node IN `+s.dialect.list("$1"), list); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, `DELETE FROM node WHERE id IN `+s.dialect.list("$1"), list); err != nil {
		return nil, err
	}
	return changeAll(ctx, t, func(r row) (a presence.Agent, err error) { return a, r.Scan(&a.Tenant, &a.Agent) },
		`UPDATE agent SET lost_at = $2 WHERE id IN `+s.dialect.list("$1")+` AND NOT EXISTS
			(SELECT 1 FROM presence p JOIN node o ON o.id = p.node
				WHERE p.tenant = agent.tenant AND p.agent = agent.id AND o.lease_until > $2)
			RETURNING tenant, id`, jsonList(held), when)
}
