package rocketchat_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestConfigTellsTheWidgetWhatItNeeds(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		sac := s.Team("SAC")
		s.Team("Empty")
		s.Agent("bob@example.com", account.Member, "SAC")
		c, root, ana := staffed(t, s)
		a := c.call("GET", "livechat/config", "")
		a.is("config.enabled", true)
		a.is("config.online", true)
		a.is("config.settings.registrationForm", true)
		a.is("config.settings.limitTextLength", false)
		a.is("config.settings.hiddenSystemMessages.2", "livechat-close")
		a.is("config.theme.title", "Rocket.Chat")
		a.is("config.survey.items.2", "agentResposiveness")
		a.is("config.departments.0._id", string(sac))
		a.is("config.departments.1", nil)
		a.is("config.guest", nil)
		c.call("GET", "livechat/config?department="+string(sac), "").is("config.online", false)
		bob := c.logIn("bob")
		bob.call("POST", "users.setStatus", `{"status":"online"}`).is("success", true)
		bob.call("POST", "livechat/agent.status", `{"status":"available"}`).is("success", true)
		c.call("GET", "livechat/config?department="+string(sac), "").is("config.online", true)
		c.call("GET", "livechat/agent.next/nobody?department="+string(sac), "").is("agent.username", "bob")
		bob.call("POST", "livechat/agent.status", `{"status":"not-available"}`).is("success", true)
		c.call("GET", "livechat/agent.next/nobody", "").is("agent.username", "ana")

		c.call("POST", "livechat/visitor", `{"visitor":{"token":"vera","name":"Vera","email":"v@site.test"}}`).is("success", true)
		a = c.call("GET", "livechat/config?token=vera", "")
		a.is("config.guest.name", "Vera")
		a.is("config.guest.visitorEmails.0.address", "v@site.test")
		a.is("config.room", nil)
		rid := c.room("vera")
		a = c.call("GET", "livechat/config?token=vera", "")
		a.is("config.room._id", rid)
		a.is("config.room.servedBy.username", "ana")
		a.is("config.agent.username", "ana")
		a.is("config.agent.emails.0.address", "ana@example.com")
		c.call("GET", "livechat/agent.next/vera", "").want(200, `{"success":true}`)

		a = c.call("GET", "livechat/agent.info/"+rid+"/vera", "")
		a.is("agent.name", "Ana")
		a.is("agent.status", "online")
		c.call("GET", "livechat/agent.info/"+rid+"/none", "").want(400, `{"error":"invalid-token","success":false}`)
		c.call("GET", "livechat/agent.info/none/vera", "").want(400, `{"error":"invalid-room","success":false}`)
		root.option("Livechat_show_agent_email", "false")
		c.call("GET", "livechat/agent.info/"+rid+"/vera", "").is("agent.emails", nil)
		root.option("Livechat_show_agent_info", "false")
		c.call("GET", "livechat/agent.info/"+rid+"/vera", "").want(200, `{"agent":{"hiddenInfo":true},"success":true}`)
		ana.call("POST", "livechat/agent.status", `{"status":"not-available"}`).is("success", true)
		root.option("Livechat_accept_chats_with_no_agents", "true")
		c.call("GET", "livechat/config", "").is("config.online", true)
		root.option("Livechat_waiting_queue", "true")
		queued := c.room("otto")
		a = c.call("GET", "livechat/config?token=otto", "")
		a.is("config.room._id", queued)
		a.is("config.queueInfo.spot", 1)
		c.call("GET", "livechat/agent.info/"+queued+"/otto", "").want(400, `{"error":"invalid-agent","success":false}`)
		root.option("Livechat_enabled", "false")
		c.call("GET", "livechat/config", "").want(200, `{"config":{"enabled":false},"success":true}`)
	})
}

