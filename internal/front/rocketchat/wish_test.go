package rocketchat_test

import (
	"fmt"
	"net"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"testing"
	"time"

	"parlor/internal/server/servertest"
)

func TestWishesAtTheEndOfARoom(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{store.SQLite, store.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			mail, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = mail.Close() }) // the last use of it
			if err := mail.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{"smtp-server": mail.Addr().String(), "smtp-from": "desk@shop.test", "smtp-tls": "off"}
			if engine == store.Postgres {
				settings["database"] = storetest.PostgresDSN(t)
			}
			wishes(t, servertest.Start(t, settings), mail)
		})
	}
}

// wishes goes through what may be wished for at the end of a room.
func wishes(t *testing.T, s *servertest.Instance, mail net.Listener) {
	c, root, ana := staffed(t, s)
	rid := c.room("vera")
	a := c.call("POST", "livechat/room.survey", fmt.Sprintf(`{"token":"vera","rid":%q,"data":[{"name":"satisfaction","value":"5"},{"name":"none","value":"1"},{"name":"additionalFeedback","value":"<b>Good"}]}`, rid))
	a.want(200, fmt.Sprintf(`{"data":{"additionalFeedback":"\u003cb\u003eGood","satisfaction":"5"},"rid":%q,"success":true}`, rid))
	c.call("POST", "livechat/room.survey", fmt.Sprintf(`{"token":"vera","rid":%q,"data":[{"name":"satisfaction","value":"6"}]}`, rid)).want(400, `{"error":"invalid-data","success":false}`)
	c.call("POST", "livechat/room.survey", `{"token":"vera","rid":"none","data":[{"name":"x","value":"6"}]}`).want(400, `{"error":"invalid-room","success":false}`)
	c.call("POST", "livechat/room.survey", `{"token":"vera","rid":"none","data":[]}`).is("errorType", "invalid-params")

	path, wish := "livechat/transcript/"+rid, `{"email":"v@site.test","subject":"Your chat"}`
	c.call("POST", path, wish).want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
	if got := ana.call("POST", path, wish).status; got != 403 {
		t.Fatal(got)
	}
	root.call("DELETE", path, "").want(400, `{"error":"error-transcript-not-requested","success":false}`)
	root.call("POST", path, `{"email":"v@site.test"}`).is("errorType", "invalid-params")
	root.call("POST", "livechat/transcript/none", wish).is("errorType", "error-invalid-room")
	root.call("POST", path, wish).want(200, `{"success":true}`)
	root.call("POST", path, wish).is("errorType", "error-transcript-already-requested")
	root.call("DELETE", path, "").want(200, `{"success":true}`)
	root.call("POST", path, wish).want(200, `{"success":true}`)
	root.option("Omnichannel_allow_visitors_to_close_conversation", "false")
	c.call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).want(400, `{"error":"error-not-allowed-to-close-conversation","success":false}`)
	root.option("Omnichannel_allow_visitors_to_close_conversation", "true")
	c.call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).is("success", true)
	// The job that mails the record comes to the mail server.
	conn, err := mail.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // it has come, which is all
	root.call("DELETE", path, "").want(400, `{"error":"error-invalid-room","success":false}`)
}
