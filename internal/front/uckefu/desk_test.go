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

// closed waits until the server ends the namespace.
func (k *sock) closed() {
	k.t.Helper()
	for _, p := range k.held {
		if strings.HasPrefix(p, "41"+k.nsp) {
			return
		}
	}
	for text := k.read(); !strings.HasPrefix(text, "41"+k.nsp); text = k.read() {
		continue
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

// ent opens a window of colleague chat.
func ent(t *testing.T, s *servertest.Instance, email, contextid, group string) *sock {
	t.Helper()
	q := map[string]string{"userid": "says nothing", "orgi": "ukewo", "session": s.Token(email), "contextid": contextid}
	if group != "" {
		q["group"] = group
	}
	k, refused := join(t, s, "/im/ent", q)
	return must(t, k, refused)
}

// Row 85: private lines, groups, counters and presence that returns to offline.
func TestRow85ColleagueChatOnTheContract(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		lin, bo := s.Agent("lin@example.com", account.Member), s.Agent("bo@example.com", account.Member)
		s.Agent("cy@example.com", account.Member)
		call := func(email, method, path, body string) string {
			t.Helper()
			code, text, _ := s.Call(method, "/api/parlor/v1/colleagues"+path, body, "Authorization", "Bearer "+s.Token(email), "Content-Type", "application/json")
			if code != 200 {
				t.Fatal(path, code, text)
			}
			return text
		}
		me := ent(t, s, "lin@example.com", "", "")
		peer := ent(t, s, "bo@example.com", "", "")
		me.until("status", `"message":"online"`, string(bo.ID))
		second := ent(t, s, "bo@example.com", "", "")
		me.emit("message", map[string]string{"userid": string(bo.ID), "type": "message", "touser": string(bo.ID), "message": "帮忙 <b>看</b>"})
		for _, k := range []*sock{peer, second} {
			k.until("message", `"calltype":"in"`, `"contextid":"`+string(lin.ID), "帮忙 看", `"chatype":"private"`)
		}
		me.until("message", `"calltype":"out"`, `"contextid":"`+string(bo.ID))
		if got := call("bo@example.com", "GET", "/chats", ""); !strings.Contains(got, `"unread":1`) || !strings.Contains(got, "帮忙 看") {
			t.Fatal(got)
		}
		window := ent(t, s, "bo@example.com", string(lin.ID), "")
		window.until("status", string(lin.ID))
		if got := call("bo@example.com", "GET", "/chats", ""); strings.Contains(got, `"unread":1`) {
			t.Fatal("opening the chat does not read it", got)
		}
		got := call("lin@example.com", "POST", "/groups", `{"name":"夜班","members":["`+string(bo.ID)+`"]}`)
		_, rest, _ := strings.Cut(got, `"id":"`)
		group, _, _ := strings.Cut(rest, `"`)
		room := ent(t, s, "bo@example.com", group, group)
		if _, refused := join(t, s, "/im/ent", map[string]string{"session": s.Token("cy@example.com"), "group": group}); !strings.Contains(refused, "group_not_found") {
			t.Fatalf("a stranger is let in: %s", refused)
		}
		me.emit("message", map[string]string{"contextid": group, "chatype": "group", "model": "entim", "message": "大家好"})
		for _, k := range []*sock{room, peer} {
			k.until("message", `"calltype":"in"`, `"contextid":"`+group, `"chatype":"group"`, "大家好")
		}
		me.emit("message", map[string]string{"touser": string(bo.ID), "message": "private again"})
		peer.until("message", "private again")
		room.emit("message", map[string]string{"message": "收到"})
		me.until("message", `"contextid":"`+group, "收到")
		room.until("message", "收到")
		for _, p := range room.held {
			if strings.Contains(p, "private again") {
				t.Fatal("the window of a group hears of other chats")
			}
		}
		for _, k := range []*sock{second, window} {
			if err := k.c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		me.emit("message", map[string]string{"touser": string(bo.ID), "message": "still there?"})
		peer.until("message", "still there?")
		for _, p := range me.held {
			if strings.Contains(p, `"offline"`) {
				t.Fatal("one of several windows closed, and he is offline")
			}
		}
		if err := peer.c.Close(); err != nil {
			t.Fatal(err)
		}
		me.until("status", `"message":"offline"`, string(bo.ID))
	})
}

// Row 80, acceptance test 19: a page of a blacklisted visitor is refused in its own form.
func TestRow80BlacklistedPageIsRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("boss@example.com", account.Supervisor)
	v, a, _ := pair(t, s)
	code, body, _ := s.Call("POST", "/api/parlor/v1/blacklist", `{"fingerprint":"ann","reason":"spam"}`, "Authorization", "Bearer "+s.Token("boss@example.com"), "Content-Type", "application/json")
	if code != 200 {
		t.Fatal(body)
	}
	v.until("status", "抱歉")
	v.closed()
	again, refused := join(t, s, "/im/user", page("ann"))
	again = must(t, again, refused)
	again.until("status", "抱歉", `"messageType":"message"`)
	again.until("status", `"messageType":"end"`)
	for text := again.read(); !strings.HasPrefix(text, "41/im/user"); text = again.read() {
		if strings.Contains(text, `"successmsg"`) {
			t.Fatal(text)
		}
	}
	k, refused := join(t, s, "/im/user", page("bob"))
	bob := must(t, k, refused)
	bob.emit("message", map[string]string{"type": "message", "message": "me too"})
	a.until("message", "me too")
}

