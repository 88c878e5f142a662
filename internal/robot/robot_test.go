package robot_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/binding"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/presence"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// knowledge is a shelf of articles; it finds those whose title stands in the text, and
// gives each the score that stands for it.
type knowledge struct {
	mu     sync.Mutex
	list   map[string]robot.Article
	scores map[string]int
	counts map[string]int
	err    error
}

func (k *knowledge) Find(_ context.Context, _ id.Tenant, q robot.Query) (found []robot.Match, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range []string{"post", "back", "open", "gone"} {
		if a, ok := k.list[name]; ok && strings.Contains(q.Text, name) && len(found) < q.Limit {
			found = append(found, robot.Match{Article: a, Score: k.scores[name]})
		}
	}
	return found, k.err
}

func (k *knowledge) Articles(_ context.Context, _ id.Tenant, ids []string) (list []robot.Article, err error) {
	for _, name := range ids {
		if a, ok := k.list[name]; ok {
			list = append(list, a)
		}
	}
	return list, nil
}

func (k *knowledge) Counted(_ context.Context, _ id.Tenant, article string, what robot.Count) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counts[article+" "+string(what)]++
	return nil
}

func (k *knowledge) count(what string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counts[what]
}

// engine answers what it is told to, and keeps what it was asked.
type engine struct {
	told robot.Told
	err  error
	ask  []robot.Ask
}

func (e *engine) Check(robot.Ask) error { return e.err }

func (e *engine) Answer(_ context.Context, q robot.Ask) (robot.Told, error) {
	e.ask = append(e.ask, q)
	return e.told, e.err
}

// bench is a company with a robot.
type bench struct {
	t        *testing.T
	st       *store.Store
	clock    *clock.Stub
	accounts *account.Service
	talks    *conversation.Service
	visitors *visitor.Service
	routing  *routing.Service
	presence *presence.Service
	know     *knowledge
	engine   *engine
	robots   *robot.Service
	bindings *binding.Service
	admin    actor.Actor
	robot    robot.Robot
	n        int
}

// Moved and Agent make the bench the announcer of its routing.
func (b *bench) Moved(m conversation.Moved, cause string) { b.talks.Announce(m, cause) }
func (b *bench) Agent(ctx context.Context, t id.Tenant, a id.Agent) {
	_ = b.accounts.Refresh(ctx, t, a)
}

// bindable lets bindings find agents by login.
type bindable struct{ st *store.Store }

func (x bindable) BindingAgent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, bool, error) {
	a, err := x.st.AgentByLogin(ctx, t, ref)
	return a.ID, a.Name, a.Disabled, err
}

var noAudit = audit.None

type noFiles struct{}

