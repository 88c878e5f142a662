package routing_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// bindable lets bindings find agents by login.
type bindable struct{ st *store.Store }

func (b bindable) BindingAgent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, bool, error) {
	a, err := b.st.AgentByLogin(ctx, t, ref)
	return a.ID, a.Name, a.Disabled, err
}

// boundWorld is a node of a company with business bindings.
type boundWorld struct {
	*node
	st       *store.Store
	bindings *binding.Service
	jobs     *job.Runner
	boss     actor.Actor
	sales    account.Team
	help     account.Team
	// looks counts the bindings that were looked up.
	looks atomic.Int64
}

// Find counts what routing looks up.
func (w *boundWorld) Find(ctx context.Context, t id.Tenant, flag string, names ...string) (binding.Binding, bool, error) {
	w.looks.Add(1)
	return w.bindings.Find(ctx, t, flag, names...)
}

func boundCompany(t *testing.T, st *store.Store, b *memory.Bus, c *clock.Stub, name string) *boundWorld {
	t.Helper()
	w := &boundWorld{st: st, bindings: binding.New(st, bindable{st}, b, c)}
	w.node = start(t, st, b, c, name, func(o *routing.Options) {
		o.Bindings, o.ReconcileEvery = w, 24*time.Hour // what happens is not the reconciler's work
	})
	w.boss = actor.Actor{Kind: actor.Agent, Agent: "boss", Name: "Boss", Tenant: account.MainTenant, Permissions: actor.Permissions()}
	w.jobs = job.NewRunner(st, c, slog.New(slog.DiscardHandler), w.routing.Workers())
	w.routing.Use(w.jobs)
	return w
}

func eachBound(t *testing.T, f func(w *boundWorld)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := boundCompany(t, st, memory.New(), clock.NewStub(epoch), "one")
		w.sales, w.help = w.team("Sales", setting.Team{}), w.team("Help", setting.Team{})
		f(w)
	})
}

func (w *boundWorld) team(name string, s setting.Team) account.Team {
	w.t.Helper()
	x, err := w.accounts.CreateTeam(w.t.Context(), w.boss, name, s)
	w.must(err)
	return x
}

func (w *boundWorld) flags(f setting.Flags) {
	w.t.Helper()
	w.must(w.accounts.SetCompany(w.t.Context(), w.boss, "Main", setting.Company{Flags: f}))
}

func (w *boundWorld) bind(visitor, agent string) {
	w.t.Helper()
	_, err := w.bindings.Bind(w.t.Context(), w.boss, binding.Input{Flag: "lead", Visitor: visitor, Agent: agent}, binding.Cause{How: binding.ByHand})
	w.must(err)
}

// come admits the visitor of a name whom a back end sends with the flag "lead".
func (w *boundWorld) come(name string, change ...func(*conversation.StartInput)) routing.Admission {
	w.t.Helper()
	in := conversation.StartInput{Team: w.help.ID, Wish: conversation.Wish{BusinessFlag: "lead", Name: name, Trust: conversation.TrustServer}}
	for _, f := range change {
		f(&in)
	}
	return w.admit(w.visitor(name), in)
}

// why returns the newest outcome of the binding that was kept.
func (w *boundWorld) why(c id.Conversation) (list []routing.BoundOutcome) {
	w.t.Helper()
	kept, _, err := w.routing.Explain(w.t.Context(), actor.ForSystem("main"), c)
	w.must(err)
	for _, d := range kept {
		if d.Bound != nil {
			list = append(list, d.Bound.Outcome)
		}
	}
	return list
}

