package uckefu_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

// sock is a Socket.IO 5 client of one namespace of the contract.
type sock struct {
	t   *testing.T
	c   *wstest.Client
	nsp string
	// held are packets that came while something else was awaited.
	held []string
}

// join connects with a query; refused is the text of a CONNECT_ERROR.
func join(t *testing.T, s *servertest.Instance, nsp string, query map[string]string) (k *sock, refused string) {
	t.Helper()
	q := url.Values{"EIO": {"4"}, "transport": {"websocket"}}
	for name, v := range query {
		q.Set(name, v)
	}
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?"+q.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	k = &sock{t: t, c: c, nsp: nsp}
	k.send("40" + nsp + ",")
	for {
		text := k.read()
		switch {
		case strings.HasPrefix(text, "40"+nsp):
			return k, ""
		case strings.HasPrefix(text, "44"+nsp):
			return nil, text
		}
	}
}

func must(t *testing.T, k *sock, refused string) *sock {
	t.Helper()
	if refused != "" {
		t.Fatal(refused)
	}
	return k
}

func (k *sock) send(text string) {
	k.t.Helper()
	if err := k.c.Text(text); err != nil {
		k.t.Fatal(err)
	}
}

func (k *sock) emit(event string, arg any) {
	k.t.Helper()
	b, err := json.Marshal([]any{event, arg})
	if err != nil {
		k.t.Fatal(err)
	}
	k.send("42" + k.nsp + "," + string(b))
}

// read returns the next packet that is no heartbeat.
func (k *sock) read() string {
	k.t.Helper()
	for {
		text, err := k.c.ReadText()
		if err != nil {
			k.t.Fatalf("%v; held: %q", err, k.held)
		}
		if text != "2" {
			return text
		}
		k.send("3")
	}
}

// until returns the next event of that name that holds every part.
func (k *sock) until(event string, parts ...string) string {
	k.t.Helper()
	for {
		for i, p := range k.held {
			fits := strings.HasPrefix(p, "42"+k.nsp+`,["`+event+`"`)
			for _, s := range parts {
				fits = fits && strings.Contains(p, s)
			}
			if fits {
				k.held = append(k.held[:i:i], k.held[i+1:]...)
				return p
			}
		}
		k.held = append(k.held, k.read())
	}
}

// page is the query of a page of generation A.
func page(userid string) map[string]string {
	return map[string]string{"userid": userid, "orgi": "ukewo", "session": "s-" + userid, "appid": "main", "osname": "mac", "browser": "chrome", "nickname": userid}
}

// pair is a visitor who is served by an agent of the contract.
func pair(t *testing.T, s *servertest.Instance) (v, a *sock, conv string) {
	t.Helper()
	lin := s.Agent("lin@example.com", account.Member)
	token := s.Token("lin@example.com")
	k, refused := join(t, s, "/im/agent", map[string]string{"userid": string(lin.ID), "orgi": "ukewo", "session": token})
	a = must(t, k, refused)
	if code, body, _ := s.Call("PUT", "/api/servicequene?status=ready", "", "authorization", token); code != 200 {
		t.Fatal(body)
	}
	k, refused = join(t, s, "/im/user", page("ann"))
	v = must(t, k, refused)
	got := a.until("new", `"userid":"ann"`)
	_, rest, _ := strings.Cut(got, `"agentserviceid":"`)
	conv, _, _ = strings.Cut(rest, `"`)
	return v, a, conv
}

// Row 101: pages and consoles of the contract get the message again, with
// datastatus and without its text.
func TestRow101RecallOnTheContract(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	v, a, conv := pair(t, s)
	v.emit("message", map[string]string{"type": "message", "message": "my secret"})
	a.until("message", "my secret")
	s.Agent("boss@example.com", account.Supervisor)
	for _, seq := range []string{"2"} {
		code, body, _ := s.Call("POST", "/api/parlor/v1/conversations/"+conv+"/messages/"+seq+"/recall", "", "Authorization", "Bearer "+s.Token("boss@example.com"))
		if code != 200 {
			t.Fatal(body)
		}
	}
	for name, k := range map[string]*sock{"visitor": v, "agent": a} {
		if got := k.until("message", `"datastatus":true`, `"seq":2`); strings.Contains(got, "secret") {
			t.Errorf("%s: %s", name, got)
		}
	}
	code, body, _ := s.Call("GET", "/api/chatmessage?serviceid="+conv, "", "authorization", s.Token("lin@example.com"))
	if code != 200 || strings.Contains(body, "secret") || !strings.Contains(body, `"datastatus":true`) {
		t.Fatal(code, body)
	}
}
