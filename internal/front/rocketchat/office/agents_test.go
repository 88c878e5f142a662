package office_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestAgentsOfRoomsAndDepartments is what integrations ask about agents.
func TestAgentsOfRoomsAndDepartments(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		root := c.LogIn("root")
		root.Option("Livechat_accept_chats_with_no_agents", "true")
		root.Option("Livechat_Routing_Method", `"Manual_Selection"`)
		root.Post("users.create", `{"name":"Ana","email":"ana@example.com","username":"ana","password":%q}`, servertest.Password).Is("success", true)
		ana := c.LogIn("ana")
		root.Post("livechat/users/agent", `{"username":"ana"}`).Is("user._id", ana.ID())
		ana.There()
		department := func(name string, enabled bool) string {
			a := root.Post("livechat/department", `{"department":{"name":%q,"enabled":%v,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true},"agents":[{"agentId":%q}]}`, name, enabled, ana.ID())
			return fmt.Sprint(a.Get("department._id"))
		}
		on := department("On", true)
		department("Off", false)
		a := ana.Call("GET", "livechat/agents/"+ana.ID()+"/departments", "")
		a.Is("departments.0.agentId", ana.ID())
		a.Is("departments.2", nil)
		a = ana.Call("GET", "livechat/agents/"+ana.ID()+"/departments?enabledDepartmentsOnly=true", "")
		a.Is("departments.0.departmentId", on)
		a.Is("departments.0.departmentName", "On")
		a.Is("departments.0.departmentEnabled", true)
		a.Is("departments.1", nil)
		ana.Call("GET", "livechat/agents/none/departments", "").Is("departments", []string{})

		rid := c.Room("vera-token")
		c.Call("GET", "livechat/agent.info/none/vera-token", "").Is("success", false)
		c.Call("GET", "livechat/agent.info/"+rid+"/none", "").Is("success", false)
		c.Call("GET", "livechat/agent.next/none", "").Is("success", false)
		c.Call("GET", "livechat/agent.next/vera-token", "").Is("success", true)
		c.Post("livechat/visitor", `{"visitor":{"token":"uli-token"}}`).Is("success", true)
		if a := c.Call("GET", "livechat/agent.next/uli-token", ""); a.Status != 400 {
			t.Errorf("nobody is next when agents take visitors by hand: %d %s", a.Status, a.Text)
		}
		ana.Call("GET", "rooms.get", "").Is("success", true)
		a = ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "")
		ana.Post("livechat/inquiries.take", `{"inquiryId":%q}`, a.Get("inquiry._id")).Is("success", true)
		c.Call("GET", "livechat/agent.info/"+rid+"/vera-token", "").Is("agent._id", ana.ID())
		rooms := func() (n int) {
			t.Helper()
			list, _ := ana.Call("GET", "rooms.get", "").Get("update").([]any)
			for _, r := range list {
				if m, ok := r.(map[string]any); ok && m["_id"] == rid {
					n++
				}
			}
			return n
		}
		if rooms() != 1 {
			t.Error("the room that was taken is not in the list")
		}
		ana.Method("livechat:returnAsInquiry", `["`+rid+`"]`).Is("result", true)
		if rooms() != 0 {
			t.Error("the room that went back is in the list")
		}
		root.Post("permissions.update", `{"permissions":[{"_id":"edit-omnichannel-contact","roles":[]},{"_id":"transfer-livechat-guest","roles":[]},{"_id":"manage-livechat-agents","roles":[]}]}`).Is("success", true)
		if a := root.Call("GET", "livechat/users/agent", ""); a.Status != 403 {
			t.Errorf("%d %s", a.Status, a.Text)
		}
		root.Post("livechat/agent.status", `{"status":"available","agentId":%q}`, ana.ID()).Is("success", false)
		root.Method("livechat:changeLivechatStatus", `[{"status":"available","agentId":"`+ana.ID()+`"}]`).Is("error.error", "error-not-allowed")
		root.Post("permissions.update", `{"permissions":[{"_id":"view-livechat-manager","roles":[]}]}`).Is("success", true)
		for _, call := range [][2]string{{"POST", "livechat/users/agent"}, {"GET", "livechat/users/agent/x"}, {"DELETE", "livechat/users/agent/x"}} {
			if a := root.Call(call[0], call[1], `{"username":"x"}`); a.Status != 403 {
				t.Errorf("%v: %d %s", call, a.Status, a.Text)
			}
		}
	})
}

// TestMonitorsForwardRooms, also those that come from a department they do not
// look after.
func TestMonitorsForwardRooms(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := contracttest.Staffed(t, s)
		root.Option("Livechat_accept_chats_with_no_agents", "true")
		root.Option("Livechat_Routing_Method", `"Manual_Selection"`)
		root.Post("users.create", `{"name":"Moni","email":"moni@example.com","username":"moni","password":%q}`, servertest.Password).Is("success", true)
		root.Method("livechat:addMonitor", `["moni"]`).Is("result.username", "moni")
		moni := c.LogIn("moni")
		free, mine := root.Department("Free", ""), root.Department("Mine", "")
		root.Post("livechat/units", `{"unitData":{"name":"U","visibility":"public"},"unitMonitors":[{"monitorId":%q,"username":"moni"}],"unitDepartments":[{"departmentId":%q}]}`, moni.ID(), mine).Is("numMonitors", 1)
		foreign, own := c.Chat("v1", "Free"), c.Chat("v2", "Mine")
		a := moni.Call("GET", "livechat/rooms", "")
		a.Is("total", 1)
		a.Is("rooms.0._id", own)
		moni.Post("livechat/room.forward", `{"roomId":%q,"userId":%q}`, own, ana.ID()).Is("success", true)
		root.Call("GET", "channels.info?roomId="+own, "").Is("channel.servedBy._id", ana.ID())
		moni.Post("livechat/room.forward", `{"roomId":%q,"departmentId":%q}`, foreign, mine).Is("success", true)
		root.Call("GET", "channels.info?roomId="+foreign, "").Is("channel.departmentId", mine)
		moni.Call("GET", "livechat/rooms", "").Is("total", 2)
		root.Post("livechat/users/agent", `{"username":"moni"}`).Is("success", true)
		root.Post("livechat/department/"+free+"/agents", `{"upsert":[{"agentId":%q,"username":"moni"}],"remove":[]}`, moni.ID()).Is("success", true)
		a = moni.Call("GET", "livechat/department?onlyMyDepartments=true", "")
		a.Is("total", 1)
		a.Is("departments.0._id", mine)
		root.Call("GET", "livechat/department?onlyMyDepartments=true&sort=%7B%22_updatedAt%22%3A1%7D", "").Is("total", 2)
	})
}
