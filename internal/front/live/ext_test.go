package live_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestStructuredPartsReachTheConsole: cards go both ways, parameters to the agent
// only, and visitors are not shown what else was sent.
func TestStructuredPartsReachTheConsole(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.console("lin@example.com", true)
	v := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	first := v.call("post", `{"clientId":"m1","kind":"text","text":"","ext":{"secret":"s3","weichat":{"interactiveFlag":"order-detail"},"msgtype":{"order":{"title":"My order","order_id":"A-1"}}}}`)
	v.has(first, `"text":"My order\nA-1"`, `"card":{"kind":"order"`, `"worded":true`)
	if strings.Contains(first, "s3") || strings.Contains(first, "order-detail") {
		t.Fatal(first)
	}
	conv := field(t, first, "conversation")
	a.until("message", `"flag":"order-detail"`, `"secret":"s3"`)
	v.has(v.call("post", `{"kind":"text","text":"","ext":{"cmd":{"updateVisitorInfoSrc":{"params":{"orderNo":"A-1"}}}}}`), `"seq":0`)
	a.until("params", conv, `"orderNo":"A-1"`)
	a.has(a.call("post", fmt.Sprintf(`{"conversation":%q,"kind":"text","ext":{"msgtype":{"articles":[{"title":"One","url":"https://a.test/"}]}}}`, conv)), `"kind":"articles"`)
	v.until("message", `"card":{"kind":"articles"`, `"title":"One"`)
	v.has(v.call("post", `{"kind":"text","text":"x","ext":[]}`), `"reason":"bad_ext"`)
	v.none("params", "orderNo")

	// A conversation that was begun elsewhere is told to who connects later.
	other := w.visitor()
	if code, body, _ := w.Call("POST", "/v1/imgateway/messages?tenantId=1", `{"bodies":[{"type":"txt","msg":"from the page"}]}`, "Authorization", "Bearer "+other); code != 200 {
		t.Fatal(code, body)
	}
	late := connect(t, w.Instance, "/parlor/visitor", other)
	late.until("state", `"lastSeq":`)

	bearer := w.Token("lin@example.com")
	code, body, _ := w.Call("POST", "/api/parlor/v1/conversations/"+conv+"/messages", `{"kind":"text","text":"See","ext":{"interactiveFlag":"f1"}}`, "Authorization", "Bearer "+bearer, "Content-Type", "application/json")
	if code != 200 || !strings.Contains(body, `"flag":"f1"`) {
		t.Fatal(code, body)
	}
}
