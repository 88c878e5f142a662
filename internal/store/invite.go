package store

import (
	"context"
	"time"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/invite"
)

const invitationColumns = `id, tenant, inbox, visitor, agent, agent_name, rule, text, url, title, at, result, answered_at`

func scanInvitation(r row) (v invite.Invitation, err error) {
	var when, answered int64
	err = r.Scan(&v.ID, &v.Tenant, &v.Inbox, &v.Visitor, &v.Agent, &v.AgentName, &v.Rule, &v.Text, &v.URL, &v.Title, &when, &v.Result, &answered)
	v.At, v.AnsweredAt = at(when), atOrNil(answered)
	if answered > 0 {
		v.ResponseMS = answered - when
	}
	return v, err
}

// Invite implements invite.Store. The row of the visitor who is online is locked,
// so that page and count are those of this moment.
func (s *Store) Invite(ctx context.Context, in invite.Invitation) (got invite.Invitation, err error) {
	defer errs.Wrap(&err, "store.Invite %s", in.Visitor)
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		type seen struct {
			inbox      id.Inbox
			url, title string
		}
		o, ok, err := first(ctx, t, func(r row) (o seen, err error) { return o, r.Scan(&o.inbox, &o.url, &o.title) },
			`SELECT o.inbox, o.url, o.title FROM online_visitor o JOIN node n ON n.id = o.node AND n.lease_until > $3
			WHERE o.tenant = $1 AND o.visitor = $2`+s.dialect.lock("o"), string(in.Tenant), string(in.Visitor), ms(in.At))
		if err == nil && !ok {
			err = notOnline()
		}
		if err != nil {
			return err
		}
		_, served, err := first(ctx, t, scalar[string], `SELECT c.id FROM conversation c WHERE c.tenant = $1 AND c.visitor = $2
			AND c.status <> 'closed'`, string(in.Tenant), string(in.Visitor))
		if err == nil && served {
			err = errs.New(errs.Conflict, "visitor_in_service", "The visitor is in a conversation already.")
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE online_visitor SET state = 'invited', invites = invites + 1, invited_at = $3
			WHERE tenant = $1 AND visitor = $2`, string(in.Tenant), string(in.Visitor), ms(in.At)); err != nil {
			return err
		}
		got, _, err = change(ctx, t, scanInvitation, `INSERT INTO invitation (`+invitationColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) RETURNING `+invitationColumns, in.ID, string(in.Tenant), string(o.inbox),
			string(in.Visitor), string(in.Agent), in.AgentName, in.Rule, in.Text, o.url, o.title, ms(in.At), string(invite.Open))
		return err
	})
	return got, err
}

// AnswerInvite implements invite.Store.
func (s *Store) AnswerInvite(ctx context.Context, t id.Tenant, v id.Visitor, invitation string, r invite.Result, when, since time.Time) (got invite.Invitation, changed bool, err error) {
	defer errs.Wrap(&err, "store.AnswerInvite %s", v)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		var ok bool
		if invitation == "" {
			got, ok, err = first(ctx, x, scanInvitation, `SELECT `+invitationColumns+` FROM invitation WHERE tenant = $1 AND visitor = $2
				AND at > $3 ORDER BY at DESC, id DESC LIMIT 1`, string(t), string(v), ms(since))
		} else {
			got, ok, err = first(ctx, x, scanInvitation, `SELECT `+invitationColumns+` FROM invitation WHERE tenant = $1 AND visitor = $2
				AND at > $3 AND id = $4`, string(t), string(v), ms(since), invitation)
		}
		if err == nil && !ok {
			err = missing("invitation")
		}
		if changed = false; err != nil || got.Result != invite.Open {
			return err
		}
		got, changed, err = change(ctx, x, scanInvitation, `UPDATE invitation SET result = $2, answered_at = $3 WHERE id = $1 AND result = 'default'
			RETURNING `+invitationColumns, got.ID, string(r), ms(when))
		if err != nil {
			return err
		}
		if !changed {
			return errAgain // somebody answered in between
		}
		state := "refused"
		if r == invite.Accepted {
			state = "accepted"
		}
		_, err = x.exec(ctx, `UPDATE online_visitor SET state = $3 WHERE tenant = $1 AND visitor = $2 AND state <> 'in_service'`, string(t), string(v), state)
		return err
	})
	return got, changed, err
}

// AcceptedInvite implements invite.Store.
func (s *Store) AcceptedInvite(ctx context.Context, t id.Tenant, v id.Visitor, since time.Time) (got invite.Invitation, ok bool, err error) {
	defer errs.Wrap(&err, "store.AcceptedInvite %s", v)
	return first(ctx, s.readers, scanInvitation, `SELECT `+invitationColumns+` FROM invitation WHERE tenant = $1 AND visitor = $2
		AND at > $3 AND result = 'accept' AND agent <> '' ORDER BY at DESC, id DESC LIMIT 1`, string(t), string(v), ms(since))
}

// Invites implements invite.Store.
func (s *Store) Invites(ctx context.Context, t id.Tenant, f invite.Filter) (page []invite.Invitation, next string, err error) {
	defer errs.Wrap(&err, "store.Invites")
	var c conditions
	c.add("visitor", string(f.Visitor))
	c.add("inbox", string(f.Inbox))
	c.add("result", string(f.Result))
	if c.text == "" {
		c.text = " AND at > 0" // admits the index of all
	}
	c.since("at", f.From)
	return keyset(ctx, s, scanInvitation, func(v invite.Invitation) cursor { return cursor{ms(v.At), v.ID} }, t, until(f.After, f.To), f.Limit,
		`SELECT `+invitationColumns+` FROM invitation WHERE tenant = $1`+c.text+` AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4`, c.args...)
}

// InviteTally implements invite.Store. It reads the index alone.
func (s *Store) InviteTally(ctx context.Context, t id.Tenant, in id.Inbox, since time.Time) (n invite.Tally, err error) {
	defer errs.Wrap(&err, "store.InviteTally")
	where, args := " AND at > 0", []any{string(t), ms(since)}
	if in != "" {
		where, args = " AND inbox = $3", append(args, string(in))
	}
	_, err = all(ctx, s.readers, func(r row) (struct{}, error) {
		var result invite.Result
		var count int
		err := r.Scan(&result, &count)
		switch result {
		case invite.Accepted:
			n.Accepted = count
		case invite.Refused:
			n.Refused = count
		case invite.Open:
			n.Open = count
		}
		return struct{}{}, err
	}, `SELECT result, COUNT(*) FROM invitation WHERE tenant = $1`+where+` AND at >= $2 GROUP BY result`, args...)
	return n, err
}
