package store

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Give implements conversation.Store.
func (s *Store) Give(ctx context.Context, t id.Tenant, c id.Conversation, from, to id.Visitor) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Give %s", c)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		old, err := conversationOf(ctx, x, t, c, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if err := mustHave(ctx, x, "visitor", t, string(to)); err != nil {
			return err
		}
		switch {
		case old.Visitor != from:
			return errs.New(errs.Conflict, "not_its_visitor", "the conversation is of another visitor")
		case old.Status == conversation.Closed:
			return errClosed()
		case from == to:
			got = old
			return nil
		}
		_, busy, err := first(ctx, x, scalar[string], `SELECT c.id FROM conversation c WHERE c.tenant = $1 AND c.visitor = $2 AND c.status <> 'closed' LIMIT 1`, string(t), string(to))
		if err != nil {
			return err
		}
		if busy {
			return errs.New(errs.Conflict, "visitor_in_service", "the other visitor has a running conversation")
		}
		if _, err := x.exec(ctx, `UPDATE conversation SET visitor = $2, version = version + 1 WHERE id = $1`, string(c), string(to)); err != nil {
			return err
		}
		if got, err = conversationOf(ctx, x, t, c, ""); err != nil {
			return err
		}
		return s.reach(ctx, x, got)
	})
	return got, err
}
