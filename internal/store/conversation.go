package store

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// conversationColumns is what scanConversation reads, without the names.
const conversationColumns = `c.id, c.tenant, c.inbox, c.channel, c.visitor, c.status, c.agent, c.team,
	c.requested_agent, c.previous_agent, c.priority, c.version, c.page_url, c.page_title,
	c.created_at, c.queued_at, c.assigned_at, c.closed_at, c.end_by, c.last_seq, c.visible_seq,
	c.last_at, c.last_text, c.last_kind, c.last_from, c.agent_read, c.visitor_read, c.unread, c.waiting_since, c.tags, c.held_at, c.bound_agent`

// namedConversation selects conversations c with the names of visitor and agent.
const namedConversation = `SELECT ` + conversationColumns + `, v.name, COALESCE(a.name, '')
	FROM conversation c
	JOIN visitor v ON v.id = c.visitor
	LEFT JOIN agent a ON a.id = c.agent AND a.tenant = c.tenant`

// conversationRow collects one row of conversationColumns.
type conversationRow struct {
	c                                                        conversation.Conversation
	created, queued, assigned, closed, last, waitSince, held int64
	tags                                                     string
}

// dest returns where to scan the columns to.
func (r *conversationRow) dest() []any {
	c := &r.c
	return []any{&c.ID, &c.Tenant, &c.Inbox, &c.Channel, &c.Visitor, &c.Status, &c.Agent, &c.Team,
		&c.RequestedAgent, &c.PreviousAgent, &c.Priority, &c.Version, &c.PageURL, &c.PageTitle,
		&r.created, &r.queued, &r.assigned, &r.closed, &c.EndBy, &c.LastSeq, &c.VisibleSeq,
		&r.last, &c.LastText, &c.LastKind, &c.LastFrom, &c.AgentRead, &c.VisitorRead, &c.Unread, &r.waitSince, &r.tags, &r.held, &c.BoundAgent}
}

// value returns the conversation with its times.
func (r *conversationRow) value() conversation.Conversation {
	c := r.c
	if r.tags != "" {
		c.Tags = strings.Fields(r.tags)
	}
	c.CreatedAt, c.QueuedAt, c.LastAt = at(r.created), at(r.queued), at(r.last)
	c.Bot = c.Status == conversation.Open && c.Agent.Robot()
	c.HeldAt = atOrNil(r.held)
	c.AssignedAt, c.ClosedAt, c.WaitingSince = atOrNil(r.assigned), atOrNil(r.closed), atOrNil(r.waitSince)
	return c
}

// scanConversation reads a row of namedConversation.
func scanConversation(r row) (conversation.Conversation, error) {
	var v conversationRow
	err := r.Scan(append(v.dest(), &v.c.VisitorName, &v.c.AgentName)...)
	return v.value(), err
}

// noConversation is also the answer for those of other tenants.
func noConversation() error { return missing("conversation") }

// queueKey orders a queue by one number: priority high to low, then time.
func queueKey(priority int, queuedAt int64) int64 {
	const longestTime = 10_000_000_000_000 // milliseconds, beyond the year 2280
	return queuedAt - int64(priority)*longestTime
}

// Start implements conversation.Store. The partial unique index on active conversations settles
// the race of nodes; whoever loses reads what the winner wrote.
func (s *Store) Start(ctx context.Context, c conversation.Conversation, e ...conversation.Entrance) (got conversation.Conversation, created bool, err error) {
	defer errs.Wrap(&err, "store.Start %s", c.Visitor)
	if c.ID == "" {
		c.ID = id.Conversation(id.New())
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if err := s.checkStart(ctx, t, c); err != nil {
			return err
		}
		entering, asked := c, ""
		if len(e) > 0 {
			if entering.Team, asked, err = s.enter(ctx, t, c, e[0]); err != nil {
				return err
			}
		}
		if created, err = insertConversation(ctx, t, entering, asked); err != nil {
			return err
		}
		if created {
			if err := s.reach(ctx, t, c); err != nil {
				return err
			}
			if err := s.makeDue(ctx, t, c.Tenant, c.ID, c.Channel, hook.Untold, 0, c.CreatedAt); err != nil {
				return err
			}
		}
		if created && len(e) > 0 && e[0].Robot != nil {
			if err := s.receive(ctx, t, c, *e[0].Robot); err != nil {
				return err
			}
		}
		found := false
		got, found, err = activeOf(ctx, t, c.Tenant, c.Visitor)
		if err == nil && !found {
			return errAgain // it was closed between the two statements
		}
		return err
	})
	return got, created, err
}

// checkStart refuses what belongs to another tenant.
func (s *Store) checkStart(ctx context.Context, t *tx, c conversation.Conversation) error {
	if err := mustHave(ctx, t, "visitor", c.Tenant, string(c.Visitor)); err != nil {
		return err
	}
	if err := mustHave(ctx, t, "inbox", c.Tenant, string(c.Inbox)); err != nil {
		return err
	}
	if c.Team == "" {
		return nil
	}
	return mustHave(ctx, t, "team", c.Tenant, string(c.Team))
}

