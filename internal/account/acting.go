package account

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// ActorOf returns an agent as who does something, with what it may do now: for work
// that it asked for earlier and that goes on without it. Errors: NotFound
// "agent_not_found"; Forbidden "agent_disabled".
func (s *Service) ActorOf(ctx context.Context, t id.Tenant, a id.Agent) (who actor.Actor, err error) {
	defer errs.Wrap(&err, "account.ActorOf %s", a)
	agent, err := s.store.Agent(ctx, t, a)
	if err != nil {
		return who, err
	}
	if agent.Disabled {
		return who, errs.New(errs.Forbidden, "agent_disabled", "The agent cannot log in any more.")
	}
	l, err := s.loginOf(ctx, "", Credential{}, agent)
	return l.Actor(), err
}
