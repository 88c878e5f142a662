package store

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"parlor/internal/account"
	"parlor/internal/audit"
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
	return all(ctx, s.readers, scanTenant, selectTenant+` ORDER BY number`)
}

const selectTenant = `SELECT id, name, number, settings, created_at FROM tenant`

// scanTenant reads a row of selectTenant.
func scanTenant(r row) (t account.Tenant, err error) {
	var created int64
	var settings string
	if err := r.Scan(&t.ID, &t.Name, &t.Number, &settings, &created); err != nil {
		return t, err
	}
	t.CreatedAt = at(created)
	return t, json.Unmarshal([]byte(settings), &t.Settings)
}

// UpdateTenant implements account.Store. Id, number and creation time stay as they are.
func (s *Store) UpdateTenant(ctx context.Context, t account.Tenant, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.UpdateTenant %s", t.ID)
	settings, err := json.Marshal(t.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanTenant, selectTenant+` WHERE id = $1`, string(t.ID))
		if err != nil || !ok {
			return orMissing(err, "tenant")
		}
		if _, err := x.exec(ctx, `UPDATE tenant SET name = $2, settings = $3 WHERE id = $1`, string(t.ID), t.Name, string(settings)); err != nil {
			return err
		}
		after := before
		after.Name, after.Settings = t.Name, t.Settings.Shown()
		before.Settings = before.Settings.Shown()
		return record(ctx, x, by, changed{tenant: t.ID, thing: "tenant", id: string(t.ID), name: t.Name, before: before, after: after})
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
func (s *Store) CreateInbox(ctx context.Context, in account.Inbox, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.CreateInbox %s", in.ID)
	settings, err := json.Marshal(in.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO inbox (id, tenant, name, channel, settings, created_at)
			SELECT $1, t.id, $3, $4, $5, CAST($6 AS BIGINT) FROM tenant t WHERE t.id = $2`,
			string(in.ID), string(in.Tenant), in.Name, in.Channel, string(settings), ms(in.CreatedAt))
		if err != nil || n == 0 {
			return orMissing(err, "tenant")
		}
		return record(ctx, t, by, changed{tenant: in.Tenant, thing: "inbox", id: string(in.ID), name: in.Name, after: in})
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
func (s *Store) UpdateInbox(ctx context.Context, in account.Inbox, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.UpdateInbox %s", in.ID)
	settings, err := json.Marshal(in.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		before, ok, err := first(ctx, t, scanInbox, selectInbox+` WHERE id = $1 AND tenant = $2`, string(in.ID), string(in.Tenant))
		if err != nil || !ok {
			return orMissing(err, "inbox")
		}
		if _, err := t.exec(ctx, `UPDATE inbox SET name = $3, settings = $4 WHERE id = $1 AND tenant = $2`,
			string(in.ID), string(in.Tenant), in.Name, string(settings)); err != nil {
			return err
		}
		after := before
		after.Name, after.Settings = in.Name, in.Settings
		return record(ctx, t, by, changed{tenant: in.Tenant, thing: "inbox", id: string(in.ID), name: in.Name, before: before, after: after})
	})
}

// nextTwin counts the teams that have a name already; $2 is the tenant, $3 the name.
const nextTwin = `(SELECT COALESCE(MAX(o.twin) + 1, 0) FROM team o WHERE o.tenant = $2 AND o.name = $3)`

// twin is the number of a team among those of its name: 0, unless it may share it.
func twin(team account.Team) string {
	if team.Shared {
		return nextTwin
	}
	return "0"
}

// CreateTeam implements account.Store. The name is compared as it is written: "Sales" and "sales"
// are two teams.
func (s *Store) CreateTeam(ctx context.Context, team account.Team, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.CreateTeam %s", team.Name)
	settings, err := json.Marshal(team.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.exec(ctx, `INSERT INTO team (id, tenant, name, settings, created_at, twin)
			SELECT $1, t.id, $3, $4, CAST($5 AS BIGINT), `+twin(team)+` FROM tenant t WHERE t.id = $2`,
			string(team.ID), string(team.Tenant), team.Name, string(settings), ms(team.CreatedAt))
		if err != nil || n == 0 {
			return orMissing(err, "tenant")
		}
		return record(ctx, t, by, changed{tenant: team.Tenant, thing: "team", id: string(team.ID), name: team.Name, after: team})
	})
}

// Teams implements account.Store. The index on the name gives the order; those of one name
// come as they were added.
func (s *Store) Teams(ctx context.Context, t id.Tenant) (list []account.Team, err error) {
	defer errs.Wrap(&err, "store.Teams")
	return all(ctx, s.readers, scanTeam, selectTeam+` WHERE tenant = $1 ORDER BY name, twin`, string(t))
}

const selectTeam = `SELECT id, tenant, name, settings, created_at FROM team`

// scanTeam reads a row of selectTeam.
func scanTeam(r row) (team account.Team, err error) {
	var created int64
	var settings string
	if err := r.Scan(&team.ID, &team.Tenant, &team.Name, &settings, &created); err != nil {
		return team, err
	}
	team.CreatedAt = at(created)
	return team, json.Unmarshal([]byte(settings), &team.Settings)
}

// UpdateTeam implements account.Store. Id, tenant and creation time stay as they are.
func (s *Store) UpdateTeam(ctx context.Context, team account.Team, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.UpdateTeam %s", team.ID)
	settings, err := json.Marshal(team.Settings)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		before, ok, err := first(ctx, t, scanTeam, selectTeam+` WHERE id = $1 AND tenant = $2`, string(team.ID), string(team.Tenant))
		if err != nil || !ok {
			return orMissing(err, "team")
		}
		number := "twin"
		if team.Name != before.Name {
			number = twin(team)
		}
		if _, err := t.exec(ctx, `UPDATE team SET name = $3, settings = $4, twin = `+number+` WHERE id = $1 AND tenant = $2`,
			string(team.ID), string(team.Tenant), team.Name, string(settings)); err != nil {
			return err
		}
		after := before
		after.Name, after.Settings = team.Name, team.Settings
		return record(ctx, t, by, changed{tenant: team.Tenant, thing: "team", id: string(team.ID), name: team.Name, before: before, after: after})
	})
}

// DeleteTeam implements account.Store. Its agents stay; conversations that are over keep its id.
func (s *Store) DeleteTeam(ctx context.Context, t id.Tenant, team id.Team, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteTeam %s", team)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanTeam, selectTeam+` WHERE id = $1 AND tenant = $2`+s.dialect.lock("team"), string(team), string(t))
		if err != nil || !ok {
			return orMissing(err, "team")
		}
		_, running, err := first(ctx, x, scalar[int64], `SELECT 1 FROM conversation WHERE tenant = $1 AND COALESCE(team, '') = $2 AND status <> 'closed' LIMIT 1`,
			string(t), string(team))
		if err != nil {
			return err
		}
		if running {
			return errs.New(errs.Conflict, "team_in_use", "The team has conversations that are not closed.")
		}
		for _, table := range []string{"agent_team", "unit_team"} {
			if _, err := x.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND team = $2`, string(t), string(team)); err != nil {
				return err
			}
		}
		if _, err := x.exec(ctx, `DELETE FROM team WHERE tenant = $1 AND id = $2`, string(t), string(team)); err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "team", id: string(team), name: before.Name, before: before})
	})
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
