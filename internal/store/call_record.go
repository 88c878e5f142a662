package store

import (
	"context"

	"parlor/internal/audit"
	calls "parlor/internal/call"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
)

// AddRecord implements call.Store.
func (s *Store) AddRecord(ctx context.Context, t id.Tenant, of id.Conversation, r calls.Record, forget job.Job) (err error) {
	defer errs.Wrap(&err, "store.AddRecord %s", r.Call)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if _, err := x.exec(ctx, `INSERT INTO call_record (tenant, conversation, call, side, part, file, starts, length, size, video, until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, string(t), string(of), string(r.Call), string(r.Side), r.Part, string(r.File),
			r.Offset, r.Length, r.Size, flag(r.Video), ms(r.Until)); err != nil {
			return err
		}
		text, args := insertJobs([]job.Job{forget})
		_, err := x.exec(ctx, text, args...)
		return err
	})
}

// Records implements call.Store.
func (s *Store) Records(ctx context.Context, t id.Tenant, list []id.Call) (got []calls.Record, err error) {
	defer errs.Wrap(&err, "store.Records")
	return all(ctx, s.readers, scanRecord, `SELECT call, side, part, file, starts, length, size, video, until FROM call_record
		WHERE call IN `+s.dialect.list("$1")+` AND tenant = $2 ORDER BY call, starts, side`, jsonList(list), string(t))
}

func scanRecord(r row) (x calls.Record, err error) {
	var video, until int64
	err = r.Scan(&x.Call, &x.Side, &x.Part, &x.File, &x.Offset, &x.Length, &x.Size, &video, &until)
	x.Video, x.Until = video != 0, at(until)
	return x, err
}

// DropRecord implements call.Store.
func (s *Store) DropRecord(ctx context.Context, t id.Tenant, c id.Call, f id.File, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DropRecord %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanRecord, `SELECT call, side, part, file, starts, length, size, video, until FROM call_record
			WHERE call = $1 AND file = $2 AND tenant = $3`, string(c), string(f), string(t))
		if err != nil || !ok {
			return err
		}
		if _, err = x.exec(ctx, `DELETE FROM call_record WHERE call = $1 AND file = $2 AND tenant = $3`, string(c), string(f), string(t)); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "recording", id: string(c), name: string(before.Side), before: before})
	})
}

// NoteWatched implements call.Store.
func (s *Store) NoteWatched(ctx context.Context, t id.Tenant, c calls.Call, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.NoteWatched %s", c.ID)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		return note(ctx, x, by, "read", changed{tenant: t, thing: "recording", id: string(c.ID), name: c.VisitorName}, "", "")
	})
}

// forgetRecords has the recordings of a conversation deleted soon, file and row.
func (s *Store) forgetRecords(ctx context.Context, x *tx, t id.Tenant, c id.Conversation) error {
	list, err := all(ctx, x, scanRecord, `SELECT call, side, part, file, starts, length, size, video, until FROM call_record
		WHERE conversation = $1 AND tenant = $2 ORDER BY call, starts, side`, string(c), string(t))
	if err != nil || len(list) == 0 {
		return err
	}
	now := s.opts.Clock.Now()
	var jobs []job.Job
	for _, r := range list {
		jobs = append(jobs, calls.ForgetJob(t, r, now))
	}
	text, args := insertJobs(jobs)
	_, err = x.exec(ctx, text, args...)
	return err
}
