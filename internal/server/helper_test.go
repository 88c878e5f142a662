package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/config"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// output is a log that goroutines may share.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// instance is an opened server with its log.
type instance struct {
	*Server
	t   *testing.T
	out *output
}

func settings(t *testing.T, over map[string]string) config.Config {
	t.Helper()
	all := map[string]string{"listen": "127.0.0.1:0", "data": t.TempDir(), "rate-limits": "off", "shutdown-timeout": "10s", "metrics-token": "meter"}
	for k, v := range over {
		all[k] = v
	}
	c, err := config.Load(config.Source{Flags: all, Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// open opens a server that is not running yet.
func open(t *testing.T, ck clock.Clock, over map[string]string) (*instance, error) {
	t.Helper()
	log := &output{}
	s, err := Open(t.Context(), Options{Config: settings(t, over), Log: slog.New(slog.NewTextHandler(log, nil)), Version: "test", Clock: ck})
	return &instance{s, t, log}, err
}

// run runs a server until the end of the test. prepare may change it first.
func run(t *testing.T, ck clock.Clock, over map[string]string, prepare func(*instance)) *instance {
	t.Helper()
	i, err := open(t, ck, over)
	if err != nil {
		t.Fatal(err)
	}
	if prepare != nil {
		prepare(i)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error("the server did not stop well:", err)
		}
	})
	at := i.URL()
	if i.tls != nil && i.tls.listener != nil {
		at = "http://" + i.Addr()
	}
	call(t, http.MethodGet, at+"/healthz", "") // it runs once it answers
	return i
}

// client trusts every certificate and follows no redirect.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// call makes a request and returns the answer with its body read.
func call(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k := 0; k+1 < len(header); k += 2 {
		req.Header.Set(header[k], header[k+1])
	}
	if h := req.Header.Get("Host"); h != "" {
		req.Host = h
	}
	res, err := client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// meter returns one line of the metrics.
func (i *instance) meter(name string) string {
	i.t.Helper()
	_, text := call(i.t, http.MethodGet, i.URL()+"/metrics", "", "Authorization", "Bearer meter")
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// certificate writes a PEM pair for a name and returns the paths.
func certificate(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 3, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pk}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
