package storetest

import (
	"testing"

	"parlor/internal/errs"
	"parlor/internal/store"
)

// suite lists the conformance tests; each gets an empty store.
var suite = []struct {
	name string
	run  func(t *testing.T, s *store.Store)
}{
	{"Append/Counters", testCounters},
}

// Run checks that the stores open returns keep the contracts of all domains.
// open must return an empty store for each call.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// wantReason fails the test unless err has the code and reason.
func wantReason(t testing.TB, err error, code errs.Code, reason string) {
	t.Helper()
	if errs.CodeOf(err) != code || errs.ReasonOf(err) != reason {
		t.Fatalf("error = %v (%s %s), want %s %s", err, errs.CodeOf(err), errs.ReasonOf(err), code, reason)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
}
