package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/grant"
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
	l, err := f.passwordLogin(ctx, c, user, body["password"])
	if errs.CodeOf(err) == errs.Unauthenticated {
		return nil, errUnauthorized
	}
	return f.loggedIn(c, l, err)
}

// passwordLogin checks a password, or its digest as {digest, algorithm}.
func (f *Front) passwordLogin(ctx context.Context, c *call, user string, password any) (account.Login, error) {
	switch p := password.(type) {
	case string:
		return f.Accounts.Login(ctx, c.tenant, user, p, f.Clients.Of(c.r), account.LegacyToken)
	case map[string]any:
		digest, _ := p["digest"].(string)
		return f.Accounts.LoginDigest(ctx, c.tenant, user, digest, f.Clients.Of(c.r), account.LegacyToken)
	}
	return account.Login{}, errUnauthorized
}

// loggedIn is written by hand: its envelope has no "success".
func (f *Front) loggedIn(c *call, l account.Login, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	me, err := f.meOf(c.r.Context(), l)
	if err != nil {
		return nil, err
	}
	c.answered = true
	send(c.w, http.StatusOK, object{"status": "success", "data": object{"userId": l.Agent.ID, "authToken": l.Secret, "me": me}})
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

func (f *Front) me(ctx context.Context, c *call) (any, error) { return f.meOf(ctx, *c.login) }

// meOf is what a user is told of itself.
func (f *Front) meOf(ctx context.Context, l account.Login) (object, error) {
	a := l.Agent
	st, err := f.statusOf(ctx, a)
	if err != nil {
		return nil, err
	}
	out := f.userView(a, st, true)
	out["email"], out["statusConnection"], out["statusLivechat"] = a.Email, presenceOf(st), "not-available"
	if a.Has(account.Member) {
		open, err := f.Accounts.OpenNow(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		out["statusLivechat"] = availableAt(st, open)
	}
	return out, nil
}

// namesOfRoles are the contract's names of the roles that are called otherwise here.
var namesOfRoles = map[account.Role]string{account.Supervisor: grant.Manager, account.Member: grant.Agent, account.Monitor: grant.Monitor}

// rolesOf are the contract's names of an agent's roles. Who works here is a user
// too, which is a role of its own there.
func rolesOf(a account.Agent) []string {
	var list []string
	for _, r := range a.Roles() {
		if name, ok := namesOfRoles[r]; ok {
			list = append(list, name)
		} else {
			list = append(list, string(r))
		}
	}
	if a.Role != account.Admin && !slices.ContainsFunc(list, func(r string) bool {
		return slices.Contains([]string{grant.User, grant.Bot, grant.App, grant.Guest}, r)
	}) {
		list = append(list, grant.User)
	}
	return list
}
