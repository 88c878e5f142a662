package guest

import (
	"context"
	"encoding/json"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/visitor"
)

// Format writes webhooks as the contract has them.
type Format struct{ f *Front }

// Format returns the form of webhooks named "rocketchat".
func (f *Front) Format() Format { return Format{f} }

// Header implements hook.Format.
func (Format) Header() string { return "X-RocketChat-Livechat-Token" }

// eventTypes are the values of "type".
var eventTypes = map[hook.Occasion]string{
	hook.Started:     "LivechatSessionStart",
	hook.Queued:      "LivechatSessionQueued",
	hook.Assigned:    "LivechatSessionTaken",
	hook.Forwarded:   "LivechatSessionForwarded",
	hook.Closed:      "LivechatSession",
	hook.Edited:      "LivechatEdit",
	hook.FromVisitor: "Message",
	hook.FromAgent:   "Message",
	hook.Lead:        "LeadCapture",
	hook.Page:        "Message",
}

// transcriptMost is how many messages a session event carries, the newest.
const transcriptMost = 1000

// Body implements hook.Format.
func (w Format) Body(ctx context.Context, h hook.Happening) ([]byte, error) {
	switch h.Occasion {
	case hook.LeftMessage:
		return leftBody(h)
	case hook.Sample:
		return json.Marshal(sample)
	}
	if eventTypes[h.Occasion] == "" {
		return nil, nil // the contract knows no such event
	}
	f, c := w.f, h.Conversation
	v, err := f.Visitors.Visitor(ctx, c.Tenant, c.Visitor)
	if err != nil {
		return nil, err
	}
	k := visitor.Known{Visitor: v}
	if k.Identity, err = f.Visitors.Identity(ctx, c.Tenant, c.Visitor); err != nil {
		return nil, err
	}
	room, err := f.RoomOf(ctx, c, k)
	if err != nil {
		return nil, err
	}
	visit := contract.Object{"_id": v.ID, "token": k.Identity.Token, "name": v.Name, "username": k.Identity.Username}
	contract.Put(visit, "department", string(k.Identity.Team))
	if k.Identity.UserAgent != "" {
		contract.Put(visit, "ip", v.IP)
		contract.Put(visit, "os", v.OS)
		contract.Put(visit, "browser", v.Browser)
	}
	contacts(visit, v.Email, v.Phone, h.Hook.Old)
	out := contract.Object{"_id": c.ID, "label": room.Name, "createdAt": room.At, "lastMessageAt": room.LastMessage, "visitor": visit, "type": eventTypes[h.Occasion], "messages": []contract.Object{}}
	if len(room.Tags) > 0 {
		out["tags"] = room.Tags
	}
	contract.Put(out, "topic", room.Topic)
	if len(room.CustomFields) > 0 {
		out["customFields"] = room.CustomFields
	}
	own, err := f.Fields.ValuesOf(ctx, c.Tenant, []id.Visitor{c.Visitor})
	if err != nil {
		return nil, err
	}
	if len(own[c.Visitor]) > 0 {
		visit["customFields"] = own[c.Visitor]
	}
	if c.Agent != "" && h.Occasion != hook.Started {
		a, err := f.Agent(ctx, c.Tenant, c.Agent)
		if err != nil {
			return nil, err
		}
		out["agent"] = contract.Object{"_id": a.ID, "username": a.Username, "name": a.Name, "email": a.Email}
	}
	contract.Put(out, "crmData", room.CRM)
	if out["messages"], err = w.messages(ctx, h, k, room); err != nil {
		return nil, err
	}
	session(out, h, room)
	return json.Marshal(out)
}

// session adds what only the events of a session carry.
func session(out contract.Object, h hook.Happening, room contract.RoomView) {
	switch h.Occasion {
	case hook.Started, hook.Queued:
		if !h.Hook.Old || h.Occasion == hook.Queued {
			contract.Put(out, "departmentId", string(room.Department))
		}
	case hook.Assigned, hook.Forwarded, hook.Closed:
		contract.Put(out, "departmentId", string(room.Department))
		if room.ServedBy != nil {
			out["servedBy"] = room.ServedBy
		}
	}
	if h.Occasion == hook.Closed {
		out["closedAt"], out["closer"] = room.ClosedAt, room.Closer
		if room.ClosedBy != nil {
			out["closedBy"] = room.ClosedBy
		}
	}
}

