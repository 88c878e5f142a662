package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// Rows 42, 44 and 73: a visitor takes the record of its own conversation along,
// is known again, and learns how the chat looks before it begins.
func TestRow44VisitorKeepsItsRecord(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Admin)
	lin := s.Token("lin@example.com")
	call := func(method, path, token, body string) (int, string, http.Header) {
		return s.Call(method, "/api/parlor/v1"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
	}
	set := `{"name":"main","settings":{"look":{"position":"left,top","title":{"zh-CN":"灯店"},"model":"bar"},"preChat":{"enabled":true,"fields":[{"name":"name","required":true}]},"noRedaction":true}}`
	if code, text, _ := call("PUT", "/admin/inboxes/main", lin, set); code >= 300 {
		t.Fatal(code, text)
	}
	_, text, _ := call("POST", "/visitor/session", "", `{"inbox":"main"}`)
	var me struct {
		Token string
		Known bool
	}
	if err := json.Unmarshal([]byte(text), &me); err != nil || me.Known {
		t.Fatal(err, text)
	}
	for _, want := range []string{`"position":"left,top"`, "灯店", `"required":true`, `"redact":false`, `"survey":true`, `"content"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if code, text, _ := call("PATCH", "/visitor/me", me.Token, `{"name":"王小明","phone":"138"}`); code != 200 || !strings.Contains(text, "王小明") {
		t.Fatal(code, text)
	}
	_, text, _ = call("POST", "/visitor/session", "", `{"inbox":"main","token":"`+me.Token+`"}`)
	if !strings.Contains(text, `"known":true`) || !strings.Contains(text, "王小明") {
		t.Error("not known again:", text)
	}
	upload := "--b\r\nContent-Disposition: form-data; name=\"imgFile\"; filename=\"b.txt\"\r\n\r\nnote\r\n--b--\r\n"
	if code, text, _ := s.Call("POST", "/api/webim/image/upload", upload, "Content-Type", "multipart/form-data; boundary=b", "Authorization", me.Token); code != 200 {
		t.Fatal(code, text)
	}
	_, text, _ = call("GET", "/visitor/history", me.Token, "")
	_, rest, _ := strings.Cut(text, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if code, text, _ := call("POST", "/conversations/"+id+"/claim", lin, ""); code != 200 {
		t.Fatal(code, text)
	}
	path := "/visitor/conversations/" + id + "/transcript"
	code, page, h := call("GET", path+"?locale=zh-CN&zone=480", me.Token, "")
	if code != 200 || !strings.Contains(page, "[b.txt]") || strings.Contains(page, "<b>") || !strings.Contains(page, "Lin 已接入") || !strings.Contains(h.Get("Content-Disposition"), "attachment") {
		t.Error(code, page, h)
	}
	if strings.Contains(page, id) {
		t.Error("the record holds ids")
	}
	if code, text, h := call("GET", path+"?format=text", me.Token, ""); code != 200 || !strings.Contains(text, "Me: [b.txt]") || !strings.HasPrefix(h.Get("Content-Type"), "text/plain") {
		t.Error(code, text)
	}
	for path, token := range map[string]string{path: me.Token, "/conversations/" + id + "/transcript": lin} {
		if code, text, h := call("GET", path+"?format=pdf", token, ""); code != 200 || !strings.HasPrefix(text, "%PDF-1.4") || h.Get("Content-Type") != "application/pdf" {
			t.Error(path, code, h)
		}
	}
	if code, text, _ := call("GET", "/conversations/"+id+"/transcript?format=text", lin, ""); code != 200 || !strings.Contains(text, "王小明: [b.txt]") {
		t.Error(code, text)
	}
	_, text, _ = call("POST", "/visitor/session", "", `{"inbox":"main"}`)
	var other struct{ Token string }
	if err := json.Unmarshal([]byte(text), &other); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := call("GET", path, other.Token, ""); code != 404 {
		t.Error("a stranger took the record along:", code)
	}
}
