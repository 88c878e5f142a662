package store

import (
	"context"
	"encoding/json"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// maxDecisions is how many decisions are kept for a conversation.
const maxDecisions = 20

// keepDecision adds a decision and drops the oldest beyond maxDecisions.
func keepDecision(ctx context.Context, t *tx, c id.Conversation, agent id.Agent, body string) error {
	n, _, err := change(ctx, t, scalar[int64], `INSERT INTO decision (conversation, n, agent, body)
		SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3 FROM decision WHERE conversation = $1 RETURNING n`,
		string(c), string(agent), body)
	if err != nil || n <= maxDecisions {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM decision WHERE conversation = $1 AND n <= $2`, string(c), n-maxDecisions)
	return err
}

// KeepDecision implements routing.Store. While a visitor waits the reasons change with every look
// at the queue, so they overwrite one another.
func (s *Store) KeepDecision(ctx context.Context, tenant id.Tenant, c id.Conversation, d routing.Decision) (err error) {
	defer errs.Wrap(&err, "store.KeepDecision %s", c)
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if _, err := conversationOf(ctx, t, tenant, c, s.dialect.lock("c")); err != nil {
			return err
		}
		// Only the newest one may be replaced: an older one explains something
		// that has happened since.
		n, err := t.exec(ctx, `UPDATE decision SET body = $2 WHERE conversation = $1 AND agent = ''
			AND n = (SELECT MAX(o.n) FROM decision o WHERE o.conversation = $1)`, string(c), string(body))
		if err != nil || n > 0 {
			return err
		}
		return keepDecision(ctx, t, c, "", string(body))
	})
}

// Decisions implements routing.Store. The join with the conversation keeps other tenants out.
func (s *Store) Decisions(ctx context.Context, t id.Tenant, c id.Conversation) (list []routing.Decision, err error) {
	defer errs.Wrap(&err, "store.Decisions %s", c)
	return all(ctx, s.readers, func(r row) (d routing.Decision, err error) {
		var body string
		if err := r.Scan(&body); err != nil {
			return d, err
		}
		return d, json.Unmarshal([]byte(body), &d)
	}, `SELECT d.body FROM conversation c JOIN decision d ON d.conversation = c.id
		WHERE c.id = $1 AND c.tenant = $2 ORDER BY d.n DESC LIMIT $3`, string(c), string(t), maxDecisions)
}
