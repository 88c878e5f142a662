// Package servertest starts a whole Parlor on a free port for tests of fronts.
package servertest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"parlor/internal/account"
	"parlor/internal/config"
	"parlor/internal/id"
	"parlor/internal/server"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// Password is that of every agent that Agent adds.
const Password = "correct horse"

// Instance is a running server.
type Instance struct {
	// URL is http://host:port.
	URL string
	*server.Server
	t    testing.TB
	stop func()
}

// Start runs a server in t.TempDir with the given settings (by name) over the
// defaults of tests, and stops it at the end of the test.
func Start(t testing.TB, settings map[string]string) *Instance {
	t.Helper()
	all := map[string]string{"listen": "127.0.0.1:0", "data": t.TempDir(), "rate-limits": "off", "shutdown-timeout": "10s"}
	for k, v := range settings {
		all[k] = v
	}
	if settings["data"] == "" && settings["database"] == "" {
		storetest.Migrated(t, all["data"])
	}
	c, err := config.Load(config.Source{Flags: all, Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	out := io.Discard
	if testing.Verbose() {
		out = t.Output()
	}
	s, err := server.Open(t.Context(), server.Options{Config: c, Log: slog.New(slog.NewTextHandler(out, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	i := &Instance{URL: "http://" + s.Addr(), Server: s, t: t}
	stopped := false
	i.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error("the server did not stop well:", err)
		}
	}
	t.Cleanup(i.stop)
	return i
}

// Each runs f as a subtest with a server on each engine. The package ends its
// PostgreSQL cluster in TestMain: os.Exit(storetest.Main(m)).
func Each(t *testing.T, settings map[string]string, f func(t *testing.T, s *Instance)) {
	t.Helper()
	t.Run(store.SQLite, func(t *testing.T) {
		t.Parallel()
		f(t, Start(t, settings))
	})
	t.Run(store.Postgres, func(t *testing.T) {
		t.Parallel()
		all := map[string]string{"database": storetest.PostgresDSN(t)}
		for k, v := range settings {
			all[k] = v
		}
		f(t, Start(t, all))
	})
}

// Stop ends the server before the end of the test.
func (i *Instance) Stop() { i.stop() }

// Agent adds an agent with Password to tenant main.
func (i *Instance) Agent(email string, role account.Role, teams ...string) account.Agent {
	i.t.Helper()
	a, err := i.Accounts().AddAgent(context.Background(), account.NewAgent{Tenant: account.MainTenant, Email: email,
		Name: strings.ToUpper(email[:1]) + strings.Split(email, "@")[0][1:], Password: Password, Role: role, Teams: teams})
	if err != nil {
		i.t.Fatal(err)
	}
	return a
}

// Team adds a team to tenant main.
func (i *Instance) Team(name string) id.Team {
	i.t.Helper()
	team, err := i.Accounts().AddTeam(context.Background(), account.MainTenant, name)
	if err != nil {
		i.t.Fatal(err)
	}
	return team.ID
}

// Token returns a personal access token of an agent.
func (i *Instance) Token(email string) string {
	i.t.Helper()
	l, err := i.Accounts().IssueToken(context.Background(), account.MainTenant, email, "test")
	if err != nil {
		i.t.Fatal(err)
	}
	return l.Secret
}

// Call makes a request and returns status and body.
func (i *Instance) Call(method, path, body string, header ...string) (int, string, http.Header) {
	i.t.Helper()
	req, err := http.NewRequestWithContext(i.t.Context(), method, i.URL+path, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	for k := 0; k+1 < len(header); k += 2 {
		req.Header.Set(header[k], header[k+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		i.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		i.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}
