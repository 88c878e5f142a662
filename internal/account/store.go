package account

import (
	"context"
	"time"

	"parlor/internal/audit"
	"parlor/internal/id"
)

// Store is the memory that account needs. Every verb is one transaction. A
// missing row is errs.NotFound with reason "<thing>_not_found"; a duplicate is
// errs.Conflict with reason "<thing>_exists" and Field set to the column.
type Store interface {
	// CreateTenant adds t; Number is chosen by the store and returned.
	CreateTenant(ctx context.Context, t Tenant) (Tenant, error)
	// Tenants returns all tenants ordered by number.
	Tenants(ctx context.Context) ([]Tenant, error)
	// UpdateTenant replaces name and settings.
	UpdateTenant(ctx context.Context, t Tenant, by audit.By) error

	// CreateInbox adds in.
	CreateInbox(ctx context.Context, in Inbox, by audit.By) error
	// InboxByID finds an inbox by its public id in the whole installation: the
	// tenant follows from it.
	InboxByID(ctx context.Context, inbox id.Inbox) (Inbox, error)
	// Inboxes returns the tenant's inboxes ordered by name.
	Inboxes(ctx context.Context, t id.Tenant) ([]Inbox, error)
	// UpdateInbox replaces name and settings.
	UpdateInbox(ctx context.Context, in Inbox, by audit.By) error
	// SeenInbox notes that a page of an origin asked for the inbox's script. At
	// most 50 origins are kept; an unknown inbox is no error.
	SeenInbox(ctx context.Context, t id.Tenant, in id.Inbox, seen Seen) error
	// InboxSeen returns where the inbox was seen, the latest first.
	InboxSeen(ctx context.Context, t id.Tenant, in id.Inbox) ([]Seen, error)

	// CreateAgent adds a with its teams, state Away, nothing open. E-mail and
	// username are unique within the tenant, without regard to case.
	CreateAgent(ctx context.Context, a Agent, by audit.By) error
	// Agent returns one agent with its teams.
	Agent(ctx context.Context, t id.Tenant, a id.Agent) (Agent, error)
	// AgentByLogin finds an agent by e-mail or username, without regard to case.
	AgentByLogin(ctx context.Context, t id.Tenant, login string) (Agent, error)
	// Agents returns all agents of the tenant with teams, ordered by name.
	Agents(ctx context.Context, t id.Tenant) ([]Agent, error)
	// UpdateAgent replaces email, username, name, role, cap, disabled, password
	// hash and teams. Lowering the cap below Open takes nothing away.
	UpdateAgent(ctx context.Context, a Agent, by audit.By) error
	// RemoveAgent takes an agent away with its teams, credentials and presence. Its
	// e-mail and username are free again; its name stays with what it wrote, and
	// conversations that it has open are lost ones from at on.
	RemoveAgent(ctx context.Context, t id.Tenant, a id.Agent, at time.Time, by audit.By) error
	// RemovedAgents returns agents that were removed, the latest first, at most 1000.
	RemovedAgents(ctx context.Context, t id.Tenant) ([]Agent, error)
	// SetPresence keeps the word for being at the desk.
	SetPresence(ctx context.Context, t id.Tenant, a id.Agent, word string) error
	// SetState records the state an agent chose and returns the new status.
	SetState(ctx context.Context, t id.Tenant, a id.Agent, s State, reason string, at time.Time) (AgentStatus, error)
	// AgentStatus returns one agent's status; presence counts only nodes whose
	// lease ends after now.
	AgentStatus(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (AgentStatus, error)
	// Roster returns the status of every agent that is not disabled and may have
	// conversations (its cap is not 0), ordered by name.
	Roster(ctx context.Context, t id.Tenant, now time.Time) ([]AgentStatus, error)

	// CreateTeam adds team; names are unique within the tenant.
	CreateTeam(ctx context.Context, team Team, by audit.By) error
	// Teams returns the tenant's teams ordered by name.
	Teams(ctx context.Context, t id.Tenant) ([]Team, error)
	// UpdateTeam replaces name and settings.
	UpdateTeam(ctx context.Context, team Team, by audit.By) error
	// DeleteTeam removes a team and its memberships. Conflict "team_in_use" while
	// it has a conversation that is not closed.
	DeleteTeam(ctx context.Context, t id.Tenant, team id.Team, by audit.By) error

	// Members returns the members of a team by their order, then by username.
	Members(ctx context.Context, t id.Tenant, team id.Team) ([]Membership, error)
	// MembershipsOf returns the teams of an agent.
	MembershipsOf(ctx context.Context, t id.Tenant, agent id.Agent) ([]Membership, error)
	// SetMembers adds or changes members, then takes others out; agents that do not
	// exist are passed over.
	SetMembers(ctx context.Context, t id.Tenant, team id.Team, in []Membership, out []id.Agent, by audit.By) error
	// ReleaseTeam takes all conversations that are not closed out of a team.
	ReleaseTeam(ctx context.Context, t id.Tenant, team id.Team) error

	// Units returns the tenant's units ordered by name.
	Units(ctx context.Context, t id.Tenant) ([]Unit, error)
	// Receptions returns the inboxes that robots receive the visitors of.
	Receptions(ctx context.Context, t id.Tenant) (map[id.Inbox]Reception, error)
	// SaveUnit adds a unit or replaces what is known of it. A team is in one unit.
	SaveUnit(ctx context.Context, u Unit, fresh bool, by audit.By) error
	// DeleteUnit removes a unit; its teams stay.
	DeleteUnit(ctx context.Context, t id.Tenant, unit string, by audit.By) error

	// Roles returns the tenant's own roles ordered by name.
	Roles(ctx context.Context, t id.Tenant) ([]CustomRole, error)
	// SaveRole adds a role or replaces its name and permissions; names are unique.
	SaveRole(ctx context.Context, role CustomRole, by audit.By) error
	// DeleteRole removes a role. Conflict "role_in_use" while an agent has it.
	DeleteRole(ctx context.Context, t id.Tenant, role Role, by audit.By) error

	// Audit returns a page of changes, newest first.
	Audit(ctx context.Context, t id.Tenant, f audit.Filter) (list []audit.Entry, next string, err error)

	// CreateCredential adds c.
	CreateCredential(ctx context.Context, c Credential) error
	// Credential finds a credential by the hash of its secret. Expired ones are
	// found too; the service judges.
	Credential(ctx context.Context, hash string) (Credential, error)
	// Credentials returns what an agent can log in with now, newest first, at most 200.
	Credentials(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) ([]Credential, error)
	// DeleteCredential ends one credential; a missing one is no error.
	DeleteCredential(ctx context.Context, hash string) error
	// DeleteCredentials ends all sessions and legacy tokens of an agent.
	DeleteCredentials(ctx context.Context, t id.Tenant, a id.Agent) error
	// DeleteExpired ends credentials that expired before now; it returns how many.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)

	// CreateAPIClient adds c.
	CreateAPIClient(ctx context.Context, c APIClient, by audit.By) error
	// APIClients returns the tenant's clients ordered by name.
	APIClients(ctx context.Context, t id.Tenant) ([]APIClient, error)
	// DeleteAPIClient ends a client at once.
	DeleteAPIClient(ctx context.Context, t id.Tenant, clientID string, by audit.By) error
	// APIClient finds a client by its id.
	APIClient(ctx context.Context, clientID string) (APIClient, error)
	// RotateAPIClient replaces the hash of a client's secret and ends its tokens.
	RotateAPIClient(ctx context.Context, t id.Tenant, clientID, hash string, by audit.By) (APIClient, error)
	// CreateClientToken adds a token, and takes away those of the client that have
	// ended by now and the oldest beyond MaxClientTokens.
	CreateClientToken(ctx context.Context, t ClientToken, now time.Time) error
	// ClientByToken finds the client of a token that has not ended by now.
	ClientByToken(ctx context.Context, hash string, now time.Time) (APIClient, error)

	// Secret returns the server secret of that name, storing candidate as the
	// secret if there is none yet. All nodes get the same answer.
	Secret(ctx context.Context, name string, candidate []byte) ([]byte, error)
}
