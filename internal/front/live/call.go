package live

import (
	"context"
	"sync"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/socketio"
)

// Signals of calls are passed on at this rate a second at most, by person. Browsers
// send their ways to be reached in a burst.
const (
	signalRate  = 20
	signalBurst = 200
)

// booth is the call that a connection takes part in: signals go to and come from such
// connections alone.
type booth struct {
	mu sync.Mutex
	in calls.Call
}

func (b *booth) take(c calls.Call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.in = c
}

// leave frees the booth of a call.
func (b *booth) leave(c id.Call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.in.ID == c {
		b.in = calls.Call{}
	}
}

func (b *booth) call() calls.Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.in
}

type callInvite struct {
	Conversation id.Conversation `json:"conversation"`
	Kind         calls.Kind      `json:"kind"`
}

type callInput struct {
	Call   id.Call `json:"call"`
	Ticket string  `json:"ticket"`
	// Failed says that the browsers found no way to each other.
	Failed  bool           `json:"failed"`
	Quality *calls.Quality `json:"quality"`
}

type callSignal struct {
	Ticket string `json:"ticket"`
	Type   string `json:"type"`
	Data   string `json:"data"`
}

type callPinged struct {
	Ticket string `json:"ticket"`
}

// callNow is the call of a conversation that goes on, if there is one.
type callNow struct {
	Call *calls.Call `json:"call,omitempty"`
}

// callParty is what a connection needs for calls.
type callParty struct {
	f     *Front
	who   actor.Actor
	booth *booth
}

// limited counts a step of a call.
func (p callParty) limited() error { return p.f.Posts.Take("call " + limitKey(p.who)) }

// enter takes the booth of a call that was begun, answered or come back to.
func (p callParty) enter(j calls.Joined, err error) (calls.Joined, error) {
	if err == nil {
		p.booth.take(j.Call)
		j.Call = callFor(p.who, j.Call)
	}
	return j, err
}

func (p callParty) invite(ctx context.Context, in callInvite) (out calls.Joined, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	if in.Kind == "" {
		in.Kind = calls.Video
	}
	return p.enter(p.f.Visit.Calls.Invite(ctx, p.who, in.Conversation, in.Kind))
}

func (p callParty) accept(ctx context.Context, in callInput) (out calls.Joined, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	return p.enter(p.f.Visit.Calls.Accept(ctx, p.who, in.Call))
}

func (p callParty) join(ctx context.Context, in callInput) (out calls.Joined, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	return p.enter(p.f.Visit.Calls.Join(ctx, p.who, in.Call))
}

func (p callParty) ring(ctx context.Context, in callInput) (empty, error) {
	if err := p.limited(); err != nil {
		return empty{}, err
	}
	return empty{}, p.f.Visit.Calls.Ring(ctx, p.who, in.Call)
}

// board opens the whiteboard, from a connection that sits in the call.
func (p callParty) board(ctx context.Context, in callInput) (empty, error) {
	if err := p.limited(); err != nil {
		return empty{}, err
	}
	if p.booth.call().ID != in.Call {
		return empty{}, errs.New(errs.Conflict, "call_over", "The call is over.")
	}
	return empty{}, p.f.Visit.Calls.Board(ctx, p.who, in.Call)
}

func (p callParty) leave(ctx context.Context, in callInput) (out calls.Changed, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	got, err := p.f.Visit.Calls.Leave(ctx, p.who, in.Call, in.Failed)
	return calls.Changed{Call: callFor(p.who, got)}, err
}

func (p callParty) ping(ctx context.Context, in callInput) (out callPinged, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	out.Ticket, err = p.f.Visit.Calls.Ping(ctx, p.who, in.Ticket, in.Quality)
	return out, err
}

// now tells of the call of a conversation, to a page that has just come.
func (p callParty) now(ctx context.Context, in callInvite) (out callNow, err error) {
	if err := p.limited(); err != nil {
		return out, err
	}
	c, ok, err := p.f.Visit.Calls.Running(ctx, p.who, in.Conversation)
	if err == nil && ok {
		c = callFor(p.who, c)
		out.Call = &c
	}
	return out, err
}

// signal passes a signal on: only from a connection that sits in the call, and only
// with the ticket of its side.
func (p callParty) signal(in callSignal) (empty, error) {
	if err := p.f.signals.Take(limitKey(p.who)); err != nil {
		return empty{}, err
	}
	c := p.booth.call()
	if c.ID == "" {
		return empty{}, errs.New(errs.Conflict, "call_over", "The call is over.")
	}
	return empty{}, p.f.Visit.Calls.Pass(p.who, c, in.Ticket, in.Type, in.Data)
}

// callFor is a call as who sees it: visitors are not told the agent's id.
func callFor(who actor.Actor, c calls.Call) calls.Call {
	if who.Kind == actor.Visitor {
		c.Agent, c.Visitor, c.AgentQuality, c.VisitorQuality = "", "", nil, nil
	}
	return c
}

// called encodes a change of a call; the booth of one that is over is free.
func (p callParty) called(emit func(string, ...any) error, d *calls.Changed) {
	if d.Call.State.Over() {
		p.booth.leave(d.Call.ID)
	}
	_ = emit("call", calls.Changed{Call: callFor(p.who, d.Call)}) // a full queue closes the socket; the client resumes
}

// tellRunning tells a page that has just opened a conversation of its call.
func (p callParty) tellRunning(emit func(string, ...any) error, c id.Conversation) {
	if got, ok := p.f.Visit.Calls.Known(p.who.Tenant, c); ok {
		p.called(emit, &calls.Changed{Call: got})
	}
}

// signalled encodes a signal for a connection that sits in its call.
func (p callParty) signalled(emit func(string, ...any) error, d *calls.Signal) {
	if d.From != p.who.Kind && p.booth.call().ID == d.Call {
		_ = emit("call-signal", d) // as above
	}
}

// calls registers the events of calls, which are the same in both namespaces.
func (f *Front) calls(ns *socketio.Namespace, of func(*socketio.Socket) callParty) {
	ns.On("call-invite", call(f, func(ctx context.Context, s *socketio.Socket, in callInvite) (calls.Joined, error) {
		return of(s).invite(ctx, in)
	}))
	ns.On("call-accept", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (calls.Joined, error) {
		return of(s).accept(ctx, in)
	}))
	ns.On("call-join", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (calls.Joined, error) {
		return of(s).join(ctx, in)
	}))
	ns.On("call-ring", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (empty, error) { return of(s).ring(ctx, in) }))
	ns.On("call-board", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (empty, error) {
		return of(s).board(ctx, in)
	}))
	ns.On("call-leave", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (calls.Changed, error) {
		return of(s).leave(ctx, in)
	}))
	ns.On("call-ping", call(f, func(ctx context.Context, s *socketio.Socket, in callInput) (callPinged, error) {
		return of(s).ping(ctx, in)
	}))
	ns.On("call-now", call(f, func(ctx context.Context, s *socketio.Socket, in callInvite) (callNow, error) {
		return of(s).now(ctx, in)
	}))
	ns.On("call-signal", call(f, func(_ context.Context, s *socketio.Socket, in callSignal) (empty, error) { return of(s).signal(in) }))
}

func (c *agentConn) party() callParty   { return callParty{c.f, c.who, &c.booth} }
func (c *visitorConn) party() callParty { return callParty{c.f, c.who, &c.booth} }
