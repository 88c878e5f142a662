package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/token"
)

// fold gives the form in which texts are compared without regard to case or width.
func fold(s string) string { return token.Fold(s) }

// selectAgent reads agents a without their teams and without their status.
const selectAgent = `SELECT a.id, a.tenant, a.email, a.username, a.name, a.role, a.also, a.cap, a.disabled,
	a.password_hash, a.created_at, a.profile, a.removed_at FROM agent a`

// scanAgent reads a row of selectAgent.
func scanAgent(r row) (a account.Agent, err error) {
	var created, disabled, removed int64
	var also, profile string
	if err = r.Scan(&a.ID, &a.Tenant, &a.Email, &a.Username, &a.Name, &a.Role, &also, &a.Cap, &disabled, &a.PasswordHash, &created, &profile, &removed); err != nil {
		return a, err
	}
	a.Disabled, a.CreatedAt, a.RemovedAt = disabled != 0, at(created), at(removed)
	for role := range strings.FieldsSeq(also) {
		a.Also = append(a.Also, account.Role(role))
	}
	return a, json.Unmarshal([]byte(profile), &a.Profile)
}

// alsoOf writes further roles with blanks between them: ids of roles have none.
func alsoOf(a account.Agent) string {
	list := make([]string, len(a.Also))
	for i, r := range a.Also {
		list[i] = string(r)
	}
	return strings.Join(list, " ")
}

// CreateAgent implements account.Store. Everything that can be refused is checked before the first
// row is written; only the unique names are left to the indexes, which refuse the first statement.
func (s *Store) CreateAgent(ctx context.Context, a account.Agent, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.CreateAgent %s", a.ID)
	profile, err := json.Marshal(a.Profile)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := mustBeTenant(ctx, t, a.Tenant); err != nil {
			return err
		}
		return s.createAgent(ctx, t, a, by, string(profile))
	})
}

// createAgent is CreateAgent within a transaction.
func (s *Store) createAgent(ctx context.Context, t *tx, a account.Agent, by audit.By, profile string) error {
	if err := s.mustHaveTeams(ctx, t, a.Tenant, a.Teams); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO agent (id, tenant, email, email_key, username, username_key, name, role,
		cap, disabled, password_hash, created_at, state, state_reason, state_since, open, last_assigned_at,
		idle_since, lost_at, also, profile) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $12, 0, 0, 0, 0, $14, $15)`,
		string(a.ID), string(a.Tenant), a.Email, fold(a.Email), a.Username, fold(a.Username), a.Name,
		string(a.Role), a.Cap, flag(a.Disabled), a.PasswordHash, ms(a.CreatedAt), string(account.Away), alsoOf(a), profile); err != nil {
		return err
	}
	if err := s.setTeams(ctx, t, a); err != nil {
		return err
	}
	return record(ctx, t, by, changed{tenant: a.Tenant, thing: "agent", id: string(a.ID), name: a.Name, after: a})
}

// agentRecord is an agent as the audit log keeps it: without the password, but
// with the fact that it was changed.
type agentRecord struct {
	account.Agent
	Password string `json:"password,omitempty"`
}

func passwordNote(before, after account.Agent) string {
	if before.PasswordHash != after.PasswordHash {
		return "changed"
	}
	return ""
}

// mustBeTenant returns NotFound "tenant_not_found" for an unknown tenant.
func mustBeTenant(ctx context.Context, t *tx, tenant id.Tenant) error {
	_, ok, err := first(ctx, t, scalar[int64], `SELECT 1 FROM tenant WHERE id = $1`, string(tenant))
	if err == nil && !ok {
		err = missing("tenant")
	}
	return err
}

// mustHaveTeams returns NotFound "team_not_found" unless all teams are the tenant's.
func (s *Store) mustHaveTeams(ctx context.Context, t *tx, tenant id.Tenant, teams []id.Team) error {
	distinct := slices.Compact(slices.Sorted(slices.Values(teams)))
	n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM team WHERE tenant = $1 AND id IN `+
		s.dialect.list("$2"), string(tenant), jsonList(distinct))
	if err == nil && n < len(distinct) {
		err = missing("team")
	}
	return err
}

