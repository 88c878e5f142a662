package account_test

import (
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestRolesAreGivenAndTaken(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		boss := actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Permissions: actor.Permissions()}
		root, err := s.AddAgent(t.Context(), account.NewAgent{Tenant: account.MainTenant, Email: "root@x.org", Name: "Root", Password: "long enough", Role: account.Admin})
		if err != nil {
			t.Fatal(err)
		}
		team, err := s.AddTeam(t.Context(), account.MainTenant, "SAC")
		if err != nil {
			t.Fatal(err)
		}
		a, err := s.AddAgent(t.Context(), account.NewAgent{Tenant: account.MainTenant, Email: "a@x.org", Name: "A", Password: "long enough", Role: account.User, Teams: []string{"SAC"}})
		if err != nil || len(a.Teams) != 1 {
			t.Fatal(a, err, team)
		}
		if a, err = s.Enlist(t.Context(), boss, a.ID, account.Member); err != nil || a.Role != account.Member || !a.Has(account.User) {
			t.Fatal(a.Roles(), err)
		}
		if a, err = s.Enlist(t.Context(), boss, a.ID, account.Supervisor); err != nil || a.Role != account.Supervisor {
			t.Fatal(a.Roles(), err)
		}
		if a, err = s.Discharge(t.Context(), boss, a.ID, account.Member); err != nil || a.Has(account.Member) || len(a.Teams) != 0 {
			t.Fatal(a, err)
		}
		if _, err := s.Enlist(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant}, a.ID, account.Admin); errs.CodeOf(err) != errs.Forbidden {
			t.Fatal(err)
		}
		if err := s.RemoveAgent(t.Context(), boss, root.ID); errs.ReasonOf(err) != "last_admin" {
			t.Fatal(err)
		}
		if err := s.RemoveAgent(t.Context(), boss, a.ID); err != nil {
			t.Fatal(err)
		}
		authors, err := s.Authors(t.Context(), account.MainTenant)
		if err != nil || len(authors) != 2 || authors[0].Name != "A" {
			t.Fatal(authors, err)
		}
	})
}

func TestTokensAndProfilesAreBounded(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	s := setup(t, st)
	a, err := s.AddAgent(t.Context(), account.NewAgent{Tenant: account.MainTenant, Email: "a@x.org", Name: "A", Password: "long enough"})
	if err != nil {
		t.Fatal(err)
	}
	who := actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Agent: a.ID}
	for i := range account.MaxTokens {
		if _, err := s.NewToken(t.Context(), who, strings.Repeat("x", i+1), false); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.NewToken(t.Context(), who, "one more", false); errs.ReasonOf(err) != "too_many_tokens" {
		t.Fatal(err)
	}
	if _, err := s.LoginFor(t.Context(), who, a.ID); errs.CodeOf(err) != errs.Forbidden {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *account.Profile){
		"preferences": func(p *account.Profile) {
			p.Preferences = map[string]any{"x": strings.Repeat("x", account.MaxPreferences)}
		},
		"status": func(p *account.Profile) { p.StatusText = strings.Repeat("x", 300) },
		"fields": func(p *account.Profile) { p.Fields = map[string]string{"x": strings.Repeat("x", 3000)} },
	} {
		if _, err := s.SetProfile(t.Context(), who, a.ID, change); errs.ReasonOf(err) != "too_large" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.SetProfile(t.Context(), who, id.Agent("other"), func(*account.Profile) {}); errs.CodeOf(err) != errs.Forbidden {
		t.Fatal(err)
	}
}
