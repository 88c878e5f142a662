// Package account holds who may do what: tenants, inboxes, agents, teams,
// credentials and API clients. It knows nothing of conversations.
package account

import (
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Tenant is a company.
type Tenant struct {
	ID   id.Tenant `json:"id"`
	Name string    `json:"name"`
	// Number is the integer name that platform contracts use; unique, from 1.
	Number    int64           `json:"number"`
	Settings  setting.Company `json:"settings"`
	CreatedAt time.Time       `json:"createdAt"`
}

// Inbox is one connected channel account; its ID is the public appid, unique in
// the installation.
type Inbox struct {
	ID        id.Inbox      `json:"id"`
	Tenant    id.Tenant     `json:"tenant"`
	Name      string        `json:"name"`
	Channel   string        `json:"channel"` // "web" for a website
	Settings  setting.Inbox `json:"settings"`
	CreatedAt time.Time     `json:"createdAt"`
}

// Role is a named set of permissions.
type Role string

// The built-in roles.
const (
	Admin      Role = "admin"
	Supervisor Role = "supervisor"
	Member     Role = "agent"
	// Monitor looks after the teams of a unit.
	Monitor Role = "monitor"
	// Integration is a program's: it reads conversations through contracts that name
	// permissions, and does nothing else.
	Integration Role = "integration"
	// Bot answers by itself and is never absent.
	Bot Role = "bot"
	// User, Guest and App may log in and nothing else.
	User  Role = "user"
	Guest Role = "guest"
	App   Role = "app"
)

var permissions = map[Role][]actor.Permission{
	Monitor:     {actor.Reply, actor.Invite, actor.Block, actor.Contact, actor.SeeAll, actor.Manage},
	Bot:         {actor.Reply},
	Integration: {},
	User:        {},
	Guest:       {},
	App:         {},
	Admin:       actor.Permissions(),
	Supervisor:  {actor.Reply, actor.Invite, actor.Block, actor.Contact, actor.SeeAll, actor.Manage, actor.Content, actor.Export},
	Member:      {actor.Reply, actor.Invite, actor.Block, actor.Contact},
}

// BuiltIn reports whether r is one of the roles that always exist.
func (r Role) BuiltIn() bool { _, ok := permissions[r]; return ok }

// CustomRole is a role that a company made for itself.
type CustomRole struct {
	ID          Role               `json:"id"`
	Tenant      id.Tenant          `json:"-"`
	Name        string             `json:"name"`
	Permissions []actor.Permission `json:"permissions"`
	CreatedAt   time.Time          `json:"createdAt"`
}

// State is what an agent says about being available.
type State string

// The states an agent chooses.
const (
	Ready State = "ready"
	Busy  State = "busy"
	Away  State = "away"
)

// Valid reports whether s is a known state.
func (s State) Valid() bool { return s == Ready || s == Busy || s == Away }

// DefaultCap is how many open conversations a new agent may have at once.
const DefaultCap = 10

// MaxCap is the highest cap that can be set.
const MaxCap = 999

// Agent is a person who answers.
type Agent struct {
	ID       id.Agent  `json:"id"`
	Tenant   id.Tenant `json:"tenant"`
	Email    string    `json:"email"`
	Username string    `json:"username"`
	Name     string    `json:"name"`
	// Role is admin, supervisor, agent or the id of a role of the company's own.
	Role Role `json:"role"`
	// Also are further roles: what one of them allows is allowed.
	Also []Role `json:"also,omitempty"`
	// Cap is the highest number of open conversations at once, 1 to MaxCap.
	Cap      int       `json:"cap"`
	Teams    []id.Team `json:"teams"`
	Disabled bool      `json:"disabled"`
	// PasswordHash is the argon2id hash in PHC form; never sent to anybody.
	PasswordHash string    `json:"-"`
	CreatedAt    time.Time `json:"createdAt"`
	// Profile is what integrations keep of an agent.
	Profile Profile `json:"-"`
	// RemovedAt is when the agent was removed; what it wrote stays. Zero means never.
	RemovedAt time.Time `json:"-"`
}

// Profile is what integrations keep of an agent; Parlor itself does not look at it.
type Profile struct {
	// Verified says that the e-mail address is known to be the agent's.
	Verified bool `json:"verified,omitempty"`
	// PasswordDue asks the agent's program to have the password changed.
	PasswordDue bool `json:"passwordDue,omitempty"`
	// NoCirculars says that the agent wants no letters to everybody.
	NoCirculars bool `json:"noCirculars,omitempty"`
	// StatusText is the agent's own word beside the status.
	StatusText string `json:"statusText,omitempty"`
	// Preferences are the program's own; at most MaxPreferences bytes of JSON.
	Preferences map[string]any `json:"preferences,omitempty"`
	// Fields are further values by name, text only.
	Fields map[string]string `json:"fields,omitempty"`
}

// Roles are all roles of an agent.
func (a Agent) Roles() []Role { return append([]Role{a.Role}, a.Also...) }

// Has reports whether an agent has a role.
func (a Agent) Has(r Role) bool { return a.Role == r || slices.Contains(a.Also, r) }

// StateChanged tells that an agent chose another state.
type StateChanged struct {
	Agent  id.Agent `json:"agent"`
	Name   string   `json:"name"`
	Before State    `json:"before"`
	State  State    `json:"state"`
	// Reason is the agent's own word for being busy or away.
	Reason string `json:"reason,omitempty"`
}

// AgentStatus is the changing part of an agent, as routing and colleagues see it.
type AgentStatus struct {
	Agent  id.Agent  `json:"agent"`
	Tenant id.Tenant `json:"tenant"`
	Name   string    `json:"name"`
	Teams  []id.Team `json:"teams"`
	State  State     `json:"state" enum:"ready,busy,away"`
	// Reason is the agent's own word for being busy or away.
	Reason string `json:"reason,omitempty"`
	// Since is when the state was chosen.
	Since time.Time `json:"since"`
	// Connected is true while at least one live console connection exists on any node.
	Connected bool `json:"connected"`
	// LostAt is when the last connection went; zero while there is one, and if that is
	// not known.
	LostAt time.Time `json:"-"`
	// Presence is what the agent says of being at the desk, beside taking
	// conversations: PresenceHere, PresenceAway, PresenceBusy or PresenceOffline.
	Presence string `json:"presence,omitempty" enum:"away,busy,offline"`
	// OffDuty is true outside the agent's working hours.
	OffDuty bool `json:"offDuty,omitempty"`
	// Bot is true for a program, which needs no connection.
	Bot bool `json:"bot,omitempty"`
	// Served is how many conversations the agent got so far.
	Served int64 `json:"-"`
	// Open is the number of conversations assigned now.
	Open int `json:"open"`
	Cap  int `json:"cap"`
	// LastAssignedAt is when a conversation was last assigned; zero means never.
	LastAssignedAt time.Time `json:"lastAssignedAt"`
	// IdleSince is when Open last became 0; zero means never served.
	IdleSince time.Time `json:"idleSince"`
}

// The words of AgentStatus.Presence.
const (
	PresenceHere = ""
	PresenceAway = "away"
	PresenceBusy = "busy"
	// PresenceOffline counts as not connected, whatever connections there are.
	PresenceOffline = "offline"
)

// Available reports whether new conversations may be assigned, capacity aside.
func (s AgentStatus) Available() bool { return s.State == Ready && s.Connected && !s.OffDuty }

// Seen is a web origin whose pages carry an inbox's script.
type Seen struct {
	Origin string `json:"origin"`
	// Page is the address of the page that asked last, without its query.
	Page  string    `json:"page"`
	First time.Time `json:"first"`
	At    time.Time `json:"at"`
}

// Team is a group of agents with a queue of its own.
type Team struct {
	ID        id.Team      `json:"id"`
	Tenant    id.Tenant    `json:"tenant"`
	Name      string       `json:"name"`
	Settings  setting.Team `json:"settings"`
	CreatedAt time.Time    `json:"createdAt"`
	// Shared lets the team take a name that another one has. It is not kept.
	Shared bool `json:"-"`
}

// CredentialKind says how a credential came to be.
type CredentialKind string

// The kinds of credential.
const (
	// SessionCookie is a console login.
	SessionCookie CredentialKind = "session"
	// AccessToken is a personal access token for programs.
	AccessToken CredentialKind = "token"
	// LegacyToken comes from POST /tokens of the UCKeFu contract.
	LegacyToken CredentialKind = "legacy"
)

// Credential proves who an agent is. Only the SHA-256 of the secret is stored.
type Credential struct {
	Hash   string         `json:"-"`
	Tenant id.Tenant      `json:"tenant"`
	Agent  id.Agent       `json:"agent"`
	Kind   CredentialKind `json:"kind"`
	Name   string         `json:"name"`
	// Hint is the end of the secret of an access token, to tell one from another.
	Hint string `json:"hint,omitempty"`
	// Bypass is what its owner said of second factors; there are none here.
	Bypass bool `json:"-"`
	// CSRF must accompany changes made with a SessionCookie.
	CSRF      string    `json:"-"`
	CreatedAt time.Time `json:"createdAt"`
	// ExpiresAt is the end of validity; zero means none.
	ExpiresAt time.Time `json:"expiresAt"`
}
