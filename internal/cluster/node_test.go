// Package cluster tests two real processes on one database, connected by the
// NATS servers inside them.
package cluster_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/store/storetest"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "parlor-cluster-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "parlor")
	code := 1
	if out, err := exec.Command("go", "build", "-o", binary, "parlor/cmd/parlor").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
	} else {
		code = storetest.Main(m)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// site is one installation: a database and an uploads folder that its nodes share.
type site struct {
	t   *testing.T
	env []string
}

func newSite(t *testing.T) *site {
	return &site{t: t, env: append(os.Environ(), "PARLOR_DATABASE="+storetest.PostgresDSN(t), "PARLOR_UPLOADS="+t.TempDir(), "PARLOR_LISTEN=127.0.0.1:0",
		"PARLOR_CLUSTER=true", "PARLOR_CLUSTER_LISTEN=127.0.0.1:0", "PARLOR_CLUSTER_SECRET=0123456789abcdef", "PARLOR_RATE_LIMITS=off",
		"PARLOR_METRICS_TOKEN=meter", "PARLOR_PING_INTERVAL=2s", "PARLOR_AGENT_LOST_AFTER=1s", "PARLOR_LOG_LEVEL=info", "PARLOR_WORKERS=1",
		"PARLOR_ADMIN_EMAIL=root@example.com", "PARLOR_ADMIN_PASSWORD=correct horse")}
}

// run runs a command of the program and returns what it printed.
func (s *site) run(in string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append(s.env, "PARLOR_DATA="+s.t.TempDir())
	cmd.Stdin = strings.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, &errs)
	}
	return strings.TrimSpace(string(out))
}

// agent adds an agent and returns id and token.
func (s *site) agent(name string, limit int) (id, token string) {
	s.t.Helper()
	email := name + "@example.com"
	id = s.run("correct horse\n", "agent", "add", "--email", email, "--name", name, "--cap", fmt.Sprint(limit))
	return id, s.run("", "token", "add", "--email", email, "--name", "test")
}

// node is one process.
type node struct {
	t            *testing.T
	cmd          *exec.Cmd
	url, cluster string
	log          *output
	once         sync.Once
}

// output is what a process has logged so far.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // has room for one: something was added
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.b.Write(p)
}

// find waits until the log has what the expression's group looks for.
func (o *output) find(t *testing.T, re *regexp.Regexp) string {
	t.Helper()
	for deadline := time.After(patience); ; {
		if got := re.FindStringSubmatch(o.String()); got != nil {
			return got[1]
		}
		select {
		case <-o.more:
		case <-deadline:
			t.Fatalf("no %s in:\n%s", re, o)
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var clusterAddress = regexp.MustCompile(`msg=cluster address=(\S+)`)

// start starts a node that knows the given peers and waits until it is ready.
func (s *site) start(peers ...string) *node {
	s.t.Helper()
	n := &node{t: s.t, log: &output{more: make(chan struct{}, 1)}, cmd: exec.Command(binary, "serve")}
	n.cmd.Env = append(s.env, "PARLOR_DATA="+s.t.TempDir(), "PARLOR_CLUSTER_PEERS="+strings.Join(peers, ","))
	n.cmd.Stderr = n.log
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		n.kill()
		if s.t.Failed() {
			s.t.Logf("log of %s:\n%s", n.url, n.log)
		}
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		s.t.Fatalf("the node did not start:\n%s", n.log)
	}
	n.url = strings.TrimPrefix(lines.Text(), "Parlor listens on ")
	go func() { _, _ = io.Copy(io.Discard, out) }() // so that it never blocks on its output
	n.cluster = n.log.find(s.t, clusterAddress)
	return n
}

// kill ends the process as a power cut would.
func (n *node) kill() {
	n.once.Do(func() {
		if err := n.cmd.Process.Kill(); err != nil {
			n.t.Error(err)
		}
		_ = n.cmd.Wait() // it was killed
	})
}

// meter waits until a metric has a value.
func (n *node) meter(name, want string) {
	n.t.Helper()
	tick, deadline := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		_, text := n.call(http.MethodGet, "/metrics", "meter", "")
		if strings.Contains(text, "\n"+name+" "+want+"\n") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			n.t.Fatalf("%s does not become %s", name, want)
		}
	}
}

// call makes a request and returns status and body.
func (n *node) call(method, path, token, body string) (int, string) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), method, n.url+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		n.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// must is call for requests that succeed.
func (n *node) must(method, path, token, body string) string {
	n.t.Helper()
	code, text := n.call(method, "/api/parlor/v1"+path, token, body)
	if code >= 300 {
		n.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
	return text
}

// visitor opens a session of a new visitor.
func (n *node) visitor() (token string) {
	n.t.Helper()
	var out struct{ Token string }
	if err := json.Unmarshal([]byte(n.must(http.MethodPost, "/visitor/session", "", `{"inbox":"main"}`)), &out); err != nil || out.Token == "" {
		n.t.Fatal("no token: ", err)
	}
	return out.Token
}
