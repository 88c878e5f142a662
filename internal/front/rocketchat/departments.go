package rocketchat

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// departmentCalls adds the calls about departments, which are teams.
func (f *Front) departmentCalls() {
	view := []string{"view-livechat-departments", "view-l-room"}
	manage := []string{"manage-livechat-departments"}
	people := []string{"manage-livechat-departments", "add-livechat-department-agents"}
	f.add(
		route{method: http.MethodGet, path: "livechat/department", do: f.listDepartments(false), auth: true, needs: view},
		route{method: http.MethodGet, path: "livechat/departments/archived", do: f.listDepartments(true), auth: true, needs: view},
		route{method: http.MethodPost, path: "livechat/department", do: f.createDepartment, auth: true, needs: manage},
		route{method: http.MethodGet, path: "livechat/department/:_id", do: f.oneDepartment, auth: true, needs: view},
		route{method: http.MethodPut, path: "livechat/department/:_id", do: f.updateDepartment, auth: true, needs: people},
		route{method: http.MethodDelete, path: "livechat/department/:_id", do: f.deleteDepartment, auth: true, needs: []string{"manage-livechat-departments", "remove-livechat-department"}},
		route{method: http.MethodPost, path: "livechat/department/:_id/archive", do: f.archiveDepartment(true), auth: true, needs: manage},
		route{method: http.MethodPost, path: "livechat/department/:_id/unarchive", do: f.archiveDepartment(false), auth: true, needs: manage},
		route{method: http.MethodGet, path: "livechat/department.autocomplete", do: f.completeDepartment, auth: true, needs: view},
		route{method: http.MethodGet, path: "livechat/department.listByIds", do: f.departmentsByID, auth: true, needs: view},
		route{method: http.MethodGet, path: "livechat/department/isDepartmentCreationAvailable", do: creationAvailable, auth: true, needs: append(manage, view...)},
		route{method: http.MethodGet, path: "livechat/department/:_id/agents", do: f.departmentAgents, auth: true, needs: view},
		route{method: http.MethodPost, path: "livechat/department/:_id/agents", do: f.setDepartmentAgents, auth: true, needs: people},
		route{method: http.MethodGet, path: "livechat/agents/:agentId/departments", do: f.departmentsOfAgent, auth: true, needs: []string{"view-l-room"}},
	)
	f.methods.add(
		method{name: "livechat:saveDepartment", auth: true, needs: manage, do: f.saveDepartmentMethod},
		method{name: "livechat:saveDepartmentAgents", auth: true, needs: people, do: f.saveDepartmentAgentsMethod},
		method{name: "livechat:removeDepartment", auth: true, needs: manage, do: func(ctx context.Context, c *call, p params) (any, error) {
			which, err := p.text(0)
			if err != nil {
				return nil, err
			}
			return true, f.dissolve(ctx, c, which)
		}},
		method{name: "livechat:getDepartmentForwardRestrictions", auth: true, do: f.forwardRestrictions},
	)
}

// departmentOf is the contract's form of a team with so many members.
func departmentOf(book *account.Book, t account.Team, members int) object {
	d := t.Settings
	out := object{}
	for k, v := range d.Extra {
		out[k] = v
	}
	for k, v := range (object{"_id": t.ID, "name": t.Name, "enabled": !d.Off, "description": d.About, "email": d.Email, "showOnRegistration": !d.Unlisted,
		"showOnOfflineForm": !d.Unmailed, "numAgents": members, "_updatedAt": stamp(t.CreatedAt), "type": "d", "archived": d.Archived,
		"requestTagBeforeClosingChat": d.TagRequired, "chatClosingTags": some(d.ClosingTags), "fallbackForwardDepartment": d.Fallback,
		"departmentsAllowedToForward": some(d.Forwards), "allowReceiveForwardOffline": d.ForwardIdle}) {
		out[k] = v
	}
	if n := d.Routing.TeamCap; n != nil && *n > 0 {
		out["maxNumberSimultaneousChat"] = *n
	}
	if n := d.Timers.IdleClose; n != nil && *n > 0 {
		out["visitorInactivityTimeoutInSeconds"] = *n
	}
	for key, prompt := range departmentPrompts {
		if text := d.Prompts[prompt].In(""); text != "" {
			out[key] = text
		}
	}
	if u, ok := book.UnitOf(t.ID); ok {
		out["parentId"], out["ancestors"] = u.ID, []string{u.ID}
	}
	return out
}

// departmentPrompts are the lines that a department may word by itself.
var departmentPrompts = map[string]string{"abandonedRoomsCloseCustomMessage": setting.PromptIdleEnd, "waitingQueueMessage": setting.PromptQueued}

