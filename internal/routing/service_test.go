package routing_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/presence"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// node is the services of one node on a store.
type node struct {
	t        *testing.T
	clock    *clock.Stub
	accounts *account.Service
	talks    *conversation.Service
	visitors *visitor.Service
	presence *presence.Service
	routing  *routing.Service
	bus      *memory.Bus
	// causes collects what was announced, by conversation.
	mu     sync.Mutex
	causes map[id.Conversation][]string
	places []routing.Positions
	news   chan struct{}
}

// Moved and Agent make a node the announcer of its routing.
func (n *node) Moved(m conversation.Moved, cause string) { n.talks.Announce(m, cause) }

func (n *node) Agent(ctx context.Context, t id.Tenant, a id.Agent) {
	if err := n.accounts.Refresh(ctx, t, a); err != nil && ctx.Err() == nil {
		n.t.Error(err)
	}
}

type noFiles struct{}

func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "none")
}

// start wires a node and runs its routing. Nodes of one installation share bus and clock.
func start(t *testing.T, st *store.Store, b *memory.Bus, c *clock.Stub, name string, change ...func(*routing.Options)) *node {
	t.Helper()
	n := &node{t: t, clock: c, bus: b, causes: map[id.Conversation][]string{}, news: make(chan struct{}, 1)}
	log := slog.New(slog.DiscardHandler)
	n.accounts = account.New(st, b, c)
	n.talks = conversation.New(st, noFiles{}, b, c)
	n.visitors = visitor.New(st, b, c, []byte("key"))
	opts := routing.Options{LostAfter: 30 * time.Second, PlacesEvery: time.Millisecond}
	for _, f := range change {
		f(&opts)
	}
	n.routing = routing.New(st, n.accounts, n.talks, n, b, c, log, opts)
	n.presence = presence.New(st, name, c, log, func(ctx context.Context, a presence.Agent) { n.Agent(ctx, a.Tenant, a.Agent) })
	cancelEvents := b.Subscribe(n.heed)
	if _, err := n.accounts.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.presence.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	go func() { done <- n.routing.Run(ctx) }()
	go func() { done <- n.presence.Run(ctx) }()
	t.Cleanup(func() {
		cancelEvents()
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	return n
}

// advance lets time pass in small steps, so that leases are extended and the
// reconciler comes by as often as it would.
func (n *node) advance(d time.Duration) {
	for ; d > 0; d -= time.Second {
		n.clock.AwaitTimers(2) // lease and reconciler are waiting
		n.clock.Advance(time.Second)
	}
	n.clock.AwaitTimers(2)
}

func (n *node) heed(e *event.Event) {
	n.routing.Heed(e)
	n.mu.Lock()
	switch d := e.Data.(type) {
	case *conversation.Changed:
		n.causes[d.Conversation.ID] = append(n.causes[d.Conversation.ID], d.Cause)
	case *routing.Positions:
		n.places = append(n.places, *d)
	}
	n.mu.Unlock()
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// until waits until ok, looking again at each event.
func (n *node) until(what string, ok func() bool) {
	n.t.Helper()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-n.news:
		case <-deadline:
			n.t.Fatal("never happened: " + what)
		}
	}
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) agent(name string, limit int, role account.Role, teams ...string) actor.Actor {
	n.t.Helper()
	a, err := n.accounts.AddAgent(n.t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name,
		Password: "correct horse", Role: role, Cap: limit, Teams: teams})
	n.must(err)
	return account.Login{Agent: a}.Actor()
}

// ready connects an agent and makes it ready; the returned func disconnects it.
func (n *node) ready(who actor.Actor) (leave func()) {
	n.t.Helper()
	release, err := n.presence.Connect(n.t.Context(), presence.Agent{Tenant: who.Tenant, Agent: who.Agent})
	n.must(err)
	_, err = n.accounts.SetState(n.t.Context(), who, account.Ready, "")
	n.must(err)
	return func() { release(context.Background()) }
}

func (n *node) visitor(name string) actor.Actor {
	n.t.Helper()
	v, err := n.visitors.Arrive(n.t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: name})
	n.must(err)
	return v.Actor()
}

func (n *node) admit(who actor.Actor, in conversation.StartInput) routing.Admission {
	n.t.Helper()
	a, err := n.routing.Admit(n.t.Context(), who, in)
	n.must(err)
	return a
}

func (n *node) get(c id.Conversation) conversation.Conversation {
	n.t.Helper()
	got, err := n.talks.Conversation(n.t.Context(), actor.ForSystem("main"), c)
	n.must(err)
	return got
}

func each(t *testing.T, f func(n *node)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		f(start(t, s, memory.New(), clock.NewStub(epoch), "one"))
	})
}

