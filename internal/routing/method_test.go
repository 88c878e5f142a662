package routing_test

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestMethodsOfIntegrations: rules by lifetime and by open conversations, bots
// first, limits of the company, who is away, off duty or not connected.
func TestMethodsOfIntegrations(t *testing.T) {
	t.Parallel()
	type change = func(*account.AgentStatus)
	open := func(n int) change { return func(a *account.AgentStatus) { a.Open = n } }
	served := func(n int64) change { return func(a *account.AgentStatus) { a.Served = n } }
	team := func(a *account.AgentStatus) { a.Teams = []id.Team{"x"} }
	bot := func(a *account.AgentStatus) { a.Bot, a.State, a.Connected = true, account.Away, false }
	gone := func(a *account.AgentStatus) { a.Connected = false }
	wide := func(a *account.AgentStatus) { a.Cap = account.MaxCap }
	at := func(word string) change { return func(a *account.AgentStatus) { a.Presence = word } }
	off := func(a *account.AgentStatus) { a.OffDuty = true }
	standings := map[routing.AgentTeam]routing.Standing{{Agent: "a", Team: "x"}: {Served: 3}, {Agent: "b", Team: "x"}: {Served: 2, Order: 5}, {Agent: "c", Team: "x"}: {Served: 2, Order: 1}}
	inTeam := map[routing.AgentTeam]int{{Agent: "a", Team: "x"}: 2, {Agent: "b", Team: "x"}: 1}
	for _, c := range []struct {
		name   string
		policy routing.Policy
		agents []account.AgentStatus
		w      routing.Waiting
		want   id.Agent
		rule   routing.Rule
	}{
		{"FewestEver", routing.Policy{Base: routing.RuleServed}, []account.AgentStatus{agent("a", served(3)), agent("b", served(2))}, routing.Waiting{}, "b", routing.RuleServed},
		{"FewestEverOfTheTeamThenPlace", routing.Policy{Base: routing.RuleServed}, []account.AgentStatus{agent("a", team), agent("b", team), agent("c", team, served(9))}, routing.Waiting{Team: "x"}, "c", routing.RuleServed},
		{"ThenByName", routing.Policy{Base: routing.RuleServed}, []account.AgentStatus{agent("z"), agent("m")}, routing.Waiting{}, "m", routing.RuleServed},
		{"FewestOpenWhateverTheCap", routing.Policy{Base: routing.RuleFewest}, []account.AgentStatus{agent("a", open(2), wide), agent("b", open(1))}, routing.Waiting{}, "b", routing.RuleFewest},
		{"FewestOpenOfTheTeam", routing.Policy{Base: routing.RuleFewest}, []account.AgentStatus{agent("a", team, open(2)), agent("b", team, open(4))}, routing.Waiting{Team: "x"}, "b", routing.RuleFewest},
		{"BotFirst", routing.Policy{Base: routing.RuleManual, BotsFirst: true}, []account.AgentStatus{agent("a", team), agent("b", team, bot)}, routing.Waiting{Team: "x", Fresh: true}, "b", routing.RuleBot},
		{"BotOfAnotherTeam", routing.Policy{Base: routing.RuleManual, BotsFirst: true}, []account.AgentStatus{agent("b", bot)}, routing.Waiting{Team: "x", Fresh: true}, "", ""},
		{"BotHandedItOver", routing.Policy{Base: routing.RuleRotation, BotsFirst: true}, []account.AgentStatus{agent("a", team), agent("b", team, bot)}, routing.Waiting{Team: "x"}, "a", routing.RuleRotation},
		{"BotsNotAsked", routing.Policy{Base: routing.RuleRotation}, []account.AgentStatus{agent("b", bot)}, routing.Waiting{Fresh: true}, "", ""},
		{"NamedBeforeBot", routing.Policy{Base: routing.RuleRotation, BotsFirst: true}, []account.AgentStatus{agent("a"), agent("b", bot)}, routing.Waiting{Named: "a", Fresh: true}, "a", routing.RuleNamed},
		{"ManagerOfTheContact", routing.Policy{Base: routing.RuleRotation, Manager: true}, []account.AgentStatus{agent("a", team), agent("b")}, routing.Waiting{Team: "x", Fresh: true, Manager: "b"}, "b", routing.RuleManager},
		{"ManagerIsAway", routing.Policy{Base: routing.RuleRotation, Manager: true}, []account.AgentStatus{agent("a", team), agent("b", gone)}, routing.Waiting{Team: "x", Fresh: true, Manager: "b"}, "a", routing.RuleRotation},
		{"ManagersDoNotCount", routing.Policy{Base: routing.RuleRotation}, []account.AgentStatus{agent("a", team), agent("b")}, routing.Waiting{Team: "x", Fresh: true, Manager: "b"}, "a", routing.RuleRotation},
		{"LimitOfTheCompany", routing.Policy{Base: routing.RuleRotation, AgentCap: 2}, []account.AgentStatus{agent("a", wide, open(2))}, routing.Waiting{}, "", ""},
		{"OwnCapBeforeTheCompany", routing.Policy{Base: routing.RuleRotation, AgentCap: 2}, []account.AgentStatus{agent("a", open(4))}, routing.Waiting{}, "a", routing.RuleRotation},
		{"AwayIsSkipped", routing.Policy{Base: routing.RuleRotation, SkipAway: true}, []account.AgentStatus{agent("a", at(account.PresenceAway))}, routing.Waiting{}, "", ""},
		{"AwayCountsByDefault", routing.Policy{Base: routing.RuleRotation}, []account.AgentStatus{agent("a", at(account.PresenceAway))}, routing.Waiting{}, "a", routing.RuleRotation},
		{"OffDuty", routing.Policy{Base: routing.RuleRotation, Unattended: true}, []account.AgentStatus{agent("a", off)}, routing.Waiting{}, "", ""},
		{"Unattended", routing.Policy{Base: routing.RuleRotation, Unattended: true}, []account.AgentStatus{agent("a", gone)}, routing.Waiting{}, "a", routing.RuleRotation},
		{"ConnectedFirst", routing.Policy{Base: routing.RuleFewest, Unattended: true}, []account.AgentStatus{agent("a", gone), agent("b", open(4))}, routing.Waiting{}, "b", routing.RuleFewest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.w.Inbox = "main"
			s := snapshot(c.policy, c.agents...)
			s.Standings, s.InTeam = standings, inTeam
			if d := routing.Decide(s, c.w); d.Agent != c.want || d.Rule != c.rule {
				t.Fatalf("got %q by %q, want %q by %q (%+v)", d.Agent, d.Rule, c.want, c.rule, d)
			}
		})
	}
}

