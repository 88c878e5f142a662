package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestInquiries(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Post("settings/Livechat_accept_chats_with_no_agents", `{"value":true}`).Is("success", true)
		rid := d.C.Chat("v1", "SAC")
		second := d.C.Chat("v2", "SAC")
		a := d.Root.Call("GET", "livechat/inquiries.list", "")
		a.Is("total", 2.0)
		a.Is("inquiries.0._id", second)
		a.Is("inquiries.1.status", "queued")
		d.Root.Call("GET", "livechat/inquiries.list?department=Other", "").Is("total", 0.0)
		d.Root.Call("GET", "livechat/inquiries.list?department=SAC&count=1", "").Is("count", 1.0)
		d.Ana.Call("GET", "livechat/inquiries.list", "").Is("success", false)
		d.Ana.Call("GET", "livechat/inquiries.queuedForUser", "").Is("total", 2.0)
		d.Bob.Call("GET", "livechat/inquiries.queuedForUser", "").Is("total", 0.0)
		// Who asks for an agent is in that agent's list, whatever the department.
		d.C.Call("POST", "livechat/visitor", `{"visitor":{"token":"asks","department":"SAC"}}`).Is("success", true)
		asks := d.C.Call("GET", "livechat/room?token=asks&agentId="+string(d.BobID), "").Get("room._id")
		a = d.Bob.Call("GET", "livechat/inquiries.queuedForUser", "")
		a.Is("total", 1.0)
		a.Is("inquiries.0.rid", asks)
		a.Is("inquiries.0.defaultAgent.username", "bob")
		d.C.Post("livechat/room.close", `{"token":"asks","rid":%q}`, asks).Is("success", true)
		d.Bob.Call("GET", "livechat/inquiries.queued?department=SAC", "").Want(400, contracttest.Plain("error-not-authorized"))
		d.Ana.Call("GET", "livechat/inquiries.getOne?roomId=none", "").Want(200, `{"inquiry":null,"success":true}`)
		d.Ana.Call("GET", "livechat/inquiries.getOne", "").Is("errorType", "invalid-params")
		a = d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "")
		a.Is("inquiry.rid", rid)
		a.Is("inquiry.name", "Name of v1")
		a.Is("inquiry.priorityWeight", 99.0)

		// Priorities and service levels order the queue.
		d.Root.Call("GET", "livechat/priorities", "").Is("total", 5.0)
		d.Root.Call("GET", "livechat/priorities?text=hest", "").Is("priorities.0._id", "highest")
		d.Root.Call("GET", "livechat/priorities/none", "").Want(404, contracttest.Plain("Priority with id none not found"))
		d.Root.Call("PUT", "livechat/priorities/high", `{"name":"Gold"}`).Want(200, contracttest.OK(""))
		d.Root.Call("PUT", "livechat/priorities/low", `{"name":"gold"}`).Want(400, contracttest.Plain("error-duplicate-priority-name"))
		d.Root.Call("PUT", "livechat/priorities/none", `{"name":"x"}`).Want(400, contracttest.Plain("error-unable-to-update-priority"))
		d.Root.Call("PUT", "livechat/priorities/low", `{}`).Is("errorType", "invalid-params")
		d.Root.Call("PUT", "livechat/priorities/low", `{"name":"x","reset":true}`).Is("errorType", "invalid-params")
		d.Root.Call("GET", "livechat/priority/high", "").Is("dirty", true)
		d.Root.Call("GET", "livechat/priorities.reset", "").Want(200, `{"reset":true,"success":true}`)
		d.Root.Call("POST", "livechat/priorities.reset", "").Want(200, contracttest.OK(""))
		d.Root.Call("POST", "livechat/priorities.reset", "").Want(400, `{"success":false}`)
		d.Ana.Call("PUT", "livechat/priorities/high", `{"name":"x"}`).Is("success", false)
		d.Ana.Post("livechat/room/none/priority", `{"priorityId":"high"}`).Want(400, contracttest.Plain("error-room-does-not-exist"))
		d.Ana.Post("livechat/room/"+second+"/priority", `{"priorityId":"none"}`).Want(400, contracttest.Plain("error-invalid-priority"))
		d.Ana.Post("livechat/room/"+second+"/priority", `{"priorityId":"high"}`).Is("priorityId", "high")
		d.Root.Call("GET", "livechat/rooms?priorityId=high", "").Is("rooms.0.priorityWeight", 2.0)
		d.Ana.Call("DELETE", "livechat/rooms/"+second+"/priority", "").Is("success", true)
		d.Root.Call("GET", "livechat/rooms?priorityId=high", "").Is("total", 0.0)
		a = d.Root.Post("livechat/sla", `{"name":"Fast","description":"d","dueTimeInMinutes":5}`)
		a.Is("sla.dueTimeInMinutes", 5.0)
		sla := fmt.Sprint(a.Get("sla._id"))
		d.Root.Post("livechat/sla", `{"name":"Fast","dueTimeInMinutes":9}`).Want(400, contracttest.Plain("error-duplicated-sla"))
		d.Root.Post("livechat/sla", `{"name":"","dueTimeInMinutes":9}`).Is("errorType", "invalid-params")
		d.Root.Post("livechat/sla", `{"name":"x","dueTimeInMinutes":"y"}`).Is("errorType", "invalid-params")
		d.Root.Call("PUT", "livechat/sla/"+sla, `{"name":"Faster","dueTimeInMinutes":4}`).Is("sla.name", "Faster")
		d.Root.Call("GET", "livechat/sla?text=faster", "").Is("sla.0._id", sla)
		d.Ana.Call("GET", "livechat/sla/"+sla, "").Is("dueTimeInMinutes", 4.0)
		d.Ana.Call("GET", "livechat/sla/none", "").Want(404, contracttest.Plain("SLA with id none not found"))
		set := func(body string) contracttest.Answer { return d.Ana.Call("PUT", "livechat/inquiry.setSLA", body) }
		set(`{"sla":"x"}`).Want(400, contracttest.Plain("The 'roomId' param is required"))
		set(`{"roomId":"none","sla":"x"}`).Want(400, contracttest.Plain("error-invalid-inquiry"))
		set(`{"roomId":"`+rid+`","sla":"x"}`).Want(400, contracttest.Plain("error-invalid-sla"))
		set(`{"roomId":"`+rid+`","sla":"`+sla+`"}`).Want(200, contracttest.OK(""))
		d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Is("inquiry.estimatedWaitingTimeQueue", 4.0)
		// The longest service level; what an agent may take comes in the order of serving.
		long := fmt.Sprint(d.Root.Post("livechat/sla", `{"name":"Long","dueTimeInMinutes":9999999}`).Get("sla._id"))
		d.Root.Post("livechat/sla", `{"name":"Longer","dueTimeInMinutes":10000000}`).Is("errorType", "invalid-params")
		set(`{"roomId":"`+second+`","sla":"`+long+`"}`).Want(200, contracttest.OK(""))
		d.Ana.Post("livechat/room/"+second+"/priority", `{"priorityId":"high"}`).Is("success", true)
		d.Ana.Call("GET", "livechat/inquiries.queuedForUser", "").Is("inquiries.0.rid", rid)
		d.Root.Option("Omnichannel_sorting_mechanism", `"Priority"`)
		d.Ana.Call("GET", "livechat/inquiries.queuedForUser?department=SAC", "").Is("inquiries.0.rid", second)
		d.Root.Option("Omnichannel_sorting_mechanism", `"SLAs"`)
		d.Ana.Call("GET", "livechat/inquiries.queuedForUser", "").Is("inquiries.0.rid", rid)
		d.Root.Call("DELETE", "livechat/sla/"+sla, "").Want(200, contracttest.OK(""))
		d.Ana.Call("GET", "livechat/inquiries.queuedForUser", "").Is("inquiries.0.rid", second)
		d.Root.Option("Omnichannel_sorting_mechanism", `"Timestamp"`)
		d.Root.Call("DELETE", "livechat/sla/"+long, "").Want(200, contracttest.OK(""))
		d.Ana.Call("DELETE", "livechat/rooms/"+second+"/priority", "").Is("success", true)
		d.Root.Call("DELETE", "livechat/sla/"+sla, "").Want(400, contracttest.Plain("SLA with id "+sla+" not found"))
		d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Is("inquiry.slaId", nil)

		take := func(c *contracttest.Client, body string) contracttest.Answer {
			return c.Call("POST", "livechat/inquiries.take", body)
		}
		take(d.Ana, `{"inquiryId":{"x":1}}`).Is("errorType", "invalid-params")
		take(d.Ana, `{"inquiryId":"`+rid+`","userId":"none"}`).Want(400, contracttest.Plain("The user is invalid"))
		take(d.Ana, `{"inquiryId":"none"}`).Is("errorType", "error-not-found")
		take(d.Bob, `{"inquiryId":"`+rid+`"}`).Is("errorType", "error-not-found")
		take(d.Ana, `{"inquiryId":"`+rid+`"}`).Is("errorType", "error-agent-status-service-offline")
		d.Root.Post("settings/Livechat_Routing_Method", `{"value":"Manual_Selection"}`).Is("success", true)
		d.Ana.There()
		take(d.Ana, `{"inquiryId":"`+rid+`"}`)
		take(d.Ana, `{"inquiryId":"`+rid+`"}`).Is("errorType", "error-inquiry-taken")
		a = d.Root.Call("GET", "livechat/queue", "")
		a.Is("queue.0.user.username", "ana")
		a.Is("queue.0.department.name", "SAC")
		d.Root.Call("GET", "livechat/queue?departmentId="+string(d.Other), "").Is("total", 0.0)
		d.Root.Call("GET", "livechat/queue?agentId="+string(d.BobID)+"&includeOfflineAgents=true", "").Is("total", 0.0)

		// What belongs to a room.
		visitor := fmt.Sprint(d.Root.Call("GET", "livechat/rooms?agents[]=ana&roomName=v1", "").Get("rooms.0.v._id"))
		save := func(c *contracttest.Client, guest, room string) contracttest.Answer {
			return c.Call("POST", "livechat/room.saveInfo", `{"guestData":`+guest+`,"roomData":`+room+`}`)
		}
		save(d.Ana, `"x"`, `{"_id":"x"}`).Is("errorType", "invalid-params")
		save(d.Ana, `{"_id":"x"}`, `{"_id":"none"}`).Want(400, contracttest.Plain("error-invalid-room"))
		save(d.Ana, `{"_id":"x"}`, `{"_id":"`+rid+`"}`).Want(400, contracttest.Plain("error-invalid-visitor"))
		save(d.Bob, `{"_id":"x"}`, `{"_id":"`+rid+`"}`).Want(403, contracttest.Plain("unauthorized"))
		save(d.Ana, `{"_id":"`+visitor+`","name":"New name","email":"n@x.test"}`, `{"_id":"`+rid+`","topic":"<b>T</b>","tags":["a","b"],"priorityId":"high"}`).Want(200, contracttest.OK(""))
		a = d.Root.Call("GET", "livechat/rooms?roomName=new", "")
		a.Is("rooms.0.topic", "<b>T</b>")
		a.Is("rooms.0.tags.1", "b")
		a.Is("rooms.0.fname", "New name")
		a.Is("rooms.0.priorityId", "high")
		save(d.Ana, `{"_id":"`+visitor+`"}`, `{"_id":"`+rid+`","topic":"","tags":[],"priorityId":""}`).Want(200, contracttest.OK(""))
		a = d.Root.Call("GET", "livechat/rooms?roomName=new", "")
		a.Is("rooms.0.topic", nil)
		a.Is("rooms.0.tags", nil)
		a.Is("rooms.0.priorityId", nil)

		if got := d.Ana.Bridged("livechat:closeRoom", `"`+rid+`","bye",{}`); got != `{"id":"1","msg":"result","result":true}` {
			t.Error(got)
		}
		if got := d.Root.Bridged("livechat:removeRoom", `"`+rid+`"`); got != `{"id":"1","msg":"result","result":true}` {
			t.Error(got)
		}
		d.C.Call("POST", "livechat/visitor", `{"visitor":{"token":"v3"}}`).Is("success", true)
		d.C.Call("GET", "livechat/room?token=v3&priority=none", "").Is("errorType", "error-invalid-priority")
		d.C.Call("GET", "livechat/room?token=v3&sla=none", "").Is("errorType", "error-invalid-sla")
		d.C.Call("GET", "livechat/room?token=v3&priority=Low", "").Is("room.priorityId", "low")
	})
}
