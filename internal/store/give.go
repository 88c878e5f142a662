package store

import (
	"context"
	"time"

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

// Answered implements conversation.Store. It walks the newest messages of each
// conversation back to the last answer.
func (s *Store) Answered(ctx context.Context, t id.Tenant, list []id.Visitor, since time.Time, limit int) (out []conversation.Answer, err error) {
	defer errs.Wrap(&err, "store.Answered")
	return all(ctx, s.readers, func(r row) (a conversation.Answer, err error) {
		var when int64
		err = r.Scan(&a.Visitor, &when)
		a.At = at(when)
		return a, err
	}, `SELECT p.visitor, p.answered FROM (SELECT c.visitor AS visitor, (SELECT m.at FROM message m WHERE m.conversation = c.id AND m.from_kind = 'agent' AND m.kind <> 'note'
		ORDER BY m.seq DESC LIMIT 1) AS answered FROM conversation c WHERE c.tenant = $1 AND c.visitor IN `+s.dialect.list("$2")+` AND c.last_at >= $3
		ORDER BY c.created_at DESC LIMIT $4) p WHERE p.answered IS NOT NULL`, string(t), jsonList(list), ms(since), limit)
}
