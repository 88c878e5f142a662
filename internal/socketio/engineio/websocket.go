package engineio

import (
	"errors"
	"net/http"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn"
)

// direct receives the frames of a connection that was opened by WebSocket.
type direct Conn

// Message implements wsconn.Handler.
func (d *direct) Message(op wsconn.OpCode, data []byte) { (*Conn)(d).frame(op, data) }

// Closed implements wsconn.Handler.
func (d *direct) Closed(err error) { (*Conn)(d).lost(err) }

// openWebSocket opens a connection over WebSocket. The open packet is queued first, the handler is told next, and only
// then is anything read, so that nothing a quick client sends is lost.
func (c *Conn) openWebSocket(w http.ResponseWriter, r *http.Request) {
	nc, early, err := wsconn.Upgrade(w, r, w.Header())
	if err != nil {
		c.srv.refused.Add(1)
		c.srv.addrs.leave(c.from.addr)
		return
	}
	ws := wsconn.New(nc, early, c.srv.ws, (*direct)(c))
	if !c.srv.register(c) {
		c.srv.addrs.leave(c.from.addr)
		ws.Abort(ErrClosed)
		return
	}
	c.srv.webSockets.Add(1)
	c.ws.Store(ws)
	_ = ws.Write(c.openPacket([]string{}).frame) // a failure ends the reader, which reports it
	c.mu.Lock()
	c.startHeartbeat()
	c.mu.Unlock()
	// Nothing is written before the reader runs, so the client hears of nothing before the handler does.
	c.srv.handler.Open(c)
	if !c.srv.run(ws) {
		c.end(ReasonShutdown, endShutdown)
		ws.Abort(ErrClosed)
	}
}

// frame handles one WebSocket message: a packet of its own. In version 4 a binary frame is a message without a type; in
// version 3 its first byte is the type.
func (c *Conn) frame(op wsconn.OpCode, data []byte) {
	switch {
	case op == wsconn.OpBinary && c.protocol == V4:
		c.receive(packet{kind: packetMessage, data: data, binary: true})
	case op == wsconn.OpBinary && len(data) > 0 && data[0] <= packetNoop-'0':
		c.receive(packet{kind: '0' + data[0], data: data[1:], binary: true})
	case op == wsconn.OpText && len(data) > 0 && data[0] >= packetOpen && data[0] <= packetNoop:
		c.receive(packet{kind: data[0], data: data[1:]})
	default:
		c.end(ReasonParseError, endPolicy)
	}
}

// lost handles the end of the WebSocket, whoever began it. If the server did, end has run and this does nothing.
func (c *Conn) lost(err error) {
	var closed *wsconn.CloseError
	switch {
	case errors.Is(err, wsconn.ErrSlowReader):
		c.end(ReasonSlowReader, endSlow)
	case errors.As(err, &closed):
		c.end(ReasonTransportClose, endGone)
	default:
		c.end(ReasonTransportError, endGone)
	}
}

// An upgrade, step by step:
//
//	client                          server
//	opens a WebSocket with its sid  takes it as a probe; polling goes on
//	2probe                          3probe; answers the waiting poll with a noop, holds further messages back
//	lets its poll end, then 5       writes what was held to the WebSocket, which is the transport from now on
//
// If anything else comes, or nothing for UpgradeTimeout, the WebSocket is closed and polling goes on with what was
// held.

// stage of an upgrade.
type stage uint8

const (
	stageOpen   stage = iota // the WebSocket is open
	stageProbed              // the client's probe was answered; polls are released
	stageDone                // the WebSocket is the transport
	stageFailed
)

// probe is a WebSocket that may replace polling.
type probe struct {
	c     *Conn
	ws    *wsconn.Conn // nil until the handshake is done; guarded by c.mu until the reader runs
	timer wheel.Timer
	stage stage         // guarded by c.mu
	over  chan struct{} // closed when the upgrade has succeeded or failed
}

// startUpgrade takes a WebSocket for a session that polls. A second one is closed at once.
func (c *Conn) startUpgrade(w http.ResponseWriter, r *http.Request) {
	p := &probe{c: c, over: make(chan struct{})}
	c.mu.Lock()
	if !c.closed && c.ws.Load() == nil && c.probe == nil {
		// Before the handshake is answered, so that no request of the client can come in between.
		c.probe = p
		c.srv.wheel.Reset(&p.timer, c.srv.opts.UpgradeTimeout, p)
	} else {
		p.stage = stageFailed
	}
	c.mu.Unlock()
	nc, early, err := wsconn.Upgrade(w, r, w.Header())
	if err != nil {
		c.srv.refused.Add(1)
		p.fail("no handshake")
		return
	}
	ws := wsconn.New(nc, early, c.srv.ws, p)
	c.mu.Lock()
	p.ws = ws
	failed := p.stage == stageFailed
	c.mu.Unlock()
	if failed {
		ws.Close(wsconn.ClosePolicy, "session has a WebSocket or has ended", nil)
	}
	if !c.srv.run(ws) {
		ws.Abort(ErrClosed)
		p.Closed(ErrClosed)
	}
}

