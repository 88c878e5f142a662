package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestRoomsAreFound: departments and agents as lists, names in quotes, units, what
// monitors see, and the order by being open.
func TestRoomsAreFound(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Bob.There()
		open := func(token, name, department string) string {
			d.C.Post("livechat/visitor", `{"visitor":{"token":%q,"name":%q,"department":%q}}`, token, name, department).Is("success", true)
			return fmt.Sprint(d.C.Call("GET", "livechat/room?token="+token, "").Get("room._id"))
		}
		one, two := open("t1", "TEST_1", string(d.Sac)), open("t2", "TEST_2", string(d.Other))
		total := func(c *contracttest.Client, query string, n int, first string) {
			t.Helper()
			a := c.Call("GET", "livechat/rooms?"+query, "")
			if a.Is("total", n); n > 0 {
				a.Is("rooms.0._id", first)
			}
		}
		both := fmt.Sprintf("departmentId[0]=%s&departmentId[1]=%s", d.Sac, d.Other)
		total(d.Root, both, 2, two)
		total(d.Root, both+`&sort={"ts":1}`, 2, one)
		total(d.Root, "departmentId="+string(d.Sac), 1, one)
		total(d.Root, fmt.Sprintf("agents[0]=%s&agents[1]=%s", d.AnaID, d.BobID), 2, two)
		total(d.Root, `roomName="TEST_1"`, 1, one)
		total(d.Root, `roomName="TEST_"`, 0, "")
		total(d.Root, `roomName=test_`, 2, two)
		for _, bad := range []string{"agents=invalid", "tags=x", "departmentId[test]=true", "open[]=true", "roomName[]=x", "customFields=string", "createdAt=x", "units=u"} {
			a := d.Root.Call("GET", "livechat/rooms?"+bad, "")
			if a.Is("success", false); a.Status != 400 {
				t.Error(bad, a.Status, a.Text)
			}
		}
		newUser(d, "moni", `["user"]`)
		d.Root.Method("livechat:addMonitor", `["moni"]`).Is("error", nil)
		moni := d.C.LogIn("moni")
		unit := func(department string, name string) string {
			a := d.Root.Post("livechat/units", `{"unitData":{"name":%q,"visibility":"public"},"unitMonitors":[{"monitorId":%q,"username":"moni"}],"unitDepartments":[{"departmentId":%q}]}`, name, map[bool]string{true: moni.ID(), false: string(d.AnaID)}[name == "Own"], department)
			a.Is("success", true)
			return fmt.Sprint(a.Get("_id"))
		}
		own, foreign := unit(string(d.Sac), "Own"), unit(string(d.Other), "Foreign")
		total(moni, "", 1, one)
		total(moni, "units[]="+own, 1, one)
		total(moni, "units[]="+foreign, 0, "")
		total(moni, "departmentId="+string(d.Other), 0, "")
		total(d.Root, "units[]="+foreign, 1, two)
		total(d.Root, "units[]="+foreign+"&departmentId="+string(d.Sac), 0, "")
		total(d.Root, "units[]=none", 0, "")
		d.C.Post("livechat/room.close", `{"token":"t2","rid":%q}`, two).Is("success", true)
		total(d.Root, `sort={"open":1}`, 2, two)
		total(d.Root, `sort={"open":-1}`, 2, one)
	})
}

// TestWhatARoomShowsOfItsWay: who left and came, which department stood in, and
// what is said of holding.
func TestWhatARoomShowsOfItsWay(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Bob.There()
		empty := d.Root.Department("Empty", `,"fallbackForwardDepartment":"`+string(d.Other)+`"`)
		rid := d.C.Chat("w1", string(d.Sac))
		d.Root.Post("livechat/room.forward", `{"roomId":%q,"departmentId":%q,"comment":"c"}`, rid, empty).Is("success", true)
		a := d.Root.Call("GET", "channels.info?roomId="+rid, "")
		a.Is("channel.departmentId", d.Other)
		a.Is("channel.lastMessage.t", "livechat_transfer_history")
		a.Is("channel.lastMessage.transferData.nextDepartment._id", d.Other)
		a.Is("channel.lastMessage.transferData.scope", "department")
		text := d.C.Call("GET", "livechat/messages.history/"+rid+"?token=w1", "").Text
		for kind, n := range map[string]int{"uj": 2, "ul": 1, "livechat_transfer_history": 1, "livechat_transfer_history_fallback": 1} {
			if got := strings.Count(text, `"t":"`+kind+`"`); got != n {
				t.Errorf("%d of %s, want %d: %s", got, kind, n, text)
			}
		}
		d.Bob.Call("GET", "subscriptions.getOne?roomId="+rid, "").Is("subscription.unread", 1)
		d.C.Say("w1", rid, "asked", "anybody?").Is("success", true)
		d.Bob.Call("GET", "subscriptions.getOne?roomId="+rid, "").Is("subscription.unread", 2)
		d.Root.Option("Unread_Count_Omni", `"mentions_only"`)
		d.Bob.Call("GET", "subscriptions.getOne?roomId="+rid, "").Is("subscription.unread", 1)
		d.Root.Option("Livechat_abandoned_rooms_action", `"close"`)
		d.Root.Option("Livechat_visitor_inactivity_timeout", "60")
		d.Root.Call("GET", "settings/Livechat_abandoned_rooms_action", "").Is("value", "close")
		d.Root.Call("GET", "channels.info?roomId="+rid, "").Is("channel.responseBy", nil)
		d.Bob.Method("sendMessage", fmt.Sprintf(`[{"rid":%q,"msg":"hello"}]`, rid)).Is("error", nil)
		when := func(path string) time.Time {
			at, err := time.Parse(time.RFC3339, fmt.Sprint(d.Root.Call("GET", "channels.info?roomId="+rid, "").Get("channel."+path)))
			if err != nil {
				t.Fatal(path, err)
			}
			return at
		}
		first, gone := when("responseBy.firstResponseTs"), when("omnichannel.predictedVisitorAbandonmentAt")
		d.Bob.Method("sendMessage", fmt.Sprintf(`[{"rid":%q,"msg":"hello?"}]`, rid)).Is("error", nil)
		if !when("responseBy.firstResponseTs").Equal(first) || !when("responseBy.lastMessageTs").After(first) || !gone.Equal(first.Add(time.Minute)) ||
			!when("omnichannel.predictedVisitorAbandonmentAt").Equal(gone) {
			t.Error("when the visitor counts as gone", first, gone)
		}
		d.Bob.Post("livechat/room.onHold", `{"roomId":%q}`, rid).Is("success", true)
		d.Bob.Post("livechat/room.resumeOnHold", `{"roomId":%q}`, rid).Is("success", true)
		a = d.C.Call("GET", "livechat/messages.history/"+rid+"?token=w1", "")
		a.Is("messages.0.t", "omnichannel_on_hold_chat_resumed")
		a.Is("messages.0.comment", "The chat was manually resumed from On Hold by Bob")
		a.Is("messages.1.comment", "The chat was manually placed On Hold by Bob")
		d.Root.Option("Livechat_Routing_Method", `"Manual_Selection"`)
		d.C.Say("w1", rid, "said", "still there").Is("success", true)
		d.Bob.Method("livechat:returnAsInquiry", `["`+rid+`"]`).Is("result", true)
		a = d.Root.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "")
		a.Is("inquiry.status", "queued")
		a.Is("inquiry.lastMessage.msg", "still there")
		d.Bob.Method("livechat:returnAsInquiry", `["`+rid+`"]`).Is("result", false)
	})
}
