package live_test

import (
	"strings"
	"testing"

	"parlor/internal/account"
)

// TestAnOpenedWindowCallsOnlyARobot: whoever opens the chat is greeted by the robot, if
// one receives visitors; an agent is not called by it.
func TestAnOpenedWindowCallsOnlyARobot(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.Agent("root@example.com", account.Admin)
	root := w.Token("root@example.com")
	lin := w.console("lin@example.com", true)
	door := `{"inbox":"main","locale":"zh-CN","page":{"url":"https://shop.example/"}}`
	early, _ := w.page(`{"inbox":"main","locale":"zh-CN"}`)
	if got := early.call("start", `{"robot":true}`); !strings.Contains(got, "no_robot") {
		t.Error("a conversation without a robot", got)
	}
	if got := w.api("", "POST", "/visitor/session", door); strings.Contains(got, `"robot"`) {
		t.Error("a robot that is not there", got)
	}
	if got := w.api(root, "GET", "/conversations?view=all", ""); strings.Contains(got, `"visitor"`) {
		t.Error("an agent was called", got)
	}
	w.api(root, "POST", "/robots", `{"name":"小助","active":true,"inboxes":["main"],"greeting":{"":"您好，我是小助。"}}`)
	lin.has(w.api("", "POST", "/visitor/session", door), `"robot":"小助"`, `"staffed":true`)
	v, _ := w.page(`{"inbox":"main","locale":"zh-CN"}`)
	lin.has(v.call("start", `{"robot":true}`), `"robot":{"name":"小助"`)
	v.until("message", "您好，我是小助。")
}
