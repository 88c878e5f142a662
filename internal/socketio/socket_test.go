package socketio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

type (
	rawArgs = []json.RawMessage
	ackFunc = func(...any)
)

// sockets returns a channel of the sockets that join a namespace.
func sockets(n *Namespace) <-chan *Socket {
	out := make(chan *Socket, 2000)
	n.OnConnected(func(s *Socket) { out <- s })
	return out
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxPendingAcks: 2})
	joined := sockets(s.srv.Of("/"))
	c := s.join("/")
	k := <-joined
	type result struct {
		args []json.RawMessage
		err  error
	}
	ask := func(ctx context.Context) <-chan result {
		out := make(chan result, 1)
		go func() {
			args, err := k.EmitAck(ctx, "q", "你好")
			out <- result{args, err}
		}()
		return out
	}
	first := ask(t.Context())
	c.expect(`421["q","你好"]`)
	c.send(`439["nobody asked"]`, `431["yes",{"n":1}]`, `431["twice"]`)
	if r := <-first; r.err != nil || len(r.args) != 2 || string(r.args[1]) != `{"n":1}` {
		t.Fatalf("%s %v", r.args, r.err)
	}

	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	late := ask(short)
	c.expect(`422["q","你好"]`)
	if r := <-late; !errors.Is(r.err, ErrAckTimeout) {
		t.Fatalf("late: %v", r.err)
	}
	c.send(`432["too late"]`)

	cancelled, cancel := context.WithCancel(t.Context())
	dropped := ask(cancelled)
	c.expect(`423["q","你好"]`)
	cancel()
	if r := <-dropped; !errors.Is(r.err, context.Canceled) {
		t.Fatalf("cancelled: %v", r.err)
	}

	one, two := ask(t.Context()), ask(t.Context())
	c.read()
	c.read()
	if r := <-ask(t.Context()); !errors.Is(r.err, ErrTooManyAcks) {
		t.Fatalf("third: %v", r.err)
	}
	_ = c.Close()
	for _, ch := range []<-chan result{one, two} {
		if r := <-ch; !errors.Is(r.err, ErrClosed) {
			t.Fatalf("after disconnect: %v", r.err)
		}
	}
	if _, err := k.EmitAck(t.Context(), "q"); !errors.Is(err, ErrClosed) {
		t.Fatalf("later: %v", err)
	}
}

func TestAckWorksInsideAHandlerAndOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	n.On("ask-me", func(k *Socket, _ rawArgs, ack ackFunc) {
		out, err := k.EmitAck(t.Context(), "q")
		check(t, err)
		ack(out[0])
		ack("again")
	})
	n.On("plain", func(_ *Socket, _ rawArgs, ack ackFunc) {
		if ack != nil {
			t.Error("there is an ack although none was asked for")
		}
	})
	c := s.join("/")
	c.send(`42["plain"]`, `427["ask-me"]`)
	c.expect(`421["q"]`)
	c.send(`431["answer"]`)
	c.expect(`437["answer"]`)
	c.send("40/nobody")
	c.expect(`44/nobody,{"message":"Invalid namespace"}`) // so the second ack sent nothing
}

