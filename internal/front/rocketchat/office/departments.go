package office

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// departmentCalls adds the calls about departments, which are teams.
func (f *Front) departmentCalls() {
	view := []string{"view-livechat-departments", "view-l-room"}
	manage := []string{"manage-livechat-departments"}
	people := []string{"manage-livechat-departments", "add-livechat-department-agents"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/department", Do: f.listDepartments(false), Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "livechat/departments/archived", Do: f.listDepartments(true), Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "livechat/department", Do: f.createDepartment, Auth: true, Needs: manage},
		contract.Route{Method: http.MethodGet, Path: "livechat/department/:_id", Do: f.oneDepartment, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPut, Path: "livechat/department/:_id", Do: f.updateDepartment, Auth: true, Needs: people},
		contract.Route{Method: http.MethodDelete, Path: "livechat/department/:_id", Do: f.deleteDepartment, Auth: true, Needs: []string{"manage-livechat-departments", "remove-livechat-department"}},
		contract.Route{Method: http.MethodPost, Path: "livechat/department/:_id/archive", Do: f.archiveDepartment(true), Auth: true, Needs: manage},
		contract.Route{Method: http.MethodPost, Path: "livechat/department/:_id/unarchive", Do: f.archiveDepartment(false), Auth: true, Needs: manage},
		contract.Route{Method: http.MethodGet, Path: "livechat/department.autocomplete", Do: f.completeDepartment, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "livechat/department.listByIds", Do: f.departmentsByID, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "livechat/department/isDepartmentCreationAvailable", Do: creationAvailable, Auth: true, Needs: append(manage, view...)},
		contract.Route{Method: http.MethodGet, Path: "livechat/department/:_id/agents", Do: f.departmentAgents, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "livechat/department/:_id/agents", Do: f.setDepartmentAgents, Auth: true, Needs: people},
		contract.Route{Method: http.MethodGet, Path: "livechat/agents/:agentId/departments", Do: f.departmentsOfAgent, Auth: true, Needs: []string{"view-l-room"}},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveDepartment", Auth: true, Needs: manage, Do: f.saveDepartmentMethod},
		contract.Method{Name: "livechat:saveDepartmentAgents", Auth: true, Needs: people, Do: f.saveDepartmentAgentsMethod},
		contract.Method{Name: "livechat:removeDepartment", Auth: true, Needs: manage, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			return true, f.dissolve(ctx, c, which)
		}},
		contract.Method{Name: "livechat:getDepartmentForwardRestrictions", Auth: true, Do: f.forwardRestrictions},
	)
}

// departmentOf is the contract's form of a team with so many members.
func departmentOf(book *account.Book, t account.Team, members int) contract.Object {
	d := t.Settings
	out := contract.Object{}
	for k, v := range d.Extra {
		out[k] = v
	}
	for k, v := range (contract.Object{"_id": t.ID, "name": t.Name, "enabled": !d.Off, "description": d.About, "email": d.Email, "showOnRegistration": !d.Unlisted,
		"showOnOfflineForm": !d.Unmailed, "numAgents": members, "_updatedAt": contract.Stamp(t.CreatedAt), "type": "d", "archived": d.Archived,
		"requestTagBeforeClosingChat": d.TagRequired, "chatClosingTags": contract.Some(d.ClosingTags), "fallbackForwardDepartment": d.Fallback,
		"departmentsAllowedToForward": contract.Some(d.Forwards), "allowReceiveForwardOffline": d.ForwardIdle}) {
		out[k] = v
	}
	if n := d.Routing.TeamCap; n != nil && *n > 0 {
		out["maxNumberSimultaneousChat"] = *n
	}
	if n := d.Timers.AbandonAfter; n != nil && *n > 0 {
		out["visitorInactivityTimeoutInSeconds"] = *n
	}
	if s, ok := book.Tenant.Settings.Shifts.Of(string(t.ID)); ok {
		out["businessHourId"] = s.ID
	}
	for key, prompt := range departmentPrompts {
		if text := d.Prompts[prompt].In(""); text != "" {
			out[key] = text
		}
	}
	if u, ok := book.UnitOf(t.ID); ok {
		out["parentId"], out["ancestors"] = u.ID, []string{u.ID}
	} else if d.LeftUnit {
		out["parentId"], out["ancestors"] = nil, nil
	}
	return out
}

