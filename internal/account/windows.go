package account

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/setting"
)

// Windows returns the pages that consoles show beside conversations, without keys.
// Errors: Forbidden "not_allowed".
func (s *Service) Windows(ctx context.Context, who actor.Actor) (w setting.Windows, err error) {
	defer errs.Wrap(&err, "account.Windows")
	if !who.Can(actor.Administer) {
		return w, errAdminOnly
	}
	c, err := s.company(ctx, who.Tenant)
	return c.Shown().Windows, err
}

// SetWindows replaces them. A key that is setting.Hidden stays as it is. Changes on one
// node wait for one another. Errors: Forbidden "not_allowed"; Invalid with the field.
func (s *Service) SetWindows(ctx context.Context, who actor.Actor, w setting.Windows) (err error) {
	defer errs.Wrap(&err, "account.SetWindows")
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	return s.changeCompany(ctx, who, func(c *setting.Company) error {
		c.Windows = w
		return w.Check()
	})
}
