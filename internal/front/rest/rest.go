// Package rest is the native HTTP API under /api/parlor/v1. The handler types
// are the OpenAPI document; see README.md.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/export"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/hook"
	"parlor/internal/identity"
	"parlor/internal/mailbox"
	"parlor/internal/mailroom"
	"parlor/internal/media"
	"parlor/internal/report"
	"parlor/internal/robot"
	"parlor/internal/routing"
	"parlor/internal/visitor"
	"parlor/internal/window"
)

// Prefix is where the API lives.
const Prefix = "/api/parlor/v1"

// CookieName holds the console's session.
const CookieName = "parlor_session"

// Deps are the services that the API offers.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Media         *media.Service
	Views         wire.Views
	Clients       httpx.ClientIP
	// Calls, Logins and Uploads limit requests by credential or address.
	Calls, Uploads *httpx.Limiter
	Desk           Desk
	Visit          wire.Visit
	Hooks          *hook.Service
	Bindings       *binding.Service
	Mailboxes      *mailbox.Service
	Mailroom       *mailroom.Service
	Reports        *report.Service
	Windows        *window.Service
	Robots         *robot.Service
	Identities     *identity.Service
	Exports        *export.Service
	// Leaving limits left messages by visitor and address.
	Leaving *httpx.Limiter
	Version string
	Log     *slog.Logger
}

// API is the mounted front.
type API struct {
	Deps
	huma huma.API
}

// Security schemes of the document.
const (
	agentAuth   = "agent"
	visitorAuth = "visitor"
)

// Mount adds the API to mux.
func Mount(mux *http.ServeMux, d Deps) *API {
	cfg := huma.DefaultConfig("Parlor", d.Version)
	cfg.OpenAPI.OpenAPI = "3.1.0"
	cfg.Info.Description = "The native API of Parlor: agents, conversations, messages, visitors and files."
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "/api/parlor/openapi", "", ""
	cfg.CreateHooks = nil
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		agentAuth:   {Type: "http", Scheme: "bearer", Description: "Personal access token, or the console's session cookie with the header X-CSRF-Token on changes."},
		visitorAuth: {Type: "http", Scheme: "bearer", Description: "Visitor token from POST /visitor/session."},
	}
	a := &API{Deps: d}
	a.huma = humago.New(mux, cfg)
	a.huma.UseMiddleware(a.authenticate)
	a.session()
	a.tokens()
	a.agents()
	a.conversations()
	a.messages()
	a.visitors()
	a.visitorSide()
	a.desk()
	a.admin()
	a.visit()
	a.hooks()
	a.bindings()
	a.mailboxes()
	a.reports()
	a.windows()
	a.robots()
	a.identities()
	a.exports()
	mux.HandleFunc("GET /api/parlor/docs", a.page)
	return a
}

// schemaName names a type in the document. Settings have the names of what they
// are settings of, so they say so.
func schemaName(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if strings.HasSuffix(t.PkgPath(), "/setting") && (t.Name() == "Team" || t.Name() == "Inbox" || t.Name() == "Company") {
		name += "Settings"
	}
	if strings.HasSuffix(t.PkgPath(), "/window") {
		name = "Window" + name
	}
	if strings.HasSuffix(t.PkgPath(), "/knowledge") || strings.Contains(t.Name(), "/knowledge.") {
		name = "Knowledge" + name
	}
	if own, ok := visitSchemas[t.PkgPath()+"."+t.Name()]; ok {
		name = own
	}
	return name
}

// Document returns the OpenAPI document as JSON.
func (a *API) Document() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

// The library keeps these two in variables of its own; they are set once,
// before any server is made.
func init() {
	huma.DefaultArrayNullable = false
	huma.NewError = problem
}

// problem replaces huma's own error: a body that does not fit the schema is
// "invalid" with the first field at fault.
func problem(status int, msg string, list ...error) huma.StatusError {
	p := &httpx.Problem{Status: status, Code: errs.Invalid, Reason: "invalid", Detail: msg}
	switch {
	case status == http.StatusUnprocessableEntity:
		p.Status = http.StatusBadRequest
	case status == http.StatusRequestEntityTooLarge:
		p.Code, p.Reason = errs.TooLarge, "body_too_large"
	case status >= http.StatusInternalServerError:
		p.Code, p.Reason, p.Detail = errs.Internal, "internal", "internal error"
	}
	for _, e := range list {
		if own, ok := e.(*httpx.Problem); ok {
			return own
		}
		if d, ok := e.(*huma.ErrorDetail); ok {
			p.Field, p.Detail = strings.TrimPrefix(strings.TrimPrefix(d.Location, "body."), "query."), d.Message
			break
		}
	}
	return p
}

type ctxKey int

const (
	loginKey ctxKey = iota
	visitorKey
)

