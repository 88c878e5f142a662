// Package uckefu serves the UCKeFu contract (generations A, B and C) to
// existing pages, apps and consoles: Socket.IO namespaces and HTTP. README.md
// says what is followed and where we differ on purpose.
package uckefu

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/attendance"
	"parlor/internal/blacklist"
	"parlor/internal/canned"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/presence"
	"parlor/internal/realtime"
	"parlor/internal/routing"
	"parlor/internal/socketio"
	"parlor/internal/tag"
	"parlor/internal/visitor"
)

// callTimeout bounds the work of one event.
const callTimeout = 20 * time.Second

// JobVisitorGone ends a dialogue whose visitor stayed away.
const JobVisitorGone = "uckefu.visitor_gone"

// Deps are the services that the contract is served from.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Presence      *presence.Service
	Colleagues    *colleague.Service
	Rooms         *attendance.Service
	Blacklist     *blacklist.Service
	Media         *media.Service
	Visit         wire.Visit
	// Files are the built web applications; Built is false if they are missing.
	Files fs.FS
	Built bool
	// PublicURL is the address under which pages reach the server, "" to take it from the request.
	PublicURL string
	// Leaving limits left messages by address.
	Leaving *httpx.Limiter
	Canned  *canned.Service
	Tags    *tag.Service
	Jobs    Enqueuer
	Hub     *realtime.Hub
	Clients httpx.ClientIP
	Clock   clock.Clock
	// Posts limits messages by person, Calls requests by person or address.
	Posts, Calls *httpx.Limiter
	// Grace is how long a dialogue outlives the visitor's last socket.
	Grace time.Duration
	Log   *slog.Logger
}

// Enqueuer adds jobs.
type Enqueuer interface {
	Enqueue(ctx context.Context, jobs ...job.Job) error
}

// Front is the mounted front.
type Front struct {
	Deps
	reports *reports
	held    *holder

	mu       sync.Mutex
	visitors map[pageKey]map[*visitorConn]struct{}
}

// pageKey names the pages of one legacy user in an inbox.
type pageKey struct {
	inbox  id.Inbox
	userid string
}

// Mount adds the namespaces to s and the HTTP calls to mux. Run must run for
// counters to be pushed.
func Mount(s *socketio.Server, mux *http.ServeMux, d Deps) *Front {
	d.Log = d.Log.With("component", "uckefu")
	f := &Front{Deps: d, visitors: map[pageKey]map[*visitorConn]struct{}{}}
	f.reports, f.held = newReports(f), newHolder()
	f.userNamespace(s.Of("/im/user"))
	f.agentNamespace(s.Of("/im/agent"))
	f.entNamespace(s.Of("/im/ent", "/im/entim"))
	f.http(mux)
	f.entry(mux)
	f.webim(mux)
	return f
}

// Run pushes counters until ctx ends.
func (f *Front) Run(ctx context.Context) error { return f.reports.run(ctx) }

// handle runs the handler of an event with a deadline. The contract has no
// form for errors but the missing acknowledgement; internal ones are logged.
func (f *Front) handle(fn func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error) func(*socketio.Socket, []json.RawMessage, func(...any)) {
	return func(s *socketio.Socket, args []json.RawMessage, ack func(...any)) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		var arg json.RawMessage
		if len(args) > 0 {
			arg = args[0]
		}
		if err := fn(ctx, s, arg); err != nil {
			f.failed(s, err)
			return
		}
		if ack != nil {
			ack()
		}
	}
}

func (f *Front) failed(s *socketio.Socket, err error) {
	if errs.CodeOf(err) == errs.Internal {
		f.Log.Error("event failed", "namespace", s.Namespace(), "error", err)
		return
	}
	f.Log.Info("event refused", "namespace", s.Namespace(), "reason", errs.ReasonOf(err))
}

// refusal turns an error into the contract's connect error.
func refusal(err error) error {
	return &socketio.ConnectError{Message: errs.ReasonOf(err), Data: map[string]string{"reason": errs.ReasonOf(err), "message": errs.MessageOf(err)}}
}

// decode reads an event's argument; unknown fields are the pages' affair.
func decode(arg json.RawMessage, v any) error {
	if len(arg) == 0 {
		return errs.New(errs.Invalid, "invalid", "The event has no argument.")
	}
	if err := json.Unmarshal(arg, v); err != nil {
		return errs.New(errs.Invalid, "invalid", "The argument does not have the expected form.").Because(err)
	}
	return nil
}

// connected reports whether a page of the visitor is open on this node.
func (f *Front) connected(v id.Visitor) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, set := range f.visitors {
		for c := range set {
			if c.visitorID() == v {
				return true
			}
		}
	}
	return false
}

// page returns the visitor whose page with that userid is open from that
// address, for uploads, which carry no other proof.
func (f *Front) page(in id.Inbox, userid, ip string) (visitor.Visitor, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.visitors[pageKey{in, userid}] {
		if c.sock.RemoteIP() == ip {
			if v, ok := c.visitor(); ok {
				return v, true
			}
		}
	}
	return visitor.Visitor{}, false
}

func (f *Front) register(k pageKey, c *visitorConn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.visitors[k] == nil {
		f.visitors[k] = map[*visitorConn]struct{}{}
	}
	f.visitors[k][c] = struct{}{}
}

// unregister reports whether it was the visitor's last page here. Somebody else
// may use the same userid from another browser.
func (f *Front) unregister(k pageKey, c *visitorConn, v id.Visitor) (last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.visitors[k], c)
	if len(f.visitors[k]) == 0 {
		delete(f.visitors, k)
		return true
	}
	for other := range f.visitors[k] {
		if other.visitorID() == v {
			return false
		}
	}
	return true
}
