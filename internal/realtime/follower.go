package realtime

import (
	"sync"

	"parlor/internal/conversation"
)

// Fetch reads the messages of a conversation behind a number, ascending, at
// most a page of them.
type Fetch func(after int64) ([]conversation.Message, error)

// Follower puts the messages of one conversation in order for one connection:
// each is emitted exactly once, by rising number, although events may come
// twice, late, or not at all. A gap is filled from the store.
type Follower struct {
	fetch   Fetch
	emit    func(conversation.Message)
	visible bool
	// caught is told of a panic of fetch or emit in the background, if set.
	caught func(v any)

	mu      sync.Mutex
	last    int64
	want    int64
	filling bool
	closed  bool
}

// NewFollower returns a follower whose client already has everything up to
// last. With visible only what visitors may see is emitted, and gaps are judged
// by Prev; otherwise by Seq. emit is called one at a time and must not block.
func NewFollower(last int64, visible bool, fetch Fetch, emit func(conversation.Message)) *Follower {
	return &Follower{fetch: fetch, emit: emit, visible: visible, last: last}
}

// Follower returns a follower like NewFollower. A panic of fetch or emit while a
// gap is filled is told to Caught, with one line in the log there, and does not
// end the process: the next event starts the filling anew, behind the message
// that could not be emitted.
func (h *Hub) Follower(last int64, visible bool, fetch Fetch, emit func(conversation.Message)) *Follower {
	f := NewFollower(last, visible, fetch, emit)
	f.caught = h.Caught
	return f
}

// Last returns the number of the newest message emitted.
func (f *Follower) Last() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// Skip says that the client has got everything up to seq by another way.
func (f *Follower) Skip(seq int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = max(f.last, seq)
}

// Close stops emission.
func (f *Follower) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

// Take accepts a message announced by an event. It returns without blocking;
// a gap is filled in the background.
func (f *Follower) Take(m conversation.Message) {
	if f.visible && !m.Kind.VisibleToVisitor() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || m.Seq <= f.last {
		return
	}
	before := m.Seq - 1
	if f.visible {
		before = m.Prev
	}
	if !f.filling && before <= f.last {
		f.last = m.Seq
		f.emit(m)
		return
	}
	f.want = max(f.want, m.Seq)
	if !f.filling {
		f.filling = true
		go f.fill()
	}
}

// fill reads what is missing until nothing is. If the store fails, the next
// event tries again.
func (f *Follower) fill() {
	if f.caught != nil {
		defer func() {
			if v := recover(); v != nil {
				f.caught(v)
				f.pause()
			}
		}()
	}
	for {
		last, more := f.missing()
		if !more {
			return
		}
		page, err := f.fetch(last)
		if err != nil || len(page) == 0 {
			f.pause()
			return
		}
		f.emitAll(page)
	}
}

// missing returns behind which number something is missing; without more the
// filling has ended.
func (f *Follower) missing() (last int64, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filling = !f.closed && f.last < f.want
	return f.last, f.filling
}

// pause ends the filling until the next event.
func (f *Follower) pause() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filling, f.want = false, 0
}

// emitAll emits what of a page is new.
func (f *Follower) emitAll(page []conversation.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range page {
		if !f.closed && m.Seq > f.last {
			f.last = m.Seq
			f.emit(m)
		}
	}
}
