// Package job runs work that must happen although processes die: rows written
// by the verb that causes them, claimed by any node with a lease, retried with
// growing pauses, kept when they fail for good.
package job

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Job is one unit of work.
type Job struct {
	ID     id.Job
	Tenant id.Tenant
	Kind   string
	// Payload is the worker's own JSON.
	Payload string
	// Key, if set, is unique among the unfinished jobs of a kind: enqueueing it again changes nothing.
	Key string
	// Sooner moves an unfinished job with the same Key to RunAt, if that is
	// earlier; one that is running runs again then.
	Sooner bool
	// RunAt is the earliest time to run.
	RunAt time.Time
	// Attempts counts the runs so far, this one included once it is claimed.
	Attempts int
	// LastError is the text of the newest failure.
	LastError string
}

// Store is the memory that job needs.
type Store interface {
	// Enqueue adds jobs; a taken Key is skipped.
	Enqueue(ctx context.Context, jobs ...Job) error
	// Claim leases up to limit due jobs of the given kinds until the given time,
	// in RunAt order, and counts the attempt. A job whose lease ended is due again.
	Claim(ctx context.Context, kinds []string, limit int, now, until time.Time) ([]Job, error)
	// Finish removes a job that is done.
	Finish(ctx context.Context, j id.Job) error
	// Hasten makes all waiting jobs of a kind and tenant due at the given time, if
	// they were due later.
	Hasten(ctx context.Context, t id.Tenant, kind string, at time.Time) error
	// Retry puts a job back to run at the given time with the reason of the
	// failure. Without a reason it was no failure: its attempts count anew.
	Retry(ctx context.Context, j id.Job, at time.Time, reason string) error
	// Bury keeps a job that failed for good; it is never claimed again.
	Bury(ctx context.Context, j id.Job, reason string) error
	// NextDue returns when the next job of the given kinds is due; ok is false if none waits.
	NextDue(ctx context.Context, kinds []string) (at time.Time, ok bool, err error)
}