// mustHave returns NotFound "<table>_not_found" unless the tenant has such a row.
func mustHave(ctx context.Context, t *tx, table string, tenant id.Tenant, rowID string) error {
	_, ok, err := first(ctx, t, scalar[int64],
		`SELECT 1 FROM `+table+` WHERE id = $1 AND tenant = $2`, rowID, string(tenant))
	if err == nil && !ok {
		return missing(table)
	}
	return err
}

// insertConversation adds c to its queue and reports whether it did: not if the
// visitor has an active conversation already.
func insertConversation(ctx context.Context, t *tx, c conversation.Conversation, asked string) (bool, error) {
	previous, _, err := first(ctx, t, scalar[string], `SELECT agent FROM conversation
		WHERE tenant = $1 AND visitor = $2 AND status = 'closed' AND agent <> '' AND agent NOT LIKE 'robot-%'
		ORDER BY created_at DESC, id DESC LIMIT 1`, string(c.Tenant), string(c.Visitor))
	if err != nil {
		return false, err
	}
	// A conversation waits from its start, and counts as active from then on
	// although nobody has said anything yet.
	queued := ms(c.QueuedAt)
	if queued == 0 {
		queued = ms(c.CreatedAt)
	}
	last := ms(c.LastAt)
	if last == 0 {
		last = ms(c.CreatedAt)
	}
	n, err := t.exec(ctx, `INSERT INTO conversation (id, tenant, inbox, channel, visitor, status, agent, team,
		requested_agent, previous_agent, priority, version, page_url, page_title, created_at, queued_at, queue_key,
		assigned_at, closed_at, end_by, last_seq, visible_seq, prev_seq, last_at, last_text, last_kind, last_from,
		agent_read, visitor_read, unread, waiting_since, bound_agent, asked)
		VALUES ($1, $2, $3, $4, $5, 'queued', '', $6, $7, $8, $9, 1, $10, $11, $12, $13, $14,
		0, 0, '', 0, 0, 0, $15, '', '', '', 0, 0, 0, 0, $16, $17)
		ON CONFLICT (tenant, visitor) WHERE status <> 'closed' DO NOTHING`,
		string(c.ID), string(c.Tenant), string(c.Inbox), c.Channel, string(c.Visitor), string(c.Team),
		string(c.RequestedAgent), previous, c.Priority, c.PageURL, c.PageTitle, ms(c.CreatedAt), queued,
		queueKey(c.Priority, queued), last, string(c.BoundAgent), asked)
	return n == 1, err
}

// activeOf reads the conversation of a visitor that is not closed.
func activeOf(ctx context.Context, q runner, t id.Tenant, v id.Visitor) (conversation.Conversation, bool, error) {
	return first(ctx, q, scanConversation,
		namedConversation+` WHERE c.tenant = $1 AND c.visitor = $2 AND c.status <> 'closed'`, string(t), string(v))
}

// Conversation implements conversation.Store. Names are filled.
func (s *Store) Conversation(ctx context.Context, t id.Tenant, c id.Conversation) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Conversation %s", c)
	return conversationOf(ctx, s.readers, t, c, "")
}

// conversationOf reads one conversation; lock is the dialect's locking clause.
func conversationOf(ctx context.Context, q runner, t id.Tenant, c id.Conversation, lock string) (conversation.Conversation, error) {
	got, ok, err := first(ctx, q, scanConversation,
		namedConversation+` WHERE c.id = $1 AND c.tenant = $2`+lock, string(c), string(t))
	if err == nil && !ok {
		err = noConversation()
	}
	return got, err
}

// Active implements conversation.Store. The partial unique index that guards "one conversation for
// a visitor" also finds it.
func (s *Store) Active(ctx context.Context, t id.Tenant, v id.Visitor) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "store.Active %s", v)
	got, ok, err := activeOf(ctx, s.readers, t, v)
	if err == nil && !ok {
		err = noConversation()
	}
	return got, err
}

// MarkRead implements conversation.Store. The agent's unread count is made anew from the messages
// behind the mark, so it cannot drift; there are few of them.
func (s *Store) MarkRead(ctx context.Context, t id.Tenant, c id.Conversation, side actor.Kind, seq int64) (got conversation.Conversation, moved bool, err error) {
	defer errs.Wrap(&err, "store.MarkRead %s", c)
	err = s.write(ctx, func(ctx context.Context, t2 *tx) (err error) {
		moved = false
		if got, err = conversationOf(ctx, t2, t, c, s.dialect.lock("c")); err != nil {
			return err
		}
		// A mark beyond the newest message would hide messages yet to come.
		to := min(seq, got.LastSeq)
		switch {
		case side == actor.Agent && to > got.AgentRead:
			got.AgentRead = to
			got.Unread, _, err = change(ctx, t2, scalar[int], `UPDATE conversation SET agent_read = $2,
				unread = (SELECT COUNT(*) FROM message m WHERE m.conversation = $1 AND m.seq > $2
					AND m.from_kind = 'visitor' AND m.kind NOT IN ('note', 'event'))
				WHERE id = $1 RETURNING unread`, string(c), to)
			moved = err == nil
		case side == actor.Visitor && to > got.VisitorRead:
			got.VisitorRead = to
			_, err = t2.exec(ctx, `UPDATE conversation SET visitor_read = $2 WHERE id = $1`, string(c), to)
			moved = err == nil
		}
		return err
	})
	return got, moved, err
}
