package robot_test

import (
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
)

// hours sets the working hours of the company: the day of the test, 8 to 18 UTC.
func (b *bench) hours() {
	b.t.Helper()
	tenants, err := b.accounts.Tenants(b.t.Context())
	b.must(err)
	company := tenants[0].Settings
	company.Hours = &setting.Hours{Zone: "UTC", Classes: []setting.Class{{Days: []int{1, 2, 3, 4, 5, 6, 7}, Open: []setting.Span{{From: "08:00", To: "18:00"}}}}}
	b.must(b.accounts.SetCompany(b.t.Context(), b.admin, tenants[0].Name, company))
}

func TestWhenARobotReceives(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		when          robot.When
		there, closed bool
		receives      bool
	}{
		{robot.Always, true, false, true}, {robot.Always, false, true, true},
		{robot.OffHours, true, false, false}, {robot.OffHours, false, false, false}, {robot.OffHours, true, true, true},
		{robot.Unattended, true, false, false}, {robot.Unattended, false, false, true}, {robot.Unattended, true, true, true},
	} {
		b := setup(t, storetest.SQLite(t), func(in *robot.Input) { in.When = x.when })
		b.hours()
		if x.closed {
			b.clock.Advance(12 * time.Hour)
			b.must(b.st.Beat(t.Context(), "n1", b.clock.Now().Add(time.Minute)))
		}
		if x.there {
			b.there("ann")
		}
		door, err := b.routing.Door(t.Context(), "main", "main", "", "")
		b.must(err)
		if (door.Refused != "") == (x.receives || !x.closed) {
			t.Errorf("%+v: the door says %q", x, door.Refused)
		}
		if (door.Robot != nil) != x.receives || x.receives && !door.AgentsOnline {
			t.Errorf("%+v: nobody is there", x)
		}
		a, err := b.routing.Admit(t.Context(), b.newcomer("en"), conversation.StartInput{Channel: "web", NeedAgent: x.receives})
		if x.closed && !x.receives {
			refused(t, "closed", err)
			continue
		}
		b.must(err)
		if (a.Conversation.Agent == b.robot.Agent) != x.receives || (a.Robot != nil) != x.receives {
			t.Errorf("%+v: %s has it", x, a.Conversation.Agent)
		}
	}
}

func TestWhomARobotDoesNotReceive(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	b.there("ann")
	if c := b.come(conversation.StartInput{Channel: "mail", Later: true}).now(); c.Agent == b.robot.Agent {
		t.Error("it answers letters")
	}
	b.must(b.st.CreateInbox(t.Context(), account.Inbox{ID: "other", Tenant: "main", Name: "other", Channel: "web", CreatedAt: b.clock.Now()}, noAudit))
	v := b.newcomer("en")
	v.Inbox = "other"
	a, err := b.routing.Admit(t.Context(), v, conversation.StartInput{Channel: "web"})
	b.must(err)
	if a.Conversation.Agent == b.robot.Agent {
		t.Error("it receives in an inbox that is not its own")
	}
	next, err := b.routing.Next(t.Context(), "main", "main", "")
	if err != nil || next == b.robot.Agent {
		t.Error("routing chooses it", next, err)
	}
	if _, err := b.routing.Transfer(t.Context(), b.admin, a.Conversation.ID, routing.Target{Agent: b.robot.Agent}); err == nil {
		t.Error("a person can give it a conversation")
	}
}

