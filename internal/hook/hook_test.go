package hook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type noFiles struct{}

func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "none")
}

// plain is a format for tests: occasion, number and text.
type plain struct{}

func (plain) Header() string { return "X-Secret" }

func (plain) Body(_ context.Context, h hook.Happening) ([]byte, error) {
	return json.Marshal(map[string]any{"what": h.Occasion, "seq": h.Message.Seq, "text": h.Message.Text + h.Data})
}

// request is what the receiver got.
type request struct {
	header http.Header
	body   []byte
}

// bench is one company, a receiver and webhooks running on a stub clock.
type bench struct {
	t     *testing.T
	w     *storetest.World
	st    *store.Store
	clock *clock.Stub
	talks *conversation.Service
	hooks *hook.Service
	bus   *memory.Bus
	url   string
	agent id.Agent
	got   chan request
	out   *carrier

	mu sync.Mutex
	// answers are the next statuses; then 200.
	answers []int
	routed  bool
}

var admin = actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "boss", Name: "Boss", Permissions: actor.Permissions()}

func each(t *testing.T, o hook.Options, f func(b *bench)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := o // both engines run at once
		b := &bench{t: t, w: storetest.NewWorld(t, st, "main"), st: st, clock: clock.NewStub(storetest.T0), bus: memory.New(), got: make(chan request, 1000)}
		receiver := httptest.NewServer(http.HandlerFunc(b.receive))
		t.Cleanup(receiver.Close)
		b.url = receiver.URL
		b.agent = b.w.Ready("ann", 50)
		b.talks = conversation.New(st, noFiles{}, b.bus, b.clock)
		o.Waits = func(context.Context, id.Tenant, id.Conversation) (bool, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.routed, nil
		}
		b.hooks = hook.New(st, b.talks, b.bus, b.clock, slog.New(slog.DiscardHandler), o)
		b.hooks.Add("plain", plain{})
		b.out = &carrier{carried: make(chan string, 20), lost: make(chan string, 20)}
		b.hooks.Add("pigeon", b.out)
		unsubscribe := b.bus.Subscribe(func(e *event.Event) { b.hooks.Heed(e) })
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- b.hooks.Run(ctx) }()
		t.Cleanup(func() {
			unsubscribe()
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		f(b)
	})
}

func (b *bench) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Error(err)
	}
	b.mu.Lock()
	status := 200
	if len(b.answers) > 0 {
		status, b.answers = b.answers[0], b.answers[1:]
	}
	b.mu.Unlock()
	if status == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "answer %d", status) // the client may have gone
	b.got <- request{r.Header, body}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) save(h hook.Hook) hook.Hook {
	b.t.Helper()
	if h.URL == "" {
		h.URL = b.url + "/in"
	}
	h.Name, h.Format, h.Active, h.Timeout, h.Tries = "shop", "plain", true, max(h.Timeout, 5000), max(h.Tries, 3)
	if h.Occasions == nil {
		h.Occasions = hook.Occasions()
	}
	got, err := b.hooks.Save(b.t.Context(), admin, h)
	b.must(err)
	return got
}

// next returns the next request. Time goes by only where something is due within
// a second: a lease must not end while its delivery is under way.
func (b *bench) next() request {
	b.t.Helper()
	for {
		select {
		case r := <-b.got:
			return r
		default:
			b.nudge()
		}
	}
}

func (b *bench) nudge() {
	b.t.Helper()
	at, ok, err := b.st.NextHook(b.t.Context())
	b.must(err)
	if wait := at.Sub(b.clock.Now()); ok && wait > 0 && wait <= time.Second {
		b.clock.AwaitTimers(1)
		b.clock.Advance(wait)
	}
	runtime.Gosched()
}

// logged waits until the log has n attempts.
func (b *bench) logged(n int) {
	b.t.Helper()
	for len(b.attempts(hook.Filter{})) < n {
		runtime.Gosched()
	}
}

