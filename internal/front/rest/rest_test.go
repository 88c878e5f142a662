package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server"
	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

const api = "/api/parlor/v1"

// browser is a logged-in console without its scripts.
type browser struct {
	s      *servertest.Instance
	cookie string
	csrf   string
}

func login(t *testing.T, s *servertest.Instance, email string) *browser {
	t.Helper()
	code, body, h := s.Call("POST", api+"/session", fmt.Sprintf(`{"login":%q,"password":%q}`, email, servertest.Password), "Content-Type", "application/json")
	if code != 200 {
		t.Fatalf("login: %d %s", code, body)
	}
	var me struct{ CSRF string }
	if err := json.Unmarshal([]byte(body), &me); err != nil {
		t.Fatal(err)
	}
	cookie, attrs, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	if !strings.Contains(attrs, "HttpOnly") || !strings.Contains(attrs, "SameSite=Lax") {
		t.Fatalf("cookie %q", h.Get("Set-Cookie"))
	}
	return &browser{s, cookie, me.CSRF}
}

func (b *browser) call(method, path, body string) (int, string) {
	code, text, _ := b.s.Call(method, api+path, body, "Cookie", b.cookie, "X-CSRF-Token", b.csrf, "Content-Type", "application/json")
	return code, text
}

func TestDocumentIsTheCommittedOne(t *testing.T) {
	t.Parallel()
	got, err := server.Document("dev")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
		t.Fatal("api/openapi.json is out of date; run: go run ./cmd/parlor openapi > api/openapi.json && npm --prefix web run gen:api")
	}
}

func TestDocumentIsServedWithAReadablePage(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	code, body, h := s.Call("GET", "/api/parlor/openapi.json", "")
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || code != 200 || doc.OpenAPI != "3.1.0" || len(doc.Paths) < 20 {
		t.Fatalf("%d %v %s %d paths", code, err, h.Get("Content-Type"), len(doc.Paths))
	}
	code, body, h = s.Call("GET", "/api/parlor/docs", "")
	if code != 200 || !strings.Contains(h.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", code, h.Get("Content-Type"))
	}
	for path := range doc.Paths {
		if !strings.Contains(body, path) {
			t.Errorf("%s is not on the page", path)
		}
	}
	if strings.Contains(body, "<script") {
		t.Error("the page needs scripts")
	}
}

func TestSessionIsSafeAgainstForgery(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	b := login(t, s, "lin@example.com")
	if code, body := b.call("GET", "/session", ""); code != 200 || strings.Contains(body, "argon2") {
		t.Fatalf("%d %s", code, body)
	}
	put := func(header ...string) (int, string) {
		code, body, _ := s.Call("PUT", api+"/me/state", `{"state":"ready"}`, append(header, "Content-Type", "application/json")...)
		return code, body
	}
	if code, body := put("Cookie", b.cookie); code != 403 || !strings.Contains(body, "bad_csrf") {
		t.Fatalf("a change without the token: %d %s", code, body)
	}
	if code, _ := put("Cookie", b.cookie, "X-CSRF-Token", ""); code != 403 {
		t.Fatal("an empty token counts")
	}
	if code, body := put("Cookie", b.cookie, "X-CSRF-Token", b.csrf); code != 200 || !strings.Contains(body, `"state":"ready"`) {
		t.Fatalf("%d %s", code, body)
	}
	token := s.Token("lin@example.com")
	if code, _ := put("Authorization", "Bearer "+token); code != 200 {
		t.Fatal("a program needs no CSRF token")
	}
	if code, _ := put("Cookie", "parlor_session="+token, "X-CSRF-Token", ""); code != 401 {
		t.Fatal("a program's token is no cookie")
	}
	if code, _ := b.call("DELETE", "/session", ""); code != 204 {
		t.Fatalf("log out: %d", code)
	}
	if code, body := b.call("GET", "/session", ""); code != 401 || !strings.Contains(body, "unauthenticated") {
		t.Fatalf("after the end: %d %s", code, body)
	}
}

