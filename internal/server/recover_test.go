package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/event"
	"parlor/internal/front/httpx"
	"parlor/internal/guard"
	"parlor/internal/job"
	"parlor/internal/socketio"
	"parlor/internal/wsconn/wstest"
)

func TestPanicOfARequestIsAnsweredInTheFormOfTheFront(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) { panic("what the visitor wrote") })
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half of")
		_ = http.NewResponseController(w).Flush()
		panic("too late")
	})
	mux.HandleFunc("/taken", func(w http.ResponseWriter, _ *http.Request) {
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			panic("after the connection was taken over")
		}
	})
	i := run(t, nil, nil, func(i *instance) {
		real := i.handler
		i.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" || r.URL.Path == "/healthz" {
				real.ServeHTTP(w, r)
				return
			}
			httpx.Limits(i.edge(mux), 1<<20, i.Server.log).ServeHTTP(w, r)
		})
	})
	for path, want := range map[string]string{
		"/api/parlor/v1/me":           `"code":"internal"`,
		"/api/v1/livechat/message":    `{"success":false,"error":"internal error"}`,
		"/api/platform/tenants/1/x":   `"status":"FAIL"`,
		"/v1/tenants/1/x":             `"errorDescription":"internal error"`,
		"/api/agentuser":              `{"status":"LACKDATA","error":"internal error"}`,
		"/socket.io/?EIO=4":           `{"code":3,"message":"internal error"}`,
		"/console/":                   "internal error",
		"/api/something/new?q=secret": `"reason":"internal"`,
	} {
		before := strings.Count(i.out.String(), "panic caught")
		res, body := call(t, http.MethodGet, i.URL()+path, "", "X-Request-Id", "proxy-7")
		if res.StatusCode != 500 || !strings.Contains(body, want) || strings.Contains(body, "visitor wrote") || res.Header.Get("X-Request-Id") != "proxy-7" {
			t.Errorf("%s: %d %s %v", path, res.StatusCode, body, res.Header)
		}
		if n := strings.Count(i.out.String(), "panic caught"); n != before+1 {
			t.Errorf("%s: logged %d times", path, n-before)
		}
	}
	log := i.out.String()
	if !strings.Contains(log, "request=proxy-7") || !strings.Contains(log, "recover_test.go") || strings.Contains(log, "visitor wrote") || strings.Contains(log, "q=secret") {
		t.Errorf("the log lacks the stack or the request, or says too much:\n%.2000s", log)
	}
	if res, _ := call(t, http.MethodGet, i.URL()+"/console/", "", "X-Request-Id", "no spaces please"); len(res.Header.Get("X-Request-Id")) != 32 {
		t.Errorf("id %q", res.Header.Get("X-Request-Id"))
	}
	for _, path := range []string{"/half", "/taken"} {
		res, err := client().Get(i.URL() + path)
		if err == nil {
			var b []byte
			b, err = io.ReadAll(res.Body)
			if cerr := res.Body.Close(); cerr != nil {
				t.Error(cerr)
			}
			if string(b) == "half of" && err == nil {
				t.Errorf("%s: half an answer looks whole", path)
			}
		}
		if err == nil {
			t.Errorf("%s: the connection was not dropped", path)
		}
	}
	if n := i.meter(`parlor_panics_total{place="http"}`); n != "11" {
		t.Errorf("%s panics are counted", n)
	}
}

