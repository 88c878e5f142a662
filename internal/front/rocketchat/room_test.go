package rocketchat_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/server/servertest"
)

// there lets an agent take chats at once.
func (c *client) there() *client {
	c.t.Helper()
	c.call("POST", "users.setStatus", `{"status":"online"}`).is("success", true)
	c.call("POST", "livechat/agent.status", `{"status":"available"}`).is("status", "available")
	return c
}

// chat registers a visitor and opens a room.
func (c *client) chat(token, department string) string {
	c.t.Helper()
	c.call("POST", "livechat/visitor", fmt.Sprintf(`{"visitor":{"token":%q,"name":"Name of %s","department":%q}}`, token, token, department)).is("success", true)
	a := c.call("GET", "livechat/room?token="+token, "")
	a.is("newRoom", true)
	return fmt.Sprint(a.get("room._id"))
}

func (c *client) post(path, format string, args ...any) answer {
	c.t.Helper()
	return c.call("POST", path, fmt.Sprintf(format, args...))
}

// desk is a server with an administrator, a department and two agents of it.
type desk struct {
	c, root, ana, bob *client
	sac, other        id.Team
	anaID, bobID      id.Agent
}

func newDesk(t *testing.T, s *servertest.Instance) *desk {
	d := &desk{c: &client{t: t, s: s}}
	s.Agent("root@example.com", account.Admin)
	d.sac, d.other = s.Team("SAC"), s.Team("Other")
	d.anaID = s.Agent("ana@example.com", account.Member, "SAC").ID
	d.bobID = s.Agent("bob@example.com", account.Member, "Other").ID
	d.root, d.ana, d.bob = d.c.logIn("root"), d.c.logIn("ana"), d.c.logIn("bob")
	return d
}

func ok(string) string         { return `{"success":true}` }
func plain(code string) string { return `{"error":"` + code + `","success":false}` }

func TestRoomsOfAgents(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.ana.there()
		rid := d.c.chat("v1", "SAC")
		d.c.post("livechat/message", `{"token":"v1","rid":%q,"msg":"hello"}`, rid).is("success", true)

		a := d.root.call("GET", "livechat/rooms", "")
		a.is("total", 1.0)
		a.is("rooms.0._id", rid)
		a.is("rooms.0.servedBy.username", "ana")
		a.is("rooms.0.department.name", "SAC")
		a.is("rooms.0.lastMessage.msg", "hello")
		a.is("rooms.0.open", true)
		for query, total := range map[string]float64{
			"agents[]=ana": 1, "agents[]=bob": 0, "agents[]=" + string(d.anaID): 1, "roomName=NAME%20OF%20v": 1, "roomName=x": 0, "departmentId=" + string(d.sac): 1,
			"open=true": 1, "open=false": 0, "onhold=t": 0, "queued=1": 0, "tags[]=none": 0, "createdAt=%7B%22start%22%3A%222001-01-01%22%7D": 1,
			"closedAt=%7B%22start%22%3A%222001-01-01%22%7D": 0, "customFields=%7B%22a%22%3A%22b%22%7D": 0, "sort=%7B%22lm%22%3A1%7D&fields=%7B%22msgs%22%3A0%7D&count=3": 1,
		} {
			d.root.call("GET", "livechat/rooms?"+query, "").is("total", total)
		}
		d.ana.call("GET", "livechat/rooms?agents[]="+string(d.anaID), "").is("total", 1.0)
		d.ana.call("GET", "livechat/rooms", "").want(403, plain("unauthorized"))
		d.ana.call("GET", "livechat/rooms?agents[]="+string(d.bobID), "").want(403, plain("unauthorized"))
		d.root.call("GET", "livechat/rooms?customFields=string", "").want(400, `{"error":"The \"customFields\" query parameter must be a valid JSON.","success":false}`)
		d.root.call("GET", "livechat/rooms?createdAt=%7B%22start%22%3A%22x%22%7D", "").want(400, `{"error":"The \"createdAt.start\" query parameter must be a valid date.","success":false}`)
		d.root.call("GET", "livechat/rooms?sort=x", "").is("errorType", "error-invalid-sort")
		d.ana.call("GET", "livechat/rooms/filters", "").want(200, `{"filters":[{"type":"api"}],"success":true}`)

		a = d.ana.call("GET", "livechat/"+rid+"/messages", "")
		a.is("total", 1.0)
		a.is("messages.0.msg", "hello")
		d.ana.call("GET", "livechat/"+rid+"/messages?searchTerm=bye", "").is("total", 0.0)
		d.ana.call("GET", "livechat/none/messages", "").want(400, plain("invalid-room"))
		d.bob.call("GET", "livechat/"+rid+"/messages", "").want(400, plain("not-allowed"))
		d.c.call("GET", "livechat/"+rid+"/messages", "").is("status", "error")

		for _, x := range []struct{ body, want string }{
			{`{}`, `{"error":"must have required property 'rid' [invalid-params]","errorType":"invalid-params","success":false}`},
			{`{"rid":["x"]}`, `{"error":"must be string [invalid-params]","errorType":"invalid-params","success":false}`},
			{`{"rid":"none"}`, plain("error-invalid-room")},
			{`{"rid":"` + rid + `"}`, plain("error-comment-is-required")},
			{`{"rid":"` + rid + `","comment":"` + strings.Repeat("x", 2001) + `"}`, `{"error":"The comment has 2001 characters; 2000 are allowed. [invalid-params]","errorType":"invalid-params","success":false}`},
		} {
			d.ana.call("POST", "livechat/room.closeByUser", x.body).want(400, x.want)
		}
		d.bob.post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).want(400, plain("error-not-authorized"))
		d.ana.post("livechat/room.closeByUser", `{"rid":%q,"comment":"Bye <b>now</b>","tags":["billing"]}`, rid).want(200, ok(""))
		d.ana.post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).want(400, plain("error-room-already-closed"))
		a = d.root.call("GET", "livechat/rooms?tags[]=billing&open=false", "")
		a.is("rooms.0.closer", "user")
		a.is("rooms.0.closedBy.username", "ana")
		a.is("rooms.0.tags.0", "billing")
		a.is("rooms.0.open", nil)
		a.is("rooms.0.lastMessage.t", "livechat-close")
		a.is("rooms.0.lastMessage.msg", "Bye <b>now</b>")
		d.root.post("livechat/rooms.delete", `{"roomId":"none"}`).want(400, plain("error-invalid-room"))
		d.ana.post("livechat/rooms.delete", `{"roomId":%q}`, rid).is("success", false)
		d.root.post("livechat/rooms.delete", `{"roomId":%q}`, rid).want(200, ok(""))
		d.root.call("GET", "livechat/rooms", "").is("total", 0.0)
		rid = d.c.chat("v2", "SAC")
		d.root.post("livechat/rooms.delete", `{"roomId":%q}`, rid).want(400, plain("error-room-is-not-closed"))
		d.c.post("livechat/room.close", `{"token":"v2","rid":%q}`, rid).is("success", true)
		d.root.post("livechat/rooms.removeAllClosedRooms", `{"departmentIds":["none"]}`).is("removedRooms", 0.0)
		d.root.post("livechat/rooms.removeAllClosedRooms", `{}`).is("removedRooms", 1.0)
	})
}

