package live

import (
	"context"

	"parlor/internal/attendance"
	"parlor/internal/colleague"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// roomOf names the room of those who have a conversation on screen.
func roomOf(c id.Conversation) string { return "conversation/" + string(c) }

// viewers are the agents who have a conversation on screen, oneself included.
type viewers struct {
	Conversation id.Conversation      `json:"conversation"`
	Viewers      []attendance.Present `json:"viewers"`
}

// sit takes a seat among those who look at a conversation. It must be called
// without mu, because the news of it comes back to this connection.
func (c *agentConn) sit(conv id.Conversation) {
	seat := c.f.Rooms.Enter(c.who.Tenant, roomOf(conv), event.ToWatchers(c.who.Tenant, conv), c.who.Agent, c.who.Name)
	c.mu.Lock()
	stays := !c.closed && c.watched == conv && c.seat == nil
	if stays {
		c.seat = seat
	}
	c.mu.Unlock()
	if !stays {
		seat.Leave() // the tab has died or moved on meanwhile
	}
}

// colleague sends a line to a colleague or a group.
func (c *agentConn) colleague(ctx context.Context, in struct {
	To    id.Agent
	Group string
	Text  string
}) (m colleague.Remark, err error) {
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return m, err
	}
	switch {
	case (in.To == "") == (in.Group == ""):
		return m, errs.Field("to", "one_target", "Name either a colleague or a group.")
	case in.Group != "":
		return c.f.Colleagues.SendToGroup(ctx, c.who, in.Group, in.Text)
	}
	return c.f.Colleagues.Send(ctx, c.who, in.To, in.Text)
}

// colleagueRead marks a chat as read.
func (c *agentConn) colleagueRead(ctx context.Context, in struct{ Peer string }) (colleague.ReadMark, error) {
	n, err := c.f.Colleagues.Read(ctx, c.who, in.Peer)
	return colleague.ReadMark{Peer: in.Peer, Unread: n}, err
}
