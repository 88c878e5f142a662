package easemob_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		body := func(tenant, client, secret string) string {
			return fmt.Sprintf(`{%s"clientId":%q,"secretId":%q}`, tenant, client, secret)
		}
		for _, path := range []string{"/api/platform/tenants/1/accessToken", "/api/tenant/1/accessToken"} {
			for _, named := range []string{`"tenantId":"1",`, `"tenantId":1,`, ""} {
				a := d.call("POST", path, body(named, d.client.ID, d.secret), "")
				a.is("status", "OK")
				if token := fmt.Sprint(a.get("entity.accessToken")); len(token) != 32 {
					t.Fatal(token)
				}
			}
			d.call("POST", path, body("", d.client.ID, "wrong"), "").want(403, wrongClient)
			d.call("POST", path, body("", "nobody", d.secret), "").want(403, wrongClient)
			d.call("POST", path, body(`"tenantId":"2",`, d.client.ID, d.secret), "").want(403, wrongTenant)
			d.call("POST", strings.Replace(path, "/1/", "/7/", 1), body("", d.client.ID, d.secret), "").want(403, wrongTenant)
			d.call("POST", strings.Replace(path, "/1/", "/x/", 1), body("", d.client.ID, d.secret), "").want(403, wrongTenant)
			for _, bad := range []string{"", "[]", "{", `{"clientId":1,"secretId":"x"}`, body("", "", ""), body("", " ", d.secret)} {
				d.call("POST", path, bad, "").want(400, wrongParam)
			}
		}
		// The token is taken from three headers.
		for _, header := range [][]string{{"Kefu-Token", d.token}, {"Kefu-Toke", d.token}, {"Authorization", "Bearer " + d.token}} {
			d.call("GET", tenant+"queues", "", "", header...).is("status", "OK")
		}
		for _, header := range [][]string{nil, {"Kefu-Token", "x"}, {"Authorization", d.token + "x"}, {"Kefu-Token", d.Token("root@example.com")}} {
			d.call("GET", tenant+"queues", "", "", header...).want(401, wrongToken)
		}
		// A company's token opens no other company.
		other, err := s.Accounts().AddTenant(t.Context(), account.Tenant{ID: "other", Name: "Other"}, account.NewAgent{Email: "o@example.com", Name: "O", Password: servertest.Password})
		if err != nil {
			t.Fatal(err)
		}
		client, secret, err := s.Accounts().AddAPIClient(t.Context(), other.ID, "Theirs")
		if err != nil {
			t.Fatal(err)
		}
		d.call("GET", fmt.Sprintf("/api/platform/tenants/%d/queues", other.Number), "", d.token).want(403, wrongTenant)
		d.call("POST", tenant+"accessToken", body("", client.ID, secret), "").want(403, wrongClient)
		d.call("POST", fmt.Sprintf("/api/tenant/%d/accessToken", other.Number), body("", client.ID, secret), "").is("status", "OK")

		// Companies whose programs read nothing but the answer get 200 always.
		d.call("GET", "/api/platform/tenants/1/none", "", d.token).want(404, wrongParam)
		if status, text, _ := s.Call("PUT", "/api/parlor/v1/admin/company", `{"name":"Main","settings":{"options":{"Kefu_Always_200":true}}}`, "Authorization", "Bearer "+d.Token("root@example.com"), "Content-Type", "application/json"); status/100 != 2 {
			t.Fatal(text)
		}
		d.call("POST", tenant+"accessToken", body("", d.client.ID, "wrong"), "").want(200, wrongClient)
		d.do("POST", "busniessbind", "{}").want(200, wrongParam)
	})
}

