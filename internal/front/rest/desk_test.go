package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

// ask calls and fails the test unless the status is as wanted and the answer
// holds every part. It returns the answer as an object.
func (b *browser) ask(t *testing.T, code int, method, path, body string, parts ...string) map[string]any {
	t.Helper()
	got, text := b.call(method, path, body)
	if got != code {
		t.Fatalf("%s %s: %d %s", method, path, got, text)
	}
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Fatalf("%s %s: no %s in %s", method, path, p, text)
		}
	}
	m := map[string]any{}
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// send uploads a file as the field "file".
func (b *browser) send(t *testing.T, path, name string, content []byte) (int, string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	p, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	code, text, _ := b.s.Call("POST", api+path, form.String(), "Cookie", b.cookie, "X-CSRF-Token", b.csrf, "Content-Type", w.FormDataContentType())
	return code, text
}

// desk is a server with an agent who serves a visitor, and a supervisor.
type desk struct {
	*servertest.Instance
	lin, boss *browser
	conv      string
	visitor   string
	token     string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	s.Agent("boss@example.com", account.Supervisor)
	d := &desk{Instance: s, lin: login(t, s, "lin@example.com"), boss: login(t, s, "boss@example.com")}
	d.conv, d.visitor, d.token = d.start(t)
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/claim", "")
	return d
}

// start lets a visitor say something; it returns conversation, visitor and token.
func (d *desk) start(t *testing.T) (conv, visitor, token string) {
	t.Helper()
	token, _ = arrive(t, d.Instance, "")
	conv = d.says(t, token)
	return conv, d.boss.ask(t, 200, "GET", "/conversations/"+conv, "")["visitor"].(string), token
}

// again lets the visitor say something and the agent take it.
func (d *desk) again(t *testing.T) (conv string) {
	t.Helper()
	conv = d.says(t, d.token)
	d.lin.ask(t, 200, "POST", "/conversations/"+conv+"/claim", "")
	return conv
}

