package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// The test binary runs as a child that appends until it is killed when these
// are set: the data folder or address, and the conversations.
const (
	crashDirEnv      = "PARLOR_CRASH_DIR"
	crashDatabaseEnv = "PARLOR_CRASH_DATABASE"
	crashTargetsEnv  = "PARLOR_CRASH_CONVERSATIONS"
	crashCallers     = 32
	crashRounds      = 8
)

func TestMain(m *testing.M) {
	if targets := os.Getenv(crashTargetsEnv); targets != "" {
		os.Exit(appendUntilKilled(strings.Split(targets, ",")))
	}
	code := storetest.Main(m)
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// ack is an append that was acknowledged.
type ack struct {
	conversation id.Conversation
	seq          int64
	client       string
}

// appendUntilKilled prints a line for each acknowledged append.
func appendUntilKilled(targets []string) int {
	s, err := store.Open(context.Background(), store.Options{Dir: os.Getenv(crashDirEnv), Database: os.Getenv(crashDatabaseEnv),
		Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mu sync.Mutex
	appendFrom(s, targets, func(a ack) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(os.Stdout, a.conversation, a.seq, a.client)
	})
	return 1
}

// appendFrom appends from many callers until every one has met an error.
func appendFrom(s *store.Store, targets []string, acked func(ack)) {
	run := id.New()
	var wg sync.WaitGroup
	for n := range crashCallers {
		wg.Go(func() {
			for i := 0; ; i++ {
				c := id.Conversation(targets[(n+i)%len(targets)])
				name := fmt.Sprint(run, "/", n, "/", i)
				got, err := s.Append(context.Background(), conversation.Append{Message: conversation.Message{Tenant: "main",
					Conversation: c, Kind: conversation.Text, ClientID: name, Text: "message " + name, At: storetest.T0,
					From: conversation.Author{Kind: actor.Visitor, ID: "v"}}})
				if err != nil {
					return
				}
				acked(ack{c, got.Message.Seq, name})
			}
		})
	}
	wg.Wait()
}

// crashWorld adds the conversations that are appended to.
func crashWorld(t *testing.T, s *store.Store) (list []conversation.Conversation, targets []string) {
	w := storetest.NewWorld(t, s, "main")
	for i := range 6 {
		c := w.Start(fmt.Sprint("v", i), "")
		list, targets = append(list, c), append(targets, string(c.ID))
	}
	return list, targets
}

// verify fails the test unless every acknowledged message is there, once, with
// its number, and the numbers have no gaps.
func verify(t *testing.T, s *store.Store, list []conversation.Conversation, acks []ack) {
	t.Helper()
	stored := map[ack]bool{}
	names := map[string]bool{}
	for _, c := range list {
		for _, m := range storetest.CheckGapless(t, s, c) {
			stored[ack{c.ID, m.Seq, m.ClientID}] = true
			if names[m.ClientID] {
				t.Fatalf("%s is there twice", m.ClientID)
			}
			names[m.ClientID] = true
		}
	}
	for _, a := range acks {
		if !stored[a] {
			t.Fatalf("acknowledged but lost: %+v", a)
		}
	}
}

// killedChild runs a child, kills it after some acknowledgements and returns
// those that it had printed.
func killedChild(t *testing.T, targets []string, where string) (acks []ack) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashTargetsEnv+"="+strings.Join(targets, ","), where)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	atAck := 1 + rand.IntN(3000)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var a ack
		// The last line may be cut: it was not fully printed.
		if n, _ := fmt.Sscan(lines.Text(), &a.conversation, &a.seq, &a.client); n == 3 && len(a.client) > 34 {
			acks = append(acks, a)
		}
		if len(acks) == atAck {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if len(acks) < atAck {
		t.Fatalf("the child was killed after %d acknowledgements, want %d", len(acks), atAck)
	}
	return dropCut(acks)
}

// dropCut leaves out the last line, whose end may be missing.
func dropCut(acks []ack) []ack { return acks[:len(acks)-1] }

func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	t.Run(store.SQLite, func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := storetest.Open(t, store.Options{Dir: dir})
		list, targets := crashWorld(t, s)
		var acks []ack
		for range crashRounds {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			acks = append(acks, killedChild(t, targets, crashDirEnv+"="+dir)...)
			s = storetest.Open(t, store.Options{Dir: dir})
			verify(t, s, list, acks)
		}
	})
	t.Run(store.Postgres, func(t *testing.T) {
		t.Parallel()
		dsn := storetest.PostgresDSN(t)
		s := storetest.Open(t, store.Options{Database: dsn, Conns: 1})
		list, targets := crashWorld(t, s)
		var acks []ack
		for range crashRounds {
			acks = append(acks, killedChild(t, targets, crashDatabaseEnv+"="+dsn)...)
			awaitAlone(t, s)
			verify(t, s, list, acks)
		}
	})
}

// awaitAlone returns when the server has ended the sessions of the killed child.
func awaitAlone(t *testing.T, s *store.Store) {
	t.Helper()
	for {
		others, err := store.Query(t.Context(), s, `SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`)
		if err != nil {
			t.Fatal(err)
		}
		if len(others) == 0 {
			return
		}
	}
}

func TestAcknowledgedSurvivesServerCrash(t *testing.T) {
	t.Parallel()
	cluster, err := storetest.NewCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Remove(); err != nil {
			t.Error(err)
		}
	})
	o := store.Options{Database: cluster.DSN("postgres"), Logger: slog.New(slog.DiscardHandler)}
	s := storetest.Open(t, o)
	list, targets := crashWorld(t, s)
	var mu sync.Mutex
	var acks []ack
	enough := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		appendFrom(s, targets, func(a ack) {
			mu.Lock()
			defer mu.Unlock()
			if acks = append(acks, a); len(acks) == 2000 {
				close(enough)
			}
		})
	}()
	<-enough
	if err := cluster.Crash(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	verify(t, storetest.Open(t, o), list, acks)
}
