package store_test

import (
	"fmt"
	"strconv"
	"testing"

	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestSearchIndexIsMergedOnTheWay checks that segments do not pile up until the
// engine merges many of them at once.
func TestSearchIndexIsMergedOnTheWay(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	most := 0
	for step := range 40 {
		for i := range 10 {
			w.Append(w.Say(c, fmt.Sprint("order number ", step, " ", i)))
		}
		w.IndexAll()
		rows, err := store.Query(t.Context(), s, `SELECT COUNT(DISTINCT segid) FROM search_tokens_idx`)
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(rows[0])
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, n)
	}
	if most < 2 || most > 8 {
		t.Errorf("up to %d segments at once, want 2 to 8", most)
	}
}
