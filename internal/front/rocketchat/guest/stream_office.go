package guest

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/canned"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/setting"
)

// hearOptions follows the options of the company for a client that wants them.
func (c *socket) hearOptions(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options || name != "public-settings-changed" && name != "private-settings-changed" {
		return
	}
	c.options = true
	c.f.Hub.Follow(c, event.ToOptions(c.call.Tenant))
}

// caller is the call of who is logged in, nil for nobody.
func (c *socket) caller() *contract.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		return nil
	}
	own := *c.own
	return &own
}

// optionsChanged tells everybody of public options, and who may read all of the others.
func (c *socket) optionsChanged(ctx context.Context, d *account.OptionsChanged) error {
	book, err := c.f.Accounts.Book(ctx, c.call.Tenant)
	if err != nil {
		return err
	}
	private := false
	if own := c.caller(); own != nil {
		if private, err = own.May(ctx, "view-privileged-setting"); err != nil {
			return err
		}
	}
	for _, id := range d.IDs {
		o, ok := setting.OptionByID(id)
		if !ok {
			continue
		}
		v := contract.SettingOf(o, book.Tenant.Settings)
		if o.Public {
			c.emit("notify-all", "public-settings-changed", "updated", contract.Object{"_id": o.ID, "value": v["value"], "enterprise": false})
		}
		if private && o.Kind != "password" {
			c.emit("notify-logged", "private-settings-changed", "updated", v)
		}
	}
	return nil
}

// grantsChanged tells of permissions whose roles are others now.
func (c *socket) grantsChanged(d *grant.Changed) {
	for _, e := range d.Entries {
		c.emit("notify-logged", "permissions-changed", "updated", contract.PermissionOf(e))
	}
}

// rolesChanged tells of roles that a user got and lost.
func (c *socket) rolesChanged(d *account.RolesChanged) {
	user := contract.Object{"_id": d.Agent, "username": d.Username}
	for what, list := range map[string][]account.Role{"added": d.Got, "removed": d.Ended} {
		for _, r := range list {
			role := contract.Object{"type": what, "_id": contract.RoleName(r), "u": user}
			c.emit("notify-logged", "roles-change", role)
			c.emit("roles", "roles", role)
		}
	}
}

// cannedChanged tells an agent of a canned reply that it may use.
func (c *socket) cannedChanged(ctx context.Context, d *canned.Changed) error {
	const stream = "canned-responses"
	own := c.caller()
	if own == nil || d.Entry == "" || d.Kind != canned.Reply || !c.wants(stream, stream) {
		return nil
	}
	if d.Gone {
		c.emit(stream, stream, contract.Object{"type": "removed", "_id": d.Entry})
		return nil
	}
	if err := own.Borrow(ctx, []string{"view-canned-responses"}); err != nil {
		return nil // not any more
	}
	e, err := c.f.Canned.Entry(ctx, own.Who, d.Entry)
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.Forbidden {
		return nil
	}
	if err != nil {
		return err
	}
	views, err := c.f.CannedViews(ctx, own.Tenant, []canned.Entry{e})
	if err != nil {
		return err
	}
	views[0]["type"] = "changed"
	c.emit(stream, stream, views[0])
	return nil
}

// swapped tells the visitor whose a room was as whom it goes on. Whoever may give
// a room to another visitor says by that that both are one person.
func (c *socket) swapped(ctx context.Context, d *conversation.Given) error {
	r := c.room(d.Conversation)
	if r == nil || r.agent || c.whose(r).Visitor.ID != d.From {
		return nil
	}
	conv := c.now(r)
	conv.Visitor = d.To
	k, err := c.f.VisitorIn(ctx, conv)
	if err != nil {
		return err
	}
	i := k.Identity
	c.emit("livechat-room", string(d.Conversation), contract.Object{"type": "visitorData", "visitor": contract.RoomVisitor{ID: k.Visitor.ID, Username: i.Username, Name: k.Visitor.Name, Token: i.Token, Status: i.Status}})
	c.forget(func(x *followed) bool { return x == r })
	return nil
}