func (b *bench) expect(want ...string) {
	b.t.Helper()
	for _, w := range want {
		var m struct {
			What string
			Seq  int64
			Text string
		}
		b.must(json.Unmarshal(b.next().body, &m))
		if got := fmt.Sprintf("%s %d %s", m.What, m.Seq, m.Text); strings.TrimSpace(got) != w {
			b.t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// quiet fails if there is something to be sent: all that is due was claimed.
func (b *bench) quiet() {
	b.t.Helper()
	for {
		_, ok, err := b.st.NextHook(b.t.Context())
		b.must(err)
		if !ok {
			break
		}
		b.nudge()
	}
	select {
	case r := <-b.got:
		b.t.Fatalf("sent: %s", r.body)
	default:
	}
}

func (b *bench) attempts(f hook.Filter) []hook.Attempt {
	b.t.Helper()
	list, _, err := b.hooks.Attempts(b.t.Context(), admin, f)
	b.must(err)
	return list
}

func (b *bench) say(c conversation.Conversation, text string) {
	b.t.Helper()
	who := actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: c.Visitor, Inbox: c.Inbox}
	_, err := b.talks.Post(b.t.Context(), who, conversation.PostInput{Conversation: c.ID, Kind: conversation.Text, Text: text})
	b.must(err)
}

func TestWholeConversationInOrder(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		b.save(hook.Hook{})
		b.routed = true
		c := b.w.Start("bia", "")
		b.hooks.Wake()
		b.expect("conversation.started 0", "conversation.queued 0")
		b.say(c, "Bom dia")
		b.expect("message.visitor 1 Bom dia")
		m := b.w.Assign(c, b.agent)
		b.talks.Announce(m, conversation.LineAssigned)
		b.expect("conversation.assigned 2")
		ann := actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: b.agent, Permissions: []actor.Permission{actor.Reply}}
		_, err := b.talks.Post(t.Context(), ann, conversation.PostInput{Conversation: c.ID, Kind: conversation.Note, Text: "secret"})
		b.must(err)
		_, err = b.talks.Post(t.Context(), ann, conversation.PostInput{Conversation: c.ID, Kind: conversation.Text, Text: "Oi"})
		b.must(err)
		b.expect("message.agent 4 Oi")
		b.say(c, "write to bia@shop.test")
		b.expect("message.visitor 5 write to bia@shop.test", "visitor.lead 5 write to bia@shop.test")
		// A changed text is told once more, under the number of its message.
		_, err = b.talks.Edit(t.Context(), ann, c.ID, 4, "Olá")
		b.must(err)
		b.expect("message.agent 4 Olá")
		_, err = b.talks.Close(t.Context(), ann, c.ID, conversation.EndByAgent)
		b.must(err)
		b.expect("conversation.closed 7")
		b.quiet()
		if answer, err := b.hooks.Answers(t.Context(), "main", []id.Conversation{c.ID}); err != nil || answer[c.ID] != "answer 200" {
			t.Fatalf("kept answer %q, %v", answer, err)
		}
	})
}

func TestAssignedAtOnceNeverWaited(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		b.save(hook.Hook{})
		c := b.w.Start("bia", "")
		b.talks.Announce(b.w.Assign(c, b.agent), conversation.LineAssigned)
		b.expect("conversation.started 0", "conversation.assigned 1")
		b.quiet()
	})
}

