package guest_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestRealtimeOfSettingsPermissionsAndReplies(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, ana := contracttest.Staffed(t, s)
		guest, agent, boss := contracttest.Connect(t, s), contracttest.Connect(t, s), contracttest.Connect(t, s)
		agent.Call("1", "login", fmt.Sprintf(`[{"resume":%q}]`, ana.Auth[1])).Is("result.type", "resume")
		boss.Call("1", "login", fmt.Sprintf(`[{"resume":%q}]`, root.Auth[1])).Is("result.type", "resume")
		guest.Sub("a", "notify-all", "public-settings-changed", "", "ready")
		guest.Sub("b", "notify-logged", "permissions-changed", "", "nosub")
		guest.Sub("c", "canned-responses", "canned-responses", "", "nosub")
		for _, l := range []*contracttest.Live{agent, boss} {
			for _, name := range []string{"permissions-changed", "roles-change", "private-settings-changed"} {
				l.Sub(name, "notify-logged", name, "", "ready")
			}
			l.Sub("d", "canned-responses", "canned-responses", "", "ready")
		}

		root.Option("Livechat_External_Queue_URL", `"https://queue.test"`) // not public
		root.Option("Livechat_title", `"<Shop>"`)
		m := guest.Next("changed", "public-settings-changed")
		m.Is("collection", "stream-notify-all")
		m.Is("fields.args.0", "updated")
		m.Is("fields.args.1._id", "Livechat_title")
		m.Is("fields.args.1.value", "<Shop>")
		m = boss.Next("changed", "private-settings-changed")
		m.Is("fields.args.1._id", "Livechat_External_Queue_URL")
		m.Is("fields.args.1.value", "https://queue.test")
		boss.Next("changed", "private-settings-changed").Is("fields.args.1.type", "string")

		root.Post("permissions.update", `{"permissions":[{"_id":"view-l-room","roles":["admin","livechat-agent"]}]}`).Is("success", true)
		m = agent.Next("changed", "permissions-changed") // of the settings it is told nothing before
		m.Is("fields.args.0", "updated")
		m.Is("fields.args.1._id", "view-l-room")
		m.Is("fields.args.1.roles.1", "livechat-agent")
		root.Post("livechat/users/manager", `{"username":"ana"}`).Is("success", true)
		m = agent.Next("changed", "roles-change")
		m.Is("fields.args.0.type", "added")
		m.Is("fields.args.0._id", "livechat-manager")
		m.Is("fields.args.0.u.username", "ana")

		// What is only for somebody else is not told.
		root.Post("canned-responses", `{"shortcut":"own","text":"mine","scope":"user"}`).Is("success", true)
		boss.Next("changed", "stream-canned-responses").Is("fields.args.0.shortcut", "own")
		root.Post("canned-responses", `{"shortcut":"hi","text":"Hello <b>","scope":"global"}`).Is("success", true)
		m = agent.Next("changed", "stream-canned-responses")
		m.Is("fields.args.0.type", "changed")
		m.Is("fields.args.0.shortcut", "hi")
		m.Is("fields.args.0.scope", "global")
		root.Call("DELETE", "canned-responses", fmt.Sprintf(`{"_id":%q}`, m.Get("fields.args.0._id"))).Is("success", true)
		gone := agent.Next("changed", "stream-canned-responses")
		gone.Is("fields.args.0.type", "removed")
		gone.Is("fields.args.0._id", m.Get("fields.args.0._id"))

		// A room goes on with another visitor; the old one is told as whom, and may not write any more.
		rid := c.Room("vera")
		c.Say("vera", rid, "m1", "it is me").Is("success", true)
		guest.Sub("l", "livechat-room", rid, "vera", "ready")
		known := c.Post("livechat/visitor", `{"visitor":{"token":"known","name":"Vera Maria"}}`).Get("visitor._id")
		old := root.Call("GET", "rooms.info?roomId="+rid, "").Get("room.v._id")
		root.Call("PUT", "livechat/room.visitor", fmt.Sprintf(`{"rid":%q,"oldVisitorId":%q,"newVisitorId":%q}`, rid, old, known)).Is("room.v._id", known)
		m = guest.Next("changed", "visitorData")
		m.Is("fields.eventName", rid)
		m.Is("fields.args.0.visitor._id", known)
		m.Is("fields.args.0.visitor.token", "known")
		c.Say("vera", rid, "m2", "still me").Want(400, `{"error":"invalid-room","success":false}`)
		c.Say("known", rid, "m3", "now as myself").Is("message.alias", "Vera Maria")
	})
}
