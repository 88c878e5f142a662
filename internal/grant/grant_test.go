package grant_test

import (
	"os"
	"slices"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func TestGrantsAreTheDefaultsUntilChanged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		storetest.NewWorld(t, st, "main")
		storetest.NewWorld(t, st, "other")
		s := grant.New(st, memory.New(), clock.NewStub(storetest.T0))
		boss := actor.Actor{Kind: actor.Agent, Tenant: "main", Permissions: actor.Permissions()}
		allowed := func(tenant string, role string, permissions ...string) bool {
			t.Helper()
			ok, err := s.Allowed(t.Context(), boss.Tenant, []string{"user", role}, permissions...)
			if tenant == "other" {
				ok, err = s.Allowed(t.Context(), "other", []string{role}, permissions...)
			}
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		if !allowed("main", grant.Agent, "view-l-room") || allowed("main", grant.Agent, "view-livechat-manager") ||
			!allowed("main", grant.Agent, "view-livechat-manager", "edit-omnichannel-contact") || !allowed("main", grant.Admin, "manage-livechat-sla") ||
			allowed("main", "nobody", "view-l-room") || allowed("main", grant.Admin, "no-such") {
			t.Fatal("the defaults are wrong")
		}
		if err := s.Set(t.Context(), boss, []grant.Entry{{Permission: "view-l-room", Roles: []string{grant.Bot}}}, grant.Roles()); err != nil {
			t.Fatal(err)
		}
		if allowed("main", grant.Agent, "view-l-room") || !allowed("main", grant.Bot, "view-l-room") || !allowed("other", grant.Agent, "view-l-room") {
			t.Fatal("the change does not hold, or holds for another company")
		}
		for _, bad := range []struct {
			e      grant.Entry
			who    actor.Actor
			reason string
		}{
			{grant.Entry{Permission: "none"}, boss, "unknown_permission"},
			{grant.Entry{Permission: "view-l-room", Roles: []string{"none"}}, boss, "unknown_role"},
			{grant.Entry{Permission: "view-l-room"}, actor.Actor{Kind: actor.Agent, Tenant: "main"}, "not_allowed"},
		} {
			if err := s.Set(t.Context(), bad.who, []grant.Entry{bad.e}, grant.Roles()); errs.ReasonOf(err) != bad.reason {
				t.Errorf("%v: %v", bad.e, err)
			}
		}
		list, err := s.List(t.Context(), "main")
		if err != nil || len(list) < 60 || !slices.IsSortedFunc(list, func(a, b grant.Entry) int { return map[bool]int{true: -1, false: 1}[a.Permission < b.Permission] }) {
			t.Fatal(len(list), err)
		}
	})
}

func TestLendingGivesWhatTheCallNeedsOnly(t *testing.T) {
	t.Parallel()
	who := actor.Actor{Kind: actor.Agent, Permissions: []actor.Permission{actor.Reply}}
	lent := grant.Lend(who, "manage-livechat-departments")
	if !lent.Can(actor.Administer) || who.Can(actor.Administer) || lent.Can(actor.Audit) {
		t.Fatalf("%v %v", lent.Permissions, who.Permissions)
	}
}
