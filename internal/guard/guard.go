// Package guard catches panics at the borders of the server: a request, an
// event, a job, a background task. Whatever panics ends alone; the process
// lives on, the log has one line with the stack, and a counter moves.
package guard

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// Place is the kind of border that a panic was caught at.
type Place int

// The places, in the order of Places.
const (
	HTTP Place = iota
	Event
	Job
	Background
	places
)

// names are the labels of metrics and logs.
var names = [places]string{"http", "event", "job", "background"}

// String is the label of a place.
func (p Place) String() string { return names[p] }

// Places lists all places.
func Places() []Place { return []Place{HTTP, Event, Job, Background} }

// Pauses before a background task that panicked is started again: doubled each
// time, forgotten after a run that lasted longer than the longest.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// Guard counts and logs panics. It is safe for concurrent use.
type Guard struct {
	log    *slog.Logger
	clock  clock.Clock
	counts [places]atomic.Int64
}

// New returns a guard that logs to log.
func New(log *slog.Logger, c clock.Clock) *Guard {
	return &Guard{log: log.With("component", "guard"), clock: c}
}

// Count is how many panics were caught at a place.
func (g *Guard) Count(p Place) int64 { return g.counts[p].Load() }

// Caught counts the panic with value v and logs it once with the stack. It is
// called in the deferred function that recovered.
func (g *Guard) Caught(p Place, what string, v any, attrs ...any) {
	g.counts[p].Add(1)
	g.log.Error("panic caught", append([]any{"place", p.String(), "in", what, "panic", Describe(v), "stack", string(debug.Stack())}, attrs...)...)
}

// Describe says what a panic's value is. The text of values that are not errors
// of the runtime may hold what people wrote and stays out of logs.
func Describe(v any) string {
	if err, ok := v.(interface {
		error
		RuntimeError()
	}); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", v)
}

// Do runs fn; a panic ends fn and nothing else. It is for goroutines of their
// own and for callbacks.
func (g *Guard) Do(p Place, what string, fn func()) {
	defer func() {
		if v := recover(); v != nil {
			g.Caught(p, what, v)
		}
	}()
	fn()
}

// Call runs fn and turns a panic into an errs.Internal error "panic".
func (g *Guard) Call(p Place, what string, fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			g.Caught(p, what, v)
			err = errs.New(errs.Internal, "panic", "%s panicked", what)
		}
	}()
	return fn()
}

// Run runs a background task until it returns. If it panics it is started
// again after a pause, from one second to one minute, until ctx ends.
func (g *Guard) Run(ctx context.Context, what string, task func(context.Context) error) error {
	pause := firstPause
	for {
		began, panicked := g.clock.Now(), false
		err := g.Call(Background, what, func() error {
			panicked = true
			err := task(ctx)
			panicked = false
			return err
		})
		if !panicked {
			return err
		}
		if g.clock.Now().Sub(began) > longestPause {
			pause = firstPause
		}
		timer := g.clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
		pause = min(2*pause, longestPause)
	}
}
