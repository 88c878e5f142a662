package account

import (
	"context"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Personal access tokens are credentials that do not expire, known to their owner
// by name. Only the end of one can be read again.
const (
	// MaxTokens is how many an agent may have.
	MaxTokens  = 50
	hintLength = 6
)

// Tokens returns the caller's access tokens, the newest first.
func (s *Service) Tokens(ctx context.Context, who actor.Actor) (list []Credential, err error) {
	defer errs.Wrap(&err, "account.Tokens")
	all, err := s.store.Credentials(ctx, who.Tenant, who.Agent, s.clock.Now())
	return slices.DeleteFunc(all, func(c Credential) bool { return c.Kind != AccessToken }), err
}

// token finds one of the caller's tokens by its name.
func (s *Service) token(ctx context.Context, who actor.Actor, name string) (c Credential, all []Credential, err error) {
	if who.Kind != actor.Agent {
		return c, nil, errs.New(errs.Forbidden, "agents_only", "Only agents have tokens.")
	}
	if all, err = s.Tokens(ctx, who); err != nil {
		return c, nil, err
	}
	if i := slices.IndexFunc(all, func(c Credential) bool { return c.Name == name }); i >= 0 {
		return all[i], all, nil
	}
	return c, all, errs.New(errs.NotFound, "token_not_found", "There is no token %q.", clip(name, 100))
}

// NewToken makes an access token for the caller and returns it; it cannot be read
// again. bypass is kept for programs that ask for it.
//
// Errors: Conflict "token_exists", "too_many_tokens"; Invalid "bad_name".
func (s *Service) NewToken(ctx context.Context, who actor.Actor, name string, bypass bool) (out Login, err error) {
	defer errs.Wrap(&err, "account.NewToken")
	if name, err = cleanName("name", name); err != nil {
		return out, err
	}
	_, all, err := s.token(ctx, who, name)
	switch {
	case err == nil:
		return out, errs.New(errs.Conflict, "token_exists", "There is a token %q already.", name)
	case errs.CodeOf(err) != errs.NotFound:
		return out, err
	case len(all) >= MaxTokens:
		return out, errs.New(errs.Conflict, "too_many_tokens", "There are %d tokens, which is as many as are allowed.", len(all))
	}
	a, err := s.store.Agent(ctx, who.Tenant, who.Agent)
	if err != nil {
		return out, err
	}
	return s.issueToken(ctx, a, name, bypass)
}

func (s *Service) issueToken(ctx context.Context, a Agent, name string, bypass bool) (Login, error) {
	return s.issueAs(ctx, a, Credential{Kind: AccessToken, Name: name, Bypass: bypass}, 0)
}

// RenewToken puts a new token in the place of one of the caller's: the old one
// ends at once. Errors: NotFound "token_not_found".
func (s *Service) RenewToken(ctx context.Context, who actor.Actor, name string) (out Login, err error) {
	defer errs.Wrap(&err, "account.RenewToken")
	old, _, err := s.token(ctx, who, name)
	if err != nil {
		return out, err
	}
	a, err := s.store.Agent(ctx, who.Tenant, who.Agent)
	if err != nil {
		return out, err
	}
	if out, err = s.issueToken(ctx, a, name, old.Bypass); err != nil {
		return out, err
	}
	return out, s.endToken(ctx, who, old)
}

// RemoveToken ends one of the caller's tokens. Errors: NotFound "token_not_found".
func (s *Service) RemoveToken(ctx context.Context, who actor.Actor, name string) (err error) {
	defer errs.Wrap(&err, "account.RemoveToken")
	old, _, err := s.token(ctx, who, name)
	if err != nil {
		return err
	}
	return s.endToken(ctx, who, old)
}

func (s *Service) endToken(ctx context.Context, who actor.Actor, c Credential) error {
	if err := s.store.DeleteCredential(ctx, c.Hash); err != nil {
		return err
	}
	s.sessionEnded(who.Tenant, who.Agent, c.Hash)
	return nil
}

// LoginFor logs an agent in without its password, for an administrator's program
// that acts for others.
func (s *Service) LoginFor(ctx context.Context, who actor.Actor, agent id.Agent) (out Login, err error) {
	defer errs.Wrap(&err, "account.LoginFor")
	if err := administrator(who); err != nil {
		return out, err
	}
	a, err := s.store.Agent(ctx, who.Tenant, agent)
	if err != nil {
		return out, err
	}
	if a.Disabled {
		return out, errs.New(errs.Conflict, "agent_disabled", "%s is switched off.", a.Name)
	}
	return s.issue(ctx, a, LegacyToken, "for "+clip(who.Name, 60), LegacyLife)
}
