package store

import (
	"context"

	"parlor/internal/alarm"
	"parlor/internal/errs"
	"parlor/internal/id"
)

var _ alarm.Store = (*Store)(nil)

func scanWait(r row) (w alarm.Wait, err error) {
	var queued, since int64
	err = r.Scan(&w.Conversation, &w.Inbox, &w.Team, &queued, &since, &w.Agent, &w.AgentName, &w.Visitor, &w.VisitorName, &w.Agreement, &w.Due)
	w.Queued, w.Since = queued != 0, at(since)
	return w, err
}

// Waits implements alarm.Store. Conversations that have not ended are few, and have an
// index of their own.
func (s *Store) Waits(ctx context.Context, t id.Tenant, limit int) (list []alarm.Wait, err error) {
	defer errs.Wrap(&err, "store.Waits")
	return all(ctx, s.readers, scanWait, `SELECT w.id, w.inbox, w.team, w.queued, w.since, w.agent, COALESCE(a.name, ''), w.visitor, v.name, COALESCE(g.name, ''), COALESCE(d.due, 0)
		FROM (SELECT id, tenant, inbox, team, agent, visitor, CASE WHEN status = 'queued' THEN 1 ELSE 0 END AS queued,
				CASE WHEN status = 'queued' THEN queued_at ELSE waiting_since END AS since
			FROM conversation WHERE tenant = $1 AND status <> 'closed' AND (status = 'queued' OR waiting_since > 0 AND held_at = 0)
			ORDER BY since, id LIMIT $2) w
		JOIN visitor v ON v.id = w.visitor LEFT JOIN agent a ON a.id = w.agent AND a.tenant = w.tenant
		LEFT JOIN conversation_detail d ON d.conversation = w.id LEFT JOIN agreement g ON g.id = d.agreement AND g.tenant = w.tenant
		ORDER BY w.since, w.id`, string(t), limit)
}
