package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"

	"parlor/internal/socketio/engineio"
)

// maxHeld is how many messages may be sent to a socket before its CONNECT is answered.
const maxHeld = 128

// phase of a socket; it only grows.
type phase = uint32

const (
	phaseConnecting phase = iota // the application is asked; what it sends is held
	phaseAnswering               // admitted and counted; the answer to CONNECT and what was held are being sent
	phaseConnected
	phaseEnded
)

// Socket is one client in one namespace. Its methods are safe for concurrent use, also after its end, when those that
// send return ErrClosed. A client that comes back is a new Socket, with the old id only if it was recovered.
type Socket struct {
	client    *client
	ns        *Namespace
	id, pid   string
	name      string // of the namespace, as the client asked
	query     string // of CONNECT, raw
	auth      json.RawMessage
	recovered bool
	missed    []engineio.Message // to be sent after CONNECT
	phase     atomic.Uint32
	dropped   atomic.Bool // events that wait are not handled any more

	// Guarded by client.mu.
	head, tail *job
	working    bool
	next       *Socket // in the queue of the dispatcher, and guarded by it
	held       []engineio.Message

	// Guarded by ns.rooms.mu.
	rooms []string

	mu      sync.Mutex
	data    any
	lastAck int64
	acks    map[int64]chan []json.RawMessage
}

// newSocket makes a socket in phaseConnecting. Its id has the form that clients of its version work out for themselves.
func newSocket(c *client, n *Namespace, name, query string, auth []byte) *Socket {
	s := &Socket{client: c, ns: n, name: name, query: query}
	if len(auth) > 0 {
		s.auth = auth
	}
	switch {
	case c.conn.Protocol() == engineio.V4:
		s.id = engineio.NewID()
	case name == "/":
		s.id = c.conn.ID()
	default:
		s.id = name + "#" + c.conn.ID()
	}
	return s
}

// ID is the socket's id as its client knows it. It is also the name of a room that holds only this socket.
func (s *Socket) ID() string { return s.id }

// Namespace is the name as the client asked for it, without query.
func (s *Socket) Namespace() string { return s.name }

// Protocol is the Engine.IO version: 3 for clients 1.x and 2.x, 4 for later ones.
func (s *Socket) Protocol() int { return s.client.conn.Protocol() }

// Transport is "websocket" or "polling"; it may change from the latter to the former.
func (s *Socket) Transport() string { return s.client.conn.Transport() }

// Query is the query of the engine handshake with that of CONNECT over it, in a copy of its own.
func (s *Socket) Query() url.Values {
	v := s.client.conn.Query()
	if s.query == "" {
		return v
	}
	over, err := url.ParseQuery(s.query)
	if err != nil && over == nil {
		return v
	}
	for key, values := range over {
		v[key] = values
	}
	return v
}

// Auth is the object a client of version 3.x or 4.x gave with CONNECT, or nil.
func (s *Socket) Auth() json.RawMessage { return s.auth }

// Header is the header of the handshake request, in a copy of its own.
func (s *Socket) Header() http.Header { return s.client.conn.Header() }

// RemoteIP is the client's address as Options.ClientIP gave it.
func (s *Socket) RemoteIP() string { return s.client.conn.RemoteIP() }

// Recovered reports whether this socket continues an earlier one: same id, rooms and data, missed events follow.
func (s *Socket) Recovered() bool { return s.recovered }

// SetData attaches a value, which recovery restores. An Adapter that leaves this process must be able to encode it.
func (s *Socket) SetData(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = v
}

// Data is the attached value.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// Join adds the socket to a room. It returns ErrTooManyRooms or ErrClosed.
func (s *Socket) Join(room string) error { return s.ns.rooms.join(s, room, s.ns.srv.opts.MaxRooms) }

// Leave takes the socket out of a room. It is no error if it is in none of that name.
func (s *Socket) Leave(room string) { s.ns.rooms.leave(s, room) }

// Rooms are the rooms the socket is in, or was in when it disconnected, in the order it joined them. Its own id is not
// among them.
func (s *Socket) Rooms() []string {
	s.ns.rooms.mu.RLock()
	defer s.ns.rooms.mu.RUnlock()
	return slices.Clone(s.rooms)
}

// To addresses the rooms' other sockets.
func (s *Socket) To(rooms ...string) Broadcast { return Broadcast{ns: s.ns, skip: s}.To(rooms...) }

// Emit sends an event. It never waits for the client, and nil means queued, not received; EmitAck tells. Errors:
// ErrClosed, ErrSlowReader, ErrTooBig, ErrInvalidJSON, or that of encoding an argument.
func (s *Socket) Emit(event string, args ...any) error {
	b, sc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer sc.release()
	if s.ns.recovers() && s.Protocol() == engineio.V4 {
		return s.ns.record(b, Target{Rooms: []string{s.id}}).sendTo(s)
	}
	return s.sendBody(b, typeEvent, noAck)
}

// EmitVolatile is Emit for a message that may be lost: it is dropped while the client is behind, that is while its
// socket is full, or while it has not fetched earlier ones by polling, and before the socket is connected. Nothing
// tells the caller. Use Emit for the last of a series, such as the one that clears what the earlier ones have shown.
func (s *Socket) EmitVolatile(event string, args ...any) error {
	if s.phase.Load() != phaseConnected || s.client.conn.Busy() {
		return nil
	}
	b, sc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer sc.release()
	return s.sendBody(b, typeEvent, noAck)
}

