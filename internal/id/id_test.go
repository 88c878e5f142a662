package id_test

import (
	"testing"

	"parlor/internal/id"
)

func TestNewIsValidUniqueAndOrdered(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last := ""
	for range 1000 {
		s := id.New()
		if !id.Valid(s) {
			t.Fatalf("%q is not valid", s)
		}
		if seen[s] {
			t.Fatalf("%q came twice", s)
		}
		if s < last {
			t.Fatalf("%q sorts before its predecessor %q", s, last)
		}
		seen[s], last = true, s
	}
}

func TestValidRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "abc", "0123456789abcdef0123456789abcdeF", "../../etc/passwd/../../etc/passw"} {
		if id.Valid(s) {
			t.Errorf("%q accepted", s)
		}
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 22, 43} {
		a, b := id.Secret(n), id.Secret(n)
		if len(a) != n || len(b) != n {
			t.Fatalf("lengths %d %d, want %d", len(a), len(b), n)
		}
		if n > 8 && a == b {
			t.Fatal("two secrets are equal")
		}
	}
}
