// Package mailtest is mail servers for tests: one that takes letters, and accounts
// that hold some.
package mailtest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"testing"
)

// Options say what a mail server is like.
type Options struct {
	// Refuse, unless empty, is its answer to RCPT.
	Refuse string
	// TLS is its certificate, nil for none; Start offers STARTTLS, else TLS is spoken
	// from the first byte.
	TLS   *tls.Config
	Start bool
	// Password is what the user "desk" has to log in with, "" for nobody.
	Password string
}

// Server starts a mail server on loopback and returns its address
// and where letters arrive. refuse, unless empty, is its answer to RCPT.
func Server(t testing.TB, refuse string) (address string, got <-chan string) {
	t.Helper()
	return Serve(t, Options{Refuse: refuse})
}

// Serve is Server with more to choose.
func Serve(t testing.TB, o Options) (address string, got <-chan string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	letters := make(chan string, 100)
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if o.TLS != nil && !o.Start {
				c = tls.Server(c, o.TLS)
			}
			s := &session{o: o, letters: letters}
			s.take(c)
			s.say("220 test")
			for s.answer() {
			}
			_ = s.c.Close() // the client has said all
		}
	}()
	return l.Addr().String(), letters
}

// session is one connection to the server.
type session struct {
	o       Options
	letters chan<- string
	c       net.Conn
	r       *bufio.Reader
	secure  bool
}

// take speaks over a connection from now on.
func (s *session) take(c net.Conn) {
	s.c, s.r = c, bufio.NewReader(c)
	_, s.secure = c.(*tls.Conn)
}

func (s *session) say(line string) { _, _ = io.WriteString(s.c, line+"\r\n") }

// answer takes one command; false ends the session.
func (s *session) answer() bool {
	line, err := s.r.ReadString('\n')
	if err != nil {
		return false
	}
	word := append(strings.Fields(line), "")
	switch strings.ToUpper(word[0]) {
	case "EHLO":
		s.say("250-test")
		if s.o.TLS != nil && !s.secure {
			s.say("250-STARTTLS")
		}
		if s.o.Password != "" {
			s.say("250-AUTH PLAIN")
		}
		s.say("250 8BITMIME")
	case "STARTTLS":
		if s.o.TLS == nil || s.secure {
			s.say("502 no TLS here")
			return true
		}
		s.say("220 go")
		s.take(tls.Server(s.c, s.o.TLS))
	case "AUTH":
		if word[len(word)-2] != base64.StdEncoding.EncodeToString([]byte("\x00desk\x00"+s.o.Password)) {
			s.say("535 5.7.8 wrong name or password")
			return true
		}
		s.say("235 ok")
	case "RCPT":
		if s.o.Refuse != "" {
			s.say(s.o.Refuse)
			return true
		}
		s.say("250 ok")
	case "DATA":
		s.say("354 go")
		return s.data()
	case "QUIT":
		s.say("221 bye")
		return false
	default:
		s.say("250 ok")
	}
	return true
}

// data takes a letter.
func (s *session) data() bool {
	var b strings.Builder
	for {
		line, err := s.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	s.letters <- b.String()
	s.say("250 ok")
	return true
}
