package engineio

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn"
)

// Locks: Conn.mu comes before those of the WebSocket and of the wheel, and is never held while the handler is called or
// while another connection is. The way of a message over WebSocket takes only the WebSocket's own lock.

// Conn is one client, whatever its transport. Its methods are safe for concurrent use, also after the end, and none of
// them waits for the client.
//
// What never changes after the handshake needs no lock. The atomics are for the way of every message; mu guards the
// rest and every change of the transport.
type Conn struct {
	srv      *Server
	id       string
	protocol uint8    // V3 or V4
	b64      bool     // the client cannot take binary polling bodies
	text     encoding // of version 3 polling bodies; used by one POST at a time
	data     any      // of the layer above; set before anything is read
	from     origin   // of the handshake request; further requests are not looked at

	ws     atomic.Pointer[wsconn.Conn] // the transport, once it is WebSocket
	busy   atomic.Bool                 // the handler has a message
	lastIn atomic.Int64                // time of the last inbound packet, as Server.now
	bucket bucket                      // used by whoever delivers packets

	mu       sync.Mutex
	closed   bool
	pinged   bool // version 4: a ping is unanswered
	poll     *polling
	probe    *probe
	timer    wheel.Timer
	deadline time.Duration // when the next ping, or the answer to it, is due
}

// ID is the session id.
func (c *Conn) ID() string { return c.id }

// Protocol is V3 or V4.
func (c *Conn) Protocol() int { return int(c.protocol) }

// Transport is TransportWebSocket or TransportPolling, and may change once.
func (c *Conn) Transport() string {
	if c.ws.Load() != nil {
		return TransportWebSocket
	}
	return TransportPolling
}

// RemoteIP is the client's address as Options.ClientIP gave it.
func (c *Conn) RemoteIP() string { return c.from.addr.name }

// Query is the query of the handshake request, in a copy of its own.
func (c *Conn) Query() url.Values { return unpackQuery(c.from.query) }

// Header is the header of the handshake request without hop-by-hop fields, in a copy of its own.
func (c *Conn) Header() http.Header { return unpackHeader(c.from.header) }

// SetData attaches a value. It must be called from Handler.Open: later calls would race with readers, as there is no
// lock.
func (c *Conn) SetData(v any) { c.data = v }

// Data is the attached value.
func (c *Conn) Data() any { return c.data }

// Send queues a message. It never waits for the client. Messages of one goroutine arrive in the order of its calls,
// also across an upgrade. Nil means queued, not received: a client that goes away takes with it what it has not read.
// Errors: ErrClosed, ErrSlowReader, after which the connection ends, and ErrTooBig.
func (c *Conn) Send(m Message) error {
	if ws := c.ws.Load(); ws != nil {
		return sendError(ws.Write(m.frame))
	}
	// Look again under the lock: an upgrade may just have moved the queue over.
	c.mu.Lock()
	if ws := c.ws.Load(); ws != nil {
		c.mu.Unlock()
		return sendError(ws.Write(m.frame))
	}
	err := c.enqueue(m)
	c.mu.Unlock()
	return c.queued(err)
}

// SendAll queues messages that belong together, such as an event and its attachments; nothing comes between them, and
// either all or none are queued. Errors are those of Send.
func (c *Conn) SendAll(messages []Message) error {
	if ws := c.ws.Load(); ws != nil {
		return sendError(ws.WriteAll(frames(messages)))
	}
	c.mu.Lock()
	if ws := c.ws.Load(); ws != nil {
		c.mu.Unlock()
		return sendError(ws.WriteAll(frames(messages)))
	}
	err := c.enqueue(messages...)
	c.mu.Unlock()
	return c.queued(err)
}

// Busy reports whether the client is behind: over WebSocket its socket is full, over polling it has not fetched yet
// what was queued.
func (c *Conn) Busy() bool {
	if ws := c.ws.Load(); ws != nil {
		return ws.Busy()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.poll != nil && len(c.poll.queue) > 0
}

// Close ends the connection after what is queued has been sent. The reason goes to Handler.Close, and over WebSocket to
// the client, in a close frame with code 1000. It returns at once; only the first end of a connection counts.
func (c *Conn) Close(reason string) { c.end(reason, endNormal) }

// Reject ends the connection because of what the client sent: like Close, but with code 1008, and a polling client that
// is between two polls does not get what was queued.
func (c *Conn) Reject(reason string) { c.end(reason, endPolicy) }

// frames are the WebSocket frames of messages. They are shared, not copied.
func frames(messages []Message) [][]byte {
	out := make([][]byte, len(messages))
	for i, m := range messages {
		out[i] = m.frame
	}
	return out
}

// sendError translates errors of the WebSocket, so that callers need not know the transport.
func sendError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, wsconn.ErrSlowReader):
		return ErrSlowReader
	case errors.Is(err, wsconn.ErrTooBig):
		return ErrTooBig
	default:
		return ErrClosed
	}
}

// ending says how the transports are told of the end.
type ending uint8

const (
	endNormal   ending = iota // the server closes
	endClient                 // the client asked
	endTimeout                // nobody is expected to listen
	endPolicy                 // the client broke a rule
	endShutdown               // the server goes away
	endGone                   // the transport is gone already
	endSlow                   // the client does not read
)