func TestBadInputGetsAProblemAndNothingElse(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"max-upload": "4096"})
	s.Agent("lin@example.com", account.Member)
	b := login(t, s, "lin@example.com")
	for _, c := range []struct {
		method, path, body string
		code               int
		reason             string
	}{
		{"PUT", "/me/state", `{"state":"king"}`, 400, "invalid"},
		{"PUT", "/me/state", `{"state":"ready","admin":true}`, 400, "invalid"},
		{"PUT", "/me/state", `{"state":`, 400, "invalid"},
		{"PUT", "/me/state", `[]`, 400, "invalid"},
		{"PUT", "/me/state", `{"state":"ready","reason":"` + strings.Repeat("x", 70000) + `"}`, 400, "invalid"},
		{"PUT", "/me/state", strings.Repeat(" ", 2<<20), 413, ""},
		{"GET", "/conversations?view=everything", "", 400, "invalid"},
		{"GET", "/conversations?limit=100000", "", 400, "invalid"},
		{"GET", "/conversations?after=%00garbage", "", 400, "bad_cursor"},
		{"GET", "/conversations/nope", "", 404, "conversation_not_found"},
		{"GET", "/conversations/..%2f..%2fetc%2fpasswd", "", 404, ""},
		{"POST", "/conversations/nope/close", "", 404, "conversation_not_found"},
		{"POST", "/conversations/nope/messages", `{"kind":"text","text":"x"}`, 404, "conversation_not_found"},
		{"GET", "/visitors/nope", "", 404, "visitor_not_found"},
		{"GET", "/search?q=a", "", 400, "query_too_short"},
		{"GET", "/search", "", 400, "invalid"},
		{"POST", "/visitor/session", `{"inbox":"nowhere"}`, 404, "inbox_not_found"},
		{"POST", "/visitor/page", `{"token":{"$gt":""}}`, 400, "invalid"},
		{"POST", "/visitor/page", `{"token":"x"}`, 401, "unauthenticated"},
		{"GET", "/visitor/messages", "", 401, "unauthenticated"},
		{"POST", "/session", `{"login":"lin@example.com","password":{"$ne":""}}`, 400, "invalid"},
	} {
		code, body := b.call(c.method, c.path, c.body)
		if code != c.code || (c.reason != "" && !strings.Contains(body, `"reason":"`+c.reason+`"`)) {
			t.Errorf("%s %s: got %d %.300s, want %d %s", c.method, c.path, code, body, c.code, c.reason)
		}
		if strings.Contains(body, "sql") || strings.Contains(body, "goroutine") {
			t.Errorf("%s %s leaks: %s", c.method, c.path, body)
		}
	}
	if code, body, _ := s.Call("GET", api+"/agents", ""); code != 401 || !strings.Contains(body, `"code":"unauthenticated"`) {
		t.Errorf("without a login: %d %s", code, body)
	}
}

// arrive makes a visitor and returns its token.
func arrive(t *testing.T, s *servertest.Instance, extra string) (token, body string) {
	t.Helper()
	code, body, _ := s.Call("POST", api+"/visitor/session", `{"inbox":"main","locale":"zh-CN","page":{"url":"https://shop.example/","title":"<script>"}`+extra+`}`,
		"Content-Type", "application/json", "User-Agent", "Mozilla/5.0 (Windows NT 10.0) Chrome/156.0.0.0 Safari/537.36")
	var out struct{ Token string }
	if err := json.Unmarshal([]byte(body), &out); err != nil || code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	return out.Token, body
}

func upload(t *testing.T, s *servertest.Instance, path, token, name string, data []byte) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	code, body, _ := s.Call("POST", api+path, b.String(), "Content-Type", w.FormDataContentType(), "Authorization", "Bearer "+token)
	return code, body
}

func TestVisitorArrivesUploadsAndComesBack(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"max-upload": "65536"})
	s.Agent("lin@example.com", account.Admin)
	token, body := arrive(t, s, "")
	for _, want := range []string{`"agentsOnline":false`, `"typingPreview":true`, `"maxFile":65536`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	again, _ := arrive(t, s, `,"token":"`+token+`"`)
	if again != token {
		t.Error("the visitor was not recognised")
	}
	code, body := upload(t, s, "/visitor/files", token, "../../evil.txt", []byte("hello"))
	var f struct{ ID, Name, URL string }
	if err := json.Unmarshal([]byte(body), &f); err != nil || code != 200 || f.Name != "evil.txt" {
		t.Fatalf("%d %s", code, body)
	}
	code, text, h := s.Call("GET", f.URL, "")
	if code != 200 || text != "hello" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("%d %q %v", code, text, h)
	}
	if code, _, _ := s.Call("GET", strings.Split(f.URL, "?")[0], ""); code != 403 {
		t.Errorf("without a signature: %d", code)
	}
	if code, body := upload(t, s, "/visitor/files", token, "big.txt", bytes.Repeat([]byte("x"), 70000)); code != 413 || !strings.Contains(body, "file_too_large") {
		t.Errorf("too large: %d %s", code, body)
	}
	if code, body := upload(t, s, "/visitor/files", token, "x.html", []byte("<html><script>alert(1)</script>")); code != 400 || !strings.Contains(body, "type_not_allowed") {
		t.Errorf("active content: %d %s", code, body)
	}
	if code, _ := upload(t, s, "/files", token, "x.txt", []byte("x")); code != 401 {
		t.Errorf("a visitor's token on an agent's call: %d", code)
	}
	b := login(t, s, "lin@example.com")
	if code, body := b.call("GET", "/conversations?view=all", ""); code != http.StatusOK || strings.TrimSpace(body) != `{"items":[]}` {
		t.Errorf("arriving is not a conversation yet: %d %s", code, body)
	}
}

