package routing_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func p[T any](v T) *T { return &v }

// set replaces the settings of inbox main.
func (n *node) set(in setting.Inbox) {
	n.t.Helper()
	n.must(n.accounts.SetInbox(n.t.Context(), actor.ForSystem("main"), account.Inbox{ID: "main", Name: "main", Settings: in}))
}

// settle waits until no pass is under way that has read less than is true now: a
// pass is answered when the ones before it are over.
func (n *node) settle() {
	n.t.Helper()
	_, err := n.routing.Route(n.t.Context(), "main", "nobody")
	n.must(err)
}

func withRouting(r setting.Routing) setting.Inbox {
	return setting.Inbox{Service: setting.Service{Routing: r}}
}

// TestOverflow is row 47 with the overflow chain: a team takes over after its
// seconds, or as soon as enough wait, and the team asked for goes before it.
func TestOverflow(t *testing.T) {
	t.Parallel()
	helper := func(a *account.AgentStatus) { a.Teams = []id.Team{"b"} }
	own := func(a *account.AgentStatus) { a.Teams = []id.Team{"a"} }
	policy := routing.Policy{Base: routing.RuleLeast, Overflow: []setting.Overflow{{Team: "b", After: 60, Waiting: 5}}}
	for _, c := range []struct {
		name    string
		waited  time.Duration
		waiting int
		agents  []account.AgentStatus
		want    id.Agent
		team    id.Team
	}{
		{"TooEarly", 59 * time.Second, 4, []account.AgentStatus{agent("h", helper)}, "", ""},
		{"AfterItsSeconds", 60 * time.Second, 1, []account.AgentStatus{agent("h", helper)}, "h", "b"},
		{"WhenEnoughWait", 0, 5, []account.AgentStatus{agent("h", helper)}, "h", "b"},
		{"OwnTeamFirst", time.Hour, 9, []account.AgentStatus{agent("h", helper), agent("o", own, func(a *account.AgentStatus) { a.Open = 4 })}, "o", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := snapshot(policy, c.agents...)
			s.Waiting = map[id.Team]int{"a": c.waiting}
			d := routing.Decide(s, routing.Waiting{Inbox: "main", Team: "a", QueuedAt: s.Now.Add(-c.waited)})
			if d.Agent != c.want || d.Team != c.team {
				t.Fatalf("went to %q of %q: %+v", d.Agent, d.Team, d)
			}
		})
	}
}

func TestCapsOfTeamsAndTheFirstBatch(t *testing.T) {
	t.Parallel()
	s := snapshot(routing.Policy{Base: routing.RuleRotation, TeamCap: 2}, agent("a", func(a *account.AgentStatus) { a.Teams = []id.Team{"x"} }))
	s.InTeam = map[routing.AgentTeam]int{{Agent: "a", Team: "x"}: 1}
	w := routing.Waiting{Inbox: "main", Team: "x"}
	if d := routing.Decide(s, w); d.Agent != "a" {
		t.Fatalf("%+v", d)
	}
	s.Apply("a", "x", 1)
	if d := routing.Decide(s, w); d.Agent != "" || d.Removed[0].Filter != routing.FilterTeamFull {
		t.Fatalf("%+v", d)
	}
	if d := routing.Decide(s, routing.Waiting{Inbox: "main"}); d.Agent != "a" {
		t.Fatalf("the cap of a team holds in the team only: %+v", d)
	}
	s = snapshot(routing.Policy{Base: routing.RuleRotation, FirstBatch: 1}, agent("a", func(a *account.AgentStatus) { a.Open = 1 }))
	s.Agents[0].Since = s.Now.Add(-routing.BatchPause + time.Second)
	if d := routing.Decide(s, routing.Waiting{Inbox: "main"}); d.Agent != "" || d.Removed[0].Filter != routing.FilterBatch {
		t.Fatalf("%+v", d)
	}
	s.Now = s.Now.Add(time.Second)
	if d := routing.Decide(s, routing.Waiting{Inbox: "main"}); d.Agent != "a" {
		t.Fatalf("%+v", d)
	}
}

