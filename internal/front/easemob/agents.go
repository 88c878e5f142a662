package easemob

import (
	"context"
	"errors"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// seat is an agent with where it stands.
type seat struct {
	account.Agent
	status account.AgentStatus
}

// roster are the agents of a company who are not programs.
func (f *Front) roster(ctx context.Context, c *call) ([]seat, error) {
	all, err := f.Accounts.Agents(ctx, c.who)
	if err != nil {
		return nil, err
	}
	statuses, err := f.Accounts.Roster(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	byID := map[id.Agent]account.AgentStatus{}
	for _, s := range statuses {
		byID[s.Agent] = s
	}
	out := make([]seat, 0, len(all))
	for _, a := range all {
		if s := byID[a.ID]; !s.Bot {
			out = append(out, seat{a, s})
		}
	}
	return out, nil
}

// wireState is an agent's state on the wire: Online is what people call idle.
func wireState(s account.AgentStatus) string {
	switch {
	case s.Agent == "" || !s.Connected:
		return "Offline"
	case s.State == account.Ready:
		return "Online"
	case s.State == account.Busy:
		return "Busy"
	}
	return "Leave"
}

func seats(list []seat) []object {
	out := make([]object, len(list))
	for i, a := range list {
		out[i] = agentOf(a)
	}
	return out
}

func agentOf(a seat) object {
	return object{"userId": a.ID, "username": a.Email, "nicename": a.Name, "trueName": a.Name, "roles": roleOf(a.Role), "status": enabled(a.Disabled),
		"state": wireState(a.status), "maxServiceSessionCount": a.Cap, "currentServiceSessionCount": a.status.Open, "queueIds": a.Teams, "createDateTime": a.CreatedAt.UnixMilli()}
}

func roleOf(r account.Role) string {
	if r == account.Admin {
		return "admin,agent"
	}
	return "agent"
}

func enabled(off bool) string {
	if off {
		return "Disable"
	}
	return "Enable"
}

// agents lists them, or answers for one by username.
func (f *Front) agents(ctx context.Context, c *call) (any, error) {
	page, size, err := c.page()
	if err != nil {
		return nil, err
	}
	all, err := f.roster(ctx, c)
	if err != nil {
		return nil, err
	}
	if login := strings.TrimSpace(c.URL.Query().Get("username")); login != "" {
		kept := all[:0]
		for _, a := range all {
			if strings.EqualFold(a.Email, login) || a.Username == login {
				kept = append(kept, a)
			}
		}
		all = kept
	}
	total := len(all)
	from := min((page-1)*size, total)
	return list{entities: seats(all[from:min(from+size, total)]), total: total}, nil
}

// agentInput is an agent on the wire.
type agentInput struct {
	Username *string  `json:"username"`
	Nicename *string  `json:"nicename"`
	Password *string  `json:"password"`
	Roles    *string  `json:"roles"`
	Max      *int     `json:"maxServiceSessionCount"`
	Queues   []string `json:"queueIds"`
	Status   *string  `json:"status"`
}

func (in agentInput) role() account.Role {
	if in.Roles != nil && strings.Contains(*in.Roles, "admin") {
		return account.Admin
	}
	return account.Member
}

func (f *Front) addAgent(ctx context.Context, c *call) (any, error) {
	var in agentInput
	if err := c.json(&in); err != nil {
		return nil, err
	}
	if in.Username == nil || in.Password == nil {
		return nil, faultParam
	}
	add := account.NewAgent{Tenant: c.tenant, Email: *in.Username, Name: *in.Username, Password: *in.Password, Role: in.role()}
	if in.Nicename != nil {
		add.Name = *in.Nicename
	}
	if in.Max != nil {
		add.Cap = *in.Max
	}
	book, err := f.Accounts.Book(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	for _, q := range in.Queues {
		team, ok := book.Teams[id.Team(q)]
		if !ok {
			return nil, faultParam
		}
		add.Teams = append(add.Teams, team.Name)
	}
	a, err := f.Accounts.CreateAgent(ctx, c.who, add)
	if err != nil {
		return nil, err
	}
	return agentOf(seat{Agent: a}), nil
}

func (f *Front) changeAgent(ctx context.Context, c *call) (any, error) {
	var in agentInput
	if err := c.json(&in); err != nil {
		return nil, err
	}
	change := account.AgentChange{Email: in.Username, Name: in.Nicename, Password: in.Password, Cap: in.Max}
	if in.Roles != nil {
		role := in.role()
		change.Role = &role
	}
	if in.Queues != nil {
		change.Teams = make([]id.Team, len(in.Queues))
		for i, q := range in.Queues {
			change.Teams[i] = id.Team(q)
		}
	}
	if in.Status != nil {
		off := *in.Status == enabled(true)
		change.Disabled = &off
	}
	a, err := f.Accounts.ChangeAgent(ctx, c.who, id.Agent(c.PathValue("id")), change)
	if err != nil {
		return nil, err
	}
	st, err := f.Accounts.AgentStatus(ctx, c.tenant, a.ID, f.Clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		err = nil
	}
	return agentOf(seat{a, st}), err
}

func (f *Front) removeAgent(ctx context.Context, c *call) (any, error) {
	return nil, f.Accounts.RemoveIdleAgent(ctx, c.who, id.Agent(c.PathValue("id")))
}

// logins are the logins of all agents by id, those who are gone left out.
func (f *Front) logins(ctx context.Context, t id.Tenant) (map[id.Agent]string, error) {
	all, err := f.Accounts.Authors(ctx, t)
	m := make(map[id.Agent]string, len(all))
	for _, a := range all {
		m[a.ID] = a.Email
	}
	return m, err
}

// day reads a date or a time of a filter; "" is none.
func day(s string) (at time.Time, err error) {
	if s == "" {
		return at, nil
	}
	var fault error
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05.000Z", time.DateOnly} {
		if at, err = time.Parse(form, s); err == nil {
			return at, nil
		}
		fault = errors.Join(fault, err)
	}
	return at, errs.Field("date", "bad_date", "%q is no date.", s).Because(fault)
}
