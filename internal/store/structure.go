package store

import (
	"context"
	"encoding/json"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

const selectMember = `SELECT m.team, m.agent, a.username, m.served, m.place FROM agent_team m JOIN agent a ON a.id = m.agent`

func scanMember(r row) (m account.Membership, err error) {
	return m, r.Scan(&m.Team, &m.Agent, &m.Username, &m.Served, &m.Order)
}

// Members implements account.Store, along the index of the team.
func (s *Store) Members(ctx context.Context, t id.Tenant, team id.Team) (list []account.Membership, err error) {
	defer errs.Wrap(&err, "store.Members %s", team)
	return all(ctx, s.readers, scanMember, selectMember+` WHERE m.tenant = $1 AND m.team = $2 ORDER BY m.place, a.username`, string(t), string(team))
}

// MembershipsOf implements account.Store.
func (s *Store) MembershipsOf(ctx context.Context, t id.Tenant, agent id.Agent) (list []account.Membership, err error) {
	defer errs.Wrap(&err, "store.MembershipsOf %s", agent)
	return all(ctx, s.readers, scanMember, selectMember+` WHERE m.tenant = $1 AND m.agent = $2 ORDER BY m.team`, string(t), string(agent))
}

// SetMembers implements account.Store.
func (s *Store) SetMembers(ctx context.Context, t id.Tenant, team id.Team, in []account.Membership, out []id.Agent, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SetMembers %s", team)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		before, ok, err := first(ctx, x, scanTeam, selectTeam+` WHERE id = $1 AND tenant = $2`+s.dialect.lock("team"), string(team), string(t))
		if err != nil || !ok {
			return orMissing(err, "team")
		}
		was, err := teamMembers(ctx, x, t, team)
		if err != nil {
			return err
		}
		for _, m := range in {
			if _, err := x.exec(ctx, `INSERT INTO agent_team (tenant, agent, team, served, place)
				SELECT $1, a.id, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM agent a WHERE a.id = $2 AND a.tenant = $1 AND a.removed_at = 0
				ON CONFLICT (tenant, agent, team) DO UPDATE SET served = excluded.served, place = excluded.place`,
				string(t), string(m.Agent), string(team), m.Served, m.Order); err != nil {
				return err
			}
		}
		if _, err := x.exec(ctx, `DELETE FROM agent_team WHERE tenant = $1 AND team = $2 AND agent IN `+s.dialect.list("$3"),
			string(t), string(team), jsonList(out)); err != nil {
			return err
		}
		is, err := teamMembers(ctx, x, t, team)
		if err != nil {
			return err
		}
		return record(ctx, x, by, changed{tenant: t, thing: "team", id: string(team), name: before.Name, before: membersRecord{was}, after: membersRecord{is}})
	})
}

// membersRecord is what the audit log keeps of a change of members.
type membersRecord struct {
	Members []id.Agent `json:"members"`
}

func teamMembers(ctx context.Context, q runner, t id.Tenant, team id.Team) ([]id.Agent, error) {
	return all(ctx, q, scalar[id.Agent], `SELECT agent FROM agent_team WHERE tenant = $1 AND team = $2 ORDER BY agent`, string(t), string(team))
}

// ReleaseTeam implements account.Store.
func (s *Store) ReleaseTeam(ctx context.Context, t id.Tenant, team id.Team) (err error) {
	defer errs.Wrap(&err, "store.ReleaseTeam %s", team)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		_, err := x.exec(ctx, `UPDATE conversation SET team = '', version = version + 1 WHERE tenant = $1 AND COALESCE(team, '') = $2 AND status <> 'closed'`, string(t), string(team))
		return err
	})
}

// Units implements account.Store. Teams and monitors are read with one query each
// and matched here.
func (s *Store) Units(ctx context.Context, t id.Tenant) (list []account.Unit, err error) {
	defer errs.Wrap(&err, "store.Units")
	return unitsOf(ctx, s.readers, t)
}

