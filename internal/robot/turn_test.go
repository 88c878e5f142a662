package robot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// dying is a store of a process that is killed: no turn is given back.
type dying struct {
	robot.Store
	dead bool
}

var errDead = errors.New("killed")

func (d *dying) EndTurn(ctx context.Context, t id.Tenant, owner string, turn robot.Turn) (int64, error) {
	if d.dead {
		return 0, errDead
	}
	return d.Store.EndTurn(ctx, t, owner, turn)
}

// handless is a routing of a process that is killed before it hands over.
type handless struct {
	robot.Routing
}

func (handless) HandOver(context.Context, id.Tenant, routing.HandOver) (conversation.Conversation, error) {
	return conversation.Conversation{}, errDead
}

// second is another node of the same company.
func (b *bench) second(change func(*robot.Deps)) *robot.Service {
	d := robot.Deps{Store: b.st, Accounts: b.accounts, Conversations: b.talks, Routing: b.routing, Visitors: b.visitors, Finder: b.know, Engines: b.engine, Clock: b.clock, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&d)
	}
	return robot.New(d)
}

func TestAKilledProcessSaysNothingTwiceAndLosesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		b.there("ann")
		k := b.come(conversation.StartInput{Channel: "web"})
		k.post("post", "")
		killed := b.second(func(d *robot.Deps) { d.Store = &dying{Store: st, dead: true} })
		if err := killed.Turn(t.Context(), "main", k.c); !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		said := heard(k.messages(0))
		k.want("before", said, hello+" | "+postage)
		k.turn() // the dead one's lease holds
		k.want("while its lease holds", heard(k.messages(0)), said)
		b.clock.Advance(30 * time.Second)
		k.turn()
		k.want("after", heard(k.messages(0)), said)
		k.want("the menu it left", k.says("1"), "answer: 14 days")

		after := k.post("转人工", "")
		lost := b.second(func(d *robot.Deps) { d.Routing = handless{b.routing} })
		if err := lost.Turn(t.Context(), "main", k.c); !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		k.want("said", heard(k.messages(after)), waiting) // the node was gone for so long
		b.must(b.robots.Sweep(t.Context()))
		k.turn()
		k.want("said once", heard(k.messages(after)), waiting)
		if k.now().Agent == b.robot.Agent {
			t.Error("not handed over")
		}
	})
}

// gate lets a search wait.
type gate struct {
	*knowledge
	entered, leave chan struct{}
}

func (g *gate) Find(ctx context.Context, t id.Tenant, q robot.Query) ([]robot.Match, error) {
	g.entered <- struct{}{}
	<-g.leave
	return g.knowledge.Find(ctx, t, q)
}

// during starts a turn and stops it while it looks for an answer.
func (k *talk) during(f func()) {
	k.t.Helper()
	g := &gate{k.know, make(chan struct{}), make(chan struct{})}
	slow := k.second(func(d *robot.Deps) { d.Finder = g })
	done := make(chan error, 1)
	go func() { done <- slow.Turn(context.Background(), "main", k.c) }()
	<-g.entered
	f()
	for {
		select {
		case g.leave <- struct{}{}:
		case <-g.entered:
		case err := <-done:
			k.must(err)
			return
		}
	}
}

func TestWhatHappensWhileATurnRuns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		ann := b.there("ann")
		newTalk := func() (*talk, int64) {
			k := b.come(conversation.StartInput{Channel: "web"})
			k.turn()
			return k, k.post("post", "")
		}
		k, after := newTalk()
		k.during(func() { k.post("back", ""); k.turn() })
		k.want("further messages are answered in order", heard(k.messages(after)), postage+" | suggest: Did you mean:")

		k, after = newTalk()
		k.during(func() {
			_, err := b.routing.Claim(t.Context(), ann, k.c)
			b.must(err)
		})
		k.want("an agent took over", heard(k.messages(after)), "")
		k.want("and keeps it", k.says("post"), "")
		if c := k.now(); c.Agent != ann.Agent || c.Bot {
			t.Errorf("%+v", c)
		}

		k, after = newTalk()
		k.during(func() {
			_, err := b.talks.Close(t.Context(), k.who, k.c, conversation.EndByVisitor)
			b.must(err)
		})
		k.want("closed", heard(k.messages(after)), "")
		k.turn()

		k, after = newTalk()
		k.during(func() { b.must(b.robots.Human(t.Context(), "main", k.who.Visitor, k.c, "")) })
		k.want("asked for a person", heard(k.messages(after)), handing)
	})
}

