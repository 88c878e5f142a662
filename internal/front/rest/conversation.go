package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// ByConversation names a conversation in the path. Exported, like all that is
// embedded in inputs, so that its fields are found.
type ByConversation struct {
	ID id.Conversation `path:"id" maxLength:"64"`
}

type listInput struct {
	View    conversation.View `query:"view" enum:"mine,queue,all,closed,robot" default:"mine"`
	Visitor id.Visitor        `query:"visitor" maxLength:"64"`
	Tag     string            `query:"tag" maxLength:"64" doc:"Only conversations with this tag"`
	After   string            `query:"after" maxLength:"400" doc:"Cursor of the previous page"`
	Limit   int               `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type transferInput struct {
	ByConversation
	Body struct {
		Agent id.Agent `json:"agent,omitempty" maxLength:"64"`
		Team  id.Team  `json:"team,omitempty" maxLength:"64"`
		Note  string   `json:"note,omitempty" maxLength:"2000" doc:"Private note for whoever takes over"`
	}
}

type explained struct {
	Decisions []routing.Decision `json:"decisions"`
	// Place in the queue from 1, 0 if it does not wait.
	Place int `json:"place"`
	// Asked is what came with the visitor, absent if nothing did.
	Asked *conversation.Asked `json:"asked,omitempty"`
}

func (a *API) conversations() {
	const tag = "conversations"
	type one = body[conversation.Conversation]
	asAgent(a, http.MethodGet, "/conversations", "A page of conversations", tag, func(ctx context.Context, l account.Login, in *listInput) (*body[page[conversation.Conversation]], error) {
		list, next, err := a.Conversations.List(ctx, l.Actor(), conversation.Filter{View: in.View, Visitor: in.Visitor, Tag: in.Tag, After: in.After, Limit: in.Limit})
		return reply(page[conversation.Conversation]{full(list), next}, err)
	})
	asAgent(a, http.MethodGet, "/conversations/counts", "Sizes of the views", tag, func(ctx context.Context, l account.Login, _ *none) (*body[conversation.Counts], error) {
		return reply(a.Conversations.Count(ctx, l.Actor()))
	})
	asAgent(a, http.MethodGet, "/conversations/{id}", "One conversation", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*one, error) {
		return reply(a.Conversations.Conversation(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/claim", "Take a conversation out of the queue", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*one, error) {
		return reply(a.Routing.Claim(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/close", "Close a conversation", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*one, error) {
		return reply(a.Conversations.Close(ctx, l.Actor(), in.ID, conversation.EndByAgent))
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/transfer", "Hand a conversation to an agent or a team", tag, func(ctx context.Context, l account.Login, in *transferInput) (*one, error) {
		to := routing.Target{Agent: in.Body.Agent, Team: in.Body.Team, Note: in.Body.Note}
		return reply(a.Routing.Transfer(ctx, l.Actor(), in.ID, to))
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/transcript", "The record of a conversation, as text, as a page or as a PDF document", tag, func(ctx context.Context, l account.Login, in *transcriptInput) (*document, error) {
		return a.transcript(ctx, l.Actor(), in)
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/routing", "Why this agent, why is it waiting", tag, func(ctx context.Context, l account.Login, in *ByConversation) (*body[explained], error) {
		list, place, err := a.Routing.Explain(ctx, l.Actor(), in.ID)
		if err != nil {
			return nil, err
		}
		asked, err := a.Routing.Asked(ctx, l.Actor(), in.ID)
		return reply(explained{full(list), place, asked}, err)
	})
	a.routing()
}

type messagesInput struct {
	ByConversation
	ByRange
}

// ByRange chooses messages by number.
type ByRange struct {
	Before int64 `query:"before" minimum:"0" doc:"Messages before this number"`
	After  int64 `query:"after" minimum:"0" doc:"Messages behind this number"`
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (r ByRange) of() conversation.Range {
	return conversation.Range{After: r.After, Before: r.Before, Limit: r.Limit}
}

type postInput struct {
	ByConversation
	Body struct {
		Kind     conversation.Kind `json:"kind" enum:"text,note,image,file,voice"`
		Text     string            `json:"text,omitempty" maxLength:"10000"`
		File     id.File           `json:"file,omitempty" maxLength:"64" doc:"Id of an uploaded file"`
		ClientID string            `json:"clientId,omitempty" maxLength:"64" doc:"The sender's own id; a repeated one returns the first message"`
		Ext      map[string]any    `json:"ext,omitempty" doc:"The structured part of an integration, see docs/ext.md"`
	}
}

type readInput struct {
	ByConversation
	Body struct {
		Seq int64 `json:"seq" minimum:"0"`
	}
}

type searchInput struct {
	Q     string `query:"q" required:"true" maxLength:"400" doc:"Two characters or more"`
	After string `query:"after" maxLength:"400"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type hit struct {
	Message     wire.Message        `json:"message"`
	VisitorName string              `json:"visitorName"`
	Status      conversation.Status `json:"status" enum:"queued,open,closed"`
}

func (a *API) messages() {
	const tag = "messages"
	asAgent(a, http.MethodGet, "/conversations/{id}/messages", "Messages of a conversation", tag, func(ctx context.Context, l account.Login, in *messagesInput) (*body[items[wire.Message]], error) {
		list, err := a.Conversations.Messages(ctx, l.Actor(), in.ID, in.of())
		return listed(a.Views.Messages(list, false), err)
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/messages", "Answer, or leave a private note", tag, func(ctx context.Context, l account.Login, in *postInput) (*body[wire.Message], error) {
		post := conversation.PostInput{Conversation: in.ID, Kind: in.Body.Kind, Text: in.Body.Text, File: in.Body.File, ClientID: in.Body.ClientID}
		if in.Body.Ext != nil {
			var err error
			if post.Ext, err = json.Marshal(in.Body.Ext); err != nil {
				return nil, err
			}
		}
		p, err := a.Conversations.Post(ctx, l.Actor(), post)
		return reply(a.Views.Message(p.Message), err)
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/read", "Move the read mark", tag, func(ctx context.Context, l account.Login, in *readInput) (*body[conversation.Conversation], error) {
		return reply(a.Conversations.Read(ctx, l.Actor(), in.ID, in.Body.Seq))
	})
	asAgent(a, http.MethodGet, "/search", "Find messages", tag, func(ctx context.Context, l account.Login, in *searchInput) (*body[page[hit]], error) {
		list, next, err := a.Conversations.Search(ctx, l.Actor(), conversation.SearchQuery{Text: in.Q, After: in.After, Limit: in.Limit})
		out := make([]hit, len(list))
		for i, h := range list {
			out[i] = hit{a.Views.Message(h.Message), h.VisitorName, h.Status}
		}
		return reply(page[hit]{out, next}, err)
	})
}
