package rocketchat

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/presence"
)

// logIn is the method login: by a password, its digest, or a token.
func (c *socket) logIn(ctx context.Context, p params) (any, error) {
	var in struct {
		Resume   string
		User     struct{ Username, Email string }
		Password any
	}
	shape := dict(maybe("resume", text), maybe("user", dict(maybe("username", text), maybe("email", text)).open()), maybe("password", anything)).open().matched()
	if err := shape.decode(p.at(0), &in); err != nil {
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
		l, err = c.f.passwordLogin(ctx, c.call, user, in.Password)
	}
	if errs.CodeOf(err) == errs.Unauthenticated || err == nil && l.Agent.Tenant != c.call.tenant {
		return nil, structured("403", "User not found")
	}
	if err != nil {
		return nil, err
	}
	if err := c.become(ctx, l); err != nil {
		return nil, err
	}
	out := object{"id": l.Agent.ID, "token": l.Secret, "type": kind}
	if kind == "password" {
		out["tokenExpires"] = object{"$date": c.f.Clock.Now().Add(account.LegacyLife).UnixMilli()}
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
	c.call.login, c.call.who = &l, l.Actor()
	t := l.Agent.Tenant
	c.topics = []event.Topic{event.ToAgent(t, l.Agent.ID), event.ToAgents(t), event.ToTeam(t, "")}
	for _, team := range l.Agent.Teams {
		c.topics = append(c.topics, event.ToTeam(t, team))
	}
	c.mu.Lock()
	c.agent, c.hash = l.Agent.ID, l.Credential.Hash
	c.mu.Unlock()
	c.f.Hub.Follow(c, c.topics...)
	c.send(object{"msg": "added", "collection": "users", "id": l.Agent.ID, "fields": object{"username": l.Agent.Username, "name": l.Agent.Name,
		"emails": []object{{"address": l.Agent.Email, "verified": true}}, "roles": rolesOf(l.Agent), "status": "online"}})
	return nil
}

// logOut makes the connection nobody's.
func (c *socket) logOut(ctx context.Context) {
	c.f.Hub.Unfollow(c, c.topics...)
	c.topics = nil
	c.mu.Lock()
	c.agent, c.hash = "", ""
	c.mu.Unlock()
	c.forget(func(r *followed) bool { return r.agent })
	if c.release != nil {
		c.release(ctx)
		c.release = nil
	}
	c.call.login = nil
}

// declare is what the methods of presence say: whether the agent is there.
func (c *socket) declare(ctx context.Context, m frame) error {
	if c.call.login == nil {
		return structured("error-not-allowed", "Not allowed")
	}
	status, _ := m.Params.at(0).(string)
	return c.f.Presence.Declare(ctx, presence.Agent{Tenant: c.call.tenant, Agent: c.call.login.Agent.ID}, status != "offline")
}
