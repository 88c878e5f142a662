package guest

import (
	"context"
	"strings"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/id"
	"parlor/internal/realtime"
	"parlor/internal/visitor"
)

// followed is a room that a connection listens to.
type followed struct {
	conv     conversation.Conversation
	known    visitor.Known
	agent    bool
	topic    event.Topic
	follower *realtime.Follower
	// served is the topic of the agent whose presence a visitor is told, "" for
	// none; presence is what it was told last.
	served   event.Topic
	presence string
}

// close ends the listening.
func (r *followed) close(c *socket) {
	c.f.Hub.Unfollow(c, r.topic, r.served)
	r.follower.Close()
}

// attend listens to the presence of the agent who serves a visitor's room now. The
// lock is held.
func (c *socket) attend(r *followed) {
	var now event.Topic
	if !r.agent && r.conv.Agent != "" && r.conv.Status != conversation.Closed {
		now = event.ToServed(r.conv.Tenant, r.conv.Agent)
	}
	if now == r.served {
		return
	}
	c.f.Hub.Unfollow(c, r.served)
	r.presence = ""
	if r.served = now; now != "" {
		c.f.Hub.Follow(c, now)
	}
}

// keyOf names a stream's event.
func keyOf(stream, name string) string { return stream + "/" + name }

// wants reports whether the client listens to an event.
func (c *socket) wants(stream, name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keys[keyOf(stream, name)] > 0
}

// emit sends an event to a client that listens to it.
func (c *socket) emit(stream, name string, args ...any) {
	if !c.wants(stream, name) {
		return
	}
	v, err := contract.EJSON(args)
	if err != nil {
		c.f.Log.Error("event not written", "error", err)
		return
	}
	c.send(contract.Object{"msg": "changed", "collection": "stream-" + stream, "id": "id", "fields": contract.Object{"eventName": name, "args": v}})
}

// subscribe answers every subscription with ready or nosub. One with an id that
// is there already replaces it.
func (c *socket) subscribe(ctx context.Context, m frame) {
	stream, ok := strings.CutPrefix(m.Name, "stream-")
	name, _ := m.Params.At(0).(string)
	err := error(nil)
	if ok {
		err = c.allow(ctx, stream, name, tokenOf(m.Params.At(1)))
	}
	c.unsubscribe(m.ID)
	c.mu.Lock()
	full := len(c.subs) >= subsMost
	if err == nil && !full && m.ID != "" {
		key := keyOf(stream, name)
		c.subs[m.ID] = key
		c.keys[key]++
	}
	c.mu.Unlock()
	switch {
	case err != nil || full || m.ID == "":
		if errs.CodeOf(err) == errs.Internal {
			c.work(func(context.Context) error { return err })
		}
		c.send(contract.Object{"msg": "nosub", "id": m.ID, "error": contract.Object{"isClientSafe": true, "error": "not-allowed", "reason": "Not allowed", "message": "Not allowed [not-allowed]", "errorType": "Meteor.Error"}})
		return
	}
	c.send(contract.Object{"msg": "ready", "subs": []string{m.ID}})
	if stream == "livechat-inquiry-queue-observer" {
		c.work(func(ctx context.Context) error { return c.showQueue(ctx, name) })
	}
}

func (c *socket) unsubscribe(sub string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, ok := c.subs[sub]
	if !ok {
		return
	}
	delete(c.subs, sub)
	if c.keys[key]--; c.keys[key] <= 0 {
		delete(c.keys, key)
	}
}

// tokenOf reads the visitor's token out of the extra arguments of a subscription.
func tokenOf(v any) string {
	options, _ := v.(map[string]any)
	args, _ := options["args"].([]any)
	for _, a := range args {
		extra, _ := a.(map[string]any)
		for _, key := range []string{"visitorToken", "token"} {
			if t, ok := extra[key].(string); ok && t != "" {
				return t
			}
		}
	}
	return ""
}

// errStream refuses a subscription.
var errStream = contract.Structured("not-allowed", "Not allowed")

