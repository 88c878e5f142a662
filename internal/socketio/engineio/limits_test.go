package engineio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{AllowOrigin: func(_ *http.Request, origin string) bool { return origin == "https://shop.example" }})
	status, _, h := s.full("OPTIONS", base("4"), "", "Origin", "https://shop.example",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "X-Token")
	if status != 200 || h.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Allow-Headers") != "X-Token" ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") {
		t.Fatalf("preflight %d %v", status, h)
	}
	status, _, h = s.full("GET", base("4"), "", "Origin", "https://shop.example")
	if status != 200 || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || h.Get("Vary") != "Origin" {
		t.Fatalf("GET %d %v", status, h)
	}
	status, text, h := s.full("GET", base("4"), "", "Origin", "https://evil.example")
	if status != 403 || strings.TrimSpace(text) != `{"code":4,"message":"Forbidden"}` || h.Get("Access-Control-Allow-Origin") != "" {
		t.Fatalf("foreign origin: %d %q %v", status, text, h)
	}
	for origin, want := range map[string]int{"https://shop.example": 101, "https://evil.example": 403} {
		c, resp, err := wstest.Dial("ws"+strings.TrimPrefix(s.url, "http")+"?EIO=4&transport=websocket", http.Header{"Origin": {origin}})
		if err == nil {
			_ = c.Close()
		}
		if resp == nil || resp.StatusCode != want {
			t.Fatalf("WebSocket from %s: %v", origin, err)
		}
	}
}

func TestWithoutAllowOriginOnlyTheSameHostMayAsk(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	own := strings.TrimSuffix(s.url, "/engine.io/")
	for origin, want := range map[string]int{"": 200, own: 200, "http://127.0.0.1:1": 403, "null": 403, "https://x.example": 403} {
		header := []string{"Origin", origin}
		if origin == "" {
			header = nil
		}
		if status, _ := s.do("GET", base("4"), "", header...); status != want {
			t.Errorf("origin %q: %d, want %d", origin, status, want)
		}
	}
}

func TestTooLargeBodiesAreRefusedNotCut(t *testing.T) {
	t.Parallel()
	for _, chunked := range []bool{false, true} {
		t.Run("Chunked="+strconv.FormatBool(chunked), func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{MaxPayload: 1000})
			q := s.poll("4")
			s.want("POST", q, "4"+strings.Repeat("x", 999), 200, "ok")
			var body io.Reader = strings.NewReader("4" + strings.Repeat("x", 1000))
			if chunked {
				body = struct{ io.Reader }{body}
			}
			req, err := http.NewRequest("POST", s.url+"?"+q, body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != 413 {
				t.Fatalf("status %d", resp.StatusCode)
			}
			if got := s.messages(); len(got) != 1 {
				t.Fatalf("%d messages were handled", len(got))
			}
			s.reason(ReasonParseError)
		})
	}
}

func TestTooLargeFrameCloses(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxPayload: 1000})
	ws := s.socket("4")
	s.send(ws, strings.Repeat("4", 1001))
	_, _, err := ws.Read()
	var end *wsconn.CloseError
	if !errors.As(err, &end) || end.Code != wsconn.CloseTooBig {
		t.Fatalf("got %v", err)
	}
	_ = ws.Close()
	s.reason(ReasonTransportError)
}

func TestConnectionsOfOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxConnsPerIP: 2, ClientIP: func(r *http.Request) string { return r.Header.Get("X-Real-Ip") }})
	open := func(ip string) int {
		status, _ := s.do("GET", base("4"), "", "X-Real-Ip", ip)
		return status
	}
	if a, b, c, d := open("a"), open("a"), open("a"), open("b"); a != 200 || b != 200 || c != 429 || d != 200 {
		t.Fatal(a, b, c, d)
	}
	first := <-s.opened
	if first.RemoteIP() != "a" {
		t.Fatalf("address %q", first.RemoteIP())
	}
	first.Close("x")
	if got := open("a"); got != 200 {
		t.Fatalf("after one left: %d", got)
	}
}

func TestAddressesWithoutConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	s.poll("4")
	ws := s.socket("4")
	(<-s.opened).Close("x")
	_ = ws.Close()
	<-s.closed
	<-s.closed
	s.srv.addrs.mu.Lock()
	defer s.srv.addrs.mu.Unlock()
	if n := len(s.srv.addrs.known); n != 0 {
		t.Fatalf("%d addresses are kept", n)
	}
}

func TestPacketRates(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{"Connection": {PacketRate: 10}, "Address": {PacketRatePerIP: 10}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, o)
			ws := s.socket("3")
			for range 20 {
				s.send(ws, "2")
				s.expect(ws, "3")
			}
			s.clock.Advance(time.Second) // ten more
			for range 10 {
				s.send(ws, "2")
				s.expect(ws, "3")
			}
			for range 3 {
				s.send(ws, "2")
			}
			s.reason(ReasonPacketRate)
			s.gone(ws)
		})
	}
}

func TestAClientThatStopsPollingIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxQueue: 10_000})
	q := s.poll("4")
	c := <-s.opened
	if err := c.Send(Text(make([]byte, 20_000))); !errors.Is(err, ErrTooBig) {
		t.Fatalf("an impossible message: %v", err)
	}
	var err error
	n := 0
	for ; err == nil; n++ {
		err = c.Send(Text(make([]byte, 900)))
	}
	if !errors.Is(err, ErrSlowReader) || n < 10 || n > 12 {
		t.Fatalf("%v after %d messages", err, n)
	}
	s.reason(ReasonSlowReader)
	if status, _ := s.do("GET", q, ""); status != 400 {
		t.Fatalf("poll: %d", status)
	}
	if st := s.srv.Stats(); st.SlowCloses != 1 {
		t.Fatalf("stats %+v", st)
	}
}

func TestAWebSocketThatDoesNotReadIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{WriteTimeout: 100 * time.Millisecond, MaxQueue: 4 << 20})
	s.socket("4")
	c := <-s.opened
	m := Text(make([]byte, 64<<10))
	for c.Send(m) == nil {
	}
	s.reason(ReasonSlowReader)
	if st := s.srv.Stats(); st.SlowCloses != 1 || st.WebSocket != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestAnAbortedPollEndsTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	q := s.poll("4")
	c := <-s.opened
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", s.url+"?"+q, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		resp, err := s.http.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		done <- err
	}()
	waitFor(t, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.poll.waiter != nil })
	cancel()
	if err := <-done; err == nil {
		t.Fatal("the request should have been cancelled")
	}
	s.reason(ReasonTransportClose)
}

func TestOverlappingPostsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	s.message = func(*Conn, []byte, bool) { close(entered); <-release }
	q := s.poll("4")
	done := make(chan int, 1)
	go func() {
		status, _ := s.do("POST", q, "4first")
		done <- status
	}()
	<-entered
	if status, _ := s.do("POST", q, "4second"); status != 400 {
		t.Fatalf("overlapping POST: %d", status)
	}
	close(release)
	if status := <-done; status != 200 {
		t.Fatalf("first POST: %d", status)
	}
	if got := s.messages(); len(got) != 1 {
		t.Fatalf("handled %q", got)
	}
}

func TestShutdownTellsEverybody(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	ws, q := s.socket("4"), s.poll("4")
	a, b := <-s.opened, <-s.opened
	waiting := make(chan string, 1)
	go func() {
		_, text := s.do("GET", q, "")
		waiting <- text
	}()
	waitFor(t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.poll.waiter != nil
	})
	if err := a.Send(Text([]byte("last"))); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.srv.Shutdown(t.Context()) }()
	s.expect(ws, "4last")
	_, _, err := ws.Read()
	var end *wsconn.CloseError
	if !errors.As(err, &end) || end.Code != wsconn.CloseServiceRestart {
		t.Fatalf("close: %v", err)
	}
	if got := <-waiting; got != "1" {
		t.Fatalf("poll got %q", got)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.reason(ReasonShutdown)
	s.reason(ReasonShutdown)
	if status, _ := s.do("GET", base("4"), ""); status != 503 {
		t.Fatalf("handshake while draining: %d", status)
	}
	if c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.url, "http")+"?EIO=4&transport=websocket", nil); err == nil {
		_ = c.Close()
		t.Fatal("a WebSocket was accepted while draining")
	}
}

func TestShutdownCutsOffWhoDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{WriteTimeout: time.Hour})
	s.socket("4") // never answers the close frame
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestUnknownSessionMayBePassedOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{UnknownSession: func(w http.ResponseWriter, _ *http.Request, id string) bool {
		if id != "elsewhere" {
			return false
		}
		_, err := io.WriteString(w, "from another node")
		return err == nil
	}})
	s.want("GET", base("4")+"&sid=elsewhere", "", 200, "from another node")
	if status, _ := s.do("GET", base("4")+"&sid=nowhere", ""); status != 400 {
		t.Fatalf("status %d", status)
	}
}

func TestConnKeepsQueryAndHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	status, _ := s.do("GET", base("4")+"&userid=u%201&x=1&x=2&bad=%zz", "", "User-Agent", "test/1", "Cookie", "a=b")
	if status != 200 {
		t.Fatal(status)
	}
	c := <-s.opened
	if q := c.Query(); q.Get("userid") != "u 1" || len(q["x"]) != 2 {
		t.Fatalf("query %v", q)
	}
	if h := c.Header(); h.Get("User-Agent") != "test/1" || h.Get("Cookie") != "a=b" || h.Get("Host") == "" || h.Get("Accept-Encoding") != "" {
		t.Fatalf("header %v", h)
	}
}

// TestQuickConnects opens and drops connections in every way at once; run it with the race detector.
func TestQuickConnects(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxConnsPerIP: -1, Wheel: wheel.New(0)})
	s.onOpen = func(c *Conn) { _ = c.Send(Text([]byte("welcome"))) }
	const clients = 300
	var wg sync.WaitGroup
	work := make(chan int, clients)
	for i := range clients {
		work <- i
	}
	close(work)
	for range 16 {
		wg.Go(func() {
			for i := range work {
				s.quick(i)
			}
		})
	}
	wg.Wait()
	waitFor(t, func() bool { st := s.srv.Stats(); return st.WebSocket == 0 && st.Polling == 0 })
	if got := s.srv.Stats().Opened; got != clients {
		t.Fatalf("%d opened", got)
	}
}

// quick connects once and leaves in one of several ways.
func (s *site) quick(i int) {
	version := bothVersions[i%2]
	if i%3 == 0 {
		q := s.poll(version)
		if i%2 == 0 {
			ws := s.probed(q)
			s.send(ws, "5")
			s.expect(ws, "4welcome")
			_ = ws.Close()
			return
		}
		s.want("GET", q, "", 200, framed(version, "4welcome"))
		s.want("POST", q, framed(version, "1"), 200, "ok")
		return
	}
	ws := s.socket(version)
	s.expect(ws, "4welcome")
	if i%5 == 0 {
		s.send(ws, "1")
		s.gone(ws)
	}
	_ = ws.Close()
}
