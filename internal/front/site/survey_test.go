package site_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Row 75 and weak point S12: a signed link rates once; only the browser that
// answered may change it.
func TestRow75SurveyLink(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Admin)
	lin := s.Token("lin@example.com")
	api := func(token, method, path, body string) map[string]any {
		t.Helper()
		code, text, _ := s.Call(method, "/api/parlor/v1"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
		var out map[string]any
		if err := json.Unmarshal([]byte(text), &out); err != nil || code != 200 {
			t.Fatal(method, path, code, text)
		}
		return out
	}
	_, body, _ := s.Call("POST", "/session", "userid=u1&session=s1", "Content-Type", "application/x-www-form-urlencoded")
	code, text, _ := s.Call("POST", "/api/webim/image/upload", "--b\r\nContent-Disposition: form-data; name=\"imgFile\"; filename=\"n.txt\"\r\n\r\nnote\r\n--b--\r\n",
		"Content-Type", "multipart/form-data; boundary=b", "Authorization", body)
	if code != 200 {
		t.Fatal(code, text)
	}
	list := api(lin, "GET", "/conversations?view=queue", "")["items"].([]any)
	id := list[0].(map[string]any)["id"].(string)
	link, _ := api(lin, "GET", "/conversations/"+id+"/survey", "")["link"].(string)
	post := func(cookie string, pairs ...string) (int, string, http.Header) {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return s.Call("POST", link, v.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Cookie", cookie, "Accept-Language", "en")
	}
	if code, text, _ = post("", "level", "1"); code != 409 {
		t.Error("nobody was there to rate:", code, text)
	}
	api(lin, "POST", "/conversations/"+id+"/claim", "")
	code, text, _ = s.Call("GET", link, "", "Accept-Language", "zh-CN")
	if code != 200 || !strings.Contains(text, "非常满意") || !strings.Contains(text, "回复不及时") {
		t.Fatal(code, text)
	}
	if code, text, _ = post("", "level", "77"); code != 400 || !strings.Contains(text, `role="alert"`) {
		t.Error(code, text)
	}
	code, text, h := post("", "level", "4", "reason", "03", "comment", "<b>slow</b>")
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if code != 200 || !strings.Contains(text, "Thank you") || !strings.Contains(h.Get("Set-Cookie"), "HttpOnly") {
		t.Fatal(code, text, h)
	}
	if code, text, _ = post("", "level", "1"); code != 409 || strings.Contains(text, "slow") {
		t.Error("the link rated twice:", code, text)
	}
	_, text, _ = s.Call("GET", link, "", "Cookie", cookie)
	if !strings.Contains(text, "&lt;b&gt;slow") || strings.Contains(text, "<b>slow") {
		t.Error(text)
	}
	if _, text, _ = s.Call("GET", link, ""); strings.Contains(text, "slow") {
		t.Error("another browser sees the answer:", text)
	}
	if code, text, _ = post(cookie, "level", "1"); code != 200 {
		t.Error(code, text)
	}
	if got := api(lin, "GET", "/conversations/"+id+"/survey", ""); got["level"] != "1" || got["score"] != 100.0 {
		t.Error(got)
	}
	for _, bad := range []string{"/survey/x", "/survey/" + link[len("/survey/"):len(link)-1] + "A", "/survey/main.other." + link[strings.LastIndex(link, ".")+1:]} {
		if code, _, _ = s.Call("GET", bad, ""); code != 404 && bad != link {
			t.Errorf("%s: %d", bad, code)
		}
	}
}
