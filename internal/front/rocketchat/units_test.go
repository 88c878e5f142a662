package rocketchat_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestTagsBelongToDepartments(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		sac, vip := s.Team("SAC"), s.Team("VIP")
		s.Agent("ana@example.com", account.Member, "SAC")
		root, ana := c.logIn("root"), c.logIn("ana")
		m := root.method("livechat:saveTag", `[null,{"name":"Refund","description":"money back"},["`+string(vip)+`"]]`)
		refund := fmt.Sprint(m.get("result._id"))
		m.is("result.numDepartments", 1)
		root.method("livechat:saveTag", `[null,{"name":"Bug"},["`+string(sac)+`"]]`).is("result.name", "Bug")
		open := root.call("POST", "livechat/tags.save", `{"tagData":{"name":"Open <i>","description":""}}`)
		open.is("numDepartments", 0)
		l := ana.call("GET", "livechat/tags?viewAll=true", "")
		l.is("total", 2)
		l.is("tags.0.name", "Bug")
		ana.call("GET", "livechat/tags?department="+string(vip)+"&text=refund", "").is("tags.0._id", refund)
		root.call("GET", "livechat/tags", "").is("total", 1)
		root.call("GET", "livechat/tags?viewAll=true&count=1", "").is("total", 3)
		root.call("GET", "livechat/tags/"+refund, "").is("description", "money back")
		root.call("GET", "livechat/tags/none", "").want(200, `{"statusCode":200,"body":null}`)
		root.method("livechat:saveTag", `["`+refund+`",{"name":"Refunds"},[]]`).is("result.numDepartments", 0)
		root.method("livechat:saveTag", `["none",{"name":"x"},[]]`).is("error.error", "tag-not-found")
		root.method("livechat:saveTag", `[null,{"name":"bug"},[]]`).is("error.error", "error-duplicate-tag-name")
		root.method("livechat:saveTag", `[null,{},[]]`).is("error.errorType", "Match.Error")
		root.method("livechat:saveTag", `[null]`).is("error.errorType", "Match.Error")
		root.method("livechat:getTagsList", `[]`).is("result.0", "Bug")
		root.method("livechat:removeTag", `["`+refund+`"]`).is("result", true)
		root.method("livechat:removeTag", `["`+refund+`"]`).is("error.reason", "Tag not found")
		root.call("POST", "livechat/tags.delete", `{"id":"`+fmt.Sprint(open.get("_id"))+`"}`).want(200, `{"success":true}`)
		root.call("POST", "livechat/tags.delete", `{}`).want(400, `{"error":"must have required property 'id' [invalid-params]","errorType":"invalid-params","success":false}`)
		root.call("POST", "livechat/tags.save", `{"tagData":{"name":"`+strings.Repeat("x", 200)+`"}}`).is("success", false)
		ana.method("livechat:saveTag", `[null,{"name":"x"},[]]`).is("error.error", "error-not-allowed")
		ana.call("POST", "livechat/tags.save", `{}`).is("success", false)
	})
}

func TestUnitsAndTheirMonitors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.User)
		root, mona := c.logIn("root"), c.logIn("ana")
		one, two := root.department("One", ``), root.department("Two", ``)
		root.method("livechat:addMonitor", `["ana"]`).is("result._id", ana.ID)
		root.method("livechat:addMonitor", `["ana"]`).is("result.username", "ana")
		root.method("livechat:addMonitor", `[""]`).is("error.error", "error-invalid-user")
		body := func(name, visibility, team string) string {
			return `{"unitData":{"name":"` + name + `","visibility":"` + visibility + `","description":"<b>"},"unitMonitors":[{"monitorId":"` + string(ana.ID) +
				`","username":"ana"},{"monitorId":"` + root.id() + `","username":"root"}],"unitDepartments":[{"departmentId":"` + team + `"}]}`
		}
		mona.call("GET", "livechat/department?onlyMyDepartments=true", "").is("total", 0)
		u := root.call("POST", "livechat/units", body("South", "public", one))
		u.is("type", "u")
		u.is("numMonitors", 1)
		u.is("description", "<b>")
		uid := fmt.Sprint(u.get("_id"))
		l := mona.call("GET", "livechat/department?onlyMyDepartments=true", "")
		l.is("total", 1)
		l.is("departments.0._id", one)
		l.is("departments.0.parentId", uid)
		root.call("GET", "livechat/department?onlyMyDepartments=true", "").is("total", 2)
		mona.method("livechat:getUnitsFromUser", `[]`).is("result.0", uid)
		root.method("livechat:getUnitsFromUser", `[]`).is("result", nil)
		root.call("POST", "livechat/units/"+uid, body("South 2", "private", one)).is("visibility", "private")
		root.call("GET", "livechat/units/"+uid, "").is("name", "South 2")
		root.call("GET", "livechat/units?text=SOUTH", "").is("total", 1)
		root.call("GET", "livechat/units/"+uid+"/monitors", "").is("monitors.0.username", "ana")
		root.call("GET", "livechat/units/"+uid+"/departments", "").is("departments.0.name", "One")
		root.call("GET", "livechat/units/"+uid+"/departments/available", "").is("total", 2)
		root.call("GET", "livechat/units/none/departments/available", "").is("departments.0.name", "Two")
		root.call("GET", "livechat/monitors?text=an", "").is("monitors.0.username", "ana")
		root.call("GET", "livechat/monitors/ana", "").is("_id", ana.ID)
		dept := `{"department":{"name":"One","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":{}}`
		root.call("PUT", "livechat/department/"+one, dept).is("errorType", "error-unit-cant-be-empty")
		root.call("PUT", "livechat/department/"+two, `{"department":{"name":"Two","enabled":true,"email":"x","showOnRegistration":true,"showOnOfflineForm":true},"departmentUnit":{"_id":"`+uid+`"}}`).is("department.parentId", uid)
		root.call("PUT", "livechat/department/"+one, dept).is("department.parentId", nil)
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
			if a := root.call(x.method, x.path, x.body); fmt.Sprint(a.status, " ", a.text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.status, a.text, x.want)
			}
		}
		mona.call("GET", "livechat/units", "").is("success", false)
	})
}
