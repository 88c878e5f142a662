package desk_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"parlor/internal/front/rocketchat/contracttest"
	"parlor/internal/server/servertest"
)

// servedBy asks who serves a room.
func servedBy(c *contracttest.Client, rid string) string {
	c.T.Helper()
	a := c.Call("GET", "channels.info?roomId="+rid, "")
	a.Is("success", true)
	return fmt.Sprint(a.Get("channel.servedBy.username"))
}

// newUser makes an account with roles and logs it in.
func newUser(d *contracttest.Desk, name, roles string) *contracttest.Client {
	d.C.T.Helper()
	d.Root.Post("users.create", `{"email":"%[1]s@example.com","name":%[1]q,"username":%[1]q,"password":%[2]q,"roles":%[3]s}`, name, servertest.Password, roles).Is("success", true)
	return d.C.LogIn(name)
}

// TestRoutingMethods: what a company sets by the names of the contract holds for
// the next conversation.
func TestRoutingMethods(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		n := 0
		open := func(department string) contracttest.Answer {
			n++
			d.C.Post("livechat/visitor", `{"visitor":{"token":"m%d","name":"M","department":%q}}`, n, department).Is("success", true)
			return d.C.Call("GET", fmt.Sprintf("livechat/room?token=m%d", n), "")
		}
		serves := func(department string) string {
			t.Helper()
			a := open(department)
			a.Is("newRoom", true)
			return servedBy(d.Root, fmt.Sprint(a.Get("room._id")))
		}
		nobody := func(department string) {
			t.Helper()
			open(department).Want(400, `{"error":"Sorry, no online agents [no-agent-online]","errorType":"no-agent-online","success":false}`)
		}
		want := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Fatalf("%s: served by %s, want %s", what, got, want)
			}
		}
		eve, kim := newUser(d, "eve", `["livechat-agent"]`), newUser(d, "kim", `["livechat-agent"]`)
		d.Root.Post("livechat/department/"+string(d.Sac)+"/agents", `{"upsert":[{"agentId":%q,"username":"eve"},{"agentId":%q,"username":"kim","count":2}],"remove":[{"agentId":%q,"username":"ana"}]}`, eve.ID(), kim.ID(), d.AnaID).Is("success", true)
		d.Ana.There()
		nobody(string(d.Sac)) // Ana is there, but in another department
		eve.There()
		kim.There()

		d.Root.Option("Livechat_Routing_Method", `"Auto_Selection"`)
		for i, name := range []string{"eve", "eve", "eve", "kim", "eve"} {
			want(fmt.Sprint("automatic ", i), serves(string(d.Sac)), name)
		}
		d.Root.Option("Livechat_Routing_Method", `"Load_Balancing"`)
		want("balanced", serves(string(d.Sac)), "kim")
		d.Root.Option("Livechat_Routing_Method", `"Load_Rotation"`)
		want("in turn", serves(string(d.Sac)), "eve")
		want("in turn", serves(string(d.Sac)), "kim")
		d.Root.Option("Livechat_Routing_Method", `"Manual_Selection"`)
		rid := fmt.Sprint(open(string(d.Sac)).Get("room._id"))
		want("by hand", servedBy(d.Root, rid), "<nil>")
		d.Root.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Is("inquiry.status", "queued")
		eve.Post("livechat/inquiries.take", `{"inquiryId":%q}`, rid).Is("success", true)
		d.Root.Call("GET", "livechat/inquiries.getOne?roomId="+rid, "").Is("inquiry.status", "taken")
		want("by hand", servedBy(d.Root, rid), "eve")
		d.Root.Call("GET", "settings/Livechat_Routing_Method", "").Is("value", "Manual_Selection")

		newUser(d, "robo", `["bot","livechat-agent"]`)
		robo := fmt.Sprint(d.Root.Call("GET", "users.info?username=robo", "").Get("user._id"))
		d.Root.Post("livechat/department/"+string(d.Other)+"/agents", `{"upsert":[{"agentId":%q,"username":"robo"}],"remove":[]}`, robo).Is("success", true)
		d.Root.Option("Livechat_accept_chats_with_no_agents", "true")
		want("bots are not asked", serves(string(d.Other)), "<nil>")
		d.Root.Option("Livechat_assign_new_conversation_to_bot", "true")
		want("a bot first", serves(string(d.Other)), "robo")
		want("no bot here", serves(string(d.Sac)), "<nil>")
		d.Root.Option("Livechat_assign_new_conversation_to_bot", "false")
		d.Root.Option("Livechat_accept_chats_with_no_agents", "false")

		d.Root.Option("Livechat_Routing_Method", `"Auto_Selection"`)
		d.Root.Post("omnichannel/contacts", `{"name":"Carla","emails":["carla@example.com"],"phones":[],"contactManager":%q}`, kim.ID()).Is("success", true)
		managed := func() string {
			n++
			d.C.Post("livechat/visitor", `{"visitor":{"token":"m%[1]d","name":"Carla","email":"Carla@example.com","department":%[2]q}}`, n, d.Sac).Is("success", true)
			return servedBy(d.Root, fmt.Sprint(d.C.Call("GET", fmt.Sprintf("livechat/room?token=m%d", n), "").Get("room._id")))
		}
		d.Root.Post("livechat/department/"+string(d.Sac)+"/agents", `{"upsert":[{"agentId":%q,"username":"eve","count":0},{"agentId":%q,"username":"kim","count":10000}],"remove":[]}`, eve.ID(), kim.ID()).Is("success", true)
		want("who looks after the contact", managed(), "kim")
		d.Root.Option("Omnichannel_contact_manager_routing", "false")
		want("managers are not asked", managed(), "eve")
		d.Root.Option("Omnichannel_contact_manager_routing", "true")

		d.Root.Option("Livechat_enabled_when_agent_idle", "false")
		eve.Call("POST", "users.setStatus", `{"status":"away"}`).Is("success", true)
		kim.Call("POST", "users.setStatus", `{"status":"away"}`).Is("success", true)
		eve.Call("GET", "users.getStatus", "").Is("status", "away")
		nobody(string(d.Sac))
		d.Root.Option("Livechat_enabled_when_agent_idle", "true")
		serves(string(d.Sac))
		eve.Call("POST", "livechat/agent.status", `{"status":"not-available"}`).Is("success", true)
		kim.Call("POST", "users.setStatus", `{"status":"offline"}`).Is("success", true)
		nobody(string(d.Sac))
		d.Root.Option("Livechat_accept_chats_with_no_agents", "true")
		want("available though not there", serves(string(d.Sac)), "kim")
		d.Root.Option("Livechat_accept_chats_with_no_agents", "false")
	})
}

