package contract

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/presence"
)

// ErrUnauthorized answers a wrong password.
var ErrUnauthorized = &Fault{Status: http.StatusUnauthorized, Body: Object{"status": "error", "error": "Unauthorized", "message": "Unauthorized"}}

// PasswordLogin checks a password, or its digest as {digest, algorithm}.
func (f *Kit) PasswordLogin(ctx context.Context, c *Call, user string, password any) (account.Login, error) {
	switch p := password.(type) {
	case string:
		return f.Accounts.Login(ctx, c.Tenant, user, p, f.Clients.Of(c.R), account.LegacyToken)
	case map[string]any:
		digest, _ := p["digest"].(string)
		return f.Accounts.LoginDigest(ctx, c.Tenant, user, digest, f.Clients.Of(c.R), account.LegacyToken)
	}
	return account.Login{}, ErrUnauthorized
}

// NamesOfRoles are the contract's names of the roles that are called otherwise here.
var NamesOfRoles = map[account.Role]string{account.Supervisor: grant.Manager, account.Member: grant.Agent, account.Monitor: grant.Monitor}

// RolesOf are the contract's names of an agent's roles. Who works here is a user
// too, which is a role of its own there.
func RolesOf(a account.Agent) []string {
	var list []string
	for _, r := range a.Roles() {
		list = append(list, RoleName(r))
	}
	if a.Role != account.Admin && !slices.ContainsFunc(list, func(r string) bool {
		return slices.Contains([]string{grant.User, grant.Bot, grant.App, grant.Guest}, r)
	}) {
		list = append(list, grant.User)
	}
	return list
}

// RoleName is the contract's name of a role.
func RoleName(r account.Role) string {
	if name, ok := NamesOfRoles[r]; ok {
		return name
	}
	return string(r)
}

// SayPresence records online, away, busy or offline for an agent, who counts as
// connected by saying so unless it is offline.
func (f *Kit) SayPresence(ctx context.Context, t id.Tenant, a id.Agent, word string) error {
	said := word
	if word == "online" {
		said = account.PresenceHere
	}
	if err := f.Accounts.SetPresence(ctx, t, a, said); err != nil {
		return err
	}
	return f.Presence.Declare(ctx, presence.Agent{Tenant: t, Agent: a}, word != account.PresenceOffline)
}

// PresenceOf is the contract's word for an agent's presence.
func PresenceOf(st account.AgentStatus) string {
	switch {
	case !st.Connected:
		return "offline"
	case st.Presence == account.PresenceAway:
		return "away"
	case st.Presence == account.PresenceBusy, st.State == account.Busy:
		return "busy"
	}
	return "online"
}
