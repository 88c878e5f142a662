package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
)

var _ robot.Store = (*Store)(nil)

const selectRobot = `SELECT r.id, r.tenant, r.agent, r.name, r.active, r.body, r.secret, r.version, r.created_at, r.updated_at FROM robot r`

// scanRobot reads selectRobot: what is in columns counts, whatever the document says.
func scanRobot(row row) (r robot.Robot, err error) {
	var own robot.Robot
	var active, created, updated int64
	var body string
	if err = row.Scan(&own.ID, &own.Tenant, &own.Agent, &own.Name, &active, &body, &own.Key, &own.Version, &created, &updated); err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(body), &r)
	r.ID, r.Tenant, r.Agent, r.Name, r.Active, r.Key, r.Version = own.ID, own.Tenant, own.Agent, own.Name, active != 0, own.Key, own.Version
	r.CreatedAt, r.UpdatedAt, r.Engine.KeySet = at(created), at(updated), own.Key != ""
	return r, err
}

// Robots implements robot.Store.
func (s *Store) Robots(ctx context.Context, t id.Tenant) (list []robot.Robot, err error) {
	defer errs.Wrap(&err, "store.Robots")
	return all(ctx, s.readers, scanRobot, selectRobot+` WHERE r.tenant = $1 ORDER BY r.id LIMIT $2`, string(t), robot.MaxRobots)
}

// AllRobots implements robot.Store.
func (s *Store) AllRobots(ctx context.Context, after string, limit int) (list []robot.Robot, err error) {
	defer errs.Wrap(&err, "store.AllRobots")
	return all(ctx, s.readers, scanRobot, selectRobot+` WHERE r.id > $1 ORDER BY r.id LIMIT $2`, after, limit)
}

// Robot implements robot.Store.
func (s *Store) Robot(ctx context.Context, t id.Tenant, name string) (r robot.Robot, err error) {
	defer errs.Wrap(&err, "store.Robot %s", name)
	return robotOf(ctx, s.readers, ` WHERE r.id = $1 AND r.tenant = $2`, name, string(t))
}

// RobotByAgent implements robot.Store.
func (s *Store) RobotByAgent(ctx context.Context, t id.Tenant, a id.Agent) (r robot.Robot, err error) {
	defer errs.Wrap(&err, "store.RobotByAgent %s", a)
	return robotOf(ctx, s.readers, ` WHERE r.agent = $1 AND r.tenant = $2`, string(a), string(t))
}

func robotOf(ctx context.Context, q runner, where string, args ...any) (robot.Robot, error) {
	r, ok, err := first(ctx, q, scanRobot, selectRobot+where, args...)
	if err == nil && !ok {
		err = missing("robot")
	}
	return r, err
}

// Receptions implements account.Store.
func (s *Store) Receptions(ctx context.Context, t id.Tenant) (list map[id.Inbox]account.Reception, err error) {
	defer errs.Wrap(&err, "store.Receptions")
	robots, err := all(ctx, s.readers, scanRobot, selectRobot+` WHERE r.tenant = $1 AND r.active = 1 ORDER BY r.id LIMIT $2`, string(t), robot.MaxRobots)
	for _, r := range robots {
		for _, in := range r.Inboxes {
			if list == nil {
				list = map[id.Inbox]account.Reception{}
			}
			list[in] = account.Reception{Robot: r.ID, Agent: r.Agent, Name: r.Name, When: string(r.When), Team: r.Team, Button: r.Button, After: r.ButtonAfter}
		}
	}
	return list, err
}

// SaveRobot implements robot.Store. Changes of one company's robots wait for one
// another. The agent of a robot has no place that could fill up: what it has is not
// counted, so that its row is written by nobody who gives it a conversation.
func (s *Store) SaveRobot(ctx context.Context, r robot.Robot, most int, by audit.By) (_ robot.Robot, err error) {
	defer errs.Wrap(&err, "store.SaveRobot %s", r.ID)
	body, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	saved := r
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		saved = r
		if err := s.lockTenant(ctx, t, r.Tenant); err != nil {
			return err
		}
		for _, in := range r.Inboxes {
			if err := mustHave(ctx, t, "inbox", r.Tenant, string(in)); err != nil {
				return err
			}
		}
		if r.Team != "" {
			if err := mustHave(ctx, t, "team", r.Tenant, string(r.Team)); err != nil {
				return err
			}
		}
		saved.Version++
		c := changed{tenant: r.Tenant, thing: "robot", id: r.ID, name: r.Name, after: robotRecord{Robot: r}}
		if r.Version == 0 {
			if err := s.addRobot(ctx, t, saved, string(body), most); err != nil {
				return err
			}
		} else {
			before, err := robotOf(ctx, t, ` WHERE r.id = $1 AND r.tenant = $2`, r.ID, string(r.Tenant))
			if err != nil {
				return err
			}
			if err := changeRobot(ctx, t, saved, string(body)); err != nil {
				return err
			}
			c.before = robotRecord{Robot: before}
			if before.Key != r.Key {
				c.after = robotRecord{Robot: r, Key: "changed"}
			}
		}
		if err := placeRobot(ctx, t, r); err != nil {
			return err
		}
		return record(ctx, t, by, c)
	})
	return saved, err
}

