// Package tlsconf turns certificate files, key stores and ACME into the TLS
// settings of the server, and follows the files when they change.
package tlsconf

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"parlor/internal/errs"
)

// Files says where a certificate comes from: a PEM pair, or a PKCS#12 key store.
type Files struct {
	Cert, Key          string
	Keystore, Password string
	// Properties is the https.properties that named the key store, "" if the
	// settings did. It only changes what errors say.
	Properties string
}

// paths are the files to watch.
func (f Files) paths() []string {
	if f.Keystore != "" {
		return []string{f.Keystore}
	}
	return []string{f.Cert, f.Key}
}

// Load reads certificate, chain and key. Errors are errs.Invalid with the field
// at fault: "tls_unreadable", "tls_mismatch" (key and certificate do not belong
// together), "tls_password", "tls_format".
func Load(f Files) (*tls.Certificate, error) {
	if f.Keystore != "" {
		return loadKeystore(f)
	}
	cert, err := os.ReadFile(f.Cert)
	if err != nil {
		return nil, unreadable("tls-cert", f.Cert, err)
	}
	key, err := os.ReadFile(f.Key)
	if err != nil {
		return nil, unreadable("tls-key", f.Key, err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return &pair, nil
	case strings.Contains(err.Error(), "does not match"):
		// The library has no error value for this.
		return nil, errs.Field("tls-key", "tls_mismatch", "The key in %s does not belong to the certificate in %s.", f.Key, f.Cert).Because(err)
	}
	return nil, errs.Field("tls-cert", "tls_format", "%s and %s are not a certificate and a key in PEM form: %v.", f.Cert, f.Key, err).Because(err)
}

func unreadable(field, path string, err error) error {
	return errs.Field(field, "tls_unreadable", "The file %s cannot be read.", path).Because(err)
}

// javaKeystore starts the older key stores of Java.
var javaKeystore = []byte{0xFE, 0xED, 0xFE, 0xED}

func loadKeystore(f Files) (*tls.Certificate, error) {
	b, err := os.ReadFile(f.Keystore)
	if err != nil {
		return nil, unreadable("tls-keystore", f.Keystore, err)
	}
	if bytes.HasPrefix(b, javaKeystore) {
		return nil, errs.Field("tls-keystore", "tls_format",
			"%s is a JKS key store. Convert it: keytool -importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype PKCS12", f.Keystore)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(b, f.Password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && f.Properties != "":
		return nil, errs.Field("tls-keystore", "tls_password",
			"The key-store-password in %s does not open %s. It must be in plain text; the encrypted form that UCKeFu wrote cannot be read.", f.Properties, f.Keystore).Because(err)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, errs.Field("tls-keystore-password", "tls_password", "The password does not open %s.", f.Keystore).Because(err)
	case err != nil:
		return nil, errs.Field("tls-keystore", "tls_format", "%s is not a PKCS#12 key store with one key and its certificate: %v.", f.Keystore, err).Because(err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok || !matches(signer, leaf) {
		return nil, errs.Field("tls-keystore", "tls_mismatch", "The key in %s does not belong to its certificate.", f.Keystore)
	}
	c := &tls.Certificate{PrivateKey: signer, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, ca := range chain {
		c.Certificate = append(c.Certificate, ca.Raw)
	}
	return c, nil
}

func matches(key crypto.Signer, leaf *x509.Certificate) bool {
	pub, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(key.Public())
}

// renewBefore is how long before its end a certificate should have been renewed.
const renewBefore = 14 * 24 * time.Hour

// Check says what is wrong with a certificate at a time: expired, not yet valid,
// due for renewal, or not for the host ("" is not checked). The error is
// errs.Invalid; the text describes a good one.
func Check(c *tls.Certificate, host string, now time.Time) (string, error) {
	leaf := c.Leaf
	bad := func(format string, args ...any) (string, error) {
		return "", errs.New(errs.Invalid, "tls_certificate", format, args...)
	}
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case now.After(leaf.NotAfter):
		return bad("the certificate expired on %s", day(leaf.NotAfter))
	case now.Before(leaf.NotBefore):
		return bad("the certificate is not valid before %s", day(leaf.NotBefore))
	case host != "" && leaf.VerifyHostname(host) != nil:
		return bad("the certificate is for %s, not for %s", Names(leaf), host)
	case leaf.NotAfter.Sub(now) < renewBefore:
		return bad("the certificate expires on %s: renew it", day(leaf.NotAfter))
	}
	text := "for " + Names(leaf) + ", valid until " + day(leaf.NotAfter)
	if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		text += "; self-signed, browsers will warn"
	}
	return text, nil
}

// Names lists what a certificate is for.
func Names(leaf *x509.Certificate) string {
	list := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		list = append(list, ip.String())
	}
	if len(list) == 0 {
		return leaf.Subject.String()
	}
	return strings.Join(list, ", ")
}

// Config is the TLS settings around a source of certificates. HTTP/2 is off:
// WebSockets need HTTP/1.1, and one protocol for both keeps limits simple. more
// are further application protocols, such as that of ACME.
func Config(get func(*tls.ClientHelloInfo) (*tls.Certificate, error), more ...string) *tls.Config {
	return &tls.Config{GetCertificate: get, MinVersion: tls.VersionTLS12, NextProtos: append([]string{"http/1.1"}, more...)}
}
