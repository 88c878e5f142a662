package server

import (
	"parlor/internal/circular"
	"parlor/internal/job"
	"parlor/internal/sms"
)

// channels builds what brings conversations from outside. It comes after the
// webhooks, which carry what agents answer there.
func (s *Server) channels(key []byte) {
	d := &s.services
	d.sms = sms.New(sms.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors, Fields: d.desk.fields,
		Hooks: d.hooks, Files: d.media, Queue: later{s}, PublicURL: s.opts.Config.PublicURL, Key: key, Log: s.log.With("component", "sms")})
}

// circularDomain builds letters to many; it comes after the mail.
func (s *Server) circularDomain(key []byte) {
	d := &s.services
	d.circulars = circular.New(circular.Deps{Accounts: d.accounts, Queue: later{s}, Mail: d.visit.mail, PublicURL: s.opts.Config.PublicURL, Key: key, Clock: s.opts.Clock})
}

// channelWorkers are the jobs of channels and circulars.
func (s *Server) channelWorkers(workers map[string]job.Worker) {
	workers[sms.JobFetch] = s.services.sms.Fetch
	workers[circular.Job] = s.services.circulars.Deliver
}
