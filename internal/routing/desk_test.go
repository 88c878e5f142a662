package routing

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/id"
)

func TestShutTeamsAndFallbacks(t *testing.T) {
	t.Parallel()
	agent := func(name string, ready bool, teams ...id.Team) account.AgentStatus {
		st := account.AgentStatus{Agent: id.Agent(name), Name: name, Teams: teams, State: account.Away, Connected: true, Cap: 5}
		if ready {
			st.State = account.Ready
		}
		return st
	}
	for _, x := range []struct {
		name   string
		shut   bool
		behind id.Team
		own    bool
		want   id.Agent
	}{
		{"own member first", false, "b", true, "ann"},
		{"nobody there", false, "b", false, "bob"},
		{"nobody there, nobody behind", false, "", false, ""},
		{"out of use", true, "", true, ""},
		{"out of use, somebody behind", true, "b", true, "bob"},
	} {
		p := defaultPolicy
		p.Shut, p.Fallback = x.shut, x.behind
		s := &Snapshot{Agents: []account.AgentStatus{agent("ann", x.own, "a"), agent("bob", true, "b")}, Policies: map[Place]Policy{{"in", "a"}: p}}
		if d := Decide(s, Waiting{Inbox: "in", Team: "a"}); d.Agent != x.want {
			t.Errorf("%s: %q, want %q", x.name, d.Agent, x.want)
		}
	}
}
