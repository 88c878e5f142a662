package server

import (
	"context"
	"net/http"

	"parlor/internal/front/httpx"
	"parlor/internal/front/rest"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/front/rocketchat/desk"
	"parlor/internal/front/rocketchat/guest"
	"parlor/internal/front/rocketchat/office"
	"parlor/internal/front/wire"
	"parlor/internal/grant"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/priority"
	"parlor/internal/report"
	"parlor/internal/trigger"
)

// hookDomain builds webhooks, grants and reports; they come after the conversations.
func (s *Server) hookDomain() {
	d := &s.services
	d.reports = report.New(s.store, s.opts.Clock, s.log)
	d.reports.Automatic(s.automatic)
	d.priorities = priority.New(s.store, d.conversations, s.queueOrder, s.bus, s.opts.Clock)
	d.grants = grant.New(s.store, s.bus, s.opts.Clock)
	d.hooks = hook.New(s.store, d.conversations, s.bus, s.opts.Clock, s.log, hook.Options{Private: s.opts.Config.WebhookPrivate == "allow",
		Agent: "Parlor/" + s.opts.Version, Waits: func(ctx context.Context, t id.Tenant, c id.Conversation) (bool, error) {
			list, err := s.store.Decisions(ctx, t, c)
			return len(list) > 0 && list[0].Agent == "", err
		}})
	d.hooks.Add("parlor", rest.HookFormat{Views: wire.Views{Files: d.media}})
}

// rocketchat mounts the front of that contract and its form of webhooks.
func (s *Server) rocketchat(mux *http.ServeMux, clients httpx.ClientIP, limits bool) {
	d := &s.services
	kit := contract.New(mux, contract.Deps{Accounts: d.accounts, Conversations: d.conversations, Routing: d.routing, Visitors: d.visitors, Identities: d.identities, Media: d.media,
		Hooks: d.hooks, Grants: d.grants, Presence: d.presence, Reports: d.reports, Priorities: d.priorities, Tags: d.desk.tags, Fields: d.desk.fields, Canned: d.desk.canned, Contacts: d.desk.contacts, Colleagues: d.colleagues,
		Triggers: trigger.New(s.store, d.hooks, s.opts.Clock), Mailboxes: d.mailboxes, Mailroom: d.mailroom, SMS: d.sms, Circulars: d.circulars,
		Clients: clients, Leaves: d.visit.leaves, Transcripts: d.visit.transcripts, PublicURL: s.opts.Config.PublicURL, Limits: limits,
		Clock: s.opts.Clock, Log: s.log})
	s.rc = guest.Mount(mux, kit, guest.Options{Hub: s.hub, Widget: s.opts.Config.RocketchatWidget})
	desk.Mount(kit)
	office.Mount(kit)
	d.hooks.Add("rocketchat", s.rc.Format())
}

// automaticOption keeps the words of bots out of the times of answers.
const automaticOption = "Omnichannel_Metrics_Ignore_Automatic_Messages"

// automatic are the bots of a company that does not count their words as answers.
func (s *Server) automatic(ctx context.Context, t id.Tenant) (map[id.Agent]bool, error) {
	book, err := s.services.accounts.Book(ctx, t)
	if err != nil || !book.Tenant.Settings.On(automaticOption) {
		return nil, err
	}
	list, err := s.services.accounts.Roster(ctx, t)
	bots := map[id.Agent]bool{}
	for _, a := range list {
		if a.Bot {
			bots[a.Agent] = true
		}
	}
	return bots, err
}

// queueOrder is the order of the queues that a company has set.
func (s *Server) queueOrder(ctx context.Context, t id.Tenant) (priority.Order, error) {
	book, err := s.services.accounts.Book(ctx, t)
	if err != nil {
		return "", err
	}
	return priority.Order(book.Tenant.Settings.Word("Omnichannel_sorting_mechanism")), nil
}

// keepOrder tells routing, which is built before the priorities, to keep it.
func (s *Server) keepOrder(ctx context.Context, t id.Tenant) error {
	return s.services.priorities.Keep(ctx, t)
}
