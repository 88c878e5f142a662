package guest_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestVisitorsAreRegisteredByToken(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		sac := s.Team("SAC")
		a := c.Call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","name":"Visitor","email":" V@Site.test ","department":"SAC","phone":"+55 11 98765-4321","username":"v-123"}}`)
		a.Is("success", true)
		a.Is("visitor.token", "visitor-1")
		a.Is("visitor.username", "v-123")
		a.Is("visitor.visitorEmails.0.address", "v@site.test")
		a.Is("visitor.phone.0.phoneNumber", "+55 11 98765-4321")
		a.Is("visitor.department", string(sac))
		a.Is("visitor.status", "online")
		first := a.Get("visitor._id")
		a = c.Call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","username":"other","name":"Renamed"}}`)
		a.Is("visitor._id", first)
		a.Is("visitor.username", "v-123")
		a.Is("visitor.name", "Renamed")
		// Who knows only the address is somebody else.
		a = c.Call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-2","email":"v@site.test"}}`)
		if a.Get("visitor._id") == first {
			t.Fatal("the visitor was taken over by e-mail")
		}
		a.Is("visitor.name", nil)
		c.Call("GET", "livechat/visitor/visitor-1", "").Is("visitor._id", first)
		c.Call("GET", "livechat/visitor/none", "").Want(400, `{"error":"[invalid-token]","errorType":"invalid-token","success":false}`)
		c.Call("POST", "livechat/visitor.status", `{"token":"visitor-1","status":"away"}`).Want(200, `{"status":"away","token":"visitor-1","success":true}`)
		c.Call("GET", "livechat/visitor/visitor-1", "").Is("visitor.status", "away")
	})
}

func TestVisitorErrors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("ana@example.com", account.Member)
		for _, x := range []struct{ method, path, body, want string }{
			{"POST", "livechat/visitor", `{}`, `400 {"error":"Match error: Missing key 'visitor'","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{}}`, `400 {"error":"Match error: Missing key 'token' in field visitor","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{"token":7}}`, `400 {"error":"Match error: Expected string, got number in field visitor.token","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{"token":" "}}`, `400 {"error":"Token cannot be empty [error-invalid-token]","errorType":"error-invalid-token","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{"token":"x","email":"nonsense"}}`, `400 {"error":"Invalid email nonsense [error-invalid-email]","errorType":"error-invalid-email","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{"token":"x","department":"none"}}`, `400 {"error":"The provided department is invalid [error-invalid-department]","errorType":"error-invalid-department","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":{"token":"x"},"more":1}`, `400 {"error":"Match error: Unknown key in field more","success":false}`},
			{"POST", "livechat/visitor", `{"visitor":`, `400 {"error":"Invalid JSON","success":false}`},
			{"GET", "livechat/room", ``, `400 {"error":"Match error: Missing key 'token'","success":false}`},
			{"GET", "livechat/room?token=none", ``, `400 {"error":"invalid-token","success":false}`},
			{"GET", "livechat/room?token=known", ``, `400 {"error":"Sorry, no online agents [no-agent-online]","errorType":"no-agent-online","success":false}`},
			{"GET", "livechat/room?token=known&rid=none", ``, `400 {"error":"invalid-room","success":false}`},
			{"GET", "livechat/room?token=known&x=1", ``, `400 {"error":"Match error: Unknown key in field x","success":false}`},
			{"POST", "livechat/message", `{"token":"known","msg":"x"}`, `400 {"error":"must have required property 'rid' [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "livechat/message", `{"token":"known","rid":"none","msg":["x"]}`, `400 {"error":"must be string [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "livechat/message", `{"token":"known","rid":"none","msg":"x","y":1}`, `400 {"error":"must NOT have additional properties [invalid-params]","errorType":"invalid-params","success":false}`},
			{"POST", "livechat/message", `{"token":"none","rid":"none","msg":"x"}`, `400 {"error":"invalid-token","success":false}`},
			{"POST", "livechat/message", `{"token":"known","rid":"none","msg":"x"}`, `400 {"error":"invalid-room","success":false}`},
			{"GET", "livechat/messages.history/none", ``, `400 {"error":"error-token-param-not-provided","success":false}`},
			{"DELETE", "livechat/room", ``, `405 {"message":"API endpoint does not exist","status":"error"}`},
			{"GET", "livechat/nothing", ``, `404 {"message":"API endpoint does not exist","status":"error"}`},
			{"GET", "me", ``, `401 {"message":"You must be logged in to do this.","status":"error"}`},
			{"POST", "login", `{"user":"ana","password":"wrong password"}`, `401 {"error":"Unauthorized","message":"Unauthorized","status":"error"}`},
		} {
			if strings.Contains(x.path+x.body, "known") {
				c.Call("POST", "livechat/visitor", `{"visitor":{"token":"known"}}`).Is("success", true)
			}
			a := c.Call(x.method, x.path, x.body)
			if got := fmt.Sprint(a.Status, " ", a.Text); got != x.want {
				t.Errorf("%s %s %s\n got %s\nwant %s", x.method, x.path, x.body, got, x.want)
			}
		}
	})
}
