package conversation

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxTags is how many tags a conversation can have.
const MaxTags = 20

// TagInput is what the verb TagConversation needs.
type TagInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	// Add and Remove are ids of tags; those to add must exist.
	Add, Remove []string
	By          id.Agent
	At          time.Time
}

// Tagged is the payload of event.TagsChanged for conversations.
type Tagged struct {
	Conversation id.Conversation `json:"conversation"`
	// Tags are those it has now, as Version of it.
	Tags    []string `json:"tags"`
	Version int64    `json:"version"`
	// By is the name of who changed them.
	By string `json:"by"`
}

// Tag adds and removes tags of a conversation that who may see. Errors:
// NotFound "tag_not_found"; Conflict "too_many_tags".
func (s *Service) Tag(ctx context.Context, who actor.Actor, c id.Conversation, add, remove []string) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Tag")
	if who.Kind == actor.Visitor {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents set tags.")
	}
	if _, err = s.Conversation(ctx, who, c); err != nil {
		return got, err
	}
	now := s.clock.Now()
	got, err = s.store.TagConversation(ctx, TagInput{Tenant: who.Tenant, Conversation: c, Add: add, Remove: remove, By: who.Agent, At: now})
	if err != nil {
		return got, err
	}
	s.tagsMoved(got, who.Name)
	return got, nil
}
