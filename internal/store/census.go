package store

import (
	"context"

	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/report"
)

// Census implements report.Store. It looks at every row, so whoever asks remembers
// the answer.
func (s *Store) Census(ctx context.Context, t id.Tenant) (c report.Census, err error) {
	defer errs.Wrap(&err, "store.Census")
	c.Channels = map[string]int64{}
	type group struct {
		channel, status string
		n, messages     int64
	}
	groups, err := all(ctx, s.readers, func(r row) (g group, err error) { return g, r.Scan(&g.channel, &g.status, &g.n, &g.messages) },
		`SELECT channel, status, COUNT(*), CAST(COALESCE(SUM(last_seq), 0) AS BIGINT) FROM conversation WHERE tenant = $1 GROUP BY channel, status`, string(t))
	if err != nil {
		return c, err
	}
	for _, g := range groups {
		c.Conversations += g.n
		c.Messages += g.messages
		c.Channels[g.channel] += g.n
		switch g.status {
		case "open":
			c.Open += g.n
		case "queued":
			c.Queued += g.n
		}
	}
	_, _, err = first(ctx, s.readers, func(r row) (bool, error) {
		return true, r.Scan(&c.Visitors, &c.Contacts, &c.Unknown, &c.Blocked, &c.Verified)
	}, `SELECT (SELECT COUNT(*) FROM visitor WHERE tenant = $1), (SELECT COUNT(*) FROM contact WHERE tenant = $1), (SELECT COUNT(*) FROM contact WHERE tenant = $1 AND unknown = 1),
		(SELECT COUNT(*) FROM contact_channel WHERE tenant = $1 AND blocked = 1), (SELECT COUNT(*) FROM contact_channel WHERE tenant = $1 AND verified = 1)`, string(t))
	return c, err
}