func TestBoundVisitorIsGivenToTheBoundAgentOrWaits(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		li := w.agent("li", 1, account.Member, "Sales")
		bo := w.agent("bo", 9, account.Member, "Help")
		w.ready(li)
		w.ready(bo)
		w.bind("U_1", "li")
		w.bind("u_2", "li")
		first := w.come("u_1")
		if c := first.Conversation; c.Agent != li.Agent || c.BoundAgent != "" {
			w.t.Fatalf("%+v", c)
		}
		second := w.come("U_2")
		if c := second.Conversation; c.Status != conversation.Queued || c.BoundAgent != li.Agent || c.Team != w.help.ID || second.Place != 1 {
			w.t.Fatalf("not held: %+v", second)
		}
		if got := w.why(second.Conversation.ID); got[0] != routing.BoundFull {
			w.t.Fatal(got)
		}
		if plain := w.come("nobody"); plain.Conversation.Agent != bo.Agent {
			w.t.Fatalf("who is not bound must not wait: %+v", plain.Conversation)
		}
		asked, err := w.routing.Asked(w.t.Context(), w.boss, second.Conversation.ID)
		w.must(err)
		if asked.BusinessFlag != "lead" || asked.Bound.Agent != li.Agent || asked.Bound.MaxHold != 120 || asked.TeamBy != conversation.TeamByAsked {
			w.t.Fatalf("%+v", asked)
		}
		_, err = w.talks.Close(w.t.Context(), li, first.Conversation.ID, "")
		w.must(err)
		w.until("the freed place goes to who waits for it", func() bool { return w.get(second.Conversation.ID).Agent == li.Agent })
		if got := w.why(second.Conversation.ID); got[0] != routing.BoundAssigned {
			w.t.Fatal(got)
		}
	})
}

func TestBoundVisitorIsSentOnWhenTheAgentSignsOut(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		li, bo := w.agent("li", 1, account.Member), w.agent("bo", 1, account.Member, "Help")
		leave := w.ready(li)
		w.ready(bo)
		_, err := w.accounts.SetState(w.t.Context(), li, account.Busy, "")
		w.must(err)
		w.bind("u_1", "li")
		other := w.admit(w.visitor("x"), conversation.StartInput{Team: w.help.ID}) // Help is full from here on
		held := w.come("u_1")
		if held.Conversation.BoundAgent != li.Agent {
			w.t.Fatalf("%+v", held)
		}
		leave()
		w.until("it is sent on although nobody has room", func() bool {
			w.routing.Wake("main")
			return w.get(held.Conversation.ID).BoundAgent == ""
		})
		if got := w.why(held.Conversation.ID); !slices.Contains(got, routing.BoundSignedOut) {
			w.t.Fatal(got)
		}
		c := w.get(held.Conversation.ID)
		if !c.QueuedAt.Equal(held.Conversation.QueuedAt) || c.Team != w.help.ID {
			w.t.Fatalf("the time of arrival is lost: %+v", c)
		}
		w.ready(li) // too late: the visitor is in the team's queue now, of which li is not
		_, err = w.talks.Close(w.t.Context(), bo, other.Conversation.ID, "")
		w.must(err)
		w.until("the team has it", func() bool { return w.get(held.Conversation.ID).Agent == bo.Agent })
		asked, err := w.routing.Asked(w.t.Context(), w.boss, held.Conversation.ID)
		w.must(err)
		if asked.Bound.Left != string(routing.BoundSignedOut) || asked.Bound.LeftAt.IsZero() {
			w.t.Fatalf("%+v", asked.Bound)
		}
	})
}

func TestLoadingTheConsoleAnewKeepsWhoWaits(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		li, bo := w.agent("li", 5, account.Member), w.agent("bo", 5, account.Member, "Help")
		leave := w.ready(li)
		w.ready(bo)
		_, err := w.accounts.SetState(w.t.Context(), li, account.Busy, "")
		w.must(err)
		w.bind("u_1", "li")
		held := w.come("u_1")
		w.advance(time.Second)
		leave()
		_, err = w.routing.Route(w.t.Context(), "main", held.Conversation.ID)
		w.must(err)
		if c := w.get(held.Conversation.ID); c.BoundAgent != li.Agent {
			w.t.Fatalf("sent on by a reload: %+v", c)
		}
		w.ready(li)
		w.until("li has it", func() bool { return w.get(held.Conversation.ID).Agent == li.Agent })
	})
}

