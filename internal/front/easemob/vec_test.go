package easemob_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// ask invites a visitor to the independent video client with the program's token.
func (d *desk) ask(from, session string) answer {
	d.t.Helper()
	return d.send(from, "", `{"type":"agorartcmedia/video","targetSystem":"kefurtc","msgtype":{"liveStreamInvitation":{"msg":""}},"sessionExt":`+session+`}`)
}

func sessionOf(a answer) string {
	return fmt.Sprint(a.get("entities.0.ext.weichat.service_session.serviceSessionId"))
}

// native asks the console's API as the administrator.
func (d *desk) native(path string) string {
	d.t.Helper()
	status, text, _ := d.Call("GET", "/api/parlor/v1"+path, "", "Authorization", "Bearer "+d.Token("root@example.com"))
	if status != http.StatusOK {
		d.t.Fatal(path, status, text)
	}
	return text
}

func TestWithoutCallsThereIsNoVideoCounter(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"calls": "off"}, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		a := d.call("GET", "/v1/grayscale/tenants/1", "", "")
		a.is("entities.4.grayName", "vecIndependentVideo")
		a.is("entities.4.status", "Disable")
		d.ask("u_1", `{"source":"invitation"}`).want(403, `{"status":"FAIL","errorCode":"API_400","errorDescription":"api request failed","reason":"calls_off"}`)
		d.do("GET", "visitors/u_1", "").want(404, wrongParam)
	})
}

// TestVideoComesFromATextSession: a visitor in a conversation is called by whoever has it,
// and the conversation outlives the call; what is said to be related is the visitor's own,
// or is left out.
func TestVideoComesFromATextSession(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		foreign := sessionOf(d.send("u_2", "hello", ""))
		first := sessionOf(d.send("u_1", "hello", ""))
		status, text, _ := d.Call("POST", "/api/parlor/v1/conversations/"+first+"/claim", "", "Authorization", "Bearer "+d.Token("li.na@example.com"))
		if status/100 != 2 {
			t.Fatal(text)
		}
		if got := sessionOf(d.ask("u_1", `{"source":"relatedSession","relatedSessionId":"`+first+`"}`)); got != first {
			t.Fatal(got, first)
		}
		if calls := d.native("/conversations/" + first + "/calls"); !strings.Contains(calls, `"by":"visitor"`) || !strings.Contains(calls, `"state":"INVITING"`) {
			t.Fatal("the agent is not rung:", calls)
		}
		d.call("POST", "/v1/kefurtc/tenant/1/session/"+first+"/visitor/u_1/close", "", d.token).want(200, `{"status":"OK"}`)
		if calls := d.native("/conversations/" + first + "/calls"); !strings.Contains(calls, `"reason":"cancelled"`) {
			t.Fatal("the call goes on:", calls)
		}
		d.do("GET", "sessions/"+first, "").is("entity.state", "Processing")

		d.do("POST", "sessions/"+first+"/close", "").is("status", "OK")
		second := sessionOf(d.ask("u_1", `{"source":"relatedSession","relatedSessionId":"`+first+`","relatedVisitorUserId":"u_1"}`))
		if text := d.native("/conversations/" + second + "/messages"); !strings.Contains(text, `"related":"`+first+`"`) {
			t.Fatal("the session before is not linked:", text)
		}
		if text := d.native("/conversations/" + second); !strings.Contains(text, `"channel":"video"`) {
			t.Fatal("the conversation is not marked:", text)
		}
		third := sessionOf(d.ask("u_3", `{"source":"relatedSession","relatedSessionId":"`+foreign+`","relatedVisitorUserId":"u_2"}`))
		if text := d.native("/conversations/" + third + "/messages"); strings.Contains(text, foreign) {
			t.Fatal("somebody else's session is linked:", text)
		}
	})
}

// TestARobotHoldsNoCalls: who asks for a call waits for people.
func TestARobotHoldsNoCalls(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.withRobot()
		c := sessionOf(d.ask("u_1", `{"source":"invitation","queueId":"`+string(d.sac)+`"}`))
		d.do("GET", "sessions/"+c, "").is("entity.state", "Wait")
		d.call("GET", "/v1/kefurtc/tenant/1/webim/session/"+c+"/waiting?userName=u_1", "", d.token).is("entity.waitingFlag", true)
	})
}

// TestTheWishedAgentIsAsked: an agent is chosen by id, and gets the conversation.
func TestTheWishedAgentIsAsked(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		c := sessionOf(d.ask("u_1", `{"source":"invitation","agentUserId":"`+string(d.lin.ID)+`","queueId":"`+string(d.sac)+`"}`))
		text := d.native("/conversations/" + c)
		if !strings.Contains(text, `"requestedAgent":"`+string(d.lin.ID)+`"`) || !strings.Contains(text, `"team":"`+string(d.sac)+`"`) {
			t.Fatal(text)
		}
	})
}
