package rocketchat

import (
	"context"
	"net/http"
	"strconv"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// messages adds the calls by which visitors write and read.
func (f *Front) messages() {
	f.add(
		route{method: http.MethodPost, path: "livechat/message", do: f.postMessage},
		route{method: http.MethodGet, path: "livechat/message/:_id", do: f.oneMessage},
		route{method: http.MethodPut, path: "livechat/message/:_id", do: f.editMessage},
		route{method: http.MethodDelete, path: "livechat/message/:_id", do: f.deleteMessage},
		route{method: http.MethodGet, path: "livechat/messages.history/:rid", do: f.history},
		route{method: http.MethodPost, path: "livechat/messages", do: f.postMessages, auth: true},
	)
}

var postShape = dict(must("token", text), must("rid", text), must("msg", text), maybe("_id", text),
	maybe("agent", dict(must("agentId", text), must("username", text))))

// postMessage answers POST livechat/message. An _id that the visitor has used in
// this room gives the first message.
func (f *Front) postMessage(ctx context.Context, c *call) (any, error) {
	var in struct {
		Token, Rid, Msg string
		ID              string `json:"_id"`
	}
	if err := c.read(postShape, &in); err != nil {
		return nil, err
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Token)
	if err != nil {
		return nil, err
	}
	m, err := f.Conversations.Post(ctx, visitorActor(k.Visitor), conversation.PostInput{Conversation: id.Conversation(in.Rid), Kind: conversation.Text,
		Text: in.Msg, ClientID: in.ID, Blank: true})
	if err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m.Message)
}

func (f *Front) messageAnswer(ctx context.Context, k visitor.Known, m conversation.Message) (any, error) {
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.message(m)
	return object{"message": v}, nil
}

// messageOf finds a message by the id that it has outside, in a room that who may see.
func (f *Front) messageOf(ctx context.Context, who actor.Actor, rid id.Conversation, message string) (conversation.Message, error) {
	seq := seqOf(rid, message)
	if seq == 0 {
		return f.Conversations.Find(ctx, who, rid, message)
	}
	list, err := f.Conversations.Messages(ctx, who, rid, conversation.Range{After: seq - 1, Limit: 1})
	if err == nil && (len(list) == 0 || list[0].Seq != seq) {
		err = plain("invalid-message")
	}
	if err != nil {
		return conversation.Message{}, err
	}
	return list[0], nil
}

// ofVisitor are the parameters of a call about one message.
type ofVisitor struct{ Token, Rid, Msg string }

// named finds the message that a visitor's call is about.
func (f *Front) named(ctx context.Context, c *call, in ofVisitor) (k visitor.Known, m conversation.Message, err error) {
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, in.Token, in.Rid)
	if err != nil {
		return k, m, err
	}
	m, err = f.messageOf(ctx, visitorActor(k.Visitor), conv.ID, c.params["_id"])
	if err == nil && (m.Recalled != nil || m.Line != nil && systemTypes[m.Line.Name] == "") {
		err = plain("invalid-message")
	}
	return k, m, err
}

var oneShape = dict(must("token", text), must("rid", text)).open()

func (f *Front) oneMessage(ctx context.Context, c *call) (any, error) {
	var in ofVisitor
	if err := c.readQuery(oneShape, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m)
}

var editShape = dict(must("token", text), must("rid", text), must("msg", text))

