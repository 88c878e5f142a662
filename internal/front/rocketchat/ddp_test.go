package rocketchat_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/server/servertest"
	"parlor/internal/wsconn/wstest"
)

// live is a realtime connection in a test.
type live struct {
	t *testing.T
	c *wstest.Client
}

func connect(t *testing.T, s *servertest.Instance) *live {
	t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Conn.Close() }) // the server may have closed it
	l := &live{t, c}
	l.send(`{"msg":"connect","version":"1","support":["1"]}`)
	if l.next("connected").get("session") == "" {
		t.Fatal("no session")
	}
	return l
}

func (l *live) send(text string) {
	l.t.Helper()
	if err := l.c.Text(text); err != nil {
		l.t.Fatal(err)
	}
}

// next reads frames until one of a kind whose text holds all of the words.
func (l *live) next(msg string, words ...string) answer {
	l.t.Helper()
	if err := l.c.Conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		l.t.Fatal(err)
	}
	for {
		b, err := l.c.ReadText()
		if err != nil {
			l.t.Fatalf("waiting for %s %v: %v", msg, words, err)
		}
		var m struct{ Msg string }
		if err := json.Unmarshal([]byte(b), &m); err != nil {
			l.t.Fatal(err)
		}
		found := m.Msg == msg
		for _, w := range words {
			found = found && strings.Contains(b, w)
		}
		if found {
			return answer{t: l.t, text: b}
		}
	}
}

// sub subscribes to a stream and waits for the answer.
func (l *live) sub(id, stream, name, token, want string) {
	l.t.Helper()
	l.send(fmt.Sprintf(`{"msg":"sub","id":%q,"name":"stream-%s","params":[%q,{"useCollection":false,"args":[{"token":%q,"visitorToken":%q}]}]}`, id, stream, name, token, token))
	l.next(want, `"`+id+`"`)
}

// call calls a method.
func (l *live) call(id, method, params string) answer {
	l.t.Helper()
	l.send(fmt.Sprintf(`{"msg":"method","id":%q,"method":%q,"params":%s}`, id, method, params))
	return l.next("result", `"id":"`+id+`"`)
}