// code is the close code a WebSocket client gets. 1012 tells it to come back.
func (e ending) code() int {
	switch e {
	case endPolicy:
		return wsconn.ClosePolicy
	case endShutdown:
		return wsconn.CloseServiceRestart
	case endTimeout:
		return wsconn.CloseGoingAway
	default:
		return wsconn.CloseNormal
	}
}

// end closes the connection once; later calls do nothing. It must be called without mu, and not with a lock that
// Handler.Close takes. Everything others can see (figures, the session's id, the address's share) is changed before the
// client is told, so that a client which reacts at once meets the new state.
func (c *Conn) end(reason string, how ending) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	// From here on this goroutine is the only one that ends the connection.
	c.closed = true
	c.srv.wheel.Stop(&c.timer)
	ws, probe := c.ws.Load(), c.probe
	lingers := ws == nil && c.poll != nil && c.poll.finish(how)
	if lingers {
		// A client between two polls fetches the last packets with its next one.
		c.srv.wheel.Reset(&c.timer, c.srv.opts.WriteTimeout, (*linger)(c))
	}
	c.mu.Unlock()

	if !lingers {
		c.srv.forget(c)
	}
	if probe != nil && !lingers {
		probe.drop()
	}
	// Counted before the farewell: whoever hears of the end finds it in the figures.
	c.srv.count(how)
	if ws == nil {
		c.srv.pollings.Add(-1)
	} else {
		c.srv.webSockets.Add(-1)
	}
	// So is the address's share of connections given back: a client may return at once.
	c.srv.addrs.leave(c.from.addr)
	switch {
	case ws == nil:
	case how == endSlow:
		ws.Abort(wsconn.ErrSlowReader)
	default:
		ws.Close(how.code(), reason, nil)
	}
	if how != endNormal && how != endClient && how != endGone {
		c.srv.opts.Logger.Debug("engine connection closed", "sid", c.id, "reason", reason, "ip", c.from.addr.name)
	}
	c.srv.handler.Close(c, reason)
}

// count notes endings that an operator wants to see.
func (s *Server) count(how ending) {
	switch how {
	case endPolicy:
		s.badness.Add(1)
	case endSlow:
		s.slow.Add(1)
	}
}

// linger forgets a closed polling session that nobody fetched. It uses the timer of the heartbeat, which has ended.
type linger Conn

// Expire implements wheel.Task.
func (l *linger) Expire() {
	c := (*Conn)(l)
	defer c.srv.guard("linger", c.abort)
	c.fetched()
}

// fetched forgets an ended polling session whose last packets were delivered, or never will be. It may be called twice:
// by the poll that fetched them, and by the timer that did not wait for it.
func (c *Conn) fetched() {
	c.srv.forget(c)
	c.mu.Lock()
	c.srv.wheel.Stop(&c.timer)
	probe := c.probe
	c.mu.Unlock()
	if probe != nil {
		probe.drop()
	}
}

// abort cuts the transport without farewell, and that of an upgrade under way. Polls that wait end by themselves, since
// the session has ended before.
func (c *Conn) abort() {
	if ws := c.ws.Load(); ws != nil {
		ws.Abort(ErrClosed)
	}
	c.mu.Lock()
	var candidate *wsconn.Conn
	if c.probe != nil {
		candidate = c.probe.ws
	}
	c.mu.Unlock()
	if candidate != nil {
		candidate.Abort(ErrClosed)
	}
}

// openPacket tells the client its session id and the server's settings, times in milliseconds. Upgrades must be an
// empty list rather than null for clients that begin with WebSocket.
func (c *Conn) openPacket(upgrades []string) Message {
	o := &c.srv.opts
	b, err := json.Marshal(struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{c.id, upgrades, o.PingInterval.Milliseconds(), o.PingTimeout.Milliseconds(), o.MaxPayload})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return control(packetOpen, string(b))
}

// receive handles one inbound packet. It reports false if the connection has ended. It is called by the goroutine that
// reads the WebSocket, or by the one POST that may be under way, so never by two at a time; that is why bucket and the
// handler need no lock. Every packet counts for the rate, also pings and those without meaning.
func (c *Conn) receive(p packet) bool {
	now := c.srv.now()
	c.lastIn.Store(int64(now))
	if !c.bucket.allow(now, c.srv.rate.each, c.srv.rate.burst) || !c.from.addr.allow(now, c.srv.addrRate) {
		c.end(ReasonPacketRate, endPolicy)
		return false
	}
	switch {
	case p.kind == packetMessage:
		// While the handler has it the client is busy being served, not silent.
		c.busy.Store(true)
		c.srv.handler.Message(c, p.data, p.binary)
		c.lastIn.Store(int64(c.srv.now()))
		c.busy.Store(false) // last, and read first by overdue: between the two the client is not silent either
	case p.kind == packetPing && c.protocol == V3:
		// An overflow has ended the connection already; the next packet finds that out.
		_ = c.Send(control(packetPong, string(p.data)))
	case p.kind == packetPong && c.protocol == V4:
		c.pong(now)
	case p.kind == packetClose:
		c.end(ReasonTransportClose, endClient)
		return false
	case p.kind == packetNoop, p.kind == packetPong: // a pong in version 3 answers nothing and harms nothing
	default:
		c.end(ReasonParseError, endPolicy)
		return false
	}
	return true
}