func (f *Front) editMessage(ctx context.Context, c *call) (any, error) {
	var in ofVisitor
	if err := c.read(editShape, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if m, err = f.Conversations.Edit(ctx, visitorActor(k.Visitor), m.Conversation, m.Seq, in.Msg); err != nil {
		return nil, err
	}
	return f.messageAnswer(ctx, k, m)
}

// deleteMessage takes its parameters from the query too: some clients drop the
// body of a DELETE.
func (f *Front) deleteMessage(ctx context.Context, c *call) (any, error) {
	v, err := c.body()
	if err != nil {
		return nil, err
	}
	if body, ok := v.(map[string]any); ok {
		for _, name := range []string{"token", "rid"} {
			if _, there := body[name]; !there && c.args().Has(name) {
				body[name] = c.arg(name)
			}
		}
	}
	var in ofVisitor
	if err := dict(must("token", text), must("rid", text)).decode(v, &in); err != nil {
		return nil, err
	}
	k, m, err := f.named(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if _, err = f.Conversations.Recall(ctx, visitorActor(k.Visitor), m.Conversation, m.Seq); err != nil {
		return nil, err
	}
	return object{"message": object{"_id": messageID(m), "ts": stamp(f.Clock.Now())}}, nil
}

// Limits of a history.
const (
	// historyCount is how many messages a history has, if nothing else is asked for;
	// historyMost bounds it.
	historyCount = 20
	historyMost  = 200
	// historyDepth is how far behind the newest message an offset may lead.
	historyDepth = 10_000
)

var historyShape = dict(maybe("token", text), maybe("ls", text), maybe("end", text), maybe("limit", text), maybe("offset", text), maybe("count", text),
	maybe("sort", text), maybe("searchText", text)).open()

// history answers GET livechat/messages.history/:rid, newest first.
func (f *Front) history(ctx context.Context, c *call) (any, error) {
	var in struct{ Token, End, Limit, Offset, SearchText string }
	if err := c.readQuery(historyShape, &in); err != nil {
		return nil, err
	}
	if in.Token == "" {
		return nil, plain("error-token-param-not-provided")
	}
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, in.Token, c.params["rid"])
	if err != nil {
		return nil, err
	}
	w := window{0, historyCount}
	if n, err := strconv.Atoi(in.Limit); err == nil && n > 0 {
		w.count = min(n, historyMost)
	}
	if n, err := strconv.Atoi(in.Offset); err == nil && n > 0 {
		w.offset = min(n, historyDepth)
	}
	r := conversation.Range{Text: in.SearchText}
	if in.End != "" {
		at, ok := date(in.End)
		if !ok {
			return nil, invalidParams("must be a date")
		}
		r.Until = at
	}
	list, err := f.past(ctx, visitorActor(k.Visitor), k, conv.ID, r, w)
	return object{"messages": list}, err
}

// past reads a window of the messages of a room that this contract shows, newest
// first.
func (f *Front) past(ctx context.Context, who actor.Actor, k visitor.Known, rid id.Conversation, r conversation.Range, w window) ([]messageView, error) {
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	out := []messageView{}
	r.Limit = historyMost
	for skip := w.offset; ; {
		list, err := f.Conversations.Messages(ctx, who, rid, r)
		if err != nil {
			return nil, err
		}
		for i := len(list) - 1; i >= 0 && len(out) < w.count; i-- {
			v, shown := a.message(list[i])
			switch {
			case !shown:
			case skip > 0:
				skip--
			default:
				out = append(out, v)
			}
		}
		if len(list) < r.Limit || len(out) == w.count {
			return out, nil
		}
		r.Before = list[0].Seq
	}
}

var postsShape = dict(must("visitor", dict(must("token", text)).open()), must("messages", list(dict(must("msg", text)).open()).atLeast(1)))

// mostPosts bounds the messages of one call.
const mostPosts = 100

// postMessages answers POST livechat/messages: several messages of a visitor, in
// its open room or a new one. A token that is not known becomes a visitor.
func (f *Front) postMessages(ctx context.Context, c *call) (any, error) {
	var in struct {
		Visitor  struct{ Token string }
		Messages []struct{ Msg string }
	}
	if err := c.read(postsShape, &in); err != nil {
		return nil, err
	}
	if len(in.Messages) > mostPosts {
		return nil, invalidParams("must NOT have more than " + strconv.Itoa(mostPosts) + " items")
	}
	k, err := f.Visitors.ByToken(ctx, c.tenant, in.Visitor.Token)
	if errs.CodeOf(err) == errs.NotFound {
		k, _, err = f.Visitors.Register(ctx, visitor.Registration{Tenant: c.tenant, Inbox: c.inbox, Token: in.Visitor.Token})
	}
	if errs.ReasonOf(err) == "blank_token" || errs.ReasonOf(err) == "bad_token" {
		return nil, structured("error-invalid-token", "")
	}
	if err != nil {
		return nil, err
	}
	conv, err := f.Conversations.Active(ctx, c.tenant, k.Visitor.ID)
	if errs.CodeOf(err) == errs.NotFound {
		conv, _, err = f.start(ctx, c, k, "")
	}
	if err != nil {
		return nil, err
	}
	out := make([]object, 0, len(in.Messages))
	for _, x := range in.Messages {
		m, err := f.Conversations.Post(ctx, visitorActor(k.Visitor), conversation.PostInput{Conversation: conv.ID, Kind: conversation.Text, Text: x.Msg, Blank: true})
		if err != nil {
			return nil, err
		}
		out = append(out, object{"username": k.Identity.Username, "msg": m.Message.Text, "ts": stamp(m.Message.At)})
	}
	return object{"messages": out}, nil
}