// Expire gives up on an upgrade that takes too long. The session goes on polling.
func (p *probe) Expire() {
	defer p.c.srv.guard("upgrade", p.c.abort)
	p.fail("upgrade timeout")
}

// fail ends an unfinished upgrade. The session goes on polling with what was held back, and may be upgraded again.
func (p *probe) fail(reason string) {
	p.c.mu.Lock()
	if p.stage == stageDone {
		p.c.mu.Unlock()
		return
	}
	p.detach()
	ws := p.ws
	p.c.mu.Unlock()
	if ws != nil {
		ws.Close(wsconn.ClosePolicy, reason, nil)
	}
}

// drop is fail for a connection that has ended.
func (p *probe) drop() { p.fail("session closed") }

// detach needs c.mu. It gives the session back to polling and lets go the polls that waited for the upgrade.
func (p *probe) detach() {
	p.stage = stageFailed
	p.c.srv.wheel.Stop(&p.timer)
	if p.c.probe == p {
		p.c.probe = nil
		close(p.over)
		p.c.wake()
	}
}

// Message implements wsconn.Handler.
func (p *probe) Message(op wsconn.OpCode, data []byte) {
	p.c.mu.Lock()
	at := p.stage
	p.c.mu.Unlock()
	switch {
	case at == stageDone:
		p.c.frame(op, data)
	case at == stageOpen && op == wsconn.OpText && string(data) == "2probe":
		p.answer()
	case at == stageProbed && op == wsconn.OpText && string(data) == "5":
		p.finish()
	case at != stageFailed:
		p.fail("unexpected packet during upgrade")
	}
}

// answer confirms the probe and releases a waiting poll, which the client waits for. The confirmation is queued first:
// the client may take either as the sign to go on.
func (p *probe) answer() {
	_ = p.ws.Write(control(packetPong, "probe").frame) // a failure ends the reader
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	if p.stage != stageOpen {
		return
	}
	p.stage = stageProbed
	p.c.lastIn.Store(int64(p.c.srv.now()))
	p.c.wake()
}

// finish makes the WebSocket the transport and moves the queue over. A session that has ended meanwhile delivers its
// last packets over the WebSocket, because its client polls no more.
func (p *probe) finish() {
	c := p.c
	c.mu.Lock()
	if c.closed && p.stage == stageProbed && !c.poll.expired {
		c.mu.Unlock()
		p.farewell()
		return
	}
	defer c.mu.Unlock()
	if c.closed || p.stage != stageProbed || c.poll.posting {
		return // a client that upgrades has nothing else under way; a wrong one is timed out
	}
	p.stage = stageDone
	c.srv.wheel.Stop(&p.timer)
	c.probe = nil
	close(p.over)
	// Counted before the client hears of it.
	c.srv.upgrades.Add(1)
	c.srv.pollings.Add(-1)
	c.srv.webSockets.Add(1)
	// Under the lock, so that nothing sent meanwhile can get in front.
	for _, m := range c.poll.take() {
		if p.ws.Write(m.frame) != nil {
			break // the reader reports why
		}
	}
	c.ws.Store(p.ws)
	c.wake()
}

// farewell delivers the last packets of a session that ended while its client was moving over.
func (p *probe) farewell() {
	c := p.c
	c.mu.Lock()
	c.poll.expired = true
	last, how := c.poll.take(), c.poll.how
	p.stage = stageFailed
	c.srv.wheel.Stop(&p.timer)
	c.probe = nil
	close(p.over)
	c.mu.Unlock()
	c.fetched() // before the client hears of the end
	if len(last) > 0 {
		_ = p.ws.WriteAll(frames(last)) // a failure ends the reader
	}
	p.ws.Close(how.code(), "session closed", nil)
}

// Closed implements wsconn.Handler.
func (p *probe) Closed(err error) {
	p.c.mu.Lock()
	if p.stage != stageDone {
		p.detach()
		p.c.mu.Unlock()
		return
	}
	p.c.mu.Unlock()
	p.c.lost(err)
}

// writeBy sets the deadline for answering a request of a slow client: WriteTimeout from now.
func (s *Server) writeBy(w http.ResponseWriter) {
	// Not every ResponseWriter has deadlines; those without are bounded by their server.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.opts.WriteTimeout))
}
