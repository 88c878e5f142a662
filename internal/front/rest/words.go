package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
)

// words registers the names that lists need: of inboxes, and of what ratings say.
func (a *API) words() {
	asAgent(a, http.MethodGet, "/inboxes", "Names of the inboxes", "agents", func(ctx context.Context, l account.Login, _ *none) (*body[items[account.NamedInbox]], error) {
		book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
		if err != nil {
			return nil, err
		}
		return listed(book.Names(), nil)
	})
	asAgent(a, http.MethodGet, "/surveys/words", "Levels and reasons that ratings may name", "surveys", func(ctx context.Context, l account.Login, _ *none) (*body[account.RatingWords], error) {
		book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
		if err != nil {
			return nil, err
		}
		return reply(book.RatingWords(), nil)
	})
}
