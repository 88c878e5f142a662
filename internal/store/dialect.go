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
	// outboxNext is the condition on outbox o for the rows after (xid, pos) = ($1,
	// $2) that no later commit can precede, and the order to read them in.
	outboxNext() (where, order string)
	// outboxPassed is the condition for the rows that every follower has passed. The
	// row a follower stands on stays, so that its number is not given again.
	outboxPassed() string
	// index adds documents to the search index.
	index(ctx context.Context, t *tx, docs []document) error
	// candidates returns the positions of the newest documents before the given
	// one that may hold all tokens, newest first.
	candidates(ctx context.Context, q runner, tokens []string, before int64, limit int) ([]int64, error)
	// resetOutbox restarts the numbering of the outbox after a restore.
	resetOutbox(ctx context.Context, t *tx) error
	// again reports whether a transaction that failed with err is worth repeating.
	again(err error) bool
}
