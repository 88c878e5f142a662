package rocketchat_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// method calls the method bridge and returns what is inside the message.
func (c *client) method(name, params string) answer {
	c.t.Helper()
	message := fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":%s}`, name, params)
	a := c.call("POST", "method.call/"+strings.ReplaceAll(name, ":", "%3A"), fmt.Sprintf(`{"message":%q}`, message))
	a.is("success", true)
	return answer{c.t, a.status, fmt.Sprint(a.get("message")), a.header}
}

// enter logs in with a password.
func (c *client) enter(user, password string) *client {
	c.t.Helper()
	a := c.call("POST", "login", fmt.Sprintf(`{"user":%q,"password":%q}`, user, password))
	a.is("status", "success")
	return &client{t: c.t, s: c.s, auth: []string{"X-Auth-Token", fmt.Sprint(a.get("data.authToken")), "X-User-Id", fmt.Sprint(a.get("data.userId"))}}
}

func (c *client) id() string { return c.auth[3] }

func TestAccountsAreMadeChangedAndRemoved(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		root := c.logIn("root")
		bia := root.call("POST", "users.create", `{"name":"Bia","email":"bia@example.com","username":"bia","password":"rocket.chat","verified":true,"customFields":{"team":"x"}}`)
		bia.is("user.roles", "[user]")
		bia.is("user.emails.0.verified", true)
		bia.is("user.customFields.team", "x")
		uid := fmt.Sprint(bia.get("user._id"))
		own := c.enter("bia", "rocket.chat")
		own.call("GET", "me", "").is("status", "offline")
		own.call("GET", "users.info?username=root", "").is("user.emails", nil)
		root.call("GET", "users.info?userId="+uid, "").is("user.emails.0.address", "bia@example.com")
		root.call("POST", "users.update", `{"userId":"`+uid+`","data":{"name":"<script>alert(1)</script>","roles":["user","livechat-manager"]}}`).is("user.name", "<script>alert(1)</script>")
		own.call("GET", "me", "").is("roles", "[livechat-manager user]")
		own.call("POST", "users.setPreferences", `{"data":{"theme":"dark"}}`).is("user.settings.preferences.theme", "dark")
		own.call("POST", "users.setStatus", `{"status":"online","message":""}`).is("success", true)
		root.call("GET", "users.getPresence?userId="+uid, "").is("presence", "online")
		root.call("GET", "users.list?count=1", "").is("total", 2)
		token := root.call("POST", "users.createToken", `{"userId":"`+uid+`"}`)
		token.is("data.userId", uid)
		for _, x := range []struct{ method, path, body, want string }{
			{"POST", "users.create", `{"name":"B","email":"x@example.com","username":"BIA","password":"rocket.chat"}`, `400 {"error":"BIA is already in use :( [error-field-unavailable]","errorType":"error-field-unavailable","success":false}`},
			{"POST", "users.create", `{"name":"B","email":"nonsense","username":"b","password":"rocket.chat"}`, `400 {"error":"Invalid email nonsense [error-invalid-email]","errorType":"error-invalid-email","success":false}`},
			{"POST", "users.create", `{"name":"B"}`, `400 {"error":"must have required property 'email' [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "users.create", `{"name":"B","email":"b@example.com","username":"b","password":"rocket.chat","roles":["none"]}`, `400 {"error":"Invalid role [error-invalid-role]","errorType":"error-invalid-role","success":false}`},
			{"GET", "users.info?userId=none", ``, `400 {"error":"User not found.","success":false}`},
			{"GET", "users.info", ``, `400 {"error":"The required \"userId\" or \"username\" param was not provided [error-user-param-not-provided]","errorType":"error-user-param-not-provided","success":false}`},
			{"POST", "users.delete", `{"userId":"none"}`, `400 {"error":"The required \"userId\" or \"username\" param provided does not match any users [error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"POST", "users.delete", `{"userId":"` + root.id() + `"}`, `400 {"error":"Leaving the app without admins is not allowed [error-action-not-allowed]","errorType":"error-action-not-allowed","success":false}`},
			{"POST", "users.setActiveStatus", `{"userId":"none","activeStatus":true}`, `400 {"error":"Invalid user [error-invalid-user]","errorType":"error-invalid-user","success":false}`},
			{"POST", "users.setActiveStatus", `{"userId":"x","activeStatus":[]}`, `400 {"error":"must be boolean [invalid-params]","errorType":"invalid-params","success":false}`},
		} {
			if a := root.call(x.method, x.path, x.body); fmt.Sprint(a.status, " ", a.text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.status, a.text, x.want)
			}
		}
		own.call("POST", "users.delete", `{"userId":"`+uid+`"}`).want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		root.call("POST", "users.setActiveStatus", `{"userId":"`+uid+`","activeStatus":false}`).is("user.active", false)
		own.call("GET", "me", "").is("status", "error")
		root.call("POST", "users.delete", `{"userId":"`+uid+`"}`).is("success", true)
		root.call("GET", "users.list", "").is("total", 1)
		root.call("POST", "users.create", `{"name":"Bia 2","email":"bia@example.com","username":"bia","password":"rocket.chat","roles":["bot"]}`).is("user.type", "bot")
	})
}

