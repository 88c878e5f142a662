package timer_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
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
	"parlor/internal/job"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/timer"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func p[T any](v T) *T { return &v }

type noFiles struct{}

func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errs.New(errs.NotFound, "file_not_found", "none")
}

// bench is one company with its timers running on a stub clock.
type bench struct {
	t        *testing.T
	w        *storetest.World
	clock    *clock.Stub
	accounts *account.Service
	talks    *conversation.Service
	bus      *memory.Bus
	agent    id.Agent
	timers   *timer.Service
	// news is filled whenever something was published.
	news chan struct{}
}

// each runs f on both engines with the timers set for inbox main.
func each(t *testing.T, timers setting.Timers, f func(b *bench)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := &bench{t: t, w: storetest.NewWorld(t, st, "main"), clock: clock.NewStub(storetest.T0), bus: memory.New(), news: make(chan struct{}, 1)}
		b.agent = b.w.Ready("ann", 50)
		b.accounts = account.New(st, b.bus, b.clock)
		b.talks = conversation.New(st, noFiles{}, b.bus, b.clock)
		log := slog.New(slog.DiscardHandler)
		s := timer.New(b.accounts, b.talks, visitor.New(st, b.bus, b.clock, []byte("key")), b.clock, log)
		b.timers = s
		runner := job.NewRunner(st, b.clock, log, s.Workers())
		s.Use(runner)
		unsubscribe := b.bus.Subscribe(func(e *event.Event) {
			b.accounts.Heed(e)
			s.Heed(e)
			select {
			case b.news <- struct{}{}:
			default:
			}
		})
		b.set(timers)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 2)
		go func() { done <- s.Run(ctx) }()
		go func() { done <- runner.Run(ctx) }()
		t.Cleanup(func() {
			unsubscribe()
			cancel()
			if err := errors.Join(<-done, <-done); err != nil {
				t.Error(err)
			}
		})
		f(b)
	})
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) set(timers setting.Timers) {
	b.t.Helper()
	b.must(b.accounts.SetInbox(b.t.Context(), actor.ForSystem("main"), account.Inbox{ID: b.w.Inbox, Name: "main",
		Settings: setting.Inbox{Service: setting.Service{Timers: timers}}}))
}

// open starts a conversation that the agent has.
func (b *bench) open(name string) conversation.Conversation {
	b.t.Helper()
	m := b.w.Assign(b.w.Start(name, ""), b.agent)
	b.talks.Announce(m, conversation.LineAssigned)
	return m.Conversation
}

// pass lets time go by in steps, so that jobs run when they are due.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	for ; d > 0; d -= time.Second {
		b.clock.AwaitTimers(2) // the sweep and the runner are waiting
		b.clock.Advance(time.Second)
	}
	b.clock.AwaitTimers(2)
}

func (b *bench) say(c conversation.Conversation, who actor.Actor, text string) {
	b.t.Helper()
	_, err := b.talks.Post(b.t.Context(), who, conversation.PostInput{Conversation: c.ID, Kind: conversation.Text, Text: text})
	b.must(err)
}

func (b *bench) visitorOf(c conversation.Conversation) actor.Actor {
	return actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: c.Visitor, Inbox: c.Inbox}
}

func (b *bench) ann() actor.Actor {
	return actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: b.agent, Permissions: []actor.Permission{actor.Reply}}
}

// lines returns the names of the timers' lines, and the conversation as it is.
func (b *bench) lines(c conversation.Conversation) (string, conversation.Conversation) {
	b.t.Helper()
	who := actor.ForSystem("main")
	list, err := b.talks.Messages(b.t.Context(), who, c.ID, conversation.Range{Limit: 200})
	b.must(err)
	var names []string
	for _, m := range list {
		if m.Line != nil && m.Line.Text != "" {
			names = append(names, m.Line.Name)
		}
	}
	got, err := b.talks.Conversation(b.t.Context(), who, c.ID)
	b.must(err)
	return strings.Join(names, " "), got
}

