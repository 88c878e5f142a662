package engineio

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn"
)

// Server is an http.Handler that speaks Engine.IO. It needs no closing when it has no connections.
type Server struct {
	opts     Options
	handler  Handler
	ws       *wsconn.Options
	counters wsconn.Counters
	wheel    *wheel.Wheel
	epoch    time.Time
	rate     rate // of one connection
	addrRate rate // of one address
	addrs    addresses
	grace    time.Duration // upgradeGrace, except in tests

	opened, upgrades, refused      atomic.Int64
	pollIn, pollOut, slow, badness atomic.Int64
	panics                         atomic.Int64
	webSockets, pollings           atomic.Int64

	mu       sync.RWMutex
	sessions map[string]*Conn
	draining bool
	readers  sync.WaitGroup // WebSockets that are read
}

// NewServer makes a server that reports to h. It starts nothing.
func NewServer(opts Options, h Handler) *Server {
	s := &Server{opts: opts.withDefaults(), handler: h, sessions: make(map[string]*Conn)}
	s.ws = s.opts.socket(&s.counters, func(v any) { s.panicked("WebSocket", v) })
	s.wheel = s.opts.Wheel
	s.epoch = s.wheel.Now()
	s.grace = upgradeGrace
	s.rate = newRate(s.opts.PacketRate)
	s.addrRate = newRate(s.opts.PacketRatePerIP)
	return s
}

// Wheel is the timer wheel the server uses, for layers above to share.
func (s *Server) Wheel() *wheel.Wheel { return s.wheel }

// now is the time since the server was made; comparing such times is cheap and ignores clock changes.
func (s *Server) now() time.Duration { return s.wheel.Now().Sub(s.epoch) }

// refusal is an error answer of the protocol. Clients read code and message; the status is for everybody between.
type refusal struct {
	status  int    // of HTTP
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// The answers to requests that cannot be served.
var (
	errTransport = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	errSession   = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	errMethod    = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	errRequest   = refusal{http.StatusBadRequest, 3, "Bad request"}
	errForbidden = refusal{http.StatusForbidden, 4, "Forbidden"}
	errVersion   = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	errTooMany   = refusal{http.StatusTooManyRequests, 4, "Too many connections"}
	errDraining  = refusal{http.StatusServiceUnavailable, 3, "Server is shutting down"}
	errBody      = refusal{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
)

// refuse answers a request with an error in the form clients expect. It is counted first. Nothing the client sent is
// part of the answer.
func (s *Server) refuse(w http.ResponseWriter, e refusal) {
	s.refused.Add(1)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(e) // a client that left needs no answer
}

// ServeHTTP serves one request of any transport: a handshake, which has no session id, or a request of a session. The
// origin is checked before anything else, so that a foreign page learns nothing and changes nothing.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path+"/", s.opts.Path) {
		http.NotFound(w, r)
		return
	}
	if !s.allowOrigin(w, r) {
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return
	}
	query := unpackQuery(r.URL.RawQuery)
	transport := query.Get("transport")
	if transport != TransportPolling && transport != TransportWebSocket {
		s.refuse(w, errTransport)
		return
	}
	// A WebSocket request for polling, or the other way round, is a mistake of the client or of a proxy.
	if (transport == TransportWebSocket) != wsconn.IsUpgrade(r) {
		s.refuse(w, errRequest)
		return
	}
	if id := query.Get("sid"); id != "" {
		s.serveSession(w, r, id, transport, query.Get("j"))
		return
	}
	s.handshake(w, r, hello{transport, query.Get("EIO"), query.Get("j"), query.Has("b64")})
}

// serveSession serves a request that names a session. Knowing the id is all that is asked for, as in every Engine.IO
// server; hence ids must not be guessable.
func (s *Server) serveSession(w http.ResponseWriter, r *http.Request, id, transport, callback string) {
	c := s.session(id)
	switch {
	case c == nil && transport == TransportPolling && s.opts.UnknownSession != nil && s.opts.UnknownSession(w, r, id):
	case c == nil:
		s.refuse(w, errSession)
	case transport == TransportWebSocket:
		c.startUpgrade(w, r)
	case r.Method == http.MethodGet:
		c.servePoll(w, r, callback)
	case r.Method == http.MethodPost:
		c.servePost(w, r, callback)
	default:
		s.refuse(w, errRequest)
	}
}