// TestChatLimits: the agent's own limit, that of the company for those without one,
// and that of the department hold at once, also when they change.
func TestChatLimits(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Root.Option("Livechat_Routing_Method", `"Load_Balancing"`)
		eve := newUser(d, "eve", `["livechat-agent"]`)
		a, b := d.Root.Department("A", `,"maxNumberSimultaneousChat":2`), d.Root.Department("B", `,"maxNumberSimultaneousChat":2`)
		limit := func(n int) {
			d.Root.Post("livechat/agents.saveInfo", `{"agentId":%q,"agentData":{"maxNumberSimultaneousChat":%d},"agentDepartments":[%q,%q]}`, eve.ID(), n, a, b).Is("success", true)
		}
		limit(1)
		eve.There()
		n := 0
		waits := ""
		room := func(department, want string) {
			t.Helper()
			n++
			waits = d.C.Chat(fmt.Sprint("l", n), department)
			if got := servedBy(d.Root, waits); got != want {
				t.Fatalf("chat %d is served by %s, want %s", n, got, want)
			}
		}
		comes := func() {
			t.Helper()
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
				if servedBy(d.Root, waits) == "eve" {
					return
				}
			}
			t.Fatal("the chat still waits")
		}
		room(a, "eve")
		room(a, "<nil>")
		limit(2)
		comes()
		room(b, "<nil>")
		limit(3)
		comes()
		limit(0)
		room(b, "eve")
		room(b, "<nil>") // the department's limit
		d.Root.Option("Livechat_maximum_chats_per_agent", "6")
		d.Root.Call("PUT", "livechat/department/"+b, `{"department":{"name":"B","enabled":true,"email":"bla@bla","showOnRegistration":true,"showOnOfflineForm":true,"maxNumberSimultaneousChat":0}}`).Is("success", true)
		comes()
		room(b, "eve")
		room(b, "<nil>") // the company's
		eve.Post("livechat/inquiries.take", `{"inquiryId":%q}`, waits).Want(400, contracttest.Plain("error-max-number-simultaneous-chats-reached"))
		d.Root.Option("Livechat_maximum_chats_per_agent", "0")
		comes()
		room(a, "<nil>")
		limit(1)
		d.Bob.There()
		rid := d.C.Chat("forward", string(d.Other))
		d.Root.Post("livechat/room.forward", `{"roomId":%q,"userId":%q}`, rid, eve.ID()).Want(400, contracttest.Plain("error-max-number-simultaneous-chats-reached"))
		d.Root.Call("GET", "livechat/transfer.history/"+rid, "").Is("total", 0)
	})
}

