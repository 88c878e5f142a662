package live

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/attendance"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/presence"
	"parlor/internal/realtime"
	"parlor/internal/socketio"
)

// maxThreads bounds the conversations a console socket follows message by message.
const maxThreads = 1100

// agentConn is one socket of a console.
type agentConn struct {
	f       *Front
	sock    *socketio.Socket
	who     actor.Actor
	hash    string
	release func(context.Context)

	mu      sync.Mutex
	closed  bool
	watched id.Conversation
	seat    *attendance.Seat
	threads map[id.Conversation]*thread
	// rows are conversations of others whose list row has changed.
	rows map[id.Conversation]conversation.Conversation
	// counts is true if the counts may have changed.
	counts bool

	online onlineWatch
	easel  easel
	booth  booth
}

// thread is a conversation followed message by message.
type thread struct {
	// conv is guarded by the connection's mu; latest is a copy for emission.
	conv     conversation.Conversation
	latest   atomic.Pointer[conversation.Conversation]
	follower *realtime.Follower
}

func (t *thread) store(conv conversation.Conversation) {
	t.conv = conv
	t.latest.Store(&conv)
}

func (f *Front) agentNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		l, err := f.agentLogin(ctx, s)
		if err != nil {
			return refusal(err)
		}
		s.SetData(&agentConn{f: f, sock: s, who: l.Actor(), hash: l.Credential.Hash,
			threads: map[id.Conversation]*thread{}, rows: map[id.Conversation]conversation.Conversation{}})
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) { s.Data().(*agentConn).open() })
	ns.OnDisconnect(func(s *socketio.Socket, _ string) { s.Data().(*agentConn).close() })
	ns.On("post", call(f, agentCall((*agentConn).post)))
	ns.On("read", call(f, agentCall((*agentConn).read)))
	ns.On("typing", call(f, agentCall((*agentConn).typing)))
	ns.On("watch", call(f, agentCall((*agentConn).watch)))
	ns.On("resume", call(f, agentCall((*agentConn).resume)))
	ns.On("recall", call(f, agentCall((*agentConn).recall)))
	ns.On("colleague", call(f, agentCall((*agentConn).colleague)))
	ns.On("colleague-read", call(f, agentCall((*agentConn).colleagueRead)))
	ns.On("online", call(f, agentCall((*agentConn).watchOnline)))
	ns.On("draft", call(f, agentCall((*agentConn).draft)))
	f.calls(ns, func(s *socketio.Socket) callParty { return s.Data().(*agentConn).party() })
	ns.On("canvas-start", call(f, agentCall((*agentConn).canvasStart)))
	ns.On("canvas-open", call(f, agentCall((*agentConn).canvasOpen)))
	ns.On("canvas-stroke", call(f, agentCall((*agentConn).canvasStroke)))
	ns.On("canvas-mark", call(f, agentCall((*agentConn).canvasMark)))
	ns.On("canvas-undo", call(f, agentCall((*agentConn).canvasUndo)))
	ns.On("canvas-clear", call(f, agentCall((*agentConn).canvasClear)))
}

func agentCall[I, O any](fn func(*agentConn, context.Context, I) (O, error)) func(context.Context, *socketio.Socket, I) (O, error) {
	return func(ctx context.Context, s *socketio.Socket, in I) (O, error) {
		return fn(s.Data().(*agentConn), ctx, in)
	}
}

// agentLogin takes a token from the auth object, or the session cookie if the
// page is one of ours.
func (f *Front) agentLogin(ctx context.Context, s *socketio.Socket) (account.Login, error) {
	var auth struct {
		Token string `json:"token"`
	}
	if len(s.Auth()) > 0 {
		if err := json.Unmarshal(s.Auth(), &auth); err != nil {
			return account.Login{}, errs.New(errs.Unauthenticated, "unauthenticated", "The auth object is not readable.").Because(err)
		}
	}
	if auth.Token != "" {
		return f.Accounts.Authenticate(ctx, auth.Token)
	}
	h := s.Header()
	if !sameOrigin(h, h.Get("Host")) {
		return account.Login{}, errs.New(errs.Forbidden, "origin_refused", "This page may not use the console's login.")
	}
	c, err := (&http.Request{Header: h}).Cookie(f.Cookie)
	if err != nil {
		return account.Login{}, errs.New(errs.Unauthenticated, "unauthenticated", "Please log in.")
	}
	return f.Accounts.Authenticate(ctx, c.Value)
}

