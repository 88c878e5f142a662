package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/store/storetest"
	"parlor/internal/tlsconf"
	"parlor/internal/wsconn/wstest"
)

// secureSettings are those of a server with a certificate.
func secureSettings(t *testing.T, more map[string]string) map[string]string {
	t.Helper()
	cert, key := certificate(t, t.TempDir(), "chat.example.com")
	all := map[string]string{"tls-cert": cert, "tls-key": key}
	for k, v := range more {
		all[k] = v
	}
	return all
}

func TestListenSpeaksTLSWithACertificate(t *testing.T) {
	t.Parallel()
	i := run(t, nil, secureSettings(t, nil), func(i *instance) {
		if _, err := i.Accounts().AddAgent(t.Context(), account.NewAgent{Tenant: account.MainTenant, Email: "lin@example.com", Name: "Lin", Password: "correct horse", Role: account.Member}); err != nil {
			t.Fatal(err)
		}
	})
	if !strings.HasPrefix(i.URL(), "https://127.0.0.1:") {
		t.Fatal(i.URL())
	}
	res, _ := call(t, http.MethodPost, i.URL()+"/api/parlor/v1/session", `{"login":"lin@example.com","password":"correct horse"}`, "Content-Type", "application/json")
	if res.StatusCode != 200 || res.ProtoMajor != 1 || res.Header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	if c := res.Cookies(); len(c) != 1 || !c[0].Secure || strings.Count(res.Header.Get("Set-Cookie"), "Secure") != 1 {
		t.Fatalf("%v", res.Header["Set-Cookie"])
	}
	res, _ = call(t, http.MethodGet, i.URL()+"/socket.io/?EIO=4&transport=polling", "")
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "io" || !c[0].Secure {
		t.Fatalf("%v", res.Header["Set-Cookie"])
	}
	if res, _ := call(t, http.MethodGet, "http"+strings.TrimPrefix(i.URL(), "https")+"/healthz", ""); res.StatusCode != 400 {
		t.Fatalf("http on the https port: %s", res.Status)
	}
	if v := i.meter("parlor_tls_certificate_expiry_seconds"); v == "" {
		t.Error("the end of the certificate is not metered")
	}
	_, body := call(t, http.MethodPost, i.URL()+"/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json")
	var visitor struct{ Token string }
	if err := json.Unmarshal([]byte(body), &visitor); err != nil {
		t.Fatal(err)
	}
	talk(t, i, visitor.Token)
}

// talk upgrades a connection to WebSocket over TLS and posts a message.
func talk(t *testing.T, i *instance, token string) {
	t.Helper()
	nc, err := tls.Dial("tcp", strings.TrimPrefix(i.URL(), "https://"), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &wstest.Client{Conn: nc, Reader: bufio.NewReader(nc)}
	t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	req, err := http.NewRequest(http.MethodGet, i.URL()+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
		req.Header.Set(k, v)
	}
	if err := req.Write(nc); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(c.Reader, req)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %v", res, err)
	}
	for _, step := range [][2]string{{`40/parlor/visitor,{"token":"` + token + `"}`, "40/parlor/visitor"},
		{`42/parlor/visitor,1["post",{"clientId":"c1","kind":"text","text":"你好"}]`, `43/parlor/visitor,1[{"message":`}} {
		if err := c.Text(step[0]); err != nil {
			t.Fatal(err)
		}
		until(t, c, step[1])
	}
}