// TestRulesByCountChooseTheLowest: whatever happens, nobody who could have it has
// got fewer, or has fewer open, than the one who is chosen; and over time all get
// the same number, give or take one.
func TestRulesByCountChooseTheLowest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom([]routing.Rule{routing.RuleServed, routing.RuleFewest}).Draw(t, "rule")
		team := rapid.SampledFrom([]id.Team{"", "x"}).Draw(t, "team")
		var agents []account.AgentStatus
		standings, open := map[routing.AgentTeam]routing.Standing{}, map[routing.AgentTeam]int{}
		for i := range rapid.IntRange(1, 9).Draw(t, "agents") {
			a := agent(fmt.Sprintf("a%d", i), func(a *account.AgentStatus) {
				a.Cap, a.Teams, a.Served, a.Open = 900, []id.Team{"x"}, int64(rapid.IntRange(0, 4).Draw(t, "served")), rapid.IntRange(0, 4).Draw(t, "open")
			})
			k := routing.AgentTeam{Agent: a.Agent, Team: "x"}
			standings[k], open[k] = routing.Standing{Served: int64(rapid.IntRange(0, 4).Draw(t, "member"))}, rapid.IntRange(0, 4).Draw(t, "in team")
			agents = append(agents, a)
		}
		s := snapshot(routing.Policy{Base: rule}, agents...)
		s.Standings, s.InTeam = standings, open
		count := func(a account.AgentStatus) int64 {
			k := routing.AgentTeam{Agent: a.Agent, Team: team}
			switch {
			case rule == routing.RuleServed && team == "":
				return a.Served
			case rule == routing.RuleServed:
				return s.Standings[k].Served
			case team == "":
				return int64(a.Open)
			}
			return int64(s.InTeam[k])
		}
		for i := range 60 {
			d := routing.Decide(s, routing.Waiting{Inbox: "main", Team: team})
			chosen := count(*find(s, d.Agent))
			for _, a := range s.Agents {
				if count(a) < chosen {
					t.Fatalf("%s with %d was chosen before %s with %d", d.Agent, chosen, a.Agent, count(a))
				}
			}
			s.Apply(d.Agent, team, uint64(i+1))
		}
		lo, hi := count(s.Agents[0]), count(s.Agents[0])
		for _, a := range s.Agents {
			lo, hi = min(lo, count(a)), max(hi, count(a))
		}
		if hi-lo > 1 {
			t.Fatalf("from %d to %d after 60 conversations", lo, hi)
		}
	})
}

