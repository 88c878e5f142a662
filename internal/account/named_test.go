package account_test

import (
	"slices"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestTeamsOfOneNameInASheet writes two companies' worth of teams down, two of
// them with one name, and applies that to where it came from and to an empty place.
func TestTeamsOfOneNameInASheet(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		who := actor.ForSystem(account.MainTenant)
		open := func(in account.Team) account.Team {
			t.Helper()
			team, err := s.OpenTeam(t.Context(), who, in)
			if err != nil {
				t.Fatal(err)
			}
			return team
		}
		first := open(account.Team{Name: "Sales"})
		second := open(account.Team{Name: "Sales", Shared: true, Settings: setting.Team{Desk: setting.Desk{Fallback: string(first.ID)}}})
		open(account.Team{Name: "Other", Settings: setting.Team{Desk: setting.Desk{Fallback: string(second.ID)}}})
		if _, err := s.OpenTeam(t.Context(), who, account.Team{Name: "Sales"}); errs.ReasonOf(err) != "team_exists" {
			t.Error("a name is shared by chance:", err)
		}
		book, err := s.Book(t.Context(), account.MainTenant)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := book.TeamNamed("Sales"); !ok || got.ID != first.ID {
			t.Error(got, ok)
		}
		if _, ok := book.TeamNamed("sales"); ok {
			t.Error("names are compared as they are written")
		}
		sheet, err := s.Export(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		if len(sheet.Teams) != 3 || sheet.Teams[0].Settings.Fallback != string(second.ID) || sheet.Teams[1].ID != "" ||
			sheet.Teams[2].ID != second.ID || sheet.Teams[2].Settings.Fallback != "Sales" {
			t.Fatalf("%+v", sheet.Teams)
		}
		if steps, err := s.Plan(t.Context(), who, sheet); err != nil || len(steps) != 0 {
			t.Error("a sheet of what is there changes", steps, err)
		}
		if err := s.RemoveTeam(t.Context(), who, second.ID); err != nil {
			t.Fatal(err)
		}
		sheet.Teams = slices.Clone(sheet.Teams)
		sheet.Teams[2].Settings.About = "again"
		for range 2 {
			if _, err := s.Apply(t.Context(), who, sheet); err != nil {
				t.Fatal(err)
			}
		}
		if book, err = s.Book(t.Context(), account.MainTenant); err != nil {
			t.Fatal(err)
		}
		if got := book.Teams[second.ID]; len(book.Teams) != 3 || got.Name != "Sales" || got.Settings.About != "again" || got.Settings.Fallback != string(first.ID) {
			t.Errorf("%+v", book.Teams)
		}
		sheet.Teams[2].ID = "no id/"
		if _, err := s.Plan(t.Context(), who, sheet); errs.ReasonOf(err) != "bad_id" {
			t.Error(err)
		}
	})
}
