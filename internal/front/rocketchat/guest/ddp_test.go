package guest_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestRealtimeOfAVisitorAndAnAgent(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &contracttest.Client{T: t, S: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.Member)
		agent := contracttest.Connect(t, s)
		agent.Call("1", "login", `[{"user":{"username":"ana"},"password":"wrong password"}]`).Is("error.error", "403")
		agent.Call("2", "livechat:addAgent", `["ana"]`).Is("error.errorType", "Meteor.Error")
		a := agent.Call("3", "login", fmt.Sprintf(`[{"user":{"username":"ana"},"password":{"digest":%q,"algorithm":"sha-256"}}]`, account.Digest(servertest.Password)))
		a.Is("result.id", string(ana.ID))
		token := fmt.Sprint(a.Get("result.token"))
		c.LogIn("ana").Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("success", true)
		agent.Send(`{"msg":"sub","id":"mine","name":"stream-room-messages","params":["__my_messages__",false]}`)
		agent.Next("ready", "mine")
		agent.Sub("subs", "notify-user", string(ana.ID)+"/subscriptions-changed", "", "ready")
		agent.Sub("other", "notify-user", "somebody/rooms-changed", "", "nosub")

		rid := c.Room("vera")
		agent.Next("changed", "subscriptions-changed", rid, `"inserted"`)
		agent.Sub("r", "room-messages", rid, "", "ready")
		agent.Sub("ra", "notify-room", rid+"/user-activity", "", "ready")
		guest := contracttest.Connect(t, s)
		guest.Sub("m", "room-messages", rid, "vera", "ready")
		guest.Sub("d", "notify-room", rid+"/deleteMessage", "vera", "ready")
		guest.Sub("t", "notify-room", rid+"/user-activity", "vera", "ready")
		guest.Sub("l", "livechat-room", rid, "vera", "ready")
		guest.Sub("l", "livechat-room", rid, "vera", "ready")
		guest.Sub("q", "livechat-room", rid, "", "nosub")
		guest.Sub("x", "room-messages", rid, "otto", "nosub")
		guest.Sub("y", "livechat-inquiry-queue-observer", "public", "vera", "nosub")
		guest.Sub("z", "something-else", "public", "", "ready")

		c.Say("vera", rid, "m1", "Hi 👋").Is("success", true)
		agent.Next("changed", "__my_messages__", "Hi 👋", `"$date"`)
		guest.Next("changed", "stream-room-messages", "Hi 👋", `"m1"`)
		agent.Call("4", "sendMessage", fmt.Sprintf(`[{"_id":"a1","rid":%q,"msg":"Hello <b>"}]`, rid)).Is("result._id", "a1")
		a = guest.Next("changed", "stream-room-messages", `"a1"`)
		a.Is("fields.args.0.u.username", "ana")
		a.Is("fields.eventName", rid)
		c.Call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"Hi there"}`, rid)).Is("success", true)
		agent.Next("changed", `"`+rid+`"`, "Hi there", "editedAt")
		guest.Next("changed", "Hi there", "editedAt")
		c.Call("DELETE", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).Is("success", true)
		guest.Next("changed", "deleteMessage", `"m1"`)

		guest.Call("5", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","guest-1",["user-typing"],{"token":"vera"}]`, rid))
		agent.Next("changed", "user-activity", "user-typing")
		guest.Call("6", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","guest-1",["user-typing"],{"token":"otto"}]`, rid)).Is("error.error", "not-allowed")
		agent.Call("7", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","ana",["user-typing"],{}]`, rid))
		guest.Next("changed", "user-activity", `"ana"`)
		guest.Call("8", "livechat:setUpConnection", `[{"token":"vera"}]`).Is("result.token", "vera")

		c.Call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).Is("success", true)
		guest.Next("changed", "livechat-close")
		agent.Next("changed", "subscriptions-changed", `"removed"`)
		guest.Send(`{"msg":"unsub","id":"m"}`)
		guest.Next("nosub", `"m"`)
		guest.Sub("m2", "room-messages", rid, "vera", "nosub")
		guest.Call("9", "sendMessageLivechat", fmt.Sprintf(`[{"_id":"m9","rid":%q,"msg":"once more","token":"vera"}]`, rid)).Is("result.newRoom", true)
		contracttest.Connect(t, s).Call("10", "login", fmt.Sprintf(`[{"resume":%q}]`, token)).Is("result.type", "resume")
	})
}

func TestRealtimeQueueAndBadFrames(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c, root, ana := contracttest.Staffed(t, s)
	root.Option("Livechat_accept_chats_with_no_agents", "true")
	ana.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
	waiting := c.Room("otto")
	l := contracttest.Connect(t, s)
	l.Call("1", "login", fmt.Sprintf(`[{"resume":%q}]`, ana.Auth[1])).Is("result.type", "resume")
	l.Sub("q", "livechat-inquiry-queue-observer", "public", "", "ready")
	l.Next("changed", "inquiry-queue-observer", waiting, `"added"`)
	fresh := c.Room("vera")
	l.Next("changed", "inquiry-queue-observer", fresh, `"added"`)
	ana.Call("POST", "livechat/agent.status", `{"status":"available"}`).Is("success", true)
	l.Next("changed", "inquiry-queue-observer", `"removed"`)

	l.Send(`{"msg":"ping","id":"p"}`)
	l.Next("pong", `"p"`)
	for _, bad := range []string{`[]`, `nonsense`, `{"msg":7}`, `{"msg":"sub","params":{}}`, `{"msg":"strange"}`} {
		l.Send(bad)
		l.Next("error", "Bad request")
	}
	l.Send(`{"msg":"sub","name":"stream-room-messages"}`)
	l.Next("nosub")
	l.Call("2", "sendMessage", `[{"rid":{}}]`).Is("error.errorType", "Match.Error")
	l.Call("3", "none", `[]`).Is("error.error", 404)
	l.Call("4", "stream-notify-room", `[]`).Is("error.errorType", "Match.Error")
	l.Call("5", "stream-notify-room", `["none/user-activity"]`).Is("error.error", "not-allowed")
	l.Call("6", "UserPresence:setDefaultStatus", `["offline"]`).Is("error", nil)
	ana.Call("GET", "users.getStatus", "").Is("status", "offline") // although the socket is still there
	l.Call("6", "UserPresence:away", `[]`).Is("error", nil)
	ana.Call("GET", "users.getStatus", "").Is("status", "away")
	l.Call("7", "logout", `[]`).Is("error", nil)
	l.Call("8", "UserPresence:online", `[]`).Is("error.error", "error-not-allowed")
	l.Send(`{"msg":"connect","version":"9"}`)
	l.Next("failed", `"1"`)
}
