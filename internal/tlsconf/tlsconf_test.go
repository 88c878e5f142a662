package tlsconf_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/tlsconf"
)

func TestLoadSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := good(t, "chat.example.com"), good(t, "chat.example.com")
	cert, key := put(t, dir+"/cert.pem", one.certPEM()), put(t, dir+"/key.pem", one.keyPEM(t))
	other, garbage := put(t, dir+"/other.pem", two.keyPEM(t)), put(t, dir+"/garbage", []byte("not a certificate"))
	modern := put(t, dir+"/modern.p12", one.keystore(t, "open sesame", false, two.leaf))
	old := put(t, dir+"/old.p12", one.keystore(t, "open sesame", true))
	wrong := put(t, dir+"/wrong.p12", issued{two.key, one.leaf}.keystore(t, "", false))
	jks := put(t, dir+"/old.jks", []byte{0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2})
	for _, c := range []struct {
		name, field, reason, says string
		files                     tlsconf.Files
	}{
		{"Pair", "", "", "", tlsconf.Files{Cert: cert, Key: key}},
		{"Modern", "", "", "", tlsconf.Files{Keystore: modern, Password: "open sesame"}},
		{"Legacy", "", "", "", tlsconf.Files{Keystore: old, Password: "open sesame"}},
		{"ForeignKey", "tls-key", "tls_mismatch", "does not belong", tlsconf.Files{Cert: cert, Key: other}},
		{"Garbage", "tls-cert", "tls_format", "PEM", tlsconf.Files{Cert: garbage, Key: key}},
		{"NoCert", "tls-cert", "tls_unreadable", "cannot be read", tlsconf.Files{Cert: dir + "/none", Key: key}},
		{"NoKey", "tls-key", "tls_unreadable", "cannot be read", tlsconf.Files{Cert: cert, Key: dir + "/none"}},
		{"NoStore", "tls-keystore", "tls_unreadable", "cannot be read", tlsconf.Files{Keystore: dir + "/none"}},
		{"WrongPassword", "tls-keystore-password", "tls_password", "does not open", tlsconf.Files{Keystore: modern, Password: "hunter22"}},
		{"EncryptedPassword", "tls-keystore", "tls_password", "plain text", tlsconf.Files{Keystore: modern, Password: "6f3a", Properties: "ssl/https.properties"}},
		{"GarbageStore", "tls-keystore", "tls_format", "PKCS#12", tlsconf.Files{Keystore: garbage}},
		{"ForeignKeyInStore", "tls-keystore", "tls_mismatch", "does not belong", tlsconf.Files{Keystore: wrong}},
		{"JKS", "tls-keystore", "tls_format", "keytool -importkeystore", tlsconf.Files{Keystore: jks}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := tlsconf.Load(c.files)
			if c.reason == "" {
				if err != nil || got.Leaf == nil || !got.Leaf.Equal(one.leaf) {
					t.Fatalf("%+v %v", got, err)
				}
				return
			}
			if errs.CodeOf(err) != errs.Invalid || errs.FieldOf(err) != c.field || errs.ReasonOf(err) != c.reason || !strings.Contains(errs.MessageOf(err), c.says) {
				t.Fatalf("%v", err)
			}
			if strings.Contains(errs.MessageOf(err), "hunter22") {
				t.Fatal("the password is shown")
			}
		})
	}
	if got, err := tlsconf.Load(tlsconf.Files{Keystore: modern, Password: "open sesame"}); err != nil || len(got.Certificate) != 2 {
		t.Fatalf("the chain is lost: %v", err)
	}
}

// serve answers with the keeper's certificate.
func serve(t *testing.T, conf *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	s.Listener = tls.NewListener(s.Listener, conf) // StartTLS would add a certificate of its own
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// shown makes a handshake and returns the names on the certificate.
func shown(t *testing.T, s *httptest.Server) string {
	t.Helper()
	c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if p := c.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
		t.Fatalf("protocol %q", p)
	}
	return tlsconf.Names(c.ConnectionState().PeerCertificates[0])
}

