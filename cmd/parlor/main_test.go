package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// box is one installation: a data folder and how commands are run on it.
type box struct {
	t    *testing.T
	data string
	env  map[string]string
}

func newBox(t *testing.T) *box {
	return &box{t: t, data: filepath.Join(t.TempDir(), "data"), env: map[string]string{}}
}

type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// run runs a command line with the data folder set and returns exit code, output and errors.
func (b *box) run(in string, args ...string) (int, string, string) {
	b.t.Helper()
	var out, errs output
	p := &program{in: strings.NewReader(in), out: &out, err: &errs, env: b.lookup}
	return p.run(b.t.Context(), args), out.String(), errs.String()
}

func (b *box) lookup(k string) (string, bool) {
	if v, ok := b.env[k]; ok {
		return v, true
	}
	if k == "PARLOR_DATA" {
		return b.data, true
	}
	return "", false
}

// ok runs a command that must succeed and returns its output.
func (b *box) ok(in string, args ...string) string {
	b.t.Helper()
	code, out, errs := b.run(in, args...)
	if code != 0 {
		b.t.Fatalf("%v: exit %d\n%s%s", args, code, out, errs)
	}
	return out
}

// serve starts a server and returns its address and what it printed.
func (b *box) serve(args ...string) (base string, out *output, stop func() int) {
	b.t.Helper()
	out = &output{}
	up, down := make(chan string, 1), make(chan int, 1)
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{in: strings.NewReader(""), out: out, err: io.Discard, env: b.lookup, started: func(addr string) { up <- addr }}
	go func() { down <- p.run(ctx, append(args, "--listen", "127.0.0.1:0")) }()
	var once sync.Once
	code := 0
	stop = func() int {
		once.Do(func() { cancel(); code = <-down })
		return code
	}
	b.t.Cleanup(func() { stop() })
	select {
	case addr := <-up:
		return "http://" + addr, out, stop
	case code := <-down:
		b.t.Fatalf("the server ended with %d:\n%s", code, out)
		return "", nil, nil
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestCommandsWorkBesideARunningServer(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	base, out, stop := b.serve("serve")
	if !strings.Contains(out.String(), "/setup?token=") {
		t.Fatalf("no set-up link:\n%s", out)
	}
	hex := regexp.MustCompile(`^[0-9a-f]{32}\n$`)
	if got := b.ok("", "team", "add", "--name", "售后"); !hex.MatchString(got) {
		t.Fatalf("team id %q", got)
	}
	if got := b.ok("correct horse\n", "agent", "add", "--email", "job@example.com", "--name", "Job", "--username", "night.job"); strings.TrimSpace(got) != "night.job" {
		t.Error(got)
	}
	if got := b.ok("correct horse\n", "agent", "add", "--email", "lin@example.com", "--name", "林晓", "--role", "admin", "--team", "售后"); !hex.MatchString(got) {
		t.Fatalf("agent id %q", got)
	}
	if got := b.ok("", "token", "add", "--email", "lin@example.com", "--name", "ci"); len(strings.TrimSpace(got)) != 43 {
		t.Fatalf("token %q", got)
	}
	if got := b.ok("", "apiclient", "add", "--tenant", "main", "--name", "crm"); !regexp.MustCompile(`^tenantId=\d+\nclientId=\w+\nsecretId=\w{43}\n$`).MatchString(got) {
		t.Fatalf("client %q", got)
	}
	res, err := http.Post(base+"/api/parlor/v1/session", "application/json", strings.NewReader(`{"login":"lin","password":"correct horse"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != 200 {
		t.Fatalf("the new agent cannot log in: %v %v", res.Status, err)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if code, body := get(t, base+path); code != 200 || body != want {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	if code, _ := get(t, base+"/metrics"); code != 404 {
		t.Errorf("metrics without a token are served: %d", code)
	}
	if code, _, errs := b.run("", "serve", "--listen", "127.0.0.1:0"); code != 1 || !strings.Contains(errs, "in use") {
		t.Errorf("a second server on the folder: %d %s", code, errs)
	}
	if code := stop(); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
}

func TestWrongUseEndsWithTwo(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	for _, c := range []struct {
		want string
		in   string
		args []string
	}{
		{"usage:", "", nil},
		{"usage:", "", []string{"dance"}},
		{"flag provided but not defined", "", []string{"serve", "--colour", "red"}},
		{"1 word(s)", "", []string{"serve", "now"}},
		{"--email, --name", "", []string{"agent", "add"}},
		{"password", "", []string{"agent", "add", "--email", "a@example.com", "--name", "A"}},
		{"role: ", "long enough\n", []string{"agent", "add", "--email", "a@example.com", "--name", "A", "--role", "king"}},
		{"2 wrong setting(s)", "", []string{"config", "check", "--listen", "x", "--rate-limits", "x"}},
		{"0 word(s)", "", []string{"backup"}},
		{"--token", "", []string{"bench"}},
	} {
		code, _, errs := b.run(c.in, c.args...)
		if code != 2 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %q lacks %q", c.args, code, errs, c.want)
		}
	}
	if code, out, _ := b.run("", "help"); code != 0 || !strings.Contains(out, "agent add") {
		t.Errorf("help: %d %s", code, out)
	}
	if got := b.ok("", "config", "check"); !strings.Contains(got, "right") {
		t.Error(got)
	}
}

func TestConfigPrintDocumentsAndReadsBack(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.env["PARLOR_LOG_LEVEL"] = "warn"
	b.env["PARLOR_METRICS_TOKEN"] = "s3cret"
	out := b.ok("", "config", "print")
	for _, want := range []string{"log-level = warn", "PARLOR_LISTEN", `default "127.0.0.1:8080"`, "metrics-token = (hidden)", "Allowed: on or off."} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	file := filepath.Join(t.TempDir(), "parlor.conf")
	if err := os.WriteFile(file, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	b.env = map[string]string{}
	if got := b.ok("", "config", "print", "--config", file); !strings.Contains(got, "log-level = warn") {
		t.Error("the printed settings are not a settings file")
	}
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.ok("correct horse\n", "agent", "add", "--email", "lin@example.com", "--name", "Lin")
	upload := filepath.Join(b.data, "uploads", "main", "0123", "x.original")
	if err := os.MkdirAll(filepath.Dir(upload), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(upload, []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "parlor.backup")
	b.ok("", "backup", file)
	if code, _, errs := b.run("", "restore", file); code == 0 || !strings.Contains(errs, "empty") {
		t.Fatalf("restored over data: %d %s", code, errs)
	}
	fresh := newBox(t)
	fresh.ok("", "restore", file)
	if code, _, errs := fresh.run("x\n", "agent", "add", "--email", "lin@example.com", "--name", "Lin"); code == 0 {
		t.Fatalf("the agent is not there: %s", errs)
	}
	if got, err := os.ReadFile(filepath.Join(fresh.data, "uploads", "main", "0123", "x.original")); err != nil || string(got) != "picture" {
		t.Fatalf("%q %v", got, err)
	}
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("not a backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := newBox(t).run("", "restore", broken); code != 2 || !strings.Contains(errs, "not a backup") {
		t.Fatalf("%d %s", code, errs)
	}
}

func TestDoctorSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	code, out, _ := b.run("", "doctor", "--nats", "nats://127.0.0.1:1")
	if code != 1 || !strings.Contains(out, "BAD  bus") || !strings.Contains(out, "ok   database") || !strings.Contains(out, "ok   data folder") {
		t.Fatalf("%d\n%s", code, out)
	}
}

func TestDemoFillsOnceAndShowsTheWay(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	base, out, stop := b.serve("demo")
	for _, want := range []string{"/demo/", "/console/", "lin@demo.parlor", "demo-parlor"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not printed", want)
		}
	}
	code, page := get(t, base+"/")
	if code != 200 || !strings.Contains(page, "lin@demo.parlor") || !strings.Contains(page, `href="/console/"`) {
		t.Errorf("start page: %d\n%s", code, page)
	}
	if code := stop(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	_, again, stop := b.serve("demo")
	if strings.Contains(again.String(), "setup?token") {
		t.Error("the demo asks for an administrator")
	}
	stop()
}

func TestSetupLinkWorksOnce(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	base, out, _ := b.serve("serve")
	link := regexp.MustCompile(`/setup\?token=(\w+)`).FindStringSubmatch(out.String())
	if link == nil {
		t.Fatal("no link")
	}
	if code, _ := get(t, base+"/setup?token=guess"); code != 404 {
		t.Errorf("a guessed token opens the page: %d", code)
	}
	if code, page := get(t, base+link[0]); code != 200 || !strings.Contains(page, "<form") {
		t.Errorf("%d %s", code, page)
	}
	post := func(email string) int {
		res, err := http.PostForm(base+"/setup", map[string][]string{"token": {link[1]}, "name": {"Root"}, "email": {email}, "password": {"correct horse"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res.Request.Response.StatusCode
	}
	if code := post("root@example.com"); code != http.StatusSeeOther {
		t.Errorf("set-up: %d", code)
	}
	res, err := http.PostForm(base+"/setup", map[string][]string{"token": {link[1]}, "name": {"Evil"}, "email": {"evil@example.com"}, "password": {"correct horse"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusConflict {
		t.Errorf("a second administrator: %d %v", res.StatusCode, err)
	}
}

func TestFirstAdministratorFromTheEnvironment(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	b.env["PARLOR_ADMIN_EMAIL"], b.env["PARLOR_ADMIN_PASSWORD"] = "root@example.com", "correct horse"
	_, out, _ := b.serve("serve")
	if strings.Contains(out.String(), "/setup") {
		t.Fatal("the link is printed although there is an administrator")
	}
	if code, _, _ := b.run("correct horse\n", "agent", "add", "--email", "root@example.com", "--name", "Again"); code != 1 {
		t.Fatalf("the administrator is not there: exit %d", code)
	}
}

func TestBenchFillMakesAnInstallationWhoseListsAreTimed(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	args := []string{"bench", "fill", "--conversations", "40", "--messages", "300", "--visitors", "20", "--waiting", "3"}
	if got := b.ok("", args...); !strings.Contains(got, "40 conversations, 300 messages in ") {
		t.Fatalf("fill said %q", got)
	}
	if code, _, said := b.run("", args...); code != 1 || !strings.Contains(said, "--force") {
		t.Errorf("a second fill: exit %d, %q", code, said)
	}
	got := b.ok("", "bench", "lists", "--reads", "2")
	for _, name := range []string{"queue, everything", "by tag, closed, own teams", "last 50 messages", "search frequent", "audit log", "follow-ups, mine", "colleague history"} {
		if !strings.Contains(got, name) {
			t.Errorf("%q is not timed:\n%s", name, got)
		}
	}
}
