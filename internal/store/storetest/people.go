package storetest

import (
	"fmt"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/store"
)

// testRemovedAgents checks that an agent who goes frees the names, keeps the
// history and cannot log in.
func testRemovedAgents(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	by := audit.By{Kind: actor.Agent, ID: "a1", Name: "Ann", At: T0}
	bia := account.Agent{ID: "bia", Tenant: w.Tenant, Email: "bia@x", Username: "bia", Name: "Bia", Role: account.Member, Also: []account.Role{account.Bot}, Cap: 1, CreatedAt: T0,
		Profile: account.Profile{Verified: true, Preferences: map[string]any{"theme": "dark"}}}
	must(t, s.CreateAgent(t.Context(), bia, audit.None))
	got, err := s.Agent(t.Context(), w.Tenant, "bia")
	must(t, err)
	equal(t, "profile", fmt.Sprint(got.Profile), fmt.Sprint(bia.Profile))
	got.Profile.StatusText = "lunch"
	must(t, s.UpdateAgent(t.Context(), got, by))
	must(t, s.CreateCredential(t.Context(), account.Credential{Hash: "h", Tenant: w.Tenant, Agent: "bia", Kind: account.AccessToken, Name: "crm", Hint: "abcdef", Bypass: true, CreatedAt: T0}))
	tokens, err := s.Credentials(t.Context(), w.Tenant, "bia", T0)
	must(t, err)
	equal(t, "token", fmt.Sprintf("%v %v", tokens[0].Hint, tokens[0].Bypass), "abcdef true")

	must(t, s.RemoveAgent(t.Context(), w.Tenant, "bia", T0.Add(time.Minute), by))
	wantReason(t, s.RemoveAgent(t.Context(), w.Tenant, "bia", T0, by), errs.NotFound, "agent_not_found")
	_, err = s.Agent(t.Context(), w.Tenant, "bia")
	wantReason(t, err, errs.NotFound, "agent_not_found")
	_, err = s.Credential(t.Context(), "h")
	wantReason(t, err, errs.NotFound, "credential_not_found")
	err = s.CreateCredential(t.Context(), account.Credential{Hash: "h2", Tenant: w.Tenant, Agent: "bia", CreatedAt: T0})
	wantReason(t, err, errs.NotFound, "agent_not_found")
	wantReason(t, s.UpdateAgent(t.Context(), got, by), errs.NotFound, "agent_not_found")
	gone, err := s.RemovedAgents(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "gone", fmt.Sprintf("%d %s %s %q %v", len(gone), gone[0].Username, gone[0].Name, gone[0].Email, gone[0].Disabled), `1 bia Bia "" true`)
	bia.ID = "bia2"
	must(t, s.CreateAgent(t.Context(), bia, audit.None))
	found, err := s.AgentByLogin(t.Context(), w.Tenant, "BIA")
	must(t, err)
	equal(t, "the new one", found.ID, bia.ID)
	log, _, err := s.Audit(t.Context(), w.Tenant, audit.Filter{Thing: "agent", Limit: 10})
	must(t, err)
	equal(t, "entry", log[0].Action+" "+log[0].Name, "delete Bia")
}