func TestFailuresAreRepeatedInOrderThenSetAside(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		h := b.save(hook.Hook{Occasions: []hook.Occasion{hook.FromVisitor}, Secret: "s3cret", Key: "key"})
		c := b.w.Start("bia", "")
		b.answers = []int{500, 201, 302, 200}
		b.say(c, "one")
		b.say(c, "two")
		var ids []string
		for n := range 3 {
			r := b.next()
			b.logged(n + 1)
			b.clock.Advance(19 * time.Second)
			b.clock.AwaitTimers(1)
			if n < 2 && len(b.got) > 0 {
				t.Fatal("tried again within 20 s")
			}
			b.clock.Advance(time.Second)
			ids = append(ids, r.header.Get("X-Webhook-Id")+"/"+r.header.Get("X-Webhook-Attempt"))
			if !strings.Contains(string(r.body), `"one"`) || r.header.Get("X-Secret") != "s3cret" {
				t.Fatalf("%s %v", r.body, r.header)
			}
			stamp, _, _ := strings.Cut(strings.TrimPrefix(r.header.Get("X-Parlor-Signature"), "t="), ",")
			var at int64
			_, err := fmt.Sscan(stamp, &at)
			b.must(err)
			if want := hook.Sign("key", time.Unix(at, 0), r.body); r.header.Get("X-Parlor-Signature") != want {
				t.Fatalf("signature %s, want %s", r.header.Get("X-Parlor-Signature"), want)
			}
		}
		if ids[0][:len(ids[0])-1] != ids[2][:len(ids[2])-1] || !strings.HasSuffix(ids[2], "/3") {
			t.Fatal(ids)
		}
		b.expect("message.visitor 2 two")
		b.quiet()
		list := b.attempts(hook.Filter{Hook: h.ID})
		var tries []string
		for _, a := range slices.Backward(list) {
			tries = append(tries, fmt.Sprint(a.Number, a.Status, a.Dead))
		}
		if got := strings.Join(tries, ", "); got != "1 500 false, 2 201 false, 3 302 true, 1 200 false" {
			t.Fatal(got)
		}
		if gap := list[2].At.Sub(list[3].At); gap < 20*time.Second {
			t.Fatalf("tried again after %v, want four times the timeout", gap)
		}
		dead := b.attempts(hook.Filter{Dead: true})
		if len(dead) != 1 || dead[0].Failure != "answered 302" {
			t.Fatal(dead)
		}
		whole, err := b.hooks.Attempt(t.Context(), admin, dead[0].ID)
		b.must(err)
		if !strings.Contains(whole.Request, `"one"`) || whole.Answer != "answer 302" {
			t.Fatalf("%+v", whole)
		}
		b.must(b.hooks.Replay(t.Context(), admin, dead[0].ID))
		if r := b.next(); !strings.Contains(string(r.body), `"one"`) || r.header.Get("X-Webhook-Id") != dead[0].Delivery {
			t.Fatalf("%s %v", r.body, r.header)
		}
		b.quiet()
	})
}

func TestNotesFiltersAndSample(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		h := b.save(hook.Hook{Occasions: []hook.Occasion{hook.LeftMessage, hook.FromVisitor}, Inboxes: []id.Inbox{"other"}})
		b.must(b.hooks.Tell(t.Context(), "main", hook.Note{Occasion: hook.LeftMessage, Inbox: "main", Data: "not wanted"}))
		b.say(b.w.Start("bia", ""), "not wanted either")
		b.must(b.hooks.Tell(t.Context(), "main", hook.Note{Occasion: hook.LeftMessage, Inbox: "other", Data: "call me"}))
		b.expect("visitor.left_message 0 call me")
		b.quiet()
		a, err := b.hooks.Test(t.Context(), admin, h.ID)
		b.must(err)
		if a.Status != 200 || a.Failure != "" || a.Answer != "answer 200" {
			t.Fatalf("%+v", a)
		}
		b.expect("test 0")
		b.must(b.hooks.Delete(t.Context(), admin, h.ID))
		b.must(b.hooks.Tell(t.Context(), "main", hook.Note{Occasion: hook.LeftMessage, Inbox: "other"}))
		b.quiet()
	})
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{}, func(b *bench) {
		for _, u := range []string{b.url, "http://localhost/x", "http://[::1]/", "http://10.0.0.1/", "http://169.254.169.254/meta", "http://[::ffff:127.0.0.1]/",
			"http://0.0.0.0/", "http://100.64.0.1/", "http://[64:ff9b::7f00:1]/"} {
			_, err := b.hooks.Save(t.Context(), admin, hook.Hook{Name: "x", URL: u, Format: "plain", Timeout: 5000, Tries: 1, Active: true})
			if errs.ReasonOf(err) != "private_address" {
				t.Errorf("%s: %v", u, err)
			}
		}
		// A name that resolves to a private address is refused when it is connected to.
		h := hook.Hook{ID: id.New(), Tenant: "main", Name: "x", URL: "http://localtest.example/", Format: "plain", Timeout: 2000, Tries: 1, Active: true,
			Occasions: []hook.Occasion{hook.FromVisitor}}
		h.URL = strings.Replace(b.url, "127.0.0.1", "localhost", 1)
		b.must(b.st.SaveHook(t.Context(), h, 9, audit.None))
		a, err := b.hooks.Test(t.Context(), admin, h.ID)
		b.must(err)
		if a.Status != 0 || !strings.Contains(a.Failure, "private") {
			t.Fatalf("%+v", a)
		}
		b.quiet()
	})
}

