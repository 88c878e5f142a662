// Package wsconn is the core of a server-side WebSocket connection (RFC 6455): handshake, frame reader, and a bounded
// combining write queue.
//
// It is made for very many mostly idle connections. On Linux an idle connection owns neither a goroutine nor a buffer:
// one loop waits for all of them (loop). Elsewhere, and over TLS, a goroutine reads. Writers never block: frames are queued by reference, so
// one encoded frame can be shared by any number of connections, and a few goroutines that live only while there is
// something to write put everything that is waiting into as few system calls as possible.
//
// A peer that does not read is cut off: either the queue passes Options.MaxQueue bytes, or a blocked write takes longer
// than Options.WriteTimeout. Left out: extensions (compression), and the client side apart from the test client in
// wstest.
package wsconn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	defaultMaxMessage   = 1 << 20
	defaultMaxQueue     = 1 << 20
	defaultWriteTimeout = 5 * time.Second
	// frameOverhead is what a queued frame costs beyond its bytes.
	frameOverhead = 32
)

// Errors that end a connection or refuse a write.
var (
	// ErrClosed is returned by writes after the connection ended or began to close.
	ErrClosed = errors.New("wsconn: closed")
	// ErrPanic ends a connection on whose goroutine something panicked.
	ErrPanic = errors.New("wsconn: panic")
	// ErrSlowReader ends a connection whose peer does not read fast enough.
	ErrSlowReader = errors.New("wsconn: slow reader")
	// ErrTooBig refuses a write that no empty queue would hold. The connection stays open.
	ErrTooBig = errors.New("wsconn: frame larger than the queue")
)

// CloseError says that the peer closed, and how.
type CloseError struct {
	Code   int    // CloseNoStatus when the peer gave none
	Reason string // as sent by the peer; at most 123 bytes
}

// Error says how the peer closed.
func (e *CloseError) Error() string {
	return fmt.Sprintf("wsconn: closed by peer: %d %q", e.Code, e.Reason)
}

// Counters add up what a set of connections did. All fields may be read at any time.
type Counters struct {
	BytesIn, BytesOut   atomic.Int64 // on the wire, without TCP and TLS
	Writes              atomic.Int64 // system calls, or Write calls where those are not seen
	SlowCloses, Opened  atomic.Int64
	ProtocolErrorCloses atomic.Int64
}

// Options are limits of a connection; one value may be shared by many. The zero value of a field means its default.
type Options struct {
	MaxMessage   int           // bytes of one inbound message, fragments together; default 1 MiB
	MaxQueue     int           // bytes waiting to be written; default 1 MiB
	WriteTimeout time.Duration // how long a blocked write may take; default 5 s
	Counters     *Counters     // may be nil
	// Panicked gets the value of a panic on one of the connection's goroutines, in the handler's methods too. The
	// connection ends with ErrPanic and the process goes on. Nil lets the panic go on.
	Panicked func(v any)
}

// WithDefaults returns o with its zero fields filled in. Without Counters it gets some that nobody reads, so that
// counting needs no check.
func (o Options) WithDefaults() Options {
	if o.MaxMessage == 0 {
		o.MaxMessage = defaultMaxMessage
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = defaultMaxQueue
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = defaultWriteTimeout
	}
	if o.Counters == nil {
		o.Counters = new(Counters)
	}
	return o
}

// Handler receives what comes in. Its methods are called one after another. They may block; other connections are not
// held up by it.
type Handler interface {
	// Message gets one complete text or binary message. Text is valid UTF-8. The data may be changed but is only
	// valid until Message returns; while it runs nothing more is read.
	Message(op OpCode, data []byte)
	// Closed is called once, last. The error is a *CloseError, ErrSlowReader, the error given to Close or Abort,
	// or what failed on the network or in the protocol.
	Closed(err error)
}

// state of a connection; it only grows. An end can begin on either side (Close, a close frame, a violation, a failure
// of the network), and each of them only moves the state forward, so that Closed comes once and with the first cause.
type state uint8

