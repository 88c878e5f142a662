package mailtest

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Inbox is a mail account "desk" with the password "pw" on a server in this process.
type Inbox struct {
	// Port is where it listens on loopback.
	Port int
	t    testing.TB
	user *imapmemserver.User
}

// NewInbox starts one. conf is its certificate, nil for none: then it offers no TLS.
// start offers STARTTLS, else TLS is spoken from the first byte.
func NewInbox(t testing.TB, conf *tls.Config, start bool) *Inbox {
	t.Helper()
	mem, user := imapmemserver.New(), imapmemserver.NewUser("desk", "pw")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(user)
	o := &imapserver.Options{Caps: imap.CapSet{imap.CapIMAP4rev1: {}}, InsecureAuth: conf == nil,
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		}}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if start {
		o.TLSConfig = conf
	} else if conf != nil {
		l = tls.NewListener(l, conf)
	}
	s := imapserver.New(o)
	go func() { _ = s.Serve(l) }() // it ends with the listener
	t.Cleanup(func() { _ = s.Close() })
	return &Inbox{port, t, user}
}

// Put leaves a letter in the inbox.
func (i *Inbox) Put(lines ...string) {
	i.t.Helper()
	if _, err := i.user.Append("INBOX", bytes.NewReader([]byte(strings.Join(lines, "\r\n"))), &imap.AppendOptions{Time: time.Now()}); err != nil {
		i.t.Fatal(err)
	}
}

// Unread counts what nobody has read.
func (i *Inbox) Unread() uint32 {
	i.t.Helper()
	got, err := i.user.Status("INBOX", &imap.StatusOptions{NumUnseen: true})
	if err != nil {
		i.t.Fatal(err)
	}
	return *got.NumUnseen
}
