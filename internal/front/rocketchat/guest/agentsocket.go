package guest

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/presence"
)

// logIn is the method login: by a password, its digest, or a token.
func (c *socket) logIn(ctx context.Context, p contract.Params) (any, error) {
	var in struct {
		Resume   string
		User     struct{ Username, Email string }
		Password any
	}
	shape := contract.Dict(contract.Maybe("resume", contract.Text), contract.Maybe("user", contract.Dict(contract.Maybe("username", contract.Text), contract.Maybe("email", contract.Text)).Open()), contract.Maybe("password", contract.Anything)).Open().Matched()
	if err := shape.Decode(p.At(0), &in); err != nil {
		return nil, err
	}
	var l account.Login
	var err error
	kind := "password"
	if in.Resume != "" {
		kind = "resume"
		l, err = c.f.Accounts.Authenticate(ctx, in.Resume)
		l.Secret = in.Resume
	} else {
		user := in.User.Username
		if user == "" {
			user = in.User.Email
		}
		l, err = c.f.PasswordLogin(ctx, c.call, user, in.Password)
	}
	if errs.CodeOf(err) == errs.Unauthenticated || err == nil && l.Agent.Tenant != c.call.Tenant {
		return nil, contract.Structured("403", "User not found")
	}
	if err != nil {
		return nil, err
	}
	if err := c.become(ctx, l); err != nil {
		return nil, err
	}
	out := contract.Object{"id": l.Agent.ID, "token": l.Secret, "type": kind}
	if kind == "password" {
		out["tokenExpires"] = contract.Object{"$date": c.f.Clock.Now().Add(account.LegacyLife).UnixMilli()}
	}
	return out, nil
}

// become makes the connection that of an agent.
func (c *socket) become(ctx context.Context, l account.Login) error {
	c.logOut(ctx)
	release, err := c.f.Presence.Connect(ctx, presence.Agent{Tenant: l.Agent.Tenant, Agent: l.Agent.ID})
	if err != nil {
		return err
	}
	c.release = release
	c.call.Login, c.call.Who = &l, l.Actor()
	t := l.Agent.Tenant
	c.topics = []event.Topic{event.ToAgent(t, l.Agent.ID), event.ToAgents(t), event.ToTeam(t, "")}
	for _, team := range l.Agent.Teams {
		c.topics = append(c.topics, event.ToTeam(t, team))
	}
	c.mu.Lock()
	c.agent, c.hash = l.Agent.ID, l.Credential.Hash
	own := *c.call
	c.own = &own
	c.mu.Unlock()
	c.f.Hub.Follow(c, c.topics...)
	c.send(contract.Object{"msg": "added", "collection": "users", "id": l.Agent.ID, "fields": contract.Object{"username": l.Agent.Username, "name": l.Agent.Name,
		"emails": []contract.Object{{"address": l.Agent.Email, "verified": true}}, "roles": contract.RolesOf(l.Agent), "status": "online"}})
	return nil
}

// logOut makes the connection nobody's.
func (c *socket) logOut(ctx context.Context) {
	c.f.Hub.Unfollow(c, c.topics...)
	c.topics = nil
	c.mu.Lock()
	c.agent, c.hash, c.own = "", "", nil
	c.mu.Unlock()
	c.forget(func(r *followed) bool { return r.agent })
	if c.release != nil {
		c.release(ctx)
		c.release = nil
	}
	c.call.Login = nil
}

// declare is what the methods of presence say: whether the agent is there.
func (c *socket) declare(ctx context.Context, m frame) error {
	if c.call.Login == nil {
		return contract.Structured("error-not-allowed", "Not allowed")
	}
	status, _ := m.Params.At(0).(string)
	switch m.Method {
	case "UserPresence:away":
		status = account.PresenceAway
	case "UserPresence:online":
		status = "online"
	}
	return c.f.SayPresence(ctx, c.call.Tenant, c.call.Login.Agent.ID, status)
}
