package contract

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parlor/internal/clock"
)

// Limits of calls without a login.
const (
	// callsEach is how many calls of a route one address may make in a window.
	callsEach = 10
	windowFor = time.Minute
	// mostWindows bounds the memory; when it is full all windows begin anew.
	mostWindows = 100_000
)

// limiter counts calls in fixed windows for each route and address.
type limiter struct {
	clock clock.Clock
	on    bool

	mu      sync.Mutex
	windows map[string]*calls
}

type calls struct {
	n     int
	until time.Time
}

func newLimiter(c clock.Clock, on bool) *limiter {
	return &limiter{clock: c, on: on, windows: map[string]*calls{}}
}

// take counts one call and says in the headers what is left of the window.
func (l *limiter) take(w http.ResponseWriter, route, address string, most int) error {
	if !l.on {
		return nil
	}
	if most == 0 {
		most = callsEach
	}
	now := l.clock.Now()
	key := route + " " + address
	l.mu.Lock()
	c := l.windows[key]
	if c == nil || !now.Before(c.until) {
		if len(l.windows) >= mostWindows {
			clear(l.windows)
		}
		c = &calls{until: now.Add(windowFor)}
		l.windows[key] = c
	}
	c.n++
	n, until := c.n, c.until
	l.mu.Unlock()
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(most))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, most-n)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(until.UnixMilli(), 10))
	if n <= most {
		return nil
	}
	seconds := int(until.Sub(now)/time.Second) + 1
	return &Fault{Status: http.StatusTooManyRequests,
		Text: fmt.Sprintf("Error, too many requests. Please slow down. You must wait %d seconds before trying this endpoint again. [error-too-many-requests]", seconds)}
}
