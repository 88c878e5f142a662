package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parlor/internal/config"
)

func env(m map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

func TestDefaultsStartASingleNode(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Source{Env: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.Data != "./data" || c.Database != "" || c.AgentLostAfter != 30*time.Second || c.RateLimits != "on" {
		t.Fatalf("%+v", c)
	}
}

func TestFlagBeatsEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "parlor.conf")
	if err := os.WriteFile(file, []byte("# comment\nlisten = 127.0.0.1:1\ndata = \"from file\"\nlog-level=warn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Source{File: file, Env: env(map[string]string{"PARLOR_LISTEN": "127.0.0.1:2", "PARLOR_LOG_LEVEL": "error"}),
		Flags: map[string]string{"listen": "127.0.0.1:3"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.LogLevel != "error" || c.Data != "from file" {
		t.Fatalf("%+v", c)
	}
}

func TestAllFaultsAtOnceWithFieldValueAndAllowed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "parlor.conf")
	if err := os.WriteFile(file, []byte("colour = red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(config.Source{File: file, Env: env(map[string]string{"PARLOR_MAX_UPLOAD": "-1", "PARLOR_ADMIN_PASSWORD": "hunter22"}),
		Flags: map[string]string{"listen": "nowhere", "rate-limits": "maybe", "database": "mysql://x", "agent-lost-after": "2", "trusted-proxies": "x"}})
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) != 7 {
		t.Fatalf("got %d faults: %v", len(faults), err)
	}
	text := err.Error()
	for _, want := range []string{`listen = "nowhere" (from flag --listen): allowed is host:port`, `rate-limits = "maybe"`, "on or off",
		`max-upload = "-1" (from environment PARLOR_MAX_UPLOAD): allowed is a number from 1024`, `database = "mysql://x"`, `agent-lost-after = "2"`,
		`colour = "red"`, `trusted-proxies = "x"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "hunter22") {
		t.Error("a secret is shown")
	}
}

func TestSecretsAreHiddenWhenPrinted(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Source{Env: env(map[string]string{"PARLOR_METRICS_TOKEN": "s3cret", "PARLOR_DATABASE": "postgres://u:s3cret@db/parlor"})})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range config.Fields() {
		if strings.Contains(c.Value(f), "s3cret") {
			t.Errorf("%s shows the secret", f.Name)
		}
		if f.Doc == "" || f.Env == "" {
			t.Errorf("%s is not documented", f.Name)
		}
	}
}
