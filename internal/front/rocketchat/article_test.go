package rocketchat_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

// logIn returns a client that acts for a user.
func (c *client) logIn(user string) *client {
	c.t.Helper()
	a := c.call("POST", "login", fmt.Sprintf(`{"user":%q,"password":%q}`, user, servertest.Password))
	a.is("status", "success")
	return &client{t: c.t, s: c.s, auth: []string{"X-Auth-Token", fmt.Sprint(a.get("data.authToken")), "X-User-Id", fmt.Sprint(a.get("data.userId"))}}
}

// receiver takes webhooks.
type receiver struct {
	t    *testing.T
	url  string
	got  chan answer
	last http.Header
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, got: make(chan answer, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "crm says hello") // the client may have gone
		r.got <- answer{t, 0, string(body), q.Header}
	}))
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// next waits for the next webhook.
func (r *receiver) next(kind string) answer {
	r.t.Helper()
	select {
	case a := <-r.got:
		if a.get("type") != kind {
			r.t.Fatalf("got %s, want %s", a.text, kind)
		}
		return a
	case <-time.After(20 * time.Second):
		r.t.Fatal("no webhook of type " + kind)
		return answer{}
	}
}

// TestTheArticlesFlow goes through section 14 of the contract: somebody connects
// a chat of their own by REST and webhooks.
func TestTheArticlesFlow(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		sac := s.Team("SAC")
		ana := s.Agent("ana@example.com", account.Member, "SAC")
		root, agent := c.logIn("root"), c.logIn("ana")
		hooks := newReceiver(t)
		root.call("POST", "omnichannel/integrations", fmt.Sprintf(`{"LivechatWebhookUrl":%q,"LivechatSecretToken":"s3cret","LivechatWebhookOnStart":true,
			"LivechatWebhookOnClose":true,"LivechatWebhookOnChatTaken":true,"LivechatWebhookOnChatQueued":true,"LivechatWebhookOnForward":true,
			"LivechatWebhookOnOfflineMsg":true,"LivechatWebhookOnVisitorMessage":true,"LivechatWebhookOnAgentMessage":true}`, hooks.url)).want(200, `{"success":true}`)
		root.call("GET", "settings/Livechat_webhook_on_close", "").is("value", true)
		root.call("POST", "livechat/webhook.test", "").want(200, `{"success":true}`)
		hooks.next("LivechatSession")

		c.call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","name":"Visitor","email":"v@site.test","department":"SAC","phone":"+55 11 98765-4321","username":"v-123"}}`).is("success", true)
		c.call("GET", "livechat/room?token=visitor-1", "").is("errorType", "no-agent-online")
		agent.call("POST", "users.setStatus", `{"status":"online"}`).want(200, `{"success":true}`)
		agent.call("POST", "livechat/agent.status", `{"status":"available"}`).want(200, `{"status":"available","success":true}`)
		a := c.call("GET", "livechat/room?token=visitor-1", "")
		a.is("newRoom", true)
		a.is("room.t", "l")
		a.is("room.open", true)
		a.is("room.departmentId", string(sac))
		a.is("room.servedBy.username", "ana")
		a.is("room.servedBy._id", string(ana.ID))
		a.is("room.source.type", "api")
		a.is("room.v.token", "visitor-1")
		rid := fmt.Sprint(a.get("room._id"))
		c.call("GET", "livechat/room?token=visitor-1", "").is("newRoom", false)
		w := hooks.next("LivechatSessionStart")
		w.is("_id", rid)
		w.is("visitor.email.0.address", "v@site.test")
		w.is("agent", nil)
		w.is("departmentId", string(sac))
		if got := w.header.Get("X-RocketChat-Livechat-Token"); got != "s3cret" {
			t.Fatalf("secret %q", got)
		}
		w = hooks.next("LivechatSessionTaken")
		w.is("servedBy.username", "ana")
		w.is("agent.email", "ana@example.com")
		w.is("crmData", "crm says hello")

		a = c.call("POST", "livechat/message", fmt.Sprintf(`{"token":"visitor-1","rid":%q,"msg":"Bom dia! 早上好 👋","_id":"mine-1"}`, rid))
		a.is("message.msg", "Bom dia! 早上好 👋")
		a.is("message.token", "visitor-1")
		a.is("message.alias", "Visitor")
		a.is("message._id", "mine-1")
		w = hooks.next("Message")
		w.is("messages.0.msg", "Bom dia! 早上好 👋")
		w.is("messages.0.agentId", nil)
		w.is("messages.1", nil)

		// The agent answers in the console.
		token := s.Token("ana@example.com")
		status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+rid+"/messages", `{"kind":"text","text":"Oi, como posso ajudar?"}`,
			"Authorization", "Bearer "+token, "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(status, text)
		}
		w = hooks.next("Message")
		w.is("messages.0.msg", "Oi, como posso ajudar?")
		w.is("messages.0.agentId", string(ana.ID))
		a = c.call("GET", "livechat/messages.history/"+rid+"?token=visitor-1", "")
		a.is("messages.0.msg", "Oi, como posso ajudar?")
		a.is("messages.0.token", nil)
		a.is("messages.1.msg", "Bom dia! 早上好 👋")

		c.call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"visitor-1","rid":%q}`, rid)).is("success", true)
		w = hooks.next("LivechatSession")
		w.is("closer", "visitor")
		w.is("closedBy.username", "v-123")
		var whole struct{ Messages []map[string]any }
		if err := json.Unmarshal([]byte(w.text), &whole); err != nil || len(whole.Messages) != 3 {
			t.Fatalf("%v: %s", err, w.text)
		}
		c.call("POST", "livechat/message", fmt.Sprintf(`{"token":"visitor-1","rid":%q,"msg":"late"}`, rid)).want(400, `{"error":"room-closed","success":false}`)
		a = c.call("GET", "livechat/room?token=visitor-1", "")
		a.is("newRoom", true)
		if a.get("room._id") == rid {
			t.Fatal("the closed room was opened again")
		}
	})
}

// TestIntegrationsDoWhatTheyNeedOnly: the role of integrations reads and does no more.
func TestIntegrationsDoWhatTheyNeedOnly(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c := &client{t: t, s: s}
	s.Agent("crm@example.com", account.Integration)
	crm := c.logIn("crm")
	crm.call("GET", "me", "").is("roles.0", "integration")
	crm.call("POST", "livechat/agent.status", `{}`).want(404, `{"error":"Agent not found","success":false}`) // allowed, but it is no agent
	for _, x := range []struct{ method, path, body string }{
		{"GET", "livechat/analytics/dashboards/charts/agents-status", ""}, {"POST", "settings/Livechat_enabled", `{"value":false}`},
		{"POST", "permissions.update", `{"permissions":[{"_id":"view-l-room","roles":["user"]}]}`}, {"POST", "omnichannel/integrations", `{}`},
	} {
		crm.call(x.method, x.path, x.body).want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
	}
	status, text, _ := s.Call("GET", "/api/parlor/v1/admin/agents", "", "Authorization", "Bearer "+s.Token("crm@example.com"))
	if status != 403 {
		t.Fatal(status, text)
	}
}