func TestHoldingEndsAtItsTime(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		hold := 60
		w.flags(setting.Flags{Policies: []setting.FlagPolicy{{Name: "lead", MaxHold: &hold}}})
		li := w.agent("li", 1, account.Member)
		bo := w.agent("bo", 5, account.Member, "Help")
		w.ready(li)
		w.ready(bo)
		w.bind("u_1", "li")
		w.bind("u_2", "li")
		w.come("u_1")
		held := w.come("u_2")
		ctx := w.t.Context()
		claimed, err := w.st.Claim(ctx, []string{routing.JobHold}, 9, epoch.Add(59*time.Second), epoch.Add(time.Hour))
		w.must(err)
		if len(claimed) != 0 {
			w.t.Fatal("too early", claimed)
		}
		w.advance(60 * time.Second)
		if got := w.why(held.Conversation.ID); got[0] != routing.BoundTooLong && got[0] != routing.BoundFull {
			w.t.Fatal(got)
		}
		claimed, err = w.st.Claim(ctx, []string{routing.JobHold}, 9, w.clock.Now(), w.clock.Now().Add(time.Hour))
		w.must(err)
		if len(claimed) != 1 {
			w.t.Fatal("no job", claimed)
		}
		w.must(w.routing.Workers()[routing.JobHold](ctx, claimed[0]))
		w.until("the team has it", func() bool { return w.get(held.Conversation.ID).Agent == bo.Agent })
		if got := w.why(held.Conversation.ID); !slices.Contains(got, routing.BoundTooLong) {
			w.t.Fatal(got)
		}
	})
}

func TestPoliciesOfFlags(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		w.flags(setting.Flags{Default: setting.FlagPolicy{Overflow: "at_once"}, Policies: []setting.FlagPolicy{{Name: "late", Order: "routing_first"}},
			Teams: map[string]string{"buy": string(w.sales.ID), "lost": "nowhere"}})
		li, bo := w.agent("li", 5, account.Member), w.agent("bo", 9, account.Member, "Help", "Sales")
		w.ready(li)
		w.ready(bo)
		_, err := w.accounts.SetState(w.t.Context(), li, account.Away, "")
		w.must(err)
		w.bind("u_1", "li")
		if a := w.come("u_1"); a.Conversation.Agent != bo.Agent || w.why(a.Conversation.ID)[0] != routing.BoundNotNow {
			w.t.Fatalf("at once: %+v", a.Conversation)
		}
		_, err = w.accounts.SetState(w.t.Context(), li, account.Ready, "")
		w.must(err)
		_, err = w.bindings.Bind(w.t.Context(), w.boss, binding.Input{Flag: "late", Visitor: "u_2", Agent: "li"}, binding.Cause{})
		w.must(err)
		late := func(in *conversation.StartInput) { in.Wish.BusinessFlag = "late" }
		a := w.come("u_2", late)
		asked, err := w.routing.Asked(w.t.Context(), w.boss, a.Conversation.ID)
		w.must(err)
		if a.Conversation.Agent != bo.Agent || !asked.Yielded || asked.Bound != nil {
			w.t.Fatalf("a team was asked for: %+v %+v", a.Conversation, asked)
		}
		_, err = w.talks.Close(w.t.Context(), bo, a.Conversation.ID, "")
		w.must(err)
		if a := w.admit(w.visitor("fresh"), conversation.StartInput{Wish: conversation.Wish{BusinessFlag: "late", Name: "u_2", Trust: conversation.TrustServer}}); a.Conversation.Agent != li.Agent {
			w.t.Fatalf("nothing was asked for: %+v", a.Conversation)
		}
		for flag, want := range map[string]id.Team{"buy": w.sales.ID, "lost": w.help.ID} {
			a := w.come("r-"+flag, func(in *conversation.StartInput) { in.Wish.RoutingFlag = flag })
			if a.Conversation.Team != want {
				w.t.Fatalf("%s leads to %s", flag, a.Conversation.Team)
			}
		}
	})
}

func TestFlagsOfStrangersDoNotCount(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		teams := map[string]string{"buy": string(w.sales.ID)}
		w.flags(setting.Flags{Teams: teams})
		li, bo := w.agent("li", 5, account.Member), w.agent("bo", 9, account.Member, "Help", "Sales")
		w.ready(li)
		w.ready(bo)
		for i, trust := range []conversation.Trust{conversation.TrustNone, conversation.TrustSigned, conversation.TrustNone} {
			name := fmt.Sprint("u_", i)
			w.bind(name, "li")
			if i == 2 {
				w.flags(setting.Flags{Teams: teams, Inboxes: []string{"main"}})
			}
			a := w.come(name, func(in *conversation.StartInput) { in.Wish.Trust, in.Wish.RoutingFlag = trust, "buy" })
			asked, err := w.routing.Asked(w.t.Context(), w.boss, a.Conversation.ID)
			w.must(err)
			want, team := li.Agent, w.sales.ID
			if i == 0 {
				want, team = bo.Agent, w.help.ID
			}
			if a.Conversation.Agent != want || a.Conversation.Team != team || (len(asked.Refused) > 0) != (i == 0) || a.Conversation.Priority != 0 {
				w.t.Fatalf("%d: %+v %+v", i, a.Conversation, asked)
			}
		}
	})
}