func (noFiles) ForMessage(_ context.Context, _ actor.Actor, f id.File) (conversation.File, error) {
	return conversation.File{ID: f, Name: "a.png", Type: "image/png", Size: 1}, nil
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func refused(t *testing.T, reason string, err error) {
	t.Helper()
	if errs.ReasonOf(err) != reason {
		t.Fatalf("got %v, want %s", err, reason)
	}
}

func p[T any](v T) *T { return &v }

// basic is a robot that greets with a menu.
func basic() robot.Input {
	en := func(s string) setting.Text { return setting.Text{"": s} }
	return robot.Input{Name: "Bo", Active: true, Inboxes: []id.Inbox{"main"}, Greeting: en("Hi, I am Bo."), Menu: "top", Menus: []robot.Menu{
		{ID: "top", Title: en("Choose:"), Items: []robot.Item{
			{ID: "i-post", Title: en("Postage"), Does: robot.DoesAnswer, Article: "post"},
			{ID: "i-more", Title: en("More"), Does: robot.DoesMenu, Menu: "more"},
			{ID: "i-hours", Title: en("Hours"), Does: robot.DoesText, Text: en("9 to 5")},
			{ID: "i-human", Title: en("A person"), Does: robot.DoesHuman},
			{ID: "i-gone", Title: en("Gone"), Does: robot.DoesAnswer, Article: "missing"}}},
		{ID: "more", Title: en("More:"), Items: []robot.Item{{ID: "i-shop", Title: en("Shop"), Does: robot.DoesLink, Link: "https://shop.example.com/x"}}}}}
}

// setup makes the company; in, if not nil, changes the robot.
func setup(t *testing.T, st *store.Store, change func(*robot.Input)) *bench {
	t.Helper()
	b := &bench{t: t, st: st, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)), engine: &engine{},
		know: &knowledge{counts: map[string]int{}, scores: map[string]int{"post": 90, "back": 30, "open": 20, "gone": 5}, list: map[string]robot.Article{
			"post": {ID: "post", Title: "What does postage cost?", Answer: "5 euros", Link: "https://x.example.com/p", LinkTitle: "Prices", Related: []string{"back", "off", "nowhere"}, Active: true},
			"back": {ID: "back", Title: "Sending back", Answer: "14 days", Active: true}, "open": {ID: "open", Title: "Opening", Answer: "at 9", Active: true},
			"off": {ID: "off", Title: "Off"}, "elsewhere": {ID: "elsewhere", Title: "Elsewhere", Answer: "no", Inboxes: []id.Inbox{"other"}, Active: true}, "gone": {ID: "gone", Title: "Far away", Answer: "no", Active: true}}}}
	bus, log := memory.New(), slog.New(slog.DiscardHandler)
	b.accounts = account.New(st, bus, b.clock)
	b.talks = conversation.New(st, noFiles{}, bus, b.clock)
	b.visitors = visitor.New(st, bus, b.clock, []byte("key"))
	b.bindings = binding.New(st, bindable{st}, bus, b.clock)
	b.routing = routing.New(st, b.accounts, b.talks, b, bus, b.clock, log, routing.Options{LostAfter: 30 * time.Second, PlacesEvery: time.Millisecond, Bindings: b.bindings})
	b.presence = presence.New(st, "n1", b.clock, log, func(ctx context.Context, a presence.Agent) { b.Agent(ctx, a.Tenant, a.Agent) })
	b.robots = robot.New(robot.Deps{Store: st, Accounts: b.accounts, Conversations: b.talks, Routing: b.routing, Visitors: b.visitors, Finder: b.know, Engines: b.engine, Clock: b.clock, Log: log})
	stop := bus.Subscribe(b.accounts.Heed)
	t.Cleanup(stop)
	_, err := b.accounts.Setup(t.Context())
	b.must(err)
	b.must(b.presence.Start(t.Context()))
	b.admin = b.agent("root", account.Admin)
	in := basic()
	if change != nil {
		change(&in)
	}
	b.robot, err = b.robots.Add(t.Context(), b.admin, in)
	b.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.routing.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) agent(name string, role account.Role, teams ...string) actor.Actor {
	b.t.Helper()
	a, err := b.accounts.AddAgent(b.t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name, Password: "correct horse", Role: role, Teams: teams})
	b.must(err)
	return account.Login{Agent: a}.Actor()
}

// ready makes an agent who is there, but has no free place.
func (b *bench) there(name string, teams ...string) actor.Actor {
	b.t.Helper()
	who := b.agent(name, account.Supervisor, teams...)
	_, err := b.presence.Connect(b.t.Context(), presence.Agent{Tenant: "main", Agent: who.Agent})
	b.must(err)
	_, err = b.accounts.SetState(b.t.Context(), who, account.Ready, "")
	b.must(err)
	return who
}

// talk is a visitor with a conversation.
type talk struct {
	*bench
	who actor.Actor
	c   id.Conversation
}

func (b *bench) newcomer(locale string) actor.Actor {
	b.t.Helper()
	v, err := b.visitors.Arrive(b.t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Locale: locale})
	b.must(err)
	return v.Actor()
}