func TestPlainListenerRedirects(t *testing.T) {
	t.Parallel()
	i := run(t, nil, secureSettings(t, map[string]string{"tls-listen": "127.0.0.1:0", "tls-hsts": "0s"}), nil)
	plain, secure := "http://"+i.Addr(), i.URL()
	_, port, _ := strings.Cut(strings.TrimPrefix(secure, "https://"), ":")
	for host, want := range map[string]string{"chat.example.com": "https://chat.example.com:" + port, "chat.example.com:80": "https://chat.example.com:" + port,
		"[::1]:8080": "https://[::1]:" + port} {
		res, _ := call(t, http.MethodPost, plain+"/im/image/upload?a=%2F..&b=1", "x", "Host", host)
		if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != want+"/im/image/upload?a=%2F..&b=1" || res.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %s %v", host, res.Status, res.Header)
		}
	}
	if res, _ := call(t, http.MethodGet, plain+"/readyz", ""); res.StatusCode != 200 {
		t.Errorf("readyz: %s", res.Status)
	}
	if res, _ := call(t, http.MethodGet, secure+"/setup", ""); res.TLS == nil || res.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	both := run(t, nil, secureSettings(t, map[string]string{"tls-listen": "127.0.0.1:0", "tls-redirect": "off"}), nil)
	if res, _ := call(t, http.MethodGet, "http://"+both.Addr()+"/api/parlor/openapi.json", ""); res.StatusCode != 200 {
		t.Errorf("without redirects: %s", res.Status)
	}
}

func TestRedirectFollowsThePublicAddress(t *testing.T) {
	t.Parallel()
	i := run(t, nil, secureSettings(t, map[string]string{"tls-listen": "127.0.0.1:0", "public-url": "https://chat.example.com"}), nil)
	if res, _ := call(t, http.MethodGet, "http://"+i.Addr()+"/console/", "", "Host", "evil.example.com"); res.Header.Get("Location") != "https://chat.example.com/console/" {
		t.Errorf("%v", res.Header)
	}
}

func TestHTTPSHost(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"a.example.com", "", "a.example.com"}, {"a.example.com:80", "8443", "a.example.com:8443"}, {"[::1]:80", "", "[::1]"},
		{"::1", "8443", "[::1]:8443"}, {"", "8443", ""}, {"a@evil.example.com", "", ""}, {"evil.example.com/x", "", ""}} {
		if got := httpsHost(c[0], c[1]); got != c[2] {
			t.Errorf("%q %q: %q", c[0], c[1], got)
		}
	}
}

func TestCookiesAreSecureBehindAnHTTPSAddress(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]bool{"https://chat.example.com": true, "http://chat.example.com": false} {
		i := run(t, nil, map[string]string{"public-url": public}, nil)
		res, _ := call(t, http.MethodGet, i.URL()+"/socket.io/?EIO=4&transport=polling", "")
		if c := res.Cookies(); len(c) != 1 || c[0].Secure != want || res.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %v", public, res.Header)
		}
	}
}

func TestReloadTakesTheNewCertificate(t *testing.T) {
	t.Parallel()
	set := secureSettings(t, nil)
	i := run(t, nil, set, nil)
	certificate(t, filepath.Dir(set["tls-cert"]), "new.example.com")
	if err := i.Reload(); err != nil || !i.ReloadsFiles() {
		t.Fatal(err)
	}
	res, _ := call(t, http.MethodGet, i.URL()+"/healthz", "")
	if got := tlsconf.Names(res.TLS.PeerCertificates[0]); !strings.HasPrefix(got, "new.example.com") {
		t.Fatal(got)
	}
	if err := os.WriteFile(set["tls-key"], []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := i.Reload(); errs.CodeOf(err) != errs.Invalid {
		t.Fatalf("%v", err)
	}
	if res, _ := call(t, http.MethodGet, i.URL()+"/healthz", ""); res.StatusCode != 200 {
		t.Fatal("the old certificate is gone")
	}
}

func TestWrongCertificatesAreRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	set := secureSettings(t, nil)
	other, _ := certificate(t, t.TempDir(), "other.example.com")
	set["tls-cert"] = other
	if _, err := open(t, nil, set); errs.FieldOf(err) != "tls-key" || errs.ReasonOf(err) != "tls_mismatch" {
		t.Errorf("%v", err)
	}
	if _, err := open(t, nil, map[string]string{"tls-listen": "127.0.0.1:0"}); errs.FieldOf(err) != "tls-listen" || errs.CodeOf(err) != errs.Invalid {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "ssl"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ssl", "https.properties"), []byte("key-store=none.p12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, nil, map[string]string{"uploads": dir}); errs.ReasonOf(err) != "tls_unreadable" {
		t.Errorf("%v", err)
	}
}

