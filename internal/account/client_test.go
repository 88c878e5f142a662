package account_test

import (
	"testing"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestProgramsEnterWithTheirSecret: a token lasts two hours, several are valid at
// once, and a new secret or the end of the program ends all.
func TestProgramsEnterWithTheirSecret(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		f, ctx := setup(t, s), t.Context()
		boss := actor.ForSystem(account.MainTenant)
		c, secret, err := f.CreateAPIClient(ctx, boss, "CRM")
		if err != nil {
			t.Fatal(err)
		}
		enter := func(secret string) account.ClientToken {
			t.Helper()
			got, tok, err := f.Enter(ctx, c.ID, secret)
			if err != nil || got.ID != c.ID || len(tok.Secret) != 32 || tok.ExpiresAt.Sub(f.clock.Now()).Seconds() != 7200 {
				t.Fatalf("%+v %+v %v", got, tok, err)
			}
			return tok
		}
		valid := func(tok account.ClientToken, want bool) {
			t.Helper()
			got, err := f.ByClientToken(ctx, tok.Secret)
			if want && (err != nil || got.Actor().Tenant != account.MainTenant || got.Actor().Name != "CRM") || !want && errs.ReasonOf(err) != "bad_token" {
				t.Fatalf("%+v %v, want valid %v", got, err, want)
			}
		}
		for _, wrong := range [][2]string{{c.ID, "x"}, {"nobody", secret}, {"", ""}, {c.ID, ""}} {
			if _, _, err := f.Enter(ctx, wrong[0], wrong[1]); errs.ReasonOf(err) != "bad_client" {
				t.Errorf("%v: %v", wrong, err)
			}
		}
		one := enter(secret)
		f.clock.Advance(account.ClientTokenLife / 2)
		two := enter(secret)
		valid(one, true)
		valid(two, true)
		valid(account.ClientToken{Secret: one.Hash}, false)
		f.clock.Advance(account.ClientTokenLife / 2)
		valid(one, false)
		valid(two, true)
		_, fresh, err := f.RotateAPIClient(ctx, boss, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		valid(two, false)
		if _, _, err := f.Enter(ctx, c.ID, secret); errs.ReasonOf(err) != "bad_client" {
			t.Fatal(err)
		}
		three := enter(fresh)
		if _, _, err := f.RotateAPIClient(ctx, actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant}, c.ID); errs.CodeOf(err) != errs.Forbidden {
			t.Fatal(err)
		}
		if err := f.RemoveAPIClient(ctx, boss, c.ID); err != nil {
			t.Fatal(err)
		}
		valid(three, false)
	})
}