// orphaned is a store that has lost its robots.
type orphaned struct{ robot.Store }

func (orphaned) RobotByAgent(context.Context, id.Tenant, id.Agent) (robot.Robot, error) {
	return robot.Robot{}, errs.New(errs.NotFound, "robot_not_found", "none")
}

// TestNobodyIsStuckWithARobot: an answer that cannot be told is passed over, and who is
// with a robot that is not there gets a person.
func TestNobodyIsStuckWithARobot(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	b.know.list["empty"] = robot.Article{ID: "empty", Title: "Empty", Active: true}
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("no words", k.chooses("a:empty"), "")
	k.want("goes on", k.says("post"), postage)
	k.post("post", "")
	b.must(b.second(func(d *robot.Deps) { d.Store = orphaned{b.st} }).Turn(t.Context(), "main", k.c))
	if c := k.now(); c.Status != conversation.Queued {
		t.Errorf("%+v", c)
	}
}

// TestManyAreHandedOverWhenARobotIsSwitchedOff: some at once, the others by the next look.
func TestManyAreHandedOverWhenARobotIsSwitchedOff(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	for range 60 {
		b.come(conversation.StartInput{Channel: "web"})
	}
	in := basic()
	in.Active, in.Version = false, b.robot.Version
	_, err := b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	b.must(err)
	held := func() int {
		list, err := b.st.HeldBy(t.Context(), "main", b.robot.Agent, "", 100)
		b.must(err)
		return len(list)
	}
	if n := held(); n != 10 {
		t.Errorf("%d are left", n)
	}
	b.must(b.robots.Sweep(t.Context()))
	if n := held(); n != 0 {
		t.Errorf("%d are left after a look", n)
	}
}

func TestTwoNodesAnswerOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		nodes := []*robot.Service{b.robots, b.second(nil), b.second(nil)}
		k := b.come(conversation.StartInput{Channel: "web"})
		for i := range 5 {
			k.post(fmt.Sprintf("post %d", i), "")
		}
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				if err := nodes[i%3].Turn(context.Background(), "main", k.c); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		k.turn()
		k.want("answers", heard(k.messages(0)), hello+strings.Repeat(" | "+postage, 5))
		if n := b.know.count("post asked"); n != 5 {
			t.Errorf("counted %d times", n)
		}
	})
}

// TestAtMostOneAnswerAndOneHandOver lets visitors, nodes, a hand and a button meet in
// any order.
func TestAtMostOneAnswerAndOneHandOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, atMostOnce)
}

func atMostOnce(t *testing.T, st *store.Store) {
	b := setup(t, st, func(in *robot.Input) { in.FailedTurns = p(2) })
	b.there("ann")
	nodes := []*robot.Service{b.robots, b.second(nil)}
	words := []string{"post", "back", "xyz", "Postage", "2", "转人工"}
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 7))
		k := b.come(conversation.StartInput{Channel: "web"})
		var wg sync.WaitGroup
		act := func(f func() error) {
			wg.Go(func() {
				err := f()
				switch errs.ReasonOf(err) {
				case "", "conversation_closed", "conversation_moved":
				default:
					t.Error(seed, err)
				}
			})
		}
		for i := range 12 {
			text, node, dice := words[r.IntN(len(words))], nodes[r.IntN(2)], r.IntN(10)
			act(func() error {
				_, err := b.talks.Post(context.Background(), k.who, conversation.PostInput{Conversation: k.c, Kind: conversation.Text, Text: text, ClientID: fmt.Sprint("p", i)})
				return err
			})
			act(func() error { return node.Turn(context.Background(), "main", k.c) })
			if dice == 0 {
				act(func() error { return b.robots.Human(context.Background(), "main", k.who.Visitor, k.c, "") })
			}
		}
		wg.Wait()
		k.turn()
		k.check(seed)
	}
}

