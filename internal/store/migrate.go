package store

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"parlor/internal/errs"
	"parlor/internal/store/migrations"
)

// migrator knows the schema versions of one engine.
type migrator struct {
	p      *goose.Provider
	db     *sql.DB
	engine string
}

// newMigrator reads the embedded files of one engine; it does not touch the database.
func newMigrator(db *sql.DB, engine string) (*migrator, error) {
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true)}
	if engine == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	others := names[:0]
	for _, n := range names {
		if !strings.HasSuffix(n, "."+engine+".sql") {
			others = append(others, n)
		}
	}
	options = append(options, goose.WithExcludeNames(others))
	p, err := goose.NewProvider(dialect, db, migrations.Files, options...)
	if err != nil {
		return nil, err
	}
	return &migrator{p: p, db: db, engine: engine}, nil
}

// target is the schema version of this program.
func (m *migrator) target() int64 {
	var v int64
	for _, s := range m.p.ListSources() {
		v = max(v, s.Version)
	}
	return v
}

// current is the schema version of the database, 0 for an empty one. It changes nothing.
func (m *migrator) current(ctx context.Context) (int64, error) {
	table := `SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'`
	if m.engine == Postgres {
		table = `SELECT COUNT(*) FROM pg_tables WHERE tablename = 'goose_db_version' AND schemaname = ANY(current_schemas(false))`
	}
	var n, v int64
	if err := m.db.QueryRowContext(ctx, table).Scan(&n); err != nil || n == 0 {
		return 0, err
	}
	err := m.db.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&v)
	return v, err
}

// pending reports whether the database is older than this program, or
// Conflict "newer_schema" if it is newer.
func (m *migrator) pending(ctx context.Context) (bool, error) {
	have, err := m.current(ctx)
	if err != nil {
		return false, err
	}
	if want := m.target(); have > want {
		return false, errs.New(errs.Conflict, "newer_schema",
			"the database has schema version %d, this program knows %d: use the newer program", have, want)
	} else if have < want || have == 0 {
		return have < want, nil
	}
	// Files that were made side by side may arrive out of order.
	var applied int
	err = m.db.QueryRowContext(ctx, `SELECT COUNT(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0`).Scan(&applied)
	return applied < len(m.p.ListSources()), err
}

// up migrates to target. Nodes that start together wait for one another on
// PostgreSQL; on SQLite the caller holds the lock of the folder.
func (m *migrator) up(ctx context.Context) error {
	_, err := m.p.Up(ctx)
	return err
}

// SchemaVersion returns the schema version of the database.
func (s *Store) SchemaVersion(ctx context.Context) (_ int, err error) {
	defer errs.Wrap(&err, "store.SchemaVersion")
	v, _, err := first(ctx, s.readers, scalar[int64], `SELECT MAX(version_id) FROM goose_db_version`)
	return int(v), err
}
