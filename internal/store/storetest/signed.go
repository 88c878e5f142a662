package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// claim is what a company has signed of a person.
func (w *World) claim(subject, name, email string) visitor.Claim {
	v := visitor.Visitor{ID: id.Visitor(id.New()), Tenant: w.Tenant, Inbox: w.Inbox, Name: name, Email: email, External: subject, BrowserKey: "sub " + subject,
		Verified: true, Visits: 1, FirstSeen: w.Now, LastSeen: w.Now, OS: "Linux"}
	return visitor.Claim{Subject: subject, Name: name, Email: email, Until: w.Now.Add(time.Hour), Seen: v}
}

func (w *World) verify(c visitor.Claim) visitor.Known {
	w.T.Helper()
	k, err := w.S.Verify(w.T.Context(), c)
	w.ok(err)
	return k
}

// testVerified makes one visitor of one person in an inbox, and nobody else finds it.
func testVerified(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	a := w.verify(w.claim("u1", "Ann", "ann@x.example"))
	equal(t, "new", spaced(a.Visitor.Verified, a.Visitor.Name, a.Visitor.External, a.Identity.Username, a.Identity.Token == "", a.Visitor.Visits), "true Ann u1 u1 true 1")
	w.Now = w.Now.Add(time.Hour)
	b := w.verify(w.claim("u1", "Ann B", ""))
	equal(t, "again", spaced(b.Visitor.ID == a.Visitor.ID, b.Visitor.Name, b.Visitor.Email, b.Visitor.Visits), "true Ann B ann@x.example 2")
	equal(t, "another person", w.verify(w.claim("U1", "Bo", "")).Visitor.ID == a.Visitor.ID, false)
	equal(t, "another company", o.verify(o.claim("u1", "Cy", "")).Visitor.ID == a.Visitor.ID, false)
	got, err := s.Visitor(ctx, w.Tenant, a.Visitor.ID)
	must(t, err)
	equal(t, "kept", spaced(got.Verified, got.OS), "true Linux")

	// What an agent has entered stays, what the visitor said goes.
	name, mail, phone := "Frau Ann", "own@x.example", "+49 1"
	_, err = s.UpdateVisitor(ctx, w.Tenant, a.Visitor.ID, visitor.Details{Name: &name, Sure: true})
	must(t, err)
	_, err = s.UpdateVisitor(ctx, w.Tenant, a.Visitor.ID, visitor.Details{Email: &mail, Phone: &phone})
	must(t, err)
	c := w.claim("u1", "Ann C", "new@x.example")
	b = w.verify(c)
	equal(t, "whose word counts", spaced(b.Visitor.Name, b.Visitor.Email, b.Visitor.Phone), "Frau Ann new@x.example +49 1")

	// Who only knows the address does not become the person.
	k, created, err := s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: w.Inbox, Token: "guess", Email: "new@x.example", Phone: "+49 1", ByEmail: true, ByPhone: true, At: w.Now,
		Seen: visitor.Visitor{FirstSeen: w.Now, LastSeen: w.Now}})
	must(t, err)
	equal(t, "guess", spaced(created, k.Visitor.ID == a.Visitor.ID, k.Visitor.Verified), "true false false")
	_, err = s.Verify(ctx, visitor.Claim{Subject: "x", Seen: visitor.Visitor{Tenant: w.Tenant, Inbox: o.Inbox, BrowserKey: "sub x"}})
	wantReason(t, err, errs.NotFound, "inbox_not_found")

	var wg sync.WaitGroup
	ids := make([]id.Visitor, 8)
	for i := range ids {
		wg.Go(func() {
			k, err := s.Verify(ctx, w.claim("race", "R", ""))
			if err != nil {
				t.Error(err)
			}
			ids[i] = k.Visitor.ID
		})
	}
	wg.Wait()
	for _, v := range ids {
		equal(t, "one visitor", v, ids[0])
	}
}

// testVerifiedContact lets the contact of a person learn from claims, but not what
// somebody has confirmed.
func testVerifiedContact(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	v := w.verify(w.claim("u1", "Ann", "ann@x.example")).Visitor.ID
	c, err := s.ReachVisitor(t.Context(), w.Tenant, v, "web", w.Now)
	must(t, err)
	equal(t, "unknown", spaced(c.Name, c.Unknown, c.Emails), "Ann true [ann@x.example]")
	w.verify(w.claim("u1", "Ann B", "b@x.example"))
	c, err = s.ReachVisitor(t.Context(), w.Tenant, v, "web", w.Now)
	must(t, err)
	equal(t, "learnt", spaced(c.Name, c.Emails), "Ann B [ann@x.example b@x.example]")
	confirmed := contact.Facts{Name: "Frau Ann", Sure: true}
	equal(t, "sure", c.Learn(confirmed) && c.Name == "Frau Ann", true)
}

