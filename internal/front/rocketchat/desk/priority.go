package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/priority"
	"parlor/internal/sms"
	"parlor/internal/visitor"
)

// priorities adds the calls about priorities and service levels.
func (f *Front) priorities() {
	read, change := []string{"manage-livechat-priorities", "view-l-room"}, []string{"manage-livechat-priorities"}
	for _, path := range []string{"livechat/priorities/:id", "livechat/priority/:id"} {
		f.Add(
			contract.Route{Method: http.MethodGet, Path: path, Do: f.onePriority, Auth: true, Needs: read},
			contract.Route{Method: http.MethodPut, Path: path, Do: f.changePriority, Auth: true, Needs: change},
		)
	}
	for _, path := range []string{"livechat/room/:rid/priority", "livechat/rooms/:rid/priority"} {
		f.Add(
			contract.Route{Method: http.MethodPost, Path: path, Do: f.setRoomPriority, Auth: true, Needs: []string{"view-l-room"}},
			contract.Route{Method: http.MethodDelete, Path: path, Do: f.setRoomPriority, Auth: true, Needs: []string{"view-l-room"}},
		)
	}
	readSLA, changeSLA := []string{"manage-livechat-sla", "view-l-room"}, []string{"manage-livechat-sla"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/priorities", Do: f.listPriorities, Auth: true, Needs: read},
		contract.Route{Method: http.MethodGet, Path: "livechat/priorities.reset", Do: f.prioritiesChanged, Auth: true, Needs: change},
		contract.Route{Method: http.MethodPost, Path: "livechat/priorities.reset", Do: f.resetPriorities, Auth: true, Needs: change},
		contract.Route{Method: http.MethodGet, Path: "livechat/sla", Do: f.listSLA, Auth: true, Needs: readSLA},
		contract.Route{Method: http.MethodPost, Path: "livechat/sla", Do: f.saveSLA, Auth: true, Needs: changeSLA},
		contract.Route{Method: http.MethodGet, Path: "livechat/sla/:id", Do: f.oneSLA, Auth: true, Needs: readSLA},
		contract.Route{Method: http.MethodPut, Path: "livechat/sla/:id", Do: f.saveSLA, Auth: true, Needs: changeSLA},
		contract.Route{Method: http.MethodDelete, Path: "livechat/sla/:id", Do: f.deleteSLA, Auth: true, Needs: changeSLA},
		contract.Route{Method: http.MethodPost, Path: "livechat/room.saveInfo", Do: f.saveInfo, Auth: true, Needs: []string{"view-l-room"}},
	)
}

func priorityOf(l priority.Level) contract.Object {
	o := contract.Object{"_id": l.ID, "i18n": l.Word, "sortItem": l.Weight, "dirty": l.Name != "", "defaultValue": l.Word}
	contract.Put(o, "name", l.Name)
	if at := contract.StampOf(l.UpdatedAt); at != nil {
		o["_updatedAt"] = at
	}
	return o
}

func (f *Front) listPriorities(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	levels, err := f.Priorities.Levels(ctx, c.Tenant)
	var list []contract.Object
	wanted := strings.ToLower(c.Arg("text"))
	for _, l := range levels {
		if strings.Contains(strings.ToLower(l.Name+"\n"+l.Word), wanted) {
			list = append(list, priorityOf(l))
		}
	}
	return contract.Page("priorities", list, w), err
}

func (f *Front) onePriority(ctx context.Context, c *contract.Call) (any, error) {
	levels, err := f.Priorities.Levels(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	for _, l := range levels {
		if l.ID == c.Params["id"] {
			return priorityOf(l), nil
		}
	}
	return nil, contract.NotFound("Priority with id " + c.Params["id"] + " not found")
}

func (f *Front) changePriority(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Name  *string
		Reset *bool
	}
	if err := c.Read(contract.Dict(contract.Maybe("name", contract.Text), contract.Maybe("reset", contract.Boolean)), &in); err != nil {
		return nil, err
	}
	switch {
	case in.Reset != nil && in.Name != nil:
		return nil, contract.InvalidParams("must match exactly one schema in oneOf")
	case in.Reset != nil && *in.Reset:
		in.Name = new(string)
	case in.Name == nil || strings.TrimSpace(*in.Name) == "":
		return nil, contract.InvalidParams("must have required property 'name'")
	}
	err := f.Priorities.Rename(ctx, c.Who, c.Params["id"], *in.Name)
	switch errs.ReasonOf(err) {
	case "level_name_taken":
		err = contract.Plain("error-duplicate-priority-name")
	case "level_not_found":
		err = contract.Plain("error-unable-to-update-priority")
	}
	return contract.Object{}, err
}

func (f *Front) prioritiesChanged(ctx context.Context, c *contract.Call) (any, error) {
	levels, err := f.Priorities.Levels(ctx, c.Tenant)
	changed := false
	for _, l := range levels {
		changed = changed || l.Name != ""
	}
	return contract.Object{"reset": changed}, err
}

func (f *Front) resetPriorities(ctx context.Context, c *contract.Call) (any, error) {
	changed, err := f.Priorities.ResetLevels(ctx, c.Who)
	if err == nil && !changed {
		err = contract.Bare
	}
	return contract.Object{}, err
}

