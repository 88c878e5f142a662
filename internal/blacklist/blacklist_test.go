package blacklist_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/blacklist"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type fixture struct {
	*blacklist.Service
	t *testing.T
	// other is the service of another node.
	other *blacklist.Service
	clock *clock.Stub
	boss  actor.Actor
	ann   id.Visitor
}

func setup(t *testing.T, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}
	b := memory.New()
	if _, err := account.New(st, b, f.clock).Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := visitor.New(st, b, f.clock, []byte("key")).Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	f.ann = v.ID
	f.boss = actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "boss", Name: "Boss", Permissions: []actor.Permission{actor.Block}}
	f.Service, f.other = blacklist.New(st, b, f.clock), blacklist.New(st, b, f.clock)
	b.Subscribe(func(e *event.Event) { f.Heed(e); f.other.Heed(e) })
	return f
}

// refuses checks both nodes.
func (f *fixture) refuses(want bool, who blacklist.Subject) {
	f.t.Helper()
	if who.Tenant == "" {
		who.Tenant = "main"
	}
	for name, s := range map[string]*blacklist.Service{"here": f.Service, "there": f.other} {
		if err := s.Refuse(f.t.Context(), who); (errs.ReasonOf(err) == "blacklisted") != want || (err != nil) != want {
			f.t.Fatalf("%s %+v: %v", name, who, err)
		}
	}
}

func (f *fixture) add(in blacklist.Input) blacklist.Block {
	f.t.Helper()
	b, err := f.Add(f.t.Context(), f.boss, in)
	if err != nil {
		f.t.Fatal(err)
	}
	return b
}

// Row 80: blacklist with a duration, by any of the keys of an entry.
func TestRow80WhoIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		ann := blacklist.Subject{Visitor: f.ann, Address: "10.0.0.1", Fingerprint: "fp"}
		f.refuses(false, ann)
		b := f.add(blacklist.Input{Visitor: f.ann, Address: "2001:DB8::1", Reason: "spam", Hours: 2})
		f.refuses(true, ann)
		f.refuses(true, blacklist.Subject{Address: "2001:db8:0::1"})
		f.refuses(false, blacklist.Subject{Address: "2001:db8::2", Fingerprint: "fp"})
		f.refuses(false, blacklist.Subject{Tenant: "other", Visitor: f.ann})
		f.clock.Advance(2*time.Hour - time.Millisecond)
		f.refuses(true, ann)
		f.clock.Advance(time.Millisecond)
		f.refuses(false, ann)
		n, err := f.Expire(t.Context())
		if err != nil || n != 1 {
			t.Fatalf("%d gone, %v", n, err)
		}
		b = f.add(blacklist.Input{Fingerprint: "fp"})
		f.add(blacklist.Input{Fingerprint: "fp", Hours: 1})
		f.clock.Advance(blacklist.MaxHours * time.Hour)
		f.refuses(true, ann)
		if err := f.Remove(t.Context(), f.boss, b.ID); err != nil {
			t.Fatal(err)
		}
		f.refuses(false, ann)
		f.add(blacklist.Input{Address: "::ffff:10.0.0.1"})
		f.refuses(true, ann)
	})
}

func TestRow80ListAndRights(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		for i := range 5 {
			f.add(blacklist.Input{Address: fmt.Sprint("10.0.0.", i), Reason: fmt.Sprint(i)})
		}
		got, after := "", ""
		for {
			page, next, err := f.List(t.Context(), f.boss, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page {
				got += b.Reason
			}
			if after = next; next == "" {
				break
			}
		}
		if got != "43210" {
			t.Fatal(got)
		}
		mute, foreign := f.boss, f.boss
		mute.Permissions = nil
		foreign.Tenant = "other"
		page, _, err := f.List(t.Context(), foreign, "", 9)
		if err != nil || len(page) != 0 {
			t.Fatalf("another company sees %d, %v", len(page), err)
		}
		_, listed := f.Add(t.Context(), mute, blacklist.Input{Address: "10.0.0.9"})
		_, _, seen := f.List(t.Context(), mute, "", 9)
		_, strange := f.Add(t.Context(), f.boss, blacklist.Input{Visitor: "nobody"})
		for want, err := range map[string]error{"not_allowed": listed, "visitor_not_found": strange, "block_not_found": f.Remove(t.Context(), f.boss, "x")} {
			if errs.ReasonOf(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		if errs.CodeOf(seen) != errs.Forbidden || errs.CodeOf(f.Remove(t.Context(), mute, "x")) != errs.Forbidden {
			t.Error("who may not refuse sees or changes the list")
		}
		for field, in := range map[string]blacklist.Input{"visitor": {Reason: "x"}, "address": {Address: "10.0.0"}, "hours": {Address: "10.0.0.1", Hours: -1}} {
			if _, err := f.Add(t.Context(), f.boss, in); errs.FieldOf(err) != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	st := storetest.SQLite(b)
	bus, c := memory.New(), clock.System()
	if _, err := account.New(st, bus, c).Setup(b.Context()); err != nil {
		b.Fatal(err)
	}
	s := blacklist.New(st, bus, c)
	who := blacklist.Subject{Tenant: "main", Visitor: "v", Address: "10.0.0.1", Fingerprint: "fp"}
	for b.Loop() {
		if err := s.Refuse(b.Context(), who); err != nil {
			b.Fatal(err)
		}
	}
}
