package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/socketio/engineio"
	"parlor/internal/wheel"
	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

// TestEveryConnectIsAnswered opens 1,000 connections whose CONNECT comes before anything was read, so that it is lost
// if the server listens too late.
func TestEveryConnectIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxConnsPerIP: -1, Clock: wheel.New(0)})
	n := s.srv.Of("/im/user")
	n.OnConnected(func(k *Socket) { check(t, k.Emit("welcome")) })
	address := strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/socket.io/")
	work := numbers(1000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range work {
				if err := hasty(address); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := s.srv.Stats().Opened; got != 1000 {
		t.Fatalf("%d opened", got)
	}
}

// numbers is a closed channel that holds 0 to n-1.
func numbers(n int) <-chan int {
	ch := make(chan int, n)
	for i := range n {
		ch <- i
	}
	close(ch)
	return ch
}

// hasty sends the handshake and CONNECT in one write.
func hasty(address string) error {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer nc.Close()
	req := "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := nc.Write(wstest.AppendFrame([]byte(req), true, wsconn.OpText, []byte("40/im/user"))); err != nil {
		return err
	}
	if err := nc.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	var got []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(got, []byte(`42/im/user,["welcome"]`)) {
		n, err := nc.Read(buf)
		if err != nil {
			return fmt.Errorf("%w after %q", err, got)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Contains(got, []byte(`40/im/user,{"sid":`)) {
		return fmt.Errorf("no answer to CONNECT in %q", got)
	}
	return nil
}

// TestQuickConnects joins, talks and leaves 300 times from many sides; run it with the race detector.
func TestQuickConnects(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{MaxConnsPerIP: -1, Clock: wheel.New(0), RecoveryWindow: time.Minute}).suite("/", "/custom")
	n := s.srv.Of("/")
	n.OnConnected(func(k *Socket) { check(t, k.Join("all")) })
	n.On("shout", func(_ *Socket, a rawArgs, _ ackFunc) { check(t, n.To("all").Emit("heard", a[0])) })
	work := numbers(300)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for i := range work {
				s.visit(i)
			}
		})
	}
	wg.Wait()
	waitFor(t, func() bool { return s.srv.Stats().Sockets == 0 && len(n.Sockets()) == 0 })
	if len(n.rooms.byName) != 0 || len(n.rooms.byID) != 0 {
		t.Fatalf("left over: %d rooms, %d ids", len(n.rooms.byName), len(n.rooms.byID))
	}
}

func (s *site) visit(i int) {
	c := s.raw([]string{"4", "3"}[i%2])
	if i%2 == 0 {
		c.send("40", "40/custom")
	} else {
		c.send("40/custom")
	}
	c.send(fmt.Sprintf(`42["shout",%d]`, i))
	switch i % 4 {
	case 0: // leave at once
	case 1:
		c.send("41", "41/custom")
		c.gone()
	default:
		c.read()
		c.read()
	}
	_ = c.Close()
}

// TestSlowReaderCostsLittle lets one client stop reading while it is sent 1.2 MB/s and more.
func TestSlowReaderCostsLittle(t *testing.T) {
	t.Parallel()
	s := newSite(t, Options{WriteTimeout: time.Hour}) // so that only the queue's size can end it
	n := s.srv.Of("/")
	joined, ended := sockets(n), make(chan string, 1)
	n.OnDisconnect(func(_ *Socket, reason string) { ended <- reason })
	c := s.join("/")
	k := <-joined
	text := json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`)
	sent := 0
	for k.Emit("m", text) == nil {
		sent += len(text)
	}
	if got := <-ended; got != "slow reader" {
		t.Fatalf("reason %q", got)
	}
	if sent < 1_000_000 {
		t.Fatalf("closed after only %d bytes", sent)
	}
	if st := s.srv.Stats(); st.SlowCloses != 1 {
		t.Fatalf("stats %+v", st)
	}
	_ = c.Close()
}

func FuzzPacket(f *testing.F) {
	for _, p := range []string{
		"0", "0/im/user?userid=u1&orgi=o1,", `0/x,{"a":1}`, "1/x", `2["e",1]`, `2/x,12["e"]`, `3/x,1[]`, `51-["a",{"_placeholder":true,"num":0}]`, "9",
	} {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePacket(bytes.Clone(data))
		if err != nil {
			return
		}
		if len(p.namespace) == 0 || p.namespace[0] != '/' || bytes.ContainsAny(p.namespace, ",?") || p.id < noAck || p.attachments < 0 {
			t.Fatalf("%q became %+v", data, p)
		}
		if p.query != nil || len(p.data) > 0 && bytes.IndexByte([]byte("/0123456789"), p.data[0]) >= 0 || p.kind >= typeBinaryEvent && p.attachments == 0 {
			return // such data does not survive, or is not what we would write
		}
		again, err := parsePacket(append(appendHeader(nil, p.kind, p.attachments, string(p.namespace), p.id), p.data...))
		if err != nil || !bytes.Equal(again.namespace, p.namespace) || again.id != p.id || !bytes.Equal(again.data, p.data) || again.attachments != p.attachments {
			t.Fatalf("%q: %+v became %+v, %v", data, p, again, err)
		}
	})
}

// FuzzJSON compares the scanner with encoding/json.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`[]`, `["a",1.5e-3,{"b":[null,true,false]}]`, ` [ 1 , -0 ] `, `["\u12aZ"]`, `[1,]`, `{"a":1}`, `[01]`, `["` + "\x01" + `"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := validJSON(data, 10_000), json.Valid(data); got != want {
			t.Fatalf("%q: %v, encoding/json says %v", data, got, want)
		}
		spans, ok := scanArray(data, 10_000, nil)
		var want []json.RawMessage
		isArray := bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte{'['}) && json.Unmarshal(data, &want) == nil
		if ok != isArray || ok && len(spans) != len(want) {
			t.Fatalf("%q: %v with %d elements, want %v with %d", data, ok, len(spans), isArray, len(want))
		}
		for i, sp := range spans {
			if ok && !bytes.Equal(data[sp.from:sp.to], want[i]) {
				t.Fatalf("%q: element %d is %q, want %q", data, i, data[sp.from:sp.to], want[i])
			}
		}
	})
}

