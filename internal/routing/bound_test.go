package routing_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// boundTo is a binding that has been waited for so long.
func boundTo(a id.Agent, waited time.Duration, change ...func(*conversation.Bound)) *conversation.Bound {
	b := &conversation.Bound{Flag: "lead", Agent: a, Name: "Li", MaxHold: 120, Since: epoch.Add(time.Hour - waited)}
	for _, f := range change {
		f(b)
	}
	return b
}

func TestBindingStep(t *testing.T) {
	t.Parallel()
	rotation := routing.Policy{Base: routing.RuleRotation, Returning: true, LastServed: true}
	set := func(f func(*account.AgentStatus)) account.AgentStatus { return agent("li", f) }
	atOnce := func(b *conversation.Bound) { b.AtOnce = true }
	routingFirst := func(b *conversation.Bound) { b.RoutingFirst = true }
	endless := func(b *conversation.Bound) { b.MaxHold = 0 }
	full := func(a *account.AgentStatus) { a.Open = a.Cap }
	busy := func(a *account.AgentStatus) { a.State = account.Busy }
	away := func(a *account.AgentStatus) { a.State = account.Away }
	offDuty := func(a *account.AgentStatus) { a.OffDuty = true }
	out := func(a *account.AgentStatus) { a.Connected = false }
	awayOut := func(a *account.AgentStatus) { a.State, a.Connected = account.Away, false }
	ready := func(*account.AgentStatus) {}
	lost := func(ago time.Duration) account.AgentStatus {
		return set(func(a *account.AgentStatus) { a.Connected, a.LostAt = false, epoch.Add(time.Hour-ago) })
	}
	for _, c := range []struct {
		name    string
		policy  routing.Policy
		li      account.AgentStatus
		bound   *conversation.Bound
		w       routing.Waiting
		want    id.Agent
		outcome routing.BoundOutcome
	}{
		{"OnlineAndBelowMax", rotation, set(ready), boundTo("li", 0), routing.Waiting{}, "li", routing.BoundAssigned},
		{"OnlineAndFullLoops", rotation, set(full), boundTo("li", 0), routing.Waiting{}, "", routing.BoundFull},
		{"BusyLoops", rotation, set(busy), boundTo("li", 0), routing.Waiting{}, "", routing.BoundAbsent},
		{"AwayLoops", rotation, set(away), boundTo("li", 119*time.Second), routing.Waiting{}, "", routing.BoundAbsent},
		{"OffDutyLoops", rotation, set(offDuty), boundTo("li", 0), routing.Waiting{}, "", routing.BoundAbsent},
		{"SignedOutOverflows", rotation, set(out), boundTo("li", 0), routing.Waiting{}, "bo", routing.BoundSignedOut},
		{"AwayAndSignedOutOverflows", rotation, set(awayOut), boundTo("li", 0), routing.Waiting{}, "bo", routing.BoundSignedOut},
		{"LoadsTheConsoleAnew", rotation, lost(2 * time.Second), boundTo("li", 10*time.Second), routing.Waiting{}, "", routing.BoundAbsent},
		{"IsGoneForLonger", rotation, lost(3 * time.Second), boundTo("li", 10*time.Second), routing.Waiting{}, "bo", routing.BoundSignedOut},
		{"WasGoneWhenTheVisitorCame", rotation, lost(2 * time.Second), boundTo("li", time.Second), routing.Waiting{}, "bo", routing.BoundSignedOut},
		{"DeletedOverflows", rotation, set(ready), boundTo("gone", 0), routing.Waiting{}, "bo", routing.BoundGone},
		{"AtOnceOverflowsWhenFull", rotation, set(full), boundTo("li", 0, atOnce), routing.Waiting{}, "bo", routing.BoundNotNow},
		{"AtOnceOverflowsWhenBusy", rotation, set(busy), boundTo("li", 0, atOnce), routing.Waiting{}, "bo", routing.BoundNotNow},
		{"AtOnceAssigns", rotation, set(ready), boundTo("li", 0, atOnce), routing.Waiting{}, "li", routing.BoundAssigned},
		{"HeldTooLong", rotation, set(full), boundTo("li", 120*time.Second), routing.Waiting{}, "bo", routing.BoundTooLong},
		{"HeldTooLongButFreeNow", rotation, set(ready), boundTo("li", time.Hour), routing.Waiting{}, "li", routing.BoundAssigned},
		{"HeldWithoutLimit", rotation, set(full), boundTo("li", 24*time.Hour, endless), routing.Waiting{}, "", routing.BoundFull},
		{"GoesBeforeTheNamedAgent", rotation, set(ready), boundTo("li", 0), routing.Waiting{Named: "bo"}, "li", routing.BoundAssigned},
		{"OverflowsToTheNamedAgent", rotation, set(out), boundTo("li", 0), routing.Waiting{Named: "cy"}, "cy", routing.BoundSignedOut},
		{"NeedNotBeInTheTeam", rotation, set(ready), boundTo("li", 0), routing.Waiting{Team: "x"}, "li", routing.BoundAssigned},
		{"TeamFallbackAfterOverflow", routing.Policy{Base: routing.RuleRotation, Fallback: "y"}, set(out), boundTo("li", 0), routing.Waiting{Team: "x"}, "cy", routing.BoundSignedOut},
		{"GoesBeforeTheReturningAgent", rotation, set(ready), boundTo("li", 0), routing.Waiting{Previous: "bo"}, "li", routing.BoundAssigned},
		{"RoutingFirstYieldsToTheReturningAgent", rotation, set(ready), boundTo("li", 0, routingFirst), routing.Waiting{Previous: "bo"}, "bo", routing.BoundYielded},
		{"RoutingFirstWithoutATarget", rotation, set(ready), boundTo("li", 0, routingFirst), routing.Waiting{}, "li", routing.BoundAssigned},
		{"ManualDoesNotKeepTheBoundAgentFromIt", routing.Policy{Base: routing.RuleManual}, set(ready), boundTo("li", 0), routing.Waiting{}, "li", routing.BoundAssigned},
		{"OverflowIntoAManualQueue", routing.Policy{Base: routing.RuleManual}, set(out), boundTo("li", 0), routing.Waiting{}, "", routing.BoundSignedOut},
		{"BarredWaits", rotation, set(ready), boundTo("li", time.Hour), routing.Waiting{Barred: routing.FilterUnknown}, "", routing.BoundAbsent},
		{"UnattendedCountsAsThere", routing.Policy{Base: routing.RuleRotation, Unattended: true}, set(out), boundTo("li", 0), routing.Waiting{}, "li", routing.BoundAssigned},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.w.Inbox, c.w.Bound = "main", c.bound
			cy := agent("cy", func(a *account.AgentStatus) { a.Teams, a.LastAssignedAt = []id.Team{"y"}, epoch.Add(time.Minute) })
			d := routing.Decide(snapshot(c.policy, agent("bo"), c.li, cy), c.w)
			if d.Agent != c.want || d.Bound == nil || d.Bound.Outcome != c.outcome {
				t.Fatalf("%q, %+v; want %q, %s", d.Agent, d.Bound, c.want, c.outcome)
			}
			if d.Bound.Outcome == routing.BoundAssigned && d.Rule != routing.RuleBound {
				t.Fatalf("by %s", d.Rule)
			}
		})
	}
}

