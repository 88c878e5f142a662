package office_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestTagsBelongToDepartments(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		sac, vip := s.Team("SAC"), s.Team("VIP")
		s.Agent("ana@example.com", account.Member, "SAC")
		root, ana := c.LogIn("root"), c.LogIn("ana")
		m := root.Method("livechat:saveTag", `[null,{"name":"Refund","description":"money back"},["`+string(vip)+`"]]`)
		refund := fmt.Sprint(m.Get("result._id"))
		m.Is("result.numDepartments", 1)
		root.Method("livechat:saveTag", `[null,{"name":"Bug"},["`+string(sac)+`"]]`).Is("result.name", "Bug")
		open := root.Call("POST", "livechat/tags.save", `{"tagData":{"name":"Open <i>","description":""}}`)
		open.Is("numDepartments", 0)
		l := ana.Call("GET", "livechat/tags?viewAll=true", "")
		l.Is("total", 2)
		l.Is("tags.0.name", "Bug")
		ana.Call("GET", "livechat/tags?department="+string(vip)+"&text=refund", "").Is("tags.0._id", refund)
		root.Call("GET", "livechat/tags", "").Is("total", 1)
		root.Call("GET", "livechat/tags?viewAll=true&count=1", "").Is("total", 3)
		root.Call("GET", "livechat/tags/"+refund, "").Is("description", "money back")
		root.Call("GET", "livechat/tags/none", "").Want(200, `{"statusCode":200,"body":null}`)
		root.Method("livechat:saveTag", `["`+refund+`",{"name":"Refunds"},[]]`).Is("result.numDepartments", 0)
		root.Method("livechat:saveTag", `["none",{"name":"x"},[]]`).Is("error.error", "tag-not-found")
		root.Method("livechat:saveTag", `[null,{"name":"bug"},[]]`).Is("error.error", "error-duplicate-tag-name")
		root.Method("livechat:saveTag", `[null,{},[]]`).Is("error.errorType", "Match.Error")
		root.Method("livechat:saveTag", `[null]`).Is("error.errorType", "Match.Error")
		root.Method("livechat:getTagsList", `[]`).Is("result.0", "Bug")
		root.Method("livechat:removeTag", `["`+refund+`"]`).Is("result", true)
		root.Method("livechat:removeTag", `["`+refund+`"]`).Is("error.reason", "Tag not found")
		root.Call("POST", "livechat/tags.delete", `{"id":"`+fmt.Sprint(open.Get("_id"))+`"}`).Want(200, `{"success":true}`)
		root.Call("POST", "livechat/tags.delete", `{}`).Want(400, `{"error":"must have required property 'id' [invalid-params]","errorType":"invalid-params","success":false}`)
		root.Call("POST", "livechat/tags.save", `{"tagData":{"name":"`+strings.Repeat("x", 200)+`"}}`).Is("success", false)
		ana.Method("livechat:saveTag", `[null,{"name":"x"},[]]`).Is("error.error", "error-not-allowed")
		ana.Call("POST", "livechat/tags.save", `{}`).Is("success", false)
	})
}

