package uckefu

import (
	"context"
	"encoding/json"
	"sync"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/colleague"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/socketio"
)

// entConn is one socket of colleague chat.
type entConn struct {
	f    *Front
	sock *socketio.Socket
	gen  Generation
	who  actor.Actor

	mu     sync.Mutex
	online map[id.Agent]bool
}

func (f *Front) entNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		l, err := f.socketLogin(s)
		if err != nil {
			return refusal(err)
		}
		c := &entConn{f: f, sock: s, gen: GenC, who: l.Actor(), online: map[id.Agent]bool{}}
		if s.Query().Get("orgi") != "" {
			c.gen = GenA
		}
		s.SetData(c)
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) { s.Data().(*entConn).open() })
	ns.OnDisconnect(func(s *socketio.Socket, _ string) {
		c := s.Data().(*entConn)
		f.Hub.Unfollow(c, event.ToAgent(c.who.Tenant, c.who.Agent), event.ToAgents(c.who.Tenant))
	})
	ns.On("message", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*entConn).message(ctx, arg)
	}))
}

func (c *entConn) open() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	c.f.Hub.Follow(c, event.ToAgent(c.who.Tenant, c.who.Agent), event.ToAgents(c.who.Tenant))
	roster, err := c.f.Accounts.Roster(ctx, c.who.Tenant)
	if err != nil {
		c.f.failed(c.sock, err)
		return
	}
	for i := range roster {
		c.presence(&roster[i])
	}
}

func (c *entConn) message(ctx context.Context, arg json.RawMessage) error {
	var in struct {
		ToUser  string `json:"touser"`
		Message string `json:"message"`
	}
	if err := decode(arg, &in); err != nil {
		return err
	}
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return err
	}
	text, _ := fromHTML(in.Message)
	_, err := c.f.Colleagues.Send(ctx, c.who, id.Agent(in.ToUser), text)
	return err
}

// Deliver encodes an event for colleague chat.
func (c *entConn) Deliver(e *event.Event) {
	switch d := e.Data.(type) {
	case *colleague.Message:
		_ = c.sock.Emit("message", c.line(d))
	case *account.AgentStatus:
		c.presence(d)
	}
}

// line is one side's copy of a message: the peer is its context.
func (c *entConn) line(m *colleague.Message) chatMessage {
	dir, peer := "in", m.From
	if m.From == c.who.Agent {
		dir, peer = "out", m.To
	}
	o := chatMessage{ID: m.ID, UserID: string(c.who.Agent), UserName: m.FromName, ToUser: string(m.To), Type: "message", MsgType: "text", MessageType: "text",
		Message: toHTML(m.Text), CallType: c.gen.callType(dir), ContextID: string(peer), USession: string(peer), Creater: string(m.From), Channel: "webim",
		CreateTime: c.gen.time(m.At), UpdateTime: m.At.UnixMilli(), Model: "entim", ChatType: "private"}
	if c.gen != GenC {
		o.Orgi = string(m.Tenant)
	}
	return o
}

// presence tells that a colleague came or went, once for each change.
func (c *entConn) presence(st *account.AgentStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.online[st.Agent] == st.Connected {
		return
	}
	c.online[st.Agent] = st.Connected
	word := "offline"
	if st.Connected {
		word = "online"
	}
	_ = c.sock.Emit("status", out{Message: word, MessageType: "message", MsgType: "message", CallType: c.gen.callType("in"), NickName: st.Name,
		UserName: st.Name, ContextID: string(st.Agent), CreateTime: c.gen.time(c.f.Clock.Now())})
}
