package live

import (
	"context"
	"sync"

	"parlor/internal/actor"
	"parlor/internal/blacklist"
	calls "parlor/internal/call"
	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/realtime"
	"parlor/internal/routing"
	"parlor/internal/socketio"
	"parlor/internal/survey"
	"parlor/internal/visitor"
)

// visitorConn is one socket of a visitor.
type visitorConn struct {
	f    *Front
	sock *socketio.Socket
	who  actor.Actor

	mu       sync.Mutex
	conv     conversation.Conversation
	place    int
	online   bool
	follower *realtime.Follower
	// face is the robot of the conversation faced, if it is known.
	face  *routing.Face
	faced id.Conversation
	// release ends the count of who is online.
	release func()
	// first and fresh are for OnConnected.
	first pageRef
	fresh *visitor.Visitor
	easel easel
	booth booth
}

func (f *Front) visitorNamespace(ns *socketio.Namespace) {
	ns.OnConnect(func(s *socketio.Socket) error {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		who, auth, fresh, err := f.visitorLogin(ctx, s)
		if err == nil {
			err = f.refuseBlocked(who, s.RemoteIP())
		}
		if err != nil {
			return refusal(err)
		}
		s.SetData(&visitorConn{f: f, sock: s, who: who, online: true, first: auth.Page, fresh: fresh})
		return nil
	})
	ns.OnConnected(func(s *socketio.Socket) {
		c := s.Data().(*visitorConn)
		f.Hub.Follow(c, event.ToVisitor(c.who.Tenant, c.who.Visitor))
		c.opened(c.first, c.fresh)
		c.first, c.fresh = pageRef{}, nil
	})
	ns.OnDisconnect(func(s *socketio.Socket, _ string) {
		c := s.Data().(*visitorConn)
		f.Hub.Unfollow(c, event.ToVisitor(c.who.Tenant, c.who.Visitor))
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.release != nil {
			c.release()
		}
		if c.follower != nil {
			c.follower.Close()
		}
	})
	ns.On("start", call(f, visitorCall((*visitorConn).start)))
	ns.On("post", call(f, visitorCall((*visitorConn).post)))
	ns.On("resume", call(f, visitorCall((*visitorConn).resume)))
	ns.On("typing", call(f, visitorCall((*visitorConn).typing)))
	ns.On("read", call(f, visitorCall((*visitorConn).read)))
	ns.On("page", call(f, visitorCall((*visitorConn).page)))
	ns.On("close", call(f, visitorCall((*visitorConn).close)))
	ns.On("recall", call(f, visitorCall((*visitorConn).recall)))
	ns.On("invite-answer", call(f, visitorCall((*visitorConn).answerInvite)))
	ns.On("invite-shown", call(f, visitorCall((*visitorConn).inviteShown)))
	f.calls(ns, func(s *socketio.Socket) callParty { return s.Data().(*visitorConn).party() })
	f.robotCalls(ns)
	ns.On("canvas-open", call(f, visitorCall((*visitorConn).canvasOpen)))
	ns.On("canvas-stroke", call(f, visitorCall((*visitorConn).canvasStroke)))
	ns.On("canvas-mark", call(f, visitorCall((*visitorConn).canvasMark)))
	ns.On("canvas-undo", call(f, visitorCall((*visitorConn).canvasUndo)))
}

func visitorCall[I, O any](fn func(*visitorConn, context.Context, I) (O, error)) func(context.Context, *socketio.Socket, I) (O, error) {
	return func(ctx context.Context, s *socketio.Socket, in I) (O, error) {
		return fn(s.Data().(*visitorConn), ctx, in)
	}
}

type startInput struct {
	Team  id.Team  `json:"team"`
	Agent id.Agent `json:"agent"`
	Page  pageRef  `json:"page"`
	// Robot starts a conversation only if a robot receives the visitor now.
	Robot bool `json:"robot"`
}

type pageRef struct {
	URL   string `json:"url"`
	Title string `json:"title"`
	// Referrer is the page before, on the first page of a visit.
	Referrer string `json:"referrer"`
}

func (c *visitorConn) start(ctx context.Context, in startInput) (wire.VisitorState, error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return wire.VisitorState{}, err
	}
	if err := c.onlyRobot(ctx, in.Robot); err != nil {
		return wire.VisitorState{}, err
	}
	return c.admit(ctx, conversation.StartInput{Channel: "web", Team: in.Team, Agent: in.Agent, PageURL: in.Page.URL, PageTitle: in.Page.Title})
}

func (c *visitorConn) admit(ctx context.Context, in conversation.StartInput) (wire.VisitorState, error) {
	in.Address = c.sock.RemoteIP()
	a, err := c.f.Routing.Admit(ctx, c.who, in)
	if err != nil {
		return wire.VisitorState{}, err
	}
	c.enter(a, a.Conversation.VisibleSeq)
	return wire.State(a), nil
}

