package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/field"
	"parlor/internal/id"
	"parlor/internal/summary"
)

type saveSummary struct {
	ByConversation
	Body SummaryBody
}

// SummaryBody is what is sent to write a summary.
type SummaryBody struct{ summary.Input }

type handleSummary struct {
	ByConversation
	Body struct {
		Note string `json:"note,omitempty" maxLength:"2000"`
	}
}

type dueInput struct {
	ByPage
	View  string    `query:"view" enum:"mine,team,all" default:"mine"`
	Team  id.Team   `query:"team" maxLength:"64" doc:"The team of the view team"`
	Until time.Time `query:"until" doc:"Leaves out what is later"`
}

type saveType struct {
	ByID
	Body summary.TypeInput
}

type addType struct{ Body summary.TypeInput }

// summaries registers service summaries, follow-ups and session types.
func (a *API) summaries() {
	const tag = "summaries"
	type one = body[summary.Summary]
	asAgent(a, http.MethodGet, "/conversations/{id}/summary", "Service summary of a conversation", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*one, error) {
		if _, err := a.Conversations.Conversation(ctx, l.Actor(), in.ID); err != nil {
			return nil, err
		}
		return reply(a.Desk.Summaries.Of(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPut, "/conversations/{id}/summary", "Write the service summary, with a follow-up if there is one", tag, func(ctx context.Context, l account.Login, in *saveSummary) (*one, error) {
		c, err := a.Conversations.Conversation(ctx, l.Actor(), in.ID)
		if err != nil {
			return nil, err
		}
		return reply(a.Desk.Summaries.Save(ctx, l.Actor(), summary.Subject{Conversation: c.ID, Visitor: c.Visitor, Team: c.Team}, in.Body.Input))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/summary/handled", "The follow-up has been seen to", tag, func(ctx context.Context, l account.Login, in *handleSummary) (*one, error) {
		if _, err := a.Conversations.Conversation(ctx, l.Actor(), in.ID); err != nil {
			return nil, err
		}
		return reply(a.Desk.Summaries.Handle(ctx, l.Actor(), in.ID, in.Body.Note))
	})
	asAgent(a, http.MethodGet, "/followups", "Follow-ups that wait, the earliest first", tag, func(ctx context.Context, l account.Login, in *dueInput) (*body[page[summary.Summary]], error) {
		list, next, err := a.Desk.Summaries.Due(ctx, l.Actor(), in.View, in.Team, in.Until, in.After, in.Limit)
		return reply(page[summary.Summary]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/session-types", "Tree of session types", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[summary.SessionType]], error) {
		list, err := a.Desk.Summaries.Types(ctx, l.Actor())
		return listed(list, err)
	})
	asAgent(a, http.MethodPost, "/session-types", "Add a session type", tag, func(ctx context.Context, l account.Login, in *addType) (*body[summary.SessionType], error) {
		return reply(a.Desk.Summaries.SaveType(ctx, l.Actor(), "", in.Body))
	})
	asAgent(a, http.MethodPut, "/session-types/{id}", "Change a session type", tag, func(ctx context.Context, l account.Login, in *saveType) (*body[summary.SessionType], error) {
		return reply(a.Desk.Summaries.SaveType(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, "/session-types/{id}", "Remove a session type", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Summaries.RemoveType(ctx, l.Actor(), in.ID)
	})
}

// FieldBody is what is sent to make a field.
type FieldBody struct {
	Key  string     `json:"key" pattern:"^[a-z][a-z0-9_]{0,31}$"`
	Kind field.Kind `json:"kind" enum:"text,number,date,choice,phone,email"`
	field.FieldInput
}

type addField struct{ Body FieldBody }

type changeField struct {
	ByID
	Body field.FieldInput
}

type fieldsOf struct {
	ByVisitor
	Reveal bool `query:"reveal" doc:"Show masked values whole; needs the permission to manage"`
}

type setFields struct {
	ByVisitor
	Body struct {
		Values map[string]string `json:"values" doc:"By key; an empty value is deleted"`
	}
}

// fields registers the company's own fields of visitors.
func (a *API) fields() {
	const tag = "fields"
	asAgent(a, http.MethodGet, "/fields", "The company's own fields of visitors", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[field.VisitorField]], error) {
		list, err := a.Desk.Fields.List(ctx, l.Actor())
		return listed(list, err)
	})
	asAgent(a, http.MethodPost, "/fields", "Add a field", tag, func(ctx context.Context, l account.Login, in *addField) (*body[field.VisitorField], error) {
		return reply(a.Desk.Fields.Add(ctx, l.Actor(), in.Body.Key, in.Body.Kind, in.Body.FieldInput))
	})
	asAgent(a, http.MethodPut, "/fields/{id}", "Change a field but its key and kind", tag, func(ctx context.Context, l account.Login, in *changeField) (*body[field.VisitorField], error) {
		return reply(a.Desk.Fields.Change(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, "/fields/{id}", "Remove a field with all its values", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Fields.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodGet, "/visitors/{id}/fields", "Values of a visitor's fields", tag, func(ctx context.Context, l account.Login, in *fieldsOf) (*body[items[field.FieldValue]], error) {
		list, err := a.Desk.Fields.Of(ctx, l.Actor(), in.ID, in.Reveal)
		return listed(list, err)
	})
	asAgent(a, http.MethodPut, "/visitors/{id}/fields", "Change values of a visitor's fields", tag, func(ctx context.Context, l account.Login, in *setFields) (*body[items[field.FieldValue]], error) {
		list, err := a.Desk.Fields.Set(ctx, l.Actor(), in.ID, in.Body.Values)
		return listed(list, err)
	})
}
