package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/store"
)

// robotOf is a robot of an inbox as it is kept first.
func (w *World) robotOf(name string, in ...id.Inbox) robot.Robot {
	return robot.Robot{ID: id.New(), Tenant: w.Tenant, Agent: id.NewRobot(), Name: name, Active: true, Inboxes: in, When: robot.Always, Nobody: robot.Wait, Key: "secret",
		Button: true, ButtonAfter: 2, CreatedAt: w.Now, UpdatedAt: w.Now}
}

func (w *World) robotBy() audit.By {
	return audit.By{Kind: actor.Agent, ID: "root", Name: "Root", At: w.Now}
}

func (w *World) saved(r robot.Robot) robot.Robot {
	w.T.Helper()
	r, err := w.S.SaveRobot(w.T.Context(), r, robot.MaxRobots, w.robotBy())
	w.ok(err)
	return r
}

// byRobot starts a conversation that a robot has.
func (w *World) byRobot(name string, r robot.Robot, team id.Team) conversation.Conversation {
	w.T.Helper()
	line := w.Line(conversation.LineAssigned)
	line.Line.Agent, line.Line.AgentName = r.Agent, r.Name
	c, created, err := w.S.Start(w.T.Context(), conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Visitor: w.Visitor(name), CreatedAt: w.Now},
		conversation.Entrance{Robot: &conversation.Robot{Agent: r.Agent, Name: r.Name, Team: team, Decision: `{"rule":"bot"}`, Line: line}})
	w.ok(err)
	equal(w.T, "created", created, true)
	return c
}

// testRobots follows a robot from its making to its end.
func testRobots(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	r := w.saved(w.robotOf("Bo", w.Inbox))
	equal(t, "version", r.Version, int64(1))
	got, err := s.RobotByAgent(ctx, w.Tenant, r.Agent)
	must(t, err)
	equal(t, "kept", spaced(got.ID == r.ID, got.Name, got.Active, got.Inboxes, got.Key, got.Engine.KeySet, got.When), "true Bo true [main] secret true always")
	_, err = s.Robot(ctx, o.Tenant, r.ID)
	wantReason(t, err, errs.NotFound, "robot_not_found")
	list, err := s.Receptions(ctx, w.Tenant)
	must(t, err)
	equal(t, "reception", spaced(len(list), list[w.Inbox].Agent == r.Agent, list[w.Inbox].Button, list[w.Inbox].After), "1 true true 2")

	o.saved(o.robotOf("Di"))
	both, err := s.AllRobots(ctx, "", 9)
	must(t, err)
	equal(t, "of all companies", len(both), 2)
	rest, err := s.AllRobots(ctx, both[0].ID, 9)
	must(t, err)
	equal(t, "behind the first", spaced(len(rest), rest[0].Tenant), "1 other")
	_, err = s.SaveRobot(ctx, w.robotOf("Cy", w.Inbox), robot.MaxRobots, audit.None)
	wantReason(t, err, errs.Conflict, "inbox_taken")
	_, err = s.SaveRobot(ctx, w.robotOf("Cy", o.Inbox), robot.MaxRobots, audit.None)
	wantReason(t, err, errs.NotFound, "inbox_not_found")
	_, err = s.SaveRobot(ctx, w.robotOf("Cy"), 1, audit.None)
	wantReason(t, err, errs.Conflict, "too_many_robots")
	idle := w.robotOf("Cy", w.Inbox)
	idle.Active = false
	idle = w.saved(idle)
	stale := r
	r.Name, r.Key = "Bob", ""
	r = w.saved(r)
	_, err = s.SaveRobot(ctx, stale, robot.MaxRobots, audit.None)
	wantReason(t, err, errs.Conflict, "changed_meanwhile")
	roster, err := s.Roster(ctx, w.Tenant, w.Now)
	must(t, err)
	equal(t, "people to choose from", len(roster), 0)
	a, err := s.AgentStatus(ctx, w.Tenant, r.Agent, w.Now)
	must(t, err)
	equal(t, "agent", spaced(a.Bot, a.Cap, a.Name), "true 0 Bob")

	wantReason(t, s.DeleteRobot(ctx, w.Tenant, r.ID, w.robotBy()), errs.Conflict, "robot_in_use")
	must(t, s.DeleteRobot(ctx, w.Tenant, idle.ID, w.robotBy()))
	c := w.byRobot("v", r, "")
	r.Active = false
	r = w.saved(r)
	if list, err = s.Receptions(ctx, w.Tenant); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	wantReason(t, s.DeleteRobot(ctx, w.Tenant, r.ID, w.robotBy()), errs.Conflict, "robot_in_use")
	_, err = s.CloseConversation(ctx, conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, EndBy: conversation.EndByVisitor, At: w.Now, Line: w.Line(conversation.LineClosed)})
	must(t, err)
	again := w.StartFor(c.Visitor, "")
	equal(t, "previous agent", again.PreviousAgent, id.Agent(""))
	must(t, s.DeleteRobot(ctx, w.Tenant, r.ID, w.robotBy()))
	agent, err := s.Agent(ctx, w.Tenant, r.Agent)
	must(t, err)
	equal(t, "agent of a removed robot is switched off", agent.Disabled, true)
	log, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "robot", Limit: 20})
	must(t, err)
	said := ""
	for _, e := range log {
		said += fmt.Sprint(e.Action, " ", e.Name, "; ")
		if strings.Contains(string(e.Before)+string(e.After), "secret") {
			t.Error("the key is in the log", e)
		}
	}
	equal(t, "log", said, "delete Bob; update Bob; delete Cy; update Bob; create Cy; create Bo; ")
}

