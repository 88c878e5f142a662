package uckefu_test

import (
	"net/http"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/server/servertest"
	"parlor/internal/setting"
)

// TestARobotCountsAsSomebodyThere: pages of the old contract offer the chat, not the
// form, while a robot receives.
func TestARobotCountsAsSomebodyThere(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	root := s.Agent("root@example.com", account.Admin)
	there := func(want string) {
		t.Helper()
		code, text, _ := s.Call(http.MethodGet, "/api/webim/agent?appid=main", "")
		if code != 200 || !strings.Contains(text, want) {
			t.Fatal(code, text)
		}
	}
	there(`"lvtype":"noagent"`)
	who := actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Agent: root.ID, Permissions: actor.Permissions()}
	_, err := s.Robots().Add(t.Context(), who, robot.Input{Name: "Bo", Active: true, Inboxes: []id.Inbox{"main"}, Greeting: setting.Text{"": "hi"}})
	if err != nil {
		t.Fatal(err)
	}
	there(`"online":true`)
}