// enter makes a the conversation that this socket follows, from number last on.
func (c *visitorConn) enter(a routing.Admission, last int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place, c.online = a.Place, a.AgentsOnline
	if a.Robot != nil {
		c.face, c.faced = a.Robot, a.Conversation.ID
	}
	c.follow(a.Conversation, last)
}

// follow must be called with mu held.
func (c *visitorConn) follow(conv conversation.Conversation, last int64) {
	if c.follower != nil && c.conv.ID == conv.ID {
		if conv.Version >= c.conv.Version {
			c.conv = conv
		}
		return
	}
	if c.follower != nil {
		c.follower.Close()
	}
	c.conv = conv
	t, cid := conv.Tenant, conv.ID
	c.follower = c.f.Hub.Follower(last, true, func(after int64) ([]conversation.Message, error) {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		return c.f.Conversations.Since(ctx, t, cid, after, true)
	}, func(m conversation.Message) {
		// A full queue closes the socket; the client resumes.
		_ = c.sock.Emit("message", c.f.Views.VisitorMessage(m))
	})
}

// maxVoice is the longest voice message that is believed, in milliseconds.
const maxVoice = 10 * 60 * 1000

type posted struct {
	Message wire.Message      `json:"message"`
	State   wire.VisitorState `json:"state"`
}

// post sends a message; without a running conversation it starts one. A client
// that repeats a post names the conversation it was for, so that a message that
// had arrived is found although the conversation is over.
func (c *visitorConn) post(ctx context.Context, in postInput) (out posted, err error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return out, err
	}
	if err := c.f.refuseBlocked(c.who, c.sock.RemoteIP()); err != nil {
		return out, err
	}
	p := conversation.PostInput{Conversation: id.Conversation(in.Conversation), Kind: in.Kind, Text: in.Text, File: id.File(in.File), ClientID: in.ClientID, Duration: min(in.Duration, maxVoice), Ext: in.Ext}
	if p.Conversation == "" {
		c.mu.Lock()
		if c.conv.Status != conversation.Closed {
			p.Conversation = c.conv.ID
		}
		c.mu.Unlock()
	}
	var got conversation.Posted
	if p.Conversation != "" {
		got, err = c.f.Conversations.Post(ctx, c.who, p)
	}
	if p.Conversation == "" || errs.ReasonOf(err) == "conversation_closed" {
		var st wire.VisitorState
		if st, err = c.admit(ctx, conversation.StartInput{Channel: "web", Wish: conversation.WishOf(in.Ext, conversation.TrustNone)}); err != nil {
			return out, err
		}
		p.Conversation = st.Conversation
		got, err = c.f.Conversations.Post(ctx, c.who, p)
	}
	if err != nil {
		return out, err
	}
	c.meet(ctx, got.Conversation)
	c.mu.Lock()
	defer c.mu.Unlock()
	conv := got.Conversation
	if conv.ID == c.conv.ID {
		conv.AgentName, conv.VisitorName = c.conv.AgentName, c.conv.VisitorName
	}
	return posted{c.f.Views.VisitorMessage(got.Message), c.stands(conv)}, nil
}

type resumeInput struct {
	Conversation id.Conversation `json:"conversation"`
	Seq          int64           `json:"seq"`
}

type resumed struct {
	Messages []wire.Message     `json:"messages"`
	State    *wire.VisitorState `json:"state,omitempty"`
	Reload   bool               `json:"reload,omitempty"`
}

// resumeMost is how many messages a resume carries; beyond that the client reloads.
const resumeMost = 200

// resume tells what came after a message of a conversation. A client that knows of
// none gets the one that runs, if any: it may have begun elsewhere before the
// client was connected.
func (c *visitorConn) resume(ctx context.Context, in resumeInput) (resumed, error) {
	if in.Conversation == "" {
		conv, err := c.f.Conversations.Active(ctx, c.who.Tenant, c.who.Visitor)
		if errs.CodeOf(err) == errs.NotFound {
			return resumed{Messages: []wire.Message{}}, nil
		}
		if err != nil {
			return resumed{}, err
		}
		in = resumeInput{Conversation: conv.ID}
	}
	conv, err := c.f.Conversations.Conversation(ctx, c.who, in.Conversation)
	if errs.CodeOf(err) == errs.NotFound || (err == nil && in.Seq > conv.LastSeq) {
		return resumed{Messages: []wire.Message{}, Reload: true}, nil
	}
	if err != nil {
		return resumed{}, err
	}
	a, err := c.f.Routing.Standing(ctx, conv)
	if err != nil {
		return resumed{}, err
	}
	c.enter(a, in.Seq)
	list, err := c.f.Conversations.Messages(ctx, c.who, conv.ID, conversation.Range{After: max(in.Seq, 0), Limit: resumeMost})
	if in.Seq == 0 {
		list, err = c.f.Conversations.Messages(ctx, c.who, conv.ID, conversation.Range{Limit: resumeMost})
	}
	if err != nil {
		return resumed{}, err
	}
	c.party().tellRunning(c.sock.Emit, conv.ID)
	st := wire.State(a)
	out := resumed{Messages: c.f.Views.Messages(list, true), State: &st, Reload: len(list) == resumeMost}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(list); n > 0 && c.follower != nil {
		c.follower.Skip(list[n-1].Seq)
	}
	return out, nil
}

