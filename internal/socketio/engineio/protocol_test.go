package engineio

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

// The tests of this file cover what the official suites of versions 3 and 4 cover, and the like.

func suiteOptions() Options {
	return Options{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond, RequireVersion: true}
}

func TestPollingHandshake(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		status, text := s.do("GET", base(version), "")
		if version == "3" {
			length, rest, _ := strings.Cut(text, ":")
			if length != framed("3", rest)[:len(length)] {
				t.Fatalf("length %s of %q", length, rest)
			}
			text = rest
		}
		g := parseOpen(t, text)
		if status != 200 || g.SID == "" || len(g.Upgrades) != 1 || g.Upgrades[0] != "websocket" ||
			g.PingInterval != 300 || g.PingTimeout != 200 || g.MaxPayload != 1_000_000 {
			t.Fatalf("%d %+v", status, g)
		}
	})
}

func TestWebSocketHandshake(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		c := s.dial("EIO=" + version + "&transport=websocket")
		g := parseOpen(t, s.read(c))
		if g.SID == "" || g.Upgrades == nil || len(g.Upgrades) != 0 || g.MaxPayload != 1_000_000 {
			t.Fatalf("%+v", g)
		}
	})
}

func TestHandshakeRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	cases := []struct {
		name, method, query, answer string
	}{
		{"NoVersion", "GET", "transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"BadVersion", "GET", "EIO=abc&transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"Version5", "GET", "EIO=5&transport=polling", `{"code":5,"message":"Unsupported protocol version"}`},
		{"NoTransport", "GET", "EIO=4", `{"code":0,"message":"Transport unknown"}`},
		{"BadTransport", "GET", "EIO=3&transport=abc", `{"code":0,"message":"Transport unknown"}`},
		{"Post", "POST", base("4"), `{"code":2,"message":"Bad handshake method"}`},
		{"Put", "PUT", base("3"), `{"code":2,"message":"Bad handshake method"}`},
		{"UnknownSession", "GET", base("4") + "&sid=nobody", `{"code":1,"message":"Session ID unknown"}`},
		{"WebSocketWithoutUpgrade", "GET", "EIO=4&transport=websocket", `{"code":3,"message":"Bad request"}`},
		{"JSONPNumber", "GET", base("3") + "&j=alert(1)", `{"code":3,"message":"Bad request"}`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			status, text, h := s.full(tc.method, tc.query, "")
			if status != 400 || strings.TrimSpace(text) != tc.answer || h.Get("Content-Type") != "application/json" {
				t.Fatalf("%d %q %v", status, text, h)
			}
		})
	}
	for _, query := range []string{"transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=3&transport=x",
		"EIO=4&transport=websocket&sid=nobody", "EIO=4&transport=polling"} {
		c, resp, err := wstest.Dial("ws"+strings.TrimPrefix(s.url, "http")+"?"+query, nil)
		if err == nil {
			_ = c.Close()
			t.Fatalf("WebSocket with %s was accepted", query)
		}
		if resp == nil || resp.StatusCode != 400 {
			t.Fatalf("WebSocket with %s: %v", query, err)
		}
	}
	if got := s.srv.Stats(); got.Refused != int64(len(cases)+6) || got.Opened != 0 {
		t.Fatalf("stats %+v", got)
	}
}

func TestMissingVersionMeansThree(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	c := s.dial("transport=websocket")
	s.read(c)
	if got := (<-s.opened).Protocol(); got != V3 {
		t.Fatalf("protocol %d", got)
	}
}

func TestPollingEcho(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		one := framed(version, "4hello")
		s.want("POST", q, one, 200, "ok")
		s.want("GET", q, "", 200, one)
		three := framed(version, "4test1", "4test2", "4test3")
		s.want("POST", q, three, 200, "ok")
		s.want("GET", q, "", 200, three)
		mixed := "4hello\x1ebAQIDBA=="
		if version == "3" {
			mixed = "6:4hello10:b4AQIDBA=="
		}
		s.want("POST", q, mixed, 200, "ok")
		s.want("GET", q, "", 200, mixed)
	})
}

func TestPollingHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, suiteOptions())
	q := s.poll("4")
	_, _, h := s.full("POST", q, "4hello")
	if h.Get("Content-Type") != "text/html" || h.Get("Cache-Control") != "no-store" {
		t.Fatalf("POST: %v", h)
	}
	_, _, h = s.full("GET", q, "")
	if h.Get("Content-Type") != "text/plain; charset=UTF-8" || h.Get("Cache-Control") != "no-store" {
		t.Fatalf("GET: %v", h)
	}
}

func TestPollWaitsForAMessage(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		c := <-s.opened
		answer := make(chan string, 1)
		go func() {
			_, text := s.do("GET", q, "")
			answer <- text
		}()
		waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
		if err := c.Send(Text([]byte("later"))); err != nil {
			t.Fatal(err)
		}
		if got := <-answer; got != framed(version, "4later") {
			t.Fatalf("got %q", got)
		}
	})
}

