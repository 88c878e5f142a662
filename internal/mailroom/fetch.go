package mailroom

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	letters "parlor/internal/mail"
	"parlor/internal/mailbox"
)

// perRun is how many letters are fetched in one look.
const perRun = 20

// dialer connects to a mail server.
type dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// post is a connection to the inbox of a mailbox.
type post struct {
	*imapclient.Client
	line *line
}

// line is a connection that remembers how it broke: the library says it in words only.
type line struct {
	net.Conn
	broken atomic.Pointer[error]
}

// Read implements net.Conn.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		l.broken.CompareAndSwap(nil, &err)
	}
	return n, err
}

// why adds to an error that the time was over, or how the connection broke.
func (p post) why(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() != nil:
		return errors.Join(err, ctx.Err())
	case p.line != nil && p.line.broken.Load() != nil:
		return errors.Join(err, *p.line.broken.Load())
	}
	return err
}

// open connects, logs in and looks at the inbox. Without TLS from the first byte it
// is begun if the server offers it; a password goes without TLS to this machine only.
// conf says whose certificates are trusted.
func open(ctx context.Context, d dialer, s mailbox.Server, conf *tls.Config) (p post, err error) {
	defer func() {
		if err != nil {
			err = p.why(ctx, err)
		}
	}()
	p, err = connect(ctx, d, s, conf, false)
	secure := s.Secure
	if err == nil && !secure && p.Caps().Has(imap.CapStartTLS) {
		secure = true
		if err = p.Client.Close(); err == nil {
			p, err = connect(ctx, d, s, conf, true)
		}
	}
	if err != nil {
		return p, err
	}
	if !secure && s.Password != "" && !letters.Near(s.Host) {
		return p, errors.Join(letters.ErrClear, p.Client.Close())
	}
	if err = p.Login(s.Username, s.Password).Wait(); as[*imap.Error](err) {
		err = errors.Join(errLogin, err)
	} else if err == nil {
		_, err = p.Select("INBOX", nil).Wait()
	}
	if err != nil {
		return p, errors.Join(err, p.Client.Close())
	}
	return p, nil
}

func connect(ctx context.Context, d dialer, s mailbox.Server, trust *tls.Config, start bool) (p post, err error) {
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return p, err
	}
	context.AfterFunc(ctx, func() { _ = raw.Close() }) // the library sets deadlines of its own
	p.line = &line{Conn: raw}
	conn := net.Conn(p.line)
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if trust != nil {
		conf = trust.Clone()
	}
	conf.ServerName = s.Host
	if s.Secure {
		secure := tls.Client(conn, conf)
		err, conn = secure.HandshakeContext(ctx), secure
	}
	o := &imapclient.Options{TLSConfig: conf}
	switch {
	case err != nil:
	case start:
		p.Client, err = imapclient.NewStartTLS(conn, o)
	default:
		p.Client = imapclient.New(conn, o)
		err = p.WaitGreeting()
	}
	if err != nil {
		return p, errors.Join(err, conn.Close())
	}
	return p, nil
}

// unread lists the letters since a time that nobody has read, the oldest first.
func (p post) unread(since time.Time) ([]imap.UID, error) {
	got, err := p.UIDSearch(&imap.SearchCriteria{Since: since.Truncate(24 * time.Hour), NotFlag: []imap.Flag{imap.FlagSeen, imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return nil, err
	}
	list := got.AllUIDs()
	slices.Sort(list)
	return list, nil
}

// letter fetches one, without marking it as read. It may be gone: then raw is nil.
func (p post) letter(uid imap.UID) (raw []byte, err error) {
	what := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: maxLetter}}
	cmd := p.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{what}})
	defer func() { err = errors.Join(err, cmd.Close()) }()
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if b, ok := item.(imapclient.FetchItemDataBodySection); ok && b.Literal != nil && raw == nil {
				if raw, err = io.ReadAll(io.LimitReader(b.Literal, maxLetter)); err != nil {
					return nil, err
				}
			}
		}
	}
	return raw, nil
}

// seen marks a letter as read.
func (p post) seen(uid imap.UID) error {
	return p.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
}

// close says good-bye.
func (p post) close() error {
	err := p.Logout().Wait()
	return errors.Join(err, p.Client.Close())
}
