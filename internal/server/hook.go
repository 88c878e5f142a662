package server

import (
	"context"

	"parlor/internal/front/rest"
	"parlor/internal/front/wire"
	"parlor/internal/hook"
	"parlor/internal/id"
)

// hookDomain builds webhooks; they come after the conversations.
func (s *Server) hookDomain() {
	d := &s.services
	d.hooks = hook.New(s.store, d.conversations, s.bus, s.opts.Clock, s.log, hook.Options{Private: s.opts.Config.WebhookPrivate == "allow",
		Agent: "Parlor/" + s.opts.Version, Waits: func(ctx context.Context, t id.Tenant, c id.Conversation) (bool, error) {
			list, err := s.store.Decisions(ctx, t, c)
			return len(list) > 0, err
		}})
	d.hooks.Add("parlor", rest.HookFormat{Views: wire.Views{Files: d.media}})
}
