package cluster_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parlor/internal/wsconn/wstest"
)

// Acceptance test 15 and weak point R11: who looks at a page on one node is seen
// on the other, and invited from there within a second; a killed node takes its
// visitors along.
func TestInvitationReachesTheOtherNode(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 3)
	lin := two.console(linToken, true)
	lin.call("online", `{"on":true}`)
	ann := one.dial("/parlor/visitor", one.visitor())
	ann.call("page", `{"url":"https://shop.example/lamp","title":"Lamp"}`)
	row := lin.until("online", `"title":"Lamp"`)
	var list struct {
		Items []struct{ Visitor, Title string }
	}
	if err := json.Unmarshal([]byte(two.must(http.MethodGet, "/online", linToken, "")), &list); err != nil || len(list.Items) != 1 || !strings.Contains(row, list.Items[0].Visitor) {
		t.Fatalf("%v %+v", err, list)
	}
	began := time.Now()
	two.must(http.MethodPost, "/visitors/"+list.Items[0].Visitor+"/invitations", linToken, `{"text":"may I help?"}`)
	ann.until("invite", "may I help?", `"agent":"lin"`)
	if d := time.Since(began); d > time.Second {
		t.Errorf("the invitation took %v", d)
	}
	lin.until("online", `"state":"invited"`)
	ann.call("invite-answer", `{"accept":true}`)
	lin.until("invitation", `"result":"accept"`)
	if st := stateOf(t, ann.call("start", "{}")); st.Status != "open" {
		t.Fatalf("%+v", st)
	}
	lin.until("online", `"state":"in_service"`)
	one.kill()
	ann.gone()
	for deadline := time.Now().Add(patience); ; {
		if list := two.must(http.MethodGet, "/online", linToken, ""); !strings.Contains(list, "Lamp") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the dead node's visitor is still there")
		}
	}
}

// page opens a page of the UCKeFu contract on a node.
func (n *node) page(userid string) *socket {
	n.t.Helper()
	q := url.Values{"EIO": {"4"}, "transport": {"websocket"}, "userid": {userid}, "orgi": {"ukewo"}, "session": {"s-" + userid}, "appid": {"main"}, "nickname": {userid}}
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(n.url, "http")+"/socket.io/?"+q.Encode(), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	k := &socket{t: n.t, c: c, nsp: "/im/user", next: 1}
	k.send("40/im/user,")
	for text := k.read(); !strings.HasPrefix(text, "40/im/user"); text = k.read() {
		continue
	}
	k.until("status", "agentserviceid")
	return k
}

// Weak point R1 over two nodes: a dialogue outlives its page on one node while the
// visitor has another open on the other node, and ends when that one goes too.
func TestVisitorGraceLooksAtAllNodes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.env = append(s.env, "PARLOR_VISITOR_GRACE=1s")
	one := s.start()
	two := s.start(one.cluster)
	one.meter("parlor_cluster_peers", "1")
	two.meter("parlor_cluster_peers", "1")
	_, linToken := s.agent("lin", 9)
	lin := two.console(linToken, true)
	first := one.page("ann")
	var row struct{ Conversation struct{ ID string } }
	if err := json.Unmarshal([]byte(lin.until("conversation", `"visitorName":"ann"`)), &row); err != nil || row.Conversation.ID == "" {
		t.Fatal(err)
	}
	second := two.page("ann")
	if err := first.c.Close(); err != nil {
		t.Fatal(err)
	}
	// Whoever leaves later, and has nothing else open, is gone when it is ann's turn no more.
	bob := one.page("bob")
	if err := bob.c.Close(); err != nil {
		t.Fatal(err)
	}
	lin.until("conversation", `"visitorName":"bob"`, `"status":"closed"`, `"endBy":"user"`)
	second.send(`42/im/user,["message",{"type":"message","message":"still here"}]`)
	if m := lin.text("still here"); m.Conversation != row.Conversation.ID {
		t.Fatalf("%+v", m)
	}
	if err := second.c.Close(); err != nil {
		t.Fatal(err)
	}
	lin.until("conversation", `"visitorName":"ann"`, `"status":"closed"`, `"endBy":"user"`)
}
