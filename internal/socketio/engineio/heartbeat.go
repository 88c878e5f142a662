package engineio

import "time"

// deadline is absolute and is only moved by what the client does, never by when a timer happened to fire. So a late
// timer does not give a client more time, and a request that comes after the deadline but before the timer is refused
// (late).

// startHeartbeat needs mu. Version 4: the server pings. Version 3: the client does, and is only watched.
func (c *Conn) startHeartbeat() {
	o := &c.srv.opts
	now := c.srv.now()
	c.lastIn.Store(int64(now))
	wait := o.PingInterval
	if c.protocol == V3 {
		wait += o.PingTimeout
	}
	c.deadline = now + wait
	c.srv.wheel.Reset(&c.timer, wait, (*heartbeat)(c))
}

// pong notes the answer to a ping and plans the next one, a full interval from now. A pong nobody asked for changes
// nothing, or a client could put off its ping for ever.
func (c *Conn) pong(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !c.pinged {
		return
	}
	c.pinged = false
	c.deadline = now + c.srv.opts.PingInterval
	c.srv.wheel.Reset(&c.timer, c.srv.opts.PingInterval, (*heartbeat)(c))
}

// heartbeat is the timer of a connection.
type heartbeat Conn

// Expire implements wheel.Task.
func (h *heartbeat) Expire() {
	c := (*Conn)(h)
	defer c.srv.guard("heartbeat", c.abort)
	c.beat()
}

// beat sends the ping that is due, or ends a silent connection. It runs on the goroutine of the wheel, where nothing
// may block. The lock is given up for sending and ending, which take it or call the handler; a connection that has
// ended meanwhile is found by closed, and its timer is not armed again.
func (c *Conn) beat() {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	now := c.srv.now()
	switch {
	case c.overdue(now):
		c.mu.Unlock()
		c.end(ReasonPingTimeout, endTimeout)
		return
	case c.protocol == V4 && !c.pinged && now >= c.deadline:
		c.pinged = true
		c.deadline += c.srv.opts.PingTimeout
		c.mu.Unlock()
		_ = c.Send(pingMessage) // an overflow has ended the connection
		c.mu.Lock()
	}
	if !c.closed {
		c.srv.wheel.Reset(&c.timer, c.deadline-now, (*heartbeat)(c))
	}
	c.mu.Unlock()
}

// overdue needs mu. It reports whether the client has been silent for too long, and moves the deadline of one that
// has not been: a client whose packets are being handled, or wait to be read, is alive.
func (c *Conn) overdue(now time.Duration) bool {
	o := &c.srv.opts
	// limit is when the client is given up: in version 4 the deadline is first that of the ping, then of its answer.
	limit := c.deadline
	if c.protocol == V4 && !c.pinged {
		limit += o.PingTimeout
	}
	if now < limit {
		return false
	}
	heard := now
	if !c.busy.Load() {
		heard = time.Duration(c.lastIn.Load())
	}
	if c.protocol == V3 {
		c.deadline = heard + o.PingInterval + o.PingTimeout
		return now >= c.deadline
	}
	// Anything heard since the ping was due shows that the client is there, even if its pong is late.
	if heard <= limit-o.PingTimeout {
		return true
	}
	c.pinged = false
	c.deadline = heard + o.PingInterval
	return false
}

// late ends a connection whose time is up although its timer has not fired yet. Requests by polling ask before they are
// served, so the answer of a client does not depend on the resolution of the wheel.
func (c *Conn) late() bool {
	c.mu.Lock()
	late := !c.closed && c.overdue(c.srv.now())
	c.mu.Unlock()
	if late {
		c.end(ReasonPingTimeout, endTimeout)
	}
	return late
}
