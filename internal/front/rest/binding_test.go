package rest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestBindingsByTheNativeInterface(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("lin@example.com", account.Member)
	s.Agent("admin@example.com", account.Admin)
	lin, admin := login(t, s, "lin@example.com"), login(t, s, "admin@example.com")
	lin.ask(t, 403, "GET", "/bindings", "", "not_allowed")
	lin.ask(t, 403, "PUT", "/admin/flags", "{}", "not_allowed")
	body := `{"flag":"lead","visitor":"U_1","agent":"lin@example.com","note":"as agreed"}`
	admin.ask(t, 200, "POST", "/bindings", body, `"flag":"lead"`, `"visitor":"U_1"`, `"how":"hand"`)
	admin.ask(t, 409, "POST", "/bindings", body, "bound_already")
	admin.ask(t, 200, "POST", "/bindings?replace=true", body)
	admin.ask(t, 400, "POST", "/bindings", `{"flag":"lead","visitor":"u_2","agent":"nobody"}`, "agent_not_found")
	lines := "flag,visitor,agent\nlead,u_1,admin@example.com\nlead,u_3,lin@example.com\nlead,u_4,nobody\n"
	rep := admin.ask(t, 200, "POST", "/bindings/import", fmt.Sprintf(`{"lines":%q,"replace":true}`, lines), `"line":4`, "agent_not_found")
	if rep["bound"] != 1.0 || rep["replaced"] != 1.0 || rep["refused"] != 1.0 {
		t.Fatal(rep)
	}
	piece := fmt.Sprintf(`{"heading":"agent,visitor,flag","lines":%q,"first":501,"part":true}`, "lin@example.com,u_5,lead\nnobody,u_6,lead\n")
	admin.ask(t, 200, "POST", "/bindings/import", piece, `"line":502`, `"bound":1`)
	list := admin.ask(t, 200, "GET", "/bindings?visitor=u_&limit=2", "", `"agentName":"`)
	if list["total"] != 3.0 || len(list["items"].([]any)) != 2 {
		t.Fatal(list)
	}
	next := admin.ask(t, 200, "GET", "/bindings?visitor=u_&limit=2&after="+url.QueryEscape(list["next"].(string)), "", `"visitor":"u_5"`)
	if next["next"] != nil || next["total"] != nil {
		t.Fatal(next)
	}
	admin.ask(t, 200, "GET", "/bindings/history?visitor=u_1", "", `"action":"moved"`, `"how":"import"`, `"note":"as agreed"`)
	admin.ask(t, 200, "GET", "/bindings/flags", "", `["lead"]`)
	admin.ask(t, 200, "DELETE", "/bindings?flag=lead&visitor=U_3&note=left", "", `"removed":1`)
	admin.ask(t, 200, "DELETE", "/bindings?flag=lead&visitor=u_3", "", `"removed":0`)
	admin.ask(t, 200, "DELETE", "/bindings?flag=lead", "", `"removed":2`)
	log := admin.ask(t, 200, "GET", "/admin/audit?thing=binding", "")
	if n := len(log["items"].([]any)); n != 2 {
		t.Fatalf("%d entries: %v", n, log)
	}
}

func TestFlagsByTheNativeInterface(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("admin@example.com", account.Admin)
	admin := login(t, s, "admin@example.com")
	flags := `{"default":{"overflow":"at_once"},"policies":[{"name":"lead","order":"routing_first","maxHold":0}],"inboxes":["main"],"teams":{"buy":"x"},"rules":[{"name":"r","on":"rated","flag":"lead","minScore":80}]}`
	admin.ask(t, 204, "PUT", "/admin/flags", flags)
	admin.ask(t, 200, "GET", "/admin/flags", "", `"maxHold":0`, `"at_once"`, `"minScore":80`)
	for _, bad := range []string{`{"default":{"order":"x"}}`, `{"policies":[{"name":" "}]}`, `{"policies":[{"name":"a"},{"name":"a"}]}`, `{"teams":{"a":""}}`,
		`{"rules":[{"name":"a","on":"age","flag":"b"}]}`, `{"rules":[{"name":"a","on":"never","flag":"b"}]}`, `{"default":{"maxHold":-1}}`, `{"default":{"name":"x"}}`} {
		if code, text := admin.call("PUT", "/admin/flags", bad); code != 400 || strings.Contains(text, "internal") {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
	admin.ask(t, 200, "GET", "/admin/flags", "", `"minScore":80`)
	admin.ask(t, 200, "GET", "/admin/company", "", `"routing_first"`)
}
