package account

import (
	"sync"
	"time"

	"parlor/internal/clock"
)

// Failed logins that are allowed for one key within the window.
const (
	maxFailures = 10
	window      = 10 * time.Minute
	maxKeys     = 50000
)

// attempts counts failed logins by key in fixed windows; its memory is bounded.
type attempts struct {
	clock clock.Clock
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

func newAttempts(c clock.Clock) *attempts {
	return &attempts{clock: c, count: map[string]int{}}
}

// roll starts a new window when the old one is over or too many keys are held.
func (a *attempts) roll() {
	if now := a.clock.Now(); now.Sub(a.since) > window || len(a.count) > maxKeys {
		a.since = now
		clear(a.count)
	}
}

func (a *attempts) allow(keys ...string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roll()
	for _, k := range keys {
		if a.count[k] >= maxFailures {
			return false
		}
	}
	return true
}

func (a *attempts) fail(keys ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roll()
	for _, k := range keys {
		a.count[k]++
	}
}
