package socketio

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// AnyHandler handles every event of a namespace, before the handler of its name. See Handler for the arguments.
type AnyHandler func(s *Socket, event string, args []json.RawMessage, ack func(args ...any))

// Namespace is a set of handlers, sockets and rooms under one name and its aliases. It is safe for concurrent use.
// Handlers should be set before the server serves: a socket that is connecting meanwhile may miss one that is added.
type Namespace struct {
	srv   *Server
	name  string
	rooms rooms

	mu       sync.Mutex // serialises changes of handlers
	handlers atomic.Pointer[handlerSet]
}

// handlerSet is replaced as a whole when a handler is added.
type handlerSet struct {
	connect    []func(*Socket) error
	connected  []func(*Socket)
	disconnect []func(*Socket, string)
	events     map[string]Handler
	any        AnyHandler
}

// newNamespace makes a namespace without handlers.
func newNamespace(s *Server, name string) *Namespace {
	n := &Namespace{srv: s, name: name}
	n.rooms.byName = make(map[string]*members)
	n.handlers.Store(&handlerSet{})
	return n
}

// change replaces the handlers by a changed copy. Readers need no lock, and a socket that looked before the change sees
// all of the old ones.
func (n *Namespace) change(f func(h *handlerSet)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.handlers.Load()
	h := &handlerSet{
		connect: slices.Clone(old.connect), connected: slices.Clone(old.connected),
		disconnect: slices.Clone(old.disconnect), events: maps.Clone(old.events), any: old.any,
	}
	if h.events == nil {
		h.events = make(map[string]Handler)
	}
	f(h)
	n.handlers.Store(h)
}

// Name is the name given to Of.
func (n *Namespace) Name() string { return n.name }

// OnConnect adds a function that runs before CONNECT is answered. An error refuses the socket; see ConnectError. What
// the function sends is held back until the answer is out.
func (n *Namespace) OnConnect(f func(s *Socket) error) {
	n.change(func(h *handlerSet) { h.connect = append(h.connect, f) })
}

// OnConnected adds a function that runs once the answer to CONNECT is queued, before any event.
func (n *Namespace) OnConnected(f func(s *Socket)) {
	n.change(func(h *handlerSet) { h.connected = append(h.connected, f) })
}

// On sets the handler of an event; nil removes it. Events without handler are dropped, unacknowledged.
func (n *Namespace) On(event string, f func(s *Socket, args []json.RawMessage, ack func(args ...any))) {
	n.change(func(h *handlerSet) {
		if f == nil {
			delete(h.events, event)
			return
		}
		h.events[event] = f
	})
}

// OnAny sets a handler that gets every event.
func (n *Namespace) OnAny(f func(s *Socket, event string, args []json.RawMessage, ack func(args ...any))) {
	n.change(func(h *handlerSet) { h.any = f })
}

// OnDisconnect adds a function that runs after the socket's last event was handled, if the socket had connected.
func (n *Namespace) OnDisconnect(f func(s *Socket, reason string)) {
	n.change(func(h *handlerSet) { h.disconnect = append(h.disconnect, f) })
}

// To addresses all sockets in any of the rooms.
func (n *Namespace) To(rooms ...string) Broadcast { return Broadcast{ns: n}.To(rooms...) }

// Except addresses all sockets that are in none of the rooms.
func (n *Namespace) Except(rooms ...string) Broadcast { return Broadcast{ns: n, except: rooms} }

// Emit sends an event to all sockets. Errors are those of encoding.
func (n *Namespace) Emit(event string, args ...any) error {
	return Broadcast{ns: n}.Emit(event, args...)
}

// Sockets returns the sockets in any of the rooms, or all without rooms.
func (n *Namespace) Sockets(rooms ...string) []*Socket {
	return slices.Clone(Broadcast{ns: n}.To(rooms...).sockets(new(crowd)))
}

// recovers reports whether sockets of version 4 may recover.
func (n *Namespace) recovers() bool { return n.srv.opts.Adapter != nil }
