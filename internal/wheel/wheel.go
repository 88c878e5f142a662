// Package wheel is a timer wheel: very many coarse timers behind one lock and at most one goroutine.
//
// A Timer is a value inside the thing it belongs to, so arming one allocates nothing. The goroutine exists only while
// a timer is armed, sleeps until the next occupied slot, and ends by itself. Timers never fire early; they fire at most
// one tick (plus scheduling delay) late. Callbacks run one after another on the wheel's goroutine and must not block.
package wheel

import (
	"math/bits"
	"sync"
	"time"
)

// How it works: time is cut into ticks, and tick n belongs to slot n modulo slotCount. A timer sits in the slot of the
// tick at which it is due, in a circular list, so arming and disarming take constant time. A bit set says which slots
// hold anything, which lets the goroutine sleep over empty ones. A timer further away than one turn of the wheel stays
// in its slot when the wheel passes and is looked at again one turn later; with 4,096 slots of 5 ms that is every 20 s.

const (
	slotCount = 4096
	wordCount = slotCount / 64

	// DefaultTick is the resolution of New(0).
	DefaultTick = 5 * time.Millisecond
)

// Task is what a Timer calls when it is due.
type Task interface {
	// Expire is called on the wheel's goroutine and must not block.
	Expire()
}

// Func makes a Task of a function.
type Func func()

// Expire calls f.
func (f Func) Expire() { f() }

// Timer is one entry of a wheel. The zero value is ready; it must not be copied while armed.
type Timer struct {
	next, prev *Timer
	task       Task
	due        int64 // tick at which to fire; meaningful only while armed
	armed      bool
}

// Wheel holds timers. It is safe for concurrent use.
type Wheel struct {
	tick   time.Duration
	origin time.Time

	mu      sync.Mutex
	slots   [slotCount]Timer // heads of circular lists, made on first use
	used    [wordCount]uint64
	done    int64 // last tick whose timers have fired
	count   int
	running bool
	sleeps  int64         // tick until which the goroutine sleeps
	wake    chan struct{} // tells the goroutine that an earlier timer came
	manual  bool
	offset  time.Duration // how far a manual wheel has been advanced
}

// New makes a wheel with the given resolution; 0 means DefaultTick. It starts nothing until a timer is armed.
func New(tick time.Duration) *Wheel {
	if tick <= 0 {
		tick = DefaultTick
	}
	return &Wheel{tick: tick, origin: time.Now(), wake: make(chan struct{}, 1)}
}

// NewManual makes a wheel whose time moves only by Advance, for tests.
func NewManual(start time.Time) *Wheel {
	return &Wheel{tick: time.Millisecond, origin: start, manual: true}
}

