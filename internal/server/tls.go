package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/tlsconf"
)

// secure is the TLS side of a server.
type secure struct {
	conf   *tls.Config
	keeper *tlsconf.Keeper // nil with ACME
	acme   *tlsconf.ACME   // nil with files
	// listener is that of tls-listen; nil if listen itself speaks https.
	listener net.Listener
}

// certificateFiles is where the settings say that the certificate lies: PEM
// files, a key store, or the key store of UCKeFu's https.properties.
func certificateFiles(c config.Config) (f tlsconf.Files, ok bool, err error) {
	if c.TLSCert != "" || c.TLSKeystore != "" {
		return tlsconf.Files{Cert: c.TLSCert, Key: c.TLSKey, Keystore: c.TLSKeystore, Password: c.TLSKeystorePass}, true, nil
	}
	if c.ACMEDomains != "" {
		return f, false, nil
	}
	return tlsconf.Properties(uploads(c))
}

func acmeOf(c config.Config, ck clock.Clock, log *slog.Logger) *tlsconf.ACME {
	return tlsconf.NewACME(tlsconf.ACMEOptions{Domains: config.List(c.ACMEDomains), Email: c.ACMEEmail, Directory: c.ACMEDirectory,
		Folder: filepath.Join(c.Data, "acme")}, ck, log)
}

// openTLS loads the certificate; s.tls stays nil without one.
func (s *Server) openTLS() error {
	c := s.opts.Config
	files, ok, err := certificateFiles(c)
	switch {
	case err != nil:
		return err
	case ok:
		keeper, err := tlsconf.Open(files, s.opts.Clock, s.log)
		if err != nil {
			return err
		}
		s.tls = &secure{conf: tlsconf.Config(keeper.GetCertificate), keeper: keeper}
	case c.ACMEDomains != "":
		a := acmeOf(c, s.opts.Clock, s.log)
		s.tls = &secure{conf: tlsconf.Config(a.GetCertificate, tlsconf.ALPN), acme: a}
	case c.TLSListen != "":
		return errs.Field("tls-listen", "tls_none", "There is no certificate. Set tls-cert and tls-key, tls-keystore, or acme-domains.")
	}
	return nil
}

// SpeaksTLS reports whether the settings make the address of listen speak https.
func SpeaksTLS(c config.Config) bool {
	_, ok, err := certificateFiles(c)
	return c.TLSListen == "" && err == nil && (ok || c.ACMEDomains != "")
}

// listen opens the addresses of the settings.
func (s *Server) listen() (err error) {
	c := s.opts.Config
	if s.listener, err = listenOn(c.Listen); err != nil {
		return err
	}
	switch {
	case s.tls == nil:
	case c.TLSListen == "":
		s.listener = tls.NewListener(s.listener, s.tls.conf)
	default:
		inner, err := listenOn(c.TLSListen)
		if err != nil {
			return err
		}
		s.tls.listener = tls.NewListener(inner, s.tls.conf)
	}
	if c.MetricsListen != "" {
		s.metrics, err = listenOn(c.MetricsListen)
	}
	return err
}

func listenOn(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "listen", "Cannot listen on %s: is another server running there?", address).Because(err)
	}
	return l, nil
}

// URL is where the server is reached on this machine: https if it speaks it.
func (s *Server) URL() string {
	switch {
	case s.tls == nil:
		return "http://" + s.Addr()
	case s.tls.listener != nil:
		return "https://" + s.tls.listener.Addr().String()
	}
	return "https://" + s.Addr()
}

// Reload reads the certificate files again. An error has been logged, and the
// old certificate stays in use.
func (s *Server) Reload() error {
	if s.tls == nil || s.tls.keeper == nil {
		return nil
	}
	return s.tls.keeper.Reload()
}

// ReloadsFiles reports whether Reload has something to do.
func (s *Server) ReloadsFiles() bool { return s.tls != nil && s.tls.keeper != nil }

