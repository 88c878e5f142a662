package guest_test

import (
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestVisitorsAreForgotten(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, root, _ := contracttest.Staffed(t, s)
		rid := c.Room("vera")
		c.Say("vera", rid, "m1", "Hi").Is("success", true)
		c.Call("DELETE", "livechat/visitor/vera", "").Want(400, `{"error":"Cannot remove visitors with opened rooms [visitor-has-open-rooms]","errorType":"visitor-has-open-rooms","success":false}`)
		c.Call("GET", "livechat/visitor/vera", "").Is("visitor.lastChat._id", rid)
		a := root.Call("GET", "livechat/visitor/vera/room", "")
		a.Is("rooms.0._id", rid)
		a.Is("rooms.0.servedBy.username", "ana")
		c.Call("GET", "livechat/visitor/vera/room", "").Want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
		root.Call("GET", "livechat/visitor/none/room", "").Want(400, `{"error":"[invalid-token]","errorType":"invalid-token","success":false}`)
		c.Post("livechat/room.close", `{"token":"vera","rid":%q}`, rid).Is("success", true)
		root.Call("GET", "livechat/visitor/vera/room", "").Want(200, `{"rooms":[],"success":true}`)
		visitor := c.Call("GET", "livechat/visitor/vera", "").Get("visitor._id")
		a = c.Call("DELETE", "livechat/visitor/vera", "")
		a.Is("visitor._id", visitor)
		for _, method := range []string{"GET", "DELETE"} {
			c.Call(method, "livechat/visitor/vera", "").Want(400, `{"error":"[invalid-token]","errorType":"invalid-token","success":false}`)
		}
		root.Call("GET", "rooms.info?roomId="+rid, "").Is("success", false)

		root.Option("Livechat_Allow_collect_and_store_HTTP_header_informations", "true")
		c.Room("otto")
		c.Call("DELETE", "livechat/visitor/otto", "").Is("success", true)
		c.Call("GET", "livechat/visitor/otto", "").Is("success", false)
	})
}