func TestABotThatReceivesGoesBeforeTheBinding(t *testing.T) {
	t.Parallel()
	bot := agent("bot", func(a *account.AgentStatus) { a.Bot, a.Connected = true, false })
	p := routing.Policy{Base: routing.RuleRotation, BotsFirst: true}
	w := routing.Waiting{Inbox: "main", Fresh: true, Bound: boundTo("li", 0)}
	if d := routing.Decide(snapshot(p, bot, agent("li")), w); d.Agent != "bot" || d.Bound != nil {
		t.Fatalf("%+v", d)
	}
	w.Fresh = false
	if d := routing.Decide(snapshot(p, bot, agent("li")), w); d.Agent != "li" {
		t.Fatalf("%+v", d)
	}
}

func TestWhoWaitsForTheBoundAgentIsNobodyElses(t *testing.T) {
	t.Parallel()
	li := agent("li", func(a *account.AgentStatus) { a.Open = a.Cap })
	d := routing.Decide(snapshot(routing.Policy{Base: routing.RuleRotation}, agent("bo"), li), routing.Waiting{Inbox: "main", Bound: boundTo("li", 0)})
	if got := fmt.Sprint(d.Removed); got != "[{bo bo not_the_bound_agent} {li li full}]" || d.Candidates != 0 {
		t.Fatal(got)
	}
}

// TestBoundVisitorsReachTheBoundAgentExactlyWhenTheTableSaysSo decides on random
// desks and compares with the table of the reference, written down once more.
func TestBoundVisitorsReachTheBoundAgentExactlyWhenTheTableSaysSo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, queue := world(t)
		p := s.Policies[routing.Place{Inbox: "main"}]
		waited := time.Duration(rapid.IntRange(0, 300).Draw(t, "waited")) * time.Second
		b := boundTo(id.Agent(fmt.Sprintf("a%02d", rapid.IntRange(0, 13).Draw(t, "bound"))), waited)
		b.Since = s.Now.Add(-waited)
		b.AtOnce = rapid.Bool().Draw(t, "atOnce")
		b.MaxHold = rapid.SampledFrom([]int{0, 60, 120}).Draw(t, "maxHold")
		for _, w := range queue {
			plain := routing.Decide(s, w)
			w.Bound = b
			d := routing.Decide(s, w)
			a := find(s, b.Agent)
			free := a != nil && a.State == account.Ready && a.Connected && a.Open < a.Cap &&
				(p.TeamCap == 0 || s.InTeam[routing.AgentTeam{Agent: a.Agent, Team: w.Team}] < p.TeamCap) &&
				(p.FirstBatch == 0 || a.Open < p.FirstBatch || s.Now.Sub(a.Since) >= routing.BatchPause)
			switch {
			case free:
				if d.Agent != b.Agent || d.Rule != routing.RuleBound {
					t.Fatalf("free, but %+v", d)
				}
			case a == nil || !a.Connected || b.AtOnce || b.MaxHold > 0 && waited >= time.Duration(b.MaxHold)*time.Second:
				if !d.Bound.Outcome.Leaves() || d.Agent != plain.Agent || d.Rule != plain.Rule {
					t.Fatalf("to be sent on as %+v, but %+v", plain, d)
				}
			default:
				if d.Agent != "" || d.Bound.Outcome.Leaves() {
					t.Fatalf("to be held, but %+v", d)
				}
			}
			if d.Agent != "" {
				s.Apply(d.Agent, w.Team, 1)
			}
		}
	})
}

func BenchmarkDecideBound(b *testing.B) {
	var agents []account.AgentStatus
	for i := range 1000 {
		agents = append(agents, agent(fmt.Sprintf("a%04d", i)))
	}
	s := snapshot(routing.Policy{Base: routing.RuleRotation, Returning: true, LastServed: true}, agents...)
	for _, c := range []struct {
		name  string
		bound *conversation.Bound
	}{{"None", nil}, {"Free", boundTo("a0500", 0)}, {"Gone", boundTo("gone", 0)}} {
		b.Run(c.name, func(b *testing.B) {
			w := routing.Waiting{Inbox: "main", Bound: c.bound}
			for b.Loop() {
				routing.Decide(s, w)
			}
		})
	}
}
