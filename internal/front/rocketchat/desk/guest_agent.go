package desk

import (
	"context"
	"net/http"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// guestsForAgents adds what agents may know of visitors.
func (f *Front) guestsForAgents() {
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.info", Do: f.visitorInfo, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.chatHistory/room/:roomId/visitor/:visitorId", Do: f.chatHistory, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodPut, Path: "livechat/room.visitor", Do: f.changeVisitor, Auth: true, Needs: []string{"change-livechat-room-visitor"}},
	)
}

// changeVisitor answers PUT livechat/room.visitor: a room becomes that of another
// visitor.
func (f *Front) changeVisitor(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Rid, OldVisitorID, NewVisitorID string }
	if err := c.Read(contract.Dict(contract.Must("rid", contract.Text), contract.Must("oldVisitorId", contract.Text), contract.Must("newVisitorId", contract.Text)), &in); err != nil {
		return nil, err
	}
	got, err := f.Conversations.Give(ctx, c.Who, id.Conversation(in.Rid), id.Visitor(in.OldVisitorID), id.Visitor(in.NewVisitorID))
	switch errs.ReasonOf(err) {
	case "visitor_not_found":
		return nil, contract.Plain("visitor-not-found")
	case "not_its_visitor":
		return nil, contract.Plain("invalid-room-visitor")
	case "visitor_in_service":
		return nil, contract.Plain("error-not-allowed")
	}
	if err != nil {
		return nil, err
	}
	k, err := f.VisitorIn(ctx, got)
	if err != nil {
		return nil, err
	}
	r, err := f.RoomOf(ctx, got, k)
	return contract.Object{"room": r}, err
}

func (f *Front) visitorInfo(ctx context.Context, c *contract.Call) (any, error) {
	if err := c.ReadQuery(contract.Dict(contract.Must("visitorId", contract.Text)), &struct{}{}); err != nil {
		return nil, err
	}
	v, err := f.Visitors.Visitor(ctx, c.Tenant, id.Visitor(c.Arg("visitorId")))
	if contract.IsMissing(err) {
		return nil, contract.Plain("visitor-not-found")
	}
	if err != nil {
		return nil, err
	}
	i, err := f.Visitors.Identity(ctx, c.Tenant, v.ID)
	if err != nil {
		return nil, err
	}
	view, err := f.WithChat(ctx, contract.VisitorOf(visitor.Known{Visitor: v, Identity: i}), c.Tenant)
	return contract.Object{"visitor": view}, err
}

// chatHistory lists the closed rooms of a visitor for who may read its room.
func (f *Front) chatHistory(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["roomId"], "invalid-room")
	if err != nil {
		return nil, err
	}
	allowed, err := f.readable(ctx, c, conv)
	if err != nil {
		return nil, err
	}
	if !allowed || conv.Visitor != id.Visitor(c.Params["visitorId"]) {
		return nil, contract.Plain("error-not-allowed")
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-rooms"), conversation.Query{Visitor: conv.Visitor, State: conversation.Ended,
		Offset: w.Offset, Limit: max(w.Count, 1)})
	if err != nil {
		return nil, err
	}
	return f.roomPage(ctx, c, "history", list, w, total)
}