// testPasses lets tokens of programs lead to a person for a time.
func testPasses(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	anonymous, _, err := s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: w.Inbox, Token: "t-a", Seen: visitor.Visitor{FirstSeen: T0, LastSeen: T0}, At: T0})
	must(t, err)
	pass := func(token, subject string) visitor.Known {
		c := w.claim(subject, subject, "")
		c.Pass, c.PassHash = token, visitor.PassHash(token)
		return w.verify(c)
	}
	who := func(token string, at time.Time) string {
		t.Helper()
		k, err := s.ByToken(ctx, w.Tenant, token, at)
		if errs.CodeOf(err) == errs.NotFound {
			return "nobody"
		}
		must(t, err)
		equal(t, "its own token", k.Identity.Token, token)
		return spaced(k.Visitor.ID == anonymous.Visitor.ID, k.Visitor.External)
	}
	pass("t-a", "u1")
	pass("t-b", "u1")
	equal(t, "signed in", spaced(who("t-a", T0), who("t-b", T0)), "false u1 false u1")
	equal(t, "over", spaced(who("t-a", T0.Add(time.Hour)), who("t-b", T0.Add(time.Hour))), "true guest-1 nobody")
	pass("t-a", "u2")
	equal(t, "another person", who("t-a", T0), "false u2")
	_, err = s.ByToken(ctx, o.Tenant, "t-b", T0)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	k, created, err := s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: w.Inbox, Token: "t-a", At: T0})
	must(t, err)
	equal(t, "signed out", spaced(created, k.Visitor.ID == anonymous.Visitor.ID, who("t-a", T0)), "false true true guest-1")
	for i := range visitor.MaxPasses {
		w.Now = T0.Add(time.Duration(i+1) * time.Second)
		pass(fmt.Sprint("many-", i), "u1")
	}
	equal(t, "the oldest went", spaced(who("t-b", T0), who("many-0", T0)), "nobody false u1")
	must(t, s.RemoveVisitor(ctx, w.Tenant, pass("t-z", "u3").Visitor.ID))
	equal(t, "removed", who("t-z", T0), "nobody")
}

// testIdentityKeys keeps two keys of an inbox and tells of each change.
func testIdentityKeys(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	by := audit.By{Kind: actor.Agent, ID: "root", Name: "Root", At: T0}
	key := func(name string) identity.Key {
		return identity.Key{ID: name, Tenant: w.Tenant, Inbox: w.Inbox, By: "Root", CreatedAt: T0, Hint: "abcd"}
	}
	must(t, s.AddIdentityKey(ctx, key("k1"), by))
	must(t, s.AddIdentityKey(ctx, key("k2"), by))
	wantReason(t, s.AddIdentityKey(ctx, key("k3"), by), errs.Conflict, "too_many_keys")
	foreign := key("k4")
	foreign.Inbox = o.Inbox
	wantReason(t, s.AddIdentityKey(ctx, foreign, by), errs.NotFound, "inbox_not_found")
	list, err := s.IdentityKeys(ctx, w.Tenant, w.Inbox)
	must(t, err)
	equal(t, "keys", spaced(len(list), list[0].ID, list[1].ID, list[0].By, list[0].CreatedAt.Equal(T0), list[0].Hint == ""), "2 k1 k2 Root true true")
	none, err := s.IdentityKeys(ctx, o.Tenant, w.Inbox)
	must(t, err)
	equal(t, "of another company", len(none), 0)
	wantReason(t, s.DeleteIdentityKey(ctx, o.Tenant, w.Inbox, "k1", by), errs.NotFound, "identity_key_not_found")
	wantReason(t, s.DeleteIdentityKey(ctx, w.Tenant, o.Inbox, "k1", by), errs.NotFound, "identity_key_not_found")
	must(t, s.DeleteIdentityKey(ctx, w.Tenant, w.Inbox, "k1", by))
	must(t, s.AddIdentityKey(ctx, key("k3"), by))
	entries, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "identity_key", Limit: 10})
	must(t, err)
	var told []string
	for _, e := range entries {
		told = append(told, e.Action+" "+e.ThingID)
	}
	equal(t, "audit", strings.Join(told, ", "), "create k3, delete k1, create k2, create k1")
}
