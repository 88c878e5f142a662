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

// openPostgres opens the pools, checks the server and migrates.
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
	one := cfg.Copy()
	one.MaxConns = 1
	// The plan of an append is always the same; planning it anew for each would
	// cost more than running it.
	one.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	if s.appendPool, err = pgxpool.NewWithConfig(ctx, one); err != nil {
		return err
	}
	s.read = stdlib.OpenDBFromPool(s.pool)
	s.readers = newSession(onHandle(s.read, false), &s.trace)
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
	b := &postgresBatch{s: s}
	s.appends = newGroup(s.opts.Queue, s.opts.MaxBatch, b.run)
	return nil
}

// checkPostgresDurable refuses a server that acknowledges before it has written.
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

// alone blocks writers only; readers go on.
func (postgresDialect) alone(ctx context.Context, t *tx, table string) error {
	_, err := t.exec(ctx, `LOCK TABLE `+table+` IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// again reports serialization failures and deadlocks, which leave no effect.
func (postgresDialect) again(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}
