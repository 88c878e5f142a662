package office

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
)

// tokens adds the calls about personal access tokens.
func (f *Front) tokens() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "users.generatePersonalAccessToken", Do: f.newToken, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "users.regeneratePersonalAccessToken", Do: f.renewToken, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "users.getPersonalAccessTokens", Do: f.listTokens, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "users.removePersonalAccessToken", Do: f.removeToken, Auth: true},
	)
}

// mayHaveTokens refuses who may not have tokens.
func mayHaveTokens(ctx context.Context, c *contract.Call) error {
	ok, err := c.May(ctx, "create-personal-access-tokens")
	if err == nil && !ok {
		err = contract.Structured("not-authorized", "Not Authorized")
	}
	return err
}

// tokenBody reads the name of a token.
func tokenBody(ctx context.Context, c *contract.Call) (name string, bypass bool, err error) {
	v, err := c.Body()
	if err != nil {
		return "", false, err
	}
	m, _ := v.(map[string]any)
	name, ok := m["tokenName"].(string)
	if !ok || name == "" {
		return "", false, contract.Plain("The 'tokenName' param is required")
	}
	bypass, _ = m["bypassTwoFactor"].(bool)
	return name, bypass, mayHaveTokens(ctx, c)
}

func (f *Front) newToken(ctx context.Context, c *contract.Call) (any, error) {
	name, bypass, err := tokenBody(ctx, c)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.NewToken(ctx, c.Who, name, bypass)
	return tokenAnswer(l, err)
}

func (f *Front) renewToken(ctx context.Context, c *contract.Call) (any, error) {
	name, _, err := tokenBody(ctx, c)
	if err != nil {
		return nil, err
	}
	l, err := f.Accounts.RenewToken(ctx, c.Who, name)
	return tokenAnswer(l, err)
}

// tokenAnswer shows a new token, once.
func tokenAnswer(l account.Login, err error) (any, error) {
	switch errs.ReasonOf(err) {
	case "token_exists":
		return nil, contract.Structured("error-token-already-exists", "A token with this name already exists")
	case "token_not_found":
		return nil, contract.Structured("error-token-does-not-exists", "Token does not exist")
	}
	return contract.Object{"token": l.Secret}, err
}

func (f *Front) removeToken(ctx context.Context, c *contract.Call) (any, error) {
	name, _, err := tokenBody(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, err := tokenAnswer(account.Login{}, f.Accounts.RemoveToken(ctx, c.Who, name)); err != nil {
		return nil, err
	}
	return contract.Object{}, nil
}

func (f *Front) listTokens(ctx context.Context, c *contract.Call) (any, error) {
	if err := mayHaveTokens(ctx, c); err != nil {
		return nil, err
	}
	list, err := f.Accounts.Tokens(ctx, c.Who)
	out := make([]contract.Object, len(list))
	for i, t := range list {
		out[i] = contract.Object{"name": t.Name, "createdAt": contract.Stamp(t.CreatedAt), "lastTokenPart": t.Hint, "bypassTwoFactor": t.Bypass}
	}
	return contract.Object{"tokens": out}, err
}
