package rest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// want calls and checks the status, and reads the answer into out if that is given.
func (b *browser) want(t *testing.T, status int, method, path, body string, out any) string {
	t.Helper()
	code, text := b.call(method, path, body)
	if code != status {
		t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(text), out); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

func TestEveryChangeOfAnAdministratorIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("boss@example.com", "admin")
		s.Agent("ann@example.com", "agent")
		b := login(t, s, "boss@example.com")
		var team, sub, role, inbox, agent, client struct {
			ID       string `json:"id"`
			ClientID string `json:"clientId"`
		}
		b.want(t, 200, "POST", "/admin/teams", `{"name":"Sales"}`, &team)
		b.want(t, 200, "POST", "/admin/teams", `{"name":"VIP","settings":{"parent":"`+team.ID+`","timers":{"queue":60}}}`, &sub)
		b.want(t, 200, "POST", "/admin/roles", `{"name":"Reader","permissions":["conversation.see_all"]}`, &role)
		b.want(t, 200, "POST", "/admin/inboxes", `{"name":"Shop","settings":{"color":"#112233"}}`, &inbox)
		b.want(t, 204, "PUT", "/admin/inboxes/"+inbox.ID, `{"name":"Shop 2","settings":{"routing":{"rule":"idle"}}}`, nil)
		b.want(t, 200, "POST", "/admin/agents", `{"email":"eve@example.com","name":"Eve","password":"correct horse","role":"`+role.ID+`","teams":["Sales"]}`, &agent)
		b.want(t, 200, "PATCH", "/admin/agents/"+agent.ID, `{"cap":3,"teams":[],"password":"battery staple"}`, nil)
		b.want(t, 204, "PUT", "/admin/company", `{"name":"Acme","settings":{"timers":{"idleWarn":120}}}`, nil)
		b.want(t, 200, "POST", "/admin/apiclients", `{"name":"CRM"}`, &client)
		b.want(t, 204, "DELETE", "/admin/apiclients/"+client.ClientID, "", nil)
		b.want(t, 409, "DELETE", "/admin/teams/"+team.ID, "", nil) // VIP is below it
		b.want(t, 204, "DELETE", "/admin/teams/"+sub.ID, "", nil)
		b.want(t, 409, "DELETE", "/admin/roles/"+role.ID, "", nil) // Eve has it

		var log struct {
			Items []struct {
				Action, Thing, ThingID, ByName string
				Before, After                  map[string]any
			}
			Next string
		}
		b.want(t, 200, "GET", "/admin/audit?limit=100", "", &log)
		var got []string
		for _, e := range log.Items {
			got = append(got, e.Action+" "+e.Thing)
			if e.ByName == "" {
				t.Errorf("nobody did %s %s", e.Action, e.Thing)
			}
		}
		want := "delete team,delete api_client,create api_client,update tenant,update agent,create agent,update inbox,create inbox,create role,create team,create team"
		if strings.Join(got, ",") != want {
			t.Fatalf("audit log\n%s\nwant\n%s", strings.Join(got, ","), want)
		}
		change := log.Items[4]
		if change.Before["cap"] == change.After["cap"] || change.After["password"] != "changed" || fmt.Sprint(change.After["teams"]) != "[]" {
			t.Fatalf("the change of an agent is kept as %v -> %v", change.Before, change.After)
		}
		if text := b.want(t, 200, "GET", "/admin/audit?thing=agent&limit=1", "", &log); len(log.Items) != 1 || log.Next == "" || strings.Contains(text, "argon2") {
			t.Fatalf("%s", text)
		}

		// The role holds at once, and what it does not allow is refused.
		eve := loginWith(t, s, "eve@example.com", "battery staple")
		eve.want(t, 200, "GET", "/conversations?view=all", "", nil)
		for _, path := range []string{"/admin/agents", "/admin/roles", "/admin/audit", "/admin/settings", "/admin/tenants", "/admin/apiclients", "/admin/inboxes/" + inbox.ID} {
			eve.want(t, 403, "GET", path, "", nil)
		}
		ann := login(t, s, "ann@example.com")
		ann.want(t, 403, "POST", "/admin/teams", `{"name":"x"}`, nil)
		ann.want(t, 403, "POST", "/admin/inboxes", `{"name":"x"}`, nil)
		ann.want(t, 403, "POST", "/admin/roles", `{"name":"x","permissions":["account.administer"]}`, nil)
	})
}

func loginWith(t *testing.T, s *servertest.Instance, email, password string) *browser {
	t.Helper()
	code, body, h := s.Call("POST", api+"/session", fmt.Sprintf(`{"login":%q,"password":%q}`, email, password), "Content-Type", "application/json")
	if code != 200 {
		t.Fatalf("login: %d %s", code, body)
	}
	var me struct{ CSRF string }
	if err := json.Unmarshal([]byte(body), &me); err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	return &browser{s, cookie, me.CSRF}
}

