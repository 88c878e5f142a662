package wsconn_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parlor/internal/wsconn"
	"parlor/internal/wsconn/wstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the server's side of one connection.
type peer struct {
	conn   *wsconn.Conn
	got    func(p *peer, op wsconn.OpCode, data []byte)
	closed chan error
}

func (p *peer) Message(op wsconn.OpCode, data []byte) { p.got(p, op, data) }
func (p *peer) Closed(err error)                      { p.closed <- err }

func echo(p *peer, op wsconn.OpCode, data []byte) { _ = p.conn.Write(wsconn.Frame(op, data)) }

// serve starts a server and returns its address and the connections it takes.
func serve(t *testing.T, opts wsconn.Options, got func(*peer, wsconn.OpCode, []byte)) (string, <-chan *peer) {
	t.Helper()
	full := opts.WithDefaults()
	peers := make(chan *peer, 1000) // more than any test opens
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, early, err := wsconn.Upgrade(w, r, http.Header{"X-Test": {"yes"}})
		if err != nil {
			return
		}
		p := &peer{got: got, closed: make(chan error, 1)}
		p.conn = wsconn.New(nc, early, &full, p)
		peers <- p
		go p.conn.Run()
	}))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http"), peers
}

func dial(t *testing.T, url string) *wstest.Client {
	t.Helper()
	c, _, err := wstest.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEchoOfAllSizes(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, echo)
	c := dial(t, url)
	for _, n := range []int{0, 1, 7, 125, 126, 4000, 4090, 4096, 9000, 65535, 65536, 300_000, 1 << 20} {
		want := bytes.Repeat([]byte("abcdefg"), n/7+1)[:n]
		for _, op := range []wsconn.OpCode{wsconn.OpText, wsconn.OpBinary} {
			if n+64 > 1<<20 {
				continue // the echo would not fit the queue
			}
			if err := c.Write(op, want); err != nil {
				t.Fatal(err)
			}
			gotOp, got, err := c.Read()
			if err != nil || gotOp != op || !bytes.Equal(got, want) {
				t.Fatalf("size %d: op %d, %d bytes, %v", n, gotOp, len(got), err)
			}
		}
	}
}

func TestFragmentsWithPingBetween(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, echo)
	c := dial(t, url)
	var b []byte
	b = wstest.AppendFrame(b, false, wsconn.OpText, []byte("你"[:2])) // a character split between fragments
	b = wstest.AppendFrame(b, true, wsconn.OpPing, []byte("p"))
	b = wstest.AppendFrame(b, false, wsconn.OpContinuation, []byte("你"[2:]))
	b = wstest.AppendFrame(b, true, wsconn.OpContinuation, []byte("好"))
	for i := range b { // byte by byte: no frame comes in one piece
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	op, p, err := c.ReadFrame(nil)
	if err != nil || op != wsconn.OpPong || string(p) != "p" {
		t.Fatalf("want the pong first, got %d %q %v", op, p, err)
	}
	if _, p, err = c.Read(); err != nil || string(p) != "你好" {
		t.Fatalf("got %q %v", p, err)
	}
}