// departmentPrompts are the lines that a department may word by itself.
var departmentPrompts = map[string]string{"abandonedRoomsCloseCustomMessage": setting.PromptIdleEnd, "waitingQueueMessage": setting.PromptQueued}

// departmentView is departmentOf with the members counted.
func (f *Front) departmentView(ctx context.Context, c *contract.Call, t account.Team) (contract.Object, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	members, err := f.Accounts.Members(ctx, c.Tenant, t.ID)
	return departmentOf(book, t, len(members)), err
}

// departmentsSeen are the teams that the caller may see, by name, with the number
// of members of each. mine limits a monitor to its own.
func (f *Front) departmentsSeen(ctx context.Context, c *contract.Call, mine bool) (*account.Book, []account.Team, map[id.Team]int, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, nil, nil, err
	}
	people, err := f.People(ctx, c.Tenant)
	if err != nil {
		return nil, nil, nil, err
	}
	members := map[id.Team]int{}
	for _, a := range people {
		for _, t := range a.Teams {
			members[t]++
		}
	}
	watched, bound := book.Watched(c.Login.Agent)
	var list []account.Team
	for _, t := range book.Teams {
		if !mine || !bound || slices.Contains(watched, t.ID) {
			list = append(list, t)
		}
	}
	slices.SortFunc(list, account.ByName)
	return book, list, members, nil
}

func (f *Front) listDepartments(archived bool) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		w, err := c.Window()
		if err != nil {
			return nil, err
		}
		keys, err := c.Sort()
		if err != nil {
			return nil, err
		}
		book, list, members, err := f.departmentsSeen(ctx, c, c.Yes("onlyMyDepartments"))
		if err != nil {
			return nil, err
		}
		out := []contract.Object{}
		for _, t := range list {
			d := t.Settings.Desk
			if archived != d.Archived && (archived || !c.Yes("showArchived")) || c.Yes("enabled") && d.Off || c.Arg("excludeDepartmentId") == string(t.ID) ||
				!matches(c.Arg("text"), t.Name) {
				continue
			}
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
		if len(keys) > 0 && keys[0].Desc && keys[0].Key == "name" {
			slices.Reverse(out)
		}
		return contract.Page("departments", out, w), nil
	}
}

// departmentShape is what a department must look like; further scalars are kept.
var departmentShape = contract.Dict(contract.Must("name", contract.Text), contract.Must("enabled", contract.Boolean), contract.Must("email", contract.Text), contract.Must("showOnRegistration", contract.Boolean), contract.Must("showOnOfflineForm", contract.Boolean),
	contract.Maybe("description", contract.Text), contract.Maybe("requestTagBeforeClosingChat", contract.Boolean), contract.Maybe("chatClosingTags", contract.List(contract.Text)), contract.Maybe("fallbackForwardDepartment", contract.Text),
	contract.Maybe("departmentsAllowedToForward", contract.List(contract.Text)), contract.Maybe("allowReceiveForwardOffline", contract.Boolean), contract.Maybe("maxNumberSimultaneousChat", contract.Anything),
	contract.Maybe("visitorInactivityTimeoutInSeconds", contract.Anything), contract.Maybe("abandonedRoomsCloseCustomMessage", contract.Text), contract.Maybe("waitingQueueMessage", contract.Text)).Open().Matched()

var memberShape = contract.Dict(contract.Must("agentId", contract.Text), contract.Maybe("username", contract.Text), contract.Maybe("count", contract.Integer), contract.Maybe("order", contract.Integer)).Open().Matched()

var departmentBody = contract.Dict(contract.Must("department", departmentShape), contract.Maybe("agents", contract.List(memberShape).OrNull()), contract.Maybe("departmentUnit", contract.Dict(contract.Maybe("_id", contract.Text.OrNull())).OrNull())).Matched()