// TestFlagsOfVerifiedVisitorsCount: what a page says of somebody whom the company has
// signed is believed, also if it was said before.
func TestFlagsOfVerifiedVisitorsCount(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		w.flags(setting.Flags{Teams: map[string]string{"buy": string(w.sales.ID)}})
		li := w.agent("li", 5, account.Member)
		w.bind("u_1", "li")
		w.ready(li)
		guest := w.visitor("v")
		in := conversation.StartInput{Team: w.help.ID, Wish: conversation.Wish{BusinessFlag: "lead", RoutingFlag: "buy", Name: "u_1"}}
		a := w.admit(guest, in)
		if again := w.admit(guest, in); a.Conversation.Agent != "" || again.Conversation.Agent != "" || again.Conversation.Team != w.help.ID {
			w.t.Fatalf("a stranger's flags counted: %+v", again.Conversation)
		}
		guest.Verified = true
		if signed := w.admit(guest, in); signed.Created || signed.Conversation.Agent != li.Agent || signed.Conversation.Team != w.sales.ID {
			w.t.Fatalf("%+v", signed.Conversation)
		}
		fresh := w.visitor("fresh")
		fresh.Verified = true
		if first := w.admit(fresh, in); !first.Created || first.Conversation.Agent != li.Agent {
			w.t.Fatalf("%+v", first.Conversation)
		}
	})
}

func TestWishesMayChangeUntilSomebodyHasIt(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		w.flags(setting.Flags{Teams: map[string]string{"buy": string(w.sales.ID)}})
		li := w.agent("li", 5, account.Member)
		guest := w.visitor("v")
		a := w.admit(guest, conversation.StartInput{Team: w.help.ID})
		wish := conversation.Wish{BusinessFlag: "lead", RoutingFlag: "buy", Name: "u_1", Trust: conversation.TrustServer}
		w.bind("u_1", "li")
		w.ready(li)
		again := w.admit(guest, conversation.StartInput{Wish: wish})
		if again.Created || again.Conversation.ID != a.Conversation.ID || again.Conversation.Agent != li.Agent || again.Conversation.Team != w.sales.ID {
			w.t.Fatalf("%+v", again.Conversation)
		}
		looks := w.looks.Load()
		wish.BusinessFlag = "other"
		after := w.admit(guest, conversation.StartInput{Wish: wish})
		if after.Conversation.Agent != li.Agent || w.looks.Load() != looks {
			w.t.Fatal("what has an agent was looked up again")
		}
	})
}

func TestABotHandsOverToTheBoundAgent(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		on := true
		w.must(w.accounts.SetInbox(w.t.Context(), w.boss, account.Inbox{ID: "main", Name: "Main", Settings: withRouting(setting.Routing{BotsFirst: &on})}))
		bot, err := w.accounts.AddAgent(w.t.Context(), account.NewAgent{Tenant: "main", Email: "bot@example.com", Name: "Bot", Password: "long enough", Role: account.Member,
			Also: []account.Role{account.Bot}, Teams: []string{"Help"}})
		w.must(err)
		li := w.agent("li", 5, account.Member)
		w.ready(li)
		a := w.come("u_1")
		if a.Conversation.Agent != bot.ID {
			w.t.Fatalf("%+v", a.Conversation)
		}
		w.bind("u_1", "li") // bound while the bot has it
		who := account.Login{Agent: bot}.Actor()
		_, err = w.routing.Return(w.t.Context(), who, a.Conversation.ID, w.sales.ID)
		w.must(err)
		w.until("li has it", func() bool { return w.get(a.Conversation.ID).Agent == li.Agent })
		if got := w.why(a.Conversation.ID); got[0] != routing.BoundAssigned {
			w.t.Fatal(got)
		}
	})
}

