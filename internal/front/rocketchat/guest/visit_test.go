package guest_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestConfigTellsTheWidgetWhatItNeeds(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		sac := s.Team("SAC")
		s.Team("Empty")
		s.Agent("bob@example.com", account.Member, "SAC")
		c, root, ana := contracttest.Staffed(t, s)
		a := c.Call("GET", "livechat/config", "")
		a.Is("config.enabled", true)
		a.Is("config.online", true)
		a.Is("config.settings.registrationForm", true)
		a.Is("config.settings.limitTextLength", false)
		a.Is("config.settings.hiddenSystemMessages.2", "livechat-close")
		a.Is("config.theme.title", "Rocket.Chat")
		a.Is("config.survey.items.2", "agentResposiveness")
		a.Is("config.departments.0._id", string(sac))
		a.Is("config.departments.1", nil)
		a.Is("config.guest", nil)
		c.Call("GET", "livechat/config?department="+string(sac), "").Is("config.online", false)
		bob := c.LogIn("bob")
		bob.Call("POST", "users.setStatus", `{"status":"online"}`).Is("success", true)
		bob.Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("success", true)
		c.Call("GET", "livechat/config?department="+string(sac), "").Is("config.online", true)
		c.Call("GET", "livechat/agent.next/nobody?department="+string(sac), "").Is("agent.username", "bob")
		bob.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
		c.Call("GET", "livechat/agent.next/nobody", "").Is("agent.username", "ana")

		c.Call("POST", "livechat/visitor", `{"visitor":{"token":"vera","name":"Vera","email":"v@site.test"}}`).Is("success", true)
		a = c.Call("GET", "livechat/config?token=vera", "")
		a.Is("config.guest.name", "Vera")
		a.Is("config.guest.visitorEmails.0.address", "v@site.test")
		a.Is("config.room", nil)
		rid := c.Room("vera")
		a = c.Call("GET", "livechat/config?token=vera", "")
		a.Is("config.room._id", rid)
		a.Is("config.room.servedBy.username", "ana")
		a.Is("config.agent.username", "ana")
		a.Is("config.agent.emails.0.address", "ana@example.com")
		c.Call("GET", "livechat/agent.next/vera", "").Want(200, `{"success":true}`)

		a = c.Call("GET", "livechat/agent.info/"+rid+"/vera", "")
		a.Is("agent.name", "Ana")
		a.Is("agent.status", "online")
		c.Call("GET", "livechat/agent.info/"+rid+"/none", "").Want(400, `{"error":"invalid-token","success":false}`)
		c.Call("GET", "livechat/agent.info/none/vera", "").Want(400, `{"error":"invalid-room","success":false}`)
		root.Option("Livechat_show_agent_email", "false")
		c.Call("GET", "livechat/agent.info/"+rid+"/vera", "").Is("agent.emails", nil)
		root.Option("Livechat_show_agent_info", "false")
		c.Call("GET", "livechat/agent.info/"+rid+"/vera", "").Want(200, `{"agent":{"hiddenInfo":true},"success":true}`)
		ana.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
		root.Option("Livechat_accept_chats_with_no_agents", "true")
		c.Call("GET", "livechat/config", "").Is("config.online", true)
		root.Option("Livechat_waiting_queue", "true")
		queued := c.Room("otto")
		a = c.Call("GET", "livechat/config?token=otto", "")
		a.Is("config.room._id", queued)
		a.Is("config.queueInfo.spot", 1)
		c.Call("GET", "livechat/agent.info/"+queued+"/otto", "").Want(400, `{"error":"invalid-agent","success":false}`)
		root.Option("Livechat_enabled", "false")
		c.Call("GET", "livechat/config", "").Want(200, `{"config":{"enabled":false},"success":true}`)
	})
}

