package visitor_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func setup(t *testing.T, s *store.Store) (*visitor.Service, *clock.Stub, *memory.Bus) {
	t.Helper()
	b, c := memory.New(), clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	if _, err := account.New(s, b, c).Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return visitor.New(s, b, c, []byte("key")), c, b
}

var here = visitor.Visitor{Tenant: "main", Inbox: "main"}

func TestTokenBringsBackTheSameVisitor(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, c, _ := setup(t, st)
		v, err := s.Arrive(t.Context(), "", here)
		if err != nil || v.Name == "" || v.Visits != 1 {
			t.Fatalf("%+v %v", v, err)
		}
		c.Advance(time.Hour)
		seen := here
		seen.Browser = "Chrome 156"
		again, err := s.Arrive(t.Context(), s.Token(v), seen)
		if err != nil || again.ID != v.ID || again.Visits != 2 || again.Browser != "Chrome 156" || again.Name != v.Name {
			t.Fatalf("%+v %v", again, err)
		}
		for name, token := range map[string]string{"changed": strings.Replace(s.Token(v), string(v.ID), strings.Repeat("0", 32), 1),
			"garbage": "x.y.z.w", "other key": visitor.New(st, memory.New(), c, []byte("other")).Token(v), "cut": s.Token(v)[:40]} {
			got, err := s.Arrive(t.Context(), token, here)
			if err != nil || got.ID == v.ID {
				t.Errorf("%s token: %+v %v", name, got, err)
			}
			if _, err := s.Authenticate(token); errs.CodeOf(err) != errs.Unauthenticated {
				t.Errorf("%s token counts: %v", name, err)
			}
		}
		who, err := s.Authenticate(s.Token(v))
		if err != nil || who.Visitor != v.ID || who.Tenant != "main" || who.Kind != actor.Visitor {
			t.Fatalf("%+v %v", who, err)
		}
	})
}

func TestNewcomersAreNamedInTheirLanguage(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t, storetest.SQLite(t))
	for locale, want := range map[string]string{"zh-CN": "访客 ", "pt-BR": "Visitante ", "en": "Guest ", "": "Guest "} {
		v, err := s.Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Locale: locale})
		if err != nil || !strings.HasPrefix(v.Name, want) {
			t.Errorf("%s: %q %v", locale, v.Name, err)
		}
	}
}

func TestLegacyIDIsBoundToItsSession(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, _, _ := setup(t, st)
		v, err := s.ArriveLegacy(t.Context(), "u1", "s1", here)
		if err != nil {
			t.Fatal(err)
		}
		same, err := s.ArriveLegacy(t.Context(), "u1", "s1", here)
		if err != nil || same.ID != v.ID || same.External != "u1" {
			t.Fatalf("%+v %v", same, err)
		}
		for _, other := range [][2]string{{"u1", "s2"}, {"u1", ""}, {"u2", "s1"}, {"u1s", "1"}} {
			got, err := s.ArriveLegacy(t.Context(), other[0], other[1], here)
			if err != nil || got.ID == v.ID {
				t.Errorf("%v is taken for the first one: %v", other, err)
			}
		}
		for _, bad := range []string{"", strings.Repeat("u", 129)} {
			if _, err := s.ArriveLegacy(t.Context(), bad, "s", here); errs.FieldOf(err) != "userid" {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func TestTrailKeepsPagesAndRefusesScripts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s, c, b := setup(t, st)
		v, err := s.Arrive(t.Context(), "", here)
		if err != nil {
			t.Fatal(err)
		}
		var pages []string
		b.Subscribe(func(e *event.Event) {
			if d, ok := e.Data.(*visitor.Changed); ok && d.Page != nil {
				pages = append(pages, d.Page.Title)
			}
		})
		for _, p := range [][2]string{{"https://shop.example/", "Home"}, {"https://shop.example/", "Home"}, {"javascript:alert(1)", "Evil"}, {"", "None"},
			{"https://user:secret@shop.example/cart", "Cart\n<script>"}} {
			c.Advance(time.Minute)
			if err := s.Look(t.Context(), v.Actor(), p[0], p[1]); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.Pages(t.Context(), "main", v.ID, 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		if list[0].URL != "https://shop.example/cart" || list[0].Title != "Cart <script>" || list[1].Until.Sub(list[1].At) != time.Minute {
			t.Fatalf("%+v", list)
		}
		if len(pages) != 2 {
			t.Fatalf("announced %v", pages)
		}
	})
}

func TestUpdateChecksAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	s, _, _ := setup(t, storetest.SQLite(t))
	v, err := s.Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: "Ann", Phone: "1"})
	if err != nil {
		t.Fatal(err)
	}
	email, long, empty := "ann@example.com", strings.Repeat("x", 200), " "
	got, err := s.Update(t.Context(), v.Actor(), v.ID, visitor.Details{Email: &email})
	if err != nil || got.Email != email || got.Name != "Ann" || got.Phone != "1" {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err := s.Update(t.Context(), v.Actor(), v.ID, visitor.Details{Name: &long}); errs.FieldOf(err) != "name" {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Update(t.Context(), v.Actor(), v.ID, visitor.Details{Name: &empty}); errs.FieldOf(err) != "name" {
		t.Fatalf("got %v", err)
	}
	other, err := s.Arrive(t.Context(), "", here)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), other.Actor(), v.ID, visitor.Details{Email: &email}); errs.CodeOf(err) != errs.Forbidden {
		t.Fatalf("somebody else changed Ann: %v", err)
	}
}