func (c *visitorConn) typing(_ context.Context, in struct{ Text string }) (empty, error) {
	c.mu.Lock()
	conv := c.conv
	c.mu.Unlock()
	if conv.Status == conversation.Open {
		c.f.Conversations.Type(c.who, conversation.TypeInput{Conversation: conv, Text: in.Text})
	}
	return empty{}, nil
}

func (c *visitorConn) read(ctx context.Context, in struct{ Seq int64 }) (empty, error) {
	c.mu.Lock()
	conv := c.conv.ID
	c.mu.Unlock()
	if conv == "" {
		return empty{}, nil
	}
	_, err := c.f.Conversations.Read(ctx, c.who, conv, in.Seq)
	return empty{}, err
}

func (c *visitorConn) page(ctx context.Context, in pageRef) (empty, error) {
	if err := c.f.Posts.Take("v " + string(c.who.Visitor)); err != nil {
		return empty{}, err
	}
	return empty{}, c.f.Visit.Online.Seen(ctx, c.look(in))
}

func (c *visitorConn) close(ctx context.Context, _ empty) (wire.VisitorState, error) {
	c.mu.Lock()
	conv := c.conv.ID
	c.mu.Unlock()
	got, err := c.f.Conversations.Close(ctx, c.who, conv, conversation.EndByVisitor)
	if err != nil {
		return wire.VisitorState{}, err
	}
	return wire.State(routing.Admission{Conversation: got}), nil
}

// Deliver encodes an event for the visitor.
func (c *visitorConn) Deliver(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch d := e.Data.(type) {
	case *conversation.Posted:
		if c.follower == nil || c.conv.Status == conversation.Closed {
			c.follow(d.Conversation, d.Message.Prev)
		}
		if d.Conversation.ID == c.conv.ID {
			c.follower.Take(d.Message)
		}
	case *conversation.Changed:
		c.changed(d)
	case *blacklist.Changed:
		c.blocked()
	case *invite.Changed:
		c.invited(d.Invitation)
	case *survey.Changed:
		c.surveyed(d)
	case *calls.Changed:
		c.party().called(c.sock.Emit, d)
	case *calls.Signal:
		c.party().signalled(c.sock.Emit, d)
	case *canvas.Changed:
		c.drawn(d)
	case *canvas.Stroke:
		c.stroked(d)
	case *conversation.Recalled:
		_ = c.sock.Emit("recalled", c.f.Views.VisitorMessage(d.Message))
	case *conversation.Edited:
		_ = c.sock.Emit("edited", c.f.Views.VisitorMessage(d.Message))
	case *conversation.Typing:
		if d.Conversation == c.conv.ID && d.From == actor.Agent {
			emit := c.sock.EmitVolatile
			if !d.On {
				emit = c.sock.Emit // the end must not be lost
			}
			_ = emit("typing", map[string]any{"name": d.Name, "on": d.On})
		}
	case *conversation.Read:
		if d.Conversation == c.conv.ID && d.Side == actor.Agent {
			_ = c.sock.Emit("read", map[string]any{"seq": d.Seq})
		}
	case *routing.Positions:
		for _, p := range d.Places {
			if p.Conversation == c.conv.ID && c.conv.Status == conversation.Queued && p.Place != c.place {
				c.place = p.Place
				c.state()
			}
		}
	}
}

func (c *visitorConn) changed(d *conversation.Changed) {
	if d.Conversation.ID != c.conv.ID {
		if d.Conversation.Status == conversation.Closed {
			return
		}
		c.follow(d.Conversation, 0)
	}
	if d.Conversation.Version < c.conv.Version {
		return
	}
	if d.Conversation.Status != conversation.Queued {
		c.place, c.online = 0, true
	}
	c.conv = d.Conversation
	c.state()
}

// state must be called with mu held.
func (c *visitorConn) state() {
	_ = c.sock.Emit("state", c.stands(c.conv))
}