func TestBadSubscriptionsAndForeignOnes(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		good := hook.Hook{Name: "x", URL: "https://x.example/", Format: "plain", Timeout: 5000, Tries: 1}
		for field, change := range map[string]func(h *hook.Hook){
			"name": func(h *hook.Hook) { h.Name = " " }, "url": func(h *hook.Hook) { h.URL = "file:///etc/passwd" },
			"format": func(h *hook.Hook) { h.Format = "xml" }, "timeout": func(h *hook.Hook) { h.Timeout = 1 },
			"tries": func(h *hook.Hook) { h.Tries = 11 }, "occasions": func(h *hook.Hook) { h.Occasions = []hook.Occasion{"x"} },
			"secret": func(h *hook.Hook) { h.Secret = "a\nb" },
		} {
			h := good
			change(&h)
			if _, err := b.hooks.Save(t.Context(), admin, h); errs.FieldOf(err) != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		h, err := b.hooks.Save(t.Context(), admin, good)
		b.must(err)
		storetest.NewWorld(t, b.st, "other")
		foreign := admin
		foreign.Tenant = "other"
		if err := b.hooks.Delete(t.Context(), foreign, h.ID); errs.CodeOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		agent := admin
		agent.Permissions = []actor.Permission{actor.Reply}
		if _, err := b.hooks.List(t.Context(), agent); errs.CodeOf(err) != errs.Forbidden {
			t.Fatal(err)
		}
		text, err := json.Marshal(hook.Hook{Secret: "tell nobody", Key: "nor this"})
		if err != nil || strings.Contains(string(text), "tell nobody") || strings.Contains(string(text), "nor this") {
			t.Fatalf("%s %v", text, err)
		}
	})
}

// TestNothingIsLostWhenANodeDies: what a dead node had leased is delivered by
// another one when the lease ends.
func TestNothingIsLostWhenANodeDies(t *testing.T) {
	t.Parallel()
	each(t, hook.Options{Private: true}, func(b *bench) {
		b.save(hook.Hook{Occasions: []hook.Occasion{hook.FromVisitor}})
		c := b.w.Start("bia", "")
		b.w.Append(b.w.Say(c, "before"))
		now := b.clock.Now()
		_, err := b.st.ClaimHooks(t.Context(), 10, 10, nil, now.Add(time.Hour), now.Add(2*time.Hour)) // a node that died with it
		b.must(err)
		b.w.Append(b.w.Say(c, "after"))
		b.clock.AwaitTimers(1)
		b.clock.Advance(2 * time.Hour)
		b.expect("message.visitor 1 before", "message.visitor 2 after")
		b.quiet()
	})
}

func TestPauses(t *testing.T) {
	t.Parallel()
	var got []string
	for n := 1; n <= hook.MaxTries; n++ {
		got = append(got, hook.Pause(n, 5000).String())
	}
	if s := strings.Join(got, " "); s != "20s 20s 20s 40s 1m20s 2m40s 5m20s 10m40s 21m20s 42m40s" {
		t.Fatal(s)
	}
}
