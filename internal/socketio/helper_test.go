package socketio

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parlor/internal/wheel"
	"parlor/internal/wsconn/wstest"
)

// site is a running server.
type site struct {
	t     *testing.T
	srv   *Server
	clock *wheel.Wheel
	url   string
	http  *http.Client
}

// newSite starts a server whose time stands still until the test advances it.
func newSite(t *testing.T, o Options) *site {
	t.Helper()
	if o.Clock == nil {
		o.Clock = wheel.NewManual(time.Unix(1, 0))
	}
	s := &site{t: t, srv: New(o), clock: o.Clock}
	web := httptest.NewServer(s.srv)
	s.url = web.URL + "/socket.io/"
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

func (s *site) dial(query string) *client4 {
	s.t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.url, "http")+"?transport=websocket&"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return &client4{Client: c, t: s.t}
}

// raw opens a WebSocket of a version, past its open packet.
func (s *site) raw(version string) *client4 {
	s.t.Helper()
	c := s.dial("EIO=" + version)
	if open := c.read(); !strings.HasPrefix(open, "0{") {
		s.t.Fatalf("open packet %q", open)
	}
	return c
}

// join opens a version 4 connection and joins a namespace.
func (s *site) join(namespace string) *client4 {
	s.t.Helper()
	c := s.raw("4")
	c.join(namespace, "")
	return c
}

// client4 is a hand-driven client.
type client4 struct {
	*wstest.Client
	t *testing.T
}

func (c *client4) join(namespace, auth string) map[string]string {
	c.t.Helper()
	prefix := ""
	if namespace != "/" {
		prefix = namespace + ","
	}
	c.send("40" + prefix + auth)
	text, ok := strings.CutPrefix(c.read(), "40"+prefix)
	var answer map[string]string
	if !ok || json.Unmarshal([]byte(text), &answer) != nil || answer["sid"] == "" {
		c.t.Fatalf("CONNECT %s answered %q", namespace, text)
	}
	return answer
}

func (c *client4) send(packets ...string) {
	c.t.Helper()
	for _, p := range packets {
		if err := c.Text(p); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *client4) read() string {
	c.t.Helper()
	text, err := c.ReadText()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return text
}

func (c *client4) expect(packets ...string) {
	c.t.Helper()
	for _, want := range packets {
		if got := c.read(); got != want {
			c.t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func (c *client4) expectBytes(want string) {
	c.t.Helper()
	_, got, err := c.Read()
	if err != nil || string(got) != want {
		c.t.Fatalf("got %q %v, want %q", got, err, want)
	}
}

// gone waits until the server closes, whatever comes before.
func (c *client4) gone() {
	c.t.Helper()
	for {
		if err := c.Conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			c.t.Fatal(err)
		}
		_, _, err := c.Read()
		var late net.Error
		switch {
		case errors.As(err, &late) && late.Timeout():
			c.t.Fatal("the server did not close")
		case err != nil:
			return
		}
	}
}

// get makes a polling request.
func (s *site) get(query string) string { return s.request("GET", query, "") }

func (s *site) request(method, query, body string) string {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+"?transport=polling&"+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("%s %s: %d %q %v", method, query, resp.StatusCode, text, err)
	}
	return string(text)
}

// suite adds the application that the official suite expects.
func (s *site) suite(namespaces ...string) *site {
	for _, name := range namespaces {
		n := s.srv.Of(name)
		n.OnConnected(func(k *Socket) {
			auth := k.Auth()
			if auth == nil {
				auth = json.RawMessage("{}")
			}
			check(s.t, k.Emit("auth", auth))
		})
		n.On("message", func(k *Socket, args []json.RawMessage, _ func(...any)) {
			check(s.t, k.Emit("message-back", Raw(args)...))
		})
		n.On("message-with-ack", func(_ *Socket, args []json.RawMessage, ack func(...any)) { ack(Raw(args)...) })
	}
	return s
}

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