// departmentView is departmentOf with the members counted.
func (f *Front) departmentView(ctx context.Context, c *call, t account.Team) (object, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	members, err := f.Accounts.Members(ctx, c.tenant, t.ID)
	return departmentOf(book, t, len(members)), err
}

// departmentsSeen are the teams that the caller may see, by name, with the number
// of members of each. mine limits a monitor to its own.
func (f *Front) departmentsSeen(ctx context.Context, c *call, mine bool) (*account.Book, []account.Team, map[id.Team]int, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, nil, nil, err
	}
	people, err := f.people(ctx, c.tenant)
	if err != nil {
		return nil, nil, nil, err
	}
	members := map[id.Team]int{}
	for _, a := range people {
		for _, t := range a.Teams {
			members[t]++
		}
	}
	watched, bound := book.Watched(c.login.Agent)
	var list []account.Team
	for _, t := range book.Teams {
		if !mine || !bound || slices.Contains(watched, t.ID) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(a, b account.Team) int { return strings.Compare(a.Name, b.Name) })
	return book, list, members, nil
}

func (f *Front) listDepartments(archived bool) handler {
	return func(ctx context.Context, c *call) (any, error) {
		w, err := c.window()
		if err != nil {
			return nil, err
		}
		keys, err := c.sort()
		if err != nil {
			return nil, err
		}
		book, list, members, err := f.departmentsSeen(ctx, c, c.yes("onlyMyDepartments"))
		if err != nil {
			return nil, err
		}
		out := []object{}
		for _, t := range list {
			d := t.Settings.Desk
			if archived != d.Archived && (archived || !c.yes("showArchived")) || c.yes("enabled") && d.Off || c.arg("excludeDepartmentId") == string(t.ID) ||
				!matches(c.arg("text"), t.Name) {
				continue
			}
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
		if len(keys) > 0 && keys[0].desc && keys[0].key == "name" {
			slices.Reverse(out)
		}
		return page("departments", out, w), nil
	}
}

// departmentShape is what a department must look like; further scalars are kept.
var departmentShape = dict(must("name", text), must("enabled", boolean), must("email", text), must("showOnRegistration", boolean), must("showOnOfflineForm", boolean),
	maybe("description", text), maybe("requestTagBeforeClosingChat", boolean), maybe("chatClosingTags", list(text)), maybe("fallbackForwardDepartment", text),
	maybe("departmentsAllowedToForward", list(text)), maybe("allowReceiveForwardOffline", boolean), maybe("maxNumberSimultaneousChat", anything),
	maybe("visitorInactivityTimeoutInSeconds", anything), maybe("abandonedRoomsCloseCustomMessage", text), maybe("waitingQueueMessage", text)).open().matched()

var memberShape = dict(must("agentId", text), maybe("username", text), maybe("count", integer), maybe("order", integer)).open().matched()

var departmentBody = dict(must("department", departmentShape), maybe("agents", list(memberShape).orNull()), maybe("departmentUnit", dict(maybe("_id", text.orNull())).orNull())).matched()

// departmentInput is a department as callers send it.
type departmentInput struct {
	Department map[string]any `json:"department"`
	Agents     []memberInput  `json:"agents"`
	Unit       *struct {
		ID string `json:"_id"`
	} `json:"departmentUnit"`
}

type memberInput struct {
	Agent id.Agent `json:"agentId"`
	Count int64    `json:"count"`
	Order int64    `json:"order"`
}

func membersOf(in []memberInput) []account.Membership {
	list := make([]account.Membership, len(in))
	for i, m := range in {
		list[i] = account.Membership{Agent: m.Agent, Served: m.Count, Order: m.Order}
	}
	return list
}

// departmentKeys are those of a department that are not Extra.
var departmentKeys = []string{"_id", "name", "enabled", "email", "showOnRegistration", "showOnOfflineForm", "description", "requestTagBeforeClosingChat", "chatClosingTags",
	"fallbackForwardDepartment", "departmentsAllowedToForward", "allowReceiveForwardOffline", "maxNumberSimultaneousChat", "visitorInactivityTimeoutInSeconds",
	"abandonedRoomsCloseCustomMessage", "waitingQueueMessage", "numAgents", "_updatedAt", "type", "archived", "parentId", "ancestors"}

// fillTeam puts what was said of a department into a team.
func (in departmentInput) fillTeam(t *account.Team) error {
	b, err := json.Marshal(in.Department)
	if err != nil {
		return err
	}
	var d struct {
		Name, Email, Description, FallbackForwardDepartment     string
		Enabled, ShowOnRegistration, ShowOnOfflineForm          bool
		RequestTagBeforeClosingChat, AllowReceiveForwardOffline bool
		ChatClosingTags, DepartmentsAllowedToForward            []string
		MaxNumberSimultaneousChat                               any
		VisitorInactivityTimeoutInSeconds                       any
		AbandonedRoomsCloseCustomMessage, WaitingQueueMessage   *string
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return err
	}
	st := &t.Settings
	if d.Enabled && st.Archived {
		return structured("error-archived-department-cant-be-enabled", "Archived departments can't be enabled")
	}
	if d.RequestTagBeforeClosingChat && len(d.ChatClosingTags) == 0 {
		return structured("error-validating-department-chat-closing-tags", "At least one closing tag is required when the department requires tag(s) on closing conversations.")
	}
	t.Name = d.Name
	st.Off, st.Email, st.About, st.Unlisted, st.Unmailed = !d.Enabled, d.Email, d.Description, !d.ShowOnRegistration, !d.ShowOnOfflineForm
	st.TagRequired, st.ClosingTags, st.Fallback, st.Forwards, st.ForwardIdle = d.RequestTagBeforeClosingChat, d.ChatClosingTags, d.FallbackForwardDepartment, d.DepartmentsAllowedToForward, d.AllowReceiveForwardOffline
	if st.Routing.TeamCap, err = limitOf(d.MaxNumberSimultaneousChat, st.Routing.TeamCap, account.MaxCap); err != nil {
		return err
	}
	if st.Timers.IdleClose, err = limitOf(d.VisitorInactivityTimeoutInSeconds, st.Timers.IdleClose, maxIdle); err != nil {
		return err
	}
	for prompt, text := range map[string]*string{setting.PromptIdleEnd: d.AbandonedRoomsCloseCustomMessage, setting.PromptQueued: d.WaitingQueueMessage} {
		if text != nil {
			prompts := map[string]setting.Text{prompt: {"": *text}}
			for name, old := range st.Prompts {
				if name != prompt {
					prompts[name] = old
				}
			}
			st.Prompts = prompts
		}
	}
	extra := map[string]any{}
	for k, v := range in.Department {
		if !slices.Contains(departmentKeys, k) && v != nil {
			extra[k] = v
		}
	}
	if st.Extra = extra; len(extra) == 0 {
		st.Extra = nil
	}
	return nil
}

// maxIdle is the longest silence that can be set, in seconds.
const maxIdle = 86400

// limitOf reads a number that may be text; nothing keeps what was, an empty text
// and 0 set no limit.
func limitOf(v any, was *int, most int) (*int, error) {
	if v == nil {
		return was, nil
	}
	n, err := numberOf(v)
	if err != nil || n <= 0 {
		return nil, err
	}
	n = min(n, most)
	return &n, nil
}

// teamFault puts what a domain refuses of a department into the contract's words.
func teamFault(err error) error {
	switch errs.ReasonOf(err) {
	case "team_not_found":
		return structured("error-department-not-found", "Department not found")
	case "fallback_not_found":
		return structured("error-fallback-department-not-found", "Fallback department not found")
	case "fallback_cycle":
		return structured("error-fallback-department-circular", "Cannot save department. Circular reference between fallback department and department")
	case "unit_not_found":
		return structured("error-invalid-department-unit", "Invalid department unit")
	case "unit_empty":
		return structured("error-unit-cant-be-empty", "The last department in a unit can't be removed")
	case "bad_name":
		return structured("error-invalid-department-name", errs.MessageOf(err))
	}
	return err
}

// saveDepartment makes a department, or changes the one with an id, with its
// members and its unit.
func (f *Front) saveDepartment(ctx context.Context, c *call, which string, in departmentInput) (t account.Team, err error) {
	if which == "" {
		if err := in.fillTeam(&t); err != nil {
			return t, err
		}
		t, err = f.Accounts.CreateTeam(ctx, c.who, t.Name, t.Settings)
	} else {
		var bad error
		t, err = f.Accounts.ChangeTeam(ctx, c.who, id.Team(which), func(t *account.Team) { bad = in.fillTeam(t) })
		if bad != nil {
			return t, bad
		}
	}
	if err != nil {
		return t, teamFault(err)
	}
	if in.Unit != nil {
		if err := f.Accounts.MoveTeam(ctx, c.who, t.ID, in.Unit.ID); err != nil {
			return t, teamFault(err)
		}
	}
	if in.Agents == nil {
		return t, nil
	}
	if ok, err := c.may(ctx, "add-livechat-department-agents"); err != nil || !ok && which != "" {
		return t, err
	}
	defer f.forgetPeople(c.tenant)
	was, err := f.Accounts.Members(ctx, c.tenant, t.ID)
	if err != nil {
		return t, err
	}
	var out []id.Agent
	for _, m := range was {
		if !slices.ContainsFunc(in.Agents, func(x memberInput) bool { return x.Agent == m.Agent }) {
			out = append(out, m.Agent)
		}
	}
	return t, teamFault(f.Accounts.SetMembers(ctx, c.who, t.ID, membersOf(in.Agents), out))
}

func (f *Front) createDepartment(ctx context.Context, c *call) (any, error) {
	var in departmentInput
	if err := c.read(departmentBody, &in); err != nil {
		return nil, err
	}
	t, err := f.saveDepartment(ctx, c, "", in)
	return f.departmentAnswer(ctx, c, t, err)
}

func (f *Front) updateDepartment(ctx context.Context, c *call) (any, error) {
	var in departmentInput
	if err := c.read(departmentBody, &in); err != nil {
		return nil, err
	}
	if ok, err := c.may(ctx, "manage-livechat-departments"); err != nil {
		return nil, err
	} else if !ok {
		return nil, plain("error-not-allowed")
	}
	t, err := f.saveDepartment(ctx, c, c.params["_id"], in)
	return f.departmentAnswer(ctx, c, t, err)
}

// departmentAnswer is a department with its members.
func (f *Front) departmentAnswer(ctx context.Context, c *call, t account.Team, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	d, err := f.departmentView(ctx, c, t)
	if err != nil {
		return nil, err
	}
	agents, err := f.memberViews(ctx, c, t)
	return object{"department": d, "agents": agents}, err
}

// memberViews are the members of a department.
func (f *Front) memberViews(ctx context.Context, c *call, t account.Team) ([]object, error) {
	members, err := f.Accounts.Members(ctx, c.tenant, t.ID)
	list := make([]object, len(members))
	for i, m := range members {
		list[i] = memberOf(m, t)
	}
	return list, err
}

func memberOf(m account.Membership, t account.Team) object {
	return object{"_id": string(m.Agent) + "-" + string(m.Team), "agentId": m.Agent, "departmentId": m.Team, "departmentEnabled": !t.Settings.Shut(), "username": m.Username,
		"count": m.Served, "order": m.Order, "_updatedAt": stamp(t.CreatedAt)}
}

func (f *Front) oneDepartment(ctx context.Context, c *call) (any, error) {
	book, list, _, err := f.departmentsSeen(ctx, c, c.yes("onlyMyDepartments"))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(t account.Team) bool { return string(t.ID) == c.params["_id"] })
	if i < 0 {
		return object{"department": nil, "agents": []object{}}, nil
	}
	agents, err := f.memberViews(ctx, c, list[i])
	if err != nil {
		return nil, err
	}
	out := object{"department": departmentOf(book, list[i], len(agents))}
	full, err := c.may(ctx, "view-livechat-departments")
	if full && c.arg("includeAgents") != "false" {
		out["agents"] = agents
	}
	return out, err
}

