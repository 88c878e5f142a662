package rocketchat_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// department makes one and returns its id.
func (c *client) department(name, more string) string {
	c.t.Helper()
	a := c.call("POST", "livechat/department", `{"department":{"name":"`+name+`","enabled":true,"email":"bla@bla","showOnRegistration":true,"showOnOfflineForm":true`+more+`}}`)
	a.is("success", true)
	return fmt.Sprint(a.get("department._id"))
}

func TestDepartmentsAreTeams(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.Member)
		root, agent := c.logIn("root"), c.logIn("ana")
		a := root.call("POST", "livechat/department", `{"department":{"name":"SAC","enabled":true,"email":"sac@example.com","showOnRegistration":true,"showOnOfflineForm":false,
			"description":"<b>x</b>","requestTagBeforeClosingChat":true,"chatClosingTags":["a","b"],"maxNumberSimultaneousChat":"4","visitorInactivityTimeoutInSeconds":3600,
			"waitingQueueMessage":"Wait","customId":7},"agents":[{"agentId":"`+string(ana.ID)+`","username":"ana","order":2}]}`)
		a.is("department.numAgents", 1)
		a.is("department.customId", 7)
		a.is("department.maxNumberSimultaneousChat", 4)
		a.is("department.visitorInactivityTimeoutInSeconds", 3600)
		a.is("department.waitingQueueMessage", "Wait")
		a.is("agents.0.order", 2)
		sac := fmt.Sprint(a.get("department._id"))
		vip := root.department("VIP", `,"fallbackForwardDepartment":"`+sac+`"`)
		off := root.department("Off", ``)
		root.call("PUT", "livechat/department/"+off, `{"department":{"name":"Off 2","enabled":false,"email":"","showOnRegistration":false,"showOnOfflineForm":false}}`).is("department.enabled", false)
		l := root.call("GET", "livechat/department?enabled=true&count=1", "")
		l.is("total", 2)
		l.is("departments.0.name", "SAC")
		root.call("GET", "livechat/department?text=vi&excludeDepartmentId="+sac, "").is("departments.0._id", vip)
		agent.call("GET", "livechat/department/"+sac, "").is("agents", nil)
		root.call("GET", "livechat/department/"+sac, "").is("agents.0.username", "ana")
		root.call("GET", "livechat/department/none", "").want(200, `{"agents":[],"department":null,"success":true}`)
		root.call("GET", "livechat/department.autocomplete?selector="+`%7B%22term%22:%22s%22%7D`, "").want(200, `{"items":[{"_id":"`+sac+`","name":"SAC"}],"success":true}`)
		root.call("GET", "livechat/department.listByIds?ids[]="+sac+"&ids[]=none", "").is("departments.0.name", "SAC")
		root.call("GET", "livechat/department/isDepartmentCreationAvailable", "").want(200, `{"isDepartmentCreationAvailable":true,"success":true}`)
		root.call("POST", "livechat/department/"+off+"/agents", `{"upsert":[{"agentId":"`+string(ana.ID)+`","username":"ana","count":3},{"agentId":"none","username":"none"}],"remove":[]}`).want(200, `{"success":true}`)
		root.call("GET", "livechat/department/"+off+"/agents", "").is("agents.0.count", 3)
		d := root.call("GET", "livechat/agents/"+string(ana.ID)+"/departments", "")
		if n := len(d.get("departments").([]any)); n != 2 {
			t.Fatal(d.text)
		}
		d = root.call("GET", "livechat/agents/"+string(ana.ID)+"/departments?enabledDepartmentsOnly=true", "")
		d.is("departments.0.departmentName", "SAC")
		d.is("departments.1", nil)
		root.method("livechat:saveDepartmentAgents", `["`+off+`",{"upsert":[],"remove":[{"agentId":"`+string(ana.ID)+`"}]}]`).is("result", true)
		root.call("GET", "livechat/department/"+off+"/agents", "").is("total", 0)
		root.call("POST", "livechat/department/"+off+"/archive", "").want(200, `{"success":true}`)
		root.call("GET", "livechat/departments/archived", "").is("departments.0._id", off)
		root.call("GET", "livechat/department", "").is("total", 2)
		root.call("PUT", "livechat/department/"+off, `{"department":{"name":"Off 2","enabled":true,"email":"","showOnRegistration":false,"showOnOfflineForm":false}}`).is("errorType", "error-archived-department-cant-be-enabled")
		root.call("POST", "livechat/department/"+off+"/unarchive", "").want(200, `{"success":true}`)
		m := root.method("livechat:saveDepartment", `["",{"name":"By method","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true,"departmentsAllowedToForward":["`+sac+`"]},[]]`)
		m.is("result.name", "By method")
		root.method("livechat:getDepartmentForwardRestrictions", `["`+fmt.Sprint(m.get("result._id"))+`"]`).is("result.restrictions._id.$in.0", sac)
		departmentFaults(t, root, sac, vip)
		agent.call("POST", "livechat/department", `{}`).want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		departmentGoes(t, c, root, agent, sac, vip)
	})
}

