package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/errs"
)

// tokens adds the calls about personal access tokens.
func (f *Front) tokens() {
	f.add(
		route{method: http.MethodPost, path: "users.generatePersonalAccessToken", do: f.newToken, auth: true},
		route{method: http.MethodPost, path: "users.regeneratePersonalAccessToken", do: f.renewToken, auth: true},
		route{method: http.MethodGet, path: "users.getPersonalAccessTokens", do: f.listTokens, auth: true},
		route{method: http.MethodPost, path: "users.removePersonalAccessToken", do: f.removeToken, auth: true},
	)
}

// mayHaveTokens refuses who may not have tokens.
func (c *call) mayHaveTokens(ctx context.Context) error {
	ok, err := c.may(ctx, "create-personal-access-tokens")
	if err == nil && !ok {
		err = structured("not-authorized", "Not Authorized")
	}
	return err
}

// tokenBody reads the name of a token.
func (c *call) tokenBody(ctx context.Context) (name string, bypass bool, err error) {
	v, err := c.body()
	if err != nil {
		return "", false, err
	}
	m, _ := v.(map[string]any)
	name, ok := m["tokenName"].(string)
	if !ok || name == "" {
		return "", false, plain("The 'tokenName' param is required")
	}
	bypass, _ = m["bypassTwoFactor"].(bool)
	return name, bypass, c.mayHaveTokens(ctx)
}

func (f *Front) newToken(ctx context.Context, c *call) (any, error) {
	name, bypass, err := c.tokenBody(ctx)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.NewToken(ctx, c.who, name, bypass)
	return tokenAnswer(l, err)
}

func (f *Front) renewToken(ctx context.Context, c *call) (any, error) {
	name, _, err := c.tokenBody(ctx)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.RenewToken(ctx, c.who, name)
	return tokenAnswer(l, err)
}

// tokenAnswer shows a new token, once.
func tokenAnswer(l account.Login, err error) (any, error) {
	switch errs.ReasonOf(err) {
	case "token_exists":
		return nil, structured("error-token-already-exists", "A token with this name already exists")
	case "token_not_found":
		return nil, structured("error-token-does-not-exists", "Token does not exist")
	}
	return object{"token": l.Secret}, err
}

func (f *Front) removeToken(ctx context.Context, c *call) (any, error) {
	name, _, err := c.tokenBody(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tokenAnswer(account.Login{}, f.Accounts.RemoveToken(ctx, c.who, name)); err != nil {
		return nil, err
	}
	return object{}, nil
}

func (f *Front) listTokens(ctx context.Context, c *call) (any, error) {
	if err := c.mayHaveTokens(ctx); err != nil {
		return nil, err
	}
	list, err := f.Accounts.Tokens(ctx, c.who)
	out := make([]object, len(list))
	for i, t := range list {
		out[i] = object{"name": t.Name, "createdAt": stamp(t.CreatedAt), "lastTokenPart": t.Hint, "bypassTwoFactor": t.Bypass}
	}
	return object{"tokens": out}, err
}
