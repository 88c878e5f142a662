package store

import (
	"context"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
)

const handoverColumns = `conversation, tenant, from_agent, to_agent, note, by_name, created_at, expires_at`

// scanHandover reads handoverColumns.
func scanHandover(r row) (h routing.Handover, err error) {
	var created, expires int64
	err = r.Scan(&h.Conversation, &h.Tenant, &h.From, &h.To, &h.Note, &h.By, &created, &expires)
	h.At, h.Expires = at(created), at(expires)
	return h, err
}

// OfferHandover implements routing.Store. The conversation is locked, so that it
// cannot move between the check and the offer.
func (s *Store) OfferHandover(ctx context.Context, h routing.Handover) (err error) {
	defer errs.Wrap(&err, "store.OfferHandover %s", h.Conversation)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		c, err := conversationOf(ctx, t, h.Tenant, h.Conversation, s.dialect.lock("c"))
		if err != nil {
			return err
		}
		if c.Status != conversation.Open || c.Agent != h.From {
			return errMoved()
		}
		_, err = t.exec(ctx, `INSERT INTO handover (`+handoverColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			string(h.Conversation), string(h.Tenant), string(h.From), string(h.To), h.Note, h.By, ms(h.At), ms(h.Expires))
		return err
	})
}

// TakeHandover implements routing.Store.
func (s *Store) TakeHandover(ctx context.Context, t id.Tenant, c id.Conversation, from, to id.Agent) (h routing.Handover, err error) {
	defer errs.Wrap(&err, "store.TakeHandover %s", c)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		got, ok, err := change(ctx, x, scanHandover, `DELETE FROM handover WHERE conversation = $1 AND tenant = $2
			AND ($3 = '' OR from_agent = $3) AND ($4 = '' OR to_agent = $4) RETURNING `+handoverColumns,
			string(c), string(t), string(from), string(to))
		if err == nil && !ok {
			err = missing("handover")
		}
		h = got
		return err
	})
	return h, err
}

// Handovers implements routing.Store. An agent has at most as many as open conversations.
func (s *Store) Handovers(ctx context.Context, t id.Tenant, a id.Agent) (list []routing.Handover, err error) {
	defer errs.Wrap(&err, "store.Handovers")
	return all(ctx, s.readers, scanHandover, `SELECT `+handoverColumns+` FROM (
		SELECT * FROM handover WHERE tenant = $1 AND from_agent = $2
		UNION SELECT * FROM handover WHERE tenant = $1 AND to_agent = $2) h ORDER BY created_at, conversation LIMIT 200`, string(t), string(a))
}

// ExpiredHandovers implements routing.Store.
func (s *Store) ExpiredHandovers(ctx context.Context, now time.Time, limit int) (list []routing.Handover, err error) {
	defer errs.Wrap(&err, "store.ExpiredHandovers")
	// Nearly always there is none, and then nothing is written.
	_, due, err := first(ctx, s.readers, scalar[int64], `SELECT 1 FROM handover WHERE expires_at <= $1 LIMIT 1`, ms(now))
	if err != nil || !due {
		return nil, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		list, err = changeAll(ctx, t, scanHandover, `DELETE FROM handover WHERE conversation IN
			(SELECT conversation FROM handover WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`+s.dialect.skipLocked()+`) RETURNING `+handoverColumns, ms(now), limit)
		return err
	})
	return list, err
}
