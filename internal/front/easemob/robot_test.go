package easemob_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/knowledge"
	"parlor/internal/robot"
	"parlor/internal/server/servertest"
	"parlor/internal/setting"
)

// told polls until a page is told something that is there at a path.
func (d *desk) told(path string) (a answer, at string) {
	d.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		a = d.poll("u_88231", "tab1")
		for i := 0; a.get(fmt.Sprintf("entities.%d", i)) != nil; i++ {
			if at = fmt.Sprintf("entities.%d.", i); a.get(at+path) != nil {
				return a, at
			}
		}
	}
	d.t.Fatal("never told: " + path)
	return a, at
}

// withRobot adds an article and a robot that tells it.
func (d *desk) withRobot() (article string) {
	d.t.Helper()
	root, err := d.Accounts().AgentByLogin(d.t.Context(), account.MainTenant, "root@example.com")
	if err != nil {
		d.t.Fatal(err)
	}
	who := actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: root.ID, Permissions: actor.Permissions()}
	a, err := d.Server.Knowledge().Add(d.t.Context(), who, knowledge.ArticleInput{Title: "邮费多少", Answer: "5 元", Active: true})
	if err != nil {
		d.t.Fatal(err)
	}
	all := func(s string) setting.Text { return setting.Text{"": s} }
	_, err = d.Server.Robots().Add(d.t.Context(), who, robot.Input{Name: "小助", Active: true, Inboxes: []id.Inbox{"main"}, Greeting: all("您好"), Menu: "m", ButtonAfter: 2,
		Menus: []robot.Menu{{ID: "m", Title: all("请选择"), Items: []robot.Item{{ID: "post", Title: all("邮费"), Does: robot.DoesAnswer, Article: a.ID},
			{ID: "sac", Title: all("售后"), Does: robot.DoesTeam, Team: d.sac}}}}})
	if err != nil {
		d.t.Fatal(err)
	}
	return a.ID
}

func TestARobotReceivesPages(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		const w = "/v1/webimplugin"
		open := func(path string) answer { return d.call("GET", w+path, "", "") }
		open("/tenants/robot-ready?tenantId=1").want(200, `{"status":"OK","entity":false}`)
		open("/tenants/robots/welcome?tenantId=1").want(200, `{"status":"OK"}`)
		open("/tenants/1/options/canTransferMsgNumber").want(200, `{"status":"OK","entities":[]}`)
		d.withRobot()
		open("/tenants/robot-ready?tenantId=1").want(200, `{"status":"OK","entity":true}`)
		a := open("/tenants/robots/welcome?tenantId=1")
		a.is("entity.greetingTextType", 1)
		if text := fmt.Sprint(a.get("entity.greetingText")); !strings.Contains(text, `"choice":{"items":[{"id":"post","name":"邮费"},{"id":"sac","name":"售后"}],"title":"您好"}`) {
			t.Error(text)
		}
		open("/tenants/1/welcome/transfer-manual-menu").want(200, fmt.Sprintf(`{"status":"OK","entity":{"choice":{"items":[{"id":"sac","name":"售后","queueId":%q,"queueType":"txt"}],"title":"请选择"},"mode":"transferManualGuide"}}`, d.sac))
		open("/tenants/1/options/canTransferMsgNumber").is("entities.0.optionValue", "2")
		open("/tenants/1/options/transferManualMenuGuideEnable").is("entities.0.optionValue", "true")
		open("/visitors/u_88231/schedule-data-ex2?tenantId=1").is("entity.onlineRobotAgentCount", 1)

		a = d.send("u_88231", "邮费多少？", `{"weichat":{"msg_id_for_ack":"k1","language":"zh-CN"}}`)
		session := fmt.Sprint(a.get("entities.1.ext.weichat.event.eventObj.sessionId"))
		a, at := d.told("ext.weichat.extRobot")
		a.is(at+"bodies.0.msg", "5 元")
		a.is(at+"ext.weichat.agent.userType", "Robot")
		a.is(at+"ext.weichat.extRobot.satisfactionCommentInvitation", true)
		key := fmt.Sprint(a.get(at + "ext.weichat.extRobot.satisfactionCommentInfo"))
		if strings.Contains(a.text, `"您好"`) {
			t.Error("the greeting is told twice", a.text)
		}
		d.do("GET", "sessions/"+session, "").is("entity.agentUserType", 6)
		d.do("GET", "sessions/"+session, "").is("entity.state", "Processing")
		d.do("GET", "sessions/"+session+"/messages", "").has("entities", `"user_type":"Robot"`)

		guest := func(method, path, body string) answer {
			return d.call(method, w+path+"?tenantId=1&userName=u_88231", body, d.token)
		}
		rate := func(kind int) answer {
			return guest("POST", "/tenants/1/robot-agents/1/satisfaction-comment", fmt.Sprintf(`{"satisfactionCommentKey":%q,"type":%d}`, key, kind))
		}
		rate(3).want(400, wrongParam)
		rate(1).want(200, `{"status":"OK"}`)
		rate(2).is("errorCode", "KEFU_ROBOT_INTEGRATION_0207")
		d.call("GET", w+"/tenants/1/servicesessions/"+session+"/standard_suggestion/questions?tenantId=1&userName=u_88231&input=%E9%82%AE%E8%B4%B9", "", d.token).is("entities.0.question", "邮费多少")

		d.send("u_88231", "qqq", "")
		a, at = d.told("ext.weichat.ctrlArgs")
		a.is(at+"ext.weichat.ctrlType", "TransferToKfHint")
		a.is(at+"ext.weichat.ctrlArgs.serviceSessionId", session)
		d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":"u_88231","to":"kefuchannelimid_main","bodies":[{"type":"cmd","action":"TransferToKf"}],"ext":{"weichat":{"ctrlArgs":{"id":"x","serviceSessionId":%q}}}}`, session), d.token).is("status", "OK")
		a = d.do("GET", "sessions/"+session, "")
		a.is("entity.state", "Wait")
		a.is("entity.agentUserType", 1)
		a = d.poll("u_88231", "tab1")
		a.has("entities", "ServiceSessionTransferedToAgentQueueEvent")
	})
}

// has looks for a part of the answer.
func (a answer) has(_, part string) {
	a.t.Helper()
	if !strings.Contains(a.text, part) {
		a.t.Fatalf("no %s in %d %s", part, a.status, a.text)
	}
}