// authenticate checks the credential that an operation asks for.
func (a *API) authenticate(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	if len(op.Security) == 0 {
		next(ctx)
		return
	}
	var err error
	if _, ok := op.Security[0][visitorAuth]; ok {
		var who actor.Actor
		if who, err = a.Visitors.Authenticate(bearer(ctx.Header("Authorization"))); err == nil {
			err = a.Calls.Take("v " + string(who.Visitor))
		}
		if err == nil {
			next(huma.WithValue(ctx, visitorKey, who))
			return
		}
	} else {
		var l account.Login
		if l, err = a.login(ctx); err == nil {
			err = a.Calls.Take("a " + string(l.Agent.ID))
		}
		if err == nil {
			next(huma.WithValue(ctx, loginKey, l))
			return
		}
	}
	a.refuse(ctx, err)
}

func (a *API) refuse(ctx huma.Context, err error) {
	p := httpx.ProblemOf(err)
	if p.Status >= http.StatusInternalServerError && ctx.Context().Err() == nil {
		a.Log.Error("request failed", "operation", ctx.Operation().OperationID, "error", err)
	}
	if werr := huma.WriteErr(a.huma, ctx, p.Status, p.Detail, p); werr != nil {
		a.Log.Debug("answer not written", "error", werr)
	}
}

func bearer(h string) string {
	if len(h) > 7 && strings.EqualFold(h[:7], "bearer ") {
		return h[7:]
	}
	return ""
}

// login finds out who calls: a bearer token first, else the cookie, which needs
// the CSRF token for anything but reading.
func (a *API) login(ctx huma.Context) (account.Login, error) {
	if secret := bearer(ctx.Header("Authorization")); secret != "" {
		return a.Accounts.Authenticate(ctx.Context(), secret)
	}
	secret := ""
	if c, err := huma.ReadCookie(ctx, CookieName); err == nil {
		secret = c.Value
	}
	l, err := a.Accounts.Authenticate(ctx.Context(), secret)
	if err != nil {
		return l, err
	}
	if l.Credential.Kind != account.SessionCookie {
		return l, errs.New(errs.Unauthenticated, "unauthenticated", "Please log in.")
	}
	if m := ctx.Method(); m != http.MethodGet && m != http.MethodHead {
		if ctx.Header("X-CSRF-Token") == "" || ctx.Header("X-CSRF-Token") != l.Credential.CSRF {
			return l, errs.New(errs.Forbidden, "bad_csrf", "The page is out of date. Reload it.")
		}
	}
	return l, nil
}

// operation describes one call.
func operation(method, path, summary, tag string, status int, auth string) huma.Operation {
	op := huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: Prefix + path, Summary: summary, Tags: []string{tag}, DefaultStatus: status,
		Errors: []int{400, 401, 403, 404, 409, 429},
	}
	if auth != "" {
		op.Security = []map[string][]string{{auth: {}}}
	}
	return op
}

func operationID(method, path string) string {
	r := strings.NewReplacer("/", "-", "{", "", "}", "")
	return strings.ToLower(method) + r.Replace(path)
}

// asAgent registers a call for logged-in agents.
func asAgent[I, O any](a *API, method, path, summary, tag string, fn func(context.Context, account.Login, *I) (*O, error)) {
	op := operation(method, path, summary, tag, 0, agentAuth)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		l, _ := ctx.Value(loginKey).(account.Login)
		out, err := fn(ctx, l, in)
		return out, a.answer(ctx, op, err)
	})
}

// asVisitor registers a call for holders of a visitor token.
func asVisitor[I, O any](a *API, method, path, summary string, fn func(context.Context, actor.Actor, *I) (*O, error)) {
	op := operation(method, path, summary, "visitor", 0, visitorAuth)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		who, _ := ctx.Value(visitorKey).(actor.Actor)
		out, err := fn(ctx, who, in)
		return out, a.answer(ctx, op, err)
	})
}

// open registers a call that needs no credential.
func open[I, O any](a *API, method, path, summary, tag string, fn func(context.Context, *I) (*O, error)) {
	op := operation(method, path, summary, tag, 0, "")
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		return out, a.answer(ctx, op, err)
	})
}

// answer records an internal error, unless the caller has gone, and writes it as
// a problem.
func (a *API) answer(ctx context.Context, op huma.Operation, err error) error {
	if err == nil {
		return nil
	}
	if errs.CodeOf(err) == errs.Internal && ctx.Err() == nil {
		a.Log.Error("request failed", "operation", op.OperationID, "error", err)
	}
	return httpx.ProblemOf(err)
}

// body is an answer that is nothing but its body.
type body[T any] struct{ Body T }

func reply[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// items is a list without further pages.
type items[T any] struct {
	Items []T `json:"items"`
}

// listed makes an answer of a list; no list is an empty one.
func listed[T any](list []T, err error) (*body[items[T]], error) {
	return reply(items[T]{full(list)}, err)
}

// full makes sure that a list without elements is written as [] and not as null.
func full[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// page is a list with the cursor of the next page.
type page[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the next page, absent at the end.
	Next string `json:"next,omitempty"`
}

type none struct{}
