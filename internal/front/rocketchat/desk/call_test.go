package desk_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestCallsInRooms(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "SAC")
		ring := func() contracttest.Answer { return d.Ana.Call("GET", "livechat/webrtc.call?rid="+rid, "") }
		ring().Want(400, contracttest.Plain("webRTC calling not enabled"))
		d.Root.Option("WebRTC_Enabled", "true")
		d.Root.Option("Omnichannel_call_provider", `"default-provider"`)
		ring().Want(400, contracttest.Plain("webRTC calling not enabled"))
		d.Root.Option("Omnichannel_call_provider", `"WebRTC"`)
		d.Ana.Call("GET", "livechat/webrtc.call?rid=none", "").Want(400, contracttest.Plain("invalid-room"))
		d.Ana.Call("GET", "livechat/webrtc.call", "").Is("errorType", "invalid-params")
		ring().Want(200, fmt.Sprintf(`{"videoCall":{"callStatus":"ringing","provider":"webrtc","rid":%q},"success":true}`, rid))
		a := d.C.Call("GET", "livechat/messages.history/"+rid+"?token=vera", "")
		a.Is("messages.0.t", "livechat_webrtc_video_call")
		call := fmt.Sprint(a.Get("messages.0._id"))
		d.C.Say("vera", rid, "m1", "hello").Is("success", true)
		for path, want := range map[string]string{"none": "invalid-callId", "m1": "invalid-callId"} {
			d.Ana.Call("PUT", "livechat/webrtc.call/"+path, fmt.Sprintf(`{"rid":%q,"status":"x"}`, rid)).Want(400, contracttest.Plain(want))
		}
		d.Ana.Call("PUT", "livechat/webrtc.call/"+call, `{"rid":"none","status":"x"}`).Want(400, contracttest.Plain("invalid-room"))
		d.Ana.Call("PUT", "livechat/webrtc.call/"+call, fmt.Sprintf(`{"rid":%q,"status":"<b>\u0000"}`, rid)).Is("errorType", "invalid-params")
		d.Ana.Call("PUT", "livechat/webrtc.call/"+call, fmt.Sprintf(`{"rid":%q,"status":"inProgress"}`, rid)).Want(200, `{"status":"inProgress","success":true}`)
		ring().Is("videoCall.callStatus", "inProgress")
		d.C.Post("livechat/visitor.callStatus", `{"token":"vera","rid":%q,"callStatus":"ended","callId":"x"}`, rid).Is("callStatus", "ended")
		d.Ana.Call("GET", "rooms.info?roomId="+rid, "").Is("room.callStatus", "ended")
		d.C.Call("GET", "livechat/config?token=vera", "").Is("config.room.callStatus", "ended")
		ring().Is("videoCall.callStatus", "ringing")
		d.Root.Post("permissions.update", `{"permissions":[{"_id":"view-l-room","roles":["bot"]}]}`).Is("success", true)
		ring().Is("success", false)
		d.Ana.Call("PUT", "livechat/webrtc.call/"+call, `{}`).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
	})
}

func TestVisitorsWhoWereAnsweredAreActive(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "SAC")
		info := func() contracttest.Answer { return d.Root.Call("GET", "channels.info?roomId="+rid, "") }
		info().Is("channel.v.activity", nil)
		d.C.Say("vera", rid, "m1", "anybody?").Is("success", true)
		person := fmt.Sprint(info().Get("channel.v.contactId"))
		contact := func() contracttest.Answer {
			return d.Root.Call("GET", "omnichannel/contacts.get?contactId="+person, "")
		}
		contact().Is("contact.activity", nil)
		d.Ana.Method("sendMessage", fmt.Sprintf(`[{"rid":%q,"msg":"me"}]`, rid)).Is("result.msg", "me")
		month := time.Now().UTC().Format("2006-01")
		info().Is("channel.v.activity", "["+month+"]")
		contact().Is("contact.activity", "["+month+"]")
		d.Root.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"done"}`, rid).Is("success", true)
		a := d.C.Call("GET", "livechat/room?token=vera", "")
		a.Is("newRoom", true)
		a.Is("room.v.activity", "["+month+"]")
		d.Root.Call("GET", "livechat/inquiries.getOne?roomId="+fmt.Sprint(a.Get("room._id")), "").Is("inquiry.v.activity", "["+month+"]")
	})
}

func TestMessagesAreQuoted(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid, other := d.C.Chat("vera", "SAC"), d.C.Chat("otto", "SAC")
		d.Ana.Method("sendMessage", fmt.Sprintf(`[{"_id":"a1","rid":%q,"msg":"Is it <b>red</b>?"}]`, rid)).Is("result._id", "a1")
		d.Ana.Method("sendMessage", fmt.Sprintf(`[{"_id":"b1","rid":%q,"msg":"secret"}]`, other)).Is("result._id", "b1")
		link := "https://chat.test/live/" + rid + "?msg=a1"
		text := "[" + link + "](yes, it is)"
		a := d.C.Say("vera", rid, "m1", text)
		a.Is("message.msg", text)
		a.Is("message.attachments.0.message_link", link)
		a.Is("message.attachments.0.text", "Is it <b>red</b>?")
		a.Is("message.attachments.0.author_name", "ana")
		a.Is("message.attachments.1", nil)
		d.C.Call("GET", "livechat/message/m1?token=vera&rid="+rid, "").Is("message.attachments.0.text", "Is it <b>red</b>?")
		for i, link := range []string{"https://chat.test/live/" + other + "?msg=b1", "https://chat.test/live/" + rid + "?msg=b1", "https://chat.test/live/" + rid + "?msg=none",
			"javascript://chat.test/live/" + rid + "?msg=a1", "?msg=a1"} {
			d.C.Say("vera", rid, fmt.Sprint("n", i), link).Is("message.attachments", nil)
		}
	})
}