func TestTokensAreKnownByName(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("ana@example.com", account.Member)
		ana := c.logIn("ana")
		ana.call("POST", "users.generatePersonalAccessToken", `{}`).want(400, `{"error":"The 'tokenName' param is required","success":false}`)
		made := ana.call("POST", "users.generatePersonalAccessToken", `{"tokenName":"crm","bypassTwoFactor":true}`)
		secret := fmt.Sprint(made.get("token"))
		by := &client{t: t, s: s, auth: []string{"X-Auth-Token", secret, "X-User-Id", ana.id()}}
		by.call("GET", "me", "").is("username", "ana")
		ana.call("POST", "users.generatePersonalAccessToken", `{"tokenName":"crm"}`).is("errorType", "error-token-already-exists")
		l := ana.call("GET", "users.getPersonalAccessTokens", "")
		l.is("tokens.0.lastTokenPart", secret[len(secret)-6:])
		l.is("tokens.0.bypassTwoFactor", true)
		next := fmt.Sprint(ana.call("POST", "users.regeneratePersonalAccessToken", `{"tokenName":"crm"}`).get("token"))
		if len(next) != 43 || next == secret {
			t.Fatal(next)
		}
		by.call("GET", "me", "").is("status", "error")
		by.auth[1] = next
		by.call("GET", "me", "").is("username", "ana")
		ana.call("POST", "users.removePersonalAccessToken", `{"tokenName":"crm"}`).want(200, `{"success":true}`)
		by.call("GET", "me", "").is("status", "error")
		for _, name := range []string{"regenerate", "remove"} {
			ana.call("POST", "users."+name+"PersonalAccessToken", `{"tokenName":"crm"}`).is("errorType", "error-token-does-not-exists")
		}
	})
}

