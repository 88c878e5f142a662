package easemob_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

func TestPagesFindTheirInbox(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	d := newDesk(t, s)
	const main = `{"status":"OK","entity":{"inbox":"main","tenantId":1}}`
	d.call("GET", "/webim/entry?configId=main", "", "").want(200, main)
	d.call("GET", "/webim/entry?configId=&inbox=main&tenantId=1", "", "").want(200, main)
	d.call("GET", "/webim/entry?tenantId=1", "", "").want(200, main)
	d.call("GET", "/webim/entry?configId=none", "", "").want(400, wrongParam)
	d.call("GET", "/webim/entry?configId=main&tenantId=2", "", "").want(403, wrongTenant)
	d.call("GET", "/webim/entry", "", "").want(403, wrongTenant)
	status, _, head := s.Call("GET", "/webim/im.html?configId=main", "")
	if status != 302 || head.Get("Location") != "/im/text/main" {
		t.Fatal(status, head)
	}
	status, text, head := s.Call("GET", "/webim/easemob.js?configId=main", "")
	if status != 200 || !strings.HasPrefix(head.Get("Content-Type"), "text/javascript") || !strings.Contains(text, "easemobIMS") {
		t.Fatal(status, text)
	}
	for _, path := range []string{"/v1/imgateway/messages?tenantId=1", "/v1/webimplugin/visitors", "/parlor/kefuchannelapp1/token"} {
		if status, _, head := s.Call("OPTIONS", path, "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST"); status != 204 || head.Get("Access-Control-Allow-Origin") != "*" || head.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, status, head)
		}
	}
	// A visitor of the widget sends what its page wants to say.
	token := fmt.Sprint(d.call("POST", "/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "").get("token"))
	a := d.call("POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"txt","msg":""}],"ext":{"weichat":{"msg_id_for_ack":"e1","visitor":{"userNickname":"Mia","phone":"138"}},"msgtype":{"track":{"title":"This one"}}}}`, "", "Authorization", "Bearer "+token)
	a.is("entities.0.ext.weichat.ack_for_msg_id", "e1")
	d.do("GET", "sessions", "").is("entities.0.visitorNickname", "Mia")
	// What is known is not overwritten.
	d.call("POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"txt","msg":"x"}],"ext":{"weichat":{"visitor":{"userNickname":"Eve"}}}}`, "", "Authorization", "Bearer "+token).is("status", "OK")
	d.do("GET", "sessions", "").is("entities.0.visitorNickname", "Mia")
	_, text, _ = s.Call("GET", "/api/parlor/v1/visitor/history", "", "Authorization", "Bearer "+token)
	if !strings.Contains(text, `"lastText":"x"`) {
		t.Fatal(text)
	}
}