func (f *Front) deleteDepartment(ctx context.Context, c *call) (any, error) {
	return object{}, f.dissolve(ctx, c, c.params["_id"])
}

func (f *Front) dissolve(ctx context.Context, c *call, which string) error {
	company, err := f.company(ctx, c)
	if err != nil {
		return err
	}
	if !company.On("Omnichannel_enable_department_removal") {
		return plain("error-department-removal-disabled")
	}
	err = f.Accounts.DissolveTeam(ctx, c.who, id.Team(which))
	f.forgetPeople(c.tenant)
	return err
}

// archiveDepartment puts a department away, or takes it out again, still disabled.
func (f *Front) archiveDepartment(away bool) handler {
	return func(ctx context.Context, c *call) (any, error) {
		_, err := f.Accounts.ChangeTeam(ctx, c.who, id.Team(c.params["_id"]), func(t *account.Team) {
			t.Settings.Archived, t.Settings.Off = away, true
		})
		if errs.ReasonOf(err) == "team_not_found" {
			return nil, plain("department-not-found")
		}
		return object{}, err
	}
}

func (f *Front) completeDepartment(ctx context.Context, c *call) (any, error) {
	text := c.arg("selector")
	if text == "" {
		return nil, plain("The 'selector' param is required")
	}
	var in struct {
		Term       string
		Exceptions []id.Team
		Conditions map[string]any
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, structured("error-invalid-selector", "Invalid selector parameter provided: \""+text+"\"")
	}
	_, list, _, err := f.departmentsSeen(ctx, c, c.yes("onlyMyDepartments"))
	if err != nil {
		return nil, err
	}
	items := []object{}
	for _, t := range list {
		if slices.Contains(in.Exceptions, t.ID) || !matches(in.Term, t.Name) || t.Settings.Archived && !c.yes("showArchived") {
			continue
		}
		if on, ok := in.Conditions["enabled"].(bool); ok && on == t.Settings.Off {
			continue
		}
		if items = append(items, object{"_id": t.ID, "name": t.Name}); len(items) == mostCount {
			break
		}
	}
	return object{"items": items}, nil
}