func TestChallengesOfTheAuthorityAreNotRedirected(t *testing.T) {
	t.Parallel()
	i := run(t, nil, map[string]string{"acme-domains": "chat.example.com", "acme-directory": "http://127.0.0.1:1/", "tls-listen": "127.0.0.1:0"}, nil)
	if res, _ := call(t, http.MethodGet, "http://"+i.Addr()+"/.well-known/acme-challenge/unknown", "", "Host", "chat.example.com"); res.StatusCode != 404 {
		t.Errorf("challenge: %s", res.Status)
	}
	if res, _ := call(t, http.MethodGet, "http://"+i.Addr()+"/console/", "", "Host", "chat.example.com"); res.StatusCode != 308 {
		t.Errorf("other pages: %s", res.Status)
	}
	text, err := CheckTLS(t.Context(), settings(t, map[string]string{"acme-domains": "chat.example.com"}), clock.System())
	if err != nil || !strings.Contains(text, "no certificate of chat.example.com has been fetched yet") {
		t.Errorf("%q %v", text, err)
	}
}

func TestCheckTLSComparesWithThePublicAddress(t *testing.T) {
	t.Parallel()
	c := settings(t, secureSettings(t, map[string]string{"public-url": "https://chat.example.com"}))
	if text, err := CheckTLS(t.Context(), c, clock.System()); err != nil || !strings.Contains(text, "valid until") || !SpeaksTLS(c) {
		t.Errorf("%q %v", text, err)
	}
	c.PublicURL = "https://else.example.com"
	if _, err := CheckTLS(t.Context(), c, clock.System()); err == nil || !strings.Contains(errs.MessageOf(err), "not for else.example.com") {
		t.Errorf("%v", err)
	}
	late := clock.NewStub(time.Now().AddDate(1, 0, 0))
	if _, err := CheckTLS(t.Context(), c, late); err == nil || !strings.Contains(errs.MessageOf(err), "expired") {
		t.Errorf("%v", err)
	}
	if text, err := CheckTLS(t.Context(), settings(t, nil), late); err != nil || !strings.Contains(text, "http") {
		t.Errorf("%q %v", text, err)
	}
}

func TestRunningServerWarnsOfAnEndingCertificate(t *testing.T) {
	t.Parallel()
	set := secureSettings(t, nil)
	ck := clock.NewStub(time.Now().AddDate(0, 3, -5))
	i, err := open(t, ck, set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- i.watchCertificate(ctx) }()
	ck.AwaitTimers(1)
	if n := strings.Count(i.out.String(), "renew it"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, i.out)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNodesMustShareTheUploads(t *testing.T) {
	t.Parallel()
	dsn, shared := storetest.PostgresDSN(t), t.TempDir()
	node := func(uploads string) (*instance, error) {
		i, err := open(t, nil, map[string]string{"database": dsn, "uploads": uploads})
		if err == nil {
			t.Cleanup(func() {
				if err := i.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		return i, err
	}
	for range 2 {
		if _, err := node(shared); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := node(t.TempDir()); errs.ReasonOf(err) != "uploads_foreign" || errs.CodeOf(err) != errs.Conflict {
		t.Errorf("a folder of its own: %v", err)
	}
	i, err := node("")
	if err != nil || !strings.Contains(i.out.String(), "uploads are not shared") {
		t.Errorf("without a setting: %v\n%s", err, i.out)
	}
	if err := CheckUploads(t.Context(), i.store, settings(t, map[string]string{"uploads": shared}), clock.System()); err != nil {
		t.Error(err)
	}
}

func TestSingleNodeKeepsAnEmptiedUploadsFolder(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, want := range []bool{false, true} {
		i, err := open(t, nil, map[string]string{"data": data})
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(i.out.String(), "was replaced") != want {
			t.Errorf("warned: %v\n%s", !want, i.out)
		}
		if err := os.RemoveAll(filepath.Join(data, "uploads")); err != nil {
			t.Fatal(err)
		}
	}
}
