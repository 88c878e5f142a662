package socketio

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"parlor/internal/wsconn"
)

// The tests of this file cover what the official suite of version 5 of the protocol covers, and the same for clients
// of version 3 of the engine.

func TestConnectVersion4(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, send, prefix, auth string }{
		{"Main", "40", "40", `42["auth",{}]`},
		{"MainWithPayload", `40{"token":"123"}`, "40", `42["auth",{"token":"123"}]`},
		{"Custom", "40/custom,", "40/custom,", `42/custom,["auth",{}]`},
		{"CustomWithPayload", `40/custom,{"token":"abc"}`, "40/custom,", `42/custom,["auth",{"token":"abc"}]`},
		{"CustomWithoutComma", "40/custom", "40/custom,", `42/custom,["auth",{}]`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newSite(t, Options{}).suite("/", "/custom").raw("4")
			c.send(tc.send)
			text, ok := strings.CutPrefix(c.read(), tc.prefix)
			var answer map[string]string
			if !ok || json.Unmarshal([]byte(text), &answer) != nil || len(answer) != 1 || len(answer["sid"]) < 16 {
				t.Fatalf("answer %q", text)
			}
			c.expect(tc.auth)
		})
	}
}

func TestUnknownNamespace(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	c := s.raw("4")
	c.send("40/random")
	c.expect(`44/random,{"message":"Invalid namespace"}`)
	old := s.raw("3")
	old.expect("40")
	old.send("40/random")
	old.expect(`44/random,"Invalid namespace"`)
}

func TestMalformedPacketsClose(t *testing.T) {
	t.Parallel()
	packets := []string{
		"4abc", "4", "47", "42{}", `42abc["message"]`, "42[]", "42[1]", `42["message"`, `42["message"]x`, `42["a",]`,
		`42["a",01]`, `42["a",tru]`, "42[\"a\nb\"]", `42["\x"]`, "43[]", "431", `431{}`, "40[]", `40{"a":}`, "411", "41x",
		`44{"message":"x"}`, `45["a"]`, `451-`, `451-["a"]`, `4599999-["a"]`, "4099", `4217-["a"]`,
		"40/" + strings.Repeat("n", 300), `429999999999999999["a"]`,
		`42["a",` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `]`,
	}
	for _, p := range packets {
		t.Run(p[:min(len(p), 30)], func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{}).suite("/")
			c := s.join("/")
			c.expect(`42["auth",{}]`)
			c.send(p, `42["message",1]`)
			c.gone()
			if n := s.srv.Stats().ParseErrors; n != 1 && !strings.HasPrefix(p, "451-[") {
				t.Fatalf("%d parse errors", n)
			}
		})
	}
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}).suite("/", "/custom")
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	c.join("/custom", "")
	c.expect(`42/custom,["auth",{}]`)
	c.send("41/custom", `42/custom,["message","lost"]`, `42["message","message to main namespace"]`)
	c.expect(`42["message-back","message to main namespace"]`)
	c.send("41")
	c.join("/custom", "") // the connection goes on, and the name can be joined again
}

func TestVersion3LeavesByClosing(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}).suite("/", "/im/user")
	c := s.raw("3")
	c.expect("40", `42["auth",{}]`)
	c.send("40/im/user")
	c.expect("40/im/user", `42/im/user,["auth",{}]`)
	c.send("41/im/user", `42["message",1]`)
	c.expect(`42["message-back",1]`)
	c.send("41")
	c.gone()
}

func TestMessages(t *testing.T) {
	t.Parallel()
	c := newSite(t, Options{}).suite("/").join("/")
	c.expect(`42["auth",{}]`)
	c.send(`42["message",1,"2",{"3":[true]}]`)
	c.expect(`42["message-back",1,"2",{"3":[true]}]`)
	c.send(`42 [ "message" , 12345678901234567890 , 1.50 ] `)
	c.expect(`42["message-back",12345678901234567890,1.50]`)
	c.send(`42["mess\u0061ge"]`)
	c.expect(`42["message-back"]`)
	c.send(`42["nobody","listens"]`, `42456["message-with-ack",1,"2",{"3":[false]}]`)
	c.expect(`43456[1,"2",{"3":[false]}]`)
}