// TestTheCapOfATeamHoldsInTheStore: the condition is settled where races are.
func TestTheCapOfATeamHoldsInTheStore(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		team, err := n.accounts.AddTeam(n.t.Context(), "main", "vip")
		n.must(err)
		n.set(withRouting(setting.Routing{TeamCap: p(1)}))
		a := n.agent("lin", 5, account.Member, team.Name)
		n.ready(a)
		n.settle()
		first := n.admit(n.visitor("v1"), conversation.StartInput{Team: team.ID})
		second := n.admit(n.visitor("v2"), conversation.StartInput{Team: team.ID})
		if first.Conversation.Agent != a.Agent || second.Conversation.Status != conversation.Queued {
			n.t.Fatalf("%v and %v", first.Conversation.Agent, second.Conversation.Status)
		}
		list, _, err := n.routing.Explain(n.t.Context(), actor.ForSystem("main"), second.Conversation.ID)
		n.must(err)
		if len(list) == 0 || len(list[0].Removed) != 1 || list[0].Removed[0].Filter != routing.FilterTeamFull {
			n.t.Fatalf("%+v", list)
		}
	})
}

func TestManualAndOffer(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		offers := make(chan *event.Event, 8)
		defer n.bus.Subscribe(func(e *event.Event) {
			if e.Kind == event.Offered {
				offers <- e
			}
		})()
		lin, mei := n.agent("lin", 5, account.Member), n.agent("mei", 5, account.Member)
		n.ready(lin)
		n.ready(mei)
		n.set(withRouting(setting.Routing{Rule: "manual"}))
		n.settle()
		a := n.admit(n.visitor("v1"), conversation.StartInput{})
		if a.Conversation.Status != conversation.Queued {
			n.t.Fatalf("manual: %+v", a.Conversation)
		}
		n.set(withRouting(setting.Routing{Rule: "offer"}))
		e := <-offers
		if d := e.Data.(*routing.Offer); d.Conversation != a.Conversation.ID || len(e.To) != 2 {
			n.t.Fatalf("offered %+v to %v", d, e.To)
		}
		if _, err := n.routing.Claim(n.t.Context(), mei, a.Conversation.ID); err != nil {
			n.t.Fatal(err)
		}
		if _, err := n.routing.Claim(n.t.Context(), lin, a.Conversation.ID); errs.CodeOf(err) != errs.NotFound {
			n.t.Fatalf("two have it: %v", err) // a colleague's conversation does not exist for an agent
		}
	})
}

// TestOutsideWorkingHours is acceptance test 18: nothing is started, a running
// conversation goes on.
func TestOutsideWorkingHours(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		who := n.visitor("v1")
		running := n.admit(who, conversation.StartInput{})
		n.set(setting.Inbox{Service: setting.Service{Hours: &setting.Hours{Zone: "UTC", Classes: []setting.Class{{Days: []int{1}, Open: []setting.Span{{From: "09:00", To: "17:00"}}}}}}})
		if a := n.admit(who, conversation.StartInput{}); a.Conversation.ID != running.Conversation.ID {
			n.t.Fatal("the running conversation was not resumed")
		}
		_, err := n.routing.Admit(n.t.Context(), n.visitor("v2"), conversation.StartInput{})
		if errs.ReasonOf(err) != "closed" {
			n.t.Fatalf("started outside working hours: %v", err)
		}
		door, err := n.routing.Door(n.t.Context(), "main", "main", "", "")
		n.must(err)
		if door.Refused != routing.RefusedClosed || door.NextOpen.Weekday() != time.Monday {
			n.t.Fatalf("%+v", door)
		}
		n.set(withRouting(setting.Routing{MaxWaiting: p(1)}))
		if _, err = n.routing.Admit(n.t.Context(), n.visitor("v3"), conversation.StartInput{}); errs.ReasonOf(err) != "queue_full" {
			n.t.Fatalf("the queue grew beyond its length: %v", err)
		}
	})
}

// TestKnownVisitorsOnly: a stranger may leave a message; who was served before goes on.
func TestKnownVisitorsOnly(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		lin := n.agent("lin", 5, account.Member)
		n.ready(lin)
		old := n.visitor("old")
		first := n.admit(old, conversation.StartInput{})
		_, err := n.talks.Close(n.t.Context(), lin, first.Conversation.ID, conversation.EndByAgent)
		n.must(err)
		n.set(setting.Inbox{KnownOnly: true})
		stranger := n.visitor("stranger")
		if _, err := n.routing.Admit(n.t.Context(), stranger, conversation.StartInput{}); errs.ReasonOf(err) != "known_only" {
			n.t.Fatalf("a stranger was let in: %v", err)
		}
		door, err := n.routing.Door(n.t.Context(), "main", "main", "", stranger.Visitor)
		n.must(err)
		if door.Refused != routing.RefusedStranger {
			n.t.Fatalf("%+v", door)
		}
		if a := n.admit(old, conversation.StartInput{}); !a.Created {
			n.t.Fatal("a known visitor was not let in")
		}
	})
}

