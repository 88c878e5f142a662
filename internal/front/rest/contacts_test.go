package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
)

func TestContacts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	card := d.lin.ask(t, 200, "GET", "/conversations/"+d.conv+"/card", "", `"contact":{`, `"unknown":true`)
	mine := card["contact"].(map[string]any)["id"].(string)
	d.lin.ask(t, 200, "GET", "/contacts", "", `"total":0`, `"items":[]`)
	d.lin.ask(t, 200, "GET", "/contacts?kind=unknown", "", mine, `"total":1`)
	d.lin.ask(t, 200, "PATCH", "/contacts/"+mine, `{"name":"Vera <b>Lee</b>","emails":["Vera@x.example"],"phones":["13800138000"]}`, `"unknown":false`, "vera@x.example")
	d.lin.ask(t, 200, "GET", "/conversations/"+d.conv, "", `"visitorName":"Vera <b>Lee</b>"`)
	d.lin.ask(t, 200, "GET", "/contacts?q=VERA&newest=true", "", mine, `"conversation":"`+d.conv)
	d.lin.ask(t, 200, "GET", "/contacts?email=vera@x.example&kind=all", "", mine)
	d.lin.ask(t, 200, "GET", "/contacts?phone=1380013", "", `"total":0`)
	d.lin.ask(t, 200, "GET", "/contacts/"+mine, "", `"source":"web"`)
	d.lin.ask(t, 200, "POST", "/visitors/"+d.visitor+"/contact", "", mine)
	d.lin.ask(t, 404, "POST", "/visitors/nobody/contact", "", "visitor_not_found")
	d.lin.ask(t, 404, "GET", "/contacts/none", "", "contact_not_found")
	d.lin.ask(t, 404, "PATCH", "/contacts/none", `{"name":"x"}`, "contact_not_found")
	other := d.lin.ask(t, 200, "POST", "/contacts", `{"name":"Uli"}`, `"emails":[]`, `"conflicts":[]`)["id"].(string)
	for body, reason := range map[string]string{`{}`: "bad_name", `{"name":""}`: "name", `{"name":"x","emails":["no"]}`: "bad_email", `{"name":"x","manager":"none"}`: "manager_not_found",
		`{"name":5}`: "name", `{"name":"x","more":1}`: "more", `{"name":"x","phones":["` + strings.Repeat("1", 41) + `"]}`: "too_long", `{"name":"x","fields":{"none":"1"}}`: "unknown_field"} {
		if code, text := d.lin.call("POST", "/contacts", body); code != 400 || !strings.Contains(text, reason) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	d.lin.ask(t, 409, "POST", "/contacts/"+mine+"/settle", `{"name":"x"}`, "no_conflicts")
	d.lin.ask(t, 404, "POST", "/contacts/"+other+"/block", fmt.Sprintf(`{"visitor":%q,"source":"web","blocked":true}`, d.visitor), "channel_not_found")
	d.lin.ask(t, 403, "DELETE", "/contacts/"+other, "")
	d.boss.ask(t, 200, "GET", "/contacts/"+mine+"/conversations", "", `"items":[]`)
	d.boss.ask(t, 200, "POST", "/contacts/"+mine+"/block", fmt.Sprintf(`{"visitor":%q,"source":"web","blocked":true}`, d.visitor), `"blocked":true`)
	d.boss.ask(t, 200, "GET", "/contacts/"+mine+"/conversations", "", d.conv)
	d.lin.ask(t, 200, "GET", "/contacts/"+mine+"/conversations", "", d.conv)
	d.boss.ask(t, 200, "GET", "/contacts/"+other+"/conversations", "", `"items":[]`)
	d.boss.ask(t, 200, "POST", "/contacts/"+mine+"/block", fmt.Sprintf(`{"visitor":%q,"source":"web","blocked":false}`, d.visitor), `"blocked":false`)
	d.boss.ask(t, 204, "DELETE", "/contacts/"+other, "")
	d.Agent("clerk@example.com", account.User)
	login(t, d.Instance, "clerk@example.com").ask(t, 403, "GET", "/contacts", "", "agents_only")
}
