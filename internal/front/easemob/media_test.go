package easemob_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// signalled sends a control message about a call.
func (d *desk) signalled(from, kinds string) answer {
	d.t.Helper()
	return d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":%q,"to":"kefuchannelimid_main","bodies":[{"type":"cmd","action":"Agorartcmedia"}],"ext":{"type":"agorartcmedia/video","msgtype":%s}}`, from, kinds), d.token)
}

func TestCallsOnTheWire(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		const ask = `{"type":"agorartcmedia/video","msgtype":{"liveStreamInvitation":{"msg":"invites you to a video call","orgName":"parlor","appName":"kefuchannelapp1","userName":"u_88231","imServiceNumber":"kefuchannelimid_main","resource":"webim","isNewInvitation":true}}}`
		a := d.send("u_88231", "invites you to a video call", ask)
		session := fmt.Sprint(a.get("entities.1.ext.weichat.event.eventObj.sessionId"))
		bearer := d.ready()
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+bearer); status != 200 {
			t.Fatal(text)
		}
		list := func() string {
			_, text, _ := s.Call("GET", "/api/parlor/v1/conversations/"+session+"/calls", "", "Authorization", "Bearer "+bearer)
			return text
		}
		if got := list(); !strings.Contains(got, `"items":[]`) {
			t.Fatalf("a call without an agent: %s", got)
		}
		d.poll("u_88231", "tab")

		// The visitor invites and gets a ticket; the second invitation is no second call.
		d.send("u_88231", "invites you to a video call", ask).is("status", "OK")
		d.send("u_88231", "invites you to a video call", ask).is("status", "OK")
		a = d.poll("u_88231", "tab")
		ticket := ""
		for i := 0; a.get(fmt.Sprintf("entities.%d", i)) != nil; i++ {
			p := fmt.Sprintf("entities.%d.ext.", i)
			if a.get(p+"msgtype.sendVisitorTicket") == nil {
				continue
			}
			a.is(p+"type", "agorartcmedia/video")
			p += "msgtype.sendVisitorTicket.ticket."
			for key, want := range map[string]any{"callId": 1, "channel": "call-1", "uid": 1002, "isThirdAgent": false, "agentTicket.uid": 1001, "agentTicket.niceName": "Li.na"} {
				a.is(p+key, want)
			}
			if ticket != "" {
				t.Fatalf("two tickets: %s", a.text)
			}
			ticket = fmt.Sprint(a.get(p + "token"))
		}
		if strings.Count(ticket, ".visitor.") != 1 {
			t.Fatalf("ticket %q in %s", ticket, a.text)
		}

		// What is wrong or about another call changes nothing; then the visitor cancels.
		d.signalled("u_88231", `{"visitorRejectInvitation":{"callId":77}}`).is("status", "OK")
		d.signalled("u_88231", `{"whiteboardInvitaion":{"callId":1}}`).is("status", "OK") // nobody has answered yet
		d.signalled("u_88231", `{}`).is("errorCode", "API_001")
		d.signalled("u_88231", `{"visitorCancelInvitation":{"callId":null}}`).is("status", "OK")
		if got := list(); !strings.Contains(got, `"reason":"cancelled"`) || strings.Contains(got, `"number":2`) {
			t.Fatal(got)
		}
		a = d.poll("u_88231", "tab")
		a.is("entities.0.ext.msgtype.videoPlayback.callId", 1)
		a.is("entities.0.ext.msgtype.videoPlayback.reason", "cancelled")

		// A program takes the invitation back; only with its token, and only its own company's.
		d.send("u_88231", "again", ask).is("status", "OK")
		path := "/v1/rtcmedia/serviceSession/" + session + "/conferences"
		d.call("DELETE", path, "", "wrong").is("errorCode", "API_002")
		d.call("DELETE", path, "", d.token).is("status", "OK")
		d.call("DELETE", path, "", d.token).is("status", "OK")
		if got := list(); !strings.Contains(got, `"number":2`) || !strings.Contains(got, `"endedBy":"system"`) {
			t.Fatal(got)
		}
		d.signalled("u_88231", `{"visitorAcceptInvitation":{"callId":2}}`).is("status", "OK")
	})
}
