package account

import (
	"context"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MainTenant and MainInbox exist from the first start on.
const (
	MainTenant id.Tenant = "main"
	MainInbox  id.Inbox  = "main"
)

// Setup makes sure that tenant and inbox "main" exist. needsAdmin is true while
// nobody can log in. It may be called at every start and by several nodes at once.
func (s *Service) Setup(ctx context.Context) (needsAdmin bool, err error) {
	defer errs.Wrap(&err, "account.Setup")
	now := s.clock.Now()
	tenants, err := s.store.Tenants(ctx)
	if err != nil {
		return false, err
	}
	if len(tenants) == 0 {
		_, err = s.store.CreateTenant(ctx, Tenant{ID: MainTenant, Name: "main", CreatedAt: now})
		if err != nil && errs.CodeOf(err) != errs.Conflict {
			return false, err
		}
		err = s.store.CreateInbox(ctx, Inbox{ID: MainInbox, Tenant: MainTenant, Name: "main", Channel: "web", CreatedAt: now}, audit.None)
		if err != nil && errs.CodeOf(err) != errs.Conflict {
			return false, err
		}
	}
	agents, err := s.store.Agents(ctx, MainTenant)
	return len(agents) == 0, err
}

// FirstAdmin creates the first administrator of tenant "main"; it is refused
// with errs.Conflict "already_set_up" once any agent exists.
func (s *Service) FirstAdmin(ctx context.Context, email, name, password string) (Agent, error) {
	agents, err := s.store.Agents(ctx, MainTenant)
	if err != nil {
		return Agent{}, err
	}
	if len(agents) > 0 {
		return Agent{}, errs.New(errs.Conflict, "already_set_up", "The first administrator exists already.")
	}
	if name == "" {
		name = "Admin"
	}
	return s.AddAgent(ctx, NewAgent{Tenant: MainTenant, Email: email, Name: name, Password: password, Role: Admin})
}
