package guest

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/canned"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/grant"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/visitor"
	"parlor/internal/wsconn"
)

// take turns an event into what the client listens to.
func (c *socket) take(e *event.Event) {
	switch d := e.Data.(type) {
	case *conversation.Posted:
		c.posted(d)
	case *conversation.Changed:
		c.work(func(ctx context.Context) error { return c.changed(ctx, d) })
	case *conversation.Typing:
		c.typed(d)
	case *routing.Positions:
		c.work(func(ctx context.Context) error { return c.moved(ctx, d) })
	case *account.AgentStatus:
		c.status(d)
		c.work(func(ctx context.Context) error { return c.server(ctx, d) })
	case *account.OptionsChanged:
		c.work(func(ctx context.Context) error { return c.optionsChanged(ctx, d) })
	case *account.RolesChanged:
		c.rolesChanged(d)
	case *grant.Changed:
		c.grantsChanged(d)
	case *canned.Changed:
		c.work(func(ctx context.Context) error { return c.cannedChanged(ctx, d) })
	case *conversation.Given:
		c.work(func(ctx context.Context) error { return c.swapped(ctx, d) })
	case *account.SessionEnded:
		c.mu.Lock()
		ended := c.hash != "" && c.hash == d.Hash
		c.mu.Unlock()
		if ended {
			c.conn.Close(wsconn.ClosePolicy, "", nil)
		}
	}
}

// isMe reports whether an agent is who is logged in.
func (c *socket) isMe(a id.Agent) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return a != "" && c.agent == a
}

// posted hands a message to the room's follower, and to an agent who listens to
// all of its rooms.
func (c *socket) posted(d *conversation.Posted) {
	if r := c.room(d.Conversation.ID); r != nil {
		r.follower.Take(d.Message)
		if l := d.Message.Line; r.agent && l != nil && l.Name == conversation.LineVisited {
			// Followers pass over what visitors do not see.
			c.work(func(ctx context.Context) error { return c.say(ctx, r, d.Message) })
		}
	}
	if !c.isMe(d.Conversation.Agent) || !d.Message.Kind.VisibleToVisitor() {
		return
	}
	c.work(func(ctx context.Context) error {
		k, err := c.f.VisitorIn(ctx, d.Conversation)
		if err != nil {
			return err
		}
		a, err := c.f.Authors(ctx, k)
		if err != nil {
			return err
		}
		if v, shown := a.Message(d.Message); shown {
			c.emit("room-messages", "__my_messages__", v, contract.Object{"roomParticipant": true, "roomType": "l", "roomName": k.Visitor.Name})
		}
		return c.entry(ctx, d.Conversation, "updated")
	})
}

// entry tells an agent of a room of its own that came, changed or went.
func (c *socket) entry(ctx context.Context, conv conversation.Conversation, what string) error {
	c.mu.Lock()
	me := c.agent
	c.mu.Unlock()
	k, err := c.f.VisitorIn(ctx, conv)
	if err != nil {
		return err
	}
	r, err := c.f.RoomOf(ctx, conv, k)
	if err != nil {
		return err
	}
	mine := conv
	mine.Agent = me
	s, err := c.f.SubscriptionOf(ctx, mine, k)
	if err != nil {
		return err
	}
	c.emit("notify-user", string(me)+"/subscriptions-changed", what, s)
	c.emit("notify-user", string(me)+"/rooms-changed", what, r)
	return nil
}

// changed tells of an assignment, a move or an end.
func (c *socket) changed(ctx context.Context, d *conversation.Changed) error {
	conv := d.Conversation
	if r := c.room(conv.ID); r != nil {
		c.mu.Lock()
		r.conv = conv
		c.attend(r)
		c.mu.Unlock()
		if d.Cause == conversation.CauseGiven {
			if err := c.given(ctx, r, conv); err != nil {
				return err
			}
		}
		if err := c.served(ctx, r, conv); err != nil {
			return err
		}
	}
	what := "updated"
	switch {
	case c.isMe(conv.Agent) && conv.Status == conversation.Closed, c.isMe(d.Before) && !c.isMe(conv.Agent):
		what = "removed"
	case c.isMe(conv.Agent) && (d.Cause == conversation.LineAssigned || d.Cause == conversation.LineTransferred):
		what = "inserted"
	}
	if c.isMe(conv.Agent) || c.isMe(d.Before) {
		if err := c.entry(ctx, conv, what); err != nil {
			return err
		}
	}
	return c.queued(ctx, conv, d)
}

// served tells who serves a room now.
func (c *socket) served(ctx context.Context, r *followed, conv conversation.Conversation) error {
	book, err := c.f.Accounts.Book(ctx, conv.Tenant)
	if err != nil {
		return err
	}
	told := contract.Object{"type": "agentData"}
	if conv.Agent != "" && conv.Status != conversation.Closed {
		if told["data"], err = c.f.agentView(ctx, conv.Tenant, book.Tenant.Settings, conv.Agent); err != nil {
			return err
		}
	}
	c.emit("livechat-room", string(conv.ID), told)
	if r.agent && c.wants("room-data", string(conv.ID)) {
		v, err := c.f.RoomOf(ctx, conv, c.whose(r))
		if err != nil {
			return err
		}
		c.emit("room-data", string(conv.ID), v)
	}
	return nil
}

// given follows a room to its new visitor. The connection of the old one hears no
// more of it.
func (c *socket) given(ctx context.Context, r *followed, conv conversation.Conversation) error {
	if !r.agent {
		c.forget(func(x *followed) bool { return x == r })
		return nil
	}
	k, err := c.f.VisitorIn(ctx, conv)
	if err != nil {
		return err
	}
	c.mu.Lock()
	r.known = k
	c.mu.Unlock()
	return nil
}