// webServers are the HTTP servers by listener: one for both addresses, or one
// that redirects to the other.
func (s *Server) webServers() map[net.Listener]http.Handler {
	plain := s.handler
	if s.tls == nil || s.tls.listener == nil {
		return map[net.Listener]http.Handler{s.listener: plain}
	}
	if s.opts.Config.TLSRedirect == "on" {
		plain = s.redirect(plain)
	}
	if s.tls.acme != nil {
		plain = s.tls.acme.Handler(plain)
	}
	return map[net.Listener]http.Handler{s.listener: plain, s.tls.listener: s.handler}
}

// redirect sends clients to https, except those that watch the process.
func (s *Server) redirect(next http.Handler) http.Handler {
	_, port, err := net.SplitHostPort(s.tls.listener.Addr().String())
	if err != nil || port == "443" {
		port = ""
	}
	public, err := url.Parse(s.opts.Config.PublicURL)
	if err != nil || public.Scheme != "https" {
		public = nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			next.ServeHTTP(w, r)
			return
		}
		host := httpsHost(r.Host, port)
		if public != nil {
			host = public.Host
		}
		if host == "" {
			httpx.WriteProblem(w, errs.New(errs.Invalid, "host", "The request names no host."))
			return
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// httpsHost is the host of a request with another port; "" if it is none.
func httpsHost(host, port string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "" || strings.ContainsAny(host, "/\\@?# ") {
		return ""
	}
	if port == "" && strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// expiry tells when the certificate in use ends.
func (s *Server) expiry(reg *prometheus.Registry) {
	if s.ReloadsFiles() {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "parlor", Name: "tls_certificate_expiry_seconds",
			Help: "When the certificate in use ends, in Unix seconds."}, func() float64 { return float64(s.tls.keeper.Current().Leaf.NotAfter.Unix()) }))
	}
}

// CheckTLS says how the certificate of the settings is, or what is wrong with it.
func CheckTLS(ctx context.Context, c config.Config, ck clock.Clock) (string, error) {
	host := ""
	if u, err := url.Parse(c.PublicURL); err == nil && u.Scheme == "https" {
		host = u.Hostname()
	}
	files, ok, err := certificateFiles(c)
	if err != nil {
		return "", err
	}
	if ok {
		cert, err := tlsconf.Load(files)
		if err != nil {
			return "", err
		}
		return tlsconf.Check(cert, host, ck.Now())
	}
	if c.ACMEDomains == "" {
		return "none: the server speaks http", nil
	}
	a := acmeOf(c, ck, slog.New(slog.DiscardHandler))
	var said []string
	var bad error
	for _, name := range config.List(c.ACMEDomains) {
		cert, err := a.Cached(ctx, name)
		text := errs.MessageOf(err) + "; the first visit does"
		if err == nil {
			text, err = tlsconf.Check(cert, name, ck.Now())
		}
		if errs.CodeOf(err) != errs.NotFound {
			bad = errors.Join(bad, err)
		}
		said = append(said, text)
	}
	return strings.Join(said, "; "), bad
}

// newWeb is an HTTP server with the limits that hold for all of them.
func (s *Server) newWeb(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: httpx.ReadHeaderTimeout, IdleTimeout: httpx.IdleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
}

// stopWeb shuts servers down.
func stopWeb(ctx context.Context, list []*http.Server) (err error) {
	for _, h := range list {
		err = errors.Join(err, h.Shutdown(ctx))
	}
	return err
}

// closeListeners closes what listen opened; it may be called twice.
func (s *Server) closeListeners() (err error) {
	list := []net.Listener{s.listener, s.metrics}
	if s.tls != nil {
		list = append(list, s.tls.listener)
	}
	for _, l := range list {
		if l == nil {
			continue
		}
		if cerr := l.Close(); !errors.Is(cerr, net.ErrClosed) {
			err = errors.Join(err, cerr)
		}
	}
	return err
}

// day is how often the logs of a running server say that a certificate is ending.
const day = 24 * time.Hour

// watchCertificate warns once a day of a certificate that should be renewed.
func (s *Server) watchCertificate(ctx context.Context) error {
	for {
		if s.ReloadsFiles() {
			if _, err := tlsconf.Check(s.tls.keeper.Current(), "", s.opts.Clock.Now()); err != nil {
				s.log.Warn("certificate", "problem", errs.MessageOf(err))
			}
		}
		timer := s.opts.Clock.NewTimer(day)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}
