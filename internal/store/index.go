package store

import (
	"context"
	"encoding/json"
	"strings"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// The outbox holds a row for each message that the search index has not taken
// yet. Rows of one conversation are visible in the order of their numbers, so
// taking is deleting: nothing depends on the order in which the transactions of
// different conversations commit, and the outbox stays as small as the backlog.

// maxIndex is the most messages indexed in one step.
const maxIndex = 2000

// document is one message for the search index.
type document struct {
	pos          int64
	tenant       id.Tenant
	conversation string
	seq          int64
	text         string
	// tokens is the indexed form, tokens with blanks between them.
	tokens string
}

// IndexNext implements conversation.Store. Several nodes may index at once; each
// message is taken by one of them.
func (s *Store) IndexNext(ctx context.Context, limit int) (taken int, err error) {
	defer errs.Wrap(&err, "store.IndexNext")
	docs, err := all(ctx, s.readers, func(r row) (d document, err error) {
		return d, r.Scan(&d.pos, &d.tenant, &d.conversation, &d.seq, &d.text)
	}, `SELECT o.pos, o.tenant, o.conversation, o.seq, m.text FROM
		(SELECT * FROM outbox ORDER BY pos LIMIT $1) o
		JOIN message m ON m.conversation = o.conversation AND m.seq = o.seq ORDER BY o.pos`, min(max(limit, 1), maxIndex))
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	positions := make([]int64, 0, len(docs))
	for i := range docs {
		// The work is done before the transaction, which holds up the writer.
		docs[i].tokens = strings.Join(tokensOf(docs[i].tenant, words(docs[i].text)), " ")
		positions = append(positions, docs[i].pos)
	}
	list, err := json.Marshal(positions)
	if err != nil {
		return 0, err
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		mine, err := changeAll(ctx, t, scalar[int64], `DELETE FROM outbox WHERE pos IN (SELECT CAST(x.v AS BIGINT) FROM `+
			s.dialect.rows("$1", "x", "v")+`) RETURNING pos`, string(list))
		if err != nil {
			return err
		}
		taken = len(mine)
		return s.dialect.index(ctx, t, indexable(docs, mine))
	})
	return taken, err
}

// indexable returns the documents at the given positions that have tokens. It
// leaves out what another node took first, and what has no text to be found by.
func indexable(docs []document, positions []int64) []document {
	mine := make(map[int64]bool, len(positions))
	for _, p := range positions {
		mine[p] = true
	}
	filled := make([]document, 0, len(docs))
	for _, d := range docs {
		if mine[d.pos] && d.tokens != "" {
			filled = append(filled, d)
		}
	}
	return filled
}
