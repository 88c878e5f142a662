package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"parlor/internal/errs"
)

// The file of the database in the data folder.
const sqliteName = "parlor.db"

// sqliteDSN names the file and the settings of each of its connections.
func sqliteDSN(path string, pragmas ...string) string {
	v := url.Values{"_pragma": append([]string{
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(OFF)",
		"temp_store(MEMORY)",
	}, pragmas...)}
	u := url.URL{Scheme: "file", Path: path, RawQuery: v.Encode()}
	return u.String()
}

// openSQLite locks the folder, migrates, and opens one connection that writes and
// a pool that can only read.
func (s *Store) openSQLite(ctx context.Context) error {
	s.dialect = sqliteDialect{}
	dir, err := filepath.Abs(s.opts.Dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !s.opts.Shared {
		if s.lock, err = lockDir(dir); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, sqliteName)
	// Beside a server, a short command leaves the log to it; a server has a
	// checkpointer for it. The number only bounds the log if that one fails.
	dsn := sqliteDSN(path, "cache_size(-32000)", "wal_autocheckpoint(100000)")
	if s.conn, err = openDirect(ctx, dsn); err != nil {
		return err
	}
	if err := s.migrateSQLite(ctx, dir, dsn); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", sqliteDSN(path, "query_only(1)", "cache_size(-8000)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(s.opts.Conns)
	s.read.SetMaxIdleConns(s.opts.Conns)
	reading := onHandle(s.read, true)
	s.readers, s.endReading = newSession(reading, &s.trace), reading.close
	if err := checkSQLiteDurable(ctx, s.conn); err != nil {
		return err
	}
	if !s.opts.Shared {
		if s.checkpoints, err = startCheckpointer(s, path); err != nil {
			return err
		}
		s.names = newSenderNames(mostNames)
	}
	b := &sqliteBatch{s: s, session: newSession(s.conn, &s.trace)}
	s.writes = newGroup(s.opts.Queue, s.opts.MaxBatch, b.run)
	return nil
}

// migrateSQLite brings the schema up to date. A shared handle does so only while
// nobody serves the folder. The connection of the writer is open meanwhile: whoever
// closes the last one copies the whole log.
func (s *Store) migrateSQLite(ctx context.Context, dir, dsn string) (err error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	m, err := newMigrator(db, SQLite)
	if err != nil {
		return err
	}
	pending, err := m.pending(ctx)
	if err != nil || !pending {
		return err
	}
	if s.opts.Shared {
		l, err := lockDir(dir)
		if err != nil {
			return err
		}
		defer func() { _ = l.release() }() // only read access was needed of the file
	}
	return m.up(ctx)
}

// checkSQLiteDurable asks the engine what it made of the settings.
func checkSQLiteDurable(ctx context.Context, conn runner) error {
	mode, _, err := first(ctx, conn, scalar[string], "PRAGMA journal_mode")
	if err != nil {
		return err
	}
	sync, _, err := first(ctx, conn, scalar[int], "PRAGMA synchronous")
	if err != nil {
		return err
	}
	if mode != "wal" || sync < 2 {
		return errs.New(errs.Conflict, "not_durable",
			"SQLite would not keep what it acknowledges: journal_mode=%s, synchronous=%d", mode, sync)
	}
	return nil
}

// sqliteBatch runs batches of verbs on the one write connection.
type sqliteBatch struct {
	s       *Store
	session *session
}

// run executes all verbs in one transaction. If one of them fails after it has
// written, or the engine fails, everything is undone and each verb runs in a
// transaction of its own, so that it harms only itself.
func (b *sqliteBatch) run(batch []*call[verb]) {
	results := make([]error, len(batch))
	err := b.try(batch, results)
	if err == nil {
		for i, c := range batch {
			c.answer(results[i])
		}
		if b.s.checkpoints != nil {
			b.s.checkpoints.finish(b.s.conn)
		}
		return
	}
	// Nobody can know what a failed commit has left on the disk, so it is not
	// tried again: every caller is told.
	if failed, ok := err.(*commitError); ok {
		for _, c := range batch {
			c.answer(failed.err)
		}
		return
	}
	for i, c := range batch {
		if err := b.try(batch[i:i+1], results[:1]); err != nil {
			results[0] = err
		}
		c.answer(unwrapCommit(results[0]))
	}
}

// commitError says that the transaction as a whole failed.
type commitError struct{ err error }

// Error is the text of the cause.
func (e *commitError) Error() string { return e.err.Error() }

// unwrapCommit returns the cause of a commitError and any other error as it is.
func unwrapCommit(err error) error {
	if e, ok := err.(*commitError); ok {
		return e.err
	}
	return err
}

// try runs the batch in one transaction and fills results. An error means that
// nothing was changed.
func (b *sqliteBatch) try(batch []*call[verb], results []error) (err error) {
	ctx := context.Background()
	if _, err := b.session.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return &commitError{translate(err)}
	}
	defer func() {
		if err != nil {
			// Fails only if the engine has rolled back by itself.
			_, _ = b.session.exec(ctx, "ROLLBACK")
		}
	}()
	for i, c := range batch {
		// Each verb has a record of its own of whether it has written.
		t := &tx{session: b.session}
		results[i] = translate(c.work(ctx, t))
		if results[i] != nil && (t.wrote || !ofDomain(results[i])) {
			return results[i]
		}
	}
	if _, err := b.session.exec(ctx, "COMMIT"); err != nil {
		return &commitError{translate(fmt.Errorf("commit: %w", err))}
	}
	b.s.commits.Add(1)
	b.s.verbs.Add(int64(len(batch)))
	return nil
}

// ofDomain reports whether err says something about the request rather than
// about the engine.
func ofDomain(err error) bool {
	c := errs.CodeOf(err)
	return c != errs.Internal && c != errs.Unavailable
}

// sqliteDialect is the dialect of SQLite.
type sqliteDialect struct{}

func (sqliteDialect) engine() string { return SQLite }

func (sqliteDialect) list(p string) string { return "(SELECT value FROM json_each(" + p + "))" }

func (sqliteDialect) rows(p, table, column string) string {
	return "(SELECT value AS " + column + " FROM json_each(" + p + ")) " + table
}

func (sqliteDialect) lock(string) string { return "" }

func (sqliteDialect) skipLocked() string { return "" }

func (sqliteDialect) alone(context.Context, *tx, string) error { return nil }

func (sqliteDialect) again(error) bool { return false }
