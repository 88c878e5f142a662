package tlsconf

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// ACMEOptions say for what certificates are fetched and from whom.
type ACMEOptions struct {
	Domains   []string
	Email     string
	Directory string
	// Folder keeps account key and certificates.
	Folder string
}

// ACME fetches and renews certificates of some names.
type ACME struct {
	opts    ACMEOptions
	manager *autocert.Manager
	clock   clock.Clock
	log     *slog.Logger
	// logged is when a failure was last logged, in Unix milliseconds.
	logged atomic.Int64
}

// logEvery bounds how often failures are logged: any client can cause one.
const logEvery = time.Minute

// NewACME returns a source of certificates; it asks for nothing yet. The first
// handshake for a name fetches its certificate, and renewal begins 30 days
// before the end of one in use.
func NewACME(o ACMEOptions, c clock.Clock, log *slog.Logger) *ACME {
	m := &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Folder), HostPolicy: autocert.HostWhitelist(o.Domains...),
		Email: o.Email, Client: &acme.Client{DirectoryURL: o.Directory, UserAgent: "parlor"}}
	return &ACME{opts: o, manager: m, clock: c, log: log.With("component", "acme")}
}

// ALPN is the application protocol of the challenge by TLS.
const ALPN = acme.ALPNProto

// GetCertificate returns the certificate of the name that the client asks for.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	c, err := a.manager.GetCertificate(hello)
	if err == nil || a.manager.HostPolicy(context.Background(), hello.ServerName) != nil {
		return c, err
	}
	now, last := a.clock.Now().UnixMilli(), a.logged.Load()
	if now-last >= logEvery.Milliseconds() && a.logged.CompareAndSwap(last, now) {
		a.log.Error("no certificate", "name", hello.ServerName, "error", err)
	}
	return nil, err
}

// Handler answers challenges of the authority by HTTP and leaves everything else to next.
func (a *ACME) Handler(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// Cached returns the kept certificate of a name, errs.NotFound "tls_none" if
// none has been fetched yet.
func (a *ACME) Cached(ctx context.Context, name string) (*tls.Certificate, error) {
	for _, key := range []string{name, name + "+rsa"} {
		b, err := a.manager.Cache.Get(ctx, key)
		if err != nil {
			continue
		}
		// Key and chain lie in one file.
		pair, err := tls.X509KeyPair(b, b)
		if err != nil {
			return nil, errs.New(errs.Invalid, "tls_format", "The kept certificate %s is damaged.", filepath.Join(a.opts.Folder, key)).Because(err)
		}
		return &pair, nil
	}
	return nil, errs.New(errs.NotFound, "tls_none", "no certificate of %s has been fetched yet", name)
}