func TestWishesOfWhomABotHasCountWhenItHandsOver(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		on := true
		w.must(w.accounts.SetInbox(w.t.Context(), w.boss, account.Inbox{ID: "main", Name: "Main", Settings: withRouting(setting.Routing{BotsFirst: &on})}))
		bot, err := w.accounts.AddAgent(w.t.Context(), account.NewAgent{Tenant: "main", Email: "bot@example.com", Name: "Bot", Password: "long enough", Role: account.Member,
			Also: []account.Role{account.Bot}})
		w.must(err)
		li, bo := w.agent("li", 1, account.Member), w.agent("bo", 9, account.Member, "Sales")
		w.ready(li)
		w.ready(bo)
		w.bind("u_1", "li")
		guest := w.visitor("v")
		a := w.admit(guest, conversation.StartInput{})
		if a.Conversation.Agent != bot.ID {
			w.t.Fatalf("%+v", a.Conversation)
		}
		again := w.admit(guest, conversation.StartInput{Wish: conversation.Wish{BusinessFlag: "lead", Name: "U_1", Trust: conversation.TrustServer}})
		if again.Conversation.Agent != bot.ID {
			w.t.Fatalf("taken from the bot: %+v", again.Conversation)
		}
		_, err = w.accounts.SetState(w.t.Context(), li, account.Busy, "")
		w.must(err)
		_, err = w.routing.Return(w.t.Context(), account.Login{Agent: bot}.Actor(), a.Conversation.ID, w.sales.ID)
		w.must(err)
		if c := w.get(a.Conversation.ID); c.Status != conversation.Queued || c.BoundAgent != li.Agent || c.Team != w.sales.ID {
			w.t.Fatalf("%+v", c)
		}
		_, err = w.accounts.SetState(w.t.Context(), li, account.Ready, "")
		w.must(err)
		w.until("li has it", func() bool { return w.get(a.Conversation.ID).Agent == li.Agent })
	})
}

func TestATransferByHandEndsTheWaitingForTheBoundAgent(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		li, bo := w.agent("li", 5, account.Member), w.agent("bo", 5, account.Member, "Sales")
		w.ready(li)
		w.ready(bo)
		_, err := w.accounts.SetState(w.t.Context(), li, account.Busy, "")
		w.must(err)
		w.bind("u_1", "li")
		a := w.come("u_1")
		_, err = w.routing.Transfer(w.t.Context(), w.boss, a.Conversation.ID, routing.Target{Team: w.sales.ID})
		w.must(err)
		w.until("the team has it", func() bool { return w.get(a.Conversation.ID).Agent == bo.Agent })
	})
}

func TestLongQueuesSendOn(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		var mu sync.Mutex
		var told []string
		cancel := w.bus.Subscribe(func(e *event.Event) {
			if d, ok := e.Data.(*routing.Spilled); ok {
				mu.Lock()
				told = append(told, fmt.Sprint(e.To, " ", d.FromName, ">", d.ToName, " ", d.Waiting))
				mu.Unlock()
			}
		})
		defer cancel()
		third := w.team("Third", setting.Team{})
		set := func(team account.Team, list ...setting.Spill) {
			w.must(w.accounts.SetTeam(w.t.Context(), w.boss, account.Team{ID: team.ID, Name: team.Name, Settings: setting.Team{Spills: list}}))
		}
		set(w.help, setting.Spill{Waiting: 2, Team: string(w.sales.ID), Notify: []string{"boss"}})
		set(w.sales, setting.Spill{Waiting: 1, Team: string(third.ID)}, setting.Spill{Waiting: 1, Team: string(w.help.ID)})
		set(third, setting.Spill{Waiting: 1, Team: string(w.help.ID)}, setting.Spill{Waiting: 2, Notify: []string{"cy"}})
		var got []id.Team
		for i := range 6 {
			a := w.admit(w.visitor(fmt.Sprint("v", i)), conversation.StartInput{Team: w.help.ID})
			got = append(got, a.Conversation.Team)
		}
		h, s, x := w.help.ID, w.sales.ID, third.ID
		if want := []id.Team{h, h, s, x, x, x}; !slices.Equal(got, want) {
			w.t.Fatalf("%v, want %v", got, want)
		}
		mu.Lock()
		defer mu.Unlock()
		if want := "a/main/boss"; len(told) != 5 || told[0] != "["+want+"] Help>Sales 2" || told[4] != "[a/main/cy] Third> 3" && told[3] != "[a/main/cy] Third> 3" {
			w.t.Fatalf("%q", told)
		}
	})
}

