package server

import (
	"context"
	"crypto/subtle"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// health adds GET /healthz, /readyz and, with a token, /metrics.
func (s *Server) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n")) // the client has gone if this fails
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		for _, check := range []struct {
			name string
			ping func(context.Context) error
		}{{"database", s.store.Ping}, {"bus", s.bus.Ping}} {
			if err := check.ping(ctx); err != nil {
				s.log.Warn("not ready", "part", check.name, "error", err)
				http.Error(w, check.name+" cannot be reached", http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = w.Write([]byte("ready\n")) // the client has gone if this fails
	})
	token := s.opts.Config.MetricsToken
	if token == "" {
		return
	}
	meters := s.meters()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+token)) != 1 {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		meters.ServeHTTP(w, r)
	})
}

// meters serves the numbers of this process.
func (s *Server) meters() http.Handler {
	reg := prometheus.NewRegistry()
	gauge := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parlor", Name: name, Help: help}, f))
	}
	counter := func(name, help string, f func() float64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "parlor", Name: name, Help: help}, f))
	}
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge("websocket_connections", "Open WebSocket connections.", func() float64 { return float64(s.sockets.Stats().WebSocket) })
	gauge("polling_connections", "Open polling connections.", func() float64 { return float64(s.sockets.Stats().Polling) })
	gauge("sockets", "Connected Socket.IO sockets.", func() float64 { return float64(s.sockets.Stats().Sockets) })
	counter("socket_events_in_total", "Events received from sockets.", func() float64 { return float64(s.sockets.Stats().EventsIn) })
	counter("socket_events_out_total", "Events sent to sockets.", func() float64 { return float64(s.sockets.Stats().EventsOut) })
	counter("socket_slow_closes_total", "Connections closed because the client did not read.", func() float64 { return float64(s.sockets.Stats().SlowCloses) })
	counter("socket_parse_errors_total", "Connections closed because of malformed input.", func() float64 { return float64(s.sockets.Stats().ParseErrors) })
	counter("socket_refused_total", "Handshakes refused.", func() float64 { return float64(s.sockets.Stats().Refused) })
	gauge("cluster_peers", "Other nodes that the cluster inside this node sees.", s.peers)
	s.panics(reg)
	s.expiry(reg)
	return settled(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
}

// settled collects garbage and gives free memory back first if the request asks
// with gc=1: what a measurement compares must not hold what is garbage already.
// One does so at a time; the server goes on meanwhile, a little slower.
func settled(next http.Handler) http.Handler {
	var one sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("gc") == "1" {
			one.Lock()
			debug.FreeOSMemory()
			one.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}
