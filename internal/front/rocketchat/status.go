package rocketchat

import (
	"context"
	"errors"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/presence"
)

// statuses adds the calls by which agents say whether they are there.
func (f *Front) statuses() {
	f.add(
		route{method: http.MethodPost, path: "users.setStatus", do: f.setStatus, auth: true},
		route{method: http.MethodGet, path: "users.getStatus", do: f.getStatus, auth: true},
		route{method: http.MethodPost, path: "livechat/agent.status", do: f.agentStatus, auth: true, needs: []string{"view-l-room"}},
	)
}

// presenceOf is the contract's word for an agent's presence.
func presenceOf(st account.AgentStatus) string {
	switch {
	case !st.Connected:
		return "offline"
	case st.State == account.Busy:
		return "busy"
	case st.State == account.Away && st.Reason == awayWord:
		return "away"
	}
	return "online"
}

// awayWord is the reason of an agent who said to be away by this contract, which
// tells being away from not taking chats.
const awayWord = "away"

// availableOf is the contract's word for taking chats.
func availableOf(st account.AgentStatus) string {
	if st.State == account.Ready {
		return "available"
	}
	return "not-available"
}

// setStatus answers users.setStatus: whether the caller is there, at once and
// without a connection.
func (f *Front) setStatus(ctx context.Context, c *call) (any, error) {
	var in struct{ Status, Message string }
	if err := c.read(dict(maybe("message", text), maybe("status", text)).open(), &in); err != nil {
		return nil, err
	}
	switch in.Status {
	case "":
		return object{}, nil
	case "online", "away", "busy", "offline":
	default:
		return nil, structured("error-invalid-status", "Valid status types include online, away, offline, and busy.")
	}
	err := f.Presence.Declare(ctx, presence.Agent{Tenant: c.tenant, Agent: c.login.Agent.ID}, in.Status != "offline")
	return object{}, err
}

func (f *Front) getStatus(ctx context.Context, c *call) (any, error) {
	a := id.Agent(c.arg("userId"))
	if a == "" {
		a = c.login.Agent.ID
	}
	st, err := f.Accounts.AgentStatus(ctx, c.tenant, a, f.Clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		return nil, structured("error-invalid-user", "The required \"userId\" or \"username\" param provided does not match any users")
	}
	if err != nil {
		return nil, err
	}
	return object{"_id": a, "status": presenceOf(st), "connectionStatus": presenceOf(st)}, nil
}

// agentStatus answers livechat/agent.status: whether an agent takes chats.
func (f *Front) agentStatus(ctx context.Context, c *call) (any, error) {
	var in struct{ Status, AgentID string }
	if err := c.read(dict(maybe("status", text.oneOf("available", "not-available")), maybe("agentId", text)), &in); err != nil {
		return nil, err
	}
	if in.AgentID == "" {
		in.AgentID = string(c.login.Agent.ID)
	}
	a, err := f.Accounts.Agent(ctx, c.tenant, id.Agent(in.AgentID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return nil, notFound("Agent not found")
	}
	if err != nil {
		return nil, err
	}
	if a.Disabled {
		return nil, plain("error-user-deactivated")
	}
	if err := f.mayChangeStatus(ctx, c, a.ID, refused()); err != nil {
		return nil, err
	}
	st, open, err := f.switchStatus(ctx, c, a, in.Status)
	if errors.Is(err, errClosedHours) {
		if a.ID == c.login.Agent.ID {
			return nil, err
		}
		err = nil
	}
	return object{"status": availableAt(st, open)}, err
}

// errClosedHours refuses to take chats while the company is closed.
var errClosedHours = plain("error-business-hours-are-closed")

// mayChangeStatus answers no to who may not change the status of an agent.
func (f *Front) mayChangeStatus(ctx context.Context, c *call, a id.Agent, no error) error {
	if a == c.login.Agent.ID {
		return nil
	}
	ok, err := c.may(ctx, "manage-livechat-agents")
	if err == nil && !ok {
		err = no
	}
	return err
}

// switchStatus makes an agent available or not; an empty status is the other one.
func (f *Front) switchStatus(ctx context.Context, c *call, a account.Agent, status string) (st account.AgentStatus, open bool, err error) {
	if open, err = f.Accounts.OpenNow(ctx, c.tenant); err != nil {
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
	st, err = f.Accounts.SetState(ctx, actor.Actor{Kind: actor.Agent, Tenant: c.tenant, Agent: a.ID, Name: a.Name}, state, "")
	return st, open, err
}

// changeStatus is the method livechat:changeLivechatStatus.
func (f *Front) changeStatus(ctx context.Context, c *call, p params) (any, error) {
	var in struct{ Status, AgentID string }
	if err := p.read(0, dict(maybe("status", text), maybe("agentId", text)).open(), &in); err != nil {
		return nil, err
	}
	if in.AgentID == "" {
		in.AgentID = string(c.login.Agent.ID)
	}
	a, err := f.Accounts.Agent(ctx, c.tenant, id.Agent(in.AgentID))
	if errs.CodeOf(err) == errs.NotFound || err == nil && !a.Has(account.Member) {
		return nil, structured("error-not-allowed", "Invalid Agent Id")
	}
	if err != nil {
		return nil, err
	}
	if in.Status != "" && in.Status != "available" && in.Status != "not-available" {
		return nil, structured("error-not-allowed", "Invalid Status")
	}
	if err := f.mayChangeStatus(ctx, c, a.ID, structured("error-not-allowed", "Not allowed")); err != nil {
		return nil, err
	}
	_, _, err = f.switchStatus(ctx, c, a, in.Status)
	if errors.Is(err, errClosedHours) && a.ID != c.login.Agent.ID {
		err = nil
	}
	return nil, err
}
