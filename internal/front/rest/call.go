package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	calls "parlor/internal/call"
	"parlor/internal/id"
)

// CallPage asks for a page of calls. Exported because it is embedded.
type CallPage struct {
	After id.Call `query:"after" maxLength:"64" doc:"next of the previous page"`
	Limit int     `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type conversationCalls struct {
	ByConversation
	CallPage
}

// calls registers the calls about video and voice calls.
func (a *API) calls() {
	const tag = "calls"
	asAgent(a, http.MethodGet, "/calls", "Video and voice calls, newest first; one's own, or all for those who see everything", tag, func(ctx context.Context, l account.Login, in *CallPage) (*body[page[calls.Call]], error) {
		list, next, err := a.Visit.Calls.List(ctx, l.Actor(), calls.Filter{Before: in.After, Limit: in.Limit})
		return reply(page[calls.Call]{full(list), string(next)}, err)
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/calls", "Video and voice calls of a conversation, newest first", tag, func(ctx context.Context, l account.Login, in *conversationCalls) (*body[page[calls.Call]], error) {
		list, next, err := a.Visit.Calls.List(ctx, l.Actor(), calls.Filter{Conversation: in.ID, Before: in.After, Limit: in.Limit})
		return reply(page[calls.Call]{full(list), string(next)}, err)
	})
}
