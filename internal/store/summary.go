package store

import (
	"context"
	"math"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/summary"
)

// SessionTypes implements summary.Store.
func (s *Store) SessionTypes(ctx context.Context, t id.Tenant) (list []summary.SessionType, err error) {
	defer errs.Wrap(&err, "store.SessionTypes")
	return all(ctx, s.readers, func(r row) (st summary.SessionType, err error) {
		var created int64
		err = r.Scan(&st.ID, &st.Tenant, &st.Parent, &st.Name, &st.Code, &st.Sort, &created)
		st.CreatedAt = at(created)
		return st, err
	}, `SELECT id, tenant, parent, name, code, sort, created_at FROM session_type WHERE tenant = $1 ORDER BY sort, id LIMIT $2`, string(t), summary.MaxTypes)
}

// SaveSessionType implements summary.Store.
func (s *Store) SaveSessionType(ctx context.Context, st summary.SessionType, fresh bool, most int) (err error) {
	defer errs.Wrap(&err, "store.SaveSessionType %s", st.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, st.Tenant); err != nil {
			return err
		}
		if !fresh {
			n, err := t.exec(ctx, `UPDATE session_type SET parent = $3, name = $4, code = $5, sort = $6 WHERE id = $1 AND tenant = $2`,
				st.ID, string(st.Tenant), st.Parent, st.Name, st.Code, st.Sort)
			if err == nil && n == 0 {
				err = missing("type")
			}
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM session_type WHERE tenant = $1`, string(st.Tenant))
		if err == nil && n >= most {
			err = errs.New(errs.Conflict, "too_many_types", "there are %d session types, more are not allowed", n)
		}
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO session_type (id, tenant, parent, name, code, sort, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			st.ID, string(st.Tenant), st.Parent, st.Name, st.Code, st.Sort, ms(st.CreatedAt))
		return err
	})
}

// RemoveSessionType implements summary.Store.
func (s *Store) RemoveSessionType(ctx context.Context, t id.Tenant, st string) (err error) {
	defer errs.Wrap(&err, "store.RemoveSessionType %s", st)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := s.lockTenant(ctx, x, t); err != nil {
			return err
		}
		n, _, err := first(ctx, x, scalar[int], `SELECT COUNT(*) FROM session_type WHERE tenant = $1 AND parent = $2`, string(t), st)
		if err == nil && n > 0 {
			err = errs.New(errs.Conflict, "type_not_empty", "%d session types hang below it", n)
		}
		if err != nil {
			return err
		}
		gone, err := x.exec(ctx, `DELETE FROM session_type WHERE id = $1 AND tenant = $2`, st, string(t))
		if err == nil && gone == 0 {
			err = missing("type")
		}
		return err
	})
}

const selectSummary = `SELECT y.conversation, y.tenant, y.visitor, v.name, y.agent, COALESCE(a.name, ''), y.team, y.text, y.class, y.follow_kind,
	y.follow_at, y.follow_contact, y.state, y.note, y.handled_by, y.handled_at, y.created_at, y.updated_at`

func scanSummary(r row) (y summary.Summary, err error) {
	var f summary.FollowUp
	var follow, handled, created, updated int64
	err = r.Scan(&y.Conversation, &y.Tenant, &y.Visitor, &y.VisitorName, &y.Agent, &y.AgentName, &y.Team, &y.Text, &y.Class, &f.Kind,
		&follow, &f.Contact, &y.State, &y.Note, &y.HandledBy, &handled, &created, &updated)
	if f.Kind != "" {
		f.At = at(follow)
		y.FollowUp = &f
	}
	y.HandledAt, y.CreatedAt, y.UpdatedAt = atOrNil(handled), at(created), at(updated)
	return y, err
}

const summaryNames = ` JOIN visitor v ON v.id = y.visitor LEFT JOIN agent a ON a.id = y.agent AND a.tenant = y.tenant`

// Summary implements summary.Store.
func (s *Store) Summary(ctx context.Context, t id.Tenant, c id.Conversation) (y summary.Summary, err error) {
	defer errs.Wrap(&err, "store.Summary %s", c)
	y, ok, err := first(ctx, s.readers, scanSummary, selectSummary+` FROM summary y`+summaryNames+` WHERE y.conversation = $1 AND y.tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = missing("summary")
	}
	return y, err
}

