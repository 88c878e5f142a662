package easemob_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

// TestFlagsOfProgramsBringToTheBoundAgent: what a back end says counts, what a page
// says only where the company lets it.
func TestFlagsOfProgramsBringToTheBoundAgent(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.do("POST", "busniessbind", `{"businessFlag":"lead-1","visitUserName":"U_1","agentUserName":"li.na@example.com"}`).is("status", "OK")
		bearer := d.Token("root@example.com")
		outcome := func(session string) answer {
			t.Helper()
			status, text, _ := s.Call("GET", "/api/parlor/v1/conversations/"+session+"/routing", "", "Authorization", "Bearer "+bearer)
			return answer{t, status, text}
		}
		session := func(a answer) string {
			return fmt.Sprint(a.get("entities.0.ext.weichat.service_session.serviceSessionId"))
		}
		const flagged = `{"weichat":{" businessFlag ":"lead-1"}}`
		// The agent is not signed in: the visitor goes on to the team, and it is said why.
		a := outcome(session(d.send("u_1", "hello", flagged)))
		// The decisions overwrite one another while the visitor waits; what was asked for stays.
		for _, want := range []string{fmt.Sprintf(`"asked":{"businessFlag":"lead-1","bound":{"flag":"lead-1","agent":%q,"name":"Li.na"`, d.lin.ID), `"left":"signed_out"`} {
			if !strings.Contains(a.text, want) {
				t.Fatal(a.status, a.text)
			}
		}
		// Who is not bound is treated as usual.
		unbound := func(a answer) {
			t.Helper()
			if a.status != 200 || strings.Contains(a.text, `"bound"`) {
				t.Fatal(a.status, a.text)
			}
		}
		unbound(outcome(session(d.send("u_2", "hello", flagged))))
		// A page that says so itself is not believed.
		d.do("POST", "busniessbind", fmt.Sprintf(`{"businessFlag":"lead-1","visitUserName":%q,"agentUserName":"li.na@example.com"}`, "u_3")).is("status", "OK")
		token := d.visitor("u_3")
		say := `{"bodies":[{"type":"txt","msg":"x"}],"ext":` + flagged + `}`
		unbound(outcome(session(d.call("POST", "/v1/imgateway/messages?tenantId=1", say, "", "Authorization", "Bearer "+token))))
	})
}
