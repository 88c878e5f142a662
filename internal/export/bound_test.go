package export

import (
	"slices"
	"strings"
	"testing"
)

func TestARowTooManyEndsAnExport(t *testing.T) {
	t.Parallel()
	r := &run{x: &Export{Rows: 2}, most: 2}
	if err := r.row("x"); err == nil || err != error(fatal("too_many_rows")) {
		t.Error(err)
	}
	if r.x.Rows != 2 {
		t.Error(r.x.Rows)
	}
}

// Every heading, and every word, is there in each language.
func TestWordsAreWhole(t *testing.T) {
	t.Parallel()
	for kind, keys := range headings {
		for i, k := range keys {
			if slices.Contains(keys[:i], k) {
				t.Errorf("%s has %s twice", kind, k)
			}
			for lang, list := range words {
				if list[k] == "" {
					t.Errorf("%s: %s of %s has no word", lang, k, kind)
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, w := range said {
		if seen[w.key] || w.en == "" || w.zh == "" || w.pt == "" {
			t.Errorf("%+v", w)
		}
		seen[w.key] = true
		if head, _, ok := strings.Cut(w.key, "."); ok && !slices.Contains([]string{"status", "end", "from", "kind", "line", "left", "why", "action"}, head) {
			t.Errorf("%s is asked for nowhere", w.key)
		}
	}
}
