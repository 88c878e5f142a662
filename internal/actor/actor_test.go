package actor_test

import (
	"testing"

	"parlor/internal/actor"
)

func TestCan(t *testing.T) {
	t.Parallel()
	a := actor.Actor{Kind: actor.Agent, Permissions: []actor.Permission{actor.Reply}}
	if !a.Can(actor.Reply) || a.Can(actor.Administer) {
		t.Fatal("an agent can do exactly what its permissions say")
	}
	if !actor.ForSystem("main").Can(actor.Administer) {
		t.Fatal("the system may do everything")
	}
	if (actor.Actor{Kind: actor.Visitor}).Can(actor.Reply) {
		t.Fatal("a visitor has no permissions")
	}
}
