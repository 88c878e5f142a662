package easemob_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.poll("u_88231", "tab1").want(200, `{"status":"OK","entities":[]}`)
		// Flags before the first question begin the session and are not shown.
		a := d.send("u_88231", "", `{"weichat":{" queueName ":"SAC","visitor":{"userNickname":"Mia","phone":"13800000000"},"msg_id_for_ack":"k0"},"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-1009"}}}}`)
		a.is("entities.0.bodies.0.action", "KF-ACK")
		a.is("entities.0.ext.weichat.ack_for_msg_id", "k0")
		a.is("entities.0.ext.weichat.msgId", nil)
		a.is("entities.1.ext.weichat.event.eventName", "ServiceSessionCreatedEvent")
		session := fmt.Sprint(a.get("entities.1.ext.weichat.event.eventObj.sessionId"))
		d.do("GET", "sessions/"+session, "").is("entity.messageCount", 0)

		first := d.send("U_88231", "Where is my parcel?", `{"weichat":{"msg_id_for_ack":"k1"}}`)
		first.is("entities.0.ext.weichat.ack_for_msg_id", "k1")
		first.is("entities.1", nil)
		name := fmt.Sprint(first.get("entities.0.ext.weichat.msgId"))
		d.send("u_88231", "Where is my parcel?", `{"weichat":{"msg_id_for_ack":"k1"}}`).is("entities.0.ext.weichat.msgId", name)
		card := d.send("u_88231", "", `{"weichat":{"msg_id_for_ack":"k2","interactiveFlag":"order-detail"},"msgtype":{"order":{"title":"About it","order_id":"A-1009"}}}`)
		card.is("status", "OK")
		body := func(part string) answer {
			return d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":"u_88231","to":"kefuchannelimid_main","bodies":[%s]}`, part), d.token)
		}
		body(`{"type":"loc","addr":"1 Harbour Rd","lat":39.9,"lng":116.4}`).is("status", "OK")
		body(`{"type":"file","url":"https://files.example.com/c.pdf","filename":"c.pdf"}`).is("status", "OK")

		bearer := d.ready()
		if status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/claim", "", "Authorization", "Bearer "+bearer); status != 200 {
			t.Fatal(text)
		}
		status, text, _ := s.Call("POST", "/api/parlor/v1/conversations/"+session+"/messages", `{"kind":"text","text":"On its way 路上"}`, "Authorization", "Bearer "+bearer, "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(text)
		}
		_, seen, _ := s.Call("GET", "/api/parlor/v1/conversations/"+session+"/messages", "", "Authorization", "Bearer "+bearer)
		for _, want := range []string{`"text":"About it\nA-1009"`, `"flag":"order-detail"`, `"kind":"place"`, `c.pdf\nhttps://files.example.com/c.pdf`, `"name":"Mia"`} {
			if !strings.Contains(seen, want) {
				t.Fatalf("no %s in %s", want, seen)
			}
		}

		a = d.poll("u_88231", "tab1")
		var got []string
		for i := 0; a.get(fmt.Sprintf("entities.%d", i)) != nil; i++ {
			p := fmt.Sprintf("entities.%d.", i)
			got = append(got, fmt.Sprint(a.get(p+"bodies.0.type"), " ", a.get(p+"bodies.0.action"), " ", a.get(p+"bodies.0.msg"), " ", a.get(p+"ext.weichat.ack_for_msg_id"), " ", a.get(p+"ext.weichat.event.eventName")))
		}
		if want := "[txt <nil>  <nil> ServiceSessionCreatedEvent cmd KF-ACK <nil> k1 <nil> cmd KF-ACK <nil> k2 <nil> txt <nil>  <nil> ServiceSessionOpenedEvent txt <nil> On its way 路上 <nil> <nil>]"; fmt.Sprint(got) != want {
			t.Fatalf("%s\nwant %s", got, want)
		}
		a.is("entities.4.ext.weichat.agent.userNickname", "Li.na")
		d.poll("u_88231", "tab1").want(200, `{"status":"OK","entities":[]}`)
		d.poll("u_88231", "tab2").is("entities.1.bodies.0.msg", "On its way 路上")

		// What is taken back is told as such, by both sides.
		d.send("u_88231", "", `{}`).is("status", "OK")
		d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":"u_88231","bodies":[{"type":"cmd","action":"KEFU_MESSAGE_RECALL"}],"ext":{"weichat":{"recall_msg_id":%q}}}`, name), d.token).want(200, `{"status":"OK"}`)
		d.do("GET", "sessions/"+session+"/messages", "").is("entities.0.body.ext.weichat.recall_flag", 1)

		// The rating goes to the survey.
		rate := func(ext string) answer {
			return d.send("u_88231", "", `{"weichat":{"ctrlType":"enquiry","ctrlArgs":`+ext+`}}`)
		}
		rate(fmt.Sprintf(`{"inviteId":0,"serviceSessionId":%q,"summary":"5","detail":"quick help","appraiseTags":[],"evaluationDegreeId":"1","evaluateWay":"visitor"}`, session)).is("status", "OK")
		rate(`{"serviceSessionId":"none","summary":"5"}`).is("status", "FAIL")
		rate(`{"summary":"4"}`).is("status", "OK")
		d.do("POST", "sessions/"+session+"/close", "").is("entity.state", "Terminal")
		a = d.poll("u_88231", "tab1")
		a.is("entities.1.ext.weichat.event.eventName", "ServiceSessionClosedEvent")
		// A message that is repeated after the end begins nothing.
		d.send("u_88231", "Where is my parcel?", `{"weichat":{"msg_id_for_ack":"k1"}}`).is("entities.0.ext.weichat.service_session.serviceSessionId", session)
		d.do("GET", "sessions", "").is("totalElements", 1)
		d.send("u_88231", "again", "").is("entities.1.ext.weichat.event.eventName", "ServiceSessionCreatedEvent")
		a = d.poll("u_88231", "tab1")
		a.is("entities.0.ext.weichat.event.eventName", "ServiceSessionCreatedEvent")
	})
}

