package desk_test

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestContactsThatNobodyMayServeYet: Livechat_Block_Unknown_Contacts and
// Livechat_Block_Unverified_Contacts, for agents who take and for routing.
func TestContactsThatNobodyMayServeYet(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Root.Option("Livechat_Block_Unknown_Contacts", "true")
		d.Root.Option("Livechat_Block_Unverified_Contacts", "true")
		rid := d.C.Chat("vera", "")
		room := func() contracttest.Answer { return d.Root.Call("GET", "rooms.info?roomId="+rid, "") }
		room().Is("room.servedBy", nil)
		take := func() contracttest.Answer {
			id := fmt.Sprint(d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Get("inquiry._id"))
			return d.Ana.Post("livechat/inquiries.take", `{"inquiryId":%q}`, id)
		}
		take().Want(400, `{"error":"[error-unknown-contact]","errorType":"error-unknown-contact","success":false}`)
		contact := fmt.Sprint(room().Get("room.contactId"))
		d.Root.Post("omnichannel/contacts.update", `{"contactId":%q,"name":"Vera"}`, contact).Is("contact.unknown", false)
		take().Want(400, `{"error":"[error-unverified-contact]","errorType":"error-unverified-contact","success":false}`)

		token := s.Token("root@example.com")
		status, text, _ := s.Call("POST", "/api/parlor/v1/contacts/"+contact+"/verify", fmt.Sprintf(`{"visitor":%q,"source":"api","verified":true}`, room().Get("room.v._id")),
			"Authorization", "Bearer "+token, "Content-Type", "application/json")
		if status != 200 {
			t.Fatal(status, text)
		}
		// It is given out at once.
		for end := time.Now().Add(20 * time.Second); room().Get("room.servedBy.username") != "ana"; {
			if time.Now().After(end) {
				t.Fatal(room().Text)
			}
		}
		d.Ana.Call("GET", "omnichannel/contacts.channels?contactId="+contact, "").Is("channels.0.verified", true)
		status, text, _ = s.Call("POST", "/api/parlor/v1/contacts/"+contact+"/verify", `{"visitor":"x","source":"api","verified":true}`, "Authorization", "Bearer "+token, "Content-Type", "application/json")
		if status != 404 {
			t.Fatal(status, text)
		}
	})
}
