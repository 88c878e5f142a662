package account

import (
	"context"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// EnsureBot makes sure that a company has a user with that username, and adds one
// if not: a bot without password, address and place for conversations (its cap is
// 0), as which integrations speak. The username is its id as well, unless another
// company's bot has that.
func (s *Service) EnsureBot(ctx context.Context, t id.Tenant, username, name string) (err error) {
	defer errs.Wrap(&err, "account.EnsureBot")
	if _, err = s.store.AgentByLogin(ctx, t, username); errs.CodeOf(err) != errs.NotFound {
		return err
	}
	_, err = s.createNamed(ctx, Agent{ID: id.Agent(id.New()), Tenant: t, Username: username, Name: name, Role: Bot, CreatedAt: s.clock.Now()}, audit.None)
	if errs.CodeOf(err) == errs.Conflict {
		return nil // another node was quicker
	}
	return err
}
