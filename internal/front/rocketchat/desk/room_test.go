package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestRoomsOfAgents(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("v1", "SAC")
		d.C.Post("livechat/message", `{"token":"v1","rid":%q,"msg":"hello"}`, rid).Is("success", true)

		a := d.Root.Call("GET", "livechat/rooms", "")
		a.Is("total", 1.0)
		a.Is("rooms.0._id", rid)
		a.Is("rooms.0.servedBy.username", "ana")
		a.Is("rooms.0.department.name", "SAC")
		a.Is("rooms.0.lastMessage.msg", "hello")
		a.Is("rooms.0.open", true)
		for query, total := range map[string]float64{
			"agents[]=ana": 1, "agents[]=bob": 0, "agents[]=" + string(d.AnaID): 1, "roomName=NAME%20OF%20v": 1, "roomName=x": 0, "departmentId=" + string(d.Sac): 1,
			"open=true": 1, "open=false": 0, "onhold=t": 0, "queued=1": 0, "tags[]=none": 0, "createdAt=%7B%22start%22%3A%222001-01-01%22%7D": 1,
			"closedAt=%7B%22start%22%3A%222001-01-01%22%7D": 0, "customFields=%7B%22a%22%3A%22b%22%7D": 0, "sort=%7B%22lm%22%3A1%7D&fields=%7B%22msgs%22%3A0%7D&count=3": 1,
		} {
			d.Root.Call("GET", "livechat/rooms?"+query, "").Is("total", total)
		}
		d.Ana.Call("GET", "livechat/rooms?agents[]="+string(d.AnaID), "").Is("total", 1.0)
		d.Ana.Call("GET", "livechat/rooms", "").Want(403, contracttest.Plain("unauthorized"))
		d.Ana.Call("GET", "livechat/rooms?agents[]="+string(d.BobID), "").Want(403, contracttest.Plain("unauthorized"))
		d.Root.Call("GET", "livechat/rooms?customFields=string", "").Want(400, `{"error":"The \"customFields\" query parameter must be a valid JSON.","success":false}`)
		d.Root.Call("GET", "livechat/rooms?createdAt=%7B%22start%22%3A%22x%22%7D", "").Want(400, `{"error":"The \"createdAt.start\" query parameter must be a valid date.","success":false}`)
		d.Root.Call("GET", "livechat/rooms?sort=x", "").Is("errorType", "error-invalid-sort")
		d.Ana.Call("GET", "livechat/rooms/filters", "").Want(200, `{"filters":[{"type":"api"}],"success":true}`)

		a = d.Ana.Call("GET", "livechat/"+rid+"/messages", "")
		a.Is("total", 1.0)
		a.Is("messages.0.msg", "hello")
		d.Ana.Call("GET", "livechat/"+rid+"/messages?searchTerm=bye", "").Is("total", 0.0)
		d.Ana.Call("GET", "livechat/none/messages", "").Want(400, contracttest.Plain("invalid-room"))
		d.Bob.Call("GET", "livechat/"+rid+"/messages", "").Want(400, contracttest.Plain("not-allowed"))
		d.C.Call("GET", "livechat/"+rid+"/messages", "").Is("status", "error")

		for _, x := range []struct{ body, want string }{
			{`{}`, `{"error":"must have required property 'rid' [invalid-params]","errorType":"invalid-params","success":false}`},
			{`{"rid":["x"]}`, `{"error":"must be string [invalid-params]","errorType":"invalid-params","success":false}`},
			{`{"rid":"none"}`, contracttest.Plain("error-invalid-room")},
			{`{"rid":"` + rid + `"}`, contracttest.Plain("error-comment-is-required")},
			{`{"rid":"` + rid + `","comment":"` + strings.Repeat("x", 2001) + `"}`, `{"error":"The comment has 2001 characters; 2000 are allowed. [invalid-params]","errorType":"invalid-params","success":false}`},
		} {
			d.Ana.Call("POST", "livechat/room.closeByUser", x.body).Want(400, x.want)
		}
		d.Bob.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).Want(400, contracttest.Plain("error-not-authorized"))
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"Bye <b>now</b>","tags":["billing"]}`, rid).Want(200, contracttest.OK(""))
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x","forceClose":true}`, rid).Want(400, contracttest.Plain("error-room-already-closed"))
		d.Root.Post("livechat/room/"+rid+"/priority", `{"priorityId":"low"}`).Is("success", true)
		d.Root.Call("GET", "livechat/rooms?priorityId=low&open=false", "").Is("rooms.0._id", rid)
		d.Root.Call("DELETE", "livechat/room/"+rid+"/priority", "").Is("success", true)
		for _, many := range []string{"departmentId=%s&departmentId=%s", "departmentId[]=%s&departmentId[]=%s", "departmentId[0]=%s&departmentId[1]=%s"} {
			d.Root.Call("GET", "livechat/rooms?"+fmt.Sprintf(many, d.Other, d.Sac), "").Is("total", 1.0)
			d.Root.Call("GET", "livechat/rooms?"+fmt.Sprintf(many, d.Other, "none"), "").Is("total", 0.0)
		}
		d.Root.Call("GET", "livechat/rooms?departmentId[test]=true", "").Is("success", false)
		a = d.Root.Call("GET", "livechat/rooms?tags[]=billing&open=false", "")
		a.Is("rooms.0.closer", "user")
		a.Is("rooms.0.closedBy.username", "ana")
		a.Is("rooms.0.tags.0", "billing")
		a.Is("rooms.0.open", nil)
		a.Is("rooms.0.lastMessage.t", "livechat-close")
		a.Is("rooms.0.lastMessage.msg", "Bye <b>now</b>")
		d.Root.Post("livechat/rooms.delete", `{"roomId":"none"}`).Want(400, contracttest.Plain("error-invalid-room"))
		d.Ana.Post("livechat/rooms.delete", `{"roomId":%q}`, rid).Is("success", false)
		d.Root.Post("livechat/rooms.delete", `{"roomId":%q}`, rid).Want(200, contracttest.OK(""))
		d.Root.Call("GET", "livechat/rooms", "").Is("total", 0.0)
		rid = d.C.Chat("v2", "SAC")
		d.Root.Post("livechat/rooms.delete", `{"roomId":%q}`, rid).Want(400, contracttest.Plain("error-room-is-not-closed"))
		d.C.Post("livechat/room.close", `{"token":"v2","rid":%q}`, rid).Is("success", true)
		d.Root.Post("livechat/rooms.removeAllClosedRooms", `{"departmentIds":["none"]}`).Is("removedRooms", 0.0)
		d.Root.Post("livechat/rooms.removeAllClosedRooms", `{}`).Is("removedRooms", 1.0)
	})
}