func TestOfflineMessagesAndPages(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := contracttest.Staffed(t, s)
		bad := `{"error":"Error sending Omnichannel offline message","success":false}`
		good := `{"name":"Otto <script>","email":"otto@site.test","message":"Call me"}`
		c.Call("POST", "livechat/offline.message", `{"name":"x"}`).Is("errorType", "invalid-params")
		c.Call("POST", "livechat/offline.message", `{"name":"x","email":[],"message":"y"}`).Is("errorType", "invalid-params")
		root.Option("Livechat_validate_offline_email", "false")
		c.Call("POST", "livechat/offline.message", good).Want(400, bad)
		root.Option("Livechat_offline_email", `"desk@shop.test"`)
		c.Call("POST", "livechat/offline.message", `{"name":"x","email":"","message":"y"}`).Want(200, `{"message":"Livechat offline message sent","success":true}`)
		c.Call("POST", "livechat/offline.message", `{"name":"x","email":"nonsense","message":"y"}`).Want(400, bad)
		c.Call("POST", "livechat/offline.message", good).Want(200, `{"message":"Livechat offline message sent","success":true}`)
		status, text, _ := s.Call("GET", "/api/parlor/v1/leave-messages", "", "Authorization", "Bearer "+s.Token("root@example.com"))
		list := contracttest.Answer{T: t, Status: status, Text: text}
		list.Is("items.0.name", "Otto <script>")
		list.Is("items.0.content", "Call me")
		list.Is("items.2", nil)
		root.Option("Livechat_display_offline_form", "false")
		c.Call("POST", "livechat/offline.message", good).Want(400, bad)

		rid := c.Room("vera")
		page := `,"pageInfo":{"change":"url","title":"Lamp","location":{"href":"https://shop.test/lamp"}}}`
		a := c.Call("POST", "livechat/page.visited", `{"token":"vera","rid":"`+rid+`"`+page)
		a.Is("page.msg", "Lamp - https://shop.test/lamp")
		a.Is("page.navigation.token", "vera")
		c.Call("POST", "livechat/page.visited", `{"token":"unknown"`+page).Is("page.msg", "Lamp - https://shop.test/lamp")
		c.Call("POST", "livechat/page.visited", `{"token":"vera","pageInfo":{"change":"title","title":"x","location":{"href":"x"}}}`).Want(200, `{"success":true}`)
		for _, body := range []string{`{}`, `{"token":"test","rid":{}}`, `{"token":"test","rid":"test"}`, `{"token":"test","rid":"test","pageInfo":{}}`} {
			c.Call("POST", "livechat/page.visited", body).Is("errorType", "invalid-params")
		}
	})
}

func TestVisitorsAskForRecordsAndOtherDepartments(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		sac := s.Team("SAC")
		c, _, _ := contracttest.Staffed(t, s)
		rid := c.Room("vera")
		c.Room("otto")
		for body, want := range map[string]string{
			`{"token":"none","rid":"x","email":""}`:                                   `{"error":"error-invalid-visitor","success":false}`,
			`{"token":"vera","rid":"none","email":"v@site.test"}`:                     `{"error":"error-invalid-room","success":false}`,
			fmt.Sprintf(`{"token":"otto","rid":%q,"email":"v@site.test"}`, rid):       `{"error":"error-invalid-room","success":false}`,
			fmt.Sprintf(`{"token":"vera","rid":%q,"email":"test"}`, rid):              `{"error":"error-invalid-email","success":false}`,
			fmt.Sprintf(`{"token":"vera","rid":%q,"email":"a@b.c\nBcc: x@y.z"}`, rid): `{"error":"error-invalid-email","success":false}`,
			`{"token":"vera"}`: `{"error":"must have required property 'rid' [invalid-params]","errorType":"invalid-params","success":false}`,
		} {
			c.Call("POST", "livechat/transcript", body).Want(400, want)
		}
		c.Call("POST", "livechat/transcript", fmt.Sprintf(`{"token":"vera","rid":%q,"email":"v@site.test"}`, rid)).
			Want(200, `{"message":"Omnichannel transcript sent","success":true}`)

		move := func(token, rid, department string) contracttest.Answer {
			return c.Call("POST", "livechat/room.transfer", fmt.Sprintf(`{"token":%q,"rid":%q,"department":%q}`, token, rid, department))
		}
		move("vera", rid, "none").Want(400, `{"error":"error-invalid-department","success":false}`)
		move("none", rid, string(sac)).Want(400, `{"error":"invalid-token","success":false}`)
		move("otto", rid, string(sac)).Want(400, `{"error":"invalid-room","success":false}`)
		a := move("vera", rid, string(sac))
		a.Is("room.departmentId", string(sac))
		a.Is("room.servedBy", nil)
		move("vera", rid, string(sac)).Want(400, `{"error":"error-forwarding-chat-same-department","success":false}`)
		c.Call("POST", "livechat/visitor.callStatus", fmt.Sprintf(`{"token":"vera","rid":%q,"callStatus":"going","callId":"x"}`, rid)).
			Want(200, `{"callStatus":"going","token":"vera","success":true}`)
		c.Call("POST", "livechat/visitor.callStatus", `{"token":"vera"}`).Is("errorType", "invalid-params")
	})
}

