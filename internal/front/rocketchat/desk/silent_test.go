package desk_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestSilentAgentsLoseTheirRooms: Livechat_auto_transfer_chat_timeout.
func TestSilentAgentsLoseTheirRooms(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "")
		d.Bob.There()
		d.Root.Option("Livechat_auto_transfer_chat_timeout", "1")
		d.Root.Call("GET", "settings/Livechat_auto_transfer_chat_timeout", "").Is("value", 1)
		by := func(want string) contracttest.Answer {
			for end := time.Now().Add(20 * time.Second); ; {
				a := d.Root.Call("GET", "rooms.info?roomId="+rid, "")
				if fmt.Sprint(a.Get("room.servedBy.username")) == want {
					return a
				}
				if time.Now().After(end) {
					t.Fatal(a.Text)
				}
			}
		}
		by("bob")
		a := d.Root.Call("GET", "livechat/transfer.history/"+rid, "")
		a.Is("total", 1)
		a.Is("history.0.scope", "autoTransferUnansweredChatsToAgent")
		a.Is("history.0.comment", "1")
		a.Is("history.0.transferredBy.username", "rocket.cat")
		a.Is("history.0.transferredTo.username", "bob")

		// Without a rule that chooses, it goes back to the queue.
		d.Root.Option("Livechat_Routing_Method", `"Manual_Selection"`)
		rid = d.C.Chat("otto", "")
		inquiry := fmt.Sprint(d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Get("inquiry._id"))
		d.Ana.Post("livechat/inquiries.take", `{"inquiryId":%q}`, inquiry).Want(200, `{"success":true}`)
		by("ana")
		by("<nil>")
		a = d.Root.Call("GET", "livechat/transfer.history/"+rid, "")
		a.Is("history.0.scope", "autoTransferUnansweredChatsToQueue")
	})
}
