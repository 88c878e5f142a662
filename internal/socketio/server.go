package socketio

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"parlor/internal/socketio/engineio"
)

// Server is an http.Handler that speaks Socket.IO. The zero value is not usable; see New.
type Server struct {
	opts   Options
	engine *engineio.Server

	mu         sync.RWMutex
	namespaces map[string]*Namespace // by name and alias, without trailing slash

	sockets, eventsIn, eventsOut, panics atomic.Int64

	dispatch *dispatcher
	stopping sync.Once
	stopped  <-chan struct{} // set by stopping
}

// New makes a server with the namespace "/". It starts nothing.
func New(opts Options) *Server {
	s := &Server{opts: opts.withDefaults(), namespaces: make(map[string]*Namespace), dispatch: newDispatcher()}
	s.engine = engineio.NewServer(s.opts.engine(), (*bridge)(s))
	s.Of("/")
	return s
}

// ServeHTTP serves one request of any transport.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Of returns the namespace of a name, made on first use, and lets the aliases lead to it as well. Names begin with a
// slash; a trailing one does not matter. A socket is addressed by the name its client asked for.
func (s *Server) Of(name string, aliases ...string) *Namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := namespaceKey(name)
	n := s.namespaces[key]
	if n == nil {
		n = newNamespace(s, key)
		s.namespaces[key] = n
	}
	for _, alias := range aliases {
		s.namespaces[namespaceKey(alias)] = n
	}
	return n
}

// namespaceKey is the form of a name under which namespaces are found.
func namespaceKey(name string) string {
	if trimmed := strings.TrimRight(name, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}

// namespace returns the namespace a client asks for, or nil: clients cannot make namespaces.
func (s *Server) namespace(name string) *Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.namespaces[namespaceKey(name)]
}

// Shutdown refuses new connections, tells clients to come back, waits until queued messages are written and handlers
// have returned, and closes. When ctx ends first, what is left is cut off and the context's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.engine.Shutdown(ctx)
	s.stopping.Do(func() { s.stopped = s.dispatch.drained() })
	select {
	case <-s.stopped:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the current numbers. A socket is counted before its client is told that it has connected, and no longer
// counted before its client or OnDisconnect hears of the end.
func (s *Server) Stats() Stats {
	return Stats{
		Stats:     s.engine.Stats(),
		Sockets:   int(s.sockets.Load()),
		EventsIn:  s.eventsIn.Load(),
		EventsOut: s.eventsOut.Load(),
		Panics:    s.panics.Load() + s.engine.Stats().TransportPanics,
	}
}

// bridge receives what happens on engine connections.
type bridge Server

// Open implements engineio.Handler.
func (b *bridge) Open(conn *engineio.Conn) {
	c := &client{srv: (*Server)(b), conn: conn}
	conn.SetData(c)
	if conn.Protocol() == engineio.V3 {
		c.connect(packet{namespace: []byte{'/'}})
		return
	}
	c.awaitNamespace()
}

// Message implements engineio.Handler.
func (b *bridge) Message(conn *engineio.Conn, data []byte, binary bool) {
	c := conn.Data().(*client)
	var err error
	if binary {
		err = c.receiveBinary(data)
	} else {
		err = c.receive(data)
	}
	if err != nil {
		conn.Reject(engineio.ReasonParseError)
	}
}

// Close implements engineio.Handler.
func (b *bridge) Close(conn *engineio.Conn, reason string) {
	conn.Data().(*client).close(reason)
}
