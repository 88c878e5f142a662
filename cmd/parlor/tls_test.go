package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// keystore writes a PKCS#12 file for a name.
func keystore(t *testing.T, path, name, password string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	b, err := pkcs12.Modern.Encode(key, leaf, nil, password)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown is the name on the certificate that a server shows.
func shown(t *testing.T, base string) string {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	res, err := c.Get("https://" + strings.TrimPrefix(base, "http://") + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.TLS.PeerCertificates[0].DNSNames[0]
}

func TestPropertiesOfUCKeFuSwitchTLSOn(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	ssl := filepath.Join(t.TempDir(), "ssl")
	b.env["WEB_UPLOAD_PATH"] = filepath.Dir(ssl)
	keystore(t, filepath.Join(ssl, "chat.p12"), "chat.example.com", "plain", time.Now().AddDate(1, 0, 0))
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(ssl, "https.properties"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("key-store=chat.p12\nkey-store-password=8e1f0c\n")
	if code, _, errs := b.run("", "serve", "--listen", "127.0.0.1:0"); code != 2 || !strings.Contains(errs, "plain text") {
		t.Fatalf("an encrypted password: exit %d %s", code, errs)
	}
	write("key-store=chat.p12\nkey-store-password=plain\n")
	base, out, _ := b.serve("serve")
	if got := shown(t, base); got != "chat.example.com" || !strings.Contains(out.String(), "listens on https://127.0.0.1:") {
		t.Fatalf("%s\n%s", got, out)
	}
	_, said, _ := b.run("", "doctor", "--listen", strings.TrimPrefix(base, "http://"))
	for _, want := range []string{"ok   certificate", "for chat.example.com, valid until", "ok   uploads", "ok   server            ready on"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing:\n%s", want, said)
		}
	}
}

func TestHangupReloadsTheCertificate(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	path := filepath.Join(t.TempDir(), "chat.p12")
	keystore(t, path, "one.example.com", "open sesame", time.Now().AddDate(1, 0, 0))
	b.env["PARLOR_TLS_KEYSTORE"], b.env["PARLOR_TLS_KEYSTORE_PASSWORD"] = path, "open sesame"
	base, _, _ := b.serve("serve")
	if got := shown(t, base); got != "one.example.com" {
		t.Fatal(got)
	}
	keystore(t, path, "two.example.com", "open sesame", time.Now().AddDate(1, 0, 0))
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); shown(t, base) != "two.example.com"; {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not used")
		}
	}
}

func TestDoctorLooksAtTheCertificate(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	path := filepath.Join(t.TempDir(), "chat.p12")
	keystore(t, path, "chat.example.com", "x", time.Now().AddDate(0, 0, 3))
	code, out, _ := b.run("", "doctor", "--tls-keystore", path, "--tls-keystore-password", "x")
	if code != 1 || !strings.Contains(out, "BAD  certificate") || !strings.Contains(out, "renew it") {
		t.Errorf("%d\n%s", code, out)
	}
	if code, out, _ = b.run("", "doctor", "--tls-keystore", path, "--tls-keystore-password", "y"); code != 1 || !strings.Contains(out, "does not open") {
		t.Errorf("%d\n%s", code, out)
	}
}

func TestClusterFlagNeedsNoValueButADatabase(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	code, _, errs := b.run("", "serve", "--cluster", "--cluster-peers", "node2")
	for _, want := range []string{"3 wrong setting(s)", `cluster = "true" (from flag --cluster): allowed is true only with a PostgreSQL database`, "cluster-secret = ", `cluster-peers = "node2"`} {
		if code != 2 || !strings.Contains(errs, want) {
			t.Errorf("exit %d, %q is missing:\n%s", code, want, errs)
		}
	}
	b.env["PARLOR_DATABASE"], b.env["PARLOR_CLUSTER_SECRET"] = "postgres://127.0.0.1:1/none", "0123456789abcdef"
	if _, out, _ := b.run("", "doctor", "--cluster", "--cluster-peers", "127.0.0.1:1"); !strings.Contains(out, "BAD  bus") || !strings.Contains(out, "127.0.0.1:1") {
		t.Errorf("%s", out)
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]int{{0, 8, 8, 9}, {0, 8, 2, 3}, {2, 8, 8, 2}, {100, 8, 4, 9}} {
		if got := threads(c[0], c[1], c[2]); got != c[3] {
			t.Errorf("%d of %d cores, %d chosen: %d", c[0], c[1], c[2], got)
		}
	}
}

func TestRestoredUploadsBelongToTheRestoredDatabase(t *testing.T) {
	t.Parallel()
	b, fresh := newBox(t), newBox(t)
	_, _, stop := b.serve("serve")
	stop()
	file := filepath.Join(t.TempDir(), "parlor.backup")
	b.ok("", "backup", file)
	fresh.ok("", "restore", file)
	for _, box := range []*box{b, fresh} {
		if _, out, _ := box.run("", "doctor"); !strings.Contains(out, "ok   uploads") {
			t.Errorf("%s", out)
		}
	}
	other := newBox(t)
	if _, out, _ := other.run("", "doctor", "--uploads", filepath.Join(b.data, "uploads")); !strings.Contains(out, "BAD  uploads") || !strings.Contains(out, "another installation") {
		t.Errorf("%s", out)
	}
}
