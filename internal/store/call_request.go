package store

import (
	"context"
	"time"

	calls "parlor/internal/call"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
)

const requestColumns = `conversation, tenant, visitor, source, task, related, own, round, called, asked_at, answered_at, ended_at`

func scanRequest(r row) (x calls.Request, err error) {
	var own, asked, answered, ended int64
	err = r.Scan(&x.Conversation, &x.Tenant, &x.Visitor, &x.Source, &x.Task, &x.Related, &own, &x.Round, &x.Called, &asked, &answered, &ended)
	x.Own, x.AskedAt, x.AnsweredAt, x.EndedAt = own != 0, at(asked), at(answered), at(ended)
	return x, err
}

const oneRequest = `SELECT ` + requestColumns + ` FROM call_request WHERE conversation = $1 AND tenant = $2`

// AskCall implements call.Store. Who holds the conversation's lock is alone with it.
func (s *Store) AskCall(ctx context.Context, r calls.Request, serve job.Job) (got calls.Request, fresh bool, err error) {
	defer errs.Wrap(&err, "store.AskCall %s", r.Conversation)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		fresh = false
		if err := s.lockTalk(ctx, x, r.Tenant, r.Conversation); err != nil {
			return err
		}
		before, there, err := first(ctx, x, scanRequest, oneRequest, string(r.Conversation), string(r.Tenant))
		if err != nil {
			return err
		}
		_, running, err := first(ctx, x, scanCall, runningCall, string(r.Conversation), string(r.Tenant))
		switch {
		case err != nil:
			return err
		case running && !there:
			return errs.New(errs.Conflict, "call_running", "a call goes on in this conversation")
		case running, there && before.Open() && before.Called == "":
			got = before
			return nil
		}
		fresh = true
		got, _, err = change(ctx, x, scanRequest, `INSERT INTO call_request (`+requestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, '', $8, 0, 0)
			ON CONFLICT (conversation) DO UPDATE SET source = $4, task = $5, related = $6, round = call_request.round + 1, called = '', asked_at = $8, answered_at = 0, ended_at = 0
			RETURNING `+requestColumns, string(r.Conversation), string(r.Tenant), string(r.Visitor), r.Source, r.Task, string(r.Related), flag(r.Own), ms(r.AskedAt))
		if err != nil {
			return err
		}
		text, args := insertJobs([]job.Job{serve})
		_, err = x.exec(ctx, text, args...)
		return err
	})
	return got, fresh, err
}

// CallRequest implements call.Store.
func (s *Store) CallRequest(ctx context.Context, t id.Tenant, c id.Conversation) (got calls.Request, ok bool, err error) {
	defer errs.Wrap(&err, "store.CallRequest %s", c)
	return first(ctx, s.readers, scanRequest, oneRequest, string(c), string(t))
}

// EndRequest implements call.Store.
func (s *Store) EndRequest(ctx context.Context, t id.Tenant, c id.Conversation, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.EndRequest %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `UPDATE call_request SET ended_at = $3 WHERE conversation = $1 AND tenant = $2 AND ended_at = 0`, string(c), string(t), ms(when))
		return err
	})
}

// claimRequest lets a call be begun for a request: once for each agent.
func claimRequest(ctx context.Context, x *tx, c calls.Call) error {
	n, err := x.exec(ctx, `UPDATE call_request SET called = $3 WHERE conversation = $1 AND tenant = $2 AND called <> $3 AND answered_at = 0 AND ended_at = 0`,
		string(c.Conversation), string(c.Tenant), string(c.Agent))
	if err == nil && n == 0 {
		err = errs.New(errs.Conflict, "call_not_asked", "nobody waits for this call")
	}
	return err
}

// moveRequest notes that a call of a request was answered, and opens the request anew
// whose call lost its agent.
func moveRequest(ctx context.Context, x *tx, c calls.Call, serve job.Job) error {
	where := ` WHERE conversation = $1 AND tenant = $2 AND ended_at = 0`
	switch {
	case c.State == calls.Connected:
		_, err := x.exec(ctx, `UPDATE call_request SET answered_at = $3`+where, string(c.Conversation), string(c.Tenant), ms(c.AnsweredAt))
		return err
	case c.Reason != calls.AgentLost:
		return nil
	}
	n, err := x.exec(ctx, `UPDATE call_request SET answered_at = 0, called = ''`+where, string(c.Conversation), string(c.Tenant))
	if err != nil || n == 0 {
		return err
	}
	text, args := insertJobs([]job.Job{serve})
	_, err = x.exec(ctx, text, args...)
	return err
}
