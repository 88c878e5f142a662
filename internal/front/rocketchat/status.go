package rocketchat

import (
	"context"
	"net/http"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/grant"
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
	who := c.who
	if in.AgentID != "" {
		who.Agent = id.Agent(in.AgentID)
	}
	people, err := f.people(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	a, ok := people[who.Agent]
	if !ok || !(a.Has(account.Member) || a.Has(account.Supervisor) || a.Has(account.Admin)) {
		return nil, notFound("Agent not found")
	}
	if a.Disabled {
		return nil, plain("error-user-deactivated")
	}
	if who.Agent != c.login.Agent.ID {
		allowed, err := c.may(ctx, "manage-livechat-agents")
		if err != nil {
			return nil, err
		}
		if !allowed {
			return nil, refused()
		}
		who = grant.Lend(who, "manage-livechat-agents")
	}
	state := account.Ready
	if in.Status == "" {
		st, err := f.Accounts.AgentStatus(ctx, c.tenant, who.Agent, f.Clock.Now())
		if err != nil {
			return nil, err
		}
		in.Status = map[string]string{"available": "not-available", "not-available": "available"}[availableOf(st)]
	}
	if in.Status == "not-available" {
		state = account.Away
	}
	st, err := f.Accounts.SetState(ctx, who, state, "")
	return object{"status": availableOf(st)}, err
}
