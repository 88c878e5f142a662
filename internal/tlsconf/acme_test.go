package tlsconf_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/acme"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/tlsconf"
)

// authority is a small certificate authority that speaks ACME (RFC 8555) and
// checks names by HTTP. It does not check signatures.
type authority struct {
	*httptest.Server
	// site answers the challenges, whatever the name.
	site http.Handler
	key  *ecdsa.PrivateKey
	root *x509.Certificate

	mu     sync.Mutex
	name   string
	thumb  string
	state  string
	chain  []byte
	orders int
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	ca := issue(t, "Test CA", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	a := &authority{key: ca.key, root: ca.leaf, state: "pending"}
	mux := http.NewServeMux()
	mux.HandleFunc("/dir", func(w http.ResponseWriter, _ *http.Request) {
		a.answer(w, 200, "", map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/order"})
	})
	mux.HandleFunc("/nonce", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, 200, "", nil) })
	mux.HandleFunc("/account", a.account)
	mux.HandleFunc("/order", a.newOrder)
	mux.HandleFunc("/order/1", func(w http.ResponseWriter, _ *http.Request) { a.order(w, 200) })
	mux.HandleFunc("/authz/1", func(w http.ResponseWriter, _ *http.Request) { a.authz(w) })
	mux.HandleFunc("/challenge/1", a.challenge)
	mux.HandleFunc("/finalize/1", a.finalize)
	mux.HandleFunc("/cert/1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Replay-Nonce", "n")
		_, _ = w.Write(a.chain)
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, status int, location string, v any) {
	w.Header().Set("Replay-Nonce", "n")
	w.Header().Set("Content-Type", "application/json")
	if location != "" {
		w.Header().Set("Location", a.URL+location)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client fails if it does not get it
}

// message decodes the parts of a signed request.
func message(r *http.Request, header, payload any) error {
	var jws struct{ Protected, Payload string }
	if err := json.NewDecoder(r.Body).Decode(&jws); err != nil {
		return err
	}
	for part, v := range map[string]any{jws.Protected: header, jws.Payload: payload} {
		if v == nil || part == "" {
			continue
		}
		b, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, v); err != nil {
			return err
		}
	}
	return nil
}

func (a *authority) account(w http.ResponseWriter, r *http.Request) {
	var h struct{ JWK struct{ X, Y string } }
	err := message(r, &h, nil)
	x, xerr := base64.RawURLEncoding.DecodeString(h.JWK.X)
	y, yerr := base64.RawURLEncoding.DecodeString(h.JWK.Y)
	if err = errors.Join(err, xerr, yerr); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	thumb, err := acme.JWKThumbprint(&ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)})
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	a.thumb = thumb
	a.answer(w, 201, "/account/1", map[string]any{"status": "valid"})
}

func (a *authority) newOrder(w http.ResponseWriter, r *http.Request) {
	var in struct{ Identifiers []struct{ Value string } }
	if err := message(r, nil, &in); err != nil || len(in.Identifiers) != 1 {
		http.Error(w, "one name", 400)
		return
	}
	a.mu.Lock()
	a.name = in.Identifiers[0].Value
	a.orders++
	a.mu.Unlock()
	a.order(w, 201)
}

func (a *authority) order(w http.ResponseWriter, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := map[string]any{"status": "pending", "identifiers": []any{map[string]any{"type": "dns", "value": a.name}},
		"authorizations": []string{a.URL + "/authz/1"}, "finalize": a.URL + "/finalize/1"}
	if a.state == "valid" {
		o["status"] = "ready"
	}
	if a.chain != nil {
		o["status"], o["certificate"] = "valid", a.URL+"/cert/1"
	}
	a.answer(w, status, "/order/1", o)
}

func (a *authority) step() map[string]any {
	return map[string]any{"type": "http-01", "url": a.URL + "/challenge/1", "token": "token-1", "status": a.state}
}

