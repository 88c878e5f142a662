package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
)

// Everything beside a conversation comes in one answer, and only to who may see
// the conversation.
func TestCardHoldsAllThatIsShownBesideAConversation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	code, text, _ := d.Call("POST", api+"/visitor/page", fmt.Sprintf(`{"token":%q,"url":"https://shop.example/lamp","title":"Lamp"}`, d.token), "Content-Type", "text/plain")
	if code != 204 {
		t.Fatal(code, text)
	}
	path := "/conversations/" + d.conv
	fresh := d.lin.ask(t, 200, "GET", path+"/card", "", `"url":"https://shop.example/lamp"`, `"visitorTags":[]`, `"earlier":[]`, `"fields":[]`, `"link":"/survey/`)
	if _, ok := fresh["summary"]; ok {
		t.Fatal("there is no summary yet")
	}
	if v := fresh["visitor"].(map[string]any); v["id"] != d.visitor {
		t.Fatal(v)
	}
	b := d.boss.ask(t, 200, "POST", "/tags", `{"kind":"visitor","name":"buyer"}`)["id"].(string)
	d.lin.ask(t, 200, "POST", "/visitors/"+d.visitor+"/tags", fmt.Sprintf(`{"add":[%q]}`, b))
	d.boss.ask(t, 200, "POST", "/fields", `{"key":"card","kind":"number","name":"Card","masked":true}`)
	d.lin.ask(t, 200, "PUT", "/visitors/"+d.visitor+"/fields", `{"values":{"card":"12345678"}}`)
	d.lin.ask(t, 200, "PUT", path+"/summary", `{"text":"wants a lamp"}`)
	d.lin.ask(t, 200, "GET", path+"/card", "", `"text":"wants a lamp"`, b, `"value":"****5678"`)

	d.lin.ask(t, 200, "POST", path+"/close", "")
	next := d.again(t)
	if _, text := d.lin.call("GET", "/conversations/"+next+"/card", ""); strings.Count(text, d.conv) == 0 {
		t.Fatalf("the earlier conversation is on the card: %s", text)
	}
	d.Agent("bo@example.com", account.Member)
	login(t, d.Instance, "bo@example.com").ask(t, 404, "GET", path+"/card", "", "conversation_not_found")
}