func TestAgentsAndManagersAreRolesOfAccounts(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		root := c.logIn("root")
		sac := s.Team("SAC")
		root.call("POST", "users.create", `{"name":"Bia","email":"bia@example.com","username":"bia","password":"rocket.chat"}`).is("success", true)
		bia := c.enter("bia", "rocket.chat")
		root.call("GET", "livechat/users/agent/"+bia.id(), "").is("user", nil)
		bia.call("POST", "livechat/agent.status", `{}`).want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		root.call("POST", "livechat/users/agent", `{"username":"bia"}`).want(200, `{"user":{"_id":"`+bia.id()+`","username":"bia"},"success":true}`)
		bia.call("POST", "users.setStatus", `{"status":"online"}`).is("success", true)
		bia.call("POST", "livechat/agent.status", `{"status":"available"}`).want(200, `{"status":"available","success":true}`)
		bia.call("GET", "me", "").is("statusLivechat", "available")
		root.method("livechat:saveAgentInfo", `["`+bia.id()+`",{"maxNumberSimultaneousChat":"3"},["`+string(sac)+`","none"]]`).is("result", true)
		l := root.call("GET", "livechat/users/agent?onlyAvailable=true&text=BI&showIdleAgents=false", "")
		l.is("total", 1)
		l.is("users.0.departments.0", string(sac))
		l.is("users.0.livechat.maxNumberSimultaneousChat", 3)
		root.call("GET", "livechat/users/agent?excludeId="+bia.id(), "").is("total", 0)
		one := root.call("GET", "livechat/users/agent/"+bia.id(), "")
		one.is("user.status", "online")
		one.is("user.roles", nil)
		root.method("livechat:addManager", `["bia"]`).is("result.username", "bia")
		root.call("GET", "livechat/users/manager", "").is("users.0.username", "bia")
		bia.call("GET", "me", "").is("roles", "[livechat-manager livechat-agent user]")
		root.method("livechat:removeManager", `["bia"]`).is("result", true)
		root.method("livechat:changeLivechatStatus", `[{"agentId":"`+bia.id()+`","status":"not-available"}]`).is("error", nil)
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
			if a := root.call(x.method, x.path, x.body); fmt.Sprint(a.status, " ", a.text) != x.want {
				t.Errorf("%s %s %s\n got %d %s\nwant %s", x.method, x.path, x.body, a.status, a.text, x.want)
			}
		}
		for _, x := range []struct{ name, params, want string }{
			{"livechat:none", `[]`, `{"error":{"error":404,"errorType":"Meteor.Error","isClientSafe":true,"message":"Method 'livechat:none' not found [404]","reason":"Method 'livechat:none' not found"},"id":"1","msg":"result"}`},
			{"livechat:addAgent", `["none"]`, `{"error":{"error":"error-invalid-user","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid user [error-invalid-user]","reason":"Invalid user"},"id":"1","msg":"result"}`},
			{"livechat:addAgent", `[7]`, `{"error":{"error":400,"errorType":"Match.Error","isClientSafe":true,"message":"Match failed [400]","reason":"Match failed"},"id":"1","msg":"result"}`},
			{"livechat:saveAgentInfo", `["` + root.id() + `",{},[]]`, `{"error":{"error":"error-user-is-not-agent","errorType":"Meteor.Error","isClientSafe":true,"message":"User is not a livechat agent [error-user-is-not-agent]","reason":"User is not a livechat agent"},"id":"1","msg":"result"}`},
			{"livechat:changeLivechatStatus", `[{"agentId":"none"}]`, `{"error":{"error":"error-not-allowed","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid Agent Id [error-not-allowed]","reason":"Invalid Agent Id"},"id":"1","msg":"result"}`},
			{"livechat:changeLivechatStatus", `[{"agentId":"` + bia.id() + `","status":"x"}]`, `{"error":{"error":"error-not-allowed","errorType":"Meteor.Error","isClientSafe":true,"message":"Invalid Status [error-not-allowed]","reason":"Invalid Status"},"id":"1","msg":"result"}`},
		} {
			if a := root.method(x.name, x.params); a.text != x.want {
				t.Errorf("%s %s\n got %s\nwant %s", x.name, x.params, a.text, x.want)
			}
		}
		bia.method("livechat:addAgent", `["root"]`).is("error.error", "error-not-allowed")
		c.call("POST", "method.call/x", `{}`).is("status", "error")
		root.call("DELETE", "livechat/users/agent/"+bia.id(), "").want(200, `{"success":true}`)
		root.call("GET", "livechat/users/agent", "").is("total", 0)
	})
}

func TestRolesOfACompany(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		root := c.logIn("root")
		r := root.call("POST", "roles.create", `{"name":"Night shift"}`)
		r.is("role.name", "Night shift")
		rid := fmt.Sprint(r.get("role._id"))
		root.call("POST", "roles.create", `{"name":"Night shift"}`).is("errorType", "error-duplicate-role-names-not-allowed")
		root.call("POST", "roles.addUserToRole", `{"roleId":"`+rid+`","username":"root"}`).is("success", true)
		root.call("POST", "roles.addUserToRole", `{"roleId":"`+rid+`","username":"root"}`).is("errorType", "error-user-already-in-role")
		root.call("GET", "roles.getUsersInRole?role="+rid, "").is("users.0.username", "root")
		root.call("POST", "roles.delete", `{"roleId":"`+rid+`"}`).is("errorType", "error-role-in-use")
		root.call("POST", "roles.removeUserFromRole", `{"roleId":"`+rid+`","username":"root"}`).is("success", true)
		root.call("POST", "roles.removeUserFromRole", `{"roleName":"admin","username":"root"}`).is("errorType", "error-action-not-allowed")
		root.call("POST", "roles.delete", `{"roleId":"`+rid+`"}`).is("success", true)
		root.call("POST", "roles.delete", `{"roleId":"admin"}`).is("errorType", "error-role-protected")
	})
}