func (c *agentConn) topics() []event.Topic {
	t := c.who.Tenant
	list := []event.Topic{event.ToAgent(t, c.who.Agent), event.ToAgents(t), event.ToTeam(t, "")}
	for _, team := range c.who.Teams {
		list = append(list, event.ToTeam(t, team))
	}
	if c.who.Can(actor.SeeAll) {
		list = append(list, event.ToSupervisors(t))
	}
	return list
}

type hello struct {
	Status account.AgentStatus `json:"status"`
	Counts conversation.Counts `json:"counts"`
	Now    time.Time           `json:"now"`
}

func (c *agentConn) open() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	c.f.Hub.Follow(c, c.topics()...)
	var release func(context.Context)
	err := c.f.Accounts.SetPresence(ctx, c.who.Tenant, c.who.Agent, account.PresenceHere)
	if err == nil {
		release, err = c.f.Presence.Connect(ctx, presence.Agent{Tenant: c.who.Tenant, Agent: c.who.Agent})
	}
	if err == nil {
		c.mu.Lock()
		c.release = release
		c.mu.Unlock()
		err = c.greet(ctx)
	}
	if errors.Is(err, socketio.ErrClosed) {
		return // the page went away while it connected
	}
	if err != nil {
		c.f.Log.Error("console not connected", "agent", c.who.Agent, "error", err)
		c.sock.Disconnect(true)
	}
}

func (c *agentConn) greet(ctx context.Context) error {
	st, err := c.f.Accounts.Status(ctx, c.who)
	if err != nil {
		return err
	}
	counts, err := c.f.Conversations.Count(ctx, c.who)
	if err != nil {
		return err
	}
	return c.sock.Emit("hello", hello{st, counts, c.f.Clock.Now()})
}

func (c *agentConn) close() {
	c.f.Hub.Unfollow(c, c.topics()...)
	c.closeOnline()
	c.f.board.drop(c)
	c.mu.Lock()
	c.closed = true
	watched, release, seat := c.watched, c.release, c.seat
	for _, t := range c.threads {
		t.follower.Close()
	}
	c.threads = map[id.Conversation]*thread{}
	c.mu.Unlock()
	if seat != nil {
		seat.Leave()
	}
	if watched != "" {
		c.f.Hub.Unfollow(c, event.ToWatchers(c.who.Tenant, watched))
	}
	if release != nil {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		release(ctx)
	}
}

type agentPosted struct {
	Message wire.Message `json:"message"`
}

func (c *agentConn) post(ctx context.Context, in postInput) (out agentPosted, err error) {
	if err := c.f.Posts.Take("a " + string(c.who.Agent)); err != nil {
		return out, err
	}
	p, err := c.f.Conversations.Post(ctx, c.who, conversation.PostInput{Conversation: id.Conversation(in.Conversation),
		Kind: in.Kind, Text: in.Text, File: id.File(in.File), ClientID: in.ClientID, Ext: in.Ext})
	if err != nil {
		return out, err
	}
	return agentPosted{c.f.Views.Message(p.Message)}, nil
}

func (c *agentConn) read(ctx context.Context, in resumeInput) (empty, error) {
	_, err := c.f.Conversations.Read(ctx, c.who, in.Conversation, in.Seq)
	return empty{}, err
}

func (c *agentConn) typing(_ context.Context, in struct {
	Conversation id.Conversation
	On           bool
}) (empty, error) {
	c.mu.Lock()
	t, seat := c.threads[in.Conversation], c.seat
	if in.Conversation != c.watched {
		seat = nil
	}
	c.mu.Unlock()
	if seat != nil {
		seat.Type(in.On)
	}
	if t != nil {
		c.f.Conversations.Type(c.who, conversation.TypeInput{Conversation: t.conv, On: in.On})
	}
	return empty{}, nil
}

type watching struct {
	Conversation *conversation.Conversation `json:"conversation,omitempty"`
	Viewers      []attendance.Present       `json:"viewers,omitempty"`
}

// watch makes the conversation on screen followed message by message, whoever
// it is assigned to.
func (c *agentConn) watch(ctx context.Context, in resumeInput) (out watching, err error) {
	var conv conversation.Conversation
	if in.Conversation != "" {
		if conv, err = c.f.Conversations.Conversation(ctx, c.who, in.Conversation); err != nil {
			return out, err
		}
		out.Conversation = &conv
	}
	c.follow(conv)
	if conv.ID != "" {
		c.party().tellRunning(c.sock.Emit, conv.ID)
		c.sit(conv.ID)
		out.Viewers = c.f.Rooms.List(c.who.Tenant, roomOf(conv.ID))
	}
	return out, nil
}