func (a *authority) authz(w http.ResponseWriter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer(w, 200, "", map[string]any{"status": a.state, "identifier": map[string]any{"type": "dns", "value": a.name}, "challenges": []any{a.step()}})
}

// challenge looks for the proof at the name's own server.
func (a *authority) challenge(w http.ResponseWriter, _ *http.Request) {
	req := httptest.NewRequest(http.MethodGet, "http://"+a.name+"/.well-known/acme-challenge/token-1", nil)
	rec := httptest.NewRecorder()
	a.site.ServeHTTP(rec, req)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state = "invalid"; rec.Body.String() == "token-1."+a.thumb {
		a.state = "valid"
	}
	a.answer(w, 200, "", a.step())
}

func (a *authority) finalize(w http.ResponseWriter, r *http.Request) {
	var in struct{ CSR string }
	err := message(r, nil, &in)
	der, derr := base64.RawURLEncoding.DecodeString(in.CSR)
	csr, cerr := x509.ParseCertificateRequest(der)
	if err = errors.Join(err, derr, cerr); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: a.name}, DNSNames: csr.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leaf, err := x509.CreateCertificate(rand.Reader, tmpl, a.root, csr.PublicKey, a.key)
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	a.mu.Lock()
	a.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
	a.mu.Unlock()
	a.order(w, 200)
}

func dial(s *httptest.Server, name string) (*x509.Certificate, error) {
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	return c.ConnectionState().PeerCertificates[0], c.Close()
}

func TestCertificateIsFetchedByTheFirstHandshakeAndKept(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	o := tlsconf.ACMEOptions{Domains: []string{"chat.example.com"}, Email: "ops@example.com", Directory: ca.URL + "/dir", Folder: dir}
	open := func() (*tlsconf.ACME, *httptest.Server) {
		a := tlsconf.NewACME(o, clock.System(), slog.New(slog.DiscardHandler))
		ca.site = a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the site") }))
		return a, serve(t, tlsconf.Config(a.GetCertificate, tlsconf.ALPN))
	}
	a, s := open()
	if _, err := a.Cached(t.Context(), "chat.example.com"); errs.ReasonOf(err) != "tls_none" {
		t.Fatalf("%v", err)
	}
	if _, err := dial(s, "evil.example.com"); err == nil || ca.orders != 0 {
		t.Fatalf("a foreign name is asked for: %v, %d orders", err, ca.orders)
	}
	leaf, err := dial(s, "chat.example.com")
	if err != nil || tlsconf.Names(leaf) != "chat.example.com" || leaf.Issuer.CommonName != "Test CA" {
		t.Fatalf("%+v %v", leaf, err)
	}
	kept, err := a.Cached(t.Context(), "chat.example.com")
	if err != nil || !kept.Leaf.Equal(leaf) {
		t.Fatalf("%v", err)
	}
	rec := httptest.NewRecorder()
	ca.site.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "http://chat.example.com/console/", nil))
	if rec.Body.String() != "the site" {
		t.Fatalf("other requests do not get through: %s", rec.Body)
	}
	_, again := open()
	if got, err := dial(again, "chat.example.com"); err != nil || !got.Equal(leaf) || ca.orders != 1 {
		t.Fatalf("after a restart: %v, %d orders", err, ca.orders)
	}
}

func TestFailureOfTheAuthorityIsLoggedOncePerMinute(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(down.Close)
	log, ck := &output{}, clock.NewStub(start)
	a := tlsconf.NewACME(tlsconf.ACMEOptions{Domains: []string{"chat.example.com"}, Directory: down.URL, Folder: t.TempDir()}, ck, slog.New(slog.NewTextHandler(log, nil)))
	s := serve(t, tlsconf.Config(a.GetCertificate))
	for range 3 {
		if _, err := dial(s, "chat.example.com"); err == nil {
			t.Fatal("a handshake without a certificate")
		}
	}
	if n := strings.Count(log.String(), "no certificate"); n != 1 {
		t.Fatalf("logged %d times:\n%s", n, log)
	}
}
