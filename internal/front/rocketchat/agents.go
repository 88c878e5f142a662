package rocketchat

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
	"parlor/internal/grant"
	"parlor/internal/id"
)

// agentCalls adds the calls about agents and managers.
func (f *Front) agentCalls() {
	manager := []string{"view-livechat-manager"}
	f.add(
		route{method: http.MethodGet, path: "livechat/users/:type", do: f.listOperators, auth: true},
		route{method: http.MethodPost, path: "livechat/users/:type", do: f.addOperator, auth: true, needs: manager},
		route{method: http.MethodGet, path: "livechat/users/:type/:_id", do: f.oneOperator, auth: true, needs: manager},
		route{method: http.MethodDelete, path: "livechat/users/:type/:_id", do: f.removeOperator, auth: true, needs: manager},
		route{method: http.MethodPost, path: "livechat/agents.saveInfo", do: f.saveAgentCall, auth: true, needs: []string{"manage-livechat-agents"}},
	)
	operator := func(name, needs string, role account.Role, add bool) method {
		return method{name: name, auth: true, needs: []string{needs}, do: func(ctx context.Context, c *call, p params) (any, error) {
			username, err := p.text(0)
			if err != nil {
				return nil, err
			}
			a, err := f.setOperator(ctx, c, username, role, add)
			if err != nil || !add {
				return true, err
			}
			return object{"_id": a.ID, "username": a.Username}, nil
		}}
	}
	f.methods.add(
		operator("livechat:addAgent", "manage-livechat-agents", account.Member, true),
		operator("livechat:addManager", "manage-livechat-managers", account.Supervisor, true),
		operator("livechat:addMonitor", "manage-livechat-monitors", account.Monitor, true),
		operator("livechat:removeAgent", "manage-livechat-agents", account.Member, false),
		operator("livechat:removeManager", "manage-livechat-managers", account.Supervisor, false),
		operator("livechat:removeMonitor", "manage-livechat-monitors", account.Monitor, false),
		method{name: "livechat:saveAgentInfo", auth: true, needs: []string{"manage-livechat-agents"}, do: f.saveAgentMethod},
		method{name: "livechat:changeLivechatStatus", auth: true, do: f.changeStatus},
		method{name: "livechat:searchAgent", auth: true, needs: []string{"view-livechat-manager"}, do: f.searchAgent},
	)
}

// systemActor acts for the installation, to read what a list is made of.
func systemActor(t id.Tenant) actor.Actor { return actor.ForSystem(t) }

// forgetPeople makes changed accounts known at once.
func (f *Front) forgetPeople(t id.Tenant) { f.agents.Forget(func(k id.Tenant) bool { return k == t }) }

// operatorRoles are the types of the agent lists.
var operatorRoles = map[string]account.Role{"agent": account.Member, "manager": account.Supervisor}

func (c *call) operatorRole() (account.Role, error) {
	role, ok := operatorRoles[c.params["type"]]
	if !ok {
		return "", plain("Invalid type")
	}
	return role, nil
}

