package live

import (
	"context"
	"sync"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/attendance"
	calls "parlor/internal/call"
	"parlor/internal/canned"
	"parlor/internal/canvas"
	"parlor/internal/colleague"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/export"
	"parlor/internal/field"
	"parlor/internal/front/wire"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/leave"
	"parlor/internal/online"
	"parlor/internal/routing"
	"parlor/internal/summary"
	"parlor/internal/survey"
	"parlor/internal/tag"
	"parlor/internal/visitor"
)

type messageEvent struct {
	Message      wire.Message               `json:"message"`
	Conversation *conversation.Conversation `json:"conversation"`
}

type conversationEvent struct {
	Conversation conversation.Conversation `json:"conversation"`
	Before       id.Agent                  `json:"before,omitempty"`
	Cause        string                    `json:"cause"`
}

// causeActivity marks a row of somebody else's conversation that has news.
const causeActivity = "activity"

// Deliver encodes an event for the console. Errors of Emit mean that the socket
// is closing; its client will resume.
func (c *agentConn) Deliver(e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch d := e.Data.(type) {
	case *conversation.Posted:
		c.posted(d)
	case *conversation.Changed:
		c.changed(d)
	case *conversation.Typing:
		if d.From != actor.Agent || d.Name != c.who.Name {
			if !d.On {
				_ = c.sock.Emit("typing", d) // what was cleared must not stay on screen
				return
			}
			_ = c.sock.EmitVolatile("typing", d)
		}
	case *conversation.Read:
		c.touch()
		_ = c.sock.Emit("read", d)
	case *routing.Offer:
		_ = c.sock.Emit("offer", d)
	case *routing.Spilled:
		_ = c.sock.Emit("spilled", d)
	case *routing.HandoverMoved:
		_ = c.sock.Emit("handover", d)
	case *account.AgentStatus:
		_ = c.sock.Emit("agent", d)
	case *visitor.Changed:
		_ = c.sock.Emit("visitor", visitor.Changed{Visitor: d.Visitor.For(c.who), Page: d.Page})
	case *conversation.Recalled:
		_ = c.sock.Emit("recalled", map[string]any{"message": c.f.Views.Message(d.Message), "conversation": d.Conversation})
	case *conversation.Edited:
		_ = c.sock.Emit("edited", map[string]any{"message": c.f.Views.Message(d.Message), "conversation": d.Conversation})
	case *conversation.MentionChanged:
		_ = c.sock.Emit("mention", d)
	case *conversation.Draft:
		_ = c.sock.Emit("draft", d)
	case *conversation.Tagged:
		_ = c.sock.Emit("tags", d)
	case *conversation.ParamsMoved:
		_ = c.sock.Emit("params", d)
	case *tag.VisitorTagged:
		_ = c.sock.Emit("visitor-tags", d)
	case *colleague.Remark:
		_ = c.sock.Emit("colleague", d)
	case *colleague.Changed:
		_ = c.sock.Emit("colleague-changed", d)
	case *attendance.Entered:
		if c.watched != "" && d.Room == roomOf(c.watched) {
			_ = c.sock.Emit("viewers", viewers{c.watched, c.f.Rooms.List(c.who.Tenant, d.Room)})
		}
	case *summary.SummaryChanged:
		_ = c.sock.Emit("summary", d)
	case *field.FieldsChanged:
		_ = c.sock.Emit("visitor-fields", d)
	case *contact.Changed:
		_ = c.sock.Emit("contact", d)
	case *online.Changed:
		_ = c.sock.Emit("online", d)
	case *invite.Changed:
		_ = c.sock.Emit("invitation", d)
	case *survey.Changed:
		_ = c.sock.Emit("survey", d)
	case *export.Changed:
		_ = c.sock.Emit("export", d)
	case *leave.Changed:
		seen := *d
		if d.Message != nil {
			m := d.Message.For(c.who)
			seen.Message = &m
		}
		_ = c.sock.Emit("leave", seen)
	case *calls.Changed:
		c.party().called(c.sock.Emit, d)
	case *calls.Signal:
		c.party().signalled(c.sock.Emit, d)
	case *canvas.Changed:
		c.drawn(d)
	case *canvas.Stroke:
		c.stroked(d)
	case *canned.Changed:
		_ = c.sock.Emit("canned", d)
	case *account.SessionEnded:
		if d.Hash == c.hash {
			go c.sock.Disconnect(true)
		}
	}
}