// newDepartmentBody is that of a department that is made, which is checked by schema.
var newDepartmentBody = contract.Dict(contract.Must("department", departmentShape), contract.Maybe("agents", contract.List(memberShape).OrNull()), contract.Maybe("departmentUnit", contract.Dict(contract.Maybe("_id", contract.Text.OrNull())).OrNull()))

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
		return contract.Structured("error-archived-department-cant-be-enabled", "Archived departments can't be enabled")
	}
	if d.RequestTagBeforeClosingChat && len(d.ChatClosingTags) == 0 {
		return contract.Structured("error-validating-department-chat-closing-tags", "At least one closing tag is required when the department requires tag(s) on closing conversations.")
	}
	t.Name = d.Name
	st.Off, st.Email, st.About, st.Unlisted, st.Unmailed = !d.Enabled, d.Email, d.Description, !d.ShowOnRegistration, !d.ShowOnOfflineForm
	st.TagRequired, st.ClosingTags, st.Fallback, st.Forwards, st.ForwardIdle = d.RequestTagBeforeClosingChat, d.ChatClosingTags, d.FallbackForwardDepartment, d.DepartmentsAllowedToForward, d.AllowReceiveForwardOffline
	if st.Routing.TeamCap, err = limitOf(d.MaxNumberSimultaneousChat, st.Routing.TeamCap, account.MaxCap); err != nil {
		return err
	}
	if st.Timers.AbandonAfter, err = limitOf(d.VisitorInactivityTimeoutInSeconds, st.Timers.AbandonAfter, maxIdle); err != nil {
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
		return contract.Structured("error-department-not-found", "Department not found")
	case "fallback_not_found":
		return contract.Structured("error-fallback-department-not-found", "Fallback department not found")
	case "fallback_cycle":
		return contract.Structured("error-fallback-department-circular", "Cannot save department. Circular reference between fallback department and department")
	case "unit_not_found":
		return contract.Structured("error-invalid-department-unit", "Invalid department unit")
	case "unit_empty":
		return contract.Structured("error-unit-cant-be-empty", "The last department in a unit can't be removed")
	case "bad_name":
		return contract.Structured("error-invalid-department-name", errs.MessageOf(err))
	}
	return err
}

// saveDepartment makes a department, or changes the one with an id, with its
// members and its unit.
func (f *Front) saveDepartment(ctx context.Context, c *contract.Call, which string, in departmentInput) (t account.Team, err error) {
	if which == "" {
		if err := in.fillTeam(&t); err != nil {
			return t, err
		}
		t.Shared = true
		t, err = f.Accounts.OpenTeam(ctx, c.Who, t)
	} else {
		var bad error
		t, err = f.Accounts.ChangeTeam(ctx, c.Who, id.Team(which), func(t *account.Team) { bad, t.Shared = in.fillTeam(t), true })
		if bad != nil {
			return t, bad
		}
	}
	if err != nil {
		return t, teamFault(err)
	}
	if in.Unit != nil {
		// Whose unit it is not changes the department all the same.
		if err := f.Accounts.MoveTeam(ctx, c.Who, t.ID, in.Unit.ID); err != nil && errs.ReasonOf(err) != "foreign_unit" {
			return t, teamFault(err)
		}
	}
	if in.Agents == nil {
		return t, nil
	}
	if ok, err := c.May(ctx, "add-livechat-department-agents"); err != nil || !ok && which != "" {
		return t, err
	}
	defer f.ForgetPeople(c.Tenant)
	was, err := f.Accounts.Members(ctx, c.Tenant, t.ID)
	if err != nil {
		return t, err
	}
	var out []id.Agent
	for _, m := range was {
		if !slices.ContainsFunc(in.Agents, func(x memberInput) bool { return x.Agent == m.Agent }) {
			out = append(out, m.Agent)
		}
	}
	return t, teamFault(f.Accounts.SetMembers(ctx, c.Who, t.ID, membersOf(in.Agents), out))
}

func (f *Front) createDepartment(ctx context.Context, c *contract.Call) (any, error) {
	var in departmentInput
	if err := c.Read(newDepartmentBody, &in); err != nil {
		return nil, err
	}
	t, err := f.saveDepartment(ctx, c, "", in)
	return f.departmentAnswer(ctx, c, t, err)
}

func (f *Front) updateDepartment(ctx context.Context, c *contract.Call) (any, error) {
	var in departmentInput
	if err := c.Read(departmentBody, &in); err != nil {
		return nil, err
	}
	if ok, err := c.May(ctx, "manage-livechat-departments"); err != nil {
		return nil, err
	} else if !ok {
		return nil, contract.Plain("error-not-allowed")
	}
	t, err := f.saveDepartment(ctx, c, c.Params["_id"], in)
	return f.departmentAnswer(ctx, c, t, err)
}

