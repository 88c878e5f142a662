package uckefu

import (
	"context"
	"encoding/json"
	"sync"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/presence"
	"parlor/internal/realtime"
	"parlor/internal/socketio"
	"parlor/internal/visitor"
)

// agentConn is one socket of an agent console.
type agentConn struct {
	f    *Front
	sock *socketio.Socket
	gen  Generation
	who  actor.Actor
	hash string
	work serial

	mu      sync.Mutex
	closed  bool
	release func(context.Context)
	threads map[id.Conversation]*thread
	// byUser finds a dialogue by the visitor's legacy id.
	byUser map[string]id.Conversation
}

// thread is a dialogue of this agent.
type thread struct {
	conv     conversation.Conversation
	visitor  visitor.Visitor
	follower *realtime.Follower
}

func (f *Front) agentNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		l, err := f.socketLogin(s)
		if err != nil {
			return refusal(err)
		}
		c := &agentConn{f: f, sock: s, gen: GenC, who: l.Actor(), hash: l.Credential.Hash, threads: map[id.Conversation]*thread{}, byUser: map[string]id.Conversation{}}
		if s.Query().Get("orgi") != "" {
			c.gen = GenA
		}
		s.SetData(c)
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) { s.Data().(*agentConn).open() })
	ns.OnDisconnect(func(s *socketio.Socket, _ string) { s.Data().(*agentConn).close() })
	ns.On("message", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*agentConn).message(ctx, arg)
	}))
	ns.On("status", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*agentConn).state(ctx, arg)
	}))
	ns.On("service", f.handle(func(context.Context, *socketio.Socket, json.RawMessage) error { return nil }))
}

// socketLogin proves an agent by the token of POST /tokens, wherever a console
// puts it. Ids in the query prove nothing.
func (f *Front) socketLogin(s *socketio.Socket) (account.Login, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var auth struct{ Token, Session, Authorization string }
	if len(s.Auth()) > 0 {
		if err := json.Unmarshal(s.Auth(), &auth); err != nil {
			return account.Login{}, errs.New(errs.Unauthenticated, "unauthenticated", "The auth object is not readable.").Because(err)
		}
	}
	q := s.Query()
	for _, secret := range []string{auth.Token, auth.Authorization, auth.Session, q.Get("authorization"), q.Get("session"), s.Header().Get("Authorization")} {
		if secret == "" {
			continue
		}
		l, err := f.Accounts.Authenticate(ctx, secret)
		if errs.CodeOf(err) != errs.Unauthenticated {
			return l, err
		}
	}
	return account.Login{}, errs.New(errs.Unauthenticated, "unauthenticated", "Please log in: POST /tokens.")
}

func (c *agentConn) open() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	t := c.who.Tenant
	c.f.Hub.Follow(c, event.ToAgent(t, c.who.Agent), event.ToAgents(t))
	c.f.reports.join(c)
	var release func(context.Context)
	err := c.f.Accounts.SetPresence(ctx, t, c.who.Agent, account.PresenceHere)
	if err == nil {
		release, err = c.f.Presence.Connect(ctx, presence.Agent{Tenant: t, Agent: c.who.Agent})
	}
	if err == nil {
		c.mu.Lock()
		c.release = release
		c.mu.Unlock()
		err = c.load(ctx)
	}
	if err != nil {
		c.f.failed(c.sock, err)
		c.sock.Disconnect(true)
	}
}

// load follows the dialogues that the agent has already.
func (c *agentConn) load(ctx context.Context) error {
	list, _, err := c.f.Conversations.List(ctx, c.who, conversation.Filter{View: conversation.ViewMine, Limit: 200})
	if err != nil {
		return err
	}
	ids := make([]id.Visitor, len(list))
	for i, conv := range list {
		ids[i] = conv.Visitor
	}
	visitors, err := c.f.Visitors.Visitors(ctx, c.who.Tenant, ids)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conv := range list {
		c.thread(conv, visitors[conv.Visitor], conv.LastSeq)
	}
	return nil
}

