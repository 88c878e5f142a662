package office

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
)

// agentCalls adds the calls about agents and managers.
func (f *Front) agentCalls() {
	manager := []string{"view-livechat-manager"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/users/:type", Do: f.listOperators, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "livechat/users/:type", Do: f.addOperator, Auth: true, Needs: manager},
		contract.Route{Method: http.MethodGet, Path: "livechat/users/:type/:_id", Do: f.oneOperator, Auth: true, Needs: manager},
		contract.Route{Method: http.MethodDelete, Path: "livechat/users/:type/:_id", Do: f.removeOperator, Auth: true, Needs: manager},
		contract.Route{Method: http.MethodPost, Path: "livechat/agents.saveInfo", Do: f.saveAgentCall, Auth: true, Needs: []string{"manage-livechat-agents"}},
	)
	operator := func(name, needs string, role account.Role, add bool) contract.Method {
		return contract.Method{Name: name, Auth: true, Needs: []string{needs}, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			username, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			a, err := f.setOperator(ctx, c, username, role, add)
			if err != nil || !add {
				return true, err
			}
			return contract.Object{"_id": a.ID, "username": a.Username}, nil
		}}
	}
	f.AddMethods(
		operator("livechat:addAgent", "manage-livechat-agents", account.Member, true),
		operator("livechat:addManager", "manage-livechat-managers", account.Supervisor, true),
		operator("livechat:addMonitor", "manage-livechat-monitors", account.Monitor, true),
		operator("livechat:removeAgent", "manage-livechat-agents", account.Member, false),
		operator("livechat:removeManager", "manage-livechat-managers", account.Supervisor, false),
		operator("livechat:removeMonitor", "manage-livechat-monitors", account.Monitor, false),
		contract.Method{Name: "livechat:saveAgentInfo", Auth: true, Needs: []string{"manage-livechat-agents"}, Do: f.saveAgentMethod},
		contract.Method{Name: "livechat:changeLivechatStatus", Auth: true, Do: f.changeStatus},
		contract.Method{Name: "livechat:searchAgent", Auth: true, Needs: []string{"view-livechat-manager"}, Do: f.searchAgent},
	)
}

// systemActor acts for the installation, to read what a list is made of.
func systemActor(t id.Tenant) actor.Actor { return actor.ForSystem(t) }

// operatorRoles are the types of the agent lists.
var operatorRoles = map[string]account.Role{"agent": account.Member, "manager": account.Supervisor}

func operatorRole(c *contract.Call) (account.Role, error) {
	role, ok := operatorRoles[c.Params["type"]]
	if !ok {
		return "", contract.Plain("Invalid type")
	}
	return role, nil
}

// operatorView is an agent or manager in a list.
func (f *Front) operatorView(a account.Agent, st account.AgentStatus, open bool) contract.Object {
	return contract.Object{"_id": a.ID, "username": a.Username, "name": a.Name, "status": contract.PresenceOf(st), "statusLivechat": availableAt(st, open),
		"emails": []contract.Object{{"address": a.Email, "verified": a.Profile.Verified}}, "livechat": contract.Object{"maxNumberSimultaneousChat": a.Cap % account.MaxCap}}
}

// availableAt is availableOf while the company is open; when it is closed nobody
// takes chats.
func availableAt(st account.AgentStatus, open bool) string {
	if !open {
		return "not-available"
	}
	return availableOf(st)
}