func TestDisablingAnAgentEndsItsSessionsAndTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	boss := s.Agent("boss@example.com", "admin")
	ann := s.Agent("ann@example.com", "agent")
	b, a := login(t, s, "boss@example.com"), login(t, s, "ann@example.com")
	a.want(t, 200, "GET", "/session", "", nil)
	b.want(t, 200, "PATCH", "/admin/agents/"+string(ann.ID), `{"disabled":true}`, nil)
	a.want(t, 401, "GET", "/session", "", nil)
	if text := b.want(t, 409, "PATCH", "/admin/agents/"+string(boss.ID), `{"role":"agent"}`, nil); !strings.Contains(text, "last_admin") {
		t.Fatal(text)
	}
}

func TestImportOfAgentsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("boss@example.com", "admin")
	b := login(t, s, "boss@example.com")
	b.want(t, 200, "POST", "/admin/teams", `{"name":"售后"}`, nil)
	post := func(query, csv string) (list struct {
		Items []struct {
			Line      int
			Email     string
			Error, ID string
		}
	}) {
		t.Helper()
		body, err := json.Marshal(map[string]string{"csv": csv})
		if err != nil {
			t.Fatal(err)
		}
		b.want(t, 200, "POST", "/admin/agents/import"+query, string(body), &list)
		return list
	}
	good := "\ufeffEmail,Name,Password,Teams,Cap\nli@example.com,李雷,password one,售后,5\nmei@example.com,韩梅梅,password two,,\n"
	bad := good + "li@example.com,again,password one\nnobody,x,password one\nz@example.com,Z,short\ny@example.com,Y,password one,没有\n"
	list := post("", bad)
	var faults []string
	for _, l := range list.Items {
		if l.Error != "" {
			faults = append(faults, fmt.Sprint(l.Line))
		}
		if l.ID != "" {
			t.Fatalf("line %d was added", l.Line)
		}
	}
	if strings.Join(faults, ",") != "4,5,6,7" {
		t.Fatalf("faults in lines %v of %+v", faults, list)
	}
	if list := post("?dryRun=true", good); len(list.Items) != 2 || list.Items[0].Error != "" || list.Items[0].ID != "" {
		t.Fatalf("%+v", list)
	}
	if list := post("", good); list.Items[1].ID == "" {
		t.Fatalf("%+v", list)
	}
	loginWith(t, s, "li@example.com", "password one").want(t, 200, "GET", "/session", "", nil)
	if text := b.want(t, 400, "POST", "/admin/agents/import", `{"csv":"email,name\n"}`, nil); !strings.Contains(text, "column_missing") {
		t.Fatal(text)
	}
}

func TestAnotherCompanyIsOutOfReach(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("boss@example.com", "admin")
	b := login(t, s, "boss@example.com")
	b.want(t, 200, "POST", "/admin/tenants", `{"id":"acme","name":"Acme","email":"ann@acme.example","admin":"Ann","password":"a good password"}`, nil)
	b.want(t, 409, "POST", "/admin/tenants", `{"id":"acme","name":"Acme","email":"ann@acme.example","admin":"Ann","password":"a good password"}`, nil)
	code, body, h := s.Call("POST", api+"/session", `{"tenant":"acme","login":"ann@acme.example","password":"a good password"}`, "Content-Type", "application/json")
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	var me struct{ CSRF string }
	if err := json.Unmarshal([]byte(body), &me); err != nil {
		t.Fatal(err)
	}
	cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
	ann := &browser{s, cookie, me.CSRF}
	ann.want(t, 404, "GET", "/admin/inboxes/main", "", nil)
	ann.want(t, 404, "PUT", "/admin/inboxes/main", `{"name":"mine"}`, nil)
	ann.want(t, 403, "POST", "/admin/tenants", `{"id":"x","name":"X","email":"x@x.example","admin":"X","password":"a good password"}`, nil)
	var list struct{ Items []struct{ ID string } }
	ann.want(t, 200, "GET", "/admin/tenants", "", &list)
	if len(list.Items) != 1 || list.Items[0].ID != "acme" {
		t.Fatalf("%+v", list)
	}
}

func TestWhereAnInboxIsInstalled(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	s.Agent("boss@example.com", "admin")
	b := login(t, s, "boss@example.com")
	for _, page := range []string{"https://shop.example/a?secret=1", "https://shop.example/b", "nonsense", "file:///x"} {
		in, err := s.Accounts().Inbox(t.Context(), "main")
		if err == nil {
			err = s.Accounts().InboxSeenOn(t.Context(), in, page)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var in struct {
		Seen []struct{ Origin, Page string }
	}
	b.want(t, 200, "GET", "/admin/inboxes/main", "", &in)
	if len(in.Seen) != 1 || in.Seen[0].Origin != "https://shop.example" || in.Seen[0].Page != "https://shop.example/a" {
		t.Fatalf("%+v", in)
	}
}
