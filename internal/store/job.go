package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
)

// maxJobs is the most jobs that are written with one statement.
const maxJobs = 500

// Enqueue implements job.Store. A Key is unique within its tenant and kind.
func (s *Store) Enqueue(ctx context.Context, jobs ...job.Job) (err error) {
	defer errs.Wrap(&err, "store.Enqueue")
	if len(jobs) == 0 {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		for chunk := range slices.Chunk(jobs, maxJobs) {
			for _, j := range chunk {
				if err := sooner(ctx, t, j); err != nil {
					return err
				}
			}
			text, args := insertJobs(chunk)
			if _, err := t.exec(ctx, text, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// sooner moves the job that has the key of j already, if j asks for that. One that
// is running has read less than j knows of, but its lease must not be cut short:
// its run_at becomes -1 minus the time that j asks for, and when it ends it is due
// then, see Finish and Retry.
func sooner(ctx context.Context, t *tx, j job.Job) error {
	if !j.Sooner || j.Key == "" {
		return nil
	}
	_, err := t.exec(ctx, `UPDATE job SET `+earlier+`
		WHERE tenant = $2 AND kind = $3 AND key = $4 AND buried = 0 AND key <> '' AND (run_at > CAST($1 AS BIGINT) OR due_at <> run_at)`,
		ms(j.RunAt), string(j.Tenant), j.Kind, j.Key)
	return err
}

// earlier moves a job to the time $1.
const earlier = `run_at = CASE WHEN due_at = run_at THEN CAST($1 AS BIGINT)
			WHEN run_at < 0 AND -1 - run_at < CAST($1 AS BIGINT) THEN run_at ELSE -1 - CAST($1 AS BIGINT) END,
		due_at = CASE WHEN due_at = run_at THEN CAST($1 AS BIGINT) ELSE due_at END`

// insertJobs builds one statement for a chunk of jobs; taken keys are skipped.
func insertJobs(jobs []job.Job) (string, []any) {
	var values []string
	var args []any
	for _, j := range jobs {
		if j.ID == "" {
			j.ID = id.Job(id.New())
		}
		n := len(args)
		values = append(values, fmt.Sprintf("($%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, 0)",
			n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8, n+9))
		args = append(args, string(j.ID), string(j.Tenant), j.Kind, j.Payload, j.Key, ms(j.RunAt), ms(j.RunAt),
			j.Attempts, j.LastError)
	}
	return `INSERT INTO job (id, tenant, kind, payload, key, run_at, due_at, attempts, last_error, buried) VALUES ` +
		strings.Join(values, ", ") + ` ON CONFLICT (tenant, kind, key) WHERE key <> '' AND buried = 0 DO NOTHING`, args
}

// scanJob reads a job; its lease is nobody else's business.
func scanJob(r row) (j job.Job, err error) {
	var run int64
	err = r.Scan(&j.ID, &j.Tenant, &j.Kind, &j.Payload, &j.Key, &run, &j.Attempts, &j.LastError)
	j.RunAt = at(run)
	return j, err
}

// Claim implements job.Store. A few due jobs of each kind are found along the index, then locked;
// on PostgreSQL rows that another worker is just claiming are passed over, so workers do not wait
// for one another.
func (s *Store) Claim(ctx context.Context, kinds []string, limit int, now, until time.Time) (list []job.Job, err error) {
	defer errs.Wrap(&err, "store.Claim")
	if len(kinds) == 0 || limit < 1 {
		return []job.Job{}, nil
	}
	args := []any{ms(now), ms(until), limit}
	// One short walk for each kind, so that a backlog of one kind does not have
	// to be sorted to find the first jobs of another.
	var due []string
	for _, k := range kinds {
		args = append(args, k)
		// A claimed job keeps its RunAt; due_at tells when its lease ends.
		due = append(due, fmt.Sprintf(`SELECT * FROM (SELECT id, run_at FROM job WHERE kind = $%d AND buried = 0
			AND due_at <= $1 AND run_at <= $1 ORDER BY run_at, id LIMIT $3) w`, len(args)))
	}
	text := `UPDATE job SET due_at = $2, attempts = attempts + 1 WHERE id IN (SELECT id FROM job WHERE id IN
		(SELECT id FROM (` + strings.Join(due, " UNION ALL ") + `) d ORDER BY d.run_at, d.id LIMIT $3)
		AND buried = 0 AND due_at <= $1` + s.dialect.skipLocked() + `)
		RETURNING id, tenant, kind, payload, key, run_at, attempts, last_error`
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		list, err = changeAll(ctx, t, scanJob, text, args...)
		return err
	})
	// RETURNING promises no order.
	slices.SortFunc(list, func(a, b job.Job) int {
		return cmp.Or(a.RunAt.Compare(b.RunAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// Finish implements job.Store. The row is deleted, unless it was asked for again meanwhile: what
// was done is told by what the job did. A job that is gone already is no error.
func (s *Store) Finish(ctx context.Context, j id.Job) (err error) {
	defer errs.Wrap(&err, "store.Finish %s", j)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `DELETE FROM job WHERE id = $1 AND run_at >= 0`, string(j))
		if err == nil && n == 0 {
			_, err = t.exec(ctx, `UPDATE job SET run_at = -1 - run_at, due_at = -1 - run_at, attempts = 0 WHERE id = $1 AND run_at < 0`, string(j))
		}
		return err
	})
}

// Retry implements job.Store. It sets both the time to run and the end of the lease, so the job is
// free for any worker from then on.
func (s *Store) Retry(ctx context.Context, j id.Job, when time.Time, reason string) (err error) {
	defer errs.Wrap(&err, "store.Retry %s", j)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `UPDATE job SET last_error = $3,
			run_at = CASE WHEN run_at < 0 AND -1 - run_at < CAST($2 AS BIGINT) THEN -1 - run_at ELSE CAST($2 AS BIGINT) END,
			due_at = CASE WHEN run_at < 0 AND -1 - run_at < CAST($2 AS BIGINT) THEN -1 - run_at ELSE CAST($2 AS BIGINT) END,
			attempts = CASE WHEN $3 = '' THEN 0 ELSE attempts END WHERE id = $1 AND buried = 0`,
			string(j), ms(when), reason)
		return err
	})
}

// Hasten implements job.Store. A job that is running is due again when it ends, see sooner.
func (s *Store) Hasten(ctx context.Context, t id.Tenant, kind string, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.Hasten %s", kind)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `UPDATE job SET `+earlier+` WHERE tenant = $2 AND kind = $3 AND buried = 0
			AND (run_at > CAST($1 AS BIGINT) OR due_at <> run_at)`, ms(when), string(t), kind)
		return err
	})
}

// Bury implements job.Store. The row stays for people to look at. Its Key is free again, or one
// failure would block the work for ever.
func (s *Store) Bury(ctx context.Context, j id.Job, reason string) (err error) {
	defer errs.Wrap(&err, "store.Bury %s", j)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `UPDATE job SET buried = 1, last_error = $2 WHERE id = $1`, string(j), reason)
		return err
	})
}

// NextDue implements job.Store. A leased job counts with the end of its lease: that is when
// somebody must look whether its worker died.
func (s *Store) NextDue(ctx context.Context, kinds []string) (when time.Time, ok bool, err error) {
	defer errs.Wrap(&err, "store.NextDue")
	list, err := json.Marshal(append([]string{}, kinds...))
	if err != nil {
		return when, false, err
	}
	due, err := all(ctx, s.readers, scalar[int64], `SELECT k.due FROM (SELECT (SELECT j.due_at FROM job j
		WHERE j.kind = w.kind AND j.buried = 0 ORDER BY j.due_at LIMIT 1) AS due
		FROM `+s.dialect.rows("$1", "w", "kind")+`) k WHERE k.due IS NOT NULL ORDER BY k.due LIMIT 1`, string(list))
	if err != nil || len(due) == 0 {
		return when, false, err
	}
	return at(due[0]), true, nil
}
