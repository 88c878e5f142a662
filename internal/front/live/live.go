// Package live is the native realtime front: the Socket.IO namespaces
// /parlor/visitor and /parlor/agent of docs/realtime.md.
package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"parlor/internal/account"
	"parlor/internal/attendance"
	"parlor/internal/blacklist"
	"parlor/internal/clock"
	"parlor/internal/colleague"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/identity"
	"parlor/internal/presence"
	"parlor/internal/realtime"
	"parlor/internal/routing"
	"parlor/internal/socketio"
	"parlor/internal/visitor"
)

// boardEvery is the shortest time between two pushes of counts.
const boardEvery = time.Second

// Marks that are being drawn are passed on at this rate a second at most.
const (
	strokeRate  = 25
	strokeBurst = 50
)

// callTimeout bounds the work of one event.
const callTimeout = 20 * time.Second

// Deps are the services that the namespaces offer.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Presence      *presence.Service
	Colleagues    *colleague.Service
	Rooms         *attendance.Service
	Blacklist     *blacklist.Service
	Visit         wire.Visit
	Robots        Robots
	Identities    *identity.Service
	Hub           *realtime.Hub
	Views         wire.Views
	Clock         clock.Clock
	// Posts limits messages by person.
	Posts *httpx.Limiter
	// Arrivals limits new visitors by address.
	Arrivals *httpx.Limiter
	// Cookie is the name of the console's session cookie.
	Cookie string
	Log    *slog.Logger
}

// Front is the mounted front.
type Front struct {
	Deps
	board *board
	// strokes limits marks that are being drawn, by person.
	strokes *httpx.Limiter
	// signals limits what the browsers of a call tell each other, by person.
	signals *httpx.Limiter
	// visitors is the namespace of visitors.
	visitors *socketio.Namespace
}

// Mount adds the namespaces to s. Run must run for counts and list rows to be pushed.
func Mount(s *socketio.Server, d Deps) *Front {
	d.Log = d.Log.With("component", "live")
	f := &Front{Deps: d, strokes: httpx.NewLimiter(d.Clock, true, strokeRate, strokeBurst), signals: httpx.NewLimiter(d.Clock, true, signalRate, signalBurst)}
	f.board = newBoard(f)
	f.visitors = s.Of("/parlor/visitor")
	f.visitorNamespace(f.visitors)
	f.agentNamespace(s.Of("/parlor/agent"))
	return f
}

// Run pushes counts and coalesced rows until ctx ends.
func (f *Front) Run(ctx context.Context) error { return f.board.run(ctx) }

// refusal turns an error into a CONNECT_ERROR.
func refusal(err error) error {
	return &socketio.ConnectError{Message: errs.ReasonOf(err), Data: wire.ErrorOf(err)}
}

// call decodes the only argument of an event, runs fn and acknowledges.
func call[I, O any](f *Front, fn func(context.Context, *socketio.Socket, I) (O, error)) func(*socketio.Socket, []json.RawMessage, func(...any)) {
	return func(s *socketio.Socket, args []json.RawMessage, ack func(...any)) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		var in I
		out, err := *new(O), error(nil)
		if len(args) > 0 {
			if jerr := json.Unmarshal(args[0], &in); jerr != nil {
				err = errs.New(errs.Invalid, "invalid", "The argument does not have the expected form.").Because(jerr)
			}
		}
		if err == nil {
			out, err = fn(ctx, s, in)
		}
		if err != nil && errs.CodeOf(err) == errs.Internal {
			f.Log.Error("event failed", "namespace", s.Namespace(), "error", err)
		}
		if ack == nil {
			return
		}
		if err != nil {
			ack(wire.ErrorReply(err))
			return
		}
		ack(out)
	}
}

type empty struct{}

// sameOrigin reports whether a request comes from a page of this server, or not
// from a page at all. Cookies prove nothing without it.
func sameOrigin(h http.Header, host string) bool {
	origin := h.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == host
}

type postInput struct {
	Conversation string            `json:"conversation"`
	ClientID     string            `json:"clientId"`
	Kind         conversation.Kind `json:"kind"`
	Text         string            `json:"text"`
	File         string            `json:"file"`
	// Duration of a voice message in milliseconds.
	Duration int `json:"duration"`
	// Ext is the structured part of an integration.
	Ext json.RawMessage `json:"ext"`
}
