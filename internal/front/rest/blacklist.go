package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/blacklist"
)

type addBlock struct{ Body BlockBody }

// BlockBody is what is sent to refuse somebody.
type BlockBody struct{ blacklist.Input }

type listBlocks struct{ ByPage }

// blacklist registers the blacklist. It is listed for who has the permission
// visitor.block.
func (a *API) blacklist() {
	const tag = "blacklist"
	asAgent(a, http.MethodGet, "/blacklist", "Whom the company does not serve, newest first", tag, func(ctx context.Context, l account.Login, in *listBlocks) (*body[page[blacklist.Block]], error) {
		list, next, err := a.Desk.Blacklist.List(ctx, l.Actor(), in.After, in.Limit)
		return reply(page[blacklist.Block]{full(list), next}, err)
	})
	asAgent(a, http.MethodPost, "/blacklist", "Refuse a visitor, an address or a fingerprint, for a time or for ever", tag, func(ctx context.Context, l account.Login, in *addBlock) (*body[blacklist.Block], error) {
		if in.Body.Conversation != "" {
			if _, err := a.Conversations.Conversation(ctx, l.Actor(), in.Body.Conversation); err != nil {
				return nil, err
			}
		}
		return reply(a.Desk.Blacklist.Add(ctx, l.Actor(), in.Body.Input))
	})
	asAgent(a, http.MethodDelete, "/blacklist/{id}", "Take an entry off the blacklist", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Blacklist.Remove(ctx, l.Actor(), in.ID)
	})
}
