// Package easemob serves the contract of Easemob's customer-service cloud: the
// platform API, the message gateway, the calls of the visitor's page and the custom
// event push. README.md says which release it follows and what is ours.
package easemob

import (
	"log/slog"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/alarm"
	"parlor/internal/binding"
	calls "parlor/internal/call"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/export"
	"parlor/internal/front/httpx"
	"parlor/internal/hook"
	"parlor/internal/identity"
	"parlor/internal/intake"
	"parlor/internal/invite"
	"parlor/internal/knowledge"
	"parlor/internal/leave"
	"parlor/internal/media"
	"parlor/internal/online"
	"parlor/internal/report"
	"parlor/internal/routing"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// Deps are what the front stands on.
type Deps struct {
	Accounts      *account.Service
	Visitors      *visitor.Service
	Identities    *identity.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Bindings      *binding.Service
	Surveys       *survey.Service
	Media         *media.Service
	Leaves        *leave.Service
	Online        *online.Service
	Invites       *invite.Service
	Intake        *intake.Service
	Video         *calls.Service
	Robots        Robots
	Knowledge     *knowledge.Service
	Exports       *export.Service
	Reports       *report.Service
	Alarms        *alarm.Service
	Hooks         *hook.Service
	Clients       httpx.ClientIP
	// Calls limits visitors and addresses, Programs programs, Entries attempts to get
	// a token.
	Calls, Programs, Entries *httpx.Limiter
	Clock                    clock.Clock
	// Key signs passwords of visitors.
	Key []byte
	// PublicURL is where the server is reached, "" for the address of the request.
	PublicURL string
	Log       *slog.Logger
}

// Mux is where calls are added: http.ServeMux.
type Mux interface {
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}

// Front is the front.
type Front struct {
	Deps
	mux  Mux
	tabs tabs
	// typing are the conversations whose agents type.
	typing typing
}

// Mount adds the calls to mux.
func Mount(mux Mux, d Deps) *Front {
	f := &Front{Deps: d, mux: mux}
	f.tokens()
	f.bindings()
	f.platform()
	f.tickets()
	f.webhooks()
	f.monitor()
	f.office()
	f.exports()
	f.gateway()
	f.media()
	f.webim()
	f.vec()
	f.embed()
	mux.HandleFunc("/api/platform/", func(w http.ResponseWriter, r *http.Request) {
		f.write(w, r, "", nil, faultNothing)
	})
	return f
}
