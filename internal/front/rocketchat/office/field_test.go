package office_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestCustomFields(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		save := func(c *contracttest.Client, which, field, scope, pattern string) string {
			return c.Bridged("livechat:saveCustomField", which+`,{"field":"`+field+`","label":"Label `+field+`","scope":"`+scope+`","visibility":"visible","regexp":"`+pattern+`","searchable":true}`)
		}
		for _, x := range []struct{ got, want string }{
			{save(d.Root, "null", "address", "visitor", ""), `"_id":"address"`},
			{save(d.Root, "null", "order-No", "room", "^[0-9]+$"), `"scope":"room"`},
			{save(d.Root, "null", "address", "visitor", ""), "error-custom-field-name-already-exists"},
			{save(d.Root, "null", "a b", "visitor", ""), "error-invalid-custom-field-name"},
			{save(d.Root, `"none"`, "x", "visitor", ""), "error-invalid-custom-field"},
			{save(d.Ana, "null", "x", "visitor", ""), "error-not-allowed"},
			{d.Root.Bridged("livechat:saveCustomField", `null,{"field":"x"}`), "Match failed"},
		} {
			if !strings.Contains(x.got, x.want) {
				t.Errorf("got %s, want %s", x.got, x.want)
			}
		}
		d.Ana.Call("GET", "livechat/custom-fields", "").Is("total", 2.0)
		d.Ana.Call("GET", "livechat/custom-fields?text=LABEL%20addr", "").Is("customFields.0._id", "address")
		d.Ana.Call("GET", "livechat/custom-fields/order-No", "").Is("customField.regexp", "^[0-9]+$")
		d.Ana.Call("GET", "livechat/custom-fields/none", "").Want(200, `{"customField":null,"success":true}`)
		a := d.C.Call("POST", "livechat/visitor", `{"visitor":{"token":"v1","customFields":[{"key":"address","value":"Street 1","overwrite":true},{"key":"none","value":"x","overwrite":true}]}}`)
		a.Is("visitor.livechatData.address", "Street 1")
		rid := d.C.Chat("v1", "SAC")
		one := func(body string) contracttest.Answer { return d.C.Call("POST", "livechat/custom.field", body) }
		// A value that is in doubt is noted with the contact, once.
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":false}`).Is("success", true)
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":false}`).Want(400, `{"success":false}`)
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":true}`).Want(200, `{"field":{"key":"address","value":"Street 2","overwrite":true},"success":true}`)
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":true}`).Is("success", true)
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":false}`).Want(400, `{"success":false}`)
		one(`{"token":"none","key":"address","value":"x","overwrite":true}`).Want(400, contracttest.Plain("invalid-token"))
		one(`{"token":"v1","key":"none","value":"x","overwrite":true}`).Want(400, contracttest.Plain("invalid-custom-field"))
		one(`{"token":"v1","key":"order-No","value":"x","overwrite":true}`).Want(400, contracttest.Plain("Invalid value for order-No field"))
		one(`{"token":"v1"}`).Is("errorType", "invalid-params")
		d.C.Call("POST", "livechat/custom.fields", `{"token":"v1","customFields":[{"key":"order-No","value":"991","overwrite":true}]}`).
			Want(200, `{"fields":[{"Key":"order-No","overwrite":true,"value":"991"}],"success":true}`)
		d.C.Call("GET", "livechat/visitor/v1", "").Is("visitor.livechatData.address", "Street 2")
		a = d.Root.Call("GET", `livechat/rooms?customFields=%7B%22order-No%22%3A%2299%22%7D`, "")
		a.Is("rooms.0.livechatData.order-No", "991")
		visitor := a.Get("rooms.0.v._id")
		d.Ana.Post("livechat/room.saveInfo", `{"guestData":{"_id":%q,"livechatData":{"address":"Street 3","none":"x"}},"roomData":{"_id":%q,"livechatData":{"order-No":"992"}}}`, visitor, rid).Want(200, contracttest.OK(""))
		d.C.Call("GET", "livechat/visitor/v1", "").Is("visitor.livechatData.address", "Street 3")
		d.Root.Call("GET", "livechat/rooms", "").Is("rooms.0.livechatData.order-No", "992")
		d.Ana.Post("livechat/room.saveInfo", `{"guestData":{"_id":%q},"roomData":{"_id":%q,"livechatData":{"order-No":{"x":1}}}}`, visitor, rid).Is("errorType", "invalid-params")
		d.Ana.Call("GET", fmt.Sprint("livechat/visitors.info?visitorId=", visitor), "").Is("visitor.livechatData.address", "Street 3")
		d.Ana.Call("GET", "livechat/visitors.info?visitorId=none", "").Want(400, contracttest.Plain("visitor-not-found"))
		d.Ana.Call("GET", "livechat/visitors.info", "").Is("errorType", "invalid-params")
		history := func(c *contracttest.Client, rid, visitor any) contracttest.Answer {
			return c.Call("GET", fmt.Sprintf("livechat/visitors.chatHistory/room/%v/visitor/%v", rid, visitor), "")
		}
		history(d.Ana, "none", visitor).Want(400, contracttest.Plain("invalid-room"))
		history(d.Ana, rid, "none").Want(400, contracttest.Plain("error-not-allowed"))
		history(d.Bob, rid, visitor).Want(400, contracttest.Plain("error-not-allowed"))
		history(d.Ana, rid, visitor).Is("total", 0.0)
		d.Ana.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).Want(200, contracttest.OK(""))
		history(d.Ana, rid, visitor).Is("history.0._id", rid)
		if got := d.Root.Bridged("livechat:removeCustomField", `"order-No"`); !strings.Contains(got, `"result":1`) {
			t.Error(got)
		}
		d.Ana.Call("GET", "livechat/custom-fields", "").Is("total", 1.0)
	})
}
