package office_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// week is every day from midnight to a minute before the next.
func week(open bool) string {
	var days []string
	for _, d := range []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"} {
		days = append(days, fmt.Sprintf(`{"day":%q,"start":"00:00","finish":"23:59","open":%v}`, d, open))
	}
	return "[" + strings.Join(days, ",") + "]"
}

// TestBusinessHours: hours are told and saved, and hold at once for those whom they
// are for.
func TestBusinessHours(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Bob.There()
		d.Ana.Call("GET", "livechat/business-hour", "").Is("success", false)
		d.Root.Call("GET", "livechat/business-hour?type=invalid", "").Want(200, `{"businessHour":null,"success":true}`)
		d.Root.Call("GET", "livechat/business-hour?type=custom&_id=none", "").Want(200, `{"businessHour":null,"success":true}`)
		a := d.Root.Call("GET", "livechat/business-hour?type=default", "")
		a.Is("businessHour.type", "default")
		a.Is("businessHour.active", true)
		a.Is("businessHour.workHours.0.day", "Monday")
		a.Is("businessHour.workHours.0.start.time", "08:00")
		a.Is("businessHour.workHours.0.start.utc.time", "00:00")
		a.Is("businessHour.workHours.6.open", false)
		a.Is("businessHour.timezone.name", "Asia/Shanghai")
		a.Is("businessHour.timezone.utc", "+08:00")
		usual := fmt.Sprint(a.Get("businessHour._id"))
		save := func(body string) contracttest.Answer { return d.Root.Method("livechat:saveBusinessHour", "["+body+"]") }
		closed := `{"_id":"` + usual + `","type":"default","active":true,"name":"","timezone":{"name":"Asia/Shanghai","utc":"+08:00"},"ts":"x","workHours":`
		save(closed+week(false)+`}`).Is("error", nil)
		d.Ana.Call("GET", "me", "").Is("statusLivechat", "available")
		d.Root.Option("Livechat_enable_business_hours", "true")
		a = d.Ana.Call("GET", "me", "")
		a.Is("statusLivechat", "not-available")
		a.Is("openBusinessHours", "[]")
		d.Ana.Call("POST", "livechat/agent.status", `{"status":"available"}`).Want(400, contracttest.Plain("error-business-hours-are-closed"))
		d.Root.Post("livechat/agent.status", `{"status":"available","agentId":%q}`, d.AnaID).Is("status", "not-available")
		d.C.Call("POST", "livechat/visitor", `{"visitor":{"token":"v1"}}`).Is("success", true)
		d.C.Call("GET", "livechat/room?token=v1", "").Is("error", "Sorry, no online agents [no-agent-online]")
		late := d.C.S.Agent("late@example.com", "user")
		d.Root.Post("livechat/users/agent", `{"username":%q}`, late.Username).Is("success", true)
		a = d.C.LogIn("late").Call("GET", "me", "")
		a.Is("openBusinessHours", nil)
		a.Is("statusLivechat", "not-available")
		save(closed+week(true)+`}`).Is("error", nil)
		a = d.Ana.Call("GET", "me", "")
		a.Is("statusLivechat", "available")
		a.Is("openBusinessHours.0", usual)
		d.Root.Call("GET", "me", "").Is("statusLivechat", nil)

		// Departments have hours of their own.
		d.Root.Option("Livechat_business_hour_type", `"Multiple"`)
		custom := func(name, days, departments string) string {
			return fmt.Sprintf(`{"name":%q,"active":true,"type":"custom","timezoneName":"Asia/Calcutta","departmentsToApplyBusinessHour":%q,"workHours":%s}`, name, departments, days)
		}
		save(custom("Nights", week(false), string(d.Sac)+", "+string(d.Other))).Is("error", nil)
		a = d.Root.Call("GET", "livechat/business-hours?name=night", "")
		a.Is("total", 1)
		a.Is("businessHours.0.type", "custom")
		a.Is("businessHours.0.timezone.utc", "+05:30")
		nights := fmt.Sprint(a.Get("businessHours.0._id"))
		d.Root.Call("GET", "livechat/business-hours", "").Is("total", 2)
		d.Root.Call("GET", "livechat/department/"+string(d.Sac), "").Is("department.businessHourId", nights)
		d.Ana.Call("GET", "me", "").Is("openBusinessHours", "[]")
		for body, code := range map[string]string{
			custom("Nights", week(true), ""): "error-business-hour-name-already-in-use",
			custom("A", `[{"day":"Monday","open":true,"start":"08:00","finish":"08:00"}]`, ""): "error-business-hour-finish-time-equals-start-time",
			custom("A", `[{"day":"Monday","open":true,"start":"10:00","finish":"08:00"}]`, ""): "error-business-hour-finish-time-before-start-time",
		} {
			if a := save(body); !strings.Contains(a.Text, code) {
				t.Errorf("%s: %s", body, a.Text)
			}
		}
		// Newer callers name the zone twice, and send the days in further forms.
		d.Root.Post("livechat/business-hours.save", `{"name":"Zoned","active":true,"type":"custom","timezone":"Asia/Calcutta","daysOpen":["Monday"],"daysTime":[{"day":"Monday","start":{"time":"08:00"},"finish":{"time":"18:00"},"open":true}],"departmentsToApplyBusinessHour":"","workHours":%s}`, week(true)).Is("success", true)
		a = d.Root.Call("GET", "livechat/business-hours?name=zoned", "")
		a.Is("businessHours.0.timezone.name", "Asia/Calcutta")
		d.Root.Post("livechat/business-hours.remove", `{"_id":%q,"type":"custom"}`, a.Get("businessHours.0._id")).Is("success", true)
		save(custom("A", `[{"day":"Monday","open":true,"start":"20000","finish":"xxxxx"}]`, "")).Is("error.error", "error-invalid-params")
		save(custom("A", `[{"day":"Noday","open":true,"start":"08:00","finish":"09:00"}]`, "")).Is("error.error", "error-invalid-day")
		save(`{"name":{}}`).Is("error.errorType", "Match.Error")
		d.Root.Post("livechat/business-hours.save", `{"_id":"none","type":"custom","active":true,"workHours":%s}`, week(true)).Is("errorType", "error-business-hour-not-found")
		d.Root.Post("livechat/business-hours.save", `{"type":7}`).Is("errorType", "invalid-params")

		// A department that is archived leaves its hours; without any they go out of use.
		d.Root.Post("livechat/department/"+string(d.Sac)+"/archive", `{}`).Is("success", true)
		a = d.Root.Call("GET", "livechat/business-hour?type=custom&_id="+nights, "")
		a.Is("businessHour.active", true)
		a.Is("businessHour.departments.0._id", d.Other)
		d.Ana.Call("GET", "me", "").Is("openBusinessHours.0", usual)
		d.Root.Call("DELETE", "livechat/department/"+string(d.Other), "").Is("success", true)
		a = d.Root.Call("GET", "livechat/business-hour?type=custom&_id="+nights, "")
		a.Is("businessHour.active", false)
		a.Is("businessHour.departments", "[]")
		d.Bob.Call("GET", "me", "").Is("openBusinessHours.0", usual)
		d.Ana.Post("livechat/business-hours.remove", `{"_id":%q,"type":"custom"}`, nights).Is("success", false)
		d.Root.Post("livechat/business-hours.remove", `{"_id":%q,"type":"custom"}`, nights).Want(200, contracttest.OK(""))
		d.Root.Method("livechat:removeBusinessHour", `["`+nights+`","custom"]`).Is("error.error", "error-business-hour-not-found")
	})
}
