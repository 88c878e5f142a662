package account_test

import (
	"sync"
	"testing"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestTheBotOfIntegrationsIsAddedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := s.EnsureBot(t.Context(), account.MainTenant, "rocket.cat", "Rocket.Cat"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		bot, err := s.AgentByLogin(t.Context(), account.MainTenant, "rocket.cat")
		if err != nil || bot.Role != account.Bot || bot.Cap != 0 {
			t.Fatal(bot, err)
		}
		list, err := st.Agents(t.Context(), account.MainTenant)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if roster, err := s.Roster(t.Context(), account.MainTenant); err != nil || len(roster) != 0 {
			t.Error("it is offered conversations", roster, err)
		}
		for _, password := range []string{"", "rocket.cat"} {
			if _, err := s.Login(t.Context(), account.MainTenant, "rocket.cat", password, "127.0.0.1", account.SessionCookie); errs.CodeOf(err) != errs.Unauthenticated {
				t.Errorf("%q logs it in: %v", password, err)
			}
		}
	})
}
