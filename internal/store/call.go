package store

import (
	"context"
	"encoding/json"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/job"
)

var _ calls.Store = (*Store)(nil)

const callColumns = `id, tenant, conversation, number, kind, state, side, agent, agent_name, visitor, visitor_name, invited_at, answered_at, ended_at,
	duration, reason, ended_by, agent_quality, visitor_quality, agent_seen, visitor_seen, recorded`

func scanCall(r row) (c calls.Call, err error) {
	var invited, answered, ended, agentSeen, visitorSeen, recorded int64
	var agentQ, visitorQ string
	if err = r.Scan(&c.ID, &c.Tenant, &c.Conversation, &c.Number, &c.Kind, &c.State, &c.By, &c.Agent, &c.AgentName, &c.Visitor, &c.VisitorName,
		&invited, &answered, &ended, &c.Duration, &c.Reason, &c.EndedBy, &agentQ, &visitorQ, &agentSeen, &visitorSeen, &recorded); err != nil {
		return c, err
	}
	c.InvitedAt, c.AnsweredAt, c.EndedAt, c.AgentSeen, c.VisitorSeen = at(invited), at(answered), at(ended), at(agentSeen), at(visitorSeen)
	c.Recorded = recorded != 0
	if c.AgentQuality, err = qualityOf(agentQ); err == nil {
		c.VisitorQuality, err = qualityOf(visitorQ)
	}
	return c, err
}

// qualityOf reads a quality; "" is none.
func qualityOf(text string) (*calls.Quality, error) {
	if text == "" {
		return nil, nil
	}
	q := &calls.Quality{}
	return q, json.Unmarshal([]byte(text), q)
}

// callOf reads one call.
func callOf(ctx context.Context, q runner, t id.Tenant, c id.Call) (calls.Call, error) {
	got, ok, err := first(ctx, q, scanCall, `SELECT `+callColumns+` FROM call WHERE id = $1 AND tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = missing("call")
	}
	return got, err
}

const runningCall = `SELECT ` + callColumns + ` FROM call WHERE conversation = $1 AND tenant = $2 AND ended_at = 0`

// CreateCall implements call.Store. Who holds the conversation's lock is alone with
// its calls.
func (s *Store) CreateCall(ctx context.Context, c calls.Call, watch job.Job) (got calls.Call, err error) {
	defer errs.Wrap(&err, "store.CreateCall %s", c.ID)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTalk(ctx, t, c.Tenant, c.Conversation); err != nil {
			return err
		}
		_, there, err := first(ctx, t, scanCall, runningCall, string(c.Conversation), string(c.Tenant))
		if err == nil && there {
			err = errs.New(errs.Conflict, "call_running", "a call goes on in this conversation")
		}
		if err != nil {
			return err
		}
		if c.Asked {
			if err = claimRequest(ctx, t, c); err != nil {
				return err
			}
		}
		if c.Number, err = count(ctx, t, c.Tenant, "call"); err != nil {
			return err
		}
		got, _, err = change(ctx, t, scanCall, `INSERT INTO call (`+callColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, '', '', '', '', $13, $14, $15) RETURNING `+callColumns,
			string(c.ID), string(c.Tenant), string(c.Conversation), c.Number, string(c.Kind), string(c.State), string(c.By), string(c.Agent), c.AgentName,
			string(c.Visitor), c.VisitorName, ms(c.InvitedAt), ms(c.AgentSeen), ms(c.VisitorSeen), flag(c.Recorded))
		if err != nil {
			return err
		}
		text, args := insertJobs([]job.Job{watch})
		if _, err = t.exec(ctx, text, args...); err != nil {
			return err
		}
		return s.noteAll(ctx, t, c.Tenant, hook.Note{Occasion: hook.CallChanged, At: c.InvitedAt}, got)
	})
	return got, err
}

// Call implements call.Store.
func (s *Store) Call(ctx context.Context, t id.Tenant, c id.Call) (got calls.Call, err error) {
	defer errs.Wrap(&err, "store.Call %s", c)
	return callOf(ctx, s.readers, t, c)
}

