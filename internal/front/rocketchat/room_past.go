package rocketchat

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// roomPast adds what was said in rooms, where they went, and their removal.
func (f *Front) roomPast() {
	f.add(
		route{method: http.MethodGet, path: "livechat/:rid/messages", do: f.roomMessages, auth: true, needs: []string{"view-l-room"}},
		route{method: http.MethodGet, path: "livechat/transfer.history/:rid", do: f.transferHistory, auth: true, needs: []string{"view-livechat-rooms"}},
		route{method: http.MethodPost, path: "livechat/rooms.delete", do: f.deleteRoom, auth: true, needs: []string{"remove-closed-livechat-room"}},
		route{method: http.MethodPost, path: "livechat/rooms.removeAllClosedRooms", do: f.deleteClosedRooms, auth: true, needs: []string{"remove-closed-livechat-rooms"}},
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
func (f *Front) readable(ctx context.Context, c *call, conv conversation.Conversation) (bool, error) {
	if conv.Agent == c.who.Agent || conversation.ScopeOf(c.who).Holds(conv) {
		return true, nil
	}
	if ok, err := c.may(ctx, "view-livechat-rooms"); ok || err != nil || conv.Status != conversation.Closed {
		return ok, err
	}
	if ok, err := c.may(ctx, "view-livechat-room-closed-by-another-agent"); ok || err != nil {
		return ok, err
	}
	ok, err := c.may(ctx, "view-livechat-room-closed-same-department")
	return ok && slices.Contains(c.who.Teams, conv.Team), err
}

func (f *Front) roomMessages(ctx context.Context, c *call) (any, error) {
	conv, err := f.found(ctx, c, c.params["rid"], "invalid-room")
	if err != nil {
		return nil, err
	}
	ok, err := f.readable(ctx, c, conv)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, plain("not-allowed")
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, err := f.wholeRoom(ctx, c.tenant, conv.ID)
	if err != nil {
		return nil, err
	}
	a, err := f.authorsIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	term := strings.ToLower(c.arg("searchTerm"))
	var out []messageView
	for _, m := range slices.Backward(list) {
		if m.Line != nil && m.Line.Name != conversation.LineClosed || m.Kind == conversation.Note {
			continue
		}
		v, shown := a.message(m)
		if shown && (term == "" || strings.Contains(strings.ToLower(v.Text), term)) {
			out = append(out, v)
		}
	}
	p := page("messages", out, w)
	p["count"] = w.count
	return p, nil
}

// authorsIn reads what the messages of a room are shown with to agents.
func (f *Front) authorsIn(ctx context.Context, conv conversation.Conversation) (*authors, error) {
	known, err := f.knownOf(ctx, conv.Tenant, []conversation.Conversation{conv})
	if err != nil {
		return nil, err
	}
	k, ok := known[conv.Visitor]
	if !ok {
		k = visitor.Known{Visitor: visitor.Visitor{ID: conv.Visitor, Tenant: conv.Tenant}}
	}
	a, err := f.authors(ctx, k)
	if err == nil {
		a.inside = true
	}
	return a, err
}

func (f *Front) transferHistory(ctx context.Context, c *call) (any, error) {
	conv, err := f.found(ctx, c, c.params["rid"], "invalid-room")
	if err != nil {
		return nil, err
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, err := f.wholeRoom(ctx, c.tenant, conv.ID)
	if err != nil {
		return nil, err
	}
	a, err := f.authorsIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	var out []object
	for _, m := range list {
		if m.Line == nil {
			continue
		}
		if v, _ := a.message(m); v.Transfer != nil {
			out = append(out, v.Transfer)
		}
	}
	return page("history", out, w), nil
}

func (f *Front) deleteRoom(ctx context.Context, c *call) (any, error) {
	var in struct{ RoomID string }
	if err := c.read(roomIDShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.found(ctx, c, in.RoomID, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	err = f.Conversations.Remove(ctx, grant.Lend(c.who, "remove-closed-livechat-room"), conv.ID)
	if errs.ReasonOf(err) == "conversation_open" {
		err = plain("error-room-is-not-closed")
	}
	return object{}, err
}

func (f *Front) deleteClosedRooms(ctx context.Context, c *call) (any, error) {
	var in struct{ DepartmentIDs []id.Team }
	if err := c.read(dict(maybe("departmentIds", list(text))), &in); err != nil {
		return nil, err
	}
	n, err := f.Conversations.RemoveClosed(ctx, c.who, in.DepartmentIDs)
	return object{"removedRooms": n}, err
}
