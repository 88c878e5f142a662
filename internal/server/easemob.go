package server

import (
	"net/http"

	"parlor/internal/alarm"
	"parlor/internal/front/easemob"
	"parlor/internal/front/httpx"
	"parlor/internal/intake"
)

// kefu mounts the front of the Easemob contract and its form of webhooks.
func (s *Server) kefu(mux *http.ServeMux, clients httpx.ClientIP, limits bool) {
	d, ck := &s.services, s.opts.Clock
	in := intake.New(intake.Deps{Accounts: d.accounts, Visitors: d.visitors, Conversations: d.conversations, Routing: d.routing, Surveys: d.visit.surveys, Key: d.key})
	s.easemob = easemob.Mount(mux, easemob.Deps{Accounts: d.accounts, Visitors: d.visitors, Identities: d.identities, Conversations: d.conversations, Routing: d.routing, Bindings: d.bindings, Surveys: d.visit.surveys,
		Media: d.media, Leaves: d.visit.leaves, Online: d.visit.online, Invites: d.visit.invites, Intake: in, Video: d.visit.calls, Robots: d.robots, Knowledge: d.desk.knowledge, Exports: d.exports, Reports: d.reports, Alarms: alarm.New(s.store, d.accounts, ck), Hooks: d.hooks, Clients: clients,
		Calls: httpx.NewLimiter(ck, limits, 50, 200), Programs: httpx.NewLimiter(ck, limits, 1000, 4000), Entries: httpx.NewLimiter(ck, limits, 0.5, 20), Clock: ck, Key: d.key, PublicURL: s.opts.Config.PublicURL, Log: s.log})
	d.hooks.Add("easemob", s.easemob.Format())
	d.hooks.Add("easemob-im", s.easemob.Callback())
}
