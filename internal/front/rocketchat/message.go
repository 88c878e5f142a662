package rocketchat

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/id"
)

// messages adds the calls by which visitors write and read.
func (f *Front) messages() {
	f.add(
		route{method: http.MethodPost, path: "livechat/message", do: f.postMessage},
		route{method: http.MethodGet, path: "livechat/message/:_id", do: f.oneMessage},
		route{method: http.MethodGet, path: "livechat/messages.history/:rid", do: f.history},
	)
}

var postShape = dict(must("token", text), must("rid", text), must("msg", text), maybe("_id", text),
	maybe("agent", dict(must("agentId", text), must("username", text))))

// postMessage answers POST livechat/message.
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
	m, err := f.Conversations.Post(ctx, visitorActor(k.Visitor), conversation.PostInput{Conversation: id.Conversation(in.Rid), Kind: conversation.Text, Text: in.Msg, ClientID: in.ID})
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	v, _ := a.message(m.Message)
	return object{"message": v}, nil
}

func (f *Front) oneMessage(ctx context.Context, c *call) (any, error) {
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, c.arg("token"), c.arg("rid"))
	if err != nil {
		return nil, err
	}
	seq := seqOf(conv.ID, c.params["_id"])
	if seq == 0 {
		return nil, plain("invalid-message")
	}
	list, err := f.Conversations.Messages(ctx, visitorActor(k.Visitor), conv.ID, conversation.Range{After: seq - 1, Limit: 1, Visible: true})
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return nil, plain("invalid-message")
	}
	v, _ := a.message(list[0])
	return object{"message": v}, nil
}

// historyCount is how many messages a history has, if nothing else is asked for;
// historyMost bounds it.
const (
	historyCount = 20
	historyMost  = 200
)

// history answers GET livechat/messages.history/:rid, newest first.
func (f *Front) history(ctx context.Context, c *call) (any, error) {
	if c.arg("token") == "" {
		return nil, plain("error-token-param-not-provided")
	}
	k, conv, err := f.roomOfVisitor(ctx, c.tenant, c.arg("token"), c.params["rid"])
	if err != nil {
		return nil, err
	}
	limit := historyCount
	if n, err := strconv.Atoi(c.arg("limit")); err == nil && n > 0 {
		limit = min(n, historyMost)
	}
	var end time.Time
	if text := c.arg("end"); text != "" {
		at, ok := date(text)
		if !ok {
			return nil, invalidParams("must be a date")
		}
		end = at
	}
	list, err := f.Conversations.Messages(ctx, visitorActor(k.Visitor), conv.ID, conversation.Range{Limit: historyMost, Visible: true})
	if err != nil {
		return nil, err
	}
	a, err := f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	out := []messageView{}
	for i := len(list) - 1; i >= 0 && len(out) < limit; i-- {
		if !end.IsZero() && !list[i].At.Before(end) {
			continue
		}
		if v, shown := a.message(list[i]); shown {
			out = append(out, v)
		}
	}
	return object{"messages": out}, nil
}
