package rest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/wsconn/wstest"
)

// secrets are what a role without the permission must never be told.
var secrets = []string{"13800138000", "hidden@example.com", "13911112222", "left@example.com", "secret@example.com", "13722223333", "88887777"}

// clean fails if a text holds a secret.
func clean(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s tells %s: %s", what, s, text)
		}
	}
}

// known leaves numbers and addresses wherever an agent could find them. It
// returns the id of the left message.
func (d *desk) known(t *testing.T) string {
	t.Helper()
	d.lin.ask(t, 200, "PATCH", "/visitors/"+d.visitor, `{"email":"hidden@example.com","phone":"13800138000"}`, `"phone":"13800138000"`)
	d.boss.ask(t, 200, "POST", "/fields", `{"key":"second","kind":"phone","name":"Second"}`)
	d.boss.ask(t, 200, "POST", "/fields", `{"key":"work","kind":"email","name":"Work"}`)
	d.lin.ask(t, 200, "PUT", "/visitors/"+d.visitor+"/fields", `{"values":{"second":"13722223333","work":"secret@example.com"}}`)
	d.lin.ask(t, 200, "PUT", "/conversations/"+d.conv+"/summary", `{"text":"call","followUp":{"kind":"phone","at":"2026-12-01T10:00:00Z","contact":"13911112222"}}`)
	code, text, _ := d.Call("POST", api+"/visitor/leave", `{"answers":{"name":"Wang","email":"left@example.com","phone":"13911112222","content":"please"}}`,
		"Authorization", "Bearer "+d.token, "Content-Type", "application/json")
	var left struct{ ID string }
	if err := json.Unmarshal([]byte(text), &left); err != nil || code != 200 {
		t.Fatal(code, text)
	}
	return left.ID
}

// masked makes an agent who may do everything but see contact details.
func (d *desk) masked(t *testing.T) *browser {
	t.Helper()
	d.Agent("root@example.com", account.Admin)
	root := login(t, d.Instance, "root@example.com")
	role := root.ask(t, 200, "POST", "/admin/roles", `{"name":"Masked","permissions":["conversation.reply","conversation.see_all","conversation.manage","content.manage","visitor.invite","visitor.block","audit.read","account.administer"]}`)["id"].(string)
	root.ask(t, 200, "POST", "/admin/agents", fmt.Sprintf(`{"email":"eve@example.com","name":"Eve","password":"correct horse","role":%q}`, role))
	return loginWith(t, d.Instance, "eve@example.com", "correct horse")
}

// A role without the permission finds no whole number and no address in any
// answer of the interface, whatever it reads.
func TestContactsAreMaskedInEveryAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	left := d.known(t)
	eve := d.masked(t)
	_, body, _ := d.Call("GET", "/api/parlor/openapi.json", "")
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		op, ok := doc.Paths[path]["get"]
		if !ok || len(op.Security) == 0 || op.Security[0]["agent"] == nil {
			continue
		}
		for _, own := range []string{d.conv, d.visitor, left} {
			at := strings.NewReplacer("{id}", own, "{seq}", "1").Replace(strings.TrimPrefix(path, api))
			for _, query := range []string{"", "?reveal=true&view=all&state=notprocess&q=13911112222&until=2027-01-01T00:00:00Z"} {
				code, text := eve.call("GET", at+query, "")
				clean(t, "GET "+at+query, text)
				if code == http.StatusOK {
					answered++
				}
			}
		}
	}
	if answered < 60 {
		t.Fatalf("only %d answers were looked at", answered)
	}
	// She does see that there is something.
	eve.ask(t, 200, "GET", "/conversations/"+d.conv+"/card", "", `"phone":"138••••8000"`, `"email":"h•••@example.com"`, "139••••2222", "137••••3333", "s•••@example.com")
	eve.ask(t, 200, "GET", "/followups?view=all", "", "139••••2222")
	eve.ask(t, 200, "GET", "/leave-messages/"+left, "", "l•••@example.com")
	eve.ask(t, 200, "GET", "/session", "", "conversation.reply")
	d.lin.ask(t, 200, "GET", "/session", "", "visitor.contact")
	d.lin.ask(t, 200, "GET", "/leave-messages/"+left, "", "left@example.com", "13911112222")
}

