package office

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// unitCalls adds the calls about units and monitors.
func (f *Front) unitCalls() {
	units, monitors := []string{"manage-livechat-units"}, []string{"manage-livechat-monitors"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/units", Do: f.listUnits, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "livechat/units", Do: f.saveUnitCall, Auth: true, Needs: units},
		contract.Route{Method: http.MethodGet, Path: "livechat/units/:id", Do: f.oneUnit, Auth: true, Needs: units},
		contract.Route{Method: http.MethodPost, Path: "livechat/units/:id", Do: f.saveUnitCall, Auth: true, Needs: units},
		contract.Route{Method: http.MethodDelete, Path: "livechat/units/:id", Do: f.deleteUnit, Auth: true, Needs: units},
		contract.Route{Method: http.MethodGet, Path: "livechat/units/:id/monitors", Do: f.unitMonitors, Auth: true, Needs: monitors},
		contract.Route{Method: http.MethodGet, Path: "livechat/units/:id/departments", Do: f.unitDepartments(false), Auth: true, Needs: units},
		contract.Route{Method: http.MethodGet, Path: "livechat/units/:id/departments/available", Do: f.unitDepartments(true), Auth: true, Needs: units},
		contract.Route{Method: http.MethodGet, Path: "livechat/monitors", Do: f.listMonitors, Auth: true, Needs: monitors},
		contract.Route{Method: http.MethodGet, Path: "livechat/monitors/:username", Do: f.oneMonitor, Auth: true, Needs: monitors},
		contract.Route{Method: http.MethodPost, Path: "livechat/monitors.create", Do: f.setMonitor(true), Auth: true, Needs: monitors},
		contract.Route{Method: http.MethodPost, Path: "livechat/monitors.delete", Do: f.setMonitor(false), Auth: true, Needs: monitors},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveUnit", Auth: true, Needs: units, Do: f.saveUnitMethod},
		contract.Method{Name: "livechat:removeUnit", Auth: true, Needs: units, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return f.removeUnit(ctx, c, which)
		}},
		contract.Method{Name: "livechat:getUnitsFromUser", Auth: true, Do: f.unitsFromUser},
	)
}

func unitOf(u account.Unit) contract.Object {
	out := contract.Object{}
	for k, v := range u.Extra {
		out[k] = v
	}
	for k, v := range (contract.Object{"_id": u.ID, "name": u.Name, "visibility": u.Visibility, "type": "u", "numMonitors": len(u.Monitors), "numDepartments": len(u.Teams),
		"_updatedAt": contract.Stamp(u.CreatedAt)}) {
		out[k] = v
	}
	return out
}

// listUnits lists all units, or the caller's own to who may not manage them.
func (f *Front) listUnits(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	keys, err := c.Sort()
	if err != nil {
		return nil, err
	}
	all, err := c.May(ctx, "manage-livechat-units")
	if err != nil {
		return nil, err
	}
	list, err := f.Accounts.Units(ctx, c.Tenant)
	if len(keys) > 0 && keys[0].Key == "name" && keys[0].Desc {
		slices.Reverse(list)
	}
	out := []contract.Object{}
	for _, u := range list {
		if (all || slices.Contains(u.Monitors, c.Who.Agent)) && matches(c.Arg("text"), u.Name) {
			out = append(out, unitOf(u))
		}
	}
	return contract.Page("units", out, w), err
}

func (f *Front) oneUnit(ctx context.Context, c *contract.Call) (any, error) {
	u, err := f.Accounts.Unit(ctx, c.Tenant, c.Params["id"])
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	return unitOf(u), err
}

var (
	unitShape = contract.Dict(contract.Must("name", contract.Text), contract.Must("visibility", contract.Text.OneOf("public", "private")), contract.Maybe("enabled", contract.Boolean), contract.Maybe("description", contract.Text), contract.Maybe("email", contract.Text),
		contract.Maybe("showOnOfflineForm", contract.Boolean))
	unitMonitorShape    = contract.Dict(contract.Must("monitorId", contract.Text), contract.Must("username", contract.Text))
	unitDepartmentShape = contract.Dict(contract.Must("departmentId", contract.Text))
	unitBody            = contract.Dict(contract.Must("unitData", unitShape), contract.Must("unitMonitors", contract.List(unitMonitorShape)), contract.Must("unitDepartments", contract.List(unitDepartmentShape)))
)

// unitInput is a unit as callers send it.
type unitInput struct {
	Data     map[string]any `json:"unitData"`
	Monitors []struct {
		ID id.Agent `json:"monitorId"`
	} `json:"unitMonitors"`
	Teams []struct {
		ID id.Team `json:"departmentId"`
	} `json:"unitDepartments"`
}

func (f *Front) saveUnitCall(ctx context.Context, c *contract.Call) (any, error) {
	var in unitInput
	if err := c.Read(unitBody, &in); err != nil {
		return nil, err
	}
	return f.saveUnit(ctx, c, c.Params["id"], in)
}

