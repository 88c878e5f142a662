package office_test

import (
	"fmt"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestMailboxes(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		body := func(more, email string) string {
			return `{` + more + `"name":"Desk <b>","active":true,"email":"` + email + `","description":"d","senderInfo":"Shop","department":"SAC",
				"smtp":{"server":"smtp.shop.test","port":587,"username":"u","password":"hidden-1","secure":true},
				"imap":{"server":"imap.shop.test","port":993,"username":"u","password":"hidden-2","secure":true,"maxRetries":10}}`
		}
		a := d.Root.Call("POST", "email-inbox", body("", "Desk@Shop.test"))
		a.Is("success", true)
		which := fmt.Sprint(a.Get("_id"))
		d.Root.Call("POST", "email-inbox", body("", "desk@shop.test")).Want(400, `{"error":"error-email-already-exists","success":false}`)
		d.Root.Call("POST", "email-inbox", body(`"_id":"`+which+`",`, "front@shop.test")).Is("_id", which)
		a = d.Root.Call("GET", "email-inbox/"+which, "")
		a.Is("email", "front@shop.test")
		a.Is("department", string(d.Sac))
		a.Is("imap.maxRetries", 10)
		if strings.Contains(a.Text, "hidden") {
			t.Fatal("a password was shown", a.Text)
		}
		a = d.Root.Call("GET", "email-inbox.list", "")
		a.Is("total", 1)
		a.Is("emailInboxes.0._id", which)
		d.Root.Call("GET", "email-inbox.search?email=front@shop.test", "").Is("emailInbox._id", which)
		d.Root.Call("GET", "email-inbox.search?email=x", "").Want(200, `{"emailInbox":null,"success":true}`)
		d.Root.Call("GET", "email-inbox/none", "").Want(404, `{"error":"Resource not found","success":false}`)
		plain := d.Root.Call("POST", "email-inbox", strings.Replace(body("", "plain@shop.test"), `"description":"d","senderInfo":"Shop","department":"SAC",`, "", 1))
		a = d.Root.Call("GET", fmt.Sprint("email-inbox/", plain.Get("_id")), "")
		a.Is("email", "plain@shop.test")
		a.Is("department", nil)
		d.Root.Call("DELETE", fmt.Sprint("email-inbox/", plain.Get("_id")), "").Is("success", true)
		for text, want := range map[string]string{`{}`: "must have required property 'name' [invalid-params]", `{"name":7`: "Invalid JSON", `[]`: "must be object [invalid-params]",
			body("", "nonsense"):                                               `"nonsense" is not an e-mail address. [invalid-params]`,
			body(`"_id":"none",`, "x@shop.test"):                               "error-invalid-email-inbox",
			strings.Replace(body("", "x@shop.test"), "587", "70000", 1):        "A server has a name and a port from 1 to 65535. [invalid-params]",
			strings.Replace(body("", "x@shop.test"), `"d"`, `["d"]`, 1):        "must be string [invalid-params]",
			strings.Replace(body("", "x@shop.test"), `"u"`, `"u\r\nx"`, 1):     "has more than 500 characters or a line break. [invalid-params]",
			strings.Replace(body("", "x@shop.test"), `"maxRetries":10`, "", 1): "Invalid JSON"} {
			a := d.Root.Call("POST", "email-inbox", text)
			if got := fmt.Sprint(a.Get("error")); a.Status != 400 || !strings.HasSuffix(got, want) {
				t.Errorf("%s\n got %d %s\nwant %s", text, a.Status, got, want)
			}
		}
		for _, x := range []struct{ method, path string }{{"GET", "email-inbox.list"}, {"POST", "email-inbox"}, {"GET", "email-inbox/x"}, {"DELETE", "email-inbox/x"}, {"GET", "email-inbox.search"}} {
			if a := d.Ana.Call(x.method, x.path, "{}"); a.Status != 403 {
				t.Errorf("%v for an agent: %d", x, a.Status)
			}
		}
		d.Root.Call("DELETE", "email-inbox/"+which, "").Is("success", true)
		d.Root.Call("DELETE", "email-inbox/"+which, "").Want(404, `{"error":"Resource not found","success":false}`)
	})
}

func TestFieldsAreSavedByOneCall(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		save := func(which, more string) contracttest.Answer {
			return d.Root.Call("POST", "livechat/custom-fields.save", `{"customFieldId":`+which+`,"customFieldData":{"label":"City","scope":"visitor","visibility":"public"`+more+`}}`)
		}
		a := save("null", `,"field":"city"`)
		a.Is("customField._id", "city")
		a.Is("customField.visibility", "public")
		a.Is("customField.type", "input")
		save("null", `,"field":"city"`).Is("error", "Custom field name already exists [error-custom-field-name-already-exists]")
		save(`"none"`, `,"field":"x"`).Is("errorType", "error-invalid-custom-field")
		a = save("null", `,"field":"size","type":"input","regexp":"^[A-Za-z]+$","required":true,"defaultValue":"M","options":"S,M,L","public":true,"searchable":true`)
		a.Is("customField.options", "S,M,L")
		a.Is("customField.type", "input")
		a = save(`"size"`, `,"field":"size","type":"select","regexp":"","required":true,"defaultValue":"M","options":"S,M,L","public":true,"searchable":false`)
		a.Is("customField.type", "select")
		a.Is("customField.options", "S,M,L")
		a = d.C.Call("GET", "livechat/config", "")
		a.Is("config.customFields.0._id", "size")
		a.Is("config.customFields.0.options.2", "L")
		a.Is("config.customFields.0.required", true)
		a.Is("config.customFields.1", nil)
		save(`"size"`, `,"field":"size","type":"input"`).Is("customField.type", "input")
		d.Root.Call("POST", "livechat/custom-fields.save", `{"customFieldId":null}`).Is("errorType", "invalid-params")
		d.Ana.Call("POST", "livechat/custom-fields.save", `{}`).Want(403, `{"error":"User does not have the permissions required for this action [error-unauthorized]","success":false}`)
		d.C.Call("POST", "livechat/custom-fields.delete", `{}`).Want(401, `{"message":"You must be logged in to do this.","status":"error"}`)
		d.Root.Call("POST", "livechat/custom-fields.delete", `{"customFieldId":"size"}`).Want(200, `{"success":true}`)
		d.Root.Call("POST", "livechat/custom-fields.delete", `{"customFieldId":"size"}`).Is("errorType", "error-invalid-custom-field")
	})
}
