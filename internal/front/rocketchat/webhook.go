package rocketchat

import (
	"context"
	"encoding/json"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/leave"
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
	f, c := w.f, h.Conversation
	v, err := f.Visitors.Visitor(ctx, c.Tenant, c.Visitor)
	if err != nil {
		return nil, err
	}
	k := knownWith(v)
	if k.Identity, err = f.Visitors.Identity(ctx, c.Tenant, c.Visitor); err != nil {
		return nil, err
	}
	room, err := f.roomOf(ctx, c, k)
	if err != nil {
		return nil, err
	}
	visit := object{"_id": v.ID, "token": k.Identity.Token, "name": v.Name, "username": k.Identity.Username}
	add(visit, "department", string(k.Identity.Team))
	if k.Identity.UserAgent != "" {
		add(visit, "ip", v.IP)
		add(visit, "os", v.OS)
		add(visit, "browser", v.Browser)
	}
	contacts(visit, v.Email, v.Phone, h.Hook.Old)
	out := object{"_id": c.ID, "label": room.Name, "createdAt": room.At, "lastMessageAt": room.LastMessage, "visitor": visit, "type": eventTypes[h.Occasion], "messages": []object{}}
	if len(c.Tags) > 0 {
		out["tags"] = c.Tags
	}
	if c.Agent != "" && h.Occasion != hook.Started {
		a, err := f.agent(ctx, c.Tenant, c.Agent)
		if err != nil {
			return nil, err
		}
		out["agent"] = object{"_id": a.ID, "username": a.Username, "name": a.Name, "email": a.Email}
	}
	answer, err := f.Hooks.Answer(ctx, c.Tenant, c.ID)
	if err != nil {
		return nil, err
	}
	add(out, "crmData", answer)
	if out["messages"], err = w.messages(ctx, h, k, room); err != nil {
		return nil, err
	}
	session(out, h, room)
	return json.Marshal(out)
}

// session adds what only the events of a session carry.
func session(out object, h hook.Happening, room roomView) {
	switch h.Occasion {
	case hook.Started, hook.Queued:
		if !h.Hook.Old || h.Occasion == hook.Queued {
			add(out, "departmentId", string(room.Department))
		}
	case hook.Assigned, hook.Forwarded, hook.Closed:
		add(out, "departmentId", string(room.Department))
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
func contacts(visit object, email, phone string, old bool) {
	if email != "" {
		visit["email"] = []emailView{{email}}
	} else if old {
		visit["email"] = nil
	}
	if phone != "" {
		visit["phone"] = []phoneView{{phone}}
	} else if old {
		visit["phone"] = nil
	}
}

// add sets a key that has a value.
func add(o object, key, value string) {
	if value != "" {
		o[key] = value
	}
}

// messages are those that an event carries: one for a message, the whole visible
// transcript for a session, none for a lead or a start.
func (w Format) messages(ctx context.Context, h hook.Happening, k known, room roomView) ([]object, error) {
	a, err := w.f.authors(ctx, k)
	if err != nil {
		return nil, err
	}
	switch h.Occasion {
	case hook.FromVisitor, hook.FromAgent:
		return []object{w.message(a, h.Message, h.Hook.Old)}, nil
	case hook.Started, hook.Lead:
		return []object{}, nil
	}
	list, err := w.f.Conversations.Messages(ctx, actor.ForSystem(h.Conversation.Tenant), room.ID, conversation.Range{Limit: transcriptMost, Visible: true})
	if err != nil {
		return nil, err
	}
	out := []object{}
	for _, m := range list {
		if m.Line == nil || m.Line.Name == conversation.LineClosed {
			out = append(out, w.message(a, m, h.Hook.Old))
		}
	}
	return out, nil
}

// message is a message as an event carries it.
func (w Format) message(a *authors, m conversation.Message, old bool) object {
	v, _ := a.message(m)
	o := object{"u": v.User, "_id": v.ID, "username": v.User.Username, "msg": v.Text, "ts": v.At}
	if !old {
		o["rid"], o["_updatedAt"] = v.Room, v.UpdatedAt
	}
	if m.From.Kind != actor.Visitor {
		o["agentId"] = v.User.ID
	}
	if v.EditedAt != nil {
		o["editedAt"] = v.EditedAt
	}
	if m.Line != nil {
		o["closingMessage"] = true
	}
	if v.File != nil {
		o["file"], o["attachments"], o["fileUpload"] = v.File, v.Attachments, v.Upload
	}
	return o
}

// leftBody is the event of a left message.
func leftBody(h hook.Happening) ([]byte, error) {
	var m leave.Message
	if err := json.Unmarshal([]byte(h.Data), &m); err != nil {
		return nil, err
	}
	return json.Marshal(object{"type": "LivechatOfflineMessage", "sentAt": stampOf(m.At), "visitor": object{"name": m.Name, "email": m.Email}, "message": m.Content})
}

// sample is the body of a test.
var sample = object{
	"type": "LivechatSession", "_id": "wYzK7sXq3mHnB4cTd", "label": "Visitor", "topic": "Topic", "createdAt": "2026-01-02T03:04:05.000Z",
	"lastMessageAt": "2026-01-02T03:05:05.000Z", "tags": []string{"billing"},
	"customFields": object{"order": "991"},
	"visitor":      object{"_id": "", "name": "Visitor", "username": "guest-1", "email": "visitor@example.com", "phone": "+55 11 90000-0000", "ip": "203.0.113.9", "browser": "Chrome", "os": "Linux", "customFields": object{"customer": "42"}},
	"agent":        object{"_id": "9HqLlyZOugoStsXCU", "username": "ana", "name": "Ana", "email": "ana@example.com"},
	"messages":     []object{{"username": "guest-1", "msg": "Hello", "ts": "2026-01-02T03:04:05.000Z"}, {"username": "ana", "agentId": "9HqLlyZOugoStsXCU", "msg": "Hello, how can I help?", "ts": "2026-01-02T03:04:05.000Z"}},
}

// Occasions are those of the contract in the order of its switches.
func Occasions() []hook.Occasion {
	return slices.DeleteFunc(hook.Occasions(), func(o hook.Occasion) bool { return o == hook.Lead || o == hook.Edited })
}