// whose is the visitor of a room.
func (c *socket) whose(r *followed) visitor.Known {
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.known
}

// inquiry is a conversation that waits, as the queue's listeners see it.
func (c *socket) inquiry(ctx context.Context, conv conversation.Conversation, kind string) (contract.Object, error) {
	k, err := c.f.VisitorIn(ctx, conv)
	if err != nil {
		return nil, err
	}
	i := k.Identity
	v := contract.Object{"type": kind, "_id": conv.ID, "rid": conv.ID, "name": k.Visitor.Name, "ts": contract.Stamp(conv.CreatedAt), "queuedAt": contract.Stamp(conv.QueuedAt), "message": conv.LastText,
		"status": "queued", "t": "l", "v": contract.RoomVisitor{ID: k.Visitor.ID, Username: i.Username, Token: i.Token, Status: i.Status}, "source": contract.Object{"type": contract.SourceOf(conv.Channel)},
		"priorityWeight": contract.NoPriority, "estimatedWaitingTimeQueue": contract.NoEstimate, "_updatedAt": contract.Stamp(conv.LastAt)}
	if conv.Team != "" {
		v["department"] = conv.Team
	}
	return v, nil
}

const queueStream = "livechat-inquiry-queue-observer"

// queued tells the queue's listeners what came into it or left it.
func (c *socket) queued(ctx context.Context, conv conversation.Conversation, d *conversation.Changed) error {
	names := []string{"public", string(conv.ID)}
	if conv.Team != "" {
		names = []string{"department/" + string(conv.Team), string(conv.ID)}
	}
	if !c.wants(queueStream, names[0]) && !c.wants(queueStream, names[1]) {
		return nil
	}
	kind := "removed"
	if conv.Status == conversation.Queued {
		kind = "changed"
		if d.Cause == conversation.CauseStarted || d.Before != "" {
			kind = "added"
		}
	}
	v, err := c.inquiry(ctx, conv, kind)
	if err != nil {
		return err
	}
	for _, name := range names {
		c.emit(queueStream, name, v)
	}
	return nil
}

// showQueue sends what waits already to a client that begins to listen.
func (c *socket) showQueue(ctx context.Context, name string) error {
	own := *c.call
	if err := own.Borrow(ctx, contract.SeeRooms); err != nil {
		return err
	}
	list, _, err := c.f.Conversations.List(ctx, own.Who, conversation.Filter{View: conversation.ViewQueue, Limit: contract.DefaultCount})
	if err != nil {
		return err
	}
	for _, conv := range list {
		if name != "public" && name != string(conv.ID) && name != "department/"+string(conv.Team) || name == "public" && conv.Team != "" {
			continue
		}
		v, err := c.inquiry(ctx, conv, "added")
		if err != nil {
			return err
		}
		c.emit(queueStream, name, v)
	}
	return nil
}

// typed tells that somebody types, in the words of old and new clients.
func (c *socket) typed(d *conversation.Typing) {
	r := c.room(d.Conversation)
	if r == nil || (d.From == actor.Visitor) == !r.agent {
		return
	}
	name := c.whose(r).Identity.Username
	if d.From == actor.Agent {
		name = d.Name
		c.work(func(ctx context.Context) error {
			x, err := c.f.Agent(ctx, c.call.Tenant, c.now(r).Agent)
			if x.Username != "" {
				name = x.Username
			}
			return err
		})
	}
	doing := []string{}
	if d.On {
		doing = append(doing, "user-typing")
	}
	c.emit("notify-room", string(d.Conversation)+"/user-activity", name, doing, contract.Object{})
	c.emit("notify-room", string(d.Conversation)+"/typing", name, d.On)
}

// moved tells visitors who wait their places.
func (c *socket) moved(ctx context.Context, d *routing.Positions) error {
	for _, p := range d.Places {
		r := c.room(p.Conversation)
		if r == nil {
			continue
		}
		book, err := c.f.Accounts.Book(ctx, c.call.Tenant)
		if err != nil {
			return err
		}
		info, err := c.f.queueInfo(ctx, c.now(r), book.Tenant.Settings)
		if err != nil {
			return err
		}
		c.emit("livechat-room", string(p.Conversation), contract.Object{"type": "queueData", "data": info})
	}
	return nil
}

// levels are the numbers of presence.
var levels = map[string]int{"offline": 0, "online": 1, "away": 2, "busy": 3}

// server tells a visitor how the agent who serves it is now, unless the company
// keeps its agents to itself.
func (c *socket) server(ctx context.Context, d *account.AgentStatus) error {
	c.mu.Lock()
	var rooms []string
	is := contract.PresenceOf(*d)
	for rid, r := range c.rooms {
		if !r.agent && r.conv.Agent == d.Agent && r.presence != is {
			r.presence = is
			rooms = append(rooms, string(rid))
		}
	}
	c.mu.Unlock()
	if len(rooms) == 0 {
		return nil
	}
	book, err := c.f.Accounts.Book(ctx, d.Tenant)
	if err != nil || !book.Tenant.Settings.On("Livechat_show_agent_info") {
		return err
	}
	for _, rid := range rooms {
		c.emit("livechat-room", rid, contract.Object{"type": "agentStatus", "status": is})
	}
	return nil
}

// status tells of an agent's presence.
func (c *socket) status(d *account.AgentStatus) {
	c.emit("notify-logged", "user-status", []any{d.Agent, d.Name, levels[contract.PresenceOf(*d)], ""})
}
