package store

import (
	"context"
	"math"
	"time"

	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// AppendColleague implements colleague.Store. Both agents must be of the tenant.
func (s *Store) AppendColleague(ctx context.Context, m colleague.Message) (err error) {
	defer errs.Wrap(&err, "store.AppendColleague")
	if m.ID == "" {
		m.ID = id.New()
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO colleague_message (id, tenant, low, high, sender, recipient, sender_name, text, at)
			SELECT $1, f.tenant, $3, $4, f.id, r.id, $7, $8, CAST($9 AS BIGINT) FROM agent f, agent r
			WHERE f.id = $5 AND f.tenant = $2 AND r.id = $6 AND r.tenant = $2`, m.ID, string(m.Tenant),
			string(min(m.From, m.To)), string(max(m.From, m.To)), string(m.From), string(m.To), m.FromName, m.Text, ms(m.At))
		if err == nil && n == 0 {
			err = missing("agent")
		}
		return err
	})
}

// Between implements colleague.Store. The pair is stored with the smaller id first, so both
// directions are one range of one index.
func (s *Store) Between(ctx context.Context, t id.Tenant, a, b id.Agent, before time.Time, limit int) (list []colleague.Message, err error) {
	defer errs.Wrap(&err, "store.Between")
	until := ms(before)
	if until == 0 {
		until = math.MaxInt64
	}
	return all(ctx, s.readers, func(r row) (m colleague.Message, err error) {
		var when int64
		err = r.Scan(&m.ID, &m.Tenant, &m.From, &m.To, &m.FromName, &m.Text, &when)
		m.At = at(when)
		return m, err
	}, `SELECT id, tenant, sender, recipient, sender_name, text, at FROM colleague_message
		WHERE tenant = $1 AND low = $2 AND high = $3 AND at < $4 ORDER BY at DESC, id DESC LIMIT $5`,
		string(t), string(min(a, b)), string(max(a, b)), until, max(limit, 1))
}
