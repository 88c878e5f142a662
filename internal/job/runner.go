package job

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Defaults of the runner.
const (
	// LeaseTime is how long a worker may take before another node tries the job.
	LeaseTime = time.Minute
	// MaxAttempts is how often a job is tried before it is buried.
	MaxAttempts = 12
	// sweep is how often the runner looks without having been woken.
	sweep = 5 * time.Second
	batch = 32
)

// Worker does the jobs of one kind. An error is tried again later; ErrGiveUp
// buries the job at once.
type Worker func(ctx context.Context, j Job) error

// ErrGiveUp wraps an error that no repetition can mend.
var ErrGiveUp = errors.New("job cannot succeed")

// again asks for another run at a time.
type again struct{ at time.Time }

func (a again) Error() string { return "to run again at " + a.at.Format(time.RFC3339) }

// Again is what a worker returns for a job that is not over: it runs again at
// the given time, which is no failure.
func Again(at time.Time) error { return again{at} }

// Runner claims due jobs and runs them.
type Runner struct {
	store   Store
	clock   clock.Clock
	log     *slog.Logger
	workers map[string]Worker
	kinds   []string
	wake    chan struct{}
}

// NewRunner returns a runner of the given workers by kind.
func NewRunner(store Store, c clock.Clock, log *slog.Logger, workers map[string]Worker) *Runner {
	r := &Runner{store: store, clock: c, log: log.With("component", "job"), workers: workers, wake: make(chan struct{}, 1)}
	for k := range workers {
		r.kinds = append(r.kinds, k)
	}
	return r
}

// Enqueue adds jobs and wakes the runner. ID and RunAt are filled if empty.
func (r *Runner) Enqueue(ctx context.Context, jobs ...Job) (err error) {
	defer errs.Wrap(&err, "job.Enqueue")
	for i := range jobs {
		if jobs[i].ID == "" {
			jobs[i].ID = id.Job(id.New())
		}
		if jobs[i].RunAt.IsZero() {
			jobs[i].RunAt = r.clock.Now()
		}
	}
	if err = r.store.Enqueue(ctx, jobs...); err == nil {
		r.Wake()
	}
	return err
}

// Hasten makes all waiting jobs of a kind and tenant due now.
func (r *Runner) Hasten(ctx context.Context, t id.Tenant, kind string) (err error) {
	defer errs.Wrap(&err, "job.Hasten")
	if err = r.store.Hasten(ctx, t, kind, r.clock.Now()); err == nil {
		r.Wake()
	}
	return err
}

// Wake makes the runner look for due jobs now.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends; then it lets running jobs finish.
func (r *Runner) Run(ctx context.Context) error {
	if len(r.kinds) == 0 {
		<-ctx.Done()
		return nil
	}
	for ctx.Err() == nil {
		n, err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Error("jobs not claimed", "error", err)
		}
		if n == batch {
			continue
		}
		timer := r.clock.NewTimer(r.pause(ctx))
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C():
		}
		timer.Stop()
	}
	return nil
}

// pause is the time until the next job is due, at most sweep.
func (r *Runner) pause(ctx context.Context) time.Duration {
	at, ok, err := r.store.NextDue(ctx, r.kinds)
	if err != nil || !ok {
		return sweep
	}
	return min(max(at.Sub(r.clock.Now()), 10*time.Millisecond), sweep)
}

// round claims and runs one batch.
func (r *Runner) round(ctx context.Context) (int, error) {
	now := r.clock.Now()
	jobs, err := r.store.Claim(ctx, r.kinds, batch, now, now.Add(LeaseTime))
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() { r.one(context.WithoutCancel(ctx), j) })
	}
	wg.Wait()
	return len(jobs), nil
}

func (r *Runner) one(ctx context.Context, j Job) {
	run, cancel := context.WithTimeout(ctx, LeaseTime-5*time.Second)
	err := r.workers[j.Kind](run, j)
	cancel()
	var more again
	switch {
	case err == nil:
		err = r.store.Finish(ctx, j.ID)
	case errors.As(err, &more):
		err = r.store.Retry(ctx, j.ID, more.at, "")
	case errors.Is(err, ErrGiveUp) || j.Attempts >= MaxAttempts:
		r.log.Error("job given up", "kind", j.Kind, "id", j.ID, "attempts", j.Attempts, "error", err)
		err = r.store.Bury(ctx, j.ID, err.Error())
	default:
		r.log.Warn("job will be tried again", "kind", j.Kind, "id", j.ID, "attempts", j.Attempts, "error", err)
		err = r.store.Retry(ctx, j.ID, r.clock.Now().Add(Pause(j.Attempts)), err.Error())
	}
	if err != nil {
		r.log.Error("job state not kept", "kind", j.Kind, "id", j.ID, "error", err)
	}
}

// Pause is the time before attempt n+1: 1 s doubled each time, at most an hour,
// varied by a fifth so that failures spread out.
func Pause(n int) time.Duration {
	d := time.Second << min(max(n-1, 0), 12)
	d = min(d, time.Hour)
	return d - d/10 + time.Duration(rand.Int64N(int64(d/5)+1))
}
