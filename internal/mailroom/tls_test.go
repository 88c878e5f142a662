package mailroom

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"parlor/internal/mail/mailtest"
	"parlor/internal/mailbox"
)

// asked is a way to a server of the test, whatever name is asked for.
type asked int

func (port asked) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)}).String())
}

func TestMailboxesAreReadOverTLS(t *testing.T) {
	t.Parallel()
	good, trust := mailtest.Certificate(t, "imap.example.com", time.Now().Add(time.Hour))
	old, trustOld := mailtest.Certificate(t, "imap.example.com", time.Now().Add(-time.Hour))
	other, trustOther := mailtest.Certificate(t, "other.example.com", time.Now().Add(time.Hour))
	for _, start := range []bool{false, true} {
		for _, x := range []struct {
			what          string
			server, trust *tls.Config
			says          string
		}{
			{"trusted", good, trust, ""},
			{"of nobody", good, nil, "x509: certificate signed by unknown authority"},
			{"of another authority", good, trustOther, "x509: certificate signed by unknown authority"},
			{"expired", old, trustOld, "x509: certificate has expired"},
			{"of another name", other, trustOther, "not imap.example.com"},
		} {
			box := mailtest.NewInbox(t, x.server, start)
			box.Put("From: a@b.test", "", "x")
			p, err := open(t.Context(), asked(box.Port), mailbox.Server{Host: "imap.example.com", Port: box.Port, Username: "desk", Password: "pw", Secure: !start}, x.trust)
			if x.says != "" {
				f := faultOf(err)
				if err == nil || f.Reason != faultTrust || f.Text != "The certificate of the server is not trusted." || !strings.Contains(f.Detail, x.says) {
					t.Errorf("%s, start %v: %v %+v", x.what, start, err, f)
				}
				continue
			}
			if err != nil {
				t.Fatal(x.what, start, err)
			}
			list, err := p.unread(time.Now())
			if err != nil || len(list) != 1 {
				t.Error(x.what, list, err)
			}
			if err := p.close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestFaultsOfMailServersAreSaid(t *testing.T) {
	t.Parallel()
	good, trust := mailtest.Certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	secure, start, plainly := mailtest.NewInbox(t, good, false), mailtest.NewInbox(t, good, true), mailtest.NewInbox(t, nil, false)
	gone, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	rude, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = silent.Close(); _ = rude.Close(); <-ended })
	go func() {
		defer close(ended)
		for c, err := rude.Accept(); err == nil; c, err = rude.Accept() {
			_ = c.Close() // without a word
		}
	}()
	port := func(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
	closed := port(gone)
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for _, x := range []struct {
		what, reason, detail string
		ctx                  context.Context
		server               mailbox.Server
	}{
		{"a wrong password", faultLogin, "Authentication failed", nil, mailbox.Server{Port: secure.Port, Password: "no", Secure: true}},
		{"a wrong password after STARTTLS", faultLogin, "Authentication failed", nil, mailbox.Server{Port: start.Port, Password: "no"}},
		{"a port without TLS", faultTLS, "", nil, mailbox.Server{Port: plainly.Port, Password: "pw", Secure: true}},
		{"a network without TLS", faultClear, "", nil, mailbox.Server{Host: "imap.example.com", Port: plainly.Port, Password: "pw"}},
		{"nothing", faultClosed, "", nil, mailbox.Server{Port: closed, Password: "pw"}},
		{"silence", faultTime, "", short, mailbox.Server{Port: port(silent), Password: "pw"}},
		{"a server that hangs up", faultClosed, "", nil, mailbox.Server{Port: port(rude), Password: "pw"}},
		{"this machine without TLS", "", "", nil, mailbox.Server{Port: plainly.Port, Password: "pw"}},
	} {
		x.server.Username = "desk"
		if x.server.Host == "" {
			x.server.Host = "127.0.0.1"
		}
		if x.ctx == nil {
			x.ctx = t.Context()
		}
		p, err := open(x.ctx, asked(x.server.Port), x.server, trust)
		if x.reason == "" {
			if err != nil {
				t.Error(x.what, err)
			} else if err := p.close(); err != nil {
				t.Error(x.what, err)
			}
			continue
		}
		if err == nil {
			t.Error(x.what, "is taken")
			continue
		}
		if f := faultOf(err); f.Reason != x.reason || f.Text != sentences[x.reason] || f.Detail != x.detail {
			t.Errorf("%s: %+v of %v", x.what, f, err)
		}
	}
	for err, want := range map[error]string{&net.DNSError{Name: "x", IsNotFound: true}: faultName, &net.DNSError{Name: "x", IsTimeout: true}: faultTime, io.ErrUnexpectedEOF: faultClosed,
		errors.Join(errKeep, errors.New("disk at /secret")): faultKeep, errors.New("odd\r\nthings"): faultOther} {
		f := faultOf(err)
		if f.Reason != want || f.Text == "" || strings.Contains(f.Detail, "secret") || strings.ContainsAny(f.Detail, "\r\n") {
			t.Errorf("%v: %+v", err, f)
		}
	}
}
