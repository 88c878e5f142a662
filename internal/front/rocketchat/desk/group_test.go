package desk_test

import (
	"fmt"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestPrivateRoomsAreGroupsOfColleagues(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "")
		a := d.Ana.Post("groups.create", `{"name":"private <b>","members":["root","nobody"]}`)
		a.Is("group.t", "p")
		a.Is("group.usersCount", 2)
		a.Is("group.u.username", "ana")
		group := fmt.Sprint(a.Get("group._id"))
		d.Ana.Post("groups.create", `{"name":""}`).Is("errorType", "error-invalid-room-name")
		d.Ana.Post("groups.create", `{}`).Is("errorType", "invalid-params")
		a = d.Ana.Post("chat.sendMessage", `{"message":{"rid":%q,"text":"not for visitors"}}`, group)
		a.Is("message.msg", "not for visitors")
		a.Is("message.rid", group)
		d.C.Call("GET", fmt.Sprintf("livechat/message/%v?token=vera&rid=%s", a.Get("message._id"), rid), "").Want(400, contracttest.Plain("invalid-message"))
		d.Root.Call("GET", "groups.history?roomId="+group, "").Is("messages.0.msg", "not for visitors")
		d.Root.Call("GET", "groups.list", "").Is("groups.0.name", "private <b>")
		d.Root.Call("GET", "groups.info?roomId="+group, "").Is("group._id", group)
		for _, path := range []string{"groups.history?roomId=", "groups.info?roomId="} {
			d.Bob.Call("GET", path+group, "").Is("errorType", "error-room-not-found")
		}
		d.Bob.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":"let me in"}}`, group).Is("errorType", "error-room-not-found")
		d.Bob.Post("groups.delete", `{"roomId":%q}`, group).Is("errorType", "error-room-not-found")
		d.Ana.Post("groups.delete", `{"roomId":%q}`, group).Want(200, contracttest.OK(""))
		d.Ana.Post("groups.delete", `{"roomId":%q}`, group).Is("success", false)
	})
}
