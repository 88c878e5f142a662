package server

import (
	"context"
	"slices"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// contactWorld is what contacts need of the other domains.
type contactWorld struct{ s *Server }

// LooksAfter implements contact.World: who answers visitors may look after them.
func (w contactWorld) LooksAfter(ctx context.Context, t id.Tenant, a id.Agent) (bool, error) {
	got, err := w.s.services.accounts.Agent(ctx, t, a)
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil
	}
	idle := []account.Role{account.User, account.Bot, account.Guest, account.App, account.Integration}
	return err == nil && !got.Disabled && slices.ContainsFunc(got.Roles(), func(r account.Role) bool { return !slices.Contains(idle, r) }), err
}

// Judge implements contact.World.
func (w contactWorld) Judge(ctx context.Context, who actor.Actor) (contact.Judge, error) {
	return w.s.services.desk.fields.Judge(ctx, who)
}

// Show implements contact.World.
func (w contactWorld) Show(ctx context.Context, who actor.Actor, values map[string]string) (map[string]string, error) {
	return w.s.services.desk.fields.Show(ctx, who, values)
}

// Rename implements contact.World.
func (w contactWorld) Rename(ctx context.Context, who actor.Actor, list []id.Visitor, name string) error {
	return w.s.services.visitors.Rename(ctx, who, list, name)
}

// End implements contact.World. Whoever may refuse a visitor may end its
// conversation, whoever serves it.
func (w contactWorld) End(ctx context.Context, who actor.Actor, v id.Visitor, source, word string) error {
	d := &w.s.services
	c, err := d.conversations.Active(ctx, who.Tenant, v)
	if errs.CodeOf(err) == errs.NotFound || err == nil && c.Channel != source {
		return nil
	}
	if err != nil {
		return err
	}
	who.Permissions, who.Bound = append(slices.Clone(who.Permissions), actor.Manage, actor.SeeAll), false
	_, err = d.conversations.CloseWith(ctx, who, c.ID, conversation.EndByAgent, word)
	if code := errs.CodeOf(err); code == errs.NotFound || code == errs.Conflict {
		return nil // somebody else has closed it
	}
	return err
}
