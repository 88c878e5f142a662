package store

import (
	"context"
	"encoding/json"
	"strings"
)

// indexRows is the argument that carries documents into a statement: a JSON
// array of [pos, conversation, seq, tokens].
func indexRows(docs []document) (string, error) {
	rows := make([][4]any, 0, len(docs))
	for _, d := range docs {
		rows = append(rows, [4]any{d.pos, d.conversation, d.seq, d.tokens})
	}
	b, err := json.Marshal(rows)
	return string(b), err
}

// Each step of the indexer writes a segment of its own, and a part of the older
// ones is merged in the same step: a page for every mergeShare documents, at
// least mergeLeast. That is as much as an index of ten million documents needs,
// in which a document is merged about four times.
const (
	mergeShare = 8
	mergeLeast = 4
)

// index writes both tables from one argument. The token table keeps no texts and
// no positions, which is a third of the size of one that does.
func (sqliteDialect) index(ctx context.Context, t *tx, docs []document) error {
	rows, err := indexRows(docs)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO search_doc (pos, conversation, seq)
		SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)`, rows); err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO search_tokens (rowid, body)
		SELECT value ->> 0, value ->> 3 FROM json_each($1)`, rows)
	if err != nil || len(docs) == 0 {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO search_tokens (search_tokens, rank) VALUES ('merge', $1)`, max(mergeLeast, len(docs)/mergeShare))
	return err
}

// unindex has to name the tokens, because the index does not keep the texts.
func (sqliteDialect) unindex(ctx context.Context, t *tx, pos int64, tokens string) error {
	if _, err := t.exec(ctx, `INSERT INTO search_tokens (search_tokens, rowid, body) VALUES ('delete', $1, $2)`, pos, tokens); err != nil {
		return err
	}
	_, err := t.exec(ctx, `DELETE FROM search_doc WHERE pos = $1`, pos)
	return err
}

// candidates reads the newest documents first and stops when it has enough.
func (sqliteDialect) candidates(ctx context.Context, q runner, tokens []string, before int64, limit int) ([]int64, error) {
	match := `"` + strings.Join(tokens, `" "`) + `"`
	return all(ctx, q, scalar[int64], `SELECT rowid FROM search_tokens WHERE search_tokens MATCH $1 AND rowid < $2
		ORDER BY rowid DESC LIMIT $3`, match, before, limit)
}

// reserve moves the counter from which the outbox takes its positions.
func (sqliteDialect) reserve(ctx context.Context, t *tx, n int) ([]int64, error) {
	last, ok, err := change(ctx, t, scalar[int64], `UPDATE sqlite_sequence SET seq = seq + $1 WHERE name = 'outbox' RETURNING seq`, n)
	if err == nil && !ok {
		last = int64(n)
		_, err = t.exec(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', $1)`, n)
	}
	list := make([]int64, n)
	for i := range list {
		list[i] = last - int64(n-1-i)
	}
	return list, err
}