func (c *agentConn) posted(d *conversation.Posted) {
	conv := d.Conversation
	if conv.Agent != c.who.Agent && conv.ID != c.watched {
		if len(c.rows) < maxThreads {
			c.rows[conv.ID] = conv
			c.f.board.add(c)
		}
		return
	}
	if d.Message.From.Kind == actor.Visitor {
		c.touch()
	}
	t := c.threads[conv.ID]
	if t == nil {
		// Names do not travel with messages: the first one of a conversation
		// that is new to this socket waits until it has been read.
		go c.adopt(conv.ID, d.Message)
		return
	}
	if conv.LastSeq >= t.conv.LastSeq {
		conv.VisitorName, conv.AgentName = pick(conv.VisitorName, t.conv.VisitorName), pick(conv.AgentName, t.conv.AgentName)
		t.store(conv)
	}
	t.follower.Take(d.Message)
}

// adopt begins to follow a conversation with message m.
func (c *agentConn) adopt(cid id.Conversation, m conversation.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	conv, err := c.f.Conversations.Conversation(ctx, c.who, cid)
	if err != nil {
		return // it has moved out of sight, or the client will find the gap
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.thread(conv, m.Seq-1).follower.Take(m)
	}
}

func (c *agentConn) changed(d *conversation.Changed) {
	conv := d.Conversation
	switch {
	case conv.Agent == c.who.Agent && conv.Status == conversation.Open, conv.ID == c.watched:
		c.thread(conv, conv.LastSeq-1)
		if conv.Agent == c.who.Agent {
			c.f.Hub.Follow(c, event.ToFollowers(conv.Tenant, conv.Visitor))
		}
	default:
		c.forget(conv.ID)
		c.f.Hub.Unfollow(c, event.ToFollowers(conv.Tenant, conv.Visitor))
	}
	delete(c.rows, conv.ID)
	c.touch()
	_ = c.sock.Emit("conversation", conversationEvent{conv, d.Before, d.Cause})
}

// touch notes that the counts may have changed.
func (c *agentConn) touch() {
	c.counts = true
	c.f.board.add(c)
}

// flush pushes rows and counts that have gathered.
func (c *agentConn) flush(ctx context.Context) error {
	c.mu.Lock()
	rows, counts := c.rows, c.counts
	c.rows, c.counts = map[id.Conversation]conversation.Conversation{}, false
	c.mu.Unlock()
	for _, conv := range rows {
		if err := c.sock.Emit("conversation", conversationEvent{Conversation: conv, Cause: causeActivity}); err != nil {
			return nil // the socket is closing; its client will resume
		}
	}
	if !counts {
		return nil
	}
	got, err := c.f.Conversations.Count(ctx, c.who)
	if err != nil {
		return err
	}
	_ = c.sock.Emit("counts", got)
	return nil
}

// board flushes the consoles that have something gathered, once a second.
type board struct {
	f    *Front
	mu   sync.Mutex
	set  map[*agentConn]struct{}
	wake chan struct{}
}

func newBoard(f *Front) *board {
	return &board{f: f, set: map[*agentConn]struct{}{}, wake: make(chan struct{}, 1)}
}

func (b *board) add(c *agentConn) {
	b.mu.Lock()
	b.set[c] = struct{}{}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *board) drop(c *agentConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.set, c)
}

func (b *board) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		}
		timer := b.f.Clock.NewTimer(boardEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
		b.mu.Lock()
		set := b.set
		b.set = map[*agentConn]struct{}{}
		b.mu.Unlock()
		for c := range set {
			if err := c.flush(ctx); err != nil && ctx.Err() == nil {
				b.f.Log.Error("counts not pushed", "agent", c.who.Agent, "error", err)
			}
		}
	}
}
