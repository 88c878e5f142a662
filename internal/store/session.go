package store

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"parlor/internal/errs"
)

// runner runs statements: a connection, a session or a transaction.
type runner interface {
	// exec runs a statement and returns how many rows it changed.
	exec(ctx context.Context, text string, args ...any) (int64, error)
	// query runs a statement that returns rows. They must be closed before the
	// runner is used again.
	query(ctx context.Context, text string, args ...any) (result, error)
}

// row is one row of a result.
type row interface{ Scan(dest ...any) error }

// result is the rows of a query, as *sql.Rows has them.
type result interface {
	row
	Next() bool
	Columns() ([]string, error)
	Err() error
	Close() error
}

// session checks and traces statements and has a connection run them.
type session struct {
	on    runner
	trace *func(text string, args []any)
}

// newSession runs statements on a connection; trace is nil or points to the hook of tests.
func newSession(on runner, trace *func(string, []any)) *session {
	return &session{on: on, trace: trace}
}

func (q *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := q.begin(text, args); err != nil {
		return 0, err
	}
	return q.on.exec(ctx, text, args...)
}

func (q *session) query(ctx context.Context, text string, args ...any) (result, error) {
	if err := q.begin(text, args); err != nil {
		return nil, err
	}
	return q.on.query(ctx, text, args...)
}

// begin does what every statement needs before it runs.
func (q *session) begin(text string, args []any) error {
	if err := checkTexts(args); err != nil {
		return err
	}
	if q.trace != nil && *q.trace != nil {
		(*q.trace)(text, args)
	}
	return nil
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