// TestClosingAsksForWhatIsSet: a comment, tags, and one closer of several.
func TestClosingAsksForWhatIsSet(t *testing.T) {
	t.Parallel()
	servertest.Each(t, nil, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		tagged := d.Root.Department("Tagged", `,"requestTagBeforeClosingChat":true,"chatClosingTags":["done","paid"]`)
		d.Root.Post("livechat/department/"+tagged+"/agents", `{"upsert":[{"agentId":%q,"username":"ana"}],"remove":[]}`, d.AnaID).Is("success", true)
		end := func(rid, more string) contracttest.Answer {
			return d.Ana.Post("livechat/room.closeByUser", `{"rid":%q%s}`, rid, more)
		}
		rid := d.C.Chat("c1", tagged)
		end(rid, "").Want(400, contracttest.Plain("error-comment-is-required"))
		end(rid, `,"comment":"  "`).Want(400, contracttest.Plain("error-comment-is-required"))
		end(rid, `,"comment":"x"`).Want(400, contracttest.Plain("error-tags-must-be-assigned-before-closing-chat"))
		d.Bob.Post("livechat/room.closeByUser", `{"rid":%q,"comment":"x"}`, rid).Want(400, contracttest.Plain("error-not-authorized"))
		end(rid, `,"comment":"x","tags":["mine"]`).Want(200, contracttest.OK(""))
		d.Root.Call("GET", "channels.info?roomId="+rid, "").Is("channel.tags", "[mine done paid]")
		end(rid, `,"comment":"x","forceClose":true`).Want(400, contracttest.Plain("error-room-already-closed"))
		d.Root.Option("Omnichannel_allow_force_close_conversations", "true")
		end(rid, `,"comment":"x","forceClose":true`).Want(200, contracttest.OK(""))
		end(rid, `,"comment":"x"`).Want(400, contracttest.Plain("error-room-cannot-be-closed-try-again"))
		d.Root.Option("Livechat_request_comment_when_closing_conversation", "false")
		end(d.C.Chat("c2", ""), "").Want(200, contracttest.OK(""))

		rid = d.C.Chat("c3", "")
		answers := make([]contracttest.Answer, 3)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = end(rid, `,"comment":"x"`) })
		}
		all.Wait()
		won := 0
		for _, a := range answers {
			if a.Status == 200 {
				won++
			} else if code := fmt.Sprint(a.Get("error")); code != "error-room-cannot-be-closed-try-again" {
				t.Error(a.Text)
			}
		}
		if won != 1 {
			t.Errorf("%d closed it", won)
		}
	})
}

// TestExternalRouting: the company's server is asked with its token and names who
// gets a conversation of a department.
func TestExternalRouting(t *testing.T) {
	t.Parallel()
	servertest.Each(t, map[string]string{"webhook-private": "allow"}, func(t *testing.T, s *servertest.Instance) {
		d := contracttest.NewDesk(t, s)
		d.Ana.There()
		d.Bob.There()
		asked := make(chan string, 10)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.URL.Query().Get("departmentId") + " " + r.Header.Get("X-RocketChat-Secret-Token") + " " + r.UserAgent()
			_, _ = io.WriteString(w, `{"username":"bob"}`) // the client may have gone
		}))
		t.Cleanup(server.Close)
		d.Root.Option("Livechat_External_Queue_URL", fmt.Sprintf("%q", server.URL))
		d.Root.Option("Livechat_External_Queue_Token", `"s3cret"`)
		for method, flags := range map[string]string{"Manual_Selection": "true false", "Auto_Selection": "false true", "Load_Balancing": "false false", "External": "false false"} {
			d.Root.Option("Livechat_Routing_Method", fmt.Sprintf("%q", method))
			a := d.Ana.Call("GET", "livechat/config/routing", "")
			if got := fmt.Sprint(a.Get("config.showQueue"), " ", a.Get("config.showQueueLink")); got != flags {
				t.Errorf("%s: %s", method, a.Text)
			}
			d.Ana.Method("livechat:getRoutingConfig", `[]`).Is("result.autoAssignAgent", method != "Manual_Selection")
		}
		d.C.Call("GET", "livechat/config/routing", "").Is("status", "error")
		d.Root.Option("Livechat_Routing_Method", `"External"`)
		d.Root.Call("GET", "settings/Livechat_Routing_Method", "").Is("value", "External")
		rid := d.C.Chat("x1", string(d.Sac))
		if got, want := <-asked, string(d.Sac)+" s3cret RocketChat Server"; got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
		for end := time.Now().Add(20 * time.Second); servedBy(d.Root, rid) != "bob"; {
			if time.Now().After(end) {
				t.Fatal("the named agent did not get it")
			}
		}
	})
}