// What was shown masked may come back; it changes nothing, and no answer to a
// change tells more than reading does.
func TestMaskedContactsAreNotWrittenBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	left := d.known(t)
	eve := d.masked(t)
	change := func(code int, method, path, body string, parts ...string) {
		t.Helper()
		eve.ask(t, code, method, path, body, parts...)
		_, text := eve.call(method, path, body)
		clean(t, method+" "+path, text)
	}
	change(200, "PATCH", "/visitors/"+d.visitor, `{"name":"Vera","phone":"138••••8000","email":"h•••@example.com"}`, `"name":"Vera"`)
	change(400, "PATCH", "/visitors/"+d.visitor, `{"phone":"139••••8000"}`, `"field":"phone"`, "masked")
	change(200, "PUT", "/visitors/"+d.visitor+"/fields", `{"values":{"second":"137••••3333"}}`)
	follow := `{"text":"call later","followUp":{"kind":"phone","at":"2026-12-02T10:00:00Z","contact":%q}}`
	change(200, "PUT", "/conversations/"+d.conv+"/summary", fmt.Sprintf(follow, "139••••2222"), "call later")
	change(400, "PUT", "/conversations/"+d.conv+"/summary", fmt.Sprintf(follow, "139••••0000"), "masked")
	eve.ask(t, 200, "POST", "/conversations/"+d.conv+"/summary/handled", `{}`, "139••••2222")
	change(200, "PATCH", "/leave-messages/"+left, `{"note":"seen"}`, "seen")
	change(409, "POST", "/leave-messages/"+left+"/reply", `{"subject":"s","text":"t"}`, "mail_not_set_up")
	e := d.boss.ask(t, 200, "POST", "/canned", `{"scope":"company","title":"call","text":"{phone} {email}"}`)["id"].(string)
	change(200, "POST", "/canned/"+e+"/use", fmt.Sprintf(`{"conversation":%q}`, d.conv))
	d.lin.ask(t, 200, "GET", "/conversations/"+d.conv+"/card", "", `"phone":"13800138000"`, `"email":"hidden@example.com"`, "13911112222", "13722223333")

	// A number she writes herself is kept, and masked for her from then on.
	eve.ask(t, 200, "PATCH", "/visitors/"+d.visitor, `{"phone":"88887777"}`, `"phone":"888•7777"`)
	d.lin.ask(t, 200, "GET", "/visitors/"+d.visitor, "", `"phone":"88887777"`)
}

// Live events are masked too, and the pages of the old contract.
func TestContactsAreMaskedInEventsAndTheOldContract(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.known(t)
	d.masked(t)
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(d.URL, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server ends before
	code, token, _ := d.Call("POST", "/tokens?username=eve@example.com&password=correct+horse", "")
	if code != 200 {
		t.Fatal(code, token)
	}
	for _, packet := range []string{fmt.Sprintf(`40/parlor/agent,{"token":%q}`, token), fmt.Sprintf(`42/parlor/agent,1["watch",{"conversation":%q}]`, d.conv)} {
		if err := c.Text(packet); err != nil {
			t.Fatal(err)
		}
	}
	// wait reads until an event has come; everything on the way is looked at.
	wait := func(prefix string) string {
		for {
			text, err := c.ReadText()
			if err != nil {
				t.Fatal(prefix, err)
			}
			clean(t, "the socket", text)
			if strings.HasPrefix(text, prefix) {
				return text
			}
		}
	}
	wait(`43/parlor/agent,1`)
	d.lin.ask(t, 200, "PATCH", "/visitors/"+d.visitor, `{"phone":"13722223333"}`)
	if text := wait(`42/parlor/agent,["visitor"`); !strings.Contains(text, "137••••3333") {
		t.Error(text)
	}
	if code, text, _ := d.Call("POST", api+"/visitor/leave", `{"answers":{"name":"Wang","email":"left@example.com","content":"again"}}`,
		"Authorization", "Bearer "+d.token, "Content-Type", "application/json"); code != 200 {
		t.Fatal(code, text)
	}
	if text := wait(`42/parlor/agent,["leave"`); !strings.Contains(text, "l•••@example.com") {
		t.Error(text)
	}
	for _, path := range []string{"/api/agentuser", "/api/leavemsg/list", "/api/online/user", "/api/chatmessage?serviceid=" + d.conv} {
		code, text, _ := d.Call("GET", path, "", "Authorization", token)
		if code != 200 {
			t.Errorf("%s: %d %s", path, code, text)
		}
		clean(t, path, text)
	}
}