func TestBadMessagesAreRefused(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		post := func(query, body, token string) answer {
			return d.call("POST", "/v1/imgateway/messages"+query, body, token)
		}
		const good = `{"from":"u_1","bodies":[{"type":"txt","msg":"x"}]}`
		post("?tenantId=1", good, "").want(401, wrongToken)
		post("?tenantId=1", good, "x").want(401, wrongToken)
		post("?tenantId=2", good, d.token).want(403, wrongTenant)
		post("", good, d.token).want(403, wrongTenant)
		post("?tenantId=1", `{"from":"u_1","tenantId":2,"bodies":[{"type":"txt","msg":"x"}]}`, d.token).want(403, wrongTenant)
		for _, bad := range []string{"", "[]", "{", `{"from":"u_1"}`, `{"from":"u_1","bodies":[]}`, `{"from":"u_1","bodies":{}}`, `{"from":"","bodies":[{"type":"txt","msg":"x"}]}`,
			`{"from":"u_1","bodies":[{"type":"hologram"}]}`, `{"from":"u_1","bodies":[{"type":"img","url":"javascript:alert(1)"}]}`, `{"from":"u_1","to":"kefuchannelimid_none","bodies":[{"type":"txt","msg":"x"}]}`,
			`{"from":"u_1","bodies":[{"type":"txt","msg":"x"}],"ext":[]}`, `{"from":"u_1","bodies":[{"type":"txt","msg":"x"}],"ext":{"a":"` + strings.Repeat("x", 17<<10) + `"}}`,
			`{"from":"u_1","bodies":[` + strings.Repeat(`{"type":"txt","msg":"x"},`, 10) + `{"type":"txt","msg":"x"}]}`, `{"from":"` + strings.Repeat("u", 101) + `","bodies":[{"type":"txt","msg":"x"}]}`,
			`{"from":"u_1","bodies":[{"type":"cmd","action":"KEFU_MESSAGE_RECALL"}],"ext":{"weichat":{"recall_msg_id":"none"}}}`} {
			post("?tenantId=1", bad, d.token).want(400, wrongParam)
		}
		d.do("GET", "sessions", "").is("totalElements", 0)
		post("?tenantId=1", `{"from":"`+strings.Repeat("u", 300<<10)+`"}`, d.token).is("status", "FAIL")
	})
}

