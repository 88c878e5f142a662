package socketio

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"parlor/internal/socketio/engineio"
	"parlor/internal/wheel"
)

// maxJobs is how many events of one connection may wait for handlers.
const maxJobs = 1024

// client is one engine connection with its sockets.
//
// Locks: mu comes before that of the wheel. It is never held while something is sent, because a
// failing send ends the connection, which takes it (close), nor while a handler runs.
type client struct {
	srv   *Server
	conn  *engineio.Conn
	parts *assembly // an event that waits for attachments; used by the reader only

	mu      sync.Mutex
	sockets []*Socket     // one for each namespace joined; few, so a list
	inBytes int           // of events that wait or run
	inJobs  int           // their number
	room    chan struct{} // closed when there is room again; nil if nobody waits
	closed  bool
	timer   wheel.Timer
}

// assembly is a binary event under way. Between its head and its last attachment a client may send nothing else.
type assembly struct {
	head        packet   // in memory of its own
	attachments [][]byte // those that have come
	size        int      // of head and attachments in bytes, bounded by MaxPayload
}

// awaitNamespace closes the connection if it joins no namespace in time. It needs mu unless the client is new.
func (c *client) awaitNamespace() {
	c.srv.opts.Clock.Reset(&c.timer, c.srv.opts.ConnectTimeout, (*connectTimer)(c))
}

// connectTimer ends a connection without a namespace.
type connectTimer client

// Expire implements wheel.Task.
func (t *connectTimer) Expire() {
	c := (*client)(t)
	defer c.srv.guarded("connect timer", func() { c.conn.Close(ReasonHandlerPanic) })
	c.mu.Lock()
	unused := !c.closed && len(c.sockets) == 0
	c.mu.Unlock()
	if unused {
		c.conn.Close("no namespace joined in time")
	}
}

// receive handles a text message: a packet, or the head of one with attachments. An error means that the client broke
// the protocol; the caller closes the connection. It is called by one goroutine at a time, as engineio.Handler
// promises.
func (c *client) receive(data []byte) error {
	if c.parts != nil {
		return errPacket // attachments were due
	}
	p, err := parsePacket(data)
	if err != nil {
		return err
	}
	if p.kind < typeBinaryEvent {
		return c.dispatch(p)
	}
	// Refused before the first attachment is kept.
	if p.attachments > c.srv.opts.MaxAttachments {
		return errPacket
	}
	if p.attachments == 0 {
		return c.dispatch(p)
	}
	// The message is only valid during the call, and the attachments are still to come.
	p.namespace, p.data = bytes.Clone(p.namespace), bytes.Clone(p.data)
	c.parts = &assembly{head: p, size: len(data)}
	return nil
}

// receiveBinary handles an attachment. The last one completes the event, which then takes the way of any other. All
// together may be no larger than MaxPayload, as one message would be.
func (c *client) receiveBinary(data []byte) error {
	a := c.parts
	if a == nil {
		return errPacket
	}
	if a.size += len(data); a.size > c.srv.opts.MaxPayload {
		return errPacket
	}
	a.attachments = append(a.attachments, bytes.Clone(data))
	if len(a.attachments) < a.head.attachments {
		return nil
	}
	c.parts = nil
	var spans [8]span
	if _, ok := scanArray(a.head.data, c.srv.opts.MaxNesting, spans[:0]); !ok {
		return errPacket
	}
	full, err := inline(a.head.data, a.attachments)
	if err != nil {
		return err
	}
	a.head.data = full
	return c.dispatch(a.head)
}

// dispatch hands a complete packet to its socket. Packets for a namespace that is not joined, or no longer, are
// dropped.
func (c *client) dispatch(p packet) error {
	if p.kind == typeConnect {
		return c.connect(p)
	}
	s := c.find(p.namespace)
	switch p.kind {
	case typeDisconnect:
		if s != nil {
			s.finish(ReasonClientDisconnect)
			c.leave(s)
		}
		return nil
	case typeEvent, typeBinaryEvent:
		return c.event(s, p)
	default:
		return c.ack(s, p)
	}
}

// find returns the socket of a namespace as the client wrote it, or nil. Another spelling of the same namespace is
// another socket.
func (c *client) find(namespace []byte) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sockets {
		if s.name == string(namespace) {
			return s
		}
	}
	return nil
}

