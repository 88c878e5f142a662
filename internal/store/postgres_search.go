package store

import (
	"context"
	"strings"
)

// index stores the tokens as a vector without positions.
func (postgresDialect) index(ctx context.Context, t *tx, docs []document) error {
	rows, err := indexRows(docs)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO search_doc (pos, conversation, seq, body)
		SELECT CAST(e.v ->> 0 AS BIGINT), e.v ->> 1, CAST(e.v ->> 2 AS BIGINT), array_to_tsvector(string_to_array(e.v ->> 3, ' '))
		FROM jsonb_array_elements(CAST($1 AS JSONB)) AS e (v)`, rows)
	return err
}

// unindex needs the position only.
func (postgresDialect) unindex(ctx context.Context, t *tx, pos int64, _ string) error {
	_, err := t.exec(ctx, `DELETE FROM search_doc WHERE pos = $1`, pos)
	return err
}

// How many of the newest documents are looked at one by one before the index is
// asked for all: at first, and at most.
const (
	nearDocuments = 5000
	mostDocuments = 100_000
)

// candidates looks among the newest documents first, which finds frequent words
// at once, then among as many as should hold a page, and asks the index for all
// of them only if these were not enough: it cannot deliver its hits in order.
func (d postgresDialect) candidates(ctx context.Context, q runner, tokens []string, before int64, limit int) ([]int64, error) {
	match := "'" + strings.Join(tokens, "' & '") + "'"
	near, err := d.newest(ctx, q, match, before, limit, nearDocuments)
	if err != nil || len(near) == limit {
		return near, err
	}
	// Twice as many as the share of hits so far asks for.
	if wide := 2 * nearDocuments * limit / max(len(near), 1); wide <= mostDocuments {
		near, err = d.newest(ctx, q, match, before, limit, wide)
		if err != nil || len(near) == limit {
			return near, err
		}
	}
	return all(ctx, q, scalar[int64], `WITH hits AS MATERIALIZED
		(SELECT pos FROM search_doc WHERE body @@ CAST($1 AS TSQUERY) AND pos < $2)
		SELECT pos FROM hits ORDER BY pos DESC LIMIT $3`, match, before, limit)
}

// newest returns those that match of the documents next before a position.
func (postgresDialect) newest(ctx context.Context, q runner, match string, before int64, limit, documents int) ([]int64, error) {
	return all(ctx, q, scalar[int64], `SELECT n.pos FROM
		(SELECT pos, body FROM search_doc WHERE pos < $2 ORDER BY pos DESC LIMIT $4) n
		WHERE n.body @@ CAST($1 AS TSQUERY) ORDER BY n.pos DESC LIMIT $3`, match, before, limit, documents)
}

// reserve draws from the sequence one by one, so that appends of other nodes may
// draw in between.
func (postgresDialect) reserve(ctx context.Context, t *tx, n int) ([]int64, error) {
	return changeAll(ctx, t, scalar[int64], `SELECT nextval(pg_get_serial_sequence('outbox', 'pos')) FROM generate_series(1, $1)`, n)
}
