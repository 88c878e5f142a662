// Package memory is the bus of a single node: events go straight to the
// subscribers in the publisher's goroutine.
package memory

import (
	"context"
	"sync"
	"sync/atomic"

	"parlor/internal/event"
)

// Bus is a bus within the process. The zero value is not ready; use New.
type Bus struct {
	mu   sync.Mutex
	next int
	subs map[int]func(*event.Event)
	// list is the copy that Publish reads without a lock.
	list atomic.Pointer[[]func(*event.Event)]
}

// New returns an empty bus.
func New() *Bus { return &Bus{subs: map[int]func(*event.Event){}} }

// Publish calls every subscriber.
func (b *Bus) Publish(e *event.Event) {
	list := b.list.Load()
	if list == nil {
		return
	}
	for _, fn := range *list {
		fn(e)
	}
}

// Subscribe adds fn.
func (b *Bus) Subscribe(fn func(*event.Event)) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.next
	b.next++
	b.subs[n] = fn
	b.rebuild()
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, n)
		b.rebuild()
	}
}

// rebuild keeps the order of subscription.
func (b *Bus) rebuild() {
	list := make([]func(*event.Event), 0, len(b.subs))
	for n := range b.next {
		if fn, ok := b.subs[n]; ok {
			list = append(list, fn)
		}
	}
	b.list.Store(&list)
}

// Ping always succeeds.
func (b *Bus) Ping(context.Context) error { return nil }

// Close ends all subscriptions.
func (b *Bus) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.subs)
	b.rebuild()
	return nil
}
