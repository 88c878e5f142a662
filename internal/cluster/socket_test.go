package cluster_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parlor/internal/wsconn/wstest"
)

// socket is a Socket.IO 5 client of one namespace.
type socket struct {
	t    *testing.T
	c    *wstest.Client
	nsp  string
	next int
	// held are events that came while something else was awaited.
	held []packet
}

type packet struct{ event, arg string }

// dial connects to a namespace of a node.
func (n *node) dial(nsp, token string) *socket {
	n.t.Helper()
	c, _, err := wstest.Dial("ws"+strings.TrimPrefix(n.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = c.Close() }) // it may be closed already
	k := &socket{t: n.t, c: c, nsp: nsp, next: 1}
	k.send("40" + nsp + `,{"token":"` + token + `"}`)
	for {
		text := k.read()
		if strings.HasPrefix(text, "40"+nsp) {
			return k
		}
		if strings.HasPrefix(text, "44") {
			n.t.Fatal(text)
		}
	}
}

func (k *socket) send(text string) {
	k.t.Helper()
	if err := k.c.Text(text); err != nil {
		k.t.Fatal(err)
	}
}

// read returns the next packet that is no heartbeat.
func (k *socket) read() string {
	k.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		text, err := k.c.ReadText()
		if err != nil {
			k.t.Fatalf("%v; held: %+v", err, k.held)
		}
		if text != "2" {
			return text
		}
		k.send("3")
	}
	k.t.Fatalf("nothing came; held: %+v", k.held)
	return ""
}

// call emits an event and returns its acknowledgement, keeping other events.
func (k *socket) call(event, arg string) string {
	k.t.Helper()
	n := k.next
	k.next++
	k.send(fmt.Sprintf(`42%s,%d[%q,%s]`, k.nsp, n, event, arg))
	want := fmt.Sprintf("43%s,%d", k.nsp, n)
	for {
		text := k.read()
		if body, ok := strings.CutPrefix(text, want); ok {
			body = strings.TrimSuffix(strings.TrimPrefix(body, "["), "]")
			if strings.HasPrefix(body, `{"error"`) {
				k.t.Fatalf("%s %s: %s", event, arg, body)
			}
			return body
		}
		k.keep(text)
	}
}

func (k *socket) keep(text string) {
	k.t.Helper()
	body, ok := strings.CutPrefix(text, "42"+k.nsp+",")
	if !ok {
		k.t.Fatalf("unexpected packet %s", text)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(body), &parts); err != nil || len(parts) == 0 {
		k.t.Fatalf("unexpected event %s", body)
	}
	p := packet{event: strings.Trim(string(parts[0]), `"`)}
	if len(parts) > 1 {
		p.arg = string(parts[1])
	}
	k.held = append(k.held, p)
}

// until returns the next event of that name whose argument holds every part.
func (k *socket) until(event string, parts ...string) string {
	k.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		for i, p := range k.held {
			fits := p.event == event
			for _, s := range parts {
				fits = fits && strings.Contains(p.arg, s)
			}
			if fits {
				k.held = append(k.held[:i:i], k.held[i+1:]...)
				return p.arg
			}
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("no %s with %v; held: %+v", event, parts, k.held)
		}
		k.keep(k.read())
	}
}

// gone waits until the server has gone.
func (k *socket) gone() {
	k.t.Helper()
	for {
		text, err := k.c.ReadText()
		if err != nil {
			return
		}
		if text != "2" {
			k.keep(text)
		}
	}
}

// message is the part of a message that these tests look at.
type message struct {
	Conversation, ID, Text string
	Seq                    int
}

// text returns the next message with that text.
func (k *socket) text(text string) message {
	k.t.Helper()
	arg := k.until("message", `"text":"`+text+`"`)
	var wrapped struct{ Message message }
	var m message
	if err := json.Unmarshal([]byte(arg), &wrapped); err != nil {
		k.t.Fatal(err)
	}
	if m = wrapped.Message; m.ID == "" { // visitors get it bare
		if err := json.Unmarshal([]byte(arg), &m); err != nil {
			k.t.Fatal(err)
		}
	}
	return m
}

// post posts a text and returns the stored message.
func (k *socket) post(conversation, client, text string) message {
	k.t.Helper()
	in, err := json.Marshal(map[string]string{"conversation": conversation, "clientId": client, "kind": "text", "text": text})
	if err != nil {
		k.t.Fatal(err)
	}
	var out struct{ Message message }
	if err := json.Unmarshal([]byte(k.call("post", string(in))), &out); err != nil {
		k.t.Fatal(err)
	}
	return out.Message
}
