package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/id"
	"parlor/internal/identity"
)

type identityKeysOf struct {
	Inbox id.Inbox `path:"id" maxLength:"64"`
}

type identityKeyOf struct {
	Inbox id.Inbox `path:"id" maxLength:"64"`
	Key   string   `path:"key" maxLength:"64"`
}

// newIdentityKey is a key with its secret, which is shown this once.
type newIdentityKey struct {
	identity.Key
	Secret string `json:"secret" doc:"Signs tokens with HS256; its bytes are the text itself"`
}

// identities are the calls about the keys with which a company signs who visitors are.
func (a *API) identities() {
	const tag, path = "admin", "/admin/inboxes/{id}/identity-keys"
	asAgent(a, http.MethodGet, path, "Keys that sign the identities of visitors of an inbox, without their secrets", tag, func(ctx context.Context, l account.Login, in *identityKeysOf) (*body[items[identity.Key]], error) {
		return listed(a.Identities.Keys(ctx, l.Actor(), in.Inbox))
	})
	asAgent(a, http.MethodPost, path, "Make a key; an inbox has at most two", tag, func(ctx context.Context, l account.Login, in *identityKeysOf) (*body[newIdentityKey], error) {
		k, secret, err := a.Identities.AddKey(ctx, l.Actor(), in.Inbox)
		return reply(newIdentityKey{k, secret}, err)
	})
	asAgent(a, http.MethodDelete, path+"/{key}", "End a key: what it signs is not taken any more", tag, func(ctx context.Context, l account.Login, in *identityKeyOf) (*none, error) {
		return &none{}, a.Identities.RevokeKey(ctx, l.Actor(), in.Inbox, in.Key)
	})
}