// testRobotReceives: a robot has a conversation from its start on, is never full, and
// is counted nowhere; an agent may take it.
func testRobotReceives(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	team := w.Team("sales")
	ann := w.Ready("ann", 5, team)
	r := w.saved(w.robotOf("Bo", w.Inbox))
	c := w.byRobot("v", r, team)
	equal(t, "got", spaced(c.Status, c.Agent == r.Agent, c.Team == team, c.Bot, c.Version, c.LastSeq, c.AssignedAt != nil), "open true true true 2 1 true")
	why, err := s.Decisions(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "why", spaced(len(why), why[0].Rule), "1 bot")
	for i := range 3 {
		w.byRobot(fmt.Sprint("more", i), r, "")
	}
	wrong, err := s.RepairLoads(ctx, w.Tenant)
	must(t, err)
	equal(t, "wrong loads", len(wrong), 0)

	for view, want := range map[conversation.View]int{conversation.ViewRobot: 4, conversation.ViewQueue: 0, conversation.ViewAll: 4} {
		page, _, err := s.List(ctx, conversation.Filter{Tenant: w.Tenant, View: view, Scope: conversation.Scope{All: true}, Limit: 9})
		must(t, err)
		equal(t, string(view), len(page), want)
	}
	page, _, err := s.List(ctx, conversation.Filter{Tenant: w.Tenant, View: conversation.ViewRobot, Scope: conversation.Scope{Agent: ann, Teams: []id.Team{team}}, Limit: 9})
	must(t, err)
	if len(page) == 0 || !page[0].Bot {
		t.Fatal("the team does not see what its robot has", page)
	}

	in := w.AssignInput(c, ann)
	in.Force = true
	moved, err := s.Assign(ctx, in)
	must(t, err)
	equal(t, "taken", spaced(moved.Conversation.Agent == ann, moved.Conversation.Bot, moved.Before == r.Agent), "true false true")
	_, err = s.Requeue(ctx, routing.RequeueInput{Tenant: w.Tenant, Conversation: c.ID, Version: c.Version, At: w.Now, Line: w.Line(conversation.LineQueued)})
	wantReason(t, err, errs.Conflict, "conversation_moved")
}

// testRobotTurns: a turn has one owner, is given back with how far it came, and is
// found when something is behind it.
func testRobotTurns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	r := w.saved(w.robotOf("Bo", w.Inbox))
	c := w.byRobot("v", r, "")
	due := func(now time.Time) int {
		list, err := s.DueTurns(ctx, w.Tenant, r.Agent, "", now, 10)
		must(t, err)
		return len(list)
	}
	equal(t, "due at first", due(w.Now), 1)
	take := robot.Take{Tenant: w.Tenant, Conversation: c.ID, Owner: "a", Now: w.Now, Until: w.Now.Add(time.Second)}
	var owners []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 8 {
		one := take
		wg.Go(func() {
			one.Owner = fmt.Sprint(i)
			_, ok, err := s.TakeTurn(ctx, one)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ok {
				owners = append(owners, one.Owner)
			}
		})
	}
	wg.Wait()
	equal(t, "owners", len(owners), 1)
	take.Owner = owners[0]
	must(t, s.LongerTurn(ctx, w.Tenant, take.Owner, c.ID, w.Now.Add(time.Minute)))
	wantReason(t, s.LongerTurn(ctx, w.Tenant, "nobody", c.ID, w.Now), errs.Conflict, "turn_lost")
	equal(t, "due while taken", due(w.Now), 0)
	equal(t, "due when the lease is over", due(w.Now.Add(time.Minute)), 1)
	w.Append(w.Say(c, "hello"))
	last, err := s.EndTurn(ctx, w.Tenant, take.Owner, robot.Turn{Conversation: c.ID, Done: 1, State: robot.State{Greeted: true, Failed: 1, Menu: []robot.Choice{{ID: "a", Title: "A"}}}})
	must(t, err)
	equal(t, "last", last, int64(2))
	_, err = s.EndTurn(ctx, w.Tenant, take.Owner, robot.Turn{Conversation: c.ID})
	wantReason(t, err, errs.Conflict, "turn_lost")
	equal(t, "due behind the mark", due(w.Now), 1)
	take.Owner = "b"
	turn, ok, err := s.TakeTurn(ctx, take)
	must(t, err)
	equal(t, "turn", spaced(ok, turn.Done, turn.Greeted, turn.Failed, turn.Menu), "true 1 true 1 [{a A}]")
	turn.Done = 2
	_, err = s.EndTurn(ctx, w.Tenant, "b", turn)
	must(t, err)
	equal(t, "due when all is answered", due(w.Now), 0)
	held, err := s.HeldBy(ctx, w.Tenant, r.Agent, "", 10)
	must(t, err)
	equal(t, "held", len(held), 1)

	for _, want := range []bool{true, false} {
		fresh, err := s.RateAnswer(ctx, w.Tenant, c.ID, 2, true, w.Now)
		must(t, err)
		equal(t, "fresh", fresh, want)
	}
	_, err = s.RateAnswer(ctx, w.Tenant, c.ID, 2, false, w.Now)
	wantReason(t, err, errs.Conflict, "rated_already")
	_, err = s.CloseConversation(ctx, conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, EndBy: conversation.EndByVisitor, At: w.Now, Line: w.Line(conversation.LineClosed)})
	must(t, err)
	must(t, s.DeleteConversation(ctx, w.Tenant, c.ID))
	fresh, err := s.RateAnswer(ctx, w.Tenant, c.ID, 2, false, w.Now)
	must(t, err)
	equal(t, "the rating went with the conversation", fresh, true)
}