// RunningCall implements call.Store.
func (s *Store) RunningCall(ctx context.Context, t id.Tenant, c id.Conversation) (got calls.Call, ok bool, err error) {
	defer errs.Wrap(&err, "store.RunningCall %s", c)
	return first(ctx, s.readers, scanCall, runningCall, string(c), string(t))
}

// errCallOver is the answer to a move that comes too late.
var errCallOver = errs.New(errs.Conflict, "call_over", "the call has gone on or is over")

// MoveCall implements call.Store.
func (s *Store) MoveCall(ctx context.Context, m calls.Move) (got calls.Call, err error) {
	defer errs.Wrap(&err, "store.MoveCall %s", m.Call)
	answered, ended := int64(0), int64(0)
	switch {
	case m.To == calls.Connected:
		answered = ms(m.At)
	case m.To.Over():
		ended = ms(m.At)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		var ok bool
		got, ok, err = change(ctx, t, scanCall, `UPDATE call SET state = $3, answered_at = CASE WHEN CAST($4 AS BIGINT) > 0 THEN CAST($4 AS BIGINT) ELSE answered_at END, ended_at = CAST($5 AS BIGINT), reason = $6, ended_by = $7,
			duration = CASE WHEN CAST($5 AS BIGINT) > answered_at AND answered_at > 0 THEN (CAST($5 AS BIGINT) - answered_at) / 1000 ELSE 0 END
			WHERE id = $1 AND tenant = $2 AND state IN `+s.dialect.list("$8")+` RETURNING `+callColumns,
			string(m.Call), string(m.Tenant), string(m.To), answered, ended, m.Reason, string(m.By), jsonList(calls.From(m.To)))
		if err != nil {
			return err
		}
		if ok {
			err = moveRequest(ctx, t, got, m.Serve)
		}
		if err != nil {
			return err
		}
		if ok {
			return s.noteAll(ctx, t, m.Tenant, hook.Note{Occasion: hook.CallChanged, At: m.At}, got)
		}
		if _, err = callOf(ctx, t, m.Tenant, m.Call); err != nil {
			return err
		}
		return errCallOver
	})
	return got, err
}

// PingCall implements call.Store. Without a quality the one before stays.
func (s *Store) PingCall(ctx context.Context, p calls.Ping) (got calls.Call, err error) {
	defer errs.Wrap(&err, "store.PingCall %s", p.Call)
	side := "visitor"
	if p.Side == actor.Agent {
		side = "agent"
	}
	quality := ""
	if p.Quality != nil {
		b, err := json.Marshal(p.Quality)
		if err != nil {
			return got, err
		}
		quality = string(b)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		var ok bool
		got, ok, err = change(ctx, t, scanCall, `UPDATE call SET `+side+`_seen = $3, `+side+`_quality = CASE WHEN $4 = '' THEN `+side+`_quality ELSE $4 END
			WHERE id = $1 AND tenant = $2 AND ended_at = 0 RETURNING `+callColumns, string(p.Call), string(p.Tenant), ms(p.At), quality)
		if err != nil || ok {
			return err
		}
		if _, err = callOf(ctx, t, p.Tenant, p.Call); err != nil {
			return err
		}
		return errCallOver
	})
	return got, err
}

// Calls implements call.Store.
func (s *Store) Calls(ctx context.Context, t id.Tenant, f calls.Filter) (list []calls.Call, err error) {
	defer errs.Wrap(&err, "store.Calls")
	before := string(f.Before)
	if before == "" {
		before = "~" // behind every id
	}
	const columns, end = `SELECT ` + callColumns + ` FROM call WHERE tenant = $1 AND id < $2`, ` ORDER BY id DESC LIMIT $3`
	switch {
	case f.Conversation != "":
		return all(ctx, s.readers, scanCall, columns+` AND conversation = $4`+end, string(t), before, f.Limit, string(f.Conversation))
	case f.Agent != "":
		return all(ctx, s.readers, scanCall, columns+` AND agent = $4`+end, string(t), before, f.Limit, string(f.Agent))
	}
	return all(ctx, s.readers, scanCall, columns+end, string(t), before, f.Limit)
}
