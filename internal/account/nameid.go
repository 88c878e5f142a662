package account

import (
	"context"
	"regexp"

	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// plainID is what a username may look like to serve as an id as well.
var plainID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)

// createNamed stores a new agent under its username as id, so that scripts know
// the id beforehand. If the username is not fit for that, or another agent of the
// installation has the id, the agent keeps the one it came with.
func (s *Service) createNamed(ctx context.Context, a Agent, by audit.By) (Agent, error) {
	named := a
	if named.ID = id.Agent(a.Username); plainID.MatchString(a.Username) && !id.Valid(a.Username) {
		if err := s.store.CreateAgent(ctx, named, by); errs.CodeOf(err) != errs.Conflict {
			return named, err
		}
	}
	return a, s.store.CreateAgent(ctx, a, by)
}
