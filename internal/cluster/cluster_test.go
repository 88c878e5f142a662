package cluster_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// state is the part of VisitorState that these tests look at.
type state struct {
	Conversation, Status string
	Place, LastSeq       int
}

func stateOf(t *testing.T, text string) (s state) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// pair starts two nodes that see each other.
func pair(t *testing.T) (s *site, one, two *node) {
	t.Helper()
	s = newSite(t)
	one = s.start()
	two = s.start(one.cluster)
	one.meter("parlor_cluster_peers", "1")
	two.meter("parlor_cluster_peers", "1")
	return s, one, two
}

// console connects an agent to a node; ready agents get conversations.
func (n *node) console(token string, ready bool) *socket {
	n.t.Helper()
	k := n.dial("/parlor/agent", token)
	k.until("hello", `"counts":`)
	if ready {
		n.must(http.MethodPut, "/me/state", token, `{"state":"ready"}`)
	}
	return k
}

func TestTwoNodesWorkAsOne(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 1)
	bo, boToken := s.agent("bo", 5)
	lin := two.console(linToken, true)

	// A visitor on the first node is brought to the agent on the second.
	ann := one.dial("/parlor/visitor", one.visitor())
	cid := stateOf(t, ann.call("start", "{}")).Conversation
	ann.until("state", `"status":"open"`, `"name":"lin"`)
	lin.until("conversation", cid, `"cause":"assigned"`)
	ann.post(cid, "a1", "are you there?")
	if m := lin.text("are you there?"); m.Conversation != cid {
		t.Fatalf("%+v", m)
	}
	answer := lin.post(cid, "l1", "yes, on the other node")
	if m := ann.text("yes, on the other node"); m.Seq != answer.Seq {
		t.Fatalf("%+v, want %+v", m, answer)
	}

	// What is being typed is seen on the other node, both ways.
	ann.send(`42/parlor/visitor,["typing",{"text":"my order nu"}]`)
	lin.until("typing", cid, `"from":"visitor"`, "my order nu")
	lin.send(fmt.Sprintf(`42/parlor/agent,["typing",{"conversation":%q,"on":true}]`, cid))
	ann.until("typing", `"on":true`)

	// The only agent is full: those who wait on either node are told their place.
	ben, cat := one.dial("/parlor/visitor", one.visitor()), two.dial("/parlor/visitor", two.visitor())
	if st := stateOf(t, ben.call("start", "{}")); st.Status != "queued" || st.Place != 1 {
		t.Fatalf("%+v", st)
	}
	waiting := stateOf(t, cat.call("start", "{}"))
	if waiting.Status != "queued" || waiting.Place != 2 {
		t.Fatalf("%+v", waiting)
	}
	ben.call("close", "{}")
	cat.until("state", waiting.Conversation, `"place":1`)
	cat.call("close", "{}")

	// A colleague on the other node is seen, and takes a conversation over.
	colleague := one.console(boToken, true)
	lin.until("agent", bo, `"state":"ready"`, `"connected":true`)
	two.must(http.MethodPost, "/conversations/"+cid+"/transfer", linToken, fmt.Sprintf(`{"agent":%q,"note":"knows orders"}`, bo))
	colleague.until("conversation", cid, `"cause":"transferred"`)
	ann.until("state", `"name":"bo"`)
	ann.post(cid, "a2", "hello again")
	if m := colleague.text("hello again"); m.Conversation != cid {
		t.Fatalf("%+v", m)
	}
	one.meter("go_sched_gomaxprocs_threads", "1")
}

func TestVisitorOfAKilledNodeMissesNothing(t *testing.T) {
	t.Parallel()
	s, one, two := pair(t)
	_, linToken := s.agent("lin", 3)
	bo, boToken := s.agent("bo", 3)
	lin := two.console(linToken, true)
	one.console(boToken, false)
	lin.until("agent", bo, `"connected":true`)

	token := one.visitor()
	ann := one.dial("/parlor/visitor", token)
	cid := stateOf(t, ann.call("start", "{}")).Conversation
	ann.until("state", `"status":"open"`)
	lin.until("conversation", cid, `"cause":"assigned"`)
	var last message
	for n := range 5 {
		last = ann.post(cid, fmt.Sprint("a", n), fmt.Sprint("question ", n))
		lin.text(fmt.Sprint("question ", n))
		lin.post(cid, fmt.Sprint("l", n), fmt.Sprint("answer ", n))
		last = ann.text(fmt.Sprint("answer ", n))
	}
	acknowledged := ann.post(cid, "sent", "acknowledged just before")

	one.kill()
	ann.gone()
	for n := range 3 {
		lin.post(cid, fmt.Sprint("m", n), fmt.Sprint("missed ", n))
	}

	back := two.dial("/parlor/visitor", token)
	var missed struct {
		Messages []message
		State    state
		Reload   bool
	}
	if err := json.Unmarshal([]byte(back.call("resume", fmt.Sprintf(`{"conversation":%q,"seq":%d}`, cid, last.Seq))), &missed); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for i, m := range missed.Messages {
		texts = append(texts, m.Text)
		if m.Seq != last.Seq+1+i {
			t.Errorf("message %d has number %d after %d", i, m.Seq, last.Seq)
		}
	}
	if want := "acknowledged just before|missed 0|missed 1|missed 2"; missed.Reload || strings.Join(texts, "|") != want || missed.State.Status != "open" {
		t.Fatalf("%+v, want %s", missed, want)
	}
	if again := back.post(cid, "sent", "acknowledged just before"); again.ID != acknowledged.ID || again.Seq != acknowledged.Seq {
		t.Fatalf("repeated: %+v, first %+v", again, acknowledged)
	}
	back.post(cid, "after", "still here")
	if m := lin.text("still here"); m.Seq != last.Seq+5 {
		t.Fatalf("%+v", m)
	}
	lin.post(cid, "done", "so am I")
	back.text("so am I")

	// The dead node's agent is seen to be gone, and a new node takes the dead one's place.
	lin.until("agent", bo, `"connected":false`)
	three := s.start(two.cluster)
	three.meter("parlor_cluster_peers", "1")
	dan := three.dial("/parlor/visitor", three.visitor())
	dan.call("post", `{"clientId":"d1","kind":"text","text":"hello from a new node"}`)
	lin.text("hello from a new node")
}
