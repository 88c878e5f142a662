package live_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/server/servertest"
	"parlor/internal/setting"
	"parlor/internal/wsconn/wstest"
)

// sock is a Socket.IO 5 client of one namespace.
type sock struct {
	t    *testing.T
	c    *wstest.Client
	nsp  string
	next int
	// held are events that came while something else was awaited.
	held []packet
}

type packet struct {
	event string
	arg   string
}

// dial connects; refused is the text of a CONNECT_ERROR.
func dial(t *testing.T, s *servertest.Instance, nsp, auth string, header http.Header) (k *sock, refused string) {
	t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	k = &sock{t: t, c: c, nsp: nsp, next: 1}
	k.send("40" + nsp + "," + auth)
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

func connect(t *testing.T, s *servertest.Instance, nsp, token string) *sock {
	t.Helper()
	k, refused := dial(t, s, nsp, fmt.Sprintf(`{"token":%q}`, token), nil)
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

// read returns the next packet that is no heartbeat.
func (k *sock) read() string {
	k.t.Helper()
	for {
		text, err := k.c.ReadText()
		if err != nil {
			k.t.Fatalf("%v; held: %+v", err, k.held)
		}
		if text != "2" {
			return text
		}
		k.send("3")
	}
}

// call emits an event and returns its acknowledgement, keeping other events.
func (k *sock) call(event, arg string) string {
	k.t.Helper()
	n := k.next
	k.next++
	k.send(fmt.Sprintf(`42%s,%d[%q,%s]`, k.nsp, n, event, arg))
	want := fmt.Sprintf("43%s,%d", k.nsp, n)
	for {
		text := k.read()
		if body, ok := strings.CutPrefix(text, want); ok {
			return strings.TrimSuffix(strings.TrimPrefix(body, "["), "]")
		}
		k.keep(text)
	}
}

func (k *sock) keep(text string) {
	k.t.Helper()
	body, ok := strings.CutPrefix(text, "42"+k.nsp+",")
	if !ok {
		k.t.Fatalf("unexpected packet %s", text)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(body), &parts); err != nil || len(parts) != 2 {
		k.t.Fatalf("unexpected event %s", body)
	}
	k.held = append(k.held, packet{strings.Trim(string(parts[0]), `"`), string(parts[1])})
}

// until returns the next event of that name whose argument holds every part.
func (k *sock) until(event string, parts ...string) string {
	k.t.Helper()
	for {
		for i, p := range k.held {
			if p.event != event {
				continue
			}
			fits := true
			for _, s := range parts {
				fits = fits && strings.Contains(p.arg, s)
			}
			if fits {
				k.held = append(k.held[:i:i], k.held[i+1:]...)
				return p.arg
			}
		}
		k.keep(k.read())
	}
}

// none fails if such an event came before the answer of another call.
func (k *sock) none(event string, part string) {
	k.t.Helper()
	k.call("read", `{"conversation":"","seq":0}`)
	for _, p := range k.held {
		if p.event == event && strings.Contains(p.arg, part) {
			k.t.Fatalf("%s came: %s", event, p.arg)
		}
	}
}

func (k *sock) has(got string, parts ...string) {
	k.t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			k.t.Fatalf("%s is not in %s", p, got)
		}
	}
}

type world struct {
	*servertest.Instance
	t *testing.T
}

func start(t *testing.T) *world {
	w := &world{servertest.Start(t, map[string]string{"agent-lost-after": "1s"}), t}
	w.Agent("lin@example.com", account.Member)
	w.Agent("bo@example.com", account.Member)
	w.Agent("cy@example.com", account.Supervisor)
	return w
}

func (w *world) visitor() (token string) {
	w.t.Helper()
	_, body, _ := w.Call("POST", "/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json")
	var out struct{ Token string }
	if err := json.Unmarshal([]byte(body), &out); err != nil || out.Token == "" {
		w.t.Fatalf("%v %s", err, body)
	}
	return out.Token
}

// console connects an agent and makes it ready.
func (w *world) console(email string, ready bool) *sock {
	w.t.Helper()
	token := w.Token(email)
	k := connect(w.t, w.Instance, "/parlor/agent", token)
	k.until("hello", `"counts":`)
	if ready {
		code, body, _ := w.Call("PUT", "/api/parlor/v1/me/state", `{"state":"ready"}`, "Authorization", "Bearer "+token, "Content-Type", "application/json")
		if code != 200 {
			w.t.Fatal(body)
		}
	}
	return k
}

func field(t *testing.T, text, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `"`+name+`":"`)
	if !ok {
		t.Fatalf("no %s in %s", name, text)
	}
	v, _, _ := strings.Cut(rest, `"`)
	return v
}

