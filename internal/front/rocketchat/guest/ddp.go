package guest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/httpx"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/wsconn"
)

// Limits of a realtime connection.
const (
	// frameMost is the largest frame of a client, in bytes.
	frameMost = 256 << 10
	// subsMost is how many subscriptions a connection has at most.
	subsMost = 500
	// backlog is how many events may wait for a connection; it is closed beyond that.
	backlog = 512
	// frameFor bounds the work for one frame.
	frameFor = 20 * time.Second
	// quietFor is how long a client may be silent before it is asked, and as long
	// again before it is given up.
	quietFor = 30 * time.Second
	// connsEach is how many connections one address may have while limits are on.
	connsEach = 1000
)

// sockets are the open realtime connections.
type sockets struct {
	mu      sync.Mutex
	open    map[*socket]struct{}
	each    map[string]int
	closing bool
}

// enter counts a connection; ok is false if there are too many or the server ends.
func (s *sockets) enter(c *socket, address string, most int) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || most > 0 && s.each[address] >= most {
		return false
	}
	s.open[c] = struct{}{}
	s.each[address]++
	return true
}

func (s *sockets) leave(c *socket, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	if s.each[address]--; s.each[address] <= 0 {
		delete(s.each, address)
	}
}

// Close ends all realtime connections and refuses new ones.
func (f *Front) Close() {
	f.sockets.mu.Lock()
	f.sockets.closing = true
	list := make([]*socket, 0, len(f.sockets.open))
	for c := range f.sockets.open {
		list = append(list, c)
	}
	f.sockets.mu.Unlock()
	for _, c := range list {
		c.conn.Close(wsconn.CloseServiceRestart, "", nil)
	}
	for _, c := range list {
		<-c.ended
	}
}

// realtime mounts the websocket.
func (f *Front) realtime(mux *http.ServeMux) {
	f.sockets = &sockets{open: map[*socket]struct{}{}, each: map[string]int{}}
	f.wire = wsconn.Options{MaxMessage: frameMost, Panicked: func(v any) { f.Log.Error("panic in a realtime connection", "value", v) }}.WithDefaults()
	mux.HandleFunc("GET /websocket", func(w http.ResponseWriter, r *http.Request) { f.serveSocket(w, r, account.MainInbox) })
	mux.HandleFunc("GET "+contract.InboxPrefix+"{inbox}/websocket", func(w http.ResponseWriter, r *http.Request) {
		f.serveSocket(w, r, id.Inbox(r.PathValue("inbox")))
	})
}

// serveSocket takes a connection over and serves it to its end.
func (f *Front) serveSocket(w http.ResponseWriter, r *http.Request, inbox id.Inbox) {
	in, err := f.Accounts.Inbox(r.Context(), inbox)
	if err != nil {
		f.Fail(w, r, err)
		return
	}
	most := 0
	if f.Limits {
		most = connsEach
	}
	c := &socket{f: f, call: f.CallOf(r, in.Tenant, inbox), events: make(chan *event.Event, backlog), done: make(chan struct{}), ended: make(chan struct{}),
		subs: map[string]string{}, keys: map[string]int{}, rooms: map[id.Conversation]*followed{}}
	address := f.Clients.Of(r)
	if !f.sockets.enter(c, address, most) {
		contract.Send(w, http.StatusServiceUnavailable, contract.Object{"success": false, "error": "Too many connections"})
		return
	}
	defer close(c.ended)
	defer f.sockets.leave(c, address)
	nc, early, err := wsconn.Upgrade(w, r, nil)
	if err != nil {
		return // answered
	}
	c.conn = wsconn.New(nc, early, &f.wire, c)
	c.heard = f.Clock.Now()
	go c.pump()
	c.conn.Run()
}

// frame is a message of the protocol, in either direction.
type frame struct {
	Msg     string          `json:"msg"`
	ID      string          `json:"id,omitempty"`
	Version string          `json:"version,omitempty"`
	Support []string        `json:"support,omitempty"`
	Method  string          `json:"method,omitempty"`
	Name    string          `json:"name,omitempty"`
	Params  contract.Params `json:"params,omitempty"`
}

// readFrame decodes what a client sent. Unknown keys are of no interest.
func readFrame(b []byte) (m frame, err error) {
	err = json.Unmarshal(b, &m)
	return m, err
}

// socket is one realtime connection.
type socket struct {
	f    *Front
	conn *wsconn.Conn
	// call is what the methods of this connection act as; it belongs to the
	// goroutine that reads.
	call   *contract.Call
	events chan *event.Event
	// done is closed when the connection has ended, ended when nothing of it is left.
	done, ended chan struct{}
	session     string
	// release ends the count of an agent's connections.
	release func(context.Context)
	topics  []event.Topic

	mu    sync.Mutex
	heard time.Time
	// agent is who is logged in, subs are keys by subscription, keys count them.
	agent id.Agent
	// own is the call of who is logged in, nil for nobody.
	own *contract.Call
	// options is set while the connection is told of options.
	options bool
	// hash names the agent's session.
	hash  string
	subs  map[string]string
	keys  map[string]int
	rooms map[id.Conversation]*followed
}

