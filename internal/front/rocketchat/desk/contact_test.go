package desk_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// invalid is what a schema answers.
func invalid(text string) string {
	return `{"error":"` + text + ` [invalid-params]","errorType":"invalid-params","success":false}`
}

func TestContactsAreKept(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Post("users.create", `{"name":"Plain","email":"plain@example.com","username":"plain","password":%q}`, servertest.Password).Is("success", true)
		d.Root.Method("livechat:saveCustomField", `[null,{"field":"cf1","label":"Custom Field 1","scope":"visitor","visibility":"visible","regexp":"^[0-9]+$","searchable":true,"required":true}]`).Is("error", nil)
		d.Root.Method("livechat:saveCustomField", `[null,{"field":"cf2","label":"Custom Field 2","scope":"visitor","visibility":"visible","regexp":"","searchable":true}]`).Is("error", nil)
		plain := fmt.Sprint(d.Root.Call("GET", "users.info?username=plain", "").Get("user._id"))
		for body, want := range map[string]string{
			`{"emails":[],"phones":[]}`:                                              invalid("must have required property 'name'"),
			`{"name":"x","phones":[]}`:                                               invalid("must have required property 'emails'"),
			`{"name":"x","emails":[]}`:                                               invalid("must have required property 'phones'"),
			`{"name":"x","emails":"y","phones":[]}`:                                  invalid("must be array"),
			`{"name":"x","emails":[{"a":1}],"phones":[]}`:                            invalid("must be string"),
			`{"name":"x","emails":[],"phones":[{"a":1}]}`:                            invalid("must be string"),
			`{"name":"x","emails":[],"phones":[],"more":1}`:                          invalid("must NOT have additional properties"),
			`{"name":"x","emails":[],"phones":[],"customFields":5}`:                  invalid("must be object"),
			`{"name":"x","emails":[],"phones":[],"customFields":{"cf1":[]}}`:         invalid("must be string"),
			`{"name":" ","emails":[],"phones":[],"customFields":{"cf1":1}}`:          invalid("The name is empty."),
			`{"name":"x","emails":["<b>"],"phones":[],"customFields":{"cf1":1}}`:     invalid(`\"\u003cb\u003e\" is not an e-mail address.`),
			`{"name":"x","emails":[],"phones":[],"contactManager":"none"}`:           contracttest.Plain("error-contact-manager-not-found"),
			`{"name":"x","emails":[],"phones":[],"contactManager":"` + plain + `"}`:  contracttest.Plain("error-contact-manager-not-found"),
			`{"name":"x","emails":[],"phones":[]}`:                                   contracttest.Plain("Invalid value for Custom Field 1 field"),
			`{"name":"x","emails":[],"phones":[],"customFields":{"cf1":"bad"}}`:      contracttest.Plain("Invalid value for Custom Field 1 field"),
			`{"name":"x","emails":[],"phones":[],"customFields":{"cf1":1,"no":"1"}}`: contracttest.Plain("Custom field no is not allowed"),
		} {
			if a := d.Ana.Post("omnichannel/contacts", "%s", body); strings.TrimSpace(a.Text) != want {
				t.Errorf("%s: %s\nwant %s", body, a.Text, want)
			}
		}
		a := d.Ana.Post("omnichannel/contacts", `{"name":"Vera Lee","emails":["vera@x.example"],"phones":["+55 11"],"contactManager":%q,"customFields":{"cf1":123,"cf2":"456"}}`, d.AnaID)
		id := fmt.Sprint(a.Get("contactId"))
		get := func() contracttest.Answer { return d.Bob.Call("GET", "omnichannel/contacts.get?contactId="+id, "") }
		a = get()
		a.Is("contact.name", "Vera Lee")
		a.Is("contact.emails", "[map[address:vera@x.example]]")
		a.Is("contact.phones", "[map[phoneNumber:+55 11]]")
		a.Is("contact.contactManager", d.AnaID)
		a.Is("contact.customFields", "map[cf1:123 cf2:456]")
		a.Is("contact.unknown", false)
		a.Is("contact.lastChat", nil)
		a.Is("contact.channels", []string{})
		d.Ana.Call("GET", "omnichannel/contacts.get?contactId=none", "").Want(404, contracttest.Plain("Resource not found"))
		d.Ana.Call("GET", "omnichannel/contacts.get", "").Want(400, invalid("must have required property 'contactId'"))

		d.Root.Method("livechat:removeCustomField", `["cf2"]`).Is("error", nil)
		update := func(body string) contracttest.Answer {
			return d.Ana.Post("omnichannel/contacts.update", `{"contactId":%q,%s}`, id, body)
		}
		a = update(`"name":"Vera","emails":["v2@x.example"],"phones":[],"customFields":{"cf1":"9","cf2":"changed"}`)
		a.Is("contact.customFields", "map[cf1:9 cf2:456]")
		a.Is("contact.emails", "[map[address:v2@x.example]]")
		update(`"customFields":{"cf1":"9","cf3":"x"}`).Want(400, contracttest.Plain("Custom field cf3 is not allowed"))
		update(`"contactManager":"none"`).Want(400, contracttest.Plain("error-contact-manager-not-found"))
		update(`"contactManager":""`).Is("contact.contactManager", nil)
		update(`"unknown":true`).Want(400, invalid("must NOT have additional properties"))
		update(`"phones":"x"`).Want(400, invalid("must be array"))
		d.Ana.Post("omnichannel/contacts.update", `{"name":"x"}`).Want(400, invalid("must have required property 'contactId'"))
		d.Ana.Post("omnichannel/contacts.update", `{"contactId":"none","name":"x"}`).Want(400, contracttest.Plain("error-contact-not-found"))

		for query, want := range map[string]any{"contactId=" + id: true, "contactId=none": false, "email=v2@x.example": true, "email=vera@x.example": false, "phone=none": false} {
			d.Ana.Call("GET", "omnichannel/contacts.checkExistence?"+query, "").Is("exists", want)
		}
		d.Ana.Call("GET", "omnichannel/contacts.checkExistence", "").Is("errorType", "invalid-params")
		a = d.Ana.Call("GET", "omnichannel/contacts.checkExistence?email=a&phone=b", "")
		if got := strings.Count(fmt.Sprint(a.Get("error")), "must NOT have additional properties"); got != 3 {
			t.Error(a.Text)
		}
		for text, total := range map[string]float64{"": 1, "VERA": 1, "v2@x": 1, "invalid": 0} {
			a := d.Ana.Call("GET", "omnichannel/contacts.search?count=25&searchText="+url.QueryEscape(text), "")
			a.Is("total", total)
			a.Is("count", 25.0)
		}
		d.Ana.Call("GET", "omnichannel/contacts.search?unknown=true", "").Is("total", 0.0)
		d.Ana.Call("GET", "omnichannel/contacts.search?searchText="+strings.Repeat("x", 300), "").Is("errorType", "invalid-params")
		d.Ana.Call("GET", "omnichannel/contacts.channels?contactId="+id, "").Want(200, `{"channels":[],"success":true}`)
		d.Ana.Call("GET", "omnichannel/contacts.channels?contactId=none", "").Want(200, `{"channels":[],"success":true}`)
		d.Ana.Call("GET", "omnichannel/contacts.channels", "").Want(400, invalid("must have required property 'contactId'"))
		d.Ana.Call("GET", "omnichannel/contacts.history?contactId="+id, "").Want(200, `{"count":0,"history":[],"offset":0,"total":0,"success":true}`)
		d.Ana.Call("GET", "omnichannel/contacts.history?contactId=none", "").Want(400, contracttest.Plain("error-contact-not-found"))
		d.Ana.Call("GET", "omnichannel/contacts.history", "").Want(400, invalid("must have required property 'contactId'"))
		d.Ana.Post("omnichannel/contacts.delete", `{"contactId":%q}`, id).Is("success", false)
		d.Root.Post("omnichannel/contacts.delete", `{"contactId":"none"}`).Want(404, contracttest.Plain("Resource not found"))
		d.Root.Post("omnichannel/contacts.delete", `{}`).Want(400, invalid("must have required property 'contactId'"))
		d.Root.Post("omnichannel/contacts.delete", `{"contactId":%q}`, id).Want(200, contracttest.OK(""))
		get().Want(404, contracttest.Plain("Resource not found"))
		for _, p := range []string{"create-livechat-contact", "update-livechat-contact", "view-livechat-contact", "view-livechat-contact-history", "block-livechat-contact", "unblock-livechat-contact", "delete-livechat-contact"} {
			d.Root.Post("permissions.update", `{"permissions":[{"_id":%q,"roles":[]}]}`, p).Is("success", true)
		}
		for _, call := range []string{"POST ", "POST .update", "POST .conflicts", "GET .get", "GET .search", "GET .checkExistence", "GET .channels", "GET .history", "POST .block", "POST .unblock", "POST .delete"} {
			verb, path, _ := strings.Cut(call, " ")
			d.Root.Call(verb, "omnichannel/contacts"+path, `{}`).Want(403, contracttest.Plain("User does not have the permissions required for this action [error-unauthorized]"))
		}
		d.C.Call("GET", "omnichannel/contacts.get", "").Is("status", "error")
	})
}