func TestBusinessBinding(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		const ok = `{"status":"OK"}`
		bind := func(method, path, flag, visitor, agent string) answer {
			return d.do(method, path, fmt.Sprintf(`{"businessFlag":%q,"visitUserName":%q,"agentUserName":%q}`, flag, visitor, agent))
		}
		bind("POST", "busniessbind", "lead-1", "u_88231", "li.na@example.com").want(200, ok)
		bind("POST", "busniessbind", "lead-1", "u_88231", "li.na@example.com").want(409, wrongBind)
		bind("POST", "businessbind", " lead-1 ", "U_88231", "LI.NA@example.com").want(409, wrongBind)
		bind("POST", "busniessbind", "lead-2", "u_88231", "li.na@example.com").want(200, ok)
		for _, bad := range []string{"", "[]", `{"businessFlag":["a"],"visitUserName":"u","agentUserName":"li.na@example.com"}`, `{"businessFlag":"a","visitUserName":"u"}`,
			`{"businessFlag":"a","visitUserName":" ","agentUserName":"li.na@example.com"}`, `{"businessFlag":"a","visitUserName":"u","agentUserName":"nobody@example.com"}`,
			`{"businessFlag":"` + strings.Repeat("x", 129) + `","visitUserName":"u","agentUserName":"li.na@example.com"}`} {
			d.do("POST", "busniessbind", bad).want(400, wrongParam)
		}
		a := d.do("GET", "busniessbind?page=1&per_page=50", "")
		a.is("totalElements", 2)
		a.is("entities.0.businessFlag", "lead-1")
		a.is("entities.0.visitUserName", "u_88231")
		a.is("entities.0.agentUserName", "li.na@example.com")
		d.do("GET", "busniessbind?businessFlag=lead-2", "").is("totalElements", 1)
		d.do("GET", "busniessbind?page=0", "").want(400, failure("API_111", "page index must be more than 0."))
		d.do("GET", "busniessbind?per_page=51", "").want(400, failure("API_112", "page size must be less than 50."))
		d.do("GET", "busniessbind?page=x", "").want(400, wrongParam)

		bind("PUT", "busniessbind", "lead-1", "u_88231", "root@example.com").want(200, ok)
		d.do("GET", "busniessbind?businessFlag=lead-1", "").is("entities.0.agentUserName", "root@example.com")
		bind("DELETE", "busniessbind", "lead-1", "U_88231", "").want(200, ok)
		bind("DELETE", "busniessbind", "lead-1", "u_88231", "").want(200, ok)
		d.do("DELETE", "businessbind", `{"businessFlag":"lead-2","visitUserName":"u_88231"}`).want(200, ok)
		d.do("DELETE", "businessbind", `{"businessFlag":"lead-2"}`).want(400, wrongParam)
		d.do("GET", "busniessbind", "").want(200, `{"status":"OK","entities":[],"totalElements":0}`)

		a = d.do("POST", "busniessbind/import", `{"businessFlag":"x","visitUserName":"a","agentUserName":"li.na@example.com"}`+"\n"+`{"businessFlag":"x","visitUserName":"b","agentUserName":"nobody"}`+"\n")
		a.is("entity.bound", 1)
		a.is("entity.refused", 1)
		a.is("entity.refusals.0.line", 2)
	})
}

