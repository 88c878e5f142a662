package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"parlor/internal/errs"
)

// keepDurable makes a connection wait for the disk even where the server's
// default is not to.
func keepDurable(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}

func (s *Store) openPostgres(ctx context.Context) error {
	s.dialect = postgresDialect{}
	cfg, err := pgxpool.ParseConfig(s.opts.Database)
	if err != nil {
		return errs.Field("database", "bad_database", "the database address is not valid").Because(err)
	}
	cfg.MaxConns = int32(s.opts.Conns)
	cfg.AfterConnect = keepDurable
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	s.read = stdlib.OpenDBFromPool(s.pool)
	s.readers = newSession(s.read, false, &s.trace)
	if err := checkPostgresDurable(ctx, s.read); err != nil {
		return err
	}
	m, err := newMigrator(s.read, Postgres)
	if err != nil {
		return err
	}
	pending, err := m.pending(ctx)
	if err == nil && pending {
		err = m.up(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.mendOutbox(ctx); err != nil {
		return err
	}
	b := &postgresBatch{s: s}
	s.appends = newGroup(s.opts.Queue, s.opts.MaxBatch, b.run)
	return nil
}

func checkPostgresDurable(ctx context.Context, db *sql.DB) error {
	var commit, fsync string
	err := db.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit'), current_setting('fsync')`).Scan(&commit, &fsync)
	if err != nil {
		return err
	}
	if commit == "off" || fsync != "on" {
		return errs.New(errs.Conflict, "not_durable",
			"PostgreSQL would not keep what it acknowledges: synchronous_commit=%s, fsync=%s", commit, fsync)
	}
	return nil
}

// mendOutbox makes the outbox usable after its tables were copied into another
// cluster, whose transaction ids are lower: those of the copy would never be passed.
func (s *Store) mendOutbox(ctx context.Context) error {
	const ahead = `xid >= CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)`
	n, _, err := first(ctx, s.readers, scalar[int64], `SELECT COUNT(*) FROM follower WHERE `+ahead)
	if err != nil || n == 0 {
		return err
	}
	return s.writePostgres(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.exec(ctx, `UPDATE follower SET pos = LEAST(pos, COALESCE((SELECT MIN(o.pos) FROM outbox o
			WHERE (o.xid, o.pos) > (follower.xid, follower.pos)) - 1, pos)), xid = 0 WHERE `+ahead); err != nil {
			return err
		}
		_, err := t.exec(ctx, `UPDATE outbox SET xid = 0`)
		return err
	})
}

// postgresDialect is the dialect of PostgreSQL.
type postgresDialect struct{}

func (postgresDialect) engine() string { return Postgres }

func (postgresDialect) list(p string) string {
	return "(SELECT jsonb_array_elements_text(CAST(" + p + " AS JSONB)))"
}

func (postgresDialect) rows(p, table, column string) string {
	return "jsonb_array_elements_text(CAST(" + p + " AS JSONB)) AS " + table + " (" + column + ")"
}

func (postgresDialect) lock(table string) string { return " FOR UPDATE OF " + table }

func (postgresDialect) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

// Commits become visible out of the order of pos, so rows are read in the order
// of their transactions, and only those that no running transaction precedes.
func (postgresDialect) outboxNext() (where, order string) {
	return `(o.xid, o.pos) > ($1, $2)
		AND o.xid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)`, "o.xid, o.pos"
}

func (postgresDialect) outboxPassed() string {
	return "(xid, pos) < (SELECT f.xid, f.pos FROM follower f ORDER BY f.xid, f.pos LIMIT 1)"
}

func (postgresDialect) resetOutbox(ctx context.Context, t *tx) error {
	_, err := t.exec(ctx, `UPDATE outbox SET xid = 0`)
	return err
}

// again reports serialization failures and deadlocks, which leave no effect.
func (postgresDialect) again(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}
