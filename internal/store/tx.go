package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// tx is a write transaction in progress.
type tx struct {
	*session
	// wrote is true once a statement has changed something, so that a failure
	// after it must undo it.
	wrote bool
}

// exec is session.exec with a translated error; it notes that something changed.
func (t *tx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	n, err := t.session.exec(ctx, text, args...)
	if err != nil {
		return 0, translate(err)
	}
	t.wrote = t.wrote || n > 0
	return n, nil
}

// change runs a statement that changes rows and returns them.
func change[T any](ctx context.Context, t *tx, scan func(row) (T, error), text string, args ...any) (v T, ok bool, err error) {
	v, ok, err = first(ctx, t, scan, text, args...)
	t.wrote = t.wrote || ok
	return v, ok, err
}

// changeAll is change for many rows.
func changeAll[T any](ctx context.Context, t *tx, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	list, err := all(ctx, t, scan, text, args...)
	t.wrote = t.wrote || len(list) > 0
	return list, err
}

// verb is the body of a write verb. It may run more than once and must set its
// results by assignment. It checks before it writes.
type verb func(ctx context.Context, t *tx) error

// write runs a verb in a transaction and returns when it is on disk.
func (s *Store) write(ctx context.Context, v verb) error {
	return s.writeWithin(ctx, verbTimeout, v)
}

// writeWithin is write with another bound on PostgreSQL.
func (s *Store) writeWithin(ctx context.Context, limit time.Duration, v verb) error {
	if s.writes != nil {
		return s.writes.do(ctx, v)
	}
	return s.writePostgres(ctx, limit, v)
}

// maxTries bounds the repetitions of a transaction that lost a race.
const maxTries = 8

// errAgain makes write repeat the transaction.
var errAgain = errors.New("transaction must be repeated")

// writePostgres repeats a verb that lost a race until it wins or has tried often enough.
func (s *Store) writePostgres(ctx context.Context, limit time.Duration, v verb) error {
	for try := 1; ; try++ {
		err := s.tryPostgres(ctx, limit, v)
		if err == nil || try == maxTries || !(errors.Is(err, errAgain) || s.dialect.again(err)) {
			return translate(err)
		}
		if err := s.pause(ctx, try); err != nil {
			return err
		}
	}
}

// pause waits a little longer after each try.
func (s *Store) pause(ctx context.Context, try int) error {
	timer := s.opts.Clock.NewTimer(time.Duration(try) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return cancelled(ctx)
	}
}

// tryPostgres runs the verb once. ctx counts until the transaction begins: from
// there it is executed and its true result returned, within limit.
func (s *Store) tryPostgres(ctx context.Context, limit time.Duration, v verb) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := v(ctx, &tx{session: newSession(onHandle(sqlTx, false), &s.trace)}); err != nil {
		_ = sqlTx.Rollback() // the verb's error is the one to report
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return err
	}
	s.commits.Add(1)
	s.verbs.Add(1)
	return nil
}

// snapshot runs f on one consistent state of the database.
func (s *Store) snapshot(ctx context.Context, f func(q *session) error) error {
	sqlTx, err := s.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return translate(err)
	}
	defer func() { _ = sqlTx.Rollback() }() // nothing was written
	return f(newSession(onHandle(sqlTx, false), &s.trace))
}