// TestPagesSpeakForTheirOwnVisitorOnly: a page holds the password that was given out
// when its visitor was made; names and ids in calls count for nothing.
func TestPagesSpeakForTheirOwnVisitorOnly(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		make := func(body, token string) answer {
			return d.call("POST", "/v1/webimplugin/visitors?tenantId=1", body, token)
		}
		a := make(`{"orgName":"parlor","appName":"kefuchannelapp1","imServiceNumber":"kefuchannelimid_main","specifiedUserName":"u_7"}`, "")
		password := fmt.Sprint(a.get("userPassword"))
		a.is("userId", "u_7")
		make(`{"specifiedUserName":"U_7"}`, "").want(400, failure("API_001", "IM user create fail."))
		make(`{"specifiedUserName":"u_7"}`, d.token).is("userPassword", password)
		if name := fmt.Sprint(make("", "").get("userId")); !strings.HasPrefix(name, "webim-visitor-") {
			t.Fatal(name)
		}
		const pass = "/v1/webimplugin/visitors/password2?tenantId=1&userId=u_7"
		noUser := failure("API_001", "IM user not found.")
		d.call("GET", pass, "", "").want(404, noUser)
		d.call("GET", pass, "", d.token).is("entity.userPassword", password)
		enter := func(name, password string) answer {
			return d.call("POST", "/parlor/kefuchannelapp1/token", fmt.Sprintf(`{"grant_type":"password","username":%q,"password":%q}`, name, password), "")
		}
		enter("u_7", "wrong").want(401, wrongToken)
		enter("nobody", password).want(401, wrongToken)
		token := fmt.Sprint(enter("u_7", password).get("access_token"))
		d.call("GET", pass+"&token="+url.QueryEscape(token), "", "").is("entity.userPassword", password)
		d.call("GET", strings.Replace(pass, "u_7", "u_8", 1)+"&token="+url.QueryEscape(token), "", "").want(404, noUser)

		say := func(from, token string) answer {
			return d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":%q,"bodies":[{"type":"txt","msg":"hi"}]}`, from), "", "Authorization", "Bearer "+token)
		}
		say("u_8", token).want(401, wrongToken)
		say("u_7", token+"x").want(401, wrongToken)
		a = say("u_7", token)
		session := fmt.Sprint(a.get("entities.0.ext.weichat.service_session.serviceSessionId"))
		other := fmt.Sprint(make(`{"specifiedUserName":"u_8"}`, "").get("userPassword"))
		stranger := fmt.Sprint(enter("u_8", other).get("access_token"))
		get := func(path, token string) answer {
			return d.call("GET", "/v1/webimplugin/"+path, "", "", "Authorization", "Bearer "+token)
		}
		post := func(path, body, token string) answer {
			return d.call("POST", "/v1/webimplugin/"+path, body, "", "Authorization", "Bearer "+token)
		}
		get("tenants/1/visitors", token).is("entity.username", "u_7")
		// A program names the visitor, by name or by id.
		program := func(path string) answer { return d.call("GET", "/v1/webimplugin/"+path, "", d.token) }
		program("tenants/1/visitors/u_7/official-accounts/main/latest-session").is("entity.session_id", session)
		program("tenants/1/visitors?userName=U_7").is("entity.username", "u_7")
		user := fmt.Sprint(program("tenants/1/visitors?userName=u_7").get("entity.userId"))
		program("tenants/1/visitors/"+user+"/official-accounts/main/messages?size=5").is("entities.0.body.bodies.0.msg", "hi")
		program("tenants/1/visitors/nobody/official-accounts/main/latest-session").want(404, wrongParam)
		program("tenants/2/visitors/u_7/official-accounts/main/latest-session").want(403, wrongTenant)
		get("tenants/1/visitors", "").want(401, wrongToken)
		get("tenants/1/visitors/x/official-accounts", token).is("entities.0.type", "SYSTEM")
		get("tenants/1/visitors/x/official-accounts/main/messages?size=10", token).is("entities.0.body.bodies.0.msg", "hi")
		get("tenants/1/visitors/x/official-accounts/main/messages?size=10", stranger).want(200, `{"status":"OK","entities":[]}`)
		get("tenants/1/visitors/x/official-accounts/main/messages?startId=nonsense", token).want(400, wrongParam)
		get("tenants/1/visitors/x/official-accounts/main/messages?size=51", token).is("errorCode", "API_112")
		get("tenants/1/visitors/x/official-accounts/main/latest-session", token).is("entity.state", "Wait")
		get("tenant/1/visitors/x/CurrentServiceSession", token).is("entity.serviceSessionId", session)
		get("tenant/1/visitors/x/CurrentServiceSession", stranger).want(200, `{"status":"OK"}`)
		d.call("GET", "/v1/visitors/waitings/data?tenantId=1&serviceSessionId="+session, "", "", "Authorization", "Bearer "+token).is("entity.visitorUserWaitingNumber", "1")
		get("sessions/"+session+"/agent-input-state", token).is("entity.input_state_tips", false)
		get("sessions/"+session+"/agent-input-state", stranger).want(404, wrongParam)
		post("servicesessions/"+session+"/messagePredict", `{"content":"unsent"}`, token).want(200, `{"status":"OK"}`)
		post("servicesessions/"+session+"/messagePredict", `{"content":"unsent"}`, stranger).want(404, wrongParam)
		post("tenants/1/servicesessions/"+session+"/read", "", token).want(200, `{"status":"OK"}`)
		post("tenants/1/visitors/x/servicesessions/"+session+"/keepalive", "", token).want(200, `{"status":"OK"}`)
		post("tenants/1/sessions/"+session+"/attributes", `{"accessUrl":"https://shop.example/"}`, token).want(200, `{"status":"OK"}`)
		get("tenants/1/serviceSessions/"+session+"/evaluate/verify", token).want(200, `{"status":"OK"}`)
		d.call("GET", "/v1/webimplugin/visitors/u_7/schedule-data-ex2?tenantId=1", "", "").is("entity.onlineHumanAgentCount", 0)
		d.call("GET", "/v1/webimplugin/tenants/show-message?tenantId=1", "", "").want(200, `{"status":"OK","entity":false}`)
		d.call("GET", "/v1/webimplugin/tenants/1/options/showTrackMsg", "", "").is("entities.0.optionValue", "true")
		d.call("GET", "/v1/webimplugin/tenants/1/evaluationdegrees", "", "").is("entities.0.score", 5)
		d.call("GET", "/v1/webimplugin/tenants/1/evaluationdegrees/3/appraisetags", "", "").is("entities.0.id", "01")
		d.call("GET", "/v1/grayscale/tenants/1", "", "").is("entities.0.status", "Enable")
		d.call("GET", "/v1/webimplugin/targetChannels?tenantId=9", "", "").want(403, wrongTenant)
		a = d.call("POST", "/tenants/1/projects/1/tickets", `{"subject":"Lost","content":"parcel","creator":{"name":"Mia","phone":"13800000000"}}`, "", "Authorization", "Bearer "+token)
		if a.get("id") == nil {
			t.Fatal(a.text)
		}
		post("tenants/1/visitors/x/servicesessions/"+session+"/stop", "", stranger).is("status", "FAIL")
		post("tenants/1/visitors/x/servicesessions/"+session+"/stop-wait-session", `{"visitorActive":true}`, token).want(200, `{"status":"OK"}`)
		d.do("GET", "sessions/"+session, "").is("entity.state", "Abort")
	})
}

