package presence_test

import (
	"context"
	"testing"
	"time"

	"parlor/internal/presence"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestDeclaredAgentsCountForAWhile: an agent who works through a program counts
// from the word on, as long as there are signs of life, on any node.
func TestDeclaredAgentsCountForAWhile(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		s := f.node("one")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		defer func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}()
		pass := func(d time.Duration) {
			for ; d > 0; d -= presence.BeatEvery {
				f.clock.AwaitTimers(1)
				f.clock.Advance(presence.BeatEvery)
			}
			f.clock.AwaitTimers(1)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(s.Alive(ctx, f.lin))
		if f.connected() {
			t.Fatal("a sign of life alone makes nobody there")
		}
		must(s.Declare(ctx, f.lin, true))
		if !f.connected() {
			t.Fatal("not there although it says so")
		}
		pass(20 * time.Minute)
		must(s.Alive(ctx, f.lin))
		pass(20 * time.Minute)
		if !f.connected() {
			t.Fatal("gone although it showed signs of life")
		}
		pass(11 * time.Minute)
		if f.connected() {
			t.Fatal("there without a sign of life")
		}
		must(s.Declare(ctx, f.lin, true))
		release := f.connect(s)
		must(s.Declare(ctx, f.lin, false))
		if !f.connected() {
			t.Fatal("the console's connection does not count any more")
		}
		release()
		if f.connected() {
			t.Fatal("nobody is left")
		}
	})
}
