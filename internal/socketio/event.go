package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Whatever happens to a socket becomes a job in its queue: CONNECT, events, and the end. One worker at a time takes
// them in order, so the application never sees an event before OnConnected, or after OnDisconnect. Acknowledgements are
// the exception: they go past the queue to whoever awaits them, because that may be the handler which is running.

// jobKind says what a job does.
type jobKind uint8

const (
	jobConnect jobKind = iota
	jobEvent
	jobDisconnect
)

// job is one thing to be done for a socket, in order.
type job struct {
	next    *job
	kind    jobKind
	size    int // as admitted; 0 for jobs that are not events
	handler Handler
	any     AnyHandler
	event   string
	args    []json.RawMessage
	ack     int64
	reason  string
}

var jobs = sync.Pool{New: func() any { return new(job) }}

// event queues an event for its handlers. It may wait until there is room among the events that wait (admit), which
// stops the reading from this client. Events without a handler cost no more than the check of their JSON.
func (c *client) event(s *Socket, p packet) error {
	var few [16]span
	spans, ok := scanArray(p.data, c.srv.opts.MaxNesting, few[:0])
	if !ok || len(spans) == 0 || p.data[spans[0].from] != '"' {
		return errPacket
	}
	// Checked before: a malformed event closes the connection even if nobody would get it.
	if s == nil {
		return nil
	}
	name := p.data[spans[0].from+1 : spans[0].to-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		var plain string
		if err := json.Unmarshal(p.data[spans[0].from:spans[0].to], &plain); err != nil {
			return errPacket
		}
		name = []byte(plain)
	}
	// Looking up with a converted slice does not allocate; the name is only kept for OnAny.
	handlers := s.ns.handlers.Load()
	h, anyHandler := handlers.events[string(name)], handlers.any
	if h == nil && anyHandler == nil || !c.admit(len(p.data)) {
		return nil
	}
	j := job{kind: jobEvent, handler: h, any: anyHandler, ack: p.id, size: len(p.data)}
	if anyHandler != nil {
		j.event = string(name)
	}
	j.args = cut(p.data, spans[1:])
	s.push(j)
	return nil
}

// cut copies a message once and slices its arguments out of the copy: the message itself is only valid while it is
// being received, and the arguments belong to the handler for as long as it likes.
func cut(data []byte, spans []span) []json.RawMessage {
	if len(spans) == 0 {
		return nil
	}
	base := spans[0].from
	text := bytes.Clone(data[base:spans[len(spans)-1].to])
	args := make([]json.RawMessage, len(spans))
	for i, sp := range spans {
		// Capped, so that appending to one argument cannot change the next.
		args[i] = text[sp.from-base : sp.to-base : sp.to-base]
	}
	return args
}

// ack delivers an acknowledgement to whoever awaits it. One that nobody awaits is dropped.
func (c *client) ack(s *Socket, p packet) error {
	var few [16]span
	spans, ok := scanArray(p.data, c.srv.opts.MaxNesting, few[:0])
	if !ok {
		return errPacket
	}
	if s == nil {
		return nil
	}
	if answer := s.takeAck(p.id); answer != nil {
		answer <- cut(p.data, spans)
	}
	return nil
}

// push queues a job and starts the socket's worker if it does not run. Jobs that are not events are not limited: there
// is one for the beginning of a socket and one for its end.
func (s *Socket) push(in job) {
	j := jobs.Get().(*job)
	*j = in
	c := s.client
	c.mu.Lock()
	if s.tail == nil {
		s.head = j
	} else {
		s.tail.next = j
	}
	s.tail = j
	start := !s.working
	s.working = true
	c.mu.Unlock()
	if start {
		c.srv.dispatch.add(s)
	}
}

// attend is run with the fence around it: a panic outside of a handler ends the socket too, and not its worker.
func (s *Socket) attend() {
	defer s.ns.srv.guarded("worker", func() {
		s.dropped.Store(true)
		s.disconnect(ReasonHandlerPanic)
	})
	s.run()
}

// run works until no job is left. Only one goroutine runs a socket at a time, which is what keeps its events in order.
// A socket that is never idle keeps its worker; others get workers of their own.
func (s *Socket) run() {
	c := s.client
	for {
		c.mu.Lock()
		j := s.head
		if j == nil {
			s.working = false
			c.mu.Unlock()
			return
		}
		if s.head = j.next; s.head == nil {
			s.tail = nil
		}
		c.mu.Unlock()
		s.do(j)
		size, event := j.size, j.kind == jobEvent
		*j = job{}
		jobs.Put(j)
		if event {
			c.mu.Lock()
			c.handled(size)
			c.mu.Unlock()
		}
	}
}

// do runs one job. A panic of a handler ends the socket and nothing else.
func (s *Socket) do(j *job) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(j, v)
		}
	}()
	switch j.kind {
	case jobConnect:
		s.admitConnect()
	case jobDisconnect:
		for _, f := range s.ns.handlers.Load().disconnect {
			f(s, j.reason)
		}
	default:
		if s.dropped.Load() {
			return
		}
		s.ns.srv.eventsIn.Add(1)
		var ack func(args ...any)
		if j.ack != noAck {
			ack = s.acknowledge(j.ack)
		}
		if j.any != nil {
			j.any(s, j.event, j.args, ack)
		}
		if j.handler != nil {
			j.handler(s, j.args, ack)
		}
	}
}

// guarded is deferred on goroutines of ours outside of handlers: a panic is counted and logged without what a client
// may have sent, and end ends whose turn it was.
func (s *Server) guarded(where string, end func()) {
	v := recover()
	if v == nil {
		return
	}
	s.panics.Add(1)
	s.opts.Logger.Error("transport panicked", "in", where, "panic", described(v), "stack", string(debug.Stack()))
	end()
}

// described is what a log may hold of a panic's value: it may be what the client sent. Errors of the runtime hold an
// index or a type at most.
func described(v any) string {
	if err, ok := v.(interface{ RuntimeError() }); ok {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%T", v)
}

// panicked logs where a handler panicked, but not what it was given, and ends the socket.
func (s *Socket) panicked(j *job, v any) {
	s.ns.srv.panics.Add(1)
	s.ns.srv.opts.Logger.Error("socket handler panicked", "namespace", s.ns.name, "socket", s.id,
		"job", int(j.kind), "panic", described(v), "stack", string(debug.Stack()))
	s.dropped.Store(true)
	s.disconnect(ReasonHandlerPanic)
}

// acknowledge makes the function that answers an event. It keeps the socket alive for as long as the handler keeps it.
// An answer that can no longer be sent is dropped, because a client that has gone waits for none.
func (s *Socket) acknowledge(id int64) func(args ...any) {
	var once atomic.Bool
	return func(args ...any) {
		if once.Swap(true) {
			return
		}
		if err := s.sendAck(id, args); err != nil {
			s.ns.srv.opts.Logger.Debug("acknowledgement not sent", "socket", s.id, "error", err)
		}
	}
}
