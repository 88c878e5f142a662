package mail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	own "parlor/internal/mail"
	"parlor/internal/mail/mailtest"
)

// A letter leaves over TLS, begun at once or by STARTTLS, to servers whose certificate
// is trusted, and to no other: neither letter nor password gets there.
func TestLettersLeaveOverTLS(t *testing.T) {
	t.Parallel()
	good, trust := mailtest.Certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
	old, trustOld := mailtest.Certificate(t, "127.0.0.1", time.Now().Add(-time.Hour))
	other, trustOther := mailtest.Certificate(t, "mail.example.com", time.Now().Add(time.Hour))
	for _, start := range []bool{false, true} {
		for _, x := range []struct {
			what          string
			server, trust *tls.Config
			refused       func(error) bool
		}{
			{"trusted", good, trust, nil},
			{"of nobody", good, nil, unknown},
			{"of another authority", good, trustOld, unknown},
			{"expired", old, trustOld, func(err error) bool {
				var e x509.CertificateInvalidError
				return errors.As(err, &e) && e.Reason == x509.Expired
			}},
			{"of another name", other, trustOther, func(err error) bool { var e x509.HostnameError; return errors.As(err, &e) }},
		} {
			at, got := mailtest.Serve(t, mailtest.Options{TLS: x.server, Start: start, Password: "pw"})
			how := "tls"
			if start {
				how = "auto"
			}
			s := own.New(own.Options{Server: at, From: "help@example.com", User: "desk", Password: "pw", TLS: how, Config: x.trust})
			err := s.Send(t.Context(), own.Letter{To: "w@example.com", Text: "secret", ID: "a"})
			switch {
			case x.refused != nil:
				if err == nil || !x.refused(err) || errors.Is(err, own.ErrRefused) || len(got) != 0 {
					t.Errorf("%s, start %v: %v, %d letters", x.what, start, err, len(got))
				}
			case err != nil:
				t.Errorf("%s, start %v: %v", x.what, start, err)
			default:
				if text := <-got; !strings.Contains(text, "Message-ID: <a@example.com>") {
					t.Error(text)
				}
			}
		}
	}
}

func unknown(err error) bool { var e x509.UnknownAuthorityError; return errors.As(err, &e) }

func TestPasswordsAreNotSentInTheClear(t *testing.T) {
	t.Parallel()
	at, got := mailtest.Serve(t, mailtest.Options{Password: "pw"})
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	// The server's name is one of the network; the connection leads to the test's.
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}
	s := own.New(own.Options{Server: "mail.example.com:" + port, From: "help@example.com", User: "desk", Password: "pw", TLS: "auto", Dial: dial})
	if err := s.Send(t.Context(), own.Letter{To: "w@example.com"}); !errors.Is(err, own.ErrClear) || len(got) != 0 {
		t.Fatal(err)
	}
	// This machine itself may have it, and says what is wrong with it.
	s = own.New(own.Options{Server: at, From: "help@example.com", User: "desk", Password: "wrong", TLS: "auto"})
	if err := s.Send(t.Context(), own.Letter{To: "w@example.com"}); !errors.Is(err, own.ErrRefused) || !strings.Contains(err.Error(), "535") {
		t.Fatal(err)
	}
}