func TestWhoWaitedForABoundAgentIsSentOnByALongQueueToo(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		w.must(w.accounts.SetTeam(w.t.Context(), w.boss, account.Team{ID: w.help.ID, Name: "Help", Settings: setting.Team{Spills: []setting.Spill{{Waiting: 1, Team: string(w.sales.ID)}}}}))
		li := w.agent("li", 5, account.Member)
		leave := w.ready(li)
		_, err := w.accounts.SetState(w.t.Context(), li, account.Busy, "")
		w.must(err)
		w.bind("u_1", "li")
		w.admit(w.visitor("x"), conversation.StartInput{Team: w.help.ID})
		held := w.come("u_1")
		if held.Conversation.Team != w.help.ID {
			w.t.Fatal("who waits for an agent is not sent on")
		}
		leave()
		w.until("it is sent on twice", func() bool {
			w.routing.Wake("main")
			return w.get(held.Conversation.ID).Team == w.sales.ID
		})
	})
}

// TestTwoSessionsRaceForTheLastSlot lets two nodes give the bound agent's last place
// away at once.
func TestTwoSessionsRaceForTheLastSlot(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b, c := memory.New(), clock.NewStub(epoch)
		nodes := []*boundWorld{boundCompany(t, st, b, c, "one"), boundCompany(t, st, b, c, "two")}
		w := nodes[0]
		w.help = w.team("Help", setting.Team{})
		nodes[1].help = w.help
		li := w.agent("li", 3, account.Member)
		w.ready(li)
		var list [6]id.Conversation
		var wg sync.WaitGroup
		for i := range list {
			name := fmt.Sprint("u_", i)
			w.bind(name, "li")
			wg.Go(func() { list[i] = nodes[i%2].come(name).Conversation.ID })
		}
		wg.Wait()
		w.until("three have a place", func() bool {
			n := 0
			for _, c := range list {
				if w.get(c).Agent == li.Agent {
					n++
				}
			}
			return n == 3
		})
		for _, c := range list {
			if got := w.get(c); got.Agent == "" && got.BoundAgent != li.Agent {
				t.Fatalf("lost what it waits for: %+v", got)
			}
		}
		st2, err := w.accounts.AgentStatus(t.Context(), "main", li.Agent, c.Now())
		if err != nil || st2.Open != 3 {
			t.Fatal(st2.Open, err)
		}
	})
}

// countingStore counts the verbs that only bindings need.
type countingStore struct {
	routing.Store
	n atomic.Int64
}

func (s *countingStore) Asked(ctx context.Context, t id.Tenant, c id.Conversation) (*conversation.Asked, error) {
	s.n.Add(1)
	return s.Store.Asked(ctx, t, c)
}

func (s *countingStore) NextWaiting(ctx context.Context, t id.Tenant, f routing.WaitingFilter) ([]routing.Waiting, error) {
	if f.Bound {
		s.n.Add(1)
	}
	return s.Store.NextWaiting(ctx, t, f)
}

func TestAdmittingWithoutFlagsAsksForNoBinding(t *testing.T) {
	t.Parallel()
	eachBound(t, func(w *boundWorld) {
		st := &countingStore{Store: w.st}
		svc := routing.New(st, w.accounts, w.talks, w.node, w.bus, w.clock, slog.New(slog.DiscardHandler), routing.Options{Bindings: w, ReconcileEvery: 24 * time.Hour})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- svc.Run(ctx) }()
		defer func() { cancel(); w.must(<-done) }()
		for i := range 3 {
			_, err := svc.Admit(w.t.Context(), w.visitor(fmt.Sprint("v", i)), conversation.StartInput{Team: w.help.ID})
			w.must(err)
		}
		if st.n.Load() != 0 || w.looks.Load() != 0 {
			w.t.Fatalf("%d queries, %d bindings looked up", st.n.Load(), w.looks.Load())
		}
	})
}