// robotRecord is a robot as the audit log keeps it: without the key of its engine, but
// with the fact that it was changed.
type robotRecord struct {
	robot.Robot
	Key string `json:"key,omitempty"`
}

func (s *Store) addRobot(ctx context.Context, t *tx, r robot.Robot, body string, most int) error {
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM robot WHERE tenant = $1`, string(r.Tenant))
	if err == nil && n >= most {
		err = errs.New(errs.Conflict, "too_many_robots", "there are %d robots", n)
	}
	if err != nil {
		return err
	}
	if err := s.createAgent(ctx, t, account.Agent{ID: r.Agent, Tenant: r.Tenant, Username: string(r.Agent), Name: r.Name, Role: account.Bot, CreatedAt: r.CreatedAt}, audit.None, "{}"); err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO robot (id, tenant, agent, name, active, body, secret, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, string(r.Tenant), string(r.Agent), r.Name, flag(r.Active), body, r.Key, r.Version, ms(r.CreatedAt), ms(r.UpdatedAt))
	return err
}

func changeRobot(ctx context.Context, t *tx, r robot.Robot, body string) error {
	n, err := t.exec(ctx, `UPDATE robot SET name = $3, active = $4, body = $5, secret = $6, version = $7, updated_at = $8 WHERE id = $1 AND tenant = $2 AND version = $9`,
		r.ID, string(r.Tenant), r.Name, flag(r.Active), body, r.Key, r.Version, ms(r.UpdatedAt), r.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.New(errs.Conflict, "changed_meanwhile", "the robot was changed meanwhile")
	}
	_, err = t.exec(ctx, `UPDATE agent SET name = $3, disabled = 0 WHERE id = $1 AND tenant = $2`, string(r.Agent), string(r.Tenant), r.Name)
	return err
}

// placeRobot writes down which inboxes an active robot has.
func placeRobot(ctx context.Context, t *tx, r robot.Robot) error {
	if _, err := t.exec(ctx, `DELETE FROM robot_inbox WHERE tenant = $1 AND robot = $2`, string(r.Tenant), r.ID); err != nil || !r.Active {
		return err
	}
	for _, in := range r.Inboxes {
		n, err := t.exec(ctx, `INSERT INTO robot_inbox (tenant, inbox, robot) VALUES ($1, $2, $3) ON CONFLICT (tenant, inbox) DO NOTHING`, string(r.Tenant), string(in), r.ID)
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "inbox_taken", "another robot receives the visitors of %s", in)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteRobot implements robot.Store.
func (s *Store) DeleteRobot(ctx context.Context, t id.Tenant, name string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteRobot %s", name)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		r, err := robotOf(ctx, x, ` WHERE r.id = $1 AND r.tenant = $2`, name, string(t))
		if err != nil {
			return err
		}
		_, busy, err := first(ctx, x, scalar[int64], `SELECT 1 FROM conversation WHERE tenant = $1 AND agent = $2 AND status <> 'closed' LIMIT 1`, string(t), string(r.Agent))
		if err != nil {
			return err
		}
		if busy || r.Active {
			return errs.New(errs.Conflict, "robot_in_use", "the robot is switched on or has conversations")
		}
		if _, err := x.exec(ctx, `DELETE FROM robot WHERE id = $1 AND tenant = $2`, name, string(t)); err != nil {
			return err
		}
		if _, err = x.exec(ctx, `UPDATE agent SET disabled = 1 WHERE id = $1 AND tenant = $2`, string(r.Agent), string(t)); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "robot", id: r.ID, name: r.Name, before: robotRecord{Robot: r}})
	})
}

// receive gives a conversation that was just made to a robot. If the robot's agent is
// switched off it stays in its queue.
func (s *Store) receive(ctx context.Context, t *tx, c conversation.Conversation, r conversation.Robot) error {
	_, there, err := first(ctx, t, scalar[int64], `SELECT 1 FROM agent WHERE id = $1 AND tenant = $2 AND disabled = 0`, string(r.Agent), string(c.Tenant))
	if err != nil || !there {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE conversation SET status = 'open', agent = $2, assigned_at = $3, bound_agent = '',
		team = CASE WHEN $4 <> '' THEN $4 ELSE team END, version = version + 1 WHERE id = $1`, string(c.ID), string(r.Agent), ms(c.CreatedAt), string(r.Team)); err != nil {
		return err
	}
	if err := keepDecision(ctx, t, c.ID, r.Agent, r.Decision); err != nil {
		return err
	}
	_, err = s.record(ctx, t, c, r.Line, r.Name)
	return err
}