func TestBinary(t *testing.T) {
	t.Parallel()
	for version, mark := range map[string]string{"4": "", "3": "\x04"} {
		t.Run("EIO"+version, func(t *testing.T) {
			t.Parallel()
			c := newSite(t, Options{}).suite("/").raw(version)
			if version == "4" {
				c.join("/", "")
			} else {
				c.expect("40")
			}
			c.expect(`42["auth",{}]`)
			two := `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}`
			attach := func() {
				t.Helper()
				for _, p := range []string{"\x01\x02\x03", "\x04\x05\x06"} {
					if err := c.Write(wsconn.OpBinary, []byte(mark+p)); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.send(`452-["message",` + two + `]`)
			attach()
			c.expect(`452-["message-back",` + two + `]`)
			c.expectBytes(mark + "\x01\x02\x03")
			c.expectBytes(mark + "\x04\x05\x06")
			c.send(`452-789["message-with-ack",` + two + `]`)
			attach()
			c.expect(`462-789[` + two + `]`)
			c.expectBytes(mark + "\x01\x02\x03")
			c.expectBytes(mark + "\x04\x05\x06")
		})
	}
}

func TestBadBinaryCloses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text   string
		binary []string
		after  string
	}{
		"TooMany":          {text: `4517-["m"]`},
		"Unexpected":       {binary: []string{"x"}},
		"TextBetween":      {text: `452-["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, binary: []string{"x"}, after: "42[]"},
		"NumberTwice":      {text: `452-["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, binary: []string{"x", "y"}},
		"NumberOutOfRange": {text: `451-["m",{"_placeholder":true,"num":1}]`, binary: []string{"x"}},
		"NoPlaceholder":    {text: `451-["m"]`, binary: []string{"x"}},
		"NumberMalformed":  {text: `451-["m",{"_placeholder":true,"num":0,"x":1}]`, binary: []string{"x"}},
		"NotJSON":          {text: `451-["m",{"_placeholder":true,"num":0}`, binary: []string{"x"}},
		"TooLarge": {text: `452-["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
			binary: []string{strings.Repeat("x", 600), strings.Repeat("x", 600)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{MaxPayload: 1000})
			s.srv.Of("/").On("m", func(*Socket, []json.RawMessage, func(...any)) { t.Error("the event was handled") })
			c := s.join("/")
			if tc.text != "" {
				c.send(tc.text)
			}
			for _, b := range tc.binary {
				if err := c.Write(wsconn.OpBinary, []byte(b)); err != nil {
					t.Fatal(err)
				}
			}
			if tc.after != "" {
				c.send(tc.after)
			}
			c.gone()
		})
	}
}

func TestBinaryEventWithoutAttachmentsIsAnEvent(t *testing.T) {
	t.Parallel()
	c := newSite(t, Options{}).suite("/").join("/")
	c.expect(`42["auth",{}]`)
	c.send(`450-["message",1]`)
	c.expect(`42["message-back",1]`)
}

func TestQueryInConnectOfOldClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/im/user", "/im/visitor")
	n.OnConnected(func(k *Socket) {
		q := k.Query()
		check(t, k.Emit("who", q.Get("userid"), q.Get("orgi"), q.Get("page"), k.Namespace(), k.ID() == k.Namespace()+"#"+k.client.conn.ID()))
	})
	for _, tc := range []struct{ send, answer, event string }{
		{"40/im/user", "40/im/user", `42/im/user,["who","engine","","p","/im/user",true]`},
		{"40/im/user?userid=u1&orgi=o1,", "40/im/user", `42/im/user,["who","u1","o1","p","/im/user",true]`},
		{"40/im/user?userid=%E4%BD%A0&orgi=a%2Cb", "40/im/user", `42/im/user,["who","你","a,b","p","/im/user",true]`},
		{"40/im/user/,", "40/im/user/", `42/im/user/,["who","engine","","p","/im/user/",true]`},
		{"40/im/visitor?userid=v", "40/im/visitor", `42/im/visitor,["who","v","","p","/im/visitor",true]`},
		{`40/im/user,{"token":"ignored"}`, "40/im/user", `42/im/user,["who","engine","","p","/im/user",true]`},
	} {
		t.Run(tc.send, func(t *testing.T) {
			t.Parallel()
			c := s.dial("EIO=3&userid=engine&page=p")
			c.read()
			c.expect("40")
			c.send(tc.send)
			c.expect(tc.answer, tc.event)
		})
	}
}

func TestImplicitConnectAndPollingOfOldClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}).suite("/")
	text := s.get("EIO=3")
	_, text, _ = strings.Cut(text, ":0")
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(text), &open); err != nil {
		t.Fatal(err)
	}
	q := "EIO=3&sid=" + open.SID
	got := s.get(q)
	if !strings.Contains(got, "auth") {
		got += s.get(q)
	}
	if got != `2:4013:42["auth",{}]` {
		t.Fatalf("got %q", got)
	}
	s.request("POST", q, `18:42["message","你好"]`)
	if got := s.get(q); got != "\x00\x02\x07\xff"+`42["message-back","你好"]` {
		t.Fatalf("got %q", got)
	}
}

func TestRefusedByTheApplication(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/x")
	n.OnConnect(func(k *Socket) error {
		switch k.Query().Get("why") {
		case "shown":
			return &ConnectError{Message: "no", Data: map[string]int{"code": 7}}
		case "hidden":
			return errors.New("database is on fire")
		}
		return nil
	})
	n.OnDisconnect(func(*Socket, string) { t.Error("a refused socket was reported as disconnected") })
	n.On("e", func(*Socket, []json.RawMessage, func(...any)) { t.Error("an event of a refused socket was handled") })
	for _, tc := range []struct{ version, why, answer string }{
		{"4", "shown", `44/x,{"message":"no","data":{"code":7}}`}, {"3", "shown", `44/x,{"code":7}`},
		{"4", "hidden", `44/x,{"message":"Forbidden"}`}, {"3", "hidden", `44/x,"Forbidden"`},
	} {
		t.Run(tc.version+tc.why, func(t *testing.T) {
			t.Parallel()
			c := s.raw(tc.version)
			if tc.version == "3" {
				c.expect("40")
			}
			c.send("40/x?why="+tc.why+",", `42/x,["e"]`)
			c.expect(tc.answer)
			if tc.version == "3" {
				c.send("40/nobody") // still open
				c.expect(`44/nobody,"Invalid namespace"`)
			}
		})
	}
}