// TestTransferWithConsent is acceptance test 16: accepted, declined, withdrawn,
// and back with the sender when nobody answers.
func TestTransferWithConsent(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		ctx := n.t.Context()
		moves := make(chan string, 16)
		defer n.bus.Subscribe(func(e *event.Event) {
			if d, ok := e.Data.(*routing.HandoverMoved); ok {
				moves <- d.State
			}
		})()
		n.set(setting.Inbox{Service: setting.Service{Timers: setting.Timers{Accept: p(30)}}})
		lin, mei, bo := n.agent("lin", 5, account.Member), n.agent("mei", 1, account.Member), n.agent("bo", 5, account.Member)
		n.ready(lin)
		n.settle()
		c := n.admit(n.visitor("v1"), conversation.StartInput{}).Conversation
		n.ready(mei)
		to := routing.Target{Agent: mei.Agent, Note: "speaks Cantonese"}
		if _, err := n.routing.Transfer(ctx, lin, c.ID, routing.Target{Agent: bo.Agent}); errs.ReasonOf(err) != "agent_unavailable" {
			n.t.Fatalf("offered to somebody away: %v", err)
		}
		offer := func() {
			n.t.Helper()
			got, err := n.routing.Transfer(ctx, lin, c.ID, to)
			n.must(err)
			if got.Agent != lin.Agent || <-moves != routing.HandoverOffered {
				n.t.Fatalf("handed over without consent: %+v", got)
			}
		}
		offer()
		if _, err := n.routing.Transfer(ctx, lin, c.ID, to); errs.CodeOf(err) != errs.Conflict {
			n.t.Fatalf("offered twice: %v", err)
		}
		if _, err := n.routing.Accept(ctx, bo, c.ID); errs.CodeOf(err) != errs.NotFound {
			n.t.Fatalf("somebody else accepted: %v", err)
		}
		list, err := n.routing.Handovers(ctx, mei)
		n.must(err)
		if len(list) != 1 || list[0].Note != to.Note || list[0].By != lin.Name {
			n.t.Fatalf("%+v", list)
		}
		n.must(n.routing.Decline(ctx, mei, c.ID))
		if s := <-moves; s != routing.HandoverDeclined {
			n.t.Fatal(s)
		}
		offer()
		n.must(n.routing.Withdraw(ctx, lin, c.ID))
		if s := <-moves; s != routing.HandoverWithdrawn {
			n.t.Fatal(s)
		}
		offer()
		n.advance(31 * time.Second)
		if s := <-moves; s != routing.HandoverExpired || n.get(c.ID).Agent != lin.Agent {
			n.t.Fatalf("%s, with %s", s, n.get(c.ID).Agent)
		}
		n.ready(mei)
		offer()
		got, err := n.routing.Accept(ctx, mei, c.ID)
		n.must(err)
		if s := <-moves; s != routing.HandoverAccepted || got.Agent != mei.Agent {
			n.t.Fatalf("%s, with %s", s, got.Agent)
		}
	})
}

func TestLostAgentsByPolicy(t *testing.T) {
	t.Parallel()
	for lost, want := range map[string]conversation.Status{"requeue": conversation.Queued, "wait": conversation.Open, "end": conversation.Closed} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			each(t, func(n *node) {
				n.set(withRouting(setting.Routing{Lost: lost}))
				lin := n.agent("lin", 5, account.Member)
				leave := n.ready(lin)
				c := n.admit(n.visitor("v1"), conversation.StartInput{}).Conversation
				leave()
				n.advance(40 * time.Second)
				n.must(n.routing.Reconcile(n.t.Context(), false))
				if got := n.get(c.ID); got.Status != want {
					n.t.Fatalf("%s: %s", lost, got.Status)
				}
			})
		})
	}
}