func (b *bench) come(in conversation.StartInput) *talk {
	b.t.Helper()
	who := b.newcomer("en")
	a, err := b.routing.Admit(b.t.Context(), who, in)
	b.must(err)
	return &talk{b, who, a.Conversation.ID}
}

// post says something without waiting for an answer.
func (k *talk) post(text, ext string) int64 {
	k.t.Helper()
	k.n++
	got, err := k.talks.Post(k.t.Context(), k.who, conversation.PostInput{Conversation: k.c, Kind: conversation.Text, Text: text, Ext: []byte(ext), ClientID: fmt.Sprint("v", k.n)})
	k.must(err)
	return got.Message.Seq
}

func (k *talk) turn() {
	k.t.Helper()
	k.must(k.robots.Turn(k.t.Context(), "main", k.c))
}

// messages are all that the robot said behind a number.
func (k *talk) messages(after int64) (list []conversation.Message) {
	k.t.Helper()
	all, err := k.talks.Since(k.t.Context(), "main", k.c, after, true)
	k.must(err)
	for _, m := range all {
		if m.From.ID == string(k.robot.Agent) {
			list = append(list, m)
		}
	}
	return list
}

// heard writes down what was said: the rule, and the first line.
func heard(list []conversation.Message) string {
	var out []string
	for _, m := range list {
		first, _, _ := strings.Cut(m.Text, "\n")
		out = append(out, m.Extra.Robot.Rule+": "+first)
	}
	return strings.Join(out, " | ")
}

// says posts a text and returns what the robot said to it.
func (k *talk) says(text string) string {
	k.t.Helper()
	after := k.post(text, "")
	k.turn()
	return heard(k.messages(after))
}

func (k *talk) chooses(item string) string {
	k.t.Helper()
	after := k.post("the title", `{"msgtype":{"choice":{"menuid":"`+item+`"}}}`)
	k.turn()
	return heard(k.messages(after))
}

func (k *talk) now() conversation.Conversation {
	k.t.Helper()
	c, err := k.talks.Conversation(k.t.Context(), actor.ForSystem("main"), k.c)
	k.must(err)
	return c
}