// setRoomPriority gives a room a priority, or takes it away.
func (f *Front) setRoomPriority(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ PriorityID string }
	if c.R.Method == http.MethodPost {
		if err := c.Read(contract.Dict(contract.Must("priorityId", contract.Text)), &in); err != nil {
			return nil, err
		}
		if in.PriorityID == "" {
			return nil, contract.Plain("error-invalid-priority")
		}
	}
	conv, err := f.Found(ctx, c, c.Params["rid"], "error-room-does-not-exist")
	if err != nil {
		return nil, err
	}
	err = f.rankedBy(f.Priorities.SetLevel(ctx, actor.ForSystem(c.Tenant), conv.ID, in.PriorityID))
	out := contract.Object{"roomId": conv.ID}
	contract.Put(out, "priorityId", in.PriorityID)
	return out, err
}

func slaOf(a priority.Agreement) contract.Object {
	return contract.Object{"_id": a.ID, "name": a.Name, "description": a.Description, "dueTimeInMinutes": a.Due, "_updatedAt": contract.StampOf(a.UpdatedAt)}
}

func (f *Front) listSLA(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	all, err := f.Priorities.Agreements(ctx, c.Tenant)
	var list []contract.Object
	wanted := strings.ToLower(c.Arg("text"))
	for _, a := range all {
		if strings.Contains(strings.ToLower(a.Name+"\n"+a.Description), wanted) {
			list = append(list, slaOf(a))
		}
	}
	return contract.Page("sla", list, w), err
}

func (f *Front) oneSLA(ctx context.Context, c *contract.Call) (any, error) {
	all, err := f.Priorities.Agreements(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.ID == c.Params["id"] {
			return slaOf(a), nil
		}
	}
	return nil, contract.NotFound("SLA with id " + c.Params["id"] + " not found")
}

// saveSLA adds an agreement or changes one.
func (f *Front) saveSLA(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Name, Description string
		DueTimeInMinutes  int
	}
	if err := c.Read(contract.Dict(contract.Must("name", contract.Text), contract.Maybe("description", contract.Text), contract.Must("dueTimeInMinutes", contract.Integer)), &in); err != nil {
		return nil, err
	}
	a, err := f.Priorities.Save(ctx, c.Who, c.Params["id"], priority.AgreementInput{Name: in.Name, Description: in.Description, Due: in.DueTimeInMinutes})
	switch errs.ReasonOf(err) {
	case "agreement_exists":
		err = contract.Plain("error-duplicated-sla")
	case "agreement_not_found":
		err = contract.Plain("SLA with id " + c.Params["id"] + " not found")
	}
	if err != nil {
		return nil, err
	}
	return contract.Object{"sla": slaOf(a)}, nil
}

func (f *Front) deleteSLA(ctx context.Context, c *contract.Call) (any, error) {
	err := f.Priorities.Delete(ctx, c.Who, c.Params["id"])
	if contract.IsMissing(err) {
		err = contract.Plain("SLA with id " + c.Params["id"] + " not found")
	}
	return contract.Object{}, err
}

var saveInfoShape = contract.Dict(
	contract.Must("guestData", contract.Dict(contract.Must("_id", contract.Text), contract.Maybe("name", contract.Text), contract.Maybe("email", contract.Text), contract.Maybe("phone", contract.Text), contract.Maybe("livechatData", contract.Anything))),
	contract.Must("roomData", contract.Dict(contract.Must("_id", contract.Text), contract.Maybe("topic", contract.Text), contract.Maybe("tags", contract.List(contract.Text)), contract.Maybe("livechatData", contract.Anything), contract.Maybe("priorityId", contract.Text), contract.Maybe("slaId", contract.Text))))

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
func (f *Front) saveInfo(ctx context.Context, c *contract.Call) (any, error) {
	var in saveInfoBody
	if err := c.Read(saveInfoShape, &in); err != nil {
		return nil, err
	}
	conv, err := f.Found(ctx, c, in.RoomData.ID, "error-invalid-room")
	if err != nil {
		return nil, err
	}
	who, allowed, err := f.serves(ctx, c, conv, "save-others-livechat-room-info")
	switch {
	case err != nil:
		return nil, err
	case !allowed:
		return nil, contract.Refused()
	case id.Visitor(in.GuestData.ID) != conv.Visitor:
		return nil, contract.Plain("error-invalid-visitor")
	}
	return contract.Object{}, f.saveRoom(ctx, grant.Lend(who, "view-l-room"), conv, in)
}

// saveRoom changes the visitor first, whose details may be refused.
func (f *Front) saveRoom(ctx context.Context, who actor.Actor, conv conversation.Conversation, in saveInfoBody) error {
	g, r := in.GuestData, in.RoomData
	if g.Name != nil && strings.TrimSpace(*g.Name) == "" {
		g.Name = nil
	}
	if conv.Channel == sms.Channel {
		g.Phone = nil // it is who writes
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
	if err := f.SaveData(ctx, conv, g.LivechatData, r.LivechatData); err != nil {
		return err
	}
	if r.SlaID != nil {
		return f.rankedBy(f.Priorities.SetAgreement(ctx, who, conv.ID, *r.SlaID))
	}
	return nil
}
