package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/store"
)

// testTenants checks that numbers are given 1, 2, 3 … also to callers at once.
func testTenants(t *testing.T, s *store.Store) {
	const n = 12
	var wg sync.WaitGroup
	errors := make([]error, n)
	for i := range n {
		wg.Go(func() {
			_, errors[i] = s.CreateTenant(t.Context(), account.Tenant{ID: id.Tenant(fmt.Sprint("t", i)), Name: "T", CreatedAt: T0})
		})
	}
	wg.Wait()
	for _, err := range errors {
		must(t, err)
	}
	list, err := s.Tenants(t.Context())
	must(t, err)
	equal(t, "tenants", len(list), n)
	for i, x := range list {
		equal(t, "number", x.Number, int64(i+1))
	}
	_, err = s.CreateTenant(t.Context(), account.Tenant{ID: "t1"})
	wantReason(t, err, errs.Conflict, "tenant_exists")
	equal(t, "field", errs.FieldOf(err), "id")
}

// testInboxes checks inboxes with their settings.
func testInboxes(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	in := account.Inbox{ID: "shop", Tenant: w.Tenant, Name: "Shop", Channel: "web", CreatedAt: T0,
		Settings: setting.Inbox{Color: "#123456", Origins: []string{"https://a"}, Greeting: map[string]string{"en": "Hi"}}}
	must(t, s.CreateInbox(t.Context(), in, audit.None))
	got, err := s.InboxByID(t.Context(), "shop")
	must(t, err)
	equal(t, "inbox", spaced(got), fmt.Sprint(in))
	wantReason(t, s.CreateInbox(t.Context(), in, audit.None), errs.Conflict, "inbox_exists")
	in.Name, in.Settings.Routing.Rule = "Store", "idle"
	must(t, s.UpdateInbox(t.Context(), in, audit.None))
	list, err := s.Inboxes(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "inboxes", spaced(len(list), list[0].Name, list[0].Settings.Routing.Rule), "2 Store idle")
	_, err = s.InboxByID(t.Context(), "none")
	wantReason(t, err, errs.NotFound, "inbox_not_found")
	in.ID = "none"
	wantReason(t, s.UpdateInbox(t.Context(), in, audit.None), errs.NotFound, "inbox_not_found")
	in.Tenant = "none"
	wantReason(t, s.CreateInbox(t.Context(), in, audit.None), errs.NotFound, "tenant_not_found")
}

// testAgents checks agents, their unique names, their teams and their state.
func testAgents(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	sales, help := w.Team("sales"), w.Team("help")
	a := account.Agent{ID: "a1", Tenant: w.Tenant, Email: "Ann@Example.com", Username: "Ännchen", Name: "Ann", Role: account.Admin,
		Cap: 7, Teams: []id.Team{sales}, PasswordHash: "$argon2id$x", CreatedAt: T0}
	must(t, s.CreateAgent(t.Context(), a, audit.None))
	got, err := s.Agent(t.Context(), w.Tenant, "a1")
	must(t, err)
	equal(t, "agent", spaced(got), fmt.Sprint(a))
	for _, login := range []string{"ANN@EXAMPLE.COM", "ann@example.com", "ÄNNCHEN", "ännchen"} {
		got, err := s.AgentByLogin(t.Context(), w.Tenant, login)
		must(t, err)
		equal(t, "login "+login, got.ID, a.ID)
	}
	for _, login := range []string{"", "ann", "%"} {
		_, err := s.AgentByLogin(t.Context(), w.Tenant, login)
		wantReason(t, err, errs.NotFound, "agent_not_found")
	}
	b := account.Agent{ID: "a2", Tenant: w.Tenant, Email: "ann@example.COM", Username: "b", Name: "Bob", Cap: 1}
	duplicate := func(field string) {
		t.Helper()
		err := s.CreateAgent(t.Context(), b, audit.None)
		wantReason(t, err, errs.Conflict, "agent_exists")
		equal(t, "field", errs.FieldOf(err), field)
	}
	duplicate("email")
	b.Email, b.Username = "b@example.com", "äNNCHEN"
	duplicate("username")
	b.Username, b.ID = "", "a1"
	duplicate("id")
	b.ID, b.Teams = "a2", []id.Team{"none"}
	wantReason(t, s.CreateAgent(t.Context(), b, audit.None), errs.NotFound, "team_not_found")
	b.Teams = nil
	must(t, s.CreateAgent(t.Context(), b, audit.None))
	a.Name, a.Cap, a.Disabled, a.Teams = "Anna", 2, true, []id.Team{help}
	must(t, s.UpdateAgent(t.Context(), a, audit.None))
	list, err := s.Agents(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "agents", spaced(len(list), list[0].Name, list[0].Cap, list[0].Disabled, list[0].Teams[0] == help, len(list[0].Teams), list[1].Name), "2 Anna 2 true true 1 Bob")
	b.Email = "ANN@example.com"
	wantReason(t, s.UpdateAgent(t.Context(), b, audit.None), errs.Conflict, "agent_exists")
	b.ID, b.Email = "none", "n@example.com"
	wantReason(t, s.UpdateAgent(t.Context(), b, audit.None), errs.NotFound, "agent_not_found")
	roster, err := s.Roster(t.Context(), w.Tenant, T0)
	must(t, err)
	equal(t, "roster leaves out the disabled", spaced(len(roster), roster[0].Name, roster[0].State), "1 Bob away")
	st, err := s.SetState(t.Context(), w.Tenant, "a2", account.Busy, "lunch", T0.Add(time.Second))
	must(t, err)
	equal(t, "state", spaced(st.State, st.Reason, st.Since.Sub(T0), st.Connected, st.Cap), "busy lunch 1s false 1")
	_, err = s.SetState(t.Context(), w.Tenant, "none", account.Busy, "", T0)
	wantReason(t, err, errs.NotFound, "agent_not_found")
	err = s.CreateTeam(t.Context(), account.Team{ID: "x", Tenant: w.Tenant, Name: "sales"}, audit.None)
	wantReason(t, err, errs.Conflict, "team_exists")
	teams, err := s.Teams(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "teams", spaced(len(teams), teams[0].Name, teams[1].ID == sales), "2 help true")
	testTwins(t, s, w.Tenant)
}

