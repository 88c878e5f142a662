package rocketchat_test

import (
	"fmt"
	"testing"

	"parlor/internal/server/servertest"
)

// bridged calls a method and returns the message in it.
func (c *client) bridged(name, args string) string {
	c.t.Helper()
	body := fmt.Sprintf(`{"message":%q}`, fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":[%s]}`, name, args))
	a := c.call("POST", "method.call/"+name, body)
	a.is("success", true)
	return fmt.Sprint(a.get("message"))
}

func TestInquiries(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.root.post("settings/Livechat_accept_chats_with_no_agents", `{"value":true}`).is("success", true)
		rid := d.c.chat("v1", "SAC")
		second := d.c.chat("v2", "SAC")
		a := d.root.call("GET", "livechat/inquiries.list", "")
		a.is("total", 2.0)
		a.is("inquiries.0._id", second)
		a.is("inquiries.1.status", "queued")
		d.root.call("GET", "livechat/inquiries.list?department=Other", "").is("total", 0.0)
		d.root.call("GET", "livechat/inquiries.list?department=SAC&count=1", "").is("count", 1.0)
		d.ana.call("GET", "livechat/inquiries.list", "").is("success", false)
		d.ana.call("GET", "livechat/inquiries.queuedForUser", "").is("total", 2.0)
		d.bob.call("GET", "livechat/inquiries.queuedForUser", "").is("total", 0.0)
		d.bob.call("GET", "livechat/inquiries.queued?department=SAC", "").want(400, plain("error-not-authorized"))
		d.ana.call("GET", "livechat/inquiries.getOne?roomId=none", "").want(200, `{"inquiry":null,"success":true}`)
		d.ana.call("GET", "livechat/inquiries.getOne", "").is("errorType", "invalid-params")
		a = d.ana.call("GET", "livechat/inquiries.getOne?roomId="+rid, "")
		a.is("inquiry.rid", rid)
		a.is("inquiry.name", "Name of v1")
		a.is("inquiry.priorityWeight", 99.0)

		// Priorities and service levels order the queue.
		d.root.call("GET", "livechat/priorities", "").is("total", 5.0)
		d.root.call("GET", "livechat/priorities?text=hest", "").is("priorities.0._id", "highest")
		d.root.call("GET", "livechat/priorities/none", "").want(404, plain("Priority with id none not found"))
		d.root.call("PUT", "livechat/priorities/high", `{"name":"Gold"}`).want(200, ok(""))
		d.root.call("PUT", "livechat/priorities/low", `{"name":"gold"}`).want(400, plain("error-duplicate-priority-name"))
		d.root.call("PUT", "livechat/priorities/none", `{"name":"x"}`).want(400, plain("error-unable-to-update-priority"))
		d.root.call("PUT", "livechat/priorities/low", `{}`).is("errorType", "invalid-params")
		d.root.call("GET", "livechat/priority/high", "").is("dirty", true)
		d.root.call("GET", "livechat/priorities.reset", "").want(200, `{"reset":true,"success":true}`)
		d.root.call("POST", "livechat/priorities.reset", "").want(200, ok(""))
		d.root.call("POST", "livechat/priorities.reset", "").want(400, `{"success":false}`)
		d.ana.call("PUT", "livechat/priorities/high", `{"name":"x"}`).is("success", false)
		d.ana.post("livechat/room/none/priority", `{"priorityId":"high"}`).want(400, plain("error-room-does-not-exist"))
		d.ana.post("livechat/room/"+second+"/priority", `{"priorityId":"none"}`).want(400, plain("error-invalid-priority"))
		d.ana.post("livechat/room/"+second+"/priority", `{"priorityId":"high"}`).is("priorityId", "high")
		d.root.call("GET", "livechat/rooms?priorityId=high", "").is("rooms.0.priorityWeight", 2.0)
		d.ana.call("DELETE", "livechat/rooms/"+second+"/priority", "").is("success", true)
		d.root.call("GET", "livechat/rooms?priorityId=high", "").is("total", 0.0)
		a = d.root.post("livechat/sla", `{"name":"Fast","description":"d","dueTimeInMinutes":5}`)
		a.is("sla.dueTimeInMinutes", 5.0)
		sla := fmt.Sprint(a.get("sla._id"))
		d.root.post("livechat/sla", `{"name":"Fast","dueTimeInMinutes":9}`).want(400, plain("error-duplicated-sla"))
		d.root.post("livechat/sla", `{"name":"","dueTimeInMinutes":9}`).is("errorType", "invalid-params")
		d.root.post("livechat/sla", `{"name":"x","dueTimeInMinutes":"y"}`).is("errorType", "invalid-params")
		d.root.call("PUT", "livechat/sla/"+sla, `{"name":"Faster","dueTimeInMinutes":4}`).is("sla.name", "Faster")
		d.root.call("GET", "livechat/sla?text=faster", "").is("sla.0._id", sla)
		d.ana.call("GET", "livechat/sla/"+sla, "").is("dueTimeInMinutes", 4.0)
		d.ana.call("GET", "livechat/sla/none", "").want(404, plain("SLA with id none not found"))
		set := func(body string) answer { return d.ana.call("PUT", "livechat/inquiry.setSLA", body) }
		set(`{"sla":"x"}`).want(400, plain("The 'roomId' param is required"))
		set(`{"roomId":"none","sla":"x"}`).want(400, plain("error-invalid-inquiry"))
		set(`{"roomId":"`+rid+`","sla":"x"}`).want(400, plain("error-invalid-sla"))
		set(`{"roomId":"`+rid+`","sla":"`+sla+`"}`).want(200, ok(""))
		d.ana.call("GET", "livechat/inquiries.getOne?roomId="+rid, "").is("inquiry.estimatedWaitingTimeQueue", 4.0)
		d.root.call("DELETE", "livechat/sla/"+sla, "").want(200, ok(""))
		d.root.call("DELETE", "livechat/sla/"+sla, "").want(400, plain("SLA with id "+sla+" not found"))
		d.ana.call("GET", "livechat/inquiries.getOne?roomId="+rid, "").is("inquiry.slaId", nil)

		take := func(c *client, body string) answer { return c.call("POST", "livechat/inquiries.take", body) }
		take(d.ana, `{"inquiryId":{"x":1}}`).is("errorType", "invalid-params")
		take(d.ana, `{"inquiryId":"`+rid+`","userId":"none"}`).want(400, plain("The user is invalid"))
		take(d.ana, `{"inquiryId":"none"}`).is("errorType", "error-not-found")
		take(d.bob, `{"inquiryId":"`+rid+`"}`).is("errorType", "error-not-found")
		take(d.ana, `{"inquiryId":"`+rid+`"}`).is("errorType", "error-agent-status-service-offline")
		d.root.post("settings/Livechat_Routing_Method", `{"value":"Manual_Selection"}`).is("success", true)
		d.ana.there()
		take(d.ana, `{"inquiryId":"`+rid+`"}`)
		take(d.ana, `{"inquiryId":"`+rid+`"}`).is("errorType", "error-inquiry-taken")
		a = d.root.call("GET", "livechat/queue", "")
		a.is("queue.0.user.username", "ana")
		a.is("queue.0.department.name", "SAC")
		d.root.call("GET", "livechat/queue?departmentId="+string(d.other), "").is("total", 0.0)
		d.root.call("GET", "livechat/queue?agentId="+string(d.bobID)+"&includeOfflineAgents=true", "").is("total", 0.0)

		// What belongs to a room.
		visitor := fmt.Sprint(d.root.call("GET", "livechat/rooms?agents[]=ana&roomName=v1", "").get("rooms.0.v._id"))
		save := func(c *client, guest, room string) answer {
			return c.call("POST", "livechat/room.saveInfo", `{"guestData":`+guest+`,"roomData":`+room+`}`)
		}
		save(d.ana, `"x"`, `{"_id":"x"}`).is("errorType", "invalid-params")
		save(d.ana, `{"_id":"x"}`, `{"_id":"none"}`).want(400, plain("error-invalid-room"))
		save(d.ana, `{"_id":"x"}`, `{"_id":"`+rid+`"}`).want(400, plain("error-invalid-visitor"))
		save(d.bob, `{"_id":"x"}`, `{"_id":"`+rid+`"}`).want(403, plain("unauthorized"))
		save(d.ana, `{"_id":"`+visitor+`","name":"New name","email":"n@x.test"}`, `{"_id":"`+rid+`","topic":"<b>T</b>","tags":["a","b"],"priorityId":"high"}`).want(200, ok(""))
		a = d.root.call("GET", "livechat/rooms?roomName=new", "")
		a.is("rooms.0.topic", "<b>T</b>")
		a.is("rooms.0.tags.1", "b")
		a.is("rooms.0.fname", "New name")
		a.is("rooms.0.priorityId", "high")
		save(d.ana, `{"_id":"`+visitor+`"}`, `{"_id":"`+rid+`","topic":"","tags":[],"priorityId":""}`).want(200, ok(""))
		a = d.root.call("GET", "livechat/rooms?roomName=new", "")
		a.is("rooms.0.topic", nil)
		a.is("rooms.0.tags", nil)
		a.is("rooms.0.priorityId", nil)

		if got := d.ana.bridged("livechat:closeRoom", `"`+rid+`","bye",{}`); got != `{"id":"1","msg":"result","result":true}` {
			t.Error(got)
		}
		if got := d.root.bridged("livechat:removeRoom", `"`+rid+`"`); got != `{"id":"1","msg":"result","result":true}` {
			t.Error(got)
		}
		d.c.call("POST", "livechat/visitor", `{"visitor":{"token":"v3"}}`).is("success", true)
		d.c.call("GET", "livechat/room?token=v3&priority=none", "").is("errorType", "error-invalid-priority")
		d.c.call("GET", "livechat/room?token=v3&sla=none", "").is("errorType", "error-invalid-sla")
		d.c.call("GET", "livechat/room?token=v3&priority=Low", "").is("room.priorityId", "low")
	})
}
