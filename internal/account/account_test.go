package account_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type fixture struct {
	*account.Service
	clock  *clock.Stub
	events []event.Kind
}

func setup(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	b := memory.New()
	f := &fixture{clock: clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}
	b.Subscribe(func(e *event.Event) { f.events = append(f.events, e.Kind) })
	f.Service = account.New(s, b, f.clock)
	if needs, err := f.Setup(t.Context()); err != nil || !needs {
		t.Fatalf("needsAdmin %v, %v", needs, err)
	}
	return f
}

func (f *fixture) add(t *testing.T, in account.NewAgent) account.Agent {
	t.Helper()
	in.Tenant = account.MainTenant
	if in.Password == "" {
		in.Password = "correct horse"
	}
	a, err := f.AddAgent(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestLoginAndTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		f, ctx := setup(t, s), t.Context()
		a := f.add(t, account.NewAgent{Email: "Lin@Example.com", Name: "林晓"})
		if a.Username != "Lin" || a.Role != account.Member || a.Cap != account.DefaultCap {
			t.Fatalf("%+v", a)
		}
		for _, login := range []string{"lin@example.com", "LIN"} {
			l, err := f.Login(ctx, "main", login, "correct horse", "1.1.1.1", account.SessionCookie)
			if err != nil || l.Agent.ID != a.ID || len(l.Secret) < 40 {
				t.Fatalf("%s: %+v %v", login, l, err)
			}
			got, err := f.Authenticate(ctx, l.Secret)
			if err != nil || got.Actor().Agent != a.ID || got.Actor().Can(actor.Manage) {
				t.Fatalf("%+v %v", got, err)
			}
			f.clock.Advance(account.SessionLife)
			if _, err := f.Authenticate(ctx, l.Secret); errs.CodeOf(err) != errs.Unauthenticated {
				t.Fatalf("an expired session counts: %v", err)
			}
		}
		l, err := f.IssueToken(ctx, "main", "lin@example.com", "script")
		if err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(10 * 365 * 24 * time.Hour)
		if _, err := f.Authenticate(ctx, l.Secret); err != nil {
			t.Fatalf("a personal token does not expire: %v", err)
		}
		if err := f.Logout(ctx, l); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{l.Secret, "", "x", strings.Repeat("x", 300)} {
			if _, err := f.Authenticate(ctx, secret); errs.CodeOf(err) != errs.Unauthenticated {
				t.Fatalf("%q counts: %v", secret, err)
			}
		}
	})
}

func TestWrongNameAndWrongPasswordLookAlikeAndAreThrottled(t *testing.T) {
	t.Parallel()
	f, ctx := setup(t, storetest.SQLite(t)), t.Context()
	f.add(t, account.NewAgent{Email: "lin@example.com", Name: "Lin"})
	_, wrong := f.Login(ctx, "main", "lin", "wrong", "1.1.1.1", account.SessionCookie)
	_, nobody := f.Login(ctx, "main", "nobody", "wrong", "1.1.1.1", account.SessionCookie)
	_, foreign := f.Login(ctx, "other", "lin", "correct horse", "1.1.1.1", account.SessionCookie)
	for _, err := range []error{wrong, nobody, foreign} {
		if errs.ReasonOf(err) != "wrong_login" || errs.MessageOf(err) != errs.MessageOf(wrong) {
			t.Fatalf("got %v", err)
		}
	}
	for range 9 {
		_, _ = f.Login(ctx, "main", "lin", "wrong", "2.2.2.2", account.SessionCookie) // counted below
	}
	if _, err := f.Login(ctx, "main", "lin", "correct horse", "3.3.3.3", account.SessionCookie); errs.CodeOf(err) != errs.TooMany {
		t.Fatalf("the eleventh try for one name must be refused: %v", err)
	}
	f.clock.Advance(11 * time.Minute)
	if _, err := f.Login(ctx, "main", "lin", "correct horse", "3.3.3.3", account.SessionCookie); err != nil {
		t.Fatal(err)
	}
}

func TestAddAgentNamesTheFieldAtFault(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	f.add(t, account.NewAgent{Email: "lin@example.com", Name: "Lin"})
	good := account.NewAgent{Tenant: "main", Email: "bo@example.com", Name: "Bo", Password: "correct horse"}
	for _, c := range []struct {
		field, reason string
		change        func(*account.NewAgent)
	}{
		{"email", "bad_email", func(a *account.NewAgent) { a.Email = "Bo <bo@example.com>" }},
		{"email", "agent_exists", func(a *account.NewAgent) { a.Email, a.Username = "LIN@example.com", "other" }},
		{"username", "agent_exists", func(a *account.NewAgent) { a.Username = "LIN" }},
		{"name", "bad_name", func(a *account.NewAgent) { a.Name = " \n" }},
		{"role", "unknown_role", func(a *account.NewAgent) { a.Role = "king" }},
		{"cap", "bad_cap", func(a *account.NewAgent) { a.Cap = -1 }},
		{"team", "team_not_found", func(a *account.NewAgent) { a.Teams = []string{"none"} }},
		{"password", "password_length", func(a *account.NewAgent) { a.Password = "short" }},
	} {
		in := good
		c.change(&in)
		if _, err := f.AddAgent(t.Context(), in); errs.FieldOf(err) != c.field || errs.ReasonOf(err) != c.reason {
			t.Errorf("%s: got field %q reason %q (%v)", c.reason, errs.FieldOf(err), errs.ReasonOf(err), err)
		}
	}
	if _, err := f.AddAgent(t.Context(), good); err != nil {
		t.Fatal("nothing half-done must be left:", err)
	}
}

