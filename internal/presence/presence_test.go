package presence_test

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/presence"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type fixture struct {
	t        *testing.T
	clock    *clock.Stub
	accounts *account.Service
	store    *store.Store
	lin      presence.Agent

	mu      sync.Mutex
	changed map[string]int
}

func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, store: st, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), changed: map[string]int{}}
	f.accounts = account.New(st, memory.New(), f.clock)
	if _, err := f.accounts.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	a, err := f.accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: "lin@example.com", Name: "Lin", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	f.lin = presence.Agent{Tenant: "main", Agent: a.ID}
	return f
}

func (f *fixture) node(name string) *presence.Service {
	f.t.Helper()
	s := presence.New(f.store, name, f.clock, slog.New(slog.DiscardHandler), func(context.Context, presence.Agent) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.changed[name]++
	})
	if err := s.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) connect(s *presence.Service) func() {
	f.t.Helper()
	release, err := s.Connect(f.t.Context(), f.lin)
	if err != nil {
		f.t.Fatal(err)
	}
	return func() { release(context.Background()) }
}

func (f *fixture) connected() bool {
	f.t.Helper()
	st, err := f.accounts.AgentStatus(f.t.Context(), f.lin.Tenant, f.lin.Agent, f.clock.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return st.Connected
}

func TestConnectedWhileAnyConnectionOnAnyNodeLives(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		one, two := f.node("one"), f.node("two")
		if f.connected() {
			t.Fatal("connected before the first connection")
		}
		a, b, c := f.connect(one), f.connect(one), f.connect(two)
		a()
		a() // a second release does nothing
		if !f.connected() {
			t.Fatal("closing one of several tabs took it off line")
		}
		b()
		if !f.connected() {
			t.Fatal("the other node still holds a connection")
		}
		c()
		if f.connected() {
			t.Fatal("nobody is left")
		}
		if f.changed["one"] != 2 || f.changed["two"] != 2 {
			t.Fatalf("told %v times", f.changed)
		}
	})
}

func TestDeadNodeStopsCountingAfterItsLease(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		dead, alive := f.node("dead"), f.node("alive")
		f.connect(dead)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- alive.Run(ctx) }()
		for range int(presence.Lease/presence.BeatEvery) + 1 {
			f.clock.AwaitTimers(1)
			f.clock.Advance(presence.BeatEvery)
		}
		f.clock.AwaitTimers(1)
		if f.connected() {
			t.Fatal("a node without a lease counts")
		}
		f.mu.Lock()
		told := f.changed["alive"]
		f.mu.Unlock()
		if told != 1 {
			t.Fatalf("the living node was told %d times", told)
		}
		f.connect(alive)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if f.connected() {
			t.Fatal("a stopped node counts")
		}
	})
}

func TestNodeThatSleptCountsAgain(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	s := f.node("sleepy")
	f.connect(s)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	f.clock.AwaitTimers(1)
	f.clock.Advance(time.Hour)
	f.clock.AwaitTimers(1)
	if !f.connected() {
		t.Fatal("the connection it holds does not count any more")
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRestartedNodeForgetsItsEarlierLife(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	f.connect(f.node("local"))
	f.node("local") // the first one was killed
	if f.connected() {
		t.Fatal("the connections of the earlier life count")
	}
}
