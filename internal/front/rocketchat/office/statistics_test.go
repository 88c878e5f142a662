package office_test

import (
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestStatisticsAndApps(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := contracttest.Staffed(t, s)
		ana.Call("GET", "statistics", "").Is("success", false)
		c.Call("GET", "statistics", "").Is("status", "error")
		rid := c.Room("vera")
		c.Say("vera", rid, "m1", "hello").Is("success", true)
		a := root.Call("GET", "statistics", "")
		a.Is("success", true)
		a.Is("totalLivechat", 1)
		a.Is("totalLivechatVisitors", 1)
		a.Is("totalContacts", 1)
		a.Is("totalUnknownContacts", 1)
		a.Is("totalLivechatAgents", 1)
		a.Is("onlineUsers", 1)
		a.Is("omnichannelSources.0.type", "api")
		a.Is("omnichannelSources.0.count", 1)
		messages := a.Get("totalMessages").(float64)
		if messages < 2 {
			t.Fatal(a.Text)
		}
		// Counting looks at everything, so it is not done at every call.
		c.Say("vera", rid, "m2", "again").Is("success", true)
		root.Call("GET", "statistics?refresh=true", "").Is("totalMessages", messages)
		a = root.Call("GET", "statistics.list?count=5", "")
		a.Is("total", 1)
		a.Is("count", 1)
		a.Is("statistics.0.totalMessages", messages)
		root.Call("GET", "statistics.list?sort=nonsense", "").Is("errorType", "error-invalid-sort")

		// No code of others runs here, and nobody is told that it does.
		call := func(c *contracttest.Client, method, path, body string) contracttest.Answer {
			status, text, header := s.Call(method, "/api/apps"+path, body, append([]string{"Content-Type", "application/json"}, c.Auth...)...)
			return contracttest.Answer{T: t, Status: status, Text: text, Header: header}
		}
		call(root, "GET", "/installed", "").Want(200, `{"apps":[],"success":true}`)
		call(root, "GET", "", "").Want(200, `{"apps":[],"success":true}`)
		call(root, "POST", "", `{"url":"https://apps.test/a.zip"}`).Want(400,
			`{"error":"Apps do not run in this server [error-apps-not-supported]","errorType":"error-apps-not-supported","success":false}`)
		call(root, "DELETE", "/x", "").Want(404, `{"error":"No App found by the id of: x","success":false}`)
		call(ana, "GET", "/installed", "").Is("success", false)
		call(c, "GET", "/installed", "").Is("status", "error")
	})
}

func TestPresenceByMethods(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, _, ana := contracttest.Staffed(t, s)
		for name, want := range map[string]string{"UserPresence:away": "away", "UserPresence:online": "online"} {
			ana.Method(name, `[]`).Is("error", nil)
			ana.Call("GET", "users.getStatus", "").Is("status", want)
		}
		ana.Method("UserPresence:setDefaultStatus", `["busy"]`).Is("error", nil)
		ana.Call("GET", "users.getStatus", "").Is("status", "busy")
		ana.Method("setUserStatus", `["offline",""]`).Is("error", nil)
		ana.Call("GET", "users.getStatus", "").Is("status", "offline")
		ana.Method("setUserStatus", `["<b>",""]`).Is("error.error", "error-invalid-status")
		ana.Method("setUserStatus", `[{}]`).Is("error.error", 400)
		c.Call("POST", "method.callAnon/setUserStatus", `{"message":"{\"msg\":\"method\",\"id\":\"1\",\"method\":\"setUserStatus\",\"params\":[\"online\"]}"}`).Is("success", true)
		ana.Call("GET", "users.getStatus", "").Is("status", "offline")
	})
}