// TestConversationByREST goes through an agent's calls on a conversation that a
// visitor of a legacy page started.
func TestConversationByREST(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Supervisor)
	b := login(t, s, "lin@example.com")
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // the server ends before
	token, _ := arrive(t, s, "")
	for _, packet := range []string{`40/parlor/visitor,{"token":"` + token + `"}`, `42/parlor/visitor,1["post",{"kind":"text","text":"物流问题"}]`} {
		if err := c.Text(packet); err != nil {
			t.Fatal(err)
		}
	}
	for {
		text, err := c.ReadText()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(text, "43/parlor/visitor,1") {
			break
		}
	}
	want := func(method, path, body string, parts ...string) string {
		t.Helper()
		code, got := b.call(method, path, body)
		if code != 200 {
			t.Fatalf("%s %s: %d %s", method, path, code, got)
		}
		for _, p := range parts {
			if !strings.Contains(got, p) {
				t.Fatalf("%s %s: %s is not in %s", method, path, p, got)
			}
		}
		return got
	}
	var list struct {
		Items []struct{ ID, Visitor string }
	}
	if err := json.Unmarshal([]byte(want("GET", "/conversations?view=queue", "", `"lastText":"物流问题"`)), &list); err != nil || len(list.Items) != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	path := "/conversations/" + list.Items[0].ID
	want("GET", "/conversations/counts", "", `"queue":1`, `"mine":0`)
	want("GET", path+"/routing", "", `"place":1`, `"filter":"away"`)
	want("POST", path+"/claim", "", `"status":"open"`, `"agentName":"Lin"`)
	want("GET", path+"/messages?after=1", "", `"name":"assigned"`, `"rule":"picked"`)
	if got := want("GET", path+"/messages?before=2&limit=1", "", `"text":"物流问题"`); strings.Contains(got, "assigned") {
		t.Fatalf("the range is not heeded: %s", got)
	}
	want("POST", path+"/messages", `{"kind":"text","text":"您好","clientId":"a"}`, `"seq":3`)
	want("POST", path+"/messages", `{"kind":"text","text":"您好","clientId":"a"}`, `"seq":3`)
	want("POST", path+"/read", `{"seq":1}`, `"agentRead":3`)
	v := "/visitors/" + list.Items[0].Visitor
	want("PATCH", v, `{"name":"王小姐","email":"w@example.com"}`, `"name":"王小姐"`)
	want("GET", v, "", `"browser":"Chrome 156"`, `"os":"Windows"`, `"email":"w@example.com"`)
	want("GET", v+"/pages", "", `"title":"<script>"`)
	if code, got := b.call("POST", path+"/transfer", `{"agent":"nobody"}`); code != 404 {
		t.Fatalf("%d %s", code, got)
	}
	want("POST", path+"/close", "", `"status":"closed"`, `"endBy":"agent"`)
	if code, got := b.call("POST", path+"/messages", `{"kind":"text","text":"late"}`); code != 409 || !strings.Contains(got, "conversation_closed") {
		t.Fatalf("%d %s", code, got)
	}
	want("GET", "/conversations?view=closed", "", `"visitorName":"王小姐"`)
	want("GET", "/canned", "", `"shortcut":"hello"`)
	for len(want("GET", "/search?q="+url.QueryEscape("物流"), "")) < 100 {
		runtime.Gosched() // the index follows within a moment
	}
}

func TestLoginsAreThrottledByAddressWhateverTheHeadersSay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	var last int
	for i := range 12 {
		last, _, _ = s.Call("POST", api+"/session", fmt.Sprintf(`{"login":"user%d","password":"wrong"}`, i), "Content-Type", "application/json",
			"X-Forwarded-For", fmt.Sprintf("9.9.9.%d", i))
	}
	if last != http.StatusTooManyRequests {
		t.Fatalf("a forged address header evades the limit: %d", last)
	}
}
