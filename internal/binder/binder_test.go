package binder_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/binder"
	"parlor/internal/binding"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/survey"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// company has an agent, conversations and rules.
type company struct {
	*storetest.World
	svc      *binder.Service
	bindings *binding.Service
	accounts *account.Service
	bus      *memory.Bus
	clock    *clock.Stub
	runner   *job.Runner
	boss     actor.Actor
	li, bot  id.Agent
	// answers are the ratings by conversation.
	answers map[id.Conversation]survey.Survey
}

// Of implements Surveys.
func (c *company) Of(_ context.Context, _ actor.Actor, talk id.Conversation) (survey.Survey, error) {
	if a, ok := c.answers[talk]; ok {
		return a, nil
	}
	return survey.Survey{}, errs.New(errs.NotFound, "survey_not_found", "none")
}

// BindingAgent implements binding.Agents.
func (c *company) BindingAgent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, bool, error) {
	a, err := c.accounts.Agent(ctx, t, id.Agent(ref))
	return a.ID, a.Name, a.Disabled, err
}

type noFiles struct{}

func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "none")
}

func open(t *testing.T, st *store.Store, rules ...setting.BindRule) *company {
	t.Helper()
	c := &company{World: storetest.NewWorld(t, st, "main"), bus: memory.New(), clock: clock.NewStub(storetest.T0), answers: map[id.Conversation]survey.Survey{}}
	log := slog.New(slog.DiscardHandler)
	c.accounts = account.New(st, c.bus, c.clock)
	c.bindings = binding.New(st, c, c.bus, c.clock)
	c.boss = actor.Actor{Kind: actor.Agent, Tenant: c.Tenant, Agent: "boss", Name: "Boss", Permissions: actor.Permissions()}
	c.li = c.Ready("li", 9)
	c.bot = id.Agent(id.New())
	c.must(st.CreateAgent(t.Context(), account.Agent{ID: c.bot, Tenant: c.Tenant, Name: "Bot", Email: "bot@example.com", Username: "bot", Role: account.Bot, Cap: 9}, audit.None))
	c.must(c.accounts.SetCompany(t.Context(), c.boss, "Main", setting.Company{Flags: setting.Flags{Rules: rules}}))
	c.svc = binder.New(binder.Deps{Bindings: c.bindings, Accounts: c.accounts, Conversations: conversation.New(st, noFiles{}, c.bus, c.clock), Surveys: c, Leaves: st, Ruled: st.Ruled, Clock: c.clock, Log: log,
		Names: func(_ context.Context, talk conversation.Conversation) ([]string, error) {
			return []string{talk.VisitorName}, nil
		}})
	c.runner = job.NewRunner(st, c.clock, log, c.svc.Workers())
	c.svc.Use(c.runner)
	c.must(c.svc.Refresh(t.Context()))
	return c
}

func (c *company) must(err error) {
	c.T.Helper()
	if err != nil {
		c.T.Fatal(err)
	}
}

// work runs every rule job that is due.
func (c *company) work() (n int) {
	c.T.Helper()
	now := c.clock.Now()
	jobs, err := c.S.Claim(c.T.Context(), []string{binder.JobRules}, 100, now, now.Add(time.Minute))
	c.must(err)
	for _, j := range jobs {
		c.must(c.svc.Workers()[binder.JobRules](c.T.Context(), j))
		c.must(c.S.Finish(c.T.Context(), j.ID))
	}
	return len(jobs)
}

// apply looks at a conversation as a job would.
func (c *company) apply(talk conversation.Conversation) {
	c.T.Helper()
	c.must(c.svc.Workers()[binder.JobRules](c.T.Context(), binder.RuleJob(c.Tenant, talk.ID, c.clock.Now())))
}

// bound tells to whom a visitor is bound for a flag, and by which rule.
func (c *company) bound(flag, visitor string) string {
	c.T.Helper()
	b, ok, err := c.bindings.Find(c.T.Context(), c.Tenant, flag, visitor)
	c.must(err)
	if !ok {
		return ""
	}
	list, _, err := c.bindings.History(c.T.Context(), c.boss, visitor, flag, "", 9)
	c.must(err)
	return fmt.Sprint(b.AgentName, " ", list[0].How, " ", list[0].Rule)
}

func (c *company) expect(flag, visitor, want string) {
	c.T.Helper()
	if got := c.bound(flag, visitor); got != want {
		c.T.Fatalf("%s of %s is %q, want %q", flag, visitor, got, want)
	}
}

