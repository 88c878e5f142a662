package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parlor/internal/config"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// faulty loads flags that must be wrong in n ways.
func faulty(t *testing.T, n int, flags map[string]string) string {
	t.Helper()
	_, err := config.Load(config.Source{Env: env(nil), Flags: flags})
	var faults config.Faults
	if !errors.As(err, &faults) || len(faults) != n {
		t.Fatalf("%v: got %d faults, want %d: %v", flags, len(faults), n, err)
	}
	return err.Error()
}

func TestSettingsThatDoNotGoTogether(t *testing.T) {
	t.Parallel()
	pem := write(t, "x.pem", "x")
	for _, c := range []struct {
		want  string
		flags map[string]string
	}{
		{`tls-key = "" (from default): allowed is the file with the key`, map[string]string{"tls-cert": pem}},
		{`tls-cert = "" (from default)`, map[string]string{"tls-key": pem}},
		{`tls-keystore = "` + pem + `" (from flag --tls-keystore): allowed is nothing beside tls-cert`, map[string]string{"tls-cert": pem, "tls-key": pem, "tls-keystore": pem}},
		{`tls-keystore-password = "(hidden)"`, map[string]string{"tls-keystore-password": "hunter22"}},
		{`acme-domains = "chat.example.com"`, map[string]string{"tls-keystore": pem, "acme-domains": "chat.example.com"}},
		{`acme-email = "a@example.com"`, map[string]string{"acme-email": "a@example.com"}},
		{`tls-listen = "127.0.0.1:8443"`, map[string]string{"listen": "127.0.0.1:8443", "tls-listen": "127.0.0.1:8443"}},
		{`cluster = "true" (from flag --cluster): allowed is true only with a PostgreSQL database`, map[string]string{"cluster": "true", "cluster-secret": "0123456789abcdef"}},
		{`cluster = "true"`, map[string]string{"cluster": "on", "cluster-secret": "0123456789abcdef", "database": "postgres://h/d", "nats": "nats://h:4222"}},
		{`cluster-secret = ""`, map[string]string{"cluster": "yes", "database": "postgres://h/d"}},
		{`turn-public-ip = "" (from default)`, map[string]string{"turn-listen": "0.0.0.0:3478"}},
		{`ice-password = ""`, map[string]string{"ice-user": "u"}},
		{`turn-ports = "9-8"`, map[string]string{"turn-ports": "9-8"}},
		{`turn-realm = "a b"`, map[string]string{"turn-realm": "a b"}},
		{`turn-public-ip = "0.0.0.0"`, map[string]string{"turn-public-ip": "0.0.0.0"}},
		{`ice-servers = "http://x"`, map[string]string{"ice-servers": "http://x"}},
		{`ice-servers = "stun:h:3478,turn:h:0"`, map[string]string{"ice-servers": "stun:h:3478,turn:h:0"}},
		{`cluster-peers = "h:6222"`, map[string]string{"cluster-peers": "h:6222"}},
	} {
		if text := faulty(t, 1, c.flags); !strings.Contains(text, c.want) || strings.Contains(text, "hunter22") {
			t.Errorf("%v: %q lacks %q", c.flags, text, c.want)
		}
	}
}

func TestWrongValuesOfNetworkSettings(t *testing.T) {
	t.Parallel()
	text := faulty(t, 16, map[string]string{"tls-listen": "x", "tls-redirect": "maybe", "tls-cert": "/nowhere.pem", "tls-hsts": "-1s", "acme-domains": "*.example.com",
		"acme-directory": "ftp://x", "allowed-origins": "https://shop.example.com/path", "cluster": "perhaps", "cluster-listen": "6222", "cluster-peers": "node2",
		"cluster-secret": "short-secret", "workers": "-1", "job-workers": "33"})
	for _, want := range []string{"a file that can be read", "origins like", "without port or wildcard", `cluster = "perhaps"`, "true or false", "separated by commas", "16 characters", "from 0 to 1024", "from 1 to 32"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "short-secret") {
		t.Error("a secret is shown")
	}
}

func TestOldNamesAreUnderstood(t *testing.T) {
	t.Parallel()
	file := write(t, "application.properties", "uk.im.server.host = 127.0.0.1\nuk.im.server.port=9081\nuk.im.server.threads=100\nweb.upload-path=/srv/uploads\n")
	c, err := config.Load(config.Source{File: file, Env: env(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:9081" || c.Workers != 100 || c.Uploads != "/srv/uploads" {
		t.Fatalf("%+v", c)
	}
	both := write(t, "parlor.conf", "uk.im.server.port = 9081\nlisten = 127.0.0.1:7000\nweb.upload-path = old\n")
	c, err = config.Load(config.Source{File: both, Env: env(map[string]string{"WEB_UPLOAD_PATH": "newer"})})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:7000" || c.Uploads != "newer" {
		t.Fatalf("a name of ours does not win, or the environment does not: %+v", c)
	}
	_, err = config.Load(config.Source{File: write(t, "bad.conf", "uk.im.server.port = many\nuk.im.server.threads = 9999\nuk.im.server.colour = red\n"), Env: env(nil)})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), `listen = "127.0.0.1:many" (from file `) || !strings.Contains(err.Error(), "uk.im.server.threads)") {
		t.Fatalf("%v", err)
	}
}

func TestSwitchNeedsNoValue(t *testing.T) {
	t.Parallel()
	for _, f := range config.Fields() {
		if f.Switch != (f.Name == "cluster") {
			t.Errorf("%s: switch is %v", f.Name, f.Switch)
		}
	}
	for text, want := range map[string]bool{"true": true, "ON": true, "1": true, "yes": true, "false": false, "off": false} {
		c, err := config.Load(config.Source{Env: env(map[string]string{"PARLOR_CLUSTER": text}),
			Flags: map[string]string{"database": "postgres://h/d", "cluster-secret": "0123456789abcdef"}})
		if err != nil || c.Cluster != want {
			t.Errorf("%s: %v %v", text, c.Cluster, err)
		}
	}
}

func TestListIsSplitAtCommas(t *testing.T) {
	t.Parallel()
	if got := strings.Join(config.List(" a, ,b,"), "|"); got != "a|b" {
		t.Fatal(got)
	}
}
