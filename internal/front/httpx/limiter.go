package httpx

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// maxBuckets bounds the memory of a Limiter; with more keys the oldest half goes.
const maxBuckets = 100_000

// Limiter allows each key so many events a second with a burst.
type Limiter struct {
	clock clock.Clock
	every rate.Limit
	burst int
	off   bool

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	lim  *rate.Limiter
	used time.Time
}

// NewLimiter returns a limiter; with on false it allows everything.
func NewLimiter(c clock.Clock, on bool, perSecond float64, burst int) *Limiter {
	return &Limiter{clock: c, every: rate.Limit(perSecond), burst: burst, off: !on, buckets: map[string]*bucket{}}
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
		b = &bucket{lim: rate.NewLimiter(l.every, l.burst)}
		l.buckets[key] = b
	}
	b.used = now
	if !b.lim.AllowN(now, 1) {
		return errs.New(errs.TooMany, "rate_limited", "Too many requests. Try again in a moment.")
	}
	return nil
}

// shrink forgets the buckets that have been full again for a while, or any half.
func (l *Limiter) shrink(now time.Time) {
	for k, b := range l.buckets {
		if b.lim.TokensAt(now) >= float64(l.burst) {
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
