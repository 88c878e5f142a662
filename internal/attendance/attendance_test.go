package attendance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parlor/internal/attendance"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/event"
	"parlor/internal/id"
)

var topic = event.ToWatchers("main", "c1")

// nodes are two nodes that hear each other while the wire holds.
type nodes struct {
	t        *testing.T
	clock    *clock.Stub
	one, two *attendance.Service
	cut      bool
	heard    []*attendance.Entered
}

func setup(t *testing.T) *nodes {
	t.Helper()
	n := &nodes{t: t, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}
	b := memory.New()
	n.one, n.two = attendance.New("one", b, n.clock), attendance.New("two", b, n.clock)
	b.Subscribe(func(e *event.Event) {
		if n.cut {
			return
		}
		n.one.Heed(e)
		n.two.Heed(e)
		if e.To[0] == topic {
			n.heard = append(n.heard, e.Data.(*attendance.Entered))
		}
	})
	return n
}

func (n *nodes) enter(s *attendance.Service, a id.Agent) *attendance.Seat {
	n.clock.Advance(time.Second)
	return s.Enter("main", "c1", topic, a, "name of "+string(a))
}

func (n *nodes) see(want string) {
	n.t.Helper()
	for name, s := range map[string]*attendance.Service{"one": n.one, "two": n.two} {
		got := ""
		for _, p := range s.List("main", "c1") {
			got += fmt.Sprint(p.Agent, map[bool]string{true: "*"}[p.Typing], " ")
		}
		if got != want {
			n.t.Fatalf("node %s sees %q, want %q", name, got, want)
		}
	}
}

func TestBothNodesSeeWhoLooksAndTypes(t *testing.T) {
	t.Parallel()
	n := setup(t)
	a, b := n.enter(n.one, "ann"), n.enter(n.two, "bob")
	tab := n.enter(n.two, "ann")
	n.see("ann bob ")
	b.Type(true)
	n.see("ann bob* ")
	b.Type(false)
	n.see("ann bob ")
	tab.Type(true)
	n.see("ann* bob ")
	n.clock.Advance(attendance.TypingFor)
	n.see("ann bob ")
	a.Leave()
	a.Leave()
	n.see("bob ann ")
	tab.Leave()
	b.Leave()
	n.see("")
	if n.one.Has("main", "c1", "ann") || len(n.one.List("other", "c1")) != 0 {
		t.Fatal("somebody is left")
	}
	if len(n.heard) != 9 {
		t.Fatalf("told %d times", len(n.heard))
	}
}

func TestLostEventsAndDeadNodesAreRepaired(t *testing.T) {
	t.Parallel()
	n := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- n.one.Run(ctx) }()
	go func() { done <- n.two.Run(ctx) }()
	beat := func() {
		n.clock.AwaitTimers(2)
		n.clock.Advance(attendance.BeatEvery)
		n.clock.AwaitTimers(2)
	}
	n.cut = true
	n.enter(n.one, "ann")
	if n.two.Has("main", "c1", "ann") {
		t.Fatal("heard through a cut wire")
	}
	n.cut = false
	beat()
	if !n.two.Has("main", "c1", "ann") {
		t.Fatal("the beat did not tell")
	}
	for range 5 {
		beat()
	}
	if !n.two.Has("main", "c1", "ann") {
		t.Fatal("forgotten although the node speaks of her")
	}
	n.cut = true // the node is dead
	for range 4 {
		beat()
	}
	if n.two.Has("main", "c1", "ann") || !n.one.Has("main", "c1", "ann") {
		t.Fatal("a dead node is still believed, or a live one not")
	}
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}
