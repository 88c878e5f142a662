package live_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// inTalk brings a visitor and Lin together.
func inTalk(t *testing.T, w *world) (v, a *sock, conv string) {
	t.Helper()
	v = connect(t, w.Instance, "/parlor/visitor", w.visitor())
	conv = field(t, v.call("start", `{}`), "conversation")
	a = w.console("lin@example.com", true)
	a.until("conversation", `"cause":"assigned"`, conv)
	v.until("state", `"status":"open"`)
	return v, a, conv
}

func signal(ticket, kind, data string) string {
	return fmt.Sprintf(`{"ticket":%q,"type":%q,"data":%q}`, ticket, kind, data)
}

func TestCallFromInvitationToEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	v, a, conv := inTalk(t, w)
	v.has(v.call("call-signal", signal("x", "offer", "x")), "call_over")
	begun := a.call("call-invite", fmt.Sprintf(`{"conversation":%q,"kind":"video"}`, conv))
	a.has(begun, `"state":"INVITING"`, `"by":"agent"`, `"iceServers":[]`, `"ticket":"`)
	c, mine := field(t, begun, "id"), field(t, begun, "ticket")
	rung := v.until("call", `"state":"INVITING"`, `"agentName":"Lin"`, `"kind":"video"`)
	if !strings.Contains(rung, `"agent":""`) {
		t.Fatalf("the agent's id reached the visitor: %s", rung)
	}
	a.has(a.call("call-invite", fmt.Sprintf(`{"conversation":%q,"kind":"voice"}`, conv)), "call_running")
	a.has(a.call("call-accept", fmt.Sprintf(`{"call":%q}`, c)), "own_call")
	v.has(v.call("call-join", fmt.Sprintf(`{"call":%q}`, c)), "call_not_answered")
	v.has(v.call("call-now", fmt.Sprintf(`{"conversation":%q}`, conv)), c)
	v.call("call-ring", fmt.Sprintf(`{"call":%q}`, c))
	a.until("call", `"state":"RINGING"`)

	// A second page of the visitor sees the call, but takes no part in it.
	answered := v.call("call-accept", fmt.Sprintf(`{"call":%q}`, c))
	v.has(answered, `"state":"CONNECTED"`)
	his := field(t, answered, "ticket")
	a.until("call", `"state":"CONNECTED"`)
	second := w.console("lin@example.com", false)
	v.has(v.call("call-accept", fmt.Sprintf(`{"call":%q}`, c)), "call_over")
	v.has(v.call("call-signal", signal(his, "ready", "")), `{}`)
	a.until("call-signal", `"type":"ready"`, `"from":"visitor"`)
	a.has(a.call("call-signal", signal(mine, "offer", "sdp")), `{}`)
	v.until("call-signal", `"type":"offer"`, `"data":"sdp"`)
	second.none("call-signal", c)

	for _, bad := range []string{signal(his, "offer", "x"), signal("", "offer", "x"), signal(strings.Replace(mine, ".agent.", ".visitor.", 1), "offer", "x")} {
		a.has(a.call("call-signal", bad), "bad_ticket")
	}
	a.has(a.call("call-signal", signal(mine, "shout", "x")), "bad_signal")
	a.has(a.call("call-signal", signal(mine, "offer", strings.Repeat("x", 32<<10+1))), "bad_signal")
	next := field(t, a.call("call-ping", fmt.Sprintf(`{"ticket":%q,"quality":{"loss":5,"rtt":40}}`, mine)), "ticket")
	a.has(a.call("call-signal", signal(next, "candidate", "c")), `{}`)
	v.until("call-signal", `"data":"c"`)

	// The whiteboard is shown to both; the agent switches devices, the visitor does not.
	second.has(second.call("call-board", fmt.Sprintf(`{"call":%q}`, c)), "call_over")
	v.has(v.call("call-board", fmt.Sprintf(`{"call":%q}`, c)), `{}`)
	a.until("call-signal", `"type":"board"`, `"from":"visitor"`, `open`)
	a.until("message", `"name":"whiteboard"`)
	a.has(a.call("call-signal", signal(next, "board", `{"turn":{"page":"a0","at":1}}`)), `{}`)
	v.until("call-signal", `"type":"board"`, `turn`)
	v.has(v.call("call-signal", signal(his, "board", `{"turn":{"page":"a0","at":1}}`)), "agents_only")
	file := field(t, w.picture(w.visitor()), "url")
	v.has(v.call("call-signal", signal(his, "board", `{"pages":[{"id":"v1","at":1,"picture":"`+file+`"}]}`)), `{}`)
	v.has(v.call("call-signal", signal(his, "board", `{"pages":[{"id":"v1","at":1,"picture":"`+file+`x"}]}`)), "bad_board")
	a.has(a.call("call-signal", signal(next, "device", `{"device":"microphone","action":"off"}`)), `{}`)
	v.until("call-signal", `"type":"device"`, `microphone`)
	v.has(v.call("call-signal", signal(his, "device", `{"device":"microphone","action":"off"}`)), "agents_only")

	stranger := connect(t, w.Instance, "/parlor/visitor", w.visitor())
	for _, event := range []string{"call-accept", "call-join", "call-leave"} {
		stranger.has(stranger.call(event, fmt.Sprintf(`{"call":%q}`, c)), "call_not_found")
	}
	stranger.has(stranger.call("call-signal", signal(his, "offer", "x")), "call_over")

	v.has(v.call("call-leave", fmt.Sprintf(`{"call":%q}`, c)), `"state":"TERMINATED"`, `"reason":"hung_up"`)
	a.until("call", `"state":"TERMINATED"`, `"endedBy":"visitor"`, `"rtt":40`)
	a.until("message", `"name":"call_ended"`, `"reason":"hung_up"`, `"media":"video"`)
	a.has(a.call("call-signal", signal(next, "candidate", "c")), "call_over")
	stranger.none("call", c)

	_, list, _ := w.Call("GET", "/api/parlor/v1/conversations/"+conv+"/calls", "", "Authorization", "Bearer "+w.Token("lin@example.com"))
	a.has(list, `"reason":"hung_up"`, `"number":1`)
	_, list, _ = w.Call("GET", "/api/parlor/v1/calls?limit=5", "", "Authorization", "Bearer "+w.Token("bo@example.com"))
	if strings.Contains(list, c) {
		t.Fatal("another agent sees the call")
	}
	_, list, _ = w.Call("GET", "/api/parlor/v1/calls", "", "Authorization", "Bearer "+w.Token("cy@example.com"))
	a.has(list, c)
}