// setTeams makes a.Teams the teams of a.
func (s *Store) setTeams(ctx context.Context, t *tx, a account.Agent) error {
	teams := jsonList(a.Teams)
	if _, err := t.exec(ctx, `DELETE FROM agent_team WHERE tenant = $1 AND agent = $2 AND team NOT IN `+
		s.dialect.list("$3"), string(a.Tenant), string(a.ID), teams); err != nil {
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO agent_team (tenant, agent, team)
		SELECT $1, $2, id FROM team WHERE tenant = $1 AND id IN `+s.dialect.list("$3")+
		` ON CONFLICT (tenant, agent, team) DO NOTHING`, string(a.Tenant), string(a.ID), teams)
	return err
}

// Agent implements account.Store. Teams are in the order of their ids.
func (s *Store) Agent(ctx context.Context, t id.Tenant, a id.Agent) (got account.Agent, err error) {
	defer errs.Wrap(&err, "store.Agent %s", a)
	return s.oneAgent(ctx, t, selectAgent+` WHERE a.id = $2 AND a.tenant = $1 AND a.removed_at = 0`, string(t), string(a))
}

// AgentByLogin implements account.Store. An e-mail wins over a user name that is spelled like it.
// An empty login is nobody's.
func (s *Store) AgentByLogin(ctx context.Context, t id.Tenant, login string) (got account.Agent, err error) {
	defer errs.Wrap(&err, "store.AgentByLogin")
	return s.oneAgent(ctx, t, selectAgent+` WHERE a.tenant = $1 AND $2 <> ''
		AND ((a.email_key = $2 AND a.email_key <> '') OR (a.username_key = $2 AND a.username_key <> ''))
		ORDER BY CASE WHEN a.email_key = $2 THEN 0 ELSE 1 END LIMIT 1`, string(t), fold(login))
}

// oneAgent reads the agent that a query over selectAgent finds, with its teams.
func (s *Store) oneAgent(ctx context.Context, t id.Tenant, text string, args ...any) (account.Agent, error) {
	a, ok, err := first(ctx, s.readers, scanAgent, text, args...)
	if err != nil {
		return a, err
	}
	if !ok {
		return a, missing("agent")
	}
	a.Teams, err = teamsOfAgent(ctx, s.readers, t, a.ID)
	return a, err
}

// teamsOfAgent returns the teams of one agent in the order of their ids.
func teamsOfAgent(ctx context.Context, q runner, t id.Tenant, a id.Agent) ([]id.Team, error) {
	return all(ctx, q, scalar[id.Team],
		`SELECT team FROM agent_team WHERE tenant = $1 AND agent = $2 ORDER BY team`, string(t), string(a))
}

// teamsByAgent returns the teams of all agents of a tenant.
func (s *Store) teamsByAgent(ctx context.Context, t id.Tenant) (map[id.Agent][]id.Team, error) {
	type pair struct {
		agent id.Agent
		team  id.Team
	}
	pairs, err := all(ctx, s.readers, func(r row) (p pair, err error) { return p, r.Scan(&p.agent, &p.team) },
		`SELECT agent, team FROM agent_team WHERE tenant = $1 ORDER BY agent, team`, string(t))
	by := map[id.Agent][]id.Team{}
	for _, p := range pairs {
		by[p.agent] = append(by[p.agent], p.team)
	}
	return by, err
}

// Agents implements account.Store. The teams of all are read with one more query and matched here.
func (s *Store) Agents(ctx context.Context, t id.Tenant) (list []account.Agent, err error) {
	defer errs.Wrap(&err, "store.Agents")
	list, err = all(ctx, s.readers, scanAgent, selectAgent+` WHERE a.tenant = $1 AND a.removed_at = 0 ORDER BY a.name, a.id`, string(t))
	if err != nil {
		return nil, err
	}
	by, err := s.teamsByAgent(ctx, t)
	for i := range list {
		list[i].Teams = append([]id.Team{}, by[list[i].ID]...)
	}
	return list, err
}

// UpdateAgent implements account.Store. Rows of teams that stay are not touched. State, load and
// times are not part of it: routing and presence own them.
func (s *Store) UpdateAgent(ctx context.Context, a account.Agent, by audit.By) (err error) {
	defer errs.Wrap(&err, "store.UpdateAgent %s", a.ID)
	profile, err := json.Marshal(a.Profile)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		// Foreign teams are refused before anything is written.
		if err := s.mustHaveTeams(ctx, t, a.Tenant, a.Teams); err != nil {
			return err
		}
		before, ok, err := first(ctx, t, scanAgent, selectAgent+` WHERE a.id = $1 AND a.tenant = $2 AND a.removed_at = 0`, string(a.ID), string(a.Tenant))
		if err != nil || !ok {
			return orMissing(err, "agent")
		}
		if before.Teams, err = teamsOfAgent(ctx, t, a.Tenant, a.ID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE agent SET email = $3, email_key = $4, username = $5, username_key = $6,
			name = $7, role = $8, cap = $9, disabled = $10, password_hash = $11, also = $12, profile = $13 WHERE id = $1 AND tenant = $2`,
			string(a.ID), string(a.Tenant), a.Email, fold(a.Email), a.Username, fold(a.Username), a.Name,
			string(a.Role), a.Cap, flag(a.Disabled), a.PasswordHash, alsoOf(a), string(profile)); err != nil {
			return err
		}
		if err := s.setTeams(ctx, t, a); err != nil {
			return err
		}
		a.CreatedAt = before.CreatedAt
		return record(ctx, t, by, changed{tenant: a.Tenant, thing: "agent", id: string(a.ID), name: a.Name,
			before: agentRecord{before, ""}, after: agentRecord{a, passwordNote(before, a)}})
	})
}

