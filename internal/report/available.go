package report

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Available is how long an agent was there for new conversations.
type Available struct {
	Agent  id.Agent
	Lasted time.Duration
}

// noticed is how long nobody may have looked at who is available for the time
// between two looks to count.
const noticed = 2 * every

// Available returns how long agents were available on the days of a query, in
// UTC and to the minute, ordered by agent. It needs the permission actor.SeeAll;
// who sees some teams only gets the agents of these.
func (s *Service) Available(ctx context.Context, who actor.Actor, q Query) (list []Available, err error) {
	defer errs.Wrap(&err, "report.Available")
	if !who.Can(actor.SeeAll) && !who.Bound {
		return nil, errForbidden
	}
	if err = s.notice(ctx); err != nil {
		return nil, err
	}
	return s.store.AgentTimes(ctx, who.Tenant, bound(who, q))
}

// notice adds the time since the last look to those who are available now. Nodes
// may look at the same time: each adds what the others have not.
func (s *Service) notice(ctx context.Context) error {
	return s.store.NoteAvailable(ctx, s.clock.Now(), noticed)
}