// Row 80: an entry that names an address alone closes the open pages of that
// address at once, those of the native contract too.
func TestRow80AddressClosesOpenPages(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("boss@example.com", account.Supervisor)
	v, _, _ := pair(t, s)
	_, body, _ := s.Call("POST", "/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json")
	var session struct{ Token string }
	if err := json.Unmarshal([]byte(body), &session); err != nil {
		t.Fatal(err)
	}
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server has closed it
	own := &sock{t: t, c: c, nsp: "/parlor/visitor"}
	own.send(`40/parlor/visitor,{"token":"` + session.Token + `"}`)
	for text := own.read(); !strings.HasPrefix(text, "40/parlor/visitor"); text = own.read() {
		continue
	}
	block := func(address string) {
		t.Helper()
		code, body, _ := s.Call("POST", "/api/parlor/v1/blacklist", `{"address":"`+address+`"}`, "Authorization", "Bearer "+s.Token("boss@example.com"), "Content-Type", "application/json")
		if code != 200 {
			t.Fatal(body)
		}
	}
	block("192.0.2.7")
	v.emit("message", map[string]string{"type": "message", "message": "not me"})
	v.until("message", "not me")
	block("::ffff:127.0.0.1")
	v.until("status", "抱歉")
	v.closed()
	own.until("blocked")
	own.closed()
}

// Row 32: emoticons travel as markers and arrive as pictures.
func TestRow32Emoticons(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	v, a, conv := pair(t, s)
	v.emit("message", map[string]string{"type": "message", "message": `好 [12] [2026] <img src="/im/js/kindeditor/plugins/emoticons/images/7.gif"> <img src="https://evil.example/x.png">`})
	want := "好 \\u003cimg src='/im/js/kindeditor/plugins/emoticons/images/12.png' alt='😜\uFE0F'\\u003e [2026] \\u003cimg src='/im/js/kindeditor/plugins/emoticons/images/7.png' alt='🤐\uFE0F'\\u003e"
	for name, k := range map[string]*sock{"agent": a, "echo": v} {
		if got := k.until("message", "2026"); !strings.Contains(got, want) && !strings.Contains(got, strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(want)) {
			t.Errorf("%s: %s", name, got)
		}
	}
	code, body, _ := s.Call("GET", "/api/parlor/v1/conversations/"+conv+"/messages", "", "Authorization", "Bearer "+s.Token("lin@example.com"))
	if code != 200 || !strings.Contains(body, "\"text\":\"好 😜\uFE0F [2026] 🤐\uFE0F\"") {
		t.Fatal("other clients must see emoji:", code, body)
	}
	v.emit("message", map[string]string{"type": "message", "message": "typed 😜 stays"})
	if got := a.until("message", "stays"); !strings.Contains(got, "typed 😜 stays") {
		t.Error(got)
	}
	code, body, h := s.Call("GET", "/im/js/kindeditor/plugins/emoticons/images/12.png", "")
	if code != 200 || !strings.Contains(body, "😜") || !strings.HasPrefix(h.Get("Content-Type"), "image/svg+xml") {
		t.Error(code, body, h)
	}
	for _, name := range []string{"135.png", "012.png", "12.exe", "x", "..%2f12.png"} {
		if code, _, _ := s.Call("GET", "/im/js/kindeditor/plugins/emoticons/images/"+name, ""); code != 404 {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// R13: a text that is too long is cut with a notice, and no character is broken.
func TestLongTextIsCutWithANotice(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	v, a, _ := pair(t, s)
	v.emit("message", map[string]string{"type": "message", "message": strings.Repeat("字😀", 5001)})
	v.until("status", "10000", "前")
	got := a.until("message", "字😀字😀")
	if n := strings.Count(got, "字"); n != 5000 || strings.Count(got, "😀") != 5000 {
		t.Fatalf("%d characters arrived", n)
	}
	v.emit("message", map[string]string{"type": "message", "message": "short"})
	a.until("message", "short")
	for _, p := range v.held {
		if strings.Contains(p, "10000") {
			t.Fatal("a short text is said to be cut")
		}
	}
}
