package store

import (
	"context"
	"math"
	"time"

	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// AppendColleague implements colleague.Store. Both agents must be of the tenant.
func (s *Store) AppendColleague(ctx context.Context, m colleague.Remark) (err error) {
	defer errs.Wrap(&err, "store.AppendColleague")
	if m.ID == "" {
		m.ID = id.New()
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO colleague_message (id, tenant, low, high, sender, recipient, sender_name, text, at)
			SELECT $1, f.tenant, $3, $4, f.id, r.id, $7, $8, CAST($9 AS BIGINT) FROM agent f, agent r
			WHERE f.id = $5 AND f.tenant = $2 AND r.id = $6 AND r.tenant = $2`, m.ID, string(m.Tenant),
			string(min(m.From, m.To)), string(max(m.From, m.To)), string(m.From), string(m.To), m.FromName, m.Text, ms(m.At))
		if err == nil && n == 0 {
			err = missing("agent")
		}
		if err != nil {
			return err
		}
		rows := [][]any{chatRow(m, m.From, string(m.To), 0), chatRow(m, m.To, string(m.From), 0)}
		if m.From > m.To {
			rows[0], rows[1] = rows[1], rows[0] // all take the rows in one order
		}
		return moveChats(ctx, t, rows)
	})
}

// chatRow is the row of a chat after a line: unread grows unless it is the sender's own.
func chatRow(m colleague.Remark, owner id.Agent, peer string, grouped int64) []any {
	return []any{string(m.Tenant), string(owner), peer, grouped, flag(owner != m.From), ms(m.At), clipRunes(m.Text, colleague.Preview), m.FromName}
}

func clipRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

func moveChats(ctx context.Context, t *tx, rows [][]any) error {
	return insertRows(ctx, t, `INSERT INTO colleague_recent (tenant, agent, peer, grouped, unread, last_at, last_text, last_from)`,
		`ON CONFLICT (tenant, agent, peer) DO UPDATE SET unread = colleague_recent.unread + excluded.unread, last_at = excluded.last_at,
		last_text = excluded.last_text, last_from = excluded.last_from`, rows)
}

// AppendToGroup implements colleague.Store. The group is locked, so that lines and changes of
// members have one order.
func (s *Store) AppendToGroup(ctx context.Context, m colleague.Remark) (members []id.Agent, err error) {
	defer errs.Wrap(&err, "store.AppendToGroup %s", m.Group)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if members, err = s.membersOf(ctx, t, m.Tenant, m.Group, m.From); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO colleague_message (id, tenant, low, high, sender, recipient, sender_name, text, at)
			VALUES ($1, $2, $3, '', $4, $3, $5, $6, $7)`, m.ID, string(m.Tenant), m.Group, string(m.From), m.FromName, m.Text, ms(m.At)); err != nil {
			return err
		}
		rows := make([][]any, len(members))
		for i, a := range members {
			rows[i] = chatRow(m, a, m.Group, 1)
		}
		return moveChats(ctx, t, rows)
	})
	return members, err
}

// membersOf locks a group and returns its members, or NotFound unless who is one.
func (s *Store) membersOf(ctx context.Context, t *tx, tenant id.Tenant, group string, who id.Agent) ([]id.Agent, error) {
	_, ok, err := first(ctx, t, scalar[string], `SELECT g.id FROM colleague_group g JOIN colleague_member m ON m.tenant = g.tenant AND m.room = g.id
		AND m.agent = $3 WHERE g.id = $1 AND g.tenant = $2`+s.dialect.lock("g"), group, string(tenant), string(who))
	if err == nil && !ok {
		err = missing("group")
	}
	if err != nil {
		return nil, err
	}
	return memberList(ctx, t, tenant, group)
}

func memberList(ctx context.Context, q runner, tenant id.Tenant, group string) ([]id.Agent, error) {
	return all(ctx, q, scalar[id.Agent], `SELECT agent FROM colleague_member WHERE tenant = $1 AND room = $2 ORDER BY agent`, string(tenant), group)
}

const lineColumns = `id, tenant, sender, recipient, high, sender_name, text, at`

func scanLine(r row) (k keyed[colleague.Remark], err error) {
	m := &k.value
	var to, high string
	err = r.Scan(&m.ID, &m.Tenant, &m.From, &to, &high, &m.FromName, &m.Text, &k.key)
	m.At = at(k.key)
	// A group stands where the pair does, without a second half.
	if high == "" {
		m.Group = to
	} else {
		m.To = id.Agent(to)
	}
	return k, err
}

