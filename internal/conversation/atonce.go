package conversation

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// AtOnce is how close to each other two count as closing a conversation at once.
const AtOnce = 250 * time.Millisecond

// End closes a visitor's conversation as the visitor. Whoever comes within AtOnce of
// the end is told so: Conflict "closed_at_once" in the place of "conversation_closed".
func (s *Service) End(ctx context.Context, who actor.Actor, c id.Conversation) (got Conversation, err error) {
	began := s.clock.Now()
	got, err = s.Close(ctx, who, c, EndByVisitor)
	return got, s.atOnce(ctx, who, c, began, err)
}

// atOnce tells who wanted to close what is closed whether somebody else did so at
// the same time.
func (s *Service) atOnce(ctx context.Context, who actor.Actor, c id.Conversation, began time.Time, err error) error {
	if errs.ReasonOf(err) != "conversation_closed" {
		return err
	}
	now, failed := s.store.Conversation(ctx, who.Tenant, c)
	if failed != nil {
		return failed
	}
	if now.ClosedAt != nil && began.Sub(*now.ClosedAt) < AtOnce {
		return errs.New(errs.Conflict, "closed_at_once", "Somebody else is closing the conversation. Try again.")
	}
	return err
}
