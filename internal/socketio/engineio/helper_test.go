package engineio

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parlor/internal/wheel"
	"parlor/internal/wsconn/wstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// app echoes and notes what happens.
type app struct {
	mu      sync.Mutex
	opened  chan *Conn
	closed  chan string
	onOpen  func(*Conn)
	message func(c *Conn, data []byte, binary bool)
	got     []string
}

func (a *app) Open(c *Conn) {
	if a.onOpen != nil {
		a.onOpen(c)
	}
	a.opened <- c
}

func (a *app) Message(c *Conn, data []byte, binary bool) {
	a.mu.Lock()
	a.got = append(a.got, string(data))
	a.mu.Unlock()
	if a.message != nil {
		a.message(c, data, binary)
		return
	}
	m := Text(data)
	if binary {
		m = Binary(c.Protocol(), data)
	}
	_ = c.Send(m)
}

func (a *app) Close(_ *Conn, reason string) { a.closed <- reason }

func (a *app) messages() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.got...)
}

// site is a running server with its clock.
type site struct {
	*app
	t     *testing.T
	srv   *Server
	clock *wheel.Wheel
	url   string
	http  *http.Client
}

// newSite starts a server whose time stands still until the test advances it.
func newSite(t *testing.T, o Options) *site {
	t.Helper()
	s := &site{app: &app{opened: make(chan *Conn, 2000), closed: make(chan string, 2000)}, t: t}
	if o.Wheel == nil {
		o.Wheel = wheel.NewManual(time.Unix(1, 0))
	}
	s.clock = o.Wheel
	s.srv = NewServer(o, s.app)
	web := httptest.NewServer(s.srv)
	s.url = web.URL + "/engine.io/"
	tr := &http.Transport{MaxIdleConnsPerHost: 10}
	s.http = &http.Client{Transport: tr}
	t.Cleanup(func() {
		if err := s.srv.Shutdown(t.Context()); err != nil && t.Context().Err() == nil {
			t.Errorf("shutdown: %v", err)
		}
		tr.CloseIdleConnections()
		web.Close()
	})
	return s
}

// do makes a request and returns status and body.
func (s *site) do(method, query, body string, header ...string) (int, string) {
	s.t.Helper()
	status, text, _ := s.full(method, query, body, header...)
	return status, text
}

func (s *site) full(method, query, body string, header ...string) (int, string, http.Header) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+"?"+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Errorf("%s %s: %v", method, query, err)
		return 0, "", nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Errorf("body: %v", err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func (s *site) want(method, query, body string, status int, text string) {
	s.t.Helper()
	gotStatus, got := s.do(method, query, body)
	if gotStatus != status || got != text {
		s.t.Fatalf("%s %s %q: got %d %q, want %d %q", method, query, body, gotStatus, got, status, text)
	}
}

// greeting is the content of an open packet.
type greeting struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func parseOpen(t *testing.T, text string) greeting {
	t.Helper()
	var g greeting
	rest, ok := strings.CutPrefix(text, "0")
	if !ok || json.Unmarshal([]byte(rest), &g) != nil {
		t.Fatalf("no open packet: %q", text)
	}
	return g
}

// base is the query of a polling session of a version.
func base(version string) string { return "EIO=" + version + "&transport=polling" }

// poll opens a polling session and returns the query of its further requests.
func (s *site) poll(version string) string {
	s.t.Helper()
	query := base(version)
	if version == "3" {
		query += "&b64=1"
	}
	status, text := s.do("GET", query, "")
	if status != 200 {
		s.t.Fatalf("handshake: %d %s", status, text)
	}
	if version == "3" {
		_, text, _ = strings.Cut(text, ":")
	}
	return base(version) + "&sid=" + parseOpen(s.t, text).SID
}

func (s *site) dial(query string) *wstest.Client {
	s.t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.url, "http")+"?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// socket opens a WebSocket session, past its open packet.
func (s *site) socket(version string) *wstest.Client {
	s.t.Helper()
	c := s.dial("EIO=" + version + "&transport=websocket")
	s.read(c)
	return c
}

func (s *site) read(c *wstest.Client) string {
	s.t.Helper()
	text, err := c.ReadText()
	if err != nil {
		s.t.Fatalf("read: %v", err)
	}
	return text
}

func (s *site) send(c *wstest.Client, text string) {
	s.t.Helper()
	if err := c.Text(text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) expect(c *wstest.Client, text string) {
	s.t.Helper()
	if got := s.read(c); got != text {
		s.t.Fatalf("got %q, want %q", got, text)
	}
}

// gone waits until the server closes.
func (s *site) gone(c *wstest.Client) {
	s.t.Helper()
	for {
		if err := c.Conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			s.t.Fatal(err)
		}
		if _, _, err := c.Read(); err != nil {
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				s.t.Fatal("the server did not close")
			}
			return
		}
	}
}

func (s *site) reason(want string) {
	s.t.Helper()
	if got := <-s.closed; got != want {
		s.t.Fatalf("closed with %q, want %q", got, want)
	}
}

// framed is a text packet in the polling framing of a version.
func framed(version string, packets ...string) string {
	if version == "4" {
		return strings.Join(packets, "\x1e")
	}
	var b strings.Builder
	for _, p := range packets {
		b.Write(appendV3Text(nil, []Message{{frame: []byte(p)}}, encodingUnknown))
	}
	return b.String()
}

var bothVersions = []string{"3", "4"}

// eachVersion runs a test for both protocol versions.
func eachVersion(t *testing.T, f func(t *testing.T, version string)) {
	for _, v := range bothVersions {
		t.Run("EIO"+v, func(t *testing.T) {
			t.Parallel()
			f(t, v)
		})
	}
}