// thread returns the followed dialogue, following it behind last if it is new.
// It must be called with mu held.
func (c *agentConn) thread(conv conversation.Conversation, v visitor.Visitor, last int64) *thread {
	if t := c.threads[conv.ID]; t != nil {
		return t
	}
	t := &thread{conv: conv, visitor: v}
	tenant, cid := conv.Tenant, conv.ID
	t.follower = c.f.Hub.Follower(last, false, func(after int64) ([]conversation.Message, error) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		return c.f.Conversations.Since(ctx, tenant, cid, after, false)
	}, func(m conversation.Message) {
		if _, ok := kindWords[m.Kind]; ok {
			c.later(func() { _ = c.sock.Emit("message", c.f.agentMessage(c.gen, m, c.snapshot(t), t.visitor)) })
		}
	})
	c.threads[conv.ID] = t
	c.byUser[userID(v)] = conv.ID
	return t
}

func (c *agentConn) snapshot(t *thread) conversation.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.conv
}

// later keeps the order of what is sent although some of it needs a read.
func (c *agentConn) later(fn func()) {
	if !c.work.do(fn) {
		go c.sock.Disconnect(true)
	}
}

func (c *agentConn) close() {
	t := c.who.Tenant
	c.f.Hub.Unfollow(c, event.ToAgent(t, c.who.Agent), event.ToAgents(t))
	c.f.reports.leave(c)
	c.mu.Lock()
	c.closed = true
	release := c.release
	for _, th := range c.threads {
		th.follower.Close()
	}
	c.mu.Unlock()
	if release != nil {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		release(ctx)
	}
}

// find returns the dialogue that a console's payload means. It is only a
// pointer: whether the agent may write there is decided by the service.
func (c *agentConn) find(ctx context.Context, touser, agentuser, service string) (id.Conversation, error) {
	c.mu.Lock()
	if t := c.threads[id.Conversation(service)]; t != nil {
		c.mu.Unlock()
		return t.conv.ID, nil
	}
	if conv, ok := c.byUser[touser]; ok {
		c.mu.Unlock()
		return conv, nil
	}
	c.mu.Unlock()
	for _, v := range []string{agentuser, touser} {
		if !id.Valid(v) {
			continue
		}
		conv, err := c.f.Conversations.Active(ctx, c.who.Tenant, id.Visitor(v))
		if err == nil || errs.CodeOf(err) != errs.NotFound {
			return conv.ID, err
		}
	}
	return "", errs.New(errs.NotFound, "conversation_not_found", "The visitor has no running dialogue.")
}

func (c *agentConn) message(ctx context.Context, arg json.RawMessage) error {
	var in struct {
		ToUser         string `json:"touser"`
		AgentUser      string `json:"agentuser"`
		AgentServiceID string `json:"agentserviceid"`
		Message        string `json:"message"`
		MsgType        string `json:"msgtype"`
		AttachmentID   string `json:"attachmentid"`
		ClientID       string `json:"clientId"`
	}
	if err := decode(arg, &in); err != nil {
		return err
	}
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return err
	}
	conv, err := c.find(ctx, in.ToUser, in.AgentUser, in.AgentServiceID)
	if err != nil {
		_ = c.sock.Emit("end", agentUser{UserID: in.ToUser, ID: in.AgentUser, Status: "end"})
		return err
	}
	if in.MsgType == "cooperation" {
		return c.cooperate(ctx, conv, in.AttachmentID, in.ClientID)
	}
	text, images := fromHTML(in.Message)
	var posts []conversation.PostInput
	if text != "" || len(images) == 0 {
		posts = append(posts, conversation.PostInput{Kind: conversation.Text, Text: text, ClientID: in.ClientID})
	}
	for _, token := range images {
		if file := c.f.Media.TokenFile(c.who.Tenant, token); file != "" {
			posts = append(posts, conversation.PostInput{Kind: conversation.Image, File: file})
		}
	}
	for _, p := range posts {
		p.Conversation = conv
		if _, err := c.f.Conversations.Post(ctx, c.who, p); err != nil {
			if code := errs.CodeOf(err); code == errs.Conflict || code == errs.NotFound {
				_ = c.sock.Emit("end", agentUser{UserID: in.ToUser, ID: in.AgentUser, AgentServiceID: string(conv), ContextID: string(conv), Status: "end"})
			}
			return err
		}
	}
	return nil
}

// state maps the reserved `status` event to the actions of PUT /api/servicequene.
func (c *agentConn) state(ctx context.Context, arg json.RawMessage) error {
	var in struct{ Status string }
	if err := decode(arg, &in); err != nil {
		return err
	}
	if _, ok := stateWords[in.Status]; !ok {
		return nil
	}
	_, err := c.f.setState(ctx, c.who, in.Status)
	return err
}