// Send sends a prepared event. Errors are those of Emit.
func (s *Socket) Send(p *Prepared) error {
	if s.ns.recovers() && s.Protocol() == engineio.V4 {
		return s.ns.record(p.body, Target{Rooms: []string{s.id}}).sendTo(s)
	}
	return p.sendTo(s)
}

// EmitAck sends an event and waits for the client's answer. Errors besides those of Emit: ErrAckTimeout when ctx, or
// Options.AckTimeout if ctx has no deadline, runs out; the context's error when it is cancelled; ErrTooManyAcks.
func (s *Socket) EmitAck(ctx context.Context, event string, args ...any) ([]json.RawMessage, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.ns.srv.opts.AckTimeout)
		defer cancel()
	}
	b, sc, err := encodeEvent(event, args)
	if err != nil {
		return nil, err
	}
	defer sc.release()
	id, answer, err := s.expectAck()
	if err != nil {
		return nil, err
	}
	if err := s.sendBody(b, typeEvent, id); err != nil {
		s.takeAck(id)
		return nil, err
	}
	select {
	case out, ok := <-answer:
		if !ok {
			return nil, ErrClosed
		}
		return out, nil
	case <-ctx.Done():
		s.takeAck(id)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrAckTimeout
		}
		return nil, ctx.Err()
	}
}

// expectAck makes the id of an acknowledgement and the channel that will get it. The channel is closed instead if the
// socket ends.
func (s *Socket) expectAck() (int64, chan []json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase.Load() == phaseEnded:
		return 0, nil, ErrClosed
	case len(s.acks) >= s.ns.srv.opts.MaxPendingAcks:
		return 0, nil, ErrTooManyAcks
	case s.acks == nil:
		s.acks = make(map[int64]chan []json.RawMessage)
	}
	s.lastAck++
	answer := make(chan []json.RawMessage, 1)
	s.acks[s.lastAck] = answer
	return s.lastAck, answer, nil
}

// takeAck returns and forgets the channel that awaits an acknowledgement, or nil: for one that comes twice, too late,
// or was never asked for.
func (s *Socket) takeAck(id int64) chan []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.acks[id]
	if delete(s.acks, id); len(s.acks) == 0 {
		s.acks = nil
	}
	return answer
}

// sendAck encodes and sends an acknowledgement.
func (s *Socket) sendAck(id int64, args []any) error {
	sc := scratches.Get().(*scratch)
	defer sc.release()
	var err error
	if sc.b, err = appendArgs(sc.b[:0], args); err != nil {
		return err
	}
	b := encoded{}
	b.json, b.attachments = detach(sc.b, 0)
	return s.sendBody(b, typeAck, id)
}

// sendBody sends a packet to this socket only.
func (s *Socket) sendBody(b encoded, kind byte, id int64) error {
	m := b.message(kind, s.name, id)
	if len(b.attachments) == 0 {
		return s.deliver(m)
	}
	return s.deliver(b.messages(m, s.Protocol())...)
}

// deliver sends messages that belong together, or holds them until CONNECT is answered: a client drops what comes
// before.
func (s *Socket) deliver(messages ...engineio.Message) error {
	switch s.phase.Load() {
	case phaseEnded:
		return ErrClosed
	case phaseConnecting, phaseAnswering:
		if held, err := s.hold(messages); held {
			return err
		}
	}
	s.ns.srv.eventsOut.Add(1)
	if len(messages) == 1 {
		return socketError(s.client.conn.Send(messages[0]))
	}
	return socketError(s.client.conn.SendAll(messages))
}

// hold reports whether the messages were taken care of. Under the lock it looks at the phase again, so that nothing is
// added after enter has sent what was held for the last time.
func (s *Socket) hold(messages []engineio.Message) (bool, error) {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if s.phase.Load() >= phaseConnected {
		return false, nil
	}
	if len(s.held)+len(messages) > maxHeld {
		return true, ErrTooBig
	}
	s.held = append(s.held, messages...)
	return true, nil
}

// socketError translates errors of the engine.
func socketError(err error) error {
	if errors.Is(err, engineio.ErrClosed) {
		return ErrClosed
	}
	return err
}

// Disconnect ends the socket, or with closeEngine its whole connection and all sockets on it. It may be called from a
// handler of the socket itself and returns before OnDisconnect has run. The client is told and
// will not come back by itself. Events of it that wait are not handled any more.
func (s *Socket) Disconnect(closeEngine bool) {
	if !closeEngine {
		s.dropped.Store(true)
		s.disconnect(ReasonServerDisconnect)
		return
	}
	c := s.client
	c.mu.Lock()
	all := slices.Clone(c.sockets)
	c.mu.Unlock()
	for _, other := range all {
		other.dropped.Store(true)
		other.disconnect(ReasonServerDisconnect)
	}
	c.conn.Close(engineio.ReasonForced)
}

// disconnect ends the socket on both sides, while its connection stays. Of several calls one does it.
func (s *Socket) disconnect(reason string) {
	if s.finish(reason) {
		_ = s.client.send(typeDisconnect, s.name, noAck, nil) // a connection that has ended knows already
		s.client.leave(s)
	}
}
