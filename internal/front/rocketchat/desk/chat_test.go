package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestAgentsWriteOverREST(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, _, ana := contracttest.Staffed(t, s)
		s.Agent("bob@example.com", account.Member)
		bob := c.LogIn("bob")
		rid := c.Room("vera")
		since := fmt.Sprint(c.Call("GET", "livechat/room?token=vera", "").Get("room.ts"))
		a := ana.Call("POST", "chat.sendMessage", fmt.Sprintf(`{"message":{"_id":"a1","rid":%q,"msg":"<b>Hello</b>"}}`, rid))
		a.Is("message._id", "a1")
		a.Is("message.u.username", "ana")
		a.Is("message.token", nil)
		a = ana.Call("POST", "chat.postMessage", fmt.Sprintf(`{"roomId":%q,"text":"Anything else?"}`, rid))
		a.Is("channel", rid)
		posted := fmt.Sprint(a.Get("message._id"))
		c.Say("vera", rid, "v1", "No").Is("success", true)
		ana.Call("GET", "chat.getMessage?msgId=a1", "").Is("message.msg", "<b>Hello</b>")
		ana.Call("GET", "chat.getMessage?msgId="+posted, "").Is("message.msg", "Anything else?")
		ana.Call("GET", "chat.getMessage?msgId=none", "").Want(400, `{"success":false}`)
		ana.Call("POST", "chat.update", fmt.Sprintf(`{"roomId":%q,"msgId":"a1","text":"Hello"}`, rid)).Is("message.msg", "Hello")
		ana.Call("POST", "chat.update", fmt.Sprintf(`{"roomId":%q,"msgId":"v1","text":"Yes"}`, rid)).Is("error", "error-action-not-allowed")
		ana.Call("POST", "chat.delete", fmt.Sprintf(`{"roomId":%q,"msgId":%q}`, rid, posted)).Is("_id", posted)
		ana.Call("POST", "chat.delete", fmt.Sprintf(`{"roomId":%q,"msgId":"none"}`, rid)).Is("success", false)
		a = ana.Call("GET", "chat.syncMessages?roomId="+rid+"&lastUpdate="+since, "")
		a.Is("result.deleted.0._id", posted)
		a.Is("result.updated.1._id", "a1")
		a.Is("result.updated.2._id", "v1")
		ana.Call("GET", "chat.syncMessages?roomId="+rid+"&lastUpdate=never", "").Is("errorType", "error-lastUpdate-param-invalid")

		ana.Call("GET", "rooms.info?roomId="+rid, "").Is("room.servedBy.username", "ana")
		ana.Call("GET", "channels.info?roomId="+rid, "").Is("channel.t", "l")
		ana.Call("GET", "rooms.info", "").Is("errorType", "error-roomid-param-not-provided")
		ana.Call("GET", "rooms.info?roomId=none", "").Is("errorType", "error-room-not-found")
		ana.Call("GET", "rooms.get", "").Is("update.0._id", rid)
		a = ana.Call("GET", "subscriptions.get", "")
		a.Is("update.0.rid", rid)
		a.Is("update.0.unread", 1)
		a.Is("update.0.v.token", "vera")
		ana.Call("POST", "subscriptions.read", fmt.Sprintf(`{"rid":%q}`, rid)).Want(200, `{"success":true}`)
		ana.Call("GET", "subscriptions.getOne?roomId="+rid, "").Is("subscription.unread", 0)
		bob.Call("GET", "subscriptions.getOne?roomId="+rid, "").Is("subscription", nil)
		bob.Call("POST", "chat.sendMessage", fmt.Sprintf(`{"message":{"rid":%q,"msg":"x"}}`, rid)).Is("success", false)
		bob.Call("GET", "rooms.info?roomId="+rid, "").Is("success", false)

		a = ana.Upload("rooms.upload/"+rid, "square.png", contracttest.Square(t))
		a.Is("message.file.type", "image/png")
		file := fmt.Sprint(ana.Upload("rooms.media/"+rid, "square.png", contracttest.Square(t)).Get("file._id"))
		ana.Call("POST", "rooms.mediaConfirm/"+rid+"/"+file, `{"msg":"a square"}`).Is("message.msg", "a square")
		ana.Call("POST", "rooms.mediaConfirm/"+rid+"/none", `{}`).Is("errorType", "invalid-file")
		c.Call("GET", "livechat/messages.history/"+rid+"?token=vera", "").Is("messages.0.file._id", file)

		bridge := func(who *contracttest.Client, name, params string) contracttest.Answer {
			a := who.Call("POST", "method.call/"+name, fmt.Sprintf(`{"message":%q}`, fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":%s}`, name, params)))
			a.Is("success", true)
			return contracttest.Answer{T: t, Text: fmt.Sprint(a.Get("message"))}
		}
		bridge(ana, "sendMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q,"msg":"by method"}]`, rid)).Is("result._id", "a2")
		bridge(ana, "updateMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q,"msg":"changed"}]`, rid)).Is("error", nil)
		ana.Call("GET", "chat.getMessage?msgId=a2", "").Is("message.msg", "changed")
		bridge(ana, "deleteMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q}]`, rid)).Is("error", nil)
		bridge(ana, "readMessages", fmt.Sprintf(`[%q]`, rid)).Is("error", nil)
		bridge(ana, "livechat:registerGuest", `[{"token":"otto","name":"Otto"}]`).Is("result.visitor.token", "otto")
		bridge(ana, "livechat:registerGuest", `[{"token":" "}]`).Is("error.error", "error-invalid-token")
		bridge(ana, "livechat:loginByToken", `["vera"]`).Is("error", nil)
		bridge(ana, "livechat:loadHistory", fmt.Sprintf(`[{"token":"vera","rid":%q,"limit":1}]`, rid)).Is("result.messages.1", nil)
		bridge(ana, "livechat:loadHistory", `[{"token":"vera","rid":"none"}]`).Is("error.error", "invalid-room")
		bridge(ana, "livechat:loadHistory", `[{"token":"none","rid":"none"}]`).Is("error.error", "invalid-visitor")
		c.Call("GET", "info", "").Is("version", contract.Version)

		for _, x := range []struct{ method, path, body, want string }{
			{"POST", "chat.sendMessage", `{}`, "must have required property 'message' [invalid-params]"},
			{"POST", "chat.sendMessage", `{"message":{"rid":[]}}`, "must be string [invalid-params]"},
			{"POST", "chat.postMessage", `{"text":"x"}`, "must have required property 'roomId' [invalid-params]"},
			{"POST", "chat.update", `{"roomId":"x"}`, "must have required property 'msgId' [invalid-params]"},
			{"POST", "chat.delete", `{"roomId":{},"msgId":"x"}`, "must be string [invalid-params]"},
			{"GET", "chat.getMessage", ``, "must have required property 'msgId' [invalid-params]"},
			{"GET", "subscriptions.getOne", ``, "must have required property 'roomId' [invalid-params]"},
			{"POST", "rooms.upload/" + rid, `{}`, "must be multipart [invalid-params]"},
		} {
			ana.Call(x.method, x.path, x.body).Is("error", x.want)
			if status := c.Call(x.method, x.path, x.body).Status; status != 401 {
				t.Errorf("%s without a login gave %d", x.path, status)
			}
		}
	})
}
