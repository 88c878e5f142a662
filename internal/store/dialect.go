package store

import "context"

// dialect is what truly differs between the engines. Everything else is one
// text with numbered placeholders.
type dialect interface {
	engine() string
	// list turns a placeholder for a JSON array of strings into a subquery of one
	// column that IN accepts.
	list(placeholder string) string
	// rows turns a placeholder for a JSON array of strings into a table of one column.
	rows(placeholder, table, column string) string
	// lock is the clause that locks the rows read of a table; "" where there is
	// only one writer.
	lock(table string) string
	// skipLocked is lock for rows of which any will do.
	skipLocked() string
	// alone keeps other writers off a table until the transaction ends.
	alone(ctx context.Context, t *tx, table string) error
	// reserve takes n positions off the outbox, so that no message gets them.
	reserve(ctx context.Context, t *tx, n int) ([]int64, error)
	// index adds documents to the search index.
	index(ctx context.Context, t *tx, docs []document) error
	// unindex takes the document at a position, which has these tokens, out of the
	// search index.
	unindex(ctx context.Context, t *tx, pos int64, tokens string) error
	// candidates returns the positions of the newest documents before the given
	// one that may hold all tokens, newest first.
	candidates(ctx context.Context, q runner, tokens []string, before int64, limit int) ([]int64, error)
	// again reports whether a transaction that failed with err is worth repeating.
	again(err error) bool
}
