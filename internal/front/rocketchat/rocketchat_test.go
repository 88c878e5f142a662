package rocketchat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// client calls the contract.
type client struct {
	t *testing.T
	s *servertest.Instance
	// auth are the headers of a login.
	auth []string
}

type answer struct {
	t      *testing.T
	status int
	text   string
	header http.Header
}

func (c *client) call(method, path, body string) answer {
	c.t.Helper()
	status, text, header := c.s.Call(method, "/api/v1/"+path, body, append([]string{"Content-Type", "application/json"}, c.auth...)...)
	return answer{c.t, status, text, header}
}

// want compares status and whole body.
func (a answer) want(status int, body string) {
	a.t.Helper()
	if a.status != status || strings.TrimSpace(a.text) != body {
		a.t.Fatalf("answered %d %s\nwant     %d %s", a.status, a.text, status, body)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		a.t.Fatalf("content type %q", got)
	}
}

// get reads a value by its path, keys with dots between them.
func (a answer) get(path string) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		a.t.Fatalf("%s: %v", a.text, err)
	}
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// is compares a value by its path.
func (a answer) is(path string, want any) {
	a.t.Helper()
	if got := fmt.Sprint(a.get(path)); got != fmt.Sprint(want) {
		a.t.Fatalf("%s is %s, want %v: %s", path, got, want, a.text)
	}
}

func TestVisitorsAreRegisteredByToken(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		sac := s.Team("SAC")
		a := c.call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","name":"Visitor","email":" V@Site.test ","department":"SAC","phone":"+55 11 98765-4321","username":"v-123"}}`)
		a.is("success", true)
		a.is("visitor.token", "visitor-1")
		a.is("visitor.username", "v-123")
		a.is("visitor.visitorEmails.0.address", "v@site.test")
		a.is("visitor.phone.0.phoneNumber", "+55 11 98765-4321")
		a.is("visitor.department", string(sac))
		a.is("visitor.status", "online")
		first := a.get("visitor._id")
		a = c.call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-1","username":"other","name":"Renamed"}}`)
		a.is("visitor._id", first)
		a.is("visitor.username", "v-123")
		a.is("visitor.name", "Renamed")
		// Who knows only the address is somebody else.
		a = c.call("POST", "livechat/visitor", `{"visitor":{"token":"visitor-2","email":"v@site.test"}}`)
		if a.get("visitor._id") == first {
			t.Fatal("the visitor was taken over by e-mail")
		}
		a.is("visitor.name", nil)
		c.call("GET", "livechat/visitor/visitor-1", "").is("visitor._id", first)
		c.call("GET", "livechat/visitor/none", "").want(400, `{"error":"[invalid-token]","errorType":"invalid-token","success":false}`)
		c.call("POST", "livechat/visitor.status", `{"token":"visitor-1","status":"away"}`).want(200, `{"status":"away","token":"visitor-1","success":true}`)
		c.call("GET", "livechat/visitor/visitor-1", "").is("visitor.status", "away")
	})
}

func TestVisitorErrors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
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
				c.call("POST", "livechat/visitor", `{"visitor":{"token":"known"}}`).is("success", true)
			}
			a := c.call(x.method, x.path, x.body)
			if got := fmt.Sprint(a.status, " ", a.text); got != x.want {
				t.Errorf("%s %s %s\n got %s\nwant %s", x.method, x.path, x.body, got, x.want)
			}
		}
	})
}

func TestRateLimitSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, map[string]string{"rate-limits": "on"})
	c := &client{t: t, s: s}
	for range 5 {
		c.call("POST", "livechat/visitor", `{"visitor":{"token":"x"}}`).is("success", true)
	}
	a := c.call("POST", "livechat/visitor", `{"visitor":{"token":"x"}}`)
	if a.status != 429 || !strings.HasSuffix(fmt.Sprint(a.get("error")), "[error-too-many-requests]") || a.header.Get("X-RateLimit-Remaining") != "0" {
		t.Fatal(a.status, a.text, a.header)
	}
}