// Deliver encodes an event for the console.
func (c *agentConn) Deliver(e *event.Event) {
	switch d := e.Data.(type) {
	case *conversation.Posted:
		if d.Conversation.Agent == c.who.Agent {
			c.later(func() { c.posted(d) })
		}
	case *conversation.Recalled:
		if d.Conversation.Agent == c.who.Agent && d.Message.Kind.VisibleToVisitor() {
			c.later(func() { c.again(d.Conversation, textual(d.Message)) })
		}
	case *conversation.Edited:
		if d.Conversation.Agent == c.who.Agent && d.Message.Kind.VisibleToVisitor() {
			c.later(func() { c.again(d.Conversation, d.Message) })
		}
	case *conversation.Changed:
		c.f.reports.dirty(c.who.Tenant)
		if d.Conversation.Agent == c.who.Agent || d.Before == c.who.Agent {
			c.later(func() { c.changed(d) })
		}
	case *conversation.Typing:
		if d.From == actor.Visitor {
			c.later(func() { c.typing(d) })
		}
	case *account.AgentStatus:
		c.f.reports.dirty(c.who.Tenant)
	case *account.SessionEnded:
		if d.Hash == c.hash {
			_ = c.sock.Emit("leave")
			go c.sock.Disconnect(true)
		}
	}
}

// again sends a message that was changed anew; one that was taken back has
// datastatus and no text.
func (c *agentConn) again(conv conversation.Conversation, m conversation.Message) {
	if t := c.ensure(conv, conv.LastSeq); t != nil {
		_ = c.sock.Emit("message", c.f.agentMessage(c.gen, m, c.snapshot(t), t.visitor))
	}
}

func (c *agentConn) posted(d *conversation.Posted) {
	t := c.ensure(d.Conversation, d.Message.Seq-1)
	if t == nil {
		return
	}
	c.mu.Lock()
	if d.Conversation.LastSeq >= t.conv.LastSeq {
		t.conv = d.Conversation
	}
	c.mu.Unlock()
	t.follower.Take(d.Message)
}

// ensure returns the followed dialogue, reading the visitor if it is new.
func (c *agentConn) ensure(conv conversation.Conversation, last int64) *thread {
	c.mu.Lock()
	t, closed := c.threads[conv.ID], c.closed
	c.mu.Unlock()
	if t != nil || closed {
		return t
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	v, err := c.f.Visitors.Visitor(ctx, conv.Tenant, conv.Visitor)
	if err != nil {
		c.f.failed(c.sock, err)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.thread(conv, v, last)
}

func (c *agentConn) changed(d *conversation.Changed) {
	conv := d.Conversation
	t := c.ensure(conv, conv.LastSeq-1)
	if t == nil {
		return
	}
	c.mu.Lock()
	t.conv = conv
	c.mu.Unlock()
	u := newAgentUser(c.gen, conv, t.visitor.For(c.who))
	switch {
	case conv.Agent == c.who.Agent && conv.Status == conversation.Open:
		_ = c.sock.Emit("new", u)
		return
	case conv.Status == conversation.Open && c.gen == GenC:
		_ = c.sock.Emit("transout", u)
	default:
		u.Status = "end"
		_ = c.sock.Emit("end", u)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t.follower.Close()
	delete(c.threads, conv.ID)
	if c.byUser[userID(t.visitor)] == conv.ID {
		delete(c.byUser, userID(t.visitor))
	}
}

func (c *agentConn) typing(d *conversation.Typing) {
	c.mu.Lock()
	t := c.threads[d.Conversation]
	c.mu.Unlock()
	if t == nil {
		return
	}
	now := c.f.Clock.Now()
	m := conversation.Message{Tenant: c.who.Tenant, Conversation: d.Conversation, Kind: conversation.Text, Text: d.Text, At: now,
		From: conversation.Author{Kind: actor.Visitor, ID: string(t.visitor.ID), Name: t.visitor.Name}}
	w := c.f.agentMessage(c.gen, m, c.snapshot(t), t.visitor)
	w.Type = "writing"
	if d.Text == "" {
		_ = c.sock.Emit("message", w) // a preview that was cleared must not stay on screen
		return
	}
	_ = c.sock.EmitVolatile("message", w)
}
