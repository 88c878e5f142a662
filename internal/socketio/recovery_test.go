package socketio

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func recoverySite(t *testing.T) (*site, <-chan *Socket) {
	s := newSite(t, Options{RecoveryWindow: time.Minute})
	return s, sockets(s.srv.Of("/"))
}

// offset takes the recovery offset off an event like 42["e",1,"offset"].
func offset(t *testing.T, packet string) string {
	t.Helper()
	var args []any
	if err := json.Unmarshal([]byte(packet[2:]), &args); err != nil {
		t.Fatalf("%q: %v", packet, err)
	}
	text, ok := args[len(args)-1].(string)
	if !ok {
		t.Fatalf("%q has no offset", packet)
	}
	return text
}

func TestRecovery(t *testing.T) {
	t.Parallel()
	s, joined := recoverySite(t)
	n := s.srv.Of("/")
	c := s.raw("4")
	first := c.join("/", "")
	k := <-joined
	k.SetData("kept")
	check(t, k.Join("desk"))
	check(t, k.Emit("seen"))
	last := offset(t, c.read())
	_ = c.Close()
	waitFor(t, func() bool { return len(n.Sockets()) == 0 })

	check(t, n.To("desk").Emit("missed", 1))
	check(t, n.To("elsewhere").Emit("not for us"))
	check(t, n.Except("desk").Emit("not for us"))
	check(t, n.To(first["sid"]).Emit("missed", 2, Binary("b")))
	p, err := Prepare("missed", 3)
	check(t, err)
	n.To("desk", "other").Send(p)

	again := s.raw("4")
	second := again.join("/", fmt.Sprintf(`{"pid":%q,"offset":%q,"token":"x"}`, first["pid"], last))
	if second["sid"] != first["sid"] || second["pid"] != first["pid"] {
		t.Fatalf("%v, then %v", first, second)
	}
	k = <-joined
	if !k.Recovered() || k.Data() != "kept" || len(k.Rooms()) != 1 || k.Rooms()[0] != "desk" {
		t.Fatalf("recovered %v, data %v, rooms %v", k.Recovered(), k.Data(), k.Rooms())
	}
	for i := 1; i <= 3; i++ {
		packet := again.read()
		if i == 2 {
			again.expectBytes("b")
			packet = packet[2:] // 451- instead of 42
		}
		if want := fmt.Sprintf(`["missed",%d,`, i); packet[2:2+len(want)] != want {
			t.Fatalf("packet %d: %q", i, packet)
		}
		last = offset(t, packet)
	}
	check(t, n.To("desk").Emit("live"))
	if got := again.read(); offset(t, got) == last {
		t.Fatalf("offset %q twice", last)
	}
}

func TestRecoveryIsRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		leave          func(c *client4)
		after          time.Duration
		pid, offset    string
		events         int
		recovered, bad bool
	}{
		{name: "InTime", after: 59 * time.Second, recovered: true},
		{name: "TooLate", after: 61 * time.Second},
		{name: "AfterLeaving", leave: func(c *client4) { c.send("41") }},
		{name: "UnknownPID", pid: "nobody"},
		{name: "UnknownOffset", offset: "ffffffff-1"},
		{name: "MalformedOffset", offset: "x"},
		{name: "EventsLost", events: 10_001},
		{name: "EventsKept", events: 9_000, recovered: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, joined := recoverySite(t)
			n := s.srv.Of("/")
			c := s.raw("4")
			in := c.join("/", "")
			check(t, (<-joined).Emit("seen"))
			last := offset(t, c.read())
			if tc.leave != nil {
				tc.leave(c)
			} else {
				_ = c.Close()
			}
			waitFor(t, func() bool { return len(n.Sockets()) == 0 })
			s.clock.Advance(tc.after)
			for range tc.events {
				check(t, n.To("elsewhere").Emit("e"))
			}
			pid := in["pid"]
			if tc.pid != "" {
				pid = tc.pid
			}
			if tc.offset != "" {
				last = tc.offset
			}
			again := s.raw("4")
			out := again.join("/", fmt.Sprintf(`{"pid":%q,"offset":%q}`, pid, last))
			k := <-joined
			if k.Recovered() != tc.recovered || (out["sid"] == in["sid"]) != tc.recovered || out["pid"] == "" {
				t.Fatalf("recovered %v: %v then %v", k.Recovered(), in, out)
			}
			if len(k.Rooms()) != 0 {
				t.Fatalf("rooms %v", k.Rooms())
			}
		})
	}
}

func TestASessionIsRecoveredOnce(t *testing.T) {
	t.Parallel()
	s, joined := recoverySite(t)
	c := s.raw("4")
	in := c.join("/", "")
	check(t, (<-joined).Emit("seen"))
	auth := fmt.Sprintf(`{"pid":%q,"offset":%q}`, in["pid"], offset(t, c.read()))
	_ = c.Close()
	waitFor(t, func() bool { return s.srv.Stats().Sockets == 0 })
	s.raw("4").join("/", auth)
	s.raw("4").join("/", auth)
	if a, b := <-joined, <-joined; a.Recovered() == b.Recovered() {
		t.Fatalf("recovered %v and %v", a.Recovered(), b.Recovered())
	}
}

func TestOldClientsGetNoOffset(t *testing.T) {
	t.Parallel()
	s, joined := recoverySite(t)
	c := s.raw("3")
	c.expect("40")
	k := <-joined
	check(t, k.Emit("a", 1))
	check(t, s.srv.Of("/").Emit("b"))
	p, err := Prepare("c")
	check(t, err)
	check(t, k.Send(p))
	c.expect(`42["a",1]`, `42["b"]`, `42["c"]`)
}

func TestMemoryAdapterBounds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	m := NewMemoryAdapter(MemoryOptions{Window: time.Minute, MaxEntries: 10, MaxBytes: 5000, MaxSessions: 3, Now: func() time.Time { return now }}).(*memory)
	for i := range 50 {
		m.Append("/", Entry{JSON: []byte(`["e"]`)})
		m.Save("/", Session{PID: fmt.Sprint(i)})
	}
	h := m.names["/"]
	if len(h.entries) != 10 || len(h.sessions) != 3 || len(h.order) != 3 || h.first != 41 {
		t.Fatalf("%d entries from %d, %d sessions", len(h.entries), h.first, len(h.sessions))
	}
	m.Append("/", Entry{JSON: make([]byte, 4800)})
	if h.bytes > 5000 || len(h.entries) != 1 {
		t.Fatalf("%d bytes in %d entries", h.bytes, len(h.entries))
	}
	now = now.Add(61 * time.Second)
	if _, _, ok := m.Restore("/", "49", "x"); ok || len(h.entries) != 0 || len(h.sessions) != 0 || h.bytes != 0 {
		t.Fatalf("%d entries, %d sessions are kept after the window", len(h.entries), len(h.sessions))
	}
}
