package rocketchat

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// subscription is an agent's entry of a room.
type subscription struct {
	ID            string          `json:"_id"`
	Room          id.Conversation `json:"rid"`
	User          userView        `json:"u"`
	Type          string          `json:"t"`
	Name          string          `json:"name"`
	FullName      string          `json:"fname"`
	Open          bool            `json:"open"`
	Alert         bool            `json:"alert"`
	Unread        int             `json:"unread"`
	UserMentions  int             `json:"userMentions"`
	GroupMentions int             `json:"groupMentions"`
	At            *stamp          `json:"ts,omitempty"`
	Visitor       roomVisitor     `json:"v"`
	Department    id.Team         `json:"department,omitempty"`
	UpdatedAt     *stamp          `json:"_updatedAt"`
}

// subscriptionOf is the entry of the agent who serves a conversation.
func (f *Front) subscriptionOf(ctx context.Context, conv conversation.Conversation, k visitor.Known) (subscription, error) {
	x, err := f.agent(ctx, conv.Tenant, conv.Agent)
	s := subscription{ID: string(conv.ID) + string(conv.Agent), Room: conv.ID, User: userView{string(conv.Agent), x.Username, x.Name}, Type: "l", Name: k.Visitor.Name,
		FullName: k.Visitor.Name, Open: conv.Status == conversation.Open, Alert: conv.Unread > 0, Unread: conv.Unread, At: stampOf(conv.CreatedAt),
		Visitor:    roomVisitor{ID: k.Visitor.ID, Username: k.Identity.Username, Token: k.Identity.Token, Status: k.Identity.Status},
		Department: conv.Team, UpdatedAt: stampOf(conv.LastAt)}
	return s, err
}

// own are the conversations that the caller serves, with their visitors.
func (f *Front) own(ctx context.Context, c *call) ([]conversation.Conversation, map[id.Visitor]visitor.Known, error) {
	list, _, err := f.Conversations.List(ctx, c.who, conversation.Filter{View: conversation.ViewMine, Limit: historyMost})
	if err != nil {
		return nil, nil, err
	}
	ids := make([]id.Visitor, len(list))
	for i, conv := range list {
		ids[i] = conv.Visitor
	}
	people, err := f.Visitors.Visitors(ctx, c.tenant, ids)
	if err != nil {
		return nil, nil, err
	}
	names, err := f.Visitors.Identities(ctx, c.tenant, ids)
	known := map[id.Visitor]visitor.Known{}
	for v, p := range people {
		known[v] = visitor.Known{Visitor: p, Identity: names[v]}
	}
	return list, known, err
}

// roomsGet answers rooms.get: the rooms that the caller serves.
func (f *Front) roomsGet(ctx context.Context, c *call) (any, error) {
	list, known, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []roomView{}
	for _, conv := range list {
		r, err := f.roomOf(ctx, conv, known[conv.Visitor])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return object{"update": out, "remove": []object{}}, nil
}

func (f *Front) subscriptionsGet(ctx context.Context, c *call) (any, error) {
	list, known, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []subscription{}
	for _, conv := range list {
		s, err := f.subscriptionOf(ctx, conv, known[conv.Visitor])
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return object{"update": out, "remove": []object{}}, nil
}

// subscriptionOne answers subscriptions.getOne: null if the caller does not serve
// the room.
func (f *Front) subscriptionOne(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID string }
	if err := c.readQuery(dict(must("roomId", text)).open(), &in); err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Conversation(ctx, c.who, id.Conversation(in.RoomID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && (conv.Agent != c.who.Agent || conv.Status == conversation.Closed) {
		return object{"subscription": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := f.visitorIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	s, err := f.subscriptionOf(ctx, conv, k)
	return object{"subscription": s}, err
}

func (f *Front) subscriptionRead(ctx context.Context, c *call) (any, error) {
	var in struct{ Rid, RoomID string }
	if err := c.read(dict(maybe("rid", text), maybe("roomId", text)).open(), &in); err != nil {
		return nil, err
	}
	if in.Rid == "" {
		in.Rid = in.RoomID
	}
	return object{}, f.read(ctx, c, in.Rid)
}

// takeAgentFile stores the file of a form in the caller's name, for a room that
// the caller may see.
func (f *Front) takeAgentFile(ctx context.Context, c *call) (k visitor.Known, u uploaded, err error) {
	if k, _, err = f.roomOfCaller(ctx, c, c.params["rid"]); err != nil {
		return k, u, err
	}
	u, err = f.takeFile(ctx, c, c.who)
	return k, u, f.refuseFile(err)
}

// sendFile posts a file of the caller.
func (f *Front) sendFile(ctx context.Context, c *call, k visitor.Known, in conversation.PostInput) (any, error) {
	in.Conversation = id.Conversation(c.params["rid"])
	m, err := f.Conversations.Post(ctx, c.who, in)
	if errs.ReasonOf(err) == "not_your_conversation" {
		return nil, structured("error-not-allowed", "Not allowed")
	}
	if err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m.Message)
}

// agentUpload answers rooms.upload: stored and sent at once.
func (f *Front) agentUpload(ctx context.Context, c *call) (any, error) {
	k, u, err := f.takeAgentFile(ctx, c)
	if err != nil {
		return nil, err
	}
	return f.sendFile(ctx, c, k, conversation.PostInput{Kind: kindOf(u.file), File: u.file.ID, Text: u.fields["msg"]})
}

// roomMedia answers rooms.media: stored; mediaConfirm sends it.
func (f *Front) roomMedia(ctx context.Context, c *call) (any, error) {
	_, u, err := f.takeAgentFile(ctx, c)
	if err != nil {
		return nil, err
	}
	return object{"file": object{"_id": u.file.ID, "url": f.PublicURL + f.Media.Address(c.tenant, u.file.ID, "original")}}, nil
}

func (f *Front) mediaConfirm(ctx context.Context, c *call) (any, error) {
	var in struct{ Msg, Description string }
	if err := c.read(dict(maybe("msg", text), maybe("description", text)).open(), &in); err != nil {
		return nil, err
	}
	k, _, err := f.roomOfCaller(ctx, c, c.params["rid"])
	if err != nil {
		return nil, err
	}
	file, err := f.Media.Own(ctx, c.who, id.File(c.params["fileId"]))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("invalid-file", "")
	}
	if err != nil {
		return nil, err
	}
	return f.sendFile(ctx, c, k, conversation.PostInput{Kind: kindOf(file), File: file.ID, Text: in.Msg})
}

// lastCut cuts a text at the last separator.
func lastCut(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
