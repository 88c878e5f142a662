package store

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/errs"
)

// CloseConversation implements conversation.Store. The line is added first, while the conversation
// may still be written to.
func (s *Store) CloseConversation(ctx context.Context, in conversation.CloseInput) (moved conversation.Moved, err error) {
	defer errs.Wrap(&err, "store.CloseConversation %s", in.Conversation)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		moved, err = s.closeConversation(ctx, t, in)
		return err
	})
	return moved, err
}

// closeConversation is the body of CloseConversation.
func (s *Store) closeConversation(ctx context.Context, t *tx, in conversation.CloseInput) (moved conversation.Moved, err error) {
	c, err := conversationOf(ctx, t, in.Tenant, in.Conversation, s.dialect.lock("c"))
	switch {
	case err != nil:
		return moved, err
	case c.Status == conversation.Closed:
		return moved, errClosed()
	case in.OnlyAgent != "" && in.OnlyAgent != c.Agent:
		return moved, errNotYours()
	}
	moved, err = s.record(ctx, t, c, in.Line, c.AgentName)
	if err != nil {
		return moved, err
	}
	if err := s.freeUnlessHeld(ctx, t, c, ms(in.At)); err != nil {
		return moved, err
	}
	if in.By != "" {
		if _, err := t.exec(ctx, `INSERT INTO conversation_detail (conversation, tenant, closed_by) VALUES ($1, $2, $3)
			ON CONFLICT (conversation) DO UPDATE SET closed_by = excluded.closed_by`, string(c.ID), string(c.Tenant), string(in.By)); err != nil {
			return moved, err
		}
	}
	if c.Agent != "" {
		err = keepServed(ctx, t, c, ms(in.At))
	} else if in.EndBy != conversation.EndByAgent {
		err = keepMissed(ctx, t, c, in.EndBy, ms(in.At))
	}
	if err != nil {
		return moved, err
	}
	if _, err := t.exec(ctx, `INSERT INTO fact_due (conversation, tenant) VALUES ($1, $2) ON CONFLICT (conversation) DO NOTHING`,
		string(c.ID), string(c.Tenant)); err != nil {
		return moved, err
	}
	if err := s.rule(ctx, t, c.Tenant, c.ID, in.At); err != nil {
		return moved, err
	}
	_, err = t.exec(ctx, `UPDATE conversation SET status = 'closed', closed_at = $2, end_by = $3, held_at = 0, bound_agent = '',
		version = version + 1 WHERE id = $1`, string(c.ID), ms(in.At), string(in.EndBy))
	// The row was read before its last change; the rest follows from that.
	now := &moved.Conversation
	now.Status, now.EndBy, now.Version = conversation.Closed, in.EndBy, c.Version+1
	now.ClosedAt, now.HeldAt, now.BoundAgent = atOrNil(ms(in.At)), nil, ""
	moved.Before = c.Agent
	return moved, err
}
