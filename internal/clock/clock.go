// Package clock is the source of time. Production uses System; tests use a Stub
// that moves only when told to.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time and makes timers.
type Clock interface {
	// Now returns the current time with millisecond precision in UTC, as it is stored.
	Now() time.Time
	// NewTimer returns a timer that fires once after d.
	NewTimer(d time.Duration) Timer
}

// Timer is the part of time.Timer that callers need.
type Timer interface {
	// C delivers the time once when the timer fires.
	C() <-chan time.Time
	// Stop prevents the timer from firing; it reports whether it was still pending.
	Stop() bool
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

func (system) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

type systemTimer struct{ t *time.Timer }

func (t systemTimer) C() <-chan time.Time { return t.t.C }
func (t systemTimer) Stop() bool          { return t.t.Stop() }

// Stub is a clock for tests. It is safe for concurrent use.
type Stub struct {
	mu     sync.Mutex
	now    time.Time
	timers []*stubTimer
	added  chan struct{}
}

// NewStub returns a stub that shows now.
func NewStub(now time.Time) *Stub {
	return &Stub{now: now.UTC().Truncate(time.Millisecond), added: make(chan struct{}, 1)}
}

// Now returns the stub's time.
func (s *Stub) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// NewTimer returns a timer that fires when Advance passes d.
func (s *Stub) NewTimer(d time.Duration) Timer {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &stubTimer{s: s, due: s.now.Add(d), c: make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- s.now
		return t
	}
	s.timers = append(s.timers, t)
	select {
	case s.added <- struct{}{}:
	default:
	}
	return t
}

// Advance moves the time forward and fires what has become due.
func (s *Stub) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	kept := s.timers[:0]
	for _, t := range s.timers {
		if t.due.After(s.now) {
			kept = append(kept, t)
			continue
		}
		t.c <- s.now
	}
	s.timers = kept
}

// AwaitTimers blocks until at least n timers are pending, so that a test
// advances only after the code under test waits.
func (s *Stub) AwaitTimers(n int) {
	for {
		s.mu.Lock()
		have := len(s.timers)
		s.mu.Unlock()
		if have >= n {
			return
		}
		<-s.added
	}
}

type stubTimer struct {
	s   *Stub
	due time.Time
	c   chan time.Time
}

func (t *stubTimer) C() <-chan time.Time { return t.c }

func (t *stubTimer) Stop() bool {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	for i, o := range t.s.timers {
		if o == t {
			t.s.timers = append(t.s.timers[:i], t.s.timers[i+1:]...)
			return true
		}
	}
	return false
}
