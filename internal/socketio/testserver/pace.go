package main

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"time"
)

// frameGap is how long the suite servers wait where a frame of theirs would follow another by itself. It is well below
// the ping timeout of 200 ms, within which the suites expect such frames.
const frameGap = 50 * time.Millisecond

// apart keeps the first frame of a connection out of the packet that answers its handshake. The suite of version 3 asks
// for messages only after it has seen the connection open, and loses one that was read together with the answer.
// A handshake that names a session needs no gap: there the client sends the first frame.
func apart(h http.Handler, pause func()) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("sid") {
			w = &apartWriter{ResponseWriter: w, pause: pause}
		}
		h.ServeHTTP(w, r)
	})
}

// apartWriter hands out connections that pause after their first write.
type apartWriter struct {
	http.ResponseWriter
	pause func()
}

// Unwrap leads http.ResponseController to the deadlines of the writer inside.
func (w *apartWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack implements http.Hijacker.
func (w *apartWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if tcp, ok := nc.(*net.TCPConn); ok {
		nc = &apartConn{TCPConn: tcp, pause: w.pause}
	}
	return nc, rw, err
}

// apartConn pauses after its first write, which is the answer to the handshake. It remains a socket with a descriptor,
// so frames take the same way as in a server without it.
type apartConn struct {
	*net.TCPConn
	pause func()
	once  sync.Once
}

// Write implements net.Conn.
func (c *apartConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.once.Do(c.pause)
	return n, err
}
