package conversation

import (
	"context"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// ClosingRules are what a company and a team ask of agents who close.
type ClosingRules struct {
	// Comment asks for a word whenever Finish is used.
	Comment bool
	// Tagged asks for a tag; Tags are names that are set besides.
	Tagged bool
	Tags   []string
	// Again lets Finish be used on what is closed already, without effect.
	Again bool
}

// FinishInput is what an agent fills in when closing.
type FinishInput struct {
	Comment string
	// Tags are added to those that the conversation has, by name.
	Tags []string
	// Transcript, if set, goes to the visitor.
	Transcript *TranscriptWish
	// Force asks for no error if it is closed already.
	Force bool
}

// Finish closes a conversation as an agent who fills in what the company asks for.
// Rights are those of Close.
//
// Errors: Conflict "conversation_closed" and, within AtOnce of the end and without
// Force, "closed_at_once"; "comment_missing", "tag_missing"; those
// of Close and Label.
func (s *Service) Finish(ctx context.Context, who actor.Actor, c id.Conversation, in FinishInput) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Finish")
	if !in.Force {
		began := s.clock.Now()
		defer func() { err = s.atOnce(ctx, who, c, began, err) }()
	}
	before, err := s.Conversation(ctx, who, c)
	if err != nil {
		return got, err
	}
	rules := s.limits.Closing(before.Tenant, before.Team)
	switch {
	case before.Status == Closed && in.Force && rules.Again:
		return before, nil
	case before.Status == Closed:
		return got, errs.New(errs.Conflict, "conversation_closed", "The conversation is closed.")
	case rules.Comment && strings.TrimSpace(in.Comment) == "":
		return got, errs.New(errs.Conflict, "comment_missing", "A word about the conversation is needed.")
	case rules.Tagged && len(before.Tags) == 0 && len(in.Tags) == 0:
		return got, errTagMissing
	}
	if tags := append(slices.Clone(in.Tags), rules.Tags...); len(tags) > 0 {
		if _, err := s.Label(ctx, who, c, tags, true); err != nil {
			return got, err
		}
	}
	if t := in.Transcript; t != nil {
		t.By, t.At = who.Agent, s.clock.Now()
		if err := s.Describe(ctx, who, c, DetailChange{Transcript: t}); err != nil {
			return got, err
		}
	}
	return s.CloseWith(ctx, who, c, EndByAgent, in.Comment)
}

var errTagMissing = errs.New(errs.Conflict, "tag_missing", "The team asks for a tag before a conversation is closed.")