// SaveSummary implements summary.Store.
func (s *Store) SaveSummary(ctx context.Context, y summary.Summary) (err error) {
	defer errs.Wrap(&err, "store.SaveSummary %s", y.Conversation)
	var f summary.FollowUp
	if y.FollowUp != nil {
		f = *y.FollowUp
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := mustHave(ctx, t, "conversation", y.Tenant, string(y.Conversation)); err != nil {
			return err
		}
		if err := mustHave(ctx, t, "agent", y.Tenant, string(y.Agent)); err != nil {
			return err
		}
		if y.Class != "" {
			if _, ok, err := first(ctx, t, scalar[int64], `SELECT 1 FROM session_type WHERE id = $1 AND tenant = $2`, y.Class, string(y.Tenant)); err != nil {
				return err
			} else if !ok {
				return missing("type")
			}
		}
		_, err := t.exec(ctx, `INSERT INTO summary (conversation, tenant, visitor, agent, team, text, class, follow_kind, follow_at, follow_contact, state,
			note, handled_by, handled_at, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '', 0, $12, $13)
			ON CONFLICT (conversation) DO UPDATE SET agent = excluded.agent, team = excluded.team, text = excluded.text, class = excluded.class,
			follow_kind = excluded.follow_kind, follow_at = excluded.follow_at, follow_contact = excluded.follow_contact, state = excluded.state,
			note = '', handled_by = '', handled_at = 0, updated_at = excluded.updated_at`,
			string(y.Conversation), string(y.Tenant), string(y.Visitor), string(y.Agent), string(y.Team), y.Text, y.Class, string(f.Kind), ms(f.At),
			f.Contact, string(y.State), ms(y.CreatedAt), ms(y.UpdatedAt))
		return err
	})
}

// HandleSummary implements summary.Store.
func (s *Store) HandleSummary(ctx context.Context, t id.Tenant, c id.Conversation, by, note string, when time.Time) (err error) {
	defer errs.Wrap(&err, "store.HandleSummary %s", c)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		state, ok, err := first(ctx, x, scalar[string], `SELECT y.state FROM summary y WHERE y.conversation = $1 AND y.tenant = $2`+s.dialect.lock("y"), string(c), string(t))
		switch {
		case err != nil:
			return err
		case !ok:
			return missing("summary")
		case state != string(summary.Open):
			return errs.New(errs.Conflict, "not_open", "there is nothing left to do")
		}
		_, err = x.exec(ctx, `UPDATE summary SET state = 'handled', handled_by = $2, note = $3, handled_at = $4, updated_at = $4 WHERE conversation = $1`,
			string(c), by, note, ms(when))
		return err
	})
}

// DueFollowUps implements summary.Store. Open follow-ups have indexes of their own, by agent, by
// team, and for all.
func (s *Store) DueFollowUps(ctx context.Context, f summary.DueFilter) (page []summary.Summary, next string, err error) {
	defer errs.Wrap(&err, "store.DueFollowUps")
	from, err := parseCursor(f.After, cursorBottom)
	if err != nil {
		return nil, "", err
	}
	until, limit := ms(f.Until), max(f.Limit, 1)
	if until == 0 {
		until = math.MaxInt64
	}
	where, whose := " AND follow_at > 0", "" // admits the index of all
	switch {
	case f.Agent != "":
		where, whose = " AND agent = $6", string(f.Agent)
	case f.Team != "":
		where, whose = " AND team = $6", string(f.Team)
	}
	args := []any{string(f.Tenant), from.key, from.id, until, limit + 1}
	if whose != "" {
		args = append(args, whose)
	}
	page, err = all(ctx, s.readers, scanSummary, selectSummary+` FROM (SELECT * FROM summary WHERE tenant = $1 AND state = 'open'`+where+
		` AND (follow_at, conversation) > ($2, $3) AND follow_at <= $4 ORDER BY follow_at, conversation LIMIT $5) y`+summaryNames+
		` ORDER BY y.follow_at, y.conversation`, args...)
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = cursor{ms(page[limit-1].FollowUp.At), string(page[limit-1].Conversation)}.String()
	}
	return page, next, err
}