func TestFilesOfVisitors(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	d := newDesk(t, s)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "故障.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(contracttest.Square(t)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const path = "/v1/Tenant/1/parlor/kefuchannelapp1/u_3/MediaFiles"
	status, text, _ := s.Call(http.MethodPost, path, form.String(), "Content-Type", w.FormDataContentType(), "Kefu-Token", d.token)
	a := answer{t, status, text}
	a.is("fileName", "故障.png")
	address := fmt.Sprint(a.get("url"))
	send := func(from string) answer {
		return d.call("POST", "/v1/imgateway/messages?tenantId=1", fmt.Sprintf(`{"from":%q,"bodies":[{"type":"img","url":%q,"filename":"x.png"}],"ext":{"weichat":{"msg_id_for_ack":"p1"}}}`, from, s.URL+address), d.token)
	}
	b := send("u_3")
	b.is("entities.0.ext.weichat.ack_for_msg_id", "p1")
	session := fmt.Sprint(b.get("entities.0.ext.weichat.service_session.serviceSessionId"))
	c := d.do("GET", "sessions/"+session+"/messages", "")
	c.is("entities.0.body.bodies.0.type", "img")
	c.is("entities.0.body.bodies.0.size.width", 4)
	// Another visitor's file is a link, not a file.
	b = send("u_4")
	session = fmt.Sprint(b.get("entities.0.ext.weichat.service_session.serviceSessionId"))
	d.do("GET", "sessions/"+session+"/messages", "").is("entities.0.body.bodies.0.type", "txt")
	if status, text, _ := s.Call(http.MethodPost, path, form.String(), "Content-Type", w.FormDataContentType()); status != 401 {
		t.Fatal(text)
	}
	if status, text, _ := s.Call(http.MethodPost, path, "x", "Content-Type", "text/plain", "Kefu-Token", d.token); status != 400 {
		t.Fatal(text)
	}
}
