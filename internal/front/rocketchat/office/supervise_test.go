package office_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestMonitorsMoveDepartmentsOfTheirUnitsOnly and change others all the same.
func TestMonitorsMoveDepartmentsOfTheirUnitsOnly(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		root := c.LogIn("root")
		monitor := func(name string) *contracttest.Client {
			root.Post("users.create", `{"name":%q,"email":%q,"username":%q,"password":%q}`, name, name+"@example.com", name, servertest.Password).Is("success", true)
			root.Method("livechat:addMonitor", `["`+name+`"]`).Is("result.username", name)
			return c.LogIn(name)
		}
		one, two := monitor("one"), monitor("two")
		make := func(by *contracttest.Client, name, unit string) string {
			t.Helper()
			a := by.Post("livechat/department", `{"department":{"name":%q,"enabled":true,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true}%s}`, name, unit)
			a.Is("department.name", name)
			return fmt.Sprint(a.Get("department._id"))
		}
		a := root.Post("livechat/units", `{"unitData":{"name":"South","visibility":"public"},"unitMonitors":[{"monitorId":%q,"username":"one"}],"unitDepartments":[]}`, one.ID())
		a.Is("numDepartments", 0)
		unit := fmt.Sprint(a.Get("_id"))
		in := `,"departmentUnit":{"_id":"` + unit + `"}`
		count := func(n int) { t.Helper(); root.Call("GET", "livechat/units/"+unit, "").Is("numDepartments", n) }
		foreign := make(two, "Foreign", in)
		count(0)
		a = root.Call("GET", "livechat/department/"+foreign, "")
		if _, there := a.Get("department").(map[string]any)["parentId"]; there {
			t.Fatal(a.Text)
		}
		own := make(one, "Own", in)
		count(1)
		root.Call("GET", "livechat/department/"+own, "").Is("department.ancestors", []string{unit})
		put := func(by *contracttest.Client, which, name, unit string) contracttest.Answer {
			t.Helper()
			return by.Call("PUT", "livechat/department/"+which, `{"department":{"name":"`+name+`","enabled":true,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":`+unit+`}`)
		}
		put(root, own, "Own", `{}`).Is("errorType", "error-unit-cant-be-empty")
		put(two, foreign, "Foreign 2", `{"_id":"`+unit+`"}`).Is("department.name", "Foreign 2")
		count(1)
		put(one, foreign, "Foreign 3", `{"_id":"`+unit+`"}`).Is("department.type", "d")
		count(2)
		put(two, own, "Own 2", `{}`).Is("department.name", "Own 2")
		count(2)
		put(one, foreign, "Foreign 4", `{}`).Is("department.name", "Foreign 4")
		count(1)
		a = root.Call("GET", "livechat/department/"+foreign, "")
		d, _ := a.Get("department").(map[string]any)
		if parent, there := d["parentId"]; !there || parent != nil || d["ancestors"] != nil {
			t.Fatal(a.Text)
		}
		put(root, own, "x", `{"y":1}`).Want(400, contracttest.Plain("Match error: Unknown key in field departmentUnit.y"))
		put(root, own, "x", `{"_id":true}`).Want(400, contracttest.Plain("Match error: Expected string, got boolean in field departmentUnit._id"))
		root.Method("livechat:saveDepartment", `["",{"name":"x","enabled":true,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true},[],{"_id":true}]`).Is("error.error", "error-invalid-department-unit")
		root.Method("livechat:saveDepartment", `["`+own+`",{"name":"x","enabled":true,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true},[],{}]`).Is("error.error", "error-unit-cant-be-empty")
		root.Call("DELETE", "livechat/department/"+own, "").Is("success", true)
		count(0)

		// Tags of departments that a monitor does not look after are not for it.
		a = root.Method("livechat:saveTag", `[null,{"name":"Only Foreign"},["`+foreign+`"]]`)
		tag := fmt.Sprint(a.Get("result._id"))
		one.Call("GET", "livechat/tags?department="+foreign, "").Is("total", 0)
		put(one, foreign, "Foreign 5", `{"_id":"`+unit+`"}`).Is("success", true)
		one.Call("GET", "livechat/tags?department="+foreign, "").Is("tags.0._id", tag)
		one.Call("GET", "livechat/tags", "").Is("tags.0._id", tag)
		two.Call("GET", "livechat/tags?viewAll=true", "").Is("total", 0)
		root.Option("Omnichannel_enable_department_removal", "false")
		root.Call("DELETE", "livechat/department/"+foreign, "").Want(400, contracttest.Plain("error-department-removal-disabled"))
	})
}
