package office_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestTheWayScriptsSetUpADesk goes through what administrators' scripts do before
// anything else: users, log-in, availability, departments, fields, settings.
func TestTheWayScriptsSetUpADesk(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("root@example.com", account.Admin)
		c := &contracttest.Client{T: t, S: s}
		root := c.LogIn("root")
		a := root.Post("users.create", `{"email":"user.test.1.0.5@rocket.chat","name":"user.test.1.0.5","username":"user.test.1.0.5","password":"rocket.chat","roles":["bot","livechat-agent"],"joinDefaultChannels":true,"verified":true,"requirePasswordChange":false,"active":true}`)
		a.Is("success", true)
		a.Is("user.roles.1", "bot")
		bot := fmt.Sprint(a.Get("user._id"))
		user := fmt.Sprint(root.Post("users.create", `{"email":"ann@rocket.chat","name":"ann","username":"ann","password":"rocket.chat"}`).Get("user._id"))
		ann := c.Enter("ann", "rocket.chat")
		root.Call("GET", "users.info?username=ann", "").Is("user._id", user)
		a = root.Post("livechat/users/agent", `{"username":"ann"}`)
		a.Is("user._id", user)
		a.Is("user.username", "ann")
		root.Post("permissions.update", `{"permissions":[{"_id":"view-l-room","roles":["livechat-agent","livechat-manager","admin"]}]}`).Is("success", true)
		ann.There()
		root.Post("livechat/agent.status", `{"status":"not-available","agentId":%q}`, user).Is("status", "not-available")
		root.Post("livechat/agent.status", `{"status":"available","agentId":%q}`, user).Is("status", "available")
		root.Call("GET", "livechat/users/agent/"+user, "").Is("user.statusLivechat", "available")

		a = root.Post("livechat/department", `{"department":{"name":"One","enabled":true,"showOnOfflineForm":true,"showOnRegistration":true,"email":"a@b.com"},"agents":[{"agentId":%q,"count":10000}]}`, user)
		a.Is("department.numAgents", 1)
		one := fmt.Sprint(a.Get("department._id"))
		two := root.Method("livechat:saveDepartment", `["",{"enabled":true,"email":"x@y.com","showOnRegistration":true,"showOnOfflineForm":true,"name":"Two","description":"created from api"},[]]`)
		two.Is("result.name", "Two")
		root.Post("livechat/department/"+fmt.Sprint(two.Get("result._id"))+"/agents", `{"upsert":[{"agentId":%q,"username":"user.test.1.0.5","count":0,"order":0}],"remove":[]}`, bot).Want(200, contracttest.OK(""))
		root.Method("livechat:saveAgentInfo", fmt.Sprintf(`[%q,{"maxNumberSimultaneousChat":"1"},[%q]]`, user, one)).Is("result", true)

		root.Call("GET", "livechat/custom-fields/address", "").Want(200, `{"customField":null,"success":true}`)
		field := `{"searchable":true,"field":"address","label":"address","defaultValue":"street","scope":"visitor","visibility":"public","regexp":""}`
		root.Post("livechat/custom-fields.save", `{"customFieldId":null,"customFieldData":%s}`, field).Is("customField._id", "address")
		root.Method("livechat:removeCustomField", `["address"]`).Is("error", nil)
		root.Method("livechat:saveCustomField", `[null,`+field+`]`).Is("error", nil)
		root.Call("GET", "livechat/custom-fields/address", "").Is("customField.label", "address")
		root.Post("livechat/custom-fields.delete", `{"customFieldId":"address"}`).Is("success", true)

		for id, value := range map[string]string{"Livechat_enabled": "true", "Livechat_Routing_Method": `"Manual_Selection"`, "Livechat_Require_Contact_Verification": `"never"`,
			"Omnichannel_enable_department_removal": "true", "FileUpload_MaxFilesPerMessage": "2", "Livechat_auto_transfer_chat_timeout": "0"} {
			root.Option(id, value)
			if got := fmt.Sprint(root.Call("GET", "settings/"+id, "").Get("value")); `"`+got+`"` != value && got != value {
				t.Fatalf("%s is %s, not %s", id, got, value)
			}
		}
		c.Call("GET", "livechat/visitor/fresh", "").Is("errorType", "invalid-token")
		a = root.Post("livechat/visitor", `{"visitor":{"name":"Visitor 1","email":"fresh@fresh.com","token":"fresh","phone":"123456","customFields":[{"key":"address","value":"Rocket.Chat street","overwrite":true}],"department":%q}}`, one)
		a.Is("visitor.token", "fresh")
		a = root.Call("GET", "livechat/room?token=fresh", "")
		rid := fmt.Sprint(a.Get("room._id"))
		inquiry := root.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Get("inquiry._id")
		ann.Call("GET", "livechat/inquiries.queuedForUser?offset=0", "").Is("inquiries.0._id", inquiry)
		ann.Post("livechat/inquiries.take", `{"userId":%q,"inquiryId":%q}`, user, inquiry).Want(200, contracttest.OK(""))
		root.Call("GET", "channels.info?roomId="+rid, "").Is("channel.servedBy._id", user)
		ann.Method("sendMessage", fmt.Sprintf(`[{"rid":%q,"msg":"hello"}]`, rid)).Is("result.msg", "hello")
		ann.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"bye"}`, rid).Want(200, contracttest.OK(""))
		c.Call("DELETE", "livechat/visitor/fresh", "").Is("visitor._id", a.Get("room.v._id"))
		root.Call("DELETE", "livechat/users/agent/"+user, "").Want(200, contracttest.OK(""))
		root.Post("users.setActiveStatus", `{"userId":%q,"activeStatus":false}`, user).Is("user.active", false)
		root.Post("users.delete", `{"userId":%q,"confirmRelinquish":true}`, user).Is("success", true)
		root.Call("DELETE", "livechat/department/"+one, "").Is("success", true)
	})
}
