package media_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestAFileGrowsAndIsSettledOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		dir, ctx := t.TempDir(), t.Context()
		s := media.New(st, clock.NewStub(storetest.T0), media.Options{Dir: dir, Key: []byte("k")})
		storetest.NewWorld(t, st, "main")
		f, other := id.File(id.New()), id.File(id.New())
		grow := func(part string, size int64, text string) {
			t.Helper()
			out, err := s.Grow("main", f, part, size)
			if err == nil {
				_, err = io.WriteString(out, text)
				err = errors.Join(err, out.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		names := func() (n int) {
			t.Helper()
			list, err := filepath.Glob(filepath.Join(dir, "main", "*", "*"))
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		old, err := s.Grow("main", f, "lines", 0)
		if err != nil {
			t.Fatal(err)
		}
		grow("lines", 0, "one two three")
		if _, err := old.WriteString("from before"); err != nil {
			t.Fatal(err)
		}
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		grow("lines", 4, "2")
		grow("book", 0, "PK")
		for _, size := range []int64{6, 1 << 40} {
			if _, err := s.Grow("main", f, "lines", size); errs.ReasonOf(err) != "file_not_found" {
				t.Error("a part that is shorter:", err)
			}
		}
		if _, err := s.Grow("main", other, "lines", 1); errs.ReasonOf(err) != "file_not_found" {
			t.Error("no part:", err)
		}
		if _, err := s.Grow("main", "../x", "lines", 0); errs.ReasonOf(err) != "file_not_found" {
			t.Error("no id:", err)
		}
		if _, err := s.Settle(ctx, "main", f, "none", "a.csv", "text/csv"); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		for round, want := range []string{"one 2", "again"} { // whatever it was before
			if round == 1 {
				grow("lines", 0, want)
			}
			got, err := s.Settle(ctx, "main", f, "lines", "a.csv", "text/csv")
			if err != nil || got.Size != 5 || names() != 1 {
				t.Fatal(got, err, names())
			}
			o, err := s.Content(ctx, "main", f)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			_, err = io.Copy(&b, o.Body)
			if err = errors.Join(err, o.Body.Close()); err != nil || b.String() != want || o.Type != "text/csv" || o.File.Name != "a.csv" {
				t.Error(b.String(), o, err)
			}
		}
		grow("lines", 0, "x")
		for range 2 {
			if err := s.Discard(ctx, "main", f); err != nil || names() != 0 {
				t.Error(err, names())
			}
		}
		if err := s.Discard(ctx, "main", other); err != nil {
			t.Error(err)
		}
	})
}
