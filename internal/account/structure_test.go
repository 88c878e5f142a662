package account_test

import (
	"slices"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMonitorsAreBoundToTheirUnits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		boss := actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Permissions: actor.Permissions()}
		one, err1 := s.CreateTeam(t.Context(), boss, "One", setting.Team{})
		two, err2 := s.CreateTeam(t.Context(), boss, "Two", setting.Team{Desk: setting.Desk{Fallback: string(one.ID), Forwards: []string{string(one.ID)}}})
		m, err3 := s.AddAgent(t.Context(), account.NewAgent{Tenant: account.MainTenant, Email: "m@x.org", Name: "M", Password: "long enough", Role: account.Monitor})
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		login := func() actor.Actor {
			t.Helper()
			l, err := s.Login(t.Context(), account.MainTenant, "m@x.org", "long enough", "::1", account.LegacyToken)
			if err != nil {
				t.Fatal(err)
			}
			return l.Actor()
		}
		if who := grant.Lend(login(), "view-livechat-rooms"); who.Can(actor.SeeAll) || len(who.Teams) != 0 {
			t.Fatal("a monitor without a unit sees everything", who)
		}
		u, err := s.SaveUnit(t.Context(), boss, account.Unit{Name: "U", Visibility: "public", Teams: []id.Team{one.ID, one.ID}, Monitors: []id.Agent{m.ID, "none"}})
		if err != nil || len(u.Teams) != 1 || len(u.Monitors) != 1 {
			t.Fatal(u, err)
		}
		if who := login(); !slices.Equal(who.Teams, []id.Team{one.ID}) || !who.Can(actor.Manage) {
			t.Fatal(who)
		}
		if _, err := s.Enlist(t.Context(), boss, m.ID, account.Supervisor); err != nil {
			t.Fatal(err)
		}
		if who := login(); !who.Can(actor.SeeAll) {
			t.Fatal("a supervisor is bound")
		}
		for reason, err := range map[string]error{
			"unit_empty":         s.MoveTeam(t.Context(), boss, one.ID, ""),
			"unit_not_found":     s.MoveTeam(t.Context(), boss, one.ID, "none"),
			"fallback_cycle":     s.SetTeam(t.Context(), boss, account.Team{ID: one.ID, Name: "One", Settings: setting.Team{Desk: setting.Desk{Fallback: string(two.ID)}}}),
			"fallback_not_found": s.SetTeam(t.Context(), boss, account.Team{ID: one.ID, Name: "One", Settings: setting.Team{Desk: setting.Desk{Fallback: "none"}}}),
			"bad_extra":          s.SetTeam(t.Context(), boss, account.Team{ID: one.ID, Name: "One", Settings: setting.Team{Desk: setting.Desk{Extra: map[string]any{"x": []any{}}}}}),
		} {
			if errs.ReasonOf(err) != reason {
				t.Errorf("want %s, got %v", reason, err)
			}
		}
		if err := s.DissolveTeam(t.Context(), boss, one.ID); err != nil {
			t.Fatal(err)
		}
		book, err := s.Book(t.Context(), account.MainTenant)
		if err != nil || book.Teams[two.ID].Settings.Fallback != "" || len(book.Teams[two.ID].Settings.Forwards) != 0 || len(book.Units[0].Teams) != 0 {
			t.Fatal(book.Teams, book.Units, err)
		}
	})
}
