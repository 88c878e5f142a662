package store

import (
	"context"
	"sync"
	"sync/atomic"

	"parlor/internal/errs"
)

// The states of a call.
const (
	waiting int32 = iota
	taken
	withdrawn
)

// call is one piece of work handed to a group.
type call[T any] struct {
	work  T
	state atomic.Int32
	done  chan error
}

// answer gives the caller its result; it never blocks.
func (c *call[T]) answer(err error) { c.done <- err }

// group commits the work of concurrent callers together. One goroutine takes
// whatever is waiting (it sets no timer), runs it as one batch and answers
// everybody. Under load batches grow by themselves; a lone caller waits for nobody.
type group[T any] struct {
	queue chan *call[T]
	max   int
	// run must answer each call exactly once.
	run func([]*call[T])

	mu     sync.RWMutex
	closed bool
	ended  chan struct{}
}

// newGroup starts a group with a queue of that length.
func newGroup[T any](queue, maxBatch int, run func([]*call[T])) *group[T] {
	g := &group[T]{queue: make(chan *call[T], queue), max: maxBatch, run: run, ended: make(chan struct{})}
	go g.loop()
	return g
}

// do hands work in and waits for its result. While the work is queued, the end
// of ctx withdraws it without effect; once it is taken the true result is returned.
func (g *group[T]) do(ctx context.Context, work T) error {
	c := &call[T]{work: work, done: make(chan error, 1)}
	if err := g.enqueue(ctx, c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(waiting, withdrawn) {
		return cancelled(ctx)
	}
	return <-c.done
}

// enqueue waits for a place in the queue. It holds the lock for reading meanwhile,
// so that close cannot close the queue under it. That does not hold close up for
// long: the loop goes on taking, so a place becomes free.
func (g *group[T]) enqueue(ctx context.Context, c *call[T]) error {
	if ctx.Err() != nil {
		return cancelled(ctx)
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errs.New(errs.Unavailable, "store_closed", "the server is stopping")
	}
	select {
	case g.queue <- c:
		return nil
	case <-ctx.Done():
		return cancelled(ctx)
	}
}

// loop runs batches until the queue is closed and empty.
func (g *group[T]) loop() {
	defer close(g.ended)
	batch := make([]*call[T], 0, g.max)
	for first := range g.queue {
		batch = g.gather(batch[:0], first)
		if len(batch) > 0 {
			g.run(batch)
			clear(batch) // lets go of what the callers sent
		}
	}
}

// gather takes first and whatever else is waiting, up to max.
func (g *group[T]) gather(batch []*call[T], first *call[T]) []*call[T] {
	c := first
	for {
		if c.state.CompareAndSwap(waiting, taken) {
			batch = append(batch, c)
		}
		if len(batch) == g.max {
			return batch
		}
		select {
		case next, ok := <-g.queue:
			if !ok {
				return batch
			}
			c = next
		default:
			return batch
		}
	}
}

// close refuses new work and returns when all accepted work is answered.
func (g *group[T]) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.mu.Unlock()
	<-g.ended
}

// cancelled wraps the reason for which ctx ended.
func cancelled(ctx context.Context) error {
	return errs.New(errs.Unavailable, "cancelled", "the request was given up").Because(ctx.Err())
}