// departmentGoes removes a department that has a conversation and that another
// one falls back on.
func departmentGoes(t *testing.T, c, root, agent *client, sac, vip string) {
	t.Helper()
	agent.call("POST", "users.setStatus", `{"status":"online"}`).is("success", true)
	agent.call("POST", "livechat/agent.status", `{"status":"available"}`).is("status", "available")
	c.call("POST", "livechat/visitor", `{"visitor":{"token":"v","department":"SAC"}}`).is("success", true)
	room := c.call("GET", "livechat/room?token=v", "")
	room.is("room.departmentId", sac)
	room.is("room.servedBy.username", "ana")
	root.call("GET", "livechat/department/"+sac+"/agents", "").is("agents.0.count", 1)
	root.call("POST", "settings/Omnichannel_enable_department_removal", `{"value":false}`).is("success", true)
	root.call("DELETE", "livechat/department/"+sac, "").want(400, `{"error":"error-department-removal-disabled","success":false}`)
	root.call("POST", "settings/Omnichannel_enable_department_removal", `{"value":true}`).is("success", true)
	root.call("DELETE", "livechat/department/"+sac, "").want(200, `{"success":true}`)
	c.call("GET", "livechat/room?token=v", "").is("room.departmentId", nil)
	root.call("GET", "livechat/department/"+vip, "").is("department.fallbackForwardDepartment", "")
	root.call("DELETE", "livechat/department/"+sac, "").want(400, `{"error":"error-department-not-found","success":false}`)
}

func departmentFaults(t *testing.T, root *client, sac, vip string) {
	t.Helper()
	good := `"name":"X","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true`
	for _, x := range []struct{ method, path, body, want string }{
		{"POST", "livechat/department", `{}`, `400 Match error: Missing key 'department'`},
		{"POST", "livechat/department", `{"department":{}}`, `400 Match error: Missing key 'name' in field department`},
		{"POST", "livechat/department", `{"department":{` + good + `,"chatClosingTags":"no list"}}`, `400 Match error: Expected array, got string in field department.chatClosingTags`},
		{"POST", "livechat/department", `{"department":{` + good + `,"requestTagBeforeClosingChat":true}}`, `400 At least one closing tag is required when the department requires tag(s) on closing conversations. [error-validating-department-chat-closing-tags]`},
		{"POST", "livechat/department", `{"department":{` + good + `,"fallbackForwardDepartment":"none"}}`, `400 Fallback department not found [error-fallback-department-not-found]`},
		{"PUT", "livechat/department/" + sac, `{"department":{` + good + `,"fallbackForwardDepartment":"` + vip + `"}}`, `400 Cannot save department. Circular reference between fallback department and department [error-fallback-department-circular]`},
		{"PUT", "livechat/department/none", `{"department":{` + good + `}}`, `400 Department not found [error-department-not-found]`},
		{"PUT", "livechat/department/" + sac, `{"department":{` + good + `},"agents":"x"}`, `400 Match error: Expected array, got string in field agents`},
		{"PUT", "livechat/department/" + sac, `{"department":{` + good + `},"agents":[{"x":1}]}`, `400 Match error: Missing key 'agentId' in field agents[0]`},
		{"POST", "livechat/department", `{"department":{` + good + `,"maxNumberSimultaneousChat":"many"}}`, `400 must be number [invalid-params]`},
		{"POST", "livechat/department", `{"department":{` + good + `},"departmentUnit":{"_id":"none"}}`, `400 Invalid department unit [error-invalid-department-unit]`},
		{"POST", "livechat/department", `{"department":{"name":"` + strings.Repeat("x", 300) + `","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true}}`, `400 `},
		{"GET", "livechat/department?count=x", ``, `400 must be number [invalid-params]`},
		{"GET", "livechat/department.autocomplete", ``, `400 The 'selector' param is required`},
		{"GET", "livechat/department.autocomplete?selector=%7B", ``, `400 Invalid selector parameter provided: "{" [error-invalid-selector]`},
		{"GET", "livechat/department.listByIds", ``, `400 The 'ids' param is required`},
		{"GET", "livechat/department.listByIds?ids=x", ``, `400 The 'ids' param must be an array`},
		{"POST", "livechat/department/" + sac + "/agents", ``, `400 Match error: Missing key 'upsert'`},
		{"POST", "livechat/department/" + sac + "/agents", `{"upsert":[{}],"remove":[]}`, `400 Match error: Missing key 'agentId' in field upsert[0]`},
		{"POST", "livechat/department/none/agents", `{"upsert":[],"remove":[]}`, `400 Department not found [error-department-not-found]`},
		{"POST", "livechat/department/none/archive", ``, `400 department-not-found`},
	} {
		a := root.call(x.method, x.path, x.body)
		if got := fmt.Sprint(a.status, " ", a.get("error")); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s %s %s\n got %s\nwant %s", x.method, x.path, x.body, got, x.want)
		}
	}
}
