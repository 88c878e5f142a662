package guard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/guard"
)

func newGuard() (*guard.Guard, *bytes.Buffer, *clock.Stub) {
	var out bytes.Buffer
	c := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	return guard.New(slog.New(slog.NewTextHandler(&out, nil)), c), &out, c
}

func TestPanicIsLoggedOnceWithStackAndWithoutWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	g, out, _ := newGuard()
	g.Do(guard.Event, "deliver", func() { panic("my card number is 4711") })
	text := out.String()
	if strings.Count(text, "panic caught") != 1 || !strings.Contains(text, "place=event") || !strings.Contains(text, "in=deliver") || !strings.Contains(text, "guard_test.go") {
		t.Fatalf("%s", text)
	}
	if strings.Contains(text, "4711") {
		t.Fatal("the value of the panic is logged")
	}
	if g.Count(guard.Event) != 1 || g.Count(guard.HTTP) != 0 {
		t.Fatal("counted in the wrong place")
	}
	g.Do(guard.HTTP, "x", func() { var list []int; _ = list[len(text)] })
	if !strings.Contains(out.String(), "index out of range") {
		t.Fatal("an error of the runtime is not described")
	}
}

func TestCallTurnsAPanicIntoAnError(t *testing.T) {
	t.Parallel()
	g, _, _ := newGuard()
	if err := g.Call(guard.Job, "mail", func() error { panic(1) }); errs.CodeOf(err) != errs.Internal || errs.ReasonOf(err) != "panic" {
		t.Fatalf("%v", err)
	}
	want := errors.New("own")
	if err := g.Call(guard.Job, "mail", func() error { return want }); err != want || g.Count(guard.Job) != 1 {
		t.Fatalf("%v", err)
	}
}

func TestTaskIsStartedAgainWithGrowingPauses(t *testing.T) {
	t.Parallel()
	g, _, c := newGuard()
	runs := 0
	done := make(chan error, 1)
	go func() {
		done <- g.Run(t.Context(), "index", func(context.Context) error {
			if runs++; runs < 4 {
				panic("again")
			}
			return errors.New("ended by itself")
		})
	}()
	for _, pause := range []time.Duration{1, 2, 4} {
		c.AwaitTimers(1)
		c.Advance(pause*time.Second - time.Millisecond)
		c.AwaitTimers(1) // still pending
		c.Advance(time.Millisecond)
	}
	if err := <-done; err == nil || err.Error() != "ended by itself" || runs != 4 || g.Count(guard.Background) != 3 {
		t.Fatalf("%v after %d runs", err, runs)
	}
}

func TestStopEndsThePauseOfATask(t *testing.T) {
	t.Parallel()
	g, _, c := newGuard()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx, "index", func(context.Context) error { panic("x") }) }()
	c.AwaitTimers(1)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestPlacesHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range guard.Places() {
		seen[p.String()] = true
	}
	if len(seen) != 4 || seen[""] {
		t.Fatalf("%v", seen)
	}
}
