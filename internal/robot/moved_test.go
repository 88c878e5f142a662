package robot_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// meddled is a store in which something happens before a conversation is queued again.
type meddled struct {
	*store.Store
	before func()
}

func (m *meddled) Requeue(ctx context.Context, in routing.RequeueInput) (conversation.Moved, error) {
	if f := m.before; f != nil {
		m.before = nil
		f()
	}
	return m.Store.Requeue(ctx, in)
}

// TestAHandOverIsNotLostToAChange: who asked for a person gets one although something
// else of the conversation changed at that moment.
func TestAHandOverIsNotLostToAChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		b.there("ann")
		k := b.come(conversation.StartInput{Channel: "web"})
		k.turn()
		m := &meddled{st, func() {
			to := b.newcomer("en")
			if _, err := b.talks.Give(t.Context(), b.admin, k.c, k.who.Visitor, to.Visitor); err != nil {
				t.Error(err)
			}
		}}
		way := routing.New(m, b.accounts, b.talks, b, memory.New(), b.clock, slog.New(slog.DiscardHandler), routing.Options{LostAfter: time.Minute})
		k.post("转人工", "")
		node := b.second(func(d *robot.Deps) { d.Routing = way })
		b.must(node.Turn(t.Context(), "main", k.c))
		if m.before != nil || k.now().Agent == b.robot.Agent {
			t.Error("the visitor was told of a person and is with the robot still")
		}
	})
}

// stubborn is a routing that refuses to hand over one conversation.
type stubborn struct {
	robot.Routing
	not id.Conversation
}

func (s stubborn) HandOver(ctx context.Context, t id.Tenant, in routing.HandOver) (conversation.Conversation, error) {
	if in.Conversation == s.not {
		return conversation.Conversation{}, errDead
	}
	return s.Routing.HandOver(ctx, t, in)
}

// TestOneInTroubleHoldsUpNoOther: a look goes on behind a conversation that cannot be
// handed over.
func TestOneInTroubleHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	first, second := b.come(conversation.StartInput{Channel: "web"}), b.come(conversation.StartInput{Channel: "web"})
	node := b.second(func(d *robot.Deps) { d.Routing = stubborn{b.routing, first.c} })
	in := basic()
	in.Active, in.Version = false, b.robot.Version
	if _, err := node.Change(t.Context(), b.admin, b.robot.ID, in); !errors.Is(err, errDead) {
		t.Fatal(err)
	}
	if first.now().Agent != b.robot.Agent || second.now().Agent == b.robot.Agent {
		t.Error(first.now().Agent, second.now().Agent)
	}
}

// TestBlanksAreNotSaid: a text of blanks is none, and an article without words holds up
// no turn.
func TestBlanksAreNotSaid(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), func(in *robot.Input) {
		in.Greeting, in.Texts.Unknown = setting.Text{"": " \n"}, setting.Text{"en": "\t"}
	})
	b.know.list["post"] = robot.Article{ID: "post", Title: "Postage", Answer: "\u202e", Active: true}
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("greeting", heard(k.messages(0)), "greeting: Choose:")
	k.want("unknown", k.says("what"), unknown)
	k.want("no words", k.says("post"), "")
	k.want("it goes on", k.says("back"), "suggest: Did you mean:")
	for _, change := range []func(*robot.Item){
		func(i *robot.Item) { i.Title = setting.Text{"": " "} },
		func(i *robot.Item) { i.Text = setting.Text{"": " "} },
	} {
		in := basic()
		in.Inboxes = nil
		change(&in.Menus[0].Items[2])
		if _, err := b.robots.Add(t.Context(), b.admin, in); err == nil {
			t.Error("an item of blanks is taken")
		}
	}
}

// TestATeamThatIsGone: who comes to a robot whose team was removed, or chooses that team,
// is handed over nevertheless.
func TestATeamThatIsGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var own, chosen id.Team
		b := setup(t, st, nil)
		for _, name := range []*id.Team{&own, &chosen} {
			team, err := b.accounts.AddTeam(t.Context(), "main", id.New())
			b.must(err)
			*name = team.ID
		}
		in := basic()
		in.Version, in.Team = b.robot.Version, own
		in.Menus[0].Items[3].Does, in.Menus[0].Items[3].Team = robot.DoesTeam, chosen
		_, err := b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
		b.must(err)
		b.must(b.accounts.RemoveTeam(t.Context(), b.admin, own))
		b.must(b.accounts.RemoveTeam(t.Context(), b.admin, chosen))
		for _, text := range []string{"转人工", "A person"} {
			k := b.come(conversation.StartInput{Channel: "web"})
			k.turn()
			k.want(text, k.says(text), waiting)
			if c := k.now(); c.Status != conversation.Queued || c.Team != "" {
				t.Errorf("%s: %s in team %q", text, c.Status, c.Team)
			}
		}
	})
}

// tongueTied are conversations in which no greeting can be said.
type tongueTied struct {
	robot.Conversations
	tries int
}

func (c *tongueTied) Post(ctx context.Context, who actor.Actor, in conversation.PostInput) (conversation.Posted, error) {
	if !strings.HasPrefix(in.ClientID, "robot-hello-") {
		return c.Conversations.Post(ctx, who, in)
	}
	if c.tries++; c.tries > 3 {
		return conversation.Posted{}, errDead
	}
	return conversation.Posted{}, errs.Field("text", "bad_text", "This cannot be said.")
}

// TestAGreetingThatCannotBeSaidIsLeftOut: it is tried once, and what the visitor says is
// answered.
func TestAGreetingThatCannotBeSaidIsLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	k := b.come(conversation.StartInput{Channel: "web"})
	k.post("post", "")
	tied := &tongueTied{Conversations: b.talks}
	if err := b.second(func(d *robot.Deps) { d.Conversations = tied }).Turn(t.Context(), "main", k.c); err != nil {
		t.Fatal(err)
	}
	if tied.tries != 1 {
		t.Errorf("tried %d times", tied.tries)
	}
	k.want("answer", heard(k.messages(0)), postage)
}

// uncounted is a knowledge base that cannot count.
type uncounted struct{ *knowledge }

func (uncounted) Counted(context.Context, id.Tenant, string, robot.Count) error { return errDead }

func TestAnAnswerThatDidNotHelpHandsOverThoughItIsNotCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	b.there("ann")
	k := b.come(conversation.StartInput{Channel: "web"})
	k.says("post")
	node := b.second(func(d *robot.Deps) { d.Finder = uncounted{b.know} })
	answer := int64(0)
	for _, m := range k.messages(0) {
		if m.Extra.Robot.Rate {
			answer = m.Seq
		}
	}
	b.must(node.Helpful(t.Context(), "main", k.who.Visitor, k.c, answer, false))
	if k.now().Agent == b.robot.Agent {
		t.Error("not handed over")
	}
}

// TestWhoWaitsForAPersonIsNotToldOfARobot: that one receives others is nothing to who is
// in a queue.
func TestWhoWaitsForAPersonIsNotToldOfARobot(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	a, err := b.routing.Admit(t.Context(), b.newcomer("en"), conversation.StartInput{Channel: "mail", Later: true})
	b.must(err)
	if a.Conversation.Status != conversation.Queued || a.Robot != nil {
		t.Errorf("%s: %+v", a.Conversation.Status, a.Robot)
	}
}
