package routing

import (
	"slices"
	"sync"
	"time"

	"parlor/internal/id"
)

// How much of the past an expected wait is made of.
const (
	waitsKept = 20
	waitsFor  = 30 * time.Minute
	// maxWaitQueues bounds the queues that are remembered; beyond it all are forgotten.
	maxWaitQueues = 10000
)

// queueKey is one queue of a tenant.
type queueKey struct {
	tenant id.Tenant
	team   id.Team
}

// wait is how long somebody waited, and when it ended.
type wait struct {
	span time.Duration
	at   time.Time
}

// waits remembers how long the latest visitors of each queue waited, as this node
// saw it: an expectation, not a promise.
type waits struct {
	mu     sync.Mutex
	queues map[queueKey][]wait
}

// note keeps that a visitor of a queue was assigned after waiting.
func (w *waits) note(t id.Tenant, team id.Team, span time.Duration, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queues == nil || len(w.queues) >= maxWaitQueues {
		w.queues = map[queueKey][]wait{}
	}
	k := queueKey{t, team}
	list := append(w.queues[k], wait{span, at})
	if len(list) > waitsKept {
		list = slices.Clone(list[len(list)-waitsKept:])
	}
	w.queues[k] = list
}

// expect returns the median of the latest waits of a queue; ok is false if there
// was none lately.
func (w *waits) expect(t id.Tenant, team id.Team, now time.Time) (d time.Duration, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []time.Duration
	for _, x := range w.queues[queueKey{t, team}] {
		if now.Sub(x.at) < waitsFor {
			list = append(list, x.span)
		}
	}
	if len(list) == 0 {
		return 0, false
	}
	slices.Sort(list)
	return list[len(list)/2], true
}
