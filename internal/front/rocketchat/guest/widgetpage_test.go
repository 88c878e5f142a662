package guest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestTheWidgetsPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"index.html": "<html><head></head><body>widget</body></html>", "rocketchat-livechat.min.js": "script()", "part/x.js": "x()"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := servertest.Start(t, map[string]string{"rocketchat-widget": dir})
	c := &contracttest.Client{T: t, S: s}
	s.Agent("root@example.com", account.Admin)
	root := c.LogIn("root")
	policy := func(referer string) string {
		status, text, h := s.Call("GET", "/livechat", "", "Referer", referer)
		if status != 200 || !strings.Contains(text, "<script>SERVER_URL = location.origin</script></head>") && !strings.Contains(text, "SERVER_URL") {
			t.Fatal(status, text)
		}
		return h.Get("Content-Security-Policy")
	}
	if got := policy("https://shop.test/x"); got != "" {
		t.Fatal(got)
	}
	root.Option("Livechat_AllowedDomainsList", `"shop.test, https://other.test"`)
	for referer, want := range map[string]string{"https://shop.test/x": "frame-ancestors https://shop.test", "https://other.test/": "frame-ancestors https://other.test",
		"https://evil.test/": "frame-ancestors 'none'", "": "frame-ancestors 'none'", "https://shop.test.evil/": "frame-ancestors 'none'"} {
		if got := policy(referer); got != want {
			t.Errorf("%s: %q", referer, got)
		}
	}
	root.Option("Livechat_AdditionalWidgetScripts", `"https://cdn.test/a.js?\"><script>,javascript:alert(1)"`)
	if _, text, _ := s.Call("GET", "/livechat", ""); strings.Contains(text, `"><script>`) || strings.Contains(text, "javascript:") || !strings.Contains(text, "https://cdn.test/a.js") {
		t.Fatal(text)
	}
	for path, want := range map[string]int{"/livechat/rocketchat-livechat.min.js": 200, "/livechat/part/": 404, "/livechat/none.js": 404} {
		if status, text, _ := s.Call("GET", path, ""); status != want {
			t.Errorf("%s gave %d %s", path, status, text)
		}
	}
	status, text, h := s.Call("GET", "/avatar/%3Cscript%3E", "")
	if status != 200 || h.Get("Content-Type") != "image/svg+xml" || strings.Contains(text, "script") || !strings.Contains(text, ">?<") {
		t.Fatal(status, text)
	}
	if _, text, _ := s.Call("GET", "/avatar/ana", ""); !strings.Contains(text, ">A</text>") {
		t.Fatal(text)
	}
	if status, _, _ := servertest.Start(t, nil).Call("GET", "/livechat/rocketchat-livechat.min.js", ""); status != 404 {
		t.Errorf("without a folder the script gave %d", status)
	}
}

func TestTheFrameWithoutABuild(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c := &contracttest.Client{T: t, S: s}
	s.Agent("root@example.com", account.Admin)
	root := c.LogIn("root")
	page := func() string {
		status, text, _ := s.Call("GET", "/livechat", "")
		if status != 200 || !strings.Contains(text, `src="/w/main.js"`) {
			t.Fatal(status, text)
		}
		return text
	}
	root.Option("Livechat_WidgetLayoutClasses", `"http://my.css.test/my.css"`)
	if !strings.Contains(page(), "http://my.css.test/my.css") {
		t.Fatal(page())
	}
	root.Option("Livechat_WidgetLayoutClasses", `""`)
	if strings.Contains(page(), "my.css") {
		t.Fatal(page())
	}
	if status, text, _ := s.Call("GET", "/livechat/rocketchat-livechat.min.js", ""); status == 200 && strings.Contains(text, "script") {
		t.Fatal("there is no build", text)
	}
}
