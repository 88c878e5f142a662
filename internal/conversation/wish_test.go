package conversation_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"parlor/internal/conversation"
	"parlor/internal/id"
)

// TestLongQueuesEndSomewhere follows random rules: no team twice, three steps at most,
// each for a queue that is long, and none further while one could be taken.
func TestLongQueuesEndSomewhere(t *testing.T) {
	t.Parallel()
	teams := rapid.SampledFrom([]id.Team{"a", "b", "c", "d", "e"})
	rapid.Check(t, func(t *rapid.T) {
		rules, waiting := conversation.Spills{}, map[id.Team]int{}
		for _, team := range []id.Team{"a", "b", "c", "d", "e"} {
			waiting[team] = rapid.IntRange(0, 3).Draw(t, "waiting")
			for range rapid.IntRange(0, 3).Draw(t, "rules") {
				rules[team] = append(rules[team], conversation.SpillRule{Waiting: rapid.IntRange(1, 3).Draw(t, "limit"), Team: teams.Draw(t, "to")})
			}
		}
		from := teams.Draw(t, "from")
		to, steps, err := rules.Follow(from, func(team id.Team) (int, error) { return waiting[team], nil })
		if err != nil || len(steps) > conversation.MaxSpills {
			t.Fatal(steps, err)
		}
		at, seen := from, map[id.Team]bool{from: true}
		for _, s := range steps {
			if s.From != at || seen[s.To] || s.Waiting != waiting[s.From] {
				t.Fatalf("%+v", steps)
			}
			at, seen[s.To] = s.To, true
		}
		if at != to {
			t.Fatalf("ends at %s, not %s", at, to)
		}
		for _, r := range rules[to] {
			if len(steps) < conversation.MaxSpills && waiting[to] >= r.Waiting && !seen[r.Team] {
				t.Fatalf("stays at %s though %s takes over", to, r.Team)
			}
		}
		for _, r := range rules.Beside(from)[from] {
			if r.Waiting < 2 {
				t.Fatal("who stands in the queue counts itself")
			}
		}
	})
	broken := errors.New("broken")
	if to, _, err := (conversation.Spills{"a": {{Waiting: 1, Team: "b"}}}).Follow("a", func(id.Team) (int, error) { return 9, broken }); to != "a" || !errors.Is(err, broken) {
		t.Fatal(to, err)
	}
}
