package rocketchat_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestDashboards(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		sac := s.Team("SAC")
		ana := s.Agent("ana@example.com", account.Member, "SAC")
		root, agent := c.logIn("root"), c.logIn("ana")
		agent.call("POST", "users.setStatus", `{"status":"online"}`)
		agent.call("POST", "livechat/agent.status", `{"status":"available"}`)
		for i, text := range []string{"one", "two"} {
			c.call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":"v%d","department":"SAC"}}`, i))
			rid := fmt.Sprint(c.call("GET", fmt.Sprintf("livechat/room?token=v%d", i), "").get("room._id"))
			c.call("POST", "livechat/message", fmt.Sprintf(`{"token":"v%d","rid":%q,"msg":%q}`, i, rid, text)).is("success", true)
			if i == 0 {
				c.call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"v%d","rid":%q}`, i, rid)).is("success", true)
			}
		}
		const span = "?start=2020-01-01&end=2099-01-01"
		get := func(path string) answer { return root.call("GET", "livechat/analytics/"+path+span, "") }
		a := get("dashboards/conversation-totalizers")
		a.want(200, `{"totalizers":[{"title":"Total_conversations","value":2},{"title":"Open_conversations","value":1},{"title":"On_Hold_conversations","value":0},{"title":"Total_messages","value":2},{"title":"Total_visitors","value":2}],"success":true}`)
		get("dashboards/chats-totalizers").is("totalizers.0.value", 1)
		get("dashboards/chats-totalizers").is("totalizers.1.value", "50%")
		get("dashboards/productivity-totalizers").is("totalizers.3.title", "Avg_of_waiting_time")
		get("dashboards/agents-productivity-totalizers").is("totalizers.0.title", "Busiest_time")
		get("dashboards/charts/chats").want(200, `{"closed":1,"onhold":0,"open":1,"queued":0,"success":true}`)
		get("dashboards/charts/chats-per-agent").want(200, `{"ana":{"closed":1,"onhold":0,"open":1},"success":true}`)
		get("dashboards/charts/chats-per-department").want(200, `{"SAC":{"closed":1,"open":1},"success":true}`)
		if got := get("dashboards/charts/timings"); got.get("chatDuration.longest") == nil {
			t.Fatal(got.text)
		}
		get("departments/amount-of-chats").is("departments.0._id", string(sac))
		get("departments/amount-of-chats").is("departments.0.rooms", 2)
		get("departments/percentage-abandoned-chats").is("departments.0.percentageOfAbandonedChats", 50)
		get("agents/total-service-time").is("agents.0._id", string(ana.ID))
		get("agents/total-service-time").is("agents.0.chats", 2)
		root.call("GET", "livechat/analytics/dashboards/charts/agents-status", "").want(200, `{"available":1,"away":0,"busy":0,"offline":1,"success":true}`)
		root.call("GET", "livechat/analytics/overview?name=Conversations&from=2020-01-01&to=2099-01-01", "").is("0.value", 2)
		root.call("GET", "livechat/analytics/overview?name=none&from=2020-01-01&to=2099-01-01", "").want(200, `[]`)
		root.call("GET", "livechat/analytics/agent-overview?name=Total_conversations&from=2020-01-01&to=2099-01-01", "").is("data.0.value", "100.00%")
		by := root.call("GET", "livechat/analytics/dashboards/conversations-by-department?start=2026-01-01&end=2026-12-31", "")
		by.is("success", true)
		by.is("unspecified", 0)
		for path, want := range map[string]string{
			"dashboards/conversation-totalizers":                                    `400 {"error":"The \"start\" query parameter must be a valid date.","success":false}`,
			"dashboards/conversation-totalizers?start=2020-01-01&end=x":             `400 {"error":"The \"end\" query parameter must be a valid date.","success":false}`,
			"dashboards/conversations-by-source?start=2020-01-01&end=2024-01-01":    `400 {"error":"The \"start\" and \"end\" query parameters must be less than 1 year apart.","success":false}`,
			"dashboards/conversations-by-source?start=2024-02-01&end=2024-01-01":    `400 {"error":"The \"start\" query parameter must be before the \"end\" query parameter.","success":false}`,
			"overview?name=Conversations&from=2020-01-01":                           `400 {"error":"must have required property 'to' [invalid-params]","errorType":"invalid-params","success":false}`,
			"departments/amount-of-chats?start=2020-01-01&end=2024-01-01&count=abc": `400 {"error":"must be number [invalid-params]","errorType":"invalid-params","success":false}`,
		} {
			a := root.call("GET", "livechat/analytics/"+path, "")
			if got := fmt.Sprint(a.status, " ", a.text); got != want {
				t.Errorf("%s\n got %s\nwant %s", path, got, want)
			}
		}
		agent.call("GET", "livechat/analytics/dashboards/charts/chats"+span, "").want(403,
			`{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
	})
}
