package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	calls "parlor/internal/call"
	"parlor/internal/id"
	"parlor/internal/media"
)

// CallPage asks for a page of calls. Exported because it is embedded.
type CallPage struct {
	After id.Call `query:"after" maxLength:"64" doc:"next of the previous page"`
	Limit int     `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// CallItem is a call as lists of the console show it.
type CallItem struct {
	calls.Call
	// Records are the recordings of its sides.
	Records []calls.Record `json:"records,omitempty"`
}

// CallRecord is a recording with the address under which it is played, for some hours.
type CallRecord struct {
	calls.Record
	URL string `json:"url"`
}

// watchedFor is how long the address of a recording is valid: for a long call and a pause.
const watchedFor = 6 * time.Hour

// ByCall names a call. Exported because it is embedded.
type ByCall struct {
	ID id.Call `path:"id" maxLength:"64"`
}

// callPage lists calls with their recordings.
func (a *API) callPage(ctx context.Context, l account.Login, f calls.Filter) (*body[page[CallItem]], error) {
	list, next, err := a.Visit.Calls.List(ctx, l.Actor(), f)
	if err != nil {
		return nil, err
	}
	records, err := a.Visit.Calls.Records(ctx, l.Actor(), list)
	out := make([]CallItem, len(list))
	for i, c := range list {
		out[i] = CallItem{c, records[c.ID]}
	}
	return reply(page[CallItem]{out, string(next)}, err)
}

type conversationCalls struct {
	ByConversation
	CallPage
}

// calls registers the calls about video and voice calls.
func (a *API) calls() {
	const tag = "calls"
	asAgent(a, http.MethodGet, "/calls", "Video and voice calls, newest first; one's own, or all for those who see everything", tag, func(ctx context.Context, l account.Login, in *CallPage) (*body[page[CallItem]], error) {
		return a.callPage(ctx, l, calls.Filter{Before: in.After, Limit: in.Limit})
	})
	asAgent(a, http.MethodGet, "/conversations/{id}/calls", "Video and voice calls of a conversation, newest first", tag, func(ctx context.Context, l account.Login, in *conversationCalls) (*body[page[CallItem]], error) {
		return a.callPage(ctx, l, calls.Filter{Conversation: in.ID, Before: in.After, Limit: in.Limit})
	})
	asAgent(a, http.MethodPost, "/calls/{id}/records/watch", "The recordings of a call with their addresses; who asks for them is noted in the audit log", tag, func(ctx context.Context, l account.Login, in *ByCall) (*body[items[CallRecord]], error) {
		list, err := a.Visit.Calls.Watch(ctx, l.Actor(), in.ID)
		out := make([]CallRecord, len(list))
		for i, r := range list {
			out[i] = CallRecord{r, a.Media.AddressFor(l.Agent.Tenant, r.File, media.Original, watchedFor)}
		}
		return reply(items[CallRecord]{out}, err)
	})
	asAgent(a, http.MethodDelete, "/calls/{id}/records", "Delete the recordings of a call before their time", tag, func(ctx context.Context, l account.Login, in *ByCall) (*struct{}, error) {
		return nil, a.Visit.Calls.Erase(ctx, l.Actor(), in.ID)
	})
}
