package conversation

import (
	"context"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
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
	s.owners.drop(c)
	s.Announce(Moved{Conversation: got}, CauseGiven)
	if from != to {
		s.events.Publish(&event.Event{ID: id.New(), Tenant: got.Tenant, Kind: event.ConversationGiven, To: []event.Topic{event.ToNodes, event.ToVisitor(got.Tenant, from)}, At: s.clock.Now(),
			Data: &Given{Conversation: got.ID, From: from, To: to}})
	}
	return got, nil
}

// Heed forgets what another node has changed; it does not block.
func (s *Service) Heed(e *event.Event) {
	if d, ok := e.Data.(*Given); ok {
		s.owners.drop(d.Conversation)
	}
}

// Given is the payload of event.ConversationGiven, which goes to the visitor whose
// the conversation was.
type Given struct {
	Conversation id.Conversation `json:"conversation"`
	From         id.Visitor      `json:"from"`
	To           id.Visitor      `json:"to"`
}
