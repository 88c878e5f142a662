package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// errMoved tells a caller that somebody else was faster.
func errMoved() error {
	return errs.New(errs.Conflict, "conversation_moved", "the conversation has moved meanwhile")
}

// claimant is the agent row as Assign needs it.
type claimant struct {
	id                  id.Agent
	name                string
	state               account.State
	open, cap, disabled int64
	live, bot           int64
}

// Assign implements routing.Store. What can refuse it is locked and checked before anything is
// written, so a lost race costs no rollback.
func (s *Store) Assign(ctx context.Context, in routing.AssignInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.Assign %s to %s", in.Conversation, in.To)
	body, err := json.Marshal(in.Decision)
	if err != nil {
		return moved, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		c, name, err := s.assignable(ctx, t, in)
		if err != nil {
			return err
		}
		moved, err = s.assign(ctx, t, c, name, in, string(body))
		return err
	})
	return moved, err
}

// assignable locks and checks everything that could refuse an assignment: the
// conversation first, then the agents in order of their ids. It returns the
// conversation and the name of the agent who gets it.
func (s *Store) assignable(ctx context.Context, t *tx, in routing.AssignInput) (c conversation.Conversation, name string, err error) {
	c, err = conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
	if err != nil {
		return c, "", err
	}
	status := conversation.Queued
	if in.From != "" {
		status = conversation.Open
	}
	if c.Version != in.Version || c.Status != status || c.Agent != in.From {
		return c, "", errMoved()
	}
	agents, err := all(ctx, t, scanClaimant, `SELECT `+claimantOf+` AND n.lease_until > $4), `+isBot+` FROM agent a WHERE a.id IN ($2, $3) AND a.tenant = $1 ORDER BY a.id`+s.dialect.lock("a"),
		string(in.Tenant), string(in.To), string(in.From), ms(in.At))
	if err != nil {
		return c, "", err
	}
	i := slices.IndexFunc(agents, func(a claimant) bool { return a.id == in.To })
	if i < 0 {
		return c, "", missing("agent")
	}
	a := agents[i]
	switch {
	case a.disabled != 0 && in.To != in.From:
		return c, "", errs.New(errs.Conflict, "agent_disabled", "%s has been switched off and cannot take conversations", a.name)
	case !in.Force && !a.takes(in.Offline):
		return c, "", errs.New(errs.Conflict, "agent_unavailable", "%s is not available", a.name)
	case in.To != in.From && (a.open >= a.cap || in.AgentCap > 0 && a.cap >= account.MaxCap && a.open >= int64(in.AgentCap)):
		return c, "", errs.New(errs.Conflict, "agent_full", "%s has no free place", a.name)
	}
	if in.TeamCap > 0 && !in.Force && c.Team != "" {
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM conversation WHERE tenant = $1 AND agent = $2 AND status = 'open' AND held_at = 0 AND team = $3`,
			string(in.Tenant), string(in.To), string(c.Team))
		if err != nil {
			return c, "", err
		}
		if n >= in.TeamCap {
			return c, "", errs.New(errs.Conflict, "agent_full", "%s has no free place in the team", a.name)
		}
	}
	return c, a.name, nil
}

// takes reports whether the agent takes conversations that are given to it; offline
// says that it need not be connected. A bot always takes.
func (a claimant) takes(offline bool) bool {
	return a.disabled == 0 && (a.bot != 0 || a.state == account.Ready && (a.live > 0 || offline))
}

// isBot is 1 for an agent a that is a bot, else 0.
const isBot = `CASE WHEN a.role = 'bot' OR ' ' || a.also || ' ' LIKE '% bot %' THEN 1 ELSE 0 END`

// claimantOf are the columns of scanClaimant up to the condition on nodes n whose
// lease counts.
const claimantOf = `a.id, a.name, a.state, a.open, a.cap, a.disabled, (SELECT COUNT(*) FROM presence p JOIN node n ON n.id = p.node
	WHERE p.tenant = a.tenant AND p.agent = a.id AND a.presence <> 'offline'`

// scanClaimant reads an agent with the number of its live connections' nodes.
func scanClaimant(r row) (a claimant, err error) {
	return a, r.Scan(&a.id, &a.name, &a.state, &a.open, &a.cap, &a.disabled, &a.live, &a.bot)
}

// assign makes the changes of an assignment that nothing can refuse any more.
func (s *Store) assign(ctx context.Context, t *tx, c conversation.Conversation, name string, in routing.AssignInput, body string) (moved conversation.Moved, err error) {
	if in.From != in.To {
		if err := s.freeUnlessHeld(ctx, t, c, ms(in.At)); err != nil {
			return moved, err
		}
	}
	if _, err := t.exec(ctx, `UPDATE agent SET open = open + $3, served = served + $3, last_assigned_at = $2 WHERE id = $1`,
		string(in.To), ms(in.At), flag(in.From != in.To)); err != nil {
		return moved, err
	}
	if _, err := t.exec(ctx, `UPDATE conversation SET status = 'open', agent = $2, assigned_at = $3, held_at = 0, bound_agent = '',
		team = CASE WHEN $4 <> '' THEN $4 ELSE team END, version = version + 1 WHERE id = $1`, string(c.ID), string(in.To), ms(in.At), string(in.Team)); err != nil {
		return moved, err
	}
	if team := cmp.Or(in.Team, c.Team); team != "" && in.From != in.To {
		if _, err := t.exec(ctx, `UPDATE agent_team SET served = served + 1 WHERE tenant = $1 AND agent = $2 AND team = $3`,
			string(in.Tenant), string(in.To), string(team)); err != nil {
			return moved, err
		}
	}
	if err := keepDecision(ctx, t, c.ID, in.To, body); err != nil {
		return moved, err
	}
	moved, err = s.record(ctx, t, c, in.Line, name)
	moved.Before = in.From
	return moved, err
}

// freePlace takes one open conversation off an agent, if there is one.
func (s *Store) freePlace(ctx context.Context, t *tx, tenant id.Tenant, a id.Agent, when int64) error {
	if a == "" || a.Robot() { // what a robot has is not counted
		return nil
	}
	_, err := t.exec(ctx, `UPDATE agent SET open = CASE WHEN open > 0 THEN open - 1 ELSE 0 END,
		idle_since = CASE WHEN open <= 1 THEN CAST($3 AS BIGINT) ELSE idle_since END
		WHERE id = $1 AND tenant = $2`, string(a), string(tenant), when)
	return err
}

// freeUnlessHeld frees the place that c takes from its agent; one on hold takes none.
func (s *Store) freeUnlessHeld(ctx context.Context, t *tx, c conversation.Conversation, when int64) error {
	if c.HeldAt != nil {
		return nil
	}
	return s.freePlace(ctx, t, c.Tenant, c.Agent, when)
}

// keepServed remembers that the agent of c has served its visitor.
func keepServed(ctx context.Context, t *tx, c conversation.Conversation, when int64) error {
	if c.Agent.Robot() { // whom a robot served is known to nobody
		return nil
	}
	_, err := t.exec(ctx, `INSERT INTO served (tenant, visitor, agent, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant, visitor, agent) DO UPDATE SET at = excluded.at`,
		string(c.Tenant), string(c.Visitor), string(c.Agent), when)
	return err
}

// Requeue implements routing.Store. Locks are taken in the order that all verbs keep: the
// conversation, then the agent.
func (s *Store) Requeue(ctx context.Context, in routing.RequeueInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.Requeue %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if len(in.Spills) > 0 { // locks are taken in one order everywhere: the company first
			if err := s.lockTenant(ctx, t, in.Tenant); err != nil {
				return err
			}
		}
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if c.Version != in.Version || c.Status == conversation.Closed {
			return errMoved()
		}
		if in.Team != "" {
			if err := mustHave(ctx, t, "team", in.Tenant, string(in.Team)); err != nil {
				return err
			}
		}
		moved, err = s.requeue(ctx, t, c, in)
		return err
	})
	return moved, err
}

// requeue makes the changes of Requeue. The time of waiting starts anew; who is
// to be served before others comes with a higher priority.
func (s *Store) requeue(ctx context.Context, t *tx, c conversation.Conversation, in routing.RequeueInput) (moved conversation.Moved, err error) {
	if err := s.freeUnlessHeld(ctx, t, c, ms(in.At)); err != nil {
		return moved, err
	}
	steps, err := s.spillOver(ctx, t, c, &in)
	if err != nil {
		return moved, err
	}
	asked, bound, err := askedText(in.Asked)
	if err != nil {
		return moved, err
	}
	if _, err := t.exec(ctx, `UPDATE conversation SET bound_agent = $6, asked = CASE WHEN $7 <> '' THEN $7 ELSE asked END, status = 'queued', agent = '', assigned_at = 0, held_at = 0, team = $2, priority = CAST($3 AS BIGINT),
		queued_at = $4, queue_key = CAST($5 AS BIGINT) - CASE WHEN CAST($3 AS BIGINT) = 0 THEN `+aheadOf+` ELSE 0 END, version = version + 1 WHERE id = $1`, string(c.ID), string(in.Team),
		in.Priority, ms(in.At), queueKey(in.Priority, ms(in.At)), bound, asked); err != nil {
		return moved, err
	}
	moved, err = s.record(ctx, t, c, in.Line, "")
	moved.Before, moved.Spilled = c.Agent, steps
	return moved, err
}

// spillOver sends a conversation that enters a long queue on, before it does.
func (s *Store) spillOver(ctx context.Context, t *tx, c conversation.Conversation, in *routing.RequeueInput) ([]conversation.Spilled, error) {
	if a := in.Asked; len(in.Spills[in.Team]) == 0 || a != nil && a.Bound != nil && a.Bound.Left == "" {
		return nil, nil
	}
	team, steps, err := s.spill(ctx, t, in.Tenant, in.Team, in.Spills)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	if err = s.noteOverflows(ctx, t, c, steps, in.At); err != nil {
		return nil, err
	}
	name, _, err := first(ctx, t, scalar[string], `SELECT name FROM team WHERE tenant = $1 AND id = $2`, string(in.Tenant), string(team))
	if err != nil {
		return nil, err
	}
	a := in.Asked
	if a == nil {
		if a, err = askedOf(ctx, t, in.Tenant, in.Conversation); err != nil {
			return nil, err
		}
	}
	next := conversation.Asked{}
	if a != nil {
		next = *a
	}
	next.Spilled = append(slices.Clone(next.Spilled), steps...)
	in.Team, in.Asked = team, &next
	if in.Line.Line != nil {
		line := *in.Line.Line
		line.Team, line.TeamName = team, name
		in.Line.Line = &line
	}
	return steps, nil
}

// OpenOf implements routing.Store. Names are filled. The list is short: a cap bounds it.
func (s *Store) OpenOf(ctx context.Context, t id.Tenant, a id.Agent) (list []conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.OpenOf %s", a)
	return all(ctx, s.readers, scanConversation, namedConversation+` WHERE c.tenant = $1 AND c.agent = $2
		AND c.agent <> '' AND c.status <> 'closed' ORDER BY c.last_at DESC, c.id DESC LIMIT $3`,
		string(t), string(a), account.MaxCap)
}

// RepairLoads implements routing.Store. It is for the reconciler: the verbs keep
// the counts right, and a difference is worth a line in the log.
func (s *Store) RepairLoads(ctx context.Context, t id.Tenant) (wrong []id.Agent, err error) {
	defer errs.Wrap(&err, "store.RepairLoads")
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		// Whoever assigns or frees holds the agent's row until its commit, so a
		// count made after all rows are locked misses nothing.
		if _, err := all(ctx, x, scalar[string], `SELECT a.id FROM agent a WHERE a.tenant = $1 ORDER BY a.id`+
			s.dialect.lock("a"), string(t)); err != nil {
			return err
		}
		wrong, err = changeAll(ctx, x, scalar[id.Agent], `UPDATE agent SET open = held.n
			FROM (SELECT b.id, (SELECT COUNT(*) FROM conversation c WHERE c.tenant = $1 AND c.agent = b.id
				AND c.status <> 'closed' AND c.held_at = 0) AS n FROM agent b WHERE b.tenant = $1) AS held
			WHERE held.id = agent.id AND agent.open <> held.n AND agent.id NOT LIKE 'robot-%' RETURNING agent.id`, string(t))
		return err
	})
	return wrong, err
}
