package engineio

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"parlor/internal/wheel"
)

// log is a log that is written and read by several.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestAPanicBelowTheHandlersEndsTheConnectionOnly(t *testing.T) {
	t.Parallel()
	var out log
	s := newSite(t, Options{Logger: slog.New(slog.NewTextHandler(&out, nil))})
	s.message = func(c *Conn, data []byte, _ bool) {
		if string(data) == "bomb" {
			panic("secret of the client")
		}
		_ = c.Send(Text(data))
	}
	bad, good := s.socket("4"), s.socket("4")
	s.send(bad, "4bomb")
	if reason := <-s.closed; reason == "" {
		t.Fatal("no reason")
	}
	s.gone(bad)
	s.send(good, "4still here")
	s.expect(good, "4still here")
	if n := s.srv.Stats().TransportPanics; n != 1 {
		t.Fatalf("%d panics counted", n)
	}
	if text := out.String(); strings.Contains(text, "secret") || !strings.Contains(text, "transport panicked") || !strings.Contains(text, "guard_test.go") {
		t.Fatal(text)
	}
}

func TestAPanicOfTheClockEndsTheConnectionOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	good := s.socket("4")
	ended := 0
	s.srv.wheel.Reset(&wheel.Timer{}, 1, wheel.Func(func() {
		defer s.srv.guard("test", func() { ended++ })
		panic("in a timer")
	}))
	s.clock.Advance(2_000_000)
	if ended != 1 || s.srv.Stats().TransportPanics != 1 {
		t.Fatalf("ended %d times", ended)
	}
	s.send(good, "4hello")
	s.expect(good, "4hello")
}
