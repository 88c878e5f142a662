package store

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CreateTenant implements account.Store. Writers of tenants wait for one another, so that numbers
// are given without gaps: a tenant is added a few times a year.
func (s *Store) CreateTenant(ctx context.Context, t account.Tenant) (got account.Tenant, err error) {
	defer errs.Wrap(&err, "store.CreateTenant %s", t.ID)
	got = t
	settings, err := json.Marshal(t.Settings)
	if err != nil {
		return got, err
	}
	err = s.write(ctx, func(ctx context.Context, x *tx) (err error) {
		if err := s.dialect.alone(ctx, x, "tenant"); err != nil {
			return err
		}
		got.Number, _, err = change(ctx, x, scalar[int64], `INSERT INTO tenant (id, name, number, settings, created_at)
			SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, CAST($4 AS BIGINT) FROM tenant RETURNING number`,
			string(t.ID), t.Name, string(settings), ms(t.CreatedAt))
		return err
	})
	return got, err
}

// Tenants implements account.Store. There are few, so the whole table is read.
func (s *Store) Tenants(ctx context.Context) (list []account.Tenant, err error) {
	defer errs.Wrap(&err, "store.Tenants")
	return all(ctx, s.readers, func(r row) (t account.Tenant, err error) {
		var created int64
		var settings string
		if err := r.Scan(&t.ID, &t.Name, &t.Number, &settings, &created); err != nil {
			return t, err
		}
		t.CreatedAt = at(created)
		return t, json.Unmarshal([]byte(settings), &t.Settings)
	}, `SELECT id, name, number, settings, created_at FROM tenant ORDER BY number`)
}

// UpdateTenant implements account.Store. Id, number and creation time stay as they are.
func (s *Store) UpdateTenant(ctx context.Context, t account.Tenant) (err error) {
	defer errs.Wrap(&err, "store.UpdateTenant %s", t.ID)
	return s.replace(ctx, "tenant", t.Settings, `UPDATE tenant SET name = $2, settings = $3 WHERE id = $1`, string(t.ID), t.Name)
}

// replace runs an update whose last argument is the document of settings; no row is errs.NotFound.
func (s *Store) replace(ctx context.Context, thing string, settings any, query string, args ...any) error {
	doc, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	args = append(args, string(doc))
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = missing(thing)
		}
		return err
	})
}

const selectInbox = `SELECT id, tenant, name, channel, settings, created_at FROM inbox`

// scanInbox reads a row of selectInbox.
func scanInbox(r row) (in account.Inbox, err error) {
	var settings string
	var created int64
	if err := r.Scan(&in.ID, &in.Tenant, &in.Name, &in.Channel, &settings, &created); err != nil {
		return in, err
	}
	in.CreatedAt = at(created)
	return in, json.Unmarshal([]byte(settings), &in.Settings)
}

// CreateInbox implements account.Store. The tenant must exist: it is looked up in the same
// statement that adds the row, so it cannot vanish between.
func (s *Store) CreateInbox(ctx context.Context, in account.Inbox) (err error) {
	defer errs.Wrap(&err, "store.CreateInbox %s", in.ID)
	settings, err := json.Marshal(in.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO inbox (id, tenant, name, channel, settings, created_at)
			SELECT $1, t.id, $3, $4, $5, CAST($6 AS BIGINT) FROM tenant t WHERE t.id = $2`,
			string(in.ID), string(in.Tenant), in.Name, in.Channel, string(settings), ms(in.CreatedAt))
		if err == nil && n == 0 {
			err = missing("tenant")
		}
		return err
	})
}

// InboxByID implements account.Store. It is the one lookup without a tenant: a page that embeds
// the widget knows only the public id.
func (s *Store) InboxByID(ctx context.Context, inbox id.Inbox) (in account.Inbox, err error) {
	defer errs.Wrap(&err, "store.InboxByID %s", inbox)
	in, ok, err := first(ctx, s.readers, scanInbox, selectInbox+` WHERE id = $1`, string(inbox))
	if err == nil && !ok {
		err = missing("inbox")
	}
	return in, err
}

// Inboxes implements account.Store. Settings that were written by an older program have the
// default for every field they lack.
func (s *Store) Inboxes(ctx context.Context, t id.Tenant) (list []account.Inbox, err error) {
	defer errs.Wrap(&err, "store.Inboxes")
	return all(ctx, s.readers, scanInbox, selectInbox+` WHERE tenant = $1 ORDER BY name, id`, string(t))
}

// UpdateInbox implements account.Store. Id, tenant, channel and creation time stay as they are.
func (s *Store) UpdateInbox(ctx context.Context, in account.Inbox) (err error) {
	defer errs.Wrap(&err, "store.UpdateInbox %s", in.ID)
	return s.replace(ctx, "inbox", in.Settings, `UPDATE inbox SET name = $3, settings = $4 WHERE id = $1 AND tenant = $2`,
		string(in.ID), string(in.Tenant), in.Name)
}

// CreateTeam implements account.Store. The name is compared as it is written: "Sales" and "sales"
// are two teams.
func (s *Store) CreateTeam(ctx context.Context, team account.Team) (err error) {
	defer errs.Wrap(&err, "store.CreateTeam %s", team.Name)
	settings, err := json.Marshal(team.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO team (id, tenant, name, settings, created_at)
			SELECT $1, t.id, $3, $4, CAST($5 AS BIGINT) FROM tenant t WHERE t.id = $2`,
			string(team.ID), string(team.Tenant), team.Name, string(settings), ms(team.CreatedAt))
		if err == nil && n == 0 {
			err = missing("tenant")
		}
		return err
	})
}

