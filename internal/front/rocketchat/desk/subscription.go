package desk

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// own are the conversations that the caller serves, with their visitors.
func (f *Front) own(ctx context.Context, c *contract.Call) ([]conversation.Conversation, map[id.Visitor]visitor.Known, error) {
	list, _, err := f.Conversations.List(ctx, c.Who, conversation.Filter{View: conversation.ViewMine, Limit: contract.HistoryMost})
	if err != nil {
		return nil, nil, err
	}
	ids := make([]id.Visitor, len(list))
	for i, conv := range list {
		ids[i] = conv.Visitor
	}
	people, err := f.Visitors.Visitors(ctx, c.Tenant, ids)
	if err != nil {
		return nil, nil, err
	}
	names, err := f.Visitors.Identities(ctx, c.Tenant, ids)
	known := map[id.Visitor]visitor.Known{}
	for v, p := range people {
		known[v] = visitor.Known{Visitor: p, Identity: names[v]}
	}
	return list, known, err
}

// roomsGet answers rooms.get: the rooms that the caller serves.
func (f *Front) roomsGet(ctx context.Context, c *contract.Call) (any, error) {
	list, known, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []contract.RoomView{}
	for _, conv := range list {
		r, err := f.RoomOf(ctx, conv, known[conv.Visitor])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return contract.Object{"update": out, "remove": []contract.Object{}}, nil
}

func (f *Front) subscriptionsGet(ctx context.Context, c *contract.Call) (any, error) {
	list, known, err := f.own(ctx, c)
	if err != nil {
		return nil, err
	}
	out := []contract.Subscription{}
	for _, conv := range list {
		s, err := f.SubscriptionOf(ctx, conv, known[conv.Visitor])
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return contract.Object{"update": out, "remove": []contract.Object{}}, nil
}

// subscriptionOne answers subscriptions.getOne: null if the caller does not serve
// the room.
func (f *Front) subscriptionOne(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID string }
	if err := c.ReadQuery(contract.Dict(contract.Must("roomId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Conversation(ctx, c.Who, id.Conversation(in.RoomID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && (conv.Agent != c.Who.Agent || conv.Status == conversation.Closed) {
		return contract.Object{"subscription": nil}, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := f.VisitorIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	s, err := f.SubscriptionOf(ctx, conv, k)
	return contract.Object{"subscription": s}, err
}

func (f *Front) subscriptionRead(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Rid, RoomID string }
	if err := c.Read(contract.Dict(contract.Maybe("rid", contract.Text), contract.Maybe("roomId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	if in.Rid == "" {
		in.Rid = in.RoomID
	}
	return contract.Object{}, f.read(ctx, c, in.Rid)
}

// takeAgentFile stores the file of a form in the caller's name, for a room that
// the caller may see.
func (f *Front) takeAgentFile(ctx context.Context, c *contract.Call) (k visitor.Known, u contract.Uploaded, err error) {
	if k, _, err = f.RoomOfCaller(ctx, c, c.Params["rid"]); err != nil {
		return k, u, err
	}
	u, err = f.TakeFile(ctx, c, c.Who)
	return k, u, f.RefuseFile(err)
}

// sendFile posts a file of the caller.
func (f *Front) sendFile(ctx context.Context, c *contract.Call, k visitor.Known, in conversation.PostInput) (any, error) {
	in.Conversation = id.Conversation(c.Params["rid"])
	m, err := f.Conversations.Post(ctx, c.Who, in)
	if errs.ReasonOf(err) == "not_your_conversation" {
		return nil, contract.Structured("error-not-allowed", "Not allowed")
	}
	if err != nil {
		return nil, err
	}
	return f.MessageAnswer(ctx, k, m.Message)
}

// agentUpload answers rooms.upload: stored and sent at once.
func (f *Front) agentUpload(ctx context.Context, c *contract.Call) (any, error) {
	k, u, err := f.takeAgentFile(ctx, c)
	if err != nil {
		return nil, err
	}
	return f.sendFile(ctx, c, k, conversation.PostInput{Kind: contract.KindOf(u.File), File: u.File.ID, Text: u.Fields["msg"]})
}

// roomMedia answers rooms.media: stored; mediaConfirm sends it.
func (f *Front) roomMedia(ctx context.Context, c *contract.Call) (any, error) {
	_, u, err := f.takeAgentFile(ctx, c)
	if err != nil {
		return nil, err
	}
	return contract.Object{"file": contract.Object{"_id": u.File.ID, "url": f.PublicURL + f.Media.Address(c.Tenant, u.File.ID, "original")}}, nil
}

func (f *Front) mediaConfirm(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Msg, Description string }
	if err := c.Read(contract.Dict(contract.Maybe("msg", contract.Text), contract.Maybe("description", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	k, _, err := f.RoomOfCaller(ctx, c, c.Params["rid"])
	if err != nil {
		return nil, err
	}
	file, err := f.Media.Own(ctx, c.Who, id.File(c.Params["fileId"]))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("invalid-file", "")
	}
	if err != nil {
		return nil, err
	}
	return f.sendFile(ctx, c, k, conversation.PostInput{Kind: contract.KindOf(file), File: file.ID, Text: in.Msg})
}

// postFiles sends files that rooms.media has stored, all in one message.
func (f *Front) postFiles(ctx context.Context, c *contract.Call, in contract.DraftMessage, list []any) (any, error) {
	k, conv, err := f.RoomOfCaller(ctx, c, in.Rid)
	if err != nil {
		return nil, err
	}
	post := conversation.PostInput{Conversation: conv.ID, Text: in.Msg, ClientID: in.ID}
	for i, x := range list[:min(len(list), conversation.MaxFiles+1)] {
		o, _ := x.(map[string]any)
		name, _ := o["_id"].(string)
		file, err := f.Media.Own(ctx, c.Who, id.File(name))
		if errs.CodeOf(err) == errs.NotFound {
			return nil, contract.Structured("invalid-file", "")
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			post.Kind, post.File = contract.KindOf(file), file.ID
		} else {
			post.More = append(post.More, file.ID)
		}
	}
	m, err := f.Conversations.Post(ctx, c.Who, post)
	switch errs.ReasonOf(err) {
	case "not_your_conversation":
		return nil, contract.Structured("error-not-allowed", "Not allowed")
	case "too_many_files":
		return nil, contract.Structured("error-too-many-files", "Too many files")
	}
	if err != nil {
		return nil, err
	}
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.Message(m.Message)
	return v, nil
}

// lastCut cuts a text at the last separator.
func lastCut(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