// contacts adds e-mail and phone of a visitor; old bodies have null without one.
func contacts(visit contract.Object, email, phone string, old bool) {
	if email != "" {
		visit["email"] = []contract.EmailView{{Address: email}}
	} else if old {
		visit["email"] = nil
	}
	if phone != "" {
		visit["phone"] = []contract.PhoneView{{Number: phone}}
	} else if old {
		visit["phone"] = nil
	}
}

// messages are those that an event carries: one for a message, the whole visible
// transcript for a session, none for a lead or a start.
func (w Format) messages(ctx context.Context, h hook.Happening, k visitor.Known, room contract.RoomView) ([]contract.Object, error) {
	a, err := w.f.Authors(ctx, k)
	if err != nil {
		return nil, err
	}
	switch h.Occasion {
	case hook.FromVisitor, hook.FromAgent, hook.Page:
		return []contract.Object{w.message(a, h.Message, h.Hook.Old)}, nil
	case hook.Started, hook.Lead:
		return []contract.Object{}, nil
	}
	list, err := w.f.Conversations.Messages(ctx, actor.ForSystem(h.Conversation.Tenant), room.ID, conversation.Range{Limit: transcriptMost, Visible: true})
	if err != nil {
		return nil, err
	}
	out := []contract.Object{}
	for _, m := range list {
		if m.Line == nil || m.Line.Name == conversation.LineClosed {
			out = append(out, w.message(a, m, h.Hook.Old))
		}
	}
	return out, nil
}

// message is a message as an event carries it.
func (w Format) message(a *contract.Authors, m conversation.Message, old bool) contract.Object {
	v, _ := a.Message(m)
	o := contract.Object{"u": v.User, "_id": v.ID, "username": v.User.Username, "msg": v.Text, "ts": v.At}
	if !old {
		o["rid"], o["_updatedAt"] = v.Room, v.UpdatedAt
	}
	if m.From.Kind != actor.Visitor {
		o["agentId"] = v.User.ID
	}
	if v.EditedAt != nil {
		o["editedAt"] = v.EditedAt
	}
	if v.Navigation != nil {
		o["navigation"] = v.Navigation
	} else if m.Line != nil {
		o["closingMessage"] = true
	}
	if v.File != nil {
		o["file"], o["attachments"], o["fileUpload"] = v.File, v.Attachments, v.Upload
	}
	if v.Uploads != nil {
		o["files"], o["filesUpload"] = v.Files, v.Uploads
	}
	return o
}

// leftBody is the event of a left message.
func leftBody(h hook.Happening) ([]byte, error) {
	var m leave.Message
	if err := json.Unmarshal([]byte(h.Data), &m); err != nil {
		return nil, err
	}
	return json.Marshal(contract.Object{"type": "LivechatOfflineMessage", "sentAt": contract.StampOf(m.At), "visitor": contract.Object{"name": m.Name, "email": m.Email}, "message": m.Content})
}

// sample is the body of a test.
var sample = contract.Object{
	"type": "LivechatSession", "_id": "wYzK7sXq3mHnB4cTd", "label": "Visitor", "topic": "Topic", "createdAt": "2026-01-02T03:04:05.000Z",
	"lastMessageAt": "2026-01-02T03:05:05.000Z", "tags": []string{"billing"},
	"customFields": contract.Object{"order": "991"},
	"visitor":      contract.Object{"_id": "", "name": "Visitor", "username": "guest-1", "email": "visitor@example.com", "phone": "+55 11 90000-0000", "ip": "203.0.113.9", "browser": "Chrome", "os": "Linux", "customFields": contract.Object{"customer": "42"}},
	"agent":        contract.Object{"_id": "9HqLlyZOugoStsXCU", "username": "ana", "name": "Ana", "email": "ana@example.com"},
	"messages":     []contract.Object{{"username": "guest-1", "msg": "Hello", "ts": "2026-01-02T03:04:05.000Z"}, {"username": "ana", "agentId": "9HqLlyZOugoStsXCU", "msg": "Hello, how can I help?", "ts": "2026-01-02T03:04:05.000Z"}},
}

// Occasions are those of the contract in the order of its switches.
func Occasions() []hook.Occasion {
	return slices.DeleteFunc(hook.Occasions(), func(o hook.Occasion) bool { return o == hook.Lead || o == hook.Edited || o == hook.Page })
}
