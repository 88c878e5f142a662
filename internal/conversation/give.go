package conversation

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// CauseGiven is the cause of a Changed that tells of another visitor.
const CauseGiven = "given"

// Give makes a running conversation that of another visitor, as when somebody is
// recognised. What was said stays with the name under which it was said. It needs
// the permission actor.Manage.
//
// Errors: NotFound "visitor_not_found"; Conflict "conversation_closed",
// "not_its_visitor", "visitor_in_service".
func (s *Service) Give(ctx context.Context, who actor.Actor, c id.Conversation, from, to id.Visitor) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Give")
	if !who.Can(actor.Manage) {
		return got, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow giving conversations to other visitors.")
	}
	if _, err = s.Conversation(ctx, who, c); err != nil {
		return got, err
	}
	if got, err = s.store.Give(ctx, who.Tenant, c, from, to); err != nil {
		return got, err
	}
	s.Announce(Moved{Conversation: got}, CauseGiven)
	return got, nil
}
