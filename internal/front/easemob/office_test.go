package easemob_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/server/servertest"
)

func TestPastSessionsAndFiguresOfTheDay(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		get := func(path string) answer { return d.call("GET", path, "", d.token) }
		session := fmt.Sprint(d.do("POST", "sessions", `{"visitUserName":"u_9","queueName":"SAC"}`).get("entity.serviceSessionId"))
		d.send("u_9", "hello", "").is("status", "OK")
		get("/v1/Tenant/me/ServiceSessionHistorys").is("totalElements", 0)
		get("/v1/Tenant/me/ServiceSessionHistorys?state=Wait").is("entities.0.serviceSessionId", session)
		get("/daas/internal/session/today/total").is("entity", 0)
		token := d.ready()
		claim := func() {
			t.Helper()
			if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+token); status != 200 {
				t.Fatal(text)
			}
		}
		claim()
		get("/daas/internal/session/today/total").is("entity", 1)
		get("/daas/internal/session/today/processing").is("entity", 1)
		get("/daas/internal/message/today/total").is("entity", 1)
		a := get("/daas/internal/agent/kpi/session/today")
		a.is("entities.0.agentUserId", d.lin.ID)
		a.is("entities.0.sessionCount", 1)
		a = get("/daas/internal/session/trend")
		a.is("totalElements", 1)
		a.is("entities.0.value", 1)
		now := time.Now().UnixMilli()
		get(fmt.Sprintf("/daas/internal/message/trend?beginDateTime=%d&endDateTime=%d", now-86_400_000, now+60_000)).is("entities.0.value", 1)
		get(fmt.Sprintf("/daas/internal/message/trend?beginDateTime=%d&endDateTime=%d", now-91*86_400_000, now)).want(400, wrongParam)
		for _, bad := range []string{"beginDateTime=x", "endDateTime=-1", "beginDateTime=5&endDateTime=5"} {
			get("/daas/internal/session/trend?"+bad).want(400, wrongParam)
		}
		d.call("PUT", "/v1/ServiceSession/"+session+"/AgentQueue/"+string(d.sac), "", d.token).is("entity.state", "Wait")
		d.call("POST", "/v1/ServiceSession/"+session+"/AgentQueue/none", "", d.token).is("status", "FAIL")
		d.call("PUT", "/v1/ServiceSession/none/AgentQueue/"+string(d.sac), "", d.token).is("status", "FAIL")
		d.do("POST", "sessions/"+session+"/close", "").is("entity.state", "Abort") // nobody had it when it ended
		for _, q := range []string{"", "?state=Terminal&sortOrder=asc&visitorName=", "?beginDate=2001-01-01T00:00:00.000Z", "?agentUserId="} {
			get("/v1/Tenant/me/ServiceSessionHistorys"+q).is("entities.0.serviceSessionId", session)
		}
		for _, q := range []string{"?agentUserId=nobody", "?endDate=2001-01-01", "?originType=phone", "?state=Wait"} {
			get("/v1/Tenant/me/ServiceSessionHistorys"+q).is("totalElements", 0)
		}
		for _, q := range []string{"?state=x", "?sortOrder=up", "?beginDate=soon", "?page=x"} {
			get("/v1/Tenant/me/ServiceSessionHistorys"+q).want(400, wrongParam)
		}
		for _, path := range []string{"/v1/Tenant/me/ServiceSessionHistorys", "/daas/internal/agent/online"} {
			d.call("GET", path, "", "").want(401, wrongToken)
		}
	})
}
