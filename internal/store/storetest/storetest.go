// Package storetest opens stores for tests, on both engines, and holds the
// conformance suite that both must pass.
//
// A package that uses Postgres or Each ends its cluster in TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"parlor/internal/id"
	"parlor/internal/store"
)

// DatabaseEnv names the variable with the address of a PostgreSQL server (as a
// superuser) to test against; without it a cluster of our own is started.
const DatabaseEnv = "PARLOR_TEST_DATABASE"

// Main runs the tests and then ends what Postgres started. It returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.cluster != nil {
		if err := server.cluster.Remove(); err != nil {
			fmt.Fprintln(os.Stderr, "storetest:", err)
			code = max(code, 1)
		}
	}
	return code
}

// Open opens a store and closes it when the test ends.
func Open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return s
}

// SQLite returns an empty store in a folder of its own.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	dir := t.TempDir()
	Migrated(t, dir)
	return Open(t, store.Options{Dir: dir})
}

// migrated is the file of an empty database, made once for this test process.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "plr")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := store.Open(context.Background(), store.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "parlor.db"))
})

// Migrated puts an empty database of SQLite into a folder, which opens quicker
// than one that has to be made.
func Migrated(t testing.TB, dir string) {
	t.Helper()
	file, err := migrated()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "parlor.db"), file, 0o600)
	}
	if err != nil {
		t.Fatalf("SQLite for tests: %v", err)
	}
}

// Postgres returns an empty store in a database of its own.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, store.Options{Database: PostgresDSN(t)})
}

// Each runs f as a subtest on each engine.
func Each(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run(store.SQLite, func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run(store.Postgres, func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// server is the PostgreSQL server of this test process.
var server struct {
	mu       sync.Mutex
	cluster  *Cluster
	base     string
	template string
	err      error
}

// PostgresDSN returns the address of a fresh migrated database, dropped when
// the test ends. Several stores may be opened on it, like the nodes of a cluster.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	base, template := serverFor(t)
	name := "parlor_" + id.New()
	adminExec(t, base, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template))
	t.Cleanup(func() { adminExec(t, base, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)) })
	return withDatabase(base, name)
}

// EmptyDSN returns the address of a fresh database without any table.
func EmptyDSN(t testing.TB) string {
	t.Helper()
	base, _ := serverFor(t)
	name := "parlor_" + id.New()
	adminExec(t, base, "CREATE DATABASE "+name)
	t.Cleanup(func() { adminExec(t, base, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name)) })
	return withDatabase(base, name)
}

func serverFor(t testing.TB) (base, template string) {
	t.Helper()
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.base == "" && server.err == nil {
		server.err = startServer()
	}
	if server.err != nil {
		t.Fatalf("PostgreSQL for tests: %v", server.err)
	}
	return server.base, server.template
}

func startServer() error {
	base := os.Getenv(DatabaseEnv)
	if base == "" {
		c, err := NewCluster()
		if err != nil {
			return err
		}
		server.cluster, base = c, c.DSN("postgres")
	}
	template := "parlor_template_" + id.New()
	ctx := context.Background()
	if err := execOn(ctx, base, "CREATE DATABASE "+template); err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{Database: withDatabase(base, template)})
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	server.base, server.template = base, template
	return nil
}

func adminExec(t testing.TB, base, text string) {
	t.Helper()
	// The test's own context is over when its clean-up runs.
	if err := execOn(context.Background(), base, text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func execOn(ctx context.Context, dsn, text string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, text)
	if e := c.Close(ctx); err == nil {
		err = e
	}
	return err
}

func withDatabase(base, name string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	u.Path = "/" + name
	return u.String()
}