// operatorView is an agent or manager in a list.
func (f *Front) operatorView(a account.Agent, st account.AgentStatus, open bool) object {
	return object{"_id": a.ID, "username": a.Username, "name": a.Name, "status": presenceOf(st), "statusLivechat": availableAt(st, open),
		"emails": []object{{"address": a.Email, "verified": a.Profile.Verified}}, "livechat": object{"maxNumberSimultaneousChat": a.Cap}}
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

func (f *Front) listOperators(ctx context.Context, c *call) (any, error) {
	role, err := c.operatorRole()
	if err != nil {
		return nil, err
	}
	needs := []string{"transfer-livechat-guest", "edit-omnichannel-contact", "manage-livechat-agents"}
	if role == account.Supervisor {
		needs = []string{"view-livechat-manager"}
	}
	if ok, err := c.may(ctx, needs...); err != nil {
		return nil, err
	} else if !ok {
		return nil, refused()
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	keys, err := c.sort()
	if err != nil {
		return nil, err
	}
	open, err := f.Accounts.OpenNow(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	list, by, err := f.directory(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	sortPeople(list, keys)
	users := []object{}
	for _, a := range list {
		if !a.Has(role) || !matches(c.arg("text"), a.Username, a.Name, a.Email) || role == account.Member && c.hides(a, by[a.ID], open) {
			continue
		}
		v := f.operatorView(a, by[a.ID], open)
		if role == account.Member {
			v["departments"] = some(a.Teams)
		}
		users = append(users, v)
	}
	return page("users", users, w), nil
}

// hides reports whether the query leaves an agent out.
func (c *call) hides(a account.Agent, st account.AgentStatus, open bool) bool {
	return a.Disabled || c.yes("onlyAvailable") && availableAt(st, open) != "available" ||
		c.arg("showIdleAgents") == "false" && presenceOf(st) == "offline" || c.arg("excludeId") == string(a.ID)
}

func (f *Front) addOperator(ctx context.Context, c *call) (any, error) {
	var in struct{ Username string }
	if err := c.read(dict(must("username", text)), &in); err != nil {
		return nil, err
	}
	role, err := c.operatorRole()
	if err != nil {
		return nil, err
	}
	a, err := f.setOperator(ctx, c, in.Username, role, true)
	var own *fault
	if errors.As(err, &own) && own.kind == "error-invalid-user" {
		return nil, structured("error-invalid-user", "")
	}
	return object{"user": object{"_id": a.ID, "username": a.Username}}, err
}

// setOperator gives a role to an account or takes it away.
func (f *Front) setOperator(ctx context.Context, c *call, username string, role account.Role, add bool) (account.Agent, error) {
	a, err := f.byUsername(ctx, c.tenant, username)
	if errs.CodeOf(err) == errs.NotFound {
		return a, structured("error-invalid-user", "Invalid user")
	}
	if err != nil {
		return a, err
	}
	who := grant.Lend(c.who, "manage-livechat-agents")
	if add {
		a, err = f.Accounts.Enlist(ctx, who, a.ID, role)
	} else {
		a, err = f.Accounts.Discharge(ctx, who, a.ID, role)
	}
	f.forgetPeople(c.tenant)
	return a, err
}

func (f *Front) oneOperator(ctx context.Context, c *call) (any, error) {
	role, err := c.operatorRole()
	if err != nil {
		return nil, err
	}
	a, err := f.Accounts.Agent(ctx, c.tenant, id.Agent(c.params["_id"]))
	if errs.CodeOf(err) == errs.NotFound {
		return nil, plain("User not found")
	}
	if err != nil {
		return nil, err
	}
	if !a.Has(role) {
		return object{"user": nil}, nil
	}
	open, err := f.Accounts.OpenNow(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	st, err := f.statusOf(ctx, a)
	return object{"user": f.operatorView(a, st, open)}, err
}

func (f *Front) removeOperator(ctx context.Context, c *call) (any, error) {
	role, err := c.operatorRole()
	if err != nil {
		return nil, err
	}
	_, err = f.Accounts.Discharge(ctx, grant.Lend(c.who, "manage-livechat-agents"), id.Agent(c.params["_id"]), role)
	f.forgetPeople(c.tenant)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, bare
	}
	return object{}, err
}

// agentInfo is what can be said of an agent.
type agentInfo struct {
	ID          string         `json:"agentId"`
	Data        map[string]any `json:"agentData"`
	Departments []id.Team      `json:"agentDepartments"`
}

func (f *Front) saveAgentCall(ctx context.Context, c *call) (any, error) {
	var in agentInfo
	if err := c.read(dict(must("agentId", text), must("agentData", dict().open()), must("agentDepartments", list(text))), &in); err != nil {
		return nil, err
	}
	return object{}, f.saveAgent(ctx, c, in)
}

func (f *Front) saveAgentMethod(ctx context.Context, c *call, p params) (any, error) {
	in := agentInfo{}
	var err error
	if in.ID, err = p.text(0); err != nil {
		return nil, err
	}
	if err := p.read(1, dict().open().matched(), &in.Data); err != nil {
		return nil, err
	}
	if err := p.read(2, list(text).matched(), &in.Departments); err != nil {
		return nil, err
	}
	return true, f.saveAgent(ctx, c, in)
}

// saveAgent sets the cap and the departments of an agent.
func (f *Front) saveAgent(ctx context.Context, c *call, in agentInfo) error {
	a, err := f.Accounts.Agent(ctx, c.tenant, id.Agent(in.ID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return structured("error-user-is-not-agent", "User is not a livechat agent")
	}
	if err != nil {
		return err
	}
	change := account.AgentChange{Teams: some(in.Departments)}
	if v, ok := in.Data["maxNumberSimultaneousChat"]; ok {
		n, err := capOf(v)
		if err != nil {
			return err
		}
		change.Cap = &n
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return err
	}
	change.Teams = slices.DeleteFunc(change.Teams, func(t id.Team) bool { _, ok := book.Teams[t]; return !ok })
	_, err = f.Accounts.ChangeAgent(ctx, c.who, a.ID, change)
	f.forgetPeople(c.tenant)
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
	return 0, invalidParams("must be number")
}

func (f *Front) searchAgent(ctx context.Context, c *call, p params) (any, error) {
	username, err := p.text(0)
	if err != nil {
		return nil, err
	}
	a, err := f.byUsername(ctx, c.tenant, username)
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("error-invalid-user", "Invalid user")
	}
	return object{"_id": a.ID, "username": a.Username}, err
}
