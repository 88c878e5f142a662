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