func TestWaitingVisitorsAreServedInOrderWhenAnAgentGetsReady(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		lin := n.agent("lin", 2, account.Member)
		var list []id.Conversation
		for i := range 3 {
			a := n.admit(n.visitor(fmt.Sprint("v", i)), conversation.StartInput{})
			if a.Conversation.Status != conversation.Queued || a.Place != i+1 || a.AgentsOnline {
				n.t.Fatalf("visitor %d: %+v", i, a)
			}
			list = append(list, a.Conversation.ID)
		}
		n.ready(lin)
		// Assignments of one pass are written side by side, so either may be seen first.
		n.until("the first two are served", func() bool {
			return n.get(list[0]).Status == conversation.Open && n.get(list[1]).Status == conversation.Open
		})
		if c := n.get(list[0]); c.Agent != lin.Agent {
			n.t.Fatalf("the first visitor is with %q", c.Agent)
		}
		if c := n.get(list[2]); c.Status != conversation.Queued {
			n.t.Fatal("the cap was exceeded")
		}
		n.until("the third is told that it is first now", func() bool {
			n.clock.Advance(time.Millisecond) // places are pushed at most once per millisecond here
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, p := range n.places {
				if len(p.Places) == 1 && p.Places[0].Conversation == list[2] && p.Places[0].Place == 1 {
					return true
				}
			}
			return false
		})
		_, err := n.talks.Close(n.t.Context(), lin, list[0], "")
		n.must(err)
		n.until("the third is served", func() bool { return n.get(list[2]).Agent == lin.Agent })
	})
}

func TestAgentsConversationsGoBackInFrontWhenItStaysAway(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		lin, bo := n.agent("lin", 1, account.Member), n.agent("bo", 5, account.Member)
		leave := n.ready(lin)
		first := n.admit(n.visitor("a"), conversation.StartInput{})
		if first.Conversation.Agent != lin.Agent {
			n.t.Fatal("lin did not get it")
		}
		waiting := n.admit(n.visitor("b"), conversation.StartInput{})
		leave()
		n.advance(29 * time.Second)
		n.must(n.routing.Reconcile(n.t.Context(), false))
		if c := n.get(first.Conversation.ID); c.Agent != lin.Agent {
			n.t.Fatal("taken away before the time was over")
		}
		n.advance(2 * time.Second)
		n.must(n.routing.Reconcile(n.t.Context(), true))
		if c := n.get(first.Conversation.ID); c.Status != conversation.Queued || c.Agent != "" {
			n.t.Fatalf("not taken back: %+v", c)
		}
		place, err := n.routing.Place(n.t.Context(), "main", first.Conversation.ID)
		n.must(err)
		if place != 1 {
			n.t.Fatalf("place %d, want the front", place)
		}
		n.ready(bo)
		n.until("both are with bo", func() bool {
			return n.get(first.Conversation.ID).Agent == bo.Agent && n.get(waiting.Conversation.ID).Agent == bo.Agent
		})
		n.mu.Lock()
		defer n.mu.Unlock()
		if got := fmt.Sprint(n.causes[first.Conversation.ID]); got != "[started assigned agent_lost assigned]" {
			n.t.Fatal(got)
		}
	})
}

func TestAgentWhoComesBackInTimeKeepsEverything(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		lin := n.agent("lin", 1, account.Member)
		leave := n.ready(lin)
		a := n.admit(n.visitor("a"), conversation.StartInput{})
		leave()
		n.advance(20 * time.Second)
		defer n.ready(lin)()
		n.advance(20 * time.Second)
		n.must(n.routing.Reconcile(n.t.Context(), true))
		if c := n.get(a.Conversation.ID); c.Agent != lin.Agent {
			n.t.Fatalf("taken away: %+v", c)
		}
	})
}

