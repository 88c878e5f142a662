package live

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/blacklist"
	"parlor/internal/id"
)

// refuseBlocked returns errs.Forbidden "blacklisted" for a visitor, or an
// address, whom the company does not serve.
func (f *Front) refuseBlocked(who actor.Actor, address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return f.Blacklist.Refuse(ctx, blacklist.Subject{Tenant: who.Tenant, Visitor: who.Visitor, Address: address})
}

// blocked tells the page that it is refused and closes the connection. It does not
// block: the connection may hold what a disconnect waits for.
func (c *visitorConn) blocked() {
	_ = c.sock.Emit("blocked", empty{})
	go c.sock.Disconnect(false)
}

// Refuse closes the connections of a tenant's visitors that an entry of the
// blacklist fits by their address.
func (f *Front) Refuse(t id.Tenant, by *blacklist.Changed) {
	if by.Address == "" {
		return
	}
	for _, s := range f.visitors.Sockets() {
		if c, ok := s.Data().(*visitorConn); ok && c.who.Tenant == t && by.Fits(s.RemoteIP(), "") {
			c.blocked()
		}
	}
}
