package account_test

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestAUsernameServesAsIDWhereItCan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		add := func(tenant id.Tenant, username, email string) (account.Agent, error) {
			return s.AddAgent(t.Context(), account.NewAgent{Tenant: tenant, Email: email, Name: "N", Username: username, Password: "long enough", NamedID: true})
		}
		owner := account.NewAgent{Email: "owner@x.org", Name: "Owner", Password: "long enough"}
		if _, err := s.AddTenant(t.Context(), account.Tenant{ID: "other", Name: "Other"}, owner); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			tenant          id.Tenant
			username, email string
			same            bool
		}{
			{account.MainTenant, "script.runner-1", "a@x.org", true},
			{"other", "script.runner-1", "a@x.org", false}, // an id is one in the installation
			{account.MainTenant, "林晓", "b@x.org", false},
			{account.MainTenant, "a b", "c@x.org", false},
			{account.MainTenant, ".hidden", "d@x.org", false},
			{account.MainTenant, "0123456789abcdef0123456789abcdef", "e@x.org", false}, // looks like an id that was given out
		} {
			a, err := add(c.tenant, c.username, c.email)
			if err != nil {
				t.Fatal(c.username, err)
			}
			if same := string(a.ID) == c.username; same != c.same || (!c.same && !id.Valid(string(a.ID))) {
				t.Errorf("%s of %s has the id %s", c.username, c.tenant, a.ID)
			}
			if kept, err := s.AgentByLogin(t.Context(), c.tenant, c.email); err != nil || kept.ID != a.ID {
				t.Error(kept.ID, a.ID, err)
			}
		}
		if _, err := add(account.MainTenant, "script.runner-1", "new@x.org"); errs.CodeOf(err) != errs.Conflict {
			t.Error("the same username twice:", err)
		}
		if _, err := add(account.MainTenant, "another", "A@X.org"); errs.CodeOf(err) != errs.Conflict {
			t.Error("the same address twice:", err)
		}
		if _, err := st.Agent(t.Context(), account.MainTenant, "another"); errs.CodeOf(err) != errs.NotFound {
			t.Error("what was refused is there:", err)
		}
	})
}