// Now is the wheel's time: the clock's for a running wheel, the advanced one for a manual wheel.
func (w *Wheel) Now() time.Time {
	if !w.manual {
		return time.Now()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.origin.Add(w.offset)
}

// elapsed needs mu on a manual wheel.
func (w *Wheel) elapsed() time.Duration {
	if w.manual {
		return w.offset
	}
	return time.Since(w.origin)
}

// Reset arms t to call task once after d, replacing whatever t was armed for. A d below zero counts as zero.
func (w *Wheel) Reset(t *Timer, d time.Duration, task Task) {
	w.mu.Lock()
	w.unlink(t)
	now := w.elapsed()
	if w.count == 0 {
		// Nothing has been watched for a while: skip the ticks nobody waited for.
		w.done = max(w.done, int64(now/w.tick)-1)
	}
	t.task = task
	// Rounded up, so that a timer is never early, and always ahead of the ticks that have fired.
	t.due = max(int64((now+max(d, 0)+w.tick-1)/w.tick), w.done+1)
	w.link(t)
	if !w.manual {
		w.rouse(t.due)
	}
	w.mu.Unlock()
}

// Stop disarms t and reports whether it was armed. It may be called with locks that callbacks take. A callback that has
// begun is not waited for.
func (w *Wheel) Stop(t *Timer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	armed := w.unlink(t)
	if armed && w.count == 0 && w.running {
		w.rouse(w.sleeps - 1) // nothing is left to sleep for
	}
	return armed
}

// Len is the number of armed timers. One whose callback is running is not armed, unless the callback has armed it
// again.
func (w *Wheel) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// Advance is for one goroutine at a time. It moves a manual wheel by d and runs what came due before it returns. It
// panics on a running wheel.
func (w *Wheel) Advance(d time.Duration) {
	if !w.manual {
		panic("wheel: Advance on a running wheel")
	}
	w.mu.Lock()
	target := w.offset + d
	for {
		due := w.nextDue()
		if due < 0 || time.Duration(due)*w.tick > target {
			break
		}
		// Callbacks see the time at which they are due, not the one advanced to.
		w.offset = max(w.offset, time.Duration(due)*w.tick)
		tasks := w.collect(nil)
		w.mu.Unlock()
		for _, task := range tasks {
			task.Expire()
		}
		w.mu.Lock()
	}
	w.offset = target
	w.mu.Unlock()
}

// link puts t at the end of the list of its slot. It needs mu. Timers of later turns of the wheel share the slot and
// are passed over until their tick has come.
func (w *Wheel) link(t *Timer) {
	i := t.due % slotCount
	head := &w.slots[i]
	if head.next == nil {
		head.next, head.prev = head, head
	}
	t.prev, t.next = head.prev, head
	head.prev.next = t
	head.prev = t
	t.armed = true
	w.used[i/64] |= 1 << (i % 64)
	w.count++
}

// unlink takes constant time, since a timer knows its neighbours. It takes t out of its slot and reports whether it was
// in one. It needs mu.
func (w *Wheel) unlink(t *Timer) bool {
	if !t.armed {
		return false
	}
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next, t.armed = nil, nil, false
	w.count--
	if i := t.due % slotCount; w.slots[i].next == &w.slots[i] {
		w.used[i/64] &^= 1 << (i % 64)
	}
	return true
}

// nextSlot is the first tick after done whose slot is occupied, or -1 on an empty wheel.
func (w *Wheel) nextSlot(after int64) int64 {
	if w.count == 0 {
		return -1
	}
	// A word of the bit set at a time, beginning in the middle of one.
	for at := after + 1; at <= after+slotCount; {
		i := at % slotCount
		word := w.used[i/64] >> (i % 64)
		if word != 0 {
			return at + int64(bits.TrailingZeros64(word))
		}
		at += 64 - i%64
	}
	return -1
}

// nextDue is the exact tick of the earliest timer, or -1. It looks at whole slots and is meant for manual wheels.
func (w *Wheel) nextDue() int64 {
	best := int64(-1)
	for i := range w.slots {
		head := &w.slots[i]
		for t := head.next; t != nil && t != head; t = t.next {
			if best < 0 || t.due < best {
				best = t.due
			}
		}
	}
	return best
}

// collect takes the tasks of all timers due by now, oldest slot first, and marks those ticks as done.
func (w *Wheel) collect(tasks []Task) []Task {
	now := int64(w.elapsed() / w.tick)
	// One turn visits every slot; going around twice would find the same timers.
	limit := min(now, w.done+slotCount)
	for at := w.nextSlot(w.done); at >= 0 && at <= limit; at = w.nextSlot(at) {
		head := &w.slots[at%slotCount]
		for t := head.next; t != head; {
			next := t.next
			if t.due <= now {
				w.unlink(t)
				tasks = append(tasks, t.task)
			}
			t = next
		}
	}
	w.done = max(w.done, now)
	return tasks
}

// rouse starts the goroutine, or wakes it if it sleeps past due.
func (w *Wheel) rouse(due int64) {
	if !w.running {
		w.running = true
		w.sleeps = 0
		go w.run()
		return
	}
	if due < w.sleeps {
		w.sleeps = due
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// run is the goroutine of a wheel that is not manual: it fires what is due, sleeps until the next occupied slot, and
// ends when no timer is left.
func (w *Wheel) run() {
	sleeper := time.NewTimer(time.Hour)
	defer sleeper.Stop()
	var tasks []Task
	for {
		w.mu.Lock()
		tasks = w.collect(tasks[:0])
		if len(tasks) == 0 && w.count == 0 {
			w.running = false
			w.mu.Unlock()
			return
		}
		next := w.nextSlot(w.done)
		w.sleeps = next
		w.mu.Unlock()
		for i, task := range tasks {
			task.Expire()
			tasks[i] = nil
		}
		if len(tasks) > 0 {
			continue // the callbacks may have armed earlier timers
		}
		sleeper.Reset(time.Until(w.origin.Add(time.Duration(next) * w.tick)))
		select {
		case <-sleeper.C:
		case <-w.wake:
		}
	}
}