const (
	open    state = iota
	closing       // a close frame is queued or sent; no further data goes out
	closed
)

// Conn is one connection. Its write side is safe for concurrent use; its read side belongs to whoever reads.
type Conn struct {
	nc      stream
	sock    *socket // nc, or nil where there is no descriptor to wait for
	opts    *Options
	handler Handler

	// mu guards the write side and the state. It comes before the lock of the flushers and is never held during a
	// system call that writes, nor while the handler is called.
	mu      sync.Mutex
	pending *batch
	queued  int   // bytes in pending and in the batch being written
	err     error // why the connection ends; the first cause stays, except that ErrSlowReader replaces it
	state   state
	writing bool          // queued for, or in the hands of, somebody who writes
	corked  bool          // before Start; what is queued waits for it, and writing is set
	blocked bool          // the socket did not take everything at once
	hangup  bool          // close the socket once everything is written
	next    *Conn         // in the queue of the flushers
	room    chan struct{} // closed when the queue has become shorter, or hopeless; nil if nobody waits

	in   input
	told bool // Closed was called; of the reading side
}

// stream is what is needed of a network connection.
type stream interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

// New makes a connection of what Upgrade returned. It takes nc over and starts nothing. opts must have been through
// WithDefaults and must not change afterwards. Writes are accepted at once, but nothing is read or written before Start:
// what the owner queues while it introduces the connection goes out together, and the peer hears nothing before the
// owner is ready. Only a full queue does not wait for Start.
func New(nc net.Conn, early []byte, opts *Options, h Handler) *Conn {
	c := &Conn{nc: nc, opts: opts, handler: h, writing: true, corked: true}
	c.in.early(early)
	if s := adopt(nc, c); s != nil {
		c.nc, c.sock = s, s
	}
	opts.Counters.Opened.Add(1)
	return c
}

// Write queues one complete frame made by Frame or FinishFrame. The frame is not copied and must never change again.
// It returns ErrClosed, ErrTooBig, or ErrSlowReader if the queue overflowed, which also ends the connection.
func (c *Conn) Write(frame []byte) error {
	c.mu.Lock()
	if err := c.admit(len(frame) + frameOverhead); err != nil {
		c.mu.Unlock()
		return c.refused(err)
	}
	c.push(frame)
	c.mu.Unlock()
	return nil
}

// WriteAll queues several frames which nothing will come between; all or none are accepted. Errors are those of Write.
func (c *Conn) WriteAll(frames [][]byte) error {
	size := 0
	for _, f := range frames {
		size += len(f) + frameOverhead
	}
	c.mu.Lock()
	if err := c.admit(size); err != nil {
		c.mu.Unlock()
		return c.refused(err)
	}
	for _, f := range frames {
		c.push(f)
	}
	c.mu.Unlock()
	return nil
}

// Busy reports whether the peer is behind: its socket was full, and what was queued then is not written yet. Volatile
// messages are dropped then. Frames that only wait for their turn to be written do not count, so a volatile message
// right behind another one is not lost on a peer that reads. Without a descriptor every write under way counts, as
// nothing else is known.
func (c *Conn) Busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocked
}

// admit needs mu, and may give it up for a while. A queue can be full although the socket is not, because so much was
// queued at once, or because the machine is busy. Then the caller writes itself, or waits for the one who is writing.
// That one never waits for the client: it goes on, or finds the socket full, which is the client's fault and ends it.
func (c *Conn) admit(size int) error {
	for {
		switch {
		case c.state != open:
			return ErrClosed
		case c.queued+size <= c.opts.MaxQueue:
			return nil
		case size > c.opts.MaxQueue:
			return ErrTooBig
		case c.blocked:
			return ErrSlowReader
		}
		c.uncork()
		c.mu.Unlock()
		helped := flushers.help()
		c.mu.Lock()
		if !helped && c.state == open && !c.blocked && c.queued+size > c.opts.MaxQueue {
			c.await()
		}
	}
}

