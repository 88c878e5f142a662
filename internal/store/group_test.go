package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// holder returns a store and a way to keep its writer busy.
type holder struct {
	name string
	open func(t *testing.T) (*store.Store, func(c conversation.Conversation) (release func()))
}

var holders = []holder{
	{store.SQLite, func(t *testing.T) (*store.Store, func(conversation.Conversation) func()) {
		s := storetest.SQLite(t)
		return s, func(conversation.Conversation) func() { return store.Hold(s) }
	}},
	{store.Postgres, func(t *testing.T) (*store.Store, func(conversation.Conversation) func()) {
		dsn := storetest.PostgresDSN(t)
		s := storetest.Open(t, store.Options{Database: dsn})
		return s, func(c conversation.Conversation) func() { return lockRow(t, s, dsn, c) }
	}},
}

// lockRow locks a conversation in a transaction of its own and lets a first
// append of s run into it.
func lockRow(t *testing.T, s *store.Store, dsn string, c conversation.Conversation) func() {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, `SELECT 1 FROM conversation WHERE id = $1 FOR UPDATE`, string(c.ID)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.Append(ctx, conversation.Append{Message: conversation.Message{Tenant: c.Tenant, Conversation: c.ID,
			Kind: conversation.Note, Text: "first", At: storetest.T0}})
		done <- err
	}()
	for blocked := 0; blocked == 0; {
		if err := conn.QueryRow(ctx, `SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
			AND pg_backend_pid() = ANY(pg_blocking_pids(pid))`).Scan(&blocked); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := errors.Join(tx.Rollback(ctx), conn.Close(ctx), <-done); err != nil {
			t.Error(err)
		}
	}
}

// eachHeld runs f on both engines with the writer busy and 40 appends queued.
func eachHeld(t *testing.T, f func(t *testing.T, w *storetest.World, c conversation.Conversation, release func())) {
	for _, h := range holders {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			s, hold := h.open(t)
			w := storetest.NewWorld(t, s, "main")
			c := w.Start("Vera", "")
			f(t, w, c, hold(c))
		})
	}
}

func TestAppendsShareACommit(t *testing.T) {
	t.Parallel()
	eachHeld(t, func(t *testing.T, w *storetest.World, c conversation.Conversation, release func()) {
		const n = 40
		before := w.S.Stats()
		var wg sync.WaitGroup
		failures := make([]error, n)
		for i := range n {
			wg.Go(func() { _, failures[i] = w.S.Append(t.Context(), w.Say(c, fmt.Sprint(i))) })
		}
		store.AwaitQueued(w.S, n)
		release()
		wg.Wait()
		if err := errors.Join(failures...); err != nil {
			t.Fatal(err)
		}
		after := w.S.Stats()
		if commits, verbs := after.Commits-before.Commits, after.Verbs-before.Verbs; commits != 2 || verbs != n+1 {
			t.Fatalf("%d verbs took %d commits, want %d and 2", verbs, commits, n+1)
		}
	})
}

func TestQueuedAppendIsWithdrawn(t *testing.T) {
	t.Parallel()
	eachHeld(t, func(t *testing.T, w *storetest.World, c conversation.Conversation, release func()) {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			_, err := w.S.Append(ctx, w.Say(c, "withdrawn"))
			result <- err
		}()
		store.AwaitQueued(w.S, 1)
		cancel()
		err := <-result // answered although the writer is busy
		if errs.CodeOf(err) != errs.Unavailable || !errors.Is(err, context.Canceled) {
			t.Fatalf("error = %v", err)
		}
		release()
		w.Append(w.Say(c, "kept"))
		list, err := w.S.Messages(t.Context(), w.Tenant, c.ID, conversation.Range{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Text == "withdrawn" {
				t.Fatal("the withdrawn message was stored")
			}
		}
	})
}

func TestCloseDrains(t *testing.T) {
	t.Parallel()
	eachHeld(t, func(t *testing.T, w *storetest.World, c conversation.Conversation, release func()) {
		const n = 10
		var wg sync.WaitGroup
		failures := make([]error, n)
		for i := range n {
			wg.Go(func() { _, failures[i] = w.S.Append(t.Context(), w.Say(c, fmt.Sprint(i))) })
		}
		store.AwaitQueued(w.S, n)
		closed := make(chan error, 1)
		go func() { closed <- w.S.Close() }()
		release()
		wg.Wait()
		if err := errors.Join(append(failures, <-closed)...); err != nil {
			t.Fatal(err)
		}
	})
}

func TestFailureAfterWritingHarmsOnlyItself(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	release := store.Hold(s)
	var wg sync.WaitGroup
	failures := make([]error, 8)
	bad := errs.New(errs.Conflict, "test", "changed its mind")
	var badErr error
	for i := range failures {
		wg.Go(func() { _, failures[i] = s.Append(t.Context(), w.Say(c, fmt.Sprint(i))) })
	}
	wg.Go(func() {
		badErr = store.Verb(t.Context(), s, func(exec func(string, ...any) error) error {
			if err := exec(`DELETE FROM conversation`); err != nil {
				return err
			}
			return bad
		})
	})
	store.AwaitQueued(s, 9)
	release()
	wg.Wait()
	if !errors.Is(badErr, bad) {
		t.Errorf("the failing verb got %v", badErr)
	}
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	got, err := s.Conversation(t.Context(), w.Tenant, c.ID)
	if err != nil || got.LastSeq != 8 {
		t.Fatalf("last seq %d (%v), want 8", got.LastSeq, err)
	}
}

func TestFailingCommitFailsAll(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	release := store.Hold(s)
	var wg sync.WaitGroup
	failures := make([]error, 5)
	for i := range failures {
		wg.Go(func() {
			if i == 0 {
				failures[i] = store.Verb(t.Context(), s, func(exec func(string, ...any) error) error { return exec("ROLLBACK") })
				return
			}
			_, failures[i] = s.Append(t.Context(), w.Say(c, fmt.Sprint(i)))
		})
	}
	store.AwaitQueued(s, len(failures))
	release()
	wg.Wait()
	// What ran after the rollback was not part of a transaction, so the commit
	// fails; nobody may be told that it worked.
	for i, err := range failures {
		if err == nil {
			t.Errorf("caller %d was told that it worked", i)
		}
	}
	if got := w.Append(w.Say(c, "the writer lives on")); got.Message.Text == "" {
		t.Error("the writer is dead")
	}
}