func TestRoomIsForwarded(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("v1", "SAC")
		forward := func(c *contracttest.Client, body string) contracttest.Answer {
			return c.Post("livechat/room.forward", `{"roomId":%q%s}`, rid, body)
		}
		d.Ana.Call("GET", "livechat/transfer.history/"+rid, "").Is("success", false)
		d.Root.Call("GET", "livechat/transfer.history/"+rid, "").Is("total", 0.0)
		d.Root.Call("GET", "livechat/transfer.history/none", "").Want(400, contracttest.Plain("invalid-room"))
		d.Ana.Call("POST", "livechat/room.forward", `{"roomId":"none"}`).Is("success", false)
		d.Root.Call("POST", "livechat/room.forward", `{"roomId":"none","userId":"x"}`).Want(400, contracttest.Plain("error-invalid-room"))
		forward(d.Root, "").Want(400, contracttest.Plain("error-forwarding-chat"))
		forward(d.Root, `,"userId":"none"`).Want(400, contracttest.Plain("error-user-is-offline"))
		forward(d.Root, `,"userId":"`+string(d.BobID)+`"`).Want(400, contracttest.Plain("error-user-is-offline"))
		forward(d.Root, `,"userId":"`+string(d.AnaID)+`"`).Want(400, contracttest.Plain("error-selected-agent-room-agent-are-same"))
		forward(d.Root, `,"departmentId":"none"`).Want(400, contracttest.Plain("error-invalid-department"))
		forward(d.Root, `,"departmentId":"`+string(d.Sac)+`"`).Want(400, contracttest.Plain("error-forwarding-chat-same-department"))
		forward(d.Root, `,"departmentId":"`+string(d.Other)+`"`).Want(400, contracttest.Plain("error-no-agents-online-in-department"))
		d.Bob.There()
		forward(d.Root, `,"userId":"`+string(d.BobID)+`","departmentId":"`+string(d.Sac)+`"`).Want(400, contracttest.Plain("error-user-not-belong-to-department"))
		forward(d.Root, `,"userId":"`+string(d.BobID)+`","comment":"please","clientAction":true`).Want(200, contracttest.OK(""))
		a := d.Root.Call("GET", "livechat/rooms", "")
		a.Is("rooms.0.servedBy.username", "bob")
		a.Is("rooms.0.lastMessage.t", "livechat_transfer_history")
		a.Is("rooms.0.lastMessage.u.username", "root")
		a.Is("rooms.0.lastMessage.transferData.comment", "please")
		a.Is("rooms.0.lastMessage.transferData.transferredTo.username", "bob")
		forward(d.Root, `,"departmentId":"`+string(d.Sac)+`","comment":"back"`).Is("success", false)
		rid = d.C.Chat("v2", "Other")
		forward(d.Root, `,"departmentId":"`+string(d.Sac)+`","comment":"over"`).Want(200, contracttest.OK(""))
		a = d.Root.Call("GET", "livechat/rooms?departmentId="+string(d.Sac)+"&agents[]=ana", "")
		a.Is("rooms.0._id", rid)
		a.Is("rooms.0.lastMessage.transferData.scope", "department")
		a.Is("rooms.0.lastMessage.transferData.nextDepartment.name", "SAC")
		a = d.Root.Call("GET", "livechat/transfer.history/"+rid, "")
		a.Is("total", 1.0)
		a.Is("history.0.transferredBy.username", "root")
		// A visitor is not told what was noted.
		a = d.C.Call("GET", "livechat/messages.history/"+rid+"?token=v2", "")
		if strings.Contains(a.Text, "over") {
			t.Error(a.Text)
		}
		d.Ana.Post("livechat/inquiries.returnAsInquiry", `{"roomId":"none"}`).Want(400, contracttest.Plain("error-invalid-room"))
		d.Ana.Post("livechat/inquiries.returnAsInquiry", `{"roomId":%q,"departmentId":"none"}`, rid).Want(400, contracttest.Plain("error-invalid-department"))
		d.Ana.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
		d.Ana.Post("livechat/inquiries.returnAsInquiry", `{"roomId":%q}`, rid).Want(200, `{"result":true,"success":true}`)
		d.Root.Call("GET", "livechat/rooms?queued=true", "").Is("rooms.0._id", rid)
		d.Root.Call("GET", "livechat/room.join?roomId="+rid, "").Want(200, contracttest.OK(""))
		d.Root.Call("GET", "livechat/room.join?roomId=none", "").Want(400, contracttest.Plain("error-invalid-room"))
		d.Root.Call("GET", "livechat/room.join", "").Is("errorType", "invalid-params")
		d.C.Post("livechat/room.close", `{"token":"v2","rid":%q}`, rid).Is("success", true)
		d.Root.Call("GET", "livechat/room.join?roomId="+rid, "").Want(400, contracttest.Plain("room-closed"))
		d.Ana.Post("livechat/inquiries.returnAsInquiry", `{"roomId":%q}`, rid).Want(400, contracttest.Plain("room-closed"))
		forward(d.Root, `,"userId":"x"`).Want(400, contracttest.Plain("This_conversation_is_already_closed"))
	})
}

