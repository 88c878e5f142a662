package rest

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/tag"
)

type listTags struct {
	Kind tag.Kind `query:"kind" enum:"conversation,visitor"`
}

// TagBody is what is sent to make a tag.
type TagBody struct {
	Kind tag.Kind `json:"kind" enum:"conversation,visitor"`
	tag.Input
}

// TagChange is what is sent to change a tag.
type TagChange struct{ tag.Input }

type addTag struct{ Body TagBody }

type changeTag struct {
	ByID
	Body TagChange
}

// Relabel says which tags come and go.
type Relabel struct {
	Add    []string `json:"add,omitempty" maxItems:"20"`
	Remove []string `json:"remove,omitempty" maxItems:"20"`
}

type tagConversation struct {
	ByConversation
	Body Relabel
}

type tagVisitor struct {
	ByVisitor
	Body Relabel
}

type visitorTags struct {
	Tags []string `json:"tags"`
}

// tags registers the tags and what has them.
func (a *API) tags() {
	const label = "tags"
	asAgent(a, http.MethodGet, "/tags", "Tags of the company", label, func(ctx context.Context, l account.Login, in *listTags) (*body[items[tag.Tag]], error) {
		list, err := a.Desk.Tags.List(ctx, l.Actor(), in.Kind)
		return listed(list, err)
	})
	asAgent(a, http.MethodGet, "/tags/uses", "How often each tag is in use, counted as far as 1,000", label, func(ctx context.Context, l account.Login, _ *none) (*body[items[tag.Uses]], error) {
		list, err := a.Desk.Tags.Uses(ctx, l.Actor())
		return listed(list, err)
	})
	asAgent(a, http.MethodPost, "/tags", "Add a tag", label, func(ctx context.Context, l account.Login, in *addTag) (*body[tag.Tag], error) {
		return reply(a.Desk.Tags.Save(ctx, l.Actor(), in.Body.Kind, "", in.Body.Input))
	})
	asAgent(a, http.MethodPut, "/tags/{id}", "Change a tag", label, func(ctx context.Context, l account.Login, in *changeTag) (*body[tag.Tag], error) {
		return reply(a.Desk.Tags.Save(ctx, l.Actor(), "", in.ID, in.Body.Input))
	})
	asAgent(a, http.MethodDelete, "/tags/{id}", "Remove a tag", label, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Desk.Tags.Remove(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/conversations/{id}/tags", "Add and remove tags of a conversation", label, func(ctx context.Context, l account.Login, in *tagConversation) (*body[conversation.Conversation], error) {
		return reply(a.Conversations.Tag(ctx, l.Actor(), in.ID, in.Body.Add, in.Body.Remove))
	})
	asAgent(a, http.MethodGet, "/visitors/{id}/tags", "Tags of a visitor", label, func(ctx context.Context, l account.Login, in *ByVisitor) (*body[visitorTags], error) {
		list, err := a.Desk.Tags.Of(ctx, l.Actor(), in.ID)
		return reply(visitorTags{full(list)}, err)
	})
	asAgent(a, http.MethodPost, "/visitors/{id}/tags", "Add and remove tags of a visitor", label, func(ctx context.Context, l account.Login, in *tagVisitor) (*body[visitorTags], error) {
		list, err := a.Desk.Tags.OnVisitor(ctx, l.Actor(), in.ID, in.Body.Add, in.Body.Remove)
		return reply(visitorTags{full(list)}, err)
	})
}

type oneMessage struct {
	ByConversation
	Seq int64 `path:"seq" minimum:"1"`
}

type visitorMessage struct {
	Conversation id.Conversation `path:"id" maxLength:"64"`
	Seq          int64           `path:"seq" minimum:"1"`
}

type listMentions struct {
	Unread bool   `query:"unread" doc:"Only those that have not been read"`
	After  string `query:"after" maxLength:"64" doc:"Cursor of the previous page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type readMentions struct {
	Body struct {
		Conversation id.Conversation `json:"conversation,omitempty" maxLength:"64" doc:"Those of one conversation; all without it"`
	}
}

type unread struct {
	Unread int `json:"unread"`
}

type saveDraft struct {
	ByConversation
	Body struct {
		Text   string `json:"text" maxLength:"10000" doc:"Empty clears the draft"`
		Note   bool   `json:"note,omitempty"`
		Origin string `json:"origin,omitempty" maxLength:"64" doc:"The tab's own name for itself"`
	}
}

// marks registers recalls, mentions and drafts.
func (a *API) marks() {
	asAgent(a, http.MethodPost, "/conversations/{id}/messages/{seq}/recall", "Take a message back: one's own within two minutes, any with the permission to manage", "messages",
		func(ctx context.Context, l account.Login, in *oneMessage) (*body[wire.Message], error) {
			m, err := a.Conversations.Recall(ctx, l.Actor(), in.ID, in.Seq)
			return reply(a.Views.Message(m), err)
		})
	asVisitor(a, http.MethodPost, "/visitor/conversations/{id}/messages/{seq}/recall", "Take one's own message back within two minutes",
		func(ctx context.Context, who actor.Actor, in *visitorMessage) (*body[wire.Message], error) {
			m, err := a.Conversations.Recall(ctx, who, in.Conversation, in.Seq)
			return reply(a.Views.VisitorMessage(m), err)
		})
	asAgent(a, http.MethodGet, "/mentions", "Notes that mention me, newest first", "mentions", func(ctx context.Context, l account.Login, in *listMentions) (*body[conversation.MentionPage], error) {
		return reply(a.Conversations.Mentions(ctx, l.Actor(), in.Unread, in.After, in.Limit))
	})
	asAgent(a, http.MethodPost, "/mentions/read", "Mark mentions as read", "mentions", func(ctx context.Context, l account.Login, in *readMentions) (*body[unread], error) {
		n, err := a.Conversations.ReadMentions(ctx, l.Actor(), in.Body.Conversation)
		return reply(unread{n}, err)
	})
	asAgent(a, http.MethodGet, "/drafts", "My drafts", "drafts", func(ctx context.Context, l account.Login, _ *none) (*body[items[conversation.Draft]], error) {
		list, err := a.Conversations.Drafts(ctx, l.Actor())
		return listed(list, err)
	})
	asAgent(a, http.MethodPut, "/conversations/{id}/draft", "Keep or clear my draft in a conversation", "drafts", func(ctx context.Context, l account.Login, in *saveDraft) (*body[conversation.Draft], error) {
		return reply(a.Conversations.SaveDraft(ctx, l.Actor(), conversation.Draft{Conversation: in.ID, Text: in.Body.Text, Note: in.Body.Note, Origin: in.Body.Origin}))
	})
}
