package guest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// messages adds the calls by which visitors write and read.
func (f *Front) messages() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "livechat/message", Do: f.postMessage},
		contract.Route{Method: http.MethodGet, Path: "livechat/message/:_id", Do: f.oneMessage},
		contract.Route{Method: http.MethodPut, Path: "livechat/message/:_id", Do: f.editMessage},
		contract.Route{Method: http.MethodDelete, Path: "livechat/message/:_id", Do: f.deleteMessage},
		contract.Route{Method: http.MethodGet, Path: "livechat/messages.history/:rid", Do: f.history},
		contract.Route{Method: http.MethodPost, Path: "livechat/messages", Do: f.postMessages, Auth: true},
	)
}

var postShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("msg", contract.Text), contract.Maybe("_id", contract.Text), contract.Maybe("ext", contract.Dict().Open()),
	contract.Maybe("agent", contract.Dict(contract.Must("agentId", contract.Text), contract.Must("username", contract.Text))))

// postMessage answers POST livechat/message. An _id that the visitor has used in
// this room gives the first message.
func (f *Front) postMessage(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Token, Rid, Msg string
		ID              string `json:"_id"`
		Ext             json.RawMessage
	}
	if err := c.Read(postShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Token)
	if err != nil {
		return nil, err
	}
	m, err := f.Conversations.Post(ctx, k.Visitor.Actor(), conversation.PostInput{Conversation: id.Conversation(in.Rid), Kind: conversation.Text,
		Text: in.Msg, ClientID: in.ID, Blank: true, Ext: in.Ext})
	if err != nil {
		return nil, err
	}
	if m.Message.Seq == 0 {
		return map[string]any{}, nil // nothing to show: only the business pages were told
	}
	return f.MessageAnswer(ctx, k, m.Message)
}

// ofVisitor are the parameters of a call about one message.
type ofVisitor struct{ Token, Rid, Msg string }

// named finds the message that a visitor's call is about.
func (f *Front) named(ctx context.Context, c *contract.Call, in ofVisitor) (k visitor.Known, m conversation.Message, err error) {
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, in.Rid)
	if err != nil {
		return k, m, err
	}
	m, err = f.MessageOf(ctx, k.Visitor.Actor(), conv.ID, c.Params["_id"])
	if err == nil && (m.Recalled != nil || m.Line != nil && contract.SystemTypes[m.Line.Name] == "") {
		err = contract.Plain("invalid-message")
	}
	return k, m, err
}

var oneShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text)).Open()

func (f *Front) oneMessage(ctx context.Context, c *contract.Call) (any, error) {
	var in ofVisitor
	if err := c.ReadQuery(oneShape, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return f.MessageAnswer(ctx, k, m)
}

var editShape = contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text), contract.Must("msg", contract.Text))

