package store

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/fill"
	"parlor/internal/id"
)

var (
	_ fill.Store  = (*Store)(nil)
	_ fill.Reader = (*Store)(nil)
)

// InUse implements fill.Store.
func (s *Store) InUse(ctx context.Context) (used bool, err error) {
	defer errs.Wrap(&err, "store.InUse")
	_, used, err = first(ctx, s.readers, scalar[int64], `SELECT 1 FROM conversation LIMIT 1`)
	return used, err
}

// Analyze implements fill.Store. SQLite plans without statistics, here as in a server.
func (s *Store) Analyze(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "store.Analyze")
	if s.writes != nil {
		return nil
	}
	// Emptying the list of pending index entries belongs to it.
	_, err = s.readers.exec(ctx, `VACUUM ANALYZE`)
	return translate(err)
}

// Load implements fill.Store.
func (s *Store) Load(ctx context.Context, b fill.Bulk) (err error) {
	defer errs.Wrap(&err, "store.Load")
	// The work is done before the transaction, which holds up the writer.
	docs := make([]document, 0, len(b.Messages))
	for _, m := range b.Messages {
		tokens := strings.Join(tokensOf(b.Tenant, words(m.Text)), " ")
		if tokens != "" {
			docs = append(docs, document{conversation: string(m.Conversation), seq: m.Seq, tokens: tokens})
		}
	}
	tables, err := bulkTables(b)
	if err != nil {
		return err
	}
	return s.writeWithin(ctx, restoreTimeout, func(ctx context.Context, t *tx) error {
		for _, x := range tables {
			if err := insertRows(ctx, t, x.head, x.tail, x.rows); err != nil {
				return err
			}
		}
		for a, n := range holding(b.Conversations) {
			if _, err := t.exec(ctx, `UPDATE agent SET open = open + $3 WHERE id = $1 AND tenant = $2`, string(a), string(b.Tenant), n); err != nil {
				return err
			}
		}
		if len(docs) == 0 {
			return nil
		}
		positions, err := s.dialect.reserve(ctx, t, len(docs))
		if err != nil {
			return err
		}
		for i := range docs {
			docs[i].pos = positions[i]
		}
		return s.dialect.index(ctx, t, docs)
	})
}

// holding counts the open conversations of each agent.
func holding(list []conversation.Conversation) map[id.Agent]int {
	n := map[id.Agent]int{}
	for _, c := range list {
		if c.Status == conversation.Open {
			n[c.Agent]++
		}
	}
	return n
}

// tableRows are rows for insertRows.
type tableRows struct {
	head, tail string
	rows       [][]any
}

// rowsOf makes the row of each thing of a list.
func rowsOf[T any](list []T, row func(T) []any) [][]any {
	rows := make([][]any, len(list))
	for i, v := range list {
		rows[i] = row(v)
	}
	return rows
}

// bulkTables are the rows of b, except those of the search index.
func bulkTables(b fill.Bulk) ([]tableRows, error) {
	messages, err := messageRows(b.Messages)
	if err != nil {
		return nil, err
	}
	tables := []tableRows{visitorRows(b), {conversationHead, "", rowsOf(b.Conversations, conversationValues)},
		{`INSERT INTO message (conversation, seq, prev, id, client_id, kind, from_kind, from_id, from_name, text, meta, at)`, "", messages},
		tagRows(b), servedRows(b), valueRows(b)}
	tables = append(tables, visitRows(b)...)
	desk, err := deskRows(b)
	return append(tables, desk...), err
}

// messageRows are the rows of messages, whose files and lines become text.
func messageRows(list []conversation.Message) ([][]any, error) {
	rows := make([][]any, len(list))
	for i, m := range list {
		meta, err := m.Meta()
		if err != nil {
			return nil, err
		}
		rows[i] = []any{string(m.Conversation), m.Seq, m.Prev, string(m.ID), m.ClientID, string(m.Kind), string(m.From.Kind), m.From.ID, m.From.Name,
			m.Text, meta, ms(m.At)}
	}
	return rows, nil
}

const conversationHead = `INSERT INTO conversation (id, tenant, inbox, channel, visitor, status, agent, team, requested_agent, previous_agent,
	priority, version, page_url, page_title, created_at, queued_at, queue_key, assigned_at, closed_at, end_by, last_seq, visible_seq, prev_seq,
	last_at, last_text, last_kind, last_from, agent_read, visitor_read, unread, waiting_since, tags)`

// conversationValues is the row of a conversation, in the order of conversationHead.
func conversationValues(c conversation.Conversation) []any {
	return []any{string(c.ID), string(c.Tenant), string(c.Inbox), c.Channel, string(c.Visitor), string(c.Status), string(c.Agent), string(c.Team),
		string(c.RequestedAgent), string(c.PreviousAgent), c.Priority, c.Version, c.PageURL, c.PageTitle, ms(c.CreatedAt), ms(c.QueuedAt),
		queueKey(c.Priority, ms(c.QueuedAt)), msOrZero(c.AssignedAt), msOrZero(c.ClosedAt), string(c.EndBy), c.LastSeq, c.VisibleSeq, max(c.VisibleSeq-1, 0),
		ms(c.LastAt), shorten(c.LastText), string(c.LastKind), string(c.LastFrom), c.AgentRead, c.VisitorRead, c.Unread, msOrZero(c.WaitingSince),
		strings.Join(c.Tags, " ")}
}

// Near implements fill.Reader.
func (s *Store) Near(ctx context.Context, t id.Tenant, from id.Conversation) (c conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Near %s", from)
	c, ok, err := first(ctx, s.readers, scanConversation, namedConversation+
		` WHERE c.id >= $1 AND COALESCE(c.tenant, '') = $2 ORDER BY c.id LIMIT 1`, string(from), string(t))
	if err == nil && !ok {
		err = noConversation()
	}
	return c, err
}