// allow checks a subscription and begins to follow what it needs. Streams that
// are not known are taken and stay silent.
func (c *socket) allow(ctx context.Context, stream, name, token string) error {
	rid, _, _ := strings.Cut(name, "/")
	switch stream {
	case "room-messages", "notify-room", "livechat-room", "room-data":
		if name == "__my_messages__" && c.call.Login != nil {
			return nil
		}
		return c.follow(ctx, rid, token)
	case "notify-user":
		if c.call.Login == nil || rid != string(c.call.Login.Agent.ID) {
			return errStream
		}
	case "livechat-inquiry-queue-observer", "canned-responses":
		needs := map[string]string{"canned-responses": "view-canned-responses", "livechat-inquiry-queue-observer": "view-l-room"}[stream]
		if ok, err := c.call.May(ctx, needs); err != nil || !ok {
			return errStream
		}
	case "notify-logged", "user-presence", "roles":
		if c.call.Login == nil {
			return errStream
		}
		c.hearOptions(name)
	case "notify-all":
		c.hearOptions(name)
	}
	return nil
}

// follow begins to listen to a room, for a visitor with a token or for the agent
// who is logged in.
func (c *socket) follow(ctx context.Context, rid, token string) error {
	own := *c.call
	var r followed
	var err error
	switch {
	case token != "":
		r.known, r.conv, err = c.f.roomOfVisitor(ctx, own.Tenant, token, rid)
		r.topic = event.ToVisitor(own.Tenant, r.conv.Visitor)
	case own.Login != nil:
		if err = own.Borrow(ctx, contract.SeeRooms); err == nil {
			r.known, r.conv, err = c.f.RoomOfCaller(ctx, &own, rid)
		}
		r.agent, r.topic = true, event.ToWatchers(own.Tenant, r.conv.ID)
	default:
		return errStream
	}
	if err != nil {
		return errStream
	}
	if r.conv.Status == conversation.Closed && !r.agent {
		return errStream
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rooms[r.conv.ID] != nil {
		return nil
	}
	if len(c.rooms) >= subsMost {
		return errStream
	}
	t, cid := r.conv.Tenant, r.conv.ID
	r.follower = c.f.Hub.Follower(r.conv.VisibleSeq, true, func(after int64) ([]conversation.Message, error) {
		ctx, cancel := context.WithTimeout(context.Background(), frameFor)
		defer cancel()
		return c.f.Conversations.Since(ctx, t, cid, after, true)
	}, func(m conversation.Message) { c.work(func(ctx context.Context) error { return c.say(ctx, &r, m) }) })
	c.rooms[cid] = &r
	c.f.Hub.Follow(c, r.topic)
	c.attend(&r)
	return nil
}

// room returns a room that the connection listens to, nil for another.
func (c *socket) room(rid id.Conversation) *followed {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rooms[rid]
}

// now returns the conversation of a room as it was told last.
func (c *socket) now(r *followed) conversation.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.conv
}

// say sends a message of a room: a new one, or what a line tells of another.
func (c *socket) say(ctx context.Context, r *followed, m conversation.Message) error {
	rid, t := string(m.Conversation), c.call.Tenant
	m.Tenant = t
	if m.Line != nil && (m.Line.Name == conversation.LineEdited || m.Line.Name == conversation.LineRecalled) {
		list, err := c.f.Conversations.Since(ctx, t, m.Conversation, m.Line.Seq-1, true)
		if err != nil || len(list) == 0 || list[0].Seq != m.Line.Seq {
			return err
		}
		m = list[0]
		m.Tenant = t
		if m.Recalled != nil {
			c.emit("notify-room", rid+"/deleteMessage", contract.Object{"_id": contract.MessageID(m)})
			return nil
		}
	}
	a, err := c.f.Authors(ctx, c.whose(r))
	if err != nil {
		return err
	}
	if v, shown := a.Message(m); shown {
		c.emit("room-messages", rid, v)
	}
	return nil
}

// notifyRoom is the method stream-notify-room: somebody types.
func (c *socket) notifyRoom(ctx context.Context, p contract.Params) error {
	name, err := p.Text(0)
	if err != nil {
		return err
	}
	rid, what, _ := strings.Cut(name, "/")
	extra, _ := p.At(len(p) - 1).(map[string]any)
	token, _ := extra["token"].(string)
	on := false
	switch what {
	case "typing":
		on, _ = p.At(2).(bool)
	case "user-activity":
		list, _ := p.At(2).([]any)
		on = len(list) > 0
	case "call", "webrtc":
		return nil // calls are not carried here
	default:
		return errStream
	}
	if err := c.follow(ctx, rid, token); err != nil {
		return err
	}
	r := c.room(id.Conversation(rid))
	if r == nil {
		return errStream
	}
	who := c.call.Who
	if token != "" {
		who = c.whose(r).Visitor.Actor()
	}
	c.f.Conversations.Type(who, conversation.TypeInput{Conversation: c.now(r), On: on})
	return nil
}
