package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/colleague"
	"parlor/internal/id"
)

// ByPage chooses a page of a list.
type ByPage struct {
	After string `query:"after" maxLength:"400" doc:"Cursor of the previous page"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// ByColleague names an agent in the path.
type ByColleague struct {
	Agent id.Agent `path:"agent" maxLength:"64"`
}

type listChats struct{ ByPage }

type chatHistory struct {
	ByColleague
	ByPage
}

type groupHistory struct {
	ByID
	ByPage
}

type sayInput struct {
	ByColleague
	Body lineBody
}

type sayGroup struct {
	ByID
	Body lineBody
}

type lineBody struct {
	Text string `json:"text" minLength:"1" maxLength:"10000"`
}

type createGroup struct {
	Body struct {
		Name    string     `json:"name" minLength:"1" maxLength:"60"`
		Members []id.Agent `json:"members" maxItems:"200"`
	}
}

type changeGroup struct {
	ByID
	Body colleague.GroupUpdate
}

// colleagues registers the chat among agents. Who writes is who is logged in.
func (a *API) colleagues() {
	const tag = "colleagues"
	type lines = body[page[colleague.Remark]]
	asAgent(a, http.MethodGet, "/colleagues/chats", "My chats with colleagues and groups, newest first", tag, func(ctx context.Context, l account.Login, in *listChats) (*body[colleague.ChatPage], error) {
		return reply(a.Desk.Colleagues.Chats(ctx, l.Actor(), in.After, in.Limit))
	})
	asAgent(a, http.MethodGet, "/colleagues/agents/{agent}/messages", "Lines with a colleague, newest first", tag, func(ctx context.Context, l account.Login, in *chatHistory) (*lines, error) {
		list, next, err := a.Desk.Colleagues.History(ctx, l.Actor(), in.Agent, in.After, in.Limit)
		return reply(page[colleague.Remark]{full(list), next}, err)
	})
	asAgent(a, http.MethodPost, "/colleagues/agents/{agent}/messages", "Write to a colleague", tag, func(ctx context.Context, l account.Login, in *sayInput) (*body[colleague.Remark], error) {
		return reply(a.Desk.Colleagues.Send(ctx, l.Actor(), in.Agent, in.Body.Text))
	})
	asAgent(a, http.MethodPost, "/colleagues/agents/{agent}/read", "Mark the chat with a colleague as read", tag, func(ctx context.Context, l account.Login, in *ByColleague) (*body[unread], error) {
		n, err := a.Desk.Colleagues.Read(ctx, l.Actor(), string(in.Agent))
		return reply(unread{n}, err)
	})
	a.groups(tag)
}

func (a *API) groups(tag string) {
	type one = body[colleague.Group]
	asAgent(a, http.MethodGet, "/colleagues/groups", "My groups", tag, func(ctx context.Context, l account.Login, _ *none) (*body[items[colleague.Group]], error) {
		list, err := a.Desk.Colleagues.Groups(ctx, l.Actor())
		return listed(list, err)
	})
	asAgent(a, http.MethodPost, "/colleagues/groups", "Make a group of colleagues", tag, func(ctx context.Context, l account.Login, in *createGroup) (*one, error) {
		return reply(a.Desk.Colleagues.CreateGroup(ctx, l.Actor(), in.Body.Name, in.Body.Members))
	})
	asAgent(a, http.MethodPatch, "/colleagues/groups/{id}", "Rename a group, add and remove members, or leave it", tag, func(ctx context.Context, l account.Login, in *changeGroup) (*one, error) {
		return reply(a.Desk.Colleagues.ChangeGroup(ctx, l.Actor(), in.ID, in.Body))
	})
	asAgent(a, http.MethodDelete, "/colleagues/groups/{id}", "Delete a group: its owner, a member who may manage, or an administrator", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Colleagues.RemoveGroup(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodGet, "/colleagues/groups/{id}/messages", "Lines of a group, newest first", tag, func(ctx context.Context, l account.Login, in *groupHistory) (*body[page[colleague.Remark]], error) {
		list, next, err := a.Desk.Colleagues.GroupHistory(ctx, l.Actor(), in.ID, in.After, in.Limit)
		return reply(page[colleague.Remark]{full(list), next}, err)
	})
	asAgent(a, http.MethodPost, "/colleagues/groups/{id}/messages", "Write to a group", tag, func(ctx context.Context, l account.Login, in *sayGroup) (*body[colleague.Remark], error) {
		return reply(a.Desk.Colleagues.SendToGroup(ctx, l.Actor(), in.ID, in.Body.Text))
	})
	asAgent(a, http.MethodPost, "/colleagues/groups/{id}/read", "Mark a group as read", tag, func(ctx context.Context, l account.Login, in *ByID) (*body[unread], error) {
		n, err := a.Desk.Colleagues.Read(ctx, l.Actor(), in.ID)
		return reply(unread{n}, err)
	})
}
