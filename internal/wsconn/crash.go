package wsconn

// crash ends the connection after a panic on one of its goroutines. The socket is closed first and without a lock; the
// rest is left to a goroutine of its own, because the panic may have come with the lock held.
func (c *Conn) crash(v any) {
	c.opts.Panicked(v)
	_ = c.nc.Close() // whoever reads or writes is ended by it
	go c.Abort(ErrPanic)
}

// tell brings the end to the handler of a connection whose reader panicked, unless it was told before. The handler may
// be what panicked, and may do so again.
func (c *Conn) tell() {
	if c.told {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.opts.Panicked(v)
		}
	}()
	c.handler.Closed(ErrPanic)
}

// guard is deferred where somebody writes for the connection.
func (c *Conn) guard() {
	if c.opts.Panicked == nil {
		return
	}
	if v := recover(); v != nil {
		c.crash(v)
	}
}
