// Package httpx is the plumbing that all HTTP fronts share: client addresses,
// security headers, limits, problem answers and static files.
package httpx

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"parlor/internal/errs"
)

// ClientIP finds the address of the client. Forwarding headers count only if
// they come from a trusted proxy; the rightmost address that is not a trusted
// proxy is the client.
type ClientIP struct{ Trusted []netip.Prefix }

func (c ClientIP) trusts(a netip.Addr) bool {
	for _, p := range c.Trusted {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// Of returns the client's address, "" if there is none.
func (c ClientIP) Of(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if !c.trusts(addr) {
		return addr.Unmap().String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop
		if !c.trusts(hop) {
			break
		}
	}
	return addr.Unmap().String()
}

// Secure reports whether the client came over TLS, directly or through a trusted proxy.
func (c ClientIP) Secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && c.trusts(addr) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// JSON writes v with a status.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil && !disconnected(err) {
		slog.Default().Error("answer not encoded", "error", err)
	}
}

func disconnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

// Problem is the form of an error in native REST (RFC 9457 with our words).
type Problem struct {
	Status int       `json:"status" doc:"HTTP status"`
	Code   errs.Code `json:"code" doc:"Kind of failure"`
	Reason string    `json:"reason" doc:"Stable machine word"`
	Detail string    `json:"detail" doc:"Sentence for the person"`
	Field  string    `json:"field,omitempty" doc:"Input field at fault"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problem details.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// ProblemOf returns the client's form of err.
func ProblemOf(err error) *Problem {
	return &Problem{Status: errs.Status(err), Code: errs.CodeOf(err), Reason: errs.ReasonOf(err), Detail: errs.MessageOf(err), Field: errs.FieldOf(err)}
}

// WriteProblem answers with err.
func WriteProblem(w http.ResponseWriter, err error) {
	p := ProblemOf(err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client has gone if this fails
}

// Expected is an error of a contract that a front answers with in its own words. It is
// the client's affair if it says so.
type Expected interface {
	error
	Expected() bool
}

// LogInternal logs err once if it is an internal one; others are the client's affair.
func LogInternal(log *slog.Logger, r *http.Request, err error) {
	var own Expected
	if errors.As(err, &own) && own.Expected() {
		return
	}
	if errs.CodeOf(err) == errs.Internal && r.Context().Err() == nil {
		log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
}

// Limits wraps h with what holds for every request: a largest body, security
// headers and recovery from panics.
func Limits(h http.Handler, maxBody int64, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil && v != http.ErrAbortHandler {
				log.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "panic", v)
				WriteProblem(w, errs.New(errs.Internal, "internal", "internal error"))
			}
		}()
		hd := w.Header()
		hd.Set("X-Content-Type-Options", "nosniff")
		hd.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		if r.Body != nil && !strings.HasPrefix(r.URL.Path, "/socket.io/") {
			// A copy: the server looks at the body of its own request to decide
			// whether the connection can be used again.
			limited := *r
			limited.Body = http.MaxBytesReader(w, r.Body, maxBody)
			r = &limited
		}
		h.ServeHTTP(w, r)
	})
}

// Timeouts of the HTTP server: a slow client may not hold a connection for ever.
const (
	ReadHeaderTimeout = 10 * time.Second
	IdleTimeout       = 2 * time.Minute
)
