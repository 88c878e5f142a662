// Package mail sends letters through a mail server (SMTP). It keeps nothing: the
// outbox of jobs does.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"time"
)

// Options say how mail is sent.
type Options struct {
	// Server is host:port; empty means that no mail is sent.
	Server string
	// User and Password log in, if User is set. They are never sent in the clear.
	User, Password string
	// From is the sender, "Name <address>" or an address.
	From string
	// TLS is "starttls" (default: required), "tls", "auto" (if the server offers it;
	// a password is sent with TLS or to this machine only) or "off" (for a server on a
	// private network).
	TLS string
	// Dial connects to the server; nil means the usual way.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Config is for tests; nil means the system's certificates.
	Config *tls.Config
}

// Letter is one mail.
type Letter struct {
	To, Subject, Text string
	// From is the sender that readers see, "" for the account's own.
	From string
	// HTML is sent in the place of Text, if set.
	HTML string
	// References are the letters that it answers, the newest last, with their <>.
	References []string
	// Unsubscribe is the address by which the reader gets no more, "" for none.
	Unsubscribe string
	// ReplyTo is the address for answers, "" for the sender's.
	ReplyTo string
	// ID becomes the local part of the Message-ID.
	ID string
	At time.Time
	// Files go along as attachments. They are read while they are sent.
	Files []File
}

// File is an attachment.
type File struct {
	Name, Type string
	// Size is how long it is, in bytes.
	Size int64
	// Open returns its content. It is called before anything is sent of the letter,
	// and what it returns is closed.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// timeout bounds one delivery; each rate bytes of attachments give it a second more.
const (
	timeout = 30 * time.Second
	rate    = 256 << 10
)

// ErrRefused wraps a final refusal of the server: a second try will not help.
var ErrRefused = errors.New("the mail server refuses for good")

// ErrClear is the answer if a password would go to the server without TLS.
var ErrClear = errors.New("the server offers no TLS, and a password is not sent without it")

// ErrFile wraps what kept an attachment from being read.
var ErrFile = errors.New("an attachment cannot be read")

// Near reports whether a server is this machine itself, where a password may go
// without TLS.
func Near(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// Sender sends letters.
type Sender struct{ o Options }

// New returns a sender.
func New(o Options) *Sender { return &Sender{o} }

// Ready reports whether a server is set up.
func (s *Sender) Ready() bool { return s.o.Server != "" && s.o.From != "" }

// Send delivers one letter to the server. Errors that a second try cannot mend
// are ErrRefused.
func (s *Sender) Send(ctx context.Context, l Letter) error {
	from, err := mail.ParseAddress(s.o.From)
	if err != nil {
		return fmt.Errorf("%w: sender: %w", ErrRefused, err)
	}
	to, err := mail.ParseAddress(l.To)
	if err != nil {
		return fmt.Errorf("%w: recipient: %w", ErrRefused, err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience(l.Files))
	defer cancel()
	files, err := unpack(ctx, l.Files)
	defer func() {
		for _, f := range files {
			_ = f.body.Close() // it was read only
		}
	}()
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return final(err)
	}
	defer func() { _ = c.Close() }() // Quit has said what matters
	shown := from
	if l.From != "" {
		if shown, err = mail.ParseAddress(l.From); err != nil {
			return fmt.Errorf("%w: sender: %w", ErrRefused, err)
		}
	}
	return final(deliver(c, from, to, func(w io.Writer) error { return compose(w, shown, to, l, files) }))
}

// final marks answers of 500 and above.
func final(err error) error {
	var code *textproto.Error
	if errors.As(err, &code) && code.Code >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

func (s *Sender) dial(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(s.o.Server)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.o.Config != nil {
		conf = s.o.Config.Clone()
	}
	conf.ServerName = host
	dial := s.o.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", s.o.Server)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	if s.o.TLS == "tls" {
		conn = tls.Client(conn, conf)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err = s.login(c, conf, host); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (s *Sender) login(c *smtp.Client, conf *tls.Config, host string) error {
	offered, _ := c.Extension("STARTTLS")
	if s.o.TLS == "" || s.o.TLS == "starttls" || s.o.TLS == "auto" && offered {
		if err := c.StartTLS(conf); err != nil {
			return err
		}
	}
	if s.o.User == "" {
		return nil
	}
	if _, secure := c.TLSConnectionState(); !secure && !Near(host) {
		return ErrClear
	}
	return c.Auth(smtp.PlainAuth("", s.o.User, s.o.Password, host))
}

// deliver hands a letter over. One that breaks off is not ended, so that the server
// keeps no half of it.
func deliver(c *smtp.Client, from, to *mail.Address, write func(io.Writer) error) error {
	if err := c.Mail(from.Address); err != nil {
		return err
	}
	if err := c.Rcpt(to.Address); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}
