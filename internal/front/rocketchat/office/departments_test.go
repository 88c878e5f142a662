package office_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestDepartmentsAreTeams(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.Member)
		root, agent := c.LogIn("root"), c.LogIn("ana")
		a := root.Call("POST", "livechat/department", `{"department":{"name":"SAC","enabled":true,"email":"sac@example.com","showOnRegistration":true,"showOnOfflineForm":false,
			"description":"<b>x</b>","requestTagBeforeClosingChat":true,"chatClosingTags":["a","b"],"maxNumberSimultaneousChat":"4","visitorInactivityTimeoutInSeconds":3600,
			"waitingQueueMessage":"Wait","customId":7},"agents":[{"agentId":"`+string(ana.ID)+`","username":"ana","order":2}]}`)
		a.Is("department.numAgents", 1)
		a.Is("department.customId", 7)
		a.Is("department.maxNumberSimultaneousChat", 4)
		a.Is("department.visitorInactivityTimeoutInSeconds", 3600)
		a.Is("department.waitingQueueMessage", "Wait")
		a.Is("agents.0.order", 2)
		sac := fmt.Sprint(a.Get("department._id"))
		vip := root.Department("VIP", `,"fallbackForwardDepartment":"`+sac+`"`)
		off := root.Department("Off", ``)
		root.Call("PUT", "livechat/department/"+off, `{"department":{"name":"Off 2","enabled":false,"email":"","showOnRegistration":false,"showOnOfflineForm":false}}`).Is("department.enabled", false)
		l := root.Call("GET", "livechat/department?enabled=true&count=1", "")
		l.Is("total", 2)
		l.Is("departments.0.name", "SAC")
		root.Call("GET", "livechat/department?text=vi&excludeDepartmentId="+sac, "").Is("departments.0._id", vip)
		agent.Call("GET", "livechat/department/"+sac, "").Is("agents", nil)
		root.Call("GET", "livechat/department/"+sac, "").Is("agents.0.username", "ana")
		root.Call("GET", "livechat/department/none", "").Want(200, `{"agents":[],"department":null,"success":true}`)
		root.Call("GET", "livechat/department.autocomplete?selector="+`%7B%22term%22:%22s%22%7D`, "").Want(200, `{"items":[{"_id":"`+sac+`","name":"SAC"}],"success":true}`)
		root.Call("GET", "livechat/department.listByIds?ids[]="+sac+"&ids[]=none", "").Is("departments.0.name", "SAC")
		root.Call("GET", "livechat/department/isDepartmentCreationAvailable", "").Want(200, `{"isDepartmentCreationAvailable":true,"success":true}`)
		root.Call("POST", "livechat/department/"+off+"/agents", `{"upsert":[{"agentId":"`+string(ana.ID)+`","username":"ana","count":3},{"agentId":"none","username":"none"}],"remove":[]}`).Want(200, `{"success":true}`)
		root.Call("GET", "livechat/department/"+off+"/agents", "").Is("agents.0.count", 3)
		d := root.Call("GET", "livechat/agents/"+string(ana.ID)+"/departments", "")
		if n := len(d.Get("departments").([]any)); n != 2 {
			t.Fatal(d.Text)
		}
		d = root.Call("GET", "livechat/agents/"+string(ana.ID)+"/departments?enabledDepartmentsOnly=true", "")
		d.Is("departments.0.departmentName", "SAC")
		d.Is("departments.1", nil)
		root.Method("livechat:saveDepartmentAgents", `["`+off+`",{"upsert":[],"remove":[{"agentId":"`+string(ana.ID)+`"}]}]`).Is("result", true)
		root.Call("GET", "livechat/department/"+off+"/agents", "").Is("total", 0)
		root.Call("POST", "livechat/department/"+off+"/archive", "").Want(200, `{"success":true}`)
		root.Call("GET", "livechat/departments/archived", "").Is("departments.0._id", off)
		root.Call("GET", "livechat/department", "").Is("total", 2)
		root.Call("PUT", "livechat/department/"+off, `{"department":{"name":"Off 2","enabled":true,"email":"","showOnRegistration":false,"showOnOfflineForm":false}}`).Is("errorType", "error-archived-department-cant-be-enabled")
		root.Call("POST", "livechat/department/"+off+"/unarchive", "").Want(200, `{"success":true}`)
		m := root.Method("livechat:saveDepartment", `["",{"name":"By method","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true,"departmentsAllowedToForward":["`+sac+`"]},[]]`)
		m.Is("result.name", "By method")
		root.Method("livechat:getDepartmentForwardRestrictions", `["`+fmt.Sprint(m.Get("result._id"))+`"]`).Is("result.restrictions._id.$in.0", sac)
		departmentFaults(t, root, sac, vip)
		agent.Call("POST", "livechat/department", `{}`).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		departmentGoes(t, c, root, agent, sac, vip)
	})
}

// departmentGoes removes a department that has a conversation and that another
// one falls back on.
func departmentGoes(t *testing.T, c, root, agent *contracttest.Client, sac, vip string) {
	t.Helper()
	agent.Call("POST", "users.setStatus", `{"status":"online"}`).Is("success", true)
	agent.Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("status", "available")
	c.Call("POST", "livechat/visitor", `{"visitor":{"token":"v","department":"SAC"}}`).Is("success", true)
	room := c.Call("GET", "livechat/room?token=v", "")
	room.Is("room.departmentId", sac)
	room.Is("room.servedBy.username", "ana")
	root.Call("GET", "livechat/department/"+sac+"/agents", "").Is("agents.0.count", 1)
	root.Call("POST", "settings/Omnichannel_enable_department_removal", `{"value":false}`).Is("success", true)
	root.Call("DELETE", "livechat/department/"+sac, "").Want(400, `{"error":"error-department-removal-disabled","success":false}`)
	root.Call("POST", "settings/Omnichannel_enable_department_removal", `{"value":true}`).Is("success", true)
	root.Call("DELETE", "livechat/department/"+sac, "").Want(200, `{"success":true}`)
	c.Call("GET", "livechat/room?token=v", "").Is("room.departmentId", nil)
	root.Call("GET", "livechat/department/"+vip, "").Is("department.fallbackForwardDepartment", "")
	root.Call("DELETE", "livechat/department/"+sac, "").Want(400, `{"error":"error-department-not-found","success":false}`)
}

func departmentFaults(t *testing.T, root *contracttest.Client, sac, vip string) {
	t.Helper()
	good := `"name":"X","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true`
	for _, x := range []struct{ method, path, body, want string }{
		{"POST", "livechat/department", `{}`, `400 must have required property 'department' [invalid-params]`},
		{"POST", "livechat/department", `{"department":{"name":"x","enabled":true,"email":"b","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":{"x":1}}`, `400 must NOT have additional properties [invalid-params]`},
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
		a := root.Call(x.method, x.path, x.body)
		if got := fmt.Sprint(a.Status, " ", a.Get("error")); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s %s %s\n got %s\nwant %s", x.method, x.path, x.body, got, x.want)
		}
	}
}
