package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// guestSearch adds the calls by which agents look for visitors and for what a
// visitor did before.
func (f *Front) guestSearch() {
	needs := []string{"view-l-room"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.search", Do: f.searchVisitors, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.autocomplete", Do: f.completeVisitor, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.pagesVisited/:roomId", Do: f.pagesVisited, Auth: true, Needs: needs},
		contract.Route{Method: http.MethodGet, Path: "livechat/visitors.searchChats/room/:roomId/visitor/:visitorId", Do: f.searchChats, Auth: true, Needs: needs},
	)
}

// foundOrders are the keys that a list of visitors can be sorted by.
var foundOrders = map[string]visitor.Order{"lastChat.ts": visitor.ByChat, "lastChat": visitor.ByChat, "name": visitor.ByName, "username": visitor.ByName, "ts": visitor.BySeen}

// foundOf is a visitor as lists show it.
func foundOf(v visitor.Found) contract.Object {
	full := contract.VisitorOf(v.Known)
	o := contract.Object{"_id": full.ID, "username": full.Username, "name": v.Visitor.Name}
	if full.Phone != nil {
		o["phone"] = full.Phone
	}
	if full.Emails != nil {
		o["visitorEmails"] = full.Emails
	}
	if v.LastChat != "" {
		o["lastChat"] = contract.Object{"_id": v.LastChat, "ts": contract.StampOf(v.LastChatAt)}
	}
	return o
}

// searchVisitors answers livechat/visitors.search.
func (f *Front) searchVisitors(ctx context.Context, c *contract.Call) (any, error) {
	shape := contract.Dict(contract.Must("term", contract.Text), contract.Maybe("sort", contract.Text), contract.Maybe("offset", contract.Text),
		contract.Maybe("count", contract.Text), contract.Maybe("fields", contract.Text), contract.Maybe("query", contract.Text))
	if err := c.ReadQuery(shape, &struct{}{}); err != nil {
		return nil, err
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	keys, err := c.Sort()
	if err != nil {
		return nil, err
	}
	q := visitor.Search{Text: c.Arg("term"), Offset: w.Offset, Limit: max(w.Count, 1)}
	if len(keys) > 0 {
		q.Order, q.Rising = foundOrders[keys[0].Key], !keys[0].Desc
	}
	list, total, err := f.Visitors.Search(ctx, c.Who, q)
	if err != nil {
		return nil, err
	}
	ids := make([]id.Visitor, len(list))
	for i, v := range list {
		ids[i] = v.Visitor.ID
	}
	values, err := f.Fields.ValuesOf(ctx, c.Tenant, ids)
	out := make([]contract.Object, len(list))
	for i, v := range list {
		out[i] = foundOf(v)
		if len(values[v.Visitor.ID]) > 0 {
			out[i]["livechatData"] = values[v.Visitor.ID]
		}
	}
	return contract.Object{"visitors": out, "count": len(out), "offset": w.Offset, "total": total}, err
}

// mostCompleted is how many visitors a completion offers.
const mostCompleted = 10

// completeVisitor answers livechat/visitors.autocomplete.
func (f *Front) completeVisitor(ctx context.Context, c *contract.Call) (any, error) {
	text := c.Arg("selector")
	if text == "" {
		return nil, contract.Plain("The 'selector' param is required")
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, contract.Structured("error-invalid-selector", "Invalid selector")
	}
	var in struct {
		Term       string
		Exceptions []string
	}
	shape := contract.Dict(contract.Maybe("term", contract.Text), contract.Maybe("exceptions", contract.List(contract.Text)), contract.Maybe("conditions", contract.Anything)).Open()
	if err := shape.Decode(v, &in); err != nil {
		return nil, err
	}
	list, _, err := f.Visitors.Search(ctx, c.Who, visitor.Search{Text: in.Term, Except: in.Exceptions, Order: visitor.ByName, Rising: true, Limit: mostCompleted})
	out := make([]contract.Object, len(list))
	for i, v := range list {
		out[i] = contract.Object{"_id": v.Visitor.ID, "name": v.Visitor.Name, "username": v.Identity.Username}
	}
	return contract.Object{"items": out}, err
}

// pagesBefore is how long before its room a visitor's pages are shown with it.
const pagesBefore = 30 * 24 * time.Hour

// pagesVisited answers livechat/visitors.pagesVisited: the pages that the visitor
// looked at before the room and during it, newest first.
func (f *Front) pagesVisited(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["roomId"], "invalid-room")
	if err != nil {
		return nil, err
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	v, err := f.VisitorIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	pages, err := f.Visitors.Pages(ctx, c.Tenant, conv.Visitor, 100)
	if err != nil {
		return nil, err
	}
	out := []contract.Object{}
	for _, p := range pages {
		if p.At.Before(conv.CreatedAt.Add(-pagesBefore)) || conv.ClosedAt != nil && p.At.After(*conv.ClosedAt) {
			continue
		}
		out = append(out, contract.Object{"_id": p.ID, "rid": conv.ID, "t": "livechat_navigation_history", "msg": p.Title + " - " + p.URL, "ts": contract.StampOf(p.At),
			"u": contract.Object{"_id": contract.BotID, "username": contract.BotID}, "_updatedAt": contract.StampOf(p.Until),
			"navigation": contract.Object{"page": contract.Object{"change": "url", "title": p.Title, "location": contract.Object{"href": p.URL}}, "token": v.Identity.Token}})
	}
	return contract.Page("pages", out, w), nil
}

// searchChats answers livechat/visitors.searchChats: rooms of the visitor of a
// room that the caller may read, with what was said when they were closed.
func (f *Front) searchChats(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["roomId"], "invalid-room")
	if err != nil {
		return nil, err
	}
	allowed, err := f.readable(ctx, c, conv)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, contract.Plain("error-not-allowed")
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	q := conversation.Query{Visitor: id.Visitor(c.Params["visitorId"]), Said: c.Arg("searchText"), Assigned: c.Yes("servedChatsOnly"), Offset: w.Offset, Limit: max(w.Count, 1)}
	if c.Yes("closedChatsOnly") {
		q.State = conversation.Ended
	}
	if source := c.Arg("source"); source != "" {
		q.Channel = strings.ToLower(source)
	}
	list, total, err := f.Conversations.Look(ctx, grant.Lend(c.Who, "view-livechat-rooms"), q)
	if err != nil {
		return nil, err
	}
	rooms, err := f.RoomsOf(ctx, c.Tenant, list)
	out := make([]contract.Object, len(rooms))
	for i, r := range rooms {
		out[i] = contract.Object{"_id": r.ID, "fname": r.Name, "ts": r.At, "msgs": r.Msgs, "v": r.Visitor, "source": r.Source}
		for key, value := range map[string]any{"servedBy": r.ServedBy, "closedAt": r.ClosedAt} {
			if r.ServedBy != nil && key == "servedBy" || r.ClosedAt != nil && key == "closedAt" {
				out[i][key] = value
			}
		}
		if r.ClosedAt != nil {
			out[i]["closer"], out[i]["closedBy"] = r.Closer, r.ClosedBy
		}
		if len(r.Tags) > 0 {
			out[i]["tags"] = r.Tags
		}
		if r.Last != nil && r.Last.Type == contract.SystemTypes[conversation.LineClosed] {
			out[i]["closingMessage"] = r.Last
		}
	}
	return contract.Object{"history": out, "count": len(out), "offset": w.Offset, "total": total}, err
}
