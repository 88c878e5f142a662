package desk

import (
	"context"

	"parlor/internal/front/rocketchat/contract"
)

// roomMethods adds the methods that do what a call does. Their result is true.
func (f *Front) roomMethods() {
	for _, m := range []struct {
		name, needs string
		do          contract.Handler
		body        func(p contract.Params) any
	}{
		{"livechat:transfer", "view-l-room", f.forward, func(p contract.Params) any { return p.At(0) }},
		{"livechat:closeRoom", "close-livechat-room", f.closeByUser, closingBody},
		{"livechat:saveInfo", "view-l-room", f.saveInfo, func(p contract.Params) any { return contract.Object{"guestData": p.At(0), "roomData": p.At(1)} }},
		{"livechat:resumeOnHold", "view-l-room", f.resume, func(p contract.Params) any { return contract.Object{"roomId": p.At(0)} }},
		{"livechat:removeRoom", "remove-closed-livechat-room", f.deleteRoom, func(p contract.Params) any { return contract.Object{"roomId": p.At(0)} }},
		{"livechat:removeAllClosedRooms", "remove-closed-livechat-rooms", f.deleteClosedRooms, func(p contract.Params) any {
			if p.At(0) == nil {
				return contract.Object{}
			}
			return contract.Object{"departmentIds": p.At(0)}
		}},
	} {
		f.AddMethods(contract.Method{Name: m.name, Auth: true, Needs: []string{m.needs}, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			if err := c.With(m.body(p)); err != nil {
				return nil, err
			}
			_, err := m.do(ctx, c)
			return err == nil, err
		}})
	}
}

// closingBody is the body of room.closeByUser out of rid, comment and options.
func closingBody(p contract.Params) any {
	body := contract.Object{"rid": p.At(0)}
	if s, ok := p.At(1).(string); ok {
		body["comment"] = s
	}
	if o, ok := p.At(2).(map[string]any); ok {
		if tags, ok := o["tags"].([]any); ok {
			body["tags"] = tags
		}
	}
	return body
}