// testTwins gives a name to several teams where that is asked for.
func testTwins(t *testing.T, s *store.Store, tenant id.Tenant) {
	ctx := t.Context()
	add := func(team id.Team, shared bool) error {
		return s.CreateTeam(ctx, account.Team{ID: team, Tenant: tenant, Name: "sales", Shared: shared}, audit.None)
	}
	names := func() string {
		t.Helper()
		teams, err := s.Teams(ctx, tenant)
		must(t, err)
		text := ""
		for _, x := range teams {
			if x.ID == "z-second" || x.ID == "a-third" {
				text += string(x.ID) + ":" + x.Name + " "
			}
		}
		return text
	}
	must(t, add("z-second", true))
	must(t, add("a-third", true))
	wantReason(t, add("x", false), errs.Conflict, "team_exists")
	equal(t, "as they were added", names(), "z-second:sales a-third:sales ")
	must(t, s.UpdateTeam(ctx, account.Team{ID: "a-third", Tenant: tenant, Name: "sales", Settings: setting.Team{Desk: setting.Desk{About: "x"}}}, audit.None))
	must(t, s.UpdateTeam(ctx, account.Team{ID: "z-second", Tenant: tenant, Name: "other"}, audit.None))
	equal(t, "renamed", names(), "z-second:other a-third:sales ")
	wantReason(t, s.UpdateTeam(ctx, account.Team{ID: "z-second", Tenant: tenant, Name: "sales"}, audit.None), errs.Conflict, "team_exists")
	must(t, s.UpdateTeam(ctx, account.Team{ID: "z-second", Tenant: tenant, Name: "sales", Shared: true}, audit.None))
	equal(t, "shared again", names(), "a-third:sales z-second:sales ")
	must(t, s.DeleteTeam(ctx, tenant, "a-third", audit.None))
	must(t, s.DeleteTeam(ctx, tenant, "z-second", audit.None))
}

