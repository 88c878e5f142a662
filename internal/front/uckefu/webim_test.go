package uckefu_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// form posts a form.
func form(s *servertest.Instance, path, token string, pairs ...string) (int, string) {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	code, text, _ := s.Call(http.MethodPost, path, v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", token)
	return code, text
}

// Row 12 and weak point S2: apps work with tokens of their own visitor; nobody
// gets one, or a history, by knowing a userid.
func TestS2AppsUseRealTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("bo@example.com", account.Admin)
	code, token := form(s, "/session", "", "userid", "app-1", "appid", "main")
	if code != 200 || strings.Count(token, ".") != 3 {
		t.Fatal(code, token)
	}
	_, thief := form(s, "/session", "", "userid", "app-1", "appid", "main")
	get := func(path, token string) (int, string) {
		code, text, _ := s.Call(http.MethodGet, path, "", "Authorization", token)
		return code, text
	}
	code, text := form(s, "/api/webim/leavemsg/save", token, "content", "请回电", "mobile", "13800138000")
	if code != 200 {
		t.Fatal(code, text)
	}
	upload := "--b\r\nContent-Disposition: form-data; name=\"imgFile\"; filename=\"n.txt\"\r\n\r\nnote of the first\r\n--b--\r\n"
	code, text, _ = s.Call(http.MethodPost, "/api/webim/image/upload", upload, "Content-Type", "multipart/form-data; boundary=b", "Authorization", token)
	if code != 200 || !strings.Contains(text, "/res/file.html?id=") {
		t.Fatal(code, text)
	}
	if code, text = get("/api/webim/chat/his?userid=app-1", token); code != 200 || !strings.Contains(text, "n.txt") {
		t.Error(code, text)
	}
	if code, text = get("/api/webim/chat/his?userid=app-1", thief); code != 200 || strings.Contains(text, "n.txt") {
		t.Error("somebody with the same userid reads the history:", code, text)
	}
	for path, token := range map[string]string{"/api/webim/chat/his?userid=app-2": token, "/api/webim/chat/his": "anything", "/api/leavemsg/list": token, "/api/online/user": token, "/api/webim": "x"} {
		if code, text = get(path, token); code != 401 && code != 403 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if code, text = form(s, "/api/webim/satis/save", thief, "id", "0123456789abcdef0123456789abcdef", "satislevel", "1"); code != 404 {
		t.Error(code, text)
	}
}

func TestSiteSettingsOverTheContract(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("bo@example.com", account.Admin)
	s.Agent("lin@example.com", account.Member)
	put := func(email string, pairs ...string) (int, string) {
		v := url.Values{"id": {"main"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		code, text, _ := s.Call(http.MethodPut, "/api/webim", v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", s.Token(email))
		return code, text
	}
	if code, text := put("bo@example.com", "consult_dialog_color", "#67CAFF", "consult_vsitorbtn_position", "left,middle", "consult_vsitorbtn_content", "点我<b>", "consult_invite_enable", "true", "enablevoice", "false"); code != 200 {
		t.Fatal(code, text)
	}
	if code, _ := put("lin@example.com", "consult_dialog_color", "#000000"); code != 403 {
		t.Error("an agent changed a site:", code)
	}
	if code, _ := put("bo@example.com", "consult_dialog_color", "red"); code != 400 {
		t.Error("a bad colour was taken:", code)
	}
	_, text, _ := s.Call(http.MethodGet, "/api/webim/main", "")
	for _, want := range []string{`"consult_dialog_color":"#67CAFF"`, `"consult_vsitorbtn_position":"left,middle"`, `"enablevoice":false`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	// Row 43: the script honours them at once; dark writing on a light colour.
	_, text, _ = s.Call(http.MethodGet, "/im/main.html", "")
	for _, want := range []string{"left:20px", "top:calc(50%", "background:#67CAFF;color:#111111", `点我\u003cb\u003e`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in the script", want)
		}
	}
	for path, want := range map[string]string{"/api/webim/agent?appid=main": `"lvtype":"noagent"`, "/api/webim/satis": `"code":"5"`, "/api/webim/url?appid=main": "/im/text/main", "/rest/webim/host": `"ssl":false`,
		"/res/css?appid=main": "--ukefu-ink:#111111", "/im/text/main?skill=a%22b": "/im/entry/main?skill=a%22b"} {
		if code, text, _ := s.Call(http.MethodGet, path, ""); code != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	for _, path := range []string{"/im/nowhere", "/im/nowhere/userlist", "/im/main/other", "/im/text/nowhere", "/api/webim/nowhere"} {
		if code, _, _ := s.Call(http.MethodGet, path, ""); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// Weak points S5 and S6: page parameters never become markup, paths never files.
func TestS5ParametersAreData(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	evil := url.QueryEscape(`"></script><script>alert(1)</script>`)
	for _, path := range []string{"/im/main?product=%s", "/im/text/main?title=%s", "/im/index?userid=x&sessionid=y&title=%s&name=%s&product=%s&purl=javascript:alert(1)&imgurl=%s"} {
		_, text, _ := s.Call(http.MethodGet, strings.ReplaceAll(path, "%s", evil), "")
		if strings.Contains(text, "<script>alert") || strings.Contains(text, "javascript:alert") {
			t.Errorf("%s: %s", path, text)
		}
	}
	for _, path := range []string{"/res/voice/webm/..%2f..%2fparlor.db", "/res/image?id=../../parlor.db", fmt.Sprint("/res/voice?id=", strings.Repeat("../", 40), "etc/passwd")} {
		if code, text, _ := s.Call(http.MethodGet, path, ""); code < 400 || code >= 500 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if code, _, _ := s.Call(http.MethodGet, "/res/url?url=http://127.0.0.1/", ""); code != 404 {
		t.Error("there is a proxy:", code)
	}
}
