package rest_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/window"
)

const windowKey = "0123456789abcdef"

// framed sets up a window with a key, as an administrator.
func (d *desk) framed(t *testing.T) *browser {
	t.Helper()
	d.Agent("root@example.com", account.Admin)
	root := login(t, d.Instance, "root@example.com")
	root.ask(t, 204, "PUT", "/admin/windows", `{"pages":[{"id":"crm","name":"CRM","address":"https://crm.example.com/o?a=1","sign":"hmac","key":"`+windowKey+`","sync":true},
		{"id":"old","name":"Old","address":"https://old.example.com/","off":true}],
		"flags":[{"flag":"order-detail","window":"crm","label":{"en":"Show order"}},{"flag":"gone","window":"old"}]}`)
	return root
}

func TestWindowsOfAConversation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.framed(t)
	tabs := d.lin.ask(t, 200, "GET", "/windows", "", `"origin":"https://crm.example.com"`, `"sync":true`, `"flag":"order-detail"`)
	if n, m := len(tabs["windows"].([]any)), len(tabs["buttons"].([]any)); n != 1 || m != 1 {
		t.Errorf("%d windows and %d buttons", n, m)
	}
	_, text := d.lin.call("GET", "/conversations/"+d.conv+"/windows?lang=zh-CN", "")
	var got struct {
		Items []window.Page
		About window.About
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got.Items) != 1 || strings.Contains(text, windowKey) {
		t.Fatal(text, err)
	}
	u, err := url.Parse(got.Items[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	signed, sign, _ := strings.Cut(u.RawQuery, "&kefu_sign=")
	if sign == "" || sign != window.Sign(windowKey, signed) {
		t.Errorf("address %s", got.Items[0].Address)
	}
	for name, want := range map[string]string{"a": "1", "ssid": d.conv, "userId": d.visitor, "lang": "zh", "email": "lin@example.com", "easemobId": "kefuchannelimid_main", "tenantId": "1"} {
		if v := u.Query().Get(name); v != want {
			t.Errorf("%s is %q, not %q", name, v, want)
		}
	}
	if got.About.ServiceSessionID != "" && string(got.About.ServiceSessionID) != d.conv || got.About.Visitor.UserID != d.visitor || got.About.TenantID != 1 {
		t.Errorf("about %+v", got.About)
	}

	// Who may not see the conversation gets no address of it.
	d.Agent("eve@example.com", account.Member)
	eve := login(t, d.Instance, "eve@example.com")
	for _, call := range [][2]string{{"GET", "/conversations/" + d.conv + "/windows"}, {"POST", "/conversations/" + d.conv + "/windows/crm/interactions"}} {
		if code, text := eve.call(call[0], call[1], `{"seq":1}`); code != 403 && code != 404 || strings.Contains(text, "crm.example.com") {
			t.Errorf("%s %s: %d %s", call[0], call[1], code, text)
		}
	}
}

func TestInteractionsAreRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	root := d.framed(t)
	flagged := d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/messages", `{"kind":"text","text":"See","ext":{"interactiveFlag":"order-detail"}}`)
	seq, err := json.Marshal(map[string]any{"seq": flagged["seq"]})
	if err != nil {
		t.Fatal(err)
	}
	path := "/conversations/" + d.conv + "/windows/"
	d.lin.ask(t, 204, "POST", path+"crm/interactions", string(seq))
	root.ask(t, 200, "GET", "/admin/audit?thing=interaction", "", `"byName":"Lin"`, `"thingId":"`+flagged["id"].(string)+`"`, `"window":"crm"`, `"flag":"order-detail"`)
	// The first message of a conversation too.
	token, _ := arrive(t, d.Instance, "")
	if code, text, _ := d.Call("POST", "/v1/imgateway/messages?tenantId=1", `{"originType":"webim","bodies":[{"type":"txt","msg":""}],"ext":{"weichat":{"interactiveFlag":"order-detail"},"msgtype":{"order":{"order_id":"A-1009"}}}}`,
		"Authorization", "Bearer "+token, "Content-Type", "application/json"); code != 200 {
		t.Fatal(code, text)
	}
	first := d.boss.ask(t, 200, "GET", "/conversations?view=queue", "")["items"].([]any)[0].(map[string]any)["id"].(string)
	d.boss.ask(t, 204, "POST", "/conversations/"+first+"/windows/crm/interactions", `{"seq":1}`)
	d.lin.ask(t, 404, "POST", path+"old/interactions", string(seq), "window_not_found")
	d.lin.ask(t, 404, "POST", path+"crm/interactions", `{"seq":1}`, "message_not_found")
	d.lin.ask(t, 404, "POST", path+"crm/interactions", `{"seq":99}`, "message_not_found")
}

func TestKeysOfWindowsAreNotGivenOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	root := d.framed(t)
	for _, path := range []string{"/admin/windows", "/admin/company", "/admin/audit", "/windows"} {
		if code, text := root.call("GET", path, ""); code != 200 || strings.Contains(text, windowKey) {
			t.Errorf("%s: %d, or it tells the key", path, code)
		}
	}
	// Who saves what was shown keeps the key.
	_, shown := root.call("GET", "/admin/windows", "")
	root.ask(t, 204, "PUT", "/admin/windows", strings.Replace(shown, `"name":"CRM"`, `"name":"CRM 2"`, 1))
	tried := root.ask(t, 200, "POST", "/admin/windows/try", `{"window":{"id":"crm","name":"x","address":"https://crm.example.com/","sign":"hmac","key":"••••••••"},"conversation":"`+d.conv+`","lang":"en"}`)["address"].(string)
	signed, sign, _ := strings.Cut(strings.TrimPrefix(tried, "https://crm.example.com/?"), "&kefu_sign=")
	if sign != window.Sign(windowKey, signed) || !strings.Contains(signed, d.conv) {
		t.Errorf("tried %s", tried)
	}
	root.ask(t, 200, "POST", "/admin/windows/try", `{"window":{"id":"n","name":"x","address":"https://crm.example.com/"}}`, "visitorImId=u_88231")
	root.ask(t, 400, "PUT", "/admin/windows", `{"pages":[{"id":"new","name":"x","address":"https://crm.example.com/","sign":"hmac","key":"••••••••"}]}`, "bad_key")
	root.ask(t, 400, "PUT", "/admin/windows", `{"pages":[{"id":"new","name":"x","address":"http://crm.example.com/"}]}`, "bad_address")
	for _, call := range [][2]string{{"GET", "/admin/windows"}, {"PUT", "/admin/windows"}, {"POST", "/admin/windows/try"}} {
		if code, _ := d.lin.call(call[0], call[1], `{"window":{"id":"n","name":"x","address":"https://crm.example.com/"}}`); code != 403 && code != 400 {
			t.Errorf("%s %s: %d for an agent", call[0], call[1], code)
		}
	}
}

// The console may show exactly the pages that its company has set up.
func TestConsoleShowsTheOriginsOfItsWindows(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	root := d.framed(t)
	frames := func(cookie string) string {
		_, _, h := d.Call("GET", "/console/inbox", "", "Cookie", cookie)
		_, rest, _ := strings.Cut(h.Get("Content-Security-Policy"), "frame-src ")
		got, _, _ := strings.Cut(rest, ";")
		return got
	}
	if frames("") == "" {
		t.Skip("the web applications are not built")
	}
	if got := frames(d.lin.cookie); got != "'self' https://crm.example.com" {
		t.Errorf("frame-src %s", got)
	}
	for _, cookie := range []string{"", "parlor_session=x"} {
		if got := frames(cookie); got != "'self'" {
			t.Errorf("frame-src %s for nobody", got)
		}
	}
	if !strings.Contains(mustText(root.call("GET", "/session", "")), `"framed":true`) {
		t.Error("the session does not say that the page must be loaded anew")
	}
	root.ask(t, 204, "PUT", "/admin/windows", `{}`)
	if got := frames(d.lin.cookie); got != "'self'" {
		t.Errorf("frame-src %s without windows", got)
	}
}

func mustText(_ int, text string) string { return text }
