package store

import (
	"context"
	"encoding/json"

	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
)

var _ grant.Store = (*Store)(nil)

// Grants implements grant.Store.
func (s *Store) Grants(ctx context.Context, t id.Tenant) (list []grant.Entry, err error) {
	defer errs.Wrap(&err, "store.Grants")
	return all(ctx, s.readers, func(r row) (e grant.Entry, err error) {
		var roles string
		var updated int64
		if err := r.Scan(&e.Permission, &roles, &updated); err != nil {
			return e, err
		}
		e.UpdatedAt = at(updated)
		return e, json.Unmarshal([]byte(roles), &e.Roles)
	}, `SELECT permission, roles, updated_at FROM grant_roles WHERE tenant = $1 ORDER BY permission`, string(t))
}

// SetGrants implements grant.Store.
func (s *Store) SetGrants(ctx context.Context, t id.Tenant, list []grant.Entry) (err error) {
	defer errs.Wrap(&err, "store.SetGrants")
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		if err := mustBeTenant(ctx, x, t); err != nil {
			return err
		}
		for _, e := range list {
			roles, err := json.Marshal(append([]string{}, e.Roles...))
			if err != nil {
				return err
			}
			if _, err := x.exec(ctx, `INSERT INTO grant_roles (tenant, permission, roles, updated_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (tenant, permission) DO UPDATE SET roles = excluded.roles, updated_at = excluded.updated_at`,
				string(t), e.Permission, string(roles), ms(e.UpdatedAt)); err != nil {
				return err
			}
		}
		return nil
	})
}
