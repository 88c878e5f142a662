package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"

	"parlor/internal/id"
	"parlor/internal/report"
)

// Trace lets f see every statement that s runs from now on.
func Trace(s *Store, f func(text string, args []any)) { s.trace = f }

// Plan returns the steps by which SQLite runs a statement.
func Plan(ctx context.Context, s *Store, text string, args []any) ([]string, error) {
	return all(ctx, onHandle(s.read, false), func(r row) (step string, err error) {
		var a, b, c int
		return step, r.Scan(&a, &b, &c, &step)
	}, "EXPLAIN QUERY PLAN "+text, args...)
}

// Verb runs statements in one write verb.
func Verb(ctx context.Context, s *Store, f func(exec func(text string, args ...any) error) error) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		return f(func(text string, args ...any) error {
			_, err := t.exec(ctx, text, args...)
			return err
		})
	})
}

// Hold keeps the writer of SQLite busy until release is called.
func Hold(s *Store) (release func()) {
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.write(context.Background(), func(context.Context, *tx) error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	return func() { close(end); <-done }
}

// AwaitQueued returns when n verbs wait for the writer.
func AwaitQueued(s *Store, n int) {
	length := func() int {
		if s.writes != nil {
			return len(s.writes.queue)
		}
		return len(s.appends.queue)
	}
	for length() < n {
		runtime.Gosched()
	}
}

// WriterSetting returns a setting of the connection that writes on SQLite.
func WriterSetting(ctx context.Context, s *Store, pragma string) (v string, err error) {
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		v, _, err = first(ctx, t, scalar[string], "PRAGMA "+pragma)
		return err
	})
	return v, err
}

// Query returns the rows of a query as texts.
func Query(ctx context.Context, s *Store, text string, args ...any) ([]string, error) {
	return QueryDB(ctx, s.read, text, args...)
}

// QueryDB is Query on a database handle.
func QueryDB(ctx context.Context, db *sql.DB, text string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list []string
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprint(values...))
	}
	return list, rows.Err()
}

// Migrations is the migrator of a database without a store.
type Migrations struct {
	DB *sql.DB
	m  *migrator
}

// OpenMigrations opens a folder (SQLite) or address (PostgreSQL).
func OpenMigrations(engine, where string) (*Migrations, error) {
	driver, dsn := "pgx", where
	if engine == SQLite {
		driver, dsn = "sqlite", sqliteDSN(filepath.Join(where, sqliteName))
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	m, err := newMigrator(db, engine)
	return &Migrations{db, m}, err
}

// Up migrates to the newest version.
func (m *Migrations) Up(ctx context.Context) error { return m.m.up(ctx) }

// Down undoes all migrations.
func (m *Migrations) Down(ctx context.Context) error {
	_, err := m.m.p.DownTo(ctx, 0)
	return err
}

// Target is the newest version.
func (m *Migrations) Target() int64 { return m.m.target() }

// Generate fills a store with closed conversations of the visitor and returns
// their ids. It is for benchmarks: it knows nothing of counters or outbox.
func Generate(ctx context.Context, s *Store, t id.Tenant, in id.Inbox, v id.Visitor, conversations, each int) ([]id.Conversation, error) {
	for _, text := range []string{
		`INSERT INTO conversation (id, tenant, inbox, channel, visitor, status, agent, team, requested_agent, previous_agent,
			priority, version, page_url, page_title, created_at, queued_at, queue_key, assigned_at, closed_at, end_by, last_seq,
			visible_seq, prev_seq, last_at, last_text, last_kind, last_from, agent_read, visitor_read, unread, waiting_since)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(conversations) + `)
		SELECT 'gen' || i, '` + string(t) + `', '` + string(in) + `', 'web', '` + string(v) + `', 'closed', '', '', '', '', 0, 1, '', '',
			i, i, i, 0, i, 'agent', ` + fmt.Sprint(each) + `, ` + fmt.Sprint(each) + `, 0, i, 'x', 'text', 'visitor', 0, 0, 0, 0 FROM n`,
		`INSERT INTO message (conversation, seq, prev, id, client_id, kind, from_kind, from_id, from_name, text, meta, at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(each) + `)
		SELECT c.id, n.i, n.i - 1, 'm' || n.i, '', 'text', 'visitor', '` + string(v) + `', 'Vera',
			'message number ' || n.i || ' 我想问一下订单什么时候发货', '', n.i
			FROM conversation c CROSS JOIN n WHERE c.id LIKE 'gen%'`,
	} {
		if err := s.writeWithin(ctx, restoreTimeout, func(ctx context.Context, t *tx) error {
			_, err := t.exec(ctx, text)
			return err
		}); err != nil {
			return nil, err
		}
	}
	ids := make([]id.Conversation, conversations)
	for i := range ids {
		ids[i] = id.Conversation(fmt.Sprint("gen", i+1))
	}
	return ids, nil
}

// Positional and Assign are what a direct connection does to statements and columns.
var (
	Positional = positional
	Assign     = assign
)

// ScanPacked reads a text as a row of columns with NUL bytes between them.
func ScanPacked(text string, dest ...any) error { return packedRow(text).Scan(dest...) }

// Packed is the expression for such a text.
var Packed = packed

// Nested reads rows in the writer and runs another statement before they are closed.
func Nested(ctx context.Context, s *Store) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.query(ctx, "SELECT 1")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		_, err = t.exec(ctx, "SELECT 2")
		return err
	})
}

// Columns returns the row of a query as the writer reads it.
func Columns(ctx context.Context, s *Store, dest []any, text string, args ...any) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, _, err := first(ctx, t, func(r row) (struct{}, error) { return struct{}{}, r.Scan(dest...) }, text, args...)
		return err
	})
}

// KeepParts adds shares of conversations.
func KeepParts(ctx context.Context, s *Store, parts []report.Part) error {
	return s.write(ctx, func(ctx context.Context, t *tx) error { return keepParts(ctx, t, parts) })
}

// LimitNames makes the writer of SQLite hold fewer names of senders.
func LimitNames(s *Store, most int) { s.names.most = most }
