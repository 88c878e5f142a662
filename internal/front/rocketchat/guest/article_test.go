package guest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestTheArticlesFlow goes through section 14 of the contract: somebody connects
// a chat of their own by REST and webhooks.
func TestTheArticlesFlow(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		sac := s.Team("SAC")
		ana := s.Agent("ana@example.com", account.Member, "SAC")
		root, agent := c.LogIn("root"), c.LogIn("ana")
		hooks := contracttest.NewReceiver(t)
		root.Call("POST", "omnichannel/integrations", fmt.Sprintf(`{"LivechatWebhookUrl":%q,"LivechatSecretToken":"s3cret","LivechatWebhookOnStart":true,
			"LivechatWebhookOnClose":true,"LivechatWebhookOnChatTaken":true,"LivechatWebhookOnChatQueued":true,"LivechatWebhookOnForward":true,
			"LivechatWebhookOnOfflineMsg":true,"LivechatWebhookOnVisitorMessage":true,"LivechatWebhookOnAgentMessage":true}`, hooks.URL)).Want(200, `{"success":true}`)
		root.Call("GET", "settings/Livechat_webhook_on_close", "").Is("value", true)
		root.Call("POST", "livechat/webhook.test", "").Want(200, `{"success":true}`)
		hooks.Next("LivechatSession")

		c.Call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","name":"Visitor","email":"v@site.test","department":"SAC","phone":"+55 11 98765-4321","username":"v-123"}}`).Is("success", true)
		c.Call("GET", "livechat/room?token=visitor-1", "").Is("errorType", "no-agent-online")
		agent.Call("POST", "users.setStatus", `{"status":"online"}`).Want(200, `{"success":true}`)
		agent.Call("POST", "livechat/agent.status", `{"status":"available"}`).Want(200, `{"status":"available","success":true}`)
		a := c.Call("GET", "livechat/room?token=visitor-1", "")
		a.Is("newRoom", true)
		a.Is("room.t", "l")
		a.Is("room.open", true)
		a.Is("room.departmentId", string(sac))
		a.Is("room.servedBy.username", "ana")
		a.Is("room.servedBy._id", string(ana.ID))
		a.Is("room.source.type", "api")
		a.Is("room.v.token", "visitor-1")
		rid := fmt.Sprint(a.Get("room._id"))
		c.Call("GET", "livechat/room?token=visitor-1", "").Is("newRoom", false)
		w := hooks.Next("LivechatSessionStart")
		w.Is("_id", rid)
		w.Is("visitor.email.0.address", "v@site.test")
		w.Is("agent", nil)
		w.Is("departmentId", string(sac))
		if got := w.Header.Get("X-RocketChat-Livechat-Token"); got != "s3cret" {
			t.Fatalf("secret %q", got)
		}
		w = hooks.Next("LivechatSessionTaken")
		w.Is("servedBy.username", "ana")
		w.Is("agent.email", "ana@example.com")
		w.Is("crmData", "crm says hello")
		root.Call("GET", "channels.info?roomId="+rid, "").Is("channel.crmData", "crm says hello")
		root.Call("GET", "livechat/rooms", "").Is("rooms.0.crmData", "crm says hello")

		a = c.Call("POST", "livechat/message", fmt.Sprintf(`{"token":"visitor-1","rid":%q,"msg":"Bom dia! 早上好 👋","_id":"mine-1"}`, rid))
		a.Is("message.msg", "Bom dia! 早上好 👋")
		a.Is("message.token", "visitor-1")
		a.Is("message.alias", "Visitor")
		a.Is("message._id", "mine-1")
		w = hooks.Next("Message")
		w.Is("messages.0.msg", "Bom dia! 早上好 👋")
		w.Is("messages.0.agentId", nil)
		w.Is("messages.1", nil)

		// The agent answers in the console.
		token := s.Token("ana@example.com")
		status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+rid+"/messages", `{"kind":"text","text":"Oi, como posso ajudar?"}`,
			"Authorization", "Bearer "+token, "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(status, text)
		}
		w = hooks.Next("Message")
		w.Is("messages.0.msg", "Oi, como posso ajudar?")
		w.Is("messages.0.agentId", string(ana.ID))
		a = c.Call("GET", "livechat/messages.history/"+rid+"?token=visitor-1", "")
		a.Is("messages.0.msg", "Oi, como posso ajudar?")
		a.Is("messages.0.token", nil)
		a.Is("messages.1.msg", "Bom dia! 早上好 👋")

		c.Call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"visitor-1","rid":%q}`, rid)).Is("success", true)
		w = hooks.Next("LivechatSession")
		w.Is("closer", "visitor")
		w.Is("closedBy.username", "v-123")
		var whole struct{ Messages []map[string]any }
		if err := json.Unmarshal([]byte(w.Text), &whole); err != nil || len(whole.Messages) != 3 {
			t.Fatalf("%v: %s", err, w.Text)
		}
		c.Call("POST", "livechat/message", fmt.Sprintf(`{"token":"visitor-1","rid":%q,"msg":"late"}`, rid)).Want(400, `{"error":"room-closed","success":false}`)
		a = c.Call("GET", "livechat/room?token=visitor-1", "")
		a.Is("newRoom", true)
		if a.Get("room._id") == rid {
			t.Fatal("the closed room was opened again")
		}
	})
}

// TestIntegrationsDoWhatTheyNeedOnly: the role of integrations reads and does no more.
func TestIntegrationsDoWhatTheyNeedOnly(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c := &contracttest.Client{T: t, S: s}
	s.Agent("crm@example.com", account.Integration)
	crm := c.LogIn("crm")
	crm.Call("GET", "me", "").Is("roles.0", "integration")
	crm.Call("POST", "livechat/agent.status", `{}`).Want(404, `{"error":"Agent not found","success":false}`) // allowed, but it is no agent
	for _, x := range []struct{ method, path, body string }{
		{"GET", "livechat/analytics/dashboards/charts/agents-status", ""}, {"POST", "settings/Livechat_enabled", `{"value":false}`},
		{"POST", "permissions.update", `{"permissions":[{"_id":"view-l-room","roles":["user"]}]}`}, {"POST", "omnichannel/integrations", `{}`},
	} {
		crm.Call(x.method, x.path, x.body).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
	}
	status, text, _ := s.Call("GET", "/api/parlor/v1/admin/agents", "", "Authorization", "Bearer "+s.Token("crm@example.com"))
	if status != 403 {
		t.Fatal(status, text)
	}
}
