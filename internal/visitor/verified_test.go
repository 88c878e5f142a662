package visitor_test

import (
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestTokensOfVerifiedVisitorsEnd(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t, storetest.SQLite(t))
	k, err := s.Verify(t.Context(), visitor.Claim{Subject: "u.1:x", Name: "Ann", Until: c.Now().Add(time.Hour), Seen: here})
	if err != nil || !k.Visitor.Verified || k.Visitor.Name != "Ann" {
		t.Fatalf("%+v %v", k, err)
	}
	token := s.Token(k.Visitor)
	who, err := s.Authenticate(token)
	if err != nil || who.Visitor != k.Visitor.ID || !who.Verified || who.Inbox != "main" || strings.Count(token, ".") != 3 {
		t.Fatalf("%+v %v %s", who, err, token)
	}
	// Alone it makes nobody that person again.
	if v, err := s.Arrive(t.Context(), token, here); err != nil || v.ID == k.Visitor.ID || v.Verified {
		t.Fatalf("%+v %v", v, err)
	}
	read, err := s.Visitor(t.Context(), "main", k.Visitor.ID)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"without an end": s.Token(read), "cut": token[:len(token)-1], "as any other": strings.Replace(token, ":", ".", 1)} {
		if _, err := s.Authenticate(bad); errs.CodeOf(err) != errs.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Advance(time.Hour)
	if _, err := s.Authenticate(token); errs.CodeOf(err) != errs.Unauthenticated {
		t.Error("the token did not end:", err)
	}
}

func TestVerifiedVisitorsSayOnlyWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, c, _ := setup(t, st)
		claim := visitor.Claim{Subject: "u1", Email: "Ann@X.example", Until: c.Now().Add(time.Hour), Seen: here}
		k, err := s.Verify(t.Context(), claim)
		if err != nil || !k.Visitor.Unnamed() || k.Visitor.Email != "ann@x.example" {
			t.Fatalf("%+v %v", k, err)
		}
		name, mail, phone := "Boss", "boss@x.example", "+1"
		said := visitor.Details{Name: &name, Email: &mail, Phone: &phone}
		got, err := s.Update(t.Context(), k.Visitor.Actor(), k.Visitor.ID, said)
		if err != nil || got.Name != "Boss" || got.Email != "ann@x.example" || got.Phone != "+1" {
			t.Fatalf("%+v %v", got, err)
		}
		claim.Name, claim.Email = "Ann", "no address"
		if k, err = s.Verify(t.Context(), claim); err != nil || k.Visitor.Name != "Ann" || k.Visitor.Email != "ann@x.example" {
			t.Fatalf("%+v %v", k, err)
		}
		if got, err = s.Update(t.Context(), k.Visitor.Actor(), k.Visitor.ID, said); err != nil || got.Name != "Ann" {
			t.Fatalf("%+v %v", got, err)
		}
		// An agent may correct all of it, and that stays.
		agent := actor.Actor{Kind: actor.Agent, Tenant: "main", Permissions: actor.Permissions()}
		if _, err = s.Update(t.Context(), agent, k.Visitor.ID, said); err != nil {
			t.Fatal(err)
		}
		if k, err = s.Verify(t.Context(), claim); err != nil || k.Visitor.Name != "Boss" || k.Visitor.Email != "boss@x.example" {
			t.Fatalf("%+v %v", k, err)
		}
		for _, bad := range []string{"", strings.Repeat("u", 129), "a\nb", "\xff"} {
			claim.Subject = bad
			if _, err := s.Verify(t.Context(), claim); errs.FieldOf(err) != "sub" {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}
