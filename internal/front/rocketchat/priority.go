package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/priority"
	"parlor/internal/visitor"
)

// priorities adds the calls about priorities and service levels.
func (f *Front) priorities() {
	read, change := []string{"manage-livechat-priorities", "view-l-room"}, []string{"manage-livechat-priorities"}
	for _, path := range []string{"livechat/priorities/:id", "livechat/priority/:id"} {
		f.add(
			route{method: http.MethodGet, path: path, do: f.onePriority, auth: true, needs: read},
			route{method: http.MethodPut, path: path, do: f.changePriority, auth: true, needs: change},
		)
	}
	for _, path := range []string{"livechat/room/:rid/priority", "livechat/rooms/:rid/priority"} {
		f.add(
			route{method: http.MethodPost, path: path, do: f.setRoomPriority, auth: true, needs: []string{"view-l-room"}},
			route{method: http.MethodDelete, path: path, do: f.setRoomPriority, auth: true, needs: []string{"view-l-room"}},
		)
	}
	readSLA, changeSLA := []string{"manage-livechat-sla", "view-l-room"}, []string{"manage-livechat-sla"}
	f.add(
		route{method: http.MethodGet, path: "livechat/priorities", do: f.listPriorities, auth: true, needs: read},
		route{method: http.MethodGet, path: "livechat/priorities.reset", do: f.prioritiesChanged, auth: true, needs: change},
		route{method: http.MethodPost, path: "livechat/priorities.reset", do: f.resetPriorities, auth: true, needs: change},
		route{method: http.MethodGet, path: "livechat/sla", do: f.listSLA, auth: true, needs: readSLA},
		route{method: http.MethodPost, path: "livechat/sla", do: f.saveSLA, auth: true, needs: changeSLA},
		route{method: http.MethodGet, path: "livechat/sla/:id", do: f.oneSLA, auth: true, needs: readSLA},
		route{method: http.MethodPut, path: "livechat/sla/:id", do: f.saveSLA, auth: true, needs: changeSLA},
		route{method: http.MethodDelete, path: "livechat/sla/:id", do: f.deleteSLA, auth: true, needs: changeSLA},
		route{method: http.MethodPost, path: "livechat/room.saveInfo", do: f.saveInfo, auth: true, needs: []string{"view-l-room"}},
	)
}

func priorityOf(l priority.Level) object {
	o := object{"_id": l.ID, "i18n": l.Word, "sortItem": l.Weight, "dirty": l.Name != "", "defaultValue": l.Word}
	add(o, "name", l.Name)
	if at := stampOf(l.UpdatedAt); at != nil {
		o["_updatedAt"] = at
	}
	return o
}

func (f *Front) listPriorities(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	levels, err := f.Priorities.Levels(ctx, c.tenant)
	var list []object
	wanted := strings.ToLower(c.arg("text"))
	for _, l := range levels {
		if strings.Contains(strings.ToLower(l.Name+"\n"+l.Word), wanted) {
			list = append(list, priorityOf(l))
		}
	}
	return page("priorities", list, w), err
}