// fallbackWorld is a company with a team of one agent, a team of nobody that the
// first serves for, and one that forwards to nobody but it.
type fallbackWorld struct {
	*node
	boss           actor.Actor
	staffed, alone account.Team
	strict         account.Team
	visits         int
	requireAgent   bool
}

func fallbacks(t *testing.T, st *store.Store) *fallbackWorld {
	n := start(t, st, memory.New(), clock.NewStub(epoch), "one")
	w := &fallbackWorld{node: n, boss: actor.Actor{Kind: actor.Agent, Agent: "boss", Name: "Boss", Tenant: account.MainTenant, Permissions: actor.Permissions()}}
	team := func(name string, d setting.Desk) account.Team {
		x, err := n.accounts.CreateTeam(t.Context(), w.boss, name, setting.Team{Desk: d})
		n.must(err)
		return x
	}
	w.staffed = team("Staffed", setting.Desk{})
	w.alone = team("Alone", setting.Desk{Fallback: string(w.staffed.ID)})
	w.strict = team("Strict", setting.Desk{Forwards: []string{string(w.staffed.ID)}})
	return w
}

func (w *fallbackWorld) admit(team id.Team) (routing.Admission, error) {
	w.t.Helper()
	w.visits++
	return w.routing.Admit(w.t.Context(), w.visitor(fmt.Sprint("v", w.visits)), conversation.StartInput{Channel: "web", Team: team, NeedAgent: w.requireAgent})
}

func TestTeamsThatServeForOthers(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := fallbacks(t, st)
		ctx := t.Context()
		w.requireAgent = true
		if _, err := w.admit(w.alone.ID); errs.ReasonOf(err) != "no_agent" {
			t.Fatal("started although nobody is there", err)
		}
		w.requireAgent = false
		early, err := w.admit(w.alone.ID)
		w.must(err)
		if early.Conversation.Team != w.alone.ID || early.Conversation.Status != conversation.Queued {
			t.Fatal("nobody is there, it waits where it asked", early.Conversation)
		}
		who := w.agent("lin", 9, account.Member, "Staffed")
		lin, kim := who.Agent, w.agent("kim", 9, account.Member).Agent
		defer w.ready(who)()
		w.until("the fallback serves who waited", func() bool {
			c, err := w.talks.Conversation(ctx, w.boss, early.Conversation.ID)
			w.must(err)
			return c.Agent == lin && c.Team == w.staffed.ID
		})
		w.requireAgent = true
		got, err := w.admit(w.alone.ID)
		w.must(err)
		if got.Conversation.Team != w.staffed.ID || got.Conversation.Agent != lin {
			t.Fatal("the fallback did not take it", got.Conversation)
		}
		for _, x := range []struct {
			name string
			from id.Team
			to   routing.Target
			want string
			team id.Team
		}{
			{"via the team that serves", w.staffed.ID, routing.Target{Team: w.alone.ID, Direct: true, Attended: true}, "", w.staffed.ID},
			{"not allowed", w.strict.ID, routing.Target{Team: w.alone.ID, Direct: true}, "forward_not_allowed", ""},
			{"nobody there", w.staffed.ID, routing.Target{Team: w.strict.ID, Direct: true, Attended: true}, "team_unattended", ""},
			{"nobody there, asked for nevertheless", w.staffed.ID, routing.Target{Team: w.strict.ID, Direct: true}, "", w.strict.ID},
			{"agent of another team", w.staffed.ID, routing.Target{Agent: kim, Team: w.strict.ID, Direct: true, Attended: true}, "agent_not_in_team", ""},
		} {
			a, err := w.admit(x.from)
			if x.from == w.strict.ID {
				w.requireAgent = false
				a, err = w.admit(x.from)
				w.requireAgent = true
			}
			w.must(err)
			moved, err := w.routing.Transfer(ctx, w.boss, a.Conversation.ID, x.to)
			if errs.ReasonOf(err) != x.want || err == nil && moved.Team != x.team {
				t.Fatal(x.name, moved.Team, err)
			}
			if x.want != "" {
				continue
			}
			list, err := w.talks.Messages(ctx, w.boss, a.Conversation.ID, conversation.Range{Limit: 20})
			w.must(err)
			via := id.Team("")
			for _, m := range list {
				if m.Line != nil && m.Line.Name == conversation.LineTransferred {
					via = m.Line.Via
				}
			}
			if want := cmp.Or(map[bool]id.Team{true: x.to.Team}[x.team != x.to.Team], ""); via != want {
				t.Fatalf("%s: the line says via %q, want %q", x.name, via, want)
			}
		}
	})
}

