// Package memo remembers what was loaded for a while, within bounds, and
// forgets it when told. It is for small things that are read far more often
// than they change, together with an event that says when they did.
package memo

import (
	"context"
	"sync"
	"time"

	"parlor/internal/clock"
)

// Memo remembers values by key. It is safe for concurrent use.
type Memo[K comparable, V any] struct {
	clock clock.Clock
	ttl   time.Duration
	most  int

	mu sync.Mutex
	m  map[K]kept[V]
	// turn grows with each Forget, so that a value loaded before it is not kept.
	turn uint64
}

type kept[V any] struct {
	value V
	until time.Time
}

// New returns a memory of at most most values, each for at most ttl: that long
// a change may go unnoticed whose event was lost.
func New[K comparable, V any](c clock.Clock, ttl time.Duration, most int) *Memo[K, V] {
	return &Memo[K, V]{clock: c, ttl: ttl, most: most, m: map[K]kept[V]{}}
}

// Get returns the value of k, loading it if it is not known. Errors are not
// remembered.
func (m *Memo[K, V]) Get(ctx context.Context, k K, load func(context.Context) (V, error)) (V, error) {
	now := m.clock.Now()
	m.mu.Lock()
	got, ok := m.m[k]
	turn := m.turn
	m.mu.Unlock()
	if ok && now.Before(got.until) {
		return got.value, nil
	}
	v, err := load(ctx)
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	// Somebody forgot something meanwhile: v may be from before the change. It
	// answers this call, which began before, and no other.
	if m.turn != turn {
		return v, nil
	}
	if len(m.m) >= m.most {
		m.shrink(now)
	}
	m.m[k] = kept[V]{v, now.Add(m.ttl)}
	return v, nil
}

// shrink drops what is over, and if that is not enough a half of the rest, any
// half: an order of use would cost more than loading a value again. It must be
// called with mu held.
func (m *Memo[K, V]) shrink(now time.Time) {
	for k, v := range m.m {
		if !now.Before(v.until) {
			delete(m.m, k)
		}
	}
	for k := range m.m {
		if len(m.m) <= m.most/2 {
			return
		}
		delete(m.m, k)
	}
}

// Forget drops the values whose keys match.
func (m *Memo[K, V]) Forget(match func(K) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn++
	for k := range m.m {
		if match(k) {
			delete(m.m, k)
		}
	}
}