func TestViolationsCloseWithTheRightCode(t *testing.T) {
	t.Parallel()
	frame := func(fin bool, op wsconn.OpCode, p string) []byte { return wstest.AppendFrame(nil, fin, op, []byte(p)) }
	cases := map[string]struct {
		send []byte
		code int
	}{
		"Unmasked":            {[]byte{0x81, 0x01, 'a'}, wsconn.CloseProtocol},
		"ReservedBit":         {[]byte{0xc1, 0x81, 0, 0, 0, 0, 'a'}, wsconn.CloseProtocol},
		"UnknownOpcode":       {frame(true, 3, ""), wsconn.CloseProtocol},
		"UnknownControl":      {frame(true, 11, ""), wsconn.CloseProtocol},
		"FragmentedPing":      {frame(false, wsconn.OpPing, ""), wsconn.CloseProtocol},
		"LongPing":            {frame(true, wsconn.OpPing, strings.Repeat("x", 126)), wsconn.CloseProtocol},
		"LoneContinuation":    {frame(true, wsconn.OpContinuation, "x"), wsconn.CloseProtocol},
		"Interleaved":         {append(frame(false, wsconn.OpText, "x"), frame(true, wsconn.OpText, "y")...), wsconn.CloseProtocol},
		"NegativeLength":      {[]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, wsconn.CloseProtocol},
		"InvalidUTF8":         {frame(true, wsconn.OpText, "\xff"), wsconn.CloseInvalidPayload},
		"TooBig":              {frame(true, wsconn.OpBinary, strings.Repeat("x", 5001)), wsconn.CloseTooBig},
		"TooBigInFragments":   {append(frame(false, wsconn.OpText, strings.Repeat("x", 3000)), frame(true, wsconn.OpContinuation, strings.Repeat("x", 2001))...), wsconn.CloseTooBig},
		"HugeAnnounced":       {[]byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}, wsconn.CloseTooBig},
		"CloseOfOneByte":      {frame(true, wsconn.OpClose, "\x03"), wsconn.CloseProtocol},
		"CloseCode1005":       {frame(true, wsconn.OpClose, "\x03\xed"), wsconn.CloseProtocol},
		"CloseReasonNotUTF8":  {frame(true, wsconn.OpClose, "\x03\xe8\xff"), wsconn.CloseInvalidPayload},
		"CloseCodeOutOfRange": {frame(true, wsconn.OpClose, "\x13\x88"), wsconn.CloseProtocol},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, peers := serve(t, wsconn.Options{MaxMessage: 5000}, echo)
			c := dial(t, url)
			if _, err := c.Conn.Write(tc.send); err != nil {
				t.Fatal(err)
			}
			_, _, err := c.Read()
			var end *wsconn.CloseError
			if !errors.As(err, &end) || end.Code != tc.code {
				t.Fatalf("got %v, want close %d", err, tc.code)
			}
			_ = c.Close()
			if err := <-(<-peers).closed; err == nil || errors.As(err, &end) && end.Code != tc.code {
				t.Fatalf("Closed got %v", err)
			}
		})
	}
}

func TestClientClosesAndIsAnswered(t *testing.T) {
	t.Parallel()
	url, peers := serve(t, wsconn.Options{}, echo)
	c := dial(t, url)
	if err := c.Write(wsconn.OpClose, []byte("\x0f\xa0bye")); err != nil {
		t.Fatal(err)
	}
	// By frame: Read would send a second close frame, to a socket that may be closed by then.
	if op, answer, err := c.ReadFrame(nil); err != nil || op != wsconn.OpClose || string(answer) != "\x0f\xa0" {
		t.Fatalf("answer %d %q %v", op, answer, err)
	}
	if _, err := c.Reader.ReadByte(); err != io.EOF {
		t.Fatalf("the server must close the socket, got %v", err)
	}
	p := <-peers
	var end *wsconn.CloseError
	if err := <-p.closed; !errors.As(err, &end) || end.Code != 4000 || end.Reason != "bye" {
		t.Fatalf("Closed got %v", err)
	}
	if err := p.conn.Write(wsconn.Frame(wsconn.OpText, nil)); !errors.Is(err, wsconn.ErrClosed) {
		t.Fatalf("write after close: %v", err)
	}
}

