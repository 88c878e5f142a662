package store_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// seen collects the statements of several stores.
type seen struct {
	mu    sync.Mutex
	texts map[string][]any
}

func (s *seen) add(text string, args []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.texts[text]; !ok {
		s.texts[text] = append([]any{}, args...)
	}
}

// scans lists the statements that may read a whole table, with the reason.
var scans = map[string]string{
	"FROM tenant ORDER BY number":       "all tenants are wanted",
	"FROM tenant RETURNING number":      "the highest number is the last entry of its index",
	"SELECT * FROM outbox ORDER BY pos": "the oldest rows are wanted, and no more than a page",
	"INSERT INTO outbox":                "a restore indexes all messages",
	"SELECT 1 FROM ":                    "one row is wanted",
	"SELECT * FROM ":                    "a backup reads everything",
	"WHERE a.open > 0":                  "agents who hold conversations are few, and have an index of their own",
	"COUNT(DISTINCT version_id)":        "the table of migrations has a handful of rows",
	"SELECT MAX(version_id)":            "the table of migrations has a handful of rows",
}

// TestNoStatementScansATable runs the conformance suite on SQLite, collects all
// statements and asks the engine how it runs each.
func TestNoStatementScansATable(t *testing.T) {
	t.Parallel()
	all := &seen{texts: map[string][]any{}}
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) *store.Store {
			s := storetest.SQLite(t)
			store.Trace(s, all.add)
			return s
		})
	})
	s := storetest.SQLite(t)
	tables, err := store.Query(t.Context(), s, `SELECT name FROM sqlite_master WHERE type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(tables, "|")
	checked := 0
	for text, args := range all.texts {
		if strings.HasPrefix(text, "BEGIN") || text == "COMMIT" || text == "ROLLBACK" {
			continue
		}
		plan, err := store.Plan(t.Context(), s, text, args)
		if err != nil {
			t.Errorf("%v\n%s", err, text)
			continue
		}
		checked++
		for _, step := range plan {
			if what, ok := strings.CutPrefix(step, "SCAN "); ok && isTable(text, strings.Fields(what)[0], names) && !allowed(text) {
				t.Errorf("%s\n%s", step, text)
			}
		}
	}
	if checked < 90 {
		t.Fatalf("only %d statements were checked", checked)
	}
}

// isTable reports whether a name in a plan is a table or stands for one in text.
func isTable(text, name, tables string) bool {
	if strings.HasPrefix(name, "search_tokens") {
		return false // a virtual table is always "scanned", by its own index
	}
	if regexp.MustCompile(`^(` + tables + `)$`).MatchString(name) {
		return true
	}
	return regexp.MustCompile(`\b(` + tables + `)\s+(AS\s+)?` + regexp.QuoteMeta(name) + `\b`).MatchString(text)
}

func allowed(text string) bool {
	for part, reason := range scans {
		if reason != "" && strings.Contains(text, part) {
			return true
		}
	}
	return false
}
