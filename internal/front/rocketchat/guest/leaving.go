package guest

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

// leavings adds the calls by which a visitor is forgotten, and what is open of it.
func (f *Front) leavings() {
	f.Add(
		contract.Route{Method: http.MethodDelete, Path: "livechat/visitor/:token", Do: f.forgetVisitor},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitor/:token/room", Do: f.openRooms, Auth: true, Needs: []string{"view-livechat-manager"}},
	)
}

// tokenOwner finds the visitor that the path names.
func (f *Front) tokenOwner(ctx context.Context, c *contract.Call) (visitor.Known, error) {
	k, err := f.Visitors.ByToken(ctx, c.Tenant, c.Params["token"])
	if errs.CodeOf(err) == errs.NotFound {
		err = contract.Structured("invalid-token", "")
	}
	return k, err
}

// forgetVisitor removes a visitor and all its rooms. Open ones are refused unless
// the company keeps what the law wants to be forgotten at any time.
func (f *Front) forgetVisitor(ctx context.Context, c *contract.Call) (any, error) {
	k, err := f.tokenOwner(ctx, c)
	if err != nil {
		return nil, err
	}
	company, err := f.Company(ctx, c)
	if err != nil {
		return nil, err
	}
	err = f.Conversations.RemoveOf(ctx, k.Visitor.Actor(), company.On("Livechat_Allow_collect_and_store_HTTP_header_informations"))
	if err == nil {
		err = f.Visitors.Remove(ctx, c.Tenant, k.Visitor.ID)
	}
	switch errs.ReasonOf(err) {
	case "conversation_open", "visitor_has_conversations":
		return nil, contract.Structured("visitor-has-open-rooms", "Cannot remove visitors with opened rooms")
	}
	return contract.Object{"visitor": contract.Object{"_id": k.Visitor.ID, "ts": contract.Stamp(f.Clock.Now())}}, err
}

// openRooms lists the open rooms of a visitor.
func (f *Front) openRooms(ctx context.Context, c *contract.Call) (any, error) {
	k, err := f.tokenOwner(ctx, c)
	if err != nil {
		return nil, err
	}
	list, _, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-rooms"), conversation.Query{Visitor: k.Visitor.ID, Limit: contract.MostCount})
	if err != nil {
		return nil, err
	}
	out := []contract.Object{}
	for _, conv := range list {
		if conv.Status == conversation.Closed {
			continue
		}
		r, err := f.RoomOf(ctx, conv, k)
		if err != nil {
			return nil, err
		}
		o := contract.Object{"_id": id.Conversation(r.ID), "t": r.Type, "cl": r.Closed, "u": contract.Object{"_id": k.Visitor.ID, "username": k.Identity.Username}, "name": r.Name}
		if r.ServedBy != nil {
			o["servedBy"] = r.ServedBy
		}
		out = append(out, o)
	}
	return contract.Object{"rooms": out}, nil
}
