package guest_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
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
	c, root, ana := contracttest.Staffed(t, s)
	rid := c.Room("vera")
	a := c.Call("POST", "livechat/room.survey", fmt.Sprintf(`{"token":"vera","rid":%q,"data":[{"name":"satisfaction","value":"5"},{"name":"none","value":"1"},{"name":"additionalFeedback","value":"<b>Good"}]}`, rid))
	a.Want(200, fmt.Sprintf(`{"data":{"additionalFeedback":"\u003cb\u003eGood","satisfaction":"5"},"rid":%q,"success":true}`, rid))
	c.Call("POST", "livechat/room.survey", fmt.Sprintf(`{"token":"vera","rid":%q,"data":[{"name":"satisfaction","value":"6"}]}`, rid)).Want(400, `{"error":"invalid-data","success":false}`)
	c.Call("POST", "livechat/room.survey", `{"token":"vera","rid":"none","data":[{"name":"x","value":"6"}]}`).Want(400, `{"error":"invalid-room","success":false}`)
	c.Call("POST", "livechat/room.survey", `{"token":"vera","rid":"none","data":[]}`).Is("errorType", "invalid-params")

	path, wish := "livechat/transcript/"+rid, `{"email":"v@site.test","subject":"Your chat"}`
	c.Call("POST", path, wish).Want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
	if got := ana.Call("POST", path, wish).Status; got != 403 {
		t.Fatal(got)
	}
	root.Call("DELETE", path, "").Want(400, `{"error":"error-transcript-not-requested","success":false}`)
	root.Call("POST", path, `{"email":"v@site.test"}`).Is("errorType", "invalid-params")
	root.Call("POST", "livechat/transcript/none", wish).Is("errorType", "error-invalid-room")
	root.Call("POST", path, wish).Want(200, `{"success":true}`)
	root.Call("POST", path, wish).Is("errorType", "error-transcript-already-requested")
	root.Call("DELETE", path, "").Want(200, `{"success":true}`)
	root.Call("POST", path, wish).Want(200, `{"success":true}`)
	root.Option("Omnichannel_allow_visitors_to_close_conversation", "false")
	c.Call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).Want(400, `{"error":"error-not-allowed-to-close-conversation","success":false}`)
	root.Option("Omnichannel_allow_visitors_to_close_conversation", "true")
	c.Call("POST", "livechat/room.close", fmt.Sprintf(`{"token":"vera","rid":%q}`, rid)).Is("success", true)
	// The job that mails the record comes to the mail server.
	conn, err := mail.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close() // it has come, which is all
	root.Call("DELETE", path, "").Want(400, `{"error":"error-invalid-room","success":false}`)
}
