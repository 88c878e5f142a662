package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/setting"
)

var epoch = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func agent(name string, change ...func(*account.AgentStatus)) account.AgentStatus {
	a := account.AgentStatus{Agent: id.Agent(name), Name: name, State: account.Ready, Connected: true, Cap: 5, LastAssignedAt: epoch}
	for _, f := range change {
		f(&a)
	}
	return a
}

func snapshot(p routing.Policy, agents ...account.AgentStatus) *routing.Snapshot {
	s := &routing.Snapshot{Agents: agents, Policies: map[routing.Place]routing.Policy{{Inbox: "main"}: p}, Now: epoch.Add(time.Hour)}
	s.Index()
	return s
}

func TestDecide(t *testing.T) {
	t.Parallel()
	open := func(n int) func(*account.AgentStatus) { return func(a *account.AgentStatus) { a.Open = n } }
	last := func(d time.Duration) func(*account.AgentStatus) {
		return func(a *account.AgentStatus) { a.LastAssignedAt = epoch.Add(d) }
	}
	idle := func(d time.Duration) func(*account.AgentStatus) {
		return func(a *account.AgentStatus) { a.IdleSince = epoch.Add(d) }
	}
	team := func(names ...id.Team) func(*account.AgentStatus) {
		return func(a *account.AgentStatus) { a.Teams = names }
	}
	state := func(s account.State) func(*account.AgentStatus) { return func(a *account.AgentStatus) { a.State = s } }
	gone := func(a *account.AgentStatus) { a.Connected = false }
	rotation := routing.Policy{Base: routing.RuleRotation, Returning: true, LastServed: true}
	for _, c := range []struct {
		name   string
		policy routing.Policy
		agents []account.AgentStatus
		w      routing.Waiting
		want   id.Agent
		rule   routing.Rule
	}{
		{"RotationTakesWhoWaitedLongest", rotation, []account.AgentStatus{agent("a", last(3)), agent("b", last(1), open(4)), agent("c", last(2))}, routing.Waiting{}, "b", routing.RuleRotation},
		{"IdleFirstTakesLongestIdle", routing.Policy{Base: routing.RuleIdle}, []account.AgentStatus{agent("a", open(1)), agent("b", idle(5)), agent("c", idle(2))}, routing.Waiting{}, "c", routing.RuleIdle},
		{"IdleFirstFallsBackToLeastLoaded", routing.Policy{Base: routing.RuleIdle}, []account.AgentStatus{agent("a", open(3)), agent("b", open(2), func(a *account.AgentStatus) { a.Cap = 10 })}, routing.Waiting{}, "b", routing.RuleIdle},
		{"LeastLoadedComparesShares", routing.Policy{Base: routing.RuleLeast}, []account.AgentStatus{agent("a", open(2)), agent("b", open(3), func(a *account.AgentStatus) { a.Cap = 10 })}, routing.Waiting{}, "b", routing.RuleLeast},
		{"TeamIsAFilter", rotation, []account.AgentStatus{agent("a"), agent("b", team("x", "y"), last(9))}, routing.Waiting{Team: "y"}, "b", routing.RuleRotation},
		{"NobodyOfTheTeam", rotation, []account.AgentStatus{agent("a")}, routing.Waiting{Team: "y"}, "", ""},
		{"NamedAgentWins", rotation, []account.AgentStatus{agent("a"), agent("b", last(9))}, routing.Waiting{Named: "b", Previous: "a"}, "b", routing.RuleNamed},
		{"NamedAgentNeedNotBeInTheTeam", rotation, []account.AgentStatus{agent("a", team("x")), agent("b")}, routing.Waiting{Named: "b", Team: "x"}, "b", routing.RuleNamed},
		{"BusyNamedAgentFallsThrough", rotation, []account.AgentStatus{agent("a"), agent("b", state(account.Busy))}, routing.Waiting{Named: "b"}, "a", routing.RuleRotation},
		{"AgentOnlyWaits", routing.Policy{Base: routing.RuleRotation, AgentOnly: true}, []account.AgentStatus{agent("a"), agent("b", state(account.Busy))}, routing.Waiting{Named: "b"}, "", ""},
		{"ReturningVisitorGoesBack", rotation, []account.AgentStatus{agent("a"), agent("b", last(9))}, routing.Waiting{Previous: "b", Served: []id.Agent{"a"}}, "b", routing.RuleReturning},
		{"ReturningOffByPolicy", routing.Policy{Base: routing.RuleRotation}, []account.AgentStatus{agent("a"), agent("b", last(9))}, routing.Waiting{Previous: "b"}, "a", routing.RuleRotation},
		{"LastServedNewestFirst", rotation, []account.AgentStatus{agent("a"), agent("b", last(9)), agent("c", last(8))}, routing.Waiting{Previous: "z", Served: []id.Agent{"z", "c", "b"}}, "c", routing.RuleLastServed},
		{"DisconnectedIsNotAvailable", rotation, []account.AgentStatus{agent("a", gone)}, routing.Waiting{}, "", ""},
		{"FullIsNotAvailable", rotation, []account.AgentStatus{agent("a", open(5))}, routing.Waiting{Previous: "a"}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.w.Inbox = "main"
			d := routing.Decide(snapshot(c.policy, c.agents...), c.w)
			if d.Agent != c.want || d.Rule != c.rule {
				t.Fatalf("got %q by %q, want %q by %q (%+v)", d.Agent, d.Rule, c.want, c.rule, d)
			}
		})
	}
}