func TestRoomsAndBroadcasts(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxRooms: 2})
	n := s.srv.Of("/")
	joined := sockets(n)
	var c [4]*client4
	var k [4]*Socket
	for i := range c {
		c[i] = s.join("/")
		k[i] = <-joined
	}
	for i, rooms := range [][]string{{"a", "b"}, {"a"}, {"b"}, nil} {
		for _, r := range rooms {
			check(t, k[i].Join(r))
			check(t, k[i].Join(r))
		}
	}
	if err := k[0].Join("c"); !errors.Is(err, ErrTooManyRooms) {
		t.Fatalf("third room: %v", err)
	}
	step := 0
	// Each broadcast is followed by one to all, so that a wrong recipient shows.
	expect := func(send func(event string) error, to ...int) {
		t.Helper()
		step++
		event, mark := fmt.Sprintf("e%d", step), fmt.Sprintf("mark%d", step)
		if err := errors.Join(send(event), n.Emit(mark)); err != nil {
			t.Fatal(err)
		}
		for i := range c {
			got := c[i].read()
			wanted := false
			for _, r := range to {
				wanted = wanted || r == i
			}
			if wanted {
				if got != `42["`+event+`",1]` {
					t.Fatalf("step %d: %d got %q", step, i, got)
				}
				got = c[i].read()
			}
			if got != `42["`+mark+`"]` {
				t.Fatalf("step %d: %d got %q", step, i, got)
			}
		}
	}
	expect(func(e string) error { return n.To("a").Emit(e, 1) }, 0, 1)
	expect(func(e string) error { return n.To("a", "b").Emit(e, 1) }, 0, 1, 2)
	expect(func(e string) error { return n.To("a").To("b").Except("b").Emit(e, 1) }, 1)
	expect(func(e string) error { return n.Except("a").Emit(e, 1) }, 2, 3)
	expect(func(e string) error { return k[0].To("a", "b").Emit(e, 1) }, 1, 2)
	expect(func(e string) error { return n.To(k[3].ID(), "nobody").Emit(e, 1) }, 3)
	expect(func(e string) error { return n.To("nobody").Emit(e, 1) })
	k[0].Leave("a")
	k[0].Leave("never joined")
	expect(func(e string) error { return n.To("a").Emit(e, 1) }, 1)
	if got := len(n.Sockets("b")); got != 2 {
		t.Fatalf("%d in b", got)
	}
	_ = c[1].Close()
	waitFor(t, func() bool { return len(n.Sockets()) == 3 })
	if len(n.Sockets("a")) != 0 || len(n.rooms.byName) != 1 {
		t.Fatalf("rooms left: %v", n.rooms.byName)
	}
	if err := k[1].Join("z"); !errors.Is(err, ErrClosed) {
		t.Fatalf("join after disconnect: %v", err)
	}
}

func TestLargeRoomsKeepTheirMembers(t *testing.T) {
	t.Parallel()
	var m members
	all := make([]*Socket, 100)
	for i := range all {
		all[i] = new(Socket)
		m.add(all[i])
	}
	for i := 0; i < 100; i += 3 {
		m.remove(all[i])
		m.remove(all[i])
	}
	for i, s := range all {
		if (m.find(s) >= 0) != (i%3 != 0) {
			t.Fatalf("member %d", i)
		}
	}
	if len(m.list) != 66 || len(m.index) != 66 {
		t.Fatalf("%d and %d members", len(m.list), len(m.index))
	}
}

func TestARoomMessageIsEncodedOncePerForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/x", "/y")
	joined := sockets(n)
	var clients []*client4
	for i := range 6 {
		c := s.raw([]string{"4", "3"}[i%2])
		if i%2 == 1 {
			c.expect("40")
		}
		c.send([]string{"40/x", "40/y,"}[i/3])
		c.read()
		clients = append(clients, c)
		<-joined
	}
	p, err := Prepare("e", Binary("\x01"), "text")
	check(t, err)
	n.To().Send(p)
	if len(p.forms) != 4 { // two names, two versions
		t.Fatalf("%d forms", len(p.forms))
	}
	plain, err := Prepare("e", "text")
	check(t, err)
	n.To().Send(plain)
	if len(plain.forms) != 2 { // text is the same for both versions
		t.Fatalf("%d forms", len(plain.forms))
	}
	for i, c := range clients {
		name := []string{"/x", "/y"}[i/3]
		c.expect(`451-` + name + `,["e",{"_placeholder":true,"num":0},"text"]`)
		c.expectBytes([]string{"\x01", "\x04\x01"}[i%2])
		c.expect(`42` + name + `,["e","text"]`)
	}
}

func TestEventsOfOneSocketAreHandledInOrderAndOthersMeanwhile(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	entered, release := make(chan struct{}), make(chan struct{})
	n.On("block", func(*Socket, rawArgs, ackFunc) { close(entered); <-release })
	n.On("n", func(k *Socket, a rawArgs, _ ackFunc) { check(t, k.Emit("n", a[0])) })
	slow, quick := s.join("/"), s.join("/")
	slow.send(`42["block"]`)
	for i := range 300 {
		slow.send(fmt.Sprintf(`42["n",%d]`, i))
	}
	<-entered
	quick.send(`42["n",1]`)
	quick.expect(`42["n",1]`)
	close(release)
	for i := range 300 {
		slow.expect(fmt.Sprintf(`42["n",%d]`, i))
	}
}

func TestInboundEventsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxInbound: 10_000, PacketRate: -1})
	n := s.srv.Of("/")
	entered, release := make(chan struct{}), make(chan struct{})
	var handled atomic.Int64
	n.On("block", func(*Socket, rawArgs, ackFunc) { close(entered); <-release })
	n.On("n", func(*Socket, rawArgs, ackFunc) { handled.Add(1) })
	joined := sockets(n)
	c := s.join("/")
	k := <-joined
	c.send(`42["block"]`)
	<-entered
	const events = 400
	go func() {
		for range events {
			if c.Text(`42["n","`+strings.Repeat("x", 990)+`"]`) != nil {
				return
			}
		}
	}()
	cl := k.client
	waitFor(t, func() bool { cl.mu.Lock(); defer cl.mu.Unlock(); return cl.room != nil })
	cl.mu.Lock()
	if cl.inBytes > 10_000 {
		t.Errorf("%d bytes wait", cl.inBytes)
	}
	cl.mu.Unlock()
	close(release)
	waitFor(t, func() bool { return handled.Load() == events })
}

func TestAReaderThatWaitsForRoomEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxInbound: 100})
	n := s.srv.Of("/")
	release := make(chan struct{})
	n.On("block", func(*Socket, rawArgs, ackFunc) { <-release })
	ended := make(chan string, 1)
	n.OnDisconnect(func(_ *Socket, reason string) { ended <- reason })
	joined := sockets(n)
	c := s.join("/")
	k := <-joined
	c.send(`42["block",0]`, `42["block","`+strings.Repeat("x", 200)+`"]`)
	waitFor(t, func() bool { k.client.mu.Lock(); defer k.client.mu.Unlock(); return k.client.room != nil })
	k.client.conn.Close("enough")
	close(release)
	if got := <-ended; got != "enough" {
		t.Fatalf("reason %q", got)
	}
}

func TestAPanicEndsOnlyItsSocketAndHidesThePayload(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var log bytes.Buffer
	s := newSite(t, Options{Logger: slog.New(slog.NewTextHandler(&lockedWriter{&mu, &log}, nil))}).suite("/")
	n := s.srv.Of("/")
	ended := make(chan string, 1)
	n.OnDisconnect(func(_ *Socket, reason string) { ended <- reason })
	n.On("panic", func(_ *Socket, a rawArgs, _ ackFunc) { panic("secret " + string(a[0])) })
	n.On("after", func(*Socket, rawArgs, ackFunc) { t.Error("an event after the panic was handled") })
	bad, good := s.join("/"), s.join("/")
	bad.expect(`42["auth",{}]`)
	good.expect(`42["auth",{}]`)
	bad.send(`42["panic","very secret"]`, `42["after"]`)
	bad.expect("41")
	if got := <-ended; got != ReasonHandlerPanic {
		t.Fatalf("reason %q", got)
	}
	good.send(`42["message",1]`)
	good.expect(`42["message-back",1]`)
	mu.Lock()
	defer mu.Unlock()
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "socket handler panicked") ||
		!strings.Contains(text, "socket_test.go") {
		t.Fatalf("log: %s", text)
	}
	if s.srv.Stats().Panics != 1 {
		t.Fatal("the panic was not counted")
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func TestWhatIsSentBeforeConnectComesAfterTheAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	n.OnConnect(func(k *Socket) error {
		check(t, k.Emit("early", 1))
		check(t, k.Join("r"))
		return n.To("r").Emit("early", 2)
	})
	n.OnConnected(func(k *Socket) { check(t, k.Emit("late")) })
	c := s.join("/")
	c.expect(`42["early",1]`, `42["early",2]`, `42["late"]`)
}

func TestDisconnectByTheServer(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{}).suite("/", "/a")
	type end struct{ name, reason string }
	ended := make(chan end, 4)
	for _, name := range []string{"/", "/a"} {
		n := s.srv.Of(name)
		n.OnDisconnect(func(k *Socket, reason string) { ended <- end{k.Namespace(), reason} })
		n.On("kick", func(k *Socket, _ rawArgs, _ ackFunc) { k.Disconnect(false) })
		n.On("kick-all", func(k *Socket, _ rawArgs, _ ackFunc) { k.Disconnect(true) })
	}
	c := s.join("/")
	c.expect(`42["auth",{}]`)
	c.join("/a", "")
	c.expect(`42/a,["auth",{}]`)
	c.send(`42/a,["kick"]`)
	c.expect("41/a")
	if got := <-ended; got != (end{"/a", ReasonServerDisconnect}) {
		t.Fatalf("%+v", got)
	}
	c.join("/a", "")
	c.expect(`42/a,["auth",{}]`)
	c.send(`42["kick-all"]`)
	c.expect("41", "41/a")
	c.gone()
	for range 2 {
		if got := <-ended; got.reason != ReasonServerDisconnect {
			t.Fatalf("%+v", got)
		}
	}
	if st := s.srv.Stats(); st.Sockets != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestDisconnectReasons(t *testing.T) {
	t.Parallel()
	for want, leave := range map[string]func(s *site, c *client4){
		ReasonClientDisconnect: func(_ *site, c *client4) { c.send("41") },
		"transport close":      func(_ *site, c *client4) { c.send("1") },
		"transport error":      func(_ *site, c *client4) { _ = c.Close() },
		"parse error":          func(_ *site, c *client4) { c.send("4?") },
		// Again until it works: a client whose packet is still being handled counts as alive.
		"ping timeout": func(s *site, _ *client4) {
			waitFor(t, func() bool { s.clock.Advance(45 * time.Second); return s.srv.Stats().Sockets == 0 })
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, Options{})
			n := s.srv.Of("/")
			ended := make(chan string, 2)
			n.OnDisconnect(func(k *Socket, reason string) {
				ended <- reason
				if err := k.Emit("x"); !errors.Is(err, ErrClosed) {
					t.Errorf("emit after the end: %v", err)
				}
			})
			leave(s, s.join("/"))
			if got := <-ended; got != want {
				t.Fatalf("got %q", got)
			}
		})
	}
}

