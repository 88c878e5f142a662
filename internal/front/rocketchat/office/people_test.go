package office_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestAccountsAreMadeChangedAndRemoved(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		root := c.LogIn("root")
		bia := root.Call("POST", "users.create", `{"name":"Bia","email":"bia@example.com","username":"bia","password":"rocket.chat","verified":true,"customFields":{"team":"x"}}`)
		bia.Is("user.roles", "[user]")
		bia.Is("user.emails.0.verified", true)
		bia.Is("user.customFields.team", "x")
		uid := fmt.Sprint(bia.Get("user._id"))
		own := c.Enter("bia", "rocket.chat")
		own.Call("GET", "me", "").Is("status", "offline")
		own.Call("GET", "users.info?username=root", "").Is("user.emails", nil)
		root.Call("GET", "users.info?userId="+uid, "").Is("user.emails.0.address", "bia@example.com")
		root.Call("POST", "users.update", `{"userId":"`+uid+`","data":{"name":"<script>alert(1)</script>","roles":["user","livechat-manager"]}}`).Is("user.name", "<script>alert(1)</script>")
		own.Call("GET", "me", "").Is("roles", "[livechat-manager user]")
		own.Call("POST", "users.setPreferences", `{"data":{"theme":"dark"}}`).Is("user.settings.preferences.theme", "dark")
		own.Call("POST", "users.setStatus", `{"status":"online","message":""}`).Is("success", true)
		root.Call("GET", "users.getPresence?userId="+uid, "").Is("presence", "online")
		root.Call("GET", "users.list?count=1", "").Is("total", 3)
		root.Call("GET", "users.info?username=rocket.cat", "").Is("user.roles", "[bot]")
		token := root.Call("POST", "users.createToken", `{"userId":"`+uid+`"}`)
		token.Is("data.userId", uid)
		for _, x := range []struct{ method, path, body, want string }{
			{"POST", "users.create", `{"name":"B","email":"x@example.com","username":"BIA","password":"rocket.chat"}`, `400 {"error":"BIA is already in use :( [error-field-unavailable]","errorType":"error-field-unavailable","success":false}`},
			{"POST", "users.create", `{"name":"B","email":"nonsense","username":"b","password":"rocket.chat"}`, `400 {"error":"Invalid email nonsense [error-invalid-email]","errorType":"error-invalid-email","success":false}`},
			{"POST", "users.create", `{"name":"B"}`, `400 {"error":"must have required property 'email' [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "users.create", `{"name":"B","email":"b@example.com","username":"b","password":"rocket.chat","roles":["none"]}`, `400 {"error":"Invalid role [error-invalid-role]","errorType":"error-invalid-role","success":false}`},
			{"GET", "users.info?userId=none", ``, `400 {"error":"User not found.","success":false}`},
			{"GET", "users.info", ``, `400 {"error":"The required \"userId\" or \"username\" param was not provided [error-user-param-not-provided]","errorType":"error-user-param-not-provided","success":false}`},
			{"POST", "users.delete", `{"userId":"none"}`, `400 {"error":"The required \"userId\" or \"username\" param provided does not match any users [error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"POST", "users.delete", `{"userId":"` + root.ID() + `"}`, `400 {"error":"Leaving the app without admins is not allowed [error-action-not-allowed]","errorType":"error-action-not-allowed","success":false}`},
			{"POST", "users.setActiveStatus", `{"userId":"none","activeStatus":true}`, `400 {"error":"Invalid user [error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"POST", "users.setActiveStatus", `{"userId":"x","activeStatus":[]}`, `400 {"error":"must be boolean [invalid-params]","errorType":"invalid-params","success":false}`},
		} {
			if a := root.Call(x.method, x.path, x.body); fmt.Sprint(a.Status, " ", a.Text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.Status, a.Text, x.want)
			}
		}
		own.Call("POST", "users.delete", `{"userId":"`+uid+`"}`).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		root.Call("POST", "users.setActiveStatus", `{"userId":"`+uid+`","activeStatus":false}`).Is("user.active", false)
		own.Call("GET", "me", "").Is("status", "error")
		root.Call("POST", "users.delete", `{"userId":"`+uid+`"}`).Is("success", true)
		root.Call("GET", "users.list", "").Is("total", 2)
		root.Call("POST", "users.create", `{"name":"Bia 2","email":"bia@example.com","username":"bia","password":"rocket.chat","roles":["bot"]}`).Is("user.type", "bot")
	})
}

func TestTokensAreKnownByName(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("ana@example.com", account.Member)
		ana := c.LogIn("ana")
		ana.Call("POST", "users.generatePersonalAccessToken", `{}`).Want(400, `{"error":"The 'tokenName' param is required","success":false}`)
		made := ana.Call("POST", "users.generatePersonalAccessToken", `{"tokenName":"crm","bypassTwoFactor":true}`)
		secret := fmt.Sprint(made.Get("token"))
		by := &contracttest.Client{T: t, S: s, Auth: []string{"X-Auth-Token", secret, "X-User-Id", ana.ID()}}
		by.Call("GET", "me", "").Is("username", "ana")
		ana.Call("POST", "users.generatePersonalAccessToken", `{"tokenName":"crm"}`).Is("errorType", "error-token-already-exists")
		l := ana.Call("GET", "users.getPersonalAccessTokens", "")
		l.Is("tokens.0.lastTokenPart", secret[len(secret)-6:])
		l.Is("tokens.0.bypassTwoFactor", true)
		next := fmt.Sprint(ana.Call("POST", "users.regeneratePersonalAccessToken", `{"tokenName":"crm"}`).Get("token"))
		if len(next) != 43 || next == secret {
			t.Fatal(next)
		}
		by.Call("GET", "me", "").Is("status", "error")
		by.Auth[1] = next
		by.Call("GET", "me", "").Is("username", "ana")
		ana.Call("POST", "users.removePersonalAccessToken", `{"tokenName":"crm"}`).Want(200, `{"success":true}`)
		by.Call("GET", "me", "").Is("status", "error")
		for _, name := range []string{"regenerate", "remove"} {
			ana.Call("POST", "users."+name+"PersonalAccessToken", `{"tokenName":"crm"}`).Is("errorType", "error-token-does-not-exists")
		}
	})
}

func TestAgentsAndManagersAreRolesOfAccounts(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		root := c.LogIn("root")
		sac := s.Team("SAC")
		root.Call("POST", "users.create", `{"name":"Bia","email":"bia@example.com","username":"bia","password":"rocket.chat"}`).Is("success", true)
		bia := c.Enter("bia", "rocket.chat")
		root.Call("GET", "livechat/users/agent/"+bia.ID(), "").Is("user", nil)
		bia.Call("POST", "livechat/agent.status", `{}`).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		root.Call("POST", "livechat/users/agent", `{"username":"bia"}`).Want(200, `{"user":{"_id":"`+bia.ID()+`","username":"bia"},"success":true}`)
		bia.Call("POST", "users.setStatus", `{"status":"online"}`).Is("success", true)
		bia.Call("POST", "livechat/agent.status", `{"status":"available"}`).Want(200, `{"status":"available","success":true}`)
		bia.Call("GET", "me", "").Is("statusLivechat", "available")
		root.Method("livechat:saveAgentInfo", `["`+bia.ID()+`",{"maxNumberSimultaneousChat":"3"},["`+string(sac)+`","none"]]`).Is("result", true)
		l := root.Call("GET", "livechat/users/agent?onlyAvailable=true&text=BI&showIdleAgents=false", "")
		l.Is("total", 1)
		l.Is("users.0.departments.0", string(sac))
		l.Is("users.0.livechat.maxNumberSimultaneousChat", 3)
		root.Call("GET", "livechat/users/agent?excludeId="+bia.ID(), "").Is("total", 0)
		one := root.Call("GET", "livechat/users/agent/"+bia.ID(), "")
		one.Is("user.status", "online")
		one.Is("user.roles", nil)
		root.Method("livechat:addManager", `["bia"]`).Is("result.username", "bia")
		root.Call("GET", "livechat/users/manager", "").Is("users.0.username", "bia")
		bia.Call("GET", "me", "").Is("roles", "[livechat-manager livechat-agent user]")
		root.Method("livechat:removeManager", `["bia"]`).Is("result", true)
		root.Method("livechat:changeLivechatStatus", `[{"agentId":"`+bia.ID()+`","status":"not-available"}]`).Is("error", nil)
		for _, x := range []struct{ method, path, body, want string }{
			{"GET", "livechat/users/other", ``, `400 {"error":"Invalid type","success":false}`},
			{"POST", "livechat/users/agent", `{"username":"none"}`, `400 {"error":"[error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"POST", "livechat/users/agent", `{"username":["x"]}`, `400 {"error":"must be string [invalid-params]","errorType":"invalid-params","success":false}`},
			{"GET", "livechat/users/agent/none", ``, `400 {"error":"User not found","success":false}`},
			{"DELETE", "livechat/users/agent/none", ``, `400 {"success":false}`},
			{"DELETE", "livechat/users/other/none", ``, `400 {"error":"Invalid type","success":false}`},
			{"POST", "livechat/agent.status", `{"agentId":"none"}`, `404 {"error":"Agent not found","success":false}`},
			{"POST", "livechat/agent.status", `{"status":"<b>"}`, `400 {"error":"must be equal to one of the allowed values [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "method.call/x", `{}`, `400 {"error":"Match error: Missing key 'message'","success":false}`},
			{"POST", "method.call/x", `{"message":"{"}`, `400 {"error":"Invalid JSON","success":false}`},
		} {
			if a := root.Call(x.method, x.path, x.body); fmt.Sprint(a.Status, " ", a.Text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.Status, a.Text, x.want)
			}
		}
		for _, x := range []struct{ name, params, want string }{
			{"livechat:none", `[]`, `{"error":{"error":404,"errorType":"Meteor.Error","isClientSafe":true,"message":"Method 'livechat:none' not found [404]","reason":"Method 'livechat:none' not found"},"id":"1","msg":"result"}`},
			{"livechat:addAgent", `["none"]`, `{"error":{"error":"error-invalid-user","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid user [error-invalid-user]","reason":"Invalid user"},"id":"1","msg":"result"}`},
			{"livechat:addAgent", `[7]`, `{"error":{"error":400,"errorType":"Match.Error","isClientSafe":true,"message":"Match failed [400]","reason":"Match failed"},"id":"1","msg":"result"}`},
			{"livechat:saveAgentInfo", `["` + root.ID() + `",{},[]]`, `{"error":{"error":"error-user-is-not-agent","errorType":"Meteor.Error","isClientSafe":true,"message":"User is not a livechat agent [error-user-is-not-agent]","reason":"User is not a livechat agent"},"id":"1","msg":"result"}`},
			{"livechat:changeLivechatStatus", `[{"agentId":"none"}]`, `{"error":{"error":"error-not-allowed","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid Agent Id [error-not-allowed]","reason":"Invalid Agent Id"},"id":"1","msg":"result"}`},
			{"livechat:changeLivechatStatus", `[{"agentId":"` + bia.ID() + `","status":"x"}]`, `{"error":{"error":"error-not-allowed","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid Status [error-not-allowed]","reason":"Invalid Status"},"id":"1","msg":"result"}`},
		} {
			if a := root.Method(x.name, x.params); a.Text != x.want {
				t.Errorf("%s %s\n got %s\nwant %s", x.name, x.params, a.Text, x.want)
			}
		}
		bia.Method("livechat:addAgent", `["root"]`).Is("error.error", "error-not-allowed")
		c.Call("POST", "method.call/x", `{}`).Is("status", "error")
		root.Call("DELETE", "livechat/users/agent/"+bia.ID(), "").Want(200, `{"success":true}`)
		root.Call("GET", "livechat/users/agent", "").Is("total", 0)
	})
}

func TestRolesOfACompany(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		root := c.LogIn("root")
		r := root.Call("POST", "roles.create", `{"name":"Night shift"}`)
		r.Is("role.name", "Night shift")
		rid := fmt.Sprint(r.Get("role._id"))
		root.Call("POST", "roles.create", `{"name":"Night shift"}`).Is("errorType", "error-duplicate-role-names-not-allowed")
		root.Call("POST", "roles.addUserToRole", `{"roleId":"`+rid+`","username":"root"}`).Is("success", true)
		root.Call("POST", "roles.addUserToRole", `{"roleId":"`+rid+`","username":"root"}`).Is("errorType", "error-user-already-in-role")
		root.Call("GET", "roles.getUsersInRole?role="+rid, "").Is("users.0.username", "root")
		root.Call("POST", "roles.delete", `{"roleId":"`+rid+`"}`).Is("errorType", "error-role-in-use")
		root.Call("POST", "roles.removeUserFromRole", `{"roleId":"`+rid+`","username":"root"}`).Is("success", true)
		root.Call("POST", "roles.removeUserFromRole", `{"roleName":"admin","username":"root"}`).Is("errorType", "error-action-not-allowed")
		root.Call("POST", "roles.delete", `{"roleId":"`+rid+`"}`).Is("success", true)
		root.Call("POST", "roles.delete", `{"roleId":"admin"}`).Is("errorType", "error-role-protected")
	})
}
