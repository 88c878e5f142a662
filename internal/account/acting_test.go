package account_test

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestAnAgentActsWithWhatItMayDoNow(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		s := account.New(st, memory.New(), clock.NewStub(storetest.T0))
		a, err := s.AddAgent(t.Context(), account.NewAgent{Tenant: w.Tenant, Email: "zoe@example.com", Name: "Zoe", Password: "correct horse", Role: account.Supervisor})
		if err != nil {
			t.Fatal(err)
		}
		who, err := s.ActorOf(t.Context(), w.Tenant, a.ID)
		if err != nil || who.Agent != a.ID || who.Kind != actor.Agent || !who.Can(actor.Export) || who.Can(actor.Audit) {
			t.Fatal(who, err)
		}
		a.Role = account.Member
		if err := st.UpdateAgent(t.Context(), a, audit.None); err != nil {
			t.Fatal(err)
		}
		if who, err = s.ActorOf(t.Context(), w.Tenant, a.ID); err != nil || who.Can(actor.Export) || !who.Can(actor.Reply) {
			t.Error(who, err)
		}
		a.Disabled = true
		if err := st.UpdateAgent(t.Context(), a, audit.None); err != nil {
			t.Fatal(err)
		}
		if _, err = s.ActorOf(t.Context(), w.Tenant, a.ID); errs.ReasonOf(err) != "agent_disabled" {
			t.Error(err)
		}
		if _, err = s.ActorOf(t.Context(), "other", a.ID); errs.ReasonOf(err) != "agent_not_found" {
			t.Error(err)
		}
	})
}
