package mailroom

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/emersion/go-imap/v2"

	"parlor/internal/hook"
	letters "parlor/internal/mail"
	"parlor/internal/mailbox"
)

// errKeep wraps what stopped this server from keeping a letter; errLogin wraps the
// answer of a server that does not know us.
var (
	errKeep  = errors.New("a letter could not be kept")
	errLogin = errors.New("logging in was refused")
)

// Reasons of a mailbox.Fault.
const (
	// faultName: no machine has the server's name; faultClosed: nothing answers at
	// its port, or it hung up; faultTime: no answer in time; faultPrivate: its address
	// is not allowed.
	faultName    = "name"
	faultClosed  = "closed"
	faultTime    = "timeout"
	faultPrivate = "private"
	// faultTrust: its certificate is not trusted; faultTLS: it speaks no TLS at this
	// port; faultClear: it offers no TLS and wants a password.
	faultTrust = "certificate"
	faultTLS   = "no_tls"
	faultClear = "clear"
	// faultLogin: name or password are wrong; faultRefused: it refused something
	// else; faultKeep: the letter is fine, but it could not be kept here.
	faultLogin   = "login"
	faultRefused = "refused"
	faultKeep    = "keep"
	faultOther   = "other"
)

// sentences say the reasons in words.
var sentences = map[string]string{
	faultName:    "There is no server of this name.",
	faultClosed:  "Nothing answers at this address and port, or the connection was closed.",
	faultTime:    "The server did not answer in time.",
	faultPrivate: "The server is on a private network, which this installation does not allow (webhook-private).",
	faultTrust:   "The certificate of the server is not trusted.",
	faultTLS:     "The server speaks no TLS at this port.",
	faultClear:   "The server offers no TLS, and a password is not sent without it.",
	faultLogin:   "The server does not accept this user name and password.",
	faultRefused: "The server refused.",
	faultKeep:    "A letter could not be kept here; it stays in the mailbox and is tried again.",
	faultOther:   "The server could not be used.",
}

// faultOf says why a mail server could not be used.
func faultOf(err error) mailbox.Fault {
	f := mailbox.Fault{Reason: reasonOf(err)}
	f.Text = sentences[f.Reason]
	switch f.Reason {
	case faultTrust, faultLogin, faultRefused, faultOther:
		f.Detail = clip(strings.Join(strings.Fields(clean(detailOf(err))), " "), 300)
	}
	return f
}

// detailOf is what the server or the system said.
func detailOf(err error) string {
	var (
		said  *imap.Error
		code  *textproto.Error
		trust *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &said) && said.Text != "":
		return said.Text
	case errors.As(err, &code):
		return strconv.Itoa(code.Code) + " " + code.Msg
	case errors.As(err, &trust):
		return trust.Err.Error()
	}
	return err.Error()
}

// reasonOf sorts an error.
func reasonOf(err error) string {
	var code *textproto.Error
	smtp := errors.As(err, &code)
	switch {
	case errors.Is(err, errKeep):
		return faultKeep
	case hook.Private(err):
		return faultPrivate
	case errors.Is(err, letters.ErrClear):
		return faultClear
	case errors.Is(err, errLogin), smtp && code.Code >= 530 && code.Code <= 539:
		return faultLogin
	case smtp, as[*imap.Error](err):
		return faultRefused
	case as[*tls.CertificateVerificationError](err), as[x509.HostnameError](err), as[x509.UnknownAuthorityError](err), as[x509.CertificateInvalidError](err):
		return faultTrust
	case as[tls.RecordHeaderError](err), as[tls.AlertError](err):
		return faultTLS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return faultTime
	case as[*net.DNSError](err):
		return faultName
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return faultClosed
	}
	return faultOther
}

// as reports whether an error is of a kind.
func as[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// plain puts the sentence of a fault before what was said.
func plain(f mailbox.Fault) string {
	return strings.TrimSpace(f.Text + " " + f.Detail)
}