func TestPanicOfASocketHandlerEndsThatSocketOnly(t *testing.T) {
	t.Parallel()
	i := run(t, nil, nil, func(i *instance) {
		n := i.sockets.Of("/boom")
		n.On("boom", func(*socketio.Socket, []json.RawMessage, func(...any)) { panic("boom") })
		n.On("echo", func(_ *socketio.Socket, _ []json.RawMessage, ack func(...any)) { ack("fine") })
	})
	dial := func() *wstest.Client {
		c, _, err := wstest.Dial("ws"+strings.TrimPrefix(i.URL(), "http")+"/socket.io/?EIO=4&transport=websocket", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // it may be closed already
		if err := c.Text("40/boom,"); err != nil {
			t.Fatal(err)
		}
		until(t, c, "40/boom")
		return c
	}
	one, two := dial(), dial()
	if err := one.Text(`42/boom,["boom"]`); err != nil {
		t.Fatal(err)
	}
	until(t, one, "41/boom")
	if err := two.Text(`42/boom,1["echo"]`); err != nil {
		t.Fatal(err)
	}
	until(t, two, `43/boom,1["fine"]`)
	if n := i.meter(`parlor_panics_total{place="socket"}`); n != "1" {
		t.Errorf("%s panics are counted", n)
	}
}

// until reads packets up to one that begins so.
func until(t *testing.T, c *wstest.Client, prefix string) {
	t.Helper()
	for {
		text, err := c.ReadText()
		if err != nil {
			t.Fatalf("waiting for %s: %v", prefix, err)
		}
		if strings.HasPrefix(text, prefix) {
			return
		}
	}
}

func TestPanicOfAJobIsAFailureThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	i := run(t, nil, nil, nil)
	attempts := make(chan int, 4)
	runner := job.NewRunner(i.store, clock.System(), i.Server.log, i.guarded(map[string]job.Worker{"boom": func(_ context.Context, j job.Job) error {
		attempts <- j.Attempts
		if j.Attempts == 1 {
			panic("boom")
		}
		return nil
	}}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	if err := runner.Enqueue(t.Context(), job.Job{Tenant: "main", Kind: "boom"}); err != nil {
		t.Fatal(err)
	}
	for want := 1; want <= 2; want++ {
		if got := <-attempts; got != want {
			t.Fatalf("attempt %d", got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := i.meter(`parlor_panics_total{place="job"}`); n != "1" {
		t.Errorf("%s panics are counted", n)
	}
}

func TestNoMoreJobsThanWorkersRunAtOnce(t *testing.T) {
	t.Parallel()
	i := run(t, nil, map[string]string{"job-workers": "2"}, nil)
	var now, most atomic.Int64
	started, release := make(chan struct{}, 8), make(chan struct{})
	work := i.guarded(map[string]job.Worker{"slow": func(context.Context, job.Job) error {
		most.Store(max(most.Load(), now.Add(1)))
		started <- struct{}{}
		<-release
		now.Add(-1)
		return nil
	}})["slow"]
	done := make(chan error, 4)
	for range 4 {
		go func() { done <- work(t.Context(), job.Job{}) }()
	}
	<-started
	<-started
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := work(stopped, job.Job{}); !errors.Is(err, context.Canceled) {
		t.Fatalf("a third job runs: %v", err)
	}
	close(release)
	for range 4 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if most.Load() != 2 {
		t.Fatalf("%d jobs at once", most.Load())
	}
}

// faulty is a connection whose front panics.
type faulty struct{}

func (*faulty) Deliver(*event.Event) { panic("cannot encode") }

type listener struct{ got chan string }

func (l *listener) Deliver(e *event.Event) { l.got <- e.ID }

func TestPanicOfADeliveryStopsNeitherSenderNorBus(t *testing.T) {
	t.Parallel()
	i := run(t, nil, nil, nil)
	l := &listener{make(chan string, 1)}
	i.hub.Follow(&faulty{}, "t/boom")
	i.hub.Follow(l, "t/fine")
	i.bus.Publish(&event.Event{ID: "one", Kind: "test", To: []event.Topic{"t/boom"}})
	i.bus.Publish(&event.Event{ID: "two", Kind: "test", To: []event.Topic{"t/fine"}})
	if got := <-l.got; got != "two" || i.guard.Count(guard.Event) != 1 {
		t.Fatalf("%s, %d panics", got, i.guard.Count(guard.Event))
	}
}

// brokenClock panics once in the loop that waits for d.
type brokenClock struct {
	clock.Clock
	d     time.Duration
	calls chan int
	n     atomic.Int64
}

func (c *brokenClock) NewTimer(d time.Duration) clock.Timer {
	if d == c.d {
		n := c.n.Add(1)
		if n <= 2 {
			c.calls <- int(n)
		}
		if n == 1 {
			panic("in the background")
		}
	}
	return c.Clock.NewTimer(d)
}

func TestBackgroundTaskThatPanicsIsStartedAgain(t *testing.T) {
	t.Parallel()
	ck := &brokenClock{Clock: clock.System(), d: indexIdle, calls: make(chan int, 2)}
	i := run(t, ck, nil, nil)
	<-ck.calls
	<-ck.calls
	if n := i.meter(`parlor_panics_total{place="background"}`); n != "1" {
		t.Errorf("%s panics are counted", n)
	}
	if !strings.Contains(i.out.String(), "in=index") {
		t.Errorf("the log does not name the task")
	}
}

func TestOnlyAllowedOriginsMayCall(t *testing.T) {
	t.Parallel()
	i := run(t, nil, map[string]string{"allowed-origins": "https://shop.example.com", "public-url": "https://chat.example.com/"}, nil)
	for origin, want := range map[string]int{"": 200, "https://shop.example.com": 200, "https://chat.example.com": 200, i.URL(): 200,
		"https://evil.example.com": 403, "http://shop.example.com": 403, "https://shop.example.com.evil.com": 403, "null": 403} {
		res, body := call(t, http.MethodGet, i.URL()+"/socket.io/?EIO=4&transport=polling", "", "Origin", origin)
		if res.StatusCode != want || (want == 403) != strings.Contains(body, "origin_refused") {
			t.Errorf("%q: %d %s", origin, res.StatusCode, body)
		}
	}
	free := run(t, nil, nil, nil)
	if res, _ := call(t, http.MethodGet, free.URL()+"/socket.io/?EIO=4&transport=polling", "", "Origin", "https://any.example.com"); res.StatusCode != 200 {
		t.Errorf("without a list: %d", res.StatusCode)
	}
}