// check makes sure that no message was answered twice, that all were answered until the
// hand-over, which happened at most once, and that the robot is silent behind it.
func (k *talk) check(seed uint64) {
	k.t.Helper()
	all, err := k.talks.Since(k.t.Context(), "main", k.c, 0, true)
	k.must(err)
	answers, handed := map[string]int{}, int64(0)
	for _, m := range all {
		switch {
		case m.Line != nil && m.Line.Name == conversation.LineQueued:
			if handed != 0 {
				k.t.Errorf("seed %d: handed over twice", seed)
			}
			handed = m.Seq
		case m.From.ID == string(k.robot.Agent):
			if answers[m.ClientID]++; answers[m.ClientID] > 1 || handed != 0 {
				k.t.Errorf("seed %d: %s %q said again or too late", seed, m.ClientID, m.Text)
			}
		}
	}
	for _, m := range all {
		if m.From.Kind == actor.Visitor && handed == 0 && answers[fmt.Sprintf("robot-%d-0", m.Seq)]+answers[fmt.Sprintf("robot-%d-h", m.Seq)] != 1 {
			k.t.Errorf("seed %d: %d %q was not answered", seed, m.Seq, m.Text)
		}
	}
	if (k.now().Agent == k.robot.Agent) != (handed == 0) {
		k.t.Errorf("seed %d: %s", seed, k.now().Agent)
	}
}

func TestRatings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		b.there("ann")
		k := b.come(conversation.StartInput{Channel: "web"})
		k.turn()
		rate := func(seq int64, helpful bool) error {
			return b.robots.Helpful(t.Context(), "main", k.who.Visitor, k.c, seq, helpful)
		}
		k.says("post")
		answer := k.messages(0)[2].Seq
		refused(t, "message_not_found", rate(1, true))
		refused(t, "message_not_found", rate(answer+1, true))
		refused(t, "message_not_found", rate(999, true))
		refused(t, "conversation_not_found", b.robots.Helpful(t.Context(), "main", b.newcomer("").Visitor, k.c, answer, true))
		b.must(rate(answer, true))
		refused(t, "rated_already", rate(answer, false))
		list := k.messages(answer + 1)
		k.want("thanks", heard(list), "text: Glad I could help!")
		k.says("post")
		second := k.messages(list[0].Seq)[0].Seq
		b.must(rate(second, false))
		if k.now().Agent == b.robot.Agent {
			t.Error("an answer that did not help does not hand over")
		}
		if b.know.count("post solved") != 1 || b.know.count("post unsolved") != 1 {
			t.Error(b.know.counts)
		}
		b.must(rate(second, false))
		refused(t, "rated_already", rate(second, true))
		if b.know.count("post unsolved") != 1 {
			t.Error("counted twice", b.know.counts)
		}
	})
}

// TestARatingIsMadeUpFor: a process that is killed between a rating and the handing
// over leaves nobody with the robot.
func TestARatingIsMadeUpFor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := setup(t, st, nil)
		b.there("ann")
		k := b.come(conversation.StartInput{Channel: "web"})
		k.turn()
		k.says("post")
		answer := k.messages(0)[2].Seq
		killed := b.second(func(d *robot.Deps) { d.Routing = handless{b.routing} })
		if err := killed.Helpful(t.Context(), "main", k.who.Visitor, k.c, answer, false); !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		before := heard(k.messages(answer))
		b.must(b.robots.Helpful(t.Context(), "main", k.who.Visitor, k.c, answer, false))
		k.want("said once", heard(k.messages(answer)), before)
		if k.now().Agent == b.robot.Agent || b.know.count("post unsolved") != 1 {
			t.Error(k.now().Agent, b.know.counts)
		}
	})
}

func TestAPersonIsAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	b.there("ann")
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	human := func() error { return b.robots.Human(t.Context(), "main", k.who.Visitor, k.c, "") }
	refused(t, "conversation_not_found", b.robots.Human(t.Context(), "main", b.newcomer("").Visitor, k.c, ""))
	b.must(human())
	b.must(human())
	k.want("said once", heard(k.messages(0)), hello+" | "+handing)
	_, err := b.talks.Close(t.Context(), k.who, k.c, conversation.EndByVisitor)
	b.must(err)
	refused(t, "conversation_closed", human())
}

