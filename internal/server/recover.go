package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"parlor/internal/config"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/guard"
	"parlor/internal/id"
	"parlor/internal/job"
)

// edge is what every request passes before the fronts: origins that are not
// allowed are refused, cookies stay on https, and a panic ends one request.
type edge struct {
	next      http.Handler
	guard     *guard.Guard
	clients   httpx.ClientIP
	origins   []string
	publicTLS bool
	hsts      string
}

// edge wraps the fronts.
func (s *Server) edge(next http.Handler) http.Handler {
	c := s.opts.Config
	e := &edge{next: next, guard: s.guard, clients: httpx.ClientIP{Trusted: c.Proxies()}, publicTLS: strings.HasPrefix(c.PublicURL, "https://")}
	if c.TLSHSTS > 0 {
		e.hsts = "max-age=" + strconv.Itoa(int(c.TLSHSTS.Seconds()))
	}
	if e.origins = config.List(c.AllowedOrigins); e.origins != nil && c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err == nil {
			e.origins = append(e.origins, u.Scheme+"://"+u.Host)
		}
	}
	return e
}

// ServeHTTP serves one request.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.TLS != nil && e.hsts != "" {
		w.Header().Set("Strict-Transport-Security", e.hsts)
	}
	if !e.allows(r) {
		httpx.WriteProblem(w, errs.New(errs.Forbidden, "origin_refused", "Pages of this origin may not call the server."))
		return
	}
	a := &answer{ResponseWriter: w, secure: e.publicTLS || e.clients.Secure(r)}
	defer func() {
		if v := recover(); v != nil {
			e.panicked(a, r, v)
		}
	}()
	e.next.ServeHTTP(a, r)
}

// allows checks the page that makes a request. Without a list every page may:
// the fronts that trust a cookie check its origin themselves.
func (e *edge) allows(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || e.origins == nil || slices.Contains(e.origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// panicked answers in the form of the front, or drops the connection if the
// answer has begun.
func (e *edge) panicked(a *answer, r *http.Request, v any) {
	if v != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		request := requestID(r)
		e.guard.Caught(guard.HTTP, "request", v, "method", r.Method, "path", r.URL.Path, "request", request)
		if !a.began {
			a.Header().Set("X-Request-Id", request)
			writeFailure(a, r.URL.Path)
			return
		}
	}
	a.abort()
}

// requestID is the id that a proxy gave the request, or a new one. It is in the
// log and in the answer, so that a report of one finds the other.
func requestID(r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given == "" || len(given) > 64 || strings.ContainsFunc(given, func(c rune) bool {
		return c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	}) {
		return id.New()
	}
	return given
}

// failures are the forms in which fronts say "internal error", by path.
var failures = []struct{ prefix, body string }{
	{"/socket.io/", `{"code":3,"message":"internal error"}`},
	{"/api/parlor/", ""},
	{"/api/v1/", `{"success":false,"error":"internal error"}`},
	{"/api/servicequene", `{"status":"LACKDATA","error":"internal error"}`},
	{"/api/agentuser", `{"status":"LACKDATA","error":"internal error"}`},
	{"/api/chatmessage", `{"status":"LACKDATA","error":"internal error"}`},
	{"/tokens", `{"status":"LACKDATA","error":"internal error"}`},
	{"/im/", `{"status":"LACKDATA","error":"internal error"}`},
	{"/api/platform/", `{"status":"FAIL","errorCode":"API_500","errorDescription":"internal error"}`},
	{"/api/tenant/", `{"status":"FAIL","errorCode":"API_500","errorDescription":"internal error"}`},
	{"/v1/", `{"status":"FAIL","errorCode":"API_500","errorDescription":"internal error"}`},
	{"/v2/", `{"status":"FAIL","errorCode":"API_500","errorDescription":"internal error"}`},
	{"/api/", ""},
}

// writeFailure answers 500 in the form of the front that owns the path, as text
// for pages and as a problem elsewhere.
func writeFailure(w http.ResponseWriter, path string) {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	for _, f := range failures {
		if !strings.HasPrefix(path, f.prefix) {
			continue
		}
		if f.body == "" {
			httpx.WriteProblem(w, errs.New(errs.Internal, "internal", "internal error"))
			return
		}
		h.Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, f.body+"\n") // the client has gone if this fails
		return
	}
	http.Error(w, "internal error", http.StatusInternalServerError)
}

// answer knows whether something has been written, and marks cookies as secure.
type answer struct {
	http.ResponseWriter
	secure, began bool
	conn          net.Conn // once it has been taken over
}

// WriteHeader begins the answer.
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusOK {
		a.begin()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) begin() {
	if a.began {
		return
	}
	a.began = true
	if !a.secure {
		return
	}
	cookies := a.Header()["Set-Cookie"]
	for i, c := range cookies {
		if !strings.Contains(c, "; Secure") {
			cookies[i] = c + "; Secure"
		}
	}
}

// Write writes the body.
func (a *answer) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

// ReadFrom lets files take the short way to the socket.
func (a *answer) ReadFrom(r io.Reader) (int64, error) {
	a.begin()
	return io.Copy(a.ResponseWriter, r)
}

// Unwrap gives http.ResponseController what this type does not know.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Hijack takes the connection over; a panic closes it.
func (a *answer) Hijack() (c net.Conn, rw *bufio.ReadWriter, err error) {
	a.begin()
	c, rw, err = http.NewResponseController(a.ResponseWriter).Hijack()
	a.conn = c
	return c, rw, err
}

// abort drops the connection, so that nobody takes half an answer for a whole one.
func (a *answer) abort() {
	if a.conn == nil {
		c, _, err := http.NewResponseController(a.ResponseWriter).Hijack()
		if err != nil {
			return // there is no connection to drop
		}
		a.conn = c
	}
	_ = a.conn.Close() // it may be closed already
}

// guarded bounds how many jobs run at once, and turns a panic of a job into an
// error, so that it is tried again later and buried if it never succeeds.
func (s *Server) guarded(workers map[string]job.Worker) map[string]job.Worker {
	slots := make(chan struct{}, s.opts.Config.JobWorkers)
	out := make(map[string]job.Worker, len(workers))
	for kind, work := range workers {
		out[kind] = func(ctx context.Context, j job.Job) error {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			defer func() { <-slots }()
			return s.guard.Call(guard.Job, kind, func() error { return work(ctx, j) })
		}
	}
	return out
}

// panics counts what was caught, by place. Handlers of sockets are counted by
// the socket layer.
func (s *Server) panics(reg *prometheus.Registry) {
	const name, help = "panics_total", "Panics that were caught, by place."
	for _, p := range guard.Places() {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "parlor", Name: name, Help: help,
			ConstLabels: prometheus.Labels{"place": p.String()}}, func() float64 { return float64(s.guard.Count(p)) }))
	}
	reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "parlor", Name: name, Help: help,
		ConstLabels: prometheus.Labels{"place": "socket"}}, func() float64 { return float64(s.sockets.Stats().Panics) }))
}
