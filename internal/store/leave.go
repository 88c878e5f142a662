package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/leave"
)

const leaveColumns = `id, tenant, inbox, visitor, kind, conversation, name, email, phone, content, fields, reason, url, title, at,
	state, assignee, note, reply, replied_at, replied_by, changed_at, changed_by`

func scanLeave(r row) (m leave.Message, err error) {
	var fields string
	var when, replied, changed int64
	if err = r.Scan(&m.ID, &m.Tenant, &m.Inbox, &m.Visitor, &m.Kind, &m.Conversation, &m.Name, &m.Email, &m.Phone, &m.Content, &fields, &m.Reason,
		&m.URL, &m.Title, &when, &m.State, &m.Assignee, &m.Note, &m.Reply, &replied, &m.RepliedBy, &changed, &m.ChangedBy); err != nil {
		return m, err
	}
	m.At, m.RepliedAt, m.ChangedAt = at(when), atOrNil(replied), atOrNil(changed)
	return m, json.Unmarshal([]byte(fields), &m.Fields)
}

// AddLeave implements leave.Store. An inbox of another tenant is NotFound.
func (s *Store) AddLeave(ctx context.Context, m leave.Message, jobs ...leave.Post) (err error) {
	defer errs.Wrap(&err, "store.AddLeave %s", m.Inbox)
	fields := m.Fields
	if fields == nil {
		fields = map[string]string{}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := mustHave(ctx, t, "inbox", m.Tenant, string(m.Inbox)); err != nil {
			return err
		}
		_, err := t.exec(ctx, `INSERT INTO leave_message (`+leaveColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '', '', '', 0, '', 0, '')`, m.ID, string(m.Tenant), string(m.Inbox),
			string(m.Visitor), string(m.Kind), string(m.Conversation), m.Name, m.Email, m.Phone, m.Content, string(b), m.Reason, m.URL, m.Title, ms(m.At),
			string(leave.Open))
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if err := enqueuePost(ctx, t, m.Tenant, j, m.At); err != nil {
				return err
			}
		}
		return s.noteAll(ctx, t, m.Tenant, hook.Note{Occasion: hook.LeftMessage, Inbox: m.Inbox, At: m.At}, m)
	})
}

// keepMissed adds the entry of a visitor whose conversation ends without an
// agent, in the transaction that ends it. What the visitor said last is its content.
func keepMissed(ctx context.Context, t *tx, c conversation.Conversation, by conversation.EndBy, when int64) error {
	reason := "left"
	if by == conversation.EndByQueue || by == conversation.EndByTimeout {
		reason = "timeout"
	}
	_, err := t.exec(ctx, `INSERT INTO leave_message (`+leaveColumns+`)
		SELECT $1, v.tenant, v.inbox, v.id, 'missed', $2, v.name, v.email, v.phone, $3, '{}', $4, $5, $6, CAST($7 AS BIGINT), $8, '', '', '', 0, '', 0, ''
		FROM visitor v WHERE v.id = $9 AND v.tenant = $10 ON CONFLICT (conversation) WHERE kind = 'missed' DO NOTHING`,
		id.New(), string(c.ID), c.LastText, reason, c.PageURL, c.PageTitle, when, string(leave.Open), string(c.Visitor), string(c.Tenant))
	return err
}

// Leave implements leave.Store.
func (s *Store) Leave(ctx context.Context, t id.Tenant, message string) (m leave.Message, err error) {
	defer errs.Wrap(&err, "store.Leave %s", message)
	m, ok, err := first(ctx, s.readers, scanLeave, `SELECT `+leaveColumns+` FROM leave_message WHERE id = $1 AND tenant = $2`, message, string(t))
	if err == nil && !ok {
		err = missing("leave")
	}
	return m, err
}

// MissedLeave implements leave.Store.
func (s *Store) MissedLeave(ctx context.Context, t id.Tenant, c id.Conversation) (m leave.Message, ok bool, err error) {
	defer errs.Wrap(&err, "store.MissedLeave %s", c)
	return first(ctx, s.readers, scanLeave, `SELECT `+leaveColumns+` FROM leave_message WHERE conversation = $1 AND tenant = $2 AND kind = 'missed'`,
		string(c), string(t))
}

// Leaves implements leave.Store.
func (s *Store) Leaves(ctx context.Context, t id.Tenant, f leave.Filter) (page []leave.Message, next string, err error) {
	defer errs.Wrap(&err, "store.Leaves")
	var c conditions
	if c.add("visitor", string(f.Visitor)); f.Visitor == "" {
		c.add("assignee", string(f.Assignee))
		c.add("state", string(f.State))
		if f.Assignee == "" {
			c.text += " AND at > 0" // admits the index of all
		}
	}
	c.since("at", f.From)
	return keyset(ctx, s, scanLeave, func(m leave.Message) cursor { return cursor{ms(m.At), m.ID} }, t, until(f.After, f.To), f.Limit,
		`SELECT `+leaveColumns+` FROM leave_message WHERE tenant = $1`+c.text+` AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`, c.args...)
}

// LeavePage implements leave.Store.
func (s *Store) LeavePage(ctx context.Context, t id.Tenant, f leave.PageFilter) (page []leave.Message, total int, err error) {
	defer errs.Wrap(&err, "store.LeavePage")
	where, args := ` FROM leave_message WHERE tenant = $1 AND at > 0`, []any{string(t), f.Limit, f.Offset}
	for column, value := range map[string]string{"visitor": string(f.Visitor), "state": string(f.State)} {
		if value != "" {
			args = append(args, value)
			where += fmt.Sprintf(" AND %s = $%d", column, len(args))
		}
	}
	if page, err = all(ctx, s.readers, scanLeave, `SELECT `+leaveColumns+where+` ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3`, args...); err != nil {
		return nil, 0, err
	}
	args[1], args[2] = leave.MaxFound, 0
	total, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*) FROM (SELECT 1`+where+` LIMIT $2 OFFSET $3) n`, args...)
	return page, total, err
}