func TestUnitsAndTheirMonitors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.User)
		root, mona := c.LogIn("root"), c.LogIn("ana")
		one, two := root.Department("One", ``), root.Department("Two", ``)
		root.Method("livechat:addMonitor", `["ana"]`).Is("result._id", ana.ID)
		root.Method("livechat:addMonitor", `["ana"]`).Is("result.username", "ana")
		root.Method("livechat:addMonitor", `[""]`).Is("error.error", "error-invalid-user")
		body := func(name, visibility, team string) string {
			return `{"unitData":{"name":"` + name + `","visibility":"` + visibility + `","description":"<b>"},"unitMonitors":[{"monitorId":"` + string(ana.ID) +
				`","username":"ana"},{"monitorId":"` + root.ID() + `","username":"root"}],"unitDepartments":[{"departmentId":"` + team + `"}]}`
		}
		mona.Call("GET", "livechat/department?onlyMyDepartments=true", "").Is("total", 0)
		u := root.Call("POST", "livechat/units", body("South", "public", one))
		u.Is("type", "u")
		u.Is("numMonitors", 1)
		u.Is("description", "<b>")
		uid := fmt.Sprint(u.Get("_id"))
		l := mona.Call("GET", "livechat/department?onlyMyDepartments=true", "")
		l.Is("total", 1)
		l.Is("departments.0._id", one)
		l.Is("departments.0.parentId", uid)
		root.Call("GET", "livechat/department?onlyMyDepartments=true", "").Is("total", 2)
		mona.Method("livechat:getUnitsFromUser", `[]`).Is("result.0", uid)
		root.Method("livechat:getUnitsFromUser", `[]`).Is("result", nil)
		root.Call("POST", "livechat/units/"+uid, body("South 2", "private", one)).Is("visibility", "private")
		root.Call("GET", "livechat/units/"+uid, "").Is("name", "South 2")
		root.Call("GET", "livechat/units?text=SOUTH", "").Is("total", 1)
		mona.Call("GET", "livechat/units", "").Is("units.0._id", uid)
		root.Call("GET", "livechat/units/"+uid+"/monitors", "").Is("monitors.0.username", "ana")
		root.Call("GET", "livechat/units/"+uid+"/departments", "").Is("departments.0.name", "One")
		root.Call("GET", "livechat/units/"+uid+"/departments/available", "").Is("total", 2)
		root.Call("GET", "livechat/units/none/departments/available", "").Is("departments.0.name", "Two")
		root.Call("GET", "livechat/monitors?text=an", "").Is("monitors.0.username", "ana")
		root.Call("GET", "livechat/monitors/ana", "").Is("_id", ana.ID)
		dept := `{"department":{"name":"One","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":{}}`
		root.Call("PUT", "livechat/department/"+one, dept).Is("errorType", "error-unit-cant-be-empty")
		root.Call("PUT", "livechat/department/"+two, `{"department":{"name":"Two","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":{"_id":"`+uid+`"}}`).Is("department.parentId", uid)
		root.Call("PUT", "livechat/department/"+one, dept).Is("department.parentId", nil)
		for _, x := range []struct{ method, path, body, want string }{
			{"POST", "livechat/units", `{}`, `400 {"error":"must have required property 'unitData' [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "livechat/units", body("x", "secret", one), `400 {"error":"must be equal to one of the allowed values [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "livechat/units", body("x", "public", "none"), `400 {"error":"Department not found [error-department-not-found]","errorType":"error-department-not-found","success":false}`},
			{"POST", "livechat/units/none", body("x", "public", one), `400 {"error":"Unit not found [error-unit-not-found]","errorType":"error-unit-not-found","success":false}`},
			{"GET", "livechat/units/none", ``, `200 {"statusCode":200,"body":null}`},
			{"DELETE", "livechat/units/none", ``, `400 {"error":"Unit not found [unit-not-found]","errorType":"unit-not-found","success":false}`},
			{"GET", "livechat/units/none/monitors", ``, `200 {"monitors":[],"success":true}`},
			{"GET", "livechat/monitors/root", ``, `400 {"error":"invalid-user","success":false}`},
			{"POST", "livechat/monitors.create", `{"username":"none"}`, `400 {"error":"Invalid user [error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"DELETE", "livechat/units/" + uid, ``, `200 1`},
			{"POST", "livechat/monitors.delete", `{"username":"ana"}`, `200 {"success":true}`},
			{"GET", "livechat/monitors", ``, `200 {"count":0,"monitors":[],"offset":0,"total":0,"success":true}`},
		} {
			if a := root.Call(x.method, x.path, x.body); fmt.Sprint(a.Status, " ", a.Text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.Status, a.Text, x.want)
			}
		}
		mona.Call("GET", "livechat/units", "").Is("total", 0)
	})
}
