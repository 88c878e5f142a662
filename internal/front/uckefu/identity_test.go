package uckefu_test

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/server/servertest"
)

// TestOldPagesAreToldToLogIn: pages that cannot say who their visitor is are not served
// where the website wants to know.
func TestOldPagesAreToldToLogIn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, nil)
	in, err := s.Accounts().Inbox(t.Context(), account.MainInbox)
	if err != nil {
		t.Fatal(err)
	}
	in.Settings.IdentityRequired = true
	if err := s.Accounts().SetInbox(t.Context(), actor.ForSystem(account.MainTenant), in); err != nil {
		t.Fatal(err)
	}
	k, refused := join(t, s, "/im/user", page("u1"))
	must(t, k, refused).until("status", "Please log in")
}
