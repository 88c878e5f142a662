package rest

import (
	"context"
	"net/http"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// ByTeam names a team in the path.
type ByTeam struct {
	ID id.Team `path:"id" maxLength:"64"`
}

// ByAgent names an agent in the path.
type ByAgent struct {
	ID id.Agent `path:"id" maxLength:"64"`
}

// ByInbox names an inbox in the path.
type ByInbox struct {
	ID id.Inbox `path:"id" maxLength:"64"`
}

// ByRole names a role in the path.
type ByRole struct {
	ID account.Role `path:"id" maxLength:"64"`
}

type newAgentInput struct {
	Body struct {
		Email    string       `json:"email" maxLength:"254"`
		Name     string       `json:"name" maxLength:"200"`
		Username string       `json:"username,omitempty" maxLength:"200"`
		Password string       `json:"password" maxLength:"800"`
		Role     account.Role `json:"role,omitempty" maxLength:"64"`
		Cap      int          `json:"cap,omitempty"`
		Teams    []string     `json:"teams,omitempty" maxItems:"100" doc:"Ids or names of teams"`
	}
}

type agentInput struct {
	ByAgent
	Body struct {
		Email    *string       `json:"email,omitempty" maxLength:"254"`
		Username *string       `json:"username,omitempty" maxLength:"200"`
		Name     *string       `json:"name,omitempty" maxLength:"200"`
		Role     *account.Role `json:"role,omitempty" maxLength:"64"`
		Cap      *int          `json:"cap,omitempty"`
		Teams    []id.Team     `json:"teams,omitempty" maxItems:"100" doc:"Ids; absent keeps, [] takes all away"`
		Disabled *bool         `json:"disabled,omitempty"`
		Password *string       `json:"password,omitempty" maxLength:"800"`
	}
}

type agentImportInput struct {
	DryRun bool `query:"dryRun"`
	Body   struct {
		CSV string `json:"csv" maxLength:"2097152" doc:"Header line with email, name, password and if wished username, role, cap, teams (names with ; between)"`
	}
}

type teamBody struct {
	Name     string       `json:"name" maxLength:"200"`
	Settings setting.Team `json:"settings,omitempty"`
}

type newTeamInput struct{ Body teamBody }

type teamInput struct {
	ByTeam
	Body teamBody
}

type inboxBody struct {
	Name     string        `json:"name" maxLength:"200"`
	Settings setting.Inbox `json:"settings,omitempty"`
}

type newInboxInput struct{ Body inboxBody }

type inboxInput struct {
	ByInbox
	Body inboxBody
}

type roleBody struct {
	Name        string             `json:"name" maxLength:"200"`
	Permissions []actor.Permission `json:"permissions" maxItems:"50"`
}

type newRoleInput struct{ Body roleBody }

type roleInput struct {
	ByRole
	Body roleBody
}

type companyInput struct {
	Body struct {
		Name     string          `json:"name" maxLength:"200"`
		Settings setting.Company `json:"settings,omitempty"`
	}
}

type auditInput struct {
	Thing   string `query:"thing" maxLength:"40" doc:"Kind of thing: tenant, inbox, team, agent, role, api_client, …"`
	ThingID string `query:"thingId" maxLength:"64"`
	By      string `query:"by" maxLength:"64" doc:"Id of the agent who made the change"`
	After   string `query:"after" maxLength:"400" doc:"Cursor of the previous page"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type sheetInput struct {
	Body struct {
		Text string `json:"text" maxLength:"4194304" doc:"A sheet of settings as YAML"`
	}
}

type sheetText struct {
	Text string `json:"text"`
}

// rolesView is the company's own roles with what there is to choose from.
type rolesView struct {
	Roles []account.CustomRole `json:"roles"`
	// BuiltIn are the roles that always exist.
	BuiltIn []account.CustomRole `json:"builtIn"`
	// Permissions are all permissions in the order in which they are offered.
	Permissions []actor.Permission `json:"permissions"`
}

// inboxPage is an inbox as administrators see it.
type inboxPage struct {
	account.Inbox
	// Seen are the web origins whose pages carry the inbox's script, latest first.
	Seen []account.Seen `json:"seen"`
}

type newTenantInput struct {
	Body struct {
		ID       id.Tenant `json:"id" maxLength:"64"`
		Name     string    `json:"name" maxLength:"200"`
		Email    string    `json:"email" maxLength:"254" doc:"Of the first administrator"`
		Admin    string    `json:"admin" maxLength:"200" doc:"Name of the first administrator"`
		Password string    `json:"password" maxLength:"800"`
	}
}

type newClientInput struct {
	Body struct {
		Name string `json:"name" maxLength:"200"`
	}
}

type newClient struct {
	account.APIClient
	// Secret is shown this once.
	Secret string `json:"secretId"`
}

type clientInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (a *API) admin() {
	a.adminPeople()
	a.adminPlaces()
	const tag = "admin"
	asAgent(a, http.MethodGet, "/admin/company", "Name and settings of the company", tag, func(ctx context.Context, l account.Login, _ *none) (*body[account.Tenant], error) {
		book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
		if err != nil {
			return nil, err
		}
		shown := book.Tenant
		shown.Settings = shown.Settings.Shown()
		return reply(shown, nil)
	})
	asAgent(a, http.MethodPut, "/admin/company", "Set name and settings of the company", tag, func(ctx context.Context, l account.Login, in *companyInput) (*none, error) {
		return &none{}, a.Accounts.SetCompany(ctx, l.Actor(), in.Body.Name, in.Body.Settings)
	})
	asAgent(a, http.MethodGet, "/admin/audit", "Who changed what, newest first", tag, func(ctx context.Context, l account.Login, in *auditInput) (*body[page[audit.Entry]], error) {
		list, next, err := a.Accounts.AuditLog(ctx, l.Actor(), audit.Filter{Thing: in.Thing, ThingID: in.ThingID, By: in.By, After: in.After, Limit: in.Limit})
		return reply(page[audit.Entry]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/admin/settings", "All settings as one text", tag, func(ctx context.Context, l account.Login, _ *none) (*body[sheetText], error) {
		sheet, err := a.Accounts.Export(ctx, l.Actor())
		if err != nil {
			return nil, err
		}
		text, err := sheet.Text()
		return reply(sheetText{text}, err)
	})
	sheet := func(what func(context.Context, actor.Actor, account.Sheet) ([]account.Step, error)) func(context.Context, account.Login, *sheetInput) (*body[items[account.Step]], error) {
		return func(ctx context.Context, l account.Login, in *sheetInput) (*body[items[account.Step]], error) {
			s, err := account.ReadSheet(in.Body.Text)
			if err != nil {
				return nil, err
			}
			return listed(what(ctx, l.Actor(), s))
		}
	}
	asAgent(a, http.MethodPost, "/admin/settings/plan", "What applying a text of settings would change", tag, sheet(a.Accounts.Plan))
	asAgent(a, http.MethodPost, "/admin/settings/apply", "Apply a text of settings", tag, sheet(a.Accounts.Apply))
	asAgent(a, http.MethodGet, "/admin/tenants", "Companies of the installation", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.Tenant]], error) {
		return listed(a.Accounts.TenantsFor(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/admin/tenants", "Add a company", tag, func(ctx context.Context, l account.Login, in *newTenantInput) (*body[account.Tenant], error) {
		b := in.Body
		return reply(a.Accounts.CreateTenant(ctx, l.Actor(), account.Tenant{ID: b.ID, Name: b.Name}, account.NewAgent{Email: b.Email, Name: b.Admin, Password: b.Password}))
	})
	asAgent(a, http.MethodGet, "/admin/apiclients", "Programs that act for the company", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.APIClient]], error) {
		return listed(a.Accounts.APIClients(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/admin/apiclients", "Add a program", tag, func(ctx context.Context, l account.Login, in *newClientInput) (*body[newClient], error) {
		c, secret, err := a.Accounts.CreateAPIClient(ctx, l.Actor(), in.Body.Name)
		return reply(newClient{c, secret}, err)
	})
	asAgent(a, http.MethodPost, "/admin/apiclients/{id}/secret", "Give a program a new secret; the old one and its tokens end at once", tag, func(ctx context.Context, l account.Login, in *clientInput) (*body[newClient], error) {
		c, secret, err := a.Accounts.RotateAPIClient(ctx, l.Actor(), in.ID)
		return reply(newClient{c, secret}, err)
	})
	asAgent(a, http.MethodDelete, "/admin/apiclients/{id}", "End a program", tag, func(ctx context.Context, l account.Login, in *clientInput) (*none, error) {
		return &none{}, a.Accounts.RemoveAPIClient(ctx, l.Actor(), in.ID)
	})
}

// adminPeople are the calls about agents and roles.
func (a *API) adminPeople() {
	const tag = "admin"
	asAgent(a, http.MethodGet, "/admin/agents", "All agents, disabled ones included", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.Agent]], error) {
		return listed(a.Accounts.Agents(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/admin/agents", "Add an agent", tag, func(ctx context.Context, l account.Login, in *newAgentInput) (*body[account.Agent], error) {
		b := in.Body
		return reply(a.Accounts.CreateAgent(ctx, l.Actor(), account.NewAgent{Email: b.Email, Name: b.Name, Username: b.Username, Password: b.Password,
			Role: b.Role, Cap: b.Cap, Teams: b.Teams}))
	})
	asAgent(a, http.MethodPatch, "/admin/agents/{id}", "Change an agent", tag, func(ctx context.Context, l account.Login, in *agentInput) (*body[account.Agent], error) {
		b := in.Body
		return reply(a.Accounts.ChangeAgent(ctx, l.Actor(), in.ID, account.AgentChange{Email: b.Email, Username: b.Username, Name: b.Name, Role: b.Role,
			Cap: b.Cap, Teams: b.Teams, Disabled: b.Disabled, Password: b.Password}))
	})
	asAgent(a, http.MethodPost, "/admin/agents/import", "Add agents from CSV, all or none", tag, func(ctx context.Context, l account.Login, in *agentImportInput) (*body[items[account.ImportedAgent]], error) {
		return listed(a.Accounts.ImportAgents(ctx, l.Actor(), in.Body.CSV, in.DryRun))
	})
	asAgent(a, http.MethodGet, "/admin/roles", "Roles and permissions", tag, func(ctx context.Context, l account.Login, _ *none) (*body[rolesView], error) {
		list, err := a.Accounts.Roles(ctx, l.Actor())
		return reply(rolesView{Roles: full(list), BuiltIn: account.BuiltInRoles(), Permissions: actor.Permissions()}, err)
	})
	asAgent(a, http.MethodPost, "/admin/roles", "Add a role", tag, func(ctx context.Context, l account.Login, in *newRoleInput) (*body[account.CustomRole], error) {
		return reply(a.Accounts.SaveRole(ctx, l.Actor(), account.CustomRole{Name: in.Body.Name, Permissions: in.Body.Permissions}))
	})
	asAgent(a, http.MethodPut, "/admin/roles/{id}", "Change a role", tag, func(ctx context.Context, l account.Login, in *roleInput) (*body[account.CustomRole], error) {
		return reply(a.Accounts.SaveRole(ctx, l.Actor(), account.CustomRole{ID: in.ID, Name: in.Body.Name, Permissions: in.Body.Permissions}))
	})
	asAgent(a, http.MethodDelete, "/admin/roles/{id}", "Remove a role", tag, func(ctx context.Context, l account.Login, in *ByRole) (*none, error) {
		return &none{}, a.Accounts.RemoveRole(ctx, l.Actor(), in.ID)
	})
}

// adminPlaces are the calls about teams and inboxes.
func (a *API) adminPlaces() {
	const tag = "admin"
	asAgent(a, http.MethodGet, "/admin/teams", "Teams with their settings", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.Team]], error) {
		return listed(a.Accounts.Teams(ctx, l.Agent.Tenant))
	})
	asAgent(a, http.MethodPost, "/admin/teams", "Add a team", tag, func(ctx context.Context, l account.Login, in *newTeamInput) (*body[account.Team], error) {
		return reply(a.Accounts.CreateTeam(ctx, l.Actor(), in.Body.Name, in.Body.Settings))
	})
	asAgent(a, http.MethodPut, "/admin/teams/{id}", "Set name and settings of a team", tag, func(ctx context.Context, l account.Login, in *teamInput) (*none, error) {
		return &none{}, a.Accounts.SetTeam(ctx, l.Actor(), account.Team{ID: in.ID, Name: in.Body.Name, Settings: in.Body.Settings})
	})
	asAgent(a, http.MethodDelete, "/admin/teams/{id}", "Remove a team", tag, func(ctx context.Context, l account.Login, in *ByTeam) (*none, error) {
		return &none{}, a.Accounts.RemoveTeam(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodGet, "/admin/inboxes", "Inboxes with their settings", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.Inbox]], error) {
		return listed(a.Accounts.Inboxes(ctx, l.Agent.Tenant))
	})
	asAgent(a, http.MethodPost, "/admin/inboxes", "Add a website", tag, func(ctx context.Context, l account.Login, in *newInboxInput) (*body[account.Inbox], error) {
		return reply(a.Accounts.CreateInbox(ctx, l.Actor(), in.Body.Name, in.Body.Settings))
	})
	asAgent(a, http.MethodGet, "/admin/inboxes/{id}", "An inbox and where its script was seen", tag, func(ctx context.Context, l account.Login, in *ByInbox) (*body[inboxPage], error) {
		got, err := a.Accounts.InboxFor(ctx, l.Actor(), in.ID)
		if err != nil {
			return nil, err
		}
		seen, err := a.Accounts.InboxSeen(ctx, l.Actor(), in.ID)
		return reply(inboxPage{got, full(seen)}, err)
	})
	asAgent(a, http.MethodPut, "/admin/inboxes/{id}", "Set name and settings of an inbox", tag, func(ctx context.Context, l account.Login, in *inboxInput) (*none, error) {
		return &none{}, a.Accounts.SetInbox(ctx, l.Actor(), account.Inbox{ID: in.ID, Name: strings.TrimSpace(in.Body.Name), Settings: in.Body.Settings})
	})
}