// connect answers a CONNECT packet: at once if the namespace is refused, else by a job of the new socket, whose
// OnConnect may block. Events that the client sends without waiting for the answer queue up behind that job.
func (c *client) connect(p packet) error {
	if c.conn.Protocol() == engineio.V3 {
		p.data = nil // a later invention
	} else if len(p.data) > 0 && (p.data[0] != '{' || !validJSON(p.data, c.srv.opts.MaxNesting)) {
		return errPacket
	}
	if c.find(p.namespace) != nil {
		return nil // joined already
	}
	name := string(p.namespace)
	n := c.srv.namespace(name)
	if n == nil {
		c.refuse(name, &ConnectError{Message: "Invalid namespace"})
		return nil
	}
	s := newSocket(c, n, name, string(p.query), bytes.Clone(p.data))
	c.mu.Lock()
	full := len(c.sockets) >= c.srv.opts.MaxNamespaces
	if !full && !c.closed {
		c.sockets = append(c.sockets, s)
		c.srv.opts.Clock.Stop(&c.timer)
	}
	closed := c.closed
	c.mu.Unlock()
	switch {
	case closed:
	case full:
		c.refuse(name, &ConnectError{Message: "Too many namespaces"})
	default:
		s.push(job{kind: jobConnect})
	}
	return nil
}

// refuse answers CONNECT with an error, in the form of the client's version: an object with message and data for
// version 4, the bare text or data for version 3. The connection goes on.
func (c *client) refuse(namespace string, e *ConnectError) {
	var content any = e.Message
	if c.conn.Protocol() == engineio.V3 {
		if e.Data != nil {
			content = e.Data
		}
	} else {
		content = struct {
			Message string `json:"message"`
			Data    any    `json:"data,omitempty"`
		}{e.Message, e.Data}
	}
	text, err := json.Marshal(content)
	if err != nil {
		c.srv.opts.Logger.Error("connect error cannot be encoded", "namespace", namespace, "error", err)
		text = []byte(`"Forbidden"`)
	}
	_ = c.send(typeConnectError, namespace, noAck, text) // a connection that has ended needs no answer
}

// send sends a packet without attachments for this connection alone. Errors are those of Socket.Emit.
func (c *client) send(kind byte, namespace string, id int64, text []byte) error {
	buf := appendHeader(engineio.StartText(len(namespace)+len(text)+16), kind, 0, namespace, id)
	if kind <= typeDisconnect && len(text) == 0 && namespace != "/" {
		buf = buf[:len(buf)-1] // no comma before nothing
	}
	return socketError(c.conn.Send(engineio.FinishText(append(buf, text...), true)))
}

// leave forgets a socket that has ended while the connection goes on. A connection left without sockets gets
// ConnectTimeout to join another namespace.
func (c *client) leave(s *Socket) {
	c.mu.Lock()
	if i := slices.Index(c.sockets, s); i >= 0 {
		c.sockets = slices.Delete(c.sockets, i, i+1)
	}
	empty := len(c.sockets) == 0 && !c.closed
	if empty {
		c.awaitNamespace()
	}
	c.mu.Unlock()
	if empty && c.conn.Protocol() == engineio.V3 {
		c.conn.Close(engineio.ReasonForced) // old clients expect it and cannot join again by themselves
	}
}

// close ends all sockets after the connection has ended, and lets a reader go that waits for room. It must not block,
// since engineio calls it on whatever goroutine found the end; what the application does about it is a job of each
// socket.
func (c *client) close(reason string) {
	c.mu.Lock()
	c.closed = true
	sockets := c.sockets
	c.sockets = nil
	c.srv.opts.Clock.Stop(&c.timer)
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
	c.mu.Unlock()
	for _, s := range sockets {
		s.finish(reason)
	}
}

// admit waits until an event of this size may be queued. Reading pauses meanwhile, so that the client's own sending is
// slowed down. It reports false if the connection has ended.
func (c *client) admit(size int) bool {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return false
		}
		// A single event may always pass, however large: MaxPayload bounds it.
		if c.inJobs == 0 || (c.inBytes+size <= c.srv.opts.MaxInbound && c.inJobs < maxJobs) {
			c.inBytes += size
			c.inJobs++
			c.mu.Unlock()
			return true
		}
		if c.room == nil {
			c.room = make(chan struct{})
		}
		wait := c.room
		c.mu.Unlock()
		<-wait
	}
}

// handled needs mu. It gives back what admit took, once for each event, also if the handler panicked.
func (c *client) handled(size int) {
	c.inBytes -= size
	c.inJobs--
	// Half empty, so that a reader is not woken for each event.
	if c.room != nil && c.inBytes <= c.srv.opts.MaxInbound/2 && c.inJobs <= maxJobs/2 {
		close(c.room)
		c.room = nil
	}
}
