package uckefu

import (
	"parlor/internal/blacklist"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// refusedText is what a visitor on the blacklist is told before the page's socket
// is closed.
const refusedText = "抱歉，暂时无法为您提供服务"

// subject is whom the blacklist is asked about. The userid of a page is the
// fingerprint of its browser.
func (c *visitorConn) subject(v visitor.Visitor) blacklist.Subject {
	return blacklist.Subject{Tenant: v.Tenant, Visitor: v.ID, Address: c.sock.RemoteIP(), Fingerprint: v.External}
}

// refused says that the visitor is not served, as far as pages understand it: a
// line, and that the dialogue is over.
func (c *visitorConn) refused() {
	line := out{Message: refusedText, MessageType: "message", MsgType: "message", CallType: c.gen.callType("in"), CreateTime: c.gen.time(c.f.Clock.Now())}
	_ = c.sock.Emit("status", line)
	line.MessageType, line.MsgType = "end", "end"
	_ = c.sock.Emit("status", line)
}

// shut refuses the page and closes its socket; mu is held, which a disconnect
// waits for.
func (c *visitorConn) shut() {
	c.refused()
	go c.sock.Disconnect(false)
}

// Refuse closes the pages of a tenant's visitors that an entry of the blacklist
// fits by their address or userid.
func (f *Front) Refuse(t id.Tenant, by *blacklist.Changed) {
	var fit []*visitorConn
	f.mu.Lock()
	for k, pages := range f.visitors {
		for c := range pages {
			if by.Fits(c.sock.RemoteIP(), k.userid) {
				fit = append(fit, c)
			}
		}
	}
	f.mu.Unlock()
	for _, c := range fit {
		c.mu.Lock()
		if c.inbox.Tenant == t {
			c.shut()
		}
		c.mu.Unlock()
	}
}
