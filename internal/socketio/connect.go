package socketio

import (
	"encoding/json"
	"errors"

	"parlor/internal/socketio/engineio"
)

// admitConnect lets the application look at a new socket and answers its CONNECT. It is the first job of every socket.
//
//	OnConnect    may refuse; what it sends is held, so that the answer comes first
//	the answer   then what a recovering client has missed, then what was held
//	OnConnected  may send freely; events of the client come after it
func (s *Socket) admitConnect() {
	s.recover()
	handlers := s.ns.handlers.Load()
	for _, f := range handlers.connect {
		if err := f(s); err != nil {
			s.turnAway(err)
			return
		}
	}
	if !s.enter() {
		return
	}
	for _, f := range handlers.connected {
		f(s)
	}
}

// turnAway refuses the socket. Only the text of a ConnectError reaches the client: other errors may say more than it
// should know. What OnConnect wanted to send is dropped.
func (s *Socket) turnAway(err error) {
	var shown *ConnectError
	if !errors.As(err, &shown) {
		shown = &ConnectError{Message: "Forbidden"}
	}
	if s.phase.Swap(phaseEnded) != phaseConnecting {
		return
	}
	s.dropped.Store(true)
	s.ns.rooms.removeAll(s)
	s.client.refuse(s.name, shown)
	s.client.leaveQuietly(s)
}

// enter answers CONNECT and sends what was held. It reports false if the socket ended before the answer; one that ends
// later has connected, and the application hears of both.
func (s *Socket) enter() bool {
	c := s.client
	if !s.ns.rooms.enter(s) || !s.phase.CompareAndSwap(phaseConnecting, phaseAnswering) {
		return false
	}
	// Counted before the client hears of it.
	s.ns.srv.sockets.Add(1)
	// Broadcasts reach the socket from here on, but are held until it is connected; the loop ends when nothing was
	// added while it sent. The lock is not held while sending, since a failing send ends the socket, which takes it.
	// Errors of sending mean that the connection has ended, which the socket hears of by itself.
	_ = c.send(typeConnect, s.name, noAck, s.greeting())
	next := s.missed
	s.missed = nil
	for {
		if len(next) > 0 {
			_ = c.conn.SendAll(next)
		}
		c.mu.Lock()
		if next = s.held; len(next) == 0 {
			break
		}
		s.held = nil
		c.mu.Unlock()
	}
	s.phase.CompareAndSwap(phaseAnswering, phaseConnected) // fails if the socket has ended, which it then remains
	c.mu.Unlock()
	return true
}

// greeting is the payload of the answer to CONNECT: none in version 3.
func (s *Socket) greeting() []byte {
	if s.Protocol() == engineio.V3 {
		return nil
	}
	text := appendString([]byte(`{"sid":`), s.id)
	if s.pid != "" {
		text = appendString(append(text, `,"pid":`...), s.pid)
	}
	return append(text, '}')
}

// finish ends the socket on this side: no room, no send, no event after those that wait. It reports false if the
// socket has ended before.
func (s *Socket) finish(reason string) bool {
	// Whoever makes the change does the rest, once.
	before := s.phase.Swap(phaseEnded)
	if before == phaseEnded {
		return false
	}
	rooms := s.ns.rooms.removeAll(s)
	s.mu.Lock()
	acks := s.acks
	s.acks = nil
	s.mu.Unlock()
	for _, answer := range acks {
		close(answer)
	}
	if before == phaseConnecting {
		// The application has not heard of it, and need not hear of its end.
		return true
	}
	// Whoever sees that the socket is gone may recover it.
	s.save(reason, rooms)
	s.ns.srv.sockets.Add(-1)
	s.push(job{kind: jobDisconnect, reason: reason})
	return true
}

// leaveQuietly forgets a refused socket; the connection stays open for another try, in version 3 as well, whose clients
// have been told why.
func (c *client) leaveQuietly(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.sockets {
		if other == s {
			c.sockets = append(c.sockets[:i:i], c.sockets[i+1:]...)
			break
		}
	}
	if len(c.sockets) == 0 && !c.closed {
		c.awaitNamespace()
	}
}

// credentials are what a client sends to recover. The pid is the secret; the offset is that of the last event it has
// got.
type credentials struct {
	PID    string `json:"pid"`
	Offset string `json:"offset"`
}

// recover continues an earlier socket if the client asks for it and everything it missed is still there.
func (s *Socket) recover() {
	if !s.ns.recovers() || s.Protocol() != engineio.V4 {
		return
	}
	s.pid = engineio.NewID()
	var in credentials
	if s.auth == nil || json.Unmarshal(s.auth, &in) != nil || in.PID == "" || in.Offset == "" {
		return
	}
	session, missed, ok := s.ns.srv.opts.Adapter.Restore(s.ns.name, in.PID, in.Offset)
	if !ok {
		return
	}
	s.recovered = true
	s.pid = session.PID
	s.ns.rooms.rename(s, session.SocketID)
	s.SetData(session.Data)
	for _, room := range session.Rooms {
		if err := s.Join(room); err != nil {
			s.ns.srv.opts.Logger.Debug("room not recovered", "socket", s.id, "error", err)
		}
	}
	for _, e := range missed {
		p := &Prepared{body: encoded{json: e.JSON, attachments: e.Attachments}, offset: e.Offset}
		s.missed = append(s.missed, p.form(s.name, engineio.V4).all()...)
	}
}

// save keeps the socket for recovery, unless one side meant to end it.
func (s *Socket) save(reason string, rooms []string) {
	if s.pid == "" || reason == ReasonClientDisconnect || reason == ReasonServerDisconnect || reason == ReasonHandlerPanic {
		return
	}
	s.ns.srv.opts.Adapter.Save(s.ns.name, Session{PID: s.pid, SocketID: s.id, Rooms: rooms, Data: s.Data()})
}