func TestRoomIsForwarded(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.ana.there()
		rid := d.c.chat("v1", "SAC")
		forward := func(c *client, body string) answer {
			return c.post("livechat/room.forward", `{"roomId":%q%s}`, rid, body)
		}
		d.ana.call("GET", "livechat/transfer.history/"+rid, "").is("success", false)
		d.root.call("GET", "livechat/transfer.history/"+rid, "").is("total", 0.0)
		d.root.call("GET", "livechat/transfer.history/none", "").want(400, plain("invalid-room"))
		d.ana.call("POST", "livechat/room.forward", `{"roomId":"none"}`).is("success", false)
		d.root.call("POST", "livechat/room.forward", `{"roomId":"none","userId":"x"}`).want(400, plain("error-invalid-room"))
		forward(d.root, "").want(400, plain("error-forwarding-chat"))
		forward(d.root, `,"userId":"none"`).want(400, plain("error-user-is-offline"))
		forward(d.root, `,"userId":"`+string(d.bobID)+`"`).want(400, plain("error-user-is-offline"))
		forward(d.root, `,"userId":"`+string(d.anaID)+`"`).want(400, plain("error-selected-agent-room-agent-are-same"))
		forward(d.root, `,"departmentId":"none"`).want(400, plain("error-invalid-department"))
		forward(d.root, `,"departmentId":"`+string(d.sac)+`"`).want(400, plain("error-forwarding-chat-same-department"))
		forward(d.root, `,"departmentId":"`+string(d.other)+`"`).want(400, plain("error-no-agents-online-in-department"))
		d.bob.there()
		forward(d.root, `,"userId":"`+string(d.bobID)+`","departmentId":"`+string(d.sac)+`"`).want(400, plain("error-user-not-belong-to-department"))
		forward(d.root, `,"userId":"`+string(d.bobID)+`","comment":"please","clientAction":true`).want(200, ok(""))
		a := d.root.call("GET", "livechat/rooms", "")
		a.is("rooms.0.servedBy.username", "bob")
		a.is("rooms.0.lastMessage.t", "livechat_transfer_history")
		a.is("rooms.0.lastMessage.u.username", "root")
		a.is("rooms.0.lastMessage.transferData.comment", "please")
		a.is("rooms.0.lastMessage.transferData.transferredTo.username", "bob")
		forward(d.root, `,"departmentId":"`+string(d.sac)+`","comment":"back"`).is("success", false)
		rid = d.c.chat("v2", "Other")
		forward(d.root, `,"departmentId":"`+string(d.sac)+`","comment":"over"`).want(200, ok(""))
		a = d.root.call("GET", "livechat/rooms?departmentId="+string(d.sac)+"&agents[]=ana", "")
		a.is("rooms.0._id", rid)
		a.is("rooms.0.lastMessage.transferData.scope", "department")
		a.is("rooms.0.lastMessage.transferData.nextDepartment.name", "SAC")
		a = d.root.call("GET", "livechat/transfer.history/"+rid, "")
		a.is("total", 1.0)
		a.is("history.0.transferredBy.username", "root")
		// A visitor is not told what was noted.
		a = d.c.call("GET", "livechat/messages.history/"+rid+"?token=v2", "")
		if strings.Contains(a.text, "over") {
			t.Error(a.text)
		}
		d.ana.post("livechat/inquiries.returnAsInquiry", `{"roomId":"none"}`).want(400, plain("error-invalid-room"))
		d.ana.post("livechat/inquiries.returnAsInquiry", `{"roomId":%q,"departmentId":"none"}`, rid).want(400, plain("error-invalid-department"))
		d.ana.call("POST", "livechat/agent.status", `{"status":"not-available"}`).is("success", true)
		d.ana.post("livechat/inquiries.returnAsInquiry", `{"roomId":%q}`, rid).want(200, `{"result":true,"success":true}`)
		d.root.call("GET", "livechat/rooms?queued=true", "").is("rooms.0._id", rid)
		d.root.call("GET", "livechat/room.join?roomId="+rid, "").want(200, ok(""))
		d.root.call("GET", "livechat/room.join?roomId=none", "").want(400, plain("error-invalid-room"))
		d.root.call("GET", "livechat/room.join", "").is("errorType", "invalid-params")
		d.c.post("livechat/room.close", `{"token":"v2","rid":%q}`, rid).is("success", true)
		d.root.call("GET", "livechat/room.join?roomId="+rid, "").want(400, plain("room-closed"))
		d.ana.post("livechat/inquiries.returnAsInquiry", `{"roomId":%q}`, rid).want(400, plain("room-closed"))
		forward(d.root, `,"userId":"x"`).want(400, plain("This_conversation_is_already_closed"))
	})
}