// FuzzAttachments checks that attachments survive being taken out and put back.
func FuzzAttachments(f *testing.F) {
	f.Add([]byte("abc"), `{"_placeholder":true,"base64":"!"}`)
	f.Add([]byte(nil), `{"_placeholder":true,"num":0}`)
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		b, sc, err := encodeEvent("e", []any{Binary(data), text, []any{Binary(data)}})
		if err != nil {
			t.Fatal(err)
		}
		defer sc.release()
		if len(b.attachments) != 2 || !bytes.Equal(b.attachments[1], data) || !json.Valid(b.json) {
			t.Fatalf("%d attachments in %q", len(b.attachments), b.json)
		}
		full, err := inline(b.json, b.attachments)
		var args []json.RawMessage
		var back Binary
		if err != nil || json.Unmarshal(full, &args) != nil || json.Unmarshal(args[1], &back) != nil || !bytes.Equal(back, data) {
			t.Fatalf("%q came back as %q, %v", data, back, err)
		}
	})
}

// relayPair is two sockets of a running server, the first of which relays to the second.
func relayPair(tb testing.TB) (from, to *wstest.Client, stop func()) {
	srv := New(Options{PacketRate: -1, PacketRatePerIP: -1})
	n := srv.Of("/")
	joined := make(chan *Socket, 2)
	n.OnConnected(func(k *Socket) { joined <- k })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := serveOn(l, srv)
	var c [2]*wstest.Client
	var k [2]*Socket
	for i := range c {
		if c[i], _, err = wstest.Dial("ws://"+l.Addr().String()+"/socket.io/?EIO=4&transport=websocket", nil); err != nil {
			tb.Fatal(err)
		}
		if err := c[i].Text("40"); err != nil {
			tb.Fatal(err)
		}
		for range 2 {
			if _, err := c[i].ReadText(); err != nil {
				tb.Fatal(err)
			}
		}
		k[i] = <-joined
	}
	n.On("relay", func(_ *Socket, a rawArgs, _ ackFunc) { _ = k[1].Emit("message", a[0]) })
	n.On("room", func(_ *Socket, a rawArgs, _ ackFunc) { _ = n.To(k[1].ID()).Emit("message", a[0]) })
	n.On("echo", func(s *Socket, a rawArgs, _ ackFunc) { _ = s.Emit("message", a[0]) })
	return c[0], c[1], func() {
		_, _ = c[0].Close(), c[1].Close()
		done()
	}
}

const chat = `{"message":"hello, is this still available in blue?","type":"text","time":1700000000000,"id":"m-000"}`

func relayBench(b *testing.B, event string) {
	from, to, stop := relayPair(b)
	defer stop()
	if event == "echo" {
		to = from
	}
	frame := wstest.AppendFrame(nil, true, wsconn.OpText, []byte(`42["`+event+`",`+chat+`]`))
	buf := make([]byte, 512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := from.Conn.Write(frame); err != nil {
			b.Fatal(err)
		}
		if _, _, err := to.ReadFrame(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEcho(b *testing.B)      { relayBench(b, "echo") }
func BenchmarkRelay(b *testing.B)     { relayBench(b, "relay") }
func BenchmarkRelayRoom(b *testing.B) { relayBench(b, "room") }

// BenchmarkFanOut measures the server's part of sending to 1,000 sockets; b.N counts messages, not deliveries.
func BenchmarkFanOut(b *testing.B) {
	n := newNamespace(New(Options{}), "/x")
	for range 1000 {
		n.rooms.all.add(&Socket{ns: n, client: &client{conn: new(engineio.Conn)}, name: "/x"})
	}
	for _, s := range n.rooms.all.list {
		s.phase.Store(phaseEnded) // so that only finding, encoding and dispatch are counted
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := n.Emit("message", json.RawMessage(chat)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEvent(b *testing.B) {
	data := []byte(`2/im/user,["message",` + chat + `]`)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		p, err := parsePacket(data)
		var few [16]span
		if _, ok := scanArray(p.data, 64, few[:0]); !ok || err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdle reports the memory of one idle connection inside the server process, goroutine included; the figure of
// the operating system comes from ./bench.
func BenchmarkIdle(b *testing.B) {
	const conns = 500
	srv := New(Options{MaxConnsPerIP: -1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	stop := serveOn(l, srv)
	var clients []net.Conn
	before := heap()
	for b.Loop() {
		for range conns {
			c, err := idleClient(l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			clients = append(clients, c)
		}
	}
	b.ReportMetric(float64(heap()-before)/float64(len(clients)), "B/conn")
	for _, c := range clients {
		_ = c.Close()
	}
	stop()
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func idleClient(address string) (net.Conn, error) {
	c, _, err := wstest.DialSize("ws://"+address+"/socket.io/?EIO=4&transport=websocket", nil, 256)
	if err != nil {
		return nil, err
	}
	if err := c.Text("40"); err != nil {
		return nil, err
	}
	for range 2 {
		if _, err := c.ReadText(); err != nil {
			return nil, err
		}
	}
	return c.Conn, nil
}