// TestWhoGetsWhatIsHandedOver: the team that was chosen with the robot, else what came
// with the visitor, else the robot's team, else the inbox's.
func TestWhoGetsWhatIsHandedOver(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	team := func(name string) id.Team {
		got, err := b.accounts.AddTeam(t.Context(), "main", name)
		b.must(err)
		return got.ID
	}
	chosen, asked, flagged, own, inbox := team("chosen"), team("asked"), team("flagged"), team("own"), team("inbox")
	inboxes, err := b.accounts.Inboxes(t.Context(), "main")
	b.must(err)
	inboxes[0].Settings.Team = string(inbox)
	b.must(b.accounts.SetInbox(t.Context(), b.admin, inboxes[0]))
	b.must(b.accounts.SetFlags(t.Context(), b.admin, setting.Flags{Inboxes: []string{"main"}, Teams: map[string]string{"vip": string(flagged)}}))
	set := func(team id.Team) {
		in := basic()
		in.Menus[0].Items = append(in.Menus[0].Items, robot.Item{ID: "i-team", Title: setting.Text{"": "Chosen"}, Does: robot.DoesTeam, Team: chosen})
		in.Team, in.Version = team, b.robot.Version
		b.robot, err = b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
		b.must(err)
	}
	vip := conversation.Wish{RoutingFlag: "vip"}
	for _, x := range []struct {
		name  string
		start conversation.StartInput
		own   id.Team
		says  string
		late  conversation.Wish
		want  id.Team
	}{
		{name: "the inbox's", want: inbox}, {name: "the robot's", own: own, want: own},
		{name: "asked for", start: conversation.StartInput{Team: asked}, own: own, want: asked},
		{name: "by flag", start: conversation.StartInput{Wish: vip}, own: own, want: flagged},
		{name: "by a flag that came later", own: own, late: vip, want: flagged},
		{name: "chosen", start: conversation.StartInput{Team: asked}, own: own, says: "Chosen", want: chosen},
	} {
		set(x.own)
		x.start.Channel = "web"
		k := b.come(x.start)
		k.turn()
		if x.late.Flagged() {
			_, err := b.routing.Admit(t.Context(), k.who, conversation.StartInput{Channel: "web", Wish: x.late})
			b.must(err)
		}
		if x.says == "" {
			x.says = "转人工"
		}
		k.says(x.says)
		c := k.now()
		if c.Status != conversation.Queued || c.Team != x.want {
			t.Errorf("%s: %s in %s, want %s", x.name, c.Status, c.Team, x.want)
		}
		line := k.lines()[len(k.lines())-1]
		if line.Name != conversation.LineQueued || line.Rule != "robot" || line.Team != x.want || line.FromAgent != b.robot.Agent {
			t.Errorf("%s: %+v", x.name, line)
		}
		if place, err := b.routing.Place(t.Context(), "main", k.c); err != nil || place != 1 {
			t.Errorf("%s: place %d %v", x.name, place, err)
		}
		_, err := b.talks.Close(t.Context(), k.who, k.c, conversation.EndByVisitor)
		b.must(err)
	}
}

// lines are what is recorded of the conversation.
func (k *talk) lines() (list []conversation.Line) {
	k.t.Helper()
	all, err := k.talks.Since(k.t.Context(), "main", k.c, 0, true)
	k.must(err)
	for _, m := range all {
		if m.Line != nil {
			list = append(list, *m.Line)
		}
	}
	return list
}

// taken waits until an agent has it.
func (k *talk) taken(a id.Agent) bool {
	k.t.Helper()
	_, err := k.routing.Route(k.t.Context(), "main", k.c)
	k.must(err)
	return k.now().Agent == a
}

func TestNamedAndBoundAgentsGetWhatIsHandedOver(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	b.must(b.accounts.SetFlags(t.Context(), b.admin, setting.Flags{Inboxes: []string{"main"}}))
	b.there("ann")
	bob := b.there("bob")
	k := b.come(conversation.StartInput{Channel: "web", Agent: bob.Agent})
	if c := k.now(); c.Agent != b.robot.Agent {
		t.Fatal("the robot does not go first")
	}
	k.turn()
	k.says("转人工")
	if !k.taken(bob.Agent) {
		t.Error("the agent who was asked for did not get it")
	}

	_, err := b.bindings.Bind(t.Context(), b.admin, binding.Input{Flag: "lead", Visitor: "u_1", Agent: "bob"}, binding.Cause{How: binding.ByHand})
	b.must(err)
	k = b.come(conversation.StartInput{Channel: "web", Wish: conversation.Wish{BusinessFlag: "lead", Name: "u_1", Trust: conversation.TrustServer}})
	if c := k.now(); c.Agent != b.robot.Agent || c.BoundAgent != "" {
		t.Fatal("the robot does not go first")
	}
	k.turn()
	k.says("转人工")
	if !k.taken(bob.Agent) {
		t.Error("the agent whom the visitor is bound to did not get it")
	}
}

func TestWhoMayTakeOver(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	team, err := b.accounts.AddTeam(t.Context(), "main", "help")
	b.must(err)
	in := basic()
	in.Team, in.Version = team.ID, b.robot.Version
	b.robot, err = b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	b.must(err)
	member, stranger := b.agent("mia", account.Member, "help"), b.agent("sam", account.Member)
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	_, err = b.routing.Claim(t.Context(), stranger, k.c)
	refused(t, "conversation_not_found", err)
	page, _, err := b.talks.List(t.Context(), stranger, conversation.Filter{View: conversation.ViewRobot})
	if err != nil || len(page) != 0 {
		t.Error(page, err)
	}
	page, _, err = b.talks.List(t.Context(), member, conversation.Filter{View: conversation.ViewRobot})
	if err != nil || len(page) != 1 || !page[0].Bot {
		t.Error(page, err)
	}
	got, err := b.routing.Claim(t.Context(), member, k.c)
	b.must(err)
	if got.Agent != member.Agent || got.Bot {
		t.Errorf("%+v", got)
	}
	_, err = b.routing.Claim(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: b.admin.Agent, Permissions: actor.Permissions()}, k.c)
	refused(t, "conversation_moved", err)
	if st, err := b.accounts.AgentStatus(t.Context(), "main", b.robot.Agent, b.clock.Now()); err != nil || st.Open != 0 {
		t.Error("what the robot has is counted", st.Open, err)
	}
}