// TakeTurn implements robot.Store.
func (s *Store) TakeTurn(ctx context.Context, in robot.Take) (turn robot.Turn, ok bool, err error) {
	defer errs.Wrap(&err, "store.TakeTurn %s", in.Conversation)
	turn.Conversation = in.Conversation
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		var state string
		state, ok, err = change(ctx, t, func(r row) (state string, err error) { return state, r.Scan(&turn.Done, &state) },
			`INSERT INTO robot_turn (conversation, tenant, done, state, owner, lease) VALUES ($1, $2, 0, '', $3, $4)
			ON CONFLICT (conversation) DO UPDATE SET owner = excluded.owner, lease = excluded.lease
			WHERE robot_turn.tenant = excluded.tenant AND robot_turn.lease <= $5 RETURNING done, state`,
			string(in.Conversation), string(in.Tenant), in.Owner, ms(in.Until), ms(in.Now))
		turn.State = robot.State{}
		if err == nil && state != "" {
			err = json.Unmarshal([]byte(state), &turn.State)
		}
		return err
	})
	return turn, ok, err
}

// EndTurn implements robot.Store. It reads the newest number in the statement that
// gives the turn back, so that whoever says something later finds the turn free.
func (s *Store) EndTurn(ctx context.Context, tenant id.Tenant, owner string, turn robot.Turn) (last int64, err error) {
	defer errs.Wrap(&err, "store.EndTurn %s", turn.Conversation)
	state, err := json.Marshal(turn.State)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE robot_turn SET done = $4, state = $5, owner = '', lease = 0 WHERE conversation = $1 AND tenant = $2 AND owner = $3`,
			string(turn.Conversation), string(tenant), owner, turn.Done, string(state))
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "turn_lost", "the turn took too long")
		}
		if err != nil {
			return err
		}
		last, _, err = first(ctx, t, scalar[int64], `SELECT c.last_seq FROM conversation c WHERE c.id = $1 AND c.tenant = $2`, string(turn.Conversation), string(tenant))
		return err
	})
	return last, err
}

// LongerTurn implements robot.Store.
func (s *Store) LongerTurn(ctx context.Context, tenant id.Tenant, owner string, c id.Conversation, until time.Time) (err error) {
	defer errs.Wrap(&err, "store.LongerTurn %s", c)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `UPDATE robot_turn SET lease = $4 WHERE conversation = $1 AND tenant = $2 AND owner = $3`, string(c), string(tenant), owner, ms(until))
		if err == nil && n == 0 {
			err = errs.New(errs.Conflict, "turn_lost", "the turn took too long")
		}
		return err
	})
}

// DueTurns implements robot.Store.
func (s *Store) DueTurns(ctx context.Context, t id.Tenant, a id.Agent, after id.Conversation, now time.Time, limit int) (list []id.Conversation, err error) {
	defer errs.Wrap(&err, "store.DueTurns")
	return all(ctx, s.readers, scalar[id.Conversation], `SELECT c.id FROM conversation c LEFT JOIN robot_turn r ON r.conversation = c.id
		WHERE c.tenant = $1 AND c.agent = $2 AND c.status <> 'closed' AND c.id > $3 AND c.last_seq > COALESCE(r.done, 0) AND COALESCE(r.lease, 0) <= $4
		ORDER BY c.id LIMIT $5`, string(t), string(a), string(after), ms(now), limit)
}

// HeldBy implements robot.Store.
func (s *Store) HeldBy(ctx context.Context, t id.Tenant, a id.Agent, after id.Conversation, limit int) (list []id.Conversation, err error) {
	defer errs.Wrap(&err, "store.HeldBy")
	return all(ctx, s.readers, scalar[id.Conversation], `SELECT c.id FROM conversation c WHERE c.tenant = $1 AND c.agent = $2 AND c.status <> 'closed' AND c.id > $3
		ORDER BY c.id LIMIT $4`, string(t), string(a), string(after), limit)
}

// RateAnswer implements robot.Store.
func (s *Store) RateAnswer(ctx context.Context, t id.Tenant, c id.Conversation, seq int64, helpful bool, when time.Time) (fresh bool, err error) {
	defer errs.Wrap(&err, "store.RateAnswer %s %d", c, seq)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `INSERT INTO robot_rating (conversation, seq, tenant, helpful, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (conversation, seq) DO NOTHING`,
			string(c), seq, string(t), flag(helpful), ms(when))
		if fresh = n > 0; err != nil || fresh {
			return err
		}
		was, _, err := first(ctx, x, scalar[int64], `SELECT helpful FROM robot_rating WHERE conversation = $1 AND seq = $2 AND tenant = $3`, string(c), seq, string(t))
		if err == nil && was != flag(helpful) {
			err = errs.New(errs.Conflict, "rated_already", "the answer has been rated")
		}
		return err
	})
	return fresh, err
}