// follow makes conv the conversation on screen; without an id none is.
func (c *agentConn) follow(conv conversation.Conversation) {
	t := c.who.Tenant
	c.mu.Lock()
	seat := c.seat
	c.seat = nil
	c.mu.Unlock()
	if seat != nil {
		seat.Leave()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.watched; old != "" {
		c.f.Hub.Unfollow(c, event.ToWatchers(t, old))
		if th := c.threads[old]; th != nil {
			c.f.Hub.Unfollow(c, event.ToFollowers(t, th.conv.Visitor))
			if th.conv.Agent != c.who.Agent {
				c.forget(old)
			}
		}
	}
	if c.watched = conv.ID; c.watched != "" {
		c.thread(conv, conv.LastSeq)
		c.f.Hub.Follow(c, event.ToWatchers(t, conv.ID), event.ToFollowers(t, conv.Visitor))
	}
}

// thread returns the followed conversation, following it from last on if it is
// new. It must be called with mu held.
func (c *agentConn) thread(conv conversation.Conversation, last int64) *thread {
	if t := c.threads[conv.ID]; t != nil {
		if conv.Version >= t.conv.Version {
			conv.VisitorName, conv.AgentName = pick(conv.VisitorName, t.conv.VisitorName), pick(conv.AgentName, t.conv.AgentName)
			t.store(conv)
		}
		return t
	}
	if len(c.threads) >= maxThreads {
		for old := range c.threads {
			if old != c.watched {
				c.forget(old)
				break
			}
		}
	}
	t := &thread{conv: conv}
	tenant, cid := conv.Tenant, conv.ID
	t.follower = c.f.Hub.Follower(last, false, func(after int64) ([]conversation.Message, error) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		return c.f.Conversations.Since(ctx, tenant, cid, after, false)
	}, func(m conversation.Message) {
		// A full queue closes the socket; the client resumes.
		_ = c.sock.Emit("message", messageEvent{c.f.Views.Message(m), t.latest.Load()})
	})
	t.store(conv)
	c.threads[conv.ID] = t
	return t
}

func pick(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (c *agentConn) forget(conv id.Conversation) {
	if t := c.threads[conv]; t != nil {
		t.follower.Close()
		delete(c.threads, conv)
	}
}

type agentResume struct {
	Conversations map[id.Conversation]int64 `json:"conversations"`
}

type agentResumed struct {
	Conversations []conversation.Conversation `json:"conversations"`
	Messages      []wire.Message              `json:"messages"`
	Reload        bool                        `json:"reload,omitempty"`
}

// maxResume is how many conversations a console may resume in one call.
const maxResume = 50

func (c *agentConn) resume(ctx context.Context, in agentResume) (out agentResumed, err error) {
	out = agentResumed{Conversations: []conversation.Conversation{}, Messages: []wire.Message{}}
	if len(in.Conversations) > maxResume {
		return out, errs.Field("conversations", "too_many_conversations", "%d conversations; %d are allowed.", len(in.Conversations), maxResume)
	}
	marks := make([]conversation.Mark, 0, len(in.Conversations))
	for cid, seq := range in.Conversations {
		marks = append(marks, conversation.Mark{Conversation: cid, Seq: seq})
	}
	got, err := c.f.Conversations.Resume(ctx, c.who, marks, resumeMost)
	if err != nil {
		return out, err
	}
	behind := map[id.Conversation]int{}
	for _, m := range got.Messages {
		behind[m.Conversation]++
	}
	out.Reload = got.Missing > 0
	c.mu.Lock()
	for _, conv := range got.Conversations {
		seq := in.Conversations[conv.ID]
		if conv.Agent == c.who.Agent || conv.ID == c.watched {
			c.thread(conv, seq)
		}
		// A client that is ahead, starts from nothing or is too far behind reads anew.
		out.Reload = out.Reload || conv.LastSeq < seq || behind[conv.ID] == resumeMost || (behind[conv.ID] > 0 && seq <= 0)
	}
	c.mu.Unlock()
	out.Conversations = append(out.Conversations, got.Conversations...)
	out.Messages = c.f.Views.Messages(got.Messages, false)
	return out, nil
}