func TestCallEndsWithItsConversation(t *testing.T) {
	t.Parallel()
	w := start(t)
	v, a, conv := inTalk(t, w)
	begun := v.call("call-invite", fmt.Sprintf(`{"conversation":%q,"kind":"voice"}`, conv))
	v.has(begun, `"by":"visitor"`, `"kind":"voice"`)
	a.until("call", `"state":"INVITING"`, `"by":"visitor"`)
	a.has(a.call("call-accept", fmt.Sprintf(`{"call":%q}`, field(t, begun, "id"))), `"state":"CONNECTED"`)
	v.call("close", `{}`)
	a.until("call", `"state":"TERMINATED"`, `"reason":"conversation_closed"`)
	v.until("call", `"state":"TERMINATED"`)
	v.has(v.call("call-invite", fmt.Sprintf(`{"conversation":%q}`, conv)), "conversation_closed")
}

func TestCallIsDeclinedAndCancelled(t *testing.T) {
	t.Parallel()
	w := start(t)
	v, a, conv := inTalk(t, w)
	other := w.console("cy@example.com", false)
	other.has(other.call("call-invite", fmt.Sprintf(`{"conversation":%q}`, conv)), "not_your_conversation")
	for _, x := range []struct {
		by, ends *sock
		reason   string
		body     string
	}{{a, v, "declined", ""}, {a, a, "cancelled", ""}, {v, a, "declined", ""}, {v, v, "cancelled", ""}, {a, v, "failed", `,"failed":true`}} {
		c := field(t, x.by.call("call-invite", fmt.Sprintf(`{"conversation":%q}`, conv)), "id")
		x.ends.has(x.ends.call("call-leave", fmt.Sprintf(`{"call":%q%s}`, c, x.body)), `"state":"ABORTED"`, x.reason)
		for _, k := range []*sock{a, v} {
			k.until("call", c, `"state":"ABORTED"`, `"reason":"`+x.reason+`"`)
		}
	}
}

// Signals have 50 ms on a local network; half of them take far less here.
func TestCallSignalsAreFast(t *testing.T) {
	t.Parallel()
	w := start(t)
	v, a, conv := inTalk(t, w)
	begun := a.call("call-invite", fmt.Sprintf(`{"conversation":%q}`, conv))
	mine := field(t, begun, "ticket")
	v.call("call-accept", fmt.Sprintf(`{"call":%q}`, field(t, begun, "id")))
	a.until("call", `"state":"CONNECTED"`)
	sdp := strings.Repeat("a=candidate ", 400)
	var worst, sum time.Duration
	const n = 100
	for i := range n {
		from := time.Now()
		a.send(fmt.Sprintf(`42/parlor/agent,["call-signal",%s]`, signal(mine, "offer", fmt.Sprint(i, " ", sdp))))
		v.until("call-signal", fmt.Sprintf(`"data":"%d `, i))
		took := time.Since(from)
		sum += took
		worst = max(worst, took)
	}
	t.Logf("mean %v, longest %v", sum/n, worst)
	if sum/n > 50*time.Millisecond {
		t.Fatalf("a signal takes %v", sum/n)
	}
}