// testCredentials checks sessions, tokens and their ends.
func testCredentials(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Agent("ann", 1)
	add := func(hash string, kind account.CredentialKind, expires time.Time) account.Credential {
		t.Helper()
		c := account.Credential{Hash: hash, Tenant: w.Tenant, Agent: ann, Kind: kind, Name: "n", CSRF: "c", CreatedAt: T0, ExpiresAt: expires}
		must(t, s.CreateCredential(t.Context(), c))
		return c
	}
	want := add("s", account.SessionCookie, T0.Add(time.Hour))
	add("l", account.LegacyToken, T0.Add(2*time.Hour))
	add("t", account.AccessToken, time.Time{})
	add("old", account.SessionCookie, T0.Add(time.Minute))
	got, err := s.Credential(t.Context(), "s")
	must(t, err)
	equal(t, "credential", got, want)
	wantReason(t, s.CreateCredential(t.Context(), want), errs.Conflict, "credential_exists")
	n, err := s.DeleteExpired(t.Context(), T0.Add(30*time.Minute))
	must(t, err)
	equal(t, "expired", n, 1)
	must(t, s.DeleteCredentials(t.Context(), w.Tenant, ann))
	for _, hash := range []string{"s", "l", "old"} {
		_, err = s.Credential(t.Context(), hash)
		wantReason(t, err, errs.NotFound, "credential_not_found")
	}
	_, err = s.Credential(t.Context(), "t")
	must(t, err)
	must(t, s.DeleteCredential(t.Context(), "t"))
	must(t, s.DeleteCredential(t.Context(), "t"))
	client := account.APIClient{ID: "c1", Tenant: w.Tenant, Name: "crm", SecretHash: "h", CreatedAt: T0}
	must(t, s.CreateAPIClient(t.Context(), client, audit.None))
	wantReason(t, s.CreateAPIClient(t.Context(), client, audit.None), errs.Conflict, "api_client_exists")
	kept, err := s.APIClient(t.Context(), "c1")
	must(t, err)
	equal(t, "client", kept, client)
	_, err = s.APIClient(t.Context(), "c2")
	wantReason(t, err, errs.NotFound, "api_client_not_found")
}

// testClientTokens checks that tokens end with time, secret and client, and that
// the oldest make room.
func testClientTokens(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx := t.Context()
	client := account.APIClient{ID: "c1", Tenant: w.Tenant, Name: "crm", SecretHash: "h", CreatedAt: T0}
	must(t, s.CreateAPIClient(ctx, client, audit.None))
	give := func(hash string, after time.Duration) error {
		return s.CreateClientToken(ctx, account.ClientToken{Hash: hash, Client: "c1", Tenant: w.Tenant, ExpiresAt: T0.Add(after)}, T0)
	}
	ended := func(hash string) {
		t.Helper()
		_, err := s.ClientByToken(ctx, hash, T0)
		wantReason(t, err, errs.NotFound, "client_token_not_found")
	}
	must(t, give("a", time.Minute))
	must(t, give("b", 2*time.Minute))
	got, err := s.ClientByToken(ctx, "a", T0)
	must(t, err)
	equal(t, "client", got, client)
	_, err = s.ClientByToken(ctx, "a", T0.Add(time.Minute))
	wantReason(t, err, errs.NotFound, "client_token_not_found")
	for i := range account.MaxClientTokens - 1 {
		must(t, give(fmt.Sprint(i), time.Hour))
	}
	ended("a")
	_, err = s.ClientByToken(ctx, "b", T0)
	must(t, err)
	_, err = s.RotateAPIClient(ctx, "other", "c1", "h2", audit.None)
	wantReason(t, err, errs.NotFound, "api_client_not_found")
	got, err = s.RotateAPIClient(ctx, w.Tenant, "c1", "h2", audit.None)
	must(t, err)
	equal(t, "new secret", got.SecretHash, "h2")
	ended("b")
	must(t, give("c", time.Minute))
	must(t, s.DeleteAPIClient(ctx, w.Tenant, "c1", audit.None))
	ended("c")
	wantReason(t, give("d", time.Minute), errs.NotFound, "api_client_not_found")
}

// testSecret checks that all callers get the same secret.
func testSecret(t *testing.T, s *store.Store) {
	var wg sync.WaitGroup
	got := make([]string, 16)
	errors := make([]error, len(got))
	for i := range got {
		wg.Go(func() {
			b, err := s.Secret(t.Context(), "sign", []byte{0, byte(i), 255})
			got[i], errors[i] = string(b), err
		})
	}
	wg.Wait()
	for i := range got {
		must(t, errors[i])
		equal(t, "secret", got[i], got[0])
	}
	equal(t, "length", len(got[0]), 3)
	other, err := s.Secret(t.Context(), "other", []byte("o"))
	must(t, err)
	equal(t, "other", string(other), "o")
}