func TestReasonsNameTheFilterOfEachAgent(t *testing.T) {
	t.Parallel()
	s := snapshot(routing.Policy{Base: routing.RuleRotation},
		agent("away", func(a *account.AgentStatus) { a.State = account.Away }), agent("busy", func(a *account.AgentStatus) { a.State = account.Busy }),
		agent("full", func(a *account.AgentStatus) { a.Open = 5; a.Teams = []id.Team{"x"} }), agent("gone", func(a *account.AgentStatus) { a.Connected = false }), agent("other"))
	for i := range s.Agents[:4] {
		s.Agents[i].Teams = []id.Team{"x"}
	}
	d := routing.Decide(s, routing.Waiting{Inbox: "main", Team: "x"})
	got := map[id.Agent]routing.Filter{}
	for _, r := range d.Removed {
		got[r.Agent] = r.Filter
	}
	want := map[id.Agent]routing.Filter{"away": routing.FilterAway, "busy": routing.FilterBusy, "full": routing.FilterFull,
		"gone": routing.FilterDisconnected, "other": routing.FilterTeam}
	if fmt.Sprint(got) != fmt.Sprint(want) || d.Candidates != 0 {
		t.Fatalf("got %v with %d candidates, want %v", got, d.Candidates, want)
	}
}

// world draws agents and a queue.
func world(t *rapid.T) (*routing.Snapshot, []routing.Waiting) {
	teams := []id.Team{"", "x", "y", "z"}
	var agents []account.AgentStatus
	for i := range rapid.IntRange(0, 12).Draw(t, "agents") {
		a := agent(fmt.Sprintf("a%02d", i))
		a.Cap = rapid.IntRange(1, 4).Draw(t, "cap")
		a.Open = rapid.IntRange(0, a.Cap+1).Draw(t, "open")
		a.State = rapid.SampledFrom([]account.State{account.Ready, account.Ready, account.Busy, account.Away}).Draw(t, "state")
		a.Connected = rapid.IntRange(0, 4).Draw(t, "connected") > 0
		a.Since = epoch.Add(time.Hour - time.Duration(rapid.IntRange(0, 20).Draw(t, "since"))*time.Second)
		a.Teams = rapid.SliceOfNDistinct(rapid.SampledFrom(teams[1:]), 0, 2, rapid.ID).Draw(t, "teams")
		a.LastAssignedAt = epoch.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "last")) * time.Second)
		agents = append(agents, a)
	}
	p := routing.Policy{Base: rapid.SampledFrom([]routing.Rule{routing.RuleRotation, routing.RuleIdle, routing.RuleLeast, routing.RuleManual, routing.RuleOffer}).Draw(t, "rule"),
		Returning: rapid.Bool().Draw(t, "returning"), LastServed: rapid.Bool().Draw(t, "lastServed"), AgentOnly: rapid.Bool().Draw(t, "only"),
		TeamCap: rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "teamCap"), FirstBatch: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "batch")}
	for range rapid.IntRange(0, 2).Draw(t, "overflows") {
		p.Overflow = append(p.Overflow, setting.Overflow{Team: string(rapid.SampledFrom(teams[1:]).Draw(t, "helper")),
			After: rapid.IntRange(0, 7200).Draw(t, "after"), Waiting: rapid.IntRange(0, 5).Draw(t, "crowd")})
	}
	maybe := rapid.SampledFrom([]id.Agent{"", "", "a00", "a03", "a07", "zz"})
	var queue []routing.Waiting
	for i := range rapid.IntRange(1, 40).Draw(t, "waiting") {
		queue = append(queue, routing.Waiting{Conversation: id.Conversation(fmt.Sprintf("c%02d", i)), Inbox: "main", Team: rapid.SampledFrom(teams).Draw(t, "team"),
			Named: maybe.Draw(t, "named"), Previous: maybe.Draw(t, "previous"), Served: []id.Agent{maybe.Draw(t, "served")}, QueuedAt: epoch.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "queued")) * time.Second)})
	}
	s := snapshot(p, agents...)
	s.Waiting, s.InTeam = map[id.Team]int{"x": 3}, map[routing.AgentTeam]int{{Agent: "a00", Team: "x"}: 1}
	return s, queue
}

