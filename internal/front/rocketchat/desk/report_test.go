package desk_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestReportsOfUnits(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		mona := s.Agent("mona@example.com", account.Monitor).ID
		s.Agent("nils@example.com", account.Monitor)
		watching, idle := d.C.LogIn("mona"), d.C.LogIn("nils")
		d.Root.Post("livechat/units", `{"unitData":{"name":"U","visibility":"public"},"unitMonitors":[{"monitorId":%q,"username":"mona"}],"unitDepartments":[{"departmentId":%q}]}`, mona, d.Sac).Is("name", "U")
		rid := d.C.Chat("vera", "SAC")
		visitor := d.C.Call("GET", "livechat/visitor/vera", "").Get("visitor._id")
		d.Root.Post("livechat/room.saveInfo", `{"roomData":{"_id":%q,"tags":["urgent","billing"]},"guestData":{"_id":%q}}`, rid, visitor).Is("success", true)
		now := time.Now().UTC()
		span := "?start=" + now.Add(-time.Hour).Format(time.RFC3339) + "&end=" + now.Add(time.Hour).Format(time.RFC3339)
		for _, by := range []string{"source", "status", "department", "tags", "agent"} {
			path := "livechat/analytics/dashboards/conversations-by-" + by
			for _, c := range []*contracttest.Client{d.Root, watching} {
				a := c.Call("GET", path+span, "")
				a.Is("success", true)
				if total := fmt.Sprint(a.Get("total")); total == "0" || a.Get("data.0") == nil {
					t.Errorf("%s: %s", by, a.Text)
				}
			}
			a := idle.Call("GET", path+span, "")
			a.Is("data", "[]")
			a.Is("total", 0)
			past := "?start=2020-01-01T00:00:00Z&end=2020-01-01T00:00:00Z"
			d.Root.Call("GET", path+past, "").Is("data", "[]")
			for query, want := range map[string]string{"": `The "start" query parameter must be a valid date.`, "?start=2020-01-01&end=no": `The "end" query parameter must be a valid date.`,
				"?start=2020-01-01&end=2022-01-01": `The "start" and "end" query parameters must be less than 1 year apart.`,
				"?start=2020-02-01&end=2020-01-01": `The "start" query parameter must be before the "end" query parameter.`} {
				if a := d.Root.Call("GET", path+query, ""); a.Status != 400 || a.Get("error") != want {
					t.Errorf("%s%s: %d %s", path, query, a.Status, a.Text)
				}
			}
			if a := d.Ana.Call("GET", path+span, ""); a.Status != 403 {
				t.Errorf("%s for an agent: %d", path, a.Status)
			}
		}
		a := d.Root.Call("GET", "livechat/analytics/dashboards/conversations-by-tags"+span, "")
		a.Is("total", 2)
		a.Is("unspecified", 0)
		d.C.Chat("otto", "")
		d.Root.Call("GET", "livechat/analytics/dashboards/conversations-by-tags"+span, "").Is("unspecified", 1)
		watching.Call("GET", "livechat/analytics/dashboards/conversations-by-tags"+span, "").Is("unspecified", 0)
		watching.Call("GET", "livechat/analytics/dashboards/charts/chats"+span, "").Is("open", 1)
		idle.Call("GET", "livechat/analytics/dashboards/charts/chats"+span, "").Is("open", 0)
	})
}
