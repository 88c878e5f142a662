package store

import (
	"context"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CreateCredential implements account.Store. An agent of another tenant is NotFound.
func (s *Store) CreateCredential(ctx context.Context, c account.Credential) (err error) {
	defer errs.Wrap(&err, "store.CreateCredential")
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO credential (hash, tenant, agent, kind, name, csrf, created_at, expires_at, hint, bypass)
			SELECT $1, a.tenant, a.id, $4, $5, $6, CAST($7 AS BIGINT), CAST($8 AS BIGINT), $9, CAST($10 AS BIGINT)
			FROM agent a WHERE a.id = $3 AND a.tenant = $2 AND a.removed_at = 0`, c.Hash, string(c.Tenant), string(c.Agent),
			string(c.Kind), c.Name, c.CSRF, ms(c.CreatedAt), ms(c.ExpiresAt), c.Hint, flag(c.Bypass))
		if err == nil && n == 0 {
			err = missing("agent")
		}
		return err
	})
}

// Credential implements account.Store. The hash is the primary key, so one lookup answers; a
// secret itself is never compared.
func (s *Store) Credential(ctx context.Context, hash string) (c account.Credential, err error) {
	defer errs.Wrap(&err, "store.Credential")
	c, ok, err := first(ctx, s.readers, func(r row) (c account.Credential, err error) {
		var created, expires int64
		err = r.Scan(&c.Hash, &c.Tenant, &c.Agent, &c.Kind, &c.Name, &c.CSRF, &created, &expires)
		c.CreatedAt, c.ExpiresAt = at(created), at(expires)
		return c, err
	}, `SELECT hash, tenant, agent, kind, name, csrf, created_at, expires_at FROM credential WHERE hash = $1`, hash)
	if err == nil && !ok {
		err = missing("credential")
	}
	return c, err
}

// DeleteCredential implements account.Store. It is idempotent: a session may end on two screens at
// once.
func (s *Store) DeleteCredential(ctx context.Context, hash string) (err error) {
	defer errs.Wrap(&err, "store.DeleteCredential")
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM credential WHERE hash = $1`, hash)
		return err
	})
}

// DeleteCredentials implements account.Store. Personal access tokens stay: programs do not log in
// again.
func (s *Store) DeleteCredentials(ctx context.Context, t id.Tenant, a id.Agent) (err error) {
	defer errs.Wrap(&err, "store.DeleteCredentials %s", a)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `DELETE FROM credential WHERE tenant = $1 AND agent = $2 AND kind IN ($3, $4)`,
			string(t), string(a), string(account.SessionCookie), string(account.LegacyToken))
		return err
	})
}

// DeleteExpired implements account.Store. An index holds just the credentials that can expire.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (count int, err error) {
	defer errs.Wrap(&err, "store.DeleteExpired")
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `DELETE FROM credential WHERE expires_at > 0 AND expires_at < $1`, ms(now))
		count = int(n)
		return err
	})
	return count, err
}
