package live

import (
	"context"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/socketio"
)

// Robots is what visitors ask of the robot they talk to.
type Robots interface {
	// Human brings a visitor to a person; item, if set, is the choice that says so.
	Human(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, item string) error
	// Helpful keeps whether an answer helped.
	Helpful(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, seq int64, helpful bool) error
}

// stands is where the visitor stands in conv. It must be called with mu held, and asks
// nobody: events of all others wait meanwhile.
func (c *visitorConn) stands(conv conversation.Conversation) wire.VisitorState {
	a := routing.Admission{Conversation: conv, Place: c.place, AgentsOnline: c.online}
	if conv.Status == conversation.Open && conv.Agent.Robot() {
		if a.Robot = c.face; c.face == nil || c.faced != conv.ID {
			a.Robot = &routing.Face{Name: conv.AgentName, Button: true}
		}
	}
	return wire.State(a)
}

// meet learns what visitors are told of the robot that has conv, if one has. It must be
// called without mu.
func (c *visitorConn) meet(ctx context.Context, conv conversation.Conversation) {
	if !conv.Agent.Robot() {
		return
	}
	face, err := c.f.Routing.Face(ctx, conv)
	if err != nil {
		c.f.Log.Error("robot of a conversation not read", "conversation", conv.ID, "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.face, c.faced = face, conv.ID
}

// robotCalls registers what visitors ask of robots.
func (f *Front) robotCalls(ns *socketio.Namespace) {
	ns.On("human", call(f, visitorCall((*visitorConn).human)))
	ns.On("helpful", call(f, visitorCall((*visitorConn).helpful)))
}

func (c *visitorConn) human(ctx context.Context, in struct{ Item string }) (empty, error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return empty{}, err
	}
	return empty{}, c.f.Robots.Human(ctx, c.who.Tenant, c.who.Visitor, c.running(), in.Item)
}

func (c *visitorConn) helpful(ctx context.Context, in struct {
	Seq     int64
	Helpful bool
}) (empty, error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return empty{}, err
	}
	return empty{}, c.f.Robots.Helpful(ctx, c.who.Tenant, c.who.Visitor, c.running(), in.Seq, in.Helpful)
}

// running is the conversation that this socket follows.
func (c *visitorConn) running() id.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conv.ID
}

// onlyRobot refuses with Conflict "no_robot" if only a robot is wanted and none
// receives visitors now: an agent is not called by a window that was merely opened.
func (c *visitorConn) onlyRobot(ctx context.Context, only bool) error {
	if !only {
		return nil
	}
	_, ok, err := c.f.Routing.Robots(ctx, c.who.Tenant, c.who.Inbox)
	if err == nil && !ok {
		err = errs.New(errs.Conflict, "no_robot", "No robot receives visitors now.")
	}
	return err
}
