package engineio

import (
	"strings"
	"testing"
	"time"

	"parlor/internal/wsconn/wstest"
)

// wsQuery is the query with which a polling session asks for its WebSocket.
func wsQuery(q string) string {
	return strings.Replace(q, "transport=polling", "transport=websocket", 1)
}

// probed opens the WebSocket of a session and has its probe answered.
func (s *site) probed(q string) *wstest.Client {
	s.t.Helper()
	ws := s.dial(wsQuery(q))
	s.send(ws, "2probe")
	s.expect(ws, "3probe")
	return ws
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		c := <-s.opened
		ws := s.probed(q)
		s.want("GET", q, "", 200, framed(version, "6"))
		if got := c.Transport(); got != TransportPolling {
			t.Fatalf("transport %s before the end", got)
		}
		s.send(ws, "5")
		s.send(ws, "4hello")
		s.expect(ws, "4hello")
		if got := c.Transport(); got != TransportWebSocket {
			t.Fatalf("transport %s", got)
		}
		if status, _ := s.do("GET", q, ""); status != 400 {
			t.Fatalf("poll after upgrade: %d", status)
		}
		if status, _ := s.do("POST", q, framed(version, "4x")); status != 400 {
			t.Fatalf("POST after upgrade: %d", status)
		}
		second := s.dial(wsQuery(q))
		s.gone(second)
		s.send(ws, "4still")
		s.expect(ws, "4still")
		if st := s.srv.Stats(); st.Upgrades != 1 || st.WebSocket != 1 || st.Polling != 0 {
			t.Fatalf("stats %+v", st)
		}
		_ = ws.Close()
		s.reason(ReasonTransportError)
		if st := s.srv.Stats(); st.WebSocket != 0 || st.Polling != 0 {
			t.Fatalf("stats at the end %+v", st)
		}
	})
}

func TestUpgradeReleasesAWaitingPollAndHoldsTheQueue(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		c := <-s.opened
		poll := make(chan string, 1)
		go func() {
			_, text := s.do("GET", q, "")
			poll <- text
		}()
		waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
		ws := s.probed(q)
		if got := <-poll; got != framed(version, "6") {
			t.Fatalf("poll got %q", got)
		}
		for _, text := range []string{"one", "two"} {
			if err := c.Send(Text([]byte(text))); err != nil {
				t.Fatal(err)
			}
		}
		s.send(ws, "5")
		s.expect(ws, "4one")
		s.expect(ws, "4two")
	})
}

// TestAPollThatCrossesTheEndOfAnUpgradeIsRefused asks between the probe and the end of the upgrade, which then comes.
func TestAPollThatCrossesTheEndOfAnUpgradeIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	s.srv.grace = time.Hour
	q := s.poll("4")
	ws := s.probed(q)
	status := make(chan int, 1)
	go func() {
		got, _ := s.do("GET", q, "")
		status <- got
	}()
	s.send(ws, "5")
	if got := <-status; got != 400 {
		t.Fatalf("status %d", got)
	}
	s.send(ws, "4x")
	s.expect(ws, "4x")
}

// TestAPollDuringAnUpgradeWaitsForItsEnd asks before the probe, on a WebSocket that is open already. The probe releases the
// poll, which must not be answered as long as the upgrade may be completed.
func TestAPollDuringAnUpgradeWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		s.srv.grace = time.Hour
		q := s.poll(version)
		c := <-s.opened
		ws := s.dial(wsQuery(q))
		status := make(chan int, 1)
		go func() {
			got, _ := s.do("GET", q, "")
			status <- got
		}()
		waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
		s.send(ws, "2probe")
		s.expect(ws, "3probe")
		waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter == nil })
		s.send(ws, "5")
		if got := <-status; got != 400 {
			t.Fatalf("status %d", got)
		}
	})
}

func TestUpgradeTimesOutAndPollingGoesOn(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"Silent", "Probed"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{UpgradeTimeout: 3 * time.Second})
			q := s.poll("4")
			c := <-s.opened
			ws := s.dial(wsQuery(q))
			waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.probe != nil })
			if stage == "Probed" {
				s.send(ws, "2probe")
				s.expect(ws, "3probe")
				if err := c.Send(Text([]byte("held"))); err != nil {
					t.Fatal(err)
				}
			}
			s.clock.Advance(3 * time.Second)
			s.gone(ws)
			s.want("POST", q, "4after", 200, "ok")
			want := "4after"
			if stage == "Probed" {
				want = "4held\x1e4after"
			}
			s.want("GET", q, "", 200, want)
			again := s.probed(q) // another try is allowed
			s.send(again, "5")
			s.send(again, "4x")
			s.expect(again, "4x")
		})
	}
}

func TestUpgradeWithWrongPacketsFails(t *testing.T) {
	t.Parallel()
	for _, packets := range [][]string{{"5"}, {"2"}, {"4early"}, {"2probe", "4early"}, {"2probe", "2probe"}} {
		t.Run(strings.Join(packets, ","), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, suiteOptions())
			q := s.poll("4")
			ws := s.dial(wsQuery(q))
			for _, p := range packets {
				s.send(ws, p)
			}
			s.gone(ws)
			s.want("POST", q, "4polling", 200, "ok")
			s.want("GET", q, "", 200, "4polling")
			if got := s.messages(); len(got) != 1 {
				t.Fatalf("handler got %q", got)
			}
		})
	}
}

func TestOnlyOneUpgradeAtATime(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	q := s.poll("4")
	ws := s.probed(q)
	second := s.dial(wsQuery(q))
	s.gone(second)
	s.send(ws, "5")
	s.send(ws, "4x")
	s.expect(ws, "4x")
}

func TestCloseDuringUpgradeDeliversTheLastPackets(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"WebSocket", "Polling", "Neither"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{})
			q := s.poll("4")
			c := <-s.opened
			ws := s.probed(q)
			if err := c.Send(Text([]byte("last"))); err != nil {
				t.Fatal(err)
			}
			c.Close("done")
			s.reason("done")
			switch way {
			case "WebSocket":
				s.send(ws, "5")
				s.expect(ws, "4last")
			case "Polling":
				s.want("GET", q, "", 200, "4last")
				s.want("GET", q, "", 200, "1")
			default:
				s.clock.Advance(10 * time.Second)
			}
			s.gone(ws)
			if s.srv.session(c.ID()) != nil {
				t.Fatal("the session was not forgotten")
			}
		})
	}
}
