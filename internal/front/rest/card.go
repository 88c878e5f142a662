package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/field"
	"parlor/internal/online"
	"parlor/internal/summary"
	"parlor/internal/visitor"
)

// What a card holds of lists that may be long.
const (
	cardPages   = 50
	cardEarlier = 20
)

// Card is all that the console shows beside a conversation.
type Card struct {
	Visitor visitor.Visitor `json:"visitor"`
	// Visits are the newest ones; the trail of the visitor has the rest.
	Visits []visitor.Visit `json:"visits"`
	// Current is the page that is looked at now.
	Current *online.Visitor `json:"current,omitempty"`
	// Earlier are the visitor's other conversations, newest first.
	Earlier []conversation.Conversation `json:"earlier"`
	Fields  []field.FieldValue          `json:"fields"`
	// VisitorTags are ids.
	VisitorTags []string `json:"visitorTags"`
	// Contact is the person that the visitor is; absent until there is one.
	Contact *ContactCard `json:"contact,omitempty"`
	// Summary is absent until somebody has written one.
	Summary *summary.Summary `json:"summary,omitempty"`
	Survey  surveyView       `json:"survey"`
}

// card registers the call that answers everything a console shows beside a
// conversation at once: opening one costs one call instead of seven.
func (a *API) card() {
	asAgent(a, http.MethodGet, "/conversations/{id}/card", "Visitor, visits, fields, tags, summary and rating of a conversation", "conversations",
		func(ctx context.Context, l account.Login, in *ByConversation) (*body[Card], error) {
			c, err := a.Conversations.Conversation(ctx, l.Actor(), in.ID)
			if err != nil {
				return nil, err
			}
			return reply(a.cardOf(ctx, l, c))
		})
}

func (a *API) cardOf(ctx context.Context, l account.Login, c conversation.Conversation) (card Card, err error) {
	who := l.Actor()
	v, err := a.Visitors.Visitor(ctx, who.Tenant, c.Visitor)
	if err != nil {
		return card, err
	}
	card.Visitor = v.For(who)
	visits, _, err := a.Visitors.Trail(ctx, who.Tenant, c.Visitor, time.Time{}, cardPages)
	if err != nil {
		return card, err
	}
	card.Visits = full(visits)
	if card.Current, err = maybe(a.Visit.Online.Visitor(ctx, who.Tenant, c.Visitor)); err != nil {
		return card, err
	}
	past, _, err := a.Conversations.List(ctx, who, conversation.Filter{Visitor: c.Visitor, Limit: cardEarlier})
	if err != nil {
		return card, err
	}
	card.Earlier = make([]conversation.Conversation, 0, len(past))
	for _, p := range past {
		if p.ID != c.ID {
			card.Earlier = append(card.Earlier, p)
		}
	}
	return card, a.notesOf(ctx, l, c, &card)
}

// notesOf adds what agents and the visitor have said about a conversation.
func (a *API) notesOf(ctx context.Context, l account.Login, c conversation.Conversation, card *Card) error {
	who := l.Actor()
	fields, err := a.Desk.Fields.Of(ctx, who, c.Visitor, false)
	if err != nil {
		return err
	}
	tags, err := a.Desk.Tags.Of(ctx, who, c.Visitor)
	if err != nil {
		return err
	}
	if card.Contact, err = maybe(contactOf(a.Desk.Contacts.Of(ctx, who, c.Visitor))); err != nil {
		return err
	}
	if card.Summary, err = maybe(a.Desk.Summaries.Of(ctx, who, c.ID)); err != nil {
		return err
	}
	rating, err := a.Visit.Surveys.Of(ctx, who, c.ID)
	card.Fields, card.VisitorTags, card.Survey = full(fields), full(tags), a.surveyView(rating)
	return err
}

// maybe turns what is not there into nil.
func maybe[T any](v T, err error) (*T, error) {
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}