func unitsOf(ctx context.Context, q runner, t id.Tenant) ([]account.Unit, error) {
	list, err := all(ctx, q, func(r row) (u account.Unit, err error) {
		var created int64
		var extra string
		if err := r.Scan(&u.ID, &u.Tenant, &u.Name, &u.Visibility, &extra, &created); err != nil {
			return u, err
		}
		u.CreatedAt = at(created)
		return u, json.Unmarshal([]byte(extra), &u.Extra)
	}, `SELECT id, tenant, name, visibility, extra, created_at FROM unit WHERE tenant = $1 ORDER BY name, id`, string(t))
	if err != nil || len(list) == 0 {
		return list, err
	}
	place := make(map[string]int, len(list))
	for i, u := range list {
		place[u.ID] = i
	}
	type pair struct{ unit, what string }
	pairs := func(text string, add func(u *account.Unit, what string)) error {
		got, err := all(ctx, q, func(r row) (p pair, err error) { return p, r.Scan(&p.unit, &p.what) }, text, string(t))
		for _, p := range got {
			if i, ok := place[p.unit]; ok {
				add(&list[i], p.what)
			}
		}
		return err
	}
	if err := pairs(`SELECT unit, team FROM unit_team WHERE tenant = $1 ORDER BY unit, team`,
		func(u *account.Unit, w string) { u.Teams = append(u.Teams, id.Team(w)) }); err != nil {
		return nil, err
	}
	return list, pairs(`SELECT unit, agent FROM unit_monitor WHERE tenant = $1 ORDER BY unit, agent`,
		func(u *account.Unit, w string) { u.Monitors = append(u.Monitors, id.Agent(w)) })
}

// oneUnit picks a unit out of those of a tenant.
func oneUnit(ctx context.Context, q runner, t id.Tenant, unit string) (account.Unit, error) {
	list, err := unitsOf(ctx, q, t)
	for _, u := range list {
		if u.ID == unit {
			return u, err
		}
	}
	return account.Unit{}, orMissing(err, "unit")
}

// SaveUnit implements account.Store.
func (s *Store) SaveUnit(ctx context.Context, u account.Unit, fresh bool, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.SaveUnit %s", u.ID)
	extra, err := json.Marshal(u.Extra)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := s.lockTenant(ctx, t, u.Tenant); err != nil {
			return err
		}
		var before any
		if !fresh {
			was, err := oneUnit(ctx, t, u.Tenant, u.ID)
			if err != nil {
				return err
			}
			before, u.CreatedAt = was, was.CreatedAt
		}
		if err := s.mustHaveTeams(ctx, t, u.Tenant, u.Teams); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO unit (id, tenant, name, visibility, extra, created_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, visibility = excluded.visibility, extra = excluded.extra`,
			u.ID, string(u.Tenant), u.Name, u.Visibility, string(extra), ms(u.CreatedAt)); err != nil {
			return err
		}
		if err := s.fillUnit(ctx, t, u); err != nil {
			return err
		}
		return record(ctx, t, by, changed{tenant: u.Tenant, thing: "unit", id: u.ID, name: u.Name, before: before, after: u})
	})
}

// fillUnit replaces the teams and monitors of a unit. A team leaves the unit that
// it was in.
func (s *Store) fillUnit(ctx context.Context, t *tx, u account.Unit) error {
	for _, table := range []string{"unit_team", "unit_monitor"} {
		if _, err := t.exec(ctx, `DELETE FROM `+table+` WHERE tenant = $1 AND unit = $2`, string(u.Tenant), u.ID); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, `INSERT INTO unit_team (tenant, team, unit) SELECT $1, id, $2 FROM team WHERE tenant = $1 AND id IN `+s.dialect.list("$3")+
		` ON CONFLICT (tenant, team) DO UPDATE SET unit = excluded.unit`, string(u.Tenant), u.ID, jsonList(u.Teams)); err != nil {
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO unit_monitor (tenant, unit, agent) SELECT $1, $2, id FROM agent WHERE tenant = $1 AND removed_at = 0 AND id IN `+
		s.dialect.list("$3"), string(u.Tenant), u.ID, jsonList(u.Monitors))
	return err
}

// DeleteUnit implements account.Store.
func (s *Store) DeleteUnit(ctx context.Context, t id.Tenant, unit string, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.DeleteUnit %s", unit)
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		was, err := oneUnit(ctx, x, t, unit)
		if err != nil {
			return err
		}
		for _, text := range []string{`DELETE FROM unit_team WHERE tenant = $1 AND unit = $2`, `DELETE FROM unit_monitor WHERE tenant = $1 AND unit = $2`,
			`DELETE FROM unit WHERE tenant = $1 AND id = $2`} {
			if _, err := x.exec(ctx, text, string(t), unit); err != nil {
				return err
			}
		}
		return record(ctx, x, by, changed{tenant: t, thing: "unit", id: unit, name: was.Name, before: was})
	})
}