func TestAgentsGroupsAndVisitors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		sac := d.sac
		a := d.do("POST", "agents", fmt.Sprintf(`{"username":"new@example.com","nicename":"New","password":"long enough 1","maxServiceSessionCount":3,"queueIds":[%q]}`, sac))
		a.is("entity.username", "new@example.com")
		a.is("entity.maxServiceSessionCount", 3)
		a.is("entity.queueIds.0", sac)
		agent := fmt.Sprint(a.get("entity.userId"))
		d.do("POST", "agents", `{"username":"new@example.com","password":"long enough 1"}`).is("status", "FAIL")
		d.do("POST", "agents", `{"username":"no address","password":"long enough 1"}`).want(400, wrongParam)
		d.do("POST", "agents", `{"username":"x@example.com","password":"long enough 1","queueIds":["none"]}`).want(400, wrongParam)
		d.do("PUT", "agents/"+agent, `{"nicename":"Newer","status":"Disable"}`).is("entity.status", "Disable")
		d.do("GET", "agents?username=new@example.com", "").is("entities.0.nicename", "Newer")
		d.do("GET", "agents?per_page=2", "").is("totalElements", 3)
		d.do("GET", "agents?per_page=2&page=2", "").is("entities.1", nil)
		d.do("GET", "queues/"+string(sac)+"/agents", "").is("entities.1.userId", agent)
		d.do("GET", "queues", "").is("entities.0.queueName", "SAC")
		d.do("DELETE", "agents/"+agent, "").is("status", "OK")
		d.do("DELETE", "agents/"+agent, "").is("status", "FAIL")
		d.do("PUT", "agents/none", `{}`).want(404, wrongParam)

		d.do("GET", "visitors/u_1", "").want(404, wrongParam)
		d.do("PUT", "visitors/u_1", `{"userNickname":"Mia","phone":"13800000000","email":"mia@example.com"}`).is("entity.nicename", "Mia")
		d.do("GET", "visitors/U_1", "").is("entity.phone", "13800000000")
		d.do("GET", "visitors/"+strings.Repeat("x", 101), "").want(400, wrongParam)

		a = d.do("POST", "autoCreateImAssociation", `{"associationName":"Second"}`)
		a.is("entity.name", "Second")
		a.is("entity.imServiceNumber", "kefuchannelimid_"+fmt.Sprint(a.get("entity.id")))
		d.call("GET", "/v1/webimplugin/targetChannels?tenantId=1", "", "").is("0.name", "Second")
		d.call("GET", "/v1/monitor/agentqueues", "", d.token).is("entities.0.queue_name", "SAC")
		d.call("GET", "/v1/monitor/agentusers?queueId="+string(sac), "", d.token).is("entities.0.state", "Offline")
		d.call("GET", "/v1/monitor/agentusers", "", "").want(401, wrongToken)
	})
}

func TestSessionsOfPrograms(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		sac := d.sac
		a := d.do("POST", "sessions", `{"visitUserName":"u_9","queueName":"SAC"}`)
		a.is("entity.state", "Wait")
		a.is("entity.queueId", sac)
		session := fmt.Sprint(a.get("entity.serviceSessionId"))
		d.do("POST", "sessions", `{"visitUserName":"u_9"}`).is("entity.serviceSessionId", session)
		d.send("u_9", "hello", "").is("status", "OK")
		a = d.do("GET", "sessions/"+session+"/messages", "")
		a.is("entities.0.body.bodies.0.msg", "hello")
		a.is("entities.0.from_user.user_type", "Visitor")
		d.do("GET", "sessions?state=Wait", "").is("totalElements", 1)
		d.do("GET", "sessions?state=Terminal", "").is("totalElements", 0)
		d.do("GET", "sessions?state=Nothing", "").want(400, wrongParam)
		d.do("GET", "sessions?beginDate=soon", "").want(400, wrongParam)
		d.do("GET", "sessions?beginDate=2001-01-01&endDate=2001-02-01T00:00:00.000Z", "").is("totalElements", 0)
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+d.ready()); status != 200 {
			t.Fatal(text)
		}
		a = d.do("GET", "sessions/"+session, "")
		a.is("entity.state", "Processing")
		a.is("entity.agentUserId", d.lin.ID)
		d.do("POST", "sessions/"+session+"/transfer", `{"agentUserName":"root@example.com"}`).is("status", "FAIL")
		d.do("POST", "sessions/"+session+"/transfer", fmt.Sprintf(`{"queueId":%q}`, sac)).is("entity.state", "Wait")
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+d.Token("li.na@example.com")); status != 200 {
			t.Fatal(text)
		}
		d.do("POST", "sessions/"+session+"/transfer", `{}`).want(400, wrongParam)
		d.do("POST", "sessions/"+session+"/transfer", `{"agentUserName":"nobody"}`).want(400, wrongParam)
		d.do("POST", "sessions/"+session+"/close", "").is("entity.state", "Terminal")
		d.do("GET", "sessions/"+session, "").is("entity.visitorUserName", "u_9")
		d.do("GET", "sessions/none", "").want(404, wrongParam)
	})
}