func (f *Front) saveUnitMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	which, _ := p.At(0).(string)
	var in unitInput
	body := map[string]any{"unitData": p.At(1), "unitMonitors": p.At(2), "unitDepartments": p.At(3)}
	if err := unitBody.Matched().Decode(body, &in); err != nil {
		return nil, err
	}
	return f.saveUnit(ctx, c, which, in)
}

// saveUnit makes a unit, or changes the one with an id.
func (f *Front) saveUnit(ctx context.Context, c *contract.Call, which string, in unitInput) (any, error) {
	u := account.Unit{ID: which, Extra: map[string]any{}}
	for k, v := range in.Data {
		switch k {
		case "name":
			u.Name, _ = v.(string)
		case "visibility":
			u.Visibility, _ = v.(string)
		default:
			u.Extra[k] = v
		}
	}
	for _, m := range in.Monitors {
		u.Monitors = append(u.Monitors, m.ID)
	}
	for _, t := range in.Teams {
		u.Teams = append(u.Teams, t.ID)
	}
	u, err := f.Accounts.SaveUnit(ctx, c.Who, u)
	switch errs.ReasonOf(err) {
	case "unit_not_found":
		return nil, contract.Structured("error-unit-not-found", "Unit not found")
	case "team_not_found":
		return nil, contract.Structured("error-department-not-found", "Department not found")
	}
	if err != nil {
		return nil, err
	}
	return unitOf(u), nil
}

func (f *Front) deleteUnit(ctx context.Context, c *contract.Call) (any, error) {
	return f.removeUnit(ctx, c, c.Params["id"])
}

// removeUnit returns how many units were removed.
func (f *Front) removeUnit(ctx context.Context, c *contract.Call, which string) (any, error) {
	err := f.Accounts.RemoveUnit(ctx, c.Who, which)
	if errs.ReasonOf(err) == "unit_not_found" {
		return nil, contract.Structured("unit-not-found", "Unit not found")
	}
	return 1, err
}

func (f *Front) unitMonitors(ctx context.Context, c *contract.Call) (any, error) {
	u, err := f.Accounts.Unit(ctx, c.Tenant, c.Params["id"])
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	people, err := f.People(ctx, c.Tenant)
	out := make([]contract.Object, len(u.Monitors))
	for i, m := range u.Monitors {
		out[i] = contract.Object{"_id": u.ID + "-" + string(m), "monitorId": m, "unitId": u.ID, "username": people[m].Username, "name": people[m].Name}
	}
	return contract.Object{"monitors": out}, err
}

// unitDepartments lists the departments of a unit, or those that it may have: its
// own and those in no unit.
func (f *Front) unitDepartments(available bool) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		w, err := c.Window()
		if err != nil {
			return nil, err
		}
		book, list, members, err := f.departmentsSeen(ctx, c, c.Yes("onlyMyDepartments"))
		if err != nil {
			return nil, err
		}
		out := []contract.Object{}
		for _, t := range list {
			u, in := book.UnitOf(t.ID)
			if own := in && u.ID == c.Params["id"]; !own && (in || !available) || available && t.Settings.Archived || !matches(c.Arg("text"), t.Name) {
				continue
			}
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
		return contract.Page("departments", out, w), nil
	}
}

func (f *Front) listMonitors(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	keys, err := c.Sort()
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	out := []contract.Object{}
	for _, a := range list {
		if a.Has(account.Monitor) && matches(c.Arg("text"), a.Username, a.Name, a.Email) {
			out = append(out, f.operatorView(a, by[a.ID], true))
		}
	}
	return contract.Page("monitors", out, w), nil
}

func (f *Front) oneMonitor(ctx context.Context, c *contract.Call) (any, error) {
	a, err := f.byUsername(ctx, c.Tenant, c.Params["username"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Monitor) {
		return nil, contract.Plain("invalid-user")
	}
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return f.operatorView(a, st, true), err
}

func (f *Front) setMonitor(add bool) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		var in struct{ Username string }
		if err := c.Read(contract.Dict(contract.Must("username", contract.Text)), &in); err != nil {
			return nil, err
		}
		a, err := f.setOperator(ctx, c, in.Username, account.Monitor, add)
		if err != nil || !add {
			return contract.Object{}, err
		}
		return contract.Object{"_id": a.ID, "username": a.Username}, nil
	}
}

// unitsFromUser is the method livechat:getUnitsFromUser: the units of a monitor,
// nothing for who is not limited to units.
func (f *Front) unitsFromUser(ctx context.Context, c *contract.Call, _ contract.Params) (any, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	if _, bound := book.Watched(c.Login.Agent); !bound {
		return nil, nil
	}
	list := []string{}
	for _, u := range book.Units {
		if slices.Contains(u.Monitors, c.Login.Agent.ID) {
			list = append(list, u.ID)
		}
	}
	return list, nil
}
