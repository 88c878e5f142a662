// Package contract is what the parts of the Rocket.Chat front share: paths and
// calls, shapes of bodies, envelopes and errors, the method bridge, and the JSON
// of rooms, messages, visitors and users. It serves what the parts add to it.
package contract

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/canned"
	"parlor/internal/circular"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/grant"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/leave"
	"parlor/internal/mailbox"
	"parlor/internal/mailroom"
	"parlor/internal/media"
	"parlor/internal/memo"
	"parlor/internal/presence"
	"parlor/internal/priority"
	"parlor/internal/report"
	"parlor/internal/routing"
	"parlor/internal/sms"
	"parlor/internal/tag"
	"parlor/internal/transcript"
	"parlor/internal/trigger"
	"parlor/internal/visitor"
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
	Identities    *identity.Service
	Media         *media.Service
	Hooks         *hook.Service
	Grants        *grant.Service
	Presence      *presence.Service
	Reports       *report.Service
	Tags          *tag.Service
	Fields        *field.Service
	Leaves        *leave.Service
	Transcripts   *transcript.Service
	Priorities    *priority.Service
	Canned        *canned.Service
	Contacts      *contact.Service
	Colleagues    *colleague.Service
	Triggers      *trigger.Service
	Mailboxes     *mailbox.Service
	SMS           *sms.Service
	Circulars     *circular.Service
	Mailroom      *mailroom.Service
	// Clients finds the address that a request came from.
	Clients interface {
		Of(r *http.Request) string
		// Secure reports whether it came by HTTPS.
		Secure(r *http.Request) bool
	}
	// PublicURL is the address under which people reach the server; empty: taken
	// from the request.
	PublicURL string
	// Limits switches the contract's rate limits on.
	Limits bool
	Clock  clock.Clock
	Log    *slog.Logger
}

// Kit holds the calls of the contract and what their handlers work with. The
// receiver is f, as in the parts, which embed it.
type Kit struct {
	Deps
	routes  *node
	limiter *limiter
	agents  *memo.Memo[id.Tenant, map[id.Agent]account.Agent]
	// methods are the calls of the method bridge.
	methods methodTable
}

// Agents are remembered for a while: their names change rarely.
const (
	agentsFor   = 5 * time.Second
	agentsLists = 1000
)

// Version is the version that clients are told.
const Version = "6.14.0"

// appsPrefix is where that server lists the extensions that run in it.
const appsPrefix = "/api/apps"

// New serves calls under mux; the parts of the front add theirs before the first
// request comes.
func New(mux *http.ServeMux, d Deps) *Kit {
	f := &Kit{Deps: d, routes: &node{}, limiter: newLimiter(d.Clock, d.Limits),
		agents: memo.New[id.Tenant, map[id.Agent]account.Agent](d.Clock, agentsFor, agentsLists), methods: methodTable{}}
	f.Log = f.Log.With("component", "rocketchat")
	f.bridge()
	mux.HandleFunc(Prefix, func(w http.ResponseWriter, r *http.Request) {
		f.serve(w, r, account.MainInbox, strings.TrimPrefix(r.URL.Path, Prefix))
	})
	for _, path := range []string{appsPrefix, appsPrefix + "/"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			f.serve(w, r, account.MainInbox, strings.TrimPrefix(r.URL.Path, "/api/"))
		})
	}
	mux.HandleFunc(InboxPrefix+"{inbox}/api/v1/{path...}", func(w http.ResponseWriter, r *http.Request) {
		f.serve(w, r, id.Inbox(r.PathValue("inbox")), r.PathValue("path"))
	})
	return f
}

// Handler does one call. What it returns is the payload of a success: an object
// gets "success":true, an array or scalar is sent bare, nil is the oddity null.
type Handler func(ctx context.Context, c *Call) (any, error)

// Route is one call of the contract.
type Route struct {
	Method string
	Path   string
	Do     Handler
	// Auth asks for a login, needs for one of these permissions.
	Auth  bool
	Needs []string
	// Calls is how often a minute one address may call; 0 is the default of 10.
	Calls int
}

// Add makes a route known.
func (f *Kit) Add(list ...Route) {
	for _, r := range list {
		f.routes.add(r)
	}
}

// AddMethods makes methods of the bridge known.
func (f *Kit) AddMethods(list ...Method) { f.methods.add(list...) }

// CallOf is a call that comes over a realtime connection.
func (f *Kit) CallOf(r *http.Request, t id.Tenant, inbox id.Inbox) *Call {
	return &Call{f: f, R: r, Tenant: t, Inbox: inbox}
}

// serve answers one request.
func (f *Kit) serve(w http.ResponseWriter, r *http.Request, inbox id.Inbox, path string) {
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
		Send(w, http.StatusNotFound, noEndpoint)
		return
	}
	found, ok := verbs[r.Method]
	if !ok {
		h.Set("Allow", strings.Join(verbs.methods(), ", "))
		Send(w, http.StatusMethodNotAllowed, noEndpoint)
		return
	}
	ctx := r.Context()
	c := &Call{f: f, W: w, R: r, Params: params, Inbox: inbox}
	v, err := f.run(ctx, c, found)
	if c.Answered {
		return
	}
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	succeed(w, v)
}

// run finds out who calls, and calls.
func (f *Kit) run(ctx context.Context, c *Call, r Route) (any, error) {
	in, err := f.Accounts.Inbox(ctx, c.Inbox)
	if err != nil {
		return nil, err
	}
	c.Tenant = in.Tenant
	if err := f.authenticate(ctx, c); err != nil {
		return nil, err
	}
	if r.Auth && c.Login == nil {
		return nil, errLogin
	}
	if len(r.Needs) > 0 {
		if err := c.Borrow(ctx, r.Needs); err != nil {
			return nil, err
		}
	}
	if c.Login == nil {
		if err := f.limiter.take(c.W, r.Method+" "+r.Path, f.Clients.Of(c.R), r.Calls); err != nil {
			return nil, err
		}
	}
	return r.Do(ctx, c)
}

// authenticate reads the credential of a call, if it carries one. One that is not
// valid is no credential.
func (f *Kit) authenticate(ctx context.Context, c *Call) error {
	token, user := c.R.Header.Get("X-Auth-Token"), c.R.Header.Get("X-User-Id")
	if bearer, ok := strings.CutPrefix(c.R.Header.Get("Authorization"), "Bearer "); ok && token == "" {
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
	if l.Agent.Tenant == c.Tenant && (user == "" || user == string(l.Agent.ID)) {
		c.Login, c.Who = &l, l.Actor()
		return f.Presence.Alive(ctx, presence.Agent{Tenant: c.Tenant, Agent: l.Agent.ID})
	}
	return nil
}
