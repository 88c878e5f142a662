package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"parlor/internal/account"
	"parlor/internal/front/wire"
	"parlor/internal/id"
)

type loginInput struct {
	Body struct {
		Login    string    `json:"login" minLength:"1" maxLength:"254" doc:"E-mail or username"`
		Password string    `json:"password" minLength:"1" maxLength:"800"`
		Tenant   id.Tenant `json:"tenant,omitempty" maxLength:"64" doc:"Company; main if left out"`
	}
	ip     string
	secure bool
}

// Resolve notes where the request came from.
func (in *loginInput) Resolve(ctx huma.Context) []error {
	if r, ok := ctx.Context().Value(requestKey{}).(requestFacts); ok {
		in.ip, in.secure = r.ip, r.secure
	}
	return nil
}

type requestKey struct{}

// requestFacts are what handlers without access to the request need of it.
type requestFacts struct {
	ip     string
	agent  string
	secure bool
}

// Facts wraps the API so that calls without a credential know the client's address.
func (a *API) Facts(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := requestFacts{ip: a.Clients.Of(r), agent: r.UserAgent(), secure: a.Clients.Secure(r)}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, f)))
	})
}

type loginOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      wire.Me
}

type logoutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func cookie(value string, secure bool, age int) http.Cookie {
	return http.Cookie{Name: CookieName, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, MaxAge: age}
}

func (a *API) session() {
	open(a, http.MethodPost, "/session", "Log in", "session", func(ctx context.Context, in *loginInput) (*loginOutput, error) {
		if in.Body.Tenant == "" {
			in.Body.Tenant = account.MainTenant
		}
		l, err := a.Accounts.Login(ctx, in.Body.Tenant, in.Body.Login, in.Body.Password, in.ip, account.SessionCookie)
		if err != nil {
			return nil, err
		}
		me, err := a.me(ctx, l)
		return &loginOutput{SetCookie: cookie(l.Secret, in.secure, int(account.SessionLife.Seconds())), Body: me}, err
	})
	asAgent(a, http.MethodGet, "/session", "Who am I", "session", func(ctx context.Context, l account.Login, _ *none) (*body[wire.Me], error) {
		return reply(a.me(ctx, l))
	})
	asAgent(a, http.MethodDelete, "/session", "Log out", "session", func(ctx context.Context, l account.Login, _ *none) (*logoutOutput, error) {
		return &logoutOutput{SetCookie: cookie("", false, -1)}, a.Accounts.Logout(ctx, l)
	})
	asAgent(a, http.MethodPut, "/me/state", "Say whether one is available", "session", func(ctx context.Context, l account.Login, in *stateInput) (*body[account.AgentStatus], error) {
		return reply(a.Accounts.SetState(ctx, l.Actor(), in.Body.State, in.Body.Reason))
	})
}

type stateInput struct {
	Body struct {
		State  account.State `json:"state" enum:"ready,busy,away"`
		Reason string        `json:"reason,omitempty" maxLength:"60"`
	}
}

func (a *API) me(ctx context.Context, l account.Login) (wire.Me, error) {
	st, err := a.Accounts.Status(ctx, l.Actor())
	if err != nil {
		return wire.Me{}, err
	}
	tenants, err := a.Accounts.Tenants(ctx)
	if err != nil {
		return wire.Me{}, err
	}
	me := wire.Me{Agent: l.Agent, CSRF: l.Credential.CSRF, Status: st}
	for _, t := range tenants {
		if t.ID == l.Agent.Tenant {
			me.Tenant = wire.TenantName{ID: t.ID, Name: t.Name}
		}
	}
	for _, p := range l.Permissions {
		me.Permissions = append(me.Permissions, string(p))
	}
	book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
	if err != nil {
		return wire.Me{}, err
	}
	me.Framed = len(book.Tenant.Settings.Windows.Origins()) > 0
	if l.Credential.Kind != account.SessionCookie {
		me.CSRF = ""
	}
	return me, nil
}

// factsOf returns where the request of ctx came from.
func factsOf(ctx context.Context) requestFacts {
	f, _ := ctx.Value(requestKey{}).(requestFacts)
	return f
}
