package store

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// ofConversation are the tables whose rows go with their conversation, with the
// column that names it.
var ofConversation = []struct{ table, column string }{
	{"message", "conversation"}, {"decision", "conversation"}, {"outbox", "conversation"}, {"handover", "conversation"},
	{"mention", "conversation"}, {"draft", "conversation"}, {"summary", "conversation"}, {"survey", "conversation"},
	{"fact", "conversation"}, {"part", "conversation"}, {"fact_due", "conversation"}, {"hook_answer", "conversation"},
	{"conversation_detail", "conversation"}, {"conversation_field", "conversation"}, {"tag_link", "target"}, {"call", "conversation"}, {"call_request", "conversation"}, {"robot_turn", "conversation"}, {"robot_rating", "conversation"},
}

// DeleteConversation implements conversation.Store.
func (s *Store) DeleteConversation(ctx context.Context, t id.Tenant, c id.Conversation) (err error) {
	defer errs.Wrap(&err, "store.DeleteConversation %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		got, err := conversationOf(ctx, x, t, c, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if got.Status != conversation.Closed {
			return errs.New(errs.Conflict, "conversation_open", "the conversation is not closed")
		}
		return s.deleteConversation(ctx, x, t, c)
	})
}

// deleteConversation removes everything that belongs to a conversation. What was
// said leaves the search index first: the words lead to their places there.
func (s *Store) deleteConversation(ctx context.Context, x *tx, t id.Tenant, c id.Conversation) error {
	type said struct {
		seq  int64
		text string
	}
	texts, err := all(ctx, x, func(r row) (m said, err error) { return m, r.Scan(&m.seq, &m.text) },
		`SELECT m.seq, m.text FROM message m WHERE m.conversation = $1 AND m.text <> '' ORDER BY m.seq`, string(c))
	if err != nil {
		return err
	}
	for _, m := range texts {
		if err := s.forget(ctx, x, t, c, m.seq, m.text); err != nil {
			return err
		}
	}
	if err := s.forgetRecords(ctx, x, t, c); err != nil {
		return err
	}
	canvases, err := all(ctx, x, scalar[id.Canvas], `SELECT v.id FROM canvas v WHERE v.conversation = $1`, string(c))
	if err != nil {
		return err
	}
	for _, v := range canvases {
		if err := dropCanvas(ctx, x, t, v); err != nil {
			return err
		}
	}
	for _, o := range ofConversation {
		if _, err := x.exec(ctx, `DELETE FROM `+o.table+` WHERE `+o.column+` = $1`, string(c)); err != nil {
			return err
		}
	}
	if _, err = x.exec(ctx, `DELETE FROM hook_due WHERE subject = $1 AND hook IN (SELECT k.id FROM hook k WHERE k.tenant = $2)`, string(c), string(t)); err != nil {
		return err
	}
	_, err = x.exec(ctx, `DELETE FROM conversation WHERE id = $1 AND tenant = $2`, string(c), string(t))
	return err
}

// OldestClosed implements conversation.Store.
func (s *Store) OldestClosed(ctx context.Context, t id.Tenant, teams []id.Team, limit int) (list []id.Conversation, err error) {
	defer errs.Wrap(&err, "store.OldestClosed")
	if len(teams) == 0 {
		return all(ctx, s.readers, scalar[id.Conversation], `SELECT id FROM conversation WHERE tenant = $1 AND status = 'closed' ORDER BY last_at, id LIMIT $2`, string(t), limit)
	}
	return all(ctx, s.readers, scalar[id.Conversation], `SELECT id FROM conversation WHERE tenant = $1 AND status = 'closed' AND team IN `+
		s.dialect.list("$3")+` ORDER BY last_at, id LIMIT $2`, string(t), limit, jsonList(teams))
}