// Teams implements account.Store. The index on the name gives the order.
func (s *Store) Teams(ctx context.Context, t id.Tenant) (list []account.Team, err error) {
	defer errs.Wrap(&err, "store.Teams")
	return all(ctx, s.readers, func(r row) (team account.Team, err error) {
		var created int64
		var settings string
		if err := r.Scan(&team.ID, &team.Tenant, &team.Name, &settings, &created); err != nil {
			return team, err
		}
		team.CreatedAt = at(created)
		return team, json.Unmarshal([]byte(settings), &team.Settings)
	}, `SELECT id, tenant, name, settings, created_at FROM team WHERE tenant = $1 ORDER BY name`, string(t))
}

// UpdateTeam implements account.Store. Id, tenant and creation time stay as they are.
func (s *Store) UpdateTeam(ctx context.Context, team account.Team) (err error) {
	defer errs.Wrap(&err, "store.UpdateTeam %s", team.ID)
	return s.replace(ctx, "team", team.Settings, `UPDATE team SET name = $3, settings = $4 WHERE id = $1 AND tenant = $2`,
		string(team.ID), string(team.Tenant), team.Name)
}

// CreateAPIClient implements account.Store. Only a hash of the secret reaches this package.
func (s *Store) CreateAPIClient(ctx context.Context, c account.APIClient) (err error) {
	defer errs.Wrap(&err, "store.CreateAPIClient %s", c.ID)
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO api_client (id, tenant, name, secret_hash, created_at)
			SELECT $1, t.id, $3, $4, CAST($5 AS BIGINT) FROM tenant t WHERE t.id = $2`,
			c.ID, string(c.Tenant), c.Name, c.SecretHash, ms(c.CreatedAt))
		if err == nil && n == 0 {
			err = missing("tenant")
		}
		return err
	})
}

// APIClient implements account.Store. The id is unique in the installation and names the tenant,
// like the id of an inbox.
func (s *Store) APIClient(ctx context.Context, clientID string) (c account.APIClient, err error) {
	defer errs.Wrap(&err, "store.APIClient %s", clientID)
	c, ok, err := first(ctx, s.readers, func(r row) (c account.APIClient, err error) {
		var created int64
		err = r.Scan(&c.ID, &c.Tenant, &c.Name, &c.SecretHash, &created)
		c.CreatedAt = at(created)
		return c, err
	}, `SELECT id, tenant, name, secret_hash, created_at FROM api_client WHERE id = $1`, clientID)
	if err == nil && !ok {
		err = missing("api_client")
	}
	return c, err
}

// Secret implements account.Store. It is read first without a transaction, as all calls but the
// first of an installation find it. Of callers at once, on any number of nodes, the first row wins
// and everybody reads that one.
func (s *Store) Secret(ctx context.Context, name string, candidate []byte) (secret []byte, err error) {
	defer errs.Wrap(&err, "store.Secret %s", name)
	const read = `SELECT value FROM secret WHERE name = $1`
	value, ok, err := first(ctx, s.readers, scalar[string], read, name)
	if err == nil && !ok {
		err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
			if _, err := t.exec(ctx, `INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
				name, base64.StdEncoding.EncodeToString(candidate)); err != nil {
				return err
			}
			value, _, err = first(ctx, t, scalar[string], read, name)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(value)
}