// Message implements wsconn.Handler.
func (c *socket) Message(op wsconn.OpCode, data []byte) {
	c.mu.Lock()
	c.heard = c.f.Clock.Now()
	c.mu.Unlock()
	if op != wsconn.OpText {
		c.conn.Close(wsconn.CloseUnsupported, "", nil)
		return
	}
	m, err := readFrame(data)
	if err != nil {
		c.send(contract.Object{"msg": "error", "reason": "Bad request"})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), frameFor)
	defer cancel()
	switch m.Msg {
	case "connect":
		c.connect(m)
	case "ping":
		pong := contract.Object{"msg": "pong"}
		if m.ID != "" {
			pong["id"] = m.ID
		}
		c.send(pong)
	case "pong", "":
	case "method":
		c.method(ctx, m)
	case "sub":
		c.subscribe(ctx, m)
	case "unsub":
		c.unsubscribe(m.ID)
		c.send(contract.Object{"msg": "nosub", "id": m.ID})
	default:
		c.send(contract.Object{"msg": "error", "reason": "Bad request"})
	}
}

// connect agrees on the version.
func (c *socket) connect(m frame) {
	if m.Version != "1" && m.Version != "pre2" && m.Version != "pre1" {
		c.send(contract.Object{"msg": "failed", "version": "1"})
		c.conn.Close(wsconn.CloseNormal, "", nil)
		return
	}
	if c.session == "" {
		c.session = id.New()
	}
	c.send(contract.Object{"msg": "connected", "session": c.session})
}

// Closed implements wsconn.Handler.
func (c *socket) Closed(error) {
	close(c.done)
	ctx, cancel := context.WithTimeout(context.Background(), frameFor)
	defer cancel()
	c.f.Hub.Unfollow(c, append(c.topics, event.ToOptions(c.call.Tenant))...)
	c.forget(func(*followed) bool { return true })
	if c.release != nil {
		c.release(ctx)
	}
}

// forget ends the listening to some rooms. A follower may be at work, which needs
// the lock.
func (c *socket) forget(which func(*followed) bool) {
	var list []*followed
	c.mu.Lock()
	for rid, r := range c.rooms {
		if which(r) {
			list = append(list, r)
			delete(c.rooms, rid)
		}
	}
	c.mu.Unlock()
	for _, r := range list {
		r.close(c)
	}
}

// send writes a frame. An error means that the connection ends; the client comes back.
func (c *socket) send(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		c.f.Log.Error("frame not written", "error", err)
		return
	}
	_ = c.conn.Write(wsconn.Frame(wsconn.OpText, b))
}

// method runs a method and answers.
func (c *socket) method(ctx context.Context, m frame) {
	out := contract.Object{"msg": "result", "id": m.ID}
	v, err := c.invoke(ctx, m)
	if err == nil && v != nil {
		v, err = contract.EJSON(v)
		out["result"] = v
	}
	if err != nil {
		delete(out, "result")
		out["error"] = c.f.MethodError(c.call.R, err)
	}
	c.send(out)
	c.send(contract.Object{"msg": "updated", "methods": []string{m.ID}})
}

// invoke runs the methods that concern the connection; the others are those of
// the bridge.
func (c *socket) invoke(ctx context.Context, m frame) (any, error) {
	switch m.Method {
	case "login":
		return c.logIn(ctx, m.Params)
	case "logout":
		c.logOut(ctx)
		return nil, nil
	case "stream-notify-room":
		return nil, c.notifyRoom(ctx, m.Params)
	case "UserPresence:online", "UserPresence:away", "UserPresence:setDefaultStatus", "setUserStatus":
		return nil, c.declare(ctx, m)
	}
	own := *c.call
	own.Bind = c.bind
	return c.f.Invoke(ctx, &own, m.Method, m.Params)
}

// bind makes the connection that of a visitor, who is away when it ends.
func (c *socket) bind(ctx context.Context, token string) (any, error) {
	k, err := c.f.Visitors.ByToken(ctx, c.call.Tenant, token)
	if errs.CodeOf(err) == errs.NotFound {
		return contract.Object{"token": token}, nil // it may be registered later
	}
	if err != nil || c.release != nil {
		return contract.Object{"token": token}, err
	}
	c.release = func(ctx context.Context) {
		if err := c.f.Visitors.SetStatus(ctx, c.call.Tenant, k.Visitor.ID, "offline"); err != nil {
			c.f.Log.Error("visitor not marked as away", "error", err)
		}
	}
	return contract.Object{"token": token}, c.f.Visitors.SetStatus(ctx, c.call.Tenant, k.Visitor.ID, "online")
}

// pump hands events on, asks a silent client and gives up one that does not answer.
func (c *socket) pump() {
	defer func() {
		if v := recover(); v != nil {
			c.f.Log.Error("panic in a realtime connection", "value", v)
			c.conn.Abort(wsconn.ErrPanic)
		}
	}()
	for {
		timer := c.f.Clock.NewTimer(quietFor)
		select {
		case <-c.done:
			timer.Stop()
			return
		case e := <-c.events:
			timer.Stop()
			c.take(e)
		case <-timer.C():
			c.mu.Lock()
			quiet := c.f.Clock.Now().Sub(c.heard)
			c.mu.Unlock()
			switch {
			case quiet >= 2*quietFor:
				c.conn.Close(wsconn.CloseGoingAway, "", nil)
			case quiet >= quietFor:
				c.send(contract.Object{"msg": "ping"})
			}
		}
	}
}

// Deliver implements realtime.Conn. A connection that does not keep up is ended;
// its client comes back and reads what it missed.
func (c *socket) Deliver(e *event.Event) {
	select {
	case c.events <- e:
	default:
		c.conn.Abort(wsconn.ErrSlowReader)
	}
}

// work runs f with bounded time.
func (c *socket) work(f func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), frameFor)
	defer cancel()
	if err := f(ctx); err != nil && !errors.Is(err, context.Canceled) {
		httpx.LogInternal(c.f.Log, c.call.R, err)
	}
}
