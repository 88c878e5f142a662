// Package realtime hands events to the connections that follow their topics.
// A connection belongs to the front that made it and encodes events in its own
// protocol. Missed and misplaced messages are put right by Follower, by number.
package realtime

import (
	"hash/maphash"
	"sync"

	"parlor/internal/event"
)

// Conn is a connection as the hub sees it.
type Conn interface {
	// Deliver takes an event. It must not block: it encodes into a bounded queue.
	Deliver(*event.Event)
}

const shards = 64

// Hub maps topics to connections. It is safe for concurrent use.
type Hub struct {
	// Caught, if set before the first event, is told what a connection's Deliver
	// panicked with; without it a panic goes on.
	Caught func(v any)

	seed  maphash.Seed
	shard [shards]shard
}

type shard struct {
	mu     sync.RWMutex
	topics map[event.Topic]map[Conn]struct{}
}

// NewHub returns an empty hub.
func NewHub() *Hub {
	h := &Hub{seed: maphash.MakeSeed()}
	for i := range h.shard {
		h.shard[i].topics = map[event.Topic]map[Conn]struct{}{}
	}
	return h
}

func (h *Hub) of(t event.Topic) *shard {
	return &h.shard[maphash.String(h.seed, string(t))%shards]
}

// Follow makes c receive the events of the topics.
func (h *Hub) Follow(c Conn, topics ...event.Topic) {
	for _, t := range topics {
		s := h.of(t)
		s.mu.Lock()
		m := s.topics[t]
		if m == nil {
			m = make(map[Conn]struct{}, 1)
			s.topics[t] = m
		}
		m[c] = struct{}{}
		s.mu.Unlock()
	}
}

// Unfollow is the reverse of Follow.
func (h *Hub) Unfollow(c Conn, topics ...event.Topic) {
	for _, t := range topics {
		s := h.of(t)
		s.mu.Lock()
		delete(s.topics[t], c)
		if len(s.topics[t]) == 0 {
			delete(s.topics, t)
		}
		s.mu.Unlock()
	}
}

// Following reports whether anybody on this node follows t.
func (h *Hub) Following(t event.Topic) bool {
	s := h.of(t)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.topics[t]) > 0
}

var targets = sync.Pool{New: func() any { return &[]Conn{} }}

// Dispatch hands e to each connection that follows one of its topics, once.
func (h *Hub) Dispatch(e *event.Event) {
	list := targets.Get().(*[]Conn)
	conns := (*list)[:0]
	for i, t := range e.To {
		s := h.of(t)
		s.mu.RLock()
		for c := range s.topics[t] {
			if i == 0 || !has(conns, c) {
				conns = append(conns, c)
			}
		}
		s.mu.RUnlock()
	}
	for _, c := range conns {
		h.deliver(c, e)
	}
	clear(conns)
	*list = conns[:0]
	targets.Put(list)
}

// deliver hands e to one connection. A panic there ends with it: the others get
// the event all the same.
func (h *Hub) deliver(c Conn, e *event.Event) {
	if h.Caught != nil {
		defer func() {
			if v := recover(); v != nil {
				h.Caught(v)
			}
		}()
	}
	c.Deliver(e)
}

// has is a linear search: an event that names several topics has few targets
// in all but the first.
func has(conns []Conn, c Conn) bool {
	for _, o := range conns {
		if o == c {
			return true
		}
	}
	return false
}
