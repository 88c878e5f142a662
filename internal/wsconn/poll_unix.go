//go:build unix

package wsconn

import (
	"io"
	"net"
	"syscall"
)

// Reading through syscall.RawConn instead of net.Conn has one reason: net.Conn needs a buffer before it starts to wait,
// RawConn asks for one only when the poller says that there is something to read. With 4 kB a buffer that is nearly
// half of what an idle connection may cost. Writing through it tells a full socket from an empty one without a
// deadline.

// rawConn returns the descriptor of nc for direct reads and writes, or nil if there is none (TLS, pipes).
func rawConn(nc net.Conn) syscall.RawConn {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return rc
}

// directReader reads a socket and asks for a buffer only once there is something to read.
type directReader struct {
	buffer func() []byte
	idle   func()
	n      int
	err    error
	try    func(fd uintptr) bool
}

// read waits until rc is readable and reads once. A read of nothing is the end of the stream. Deadlines of the
// connection apply, so shut can end a reader that waits.
func (d *directReader) read(rc syscall.RawConn) (int, error) {
	if d.try == nil {
		d.try = d.attempt
	}
	d.n, d.err = 0, nil
	if err := rc.Read(d.try); err != nil {
		return 0, err
	}
	if d.n == 0 && d.err == nil {
		return 0, io.EOF
	}
	return d.n, d.err
}

// attempt is one try; false makes the poller wait and call again. The buffer is only held during the try, which is what
// keeps an idle connection free of buffers.
func (d *directReader) attempt(fd uintptr) bool {
	b := d.buffer()
	for {
		n, err := syscall.Read(int(fd), b)
		switch err {
		case nil:
			d.n = n
			return true
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			d.idle()
			return false
		default:
			d.err = err
			return true
		}
	}
}

// directWriter writes what a socket takes without waiting. It is kept in a pool, together with the closure that RawConn
// wants, so a write allocates nothing.
type directWriter struct {
	b   []byte
	n   int
	err error
	try func(fd uintptr) bool
}

// write writes as much of b as the socket takes now. Fewer bytes than len(b) without an error mean that it is full.
func (d *directWriter) write(rc syscall.RawConn, b []byte) (int, error) {
	if d.try == nil {
		d.try = d.attempt
	}
	d.b, d.n, d.err = b, 0, nil
	err := rc.Write(d.try)
	d.b = nil
	if err != nil {
		return 0, err
	}
	return d.n, d.err
}

// attempt always returns true: it never makes the poller wait.
func (d *directWriter) attempt(fd uintptr) bool {
	for d.n < len(d.b) {
		n, err := syscall.Write(int(fd), d.b[d.n:])
		switch err {
		case nil:
			d.n += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return true
		default:
			d.err = err
			return true
		}
	}
	return true
}