func TestChangedFilesAreUsedWithoutARestart(t *testing.T) {
	t.Parallel()
	dir, ck, log := t.TempDir(), clock.NewStub(start), &output{}
	one, two := good(t, "one.example.com"), good(t, "two.example.com")
	f := tlsconf.Files{Cert: put(t, dir+"/cert.pem", one.certPEM()), Key: put(t, dir+"/key.pem", one.keyPEM(t))}
	k, err := tlsconf.Open(f, ck, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, tlsconf.Config(k.GetCertificate))
	if got := shown(t, s); got != "one.example.com" {
		t.Fatal(got)
	}
	put(t, f.Cert, append(two.certPEM(), '\n'))
	put(t, f.Key, append(two.keyPEM(t), '\n'))
	if got := shown(t, s); got != "one.example.com" {
		t.Fatalf("looked twice within a second: %s", got)
	}
	ck.Advance(time.Second)
	if got := shown(t, s); got != "two.example.com" {
		t.Fatalf("the new certificate is not used: %s", got)
	}
	put(t, f.Cert, []byte("half a certificate"))
	for range 3 {
		ck.Advance(time.Second)
		if got := shown(t, s); got != "two.example.com" {
			t.Fatalf("a broken certificate is used: %s", got)
		}
	}
	if n := strings.Count(log.String(), "new certificate not used"); n != 1 {
		t.Fatalf("logged %d times:\n%s", n, log)
	}
	if err := k.Reload(); errs.ReasonOf(err) != "tls_format" {
		t.Fatalf("%v", err)
	}
	put(t, f.Cert, one.certPEM())
	put(t, f.Key, one.keyPEM(t))
	if err := k.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s); got != "one.example.com" || !k.Current().Leaf.Equal(one.leaf) {
		t.Fatalf("asked to reload: %s", got)
	}
}

func TestOpenRefusesABrokenCertificate(t *testing.T) {
	t.Parallel()
	_, err := tlsconf.Open(tlsconf.Files{Cert: "/none", Key: "/none"}, clock.NewStub(start), slog.New(slog.DiscardHandler))
	if errs.FieldOf(err) != "tls-cert" {
		t.Fatalf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cert       issued
		host, want string
		ok         bool
	}{
		{good(t, "a.example.com"), "", "for a.example.com, valid until 2027-02-20; self-signed", true},
		{good(t, "a.example.com"), "a.example.com", "valid until", true},
		{good(t, "a.example.com"), "b.example.com", "is for a.example.com, not for b.example.com", false},
		{issue(t, "a.example.com", start.AddDate(0, -2, 0), start.AddDate(0, -1, 0)), "", "expired on 2026-10-20", false},
		{issue(t, "a.example.com", start.AddDate(0, 1, 0), start.AddDate(0, 2, 0)), "", "not valid before", false},
		{issue(t, "a.example.com", start.AddDate(0, -2, 0), start.AddDate(0, 0, 3)), "", "renew", false},
	} {
		text, err := tlsconf.Check(&tls.Certificate{Leaf: c.cert.leaf}, c.host, start)
		if (err == nil) != c.ok || !strings.Contains(text+errs.MessageOf(err), c.want) {
			t.Errorf("%q, %v: %s is missing", text, err, c.want)
		}
	}
}

func TestPropertiesOfUCKeFu(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, ok, err := tlsconf.Properties(dir); ok || err != nil {
		t.Fatalf("without a file: %v %v", ok, err)
	}
	cert := good(t, "chat.example.com")
	put(t, filepath.Join(dir, "ssl", "chat.p12"), cert.keystore(t, "plain", true))
	path := put(t, filepath.Join(dir, "ssl", "https.properties"), []byte("# TLS\nkey-store=chat.p12\r\nkey-store-password: plain\r\n"))
	f, ok, err := tlsconf.Properties(dir)
	if err != nil || !ok || f.Properties != path {
		t.Fatalf("%+v %v %v", f, ok, err)
	}
	if got, err := tlsconf.Load(f); err != nil || !got.Leaf.Equal(cert.leaf) {
		t.Fatal(err)
	}
	put(t, path, []byte("key-store=/srv/chat.p12\n"))
	if f, _, err = tlsconf.Properties(dir); err != nil || f.Keystore != "/srv/chat.p12" {
		t.Fatalf("%+v %v", f, err)
	}
	put(t, path, []byte("nothing\n"))
	if _, _, err = tlsconf.Properties(dir); errs.ReasonOf(err) != "tls_properties" {
		t.Fatalf("%v", err)
	}
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("key-store=x.p12\nkey-store-password=y\n"))
	f.Add([]byte("!c\n=\n:\nkey-store : a=b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "ssl", "https.properties"), b)
		got, ok, err := tlsconf.Properties(dir)
		if ok != (err == nil) || ok && got.Keystore == "" {
			t.Fatalf("%+v %v %v", got, ok, err)
		}
		if ok && !bytes.Contains(b, []byte("key-store")) {
			t.Fatal("a key store out of nothing")
		}
	})
}
