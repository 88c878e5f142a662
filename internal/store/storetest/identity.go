package storetest

import (
	"sync"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/visitor"
)

// testRegistered recognises visitors by token, and by phone or e-mail if asked to.
func testRegistered(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	sales := w.Team("sales")
	reg := func(r visitor.Registration) (visitor.Known, bool) {
		t.Helper()
		if r.Tenant == "" {
			r.Tenant, r.Inbox = w.Tenant, w.Inbox
		}
		r.At = T0.Add(time.Hour)
		r.Seen = visitor.Visitor{FirstSeen: T0, LastSeen: T0, OS: "Linux"}
		k, created, err := s.Register(ctx, r)
		must(t, err)
		return k, created
	}
	a, created := reg(visitor.Registration{Token: "t-a", Phone: "+55 1", Email: "a@x.example"})
	equal(t, "new", spaced(created, a.Visitor.Name, a.Identity.Username, a.Identity.Status, a.Visitor.OS, a.Identity.Token), "true guest-1 guest-1 online Linux t-a")
	again, created := reg(visitor.Registration{Token: "t-a", Username: "ignored", Name: "Ann", Team: sales})
	equal(t, "known", spaced(created, again.Visitor.ID == a.Visitor.ID, again.Visitor.Name, again.Visitor.Phone, again.Identity.Username, again.Identity.Team == sales),
		"false true Ann +55 1 guest-1 true")
	b, created := reg(visitor.Registration{Token: "t-b", Phone: "+55 1", Email: "a@x.example", ID: "chosen", Username: "bob"})
	equal(t, "not matched", spaced(created, b.Visitor.ID, b.Identity.Username), "true chosen bob")
	c, created := reg(visitor.Registration{Token: "t-c", Phone: "+55 1", ByPhone: true})
	equal(t, "by phone", spaced(created, c.Identity.Token == "t-a" || c.Identity.Token == "t-b"), "false true")
	e, created := reg(visitor.Registration{Token: "t-e", Email: "a@x.example", ByEmail: true})
	equal(t, "by e-mail", spaced(created, e.Identity.Token), "false t-e")
	d, _ := reg(visitor.Registration{Token: "t-d"})
	equal(t, "counted", d.Identity.Username, "guest-2")
	foreign, created := reg(visitor.Registration{Tenant: o.Tenant, Inbox: o.Inbox, Token: "t-a", ByPhone: true, Phone: "+55 1"})
	equal(t, "tenants", spaced(created, foreign.Identity.Username), "true guest-1")

	k, err := s.ByToken(ctx, w.Tenant, "t-d", T0)
	must(t, err)
	equal(t, "by token", k.Visitor.ID, d.Visitor.ID)
	_, err = s.ByToken(ctx, o.Tenant, "t-d", T0)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	must(t, s.SetStatus(ctx, w.Tenant, d.Visitor.ID, "away", T0))
	wantReason(t, s.SetStatus(ctx, o.Tenant, d.Visitor.ID, "busy", T0), errs.NotFound, "visitor_not_found")
	one, err := s.Identity(ctx, w.Tenant, d.Visitor.ID)
	must(t, err)
	plain, err := s.Identity(ctx, w.Tenant, w.Visitor("widget"))
	must(t, err)
	list, err := s.Identities(ctx, w.Tenant, []id.Visitor{d.Visitor.ID, "chosen", "none"})
	must(t, err)
	equal(t, "identities", spaced(one.Status, plain.Token == "", len(list)), "away true 2")
	_, _, err = s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: o.Inbox, Token: "x"})
	wantReason(t, err, errs.NotFound, "inbox_not_found")

	// Ten at once with one token make one visitor.
	var wg sync.WaitGroup
	ids := make([]id.Visitor, 10)
	for i := range ids {
		wg.Go(func() {
			k, _, err := s.Register(ctx, visitor.Registration{Tenant: w.Tenant, Inbox: w.Inbox, Token: "race", Seen: visitor.Visitor{FirstSeen: T0, LastSeen: T0}, At: T0})
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