func TestRulesFollowAConversation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := open(t, st, setting.BindRule{Name: "first", On: setting.OnFirst, Flag: "f"},
			setting.BindRule{Name: "both", On: setting.OnEffective, Flag: "e", Days: 1},
			setting.BindRule{Name: "good", On: setting.OnRated, Flag: "r", MinScore: 80},
			setting.BindRule{Name: "bad", On: setting.OnRated, Flag: "f", Unbind: true},
			setting.BindRule{Name: "off", On: setting.OnFirst, Flag: "o", Off: true})
		talk := c.Start("Vera", "")
		c.apply(talk)
		c.expect("f", "vera", "")
		talk = c.Assign(talk, c.bot).Conversation
		c.apply(talk)
		c.expect("f", "vera", "")
		moved, err := st.Requeue(t.Context(), requeue(talk))
		c.must(err)
		talk = c.Assign(moved.Conversation, c.li).Conversation
		c.Append(c.Say(talk, "hello"))
		c.Append(c.Answer(talk, c.bot, "a bot's words do not count"))
		c.apply(talk)
		c.expect("f", "vera", "li rule first")
		c.expect("e", "vera", "")
		c.expect("o", "vera", "")
		c.Append(c.Answer(talk, c.li, "hello"))
		c.apply(talk)
		c.expect("e", "vera", "li rule both")
		// What a person undoes stays undone: each rule acts once.
		_, err = c.bindings.Unbind(t.Context(), c.boss, "e", "vera", binding.Cause{How: binding.ByHand})
		c.must(err)
		c.apply(talk)
		c.expect("e", "vera", "")
		now := c.clock.Now()
		c.answers[talk.ID] = survey.Survey{Conversation: talk.ID, Agent: c.li, Score: 79, AnsweredAt: &now}
		c.apply(talk)
		c.expect("r", "vera", "")
		c.expect("f", "vera", "")
		c.answers[talk.ID] = survey.Survey{Conversation: talk.ID, Agent: c.li, Score: 80, AnsweredAt: &now}
		c.apply(talk)
		c.expect("r", "vera", "li rule good")
	})
}

func TestTheEndOfAConversationLeavesAJob(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := open(t, st, setting.BindRule{Name: "first", On: setting.OnFirst, Flag: "f"})
		c.Close(c.Assign(c.Start("Vera", ""), c.li).Conversation)
		if n := c.work(); n != 1 {
			t.Fatalf("%d jobs", n)
		}
		c.expect("f", "vera", "li rule first")
		now := c.clock.Now()
		rated := c.Start("Uli", "")
		_, err := st.AnswerSurvey(t.Context(), survey.Survey{Conversation: rated.ID, Tenant: c.Tenant, Inbox: c.Inbox, Visitor: rated.Visitor, Level: "x", AnsweredAt: &now}, now)
		c.must(err)
		if n := c.work(); n != 1 {
			t.Fatalf("%d jobs after a rating", n)
		}
		c.must(c.accounts.SetCompany(t.Context(), c.boss, "Main", setting.Company{}))
		c.must(c.svc.Refresh(t.Context()))
		c.Close(c.Assign(c.Start("Mia", ""), c.li).Conversation)
		if n := c.work(); n != 0 {
			t.Fatalf("%d jobs without rules", n)
		}
	})
}

func TestEventsStartJobs(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	c := open(t, st, setting.BindRule{Name: "both", On: setting.OnEffective, Flag: "e"})
	cancel := c.bus.Subscribe(c.svc.Heed)
	defer cancel()
	talk := c.Start("Vera", "")
	talks := conversation.New(st, noFiles{}, c.bus, c.clock)
	talk = c.Assign(talk, c.li).Conversation
	visitor := actor.Actor{Kind: actor.Visitor, Tenant: c.Tenant, Inbox: c.Inbox, Visitor: talk.Visitor}
	for who, text := range map[*actor.Actor]string{&visitor: "hello", {Kind: actor.Agent, Tenant: c.Tenant, Agent: c.li, Permissions: actor.Permissions()}: "hi"} {
		_, err := talks.Post(t.Context(), *who, conversation.PostInput{Conversation: talk.ID, Kind: conversation.Text, Text: text})
		c.must(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.svc.Run(ctx) }()
	go func() { done <- c.runner.Run(ctx) }()
	told := make(chan struct{}, 9)
	defer c.bus.Subscribe(func(e *event.Event) {
		if _, ok := e.Data.(*binding.Changed); ok {
			told <- struct{}{}
		}
	})()
	if c.bound("e", "vera") == "" {
		select {
		case <-told:
		case <-time.After(20 * time.Second):
			t.Fatal("nobody was bound")
		}
	}
	c.expect("e", "vera", "li rule both")
	stop()
	c.must(<-done)
	c.must(<-done)
}

func TestSweepEndsWhatIsOld(t *testing.T) {
	t.Parallel()
	c := open(t, storetest.SQLite(t), setting.BindRule{Name: "month", On: setting.OnAge, Flag: "f", Unbind: true, Days: 30})
	soon := c.clock.Now().Add(time.Hour)
	for visitor, until := range map[string]*time.Time{"old": nil, "ends": &soon} {
		_, err := c.bindings.Bind(t.Context(), c.boss, binding.Input{Flag: "f", Visitor: visitor, Agent: string(c.li), Until: until}, binding.Cause{How: binding.ByHand})
		c.must(err)
	}
	c.clock.Advance(time.Hour)
	c.must(c.svc.Sweep(t.Context()))
	c.expect("f", "ends", "")
	c.expect("f", "old", "li hand ")
	c.clock.Advance(30 * 24 * time.Hour)
	_, err := c.bindings.Bind(t.Context(), c.boss, binding.Input{Flag: "f", Visitor: "new", Agent: string(c.li)}, binding.Cause{How: binding.ByHand})
	c.must(err)
	c.must(c.svc.Sweep(t.Context()))
	c.expect("f", "old", "")
	c.expect("f", "new", "li hand ")
	list, _, err := c.bindings.History(t.Context(), c.boss, "old", "f", "", 1)
	if err != nil || list[0].Rule != "month" || list[0].How != binding.ByRule {
		t.Fatal(list, err)
	}
}

// requeue puts a conversation back into the queue.
func requeue(c conversation.Conversation) routing.RequeueInput {
	return routing.RequeueInput{Tenant: c.Tenant, Conversation: c.ID, Version: c.Version, At: storetest.T0}
}
