// Package mailtest is a mail server for tests.
package mailtest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// Server starts a mail server on loopback and returns its address
// and where letters arrive. refuse, unless empty, is its answer to RCPT.
func Server(t testing.TB, refuse string) (address string, got <-chan string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	letters := make(chan string, 100)
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	one := func(c net.Conn) {
		defer func() { _ = c.Close() }()
		r := bufio.NewReader(c)
		say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
		say("220 test")
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch word := strings.ToUpper(strings.Fields(line)[0]); {
			case word == "EHLO":
				say("250-test")
				say("250 8BITMIME")
			case word == "RCPT" && refuse != "":
				say(refuse)
			case word == "DATA":
				say("354 go")
				var b strings.Builder
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if line == ".\r\n" {
						break
					}
					b.WriteString(line)
				}
				letters <- b.String()
				say("250 ok")
			case word == "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			one(c)
		}
	}()
	return l.Addr().String(), letters
}
