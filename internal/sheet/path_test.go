package sheet_test

import (
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/sheet"
)

func TestWalkEntersEachNameBelowTheOneBefore(t *testing.T) {
	t.Parallel()
	clean := func(s string) (string, error) {
		if s = strings.TrimSpace(s); s == "" {
			return "", errs.New(errs.Invalid, "x", "empty")
		}
		return s, nil
	}
	for _, x := range []struct{ path, id, entered, reason string }{
		{"", "", "", ""}, {" / ", "", "", ""}, {"/a/", "<a>", "a", ""}, {" a / b/c ", "<a/b/c>", "a a/b a/b/c", ""},
		{"a//b", "", "a", "bad_name"}, {"a/b/c/d", "", "", "too_deep"}, {"a/full", "", "a a/full", "full"},
	} {
		var entered []string
		before := ""
		id, err := sheet.Walk(x.path, 3, clean, func(walked, parent, name string) (string, error) {
			if parent != before || !strings.HasSuffix(walked, name) {
				t.Errorf("%q: %q below %q, want %q", x.path, walked, parent, before)
			}
			entered, before = append(entered, walked), "<"+walked+">"
			if name == "full" {
				return "", errs.Field("category", "full", "full")
			}
			return before, nil
		})
		if id != x.id || errs.ReasonOf(err) != x.reason || strings.Join(entered, " ") != x.entered {
			t.Errorf("%q: %q %v, entered %v", x.path, id, err, entered)
		}
	}
}
