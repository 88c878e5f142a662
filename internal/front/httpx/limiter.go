package httpx

import (
	"sync"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// maxBuckets bounds the memory of a Limiter; with more keys the oldest half goes.
const maxBuckets = 100_000

// Limiter allows each key so many events a second with a burst.
type Limiter struct {
	clock clock.Clock
	// every is how many events a second fill a bucket, burst how many it holds.
	every float64
	burst float64
	off   bool

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket holds what a key may still do, as of a time.
type bucket struct {
	left float64
	at   time.Time
}

// fill brings a bucket up to date. A clock that goes back fills nothing.
func (l *Limiter) fill(b *bucket, now time.Time) {
	if gone := now.Sub(b.at); gone > 0 {
		b.left, b.at = min(b.left+gone.Seconds()*l.every, l.burst), now
	}
}

// NewLimiter returns a limiter; with on false it allows everything.
func NewLimiter(c clock.Clock, on bool, perSecond float64, burst int) *Limiter {
	return &Limiter{clock: c, every: perSecond, burst: float64(burst), off: !on, buckets: map[string]*bucket{}}
}

// Take counts one event of key; errs.TooMany "rate_limited" if it is one too many.
func (l *Limiter) Take(key string) error {
	if l.off {
		return nil
	}
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= maxBuckets {
			l.shrink(now)
		}
		b = &bucket{left: l.burst, at: now}
		l.buckets[key] = b
	}
	l.fill(b, now)
	if b.left < 1 {
		return errs.New(errs.TooMany, "rate_limited", "Too many requests. Try again in a moment.")
	}
	b.left--
	return nil
}

// shrink forgets the buckets that have been full again for a while, or any half.
func (l *Limiter) shrink(now time.Time) {
	for k, b := range l.buckets {
		if l.fill(b, now); b.left >= l.burst {
			delete(l.buckets, k)
		}
	}
	for k := range l.buckets {
		if len(l.buckets) <= maxBuckets/2 {
			return
		}
		delete(l.buckets, k)
	}
}