// TestASocketThatEndsWhileItIsAnsweredHasConnected ends a socket between the answer to CONNECT and the last message that
// was held for it: the client has read the answer by then.
func TestASocketThatEndsWhileItIsAnsweredHasConnected(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	joined, ended := sockets(n), make(chan string, 1)
	n.OnDisconnect(func(_ *Socket, reason string) { ended <- reason })
	c := s.join("/")
	k := <-joined
	waitFor(t, func() bool { k.client.mu.Lock(); defer k.client.mu.Unlock(); return !k.working })
	k.phase.Store(phaseAnswering)
	if err := k.Emit("held"); err != nil || len(k.held) != 1 {
		t.Fatalf("%d messages held, %v", len(k.held), err)
	}
	c.send("41")
	if got := <-ended; got != ReasonClientDisconnect {
		t.Fatalf("reason %q", got)
	}
	if n := s.srv.Stats().Sockets; n != 0 {
		t.Fatalf("%d sockets are left", n)
	}
}

// TestEveryConnectedSocketDisconnectsOnce joins and leaves in one breath, so that ends meet beginnings.
func TestEveryConnectedSocketDisconnectsOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	var connected, disconnected atomic.Int64
	n.OnConnected(func(*Socket) { connected.Add(1) })
	n.OnDisconnect(func(*Socket, string) { disconnected.Add(1) })
	const rounds = 200
	c := s.raw("4")
	for range rounds {
		c.send("40", "41")
	}
	c.send("1")
	c.gone()
	check(t, s.srv.Shutdown(t.Context())) // waits for handlers
	if a, b := connected.Load(), disconnected.Load(); a != b || a > rounds {
		t.Fatalf("%d connected, %d disconnected", a, b)
	}
	if st := s.srv.Stats(); st.Sockets != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestAClientWithoutNamespaceIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{ConnectTimeout: 10 * time.Second})
	idle, busy := s.raw("4"), s.join("/")
	s.clock.Advance(10 * time.Second)
	idle.gone()
	busy.send("41")
	waitFor(t, func() bool { return s.srv.Stats().Sockets == 0 })
	s.clock.Advance(9 * time.Second)
	busy.join("/", "")
	s.clock.Advance(5 * time.Second)
	busy.send(`42["x"]`, "40/nobody")
	busy.expect(`44/nobody,{"message":"Invalid namespace"}`)
}

func TestNamespacesOfOneConnectionAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxNamespaces: 2})
	s.srv.Of("/n", "/m", "/o")
	c := s.join("/")
	c.join("/n", "")
	c.send("40/o")
	c.expect(`44/o,{"message":"Too many namespaces"}`)
	c.send("40/n") // joined already: nothing happens
	c.send("41/n")
	c.join("/m", "")
}

func TestVolatileMessagesAreDroppedWhileOthersWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	joined := sockets(n)
	open := s.get("EIO=4")
	var in struct{ SID string }
	check(t, json.Unmarshal([]byte(open[1:]), &in))
	q := "EIO=4&sid=" + in.SID
	s.request("POST", q, "40")
	k := <-joined
	s.get(q) // the answer to CONNECT
	check(t, k.EmitVolatile("a"))
	check(t, k.EmitVolatile("b"))
	check(t, k.Emit("c"))
	if got := s.get(q); got != `42["a"]`+"\x1e"+`42["c"]` {
		t.Fatalf("got %q", got)
	}
}

