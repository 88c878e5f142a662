package account_test

import (
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestBookFollowsChangesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		ck := clock.NewStub(storetest.T0)
		s := account.New(st, memory.New(), ck)
		other := account.New(st, memory.New(), ck) // another node
		admin := actor.Actor{Kind: actor.Agent, Tenant: w.Tenant, Permissions: []actor.Permission{actor.Administer}}
		inbox := func(s *account.Service) string {
			t.Helper()
			in, err := s.Inbox(t.Context(), w.Inbox)
			if err != nil || in.Tenant != w.Tenant {
				t.Fatal(in, err)
			}
			return in.Name
		}
		if before := inbox(other); before != inbox(other) || before == "Shop" {
			t.Fatal(before)
		}
		book, err := other.Book(t.Context(), w.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if r := book.Service(w.Inbox, "").Routing.Rule; r != "rotation" {
			t.Fatalf("rule %q", r)
		}
		in := account.Inbox{ID: w.Inbox, Name: "Shop", Settings: setting.Inbox{Service: setting.Service{Routing: setting.Routing{Rule: "idle"}}}}
		if err := s.SetInbox(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: w.Tenant}, in); errs.CodeOf(err) != errs.Forbidden {
			t.Fatalf("an agent set an inbox: %v", err)
		}
		if err := s.SetInbox(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: "foreign", Permissions: admin.Permissions}, in); errs.CodeOf(err) != errs.NotFound {
			t.Fatalf("a foreign tenant set an inbox: %v", err)
		}
		if err := s.SetInbox(t.Context(), admin, in); err != nil {
			t.Fatal(err)
		}
		if book, err = s.Book(t.Context(), w.Tenant); err != nil || book.Service(w.Inbox, "").Routing.Rule != "idle" {
			t.Fatalf("%v %v", book, err)
		}
		other.Heed(&event.Event{Kind: event.SettingsChanged, Tenant: w.Tenant})
		if book, err = other.Book(t.Context(), w.Tenant); err != nil || book.Service(w.Inbox, "").Routing.Rule != "idle" {
			t.Fatalf("the other node did not follow: %v", err)
		}
		if inbox(s) != "Shop" || inbox(other) != "Shop" {
			t.Fatal("an inbox was remembered beyond its change")
		}
		if _, err := other.Inbox(t.Context(), "none"); errs.CodeOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		if err := s.SetCompany(t.Context(), admin, "Shop & Co", setting.Company{Service: setting.Service{Routing: setting.Routing{Lost: "wait"}}}); err != nil {
			t.Fatal(err)
		}
		ck.Advance(10 * time.Second) // the event is lost this time
		if book, err = other.Book(t.Context(), w.Tenant); err != nil || book.Service(w.Inbox, "").Routing.Lost != "wait" || book.Tenant.Name != "Shop & Co" {
			t.Fatalf("a lost event was never made good: %v", err)
		}
	})
}

func TestTeamsCannotBeBelowThemselves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		s := account.New(st, memory.New(), clock.NewStub(storetest.T0))
		admin := actor.Actor{Kind: actor.Agent, Tenant: w.Tenant, Permissions: []actor.Permission{actor.Administer}}
		var list []account.Team
		for _, name := range []string{"one", "two", "three"} {
			team, err := s.AddTeam(t.Context(), w.Tenant, name)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, team)
		}
		put := func(i int, parent string) error {
			team := list[i]
			team.Settings.Parent = parent
			return s.SetTeam(t.Context(), admin, team)
		}
		if err := put(1, string(list[0].ID)); err != nil {
			t.Fatal(err)
		}
		if err := put(2, string(list[1].ID)); err != nil {
			t.Fatal(err)
		}
		if err := put(0, string(list[2].ID)); errs.ReasonOf(err) != "team_cycle" {
			t.Fatalf("a cycle: %v", err)
		}
		if err := put(0, "nobody"); errs.ReasonOf(err) != "team_not_found" {
			t.Fatalf("a parent that is not there: %v", err)
		}
	})
}
