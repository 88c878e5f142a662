package store

import (
	"context"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// SetState implements account.Store. The status returned is read in the same transaction, so it is
// the one that was chosen here.
func (s *Store) SetState(ctx context.Context, t id.Tenant, a id.Agent, st account.State, reason string, when time.Time) (got account.AgentStatus, err error) {
	defer errs.Wrap(&err, "store.SetState %s", a)
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		before, _, err := first(ctx, x, scalar[account.State], `SELECT a.state FROM agent a WHERE a.id = $1 AND a.tenant = $2`+s.dialect.lock("a"), string(a), string(t))
		if err != nil {
			return err
		}
		n, err := x.exec(ctx, `UPDATE agent SET state = $3, state_reason = $4, state_since = $5
			WHERE id = $1 AND tenant = $2`, string(a), string(t), string(st), reason, ms(when))
		if err != nil {
			return err
		}
		if n == 0 {
			return missing("agent")
		}
		if got, err = statusOf(ctx, x, t, a, ms(when)); err != nil || st == before {
			return err
		}
		return s.noteAll(ctx, x, t, hook.Note{Occasion: hook.AgentState, At: when}, account.StateChanged{Agent: a, Name: got.Name, Before: before, State: st, Reason: reason})
	})
	return got, err
}

// SetPresence implements account.Store.
func (s *Store) SetPresence(ctx context.Context, t id.Tenant, a id.Agent, word string) (err error) {
	defer errs.Wrap(&err, "store.SetPresence %s", a)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `UPDATE agent SET presence = $3 WHERE id = $1 AND tenant = $2`, string(a), string(t), word)
		if err == nil && n == 0 {
			err = missing("agent")
		}
		return err
	})
}

// AgentStatus implements account.Store. Connected is computed from the presence rows of nodes
// whose lease is running; it is stored nowhere.
func (s *Store) AgentStatus(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (got account.AgentStatus, err error) {
	defer errs.Wrap(&err, "store.AgentStatus %s", a)
	return statusOf(ctx, s.readers, t, a, ms(now))
}

// Roster implements account.Store and routing.Store. Two queries read the whole team; routing
// takes it as the picture to decide on, and Assign checks again.
func (s *Store) Roster(ctx context.Context, t id.Tenant, now time.Time) (list []account.AgentStatus, err error) {
	defer errs.Wrap(&err, "store.Roster")
	list, err = all(ctx, s.readers, scanStatus,
		selectStatus+` WHERE a.tenant = $1 AND a.disabled = 0 AND a.cap > 0 ORDER BY a.name, a.id`, string(t), ms(now))
	if err != nil {
		return nil, err
	}
	by, err := s.teamsByAgent(ctx, t)
	for i := range list {
		list[i].Teams = append([]id.Team{}, by[list[i].Agent]...)
	}
	return list, err
}
