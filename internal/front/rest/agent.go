package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/routing"
)

func (a *API) agents() {
	asAgent(a, http.MethodGet, "/agents", "All colleagues with state and load", "agents", func(ctx context.Context, l account.Login, _ *none) (*body[items[account.AgentStatus]], error) {
		list, err := a.Accounts.Roster(ctx, l.Agent.Tenant)
		return listed(list, err)
	})
	asAgent(a, http.MethodGet, "/teams", "All teams with their queues", "agents", func(ctx context.Context, l account.Login, _ *none) (*body[items[routing.TeamLoad]], error) {
		list, err := a.Routing.Teams(ctx, l.Agent.Tenant)
		return listed(list, err)
	})
}
