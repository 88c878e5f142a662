package uckefu

import (
	"context"
	"encoding/json"
	"html"
	"net/url"
	"sync"

	"parlor/internal/account"
	"parlor/internal/blacklist"
	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/identity"
	"parlor/internal/realtime"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/socketio"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// params are what a page says of its visitor, in the connect query (A, C) or in
// the `new` event (B).
type params struct {
	UserID   string `json:"userid"`
	User     string `json:"user"`
	Orgi     string `json:"orgi"`
	Session  string `json:"session"`
	AppID    string `json:"appid"`
	OSName   string `json:"osname"`
	Browser  string `json:"browser"`
	Skill    string `json:"skill"`
	Agent    string `json:"agent"`
	NickName string `json:"nickname"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Memo     string `json:"memo"`
	// IsInvite says that the visitor comes by an invitation.
	IsInvite string `json:"isInvite"`
}

func fromQuery(q url.Values) params {
	return params{UserID: q.Get("userid"), Orgi: q.Get("orgi"), Session: q.Get("session"), AppID: q.Get("appid"), OSName: q.Get("osname"),
		Browser: q.Get("browser"), Skill: q.Get("skill"), Agent: q.Get("agent"), NickName: q.Get("nickname"), Title: q.Get("title"), URL: q.Get("url"),
		Name: q.Get("name"), Phone: q.Get("phone"), Email: q.Get("email"), Memo: q.Get("memo"), IsInvite: q.Get("isInvite")}
}

// unescape undoes the percent-encoding that generation B's template leaves in
// JSON values; text that is not encoded stays.
func unescape(s string) string {
	if got, err := url.QueryUnescape(s); err == nil {
		return got
	}
	return s
}

// visitorConn is one socket of a visitor page.
type visitorConn struct {
	f    *Front
	sock *socketio.Socket

	mu       sync.Mutex
	gen      Generation
	key      pageKey
	inbox    account.Inbox
	who      visitor.Visitor
	admitted bool
	conv     conversation.Conversation
	place    int
	follower *realtime.Follower
}

func (c *visitorConn) visitorID() id.Visitor {
	v, _ := c.visitor()
	return v.ID
}

func (c *visitorConn) visitor() (visitor.Visitor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who, c.admitted
}

func (f *Front) userNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		c := &visitorConn{f: f, sock: s, gen: GenB}
		if q := s.Query(); q.Get("userid") != "" {
			c.gen = GenC
			if q.Get("orgi") != "" {
				c.gen = GenA
			}
		}
		s.SetData(c)
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) {
		p := fromQuery(s.Query())
		if p.UserID == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		if err := s.Data().(*visitorConn).admit(ctx, p); err != nil {
			f.failed(s, err)
			s.Disconnect(false)
		}
	})
	ns.OnDisconnect(func(s *socketio.Socket, _ string) { s.Data().(*visitorConn).gone() })
	ns.On("new", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*visitorConn).hello(ctx, arg)
	}))
	ns.On("message", f.handle(func(ctx context.Context, s *socketio.Socket, arg json.RawMessage) error {
		return s.Data().(*visitorConn).message(ctx, arg)
	}))
	ns.On("agentstatus", f.handle(func(context.Context, *socketio.Socket, json.RawMessage) error { return nil }))
}

// hello is the `new` event: admission for generation B, contact details for a
// page that is admitted already. A page that names no user is disconnected.
func (c *visitorConn) hello(ctx context.Context, arg json.RawMessage) error {
	var p params
	if err := decode(arg, &p); err != nil {
		c.sock.Disconnect(false)
		return err
	}
	p.Title, p.URL, p.OSName, p.Browser = unescape(p.Title), unescape(p.URL), unescape(p.OSName), unescape(p.Browser)
	if p.User != "" {
		p.UserID = p.User
	}
	if v, ok := c.visitor(); ok {
		return c.details(ctx, v, p)
	}
	if p.UserID == "" {
		c.sock.Disconnect(false)
		return errs.Field("userid", "bad_userid", "The page names no user.")
	}
	if err := c.admit(ctx, p); err != nil {
		c.sock.Disconnect(false)
		return err
	}
	return nil
}

func (c *visitorConn) details(ctx context.Context, v visitor.Visitor, p params) error {
	var d visitor.Details
	for _, f := range []struct {
		from string
		to   **string
	}{{p.Name, &d.Name}, {p.Phone, &d.Phone}, {p.Email, &d.Email}, {p.Memo, &d.Memo}} {
		if f.from != "" {
			*f.to = &f.from
		}
	}
	if d == (visitor.Details{}) {
		return nil
	}
	got, err := c.f.Visitors.Update(ctx, v.Actor(), v.ID, d)
	if err == nil {
		c.mu.Lock()
		c.who = got
		c.mu.Unlock()
	}
	return err
}

// admit recognises the visitor, resumes or starts the dialogue and answers
// `status`. The tenant follows from the site; an orgi that names another tenant
// is refused.
func (c *visitorConn) admit(ctx context.Context, p params) error {
	if err := c.f.Calls.Take("arrive " + c.sock.RemoteIP()); err != nil {
		return err
	}
	inbox, err := c.f.Accounts.Inbox(ctx, id.Inbox(p.AppID))
	if err != nil {
		return err
	}
	if err := c.f.foreign(ctx, p.Orgi, inbox.Tenant); err != nil {
		return err
	}
	name := p.Name
	if name == "" {
		name = p.NickName
	}
	v, err := c.f.Visitors.ArriveLegacy(ctx, p.UserID, p.Session, visitor.Visitor{Tenant: inbox.Tenant, Inbox: inbox.ID, Name: name,
		Email: p.Email, Phone: p.Phone, Memo: p.Memo, OS: p.OSName, Browser: p.Browser, IP: c.sock.RemoteIP()})
	if err != nil {
		return err
	}
	if err := c.f.Blacklist.Refuse(ctx, c.subject(v)); err != nil {
		c.refused()
		return err
	}
	if err := c.f.Visitors.Look(ctx, v.Actor(), p.URL, p.Title); err != nil {
		return err
	}
	c.mu.Lock()
	c.key, c.inbox, c.who = pageKey{inbox.ID, p.UserID}, inbox, v
	if g := Generation(inbox.Settings.Generation); g != "" {
		c.gen = g
	}
	c.mu.Unlock()
	c.f.register(c.key, c)
	c.f.Hub.Follow(c, event.ToVisitor(v.Tenant, v.ID))
	if err := c.accept(ctx, v, p.IsInvite); err != nil {
		return err
	}
	a, err := c.f.Routing.Admit(ctx, v.Actor(), conversation.StartInput{Channel: "web", Team: id.Team(p.Skill), Agent: id.Agent(p.Agent),
		PageURL: p.URL, PageTitle: p.Title, Address: c.sock.RemoteIP(), Fingerprint: v.External})
	if reason := errs.ReasonOf(err); turnedAway(reason) {
		c.refuse(reason)
		return c.details(ctx, v, p)
	}
	if err != nil {
		return err
	}
	if err := c.details(ctx, v, p); err != nil {
		return err
	}
	c.enter(a)
	return nil
}

// foreign refuses an orgi that names a tenant other than the site's. The
// contract's own default name, and names this installation does not know, say nothing.
func (f *Front) foreign(ctx context.Context, orgi string, t id.Tenant) error {
	if orgi == "" || orgi == "ukewo" || orgi == string(t) {
		return nil
	}
	tenants, err := f.Accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, other := range tenants {
		if string(other.ID) == orgi {
			return errs.New(errs.Forbidden, "foreign_tenant", "The site belongs to another tenant.")
		}
	}
	return nil
}

// enter makes the dialogue of a the one this page shows and says how it stands.
func (c *visitorConn) enter(a routing.Admission) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admitted, c.place = true, a.Place
	c.follow(a.Conversation, a.Conversation.VisibleSeq)
	c.status("message", c.standing(a), a.Conversation.Status == conversation.Queued && !a.AgentsOnline)
}

// turnedAway reports whether a reason of routing.Admit sends a visitor to the
// leave-message page.
func turnedAway(reason string) bool {
	return reason == "closed" || reason == "queue_full" || reason == "known_only" || reason == "identity_required"
}

// refuse tells a page that no dialogue is started now. What the visitor writes
// later tries again.
func (c *visitorConn) refuse(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admitted = true
	name := setting.PromptClosed
	if reason != "closed" {
		name = setting.PromptNobody
	}
	text := withPlace(c.prompt(name), 0)
	if reason == "identity_required" {
		text = identity.Please(c.who.Locale)
	}
	c.status("message", text, true)
}

func (c *visitorConn) standing(a routing.Admission) string {
	switch {
	case a.Conversation.Status == conversation.Open:
		return withAgent(c.prompt(setting.PromptConnected), a.Conversation.AgentName)
	case !a.AgentsOnline:
		return withPlace(c.prompt(setting.PromptNobody), a.Place)
	}
	return withPlace(c.prompt(setting.PromptQueued), a.Place)
}

// follow must be called with mu held.
func (c *visitorConn) follow(conv conversation.Conversation, last int64) {
	if c.follower != nil && c.conv.ID == conv.ID {
		c.conv = conv
		return
	}
	if c.follower != nil {
		c.follower.Close()
	}
	c.conv = conv
	t, cid, v, gen := conv.Tenant, conv.ID, c.who, c.gen
	c.follower = c.f.Hub.Follower(last, true, func(after int64) ([]conversation.Message, error) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		return c.f.Conversations.Since(ctx, t, cid, after, true)
	}, func(m conversation.Message) {
		switch {
		case m.Kind != conversation.Event:
			// A full queue closes the socket; the page comes back.
			_ = c.sock.Emit("message", c.f.visitorMessage(gen, m, v))
		case m.Line.Name == conversation.LineEdited:
		case m.Line.Text != "":
			_ = c.sock.Emit("status", c.f.line(gen, conv, "message", html.EscapeString(m.Line.Text)))
		}
	})
}

// status sends a system line; it must be called with mu held.
func (c *visitorConn) status(kind, text string, noagent bool) {
	o := c.f.line(c.gen, c.conv, kind, text)
	o.NoAgent = noagent
	_ = c.sock.Emit("status", o)
}

// line is a system line about a dialogue.
func (f *Front) line(gen Generation, conv conversation.Conversation, kind, text string) out {
	return out{Message: text, MessageType: kind, MsgType: kind, CallType: gen.callType("in"), NickName: conv.AgentName, UserName: conv.AgentName,
		CreateTime: gen.time(f.Clock.Now()), AgentServiceID: string(conv.ID), ContextID: string(conv.ID)}
}

// message is a sent message or the unsent text of the editor. Who sends is the
// identity of the socket; ids in the payload say nothing.
func (c *visitorConn) message(ctx context.Context, arg json.RawMessage) error {
	var in struct {
		Type    string `json:"type"`
		Message string `json:"message"`
		// ClientID is our addition: the page's own id for the message.
		ClientID string `json:"clientId"`
		// Ext is our addition: the structured part of an integration.
		Ext json.RawMessage `json:"ext"`
	}
	if err := decode(arg, &in); err != nil {
		return err
	}
	v, ok := c.visitor()
	if !ok {
		return errs.New(errs.Forbidden, "not_admitted", "The page has not said who it is.")
	}
	text, images := fromHTML(in.Message)
	if in.Type == "writing" {
		c.mu.Lock()
		conv := c.conv
		c.mu.Unlock()
		if conv.Status == conversation.Open {
			c.f.Conversations.Type(v.Actor(), conversation.TypeInput{Conversation: conv, Text: text})
		}
		return nil
	}
	if err := c.f.Posts.Take("v " + string(v.ID)); err != nil {
		return err
	}
	if err := c.f.Blacklist.Refuse(ctx, c.subject(v)); err != nil {
		return err
	}
	text = c.clip(text)
	var posts []conversation.PostInput
	if text != "" || len(images) == 0 {
		posts = append(posts, conversation.PostInput{Kind: conversation.Text, Text: text, ClientID: in.ClientID, Ext: in.Ext})
	}
	for _, token := range images {
		if file := c.f.Media.TokenFile(v.Tenant, token); file != "" {
			posts = append(posts, conversation.PostInput{Kind: conversation.Image, File: file})
		}
	}
	for _, p := range posts {
		if err := c.post(ctx, v, p); err != nil {
			return err
		}
	}
	return nil
}

// post adds a message; a dialogue that is over is followed by a new one.
func (c *visitorConn) post(ctx context.Context, v visitor.Visitor, p conversation.PostInput) error {
	c.mu.Lock()
	p.Conversation = c.conv.ID
	c.mu.Unlock()
	if p.Conversation != "" {
		_, err := c.f.Conversations.Post(ctx, v.Actor(), p)
		if errs.ReasonOf(err) != "conversation_closed" {
			return err
		}
	}
	a, err := c.f.Routing.Admit(ctx, v.Actor(), conversation.StartInput{Channel: "web", Wish: conversation.WishOf(p.Ext, conversation.TrustNone)})
	if reason := errs.ReasonOf(err); turnedAway(reason) {
		c.refuse(reason)
		return nil
	}
	if err != nil {
		return err
	}
	c.enter(a)
	p.Conversation = a.Conversation.ID
	_, err = c.f.Conversations.Post(ctx, v.Actor(), p)
	return err
}

// Deliver encodes an event for the page.
func (c *visitorConn) Deliver(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch d := e.Data.(type) {
	case *conversation.Posted:
		if c.follower != nil && d.Conversation.ID == c.conv.ID {
			c.follower.Take(d.Message)
		}
	case *blacklist.Changed:
		c.shut()
	case *survey.Changed:
		c.surveyed(d)
	case *canvas.Changed:
		c.drawn(d)
	case *conversation.Recalled:
		if c.admitted && d.Message.Conversation == c.conv.ID {
			_ = c.sock.Emit("message", c.f.visitorMessage(c.gen, textual(d.Message), c.who))
		}
	case *conversation.Edited:
		if c.admitted && d.Message.Conversation == c.conv.ID {
			_ = c.sock.Emit("message", c.f.visitorMessage(c.gen, d.Message, c.who))
		}
	case *conversation.Changed:
		if c.admitted {
			c.changed(d)
		}
	case *routing.Positions:
		for _, p := range d.Places {
			if c.admitted && p.Conversation == c.conv.ID && c.conv.Status == conversation.Queued && p.Place != c.place {
				c.place = p.Place
				text := withPlace(c.prompt(setting.PromptQueued), p.Place)
				c.status("message", text, false)
				_ = c.sock.Emit("agentstatus", map[string]string{"message": text})
			}
		}
	}
}

// changed must be called with mu held.
func (c *visitorConn) changed(d *conversation.Changed) {
	conv := d.Conversation
	if conv.ID != c.conv.ID {
		if conv.Status == conversation.Closed {
			return
		}
		c.follow(conv, 0)
	}
	if conv.Version <= c.conv.Version && d.Cause != conversation.CauseStarted {
		return
	}
	c.conv = conv
	switch d.Cause {
	case conversation.LineAssigned:
		c.status("text", withAgent(c.prompt(setting.PromptConnected), conv.AgentName), false)
	case conversation.LineTransferred:
		if conv.Agent != "" {
			c.status("text", withAgent(c.prompt(setting.PromptTransferred), conv.AgentName), false)
			return
		}
		c.status("text", c.prompt(setting.PromptRequeued), false)
	case conversation.LineAgentLost, conversation.LineQueued:
		c.status("text", c.prompt(setting.PromptRequeued), false)
	case conversation.LineClosed:
		c.status("end", c.prompt(setting.PromptEnded), false)
	}
}

// gone forgets the socket. If it was the visitor's last page, the dialogue ends
// after the grace period unless a page comes back.
func (c *visitorConn) gone() {
	v, ok := c.visitor()
	if v.ID == "" {
		return
	}
	c.f.Hub.Unfollow(c, event.ToVisitor(v.Tenant, v.ID))
	c.mu.Lock()
	conv := c.conv
	if c.follower != nil {
		c.follower.Close()
	}
	c.mu.Unlock()
	last := c.f.unregister(c.key, c, v.ID)
	if !ok || !last || conv.ID == "" || conv.Status == conversation.Closed {
		return
	}
	if err := c.f.scheduleEnd(v, conv.ID); err != nil {
		c.f.Log.Error("end of dialogue not scheduled", "conversation", conv.ID, "error", err)
	}
}
