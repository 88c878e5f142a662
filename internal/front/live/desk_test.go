package live_test

import (
	"fmt"
	"strings"
	"testing"
)

// Row 101: both sides learn of a recall, and whoever was away learns of it too.
func TestRow101RecallReachesBothSides(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, v.call("post", `{"clientId":"m1","kind":"text","text":"my password"}`), "conversation")
	a.until("message", `"clientId":"m1"`)
	a.has(a.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","text":"oops"}`, conv)), `"seq":3`)
	v.until("message", "oops")

	a.has(a.call("recall", fmt.Sprintf(`{"conversation":%q,"seq":2}`, conv)), `"reason":"not_author"`)
	got := v.call("recall", fmt.Sprintf(`{"conversation":%q,"seq":2}`, conv))
	v.has(got, `"recalled":{"by":{"kind":"visitor"}`, `"seq":2`)
	seen := a.until("recalled", `"seq":2`, `"lastText":`)
	if strings.Contains(seen, "password") {
		t.Fatal(seen)
	}
	a.until("message", `"name":"recalled"`, `"seq":4`)
	a.has(a.call("recall", fmt.Sprintf(`{"conversation":%q,"seq":3}`, conv)), `"name":"Lin"`)
	seen = v.until("recalled", `"seq":3`, `"by":{"kind":"agent"},`)
	if strings.Contains(seen, "oops") {
		t.Fatal(seen)
	}
	got = v.call("resume", fmt.Sprintf(`{"conversation":%q,"seq":3}`, conv))
	v.has(got, `"name":"recalled"`, `"seq":5`)
	got = a.call("resume", fmt.Sprintf(`{"conversations":{%q:1}}`, conv))
	a.has(got, `"name":"recalled"`, `"recalled":{"by":{"kind":"agent"`)
	if strings.Contains(got, "oops") || strings.Contains(got, "password") {
		t.Fatal(got)
	}
}

// TestAConversationThatBeganElsewhereIsResumed: a page that knows of no conversation
// asks when it is connected, and follows the one that runs.
func TestAConversationThatBeganElsewhereIsResumed(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	token := w.visitor()
	first := connect(t, w.Instance, "/parlor/visitor", token)
	if got := first.call("resume", `{"conversation":"","seq":0}`); got != `{"messages":[]}` {
		t.Fatal(got)
	}
	conv := field(t, first.call("post", `{"clientId":"m1","kind":"text","text":"from the first page"}`), "conversation")
	second := connect(t, w.Instance, "/parlor/visitor", token)
	got := second.call("resume", `{"conversation":"","seq":0}`)
	second.has(got, `"text":"from the first page"`, `"status":"open"`, `"conversation":"`+conv+`"`)
	if strings.Contains(got, `"reload"`) {
		t.Fatal(got)
	}
	a.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","text":"hello both"}`, conv))
	second.until("message", "hello both")
	if got = connect(t, w.Instance, "/parlor/visitor", w.visitor()).call("resume", `{"conversation":"","seq":0}`); got != `{"messages":[]}` {
		t.Fatal("a stranger's", got)
	}
}

func TestTagsMentionsAndDraftsReachTheConsole(t *testing.T) {
	t.Parallel()
	w := start(t)
	a, tab, boss := w.console("lin@example.com", true), w.console("lin@example.com", false), w.console("cy@example.com", false)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, v.call("start", `{}`), "conversation")
	a.until("conversation", conv)
	a.call("draft", fmt.Sprintf(`{"conversation":%q,"text":"half a sen","origin":"tab1"}`, conv))
	tab.until("draft", `"text":"half a sen"`, `"origin":"tab1"`)
	a.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"note","text":"@cy can you help?"}`, conv))
	tab.until("draft", `"text":""`)
	boss.until("mention", `"unread":1`, "can you help")
	boss.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"note","text":"@lin yes"}`, conv))
	for _, k := range []*sock{a, tab} {
		k.until("mention", `"text":"@lin yes"`)
	}
	token := w.Token("cy@example.com")
	call := func(path, body string) string {
		t.Helper()
		code, text, _ := w.Call("POST", "/api/parlor/v1"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
		if code != 200 {
			t.Fatal(path, text)
		}
		return text
	}
	id := field(t, call("/tags", `{"kind":"conversation","name":"VIP"}`), "id")
	call("/conversations/"+conv+"/tags", fmt.Sprintf(`{"add":[%q]}`, id))
	a.until("tags", conv, id, `"by":"Cy"`)
	if strings.Contains(call("/conversations/"+conv+"/tags", fmt.Sprintf(`{"remove":[%q]}`, id)), id) {
		t.Fatal("the tag stays")
	}
	a.until("tags", `"tags":[]`)
	v.none("mention", "")
	v.none("tags", "")
}

