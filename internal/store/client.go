package store

import (
	"context"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CreateAPIClient implements account.Store. Only a hash of the secret reaches this package.
func (s *Store) CreateAPIClient(ctx context.Context, c account.APIClient, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.CreateAPIClient %s", c.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO api_client (id, tenant, name, secret_hash, created_at)
			SELECT $1, t.id, $3, $4, CAST($5 AS BIGINT) FROM tenant t WHERE t.id = $2`,
			c.ID, string(c.Tenant), c.Name, c.SecretHash, ms(c.CreatedAt))
		if err != nil || n == 0 {
			return orMissing(err, "tenant")
		}
		return record(ctx, t, by, changed{tenant: c.Tenant, thing: "api_client", id: c.ID, name: c.Name, after: c})
	})
}

// APIClient implements account.Store. The id is unique in the installation and names the tenant,
// like the id of an inbox.
func (s *Store) APIClient(ctx context.Context, clientID string) (c account.APIClient, err error) {
	defer errs.Wrap(&err, "store.APIClient %s", clientID)
	c, ok, err := first(ctx, s.readers, scanClient, selectClient+` WHERE id = $1`, clientID)
	if err == nil && !ok {
		err = missing("api_client")
	}
	return c, err
}

const selectClient = `SELECT id, tenant, name, secret_hash, created_at FROM api_client`

// scanClient reads a row of selectClient.
func scanClient(r row) (c account.APIClient, err error) {
	var created int64
	err = r.Scan(&c.ID, &c.Tenant, &c.Name, &c.SecretHash, &created)
	c.CreatedAt = at(created)
	return c, err
}

// APIClients implements account.Store.
func (s *Store) APIClients(ctx context.Context, t id.Tenant) (list []account.APIClient, err error) {
	defer errs.Wrap(&err, "store.APIClients")
	return all(ctx, s.readers, scanClient, selectClient+` WHERE tenant = $1 ORDER BY name, id`, string(t))
}

// DeleteAPIClient implements account.Store.
func (s *Store) DeleteAPIClient(ctx context.Context, t id.Tenant, clientID string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteAPIClient %s", clientID)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanClient, selectClient+` WHERE tenant = $1 AND id = $2`, string(t), clientID)
		if err != nil || !ok {
			return orMissing(err, "api_client")
		}
		if _, err := x.exec(ctx, `DELETE FROM client_token WHERE client = $1`, clientID); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `DELETE FROM api_client WHERE tenant = $1 AND id = $2`, string(t), clientID); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "api_client", id: clientID, name: before.Name, before: before})
	})
}

// RotateAPIClient implements account.Store.
func (s *Store) RotateAPIClient(ctx context.Context, t id.Tenant, clientID, hash string, by audit.By) (c account.APIClient, err error) {
	defer errs.Wrap(&err, "store.RotateAPIClient %s", clientID)
	err = s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanClient, selectClient+` WHERE tenant = $1 AND id = $2`, string(t), clientID)
		if err != nil || !ok {
			return orMissing(err, "api_client")
		}
		if _, err := x.exec(ctx, `UPDATE api_client SET secret_hash = $2 WHERE id = $1`, clientID, hash); err != nil {
			return err
		}
		if _, err := x.exec(ctx, `DELETE FROM client_token WHERE client = $1`, clientID); err != nil {
			return err
		}
		c = before
		c.SecretHash = hash
		return record(ctx, x, by, changed{tenant: t, thing: "api_client", id: clientID, name: c.Name, before: before, after: c})
	})
	return c, err
}

// CreateClientToken implements account.Store.
func (s *Store) CreateClientToken(ctx context.Context, c account.ClientToken, now time.Time) (err error) {
	defer errs.Wrap(&err, "store.CreateClientToken")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		// Not if the secret was changed or the client removed meanwhile.
		n, err := x.exec(ctx, `INSERT INTO client_token (hash, tenant, client, expires_at)
			SELECT $1, a.tenant, a.id, CAST($4 AS BIGINT) FROM api_client a WHERE a.tenant = $2 AND a.id = $3`, c.Hash, string(c.Tenant), c.Client, ms(c.ExpiresAt))
		if err != nil || n == 0 {
			return orMissing(err, "api_client")
		}
		_, err = x.exec(ctx, `DELETE FROM client_token WHERE client = $1 AND (expires_at <= $2 OR hash IN
			(SELECT hash FROM client_token WHERE client = $1 ORDER BY expires_at DESC, hash LIMIT 1000 OFFSET $3))`, c.Client, ms(now), account.MaxClientTokens)
		return err
	})
}

// ClientByToken implements account.Store.
func (s *Store) ClientByToken(ctx context.Context, hash string, now time.Time) (c account.APIClient, err error) {
	defer errs.Wrap(&err, "store.ClientByToken")
	c, ok, err := first(ctx, s.readers, scanClient, `SELECT a.id, a.tenant, a.name, a.secret_hash, a.created_at
		FROM client_token k JOIN api_client a ON a.id = k.client WHERE k.hash = $1 AND k.expires_at > $2`, hash, ms(now))
	if err == nil && !ok {
		err = missing("client_token")
	}
	return c, err
}
