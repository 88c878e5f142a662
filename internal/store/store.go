package store

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parlor/internal/account"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/presence"
	"parlor/internal/routing"
	"parlor/internal/visitor"
)

var (
	_ account.Store      = (*Store)(nil)
	_ colleague.Store    = (*Store)(nil)
	_ conversation.Store = (*Store)(nil)
	_ job.Store          = (*Store)(nil)
	_ media.Store        = (*Store)(nil)
	_ presence.Store     = (*Store)(nil)
	_ routing.Store      = (*Store)(nil)
	_ visitor.Store      = (*Store)(nil)
)

// The names of the engines.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options says which database is opened and how.
type Options struct {
	// Clock is the source of time; default clock.System().
	Clock clock.Clock
	// Conns is the highest number of connections: readers on SQLite (default 8),
	// all but the one for appends on PostgreSQL (default 16).
	Conns int
	// Database is a postgres:// address; "" means SQLite in Dir.
	Database string
	// Dir is the data folder, created if it is missing. SQLite keeps parlor.db in it.
	Dir string
	// Logger receives warnings; default slog.Default().
	Logger *slog.Logger
	// MaxBatch is the highest number of verbs that share a commit; default 128.
	MaxBatch int
	// Queue is how many verbs may wait for the writer before callers block; default 1024.
	Queue int
	// Shared opens the data folder beside a running server, for short commands:
	// the serve lock is not taken, and messages that their senders named are refused.
	// It has no meaning on PostgreSQL.
	Shared bool
}

// withDefaults fills in what was not given.
func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	conns := 8
	if o.Database != "" {
		conns = 16
	}
	o.Conns = cmp.Or(o.Conns, conns)
	o.MaxBatch = cmp.Or(o.MaxBatch, 128)
	o.Queue = cmp.Or(o.Queue, 1024)
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	opts    Options
	log     *slog.Logger
	dialect dialect
	lock    *fileLock

	// readers serves every verb that only reads.
	readers *session
	read    *sql.DB
	// endReading ends the statements that readers keep; nil if they keep none.
	endReading func()

	// conn and writes exist on SQLite: one connection, one goroutine.
	conn   *direct
	writes *group[verb]
	// checkpoints and names exist while the data folder is served.
	checkpoints *checkpointer
	names       *senderNames

	// pool and appends exist on PostgreSQL; appendPool is the one connection of appends.
	pool       *pgxpool.Pool
	appendPool *pgxpool.Pool
	appends    *group[*pendingAppend]

	// hooked holds the companies that have webhooks, with the channels of these, see
	// HooksChanged.
	hooked atomic.Pointer[map[id.Tenant][]string]
	// ruled holds the companies whose rules bind and unbind, see Ruled.
	ruled atomic.Pointer[map[id.Tenant]bool]

	commits atomic.Int64
	verbs   atomic.Int64
	// trace, if set by a test, sees every statement.
	trace func(text string, args []any)

	closeOnce sync.Once
	closeErr  error
}

// Stats counts what the writers did since Open.
type Stats struct {
	// Commits is the number of write transactions committed.
	Commits int64
	// Verbs is the number of write verbs that took part in them.
	Verbs int64
}

// Open opens the database, checks that its commits are durable and migrates it
// to the schema of this program.
//
// Errors: Conflict "data_in_use" if another process serves the data folder;
// Conflict "newer_schema" if the database is of a later Parlor (nothing is
// changed then); Conflict "not_durable" if the engine would acknowledge before
// it has written; Unavailable if the database cannot be reached.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{opts: o, log: o.Logger.With("component", "store")}
	var err error
	if o.Database == "" {
		err = s.openSQLite(ctx)
	} else {
		err = s.openPostgres(ctx)
	}
	if err == nil {
		return s, nil
	}
	_ = s.Close() // the first error is the one to report
	return nil, translate(err)
}

// Close lets the verbs that were accepted finish, then releases the database.
// It may be called twice.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.release() })
	return s.closeErr
}

// release ends the writers first, so that what was accepted reaches the disk, and
// the lock last, so that nobody else opens a folder that is still in use. It
// works on a store that was opened in part.
func (s *Store) release() error {
	var first error
	keep := func(err error) {
		if first == nil && err != nil {
			first = err
		}
	}
	if s.writes != nil {
		s.writes.close()
	}
	if s.appends != nil {
		s.appends.close()
	}
	if s.checkpoints != nil {
		keep(s.checkpoints.close())
	}
	if s.endReading != nil {
		s.endReading()
	}
	if s.read != nil {
		keep(s.read.Close())
	}
	if s.conn != nil {
		keep(s.conn.close())
	}
	if s.appendPool != nil {
		s.appendPool.Close()
	}
	if s.pool != nil {
		s.pool.Close()
	}
	if s.checkpoints != nil {
		keep(s.checkpoints.letGo())
	}
	if s.lock != nil {
		keep(s.lock.release())
	}
	return first
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "store.Ping")
	return translate(s.read.PingContext(ctx))
}

// Engine returns SQLite or Postgres.
func (s *Store) Engine() string { return s.dialect.engine() }

// Stats returns the counters of the writers.
func (s *Store) Stats() Stats {
	return Stats{Commits: s.commits.Load(), Verbs: s.verbs.Load()}
}

// ms is how a time is stored: epoch milliseconds, 0 for the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is the reverse of ms.
func at(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v).UTC()
}

// atOrNil is at for times that may be missing.
func atOrNil(v int64) *time.Time {
	if v == 0 {
		return nil
	}
	t := at(v)
	return &t
}

// flag is how a boolean is stored.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