func TestContactsOfRooms(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Option("Livechat_accept_chats_with_no_agents", "true")
		a := d.Ana.Post("omnichannel/contacts", `{"name":"Contact Name","emails":["vera@x.example"],"phones":[]}`)
		id := fmt.Sprint(a.Get("contactId"))
		d.C.Post("livechat/visitor", `{"visitor":{"token":"vera-token","name":"Visitor Name","email":"vera@x.example"}}`).Is("success", true)
		a = d.C.Call("GET", "livechat/room?token=vera-token", "")
		a.Is("room.contactId", id)
		a.Is("room.v.contactId", id)
		a.Is("room.fname", "Contact Name")
		rid := fmt.Sprint(a.Get("room._id"))
		visitor := fmt.Sprint(a.Get("room.v._id"))
		a = d.Ana.Call("GET", "omnichannel/contacts.get?contactId="+id, "")
		a.Is("contact.channels.0.name", "api")
		a.Is("contact.channels.0.verified", false)
		a.Is("contact.channels.0.blocked", false)
		a.Is("contact.channels.0.visitorId", visitor)
		a.Is("contact.channels.0.visitor", fmt.Sprintf("map[source:map[type:api] visitorId:%s]", visitor))
		a.Is("contact.lastChat._id", rid)
		a.Is("contact.channels.0.lastChat._id", rid)

		d.Ana.Post("omnichannel/contacts.update", `{"contactId":%q,"name":"New <b>Name</b>"}`, id).Is("contact.name", "New <b>Name</b>")
		d.C.Call("GET", "livechat/room?token=vera-token&rid="+rid, "").Is("room.fname", "New <b>Name</b>")
		d.Ana.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Is("inquiry.name", "New <b>Name</b>")
		d.Root.Post("livechat/room.forward", `{"roomId":%q,"userId":%q}`, rid, d.Ana.There().ID())
		a = d.Ana.Call("GET", "subscriptions.getOne?roomId="+rid, "")
		a.Is("subscription.name", "New <b>Name</b>")
		a.Is("subscription.fname", "New <b>Name</b>")

		// What the visitor says otherwise is in doubt until an agent settles it.
		d.Root.Method("livechat:saveCustomField", `[null,{"field":"cf1","label":"Custom Field 1","scope":"visitor","visibility":"visible","regexp":"^[0-9]+$","searchable":true,"required":true}]`).Is("error", nil)
		field := func(value string, overwrite bool) {
			d.C.Post("livechat/custom.field", `{"token":"vera-token","key":"cf1","value":%q,"overwrite":%v}`, value, overwrite).Is("success", true)
		}
		d.Ana.Post("omnichannel/contacts.conflicts", `{"contactId":%q,"name":"x"}`, id).Want(400, contracttest.Plain("error-contact-has-no-conflicts"))
		field("123", true)
		field("456", false)
		d.C.Post("livechat/visitor", `{"visitor":{"token":"vera-token","name":"Other"}}`).Is("success", true)
		a = d.Ana.Call("GET", "omnichannel/contacts.get?contactId="+id, "")
		a.Is("contact.hasConflict", true)
		a.Is("contact.conflictingFields", "[map[field:customFields.cf1 value:456] map[field:name value:Other]]")
		a = d.Ana.Post("omnichannel/contacts.conflicts", `{"contactId":%q,"customFields":{"cf1":"123"}}`, id)
		a.Is("result.customFields.cf1", "123")
		a.Is("result.conflictingFields", "[map[field:name value:Other]]")
		d.Ana.Post("omnichannel/contacts.conflicts", `{"contactId":%q,"wipeConflicts":true}`, id).Is("result.hasConflict", nil)
		d.Ana.Post("omnichannel/contacts.conflicts", `{}`).Want(400, invalid("must have required property 'contactId'"))

		d.Root.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"bye"}`, rid).Is("success", true)
		a = d.C.Call("GET", "livechat/room?token=vera-token", "")
		a.Is("room.contactId", id)
		second := fmt.Sprint(a.Get("room._id"))
		d.Ana.Call("GET", "omnichannel/contacts.channels?contactId="+id, "").Is("channels.1", nil)
		a = d.Ana.Call("GET", "omnichannel/contacts.history?source=api&contactId="+id, "")
		a.Is("total", 1.0)
		a.Is("history.0._id", rid)
		a.Is("history.0.closer", "user")
		a.Is("history.0.closedBy.username", "root")
		d.Ana.Call("GET", "omnichannel/contacts.history?source=widget&contactId="+id, "").Is("total", 0.0)

		// A blocked channel loses its room and gets no other.
		block := func(verb, body string) contracttest.Answer {
			return d.Root.Post("omnichannel/contacts."+verb, "%s", body)
		}
		channel := func(visitor, kind string) string {
			return `{"visitor":{"visitorId":"` + visitor + `","source":{"type":"` + kind + `"}}}`
		}
		for _, verb := range []string{"block", "unblock"} {
			block(verb, `{}`).Want(400, invalid("must have required property 'visitor'"))
			block(verb, `{"visitor":{"source":{"type":"api"}}}`).Want(400, invalid("must have required property 'visitorId'"))
			block(verb, `{"visitor":{"visitorId":"x"}}`).Want(400, invalid("must have required property 'source'"))
			block(verb, `{"visitor":{"visitorId":"x","source":{"id":"y"}}}`).Want(400, invalid("must have required property 'type'"))
			block(verb, channel("none", "api")).Want(400, contracttest.Plain("error-contact-not-found"))
			block(verb, channel(visitor, "sms")).Want(400, contracttest.Plain("error-contact-not-found"))
		}
		block("block", channel(visitor, "api")).Want(200, contracttest.OK(""))
		block("block", channel(visitor, "api")).Want(200, contracttest.OK(""))
		a = d.Root.Call("GET", "channels.info?roomId="+second, "")
		a.Is("channel.lastMessage.msg", "This channel has been blocked")
		a.Is("channel.closedBy.username", "root")
		d.C.Call("GET", "livechat/room?token=vera-token", "").Want(400, contracttest.Plain("error-contact-channel-blocked"))
		d.Ana.Call("GET", "omnichannel/contacts.channels?contactId="+id, "").Is("channels.0.blocked", true)
		block("unblock", channel(visitor, "api")).Want(200, contracttest.OK(""))
		d.C.Call("GET", "livechat/room?token=vera-token", "").Is("newRoom", true)

		// Somebody of whom nothing is known is an unknown contact.
		stranger := d.C.Chat("someone", "")
		a = d.Ana.Call("GET", "omnichannel/contacts.search?unknown=true", "")
		a.Is("total", 1.0)
		a.Is("contacts.0.lastChat._id", stranger)
	})
}