// ChangeLeave implements leave.Store. A NULL parameter keeps the column.
func (s *Store) ChangeLeave(ctx context.Context, t id.Tenant, message string, c leave.Change, when time.Time, by leave.By) (m leave.Message, err error) {
	defer errs.Wrap(&err, "store.ChangeLeave %s", message)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		if c.Assignee != nil && *c.Assignee != "" {
			if err := mustHave(ctx, x, "agent", t, string(*c.Assignee)); err != nil {
				return err
			}
		}
		var ok bool
		m, ok, err = change(ctx, x, scanLeave, `UPDATE leave_message SET state = COALESCE($3, state), assignee = COALESCE($4, assignee),
			note = COALESCE($5, note), changed_at = $6, changed_by = $7 WHERE id = $1 AND tenant = $2 RETURNING `+leaveColumns,
			message, string(t), orNull((*string)(c.State)), orNull((*string)(c.Assignee)), orNull(c.Note), ms(when), by.Name)
		if err == nil && !ok {
			err = missing("leave")
		}
		if err != nil || c.State == nil {
			return err
		}
		return s.ruleTicket(ctx, x, m, by.Agent, when)
	})
	return m, err
}

// ReplyLeave implements leave.Store.
func (s *Store) ReplyLeave(ctx context.Context, t id.Tenant, message string, r leave.Reply) (m leave.Message, err error) {
	defer errs.Wrap(&err, "store.ReplyLeave %s", message)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		var ok bool
		m, ok, err = change(ctx, x, scanLeave, `UPDATE leave_message SET state = 'processed', reply = $3, replied_at = $4, replied_by = $5,
			changed_at = $4, changed_by = $5 WHERE id = $1 AND tenant = $2 RETURNING `+leaveColumns, message, string(t), r.Text, ms(r.At), r.By.Name)
		if err == nil && !ok {
			err = missing("leave")
		}
		if err == nil {
			err = s.ruleTicket(ctx, x, m, r.By.Agent, r.At)
		}
		if err != nil {
			return err
		}
		return enqueuePost(ctx, x, t, leave.Post{Kind: r.Kind, Key: r.Key, Payload: r.Payload}, r.At)
	})
	return m, err
}

// enqueuePost adds the job that sends a letter.
func enqueuePost(ctx context.Context, x *tx, t id.Tenant, p leave.Post, when time.Time) error {
	_, err := x.exec(ctx, `INSERT INTO job (id, tenant, kind, payload, key, run_at, due_at, attempts, last_error, buried)
		VALUES ($1, $2, $3, $4, $5, $6, $6, 0, '', 0)`, id.New(), string(t), p.Kind, p.Payload, p.Key, ms(when))
	return err
}

// CountLeave implements leave.Store.
func (s *Store) CountLeave(ctx context.Context, t id.Tenant, a id.Agent) (c leave.Counts, err error) {
	defer errs.Wrap(&err, "store.CountLeave")
	c, _, err = first(ctx, s.readers, func(r row) (c leave.Counts, err error) { return c, r.Scan(&c.Open, &c.Mine) }, `SELECT
		(SELECT COUNT(*) FROM (SELECT 1 FROM leave_message WHERE tenant = $1 AND state = 'notprocess' AND at > 0 LIMIT $3) n),
		(SELECT COUNT(*) FROM (SELECT 1 FROM leave_message WHERE tenant = $1 AND assignee = $2 AND state = 'notprocess' LIMIT $3) n)`,
		string(t), string(a), leave.MaxCount)
	return c, err
}