func (b *bench) want(c conversation.Conversation, lines string, status conversation.Status, end conversation.EndBy) {
	b.t.Helper()
	got, now := b.lines(c)
	// A job that was enqueued a moment ago may still be on its way: a little time
	// of the stub lets it be due, far less than any timer of these tests, and then
	// its news is waited for, however busy the machine is.
	patience, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	for i := 0; patience.Err() == nil; i++ {
		if got == lines && now.Status == status && now.EndBy == end {
			return
		}
		b.clock.AwaitTimers(2)
		if i < 50 {
			b.clock.Advance(10 * time.Millisecond)
			b.clock.AwaitTimers(2)
		} else {
			select {
			case <-b.news:
			case <-patience.Done():
			}
		}
		got, now = b.lines(c)
	}
	b.t.Fatalf("lines %q, %s by %q; want %q, %s by %q", got, now.Status, now.EndBy, lines, status, end)
}

// TestRow77IdleVisitor is acceptance test 14 and row 77: a reminder after `timeout`,
// the end after `retimeout`; whoever writes or types is not idle.
func TestRow77IdleVisitor(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{IdleWarn: p(10), IdleClose: p(5)}, func(b *bench) {
		silent, talks, types := b.open("v1"), b.open("v2"), b.open("v3")
		b.pass(8 * time.Second)
		b.say(talks, b.visitorOf(talks), "还在")
		b.talks.Type(b.visitorOf(types), conversation.TypeInput{Conversation: types, Text: "还", On: true})
		b.pass(3 * time.Second)
		b.want(silent, "idle", conversation.Open, "")
		b.want(talks, "", conversation.Open, "")
		b.want(types, "", conversation.Open, "")
		b.pass(5 * time.Second)
		b.want(silent, "idle idle_end", conversation.Closed, conversation.EndByTimeout)
		b.pass(3 * time.Second)
		b.want(talks, "idle", conversation.Open, "")
		b.say(talks, b.visitorOf(talks), "在")
		b.pass(9 * time.Second)
		b.want(talks, "idle", conversation.Open, "")
		b.pass(2 * time.Second)
		b.want(talks, "idle idle", conversation.Open, "")
	})
}

// TestTheEndNeedsNoReminder: timer 2 works when timer 1 is off (R10).
func TestTheEndNeedsNoReminder(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{IdleClose: p(7)}, func(b *bench) {
		c := b.open("v1")
		b.pass(6 * time.Second)
		b.want(c, "", conversation.Open, "")
		b.pass(2 * time.Second)
		b.want(c, "idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}

// TestLateAgent is row 78: measured from the visitor's unanswered message, told
// once for each time the visitor waits.
func TestLateAgent(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{AgentLate: p(5)}, func(b *bench) {
		c := b.open("v1")
		b.pass(20 * time.Second)
		b.want(c, "", conversation.Open, "")
		b.say(c, b.visitorOf(c), "你好")
		b.pass(3 * time.Second)
		b.say(c, b.visitorOf(c), "有人吗")
		b.pass(8 * time.Second)
		b.want(c, "late", conversation.Open, "")
		b.say(c, b.ann(), "在的")
		b.pass(20 * time.Second)
		b.want(c, "late", conversation.Open, "")
		b.say(c, b.visitorOf(c), "谢谢")
		b.pass(12 * time.Second)
		b.want(c, "late late", conversation.Open, "")
	})
}

// TestRow76QueueTimeout is the end of acceptance test 13: ended by queue.
func TestRow76QueueTimeout(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Queue: p(6), QueueWarn: p(0)}, func(b *bench) {
		c := b.w.Start("v1", "")
		b.talks.Announce(conversation.Moved{Conversation: c}, conversation.CauseStarted)
		b.pass(5 * time.Second)
		b.want(c, "", conversation.Queued, "")
		b.pass(2 * time.Second)
		b.want(c, "queue_end", conversation.Closed, conversation.EndByQueue)
	})
}