// session returns the connection with an id, or nil. An ended one may still be found while it has packets to deliver.
func (s *Server) session(id string) *Conn {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[id]
}

// hello is what a handshake request asks for.
type hello struct {
	transport, version, callback string
	b64                          bool
}

// check returns the protocol version, or the refusal. A missing version means 3 unless Options.RequireVersion is set.
func (s *Server) check(r *http.Request, in hello) (int, *refusal) {
	protocol := V3
	switch {
	case in.version == "4":
		protocol = V4
	case in.version != "3" && (in.version != "" || s.opts.RequireVersion):
		return 0, &errVersion
	}
	_, ok := callbackNumber(in.callback)
	switch {
	case r.Method != http.MethodGet:
		return 0, &errMethod
	case in.callback != "" && !ok:
		return 0, &errRequest
	case s.isDraining():
		return 0, &errDraining
	}
	return protocol, nil
}

// handshake opens a connection. What it takes of the address's share is given back by whoever finds that it cannot be
// opened, or by end.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request, in hello) {
	protocol, e := s.check(r, in)
	if e != nil {
		s.refuse(w, *e)
		return
	}
	addr := s.addrs.enter(s.opts.ClientIP(r), s.opts.MaxConnsPerIP)
	if addr == nil {
		s.refuse(w, errTooMany)
		return
	}
	// Strings are cloned: those of a request keep its whole buffer alive.
	c := &Conn{srv: s, id: s.opts.NewID(), protocol: uint8(protocol), b64: in.b64 || in.callback != ""}
	c.from = origin{query: strings.Clone(r.URL.RawQuery), header: packHeader(r.Header, r.Host), addr: addr}
	if s.opts.Cookie != "" {
		http.SetCookie(w, &http.Cookie{
			Name: s.opts.Cookie, Value: c.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	if in.transport == TransportWebSocket {
		c.openWebSocket(w, r)
		return
	}
	c.openPolling(w, r, in.callback)
}

// register makes a connection findable and counts it as opened. It reports false while the server drains.
func (s *Server) register(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.sessions[c.id] = c
	s.opened.Add(1)
	return true
}

// forget makes a connection unknown to further requests.
func (s *Server) forget(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c.id)
}

// isDraining reports whether Shutdown has begun. It never ends: a server that was shut down stays so.
func (s *Server) isDraining() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.draining
}

// run starts the reader of a WebSocket. It reports false while the server drains. The lock is held so that Shutdown,
// which sets draining under it, does not wait for readers while one is being added.
func (s *Server) run(ws *wsconn.Conn) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.draining {
		return false
	}
	s.readers.Add(1)
	ws.Start(s.readers.Done)
	return true
}

// Shutdown refuses new connections, tells every client to come back later, and waits until what is queued for them is
// written and all WebSockets are closed. When ctx ends first, the rest is cut off and the context's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	all := make([]*Conn, 0, len(s.sessions))
	for _, c := range s.sessions {
		all = append(all, c)
	}
	s.mu.Unlock()
	// Registering looks at draining under the same lock, so nobody is missed.
	for _, c := range all {
		c.end(ReasonShutdown, endShutdown)
	}
	done := make(chan struct{})
	go func() {
		s.readers.Wait()
		close(done)
	}()
	defer s.forgetLingering()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range all {
		c.abort()
	}
	<-done
	return ctx.Err()
}

// forgetLingering drops ended polling sessions whose last packets were not fetched. Without it their timers would
// outlive the server.
func (s *Server) forgetLingering() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sessions {
		s.wheel.Stop(&c.timer)
	}
	clear(s.sessions)
}

// Stats returns the current numbers. They are read one by one, so they may be a few events apart from each other; each
// is changed before the client it concerns can know.
func (s *Server) Stats() Stats {
	return Stats{
		WebSocket:   int(s.webSockets.Load()),
		Polling:     int(s.pollings.Load()),
		Opened:      s.opened.Load(),
		Upgrades:    s.upgrades.Load(),
		Refused:     s.refused.Load(),
		BytesIn:     s.counters.BytesIn.Load() + s.pollIn.Load(),
		BytesOut:    s.counters.BytesOut.Load() + s.pollOut.Load(),
		SlowCloses:  s.slow.Load(),
		ParseErrors: s.badness.Load(),

		TransportPanics: s.panics.Load(),
	}
}
