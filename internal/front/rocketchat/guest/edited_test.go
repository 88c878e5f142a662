package guest_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestChangesOfAClosedRoomAreTold: saveInfo of a room that is closed sends
// LivechatEdit once, with what is true then; that of an open one sends nothing.
func TestChangesOfAClosedRoomAreTold(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		_, root, ana := contracttest.Staffed(t, s)
		hooks := contracttest.NewReceiver(t)
		root.Call("POST", "omnichannel/integrations", fmt.Sprintf(`{"LivechatWebhookUrl":%q,"LivechatWebhookOnClose":true}`, hooks.URL)).Want(200, `{"success":true}`)
		rid := ana.Room("vera")
		visitor := fmt.Sprint(root.Call("GET", "channels.info?roomId="+rid, "").Get("channel.v._id"))
		save := func(topic string) {
			root.Post("livechat/room.saveInfo", `{"guestData":{"_id":%q},"roomData":{"_id":%q,"topic":%q,"tags":["a","b"]}}`, visitor, rid, topic).Is("success", true)
		}
		save("while open")
		ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"bye"}`, rid).Is("success", true)
		hooks.Next("LivechatSession")
		save("after the end")
		a := hooks.Next("LivechatEdit")
		a.Is("_id", rid)
		a.Is("topic", "after the end")
		a.Is("tags", "[a b]")
		a.Is("crmData", "crm says hello")
		root.Post("livechat/room.saveInfo", `{"guestData":{"_id":%q},"roomData":{"_id":%q,"topic":"once more","tags":["c"]}}`, visitor, rid).Is("success", true)
		hooks.Next("LivechatEdit").Is("topic", "once more")
	})
}