// TestVolatileMessagesReachAClientThatReads sends each right behind another message, which is still being written then.
func TestVolatileMessagesReachAClientThatReads(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	joined := sockets(s.srv.Of("/"))
	c := s.join("/")
	k := <-joined
	for range 200 {
		check(t, k.Emit("message"))
		check(t, k.EmitVolatile("typing"))
		c.expect(`42["message"]`, `42["typing"]`)
	}
}

// TestVolatileMessagesAreDroppedOnAFullSocket fills the socket of a client that does not read, and then some.
func TestVolatileMessagesAreDroppedOnAFullSocket(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxQueue: 64 << 20})
	joined := sockets(s.srv.Of("/"))
	c := s.join("/")
	k := <-joined
	text := strings.Repeat("x", 100_000)
	for n := 0; !k.client.conn.Busy(); n++ {
		if n == 500 {
			t.Fatal("the socket took 50 MB of a client that does not read")
		}
		check(t, k.Emit("fill", text))
	}
	check(t, k.EmitVolatile("lost"))
	check(t, k.Emit("kept"))
	for {
		got := c.read()
		if got == `42["lost"]` {
			t.Fatal("a volatile message was queued for a full socket")
		}
		if got == `42["kept"]` {
			return
		}
	}
}

func TestArgumentsOfEmit(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	joined := sockets(s.srv.Of("/"))
	c := s.join("/")
	k := <-joined
	type inner struct {
		Name string `json:"name"`
		File Binary `json:"file"`
	}
	check(t, k.Emit("e\n\"", nil, true, 1, int64(-9007199254740993), 1.5, "<你\u2028\x01\x7f\xff\\>", json.RawMessage(`{"a":[1]}`), json.RawMessage(nil), []int{1}))
	c.expect(`42["e\n\"",null,true,1,-9007199254740993,1.5,"<你\u2028\u0001\u007f` + "\ufffd" + `\\>",{"a":[1]},null,[1]]`)
	check(t, k.Emit("f", inner{"x", Binary("ab")}, map[string]Binary{"k": nil}))
	c.expect(`452-["f",{"name":"x","file":{"_placeholder":true,"num":0}},{"k":{"_placeholder":true,"num":1}}]`)
	c.expectBytes("ab")
	c.expectBytes("")
	for name, bad := range map[string]any{"Raw": json.RawMessage(`{"a":`), "RawUTF8": json.RawMessage("\"\xff\""), "Chan": make(chan int)} {
		if err := k.Emit("bad", bad); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if _, err := Prepare("bad", bad); err == nil {
			t.Errorf("%s was prepared", name)
		}
	}
	if err := k.Emit("big", strings.Repeat("x", 2<<20)); !errors.Is(err, ErrTooBig) {
		t.Errorf("too big: %v", err)
	}
	check(t, k.Emit("still here"))
	c.expect(`42["still here"]`)
}

func TestAnyHandlerSeesEveryEventFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/")
	var seen []string
	n.OnAny(func(_ *Socket, event string, a rawArgs, _ ackFunc) { seen = append(seen, fmt.Sprint(event, len(a))) })
	n.On("b", func(*Socket, rawArgs, ackFunc) { seen = append(seen, "handler") })
	n.On("gone", func(*Socket, rawArgs, ackFunc) { t.Error("a removed handler ran") })
	n.On("gone", nil)
	n.On("done", func(_ *Socket, _ rawArgs, ack ackFunc) { ack(strings.Join(seen, " ")) })
	c := s.join("/")
	c.send(`42["a",1]`, `42["b"]`, `42["gone"]`, `421["done"]`)
	c.expect(`431["a1 b0 handler gone0 done0"]`)
}

func TestSocketKnowsItsClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{})
	n := s.srv.Of("/x")
	joined := sockets(n)
	c := s.dial("EIO=4&a=1&b=2")
	c.read()
	answer := c.join("/x", `{"token":"t"}`)
	k := <-joined
	k.SetData(42)
	if k.ID() != answer["sid"] || k.Protocol() != 4 || k.Transport() != "websocket" || k.Namespace() != "/x" ||
		k.RemoteIP() != "127.0.0.1" || k.Recovered() || string(k.Auth()) != `{"token":"t"}` || k.Query().Get("b") != "2" ||
		k.Header().Get("Host") == "" || k.Data() != 42 || n.Name() != "/x" {
		t.Fatalf("%+v", k)
	}
}
