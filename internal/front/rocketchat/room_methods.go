package rocketchat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
)

// with lets a handler read v as its body: methods and calls do the same.
func (c *call) with(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r := *c.r
	r.Body, r.Header = io.NopCloser(bytes.NewReader(b)), c.r.Header.Clone()
	r.Header.Set("Content-Type", "application/json")
	c.r = &r
	return nil
}

// roomMethods adds the methods that do what a call does. Their result is true.
func (f *Front) roomMethods() {
	for _, m := range []struct {
		name, needs string
		do          handler
		body        func(p params) any
	}{
		{"livechat:transfer", "view-l-room", f.forward, func(p params) any { return p.at(0) }},
		{"livechat:closeRoom", "close-livechat-room", f.closeByUser, closingBody},
		{"livechat:saveInfo", "view-l-room", f.saveInfo, func(p params) any { return object{"guestData": p.at(0), "roomData": p.at(1)} }},
		{"livechat:resumeOnHold", "view-l-room", f.resume, func(p params) any { return object{"roomId": p.at(0)} }},
		{"livechat:removeRoom", "remove-closed-livechat-room", f.deleteRoom, func(p params) any { return object{"roomId": p.at(0)} }},
		{"livechat:removeAllClosedRooms", "remove-closed-livechat-rooms", f.deleteClosedRooms, func(p params) any {
			if p.at(0) == nil {
				return object{}
			}
			return object{"departmentIds": p.at(0)}
		}},
	} {
		f.methods.add(method{name: m.name, auth: true, needs: []string{m.needs}, do: func(ctx context.Context, c *call, p params) (any, error) {
			if err := c.with(m.body(p)); err != nil {
				return nil, err
			}
			_, err := m.do(ctx, c)
			return err == nil, err
		}})
	}
}

// closingBody is the body of room.closeByUser out of rid, comment and options.
func closingBody(p params) any {
	body := object{"rid": p.at(0)}
	if s, ok := p.at(1).(string); ok {
		body["comment"] = s
	}
	if o, ok := p.at(2).(map[string]any); ok {
		if tags, ok := o["tags"].([]any); ok {
			body["tags"] = tags
		}
	}
	return body
}
