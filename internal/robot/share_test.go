package robot_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
)

// sluice is a store whose turns of the company "slow" wait until it is opened.
type sluice struct {
	robot.Store
	open, through, quick chan struct{}
	mu                   sync.Mutex
	taken                map[id.Conversation]int
	// inside are the turns of "slow" that wait now, most how many did at most.
	inside, most int
}

func (g *sluice) AllRobots(context.Context, string, int) ([]robot.Robot, error) { return nil, nil }

func (g *sluice) TakeTurn(_ context.Context, in robot.Take) (t robot.Turn, ok bool, err error) {
	if in.Tenant == "quick" {
		g.quick <- struct{}{}
		return t, false, nil
	}
	g.mu.Lock()
	g.taken[in.Conversation]++
	g.inside++
	g.most = max(g.most, g.inside)
	g.mu.Unlock()
	<-g.open
	g.mu.Lock()
	g.inside--
	g.mu.Unlock()
	g.through <- struct{}{}
	return t, false, nil
}

func (g *sluice) count() (taken, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.taken), g.most
}

func said(t id.Tenant, c int) *event.Event {
	return &event.Event{Tenant: t, Data: &conversation.Posted{
		Message:      conversation.Message{From: conversation.Author{Kind: actor.Visitor}},
		Conversation: conversation.Conversation{ID: id.Conversation(fmt.Sprint(t, c)), Status: conversation.Open, Agent: id.NewRobot()}}}
}

// TestASlowCompanyHoldsUpNoOther: while hundreds of visitors of one company wait for its
// engine, those of another are answered, and none of the first is forgotten.
func TestASlowCompanyHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	const visitors = 300
	g := &sluice{open: make(chan struct{}), through: make(chan struct{}, visitors), quick: make(chan struct{}), taken: map[id.Conversation]int{}}
	s := robot.New(robot.Deps{Store: g, Clock: clock.NewStub(time.Now()), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for i := range visitors {
		s.Heed(said("slow", i))
	}
	for i := range 5 {
		s.Heed(said("quick", i))
		<-g.quick
	}
	taken, most := g.count()
	if taken > 32 || most > 32 {
		t.Error("one company has", taken, "workers")
	}
	close(g.open)
	s.Heed(said("quick", 9)) // behind all of them
	<-g.quick
	for range visitors {
		<-g.through
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for c, n := range g.taken {
		if n != 1 {
			t.Error(c, n)
		}
	}
}

// TestALongQueueSendsOnWhomARobotHandsOver: the rules of long queues hold for who comes
// from a robot as for who comes at once.
func TestALongQueueSendsOnWhomARobotHandsOver(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	help, err := b.accounts.AddTeam(t.Context(), "main", "Help")
	b.must(err)
	sales, err := b.accounts.AddTeam(t.Context(), "main", "Sales")
	b.must(err)
	b.must(b.accounts.SetTeam(t.Context(), b.admin, account.Team{ID: help.ID, Name: "Help", Settings: setting.Team{Spills: []setting.Spill{{Waiting: 1, Team: string(sales.ID)}}}}))
	for i, want := range []account.Team{help, sales} {
		k := b.come(conversation.StartInput{Channel: "web"})
		k.turn()
		c, err := b.routing.HandOver(t.Context(), "main", routing.HandOver{Conversation: k.c, Robot: b.robot.Agent, Team: help.ID})
		b.must(err)
		lines := k.lines()
		if last := lines[len(lines)-1]; c.Team != want.ID || last.Team != want.ID || last.TeamName != want.Name {
			t.Errorf("%d: in %s, the line says %q; want %s", i, c.Team, last.TeamName, want.Name)
		}
	}
}
