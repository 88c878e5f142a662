package uckefu

import (
	"context"
	"encoding/json"
	"sync"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/attendance"
	"parlor/internal/colleague"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/socketio"
)

// entRoom is the room of everybody who has colleague chat open.
const entRoom = "colleagues"

// entConn is one socket of colleague chat: the main window, or the window of one
// group.
type entConn struct {
	f    *Front
	sock *socketio.Socket
	gen  Generation
	who  actor.Actor
	// group is set in the window of a group, which hears of nothing else.
	group string

	mu   sync.Mutex
	seat *attendance.Seat
	// console tells who has a console connected, online what was last said.
	console, online map[id.Agent]bool
}

func (f *Front) entNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		l, err := f.socketLogin(s)
		if err != nil {
			return refusal(err)
		}
		q := s.Query()
		c := &entConn{f: f, sock: s, gen: GenC, who: l.Actor(), console: map[id.Agent]bool{}, online: map[id.Agent]bool{}}
		if q.Get("orgi") != "" {
			c.gen = GenA
		}
		if group := q.Get("group"); group != "" {
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			defer cancel()
			if _, err := f.Colleagues.Group(ctx, c.who, group); err != nil {
				return refusal(err)
			}
			c.group = group
		}
		s.SetData(c)
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) { s.Data().(*entConn).open() })
	ns.OnDisconnect(func(s *socketio.Socket, _ string) { s.Data().(*entConn).close() })
	ns.On("message", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*entConn).message(ctx, arg)
	}))
}

func (c *entConn) open() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	t := c.who.Tenant
	c.f.Hub.Follow(c, event.ToAgent(t, c.who.Agent))
	// Opening a chat is reading it.
	if peer := c.sock.Query().Get("contextid"); peer != "" {
		if _, err := c.f.Colleagues.Read(ctx, c.who, peer); err != nil {
			c.f.failed(c.sock, err)
		}
	}
	if c.group != "" {
		return
	}
	c.f.Hub.Follow(c, event.ToAgents(t))
	seat := c.f.Rooms.Enter(t, entRoom, event.ToAgents(t), c.who.Agent, c.who.Name)
	c.mu.Lock()
	c.seat = seat
	c.mu.Unlock()
	roster, err := c.f.Accounts.Roster(ctx, t)
	if err != nil {
		c.f.failed(c.sock, err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range roster {
		c.console[st.Agent] = st.Connected
		c.presence(st.Agent, st.Name)
	}
}

func (c *entConn) close() {
	t := c.who.Tenant
	c.f.Hub.Unfollow(c, event.ToAgent(t, c.who.Agent), event.ToAgents(t))
	c.mu.Lock()
	seat := c.seat
	c.mu.Unlock()
	if seat != nil {
		seat.Leave()
	}
}

// message is a line to a colleague, or with chatype "group" to a group. Who
// writes is the identity of the socket.
func (c *entConn) message(ctx context.Context, arg json.RawMessage) error {
	var in struct {
		ToUser    string `json:"touser"`
		ContextID string `json:"contextid"`
		ChatType  string `json:"chatype"`
		Message   string `json:"message"`
	}
	if err := decode(arg, &in); err != nil {
		return err
	}
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return err
	}
	text, _ := fromHTML(in.Message)
	if c.group != "" || in.ChatType == "group" {
		group := c.group
		if group == "" {
			group = in.ContextID
		}
		_, err := c.f.Colleagues.SendToGroup(ctx, c.who, group, text)
		return err
	}
	to := in.ToUser
	if to == "" {
		to = in.ContextID
	}
	_, err := c.f.Colleagues.Send(ctx, c.who, id.Agent(to), text)
	return err
}

// Deliver encodes an event for colleague chat.
func (c *entConn) Deliver(e *event.Event) {
	switch d := e.Data.(type) {
	case *colleague.Remark:
		if c.group == "" || d.Group == c.group {
			_ = c.sock.Emit("message", c.line(d))
		}
	case *colleague.Changed:
		c.regrouped(d)
	case *account.AgentStatus:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.console[d.Agent] = d.Connected
		c.presence(d.Agent, d.Name)
	case *attendance.Entered:
		c.entered(d)
	}
}

// regrouped closes the window of a group that the agent is no longer in.
func (c *entConn) regrouped(d *colleague.Changed) {
	if d.Group == nil || c.group == "" || d.Group.ID != c.group {
		return
	}
	for _, a := range d.Group.Members {
		if a == c.who.Agent {
			return
		}
	}
	go c.sock.Disconnect(false)
}

func (c *entConn) entered(d *attendance.Entered) {
	if d.Room != entRoom {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range [][]attendance.Member{d.Members, d.Gone} {
		for _, m := range list {
			c.presence(m.Agent, m.Name)
		}
	}
}

// line is one side's copy of a message: the peer or the group is its context.
func (c *entConn) line(m *colleague.Remark) chatMessage {
	dir, peer, kind := "in", string(m.From), "private"
	if m.From == c.who.Agent {
		dir, peer = "out", string(m.To)
	}
	if m.Group != "" {
		peer, kind = m.Group, "group"
	}
	o := chatMessage{ID: m.ID, UserID: string(c.who.Agent), UserName: m.FromName, ToUser: string(m.To), Type: "message", MsgType: "text", MessageType: "text",
		Message: toHTML(m.Text), CallType: c.gen.callType(dir), ContextID: peer, USession: peer, Creater: string(m.From), Channel: "webim",
		CreateTime: c.gen.time(m.At), UpdateTime: m.At.UnixMilli(), Model: "entim", ChatType: kind}
	if kind == "group" {
		o.UserID, o.ToUser = string(m.From), m.Group
	}
	if c.gen != GenC {
		o.Orgi = string(m.Tenant)
	}
	return o
}

// presence tells that a colleague came or went, once for each change: an agent
// is online while a console or a main window of colleague chat is open anywhere.
// It must be called with mu held.
func (c *entConn) presence(a id.Agent, name string) {
	on := c.console[a] || c.f.Rooms.Has(c.who.Tenant, entRoom, a)
	if c.online[a] == on {
		return
	}
	c.online[a] = on
	word := "offline"
	if on {
		word = "online"
	}
	_ = c.sock.Emit("status", out{Message: word, MessageType: "message", MsgType: "message", CallType: c.gen.callType("in"), NickName: name,
		UserName: name, ContextID: string(a), CreateTime: c.gen.time(c.f.Clock.Now())})
}