func (f *Front) editMessage(ctx context.Context, c *contract.Call) (any, error) {
	var in ofVisitor
	if err := c.Read(editShape, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if m, err = f.Conversations.Edit(ctx, k.Visitor.Actor(), m.Conversation, m.Seq, in.Msg); err != nil {
		return nil, err
	}
	return f.MessageAnswer(ctx, k, m)
}

// deleteMessage takes its parameters from the query too: some clients drop the
// body of a DELETE.
func (f *Front) deleteMessage(ctx context.Context, c *contract.Call) (any, error) {
	v, err := c.Body()
	if err != nil {
		return nil, err
	}
	if body, ok := v.(map[string]any); ok {
		for _, name := range []string{"token", "rid"} {
			if _, there := body[name]; !there && c.Args().Has(name) {
				body[name] = c.Arg(name)
			}
		}
	}
	var in ofVisitor
	if err := contract.Dict(contract.Must("token", contract.Text), contract.Must("rid", contract.Text)).Decode(v, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if _, err = f.Conversations.Recall(ctx, k.Visitor.Actor(), m.Conversation, m.Seq); err != nil {
		return nil, err
	}
	return contract.Object{"message": contract.Object{"_id": contract.MessageID(m), "ts": contract.Stamp(f.Clock.Now())}}, nil
}

var historyShape = contract.Dict(contract.Maybe("token", contract.Text), contract.Maybe("ls", contract.Text), contract.Maybe("end", contract.Text), contract.Maybe("limit", contract.Text), contract.Maybe("offset", contract.Text), contract.Maybe("count", contract.Text),
	contract.Maybe("sort", contract.Text), contract.Maybe("searchText", contract.Text)).Open()

// history answers GET livechat/messages.history/:rid, newest first.
func (f *Front) history(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Token, End, Limit, Offset, SearchText string }
	if err := c.ReadQuery(historyShape, &in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, contract.Plain("error-token-param-not-provided")
	}
	k, conv, err := f.roomOfVisitor(ctx, c.Tenant, in.Token, c.Params["rid"])
	if err != nil {
		return nil, err
	}
	w := contract.Window{Count: contract.HistoryCount}
	if n, err := strconv.Atoi(in.Limit); err == nil && n > 0 {
		w.Count = min(n, contract.HistoryMost)
	}
	if n, err := strconv.Atoi(in.Offset); err == nil && n > 0 {
		w.Offset = min(n, contract.HistoryDepth)
	}
	r := conversation.Range{Text: in.SearchText}
	if in.End != "" {
		at, ok := contract.Date(in.End)
		if !ok {
			return nil, contract.InvalidParams("must be a date")
		}
		r.Until = at
	}
	list, err := f.past(ctx, k.Visitor.Actor(), k, conv.ID, r, w)
	return contract.Object{"messages": list}, err
}

// past reads a window of the messages of a room that this contract shows, newest
// first.
func (f *Front) past(ctx context.Context, who actor.Actor, k visitor.Known, rid id.Conversation, r conversation.Range, w contract.Window) ([]contract.MessageView, error) {
	a, err := f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	out := []contract.MessageView{}
	r.Limit = contract.HistoryMost
	for skip := w.Offset; ; {
		list, err := f.Conversations.Messages(ctx, who, rid, r)
		if err != nil {
			return nil, err
		}
		for i := len(list) - 1; i >= 0 && len(out) < w.Count; i-- {
			for _, v := range slices.Backward(a.Messages(list[i])) {
				switch {
				case skip > 0:
					skip--
				case len(out) < w.Count:
					out = append(out, v)
				}
			}
		}
		if len(out) == w.Count {
			return out, nil
		}
		if len(list) < r.Limit {
			return f.begun(ctx, who, a, rid, r, out, skip)
		}
		r.Before = list[0].Seq
	}
}

// begun ends a history that was read to its beginning with the line that says when
// the room was started, unless it is skipped or not wanted.
func (f *Front) begun(ctx context.Context, who actor.Actor, a *contract.Authors, rid id.Conversation, r conversation.Range, out []contract.MessageView, skip int) ([]contract.MessageView, error) {
	conv, err := f.Conversations.Conversation(ctx, who, rid)
	if err != nil || skip > 0 || r.Text != "" || !r.Until.IsZero() && r.Until.Before(conv.CreatedAt) {
		return out, err
	}
	return append(out, a.Started(conv)), nil
}

var postsShape = contract.Dict(contract.Must("visitor", contract.Dict(contract.Must("token", contract.Text)).Open()), contract.Must("messages", contract.List(contract.Dict(contract.Must("msg", contract.Text)).Open()).AtLeast(1)))

// mostPosts bounds the messages of one call.
const mostPosts = 100

// postMessages answers POST livechat/messages: several messages of a visitor, in
// its open room or a new one. A token that is not known becomes a visitor.
func (f *Front) postMessages(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Visitor  struct{ Token string }
		Messages []struct{ Msg string }
	}
	if err := c.Read(postsShape, &in); err != nil {
		return nil, err
	}
	if len(in.Messages) > mostPosts {
		return nil, contract.InvalidParams("must NOT have more than " + strconv.Itoa(mostPosts) + " items")
	}
	k, err := f.Visitors.ByToken(ctx, c.Tenant, in.Visitor.Token)
	if errs.CodeOf(err) == errs.NotFound {
		k, _, err = f.Visitors.Register(ctx, visitor.Registration{Tenant: c.Tenant, Inbox: c.Inbox, Token: in.Visitor.Token})
	}
	if errs.ReasonOf(err) == "blank_token" || errs.ReasonOf(err) == "bad_token" {
		return nil, contract.Structured("error-invalid-token", "")
	}
	if err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Active(ctx, c.Tenant, k.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		conv, _, err = f.start(ctx, c, k, "")
	}
	if err != nil {
		return nil, err
	}
	out := make([]contract.Object, 0, len(in.Messages))
	for _, x := range in.Messages {
		m, err := f.Conversations.Post(ctx, k.Visitor.Actor(), conversation.PostInput{Conversation: conv.ID, Kind: conversation.Text, Text: x.Msg, Blank: true})
		if err != nil {
			return nil, err
		}
		out = append(out, contract.Object{"username": k.Identity.Username, "msg": m.Message.Text, "ts": contract.Stamp(m.Message.At)})
	}
	return contract.Object{"messages": out}, nil
}
