package engineio

import (
	"testing"
	"time"
)

func TestServerPingsVersion4(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	ws, q := s.socket("4"), s.poll("4")
	for range 3 {
		s.clock.Advance(300 * time.Millisecond)
		s.expect(ws, "2")
		s.want("GET", q, "", 200, "2")
		s.send(ws, "3")
		s.want("POST", q, "3", 200, "ok")
		s.send(ws, "4sync") // the pong before it has been handled once this is echoed
		s.expect(ws, "4sync")
	}
	if n := len(s.closed); n != 0 {
		t.Fatalf("%d connections closed", n)
	}
}

func TestSilentVersion4ClientIsClosedOnTime(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	ws := s.socket("4")
	s.clock.Advance(499 * time.Millisecond)
	s.expect(ws, "2")
	if n := len(s.closed); n != 0 {
		t.Fatal("closed early")
	}
	s.clock.Advance(time.Millisecond)
	s.reason(ReasonPingTimeout)
	s.gone(ws)
}

func TestLatePongAndOtherPacketsKeepVersion4Alive(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	ws := s.socket("4")
	s.clock.Advance(450 * time.Millisecond)
	s.expect(ws, "2")
	s.send(ws, "4alive")
	s.expect(ws, "4alive")
	s.clock.Advance(100 * time.Millisecond) // the pong is overdue, but the client is heard
	s.send(ws, "3")
	s.send(ws, "4x")
	s.expect(ws, "4x")
	if n := len(s.closed); n != 0 {
		t.Fatal("a client that sends was closed")
	}
}

func TestVersion3ClientPingsAndServerNeverDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	ws, q := s.socket("3"), s.poll("3")
	for range 4 {
		s.clock.Advance(400 * time.Millisecond)
		s.send(ws, "2probe me")
		s.expect(ws, "3probe me")
		s.want("POST", q, "1:2", 200, "ok")
		s.want("GET", q, "", 200, "1:3")
	}
	s.clock.Advance(499 * time.Millisecond)
	if n := len(s.closed); n != 0 {
		t.Fatal("closed early")
	}
	s.clock.Advance(time.Millisecond)
	s.reason(ReasonPingTimeout)
	s.reason(ReasonPingTimeout)
	s.gone(ws)
}

func TestRequestAfterTheTimeoutIsRefused(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		get, post := s.poll(version), s.poll(version)
		s.clock.Advance(500 * time.Millisecond)
		if status, _ := s.do("GET", get, ""); status != 400 {
			t.Fatalf("GET: %d", status)
		}
		if status, _ := s.do("POST", post, framed(version, "4x")); status != 400 {
			t.Fatalf("POST: %d", status)
		}
	})
}

func TestTimeoutReleasesAWaitingPoll(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	q := s.poll("3")
	c := <-s.opened
	answer := make(chan string, 1)
	go func() {
		_, text := s.do("GET", q, "")
		answer <- text
	}()
	waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
	s.clock.Advance(500 * time.Millisecond)
	if got := <-answer; got != "1:1" {
		t.Fatalf("poll got %q", got)
	}
}

func TestAClientIsNotTimedOutWhileItsMessageIsHandled(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		entered, release := make(chan struct{}), make(chan struct{})
		s.message = func(c *Conn, data []byte, _ bool) {
			close(entered)
			<-release
			_ = c.Send(Text(data))
		}
		ws := s.socket(version)
		c := <-s.opened
		s.send(ws, "4slow")
		<-entered
		for range 20 {
			s.clock.Advance(200 * time.Millisecond)
		}
		close(release)
		for s.read(ws) != "4slow" { // pings come before
		}
		if n := len(s.closed); n != 0 {
			t.Fatal("closed while its message was handled")
		}
		waitFor(t, func() bool { return !c.busy.Load() }) // the answer comes before the handler has returned
		s.clock.Advance(300 * time.Millisecond)
		s.clock.Advance(300 * time.Millisecond)
		s.reason(ReasonPingTimeout)
	})
}