func TestPagesAreMessagesWhereTheCompanyWantsThem(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := contracttest.Staffed(t, s)
		visit := func(title string) {
			c.Post("livechat/page.visited", `{"token":"vera","pageInfo":{"change":"url","title":%q,"location":{"href":"https://shop.test/%s"}}}`, title, title).Is("success", true)
		}
		hooks := contracttest.NewReceiver(t)
		root.Post("omnichannel/integrations", `{"LivechatWebhookUrl":%q,"SendVisitorNavigationHistory":true,"LivechatWebhookOnVisitorMessage":true}`, hooks.URL).Want(200, `{"success":true}`)
		root.Call("GET", "settings/Send_visitor_navigation_history_livechat_webhook_request", "").Is("value", true)
		rid := c.Room("vera")
		visit("unseen") // the company does not want it yet
		root.Option("Livechat_Visitor_navigation_as_a_message", "true")
		l := contracttest.Connect(t, s)
		l.Call("1", "login", fmt.Sprintf(`[{"resume":%q}]`, ana.Auth[1]))
		l.Sub("a", "room-messages", rid, "", "ready")
		visit("<lamp>")
		m := l.Next("changed", "livechat_navigation_history")
		m.Is("fields.args.0.msg", "<lamp> - https://shop.test/%3Clamp%3E")
		m.Is("fields.args.0.u.username", "rocket.cat")
		m.Is("fields.args.0.navigation.page.location.href", "https://shop.test/%3Clamp%3E")
		m.Is("fields.args.0.navigation.token", "vera")
		w := hooks.Next("Message")
		w.Is("messages.0.navigation.page.title", "<lamp>")
		w.Is("messages.0.closingMessage", nil)
		visit("<lamp>") // the same page is no new visit
		c.Say("vera", rid, "m1", "hello")
		hooks.Next("Message").Is("messages.0.msg", "hello")
		// The visitor is not told where it has been.
		a := c.Call("GET", "livechat/messages.history/"+rid+"?token=vera", "")
		a.Is("messages.0.msg", "hello")
		a.Is("messages.1.t", "uj")
		c.Post("livechat/room.close", `{"token":"vera","rid":%q}`, rid).Is("rid", rid)

		// What is seen between rooms is told of in the next.
		visit("between")
		visit("twice")
		next := c.Room("vera")
		hooks.Next("Message").Is("messages.0.navigation.page.title", "between")
		hooks.Next("Message").Is("messages.0.navigation.page.title", "twice")
		c.Say("vera", next, "m2", "again")
		hooks.Next("Message").Is("messages.0.msg", "again")
		root.Call("GET", "livechat/visitors.pagesVisited/"+next, "").Is("total", 4)
	})
}

// TestTheWidgetIsToldOfDepartmentsInUse asks what a visitor may choose between.
func TestTheWidgetIsToldOfDepartmentsInUse(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.Member)
		c := &contracttest.Client{T: t, S: s}
		root := c.LogIn("root")
		add := func(name, agents string, enabled, registration, offline bool, more string) string {
			return fmt.Sprint(root.Post("livechat/department", `{"department":{"name":%q,"enabled":%v,"email":"a@b.c","showOnRegistration":%v,"showOnOfflineForm":%v%s},"agents":[%s]}`,
				name, enabled, registration, offline, more, agents).Get("department._id"))
		}
		member := `{"agentId":"` + string(ana.ID) + `"}`
		a := add("A", member, true, true, false, "")
		b := add("B", member, true, false, true, `,"departmentsAllowedToForward":["`+a+`"]`)
		add("Empty", "", true, true, true, "")
		add("Off", member, false, true, true, "")
		got, err := json.Marshal(c.Call("GET", "livechat/config", "").Get("config.departments"))
		want := `[{"_id":"` + a + `","name":"A","showOnOfflineForm":false,"showOnRegistration":true},` +
			`{"_id":"` + b + `","departmentsAllowedToForward":["` + a + `"],"name":"B","showOnOfflineForm":true,"showOnRegistration":false}]`
		if err != nil || string(got) != want {
			t.Errorf("got %s %v\nwant %s", got, err, want)
		}
	})
}
