// Package rocketchat serves the contract of Rocket.Chat's Omnichannel: REST under
// /api/v1, webhooks and realtime. README.md says which versions; what each call
// does is decided in the domains.
package rocketchat

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/front/httpx"
	"parlor/internal/grant"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/media"
	"parlor/internal/memo"
	"parlor/internal/presence"
	"parlor/internal/priority"
	"parlor/internal/realtime"
	"parlor/internal/report"
	"parlor/internal/routing"
	"parlor/internal/tag"
	"parlor/internal/transcript"
	"parlor/internal/visitor"
	"parlor/internal/wsconn"
)

// Prefix is where the REST API of the main inbox lives; another inbox has its own
// below InboxPrefix.
const (
	Prefix      = "/api/v1/"
	InboxPrefix = "/rocketchat/"
)

// Deps are the services that the front offers.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Media         *media.Service
	Hooks         *hook.Service
	Grants        *grant.Service
	Presence      *presence.Service
	Reports       *report.Service
	Tags          *tag.Service
	Fields        *field.Service
	Leaves        *leave.Service
	Transcripts   *transcript.Service
	Hub           *realtime.Hub
	Priorities    *priority.Service
	// Widget is the folder with the build of the vendor's widget, "" for none.
	Widget  string
	Clients httpx.ClientIP
	// PublicURL is the address under which people reach the server; empty: taken
	// from the request.
	PublicURL string
	// Limits switches the contract's rate limits on.
	Limits bool
	Clock  clock.Clock
	Log    *slog.Logger
}

// Front is the mounted front.
type Front struct {
	Deps
	routes  *node
	limiter *limiter
	agents  *memo.Memo[id.Tenant, map[id.Agent]account.Agent]
	// methods are the calls of the method bridge.
	methods methodTable
	sockets *sockets
	wire    wsconn.Options
}

// Agents are remembered for a while: their names change rarely.
const (
	agentsFor   = 5 * time.Second
	agentsLists = 1000
)

// Mount adds the front to mux.
func Mount(mux *http.ServeMux, d Deps) *Front {
	f := &Front{Deps: d, routes: &node{}, limiter: newLimiter(d.Clock, d.Limits),
		agents: memo.New[id.Tenant, map[id.Agent]account.Agent](d.Clock, agentsFor, agentsLists), methods: methodTable{}}
	f.Log = f.Log.With("component", "rocketchat")
	f.visitors()
	f.rooms()
	f.messages()
	f.widget()
	f.visits()
	f.uploads(mux)
	f.chat()
	f.visitorMethods()
	f.wishes()
	f.realtime(mux)
	f.widgetPage(mux)
	f.session()
	f.options()
	f.webhooks()
	f.statuses()
	f.analytics()
	f.bridge()
	f.users()
	f.tokens()
	f.agentCalls()
	f.roleCalls()
	f.departmentCalls()
	f.tagCalls()
	f.unitCalls()
	mux.HandleFunc(Prefix, func(w http.ResponseWriter, r *http.Request) {
		f.serve(w, r, account.MainInbox, strings.TrimPrefix(r.URL.Path, Prefix))
	})
	mux.HandleFunc(InboxPrefix+"{inbox}/api/v1/{path...}", func(w http.ResponseWriter, r *http.Request) {
		f.serve(w, r, id.Inbox(r.PathValue("inbox")), r.PathValue("path"))
	})
	return f
}

// handler does one call. What it returns is the payload of a success: an object
// gets "success":true, an array or scalar is sent bare, nil is the oddity null.
type handler func(ctx context.Context, c *call) (any, error)

// route is one call of the contract.
type route struct {
	method string
	path   string
	do     handler
	// auth asks for a login, needs for one of these permissions.
	auth  bool
	needs []string
	// calls is how often a minute one address may call; 0 is the default of 10.
	calls int
}

// add makes a route known.
func (f *Front) add(list ...route) {
	for _, r := range list {
		f.routes.add(r)
	}
}

// serve answers one request.
func (f *Front) serve(w http.ResponseWriter, r *http.Request, inbox id.Inbox, path string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token, x-visitor-token, Authorization")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, HEAD, PATCH")
		w.WriteHeader(http.StatusOK)
		return
	}
	verbs, params := f.routes.find(strings.Split(strings.TrimSuffix(path, "/"), "/"))
	if verbs == nil {
		send(w, http.StatusNotFound, noEndpoint)
		return
	}
	found, ok := verbs[r.Method]
	if !ok {
		h.Set("Allow", strings.Join(verbs.methods(), ", "))
		send(w, http.StatusMethodNotAllowed, noEndpoint)
		return
	}
	ctx := r.Context()
	c := &call{f: f, w: w, r: r, params: params, inbox: inbox}
	v, err := f.run(ctx, c, found)
	if c.answered {
		return
	}
	if err != nil {
		f.fail(w, r, err)
		return
	}
	succeed(w, v)
}

// run finds out who calls, and calls.
func (f *Front) run(ctx context.Context, c *call, r route) (any, error) {
	in, err := f.Accounts.Inbox(ctx, c.inbox)
	if err != nil {
		return nil, err
	}
	c.tenant = in.Tenant
	if err := f.authenticate(ctx, c); err != nil {
		return nil, err
	}
	if r.auth && c.login == nil {
		return nil, errLogin
	}
	if len(r.needs) > 0 {
		if err := c.borrow(ctx, r.needs); err != nil {
			return nil, err
		}
	}
	if c.login == nil {
		if err := f.limiter.take(c.w, r.method+" "+r.path, f.Clients.Of(c.r), r.calls); err != nil {
			return nil, err
		}
	}
	return r.do(ctx, c)
}

// authenticate reads the credential of a call, if it carries one. One that is not
// valid is no credential.
func (f *Front) authenticate(ctx context.Context, c *call) error {
	token, user := c.r.Header.Get("X-Auth-Token"), c.r.Header.Get("X-User-Id")
	if bearer, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer "); ok && token == "" {
		token = bearer
	} else if user == "" {
		return nil
	}
	if token == "" {
		return nil
	}
	l, err := f.Accounts.Authenticate(ctx, token)
	if errs.CodeOf(err) == errs.Unauthenticated {
		return nil
	}
	if err != nil {
		return err
	}
	if l.Agent.Tenant == c.tenant && (user == "" || user == string(l.Agent.ID)) {
		c.login, c.who = &l, l.Actor()
		return f.Presence.Alive(ctx, presence.Agent{Tenant: c.tenant, Agent: l.Agent.ID})
	}
	return nil
}

// visitorActor is the acting party of a visitor in the inbox of the visitor.
func visitorActor(v visitor.Visitor) actor.Actor { return v.Actor() }