// TestTheEndOfWaitingIsTold: once, the set time before it, whatever is written meanwhile.
func TestTheEndOfWaitingIsTold(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Queue: p(10), QueueWarn: p(4)}, func(b *bench) {
		c := b.w.Start("v1", "")
		b.talks.Announce(conversation.Moved{Conversation: c}, conversation.CauseStarted)
		b.pass(5 * time.Second)
		b.want(c, "", conversation.Queued, "")
		b.pass(2 * time.Second)
		b.want(c, "queue_warn", conversation.Queued, "")
		b.say(c, b.visitorOf(c), "有人吗")
		b.pass(2 * time.Second)
		b.want(c, "queue_warn", conversation.Queued, "")
		b.pass(3 * time.Second)
		b.want(c, "queue_warn queue_end", conversation.Closed, conversation.EndByQueue)
		list, err := b.talks.Messages(b.t.Context(), actor.ForSystem("main"), c.ID, conversation.Range{Limit: 50})
		b.must(err)
		for _, m := range list {
			if m.Line != nil && strings.HasPrefix(m.Line.Name, "queue_") && (!m.Line.Leave || m.Line.Text == "") {
				b.t.Fatalf("nothing is said of leaving a message: %+v", m.Line)
			}
		}
	})
}

// TestAShortWaitingIsToldAtHalf, and that nothing can be left where nothing can.
func TestAShortWaitingIsToldAtHalf(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Queue: p(8)}, func(b *bench) {
		b.must(b.accounts.SetInbox(b.t.Context(), actor.ForSystem("main"), account.Inbox{ID: b.w.Inbox, Name: "main", Settings: setting.Inbox{
			Offline: setting.Offline{Disabled: true}, Service: setting.Service{Timers: setting.Timers{Queue: p(8)}}}}))
		c := b.w.Start("v1", "")
		b.talks.Announce(conversation.Moved{Conversation: c}, conversation.CauseStarted)
		b.pass(3 * time.Second)
		b.want(c, "", conversation.Queued, "")
		b.pass(2 * time.Second)
		b.want(c, "queue_warn", conversation.Queued, "")
		list, err := b.talks.Messages(b.t.Context(), actor.ForSystem("main"), c.ID, conversation.Range{Limit: 50})
		b.must(err)
		if last := list[len(list)-1].Line; last == nil || last.Leave {
			b.t.Fatalf("a message can be left: %+v", last)
		}
	})
}

func TestLongestTime(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{MaxLength: p(9)}, func(b *bench) {
		c := b.open("v1")
		for range 4 {
			b.say(c, b.visitorOf(c), "…")
			b.pass(2 * time.Second)
		}
		b.want(c, "", conversation.Open, "")
		b.pass(2 * time.Second)
		b.want(c, "too_long", conversation.Closed, conversation.EndByTimeout)
	})
}

// TestSettingsActAtOnce: a timer that is switched on concerns conversations that
// run already, and one that is made shorter is shorter for them too.
func TestSettingsActAtOnce(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{}, func(b *bench) {
		c := b.open("v1")
		b.pass(5 * time.Second)
		b.set(setting.Timers{IdleClose: p(3600)})
		b.pass(3 * time.Second)
		b.want(c, "", conversation.Open, "")
		b.set(setting.Timers{IdleClose: p(10)})
		b.pass(4 * time.Second)
		b.want(c, "idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}

// TestThePromptIsTheVisitorsOwn: settings, language and placeholder.
func TestThePromptIsTheVisitorsOwn(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{IdleWarn: p(2)}, func(b *bench) {
		b.must(b.accounts.SetInbox(b.t.Context(), actor.ForSystem("main"), account.Inbox{ID: b.w.Inbox, Name: "main", Settings: setting.Inbox{
			Service: setting.Service{Timers: setting.Timers{IdleWarn: p(2)}, Prompts: map[string]setting.Text{setting.PromptIdle: {"zh-CN": "{agent}在等您"}}}}}))
		c := b.open("v1")
		b.pass(3 * time.Second)
		b.want(c, "idle", conversation.Open, "")
		list, err := b.talks.Messages(b.t.Context(), actor.ForSystem("main"), c.ID, conversation.Range{Limit: 50})
		b.must(err)
		i := slices.IndexFunc(list, func(m conversation.Message) bool { return m.Line != nil && m.Line.Name == conversation.LineIdle })
		if i < 0 || list[i].Line.Text != "ann在等您" {
			b.t.Fatalf("%+v", list)
		}
	})
}
