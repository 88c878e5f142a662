package wsconn

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// Turns of a socket. Whoever moves it from resting to waiting puts it into the queue, so that one goroutine at a time
// reads it. What happens meanwhile is remembered as again.
const (
	resting int32 = iota
	waiting       // queued, or being served
	again
)

// socket is a descriptor that the loop watches instead of Go's poller, which would want a goroutine for each
// connection.
type socket struct {
	c    *Conn
	fd   int
	done func() // of Start
	next *socket

	uses   atomic.Int32 // calls under way, and one until Close; the last one closes fd
	closed atomic.Bool
	turn   atomic.Int32
	// ending is set once the peer sends no more: only a read of nothing tells how.
	ending  atomic.Bool
	expired atomic.Bool // the deadline for reading has passed
	room    atomic.Pointer[chan struct{}]
	// timer is the deadline for reading; guarded by Conn.mu.
	timer *time.Timer
	until time.Time // for Write, which has one caller at a time
	// discard is how much is still thrown away after the peer broke the protocol; 0 while it has not.
	discard int
}

// adopt takes the descriptor of nc over and closes nc. It returns nil, and leaves nc as it is, if there is none (TLS,
// pipes) or the system gives no further one.
func adopt(nc net.Conn, c *Conn) *socket {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	fd := -1
	err = raw.Control(func(old uintptr) {
		n, _, e := syscall.Syscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
		if e == 0 {
			fd = int(n)
		}
	})
	if err != nil || fd < 0 {
		return nil
	}
	s := &socket{c: c, fd: fd}
	s.uses.Store(1)
	s.turn.Store(waiting) // for Start
	if reactor.join(s) != nil {
		_ = syscall.Close(fd) // nc goes on with the descriptor it has
		return nil
	}
	_ = nc.Close() // the duplicate keeps the connection
	return s
}

// enter makes sure that fd is not closed, and used for something else, before exit.
func (s *socket) enter() bool {
	for {
		n := s.uses.Load()
		if n == 0 || s.closed.Load() {
			return false
		}
		if s.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *socket) exit() {
	if s.uses.Add(-1) == 0 {
		reactor.leave(s)
		_ = syscall.Close(s.fd) // nothing can be done about a failure, and the descriptor is free in any case
	}
}

// Read reads what has come. It never waits: with nothing to read it returns syscall.EAGAIN, at the end 0.
func (s *socket) Read(b []byte) (int, error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	defer s.exit()
	for {
		n, err := syscall.Read(s.fd, b)
		switch err { //nolint:errorlint // of a system call
		case nil:
			return n, nil
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}

// tryWrite writes as much of b as the socket takes now. Fewer bytes than len(b) without an error mean that it is full.
func (s *socket) tryWrite(b []byte) (n int, err error) {
	if !s.enter() {
		return 0, net.ErrClosed
	}
	defer s.exit()
	for n < len(b) {
		more, err := syscall.Write(s.fd, b[n:])
		switch err { //nolint:errorlint // of a system call
		case nil:
			n += more
		case syscall.EINTR:
		case syscall.EAGAIN:
			return n, nil
		default:
			return n, err
		}
	}
	return n, nil
}

// Write writes all of b, waiting where it must, up to the deadline.
func (s *socket) Write(b []byte) (n int, err error) {
	room := make(chan struct{}, 1)
	s.room.Store(&room) // before the socket is found full
	defer s.room.Store(nil)
	late := time.NewTimer(time.Until(s.until))
	defer late.Stop()
	for {
		more, err := s.tryWrite(b[n:])
		if n += more; err != nil || n == len(b) {
			return n, err
		}
		select {
		case <-room:
		case <-late.C:
			return n, os.ErrDeadlineExceeded
		}
	}
}

// roomier lets a Write that waits look again.
func (s *socket) roomier() {
	if room := s.room.Load(); room != nil {
		select {
		case *room <- struct{}{}:
		default: // it has been told
		}
	}
}

// Close ends reading and writing; calls under way come to their end first.
func (s *socket) Close() error {
	if !s.closed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	s.exit()
	s.roomier()
	reactor.kick(s)
	return nil
}

// SetReadDeadline ends the reading at t. It needs Conn.mu.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.timer = time.AfterFunc(time.Until(t), func() {
		s.expired.Store(true)
		reactor.kick(s)
	})
	return nil
}

// SetWriteDeadline bounds the calls of Write that follow; it must be called before the first.
func (s *socket) SetWriteDeadline(t time.Time) error {
	s.until = t
	return nil
}

// SetLinger sets how long what was not sent is kept after Close: 0 throws it away.
func (s *socket) SetLinger(seconds int) error {
	if !s.enter() {
		return net.ErrClosed
	}
	defer s.exit()
	return syscall.SetsockoptLinger(s.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: int32(seconds)})
}

// start lets the loop read.
func (s *socket) start(done func()) {
	s.done = done
	reactor.begin(s)
}

// serve reads until nothing is left, and handles what has come. It reports whether the socket wants another turn
// because it had its share of this one.
func (s *socket) serve() (more bool) {
	c := s.c
	if c.opts.Panicked != nil {
		defer func() {
			if v := recover(); v != nil {
				c.crash(v)
				if !c.told {
					c.tell()
					s.done()
				}
				more = false // waiting for good: nobody serves it again
			}
		}()
	}
	for range maxReads {
		rest, err := s.turnOnce()
		if err != nil && !s.broken(err) {
			s.finish(err)
			return false
		}
		if rest && s.rest() {
			return false
		}
	}
	return true
}

// turnOnce reads once and handles what that brought. It reports whether the socket is known to be empty: after a read
// that did not fill its buffer, what comes next is an event of its own, which spares a read that finds nothing. Only
// the end of the stream may come along with the last bytes, hence ending.
func (s *socket) turnOnce() (empty bool, err error) {
	c, in := s.c, &s.c.in
	if s.expired.Load() {
		return false, os.ErrDeadlineExceeded
	}
	if in.first != nil {
		return false, c.took(in.takeFirst())
	}
	b := in.space()
	n, err := s.Read(b)
	switch {
	case err == syscall.EAGAIN: //nolint:errorlint // of a system call
		return true, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, io.EOF
	}
	empty = n < len(b) && !s.ending.Load()
	if s.discard > 0 {
		if s.discard -= n; s.discard <= 0 {
			return false, io.EOF
		}
		return empty, nil
	}
	return empty, c.took(n)
}

// rest gives the buffer back and waits for the next event. It reports false if one has come meanwhile.
func (s *socket) rest() bool {
	s.c.in.rest()
	if s.turn.CompareAndSwap(waiting, resting) {
		return true
	}
	s.turn.Store(waiting)
	return false
}

// broken answers a violation of the protocol with its close frame, and has what still comes thrown away for a while, as
// drain does. It reports false for every other end.
func (s *socket) broken(err error) bool {
	if s.discard > 0 || !s.c.violated(err) {
		return false
	}
	s.c.in.release()
	s.discard = drainedBytes
	return true
}

// finish ends the reading. The turn is never given back, so nothing follows.
func (s *socket) finish(err error) {
	c := s.c
	c.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
	}
	c.mu.Unlock()
	defer s.done()
	c.finish(err)
}
