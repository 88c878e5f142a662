package wsconn

import (
	"errors"
	"io"
	"sync"
	"unicode/utf8"
)

const (
	readBuffer   = 4 << 10
	growStep     = 4 << 10 // first size of a message that does not fit the buffer
	drainedBytes = 1 << 20 // how much is thrown away after the peer broke the protocol
)

var readBuffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

// The reader is a small state machine. Between frames it looks for a header in buf. A data frame that lies in buf as a
// whole is unmasked in place and handed on without a copy. Of any other data frame the part that is there is moved to
// message, and the rest is read from the socket straight into message (space), which never grows to more than twice
// what has arrived: an announced length costs nothing. Control frames are short; they are waited for in buf.
//
// Whenever nothing is left in buf, it goes back to the pool before the reader waits (rest).

// input is the reading side; only the goroutine that reads touches it.
type input struct {
	buf     *[readBuffer]byte // nil while idle
	r, w    int               // unread bytes are buf[r:w]
	first   []byte            // bytes that came with the handshake
	message []byte            // the message being put together
	left    int64             // payload bytes of the current frame still to come
	mask    [4]byte
	maskPos int
	op      OpCode // of the message being put together; 0 if none
	fin     bool   // the current frame is the last of its message
	inFrame bool
}

// early sets bytes that are to be read before those of the socket.
func (in *input) early(b []byte) { in.first = b }

// Start writes what was queued, and reads until the connection ends; then it calls Closed, and done. It returns at once
// and must be called once, unless Run is.
func (c *Conn) Start(done func()) {
	if c.sock == nil {
		go func() {
			defer done()
			c.readHere()
		}()
		return
	}
	c.mu.Lock()
	c.uncork()
	c.mu.Unlock()
	c.sock.start(done)
}

// Run is Start, and returns at the end.
func (c *Conn) Run() {
	if c.sock == nil {
		c.readHere()
		return
	}
	done := make(chan struct{})
	c.Start(func() { close(done) })
	<-done
}

// readHere reads on the caller's goroutine, for connections without a descriptor.
func (c *Conn) readHere() {
	if c.opts.Panicked != nil {
		defer func() {
			if v := recover(); v != nil {
				c.crash(v)
				c.tell()
			}
		}()
	}
	c.mu.Lock()
	c.uncork()
	c.mu.Unlock()
	err := c.readAll()
	if c.violated(err) {
		c.drain()
	}
	c.finish(err)
}

// violated begins to close the connection if err is a violation of the protocol.
func (c *Conn) violated(err error) bool {
	var v *violation
	if !errors.As(err, &v) {
		return false
	}
	c.opts.Counters.ProtocolErrorCloses.Add(1)
	c.shut(closeFrame(v.code, v.text), v, false)
	return true
}

// finish ends the reading for err, if nothing else was the cause, and tells the handler.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	cause := c.err
	// A close frame of the client is answered before the socket is closed.
	wait := c.hangup && c.writing // our close frame is on its way; flush closes the socket
	if !wait {
		c.state = closed
		c.drop()
		c.changed()
	}
	c.mu.Unlock()
	if !wait {
		_ = c.nc.Close() // the cause is reported already
	}
	c.in.release()
	c.told = true
	c.handler.Closed(cause)
}

// drain reads on for a while after a violation, so that closing does not reset the connection before the peer has seen
// the close frame. The read deadline set by shut bounds it in time.
func (c *Conn) drain() {
	c.in.release()
	b := readBuffers.Get().(*[readBuffer]byte)
	defer readBuffers.Put(b)
	for total := 0; total < drainedBytes; {
		n, err := c.nc.Read(b[:])
		if err != nil {
			return
		}
		total += n
	}
}

// release gives up what the reading side holds, at its end. Data handed to the handler lay in there and is no longer
// valid.
func (in *input) release() {
	if in.buf != nil {
		readBuffers.Put(in.buf)
		in.buf = nil
	}
	in.r, in.w, in.message = 0, 0, nil
}

// readAll reads until the connection ends and returns why.
func (c *Conn) readAll() error {
	in := &c.in
	for {
		n, err := 0, error(nil)
		if in.first != nil {
			n = in.takeFirst()
		} else {
			n, err = c.nc.Read(in.space())
		}
		if n == 0 && err == nil {
			err = io.ErrNoProgress
		}
		if n <= 0 {
			return err
		}
		if err := c.took(n); err != nil {
			return err
		}
	}
}

// took handles n bytes that were read into the space. All frames that one read has brought are handled before the next,
// and the answers to them gather in the queue meanwhile.
func (c *Conn) took(n int) error {
	in := &c.in
	c.opts.Counters.BytesIn.Add(int64(n))
	if in.inFrame && in.r == in.w {
		in.absorb(n)
	} else {
		in.w += n
	}
	for {
		more, err := c.step()
		if err != nil || !more {
			return err
		}
	}
}

// takeFirst reads what came with the handshake, which may be more than one buffer.
func (in *input) takeFirst() int {
	n := copy(in.space(), in.first)
	if in.first = in.first[n:]; len(in.first) == 0 {
		in.first = nil
	}
	return n
}

