package socketio

import (
	"slices"
	"sync"
)

// indexFrom is the size from which a set of sockets keeps an index.
const indexFrom = 16

// members is a set of sockets that is quick to walk through.
type members struct {
	list  []*Socket
	index map[*Socket]int // nil while the list is short
}

// find is the place of a socket in the list, or -1.
func (m *members) find(s *Socket) int {
	if m.index == nil {
		return slices.Index(m.list, s)
	}
	if i, ok := m.index[s]; ok {
		return i
	}
	return -1
}

// add appends a socket that is not in the set.
func (m *members) add(s *Socket) {
	// Most rooms hold two or three sockets; a map for each would be the largest part of their cost.
	if m.index == nil && len(m.list) >= indexFrom {
		m.index = make(map[*Socket]int, 2*indexFrom)
		for i, other := range m.list {
			m.index[other] = i
		}
	}
	if m.index != nil {
		m.index[s] = len(m.list)
	}
	m.list = append(m.list, s)
}

// remove takes a socket out by moving the last one to its place; the order of members means nothing.
func (m *members) remove(s *Socket) {
	i := m.find(s)
	if i < 0 {
		return
	}
	last := len(m.list) - 1
	moved := m.list[last]
	m.list[i] = moved
	m.list[last] = nil
	m.list = m.list[:last]
	if m.index != nil {
		m.index[moved] = i
		delete(m.index, s)
	}
}

// A broadcast copies the list of its recipients under the read lock and sends without it, because a send can end a
// socket, which takes the write lock. A socket that leaves in between may get one message more.

// rooms holds the sockets of a namespace, by room and all together. A room exists as long as somebody is in it. mu also
// guards Socket.rooms and is a leaf: nothing else is locked while it is held.
type rooms struct {
	mu     sync.RWMutex
	all    members             // those whose CONNECT is or will be answered
	byID   map[string]*Socket  // the same; an id is the name of a room with one socket
	byName map[string]*members // rooms that were joined
}

// enter adds a connected socket. It reports false if the socket has ended.
func (r *rooms) enter(s *Socket) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.phase.Load() == phaseEnded {
		return false
	}
	r.all.add(s)
	if r.byID == nil {
		r.byID = make(map[string]*Socket)
	}
	r.byID[s.id] = s
	return true
}

// rename gives a recovered socket its earlier id, before it enters. Afterwards the id may not change: byID and its
// client know it.
func (r *rooms) rename(s *Socket, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.id = id
}

// join adds a socket to a room; joining twice is no error.
func (r *rooms) join(s *Socket, room string, limit int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case s.phase.Load() == phaseEnded:
		return ErrClosed
	case slices.Contains(s.rooms, room):
		return nil
	case len(s.rooms) >= limit:
		return ErrTooManyRooms
	}
	m := r.byName[room]
	if m == nil {
		m = new(members)
		r.byName[room] = m
	}
	m.add(s)
	s.rooms = append(s.rooms, room)
	return nil
}

// leave takes a socket out of a room; it is no error if it was not in it. An ended socket keeps its list for Rooms.
func (r *rooms) leave(s *Socket, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(s.rooms, room)
	if i < 0 || s.phase.Load() == phaseEnded {
		return
	}
	s.rooms = slices.Delete(s.rooms, i, i+1)
	r.drop(s, room)
}

// drop needs mu. A room without sockets is forgotten.
func (r *rooms) drop(s *Socket, room string) {
	m := r.byName[room]
	if m == nil {
		return
	}
	if m.remove(s); len(m.list) == 0 {
		delete(r.byName, room)
	}
}

// removeAll takes an ended socket out of everything and returns the rooms it was in. The phase must be phaseEnded by
// then, or the socket could enter or join again.
func (r *rooms) removeAll(s *Socket) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.remove(s)
	if r.byID[s.id] == s {
		delete(r.byID, s.id)
	}
	for _, room := range s.rooms {
		r.drop(s, room)
	}
	return slices.Clone(s.rooms)
}

// append adds the sockets of a room to dst. A socket's id is the name of its own room.
func (r *rooms) append(dst []*Socket, room string) []*Socket {
	if m := r.byName[room]; m != nil {
		dst = append(dst, m.list...)
	}
	if s := r.byID[room]; s != nil {
		dst = append(dst, s)
	}
	return dst
}
