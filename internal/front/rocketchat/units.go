package rocketchat

import (
	"context"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// unitCalls adds the calls about units and monitors.
func (f *Front) unitCalls() {
	units, monitors := []string{"manage-livechat-units"}, []string{"manage-livechat-monitors"}
	f.add(
		route{method: http.MethodGet, path: "livechat/units", do: f.listUnits, auth: true, needs: units},
		route{method: http.MethodPost, path: "livechat/units", do: f.saveUnitCall, auth: true, needs: units},
		route{method: http.MethodGet, path: "livechat/units/:id", do: f.oneUnit, auth: true, needs: units},
		route{method: http.MethodPost, path: "livechat/units/:id", do: f.saveUnitCall, auth: true, needs: units},
		route{method: http.MethodDelete, path: "livechat/units/:id", do: f.deleteUnit, auth: true, needs: units},
		route{method: http.MethodGet, path: "livechat/units/:id/monitors", do: f.unitMonitors, auth: true, needs: monitors},
		route{method: http.MethodGet, path: "livechat/units/:id/departments", do: f.unitDepartments(false), auth: true, needs: units},
		route{method: http.MethodGet, path: "livechat/units/:id/departments/available", do: f.unitDepartments(true), auth: true, needs: units},
		route{method: http.MethodGet, path: "livechat/monitors", do: f.listMonitors, auth: true, needs: monitors},
		route{method: http.MethodGet, path: "livechat/monitors/:username", do: f.oneMonitor, auth: true, needs: monitors},
		route{method: http.MethodPost, path: "livechat/monitors.create", do: f.setMonitor(true), auth: true, needs: monitors},
		route{method: http.MethodPost, path: "livechat/monitors.delete", do: f.setMonitor(false), auth: true, needs: monitors},
	)
	f.methods.add(
		method{name: "livechat:saveUnit", auth: true, needs: units, do: f.saveUnitMethod},
		method{name: "livechat:removeUnit", auth: true, needs: units, do: func(ctx context.Context, c *call, p params) (any, error) {
			which, err := p.text(0)
			if err != nil {
				return nil, err
			}
			return f.removeUnit(ctx, c, which)
		}},
		method{name: "livechat:getUnitsFromUser", auth: true, do: f.unitsFromUser},
	)
}

func unitOf(u account.Unit) object {
	out := object{}
	for k, v := range u.Extra {
		out[k] = v
	}
	for k, v := range (object{"_id": u.ID, "name": u.Name, "visibility": u.Visibility, "type": "u", "numMonitors": len(u.Monitors), "numDepartments": len(u.Teams),
		"_updatedAt": stamp(u.CreatedAt)}) {
		out[k] = v
	}
	return out
}

func (f *Front) listUnits(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	list, err := f.Accounts.Units(ctx, c.tenant)
	out := []object{}
	for _, u := range list {
		if matches(c.arg("text"), u.Name) {
			out = append(out, unitOf(u))
		}
	}
	return page("units", out, w), err
}

func (f *Front) oneUnit(ctx context.Context, c *call) (any, error) {
	u, err := f.Accounts.Unit(ctx, c.tenant, c.params["id"])
	if errs.CodeOf(err) == errs.NotFound {
		return nil, nil
	}
	return unitOf(u), err
}

var (
	unitShape = dict(must("name", text), must("visibility", text.oneOf("public", "private")), maybe("enabled", boolean), maybe("description", text), maybe("email", text),
		maybe("showOnOfflineForm", boolean))
	unitMonitorShape    = dict(must("monitorId", text), must("username", text))
	unitDepartmentShape = dict(must("departmentId", text))
	unitBody            = dict(must("unitData", unitShape), must("unitMonitors", list(unitMonitorShape)), must("unitDepartments", list(unitDepartmentShape)))
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

func (f *Front) saveUnitCall(ctx context.Context, c *call) (any, error) {
	var in unitInput
	if err := c.read(unitBody, &in); err != nil {
		return nil, err
	}
	return f.saveUnit(ctx, c, c.params["id"], in)
}

func (f *Front) saveUnitMethod(ctx context.Context, c *call, p params) (any, error) {
	which, _ := p.at(0).(string)
	var in unitInput
	body := map[string]any{"unitData": p.at(1), "unitMonitors": p.at(2), "unitDepartments": p.at(3)}
	if err := unitBody.matched().decode(body, &in); err != nil {
		return nil, err
	}
	return f.saveUnit(ctx, c, which, in)
}

// saveUnit makes a unit, or changes the one with an id.
func (f *Front) saveUnit(ctx context.Context, c *call, which string, in unitInput) (any, error) {
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
	u, err := f.Accounts.SaveUnit(ctx, c.who, u)
	switch errs.ReasonOf(err) {
	case "unit_not_found":
		return nil, structured("error-unit-not-found", "Unit not found")
	case "team_not_found":
		return nil, structured("error-department-not-found", "Department not found")
	case "unit_empty":
		return nil, structured("error-unit-cant-be-empty", "A unit must have at least one department")
	}
	if err != nil {
		return nil, err
	}
	return unitOf(u), nil
}

func (f *Front) deleteUnit(ctx context.Context, c *call) (any, error) {
	return f.removeUnit(ctx, c, c.params["id"])
}

// removeUnit returns how many units were removed.
func (f *Front) removeUnit(ctx context.Context, c *call, which string) (any, error) {
	err := f.Accounts.RemoveUnit(ctx, c.who, which)
	if errs.ReasonOf(err) == "unit_not_found" {
		return nil, structured("unit-not-found", "Unit not found")
	}
	return 1, err
}

func (f *Front) unitMonitors(ctx context.Context, c *call) (any, error) {
	u, err := f.Accounts.Unit(ctx, c.tenant, c.params["id"])
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return nil, err
	}
	people, err := f.people(ctx, c.tenant)
	out := make([]object, len(u.Monitors))
	for i, m := range u.Monitors {
		out[i] = object{"_id": u.ID + "-" + string(m), "monitorId": m, "unitId": u.ID, "username": people[m].Username, "name": people[m].Name}
	}
	return object{"monitors": out}, err
}

// unitDepartments lists the departments of a unit, or those that it may have: its
// own and those in no unit.
func (f *Front) unitDepartments(available bool) handler {
	return func(ctx context.Context, c *call) (any, error) {
		w, err := c.window()
		if err != nil {
			return nil, err
		}
		book, list, members, err := f.departmentsSeen(ctx, c, c.yes("onlyMyDepartments"))
		if err != nil {
			return nil, err
		}
		out := []object{}
		for _, t := range list {
			u, in := book.UnitOf(t.ID)
			if own := in && u.ID == c.params["id"]; !own && (in || !available) || available && t.Settings.Archived || !matches(c.arg("text"), t.Name) {
				continue
			}
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
		return page("departments", out, w), nil
	}
}

func (f *Front) listMonitors(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	keys, err := c.sort()
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	out := []object{}
	for _, a := range list {
		if a.Has(account.Monitor) && matches(c.arg("text"), a.Username, a.Name, a.Email) {
			out = append(out, f.operatorView(a, by[a.ID], true))
		}
	}
	return page("monitors", out, w), nil
}

func (f *Front) oneMonitor(ctx context.Context, c *call) (any, error) {
	a, err := f.byUsername(ctx, c.tenant, c.params["username"])
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Monitor) {
		return nil, plain("invalid-user")
	}
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return f.operatorView(a, st, true), err
}

func (f *Front) setMonitor(add bool) handler {
	return func(ctx context.Context, c *call) (any, error) {
		var in struct{ Username string }
		if err := c.read(dict(must("username", text)), &in); err != nil {
			return nil, err
		}
		a, err := f.setOperator(ctx, c, in.Username, account.Monitor, add)
		if err != nil || !add {
			return object{}, err
		}
		return object{"_id": a.ID, "username": a.Username}, nil
	}
}

// unitsFromUser is the method livechat:getUnitsFromUser: the units of a monitor,
// nothing for who is not limited to units.
func (f *Front) unitsFromUser(ctx context.Context, c *call, _ params) (any, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	if _, bound := book.Watched(c.login.Agent); !bound {
		return nil, nil
	}
	list := []string{}
	for _, u := range book.Units {
		if slices.Contains(u.Monitors, c.login.Agent.ID) {
			list = append(list, u.ID)
		}
	}
	return list, nil
}