func TestServerClosesAfterWhatIsQueued(t *testing.T) {
	t.Parallel()
	url, peers := serve(t, wsconn.Options{}, echo)
	c := dial(t, url)
	p := <-peers
	cause := errors.New("enough")
	for i := range 100 {
		if err := p.conn.Write(wsconn.Frame(wsconn.OpText, fmt.Appendf(nil, "%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	p.conn.Close(4001, strings.Repeat("长", 60), cause)
	p.conn.Close(4002, "second", nil)
	for i := range 100 {
		if _, got, err := c.Read(); err != nil || string(got) != fmt.Sprint(i) {
			t.Fatalf("message %d: %q %v", i, got, err)
		}
	}
	_, _, err := c.Read()
	var end *wsconn.CloseError
	if !errors.As(err, &end) || end.Code != 4001 || end.Reason != strings.Repeat("长", 41) {
		t.Fatalf("close frame: %v", err)
	}
	if err := <-p.closed; !errors.Is(err, cause) {
		t.Fatalf("Closed got %v", err)
	}
}

func TestAPeerThatNeverAnswersTheCloseIsCutOff(t *testing.T) {
	t.Parallel()
	url, peers := serve(t, wsconn.Options{WriteTimeout: 50 * time.Millisecond}, echo)
	dial(t, url)
	p := <-peers
	cause := errors.New("enough")
	p.conn.Close(wsconn.CloseNormal, "", cause)
	if err := <-p.closed; !errors.Is(err, cause) {
		t.Fatalf("Closed got %v", err)
	}
}

func TestSlowReaderIsClosedAndBounded(t *testing.T) {
	t.Parallel()
	counters := new(wsconn.Counters)
	opts := wsconn.Options{WriteTimeout: 100 * time.Millisecond, MaxQueue: 8 << 20, Counters: counters}
	url, peers := serve(t, opts, echo)
	dial(t, url) // never reads
	p := <-peers
	frame := wsconn.Frame(wsconn.OpText, bytes.Repeat([]byte("x"), 64<<10))
	for p.conn.Write(frame) == nil && counters.BytesOut.Load() < 64<<20 {
	}
	if err := <-p.closed; !errors.Is(err, wsconn.ErrSlowReader) {
		t.Fatalf("Closed got %v", err)
	}
	if counters.SlowCloses.Load() != 1 {
		t.Fatalf("slow closes: %d", counters.SlowCloses.Load())
	}
}

func TestQueueOverflowEndsTheConnection(t *testing.T) {
	t.Parallel()
	url, peers := serve(t, wsconn.Options{WriteTimeout: time.Hour, MaxQueue: 256 << 10}, echo)
	c := dial(t, url)
	p := <-peers
	big := wsconn.Frame(wsconn.OpText, make([]byte, 300<<10))
	if err := p.conn.Write(big); !errors.Is(err, wsconn.ErrTooBig) {
		t.Fatalf("an impossible frame: %v", err)
	}
	frame := wsconn.Frame(wsconn.OpText, bytes.Repeat([]byte("x"), 64<<10))
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		err = p.conn.WriteAll([][]byte{frame, frame})
	}
	if !errors.Is(err, wsconn.ErrSlowReader) {
		t.Fatalf("overflow: %v", err)
	}
	if err := <-p.closed; !errors.Is(err, wsconn.ErrSlowReader) {
		t.Fatalf("Closed got %v", err)
	}
	_ = c.Close()
}

func TestConcurrentWritersKeepFramesWhole(t *testing.T) {
	t.Parallel()
	counters := new(wsconn.Counters)
	url, peers := serve(t, wsconn.Options{Counters: counters, MaxQueue: 64 << 20}, echo)
	c := dial(t, url)
	p := <-peers
	const writers, each = 8, 500
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				size := 10 + (i*37)%6000
				body := fmt.Appendf(nil, "%d %d %s", w, i, strings.Repeat("z", size))
				if err := p.conn.WriteAll([][]byte{wsconn.Frame(wsconn.OpText, body), wsconn.Frame(wsconn.OpBinary, body[:4])}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	next := make([]int, writers)
	for range writers * each {
		_, text, err := c.Read()
		if err != nil {
			t.Fatal(err)
		}
		var w, i int
		if _, err := fmt.Sscanf(string(text[:min(len(text), 20)]), "%d %d", &w, &i); err != nil || next[w] != i {
			t.Fatalf("writer %d: got %d, want %d (%v)", w, i, next[w], err)
		}
		next[w]++
		op, pair, err := c.Read()
		if err != nil || op != wsconn.OpBinary || !bytes.Equal(pair, text[:4]) {
			t.Fatal("something came between two frames that belong together")
		}
	}
	wg.Wait()
	if n := counters.Writes.Load(); n >= writers*each*2 {
		t.Errorf("%d writes for %d frames: nothing was combined", n, writers*each*2)
	}
}

func TestFramesThatComeWithTheHandshakeAreRead(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, echo)
	nc, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	long := strings.Repeat("early ", 400)
	req := "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	if _, err := nc.Write(wstest.AppendFrame([]byte(req), true, wsconn.OpText, []byte(long))); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(nc)
	resp, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" || resp.Header.Get("X-Test") != "yes" {
		t.Fatalf("answer %d %v", resp.StatusCode, resp.Header)
	}
	c := &wstest.Client{Conn: nc, Reader: br}
	if got, err := c.ReadText(); err != nil || got != long {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
}

func TestBadHandshakes(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, wsconn.Options{}, echo)
	good := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	cases := []struct {
		name, header, value, method string
		status                      int
	}{
		{"Plain", "Upgrade", "", "GET", 400},
		{"NoConnection", "Connection", "close", "GET", 400},
		{"ShortKey", "Sec-WebSocket-Key", "YWJj", "GET", 400},
		{"Post", "Upgrade", "websocket", "POST", 400},
		{"OldVersion", "Sec-WebSocket-Version", "8", "GET", 426},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequest(tc.method, "http"+strings.TrimPrefix(url, "ws"), nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range good {
				req.Header.Set(k, v)
			}
			req.Header.Set(tc.header, tc.value)
			tr := &http.Transport{DisableKeepAlives: true}
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != tc.status {
				t.Fatalf("status %d, want %d", resp.StatusCode, tc.status)
			}
		})
	}
}

// TestWithoutDescriptor runs on a connection that offers no descriptor, as TLS does.
func TestWithoutDescriptor(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	opts := wsconn.Options{WriteTimeout: 100 * time.Millisecond}.WithDefaults()
	p := &peer{got: echo, closed: make(chan error, 1)}
	p.conn = wsconn.New(near, nil, &opts, p)
	go p.conn.Run()
	c := &wstest.Client{Conn: far, Reader: bufio.NewReader(far)}
	for _, n := range []int{3, 5000, 100_000} {
		want := strings.Repeat("y", n)
		if err := c.Text(want); err != nil {
			t.Fatal(err)
		}
		if got, err := c.ReadText(); err != nil || got != want {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	if err := p.conn.Write(wsconn.Frame(wsconn.OpText, []byte("nobody reads this"))); err != nil {
		t.Fatal(err)
	}
	if err := <-p.closed; !errors.Is(err, wsconn.ErrSlowReader) {
		t.Fatalf("Closed got %v", err)
	}
	_ = far.Close()
}

// TestWriteOfASharedFrameAllocatesNothing counts in a process of its own, where no other test allocates.
func TestWriteOfASharedFrameAllocatesNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv("WSCONN_COUNT") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWriteOfASharedFrameAllocatesNothing$", "-test.v")
		cmd.Env = append(os.Environ(), "WSCONN_COUNT=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	url, peers := serve(t, wsconn.Options{}, echo)
	c := dial(t, url)
	p := <-peers
	frame := wsconn.Frame(wsconn.OpText, []byte("hello"))
	buf := make([]byte, 64)
	const runs = 5000
	var before, after runtime.MemStats
	for i := range 2 * runs { // the first half warms the pools
		if i == runs {
			runtime.ReadMemStats(&before)
		}
		if err := p.conn.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadFrame(buf); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if allocs := float64(after.Mallocs-before.Mallocs) / runs; allocs > 0.2 && !raceEnabled {
		t.Errorf("%.2f allocations a write", allocs)
	}
}

// TestABurstDoesNotCloseAClientThatReads queues far more than the queue holds, without pause, but never more than the
// socket has room for: how quickly the client gets to read does not matter.
func TestABurstDoesNotCloseAClientThatReads(t *testing.T) {
	t.Parallel()
	url, peers := serve(t, wsconn.Options{MaxQueue: 8 << 10}, echo)
	c := dial(t, url)
	p := <-peers
	const rounds, frames, size = 20, 40, 500
	text := bytes.Repeat([]byte("x"), size)
	frame := wsconn.Frame(wsconn.OpText, text)
	for round := range rounds {
		for i := range frames {
			if err := p.conn.Write(frame); err != nil {
				t.Fatalf("round %d, frame %d: %v", round, i, err)
			}
		}
		for i := range frames {
			if _, got, err := c.Read(); err != nil || !bytes.Equal(got, text) {
				t.Fatalf("round %d, frame %d: %d bytes, %v", round, i, len(got), err)
			}
		}
	}
}

// TestNothingIsWrittenBeforeRun queues frames on a connection that does not run yet. They go out once it does, or once the
// queue is full.
func TestNothingIsWrittenBeforeRun(t *testing.T) {
	t.Parallel()
	frame := wsconn.Frame(wsconn.OpText, bytes.Repeat([]byte("x"), 100))
	for _, tc := range []struct {
		name    string
		frames  int           // queued before Run
		wait    time.Duration // for something to be written before Run
		written bool
	}{{"Waits", 3, 20 * time.Millisecond, false}, {"Full", 100, 20 * time.Second, true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			near, far := pair(t)
			opts := wsconn.Options{MaxQueue: 8 << 10}.WithDefaults()
			p := &peer{got: echo, closed: make(chan error, 1)}
			p.conn = wsconn.New(near, nil, &opts, p)
			for i := range tc.frames {
				if err := p.conn.Write(frame); err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
			}
			if err := far.SetReadDeadline(time.Now().Add(tc.wait)); err != nil {
				t.Fatal(err)
			}
			c := &wstest.Client{Conn: far, Reader: bufio.NewReader(far)}
			if _, err := c.Reader.Peek(1); (err == nil) != tc.written {
				t.Fatalf("read before Run: %v", err)
			}
			if err := far.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			go p.conn.Run()
			for i := range tc.frames {
				if _, _, err := c.ReadFrame(nil); err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
			}
			_ = far.Close()
			<-p.closed
		})
	}
}

// pair is a connection over the loopback interface, both ends of which are closed with the test.
func pair(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}