// departmentAnswer is a department with its members.
func (f *Front) departmentAnswer(ctx context.Context, c *contract.Call, t account.Team, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	d, err := f.departmentView(ctx, c, t)
	if err != nil {
		return nil, err
	}
	agents, err := f.memberViews(ctx, c, t)
	return contract.Object{"department": d, "agents": agents}, err
}

// memberViews are the members of a department.
func (f *Front) memberViews(ctx context.Context, c *contract.Call, t account.Team) ([]contract.Object, error) {
	members, err := f.Accounts.Members(ctx, c.Tenant, t.ID)
	list := make([]contract.Object, len(members))
	for i, m := range members {
		list[i] = memberOf(m, t)
	}
	return list, err
}

func memberOf(m account.Membership, t account.Team) contract.Object {
	return contract.Object{"_id": string(m.Agent) + "-" + string(m.Team), "agentId": m.Agent, "departmentId": m.Team, "departmentEnabled": !t.Settings.Shut(), "username": m.Username,
		"count": m.Served, "order": m.Order, "_updatedAt": contract.Stamp(t.CreatedAt)}
}

func (f *Front) oneDepartment(ctx context.Context, c *contract.Call) (any, error) {
	book, list, _, err := f.departmentsSeen(ctx, c, c.Yes("onlyMyDepartments"))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(t account.Team) bool { return string(t.ID) == c.Params["_id"] })
	if i < 0 {
		return contract.Object{"department": nil, "agents": []contract.Object{}}, nil
	}
	agents, err := f.memberViews(ctx, c, list[i])
	if err != nil {
		return nil, err
	}
	out := contract.Object{"department": departmentOf(book, list[i], len(agents))}
	full, err := c.May(ctx, "view-livechat-departments")
	if full && c.Arg("includeAgents") != "false" {
		out["agents"] = agents
	}
	return out, err
}

func (f *Front) deleteDepartment(ctx context.Context, c *contract.Call) (any, error) {
	return contract.Object{}, f.dissolve(ctx, c, c.Params["_id"])
}

func (f *Front) dissolve(ctx context.Context, c *contract.Call, which string) error {
	company, err := f.Company(ctx, c)
	if err != nil {
		return err
	}
	if !company.On("Omnichannel_enable_department_removal") {
		return contract.Plain("error-department-removal-disabled")
	}
	err = f.Accounts.DissolveTeam(ctx, c.Who, id.Team(which))
	f.ForgetPeople(c.Tenant)
	return err
}

// archiveDepartment puts a department away, or takes it out again, still disabled.
func (f *Front) archiveDepartment(away bool) contract.Handler {
	return func(ctx context.Context, c *contract.Call) (any, error) {
		_, err := f.Accounts.ChangeTeam(ctx, c.Who, id.Team(c.Params["_id"]), func(t *account.Team) {
			t.Settings.Archived, t.Settings.Off = away, true
		})
		if errs.ReasonOf(err) == "team_not_found" {
			return nil, contract.Plain("department-not-found")
		}
		return contract.Object{}, err
	}
}

func (f *Front) completeDepartment(ctx context.Context, c *contract.Call) (any, error) {
	text := c.Arg("selector")
	if text == "" {
		return nil, contract.Plain("The 'selector' param is required")
	}
	var in struct {
		Term       string
		Exceptions []id.Team
		Conditions map[string]any
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, contract.Structured("error-invalid-selector", "Invalid selector parameter provided: \""+text+"\"")
	}
	_, list, _, err := f.departmentsSeen(ctx, c, c.Yes("onlyMyDepartments"))
	if err != nil {
		return nil, err
	}
	items := []contract.Object{}
	for _, t := range list {
		if slices.Contains(in.Exceptions, t.ID) || !matches(in.Term, t.Name) || t.Settings.Archived && !c.Yes("showArchived") {
			continue
		}
		if on, ok := in.Conditions["enabled"].(bool); ok && on == t.Settings.Off {
			continue
		}
		if items = append(items, contract.Object{"_id": t.ID, "name": t.Name}); len(items) == contract.MostCount {
			break
		}
	}
	return contract.Object{"items": items}, nil
}

