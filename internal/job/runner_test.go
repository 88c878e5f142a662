package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"parlor/internal/clock"
	"parlor/internal/job"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// run starts a runner whose worker answers with what try returns and reports
// each attempt.
func run(t *testing.T, st *store.Store, c *clock.Stub, try func(j job.Job) error) (*job.Runner, chan job.Job) {
	t.Helper()
	seen := make(chan job.Job, 64)
	r := job.NewRunner(st, c, slog.New(slog.DiscardHandler), map[string]job.Worker{"test": func(_ context.Context, j job.Job) error {
		err := try(j)
		seen <- j
		return err
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r, seen
}

func TestJobsRunWhenDueOnceAndRetryWithPauses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
		r, seen := run(t, st, c, func(j job.Job) error {
			if j.Attempts < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		for range 2 {
			err := r.Enqueue(t.Context(), job.Job{Tenant: "main", Kind: "test", Key: "once", Payload: "p", RunAt: c.Now().Add(3 * time.Second)})
			if err != nil {
				t.Fatal(err)
			}
		}
		step := func() {
			c.AwaitTimers(1)
			c.Advance(5 * time.Second)
		}
		for attempt := 1; attempt <= 3; attempt++ {
			for len(seen) == 0 {
				step()
			}
			if j := <-seen; j.Attempts != attempt || j.Payload != "p" {
				t.Fatalf("attempt %d: %+v", attempt, j)
			}
		}
		for range 3 {
			step()
		}
		if len(seen) != 0 {
			t.Fatalf("ran again after success: %+v", <-seen)
		}
		if _, waits, err := st.NextDue(t.Context(), []string{"test"}); waits || err != nil {
			t.Fatalf("a finished job waits: %v %v", waits, err)
		}
	})
}

func TestHopelessJobIsBuriedAtOnce(t *testing.T) {
	t.Parallel()
	st, c := storetest.SQLite(t), clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	r, seen := run(t, st, c, func(job.Job) error { return fmt.Errorf("%w: bad payload", job.ErrGiveUp) })
	if err := r.Enqueue(t.Context(), job.Job{Tenant: "main", Kind: "test"}); err != nil {
		t.Fatal(err)
	}
	<-seen
	for range 3 {
		c.AwaitTimers(1)
		c.Advance(time.Hour)
	}
	c.AwaitTimers(1)
	if len(seen) != 0 {
		t.Fatal("a buried job ran again")
	}
}

func TestPauseGrowsAndIsBounded(t *testing.T) {
	t.Parallel()
	for n := 1; n < 40; n++ {
		want := time.Hour
		if n <= 12 {
			want = min(time.Second<<(n-1), time.Hour)
		}
		if d := job.Pause(n); d < want*9/10 || d > want*11/10+1 {
			t.Errorf("pause %d is %s, want about %s", n, d, want)
		}
	}
}

// TestAJobThatIsNotOverRunsAgain: Again is no failure, however often.
func TestAJobThatIsNotOverRunsAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := clock.NewStub(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
		left := 2 * job.MaxAttempts
		r, seen := run(t, st, c, func(job.Job) error {
			if left--; left > 0 {
				return job.Again(c.Now().Add(time.Second))
			}
			return nil
		})
		if err := r.Enqueue(t.Context(), job.Job{Tenant: "main", Kind: "test"}); err != nil {
			t.Fatal(err)
		}
		for i := range 2 * job.MaxAttempts {
			j := <-seen
			if j.Attempts != 1 {
				t.Fatalf("run %d counts as attempt %d", i, j.Attempts)
			}
			c.AwaitTimers(1)
			c.Advance(time.Second)
		}
		if _, ok, err := st.NextDue(t.Context(), []string{"test"}); ok || err != nil {
			t.Fatalf("the job is still there: %v", err)
		}
	})
}
