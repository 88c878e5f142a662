package desk_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// TestContactsThatAreVisitors are the calls of servers before 7.0.
func TestContactsThatAreVisitors(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Method("livechat:saveCustomField", `[null,{"field":"address","label":"Address","scope":"visitor","visibility":"visible","regexp":"^[A-Z]","searchable":true}]`).Is("error", nil)
		post := func(body string) contracttest.Answer { return d.Ana.Post("omnichannel/contact", "%s", body) }
		for body, want := range map[string]string{
			`{"name":"x"}`:                      contracttest.Plain("Match error: Missing key 'token'"),
			`{"token":"t"}`:                     contracttest.Plain("Match error: Missing key 'name'"),
			`{"token":5,"name":"x"}`:            contracttest.Plain("Match error: Expected string, got number in field token"),
			`{"token":"t","name":"x","more":1}`: contracttest.Plain("Match error: Unknown key in field more"),
			`{"token":"t","name":"x","contactManager":{"username":"nobody"}}`: `{"error":"No user found with username nobody [error-contact-manager-not-found]","errorType":"error-contact-manager-not-found","success":false}`,
			`{"token":"t","name":"x","customFields":{"address":"small"}}`:     contracttest.Plain("Invalid value for Address field"),
			`{"token":"t","name":"x","email":"<b>"}`:                          `{"error":"Invalid email \u003cb\u003e [error-invalid-email]","errorType":"error-invalid-email","success":false}`,
			`{"token":" ","name":"x"}`:                                        `{"error":"[error-contact-data-no-token]","errorType":"error-contact-data-no-token","success":false}`,
			`{"token":"` + strings.Repeat("x", 300) + `","name":"x"}`:         invalid("The token is longer than 255 bytes or is not text."),
		} {
			if a := post(body); strings.TrimSpace(a.Text) != want {
				t.Errorf("%s: %s\nwant %s", body, a.Text, want)
			}
		}
		a := post(`{"token":"vera","name":"Vera","email":"Vera@x.example","phone":"+55 11","username":"vera-1","customFields":{"address":"Rua A","none":"x"},"contactManager":{"username":"ana"}}`)
		vera := fmt.Sprint(a.Get("contact"))
		a = d.Bob.Call("GET", "omnichannel/contact?contactId="+vera, "")
		a.Is("contact.username", "vera-1")
		a.Is("contact.livechatData.address", "Rua A")
		a.Is("contact.visitorEmails.0.address", "vera@x.example")
		a = d.Ana.Call("GET", "omnichannel/contacts.search?searchText=vera", "")
		a.Is("contacts.0.contactManager", d.AnaID)
		d.Bob.Call("GET", "omnichannel/contact?contactId=none", "").Want(200, `{"contact":null,"success":true}`)
		d.Bob.Call("GET", "omnichannel/contact", "").Want(400, contracttest.Plain("Match error: Missing key 'contactId'"))

		find := func(query string) contracttest.Answer {
			return d.Bob.Call("GET", "omnichannel/contact.search?"+query, "")
		}
		find("email=VERA@x.example").Is("contact._id", vera)
		find("phone="+url.QueryEscape("+55 11")).Is("contact._id", vera)
		find("email=era@x.example").Is("contact", nil)
		find("email=vera@x.example&phone=1").Is("contact", nil)
		find("custom="+url.QueryEscape(`{"address":"rua"}`)).Is("contact._id", vera)
		for _, bad := range []string{`{"nope":"nel"}`, `{"$regex":"nel"}`, `{"address":"^((ab)*)+$"}`, `{"address":{"x":1}}`} {
			find("custom="+url.QueryEscape(bad)).Want(200, `{"contact":null,"success":true}`)
		}
		for _, query := range []string{"", "email=", "custom="} {
			find(query).Is("errorType", "error-invalid-params")
		}
		for _, query := range []string{`{a":1}`, `{}`, `[]`} {
			find("custom="+url.QueryEscape(query)).Is("errorType", "error-invalid-params-custom")
		}
		post(`{"token":"vera","name":"Vera","phone":"+55 12"}`).Is("contact", vera)
		a = d.Bob.Call("GET", "omnichannel/contact?contactId="+vera, "")
		a.Is("contact.visitorEmails", nil)
		a.Is("contact.phone.0.phoneNumber", "+55 12")
		d.C.Call("GET", "omnichannel/contact.search?email=x", "").Is("status", "error")
	})
}
