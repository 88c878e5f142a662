package store_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestDurableSettings(t *testing.T) {
	t.Parallel()
	t.Run(store.SQLite, func(t *testing.T) {
		t.Parallel()
		s := storetest.SQLite(t)
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} {
			got, err := store.WriterSetting(t.Context(), s, pragma)
			if err != nil || got != want {
				t.Errorf("%s = %q (%v), want %q", pragma, got, err, want)
			}
		}
	})
	t.Run(store.Postgres, func(t *testing.T) {
		t.Parallel()
		dsn := storetest.PostgresDSN(t)
		for name, options := range map[string]string{"default": "", "server says off": "&options=-c%20synchronous_commit%3Doff"} {
			s := storetest.Open(t, store.Options{Database: dsn + options})
			got, err := store.Query(t.Context(), s, `SELECT current_setting('synchronous_commit') || ' ' || current_setting('fsync')`)
			if err != nil || !slices.Equal(got, []string{"on on"}) {
				t.Errorf("%s: settings = %v (%v)", name, got, err)
			}
		}
	})
}

func TestDataFolderIsServedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := storetest.Open(t, store.Options{Dir: dir})
	_, err := store.Open(t.Context(), store.Options{Dir: dir})
	if errs.CodeOf(err) != errs.Conflict || errs.ReasonOf(err) != "data_in_use" {
		t.Fatalf("second server: %v", err)
	}
	for _, part := range []string{dir, fmt.Sprint("process ", os.Getpid())} {
		if !strings.Contains(errs.MessageOf(err), part) {
			t.Errorf("%q does not name %q", errs.MessageOf(err), part)
		}
	}
	shared := storetest.Open(t, store.Options{Dir: dir, Shared: true})
	w := storetest.NewWorld(t, shared, "main")
	ann := w.Agent("ann", 3)
	got, err := first.Agent(t.Context(), w.Tenant, ann)
	if err != nil || got.Name != "ann" {
		t.Fatalf("agent added beside the server: %v, %v", got, err)
	}
	for range 2 {
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
	storetest.Open(t, store.Options{Dir: dir})
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := storetest.NewWorld(t, s, "main")
		c := w.Start("Vera", "")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(t.Context(), w.Say(c, "late")); errs.CodeOf(err) != errs.Unavailable {
			t.Errorf("Append: %v", err)
		}
		if _, err := s.CreateTenant(t.Context(), account.Tenant{ID: "late"}); err == nil {
			t.Error("CreateTenant worked")
		}
		if s.Ping(t.Context()) == nil {
			t.Error("Ping worked")
		}
	})
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{Database: "postgres://nobody@127.0.0.1:1/none?connect_timeout=2"})
	if errs.CodeOf(err) != errs.Unavailable {
		t.Errorf("no server: %v", err)
	}
	_, err = store.Open(t.Context(), store.Options{Database: "postgres://%zz"})
	if errs.CodeOf(err) != errs.Invalid {
		t.Errorf("bad address: %v", err)
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = store.Open(t.Context(), store.Options{Dir: file}); err == nil {
		t.Error("a file served as data folder")
	}
}
