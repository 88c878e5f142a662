package desk

import (
	"context"
	"net/http"

	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// groups adds the calls about private rooms: the groups in which colleagues write to
// one another. No visitor is in them.
func (f *Front) groups() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "groups.create", Do: f.createGroup, Auth: true, Needs: []string{"create-p"}},
		contract.Route{Method: http.MethodPost, Path: "groups.delete", Do: f.deleteGroup, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "groups.info", Do: f.groupInfo, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "groups.list", Do: f.listGroups, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "groups.history", Do: f.groupHistory, Auth: true},
	)
}

// groupOf is the contract's form of a group.
func (f *Front) groupOf(ctx context.Context, g colleague.Group) (contract.Object, error) {
	owner, err := f.Agent(ctx, g.Tenant, g.Owner)
	return contract.Object{"_id": g.ID, "name": g.Name, "fname": g.Name, "t": "p", "usersCount": len(g.Members), "ts": contract.StampOf(g.CreatedAt),
		"_updatedAt": contract.StampOf(g.CreatedAt), "ro": false, "default": false, "u": contract.Object{"_id": owner.ID, "username": owner.Username, "name": owner.Name}}, err
}

func (f *Front) createGroup(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		Name    string
		Members []string
	}
	if err := c.Read(contract.Dict(contract.Must("name", contract.Text), contract.Maybe("members", contract.List(contract.Text))).Open(), &in); err != nil {
		return nil, err
	}
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	names := map[string]id.Agent{}
	for _, a := range people {
		names[a.Username] = a.ID
	}
	var members []id.Agent
	for _, name := range in.Members {
		if a, ok := names[name]; ok {
			members = append(members, a)
		}
	}
	g, err := f.Colleagues.CreateGroup(ctx, c.Who, in.Name, members)
	if errs.ReasonOf(err) == "bad_name" {
		return nil, contract.Structured("error-invalid-room-name", "Invalid room name")
	}
	if err != nil {
		return nil, err
	}
	v, err := f.groupOf(ctx, g)
	return contract.Object{"group": v}, err
}

// errNoGroup refuses a room that there is not, or that the caller is not in.
var errNoGroup = contract.Structured("error-room-not-found", "The required \"roomId\" or \"roomName\" param provided does not match any group")

// group finds a group of the caller.
func (f *Front) group(ctx context.Context, c *contract.Call, rid string) (colleague.Group, error) {
	g, err := f.Colleagues.Group(ctx, c.Who, rid)
	if errs.CodeOf(err) == errs.NotFound {
		err = errNoGroup
	}
	return g, err
}

func (f *Front) deleteGroup(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ RoomID string }
	if err := c.Read(contract.Dict(contract.Must("roomId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	if _, err := f.group(ctx, c, in.RoomID); err != nil {
		return nil, err
	}
	err := f.Colleagues.RemoveGroup(ctx, c.Who, in.RoomID)
	if errs.ReasonOf(err) == "not_owner" {
		return nil, contract.Structured("error-not-allowed", "Not allowed")
	}
	return contract.Object{}, err
}

func (f *Front) groupInfo(ctx context.Context, c *contract.Call) (any, error) {
	g, err := f.group(ctx, c, c.Arg("roomId"))
	if err != nil {
		return nil, err
	}
	v, err := f.groupOf(ctx, g)
	return contract.Object{"group": v}, err
}

func (f *Front) listGroups(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	list, err := f.Colleagues.Groups(ctx, c.Who)
	if err != nil {
		return nil, err
	}
	out := make([]contract.Object, len(list))
	for i, g := range list {
		if out[i], err = f.groupOf(ctx, g); err != nil {
			return nil, err
		}
	}
	return contract.Page("groups", out, w), nil
}

// remarkOf is the contract's form of what a colleague wrote.
func (f *Front) remarkOf(ctx context.Context, m colleague.Remark) (contract.Object, error) {
	by, err := f.Agent(ctx, m.Tenant, m.From)
	return contract.Object{"_id": m.ID, "rid": m.Group, "msg": m.Text, "ts": contract.StampOf(m.At), "_updatedAt": contract.StampOf(m.At), "urls": []string{}, "mentions": []string{},
		"channels": []string{}, "u": contract.Object{"_id": m.From, "username": by.Username, "name": m.FromName}}, err
}

func (f *Front) groupHistory(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	if _, err := f.group(ctx, c, c.Arg("roomId")); err != nil {
		return nil, err
	}
	list, _, err := f.Colleagues.GroupHistory(ctx, c.Who, c.Arg("roomId"), "", min(max(w.Count, 1), contract.HistoryMost))
	if err != nil {
		return nil, err
	}
	out := make([]contract.Object, len(list))
	for i, m := range list {
		m.Tenant = c.Tenant
		if out[i], err = f.remarkOf(ctx, m); err != nil {
			return nil, err
		}
	}
	return contract.Object{"messages": out}, nil
}

// remark writes into a group of the caller; ok is false if there is no such group.
func (f *Front) remark(ctx context.Context, c *contract.Call, rid, text string) (v contract.Object, ok bool, err error) {
	if _, err = f.Colleagues.Group(ctx, c.Who, rid); err != nil {
		if errs.CodeOf(err) == errs.NotFound {
			err = nil
		}
		return nil, false, err
	}
	m, err := f.Colleagues.SendToGroup(ctx, c.Who, rid, text)
	if errs.ReasonOf(err) == "text_length" {
		return nil, true, contract.Structured("error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize")
	}
	if err != nil {
		return nil, true, err
	}
	v, err = f.remarkOf(ctx, m)
	return v, true, err
}
