package contracttest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

// Live is a realtime connection in a test.
type Live struct {
	t *testing.T
	c *wstest.Client
}

// Connect opens one.
func Connect(t *testing.T, s *servertest.Instance) *Live {
	t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Conn.Close() }) // the server may have closed it
	l := &Live{t, c}
	l.Send(`{"msg":"connect","version":"1","support":["1"]}`)
	if l.Next("connected").Get("session") == "" {
		t.Fatal("no session")
	}
	return l
}

// Send sends a frame.
func (l *Live) Send(text string) {
	l.t.Helper()
	if err := l.c.Text(text); err != nil {
		l.t.Fatal(err)
	}
}

// Next reads frames until one of a kind whose text holds all of the words.
func (l *Live) Next(msg string, words ...string) Answer {
	l.t.Helper()
	if err := l.c.Conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		l.t.Fatal(err)
	}
	for {
		b, err := l.c.ReadText()
		if err != nil {
			l.t.Fatalf("waiting for %s %v: %v", msg, words, err)
		}
		var m struct{ Msg string }
		if err := json.Unmarshal([]byte(b), &m); err != nil {
			l.t.Fatal(err)
		}
		found := m.Msg == msg
		for _, w := range words {
			found = found && strings.Contains(b, w)
		}
		if found {
			return Answer{T: l.t, Text: b}
		}
	}
}

// Sub subscribes to a stream and waits for the answer.
func (l *Live) Sub(id, stream, name, token, want string) {
	l.t.Helper()
	l.Send(fmt.Sprintf(`{"msg":"sub","id":%q,"name":"stream-%s","params":[%q,{"useCollection":false,"args":[{"token":%q,"visitorToken":%q}]}]}`, id, stream, name, token, token))
	l.Next(want, `"`+id+`"`)
}

// Call calls a method.
func (l *Live) Call(id, method, params string) Answer {
	l.t.Helper()
	l.Send(fmt.Sprintf(`{"msg":"method","id":%q,"method":%q,"params":%s}`, id, method, params))
	return l.Next("result", `"id":"`+id+`"`)
}