// TestBotsAndUnattendedAgents: what the settings say takes effect through the store.
func TestBotsAndUnattendedAgents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := fallbacks(t, st)
		bot, err := w.accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: "bot@example.com", Name: "Bot", Password: "long enough", Role: account.Member, Also: []account.Role{account.Bot}})
		w.must(err)
		who := w.agent("lin", account.MaxCap, account.Member)
		lin := who.Agent
		defer w.ready(who)()
		on := true
		w.set(withRouting(setting.Routing{Rule: "manual", BotsFirst: &on}))
		// A look that began with the old rules has ended when another one has.
		if d, err := w.routing.Route(t.Context(), "main", "nobody"); err != nil || d.Agent != "" {
			t.Fatal(d, err)
		}
		a, err := w.admit("")
		w.must(err)
		if a.Conversation.Agent != bot.ID {
			t.Fatal("the bot did not get it", a.Conversation)
		}
		w.advance(40 * time.Second)
		if c, err := w.talks.Conversation(t.Context(), w.boss, a.Conversation.ID); err != nil || c.Agent != bot.ID {
			t.Fatal("a bot counts as lost", c, err)
		}
		one := 1
		w.set(withRouting(setting.Routing{Rule: "served", AgentCap: &one}))
		// A look that began with the old rules has ended when another one has.
		_, err = w.routing.Route(t.Context(), "main", a.Conversation.ID)
		w.must(err)
		b, err := w.admit("")
		w.must(err)
		c, err := w.admit("")
		w.must(err)
		if b.Conversation.Agent != lin || c.Conversation.Status != conversation.Queued {
			t.Fatal("the company's limit does not hold", b.Conversation.Agent, c.Conversation.Status)
		}
		if _, err := w.routing.Claim(t.Context(), who, c.Conversation.ID); errs.ReasonOf(err) != "agent_full" {
			t.Fatal("taken beyond the limit", err)
		}
	})
}

// TestPatienceWithLostAgents: a company may wait longer for an agent who is lost.
func TestPatienceWithLostAgents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := fallbacks(t, st)
		w.must(w.accounts.SetOption(t.Context(), w.boss, "Livechat_agent_leave_action_timeout", 90))
		who := w.agent("lin", 9, account.Member)
		leave := w.ready(who)
		a, err := w.admit("")
		w.must(err)
		leave()
		w.advance(60 * time.Second)
		if c := w.get(a.Conversation.ID); c.Agent != who.Agent {
			t.Fatal("taken back too early", c)
		}
		w.advance(40 * time.Second)
		if c := w.get(a.Conversation.ID); c.Status != conversation.Queued {
			t.Fatal("not taken back", c)
		}
	})
}
