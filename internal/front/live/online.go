package live

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/httpx"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/invite"
	"parlor/internal/online"
	"parlor/internal/socketio"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// visitorAuth is what a visitor's page connects with: a token, or an inbox in
// which it is recognised by its token or greeted as somebody new.
type visitorAuth struct {
	Token string   `json:"token"`
	Inbox id.Inbox `json:"inbox"`
	// Identity is the token that the company has signed, "" for none.
	Identity string  `json:"identity"`
	Locale   string  `json:"locale"`
	Page     pageRef `json:"page"`
}

// visitorLogin finds out who connects; fresh is the visitor if it was looked up.
func (f *Front) visitorLogin(ctx context.Context, s *socketio.Socket) (who actor.Actor, auth visitorAuth, fresh *visitor.Visitor, err error) {
	if err := json.Unmarshal(s.Auth(), &auth); err != nil {
		return who, auth, nil, errs.New(errs.Unauthenticated, "unauthenticated", "The visitor token is missing.")
	}
	if auth.Inbox == "" {
		who, err = f.Visitors.Authenticate(auth.Token)
		return who, auth, nil, err
	}
	if err = f.Arrivals.Take("arrive " + s.RemoteIP()); err != nil {
		return who, auth, nil, err
	}
	inbox, err := f.Accounts.Inbox(ctx, auth.Inbox)
	if err != nil {
		return who, auth, nil, err
	}
	h := s.Header()
	if origin := h.Get("Origin"); len(inbox.Settings.Origins) > 0 && origin != "" && !slices.Contains(inbox.Settings.Origins, origin) && !sameOrigin(h, h.Get("Host")) {
		return who, auth, nil, errs.New(errs.Forbidden, "origin_refused", "This page may not use the inbox.")
	}
	browser, os, mobile := httpx.UserAgent(h.Get("User-Agent"))
	v, err := f.Identities.Arrive(ctx, identity.Arrival{Token: auth.Token, Identity: auth.Identity, Seen: visitor.Visitor{Tenant: inbox.Tenant, Inbox: inbox.ID,
		Locale: auth.Locale, IP: s.RemoteIP(), Browser: browser, OS: os, Mobile: mobile, Referrer: auth.Page.Referrer}})
	return v.Actor(), auth, &v, err
}

// visitorHello is the first event of a page that connected with an inbox.
type visitorHello struct {
	Token  string `json:"token"`
	Visits int    `json:"visits"`
	// AgentsOnline is whether somebody can answer now.
	AgentsOnline bool `json:"agentsOnline"`
	// Serving is true while the visitor has a conversation that is not closed.
	Serving bool `json:"serving,omitempty"`
}

// opened counts the connection as somebody who looks at a page, and greets it.
func (c *visitorConn) opened(page pageRef, fresh *visitor.Visitor) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	release, err := c.f.Visit.Online.Open(ctx, c.look(page))
	c.mu.Lock()
	c.release = release
	c.mu.Unlock()
	switch {
	case err != nil:
	case fresh != nil:
		err = c.greet(ctx, *fresh)
	default:
		err = c.join(ctx)
	}
	if err != nil && errs.CodeOf(err) != errs.NotFound && !errors.Is(err, socketio.ErrClosed) {
		c.f.Log.Error("visitor not counted", "visitor", c.who.Visitor, "error", err)
	}
}

// join follows the visitor's running conversation and tells of it: it may have been
// begun elsewhere after the page read what there was.
func (c *visitorConn) join(ctx context.Context) error {
	conv, err := c.f.Conversations.Active(ctx, c.who.Tenant, c.who.Visitor)
	if err != nil {
		return err // also if there is none
	}
	a, err := c.f.Routing.Standing(ctx, conv)
	if err != nil {
		return err
	}
	c.enter(a, conv.VisibleSeq)
	return c.sock.Emit("state", wire.State(a))
}

func (c *visitorConn) greet(ctx context.Context, v visitor.Visitor) error {
	online, err := c.f.Accounts.AnyoneAvailable(ctx, v.Tenant)
	if err == nil && !online {
		_, online, err = c.f.Routing.Robots(ctx, v.Tenant, v.Inbox)
	}
	if err != nil {
		return err
	}
	_, err = c.f.Conversations.Active(ctx, v.Tenant, v.ID)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return err
	}
	return c.sock.Emit("hello", visitorHello{Token: c.f.Visitors.Token(v), Visits: v.Visits, AgentsOnline: online, Serving: err == nil})
}

func (c *visitorConn) look(p pageRef) online.Look {
	return online.Look{Tenant: c.who.Tenant, Visitor: c.who.Visitor, Inbox: c.who.Inbox, URL: p.URL, Title: p.Title, Referrer: p.Referrer, IP: c.sock.RemoteIP()}
}

// invited takes the news of an invitation; mu is held. A rule's invitation was
// shown by the page itself.
func (c *visitorConn) invited(in invite.Invitation) {
	switch {
	case in.Result != invite.Open:
		_ = c.sock.Emit("invite-answered", map[string]any{"id": in.ID, "result": in.Result})
	case in.Agent != "":
		_ = c.sock.Emit("invite", wire.InviteOf(in))
	}
}

// surveyed takes the news of a survey; mu is held.
func (c *visitorConn) surveyed(d *survey.Changed) {
	if d.Ask {
		_ = c.sock.Emit("survey", map[string]any{"conversation": d.Survey.Conversation})
	}
}

type inviteAnswer struct {
	ID     string `json:"id"`
	Accept bool   `json:"accept"`
}

// answerInvite accepts or refuses an invitation, "" for the newest.
func (c *visitorConn) answerInvite(ctx context.Context, in inviteAnswer) (empty, error) {
	_, err := c.f.Visit.Invites.Answer(ctx, c.who, in.ID, in.Accept)
	return empty{}, err
}

// inviteShown records that the page invited its visitor by a rule.
func (c *visitorConn) inviteShown(ctx context.Context, in struct{ Rule string }) (wire.VisitorInvite, error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return wire.VisitorInvite{}, err
	}
	got, err := c.f.Visit.Invites.Shown(ctx, c.who, in.Rule)
	return wire.InviteOf(got), err
}

// watchOnline switches the news of who is online on or off.
func (c *agentConn) watchOnline(_ context.Context, in struct{ On bool }) (empty, error) {
	topic := event.ToOnline(c.who.Tenant)
	c.online.mu.Lock()
	defer c.online.mu.Unlock()
	if in.On == c.online.on || c.online.closed {
		return empty{}, nil
	}
	if c.online.on = in.On; in.On {
		c.f.Hub.Follow(c, topic)
	} else {
		c.f.Hub.Unfollow(c, topic)
	}
	return empty{}, nil
}

// onlineWatch says whether a console follows who is online.
type onlineWatch struct {
	mu         sync.Mutex
	on, closed bool
}

func (c *agentConn) closeOnline() {
	c.online.mu.Lock()
	defer c.online.mu.Unlock()
	if c.online.closed = true; c.online.on {
		c.f.Hub.Unfollow(c, event.ToOnline(c.who.Tenant))
	}
}