func TestOfflineMessagesAndPages(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := staffed(t, s)
		bad := `{"error":"Error sending Omnichannel offline message","success":false}`
		good := `{"name":"Otto <script>","email":"otto@site.test","message":"Call me"}`
		c.call("POST", "livechat/offline.message", `{"name":"x"}`).is("errorType", "invalid-params")
		c.call("POST", "livechat/offline.message", `{"name":"x","email":[],"message":"y"}`).is("errorType", "invalid-params")
		root.option("Livechat_validate_offline_email", "false")
		c.call("POST", "livechat/offline.message", good).want(400, bad)
		root.option("Livechat_offline_email", `"desk@shop.test"`)
		c.call("POST", "livechat/offline.message", `{"name":"x","email":"","message":"y"}`).want(200, `{"message":"Livechat offline message sent","success":true}`)
		c.call("POST", "livechat/offline.message", `{"name":"x","email":"nonsense","message":"y"}`).want(400, bad)
		c.call("POST", "livechat/offline.message", good).want(200, `{"message":"Livechat offline message sent","success":true}`)
		status, text, _ := s.Call("GET", "/api/parlor/v1/leave-messages", "", "Authorization", "Bearer "+s.Token("root@example.com"))
		list := answer{t, status, text, nil}
		list.is("items.0.name", "Otto <script>")
		list.is("items.0.content", "Call me")
		list.is("items.2", nil)
		root.option("Livechat_display_offline_form", "false")
		c.call("POST", "livechat/offline.message", good).want(400, bad)

		rid := c.room("vera")
		page := `,"pageInfo":{"change":"url","title":"Lamp","location":{"href":"https://shop.test/lamp"}}}`
		a := c.call("POST", "livechat/page.visited", `{"token":"vera","rid":"`+rid+`"`+page)
		a.is("page.msg", "Lamp - https://shop.test/lamp")
		a.is("page.navigation.token", "vera")
		c.call("POST", "livechat/page.visited", `{"token":"unknown"`+page).is("page.msg", "Lamp - https://shop.test/lamp")
		c.call("POST", "livechat/page.visited", `{"token":"vera","pageInfo":{"change":"title","title":"x","location":{"href":"x"}}}`).want(200, `{"success":true}`)
		for _, body := range []string{`{}`, `{"token":"test","rid":{}}`, `{"token":"test","rid":"test"}`, `{"token":"test","rid":"test","pageInfo":{}}`} {
			c.call("POST", "livechat/page.visited", body).is("errorType", "invalid-params")
		}
	})
}

func TestVisitorsAskForRecordsAndOtherDepartments(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		sac := s.Team("SAC")
		c, _, _ := staffed(t, s)
		rid := c.room("vera")
		c.room("otto")
		for body, want := range map[string]string{
			`{"token":"none","rid":"x","email":""}`:                                   `{"error":"error-invalid-visitor","success":false}`,
			`{"token":"vera","rid":"none","email":"v@site.test"}`:                     `{"error":"error-invalid-room","success":false}`,
			fmt.Sprintf(`{"token":"otto","rid":%q,"email":"v@site.test"}`, rid):       `{"error":"error-invalid-room","success":false}`,
			fmt.Sprintf(`{"token":"vera","rid":%q,"email":"test"}`, rid):              `{"error":"error-invalid-email","success":false}`,
			fmt.Sprintf(`{"token":"vera","rid":%q,"email":"a@b.c\nBcc: x@y.z"}`, rid): `{"error":"error-invalid-email","success":false}`,
			`{"token":"vera"}`: `{"error":"must have required property 'rid' [invalid-params]","errorType":"invalid-params","success":false}`,
		} {
			c.call("POST", "livechat/transcript", body).want(400, want)
		}
		c.call("POST", "livechat/transcript", fmt.Sprintf(`{"token":"vera","rid":%q,"email":"v@site.test"}`, rid)).
			want(200, `{"message":"Omnichannel transcript sent","success":true}`)

		move := func(token, rid, department string) answer {
			return c.call("POST", "livechat/room.transfer", fmt.Sprintf(`{"token":%q,"rid":%q,"department":%q}`, token, rid, department))
		}
		move("vera", rid, "none").want(400, `{"error":"error-invalid-department","success":false}`)
		move("none", rid, string(sac)).want(400, `{"error":"invalid-token","success":false}`)
		move("otto", rid, string(sac)).want(400, `{"error":"invalid-room","success":false}`)
		a := move("vera", rid, string(sac))
		a.is("room.departmentId", string(sac))
		a.is("room.servedBy", nil)
		move("vera", rid, string(sac)).want(400, `{"error":"error-forwarding-chat-same-department","success":false}`)
		c.call("POST", "livechat/visitor.callStatus", fmt.Sprintf(`{"token":"vera","rid":%q,"callStatus":"going","callId":"x"}`, rid)).
			want(200, `{"callStatus":"going","token":"vera","success":true}`)
		c.call("POST", "livechat/visitor.callStatus", `{"token":"vera"}`).is("errorType", "invalid-params")
	})
}
