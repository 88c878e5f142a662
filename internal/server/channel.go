package server

import (
	"context"

	"parlor/internal/circular"
	"parlor/internal/job"
	"parlor/internal/mailbox"
	"parlor/internal/mailroom"
	"parlor/internal/sms"
)

// channels builds what brings conversations from outside. It comes after the
// webhooks, which carry what agents answer there.
func (s *Server) channels(key []byte) {
	d := &s.services
	d.sms = sms.New(sms.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors, Fields: d.desk.fields,
		Hooks: d.hooks, Files: d.media, Queue: outsideQueue{s}, PublicURL: s.opts.Config.PublicURL, Key: key, Log: s.log.With("component", "sms")})
	d.mailroom = mailroom.New(mailroom.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors, Hooks: d.hooks, Files: d.media,
		Boxes: s.store, Queue: outsideQueue{s}, PublicURL: s.opts.Config.PublicURL, Key: key, Clock: s.opts.Clock, Log: s.log.With("component", "mailroom")})
	d.mailboxes = mailbox.New(s.store, s.opts.Clock, d.mailroom.Watch)
}

// circularDomain builds letters to many; it comes after the mail.
func (s *Server) circularDomain(key []byte) {
	d := &s.services
	d.circulars = circular.New(circular.Deps{Accounts: d.accounts, Queue: outsideQueue{s}, Mail: d.visit.mail, PublicURL: s.opts.Config.PublicURL, Key: key, Clock: s.opts.Clock})
}

// outsideWorkers are the jobs of channels and circulars.
func (s *Server) outsideWorkers() map[string]job.Worker {
	d := &s.services
	return map[string]job.Worker{sms.JobFetch: d.sms.Fetch, mailroom.JobFetch: d.mailroom.Fetch, circular.Job: d.circulars.Deliver}
}

// outsideQueue takes their jobs.
type outsideQueue struct{ s *Server }

// Enqueue adds jobs and has them looked at.
func (q outsideQueue) Enqueue(ctx context.Context, jobs ...job.Job) error {
	return q.s.outside.Enqueue(ctx, jobs...)
}

// watchMail has all mailboxes looked into, those too that were kept before anybody did.
func (s *Server) watchMail(ctx context.Context) error {
	tenants, err := s.store.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		boxes, err := s.store.Boxes(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, b := range boxes {
			if err := s.services.mailroom.Watch(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}