func TestTransferAndClaim(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		_, err := n.accounts.AddTeam(n.t.Context(), "main", "Support")
		n.must(err)
		_, err = n.accounts.AddTeam(n.t.Context(), "main", "Home")
		n.must(err)
		lin, bo := n.agent("lin", 5, account.Member, "Home"), n.agent("bo", 1, account.Member, "Support")
		cy := n.agent("cy", 5, account.Supervisor)
		n.ready(lin)
		guest, home := n.visitor("a"), lin.Teams[0]
		a := n.admit(guest, conversation.StartInput{Team: home})
		c := a.Conversation.ID
		ctx := n.t.Context()
		for _, x := range []struct {
			who    actor.Actor
			to     routing.Target
			reason string
		}{
			{lin, routing.Target{}, "one_target"}, {lin, routing.Target{Agent: bo.Agent, Team: "x"}, "one_target"},
			{lin, routing.Target{Agent: lin.Agent}, "same_agent"}, {lin, routing.Target{Agent: bo.Agent}, "agent_unavailable"},
			{lin, routing.Target{Team: "nope"}, "team_not_found"}, {lin, routing.Target{Agent: "nope"}, "agent_not_found"},
			{bo, routing.Target{Agent: bo.Agent}, "conversation_not_found"}, {lin, routing.Target{Team: home, Other: true}, "same_team"},
			{guest, routing.Target{Team: home, Other: true}, "same_team"},
		} {
			if _, err := n.routing.Transfer(ctx, x.who, c, x.to); errs.ReasonOf(err) != x.reason {
				n.t.Fatalf("%+v: got %v, want %s", x.to, err, x.reason)
			}
		}
		n.ready(bo)
		got, err := n.routing.Transfer(ctx, lin, c, routing.Target{Agent: bo.Agent, Note: "VIP"})
		n.must(err)
		if got.Agent != bo.Agent {
			n.t.Fatalf("%+v", got)
		}
		b := n.admit(n.visitor("b"), conversation.StartInput{})
		if _, err := n.routing.Transfer(ctx, lin, b.Conversation.ID, routing.Target{Agent: bo.Agent}); errs.ReasonOf(err) != "agent_full" {
			n.t.Fatalf("bo has room for one: %v", err)
		}
		// Into the team's queue, where nobody has room, and out of it by hand.
		team := got.Team
		for _, tm := range mustTeams(n) {
			team = tm.ID
		}
		got, err = n.routing.Transfer(ctx, lin, b.Conversation.ID, routing.Target{Team: team})
		n.must(err)
		if got.Status != conversation.Queued || got.Team != team {
			n.t.Fatalf("%+v", got)
		}
		if _, err := n.routing.Claim(ctx, lin, b.Conversation.ID); errs.ReasonOf(err) != "conversation_not_found" {
			n.t.Fatalf("lin does not see that queue: %v", err)
		}
		if _, err := n.routing.Claim(ctx, bo, b.Conversation.ID); errs.ReasonOf(err) != "agent_full" {
			n.t.Fatalf("the cap holds by hand too: %v", err)
		}
		list, place, err := n.routing.Explain(ctx, cy, b.Conversation.ID)
		n.must(err)
		if place != 1 || len(list) == 0 || list[0].Agent != "" || len(list[0].Removed) != 3 {
			n.t.Fatalf("place %d, reasons %+v", place, list)
		}
		got, err = n.routing.Claim(ctx, cy, b.Conversation.ID)
		n.must(err)
		if got.Agent != cy.Agent {
			n.t.Fatal("cy may take it although it is away")
		}
		if _, err := n.routing.Claim(ctx, cy, b.Conversation.ID); errs.ReasonOf(err) != "conversation_moved" {
			n.t.Fatalf("taken twice: %v", err)
		}
	})
}

func mustTeams(n *node) []account.Team {
	n.t.Helper()
	list, err := n.accounts.Teams(n.t.Context(), "main")
	n.must(err)
	return list
}

// TestTwoNodesNeverExceedTheCapNorDoubleOwners lets two nodes route the same
// arrivals at once.
func TestTwoNodesNeverExceedTheCapNorDoubleOwners(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		b, c := memory.New(), clock.NewStub(epoch)
		nodes := []*node{start(t, s, b, c, "one"), start(t, s, b, c, "two")}
		const agents, limit, arrivals = 4, 5, 40
		load := map[id.Agent]int{}
		for i := range agents {
			a := nodes[0].agent(fmt.Sprint("agent", i), limit, account.Member)
			load[a.Agent] = 0
			nodes[i%2].ready(a)
		}
		var wg sync.WaitGroup
		var open atomic.Int64
		list := make([]id.Conversation, arrivals)
		for i := range arrivals {
			n := nodes[i%2]
			who := n.visitor(fmt.Sprint("v", i))
			wg.Go(func() {
				a, err := n.routing.Admit(t.Context(), who, conversation.StartInput{})
				if err != nil {
					t.Error(err)
					return
				}
				list[i] = a.Conversation.ID
				if a.Conversation.Status == conversation.Open {
					open.Add(1)
				}
			})
		}
		wg.Wait()
		total := 0
		for _, cid := range list {
			if got := nodes[0].get(cid); got.Status == conversation.Open {
				load[got.Agent]++
				total++
			}
		}
		if total != agents*limit {
			t.Fatalf("%d are open, room is for %d", total, agents*limit)
		}
		for a, n := range load {
			if n != limit {
				t.Fatalf("agent %s has %d, cap %d", a, n, limit)
			}
		}
	})
}

func TestWishesForWhatDoesNotExistAreDropped(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		lin := n.agent("lin", 5, account.Member)
		n.ready(lin)
		a := n.admit(n.visitor("a"), conversation.StartInput{Team: "no such team", Agent: "nobody"})
		if a.Conversation.Agent != lin.Agent || a.Conversation.Team != "" || a.Conversation.RequestedAgent != "" {
			n.t.Fatalf("%+v", a.Conversation)
		}
		again := n.admit(actor.Actor{Kind: actor.Visitor, Tenant: "main", Inbox: "main", Visitor: a.Conversation.Visitor}, conversation.StartInput{})
		if again.Created || again.Conversation.ID != a.Conversation.ID {
			n.t.Fatal("a running conversation must be resumed")
		}
	})
}