// Between implements colleague.Store. The pair is stored with the smaller id first, so both
// directions are one range of one index.
func (s *Store) Between(ctx context.Context, t id.Tenant, a, b id.Agent, before time.Time, limit int) (list []colleague.Remark, err error) {
	defer errs.Wrap(&err, "store.Between")
	until := ms(before)
	if until == 0 {
		until = math.MaxInt64
	}
	rows, err := all(ctx, s.readers, scanLine, `SELECT `+lineColumns+` FROM colleague_message
		WHERE tenant = $1 AND low = $2 AND high = $3 AND at < $4 ORDER BY at DESC, id DESC LIMIT $5`,
		string(t), string(min(a, b)), string(max(a, b)), until, max(limit, 1))
	list = make([]colleague.Remark, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.value)
	}
	return list, err
}

// History implements colleague.Store.
func (s *Store) History(ctx context.Context, t id.Tenant, a, b id.Agent, after string, limit int) (page []colleague.Remark, next string, err error) {
	defer errs.Wrap(&err, "store.History")
	return s.lines(ctx, t, string(min(a, b)), string(max(a, b)), after, limit)
}

// lines reads a page of the lines of a pair or, with high "", of a group.
func (s *Store) lines(ctx context.Context, t id.Tenant, low, high, after string, limit int) (page []colleague.Remark, next string, err error) {
	from, err := parseCursor(after, cursorTop)
	if err != nil {
		return nil, "", err
	}
	limit = max(limit, 1)
	rows, err := all(ctx, s.readers, scanLine, `SELECT `+lineColumns+` FROM colleague_message WHERE tenant = $1 AND low = $2 AND high = $3
		AND (at, id) < ($4, $5) ORDER BY at DESC, id DESC LIMIT $6`, string(t), low, high, from.key, from.id, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursor{rows[limit-1].key, rows[limit-1].value.ID}.String()
	}
	page = make([]colleague.Remark, 0, len(rows))
	for _, r := range rows {
		page = append(page, r.value)
	}
	return page, next, nil
}

// GroupHistory implements colleague.Store.
func (s *Store) GroupHistory(ctx context.Context, t id.Tenant, group string, who id.Agent, after string, limit int) (page []colleague.Remark, next string, err error) {
	defer errs.Wrap(&err, "store.GroupHistory %s", group)
	_, ok, err := first(ctx, s.readers, scalar[string], `SELECT agent FROM colleague_member WHERE tenant = $1 AND room = $2 AND agent = $3`,
		string(t), group, string(who))
	if err == nil && !ok {
		err = missing("group")
	}
	if err != nil {
		return nil, "", err
	}
	return s.lines(ctx, t, group, "", after, limit)
}

// Chats implements colleague.Store.
func (s *Store) Chats(ctx context.Context, t id.Tenant, a id.Agent, after string, limit int) (page []colleague.Chat, next string, err error) {
	defer errs.Wrap(&err, "store.Chats")
	from, err := parseCursor(after, cursorTop)
	if err != nil {
		return nil, "", err
	}
	limit = max(limit, 1)
	rows, err := all(ctx, s.readers, func(r row) (k keyed[colleague.Chat], err error) {
		var grouped int64
		c := &k.value
		err = r.Scan(&c.Peer, &grouped, &c.Name, &c.Unread, &k.key, &c.LastText, &c.LastFrom)
		c.Group, c.LastAt = grouped != 0, at(k.key)
		return k, err
	}, `SELECT r.peer, r.grouped, COALESCE(g.name, a.name, ''), r.unread, r.last_at, r.last_text, r.last_from
		FROM (SELECT * FROM colleague_recent WHERE tenant = $1 AND agent = $2 AND (last_at, peer) < ($3, $4)
			ORDER BY last_at DESC, peer DESC LIMIT $5) r
		LEFT JOIN agent a ON a.id = r.peer AND a.tenant = r.tenant LEFT JOIN colleague_group g ON g.id = r.peer AND g.tenant = r.tenant
		ORDER BY r.last_at DESC, r.peer DESC`, string(t), string(a), from.key, from.id, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursor{rows[limit-1].key, rows[limit-1].value.Peer}.String()
	}
	page = make([]colleague.Chat, 0, len(rows))
	for _, r := range rows {
		page = append(page, r.value)
	}
	return page, next, nil
}

// UnreadChats implements colleague.Store. An agent has as many chats as colleagues and groups.
func (s *Store) UnreadChats(ctx context.Context, t id.Tenant, a id.Agent) (n int, err error) {
	defer errs.Wrap(&err, "store.UnreadChats")
	n, _, err = first(ctx, s.readers, scalar[int], `SELECT COALESCE(SUM(unread), 0) FROM colleague_recent WHERE tenant = $1 AND agent = $2`, string(t), string(a))
	return n, err
}

// ReadChat implements colleague.Store.
func (s *Store) ReadChat(ctx context.Context, t id.Tenant, a id.Agent, peer string) (moved bool, err error) {
	defer errs.Wrap(&err, "store.ReadChat")
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		n, err := x.exec(ctx, `UPDATE colleague_recent SET unread = 0 WHERE tenant = $1 AND agent = $2 AND peer = $3 AND unread > 0`, string(t), string(a), peer)
		moved = n > 0
		return err
	})
	return moved, err
}