func TestStateWakesTheQueueOnlyWhenAvailable(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	who := account.Login{Agent: f.add(t, account.NewAgent{Email: "lin@example.com", Name: "Lin"})}.Actor()
	f.events = nil
	st, err := f.SetState(t.Context(), who, account.Ready, "  "+strings.Repeat("午", 80))
	if err != nil || st.State != account.Ready || len([]rune(st.Reason)) != 60 {
		t.Fatalf("%+v %v", st, err)
	}
	if len(f.events) != 1 || f.events[0] != event.AgentChanged {
		t.Fatalf("without a connection nobody is available: %v", f.events)
	}
	if _, err := f.SetState(t.Context(), who, "asleep", ""); errs.FieldOf(err) != "state" {
		t.Fatalf("got %v", err)
	}
	if _, err := f.SetState(t.Context(), actor.Actor{Kind: actor.Visitor, Tenant: "main"}, account.Ready, ""); errs.CodeOf(err) != errs.Forbidden {
		t.Fatalf("got %v", err)
	}
}

func TestFirstAdminIsCreatedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t, storetest.SQLite(t))
	a, err := f.FirstAdmin(t.Context(), "root@example.com", "", "correct horse")
	if err != nil || a.Role != account.Admin {
		t.Fatalf("%+v %v", a, err)
	}
	if _, err := f.FirstAdmin(t.Context(), "evil@example.com", "", "correct horse"); errs.ReasonOf(err) != "already_set_up" {
		t.Fatalf("a second administrator out of nowhere: %v", err)
	}
	if needs, err := f.Setup(t.Context()); needs || err != nil {
		t.Fatalf("%v %v", needs, err)
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	h, err := account.HashPassword("密码密码密码密码")
	if err != nil || !strings.HasPrefix(h, "$sha256$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q %v", h, err)
	}
	if other, _ := account.HashPassword("密码密码密码密码"); other == h {
		t.Fatal("two hashes share a salt")
	}
	if !account.CheckPassword(h, "密码密码密码密码") || account.CheckPassword(h, "密码密码密码密") {
		t.Fatal("the check is wrong")
	}
	if !account.CheckDigest(h, account.Digest("密码密码密码密码")) || account.CheckDigest(h, account.Digest("密码密码密码密")) || account.CheckDigest(h, "密码密码密码密码") ||
		account.CheckDigest(h[7:], account.Digest("密码密码密码密码")) {
		t.Fatal("the check of a digest is wrong")
	}
	for _, broken := range []string{"", "x", "$argon2id$v=19$m=19456,t=2,p=1$$", "$sha256$argon2id$v=18" + h[21:], h[7:], "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA", h[:len(h)-4]} {
		if account.CheckPassword(broken, "密码密码密码密码") {
			t.Errorf("%q matches", broken)
		}
	}
}

// TestOldHashesAreMadeAnewAtLogin: a hash from before digests were known is good
// for the password, and after it for the digest too.
func TestOldHashesAreMadeAnewAtLogin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		s := account.New(st, memory.New(), clock.NewStub(storetest.T0))
		old := account.Agent{ID: "lin", Tenant: w.Tenant, Name: "Lin", Email: "lin@example.com", Username: "lin", Role: account.Member, Cap: 1, CreatedAt: storetest.T0,
			PasswordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + oldKey("correct horse")}
		if err := st.CreateAgent(t.Context(), old, audit.None); err != nil {
			t.Fatal(err)
		}
		digest := account.Digest("correct horse")
		if _, err := s.LoginDigest(t.Context(), "main", "lin", digest, "", account.LegacyToken); errs.ReasonOf(err) != "wrong_login" {
			t.Fatalf("a digest fits an old hash: %v", err)
		}
		if _, err := s.Login(t.Context(), "main", "lin", "correct horse", "", account.LegacyToken); err != nil {
			t.Fatal(err)
		}
		l, err := s.LoginDigest(t.Context(), "main", "lin", digest, "", account.LegacyToken)
		if err != nil || l.Agent.ID != "lin" {
			t.Fatalf("%v %v", l.Agent.ID, err)
		}
		if _, err := s.LoginDigest(t.Context(), "main", "lin", account.Digest("wrong"), "", account.LegacyToken); errs.ReasonOf(err) != "wrong_login" {
			t.Fatal(err)
		}
	})
}

// oldKey is the key of a password as it was derived without a digest.
func oldKey(password string) string {
	return base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), []byte("saltsaltsaltsalt"), 2, 19*1024, 1, 32))
}