func TestRoomOnHold(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.ana.there()
		rid := d.c.chat("v1", "SAC")
		on := func(c *client) answer { return c.post("livechat/room.onHold", `{"roomId":%q}`, rid) }
		off := func(c *client) answer { return c.post("livechat/room.resumeOnHold", `{"roomId":%q}`, rid) }
		say := func() { d.c.post("livechat/message", `{"token":"v1","rid":%q,"msg":"hi"}`, rid).is("success", true) }
		d.ana.call("POST", "livechat/room.onHold", `{"roomId":"  "}`).want(400, plain("error-invalid-room"))
		d.ana.call("POST", "livechat/room.onHold", `{}`).is("errorType", "invalid-params")
		on(d.bob).want(400, plain("Not_authorized"))
		off(d.ana).want(400, plain("error-room-not-on-hold"))
		say()
		on(d.ana).want(400, plain("error-cannot-place-chat-on-hold"))
		d.root.post("settings/Livechat_allow_manual_on_hold_upon_agent_engagement_only", `{"value":false}`).is("success", true)
		on(d.ana).want(200, ok(""))
		on(d.ana).want(400, plain("error-room-is-already-on-hold"))
		d.root.post("livechat/room.forward", `{"roomId":%q,"userId":%q}`, rid, d.bobID).want(400, plain("error-room-onHold"))
		d.root.call("GET", "livechat/rooms?onhold=true", "").is("rooms.0.onHold", true)
		d.root.call("GET", "livechat/rooms?open=true", "").is("total", 0.0)
		off(d.bob).want(400, plain("Not_authorized"))
		off(d.ana).want(200, ok(""))
		on(d.root).want(200, ok(""))
		say()
		a := d.root.call("GET", "livechat/rooms?open=true", "")
		a.is("rooms.0.onHold", nil)
		a.is("rooms.0.servedBy.username", "ana")
		on(d.ana).want(200, ok(""))
		d.ana.call("POST", "livechat/agent.status", `{"status":"not-available"}`).is("success", true)
		say()
		d.root.call("GET", "livechat/rooms?queued=true", "").is("rooms.0._id", rid)
		on(d.root).want(400, plain("error-unserved-rooms-cannot-be-placed-onhold"))
		d.c.post("livechat/room.close", `{"token":"v1","rid":%q}`, rid).is("success", true)
		on(d.root).want(400, plain("error-room-already-closed"))
	})
}
