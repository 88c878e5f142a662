package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

const selectRole = `SELECT id, tenant, name, permissions, created_at FROM role`

// scanRole reads a row of selectRole.
func scanRole(r row) (role account.CustomRole, err error) {
	var permissions string
	var created int64
	if err := r.Scan(&role.ID, &role.Tenant, &role.Name, &permissions, &created); err != nil {
		return role, err
	}
	role.CreatedAt = at(created)
	return role, json.Unmarshal([]byte(permissions), &role.Permissions)
}

// Roles implements account.Store.
func (s *Store) Roles(ctx context.Context, t id.Tenant) (list []account.CustomRole, err error) {
	defer errs.Wrap(&err, "store.Roles")
	return all(ctx, s.readers, scanRole, selectRole+` WHERE tenant = $1 ORDER BY name`, string(t))
}

// SaveRole implements account.Store.
func (s *Store) SaveRole(ctx context.Context, role account.CustomRole, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveRole %s", role.ID)
	permissions, err := json.Marshal(role.Permissions)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := mustBeTenant(ctx, t, role.Tenant); err != nil {
			return err
		}
		before, ok, err := first(ctx, t, scanRole, selectRole+` WHERE tenant = $1 AND id = $2`, string(role.Tenant), string(role.ID))
		if err != nil {
			return err
		}
		c := changed{tenant: role.Tenant, thing: "role", id: string(role.ID), name: role.Name, after: role}
		if ok {
			role.CreatedAt = before.CreatedAt
			c.before, c.after = before, role
		}
		if _, err := t.exec(ctx, `INSERT INTO role (tenant, id, name, permissions, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, permissions = excluded.permissions`,
			string(role.Tenant), string(role.ID), role.Name, string(permissions), ms(role.CreatedAt)); err != nil {
			return err
		}
		return record(ctx, t, by, c)
	})
}

// DeleteRole implements account.Store.
func (s *Store) DeleteRole(ctx context.Context, t id.Tenant, role account.Role, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteRole %s", role)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanRole, selectRole+` WHERE tenant = $1 AND id = $2`, string(t), string(role))
		if err != nil || !ok {
			return orMissing(err, "role")
		}
		_, used, err := first(ctx, x, scalar[int64], `SELECT 1 FROM agent WHERE tenant = $1 AND (role = $2 OR ' ' || also || ' ' LIKE '% ' || $2 || ' %') LIMIT 1`, string(t), string(role))
		if err != nil {
			return err
		}
		if used {
			return errs.New(errs.Conflict, "role_in_use", "The role is some agent's.")
		}
		if _, err := x.exec(ctx, `DELETE FROM role WHERE tenant = $1 AND id = $2`, string(t), string(role)); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "role", id: string(role), name: before.Name, before: before})
	})
}

// maxSeen is how many web origins are remembered of an inbox.
const maxSeen = 50

// SeenInbox implements account.Store.
func (s *Store) SeenInbox(ctx context.Context, t id.Tenant, in id.Inbox, seen account.Seen) (err error) {
	defer errs.Wrap(&err, "store.SeenInbox %s", in)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `INSERT INTO inbox_seen (tenant, inbox, origin, page, first_at, at)
			SELECT $1, i.id, $3, $4, CAST($5 AS BIGINT), CAST($5 AS BIGINT) FROM inbox i WHERE i.tenant = $1 AND i.id = $2
				AND (SELECT COUNT(*) FROM inbox_seen o WHERE o.tenant = $1 AND o.inbox = $2 AND o.origin <> $3) < $6
			ON CONFLICT (tenant, inbox, origin) DO UPDATE SET page = excluded.page, at = excluded.at`,
			string(t), string(in), seen.Origin, seen.Page, ms(seen.At), maxSeen)
		return err
	})
}

// InboxSeen implements account.Store.
func (s *Store) InboxSeen(ctx context.Context, t id.Tenant, in id.Inbox) (list []account.Seen, err error) {
	defer errs.Wrap(&err, "store.InboxSeen %s", in)
	return all(ctx, s.readers, func(r row) (v account.Seen, err error) {
		var first, last int64
		err = r.Scan(&v.Origin, &v.Page, &first, &last)
		v.First, v.At = at(first), at(last)
		return v, err
	}, `SELECT origin, page, first_at, at FROM inbox_seen WHERE tenant = $1 AND inbox = $2 ORDER BY at DESC, origin`, string(t), string(in))
}

// Credentials implements account.Store.
func (s *Store) Credentials(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (list []account.Credential, err error) {
	defer errs.Wrap(&err, "store.Credentials %s", a)
	return all(ctx, s.readers, func(r row) (c account.Credential, err error) {
		var created, expires, bypass int64
		err = r.Scan(&c.Hash, &c.Tenant, &c.Agent, &c.Kind, &c.Name, &created, &expires, &c.Hint, &bypass)
		c.CreatedAt, c.Bypass = at(created), bypass != 0
		if expires > 0 {
			c.ExpiresAt = at(expires)
		}
		return c, err
	}, `SELECT hash, tenant, agent, kind, name, created_at, expires_at, hint, bypass FROM credential
		WHERE tenant = $1 AND agent = $2 AND (expires_at = 0 OR expires_at > $3) ORDER BY created_at DESC, hash LIMIT 200`, string(t), string(a), ms(now))
}