// selectStatus reads agent statuses; the parameter $2 is now.
const selectStatus = `SELECT a.id, a.tenant, a.name, a.state, a.state_reason, a.state_since, a.open, a.cap,
	a.last_assigned_at, a.idle_since, a.presence, a.served, ` + isBot + `, a.lost_at,
	CASE WHEN a.presence <> 'offline' AND EXISTS (SELECT 1 FROM presence p JOIN node n ON n.id = p.node
		WHERE p.tenant = a.tenant AND p.agent = a.id AND n.lease_until > $2) THEN 1 ELSE 0 END
	FROM agent a`

// scanStatus reads a row of selectStatus; teams are read apart.
func scanStatus(r row) (a account.AgentStatus, err error) {
	var since, assigned, idle, connected, bot, lost int64
	err = r.Scan(&a.Agent, &a.Tenant, &a.Name, &a.State, &a.Reason, &since, &a.Open, &a.Cap, &assigned, &idle, &a.Presence, &a.Served, &bot, &lost, &connected)
	a.Since, a.LastAssignedAt, a.IdleSince, a.LostAt, a.Connected, a.Bot = at(since), at(assigned), at(idle), at(lost), connected != 0, bot != 0
	return a, err
}

// statusOf reads the status of one agent with its teams.
func statusOf(ctx context.Context, q runner, t id.Tenant, a id.Agent, now int64) (account.AgentStatus, error) {
	got, ok, err := first(ctx, q, scanStatus, selectStatus+` WHERE a.tenant = $1 AND a.id = $3`,
		string(t), now, string(a))
	if err != nil {
		return got, err
	}
	if !ok {
		return got, missing("agent")
	}
	got.Teams, err = teamsOfAgent(ctx, q, t, a)
	return got, err
}
