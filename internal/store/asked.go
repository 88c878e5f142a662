package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// askedText is how a wish is kept, and the bound agent for whom it waits.
func askedText(a *conversation.Asked) (text, bound string, err error) {
	if a == nil {
		return "", "", nil
	}
	b, err := json.Marshal(a)
	if a.Bound != nil && a.Bound.Left == "" {
		bound = string(a.Bound.Agent)
	}
	return string(b), bound, err
}

// enter finds the team in whose queue a conversation begins, and what is kept of the
// wish. Who counts a queue and who enters it wait for one another.
func (s *Store) enter(ctx context.Context, t *tx, c conversation.Conversation, e conversation.Entrance) (team id.Team, asked string, err error) {
	a := e.Asked
	team = c.Team
	if c.BoundAgent == "" && len(e.Spills[c.Team]) > 0 {
		var steps []conversation.Spilled
		if team, steps, err = s.spill(ctx, t, c.Tenant, c.Team, e.Spills); err == nil {
			err = s.noteOverflows(ctx, t, c, steps, c.CreatedAt)
		}
		if err != nil {
			return team, "", err
		}
		if len(steps) > 0 {
			next := conversation.Asked{}
			if a != nil {
				next = *a
			}
			next.Spilled = steps
			a = &next
		}
	}
	asked, _, err = askedText(a)
	return team, asked, err
}

// spill follows the rules of long queues from a team.
func (s *Store) spill(ctx context.Context, t *tx, tenant id.Tenant, team id.Team, rules conversation.Spills) (id.Team, []conversation.Spilled, error) {
	if err := s.lockTenant(ctx, t, tenant); err != nil {
		return team, nil, err
	}
	return rules.Follow(team, func(team id.Team) (int, error) {
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM conversation WHERE tenant = $1 AND team = $2 AND status = 'queued'`, string(tenant), string(team))
		return n, err
	})
}

// noteOverflows has webhooks told that long queues sent a conversation on.
func (s *Store) noteOverflows(ctx context.Context, t *tx, c conversation.Conversation, steps []conversation.Spilled, when time.Time) error {
	for _, step := range steps {
		if err := s.noteAll(ctx, t, c.Tenant, hook.Note{Occasion: hook.Overflowed, Inbox: c.Inbox, At: when}, conversation.Overflow{Conversation: c.ID, Spilled: step}); err != nil {
			return err
		}
	}
	return nil
}

// Asked implements routing.Store.
func (s *Store) Asked(ctx context.Context, t id.Tenant, c id.Conversation) (a *conversation.Asked, err error) {
	defer errs.Wrap(&err, "store.Asked %s", c)
	return askedOf(ctx, s.readers, t, c)
}

func askedOf(ctx context.Context, q runner, t id.Tenant, c id.Conversation) (*conversation.Asked, error) {
	text, ok, err := first(ctx, q, scalar[string], `SELECT c.asked FROM conversation c WHERE c.id = $1 AND c.tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = noConversation()
	}
	if err != nil || text == "" {
		return nil, err
	}
	var a conversation.Asked
	return &a, json.Unmarshal([]byte(text), &a)
}

// waitingNow reads and locks a queued conversation that has not moved.
func (s *Store) waitingNow(ctx context.Context, t *tx, tenant id.Tenant, id id.Conversation, version int64) (c conversation.Conversation, err error) {
	c, err = conversationOf(ctx, t, tenant, id, s.dialect.lock("c"))
	if err == nil && (c.Version != version || c.Status != conversation.Queued) {
		err = errMoved()
	}
	return c, err
}

// LeaveBound implements routing.Store.
func (s *Store) LeaveBound(ctx context.Context, in routing.LeaveInput) (moved conversation.Moved, steps []conversation.Spilled, err error) {
	defer errs.Wrap(&err, "store.LeaveBound %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if len(in.Spills) > 0 { // locks are taken in one order everywhere: the company first
			if err := s.lockTenant(ctx, t, in.Tenant); err != nil {
				return err
			}
		}
		c, err := s.waitingNow(ctx, t, in.Tenant, in.Conversation, in.Version)
		if err != nil {
			return err
		}
		a, err := askedOf(ctx, t, in.Tenant, in.Conversation)
		if err != nil {
			return err
		}
		if a == nil || a.Bound == nil || c.BoundAgent == "" {
			return errMoved()
		}
		a.Bound.Left, a.Bound.LeftAt = string(in.Cause), in.At
		team := c.Team
		if len(in.Spills[c.Team]) > 0 {
			// The conversation itself is in the queue that is counted: it is the one
			// that is too many if so many wait beside it.
			rules := in.Spills.Beside(c.Team)
			if team, steps, err = s.spill(ctx, t, in.Tenant, c.Team, rules); err == nil {
				err = s.noteOverflows(ctx, t, c, steps, in.At)
			}
			if err != nil {
				return err
			}
			a.Spilled = append(a.Spilled, steps...)
		}
		moved, err = s.reask(ctx, t, c, a, team, c.RequestedAgent)
		return err
	})
	return moved, steps, err
}

// Rewish implements routing.Store.
func (s *Store) Rewish(ctx context.Context, in routing.RewishInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.Rewish %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
		switch {
		case err != nil:
			return err
		case c.Version != in.Version || c.Status == conversation.Closed:
			return errMoved()
		case c.Status == conversation.Queued:
			if in.Team != "" {
				if err := mustHave(ctx, t, "team", in.Tenant, string(in.Team)); err != nil {
					return err
				}
			}
			moved, err = s.reask(ctx, t, c, in.Asked, in.Team, in.Named)
			return err
		}
		text, _, err := askedText(in.Asked)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE conversation SET asked = $2 WHERE id = $1`, string(c.ID), text)
		moved = conversation.Moved{Conversation: c}
		return err
	})
	return moved, err
}

// reask changes what a queued conversation waits for. Its place in time stays.
func (s *Store) reask(ctx context.Context, t *tx, c conversation.Conversation, a *conversation.Asked, team id.Team, named id.Agent) (moved conversation.Moved, err error) {
	text, bound, err := askedText(a)
	if err != nil {
		return moved, err
	}
	if _, err = t.exec(ctx, `UPDATE conversation SET asked = $2, bound_agent = $3, team = $4, requested_agent = $5, version = version + 1 WHERE id = $1`,
		string(c.ID), text, bound, string(team), string(named)); err != nil {
		return moved, err
	}
	c.Team, c.RequestedAgent, c.BoundAgent, c.Version = team, named, id.Agent(bound), c.Version+1
	return conversation.Moved{Conversation: c}, nil
}
