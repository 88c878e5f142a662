package easemob_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// TestEventsArePushed: events have the contract's names and are signed.
func TestEventsArePushed(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		bearer := d.ready()
		got := make(chan string, 20)
		out := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var event struct {
				EventID, EventName string
				TenantID           int
				Timestamp          int64
				Data               struct {
					Session                                                 struct{ VisitorUserName string }
					Action, BusinessFlag, AgentUserName, EvaluationDegreeID string
					OldState, NewState                                      string
					Message                                                 struct {
						Body struct {
							Bodies []struct{ Msg string }
						}
					}
				}
			}
			if err == nil {
				err = json.Unmarshal(body, &event)
			}
			m := hmac.New(sha256.New, []byte("key"))
			fmt.Fprintf(m, "%s.%s", r.Header.Get("X-Kefu-Timestamp"), body)
			if err != nil || r.Header.Get("X-Kefu-Signature") != "v1="+hex.EncodeToString(m.Sum(nil)) || r.Header.Get("X-Kefu-Event-Id") != event.EventID || event.TenantID != 1 || event.Timestamp == 0 {
				got <- fmt.Sprintf("%v: %v %s", err, r.Header, body)
				return
			}
			text := ""
			if b := event.Data.Message.Body.Bodies; len(b) > 0 {
				text = b[0].Msg
			}
			switch event.EventName {
			case "BusinessBindEvent":
				text = event.Data.Action + " " + event.Data.BusinessFlag + " " + event.Data.AgentUserName
			case "AgentStateChangedEvent":
				text = event.Data.OldState + " " + event.Data.NewState + " " + event.Data.AgentUserName
			}
			got <- fmt.Sprint(event.EventName, " ", event.Data.Session.VisitorUserName, event.Data.EvaluationDegreeID, " ", text)
		}))
		t.Cleanup(out.Close)
		status, text, _ := s.Call("POST", "/api/parlor/v1/webhooks", fmt.Sprintf(`{"name":"Push","url":%q,"format":"easemob","key":"key","active":true,"occasions":["conversation.started","message.visitor","conversation.closed","conversation.rated","binding.created","binding.deleted","agent.state"]}`, out.URL),
			"Authorization", "Bearer "+d.Token("root@example.com"), "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(text)
		}
		a := d.send("u_5", "你好", "")
		session := fmt.Sprint(a.get("entities.0.ext.weichat.service_session.serviceSessionId"))
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+bearer); status != 200 {
			t.Fatal(text)
		}
		d.do("POST", "sessions/"+session+"/close", "").is("status", "OK")
		for _, want := range []string{"ServiceSessionCreatedEvent u_5 ", "VisitorMessageEvent u_5 你好", "ServiceSessionClosedEvent u_5 "} {
			if event := <-got; event != want {
				t.Fatalf("%s, want %s", event, want)
			}
		}
		// Outside a conversation's messages each is told as it happens.
		tell := func(want string, a answer) {
			t.Helper()
			a.is("status", "OK")
			if event := <-got; event != want {
				t.Fatalf("%s, want %s", event, want)
			}
		}
		tell("EnquiryEvent 2 ", d.send("u_5", "", fmt.Sprintf(`{"weichat":{"ctrlType":"enquiry","ctrlArgs":{"serviceSessionId":%q,"evaluationDegreeId":2}}}`, session)))
		tell("BusinessBindEvent  bind lead li.na@example.com", d.do("POST", "busniessbind", `{"businessFlag":"lead","visitUserName":"u_5","agentUserName":"li.na@example.com"}`))
		tell("BusinessBindEvent  unbind lead li.na@example.com", d.do("DELETE", "busniessbind", `{"businessFlag":"lead","visitUserName":"u_5"}`))
		for range 2 { // the same state again is no change
			if status, text, _ := s.Call("PUT", "/api/parlor/v1/me/state", `{"state":"busy"}`, "Authorization", "Bearer "+bearer, "Content-Type", "application/json"); status != 200 {
				t.Fatal(text)
			}
		}
		if event, want := <-got, "AgentStateChangedEvent  Online Busy li.na@example.com"; event != want {
			t.Fatalf("%s, want %s", event, want)
		}
		tell("BusinessBindEvent  bind last li.na@example.com", d.do("POST", "busniessbind", `{"businessFlag":"last","visitUserName":"u_5","agentUserName":"li.na@example.com"}`))
	})
}

// TestMessagesAreCalledBack: a bridge is told what is said, and nothing else, with the
// proof of its secret.
func TestMessagesAreCalledBack(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		bearer := d.ready()
		got := make(chan string, 20)
		ids := map[string]bool{}
		out := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var e struct {
				CallID, EventType, From, To, SecurityVersion, Security, AppKey string
				ChatType                                                       string `json:"chat_type"`
				MsgID                                                          string `json:"msg_id"`
				Timestamp                                                      int64
				Payload                                                        struct{ Bodies []struct{ Msg string } }
			}
			err := json.NewDecoder(r.Body).Decode(&e)
			sum := md5.Sum([]byte(e.CallID + "key" + fmt.Sprint(e.Timestamp)))
			if err != nil || e.Security != hex.EncodeToString(sum[:]) || e.AppKey != "parlor#kefuchannelapp1" || !strings.HasPrefix(e.CallID, e.AppKey+"_") || ids[e.CallID] || e.MsgID == "" ||
				e.EventType+e.ChatType+e.SecurityVersion != "chatchat1.0.0" || len(e.Payload.Bodies) != 1 {
				got <- fmt.Sprintf("%v %+v", err, e)
				return
			}
			ids[e.CallID] = true
			got <- e.From + ">" + e.To + " " + e.Payload.Bodies[0].Msg
		}))
		t.Cleanup(out.Close)
		api := func(method, path, body string) {
			t.Helper()
			if status, text, _ := s.Call(method, "/api/parlor/v1"+path, body, "Authorization", "Bearer "+bearer, "Content-Type", "application/json"); status/100 != 2 {
				t.Fatal(text)
			}
		}
		status, text, _ := s.Call("POST", "/api/parlor/v1/webhooks", fmt.Sprintf(`{"name":"Bridge","url":%q,"format":"easemob-im","key":"key","active":true,"occasions":["conversation.started","message.visitor","message.agent","conversation.closed","agent.state"]}`, out.URL),
			"Authorization", "Bearer "+d.Token("root@example.com"), "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(text)
		}
		told := func(want string) {
			t.Helper()
			if text := <-got; text != want {
				t.Fatalf("%s, want %s", text, want)
			}
		}
		session := fmt.Sprint(d.send("u_5", "你好", "").get("entities.0.ext.weichat.service_session.serviceSessionId"))
		told("u_5>kefuchannelimid_main 你好")
		api("POST", "/conversations/"+session+"/claim", "")
		api("POST", "/conversations/"+session+"/messages", `{"kind":"note","text":"not told"}`)
		api("POST", "/conversations/"+session+"/messages", `{"kind":"text","text":"hello"}`)
		told("kefuchannelimid_main>u_5 hello")
		d.do("POST", "sessions/"+session+"/close", "").is("status", "OK")
		d.send("u_6", "the next", "")
		told("u_6>kefuchannelimid_main the next")
	})
}
