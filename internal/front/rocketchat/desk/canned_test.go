package desk_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestCannedResponses(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.C.Call("GET", "canned-responses", "").Is("status", "error")
		save := func(c *contracttest.Client, body string) contracttest.Answer {
			return c.Post("canned-responses", "%s", body)
		}
		for _, x := range []struct {
			c    *contracttest.Client
			body string
			want string
		}{
			{d.Ana, `{}`, `{"error":"must have required property 'shortcut' [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a"}`, `{"error":"must have required property 'text' [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a","text":"b"}`, `{"error":"must have required property 'scope' [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a","text":"b","scope":"galaxy"}`, `{"error":"must be equal to one of the allowed values [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a","text":"b","scope":"user","tags":"x"}`, `{"error":"must be array [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a","text":{"x":1},"scope":"user"}`, `{"error":"must be string [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Ana, `{"shortcut":"a b","text":"b","scope":"user"}`, `{"error":"Invalid shortcut [error-invalid-shortcut]","errorType":"error-invalid-shortcut","success":false}`},
			{d.Ana, `{"shortcut":"a","text":"b","scope":"global"}`, `{"error":"Not allowed [error-not-allowed]","errorType":"error-not-allowed","success":false}`},
			{d.Ana, `{"shortcut":"a","text":"b","scope":"department","departmentId":"` + string(d.Sac) + `"}`, `{"error":"Not allowed [error-not-allowed]","errorType":"error-not-allowed","success":false}`},
			{d.Root, `{"shortcut":"a","text":"b","scope":"department"}`, `{"error":"Invalid department [error-invalid-department]","errorType":"error-invalid-department","success":false}`},
			{d.Root, `{"shortcut":"a","text":"b","scope":"department","departmentId":"none"}`, `{"error":"Invalid department [error-invalid-department]","errorType":"error-invalid-department","success":false}`},
			{d.Ana, `{"_id":"none","shortcut":"a","text":"b","scope":"user"}`, `{"error":"Canned Response not found [error-canned-response-not-found]","errorType":"error-canned-response-not-found","success":false}`},
			{d.Ana, `{"shortcut":"` + strings.Repeat("x", 101) + `","text":"b","scope":"user"}`, `{"error":"shortcut has 101 characters; 0 to 100 are allowed. [invalid-params]","errorType":"invalid-params","success":false}`},
			{d.Root, `{"shortcut":"g","text":"for <script>all</script>","scope":"global","tags":["tag"]}`, contracttest.OK("")},
			{d.Root, `{"shortcut":"d","text":"for SAC","scope":"department","departmentId":"` + string(d.Sac) + `"}`, contracttest.OK("")},
			{d.Ana, `{"shortcut":"mine","text":"of Ana","scope":"user","tags":["tag","other"]}`, contracttest.OK("")},
			{d.Bob, `{"shortcut":"mine","text":"of Bob","scope":"user"}`, `{"error":"Shortcut provided already exists [error-invalid-shortcut]","errorType":"error-invalid-shortcut","success":false}`},
		} {
			if a := save(x.c, x.body); strings.TrimSpace(a.Text) != x.want {
				t.Fatalf("%s:\n%s\nwant %s", x.body, a.Text, x.want)
			}
		}
		d.Ana.Call("GET", "canned-responses?shortcut=mine", "").Is("cannedResponses.0.createdBy.username", "ana")
		a := d.Ana.Call("GET", "canned-responses?tags[]=tag&sort="+url.QueryEscape(`{"_createdAt":-1}`), "")
		a.Is("total", 2.0)
		a.Is("cannedResponses.0.shortcut", "mine")
		a.Is("cannedResponses.0.scope", "user")
		a.Is("cannedResponses.0.userId", d.AnaID)
		a.Is("cannedResponses.1.text", "for <script>all</script>")
		mine, all := fmt.Sprint(a.Get("cannedResponses.0._id")), fmt.Sprint(a.Get("cannedResponses.1._id"))
		d.Bob.Call("GET", "canned-responses?tags[]=tag", "").Is("total", 1.0)
		d.Bob.Call("GET", "canned-responses?scope=department", "").Is("total", 0.0)
		d.Root.Call("GET", "canned-responses?scope=department", "").Is("cannedResponses.0.departmentId", d.Sac)
		d.Root.Call("GET", "canned-responses?scope=user", "").Is("total", 0.0)
		d.Ana.Call("GET", "canned-responses?departmentId="+string(d.Sac), "").Is("cannedResponses.0.shortcut", "d")
		d.Ana.Call("GET", "canned-responses?text=OF+ana", "").Is("total", 1.0)
		d.Ana.Call("GET", "canned-responses?createdBy="+string(d.AnaID)+"&count=1&offset=5", "").Is("count", 0.0)
		d.Ana.Call("GET", "canned-responses?scope=galaxy", "").Is("errorType", "invalid-params")
		d.Ana.Call("GET", "canned-responses?count=x", "").Is("errorType", "invalid-params")
		d.Ana.Call("GET", "canned-responses?sort=x", "").Is("errorType", "error-invalid-sort")
		d.Ana.Call("GET", "canned-responses/"+mine, "").Is("cannedResponse.text", "of Ana")
		d.Bob.Call("GET", "canned-responses/"+mine, "").Want(404, contracttest.Plain("Resource not found"))
		d.Ana.Call("GET", "canned-responses/none", "").Want(404, contracttest.Plain("Resource not found"))

		save(d.Ana, `{"_id":"`+mine+`","shortcut":"mine","text":"changed","scope":"user","tags":["new"]}`).Want(200, contracttest.OK(""))
		a = d.Ana.Call("GET", "canned-responses/"+mine, "")
		a.Is("cannedResponse.text", "changed")
		a.Is("cannedResponse.tags", []string{"new"})
		save(d.Ana, `{"_id":"`+all+`","shortcut":"g","text":"stolen","scope":"user"}`).Is("errorType", "error-not-allowed")
		a = d.Ana.Method("saveCannedResponse", `[null,{"shortcut":"by-method","text":"x","scope":"user","tags":[]}]`)
		a.Is("result.shortcut", "by-method")
		d.Ana.Method("removeCannedResponse", `["`+fmt.Sprint(a.Get("result._id"))+`"]`).Is("result", true)
		d.Ana.Method("removeCannedResponse", `[5]`).Is("error.error", 400.0)
		d.Ana.Method("saveCannedResponse", `[]`).Is("error.error", 400.0)

		tag := d.Root.Method("livechat:saveTag", `[null,{"name":"VIP"},[]]`)
		id := fmt.Sprint(tag.Get("result._id"))
		save(d.Ana, `{"shortcut":"vip","text":"x","scope":"user","tags":["`+id+`"]}`).Want(200, contracttest.OK(""))
		d.Ana.Call("GET", "canned-responses?tags[]="+id, "").Is("cannedResponses.0.tags", []string{"VIP"})
		d.Ana.Call("GET", "canned-responses?tags[]=vip", "").Is("total", 1.0)
		d.Root.Method("livechat:removeTag", `["`+id+`"]`).Is("result", true)
		d.Ana.Call("GET", "canned-responses?tags[]="+id, "").Want(200, `{"cannedResponses":[],"count":0,"offset":0,"total":0,"success":true}`)

		d.Ana.Call("DELETE", "canned-responses", "").Is("errorType", "invalid-params")
		d.Ana.Call("DELETE", "canned-responses", `{"_id":"`+all+`"}`).Is("errorType", "error-not-allowed")
		d.Bob.Call("DELETE", "canned-responses", `{"_id":"`+mine+`"}`).Is("errorType", "error-canned-response-not-found")
		d.Ana.Call("DELETE", "canned-responses?_id="+mine, "").Want(200, contracttest.OK(""))
		d.Root.Call("DELETE", "canned-responses", `{"_id":"`+all+`"}`).Want(200, contracttest.OK(""))
		a = d.Ana.Call("GET", "canned-responses.get", "")
		a.Is("responses.0.createdBy._id", "rocket.cat")
		for _, p := range []string{"view-canned-responses", "save-canned-responses", "remove-canned-responses"} {
			d.Root.Post("permissions.update", `{"permissions":[{"_id":%q,"roles":[]}]}`, p).Is("success", true)
		}
		for _, call := range [][2]string{{"GET", "canned-responses"}, {"GET", "canned-responses.get"}, {"GET", "canned-responses/x"}, {"POST", "canned-responses"}, {"DELETE", "canned-responses"}} {
			if a := d.Root.Call(call[0], call[1], `{}`); a.Status != 403 {
				t.Errorf("%v without the permission: %d %s", call, a.Status, a.Text)
			}
		}
	})
}

// TestPlaceholdersAreFilledInWhenAnAgentWrites, not when a visitor does.
func TestPlaceholdersAreFilledInWhenAnAgentWrites(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		c, _, ana := contracttest.Staffed(t, s)
		c.Post("livechat/visitor", `{"visitor":{"token":"vera","name":"Vera","email":"vera@x.example"}}`).Is("success", true)
		rid := fmt.Sprint(c.Call("GET", "livechat/room?token=vera", "").Get("room._id"))
		ana.Post("chat.sendMessage", `{"message":{"rid":%q,"msg":"Hi {{contact.name}}, {{contact.email}}, {{none}}"}}`, rid).Is("message.msg", "Hi Vera, vera@x.example, {{none}}")
		c.Say("vera", rid, "m1", "I am {{agent.name}}").Is("message.msg", "I am {{agent.name}}")
	})
}

// TestMonitorsHaveTheRepliesOfTheirUnits also when the department is out of use.
func TestMonitorsHaveTheRepliesOfTheirUnits(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Post("users.create", `{"name":"Moni","email":"moni@example.com","username":"moni","password":%q}`, servertest.Password).Is("success", true)
		a := d.Root.Method("livechat:addMonitor", `["moni"]`)
		id := fmt.Sprint(a.Get("result._id"))
		moni := d.C.LogIn("moni")
		a = d.Root.Post("livechat/department", `{"department":{"name":"Closed","enabled":false,"email":"a@b","showOnRegistration":true,"showOnOfflineForm":true}}`)
		dep := fmt.Sprint(a.Get("department._id"))
		d.Root.Post("livechat/units", `{"unitData":{"name":"U","visibility":"public"},"unitMonitors":[{"monitorId":%q,"username":"moni"}],"unitDepartments":[{"departmentId":%q}]}`, id, dep).Is("success", true)
		d.Root.Post("canned-responses", `{"shortcut":"unit-1","text":"x","scope":"department","departmentId":%q}`, dep).Want(200, contracttest.OK(""))
		if a := moni.Call("GET", "canned-responses.get", ""); !strings.Contains(a.Text, `"unit-1"`) {
			t.Fatal(a.Text)
		}
		moni.Post("canned-responses", `{"shortcut":"unit-2","text":"x","scope":"department","departmentId":%q}`, dep).Want(200, contracttest.OK(""))
		moni.Post("canned-responses", `{"shortcut":"unit-3","text":"x","scope":"department","departmentId":%q}`, d.Other).Is("errorType", "error-not-allowed")
		moni.Post("canned-responses", `{"shortcut":"unit-4","text":"x","scope":"global"}`).Is("errorType", "error-not-allowed")
	})
}