// TestWhyNot: "why did I not get this one?" is answered from the reasons kept.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		n := start(t, st, memory.New(), clock.NewStub(epoch), "one")
		lin, mei, bo := n.agent("lin", 5, account.Member), n.agent("mei", 5, account.Member), n.agent("bo", 5, account.Member)
		n.ready(lin)
		n.ready(mei)
		n.settle()
		c := n.admit(n.visitor("v1"), conversation.StartInput{}).Conversation
		winner, loser := lin, mei
		if c.Agent == mei.Agent {
			winner, loser = mei, lin
		}
		ask := func(who actor.Actor, a id.Agent) routing.WhyNot {
			t.Helper()
			w, err := n.routing.WhyNot(t.Context(), who, c.ID, a)
			n.must(err)
			return w
		}
		if w := ask(winner, ""); w.Outcome != "got" {
			t.Fatalf("%+v", w)
		}
		if w := ask(loser, ""); w.Outcome != "passed_over" || w.Chosen != winner.Agent || w.Rule != routing.RuleRotation || w.Self == nil || w.Other == nil {
			t.Fatalf("%+v", w)
		}
		if w := ask(bo, ""); w.Outcome != "filtered" || w.Filter != routing.FilterAway {
			t.Fatalf("%+v", w)
		}
		if _, err := n.routing.WhyNot(t.Context(), bo, c.ID, winner.Agent); errs.CodeOf(err) != errs.Forbidden {
			t.Fatalf("asked for somebody else: %v", err)
		}
		sup := n.agent("sup", 5, account.Supervisor)
		if w := ask(sup, bo.Agent); w.Filter != routing.FilterAway {
			t.Fatalf("%+v", w)
		}
		n.must(n.accounts.SetInbox(t.Context(), actor.ForSystem("main"), account.Inbox{ID: "main", Name: "main", Settings: withRouting(setting.Routing{Rule: "manual"})}))
		n.settle()
		n.admit(n.visitor("v2"), conversation.StartInput{})
		list, err := n.routing.Queue(t.Context(), sup)
		n.must(err)
		if len(list) != 1 || list[0].Place != 1 || list[0].Decision.Rule != routing.RuleManual || list[0].Decision.Candidates != 2 {
			t.Fatalf("%+v", list)
		}
		if !slices.ContainsFunc(list[0].Decision.Removed, func(r routing.Removed) bool { return r.Agent == bo.Agent }) {
			t.Fatal(fmt.Sprint(list[0].Decision.Removed))
		}
	})
}

// stumbling is an announcer that panics the first time.
type stumbling struct {
	*node
	fell atomic.Bool
}

func (s *stumbling) Moved(m conversation.Moved, cause string) {
	if !s.fell.Swap(true) {
		panic("a bug")
	}
	s.node.Moved(m, cause)
}

// TestRoutingStartsAnewAfterAPanic: Run hands the panic on when all its tasks
// have stopped, and the next Run goes on where it was.
func TestRoutingStartsAnewAfterAPanic(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		n := start(t, st, memory.New(), clock.NewStub(epoch), "one")
		other := &stumbling{node: n}
		s := routing.New(st, n.accounts, n.talks, other, n.bus, n.clock, slog.New(slog.DiscardHandler), routing.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		fell, done := make(chan any, 1), make(chan error, 1)
		run := func() {
			defer func() { fell <- recover() }()
			done <- s.Run(ctx)
		}
		go run()
		n.ready(n.agent("lin", 5, account.Member))
		n.settle() // the node's own routing has nothing to do any more
		if _, err := s.Admit(t.Context(), n.visitor("v1"), conversation.StartInput{}); err == nil && !other.fell.Load() {
			t.Fatal("nothing panicked")
		}
		if v := <-fell; v == nil {
			t.Fatal("Run kept the panic to itself")
		}
		go run()
		a, err := s.Admit(t.Context(), n.visitor("v2"), conversation.StartInput{})
		n.must(err)
		if a.Conversation.Status != conversation.Open {
			t.Fatalf("after the panic: %s", a.Conversation.Status)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

// TestExpectedWait: what a team's queue took lately, and nothing while somebody is free.
func TestExpectedWait(t *testing.T) {
	t.Parallel()
	each(t, func(n *node) {
		team, err := n.accounts.AddTeam(n.t.Context(), "main", "vip")
		n.must(err)
		load := func() routing.TeamLoad {
			n.t.Helper()
			list, err := n.routing.Teams(n.t.Context(), "main")
			n.must(err)
			return list[0]
		}
		if l := load(); l.ExpectedWait != nil {
			n.t.Fatalf("nobody ever waited: %d", *l.ExpectedWait)
		}
		c := n.admit(n.visitor("v1"), conversation.StartInput{Team: team.ID}).Conversation
		n.clock.Advance(90 * time.Second)
		lin := n.agent("lin", 1, account.Member, team.Name)
		n.ready(lin)
		n.until("the visitor is served", func() bool { return n.get(c.ID).Agent == lin.Agent })
		if l := load(); l.ExpectedWait == nil || *l.ExpectedWait != 90 {
			n.t.Fatalf("after a wait of 90 s: %+v", l)
		}
		if _, err := n.talks.Close(n.t.Context(), lin, c.ID, conversation.EndByAgent); err != nil {
			n.t.Fatal(err)
		}
		if l := load(); l.ExpectedWait == nil || *l.ExpectedWait != 0 {
			n.t.Fatalf("while an agent is free: %+v", l)
		}
	})
}
