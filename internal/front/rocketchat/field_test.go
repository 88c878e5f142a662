package rocketchat_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/server/servertest"
)

func TestCustomFields(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := newDesk(t, s)
		d.ana.there()
		save := func(c *client, which, field, scope, pattern string) string {
			return c.bridged("livechat:saveCustomField", which+`,{"field":"`+field+`","label":"Label `+field+`","scope":"`+scope+`","visibility":"visible","regexp":"`+pattern+`","searchable":true}`)
		}
		for _, x := range []struct{ got, want string }{
			{save(d.root, "null", "address", "visitor", ""), `"_id":"address"`},
			{save(d.root, "null", "order-No", "room", "^[0-9]+$"), `"scope":"room"`},
			{save(d.root, "null", "address", "visitor", ""), "error-custom-field-name-already-exists"},
			{save(d.root, "null", "a b", "visitor", ""), "error-invalid-custom-field-name"},
			{save(d.root, `"none"`, "x", "visitor", ""), "error-invalid-custom-field"},
			{save(d.ana, "null", "x", "visitor", ""), "error-not-allowed"},
			{d.root.bridged("livechat:saveCustomField", `null,{"field":"x"}`), "Match failed"},
		} {
			if !strings.Contains(x.got, x.want) {
				t.Errorf("got %s, want %s", x.got, x.want)
			}
		}
		d.ana.call("GET", "livechat/custom-fields", "").is("total", 2.0)
		d.ana.call("GET", "livechat/custom-fields?text=LABEL%20addr", "").is("customFields.0._id", "address")
		d.ana.call("GET", "livechat/custom-fields/order-No", "").is("customField.regexp", "^[0-9]+$")
		d.ana.call("GET", "livechat/custom-fields/none", "").want(200, `{"customField":null,"success":true}`)
		a := d.c.call("POST", "livechat/visitor", `{"visitor":{"token":"v1","customFields":[{"key":"address","value":"Street 1","overwrite":true},{"key":"none","value":"x","overwrite":true}]}}`)
		a.is("visitor.livechatData.address", "Street 1")
		rid := d.c.chat("v1", "SAC")
		one := func(body string) answer { return d.c.call("POST", "livechat/custom.field", body) }
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":false}`).want(400, `{"success":false}`)
		one(`{"token":"v1","key":"address","value":"Street 2","overwrite":true}`).want(200, `{"field":{"key":"address","value":"Street 2","overwrite":true},"success":true}`)
		one(`{"token":"none","key":"address","value":"x","overwrite":true}`).want(400, plain("invalid-token"))
		one(`{"token":"v1","key":"none","value":"x","overwrite":true}`).want(400, plain("invalid-custom-field"))
		one(`{"token":"v1","key":"order-No","value":"x","overwrite":true}`).want(400, plain("Invalid value for order-No field"))
		one(`{"token":"v1"}`).is("errorType", "invalid-params")
		d.c.call("POST", "livechat/custom.fields", `{"token":"v1","customFields":[{"key":"order-No","value":"991","overwrite":true}]}`).
			want(200, `{"fields":[{"Key":"order-No","overwrite":true,"value":"991"}],"success":true}`)
		d.c.call("GET", "livechat/visitor/v1", "").is("visitor.livechatData.address", "Street 2")
		a = d.root.call("GET", `livechat/rooms?customFields=%7B%22order-No%22%3A%2299%22%7D`, "")
		a.is("rooms.0.livechatData.order-No", "991")
		visitor := a.get("rooms.0.v._id")
		d.ana.post("livechat/room.saveInfo", `{"guestData":{"_id":%q,"livechatData":{"address":"Street 3","none":"x"}},"roomData":{"_id":%q,"livechatData":{"order-No":"992"}}}`, visitor, rid).want(200, ok(""))
		d.c.call("GET", "livechat/visitor/v1", "").is("visitor.livechatData.address", "Street 3")
		d.root.call("GET", "livechat/rooms", "").is("rooms.0.livechatData.order-No", "992")
		d.ana.post("livechat/room.saveInfo", `{"guestData":{"_id":%q},"roomData":{"_id":%q,"livechatData":{"order-No":{"x":1}}}}`, visitor, rid).is("errorType", "invalid-params")
		d.ana.call("GET", fmt.Sprint("livechat/visitors.info?visitorId=", visitor), "").is("visitor.livechatData.address", "Street 3")
		d.ana.call("GET", "livechat/visitors.info?visitorId=none", "").want(400, plain("visitor-not-found"))
		d.ana.call("GET", "livechat/visitors.info", "").is("errorType", "invalid-params")
		history := func(c *client, rid, visitor any) answer {
			return c.call("GET", fmt.Sprintf("livechat/visitors.chatHistory/room/%v/visitor/%v", rid, visitor), "")
		}
		history(d.ana, "none", visitor).want(400, plain("invalid-room"))
		history(d.ana, rid, "none").want(400, plain("error-not-allowed"))
		history(d.bob, rid, visitor).want(400, plain("error-not-allowed"))
		history(d.ana, rid, visitor).is("total", 0.0)
		d.ana.post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).want(200, ok(""))
		history(d.ana, rid, visitor).is("history.0._id", rid)
		if got := d.root.bridged("livechat:removeCustomField", `"order-No"`); !strings.Contains(got, `"result":1`) {
			t.Error(got)
		}
		d.ana.call("GET", "livechat/custom-fields", "").is("total", 1.0)
	})
}
