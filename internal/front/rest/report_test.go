package rest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
)

func TestReports(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		lin := s.Agent("lin@example.com", account.Member)
		s.Agent("cy@example.com", account.Supervisor)
		boss, agent := s.Token("cy@example.com"), s.Token("lin@example.com")
		call := func(token, method, path, body string) (int, string) {
			t.Helper()
			code, text, _ := s.Call(method, "/api/parlor/v1"+path, body, "Authorization", "Bearer "+token, "Content-Type", "application/json")
			return code, text
		}
		var v struct{ Token string }
		_, text, _ := s.Call("POST", "/api/parlor/v1/visitor/session", `{"inbox":"main"}`, "Content-Type", "application/json")
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		code, text, _ := s.Call("POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"txt","msg":"hello"}]}`, "Authorization", "Bearer "+v.Token)
		_, rest, ok := strings.Cut(text, `"serviceSessionId":"`)
		if !ok {
			t.Fatal(code, text)
		}
		conv, _, _ := strings.Cut(rest, `"`)
		if code, text = call(agent, "POST", "/conversations/"+conv+"/claim", ""); code != 200 {
			t.Fatal(code, text)
		}
		if code, text = call(agent, "POST", "/conversations/"+conv+"/messages", `{"kind":"text","text":"hi"}`); code != 200 {
			t.Fatal(code, text)
		}
		days := "?from=2000-01-01&to=2000-01-31"
		now := fmt.Sprintf("?from=%[1]s&to=%[1]s", time.Now().UTC().Format("2006-01-02"))
		for _, x := range []struct{ path, want string }{
			{"/reports/service" + now + "&by=agent", fmt.Sprintf(`"key":%q,"accepted":1,"ended":0,"valid":1`, lin.ID)},
			{"/reports/service" + now, `"fromVisitor":1,"fromAgent":1`},
			{"/reports/service" + days, `"items":[]`},
			{"/reports/queue" + now + "&by=channel", `"created":1,"waited":1`},
			{"/reports/states" + now, `"items":[`},
			{"/reports/today", `"accepted":1,"serving":1,"waiting":0,"mostWaiting":1`},
		} {
			if code, text := call(boss, "GET", x.path, ""); code != 200 || !strings.Contains(text, x.want) {
				t.Errorf("%s: %d %s, want %s", x.path, code, text, x.want)
			}
			if code, _ := call(agent, "GET", x.path, ""); code != 403 {
				t.Errorf("%s: an agent gets %d", x.path, code)
			}
		}
		for _, bad := range []string{"", "?from=2000-01-01", "?from=x&to=2000-01-01", "?from=2000-02-01&to=2000-01-01", "?from=2000-01-01&to=2000-06-01", days + "&by=moon", days + "&offset=9999"} {
			if code, text := call(boss, "GET", "/reports/service"+bad, ""); code != 422 && code != 400 {
				t.Errorf("%s: %d %s", bad, code, text)
			}
		}
	})
}
