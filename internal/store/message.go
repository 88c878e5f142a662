package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// selectMessage reads messages m.
const selectMessage = `SELECT m.id, m.conversation, m.seq, m.prev, m.client_id, m.kind, m.from_kind, m.from_id,
	m.from_name, m.text, m.meta, m.at FROM message m`

// scanMessage reads a row of selectMessage; the tenant is not in it.
func scanMessage(r row) (m conversation.Message, err error) {
	var meta string
	var when int64
	if err := r.Scan(&m.ID, &m.Conversation, &m.Seq, &m.Prev, &m.ClientID, &m.Kind, &m.From.Kind, &m.From.ID,
		&m.From.Name, &m.Text, &meta, &when); err != nil {
		return m, err
	}
	m.At = at(when)
	return m, m.SetMeta(meta)
}

// Messages implements conversation.Store. Messages lie in the order of (conversation, seq), so a
// page is one read of neighbouring rows however many messages there are.
func (s *Store) Messages(ctx context.Context, t id.Tenant, c id.Conversation, r conversation.Range) (list []conversation.Message, err error) {
	defer errs.Wrap(&err, "store.Messages %s", c)
	_, ok, err := first(ctx, s.readers, scalar[int64],
		`SELECT 1 FROM conversation WHERE id = $1 AND tenant = $2`, string(c), string(t))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noConversation()
	}
	text, args := messagesQuery(c, r)
	list, err = all(ctx, s.readers, scanMessage, text, args...)
	if err != nil {
		return nil, err
	}
	if r.After <= 0 {
		slices.Reverse(list)
	}
	for i := range list {
		list[i].Tenant = t
	}
	return list, nil
}

// messagesQuery chooses the direction of the read. Newest messages are read
// backwards, so that a limit cuts off the old ones.
func messagesQuery(c id.Conversation, r conversation.Range) (string, []any) {
	args := []any{string(c), r.Before, max(r.Limit, 1)}
	where, order := ` WHERE m.conversation = $1 AND m.seq < $2`, ` ORDER BY m.seq DESC LIMIT $3`
	switch {
	case r.After > 0:
		args[1] = r.After
		where, order = ` WHERE m.conversation = $1 AND m.seq > $2`, ` ORDER BY m.seq LIMIT $3`
	case r.Before <= 0:
		args[1] = int64(1) << 62
	}
	if r.Visible {
		where += ` AND m.kind <> 'note'`
	}
	if !r.Until.IsZero() {
		args = append(args, ms(r.Until))
		where += fmt.Sprintf(` AND m.at < $%d`, len(args))
	}
	if r.Text != "" {
		args = append(args, "%"+literal.Replace(strings.ToLower(r.Text))+"%")
		where += fmt.Sprintf(` AND LOWER(m.text) LIKE $%d ESCAPE '\'`, len(args))
	}
	return selectMessage + where + order, args
}

// literal makes a text mean itself in a LIKE pattern.
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// FindMessage implements conversation.Store.
func (s *Store) FindMessage(ctx context.Context, t id.Tenant, c id.Conversation, client string) (m conversation.Message, err error) {
	defer errs.Wrap(&err, "store.FindMessage")
	where, args := `id = $3`, []any{string(t), client, string(c)}
	if c == "" {
		where, args[2] = `created_at >= 0 ORDER BY created_at DESC, id DESC LIMIT $3`, conversation.MaxFound
	}
	m, ok, err := first(ctx, s.readers, scanMessage, selectMessage+` JOIN (SELECT id FROM conversation WHERE tenant = $1 AND `+where+`) c
		ON m.conversation = c.id AND m.client_id = $2 AND m.client_id <> '' AND m.from_id >= '' ORDER BY m.at DESC LIMIT 1`, args...)
	if err == nil && !ok {
		err = missing("message")
	}
	m.Tenant = t
	return m, err
}
