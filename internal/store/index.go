package store

import (
	"context"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// maxIndex is the most messages indexed in one step.
const maxIndex = 2000

// searchFollower is the name of the search index among the followers of the outbox.
const searchFollower = "search"

// place is how far a follower has come in the outbox.
type place struct{ xid, pos int64 }

func scanPlace(r row) (p place, err error) { return p, r.Scan(&p.xid, &p.pos) }

// document is one message for the search index.
type document struct {
	place
	tenant       id.Tenant
	conversation string
	seq          int64
	text         string
	// tokens is the indexed form, tokens with blanks between them.
	tokens string
}

// IndexNext implements conversation.Store. Of several nodes that index at once
// one does the work; the others take nothing.
func (s *Store) IndexNext(ctx context.Context, limit int) (taken int, err error) {
	defer errs.Wrap(&err, "store.IndexNext")
	from, docs, err := s.nextDocuments(ctx, min(max(limit, 1), maxIndex))
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	filled := make([]document, 0, len(docs))
	for _, d := range docs {
		if d.tokens = strings.Join(tokensOf(d.tenant, words(d.text)), " "); d.tokens != "" {
			filled = append(filled, d)
		}
	}
	to := docs[len(docs)-1].place
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		taken = 0
		now, _, err := first(ctx, t, scanPlace, `SELECT f.xid, f.pos FROM follower f WHERE f.name = $1`+
			s.dialect.lock("f"), searchFollower)
		if err != nil || now != from {
			return err
		}
		if err := s.dialect.index(ctx, t, filled); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE follower SET xid = $2, pos = $3 WHERE name = $1`,
			searchFollower, to.xid, to.pos); err != nil {
			return err
		}
		taken = len(docs)
		_, err = t.exec(ctx, `DELETE FROM outbox WHERE `+s.dialect.outboxPassed())
		return err
	})
	return taken, err
}

// nextDocuments reads the committed messages that follow the search index.
func (s *Store) nextDocuments(ctx context.Context, limit int) (from place, docs []document, err error) {
	from, _, err = first(ctx, s.readers, scanPlace, `SELECT f.xid, f.pos FROM follower f WHERE f.name = $1`, searchFollower)
	if err != nil {
		return from, nil, err
	}
	where, order := s.dialect.outboxNext()
	docs, err = all(ctx, s.readers, func(r row) (d document, err error) {
		return d, r.Scan(&d.xid, &d.pos, &d.tenant, &d.conversation, &d.seq, &d.text)
	}, `SELECT o.xid, o.pos, o.tenant, o.conversation, o.seq, m.text FROM outbox o
		JOIN message m ON m.conversation = o.conversation AND m.seq = o.seq
		WHERE `+where+` ORDER BY `+order+` LIMIT $3`, from.xid, from.pos, limit)
	return from, docs, err
}
