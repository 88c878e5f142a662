package desk

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// roomPast adds what was said in rooms, where they went, and their removal.
func (f *Front) roomPast() {
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/:rid/messages", Do: f.roomMessages, Auth: true, Needs: []string{"view-l-room"}},
		contract.Route{Method: http.MethodGet, Path: "livechat/transfer.history/:rid", Do: f.transferHistory, Auth: true, Needs: []string{"view-livechat-rooms"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/rooms.delete", Do: f.deleteRoom, Auth: true, Needs: []string{"remove-closed-livechat-room"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/rooms.removeAllClosedRooms", Do: f.deleteClosedRooms, Auth: true, Needs: []string{"remove-closed-livechat-rooms"}},
	)
}

// mostMessages is how many messages of a room the lists below look at, the first.
const mostMessages = 5000

// wholeRoom reads the messages of a room in order.
func (f *Front) wholeRoom(ctx context.Context, t id.Tenant, c id.Conversation) (all []conversation.Message, err error) {
	for len(all) < mostMessages {
		var part []conversation.Message
		if len(all) == 0 {
			part, err = f.Conversations.Messages(ctx, actor.ForSystem(t), c, conversation.Range{Before: 201, Limit: 200})
		} else {
			part, err = f.Conversations.Since(ctx, t, c, all[len(all)-1].Seq, false)
		}
		if err != nil || len(part) == 0 {
			return all, err
		}
		all = append(all, part...)
	}
	return all, nil
}

// readable reports whether the caller may read a room.
func (f *Front) readable(ctx context.Context, c *contract.Call, conv conversation.Conversation) (bool, error) {
	if conv.Agent == c.Who.Agent || conversation.ScopeOf(c.Who).Holds(conv) {
		return true, nil
	}
	if ok, err := c.May(ctx, "view-livechat-rooms"); ok || err != nil || conv.Status != conversation.Closed {
		return ok, err
	}
	if ok, err := c.May(ctx, "view-livechat-room-closed-by-another-agent"); ok || err != nil {
		return ok, err
	}
	ok, err := c.May(ctx, "view-livechat-room-closed-same-department")
	return ok && slices.Contains(c.Who.Teams, conv.Team), err
}

func (f *Front) roomMessages(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["rid"], "invalid-room")
	if err != nil {
		return nil, err
	}
	ok, err := f.readable(ctx, c, conv)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, contract.Plain("not-allowed")
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.wholeRoom(ctx, c.Tenant, conv.ID)
	if err != nil {
		return nil, err
	}
	a, err := f.AuthorsIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	term := strings.ToLower(c.Arg("searchTerm"))
	var out []contract.MessageView
	for _, m := range slices.Backward(list) {
		if m.Line != nil && m.Line.Name != conversation.LineClosed || m.Kind == conversation.Note {
			continue
		}
		v, shown := a.Message(m)
		if shown && (term == "" || strings.Contains(strings.ToLower(v.Text), term)) {
			out = append(out, v)
		}
	}
	p := contract.Page("messages", out, w)
	p["count"] = w.Count
	return p, nil
}

func (f *Front) transferHistory(ctx context.Context, c *contract.Call) (any, error) {
	conv, err := f.Found(ctx, c, c.Params["rid"], "invalid-room")
	if err != nil {
		return nil, err
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.wholeRoom(ctx, c.Tenant, conv.ID)
	if err != nil {
		return nil, err
	}
	a, err := f.AuthorsIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	var out []contract.Object
	for _, m := range list {
		if m.Line == nil {
			continue
		}
		if v, _ := a.Message(m); v.Transfer != nil {
			out = append(out, v.Transfer)
		}
	}
	return contract.Page("history", out, w), nil
}

func (f *Front) deleteRoom(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID string }
	if err := c.Read(roomIDShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.Found(ctx, c, in.RoomID, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	err = f.Conversations.Remove(ctx, grant.Lend(c.Who, "remove-closed-livechat-room"), conv.ID)
	if errs.ReasonOf(err) == "conversation_open" {
		err = contract.Plain("error-room-is-not-closed")
	}
	return contract.Object{}, err
}

func (f *Front) deleteClosedRooms(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ DepartmentIDs []id.Team }
	if err := c.Read(contract.Dict(contract.Maybe("departmentIds", contract.List(contract.Text))), &in); err != nil {
		return nil, err
	}
	n, err := f.Conversations.RemoveClosed(ctx, c.Who, in.DepartmentIDs)
	return contract.Object{"removedRooms": n}, err
}
