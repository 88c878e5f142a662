package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
)

type whyNotInput struct {
	ByConversation
	Agent id.Agent `query:"agent" maxLength:"64" doc:"The caller if left out"`
}

// routing are the calls about distribution and about handing over with consent.
func (a *API) routing() {
	const tag = "routing"
	type one = body[conversation.Conversation]
	asAgent(a, http.MethodGet, "/routing/queue", "Who waits, and why", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[routing.QueueItem]], error) {
		return listed(a.Routing.Queue(ctx, l.Actor()))
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/why-not", "Why an agent did not get a conversation", tag, func(ctx context.Context, l account.Login, in *whyNotInput) (*body[routing.WhyNot], error) {
		return reply(a.Routing.WhyNot(ctx, l.Actor(), in.ID, in.Agent))
	})
	asAgent(a, http.MethodGet, "/handovers", "Transfers that wait to be accepted, by me or for me", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[routing.Handover]], error) {
		return listed(a.Routing.Handovers(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/handover/accept", "Accept a transfer", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*one, error) {
		return reply(a.Routing.Accept(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/handover/decline", "Decline a transfer", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*none, error) {
		return &none{}, a.Routing.Decline(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/handover/withdraw", "Take a transfer back", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*none, error) {
		return &none{}, a.Routing.Withdraw(ctx, l.Actor(), in.ID)
	})
}
