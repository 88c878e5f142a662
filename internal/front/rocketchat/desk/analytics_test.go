package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestDashboards(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		sac := s.Team("SAC")
		ana := s.Agent("ana@example.com", account.Member, "SAC")
		root, agent := c.LogIn("root"), c.LogIn("ana")
		agent.Call("POST", "users.setStatus", `{"status":"online"}`)
		agent.Call("POST", "livechat/agent.status", `{"status":"available"}`)
		for i, text := range []string{"one", "two"} {
			c.Call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":"v%d","department":"SAC"}}`, i))
			rid := fmt.Sprint(c.Call("GET", fmt.Sprintf("livechat/room?token=v%d", i), "").Get("room._id"))
			c.Call("POST", "livechat/message", fmt.Sprintf(`{"token":"v%d","rid":%q,"msg":%q}`, i, rid, text)).Is("success", true)
			if i == 0 {
				c.Call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"v%d","rid":%q}`, i, rid)).Is("success", true)
			}
		}
		const span = "?start=2020-01-01&end=2099-01-01"
		get := func(path string) contracttest.Answer { return root.Call("GET", "livechat/analytics/"+path+span, "") }
		a := get("dashboards/conversation-totalizers")
		a.Want(200, `{"totalizers":[{"title":"Total_conversations","value":2},{"title":"Open_conversations","value":1},{"title":"On_Hold_conversations","value":0},{"title":"Total_messages","value":2},{"title":"Total_visitors","value":2}],"success":true}`)
		get("dashboards/chats-totalizers").Is("totalizers.0.value", 1)
		get("dashboards/chats-totalizers").Is("totalizers.1.value", "50%")
		get("dashboards/productivity-totalizers").Is("totalizers.3.title", "Avg_of_waiting_time")
		get("dashboards/agents-productivity-totalizers").Is("totalizers.0.title", "Busiest_time")
		get("dashboards/charts/chats").Want(200, `{"closed":1,"onhold":0,"open":1,"queued":0,"success":true}`)
		get("dashboards/charts/chats-per-agent").Want(200, `{"ana":{"closed":1,"onhold":0,"open":1},"success":true}`)
		get("dashboards/charts/chats-per-department").Want(200, `{"SAC":{"closed":1,"open":1},"success":true}`)
		if got := get("dashboards/charts/timings"); got.Get("chatDuration.longest") == nil {
			t.Fatal(got.Text)
		}
		get("departments/amount-of-chats").Is("departments.0._id", string(sac))
		get("departments/amount-of-chats").Is("departments.0.rooms", 2)
		get("departments/percentage-abandoned-chats").Is("departments.0.percentageOfAbandonedChats", 50)
		get("agents/total-service-time").Is("agents.0._id", string(ana.ID))
		get("agents/total-service-time").Is("agents.0.chats", 2)
		a = get("agents/available-for-service-history")
		a.Is("total", 1)
		a.Is("agents.0.username", "ana")
		a.Is("agents.0.availableTimeInSeconds", 0)
		root.Call("GET", "livechat/analytics/dashboards/charts/agents-status", "").Want(200, `{"available":1,"away":0,"busy":0,"offline":1,"success":true}`)
		root.Call("GET", "livechat/analytics/overview?name=Conversations&from=2020-01-01&to=2099-01-01", "").Is("0.value", 2)
		root.Call("GET", "livechat/analytics/overview?name=none&from=2020-01-01&to=2099-01-01", "").Want(200, `[]`)
		root.Call("GET", "livechat/analytics/agent-overview?name=Total_conversations&from=2020-01-01&to=2099-01-01", "").Is("data.0.value", "100.00%")
		by := root.Call("GET", "livechat/analytics/dashboards/conversations-by-department?start=2026-01-01&end=2026-12-31", "")
		by.Is("success", true)
		by.Is("unspecified", 0)
		for path, want := range map[string]string{
			"dashboards/conversation-totalizers":                                    `400 {"error":"The \"start\" query parameter must be a valid date.","success":false}`,
			"dashboards/conversation-totalizers?start=2020-01-01&end=x":             `400 {"error":"The \"end\" query parameter must be a valid date.","success":false}`,
			"dashboards/conversations-by-source?start=2020-01-01&end=2024-01-01":    `400 {"error":"The \"start\" and \"end\" query parameters must be less than 1 year apart.","success":false}`,
			"dashboards/conversations-by-source?start=2024-02-01&end=2024-01-01":    `400 {"error":"The \"start\" query parameter must be before the \"end\" query parameter.","success":false}`,
			"overview?name=Conversations&from=2020-01-01":                           `400 {"error":"must have required property 'to' [invalid-params]","errorType":"invalid-params","success":false}`,
			"departments/amount-of-chats?start=2020-01-01&end=2024-01-01&count=abc": `400 {"error":"must be number [invalid-params]","errorType":"invalid-params","success":false}`,
		} {
			a := root.Call("GET", "livechat/analytics/"+path, "")
			if got := fmt.Sprint(a.Status, " ", a.Text); got != want {
				t.Errorf("%s\n got %s\nwant %s", path, got, want)
			}
		}
		agent.Call("GET", "livechat/analytics/dashboards/charts/chats"+span, "").Want(403,
			`{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
	})
}
