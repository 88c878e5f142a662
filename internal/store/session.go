package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"sync"
	"unicode/utf8"

	"parlor/internal/errs"
)

// maxStatements bounds the prepared statements a session keeps. The texts are
// constants but for lists of teams and kinds, so it is not reached in practice.
const maxStatements = 512

// handle is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type handle interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// session runs statements on a handle. On SQLite it keeps them prepared; the
// PostgreSQL driver does that by itself.
type session struct {
	h     handle
	keep  bool
	trace *func(text string, args []any)

	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// newSession runs statements on h; trace is nil or points to the hook of tests.
func newSession(h handle, keep bool, trace *func(string, []any)) *session {
	return &session{h: h, keep: keep, trace: trace, stmts: map[string]*sql.Stmt{}}
}

// close ends the kept statements.
func (q *session) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for text, st := range q.stmts {
		_ = st.Close() // the handle is closed next and reports what matters
		delete(q.stmts, text)
	}
}

// prepared returns the kept statement for text, nil if it is not to be kept.
func (q *session) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if !q.keep {
		return nil, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if st := q.stmts[text]; st != nil {
		return st, nil
	}
	if len(q.stmts) >= maxStatements {
		return nil, nil
	}
	st, err := q.h.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	q.stmts[text] = st
	return st, nil
}

// exec runs a statement and returns how many rows it changed.
func (q *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := q.begin(ctx, text, args)
	if err != nil {
		return 0, err
	}
	var res sql.Result
	if st != nil {
		res, err = st.ExecContext(ctx, args...)
	} else {
		res, err = q.h.ExecContext(ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs a statement that returns rows.
func (q *session) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	st, err := q.begin(ctx, text, args)
	if err != nil {
		return nil, err
	}
	if st != nil {
		return st.QueryContext(ctx, args...)
	}
	return q.h.QueryContext(ctx, text, args...)
}

// begin does what every statement needs before it runs.
func (q *session) begin(ctx context.Context, text string, args []any) (*sql.Stmt, error) {
	if err := checkTexts(args); err != nil {
		return nil, err
	}
	if q.trace != nil && *q.trace != nil {
		(*q.trace)(text, args)
	}
	return q.prepared(ctx, text)
}

// checkTexts refuses what PostgreSQL cannot store, on both engines alike.
func checkTexts(args []any) error {
	for _, a := range args {
		if s, ok := a.(string); ok && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			return errs.New(errs.Invalid, "bad_text", "the text is not valid UTF-8")
		}
	}
	return nil
}

// runner is a session or a transaction.
type runner interface {
	exec(ctx context.Context, text string, args ...any) (int64, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// row is one row of a result.
type row interface{ Scan(dest ...any) error }

// all runs a query and scans every row. The list is never nil, so that it is
// written as [] and not as null. Callers bound it by a LIMIT, or by what it is a
// list of.
func all[T any](ctx context.Context, q runner, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, translate(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has reported what matters
	list := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, translate(err)
		}
		list = append(list, v)
	}
	return list, translate(rows.Err())
}

// first runs a query and scans its first row; ok is false if there is none. The
// query is read to its end, so a statement that changes rows has changed them.
func first[T any](ctx context.Context, q runner, scan func(row) (T, error), text string, args ...any) (v T, ok bool, err error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return v, false, translate(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err has reported what matters
	if !rows.Next() {
		return v, false, translate(rows.Err())
	}
	if v, err = scan(rows); err != nil {
		return v, false, translate(err)
	}
	// An UPDATE … RETURNING takes full effect only when it is read to its end.
	for rows.Next() {
		continue
	}
	return v, true, translate(rows.Err())
}

// scalar scans rows of one column. T is what the driver's value converts to: the
// typed ids are as good as string.
func scalar[T any](r row) (v T, err error) { return v, r.Scan(&v) }

// jsonList is the argument for dialect.list.
func jsonList[T ~string](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "[]" // strings always marshal
	}
	return string(b)
}

// missing is the error for a row that is not there.
func missing(thing string) error {
	return errs.New(errs.NotFound, thing+"_not_found", "%s not found", thing)
}