// says posts as the visitor of a token and returns the conversation.
func (d *desk) says(t *testing.T, token string) string {
	t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(d.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server ends before
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
		body, ok := strings.CutPrefix(text, "43/parlor/visitor,1")
		if !ok {
			continue
		}
		var got []struct {
			Message struct{ Conversation string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || len(got) != 1 {
			t.Fatal(text)
		}
		return got[0].Message.Conversation
	}
}

// picture is a small PNG.
func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Row 39: canned replies over REST, with import and export.
func TestRow39CannedOverREST(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.boss.ask(t, 200, "POST", "/canned/categories", `{"scope":"company","name":"售后"}`)
	e := d.boss.ask(t, 200, "POST", "/canned", fmt.Sprintf(`{"scope":"company","title":"问好","shortcut":"hi","text":"您好 {visitor}，我是 {agent}，{nothing}","category":%q}`, c["id"]), `"editable":true`)
	d.lin.ask(t, 200, "GET", "/canned?q=wenhao", "", `"items":[]`)
	d.lin.ask(t, 200, "GET", "/canned?q=wh", "", `"title":"问好"`, `"editable":false`, `"scope":"company"`)
	d.lin.ask(t, 200, "POST", "/canned/"+e["id"].(string)+"/use", fmt.Sprintf(`{"conversation":%q}`, d.conv), `您好 访客 `, `我是 Lin，{nothing}`)
	d.lin.ask(t, 400, "POST", "/canned/"+e["id"].(string)+"/use", `{"timezone":"Mars/Olympus"}`, "unknown_timezone")
	d.lin.ask(t, 200, "GET", "/canned?q=hi", "", `"mine":1`)
	d.lin.ask(t, 403, "DELETE", "/canned/"+e["id"].(string), "", "not_allowed")
	d.lin.ask(t, 403, "POST", "/canned", `{"scope":"company","title":"x","text":"y"}`, "not_allowed")
	d.lin.ask(t, 200, "POST", "/canned", `{"scope":"personal","title":"=cmd","text":"mine"}`)

	code, text := d.lin.call("GET", "/canned/export?scope=personal", "")
	if code != 200 || !strings.HasPrefix(text, "\ufeffcategory,title") || !strings.Contains(text, ",'=cmd,") {
		t.Fatalf("%d %q", code, text)
	}
	code, book := d.boss.call("GET", "/canned/export?scope=company&format=xlsx", "")
	if code != 200 || !strings.HasPrefix(book, "PK") {
		t.Fatalf("%d %q", code, book[:20])
	}
	if code, text = d.boss.send(t, "/canned/import?scope=company&dry=true", "a.xlsx", []byte(book)); code != 200 || !strings.Contains(text, `"added":0`) || !strings.Contains(text, `"changed":25`) {
		t.Fatalf("an export is an import: %d %s", code, text)
	}
	if code, text = d.boss.send(t, "/canned/import?scope=company", "a.csv", []byte("title,text\nnew,words\n,x\n")); code != 200 || !strings.Contains(text, `"line":3`) || !strings.Contains(text, `"done":false`) {
		t.Fatalf("%d %s", code, text)
	}
	if code, text = d.lin.send(t, "/canned/import?scope=company", "a.csv", []byte("title,text\nnew,words\n")); code != 403 {
		t.Fatalf("%d %s", code, text)
	}
	d.boss.ask(t, 204, "DELETE", "/canned/categories/"+c["id"].(string), "")
	d.boss.ask(t, 204, "DELETE", "/canned/"+e["id"].(string), "")
}

// Row 36: a common picture of the company is sent by an agent who did not upload it.
func TestRow36PictureIsSentByAColleague(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	code, text := d.boss.send(t, "/files", "lamp.png", picture(t))
	var f struct{ ID string }
	if err := json.Unmarshal([]byte(text), &f); err != nil || code != 200 {
		t.Fatal(code, text)
	}
	send := fmt.Sprintf(`{"kind":"image","file":%q}`, f.ID)
	d.lin.ask(t, 404, "POST", "/conversations/"+d.conv+"/messages", send, "file_not_found")
	d.boss.ask(t, 200, "POST", "/pictures", fmt.Sprintf(`{"scope":"company","title":"lamp","file":%q}`, f.ID), `"thumb":"/files/`)
	d.lin.ask(t, 200, "GET", "/pictures?q=lam", "", f.ID)
	d.lin.ask(t, 200, "GET", "/canned?q=lam", "", `"items":[]`)
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/messages", send, `"kind":"image"`)
}

// Row 101: recall over REST, by agent and visitor.
func TestRow101RecallOverREST(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := "/conversations/" + d.conv + "/messages"
	d.lin.ask(t, 200, "POST", path, `{"kind":"text","text":"wrong"}`, `"seq":3`)
	d.lin.ask(t, 403, "POST", path+"/1/recall", "", "not_author")
	d.lin.ask(t, 404, "POST", path+"/9/recall", "", "message_not_found")
	d.lin.ask(t, 200, "POST", path+"/3/recall", "", `"recalled":{"by":{"kind":"agent"`, `"name":"Lin"`)
	d.boss.ask(t, 200, "POST", path+"/1/recall", "", `"recalled"`)
	_, text := d.lin.call("GET", path, "")
	if strings.Contains(text, "wrong") || strings.Contains(text, "物流问题") || strings.Count(text, `"name":"recalled"`) != 2 {
		t.Fatal(text)
	}
	code, text, _ := d.Call("POST", api+"/visitor"+path+"/3/recall", "", "Authorization", "Bearer "+d.token)
	if code != 200 || !strings.Contains(text, `"recalled":{"by":{"kind":"agent"},`) {
		t.Fatalf("a second recall changes nothing and names no agent: %d %s", code, text)
	}
	d.lin.ask(t, 200, "GET", "/conversations/"+d.conv, "", `"lastText":""`)
}

func TestTagsMentionsAndDraftsOverREST(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := d.boss.ask(t, 200, "POST", "/tags", `{"kind":"conversation","name":"VIP","color":"#AA0000"}`, `"color":"#aa0000"`)["id"].(string)
	d.boss.ask(t, 409, "POST", "/tags", `{"kind":"conversation","name":"vip"}`, "tag_exists", `"field":"name"`)
	d.lin.ask(t, 403, "POST", "/tags", `{"kind":"conversation","name":"x"}`, "not_allowed")
	d.boss.ask(t, 400, "POST", "/tags", `{"kind":"conversation","name":"x","color":"red"}`, `"field":"color"`)
	d.boss.ask(t, 200, "PUT", "/tags/"+g, `{"name":"VIP 1","sort":3}`, `"kind":"conversation"`)
	d.lin.ask(t, 200, "GET", "/tags?kind=conversation", "", `"name":"VIP 1"`)
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/tags", fmt.Sprintf(`{"add":[%q]}`, g), `"tags":["`+g)
	d.lin.ask(t, 200, "GET", "/conversations?view=mine&tag="+g, "", d.conv)
	d.lin.ask(t, 200, "GET", "/conversations?view=mine&tag=other", "", `"items":[]`)
	b := d.boss.ask(t, 200, "POST", "/tags", `{"kind":"visitor","name":"buyer"}`)["id"].(string)
	d.lin.ask(t, 200, "POST", "/visitors/"+d.visitor+"/tags", fmt.Sprintf(`{"add":[%q]}`, b), b)
	d.lin.ask(t, 404, "POST", "/visitors/"+d.visitor+"/tags", fmt.Sprintf(`{"add":[%q]}`, g), "tag_not_found")
	d.lin.ask(t, 200, "GET", "/visitors/"+d.visitor+"/tags", "", b)
	d.lin.ask(t, 200, "GET", "/tags/uses", "", fmt.Sprintf(`{"tag":%q,"uses":1}`, b))
	d.boss.ask(t, 200, "PUT", "/tags/"+b, `{"name":"buyer","archived":true}`, `"archived":true`)
	d.lin.ask(t, 404, "POST", "/visitors/"+d.visitor+"/tags", fmt.Sprintf(`{"add":[%q]}`, b), "tag_not_found")
	d.boss.ask(t, 204, "DELETE", "/tags/"+b, "")
	d.lin.ask(t, 200, "GET", "/visitors/"+d.visitor+"/tags", "", `"tags":[]`)

	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/messages", `{"kind":"note","text":"@boss look"}`, `"mentions":["`)
	d.boss.ask(t, 200, "GET", "/mentions?unread=true", "", `"unread":1`, "@boss look")
	d.boss.ask(t, 200, "POST", "/mentions/read", `{}`, `"unread":0`)
	d.boss.ask(t, 200, "GET", "/mentions?unread=true", "", `"items":[]`)
	d.boss.ask(t, 200, "GET", "/mentions", "", `"readAt":`)

	d.lin.ask(t, 200, "PUT", "/conversations/"+d.conv+"/draft", `{"text":"half"}`)
	d.lin.ask(t, 200, "GET", "/drafts", "", `"text":"half"`)
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/messages", `{"kind":"text","text":"whole"}`)
	d.lin.ask(t, 200, "GET", "/drafts", "", `"items":[]`)
}

// Row 85: colleague chat over REST; who writes is who is logged in.
func TestRow85ColleaguesOverREST(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	lin := d.lin.ask(t, 200, "GET", "/session", "")["agent"].(map[string]any)["id"].(string)
	boss := d.boss.ask(t, 200, "GET", "/session", "")["agent"].(map[string]any)["id"].(string)
	d.lin.ask(t, 200, "POST", "/colleagues/agents/"+boss+"/messages", `{"text":"hi"}`, `"from":"`+lin)
	d.lin.ask(t, 400, "POST", "/colleagues/agents/"+boss+"/messages", `{"text":"hi","from":"x"}`)
	d.boss.ask(t, 200, "GET", "/colleagues/chats", "", `"unread":1`, `"name":"Lin"`)
	d.boss.ask(t, 200, "GET", "/colleagues/agents/"+lin+"/messages?limit=1", "", `"text":"hi"`)
	d.boss.ask(t, 200, "POST", "/colleagues/agents/"+lin+"/read", "", `"unread":0`)
	g := d.lin.ask(t, 200, "POST", "/colleagues/groups", fmt.Sprintf(`{"name":"night","members":[%q]}`, boss))["id"].(string)
	d.boss.ask(t, 200, "GET", "/colleagues/groups", "", `"name":"night"`, boss)
	d.boss.ask(t, 200, "POST", "/colleagues/groups/"+g+"/messages", `{"text":"hello all"}`)
	d.lin.ask(t, 200, "GET", "/colleagues/groups/"+g+"/messages", "", "hello all")
	d.lin.ask(t, 200, "POST", "/colleagues/groups/"+g+"/read", "", `"unread":0`)
	d.Agent("bo@example.com", account.Member)
	bo := login(t, d.Instance, "bo@example.com")
	own := d.lin.ask(t, 200, "POST", "/colleagues/groups", fmt.Sprintf(`{"name":"day","members":[%q]}`, bo.ask(t, 200, "GET", "/session", "")["agent"].(map[string]any)["id"]))["id"].(string)
	d.boss.ask(t, 404, "DELETE", "/colleagues/groups/"+own, "", "group_not_found")
	bo.ask(t, 403, "DELETE", "/colleagues/groups/"+own, "", "not_owner")
	d.lin.ask(t, 204, "DELETE", "/colleagues/groups/"+own, "")
	bo.ask(t, 200, "GET", "/colleagues/groups", "", `"items":[]`)
	d.boss.ask(t, 200, "PATCH", "/colleagues/groups/"+g, fmt.Sprintf(`{"remove":[%q]}`, boss))
	d.boss.ask(t, 404, "GET", "/colleagues/groups/"+g+"/messages", "", "group_not_found")
	d.boss.ask(t, 404, "PATCH", "/colleagues/groups/"+g, `{"name":"mine"}`, "group_not_found")
}

// Rows 83 and 84: a summary with a class and an appointment, found by who has to see to it.
func TestRow83SummaryWithFollowUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.lin.ask(t, 403, "POST", "/session-types", `{"name":"x"}`, "not_allowed")
	top := d.boss.ask(t, 200, "POST", "/session-types", `{"name":"after sales"}`)["id"].(string)
	class := d.boss.ask(t, 200, "POST", "/session-types", fmt.Sprintf(`{"name":"refund","code":"R1","parent":%q}`, top))["id"].(string)
	d.boss.ask(t, 400, "PUT", "/session-types/"+top, fmt.Sprintf(`{"name":"x","parent":%q}`, class), "own_parent")
	d.boss.ask(t, 409, "DELETE", "/session-types/"+top, "", "type_not_empty")
	d.lin.ask(t, 200, "GET", "/session-types", "", `"code":"R1"`)
	path := "/conversations/" + d.conv + "/summary"
	d.lin.ask(t, 404, "GET", path, "", "summary_not_found")
	d.lin.ask(t, 400, "PUT", path, `{"text":"x","followUp":{"kind":"pigeon","at":"2026-01-01T00:00:00Z"}}`, `"field":"followUp.kind"`)
	d.lin.ask(t, 404, "PUT", path, `{"text":"x","class":"none"}`, "type_not_found")
	d.lin.ask(t, 200, "PUT", path, fmt.Sprintf(`{"text":"wants a call","class":%q,"followUp":{"kind":"phone","at":"2026-12-01T10:00:00Z","contact":"10086"}}`, class),
		`"state":"open"`, `"agentName":"Lin"`, `"contact":"10086"`)
	d.lin.ask(t, 200, "GET", "/followups?view=mine&until=2026-12-02T00:00:00Z", "", "wants a call")
	d.lin.ask(t, 200, "GET", "/followups?view=mine&until=2026-11-30T00:00:00Z", "", `"items":[]`)
	d.lin.ask(t, 403, "GET", "/followups?view=all", "", "not_allowed")
	d.lin.ask(t, 404, "GET", "/followups?view=team&team=x", "", "team_not_found")
	d.boss.ask(t, 200, "GET", "/followups?view=all", "", d.conv)
	d.lin.ask(t, 200, "POST", path+"/handled", `{"note":"called, all fine"}`, `"state":"handled"`, `"handledBy":"Lin"`)
	d.lin.ask(t, 409, "POST", path+"/handled", `{}`, "not_open")
	d.boss.ask(t, 200, "GET", "/followups?view=all", "", `"items":[]`)
	d.Agent("bo@example.com", account.Member)
	login(t, d.Instance, "bo@example.com").ask(t, 404, "GET", path, "", "conversation_not_found")
}

// Row 51 in part: what a company wants to know of a visitor, masked and checked.
func TestRow51VisitorFields(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.lin.ask(t, 403, "POST", "/fields", `{"key":"x","kind":"text","name":"x"}`, "not_allowed")
	d.boss.ask(t, 400, "POST", "/fields", `{"key":"Bad Key","kind":"text","name":"x"}`)
	d.boss.ask(t, 400, "POST", "/fields", `{"key":"size","kind":"choice","name":"Size"}`, "bad_options")
	size := d.boss.ask(t, 200, "POST", "/fields", `{"key":"size","kind":"choice","name":"Size","options":["S","L"],"required":true}`)["id"].(string)
	d.boss.ask(t, 409, "POST", "/fields", `{"key":"size","kind":"text","name":"Again"}`, "field_exists")
	d.boss.ask(t, 200, "POST", "/fields", `{"key":"card","kind":"number","name":"Card","masked":true}`)
	path := "/visitors/" + d.visitor + "/fields"
	d.lin.ask(t, 400, "PUT", path, `{"values":{"card":"12345678"}}`, `"field":"size"`, "required")
	d.lin.ask(t, 400, "PUT", path, `{"values":{"size":"M"}}`, `"field":"size"`, "one of: S, L")
	d.lin.ask(t, 400, "PUT", path, `{"values":{"hat":"M"}}`, "unknown_field")
	d.lin.ask(t, 200, "PUT", path, `{"values":{"size":"L","card":"12345678"}}`, `"value":"****5678"`)
	d.lin.ask(t, 403, "GET", path+"?reveal=true", "", "not_allowed")
	d.lin.ask(t, 200, "PUT", path, `{"values":{"size":"S","card":"****5678"}}`, `"value":"S"`)
	d.boss.ask(t, 200, "GET", path+"?reveal=true", "", `"value":"12345678"`)
	d.boss.ask(t, 404, "GET", "/visitors/nobody/fields", "", "visitor_not_found")
	d.boss.ask(t, 200, "PUT", "/fields/"+size, `{"name":"Size","options":["S"]}`, `"key":"size"`)
	d.boss.ask(t, 204, "DELETE", "/fields/"+size, "")
	if _, text := d.lin.call("GET", path, ""); strings.Contains(text, "Size") {
		t.Fatal(text)
	}
}

// Row 42: what was said is kept and found; row 50: the trail of this visit and of earlier ones.
func TestRow42And50RecordAndTrail(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, p := range []string{"/lamp", "/cart"} {
		code, text, _ := d.Call("POST", api+"/visitor/page", fmt.Sprintf(`{"token":%q,"url":"https://shop.example%s","title":%q}`, d.token, p, p), "Content-Type", "text/plain")
		if code != 204 {
			t.Fatal(code, text)
		}
	}
	_, text := d.lin.call("GET", "/visitors/"+d.visitor+"/pages", "")
	if cart, lamp := strings.Index(text, "/cart"), strings.Index(text, "/lamp"); cart < 0 || lamp < cart {
		t.Fatal(text)
	}
	d.lin.ask(t, 200, "POST", "/conversations/"+d.conv+"/close", "", `"status":"closed"`)
	d.lin.ask(t, 200, "GET", "/conversations?view=closed&visitor="+d.visitor, "", d.conv)
	d.lin.ask(t, 200, "GET", "/conversations/"+d.conv+"/messages", "", "物流问题", `"name":"closed"`)
	for {
		if _, text := d.lin.call("GET", "/search?q="+url.QueryEscape("物流问题"), ""); strings.Contains(text, d.conv) {
			break
		}
		runtime.Gosched() // the index follows within a moment
	}
}
