package account

import (
	"context"
	"crypto/subtle"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// APIClient is a program that acts for a tenant with clientId and secretId.
type APIClient struct {
	ID         string    `json:"clientId"`
	Tenant     id.Tenant `json:"tenant"`
	Name       string    `json:"name"`
	SecretHash string    `json:"-"`
	CreatedAt  time.Time `json:"createdAt"`
}

// Actor is the program as who does something.
func (c APIClient) Actor() actor.Actor {
	return actor.Actor{Kind: actor.System, Tenant: c.Tenant, Name: c.Name}
}

// ClientToken is what a program shows after it has shown its secret.
type ClientToken struct {
	// Secret is the token itself; only its hash is kept.
	Secret    string
	Hash      string
	Client    string
	Tenant    id.Tenant
	ExpiresAt time.Time
}

// Bounds of a program's tokens.
const (
	// ClientTokenLife is how long one is valid.
	ClientTokenLife = 7200 * time.Second
	// MaxClientTokens is how many a program has; a further one ends the oldest.
	MaxClientTokens = 100
)

// APIClients returns the tenant's clients without their secrets.
func (s *Service) APIClients(ctx context.Context, who actor.Actor) ([]APIClient, error) {
	if err := administrator(who); err != nil {
		return nil, err
	}
	return s.store.APIClients(ctx, who.Tenant)
}

// CreateAPIClient is AddAPIClient for an administrator.
func (s *Service) CreateAPIClient(ctx context.Context, who actor.Actor, name string) (APIClient, string, error) {
	if err := administrator(who); err != nil {
		return APIClient{}, "", err
	}
	return s.addAPIClient(ctx, who.Tenant, name, s.by(who))
}

// RemoveAPIClient ends a client at once.
func (s *Service) RemoveAPIClient(ctx context.Context, who actor.Actor, clientID string) error {
	if err := administrator(who); err != nil {
		return err
	}
	return s.store.DeleteAPIClient(ctx, who.Tenant, clientID, s.by(who))
}

// AddAPIClient creates a program's identity and returns its secret, which is not kept.
func (s *Service) AddAPIClient(ctx context.Context, t id.Tenant, name string) (c APIClient, secret string, err error) {
	return s.addAPIClient(ctx, t, name, audit.None)
}

func (s *Service) addAPIClient(ctx context.Context, t id.Tenant, name string, by audit.By) (c APIClient, secret string, err error) {
	defer errs.Wrap(&err, "account.AddAPIClient")
	if name, err = cleanName("name", name); err != nil {
		return c, "", err
	}
	secret = id.Secret(43)
	c = APIClient{ID: id.Secret(22), Tenant: t, Name: name, SecretHash: hashSecret(secret), CreatedAt: s.clock.Now()}
	return c, secret, s.store.CreateAPIClient(ctx, c, by)
}

// RotateAPIClient gives a program a new secret and returns it. The old one and all
// tokens end at once.
func (s *Service) RotateAPIClient(ctx context.Context, who actor.Actor, clientID string) (c APIClient, secret string, err error) {
	defer errs.Wrap(&err, "account.RotateAPIClient")
	if err = administrator(who); err != nil {
		return c, "", err
	}
	secret = id.Secret(43)
	c, err = s.store.RotateAPIClient(ctx, who.Tenant, clientID, hashSecret(secret), s.by(who))
	return c, secret, err
}

// Enter gives a program that shows its secret a token. Earlier ones stay valid.
// Errors: Unauthenticated "bad_client" for an unknown program or a wrong secret.
func (s *Service) Enter(ctx context.Context, clientID, secret string) (c APIClient, t ClientToken, err error) {
	defer errs.Wrap(&err, "account.Enter")
	if c, err = s.store.APIClient(ctx, clientID); err != nil && errs.CodeOf(err) != errs.NotFound {
		return c, t, err
	}
	if subtle.ConstantTimeCompare([]byte(c.SecretHash), []byte(hashSecret(secret))) != 1 || err != nil {
		return APIClient{}, t, errs.New(errs.Unauthenticated, "bad_client", "Client or secret are wrong.")
	}
	now := s.clock.Now()
	t = ClientToken{Secret: id.Secret(32), Client: c.ID, Tenant: c.Tenant, ExpiresAt: now.Add(ClientTokenLife)}
	t.Hash = hashSecret(t.Secret)
	return c, t, s.store.CreateClientToken(ctx, t, now)
}

// ByClientToken returns the program that a token was given to. Errors:
// Unauthenticated "bad_token" for one that is unknown or has ended.
func (s *Service) ByClientToken(ctx context.Context, secret string) (c APIClient, err error) {
	defer errs.Wrap(&err, "account.ByClientToken")
	if c, err = s.store.ClientByToken(ctx, hashSecret(secret), s.clock.Now()); errs.CodeOf(err) == errs.NotFound {
		err = errs.New(errs.Unauthenticated, "bad_token", "The token is unknown or has ended.")
	}
	return c, err
}