func (f *Front) onePriority(ctx context.Context, c *call) (any, error) {
	levels, err := f.Priorities.Levels(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	for _, l := range levels {
		if l.ID == c.params["id"] {
			return priorityOf(l), nil
		}
	}
	return nil, notFound("Priority with id " + c.params["id"] + " not found")
}

func (f *Front) changePriority(ctx context.Context, c *call) (any, error) {
	var in struct {
		Name  *string
		Reset *bool
	}
	if err := c.read(dict(maybe("name", text), maybe("reset", boolean)), &in); err != nil {
		return nil, err
	}
	switch {
	case in.Reset != nil && *in.Reset:
		in.Name = new(string)
	case in.Name == nil || strings.TrimSpace(*in.Name) == "":
		return nil, invalidParams("must have required property 'name'")
	}
	err := f.Priorities.Rename(ctx, c.who, c.params["id"], *in.Name)
	switch errs.ReasonOf(err) {
	case "level_name_taken":
		err = plain("error-duplicate-priority-name")
	case "level_not_found":
		err = plain("error-unable-to-update-priority")
	}
	return object{}, err
}

func (f *Front) prioritiesChanged(ctx context.Context, c *call) (any, error) {
	levels, err := f.Priorities.Levels(ctx, c.tenant)
	changed := false
	for _, l := range levels {
		changed = changed || l.Name != ""
	}
	return object{"reset": changed}, err
}

func (f *Front) resetPriorities(ctx context.Context, c *call) (any, error) {
	changed, err := f.Priorities.ResetLevels(ctx, c.who)
	if err == nil && !changed {
		err = bare
	}
	return object{}, err
}

// setRoomPriority gives a room a priority, or takes it away.
func (f *Front) setRoomPriority(ctx context.Context, c *call) (any, error) {
	var in struct{ PriorityID string }
	if c.r.Method == http.MethodPost {
		if err := c.read(dict(must("priorityId", text)), &in); err != nil {
			return nil, err
		}
		if in.PriorityID == "" {
			return nil, plain("error-invalid-priority")
		}
	}
	conv, err := f.found(ctx, c, c.params["rid"], "error-room-does-not-exist")
	if err != nil {
		return nil, err
	}
	if conv.Status == conversation.Closed {
		return nil, plain("error-room-does-not-exist")
	}
	err = f.rankedBy(f.Priorities.SetLevel(ctx, actor.ForSystem(c.tenant), conv.ID, in.PriorityID))
	out := object{"roomId": conv.ID}
	add(out, "priorityId", in.PriorityID)
	return out, err
}

func slaOf(a priority.Agreement) object {
	return object{"_id": a.ID, "name": a.Name, "description": a.Description, "dueTimeInMinutes": a.Due, "_updatedAt": stampOf(a.UpdatedAt)}
}

func (f *Front) listSLA(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	all, err := f.Priorities.Agreements(ctx, c.tenant)
	var list []object
	wanted := strings.ToLower(c.arg("text"))
	for _, a := range all {
		if strings.Contains(strings.ToLower(a.Name+"\n"+a.Description), wanted) {
			list = append(list, slaOf(a))
		}
	}
	return page("sla", list, w), err
}

func (f *Front) oneSLA(ctx context.Context, c *call) (any, error) {
	all, err := f.Priorities.Agreements(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.ID == c.params["id"] {
			return slaOf(a), nil
		}
	}
	return nil, notFound("SLA with id " + c.params["id"] + " not found")
}

// saveSLA adds an agreement or changes one.
func (f *Front) saveSLA(ctx context.Context, c *call) (any, error) {
	var in struct {
		Name, Description string
		DueTimeInMinutes  int
	}
	if err := c.read(dict(must("name", text), maybe("description", text), must("dueTimeInMinutes", integer)), &in); err != nil {
		return nil, err
	}
	a, err := f.Priorities.Save(ctx, c.who, c.params["id"], priority.AgreementInput{Name: in.Name, Description: in.Description, Due: in.DueTimeInMinutes})
	switch errs.ReasonOf(err) {
	case "agreement_exists":
		err = plain("error-duplicated-sla")
	case "agreement_not_found":
		err = plain("SLA with id " + c.params["id"] + " not found")
	}
	if err != nil {
		return nil, err
	}
	return object{"sla": slaOf(a)}, nil
}

func (f *Front) deleteSLA(ctx context.Context, c *call) (any, error) {
	err := f.Priorities.Delete(ctx, c.who, c.params["id"])
	if isMissing(err) {
		err = plain("SLA with id " + c.params["id"] + " not found")
	}
	return object{}, err
}

var saveInfoShape = dict(
	must("guestData", dict(must("_id", text), maybe("name", text), maybe("email", text), maybe("phone", text), maybe("livechatData", anything))),
	must("roomData", dict(must("_id", text), maybe("topic", text), maybe("tags", list(text)), maybe("livechatData", anything), maybe("priorityId", text), maybe("slaId", text))))

type saveInfoBody struct {
	GuestData struct {
		ID                 string `json:"_id"`
		Name, Email, Phone *string
		LivechatData       json.RawMessage
	}
	RoomData struct {
		ID                       string `json:"_id"`
		Topic, PriorityID, SlaID *string
		Tags                     *[]string
		LivechatData             json.RawMessage
	}
}

// saveInfo answers room.saveInfo.
func (f *Front) saveInfo(ctx context.Context, c *call) (any, error) {
	var in saveInfoBody
	if err := c.read(saveInfoShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.found(ctx, c, in.RoomData.ID, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	who, allowed, err := f.serves(ctx, c, conv, "save-others-livechat-room-info")
	switch {
	case err != nil:
		return nil, err
	case !allowed:
		return nil, refused()
	case id.Visitor(in.GuestData.ID) != conv.Visitor:
		return nil, plain("error-invalid-visitor")
	}
	return object{}, f.saveRoom(ctx, grant.Lend(who, "view-l-room"), conv, in)
}

// saveRoom changes the visitor first, whose details may be refused.
func (f *Front) saveRoom(ctx context.Context, who actor.Actor, conv conversation.Conversation, in saveInfoBody) error {
	g, r := in.GuestData, in.RoomData
	if g.Name != nil && strings.TrimSpace(*g.Name) == "" {
		g.Name = nil
	}
	if g.Name != nil || g.Email != nil || g.Phone != nil {
		if _, err := f.Visitors.Update(ctx, who, conv.Visitor, visitor.Details{Name: g.Name, Email: g.Email, Phone: g.Phone}); err != nil {
			return err
		}
	}
	if r.Topic != nil {
		if err := f.Conversations.Describe(ctx, who, conv.ID, conversation.DetailChange{Topic: r.Topic}); err != nil {
			return err
		}
	}
	if r.Tags != nil {
		if _, err := f.Conversations.Label(ctx, who, conv.ID, *r.Tags, false); err != nil {
			return err
		}
	}
	if r.PriorityID != nil {
		if err := f.rankedBy(f.Priorities.SetLevel(ctx, who, conv.ID, *r.PriorityID)); err != nil {
			return err
		}
	}
	if err := f.saveData(ctx, conv, g.LivechatData, r.LivechatData); err != nil {
		return err
	}
	if r.SlaID != nil {
		return f.rankedBy(f.Priorities.SetAgreement(ctx, who, conv.ID, *r.SlaID))
	}
	return nil
}
