package cluster_test

import (
	"fmt"
	"net/http"
	"testing"
)

// Acceptance test 16 over two nodes: a transfer that needs consent is offered on
// the other node, declined, offered again and accepted there. That it needs
// consent is a setting changed on one node, which the other acts upon at once.
func TestHandoverAndSettingsCrossNodes(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 3)
	bo, boToken := s.agent("bo", 3)
	s.run("correct horse\n", "agent", "add", "--email", "eve@example.com", "--name", "eve", "--role", "admin")
	evesToken := s.run("", "token", "add", "--email", "eve@example.com", "--name", "test")
	lin := two.console(linToken, true)
	ann := one.dial("/parlor/visitor", one.visitor())
	cid := stateOf(t, ann.call("start", "{}")).Conversation
	lin.until("conversation", cid, `"cause":"assigned"`)
	// The administrator is served by the first node, the transfer by the second,
	// which hears of the settings before it hears of the colleague.
	one.must(http.MethodPut, "/admin/company", evesToken, `{"name":"Aurora","settings":{"timers":{"accept":60}}}`)
	colleague := one.console(boToken, true)
	lin.until("agent", bo, `"state":"ready"`, `"connected":true`)

	transfer := fmt.Sprintf(`{"agent":%q,"note":"knows orders"}`, bo)
	two.must(http.MethodPost, "/conversations/"+cid+"/transfer", linToken, transfer)
	colleague.until("handover", cid, `"state":"offered"`, "knows orders")
	one.must(http.MethodPost, "/conversations/"+cid+"/handover/decline", boToken, "")
	lin.until("handover", cid, `"state":"declined"`)
	ann.post(cid, "a1", "still with you?")
	lin.text("still with you?")

	two.must(http.MethodPost, "/conversations/"+cid+"/transfer", linToken, transfer)
	colleague.until("handover", cid, `"state":"offered"`)
	one.must(http.MethodPost, "/conversations/"+cid+"/handover/accept", boToken, "")
	lin.until("handover", cid, `"state":"accepted"`)
	ann.until("state", `"name":"bo"`)
	ann.post(cid, "a2", "hello again")
	if m := colleague.text("hello again"); m.Conversation != cid {
		t.Fatalf("%+v", m)
	}
}