// matches reports whether a text is in one of some words, without regard to case.
func matches(text string, in ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

func (f *Front) listOperators(ctx context.Context, c *contract.Call) (any, error) {
	role, err := operatorRole(c)
	if err != nil {
		return nil, err
	}
	needs := []string{"transfer-livechat-guest", "edit-omnichannel-contact", "manage-livechat-agents"}
	if role == account.Supervisor {
		needs = []string{"view-livechat-manager"}
	}
	if ok, err := c.May(ctx, needs...); err != nil {
		return nil, err
	} else if !ok {
		return nil, contract.Refused()
	}
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	keys, err := c.Sort()
	if err != nil {
		return nil, err
	}
	open, err := f.Accounts.OpenNow(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	users := []contract.Object{}
	for _, a := range list {
		if !a.Has(role) || !matches(c.Arg("text"), a.Username, a.Name, a.Email) || role == account.Member && hides(c, a, by[a.ID], open) {
			continue
		}
		v := f.operatorView(a, by[a.ID], open)
		if role == account.Member {
			v["departments"] = contract.Some(a.Teams)
		}
		users = append(users, v)
	}
	return contract.Page("users", users, w), nil
}

// hides reports whether the query leaves an agent out.
func hides(c *contract.Call, a account.Agent, st account.AgentStatus, open bool) bool {
	return a.Disabled || c.Yes("onlyAvailable") && availableAt(st, open) != "available" ||
		c.Arg("showIdleAgents") == "false" && contract.PresenceOf(st) == "offline" || c.Arg("excludeId") == string(a.ID)
}

func (f *Front) addOperator(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Username string }
	if err := c.Read(contract.Dict(contract.Must("username", contract.Text)), &in); err != nil {
		return nil, err
	}
	role, err := operatorRole(c)
	if err != nil {
		return nil, err
	}
	a, err := f.setOperator(ctx, c, in.Username, role, true)
	var own *contract.Fault
	if errors.As(err, &own) && own.Kind == "error-invalid-user" {
		return nil, contract.Structured("error-invalid-user", "")
	}
	return contract.Object{"user": contract.Object{"_id": a.ID, "username": a.Username}}, err
}

// setOperator gives a role to an account or takes it away.
func (f *Front) setOperator(ctx context.Context, c *contract.Call, username string, role account.Role, add bool) (account.Agent, error) {
	a, err := f.byUsername(ctx, c.Tenant, username)
	if errs.CodeOf(err) == errs.NotFound {
		return a, contract.Structured("error-invalid-user", "Invalid user")
	}
	if err != nil {
		return a, err
	}
	who := grant.Lend(c.Who, "manage-livechat-agents")
	if add {
		a, err = f.Accounts.Enlist(ctx, who, a.ID, role)
	} else {
		a, err = f.Accounts.Discharge(ctx, who, a.ID, role)
	}
	f.ForgetPeople(c.Tenant)
	return a, err
}

func (f *Front) oneOperator(ctx context.Context, c *contract.Call) (any, error) {
	role, err := operatorRole(c)
	if err != nil {
		return nil, err
	}
	a, err := f.Accounts.Agent(ctx, c.Tenant, id.Agent(c.Params["_id"]))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Plain("User not found")
	}
	if err != nil {
		return nil, err
	}
	if !a.Has(role) {
		return contract.Object{"user": nil}, nil
	}
	open, err := f.Accounts.OpenNow(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return contract.Object{"user": f.operatorView(a, st, open)}, err
}

func (f *Front) removeOperator(ctx context.Context, c *contract.Call) (any, error) {
	role, err := operatorRole(c)
	if err != nil {
		return nil, err
	}
	_, err = f.Accounts.Discharge(ctx, grant.Lend(c.Who, "manage-livechat-agents"), id.Agent(c.Params["_id"]), role)
	f.ForgetPeople(c.Tenant)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Bare
	}
	return contract.Object{}, err
}

// agentInfo is what can be said of an agent.
type agentInfo struct {
	ID          string         `json:"agentId"`
	Data        map[string]any `json:"agentData"`
	Departments []id.Team      `json:"agentDepartments"`
}

func (f *Front) saveAgentCall(ctx context.Context, c *contract.Call) (any, error) {
	var in agentInfo
	if err := c.Read(contract.Dict(contract.Must("agentId", contract.Text), contract.Must("agentData", contract.Dict().Open()), contract.Must("agentDepartments", contract.List(contract.Text))), &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.saveAgent(ctx, c, in)
}

func (f *Front) saveAgentMethod(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	in := agentInfo{}
	var err error
	if in.ID, err = p.Text(0); err != nil {
		return nil, err
	}
	if err := p.Read(1, contract.Dict().Open().Matched(), &in.Data); err != nil {
		return nil, err
	}
	if err := p.Read(2, contract.List(contract.Text).Matched(), &in.Departments); err != nil {
		return nil, err
	}
	return true, f.saveAgent(ctx, c, in)
}

// saveAgent sets the cap and the departments of an agent.
func (f *Front) saveAgent(ctx context.Context, c *contract.Call, in agentInfo) error {
	a, err := f.Accounts.Agent(ctx, c.Tenant, id.Agent(in.ID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return contract.Structured("error-user-is-not-agent", "User is not a livechat agent")
	}
	if err != nil {
		return err
	}
	change := account.AgentChange{Teams: contract.Some(in.Departments)}
	if v, ok := in.Data["maxNumberSimultaneousChat"]; ok {
		n, err := capOf(v)
		if err != nil {
			return err
		}
		change.Cap = &n
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return err
	}
	change.Teams = slices.DeleteFunc(change.Teams, func(t id.Team) bool { _, ok := book.Teams[t]; return !ok })
	_, err = f.Accounts.ChangeAgent(ctx, c.Who, a.ID, change)
	f.ForgetPeople(c.Tenant)
	return err
}

// capOf reads a highest number of chats; 0 and nothing mean no limit, which is the highest.
func capOf(v any) (int, error) {
	n, err := numberOf(v)
	if n <= 0 || n > account.MaxCap {
		n = account.MaxCap
	}
	return n, err
}

// numberOf reads a number that may be written as text; an empty one is 0.
func numberOf(v any) (int, error) {
	switch x := v.(type) {
	case nil:
		return 0, nil
	case float64:
		if x >= -1e9 && x <= 1e9 {
			return int(x), nil
		}
	case string:
		if x = strings.TrimSpace(x); x == "" {
			return 0, nil
		}
		if n, err := strconv.Atoi(x); err == nil {
			return n, nil
		}
	}
	return 0, contract.InvalidParams("must be number")
}

func (f *Front) searchAgent(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	username, err := p.Text(0)
	if err != nil {
		return nil, err
	}
	a, err := f.byUsername(ctx, c.Tenant, username)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("error-invalid-user", "Invalid user")
	}
	return contract.Object{"_id": a.ID, "username": a.Username}, err
}