func find(s *routing.Snapshot, a id.Agent) *account.AgentStatus {
	i := slices.IndexFunc(s.Agents, func(x account.AgentStatus) bool { return x.Agent == a })
	if i < 0 {
		return nil
	}
	return &s.Agents[i]
}

// TestDecideKeepsItsPromises: never above the cap, never to somebody busy, away
// or disconnected, never into another team, never queued while somebody eligible
// exists, and the same answer for the same question.
func TestDecideKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, queue := world(t)
		p := s.Policies[routing.Place{Inbox: "main"}]
		for i, w := range queue {
			d, again := routing.Decide(s, w), routing.Decide(s, w)
			if fmt.Sprint(d) != fmt.Sprint(again) {
				t.Fatalf("two answers: %+v and %+v", d, again)
			}
			eligible := func(a account.AgentStatus) bool {
				if p.AgentOnly && w.Named != "" && a.Agent != w.Named {
					return false
				}
				inTeam := w.Team == "" || a.Agent == w.Named || slices.Contains(a.Teams, w.Team)
				for _, o := range p.Overflow {
					helps := w.QueuedAt.Add(time.Duration(o.After)*time.Second).Compare(s.Now) <= 0 || o.Waiting > 0 && s.Waiting[w.Team] >= o.Waiting
					inTeam = inTeam || helps && slices.Contains(a.Teams, id.Team(o.Team))
				}
				below := p.TeamCap == 0 || s.InTeam[routing.AgentTeam{Agent: a.Agent, Team: w.Team}] < p.TeamCap
				batch := p.FirstBatch == 0 || a.Open < p.FirstBatch || s.Now.Sub(a.Since) >= routing.BatchPause
				return a.State == account.Ready && a.Connected && a.Open < a.Cap && inTeam && below && batch
			}
			if d.Agent == "" {
				byHand := p.Base == routing.RuleManual || p.Base == routing.RuleOffer
				if byHand && d.Rule == p.Base && len(d.Passed) > 0 {
					continue // waits to be picked
				}
				if slices.ContainsFunc(s.Agents, eligible) {
					t.Fatalf("%+v waits although somebody is eligible: %+v", w, s.Agents)
				}
				if len(d.Removed)+d.RemovedMore != len(s.Agents) {
					t.Fatalf("%d reasons for %d agents", len(d.Removed)+d.RemovedMore, len(s.Agents))
				}
				continue
			}
			a := find(s, d.Agent)
			if a == nil || !eligible(*a) {
				t.Fatalf("%+v went to %+v", w, a)
			}
			s.Apply(d.Agent, w.Team, uint64(i+1))
		}
	})
}

// TestRotationIsFairWithinOne: agents who stay eligible get the same number of
// conversations, give or take one, although all happens within one instant.
func TestRotationIsFairWithinOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 15).Draw(t, "agents")
		var agents []account.AgentStatus
		for i := range n {
			agents = append(agents, agent(fmt.Sprintf("a%02d", i), func(a *account.AgentStatus) {
				a.Cap = 1000
				a.Open = rapid.IntRange(0, 9).Draw(t, "open")
				a.LastAssignedAt = epoch.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "last")) * time.Second)
			}))
		}
		s := snapshot(routing.Policy{Base: routing.RuleRotation}, agents...)
		got := map[id.Agent]int{}
		for turn := range rapid.IntRange(0, 100).Draw(t, "conversations") {
			d := routing.Decide(s, routing.Waiting{Inbox: "main"})
			got[d.Agent]++
			s.Apply(d.Agent, "", uint64(turn+1))
		}
		lo, hi := 1<<30, 0
		for _, a := range agents {
			lo, hi = min(lo, got[a.Agent]), max(hi, got[a.Agent])
		}
		if hi-lo > 1 {
			t.Fatalf("shares from %d to %d: %v", lo, hi, got)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	var agents []account.AgentStatus
	for i := range 1000 {
		agents = append(agents, agent(fmt.Sprintf("a%04d", i), func(a *account.AgentStatus) {
			a.Cap, a.Open = 20, i%20
			a.Teams = []id.Team{id.Team(fmt.Sprintf("t%d", i%10))}
			a.LastAssignedAt = epoch.Add(time.Duration(i*7919%1000) * time.Second)
		}))
	}
	s := snapshot(routing.Policy{Base: routing.RuleLeast, Returning: true, LastServed: true}, agents...)
	b.ReportAllocs()
	for i := range b.N {
		routing.Decide(s, routing.Waiting{Inbox: "main", Team: id.Team(fmt.Sprintf("t%d", i%10)), Previous: "zz", Served: []id.Agent{"yy"}})
	}
}