// Row 85: colleagues write to each other and in groups, on the console's socket.
func TestRow85ColleaguesTalk(t *testing.T) {
	t.Parallel()
	w := start(t)
	a, b := w.console("lin@example.com", false), w.console("bo@example.com", false)
	tab := w.console("bo@example.com", false)
	bo := field(t, b.until("agent", `"name":"Bo"`), "agent")
	got := a.call("colleague", fmt.Sprintf(`{"to":%q,"text":"能接一下吗？","from":"somebody else"}`, bo))
	lin := field(t, got, "from")
	for _, k := range []*sock{a, b, tab} {
		k.has(k.until("colleague", "能接一下吗？"), `"fromName":"Lin"`)
	}
	b.has(b.call("colleague-read", fmt.Sprintf(`{"peer":%q}`, lin)), `"unread":0`)
	tab.until("colleague-changed", lin, `"unread":0`)
	a.has(a.call("colleague", fmt.Sprintf(`{"to":%q,"text":"x"}`, lin)), `"reason":"yourself"`)
	a.has(a.call("colleague", `{"text":"x"}`), `"reason":"one_target"`)
	a.has(a.call("colleague", `{"to":"nobody","text":"x"}`), `"reason":"agent_not_found"`)
	code, body, _ := w.Call("POST", "/api/parlor/v1/colleagues/groups", fmt.Sprintf(`{"name":"夜班","members":[%q]}`, bo),
		"Authorization", "Bearer "+w.Token("lin@example.com"), "Content-Type", "application/json")
	if code != 200 {
		t.Fatal(body)
	}
	group := field(t, body, "id")
	b.until("colleague-changed", `"name":"夜班"`)
	cy := w.console("cy@example.com", false)
	cy.has(cy.call("colleague", fmt.Sprintf(`{"group":%q,"text":"x"}`, group)), `"reason":"group_not_found"`)
	b.call("colleague", fmt.Sprintf(`{"group":%q,"text":"在"}`, group))
	a.until("colleague", `"group":"`+group, `"text":"在"`)
	// What is deleted is gone from everybody's list at once.
	if code, body, _ := w.Call("DELETE", "/api/parlor/v1/colleagues/groups/"+group, "", "Authorization", "Bearer "+w.Token("lin@example.com")); code != 204 {
		t.Fatal(code, body)
	}
	b.until("colleague-changed", `"members":[]`)
	cy.none("colleague", "")
}

func TestWhoLooksAndTypesIsSeenUntilTheTabDies(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, v.call("start", `{}`), "conversation")
	a.until("conversation", conv)
	watch := fmt.Sprintf(`{"conversation":%q}`, conv)
	a.has(a.call("watch", watch), `"viewers":[{"agent":`, `"name":"Lin"`)
	boss, tab := w.console("cy@example.com", false), w.console("cy@example.com", false)
	boss.has(boss.call("watch", watch), `"name":"Lin"`, `"name":"Cy"`)
	a.until("viewers", conv, `"name":"Cy"`)
	tab.call("watch", watch)
	boss.send(fmt.Sprintf(`42/parlor/agent,["typing",{"conversation":%q,"on":true}]`, conv))
	a.until("viewers", `"name":"Cy","typing":true`)
	boss.send(fmt.Sprintf(`42/parlor/agent,["typing",{"conversation":%q,"on":false}]`, conv))
	a.until("viewers", `"name":"Cy","typing":false`)
	if err := boss.c.Close(); err != nil {
		t.Fatal(err)
	}
	a.until("viewers", `"name":"Cy","typing":false`) // the other tab is still there
	tab.call("watch", `{"conversation":""}`)
	for strings.Contains(a.until("viewers", conv), `"name":"Cy"`) {
		continue // earlier news
	}
	v.none("viewers", "")
}

// Row 80: a blocked visitor is put out and not let in again.
func TestRow80BlockedVisitorIsPutOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	token := w.visitor()
	v := connect(t, w.Instance, "/parlor/visitor", token)
	other := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv := field(t, v.call("start", `{}`), "conversation")
	got := a.until("conversation", conv)
	who := field(t, got[strings.Index(got, `"visitor"`):], "visitor")
	code, body, _ := w.Call("POST", "/api/parlor/v1/blacklist", fmt.Sprintf(`{"visitor":%q,"reason":"spam","hours":2}`, who),
		"Authorization", "Bearer "+w.Token("cy@example.com"), "Content-Type", "application/json")
	if code != 200 {
		t.Fatal(body)
	}
	v.until("blocked")
	if _, refused := dial(t, w.Instance, "/parlor/visitor", fmt.Sprintf(`{"token":%q}`, token), nil); !strings.Contains(refused, "blacklisted") {
		t.Fatalf("let in again: %q", refused)
	}
	code, body, _ = w.Call("POST", "/api/parlor/v1/visitor/session", fmt.Sprintf(`{"inbox":"main","token":%q}`, token), "Content-Type", "application/json")
	if code != 403 || !strings.Contains(body, "blacklisted") {
		t.Fatal(code, body)
	}
	other.has(other.call("start", `{}`), `"status":"open"`)
	code, body, _ = w.Call("POST", "/api/parlor/v1/blacklist", `{"address":"127.0.0.1"}`, "Authorization", "Bearer "+w.Token("cy@example.com"), "Content-Type", "application/json")
	if code != 200 {
		t.Fatal(body)
	}
	other.until("blocked")
	if _, refused := dial(t, w.Instance, "/parlor/visitor", `{"inbox":"main"}`, nil); !strings.Contains(refused, "blacklisted") {
		t.Fatalf("somebody new from the address is let in: %q", refused)
	}
}