// space is where the next bytes go: the message itself inside a large frame, else the buffer, which is borrowed only now.
// It is never empty.
func (in *input) space() []byte {
	if in.inFrame && in.r == in.w {
		if len(in.message) == cap(in.message) {
			grow := max(growStep, len(in.message)) // never more than has already arrived
			bigger := make([]byte, len(in.message), len(in.message)+int(min(in.left, int64(grow))))
			copy(bigger, in.message)
			in.message = bigger
		}
		room := in.message[len(in.message):cap(in.message)]
		return room[:min(int64(len(room)), in.left)]
	}
	if in.buf == nil {
		in.buf = readBuffers.Get().(*[readBuffer]byte)
	}
	if in.r > 0 {
		// Part of a header or of a control frame: make room behind it.
		copy(in.buf[:], in.buf[in.r:in.w])
		in.r, in.w = 0, in.w-in.r
	}
	return in.buf[in.w:]
}

// rest gives the buffer back when there is nothing to read. Part of a frame header stays in it: such a client is not
// idle.
func (in *input) rest() {
	if in.buf != nil && in.r == in.w {
		readBuffers.Put(in.buf)
		in.buf, in.r, in.w = nil, 0, 0
	}
}

// absorb accounts for n masked bytes that were appended to the message in place.
func (in *input) absorb(n int) {
	at := len(in.message)
	in.message = in.message[:at+n]
	Mask(in.message[at:], in.mask, in.maskPos)
	in.maskPos += n
	in.left -= int64(n)
}

// step takes one frame, or a part of one, from the buffer. It reports whether it may be called again at once.
func (c *Conn) step() (bool, error) {
	in := &c.in
	if in.inFrame {
		return c.resume()
	}
	if in.r == in.w {
		return false, nil
	}
	h, size, err := readHeader(in.buf[in.r:in.w])
	if err == errShort { //nolint:errorlint // returned bare
		return false, nil
	}
	if err != nil {
		return false, err
	}
	whole := int64(in.w-in.r-size) >= h.length
	if h.op >= OpClose {
		if !whole {
			return false, nil // at most 139 bytes: wait for the rest in the buffer
		}
		payload := in.buf[in.r+size : in.r+size+int(h.length)]
		in.r += size + int(h.length)
		Mask(payload, h.mask, 0)
		return true, c.control(h.op, payload)
	}
	if err := c.admitFrame(h); err != nil {
		return false, err
	}
	in.r += size
	if whole && h.fin && h.op != OpContinuation {
		payload := in.buf[in.r : in.r+int(h.length)]
		in.r += int(h.length)
		Mask(payload, h.mask, 0)
		in.op = 0
		return true, c.deliver(h.op, payload)
	}
	// The frame is not complete, or one of several: put the message together elsewhere.
	in.inFrame, in.fin, in.left, in.mask, in.maskPos = true, h.fin, h.length, h.mask, 0
	return true, nil
}

// admitFrame checks the order of frames and the size of the message so far. Control frames, which may come between the
// fragments of a message, do not pass here.
func (c *Conn) admitFrame(h header) error {
	in := &c.in
	switch {
	case h.op == OpContinuation && in.op == 0:
		return errContinuation
	case h.op != OpContinuation && in.op != 0:
		return errInterleaved
	case h.length > int64(c.opts.MaxMessage-len(in.message)): // known before a byte of it is kept
		return errTooBig
	}
	if h.op != OpContinuation {
		in.op = h.op
	}
	return nil
}

// resume goes on inside a frame that did not come in one piece. It reports like step whether to go on at once;
// otherwise the next bytes are read straight into the message.
func (c *Conn) resume() (bool, error) {
	in := &c.in
	if n := int(min(int64(in.w-in.r), in.left)); n > 0 {
		part := in.buf[in.r : in.r+n]
		Mask(part, in.mask, in.maskPos)
		in.message = append(in.message, part...)
		in.r += n
		in.maskPos += n
		in.left -= int64(n)
	}
	if in.left > 0 {
		in.rest()
		return false, nil
	}
	in.inFrame = false
	if !in.fin {
		return true, nil // op stays set: only a continuation may follow
	}
	op, message := in.op, in.message
	in.op, in.message = 0, nil
	return true, c.deliver(op, message)
}

// deliver hands one complete message to the handler. Text that is not UTF-8 ends the connection, as RFC 6455 demands;
// that it is checked only as a whole costs no more than MaxMessage bytes.
func (c *Conn) deliver(op OpCode, data []byte) error {
	if op == OpText && !utf8.Valid(data) {
		return errUTF8
	}
	c.mu.Lock()
	live := c.state == open
	c.mu.Unlock()
	if live { // after our close frame the peer's messages are read but not used
		c.handler.Message(op, data)
	}
	return nil
}

// control handles a control frame. A ping that cannot be answered because the queue is full ends the connection like
// any other message that does not fit.
func (c *Conn) control(op OpCode, payload []byte) error {
	switch op {
	case OpPing:
		if err := c.Write(Frame(OpPong, payload)); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	case OpClose:
		code, reason, err := parseClose(payload)
		if err != nil {
			return err
		}
		c.shut(closeFrame(code, ""), &CloseError{Code: code, Reason: reason}, true)
		return io.EOF
	}
	return nil
}
