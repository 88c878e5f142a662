package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/conversation"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// guestsForAgents adds what agents may know of visitors.
func (f *Front) guestsForAgents() {
	f.add(
		route{method: http.MethodGet, path: "livechat/visitors.info", do: f.visitorInfo, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodGet, path: "livechat/visitors.chatHistory/room/:roomId/visitor/:visitorId", do: f.chatHistory, auth: true, needs: []string{"view-l-room"}},
	)
}

func (f *Front) visitorInfo(ctx context.Context, c *call) (any, error) {
	if err := c.readQuery(dict(must("visitorId", text)), &struct{}{}); err != nil {
		return nil, err
	}
	v, err := f.Visitors.Visitor(ctx, c.tenant, id.Visitor(c.arg("visitorId")))
	if isMissing(err) {
		return nil, plain("visitor-not-found")
	}
	if err != nil {
		return nil, err
	}
	i, err := f.Visitors.Identity(ctx, c.tenant, v.ID)
	if err != nil {
		return nil, err
	}
	view, err := f.withData(ctx, visitorOf(visitor.Known{Visitor: v, Identity: i}), c.tenant)
	return object{"visitor": view}, err
}

// chatHistory lists the closed rooms of a visitor for who may read its room.
func (f *Front) chatHistory(ctx context.Context, c *call) (any, error) {
	conv, err := f.found(ctx, c, c.params["roomId"], "invalid-room")
	if err != nil {
		return nil, err
	}
	allowed, err := f.readable(ctx, c, conv)
	if err != nil {
		return nil, err
	}
	if !allowed || conv.Visitor != id.Visitor(c.params["visitorId"]) {
		return nil, plain("error-not-allowed")
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.who, "view-livechat-rooms"), conversation.Query{Visitor: conv.Visitor, State: conversation.Ended,
		Offset: w.offset, Limit: max(w.count, 1)})
	if err != nil {
		return nil, err
	}
	return f.roomPage(ctx, c, "history", list, w, total)
}