func (k *talk) want(what, got, want string) {
	k.t.Helper()
	if got != want {
		k.t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

const (
	hello   = "greeting: Hi, I am Bo. | greeting: Choose:"
	unknown = "unknown: Sorry, I did not understand that. Could you put it differently?"
	handing = "handing: I am bringing you to a person. One moment, please."
	waiting = "handing: Nobody is here right now. You are in the queue, and somebody will answer as soon as possible."
	staying = "text: Sorry, nobody is here right now. I will stay with you, and you can leave a message."
	postage = "answer: 5 euros | suggest: Related:"
)

func TestARobotReceivesGreetsAndAnswers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		k := b.come(conversation.StartInput{Channel: "web"})
		c := k.now()
		if c.Status != conversation.Open || c.Agent != b.robot.Agent || !c.Bot || c.AgentName != "Bo" {
			t.Fatalf("the robot did not receive: %+v", c)
		}
		k.turn()
		k.want("greeting", heard(k.messages(0)), hello)
		k.turn()
		k.want("greeting, once", heard(k.messages(0)), hello)
		k.want("answer", k.says("what is post?"), postage)
		last := k.messages(0)[2]
		if n := last.Extra.Robot; last.Text != "5 euros\nPrices https://x.example.com/p" || len(n.Sources) != 1 || n.Sources[0].ID != "post" || !n.Rate {
			t.Errorf("%q %+v", last.Text, n)
		}
		menu := k.messages(0)[3]
		if menu.Extra.Card == nil || menu.Extra.Card.Kind != "menu" || !menu.Extra.Worded || len(menu.Extra.Card.Items) != 1 || menu.Text != "Related:\n1. Sending back" {
			t.Errorf("%q %+v", menu.Text, menu.Extra)
		}
		k.want("by its number", k.says("１"), "answer: 14 days")
		if k.know.count("post asked") != 1 || k.know.count("back asked") != 1 {
			t.Error("not counted", k.know.counts)
		}
		if c = k.now(); c.Unread != 0 || c.Status != conversation.Open {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatARobotDoesAboutAMessage(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	b := setup(t, st, func(in *robot.Input) { in.FailedTurns = p(3) })
	b.there("ann")
	for _, c := range []struct{ text, want string }{
		{"Postage", postage}, {"postage!", postage}, {"1", postage}, {"20", unknown}, {"Hours", "text: 9 to 5"}, {"More", "menu: More:"},
		{"5", unknown}, // the article is gone
		{"转人工", handing}, {"我要转人工服务", handing}, {"人工", handing}, {"人工智能", unknown}, {"Chat with AGENT", handing}, {"i want a real person now", handing},
		{"humanity", unknown}, {"falar com atendente", handing}, {"A person", handing}, {"4", handing}, {"post and 转人工", handing},
		{"post", postage}, {"back", "suggest: Did you mean:"}, {"back open", "suggest: Did you mean:"}, {"gone", unknown}, {"xyz", unknown},
	} {
		k := b.come(conversation.StartInput{Channel: "web"})
		k.turn()
		k.want(c.text, k.says(c.text), c.want)
		if got, hands := k.now(), c.want == handing; (got.Agent == b.robot.Agent) == hands {
			t.Errorf("%s: %s %s", c.text, got.Status, got.Agent)
		}
	}
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("a choice", k.chooses("i-hours"), "text: 9 to 5")
	k.want("a menu", k.chooses("i-more"), "menu: More:")
	k.want("of that menu", k.says("1"), "text: https://shop.example.com/x")
	k.want("of another menu", k.chooses("i-post"), postage)
	k.want("an article", k.chooses("a:back"), "answer: 14 days")
	k.want("one that is switched off", k.chooses("a:off"), unknown)
	k.want("one of another inbox", k.chooses("a:elsewhere"), unknown)
	k = b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("nothing that there is", k.chooses("nonsense"), unknown)
}

func TestHandOverAfterSomeMessagesInARow(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), func(in *robot.Input) { in.FailedTurns = p(2) })
	b.there("ann")
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("first", k.says("xyz"), unknown)
	k.want("in between", k.says("post"), postage)
	k.want("first again", k.says("back"), "suggest: Did you mean:")
	_, err := b.talks.Post(t.Context(), k.who, conversation.PostInput{Conversation: k.c, Kind: conversation.Image, File: "f"})
	b.must(err)
	k.turn()
	list := k.messages(0)
	k.want("a picture is the second", heard(list[len(list)-1:]), handing)
	// Who was handed over never meets the robot again in this conversation.
	k.want("afterwards", k.says("post"), "")
	if c := k.now(); c.Agent == b.robot.Agent {
		t.Errorf("%+v", c)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	for nobody, want := range map[robot.Nobody]string{robot.Wait: waiting, robot.Stay: staying, robot.Leave: "leave: Please write to us."} {
		t.Run(string(nobody), func(t *testing.T) {
			t.Parallel()
			b := setup(t, storetest.SQLite(t), func(in *robot.Input) { in.Nobody = nobody })
			inboxes, err := b.accounts.Inboxes(t.Context(), "main")
			b.must(err)
			inboxes[0].Settings.Offline.Text = setting.Text{"": "Please write to us."}
			b.must(b.accounts.SetInbox(t.Context(), b.admin, inboxes[0]))
			k := b.come(conversation.StartInput{Channel: "web"})
			k.turn()
			k.want("said", k.says("转人工"), want)
			if c := k.now(); (c.Status == conversation.Queued) != (nobody == robot.Wait) {
				t.Errorf("%s", c.Status)
			}
			if nobody != robot.Wait {
				k.want("goes on", k.says("post"), postage)
			}
		})
	}
}
