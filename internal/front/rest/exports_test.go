package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/wsconn/wstest"
)

// watch connects a console's socket, of which frames can be awaited.
func (b *browser) watch(t *testing.T) *wstest.Client {
	t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(b.s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", map[string][]string{"Cookie": {b.cookie}, "Origin": {b.s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server ends before
	if err := c.Text("40/parlor/agent,"); err != nil {
		t.Fatal(err)
	}
	until(t, c, `["hello"`)
	return c
}

// until reads frames to the first that holds all parts.
func until(t *testing.T, c *wstest.Client, parts ...string) string {
	t.Helper()
next:
	for {
		b, err := c.ReadText()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parts {
			if !strings.Contains(b, p) {
				continue next
			}
		}
		return b
	}
}

func TestAListIsTakenAwayAsAFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	feed := d.boss.watch(t)
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	body := func(kind string) string {
		return fmt.Sprintf(`{"kind":%q,"from":%q,"lang":"zh-CN","zone":"Asia/Shanghai"}`, kind, from)
	}
	d.lin.ask(t, 403, "POST", "/exports", body("messages"), `"reason":"not_allowed"`)
	d.lin.ask(t, 403, "GET", "/exports", "")
	d.boss.ask(t, 403, "POST", "/exports", body("audit"), `"reason":"not_allowed"`)
	d.boss.ask(t, 403, "GET", "/exports?all=true", "")
	d.boss.ask(t, 400, "POST", "/exports", `{"kind":"messages"}`, `"reason":"bad_span"`)
	d.boss.ask(t, 400, "POST", "/exports", `{"kind":"agents"}`)
	x := d.boss.ask(t, 200, "POST", "/exports", body("messages"), `"state":"waiting"`)["id"].(string)
	until(t, feed, `"export",`, x, `"state":"done"`, `"rows":`)
	d.boss.ask(t, 200, "GET", "/exports/"+x, "", `"state":"done"`, `"downloads":0`)
	code, text, h := d.Call("GET", api+"/exports/"+x+"/file", "", "Cookie", d.boss.cookie)
	if code != 200 || !strings.HasPrefix(text, "\ufeff会话编号,序号,时间,") || !strings.Contains(text, "物流问题") {
		t.Fatal(code, text)
	}
	for name, want := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Content-Length": fmt.Sprint(len(text))} {
		if h.Get(name) != want {
			t.Errorf("%s is %q", name, h.Get(name))
		}
	}
	if got := h.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=messages-") || !strings.HasSuffix(got, ".csv") {
		t.Error(got)
	}
	for _, cookie := range []string{"", d.lin.cookie} {
		if code, text, _ := d.Call("GET", api+"/exports/"+x+"/file", "", "Cookie", cookie); code != 401 && code != 403 {
			t.Error("a stranger gets the file:", code, text)
		}
	}
	// No address of files, signed or not, leads to it.
	if code, _, _ := d.Call("GET", "/files/"+x+"/original?t=main&e=9999999999&s=x", ""); code != 403 {
		t.Error("its public address:", code)
	}
	d.Agent("root@example.com", account.Admin)
	root := login(t, d.Instance, "root@example.com")
	root.ask(t, 200, "GET", "/exports", "", `"items":[]`)
	root.ask(t, 200, "GET", "/exports?all=true", "", x, `"downloads":1`)
	if code, _, _ := d.Call("GET", api+"/exports/"+x+"/file", "", "Cookie", root.cookie); code != 200 {
		t.Error("an administrator:", code)
	}
	root.ask(t, 200, "GET", "/admin/audit?thing=export", "", `"byName":"Root"`, `"byName":"Boss"`, `"action":"read"`)
	d.boss.ask(t, 204, "DELETE", "/exports/"+x, "")
	d.boss.ask(t, 404, "GET", "/exports/"+x, "")
	d.boss.ask(t, 404, "GET", "/exports/"+x+"/file", "")
	until(t, feed, `"export",`, x, `"gone":true`)
}

// A role without the permission to see contact details exports none of them.
func TestExportsAreMasked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.known(t)
	d.Agent("root@example.com", account.Admin)
	root := login(t, d.Instance, "root@example.com")
	role := root.ask(t, 200, "POST", "/admin/roles", `{"name":"Masked","permissions":["conversation.reply","conversation.see_all","data.export"]}`)["id"].(string)
	root.ask(t, 200, "POST", "/admin/agents", fmt.Sprintf(`{"email":"eve@example.com","name":"Eve","password":"correct horse","role":%q}`, role))
	eve := loginWith(t, d.Instance, "eve@example.com", "correct horse")
	feed := eve.watch(t)
	from := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for _, kind := range []string{"conversations", "contacts", "left", "ratings"} {
		x := eve.ask(t, 200, "POST", "/exports", fmt.Sprintf(`{"kind":%q,"from":%q}`, kind, from))["id"].(string)
		until(t, feed, `"export",`, x, `"state":"done"`)
		code, text := eve.call("GET", "/exports/"+x+"/file", "")
		if code != 200 || kind != "ratings" && !strings.Contains(text, "•") {
			t.Error(kind, code, text)
		}
		clean(t, kind, text)
	}
}