func TestRoomOnHold(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("v1", "SAC")
		on := func(c *contracttest.Client) contracttest.Answer {
			return c.Post("livechat/room.onHold", `{"roomId":%q}`, rid)
		}
		off := func(c *contracttest.Client) contracttest.Answer {
			return c.Post("livechat/room.resumeOnHold", `{"roomId":%q}`, rid)
		}
		say := func() { d.C.Post("livechat/message", `{"token":"v1","rid":%q,"msg":"hi"}`, rid).Is("success", true) }
		d.Ana.Call("POST", "livechat/room.onHold", `{"roomId":"  "}`).Want(400, contracttest.Plain("error-invalid-room"))
		d.Ana.Call("POST", "livechat/room.onHold", `{}`).Is("errorType", "invalid-params")
		on(d.Bob).Want(400, contracttest.Plain("Not_authorized"))
		off(d.Ana).Want(400, contracttest.Plain("error-room-not-on-hold"))
		say()
		on(d.Ana).Want(400, contracttest.Plain("error-cannot-place-chat-on-hold"))
		d.Root.Post("settings/Livechat_allow_manual_on_hold_upon_agent_engagement_only", `{"value":false}`).Is("success", true)
		on(d.Ana).Want(200, contracttest.OK(""))
		on(d.Ana).Want(400, contracttest.Plain("error-room-is-already-on-hold"))
		d.Root.Post("livechat/room.forward", `{"roomId":%q,"userId":%q}`, rid, d.BobID).Want(400, contracttest.Plain("error-room-onHold"))
		d.Root.Call("GET", "livechat/rooms?onhold=true", "").Is("rooms.0.onHold", true)
		d.Root.Call("GET", "livechat/rooms?open=true", "").Is("total", 0.0)
		off(d.Bob).Want(400, contracttest.Plain("Not_authorized"))
		off(d.Ana).Want(200, contracttest.OK(""))
		on(d.Root).Want(200, contracttest.OK(""))
		say()
		a := d.Root.Call("GET", "livechat/rooms?open=true", "")
		a.Is("rooms.0.onHold", nil)
		a.Is("rooms.0.servedBy.username", "ana")
		on(d.Ana).Want(200, contracttest.OK(""))
		d.Ana.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
		say()
		d.Root.Call("GET", "livechat/rooms?queued=true", "").Is("rooms.0._id", rid)
		on(d.Root).Want(400, contracttest.Plain("error-unserved-rooms-cannot-be-placed-onhold"))
		d.C.Post("livechat/room.close", `{"token":"v1","rid":%q}`, rid).Is("success", true)
		on(d.Root).Want(400, contracttest.Plain("error-room-already-closed"))
	})
}
