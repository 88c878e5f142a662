// Package identity lets a company say who its visitors are: its pages show tokens
// (JWT, HS256) that the company's server has signed with a key of the inbox. The person
// of a valid token is the same verified visitor in every browser. What the person said
// as nobody in particular, in a conversation that still runs, comes along; nothing of
// the person is ever shown to somebody without a token.
package identity

import (
	"context"
	"encoding/base64"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/sign"
	"parlor/internal/visitor"
)

// MaxKeys is how many keys an inbox has at once, so that they can be changed one after
// the other.
const MaxKeys = 2

// Key is a key of an inbox. Its secret is made of the server's own key and the id, so
// that it is kept nowhere.
type Key struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Inbox  id.Inbox  `json:"inbox"`
	// By is the name of who made it.
	By        string    `json:"by"`
	CreatedAt time.Time `json:"createdAt"`
	// Hint is the end of the secret, to tell one from another; it is not kept either.
	Hint string `json:"hint,omitempty"`
}

// hintLength is how much of a secret is shown again, in characters.
const hintLength = 4

// Store is the memory of keys.
type Store interface {
	// IdentityKeys returns the keys of an inbox, oldest first.
	IdentityKeys(ctx context.Context, t id.Tenant, in id.Inbox) ([]Key, error)
	// AddIdentityKey adds a key. Errors: NotFound "inbox_not_found"; Conflict "too_many_keys".
	AddIdentityKey(ctx context.Context, k Key, by audit.By) error
	// DeleteIdentityKey ends a key; errs.NotFound "identity_key_not_found".
	DeleteIdentityKey(ctx context.Context, t id.Tenant, in id.Inbox, key string, by audit.By) error
}

// Deps are what the service stands on.
type Deps struct {
	Store         Store
	Accounts      *account.Service
	Visitors      *visitor.Service
	Conversations *conversation.Service
	Clock         clock.Clock
	// Key is what the secrets are made of; the same on all nodes.
	Key []byte
}

// Service is the use cases of identity.
type Service struct{ Deps }

// New returns a service.
func New(d Deps) *Service { return &Service{d} }

// secret is what a company signs with: its bytes are the text itself.
func (s *Service) secret(k Key) string {
	return base64.RawURLEncoding.EncodeToString(sign.Of(s.Key, "identity key", string(k.Tenant), string(k.Inbox), k.ID))
}

func mayKeep(who actor.Actor) error {
	if !who.Can(actor.Administer) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing how visitors sign in.")
	}
	return nil
}

// Keys returns the keys of an inbox without their secrets. It needs actor.Administer.
func (s *Service) Keys(ctx context.Context, who actor.Actor, in id.Inbox) (list []Key, err error) {
	defer errs.Wrap(&err, "identity.Keys")
	if err = mayKeep(who); err != nil {
		return nil, err
	}
	list, err = s.Store.IdentityKeys(ctx, who.Tenant, in)
	for i, k := range list {
		secret := s.secret(k)
		list[i].Hint = secret[len(secret)-hintLength:]
	}
	return list, err
}

// AddKey makes a key and returns its secret, which is never told again. It needs
// actor.Administer. Errors: NotFound "inbox_not_found"; Conflict "too_many_keys".
func (s *Service) AddKey(ctx context.Context, who actor.Actor, in id.Inbox) (k Key, secret string, err error) {
	defer errs.Wrap(&err, "identity.AddKey")
	if err = mayKeep(who); err != nil {
		return k, "", err
	}
	k = Key{ID: id.New(), Tenant: who.Tenant, Inbox: in, By: who.Name, CreatedAt: s.Clock.Now()}
	if err = s.Store.AddIdentityKey(ctx, k, audit.Of(who, k.CreatedAt)); err != nil {
		return Key{}, "", err
	}
	secret = s.secret(k)
	k.Hint = secret[len(secret)-hintLength:]
	return k, secret, nil
}

// RevokeKey ends a key: no token that it signs is taken any more. Who is there already
// stays until the token ends. It needs actor.Administer.
// Errors: NotFound "identity_key_not_found".
func (s *Service) RevokeKey(ctx context.Context, who actor.Actor, in id.Inbox, key string) (err error) {
	defer errs.Wrap(&err, "identity.RevokeKey")
	if err = mayKeep(who); err != nil {
		return err
	}
	return s.Store.DeleteIdentityKey(ctx, who.Tenant, in, key, audit.Of(who, s.Clock.Now()))
}
