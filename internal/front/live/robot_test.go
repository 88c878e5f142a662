package live_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
)

// TestARobotAnswersInTheWidget follows a visitor from the greeting to a person, over
// the contracts that the widget and the console use.
func TestARobotAnswersInTheWidget(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.Agent("root@example.com", account.Admin)
	root := w.Token("root@example.com")
	article := field(t, w.api(root, "POST", "/knowledge", `{"title":"邮费多少钱","questions":["运费怎么算"],"answer":"满 99 元包邮。","active":true,"related":[],"inboxes":[],"locale":""}`), "id")
	made := w.api(root, "POST", "/robots", fmt.Sprintf(`{"name":"小助","active":true,"inboxes":["main"],"greeting":{"":"您好，我是小助。"},"menu":"m","buttonAfter":1,
		"menus":[{"id":"m","title":{"":"请选择"},"items":[{"id":"post","title":{"":"邮费"},"does":"answer","article":%q},{"id":"man","title":{"":"人工"},"does":"human"}]}]}`, article))
	lin := w.console("lin@example.com", false)
	lin.has(made, `"threshold":45`, `"keySet":false`, `"agent":"robot-`)
	v, hello := w.page(`{"inbox":"main","locale":"zh-CN"}`)
	v.has(hello, `"agentsOnline":true`)
	lin.has(v.call("start", `{}`), `"status":"open"`, `"agent":{"name":"小助"}`, `"robot":{"name":"小助","button":true,"after":1}`)
	v.until("message", "您好，我是小助。", `"rule":"greeting"`)
	v.until("message", `"kind":"menu"`, `"items":[{"id":"post","title":"邮费"},{"id":"man","title":"人工"}]`, `"worded":true`)
	v.call("post", `{"kind":"text","text":"运费怎么算？","clientId":"c1"}`)
	answer := v.until("message", "满 99 元包邮。", `"rule":"answer"`, `"rate":true`, `"sources":[{"id":"`+article+`"`)
	if strings.Contains(answer, `"id":"robot-`) {
		t.Error("the visitor learns the agent's id", answer)
	}
	rows := w.api(w.Token("lin@example.com"), "GET", "/conversations?view=robot", "")
	lin.has(rows, `"bot":true`, `"agentName":"小助"`)
	seq := number(t, answer, "seq")
	v.call("helpful", fmt.Sprintf(`{"seq":%s,"helpful":true}`, seq))
	v.until("message", "很高兴能帮到您")
	if again := v.call("helpful", fmt.Sprintf(`{"seq":%s,"helpful":true}`, seq)); strings.Contains(again, "reason") {
		t.Error("the same again:", again)
	}
	if refusal := v.call("helpful", fmt.Sprintf(`{"seq":%s,"helpful":false}`, seq)); !strings.Contains(refusal, "rated_already") {
		t.Error(refusal)
	}
	lin.has(w.api(root, "GET", "/knowledge/"+article, ""), `"asked":1`, `"solved":1`, `"unsolved":0`)
	w.api(w.Token("lin@example.com"), "PUT", "/me/state", `{"state":"ready"}`)
	v.call("human", `{"item":"man"}`)
	v.until("message", "正在为您转接人工客服")
	v.until("state", `"agent":{"name":"Lin"}`)
	lin.until("conversation", `"cause":"assigned"`)
}

// number returns the first value of a field that is a number.
func number(t *testing.T, text, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, `"`+name+`":`)
	if !ok {
		t.Fatalf("no %s in %s", name, text)
	}
	return rest[:strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })]
}