// await needs mu, and gives it up until something about the queue has changed.
func (c *Conn) await() {
	if c.room == nil {
		c.room = make(chan struct{})
	}
	room := c.room
	c.mu.Unlock()
	<-room
	c.mu.Lock()
}

// changed needs mu. It is called whenever queued shrinks, blocked is set, or the connection ends.
func (c *Conn) changed() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// refused acts on the refusal of a write, without mu, and returns it. A client that is too slow for one message is cut
// off rather than served with gaps.
func (c *Conn) refused(err error) error {
	if err == ErrSlowReader { //nolint:errorlint // admit returns it bare
		c.Abort(err)
	}
	return err
}

// push needs mu and room for the frame, which admit has made sure of. It starts the writer if none runs.
func (c *Conn) push(frame []byte) {
	if c.pending == nil {
		c.pending = getBatch()
	}
	c.pending.frames = append(c.pending.frames, frame)
	c.queued += len(frame) + frameOverhead
	if !c.writing {
		c.startWriting()
	}
}

// startWriting needs mu, and something that waits. Without a descriptor a write may block, hence a goroutine of its
// own.
func (c *Conn) startWriting() {
	c.writing = true
	if c.sock != nil {
		flushers.add(c)
		return
	}
	c.blocked = true
	go c.drainQueue(nil, nil, 0)
}

// uncork needs mu. The first call lets go what was queued before Start.
func (c *Conn) uncork() {
	if !c.corked {
		return
	}
	c.corked, c.writing = false, false
	if c.pending != nil {
		c.startWriting()
	}
}

// Close sends what is queued, then a close frame, and waits up to the write timeout for the peer's. Closed will get
// cause, or ErrClosed if cause is nil. It returns at once and does nothing if the connection has begun to close.
func (c *Conn) Close(code int, reason string, cause error) {
	c.shut(closeFrame(code, reason), cause, false)
}

// shut queues a last frame. With hangup the socket is closed after it, without waiting for an answer.
func (c *Conn) shut(last []byte, cause error, hangup bool) {
	if cause == nil {
		cause = ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != open {
		if hangup {
			c.hangUp()
		}
		return
	}
	// Beyond the limit of the queue if need be: without it the client would never learn why.
	c.push(last)
	c.state, c.err = closing, cause
	if hangup {
		c.hangup = true
	}
	// A deadline cannot fail on an open socket, and a closed one has already ended the reader.
	_ = c.nc.SetReadDeadline(time.Now().Add(c.opts.WriteTimeout))
}

// hangUp needs mu. It closes the socket, after what is being written if there is something.
func (c *Conn) hangUp() {
	if c.writing {
		c.hangup = true
		return
	}
	_ = c.nc.Close() // nothing is left to write
}

// Abort ends the connection at once; what is queued is lost. Closed will get cause unless a cause was given before.
func (c *Conn) Abort(cause error) {
	c.mu.Lock()
	if c.state == closed {
		c.mu.Unlock()
		return
	}
	// A client that does not read is worth knowing of even if its connection was being closed.
	if c.err == nil || errors.Is(cause, ErrSlowReader) {
		c.err = cause
	}
	c.state = closed
	c.drop()
	c.changed()
	slow := errors.Is(cause, ErrSlowReader)
	if slow {
		c.opts.Counters.SlowCloses.Add(1) // under the lock: a write that is refused finds it counted
	}
	c.mu.Unlock()
	if slow {
		if tcp, ok := c.nc.(interface{ SetLinger(seconds int) error }); ok {
			_ = tcp.SetLinger(0) // free the kernel's buffer too; failing only means it is freed later
		}
	}
	_ = c.nc.Close()
}

// drop needs mu. It throws away what waits; what is being written stays with the one who writes it.
func (c *Conn) drop() {
	if c.pending != nil {
		c.queued -= c.pending.size()
		c.pending.release()
		c.pending = nil
	}
}
