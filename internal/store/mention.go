package store

import (
	"context"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// appendMentioning is Append for a note that mentions agents: message and
// mentions are one transaction. Notes are few, so it does without the batch.
func (s *Store) appendMentioning(ctx context.Context, in conversation.Append) (got conversation.Appended, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if _, err := conversationOf(ctx, t, in.Message.Tenant, in.Message.Conversation, s.dialect.lock("c")); err != nil {
			return err
		}
		var ok bool
		if got, ok, err = s.appendIn(ctx, t, in); err != nil {
			return err
		}
		if !ok {
			got, _, err = refusal(ctx, t, in)
			return err
		}
		m := got.Message
		rows := make([][]any, len(m.Mentions))
		for i, a := range m.Mentions {
			rows[i] = []any{string(m.Tenant), string(a), string(m.ID), string(m.Conversation), m.Seq, ms(m.At), 0}
		}
		return insertRows(ctx, t, `INSERT INTO mention (tenant, agent, id, conversation, seq, at, read_at)`, "", rows)
	})
	return got, err
}

// Colleagues implements conversation.Store.
func (s *Store) Colleagues(ctx context.Context, t id.Tenant) (list []conversation.Colleague, err error) {
	defer errs.Wrap(&err, "store.Colleagues")
	return all(ctx, s.readers, func(r row) (c conversation.Colleague, err error) { return c, r.Scan(&c.Agent, &c.Name, &c.Username) },
		`SELECT id, name, username FROM agent WHERE tenant = $1 AND disabled = 0 ORDER BY name, id`, string(t))
}

// Mentions implements conversation.Store. Ids of messages grow with time, so the id is the order.
func (s *Store) Mentions(ctx context.Context, t id.Tenant, a id.Agent, unread bool, after string, limit int) (list []conversation.Mention, err error) {
	defer errs.Wrap(&err, "store.Mentions")
	if after == "" {
		after = "~"
	}
	only := ""
	if unread {
		only = " AND n.read_at = 0"
	}
	return all(ctx, s.readers, func(r row) (m conversation.Mention, err error) {
		var when, read int64
		err = r.Scan(&m.Message, &m.Conversation, &m.Seq, &m.VisitorName, &m.From.Kind, &m.From.ID, &m.From.Name, &m.Text, &when, &read)
		m.At, m.ReadAt = at(when), atOrNil(read)
		return m, err
	}, `SELECT n.id, n.conversation, n.seq, v.name, m.from_kind, m.from_id, m.from_name, m.text, n.at, n.read_at
		FROM (SELECT * FROM mention n WHERE n.tenant = $1 AND n.agent = $2 AND n.id < $3`+only+` ORDER BY n.id DESC LIMIT $4) n
		JOIN message m ON m.conversation = n.conversation AND m.seq = n.seq
		JOIN conversation c ON c.id = n.conversation JOIN visitor v ON v.id = c.visitor ORDER BY n.id DESC`,
		string(t), string(a), after, max(limit, 1))
}

// UnreadMentions implements conversation.Store.
func (s *Store) UnreadMentions(ctx context.Context, t id.Tenant, a id.Agent) (n int, err error) {
	defer errs.Wrap(&err, "store.UnreadMentions")
	n, _, err = first(ctx, s.readers, scalar[int], `SELECT COUNT(*) FROM (SELECT 1 FROM mention
		WHERE tenant = $1 AND agent = $2 AND read_at = 0 LIMIT $3) n`, string(t), string(a), conversation.MaxUnreadMentions)
	return n, err
}

// ReadMentions implements conversation.Store.
func (s *Store) ReadMentions(ctx context.Context, t id.Tenant, a id.Agent, c id.Conversation, when time.Time) (n int, err error) {
	defer errs.Wrap(&err, "store.ReadMentions")
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		marked, err := x.exec(ctx, `UPDATE mention SET read_at = $4 WHERE tenant = $1 AND agent = $2 AND read_at = 0
			AND ($3 = '' OR conversation = $3)`, string(t), string(a), string(c), ms(when))
		n = int(marked)
		return err
	})
	return n, err
}

// SaveDraft implements conversation.Store.
func (s *Store) SaveDraft(ctx context.Context, t id.Tenant, a id.Agent, d conversation.Draft) (err error) {
	defer errs.Wrap(&err, "store.SaveDraft %s", d.Conversation)
	if d.Text == "" {
		_, err = s.DropDraft(ctx, t, a, d.Conversation)
		return err
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `INSERT INTO draft (tenant, agent, conversation, text, note, at)
			SELECT c.tenant, $2, c.id, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT) FROM conversation c WHERE c.id = $3 AND c.tenant = $1
			ON CONFLICT (tenant, agent, conversation) DO UPDATE SET text = excluded.text, note = excluded.note, at = excluded.at`,
			string(t), string(a), string(d.Conversation), d.Text, flag(d.Note), ms(d.At))
		if err == nil && n == 0 {
			err = noConversation()
		}
		if err != nil {
			return err
		}
		_, err = x.exec(ctx, `DELETE FROM draft WHERE tenant = $1 AND agent = $2 AND conversation IN (SELECT o.conversation FROM draft o
			WHERE o.tenant = $1 AND o.agent = $2 ORDER BY o.at DESC, o.conversation DESC LIMIT 10 OFFSET $3)`, string(t), string(a), conversation.MaxDrafts)
		return err
	})
}

// DropDraft implements conversation.Store. Most messages have no draft; then nothing is written.
func (s *Store) DropDraft(ctx context.Context, t id.Tenant, a id.Agent, c id.Conversation) (had bool, err error) {
	defer errs.Wrap(&err, "store.DropDraft %s", c)
	_, had, err = first(ctx, s.readers, scalar[int64], `SELECT at FROM draft WHERE tenant = $1 AND agent = $2 AND conversation = $3`,
		string(t), string(a), string(c))
	if err != nil || !had {
		return false, err
	}
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `DELETE FROM draft WHERE tenant = $1 AND agent = $2 AND conversation = $3`, string(t), string(a), string(c))
		had = n > 0
		return err
	})
	return had, err
}

// Drafts implements conversation.Store.
func (s *Store) Drafts(ctx context.Context, t id.Tenant, a id.Agent) (list []conversation.Draft, err error) {
	defer errs.Wrap(&err, "store.Drafts")
	return all(ctx, s.readers, func(r row) (d conversation.Draft, err error) {
		var note, when int64
		err = r.Scan(&d.Conversation, &d.Text, &note, &when)
		d.Note, d.At = note != 0, at(when)
		return d, err
	}, `SELECT conversation, text, note, at FROM draft WHERE tenant = $1 AND agent = $2 ORDER BY at DESC, conversation DESC LIMIT $3`,
		string(t), string(a), conversation.MaxDrafts)
}
