package desk_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

func TestVisitorsAreFound(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Root.Bridged("livechat:saveCustomField", `null,{"field":"city","label":"City","scope":"visitor","visibility":"visible","regexp":"","searchable":true}`)
		d.C.Post("livechat/visitor", `{"visitor":{"token":"t-bia","name":"Bia <i>Rocha</i>","email":"bia@shop.test","phone":"5511","customFields":[{"key":"city","value":"Curitiba","overwrite":true}]}}`).Is("success", true)
		d.C.Post("livechat/visitor", `{"visitor":{"token":"t-otto","name":"Otto","email":"otto@shop.test","phone":"4930"}}`).Is("success", true)
		find := func(query string) contracttest.Answer {
			return d.Ana.Call("GET", "livechat/visitors.search?"+query, "")
		}
		for term, want := range map[string]string{"bia": "t-bia", "otto@shop.test": "t-otto", "4930": "t-otto", "guest-1": "t-bia", "CURI": "t-bia", "<i>": "t-bia"} {
			a := find("term=" + url.QueryEscape(term))
			a.Is("total", 1)
			a.Is("count", 1)
			a.Is("visitors.0._id", d.C.Call("GET", "livechat/visitor/"+want, "").Get("visitor._id"))
		}
		a := find("term=bia")
		a.Is("visitors.0.name", "Bia <i>Rocha</i>")
		a.Is("visitors.0.phone.0.phoneNumber", "5511")
		a.Is("visitors.0.visitorEmails.0.address", "bia@shop.test")
		a.Is("visitors.0.livechatData.city", "Curitiba")
		find("term=nobody").Want(200, `{"count":0,"offset":0,"total":0,"visitors":[],"success":true}`)
		otto := d.C.Chat("t-otto", "")
		bia := fmt.Sprint(d.C.Call("GET", "livechat/room?token=t-bia", "").Get("room._id"))
		a = find("term=shop&sort=" + url.QueryEscape(`{"lastChat.ts":1}`))
		a.Is("visitors.0.lastChat._id", otto)
		a.Is("visitors.1.lastChat._id", bia)
		find("term=shop&sort="+url.QueryEscape(`{"lastChat.ts":-1}`)).Is("visitors.0.lastChat._id", bia)
		find("term=shop&count=1&offset=1").Is("count", 1)
		for path, want := range map[string]string{
			"livechat/visitors.search":                                                                              `400 {"error":"must have required property 'term' [invalid-params]","errorType":"invalid-params","success":false}`,
			"livechat/visitors.search?term=x&offset=-1":                                                             `400 {"error":"must be number [invalid-params]","errorType":"invalid-params","success":false}`,
			"livechat/visitors.search?term=x&sort=no":                                                               `400 {"error":"Invalid sort parameter provided: \"no\" [error-invalid-sort]","errorType":"error-invalid-sort","success":false}`,
			"livechat/visitors.autocomplete":                                                                        `400 {"error":"The 'selector' param is required","success":false}`,
			"livechat/visitors.autocomplete?selector={no":                                                           `400 {"error":"Invalid selector [error-invalid-selector]","errorType":"error-invalid-selector","success":false}`,
			"livechat/visitors.pagesVisited/none":                                                                   `400 {"error":"invalid-room","success":false}`,
			"livechat/visitors.searchChats/room/none/visitor/none":                                                  `400 {"error":"invalid-room","success":false}`,
			"livechat/visitors.searchChats/room/" + bia + "/visitor/none":                                           `200 {"count":0,"history":[],"offset":0,"total":0,"success":true}`,
			"livechat/visitors.autocomplete?selector=" + url.QueryEscape(`{"term":"bia"}`):                          `"name":"Bia`,
			"livechat/visitors.autocomplete?selector=" + url.QueryEscape(`{"term":"bia","exceptions":["guest-1"]}`): `200 {"items":[],"success":true}`,
		} {
			got := d.Ana.Call("GET", path, "")
			if text := fmt.Sprint(got.Status, " ", got.Text); text != want && !strings.Contains(text, want) {
				t.Errorf("%s\n got %s\nwant %s", path, text, want)
			}
		}
		visitor := fmt.Sprint(d.C.Call("GET", "livechat/visitor/t-bia", "").Get("visitor._id"))
		d.C.Post("livechat/page.visited", `{"token":"t-bia","rid":%q,"pageInfo":{"change":"url","title":"Shoes <b>","location":{"href":"https://shop.test/shoes"}}}`, bia).Is("page.msg", "Shoes <b> - https://shop.test/shoes")
		a = d.Ana.Call("GET", "livechat/visitors.pagesVisited/"+bia, "")
		a.Is("total", 1)
		a.Is("pages.0.navigation.page.location.href", "https://shop.test/shoes")
		a.Is("pages.0.navigation.token", "t-bia")
		chats := "livechat/visitors.searchChats/room/" + bia + "/visitor/" + visitor
		d.C.Say("t-bia", bia, "m1", "Where are my Shoes?").Is("success", true)
		a = d.Ana.Call("GET", chats+"?closedChatsOnly=false&servedChatsOnly=false&searchText=my+shoes", "")
		a.Is("total", 1)
		a.Is("history.0._id", bia)
		d.Ana.Call("GET", chats+"?searchText=hats", "").Is("total", 0)
		d.Ana.Call("GET", chats+"?closedChatsOnly=true", "").Is("total", 0)
		d.Root.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"done <b>"}`, bia).Is("success", true)
		a = d.Root.Call("GET", chats+"?closedChatsOnly=true&servedChatsOnly=true&source=api", "")
		a.Is("history.0.closingMessage.msg", "done <b>")
		a.Is("history.0.closer", "user")
		for _, path := range []string{"visitors.search?term=x", "visitors.autocomplete", "visitors.pagesVisited/x", "visitors.searchChats/room/x/visitor/x"} {
			if a := d.C.Call("GET", "livechat/"+path, ""); a.Status != 401 {
				t.Errorf("%s without a login: %d", path, a.Status)
			}
		}
	})
}

func TestARoomGetsAnotherVisitor(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		rid := d.C.Chat("vera", "SAC")
		d.C.Post("livechat/visitor", `{"visitor":{"token":"otto","name":"Otto"}}`).Is("success", true)
		d.C.Chat("busy", "SAC")
		who := func(token string) string {
			return fmt.Sprint(d.C.Call("GET", "livechat/visitor/"+token, "").Get("visitor._id"))
		}
		change := func(c *contracttest.Client, rid, from, to string) contracttest.Answer {
			return c.Call("PUT", "livechat/room.visitor", fmt.Sprintf(`{"rid":%q,"oldVisitorId":%q,"newVisitorId":%q}`, rid, from, to))
		}
		change(d.Ana, "none", who("vera"), who("otto")).Want(400, contracttest.Plain("invalid-room"))
		change(d.Ana, rid, "none", who("otto")).Want(400, contracttest.Plain("invalid-room-visitor"))
		change(d.Ana, rid, who("vera"), "<b>").Want(400, contracttest.Plain("visitor-not-found"))
		change(d.Ana, rid, who("vera"), who("busy")).Want(400, contracttest.Plain("error-not-allowed"))
		d.Ana.Call("PUT", "livechat/room.visitor", `{"rid":"x","oldVisitorId":"x"}`).Is("errorType", "invalid-params")
		d.C.Call("PUT", "livechat/room.visitor", `{}`).Is("status", "error")
		change(d.Ana, rid, who("vera"), who("otto")).Is("room.v._id", who("otto"))
		d.C.Call("GET", "livechat/room?token=otto&rid="+rid, "").Is("newRoom", false)
		d.C.Call("GET", "livechat/room?token=vera&rid="+rid, "").Want(400, contracttest.Plain("invalid-room"))
		d.C.Say("otto", rid, "m1", "it is me").Is("message.u.username", d.C.Call("GET", "livechat/visitor/otto", "").Get("visitor.username"))
	})
}
