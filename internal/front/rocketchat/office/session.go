package office

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// session adds log-in and log-out.
func (f *Front) session() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "login", Do: f.logIn},
		contract.Route{Method: http.MethodPost, Path: "logout", Do: f.logOut, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "logout", Do: f.logOut, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "me", Do: f.me, Auth: true},
	)
}

// logIn answers POST login with a token for X-Auth-Token.
func (f *Front) logIn(ctx context.Context, c *contract.Call) (any, error) {
	v, err := c.Body()
	if err != nil {
		return nil, err
	}
	body, ok := v.(map[string]any)
	if !ok {
		return nil, contract.ErrUnauthorized
	}
	if resume, ok := body["resume"].(string); ok {
		l, err := f.Accounts.Authenticate(ctx, resume)
		if errs.CodeOf(err) == errs.Unauthenticated || err == nil && l.Agent.Tenant != c.Tenant {
			return nil, contract.ErrUnauthorized
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
	l, err := f.PasswordLogin(ctx, c, user, body["password"])
	if errs.CodeOf(err) == errs.Unauthenticated {
		return nil, contract.ErrUnauthorized
	}
	return f.loggedIn(c, l, err)
}

// loggedIn is written by hand: its envelope has no "success".
func (f *Front) loggedIn(c *contract.Call, l account.Login, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if err := f.staff(c.R.Context(), l.Agent.Tenant); err != nil {
		return nil, err
	}
	me, err := f.meOf(c.R.Context(), l)
	if err != nil {
		return nil, err
	}
	c.Answered = true
	contract.Send(c.W, http.StatusOK, contract.Object{"status": "success", "data": contract.Object{"userId": l.Agent.ID, "authToken": l.Secret, "me": me}})
	return nil, nil
}

// staff gives a company the user that every server of this contract has, once
// somebody of it logs in here.
func (f *Front) staff(ctx context.Context, t id.Tenant) error {
	if _, ok := f.staffed.Load(t); ok {
		return nil
	}
	if err := f.Accounts.EnsureBot(ctx, t, "rocket.cat", "Rocket.Cat"); err != nil {
		return err
	}
	f.staffed.Store(t, true)
	return nil
}

func (f *Front) logOut(ctx context.Context, c *contract.Call) (any, error) {
	if err := f.Accounts.Logout(ctx, *c.Login); err != nil {
		return nil, err
	}
	c.Answered = true
	contract.Send(c.W, http.StatusOK, contract.Object{"status": "success", "data": contract.Object{"message": "You've been logged out!"}})
	return nil, nil
}

func (f *Front) me(ctx context.Context, c *contract.Call) (any, error) { return f.meOf(ctx, *c.Login) }

// meOf is what a user is told of itself.
func (f *Front) meOf(ctx context.Context, l account.Login) (contract.Object, error) {
	a := l.Agent
	st, err := f.statusOf(ctx, a)
	if err != nil {
		return nil, err
	}
	out := f.userView(a, st, true)
	out["email"], out["statusConnection"] = a.Email, contract.PresenceOf(st)
	if a.Has(account.Member) {
		book, err := f.Accounts.Book(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		if hours, told := openHours(book, a, st, f.Clock.Now()); told {
			out["openBusinessHours"] = hours
		}
		open, err := f.Accounts.OpenNow(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		out["statusLivechat"] = availableAt(st, open)
	}
	return out, nil
}