func TestRow29TextFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	state := v.call("start", `{"page":{"url":"https://shop.example/","title":"灯"}}`)
	v.has(state, `"status":"queued"`, `"place":1`, `"ahead":0`, `"agentsOnline":false`)
	v.has(v.call("post", `{"clientId":"m1","kind":"text","text":"你好 🌏"}`), `"seq":1`, `"text":"你好 🌏"`)
	conv := field(t, state, "conversation")

	a := w.console("lin@example.com", true)
	a.until("conversation", `"cause":"assigned"`, conv)
	v.until("state", `"status":"open"`, `"agent":{"name":"Lin"}`)
	second := w.console("lin@example.com", false)

	v.has(v.call("post", `{"clientId":"m2","kind":"text","text":"在吗"}`), `"seq":3`, `"prev":2`)
	for _, k := range []*sock{a, second} {
		k.until("message", `"clientId":"m2"`, `"unread":2`, `"visitorName":"Guest`)
	}
	v.send(`42/parlor/visitor,["typing",{"text":"我想问"}]`)
	a.until("typing", `"text":"我想问"`, `"from":"visitor"`)
	a.send(fmt.Sprintf(`42/parlor/agent,["typing",{"conversation":%q,"on":true}]`, conv))
	v.until("typing", `"name":"Lin"`, `"on":true`)
	a.has(a.call("post", fmt.Sprintf(`{"conversation":%q,"clientId":"n1","kind":"note","text":"老客户"}`, conv)), `"seq":4`)
	a.has(a.call("post", fmt.Sprintf(`{"conversation":%q,"clientId":"a1","kind":"text","text":"您好"}`, conv)), `"seq":5`)
	got := v.until("message", `"text":"您好"`, `"prev":3`)
	if strings.Contains(got, `"id":"01`) && strings.Contains(got, `"kind":"agent","id"`) {
		t.Fatal("the agent's id reached the visitor")
	}
	second.until("message", `"kind":"note"`)
	second.until("message", `"text":"您好"`)
	v.call("read", `{"seq":5}`)
	a.until("read", `"side":"visitor"`, `"seq":5`)
	v.none("message", "老客户")

	a.call("watch", fmt.Sprintf(`{"conversation":%q}`, conv))
	v.call("page", `{"url":"https://shop.example/cart","title":"购物车"}`)
	a.until("visitor", `"title":"购物车"`)
	v.has(v.call("close", `null`), `"status":"closed"`, `"endBy":"user"`)
	a.until("conversation", `"cause":"closed"`)
	a.has(a.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","text":"late"}`, conv)), `"reason":"conversation_closed"`)
}

func TestPostStartsAConversationAndARepeatIsFound(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	token := w.visitor()
	v := connect(t, w.Instance, "/parlor/visitor", token)
	first := v.call("post", `{"clientId":"m1","kind":"text","text":"hi"}`)
	v.has(first, `"status":"open"`)
	conv := field(t, first, "conversation")
	a.until("message", `"clientId":"m1"`)
	again := v.call("post", fmt.Sprintf(`{"conversation":%q,"clientId":"m1","kind":"text","text":"hi"}`, conv))
	if field(t, again, "id") != field(t, first, "id") {
		t.Fatalf("%s and %s", first, again)
	}
	a.none("message", `"seq":3`)

	// Another connection resumes and gets exactly what it has not.
	tab := connect(t, w.Instance, "/parlor/visitor", token)
	v.has(v.call("post", `{"clientId":"m2","kind":"text","text":"more"}`), `"seq":3`)
	got := tab.call("resume", fmt.Sprintf(`{"conversation":%q,"seq":2}`, conv))
	tab.has(got, `"clientId":"m2"`, `"status":"open"`)
	if strings.Contains(got, `"clientId":"m1"`) || strings.Contains(got, `"reload":true`) {
		t.Fatalf("too much: %s", got)
	}
	tab.has(tab.call("resume", fmt.Sprintf(`{"conversation":%q,"seq":99}`, conv)), `"reload":true`)
	tab.has(tab.call("resume", `{"conversation":"nope","seq":0}`), `"reload":true`)
	got = a.call("resume", fmt.Sprintf(`{"conversations":{%q:2}}`, conv))
	a.has(got, `"clientId":"m2"`, `"lastSeq":3`)
}

func TestForgedIdentitiesAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	victim := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, victim.call("start", `{}`), "conversation")
	a.until("conversation", conv)

	thief := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	thief.has(thief.call("resume", fmt.Sprintf(`{"conversation":%q,"seq":0}`, conv)), `"reload":true`)
	thief.has(thief.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","text":"x"}`, conv)), `"reason":"conversation_not_found"`)
	bo := w.console("bo@example.com", false)
	bo.has(bo.call("watch", fmt.Sprintf(`{"conversation":%q}`, conv)), `"reason":"conversation_not_found"`)
	bo.has(bo.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","text":"x"}`, conv)), `"reason":"not_your_conversation"`)
	bo.has(bo.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"note","text":"x"}`, conv)), `"reason":"conversation_not_found"`)
	victim.none("message", "x")

	token := w.visitor()
	for name, c := range map[string]struct{ nsp, auth string }{
		"no token":             {"/parlor/visitor", `{}`},
		"operator for a token": {"/parlor/visitor", `{"token":{"$regex":".*"}}`},
		"changed token":        {"/parlor/visitor", fmt.Sprintf(`{"token":%q}`, token[:len(token)-2]+"xx")},
		"visitor as agent":     {"/parlor/agent", fmt.Sprintf(`{"token":%q}`, token)},
		"agent without login":  {"/parlor/agent", `{"userid":"1","admin":true}`},
		"agent as visitor":     {"/parlor/visitor", fmt.Sprintf(`{"token":%q}`, w.Token("lin@example.com"))},
	} {
		if _, refused := dial(t, w.Instance, c.nsp, c.auth, nil); !strings.Contains(refused, "unauthenticated") {
			t.Errorf("%s: %q", name, refused)
		}
	}
}

func TestCookieCountsOnlyFromOurOwnPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	_, _, h := w.Call("POST", "/api/parlor/v1/session", `{"login":"lin","password":"`+servertest.Password+`"}`, "Content-Type", "application/json")
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if _, refused := dial(t, w.Instance, "/parlor/agent", "{}", http.Header{"Cookie": {cookie}, "Origin": {"https://evil.example"}}); !strings.Contains(refused, "origin_refused") {
		t.Fatalf("another page uses the login: %q", refused)
	}
	k, refused := dial(t, w.Instance, "/parlor/agent", "{}", http.Header{"Cookie": {cookie}, "Origin": {w.URL}})
	if refused != "" {
		t.Fatal(refused)
	}
	k.until("hello")
}

func TestLostAgentIsToldToTheVisitorAndSupervisorsSeeRows(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss := w.console("cy@example.com", false)
	a := w.console("lin@example.com", true)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, v.call("post", `{"clientId":"m1","kind":"text","text":"hi"}`), "conversation")
	boss.until("conversation", conv, `"cause":"activity"`, `"lastText":"hi"`)
	boss.until("counts", `"all":1`)
	if err := a.c.Close(); err != nil {
		t.Fatal(err)
	}
	v.until("state", `"status":"queued"`)
	v.until("message", `"name":"agent_lost"`)
	boss.has(boss.call("watch", fmt.Sprintf(`{"conversation":%q}`, conv)), `"status":"queued"`, `"priority":100`)
	boss.until("agent", `"connected":false`, `"name":"Lin"`)
	back := w.console("lin@example.com", true)
	back.until("conversation", conv, `"cause":"assigned"`)
	v.until("state", `"status":"open"`)
}

func TestGarbageClosesNothingButItself(t *testing.T) {
	t.Parallel()
	w := start(t)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	for _, arg := range []string{`null`, `7`, `"x"`, `[]`, `{"kind":7}`, `{"kind":"text","text":{}}`, `{"kind":"video","text":"x"}`, `{"kind":"text","text":"` + strings.Repeat("x", 20000) + `"}`} {
		if got := v.call("post", arg); !strings.Contains(got, `"error":`) {
			t.Errorf("%.40s: %s", arg, got)
		}
	}
	v.has(v.call("post", `{"kind":"text","text":"fine"}`), `"text":"fine"`)
	bad := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	bad.send(`42/parlor/visitor,{"not":"an event"`)
	if err := bad.c.Conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := bad.c.Read(); err != nil {
			break
		}
	}
	v.has(v.call("post", `{"kind":"text","text":"still here"}`), `"text":"still here"`)
}

// TestTypingPreviewFollowsTheSettingsAtOnce is row 38 with S9: numbers of cards do
// not reach the agent, and a running connection follows a changed setting.
func TestTypingPreviewFollowsTheSettingsAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	v.call("start", `{}`)
	a.until("conversation", `"status":"open"`)
	set := func(in setting.Inbox) {
		t.Helper()
		if err := w.Accounts().SetInbox(t.Context(), actor.ForSystem("main"), account.Inbox{ID: "main", Name: "main", Settings: in}); err != nil {
			t.Fatal(err)
		}
	}
	typeIt := func(text string) { v.send(`42/parlor/visitor,["typing",{"text":"` + text + `"}]`) }
	typeIt("卡号 4111 1111 1111 1111")
	a.until("typing", "卡号 •••• •••• •••• ••••")
	set(setting.Inbox{NoRedaction: true})
	typeIt("卡号 4111 1111 1111 1112 或 4111111111111111")
	a.until("typing", "4111111111111111")
	set(setting.Inbox{NoTypingPreview: true})
	typeIt("不给看")
	v.call("post", `{"clientId":"c1","kind":"text","text":"发送了"}`)
	a.until("message", "发送了")
	a.none("typing", "不给看")
}
