package live

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/blacklist"
)

// refuseBlocked returns errs.Forbidden "blacklisted" for a visitor, or an
// address, whom the company does not serve.
func (f *Front) refuseBlocked(who actor.Actor, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return f.Blacklist.Refuse(ctx, blacklist.Subject{Tenant: who.Tenant, Visitor: who.Visitor, Address: address})
}
