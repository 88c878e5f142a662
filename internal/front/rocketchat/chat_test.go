package rocketchat_test

import (
	"fmt"
	"testing"

	"parlor/internal/account"
	"parlor/internal/front/rocketchat"
	"parlor/internal/server/servertest"
)

func TestAgentsWriteOverREST(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, _, ana := staffed(t, s)
		s.Agent("bob@example.com", account.Member)
		bob := c.logIn("bob")
		rid := c.room("vera")
		since := fmt.Sprint(c.call("GET", "livechat/room?token=vera", "").get("room.ts"))
		a := ana.call("POST", "chat.sendMessage", fmt.Sprintf(`{"message":{"_id":"a1","rid":%q,"msg":"<b>Hello</b>"}}`, rid))
		a.is("message._id", "a1")
		a.is("message.u.username", "ana")
		a.is("message.token", nil)
		a = ana.call("POST", "chat.postMessage", fmt.Sprintf(`{"roomId":%q,"text":"Anything else?"}`, rid))
		a.is("channel", rid)
		posted := fmt.Sprint(a.get("message._id"))
		c.say("vera", rid, "v1", "No").is("success", true)
		ana.call("GET", "chat.getMessage?msgId=a1", "").is("message.msg", "<b>Hello</b>")
		ana.call("GET", "chat.getMessage?msgId="+posted, "").is("message.msg", "Anything else?")
		ana.call("GET", "chat.getMessage?msgId=none", "").want(400, `{"success":false}`)
		ana.call("POST", "chat.update", fmt.Sprintf(`{"roomId":%q,"msgId":"a1","text":"Hello"}`, rid)).is("message.msg", "Hello")
		ana.call("POST", "chat.update", fmt.Sprintf(`{"roomId":%q,"msgId":"v1","text":"Yes"}`, rid)).is("error", "error-action-not-allowed")
		ana.call("POST", "chat.delete", fmt.Sprintf(`{"roomId":%q,"msgId":%q}`, rid, posted)).is("_id", posted)
		ana.call("POST", "chat.delete", fmt.Sprintf(`{"roomId":%q,"msgId":"none"}`, rid)).is("success", false)
		a = ana.call("GET", "chat.syncMessages?roomId="+rid+"&lastUpdate="+since, "")
		a.is("result.deleted.0._id", posted)
		a.is("result.updated.1._id", "a1")
		a.is("result.updated.2._id", "v1")
		ana.call("GET", "chat.syncMessages?roomId="+rid+"&lastUpdate=never", "").is("errorType", "error-lastUpdate-param-invalid")

		ana.call("GET", "rooms.info?roomId="+rid, "").is("room.servedBy.username", "ana")
		ana.call("GET", "channels.info?roomId="+rid, "").is("channel.t", "l")
		ana.call("GET", "rooms.info", "").is("errorType", "error-roomid-param-not-provided")
		ana.call("GET", "rooms.info?roomId=none", "").is("errorType", "error-room-not-found")
		ana.call("GET", "rooms.get", "").is("update.0._id", rid)
		a = ana.call("GET", "subscriptions.get", "")
		a.is("update.0.rid", rid)
		a.is("update.0.unread", 1)
		a.is("update.0.v.token", "vera")
		ana.call("POST", "subscriptions.read", fmt.Sprintf(`{"rid":%q}`, rid)).want(200, `{"success":true}`)
		ana.call("GET", "subscriptions.getOne?roomId="+rid, "").is("subscription.unread", 0)
		bob.call("GET", "subscriptions.getOne?roomId="+rid, "").is("subscription", nil)
		bob.call("POST", "chat.sendMessage", fmt.Sprintf(`{"message":{"rid":%q,"msg":"x"}}`, rid)).is("success", false)
		bob.call("GET", "rooms.info?roomId="+rid, "").is("success", false)

		a = ana.upload("rooms.upload/"+rid, "square.png", square(t))
		a.is("message.file.type", "image/png")
		file := fmt.Sprint(ana.upload("rooms.media/"+rid, "square.png", square(t)).get("file._id"))
		ana.call("POST", "rooms.mediaConfirm/"+rid+"/"+file, `{"msg":"a square"}`).is("message.msg", "a square")
		ana.call("POST", "rooms.mediaConfirm/"+rid+"/none", `{}`).is("errorType", "invalid-file")
		c.call("GET", "livechat/messages.history/"+rid+"?token=vera", "").is("messages.0.file._id", file)

		bridge := func(who *client, name, params string) answer {
			a := who.call("POST", "method.call/"+name, fmt.Sprintf(`{"message":%q}`, fmt.Sprintf(`{"msg":"method","id":"1","method":%q,"params":%s}`, name, params)))
			a.is("success", true)
			return answer{t: t, text: fmt.Sprint(a.get("message"))}
		}
		bridge(ana, "sendMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q,"msg":"by method"}]`, rid)).is("result._id", "a2")
		bridge(ana, "updateMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q,"msg":"changed"}]`, rid)).is("error", nil)
		ana.call("GET", "chat.getMessage?msgId=a2", "").is("message.msg", "changed")
		bridge(ana, "deleteMessage", fmt.Sprintf(`[{"_id":"a2","rid":%q}]`, rid)).is("error", nil)
		bridge(ana, "readMessages", fmt.Sprintf(`[%q]`, rid)).is("error", nil)
		bridge(ana, "livechat:registerGuest", `[{"token":"otto","name":"Otto"}]`).is("result.visitor.token", "otto")
		bridge(ana, "livechat:registerGuest", `[{"token":" "}]`).is("error.error", "error-invalid-token")
		bridge(ana, "livechat:loginByToken", `["vera"]`).is("error", nil)
		bridge(ana, "livechat:loadHistory", fmt.Sprintf(`[{"token":"vera","rid":%q,"limit":1}]`, rid)).is("result.messages.1", nil)
		bridge(ana, "livechat:loadHistory", `[{"token":"vera","rid":"none"}]`).is("error.error", "invalid-room")
		bridge(ana, "livechat:loadHistory", `[{"token":"none","rid":"none"}]`).is("error.error", "invalid-visitor")
		c.call("GET", "info", "").is("version", rocketchat.Version)

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
			ana.call(x.method, x.path, x.body).is("error", x.want)
			if status := c.call(x.method, x.path, x.body).status; status != 401 {
				t.Errorf("%s without a login gave %d", x.path, status)
			}
		}
	})
}
