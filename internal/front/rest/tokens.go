package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
)

type newTokenInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"By which the owner knows it"`
	}
}

type tokenName struct {
	Name string `query:"name" required:"true" minLength:"1" maxLength:"100"`
}

// newToken is a token with its secret, which is shown this once.
type newToken struct {
	account.Credential
	Secret string `json:"secret"`
}

// tokens are the calls about one's own access tokens.
func (a *API) tokens() {
	const tag = "session"
	asAgent(a, http.MethodGet, "/me/tokens", "One's access tokens, newest first", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[account.Credential]], error) {
		return listed(a.Accounts.Tokens(ctx, l.Actor()))
	})
	asAgent(a, http.MethodPost, "/me/tokens", "Make an access token", tag, func(ctx context.Context, l account.Login, in *newTokenInput) (*body[newToken], error) {
		t, err := a.Accounts.NewToken(ctx, l.Actor(), in.Body.Name, false)
		return reply(newToken{t.Credential, t.Secret}, err)
	})
	asAgent(a, http.MethodPost, "/me/tokens/renew", "Put a new secret in the place of an access token", tag, func(ctx context.Context, l account.Login, in *newTokenInput) (*body[newToken], error) {
		t, err := a.Accounts.RenewToken(ctx, l.Actor(), in.Body.Name)
		return reply(newToken{t.Credential, t.Secret}, err)
	})
	asAgent(a, http.MethodDelete, "/me/tokens", "End an access token at once", tag, func(ctx context.Context, l account.Login, in *tokenName) (*none, error) {
		return &none{}, a.Accounts.RemoveToken(ctx, l.Actor(), in.Name)
	})
}