func (f *Front) departmentsByID(ctx context.Context, c *contract.Call) (any, error) {
	args := c.Args()
	ids, ok := args["ids[]"]
	if !ok {
		if ids, ok = args["ids"]; !ok {
			return nil, contract.Plain("The 'ids' param is required")
		}
		if len(ids) == 1 {
			return nil, contract.Plain("The 'ids' param must be an array")
		}
	}
	book, list, members, err := f.departmentsSeen(ctx, c, false)
	out := []contract.Object{}
	for _, t := range list {
		if slices.Contains(ids, string(t.ID)) {
			out = append(out, departmentOf(book, t, members[t.ID]))
		}
	}
	return contract.Object{"departments": out}, err
}

func creationAvailable(context.Context, *contract.Call) (any, error) {
	return contract.Object{"isDepartmentCreationAvailable": true}, nil
}

func (f *Front) departmentAgents(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	list, err := f.memberViews(ctx, c, book.Teams[id.Team(c.Params["_id"])])
	return contract.Page("agents", list, w), err
}

var membersShape = contract.Dict(contract.Must("upsert", contract.List(contract.Dict(contract.Must("agentId", contract.Text), contract.Must("username", contract.Text), contract.Maybe("count", contract.Integer), contract.Maybe("order", contract.Integer)).Open())),
	contract.Must("remove", contract.List(contract.Dict(contract.Must("agentId", contract.Text), contract.Maybe("username", contract.Text), contract.Maybe("count", contract.Integer), contract.Maybe("order", contract.Integer)).Open()))).Matched()

// membersInput adds members to a department and takes others out.
type membersInput struct{ Upsert, Remove []memberInput }

func (f *Front) setDepartmentAgents(ctx context.Context, c *contract.Call) (any, error) {
	var in membersInput
	if err := c.Read(membersShape, &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.changeMembers(ctx, c, c.Params["_id"], in)
}

func (f *Front) changeMembers(ctx context.Context, c *contract.Call, which string, in membersInput) error {
	var out []id.Agent
	for _, m := range in.Remove {
		out = append(out, m.Agent)
	}
	defer f.ForgetPeople(c.Tenant)
	return teamFault(f.Accounts.SetMembers(ctx, grant.Lend(c.Who, "manage-livechat-departments"), id.Team(which), membersOf(in.Upsert), out))
}

func (f *Front) departmentsOfAgent(ctx context.Context, c *contract.Call) (any, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	list, err := f.Accounts.MembershipsOf(ctx, c.Tenant, id.Agent(c.Params["agentId"]))
	out := []contract.Object{}
	for _, m := range list {
		t := book.Teams[m.Team]
		if c.Yes("enabledDepartmentsOnly") && t.Settings.Shut() {
			continue
		}
		v := memberOf(m, t)
		v["departmentName"] = t.Name
		out = append(out, v)
	}
	return contract.Object{"departments": out}, err
}

func (f *Front) saveDepartmentMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	which, _ := p.At(0).(string)
	in := departmentInput{}
	body := map[string]any{"department": p.At(1)}
	for name, i := range map[string]int{"agents": 2, "departmentUnit": 3} {
		if p.At(i) != nil {
			body[name] = p.At(i)
		}
	}
	if unit, ok := p.At(3).(map[string]any); ok && unit["_id"] != nil {
		if _, ok := unit["_id"].(string); !ok {
			return nil, contract.Structured("error-invalid-department-unit", "Invalid department unit id provided")
		}
	}
	if err := departmentBody.Decode(body, &in); err != nil {
		return nil, err
	}
	t, err := f.saveDepartment(ctx, c, which, in)
	if err != nil {
		return nil, err
	}
	return f.departmentView(ctx, c, t)
}

func (f *Front) saveDepartmentAgentsMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	which, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	var in membersInput
	if err := p.Read(1, membersShape, &in); err != nil {
		return nil, err
	}
	return true, f.changeMembers(ctx, c, which, in)
}

func (f *Front) forwardRestrictions(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	which, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	to := book.Teams[id.Team(which)].Settings.Forwards
	if len(to) == 0 {
		return contract.Object{}, nil
	}
	return contract.Object{"restrictions": contract.Object{"_id": contract.Object{"$in": to}}}, nil
}