// TestTheEngineAnswersOutOfWhatComesNear: with sources, and after the articles.
func TestTheEngineAnswersOutOfWhatComesNear(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), func(in *robot.Input) {
		in.FailedTurns = p(9)
		in.Engine = robot.EngineInput{On: true, BaseURL: "http://127.0.0.1:1/v1", Model: "m", Passages: p(1), Key: p("k")}
	})
	b.there("ann")
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	k.want("an article is enough", k.says("post"), postage)
	if len(b.engine.ask) != 0 {
		t.Fatal("asked", b.engine.ask)
	}
	b.engine.told = robot.Told{Text: "Within two weeks.", Sources: []string{"back", "made up"}}
	k.want("answer", k.says("how long to send back or open"), "engine: Within two weeks.")
	if q := b.engine.ask[0]; len(q.Passages) != 1 || q.Passages[0].ID != "back" || q.Key != "k" || q.Locale != "en" || len(q.History) == 0 || q.Company == "" {
		t.Errorf("%+v", q)
	}
	all := k.messages(0)
	if note := all[len(all)-1].Extra.Robot; len(note.Sources) != 1 || note.Sources[0].Title != "Sending back" || !note.Rate {
		t.Errorf("%+v", note)
	}
	k.want("nothing near: not asked", k.says("xyz"), unknown)
	if len(b.engine.ask) != 1 {
		t.Error("asked without passages")
	}
	for what, told := range map[string]robot.Told{"made up": {Text: "Sure, I cancelled it."}, "nothing": {Text: "x", Sources: []string{"back"}, Nothing: true}} {
		b.engine.told = told
		k.want(what, k.says("back"), "suggest: Did you mean:")
	}
	b.engine.err = errDead
	k.want("failed", k.says("back"), "suggest: Did you mean:")
	b.engine.err = errs.Field("baseUrl", "not_encrypted", "not encrypted")
	in := basic()
	// The key belongs to the server that it was given for.
	in.Engine, in.Version = robot.EngineInput{On: true, BaseURL: "http://x", Model: "m"}, b.robot.Version
	_, err := b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	refused(t, "key_again", err)
	in.Engine.Key = p("k")
	_, err = b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	if refused(t, "not_encrypted", err); errs.FieldOf(err) != "engine.baseUrl" {
		t.Error(err)
	}
	b.engine.err, b.engine.told = nil, robot.Told{HandOff: true}
	k.want("hands over", k.says("back"), handing)
}

func TestARobotThatIsSwitchedOffHandsOver(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	k := b.come(conversation.StartInput{Channel: "web"})
	k.turn()
	in := basic()
	in.Active = false
	_, err := b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	refused(t, "changed_meanwhile", err)
	in.Version = b.robot.Version
	_, err = b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
	b.must(err)
	if c := k.now(); c.Status != conversation.Queued {
		t.Errorf("%s", c.Status)
	}
	if all := heard(k.messages(0)); !strings.HasSuffix(all, "handing: Nobody is here right now. You are in the queue, and somebody will answer as soon as possible.") {
		t.Error(all)
	}
	if c := b.come(conversation.StartInput{Channel: "web"}).now(); c.Status != conversation.Queued {
		t.Errorf("it receives on: %s", c.Status)
	}
	b.must(b.robots.Remove(t.Context(), b.admin, b.robot.ID))
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"": "zh-CN", "zh": "zh-CN", "zh-TW": "zh-CN", "en-GB": "en", "pt": "pt-BR", "PT-pt": "pt-BR", "fr": "en"} {
		if got := robot.Language(locale); got != want {
			t.Errorf("%q: %s", locale, got)
		}
	}
}

func TestALinkLeadsToTheWeb(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	for _, link := range []string{"javascript:alert(1)", "/help", "//shop.example.com", "https://", "ftp://x.example.com", "https://a b"} {
		in := basic()
		in.Version, in.Menus[1].Items[0].Link = b.robot.Version, link
		_, err := b.robots.Change(t.Context(), b.admin, b.robot.ID, in)
		if errs.FieldOf(err) != "menus.1.items.0.link" || errs.ReasonOf(err) != "bad_link" {
			t.Errorf("%q: %v", link, err)
		}
	}
}