func (f *Front) departmentsByID(ctx context.Context, c *call) (any, error) {
	args := c.args()
	ids, ok := args["ids[]"]
	if !ok {
		if ids, ok = args["ids"]; !ok {
			return nil, plain("The 'ids' param is required")
		}
		if len(ids) == 1 {
			return nil, plain("The 'ids' param must be an array")
		}
	}
	book, list, members, err := f.departmentsSeen(ctx, c, false)
	out := []object{}
	for _, t := range list {
		if slices.Contains(ids, string(t.ID)) {
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
	}
	return object{"departments": out}, err
}

func creationAvailable(context.Context, *call) (any, error) {
	return object{"isDepartmentCreationAvailable": true}, nil
}

func (f *Front) departmentAgents(ctx context.Context, c *call) (any, error) {
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	list, err := f.memberViews(ctx, c, book.Teams[id.Team(c.params["_id"])])
	return page("agents", list, w), err
}

var membersShape = dict(must("upsert", list(dict(must("agentId", text), must("username", text), maybe("count", integer), maybe("order", integer)).open())),
	must("remove", list(dict(must("agentId", text), maybe("username", text), maybe("count", integer), maybe("order", integer)).open()))).matched()

// membersInput adds members to a department and takes others out.
type membersInput struct{ Upsert, Remove []memberInput }

func (f *Front) setDepartmentAgents(ctx context.Context, c *call) (any, error) {
	var in membersInput
	if err := c.read(membersShape, &in); err != nil {
		return nil, err
	}
	return object{}, f.changeMembers(ctx, c, c.params["_id"], in)
}

func (f *Front) changeMembers(ctx context.Context, c *call, which string, in membersInput) error {
	var out []id.Agent
	for _, m := range in.Remove {
		out = append(out, m.Agent)
	}
	defer f.forgetPeople(c.tenant)
	return teamFault(f.Accounts.SetMembers(ctx, grant.Lend(c.who, "manage-livechat-departments"), id.Team(which), membersOf(in.Upsert), out))
}

func (f *Front) departmentsOfAgent(ctx context.Context, c *call) (any, error) {
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	list, err := f.Accounts.MembershipsOf(ctx, c.tenant, id.Agent(c.params["agentId"]))
	out := []object{}
	for _, m := range list {
		t := book.Teams[m.Team]
		if c.yes("enabledDepartmentsOnly") && t.Settings.Shut() {
			continue
		}
		v := memberOf(m, t)
		v["departmentName"] = t.Name
		out = append(out, v)
	}
	return object{"departments": out}, err
}

func (f *Front) saveDepartmentMethod(ctx context.Context, c *call, p params) (any, error) {
	which, _ := p.at(0).(string)
	in := departmentInput{}
	body := map[string]any{"department": p.at(1)}
	for name, i := range map[string]int{"agents": 2, "departmentUnit": 3} {
		if p.at(i) != nil {
			body[name] = p.at(i)
		}
	}
	if err := departmentBody.decode(body, &in); err != nil {
		return nil, err
	}
	t, err := f.saveDepartment(ctx, c, which, in)
	if err != nil {
		return nil, err
	}
	return f.departmentView(ctx, c, t)
}

func (f *Front) saveDepartmentAgentsMethod(ctx context.Context, c *call, p params) (any, error) {
	which, err := p.text(0)
	if err != nil {
		return nil, err
	}
	var in membersInput
	if err := p.read(1, membersShape, &in); err != nil {
		return nil, err
	}
	return true, f.changeMembers(ctx, c, which, in)
}

func (f *Front) forwardRestrictions(ctx context.Context, c *call, p params) (any, error) {
	which, err := p.text(0)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	to := book.Teams[id.Team(which)].Settings.Forwards
	if len(to) == 0 {
		return object{}, nil
	}
	return object{"restrictions": object{"_id": object{"$in": to}}}, nil
}
