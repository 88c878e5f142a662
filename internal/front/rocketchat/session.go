package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
)

// session adds log-in and log-out.
func (f *Front) session() {
	f.add(
		route{method: http.MethodPost, path: "login", do: f.logIn},
		route{method: http.MethodPost, path: "logout", do: f.logOut, auth: true},
		route{method: http.MethodGet, path: "logout", do: f.logOut, auth: true},
		route{method: http.MethodGet, path: "me", do: f.me, auth: true},
	)
}

// errUnauthorized answers a wrong password.
var errUnauthorized = &fault{status: http.StatusUnauthorized, body: object{"status": "error", "error": "Unauthorized", "message": "Unauthorized"}}

// logIn answers POST login with a token for X-Auth-Token.
func (f *Front) logIn(ctx context.Context, c *call) (any, error) {
	v, err := c.body()
	if err != nil {
		return nil, err
	}
	body, ok := v.(map[string]any)
	if !ok {
		return nil, errUnauthorized
	}
	if resume, ok := body["resume"].(string); ok {
		l, err := f.Accounts.Authenticate(ctx, resume)
		if errs.CodeOf(err) == errs.Unauthenticated || err == nil && l.Agent.Tenant != c.tenant {
			return nil, errUnauthorized
		}
		return f.loggedIn(c, l, err)
	}
	user := ""
	for _, name := range []string{"user", "username", "email"} {
		if s, ok := body[name].(string); ok && s != "" {
			user = s
			break
		}
	}
	password, ok := body["password"].(string)
	if !ok || user == "" {
		return nil, errUnauthorized
	}
	l, err := f.Accounts.Login(ctx, c.tenant, user, password, f.Clients.Of(c.r), account.LegacyToken)
	if errs.CodeOf(err) == errs.Unauthenticated {
		return nil, errUnauthorized
	}
	return f.loggedIn(c, l, err)
}

// loggedIn is written by hand: its envelope has no "success".
func (f *Front) loggedIn(c *call, l account.Login, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	c.answered = true
	send(c.w, http.StatusOK, object{"status": "success", "data": object{"userId": l.Agent.ID, "authToken": l.Secret, "me": meOf(l)}})
	return nil, nil
}

func (f *Front) logOut(ctx context.Context, c *call) (any, error) {
	if err := f.Accounts.Logout(ctx, *c.login); err != nil {
		return nil, err
	}
	c.answered = true
	send(c.w, http.StatusOK, object{"status": "success", "data": object{"message": "You've been logged out!"}})
	return nil, nil
}

func (f *Front) me(_ context.Context, c *call) (any, error) { return meOf(*c.login), nil }

// meOf is what a user is told of itself.
func meOf(l account.Login) object {
	a := l.Agent
	return object{"_id": a.ID, "name": a.Name, "username": a.Username, "email": a.Email, "emails": []object{{"address": a.Email, "verified": true}},
		"roles": rolesOf(a.Role), "active": !a.Disabled, "type": "user", "settings": object{"preferences": object{}}}
}

// rolesOf are the contract's names of a role.
func rolesOf(r account.Role) []string {
	switch r {
	case account.Admin:
		return []string{"user", "admin"}
	case account.Supervisor:
		return []string{"user", "livechat-manager"}
	}
	return []string{"user", "livechat-agent"}
}

// agentsMay, monitorsMay and managersMay are the permissions of the roles below
// the administrator's, who has all.
var (
	agentsMay = []string{"view-l-room", "close-livechat-room", "on-hold-livechat-room", "view-livechat-queue", "create-livechat-contact", "update-livechat-contact",
		"view-livechat-contact", "view-livechat-contact-history", "view-canned-responses", "save-canned-responses", "remove-canned-responses",
		"request-pdf-transcript", "change-livechat-room-visitor", "edit-omnichannel-contact", "view-agent-canned-responses", "view-livechat-room-customfields",
		"edit-livechat-room-customfields", "view-omnichannel-contact-center"}
	managersMay = []string{"view-l-room", "close-livechat-room", "on-hold-livechat-room", "view-livechat-queue", "create-livechat-contact", "update-livechat-contact",
		"view-livechat-contact", "view-livechat-contact-history", "view-canned-responses", "save-canned-responses", "remove-canned-responses",
		"request-pdf-transcript", "view-livechat-manager", "view-livechat-rooms", "close-others-livechat-room", "on-hold-others-livechat-room",
		"save-others-livechat-room-info", "transfer-livechat-guest", "manage-livechat-agents", "manage-livechat-departments", "view-livechat-departments",
		"add-livechat-department-agents", "view-livechat-business-hours", "view-livechat-current-chats", "view-livechat-real-time-monitoring",
		"view-livechat-analytics", "view-livechat-reports", "remove-closed-livechat-rooms", "manage-livechat-canned-responses", "view-livechat-triggers",
		"view-livechat-customfields", "view-livechat-installation", "view-livechat-appearance", "view-livechat-webhooks", "send-omnichannel-chat-transcript",
		"remove-livechat-department", "manage-livechat-managers", "remove-closed-livechat-room", "manage-livechat-units", "manage-livechat-monitors",
		"manage-livechat-tags", "manage-livechat-priorities", "manage-livechat-sla", "view-all-canned-responses", "save-all-canned-responses",
		"change-livechat-room-visitor", "edit-omnichannel-contact", "view-livechat-room-customfields", "edit-livechat-room-customfields",
		"view-omnichannel-contact-center", "view-livechat-room-closed-same-department", "view-livechat-room-closed-by-another-agent"}
)

// granted reports whether a role has a permission of the contract.
func granted(r account.Role, permission string) bool {
	switch r {
	case account.Admin:
		return true
	case account.Supervisor:
		return slices.Contains(managersMay, permission)
	}
	return slices.Contains(agentsMay, permission)
}