func TestRealtimeOfAVisitorAndAnAgent(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c := &client{t: t, s: s}
		s.Agent("root@example.com", account.Admin)
		ana := s.Agent("ana@example.com", account.Member)
		agent := connect(t, s)
		agent.call("1", "login", `[{"user":{"username":"ana"},"password":"wrong password"}]`).is("error.error", "403")
		agent.call("2", "livechat:addAgent", `["ana"]`).is("error.errorType", "Meteor.Error")
		a := agent.call("3", "login", fmt.Sprintf(`[{"user":{"username":"ana"},"password":{"digest":%q,"algorithm":"sha-256"}}]`, account.Digest(servertest.Password)))
		a.is("result.id", string(ana.ID))
		token := fmt.Sprint(a.get("result.token"))
		c.logIn("ana").call("POST", "livechat/agent.status", `{"status":"available"}`).is("success", true)
		agent.send(`{"msg":"sub","id":"mine","name":"stream-room-messages","params":["__my_messages__",false]}`)
		agent.next("ready", "mine")
		agent.sub("subs", "notify-user", string(ana.ID)+"/subscriptions-changed", "", "ready")
		agent.sub("other", "notify-user", "somebody/rooms-changed", "", "nosub")

		rid := c.room("vera")
		agent.next("changed", "subscriptions-changed", rid, `"inserted"`)
		agent.sub("r", "room-messages", rid, "", "ready")
		agent.sub("ra", "notify-room", rid+"/user-activity", "", "ready")
		guest := connect(t, s)
		guest.sub("m", "room-messages", rid, "vera", "ready")
		guest.sub("d", "notify-room", rid+"/deleteMessage", "vera", "ready")
		guest.sub("t", "notify-room", rid+"/user-activity", "vera", "ready")
		guest.sub("l", "livechat-room", rid, "vera", "ready")
		guest.sub("l", "livechat-room", rid, "vera", "ready")
		guest.sub("q", "livechat-room", rid, "", "nosub")
		guest.sub("x", "room-messages", rid, "otto", "nosub")
		guest.sub("y", "livechat-inquiry-queue-observer", "public", "vera", "nosub")
		guest.sub("z", "something-else", "public", "", "ready")

		c.say("vera", rid, "m1", "Hi 👋").is("success", true)
		agent.next("changed", "__my_messages__", "Hi 👋", `"$date"`)
		guest.next("changed", "stream-room-messages", "Hi 👋", `"m1"`)
		agent.call("4", "sendMessage", fmt.Sprintf(`[{"_id":"a1","rid":%q,"msg":"Hello <b>"}]`, rid)).is("result._id", "a1")
		a = guest.next("changed", "stream-room-messages", `"a1"`)
		a.is("fields.args.0.u.username", "ana")
		a.is("fields.eventName", rid)
		c.call("PUT", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q,"msg":"Hi there"}`, rid)).is("success", true)
		agent.next("changed", `"`+rid+`"`, "Hi there", "editedAt")
		guest.next("changed", "Hi there", "editedAt")
		c.call("DELETE", "livechat/message/m1", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).is("success", true)
		guest.next("changed", "deleteMessage", `"m1"`)

		guest.call("5", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","guest-1",["user-typing"],{"token":"vera"}]`, rid))
		agent.next("changed", "user-activity", "user-typing")
		guest.call("6", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","guest-1",["user-typing"],{"token":"otto"}]`, rid)).is("error.error", "not-allowed")
		agent.call("7", "stream-notify-room", fmt.Sprintf(`["%s/user-activity","ana",["user-typing"],{}]`, rid))
		guest.next("changed", "user-activity", `"ana"`)
		guest.call("8", "livechat:setUpConnection", `[{"token":"vera"}]`).is("result.token", "vera")

		c.call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).is("success", true)
		guest.next("changed", "livechat-close")
		agent.next("changed", "subscriptions-changed", `"removed"`)
		guest.send(`{"msg":"unsub","id":"m"}`)
		guest.next("nosub", `"m"`)
		guest.sub("m2", "room-messages", rid, "vera", "nosub")
		guest.call("9", "sendMessageLivechat", fmt.Sprintf(`[{"_id":"m9","rid":%q,"msg":"once more","token":"vera"}]`, rid)).is("result.newRoom", true)
		connect(t, s).call("10", "login", fmt.Sprintf(`[{"resume":%q}]`, token)).is("result.type", "resume")
	})
}

func TestRealtimeQueueAndBadFrames(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	c, root, ana := staffed(t, s)
	root.option("Livechat_accept_chats_with_no_agents", "true")
	ana.call("POST", "livechat/agent.status", `{"status":"not-available"}`).is("success", true)
	waiting := c.room("otto")
	l := connect(t, s)
	l.call("1", "login", fmt.Sprintf(`[{"resume":%q}]`, ana.auth[1])).is("result.type", "resume")
	l.sub("q", "livechat-inquiry-queue-observer", "public", "", "ready")
	l.next("changed", "inquiry-queue-observer", waiting, `"added"`)
	fresh := c.room("vera")
	l.next("changed", "inquiry-queue-observer", fresh, `"added"`)
	ana.call("POST", "livechat/agent.status", `{"status":"available"}`).is("success", true)
	l.next("changed", "inquiry-queue-observer", `"removed"`)

	l.send(`{"msg":"ping","id":"p"}`)
	l.next("pong", `"p"`)
	for _, bad := range []string{`[]`, `nonsense`, `{"msg":7}`, `{"msg":"sub","params":{}}`, `{"msg":"strange"}`} {
		l.send(bad)
		l.next("error", "Bad request")
	}
	l.send(`{"msg":"sub","name":"stream-room-messages"}`)
	l.next("nosub")
	l.call("2", "sendMessage", `[{"rid":{}}]`).is("error.errorType", "Match.Error")
	l.call("3", "none", `[]`).is("error.error", 404)
	l.call("4", "stream-notify-room", `[]`).is("error.errorType", "Match.Error")
	l.call("5", "stream-notify-room", `["none/user-activity"]`).is("error.error", "not-allowed")
	l.call("6", "UserPresence:setDefaultStatus", `["offline"]`).is("error", nil)
	ana.call("GET", "users.getStatus", "").is("status", "online") // the socket is still there
	l.call("7", "logout", `[]`).is("error", nil)
	l.call("8", "UserPresence:online", `[]`).is("error.error", "error-not-allowed")
	l.send(`{"msg":"connect","version":"9"}`)
	l.next("failed", `"1"`)
}