func TestWhatIsSetIsChecked(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	long := strings.Repeat("x", 3000)
	for reason, change := range map[string]func(*robot.Input){
		"bad_name": func(in *robot.Input) { in.Name = " " }, "inbox_taken": func(*robot.Input) {},
		"out_of_range":    func(in *robot.Input) { in.Threshold = p(101) },
		"unknown_when":    func(in *robot.Input) { in.When = "x" },
		"unknown_nobody":  func(in *robot.Input) { in.Nobody = "x" },
		"text_too_long":   func(in *robot.Input) { in.Texts.Nobody = setting.Text{"en": long} },
		"too_many_words":  func(in *robot.Input) { in.Words = map[string][]string{"en": make([]string, 101)} },
		"bad_word":        func(in *robot.Input) { in.Words = map[string][]string{"en": {" !"}} },
		"bad_id":          func(in *robot.Input) { in.Menus[1].Items[0].ID = "i-post" },
		"too_many_items":  func(in *robot.Input) { in.Menus[0].Items = make([]robot.Item, 21) },
		"menu_not_found":  func(in *robot.Input) { in.Menu = "none" },
		"no_title":        func(in *robot.Input) { in.Menus[0].Items[0].Title = nil },
		"no_target":       func(in *robot.Input) { in.Menus[1].Items[0].Link = "" },
		"unknown_does":    func(in *robot.Input) { in.Menus[0].Items[0].Does = "x" },
		"team_not_found":  func(in *robot.Input) { in.Menus[0].Items[0].Team = "x" },
		"inbox_not_found": func(in *robot.Input) { in.Inboxes = []id.Inbox{"nowhere"} },
		"bad_address":     func(in *robot.Input) { in.Engine.BaseURL = "ftp://x" },
		"engine_incomplete": func(in *robot.Input) {
			in.Engine.On = true
		},
		"bad_key":          func(in *robot.Input) { in.Engine.Key = p("a b") },
		"unknown_language": func(in *robot.Input) { in.Greeting = setting.Text{"xx": "?"} },
	} {
		in := basic()
		change(&in)
		_, err := b.robots.Add(t.Context(), b.admin, in)
		refused(t, reason, err)
	}
	_, err := b.robots.Add(t.Context(), b.agent("ann", "supervisor"), basic())
	refused(t, "not_allowed", err)
	r, err := b.robots.Robot(t.Context(), b.admin, b.robot.ID)
	b.must(err)
	if r.Threshold != 45 || r.Suggest != 3 || r.FailedTurns != 2 || !r.Button || !r.Rate || !r.UnsolvedHands || r.When != robot.Always || r.Nobody != robot.Wait || r.Engine.TimeoutSeconds != 15 || r.Engine.MaxTokens != 400 || r.Engine.Passages != 4 || len(r.Words) != 3 {
		t.Errorf("defaults: %+v", r)
	}
}

func TestTryingChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t), nil)
	try := func(in robot.TryInput) string {
		in.Locale = "en"
		got, err := b.robots.Try(t.Context(), b.admin, b.robot.ID, in)
		b.must(err)
		var out []string
		for _, r := range got.Replies {
			first, _, _ := strings.Cut(r.Text, "\n")
			out = append(out, r.Note.Rule+": "+first)
		}
		return fmt.Sprint(strings.Join(out, " | "), " ", got.HandOff, got.Failed)
	}
	k := talk{bench: b}
	k.want("greeting", try(robot.TryInput{}), hello+" false 0")
	k.want("answer", try(robot.TryInput{Text: "post"}), postage+" false 0")
	k.want("number", try(robot.TryInput{Text: "3"}), "text: 9 to 5 false 0")
	k.want("item", try(robot.TryInput{Item: "i-human"}), handing+" true 0")
	k.want("first failure", try(robot.TryInput{Text: "xyz"}), unknown+" false 1")
	k.want("second failure", try(robot.TryInput{Text: "xyz", Failed: 1}), handing+" true 0")
	k.want("solved", try(robot.TryInput{Solved: p(true)}), "text: Glad I could help! false 0")
	k.want("not solved", try(robot.TryInput{Solved: p(false)}), handing+" true 0")
	if len(b.know.counts) != 0 {
		t.Error(b.know.counts)
	}
}