func TestBadPollingPacketIsRefusedAndCloses(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{
		"4": {"abc", "", "4ok\x1e", "4ok\x1e\x1e4ok", "7", "bA", "b!!!!", "4\xff", "2", "0", "5"},
		"3": {"abc", "", "1", "6:4hell", "x:4", ":4", "99999999999:4", "2:4😀", "3:bAA", "2:b4x", "0:", "1:7", "2:4\xff", "1:0"},
	}
	for version, bodies := range cases {
		for _, body := range bodies {
			t.Run("EIO"+version+"/"+body, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, suiteOptions())
				q := s.poll(version)
				if status, text := s.do("POST", q, body); status != 400 || strings.TrimSpace(text) != `{"code":3,"message":"Bad request"}` {
					t.Fatalf("POST: %d %q", status, text)
				}
				if status, _ := s.do("GET", q, ""); status != 400 {
					t.Fatalf("the session lives on: %d", status)
				}
				s.reason(ReasonParseError)
			})
		}
	}
}

func TestSecondPollClosesBoth(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		c := <-s.opened
		first := make(chan string, 1)
		go func() {
			status, text := s.do("GET", q, "")
			if status != 200 {
				t.Errorf("first poll: %d", status)
			}
			first <- text
		}()
		waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
		if status, _ := s.do("GET", q+"&t=burst", ""); status != 400 {
			t.Fatalf("second poll: %d", status)
		}
		if got := <-first; got != framed(version, "1") {
			t.Fatalf("first poll got %q", got)
		}
		if status, _ := s.do("GET", q, ""); status != 400 {
			t.Fatalf("third poll: %d", status)
		}
	})
}

func TestWebSocketEcho(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		c := s.socket(version)
		s.send(c, "4hello 你好😀")
		s.expect(c, "4hello 你好😀")
		data := []byte{1, 2, 3, 4}
		if version == "3" {
			data = []byte{4, 1, 2, 3, 4}
		}
		if err := c.Write(wsconn.OpBinary, data); err != nil {
			t.Fatal(err)
		}
		op, got, err := c.Read()
		if err != nil || op != wsconn.OpBinary || !bytes.Equal(got, data) {
			t.Fatalf("%d %v %v", op, got, err)
		}
		if last := s.messages()[1]; last != "\x01\x02\x03\x04" {
			t.Fatalf("handler got %q", last)
		}
	})
}

func TestBadWebSocketPacketCloses(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{"3": {"abc", "", "7", "0", "5"}, "4": {"abc", "", "7", "0", "5", "2", "bAQ=="}}
	for version, packets := range cases {
		for _, packet := range packets {
			t.Run("EIO"+version+"/"+packet, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, suiteOptions())
				c := s.socket(version)
				s.send(c, packet)
				s.gone(c)
				s.reason(ReasonParseError)
			})
		}
	}
}

func TestClientCloses(t *testing.T) {
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
		s.want("POST", q, framed(version, "1"), 200, "ok")
		if got := <-poll; got != framed(version, "6") {
			t.Fatalf("poll got %q", got)
		}
		s.reason(ReasonTransportClose)
		if status, _ := s.do("GET", q, ""); status != 400 {
			t.Fatalf("later poll: %d", status)
		}
		// The same with the poll coming after the close packet.
		q = s.poll(version)
		s.want("POST", q, framed(version, "1"), 200, "ok")
		s.want("GET", q, "", 200, framed(version, "6"))
		if status, _ := s.do("GET", q, ""); status != 400 {
			t.Fatalf("later poll: %d", status)
		}
		s.reason(ReasonTransportClose)
		ws := s.socket(version)
		s.send(ws, "1")
		s.gone(ws)
		s.reason(ReasonTransportClose)
	})
}

func TestServerCloses(t *testing.T) {
	t.Parallel()
	eachVersion(t, func(t *testing.T, version string) {
		s := newSite(t, suiteOptions())
		q := s.poll(version)
		c := <-s.opened
		if err := c.Send(Text([]byte("last"))); err != nil {
			t.Fatal(err)
		}
		c.Close("no more")
		c.Close("twice")
		s.reason("no more")
		if err := c.Send(Text([]byte("too late"))); err != ErrClosed { //nolint:errorlint // documented
			t.Fatalf("send after close: %v", err)
		}
		s.want("GET", q, "", 200, framed(version, "4last"))
		s.want("GET", q, "", 200, framed(version, "1"))
		if status, _ := s.do("GET", q, ""); status != 400 {
			t.Fatalf("later poll: %d", status)
		}
		if n := len(s.closed); n != 0 {
			t.Fatalf("%d more Close calls", n)
		}
	})
}

// waitFor polls a condition that another goroutine of the server brings about.
func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !cond() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the condition did not come true")
		}
	}
}

func TestCookieAndOtherPaths(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{Cookie: "io"})
	_, text, h := s.full("GET", base("4"), "")
	if want := "io=" + parseOpen(t, text).SID + "; Path=/; HttpOnly; SameSite=Lax"; h.Get("Set-Cookie") != want {
		t.Fatalf("cookie %q, want %q", h.Get("Set-Cookie"), want)
	}
	resp, err := s.http.Get(strings.TrimSuffix(s.url, "engine.io/") + "other/?" + base("4"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Fatalf("other path: %d", resp.StatusCode)
	}
}
