package office

import (
	"context"
	"errors"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
)

// statuses adds the calls by which agents say whether they are there.
func (f *Front) statuses() {
	f.Add(
		contract.Route{Method: http.MethodPost, Path: "users.setStatus", Do: f.setStatus, Auth: true},
		contract.Route{Method: http.MethodGet, Path: "users.getStatus", Do: f.getStatus, Auth: true},
		contract.Route{Method: http.MethodPost, Path: "livechat/agent.status", Do: f.agentStatus, Auth: true, Needs: []string{"view-l-room"}},
	)
	f.AddMethods(
		contract.Method{Name: "UserPresence:away", Auth: true, Do: f.presence("away")},
		contract.Method{Name: "UserPresence:online", Auth: true, Do: f.presence("online")},
		contract.Method{Name: "UserPresence:setDefaultStatus", Auth: true, Do: f.presence("")},
		contract.Method{Name: "setUserStatus", Auth: true, Do: f.presence("")},
	)
}

// presence is a method by which the caller says whether it is there: with a word of
// its own, or by its first argument.
func (f *Front) presence(word string) func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	return func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
		said := word
		if said == "" {
			var err error
			if said, err = p.Text(0); err != nil {
				return nil, err
			}
		}
		err := f.SayPresence(ctx, c.Tenant, c.Login.Agent.ID, said)
		if errs.ReasonOf(err) == "unknown_presence" {
			err = contract.Structured("error-invalid-status", "Invalid status")
		}
		return nil, err
	}
}

// availableOf is the contract's word for taking chats.
func availableOf(st account.AgentStatus) string {
	if st.State == account.Ready && !st.OffDuty {
		return "available"
	}
	return "not-available"
}

// setStatus answers users.setStatus: whether the caller is there, at once and
// without a connection.
func (f *Front) setStatus(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Status, Message string }
	if err := c.Read(contract.Dict(contract.Maybe("message", contract.Text), contract.Maybe("status", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	if in.Status == "" {
		return contract.Object{}, nil
	}
	err := f.SayPresence(ctx, c.Tenant, c.Login.Agent.ID, in.Status)
	if errs.ReasonOf(err) == "unknown_presence" {
		err = contract.Structured("error-invalid-status", "Valid status types include online, away, offline, and busy.")
	}
	return contract.Object{}, err
}

func (f *Front) getStatus(ctx context.Context, c *contract.Call) (any, error) {
	a := id.Agent(c.Arg("userId"))
	if a == "" {
		a = c.Login.Agent.ID
	}
	st, err := f.Accounts.AgentStatus(ctx, c.Tenant, a, f.Clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		return nil, contract.Structured("error-invalid-user", "The required \"userId\" or \"username\" param provided does not match any users")
	}
	if err != nil {
		return nil, err
	}
	return contract.Object{"_id": a, "status": contract.PresenceOf(st), "connectionStatus": contract.PresenceOf(st)}, nil
}

// agentStatus answers livechat/agent.status: whether an agent takes chats.
func (f *Front) agentStatus(ctx context.Context, c *contract.Call) (any, error) {
	var in struct{ Status, AgentID string }
	if err := c.Read(contract.Dict(contract.Maybe("status", contract.Text.OneOf("available", "not-available")), contract.Maybe("agentId", contract.Text)), &in); err != nil {
		return nil, err
	}
	if in.AgentID == "" {
		in.AgentID = string(c.Login.Agent.ID)
	}
	a, err := f.Accounts.Agent(ctx, c.Tenant, id.Agent(in.AgentID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return nil, contract.NotFound("Agent not found")
	}
	if err != nil {
		return nil, err
	}
	if a.Disabled {
		return nil, contract.Plain("error-user-deactivated")
	}
	if err := f.mayChangeStatus(ctx, c, a.ID, contract.Refused()); err != nil {
		return nil, err
	}
	st, open, err := f.switchStatus(ctx, c, a, in.Status)
	if errors.Is(err, errClosedHours) {
		if a.ID == c.Login.Agent.ID {
			return nil, err
		}
		err = nil
	}
	return contract.Object{"status": availableAt(st, open)}, err
}

// errClosedHours refuses to take chats while the company is closed.
var errClosedHours = contract.Plain("error-business-hours-are-closed")

// mayChangeStatus answers no to who may not change the status of an agent.
func (f *Front) mayChangeStatus(ctx context.Context, c *contract.Call, a id.Agent, no error) error {
	if a == c.Login.Agent.ID {
		return nil
	}
	ok, err := c.May(ctx, "manage-livechat-agents")
	if err == nil && !ok {
		err = no
	}
	return err
}

// switchStatus makes an agent available or not; an empty status is the other one.
func (f *Front) switchStatus(ctx context.Context, c *contract.Call, a account.Agent, status string) (st account.AgentStatus, open bool, err error) {
	if open, err = f.Accounts.OpenNow(ctx, c.Tenant); err != nil {
		return st, open, err
	}
	if st, err = f.statusOf(ctx, a); err != nil {
		return st, open, err
	}
	if status == "" {
		status = map[string]string{"available": "not-available", "not-available": "available"}[availableAt(st, open)]
	}
	state := account.Away
	if status == "available" {
		if !open {
			return st, open, errClosedHours
		}
		state = account.Ready
	}
	got, err := f.Accounts.SetState(ctx, actor.Actor{Kind: actor.Agent, Tenant: c.Tenant, Agent: a.ID, Name: a.Name}, state, "")
	if errs.ReasonOf(err) == "off_duty" {
		return st, open, errClosedHours
	}
	return got, open, err
}

// changeStatus is the method livechat:changeLivechatStatus.
func (f *Front) changeStatus(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
	var in struct{ Status, AgentID string }
	if err := p.Read(0, contract.Dict(contract.Maybe("status", contract.Text), contract.Maybe("agentId", contract.Text)).Open(), &in); err != nil {
		return nil, err
	}
	if in.AgentID == "" {
		in.AgentID = string(c.Login.Agent.ID)
	}
	a, err := f.Accounts.Agent(ctx, c.Tenant, id.Agent(in.AgentID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return nil, contract.Structured("error-not-allowed", "Invalid Agent Id")
	}
	if err != nil {
		return nil, err
	}
	if in.Status != "" && in.Status != "available" && in.Status != "not-available" {
		return nil, contract.Structured("error-not-allowed", "Invalid Status")
	}
	if err := f.mayChangeStatus(ctx, c, a.ID, contract.Structured("error-not-allowed", "Not allowed")); err != nil {
		return nil, err
	}
	_, _, err = f.switchStatus(ctx, c, a, in.Status)
	if errors.Is(err, errClosedHours) && a.ID != c.Login.Agent.ID {
		err = nil
	}
	return nil, err
}
