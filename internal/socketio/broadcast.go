package socketio

import (
	"slices"
	"sync"

	"parlor/internal/socketio/engineio"
)

// Broadcast addresses sockets of a namespace. It is a value; its methods return changed copies, so one may be kept and
// narrowed several times. Who is addressed is decided when something is sent, not when the Broadcast is made.
type Broadcast struct {
	ns     *Namespace
	few    [2]string // the first rooms, kept here so that naming one allocates nothing
	more   []string  // further rooms
	count  int       // of rooms; none means all sockets
	except []string
	skip   *Socket
}

// To adds rooms: sockets in any of them are addressed.
func (b Broadcast) To(rooms ...string) Broadcast {
	for _, room := range rooms {
		if b.count < len(b.few) {
			b.few[b.count] = room
		} else {
			b.more = append(slices.Clip(b.more), room)
		}
		b.count++
	}
	return b
}

// Except leaves out the sockets in any of the rooms.
func (b Broadcast) Except(rooms ...string) Broadcast {
	b.except = append(slices.Clip(b.except), rooms...)
	return b
}

// Emit sends an event to each addressed socket once. It is encoded once for each form that the sockets need. A socket
// that cannot take it is closed by itself; errors are only those of encoding.
func (b Broadcast) Emit(event string, args ...any) error {
	body, sc, err := encodeEvent(event, args)
	if err != nil {
		return err
	}
	defer sc.release()
	// The body lives in scratch memory and the forms are finished frames of their own, so nothing is kept of either.
	p := passing.Get().(*Prepared)
	p.body = body
	b.Send(p)
	clear(p.forms)
	p.body, p.forms = encoded{}, p.forms[:0]
	passing.Put(p)
	return nil
}

// passing are prepared events in memory that is used again, that live only while they are sent.
var passing = sync.Pool{New: func() any { return new(Prepared) }}

// Send sends a prepared event to each addressed socket once. It never waits for clients: for each socket it takes the
// lock of its queue and no other. Sockets that connect meanwhile may or may not get the event.
func (b Broadcast) Send(p *Prepared) {
	if b.ns.recovers() {
		p = b.ns.record(p.body, b.target())
	}
	group := crowds.Get().(*crowd)
	for _, s := range b.sockets(group) {
		_ = p.sendTo(s) // each failure is that socket's own: it has ended, or is being closed for it
	}
	group.release()
}

// target describes the recipients for the adapter, in memory of its own.
func (b Broadcast) target() Target {
	t := Target{Except: slices.Clone(b.except)}
	if b.count > 0 {
		t.Rooms = slices.Concat(b.few[:min(b.count, len(b.few))], b.more)
	}
	if b.skip != nil {
		t.Except = append(t.Except, b.skip.id)
	}
	return t
}

// crowd is a list of recipients that is used again.
type crowd struct {
	list []*Socket
	seen map[*Socket]struct{}
}

var crowds = sync.Pool{New: func() any { return new(crowd) }}

// release forgets the recipients, so that no socket is kept alive, and returns the list.
func (c *crowd) release() {
	clear(c.list)
	c.list = c.list[:0]
	clear(c.seen)
	crowds.Put(c)
}

// sockets lists the addressed sockets, each once. The list belongs to group and is valid until its release.
func (b Broadcast) sockets(group *crowd) []*Socket {
	r := &b.ns.rooms
	r.mu.RLock()
	defer r.mu.RUnlock()
	if b.count == 0 {
		group.list = append(group.list, r.all.list...)
	}
	for _, room := range b.few[:min(b.count, len(b.few))] {
		group.list = r.append(group.list, room)
	}
	for _, room := range b.more {
		group.list = r.append(group.list, room)
	}
	// One room, nobody left out: nobody can be on the list twice.
	if b.count <= 1 && len(b.except) == 0 && b.skip == nil {
		return group.list
	}
	if group.seen == nil {
		group.seen = make(map[*Socket]struct{})
	}
	var out []*Socket
	for _, room := range b.except {
		out = r.append(out, room)
	}
	for _, s := range append(out, b.skip) {
		group.seen[s] = struct{}{}
	}
	group.list = slices.DeleteFunc(group.list, func(s *Socket) bool {
		_, again := group.seen[s]
		group.seen[s] = struct{}{}
		return again
	})
	return group.list
}

// Prepared is an event encoded once, to be sent to any number of sockets. It is safe for concurrent use and never
// changes for those who send it; forms are added on demand. There is one for each name that recipients use for the
// namespace, and for some events one for each version: so few that a list does for a map.
type Prepared struct {
	body   encoded
	offset string // recovery: added as last argument for sockets of version 4

	mu    sync.Mutex
	forms []form
}

// form is a prepared event as sockets of one namespace and version get it. The namespace is the name that the socket's
// client asked for, since clients drop packets that carry another one.
type form struct {
	namespace string
	protocol  int // 0 when all versions share it
	text      engineio.Message
	parts     []engineio.Message // text and attachments, if there are any
}

// Prepare encodes an event. The arguments are not needed afterwards. Errors: ErrInvalidJSON, or that of encoding an
// argument.
func Prepare(event string, args ...any) (*Prepared, error) {
	b, sc, err := encodeEvent(event, args)
	if err != nil {
		return nil, err
	}
	p := &Prepared{body: b}
	p.body.json = slices.Clone(b.json)
	sc.release()
	return p, nil
}

// encodeEvent encodes an event into scratch memory, which the caller releases when the body is no longer used.
func encodeEvent(event string, args []any) (encoded, *scratch, error) {
	sc := scratches.Get().(*scratch)
	var err error
	if sc.b, err = appendEvent(sc.b[:0], event, args); err != nil {
		sc.release()
		return encoded{}, nil, err
	}
	var b encoded
	sc.b, b.attachments = detach(sc.b, 0)
	b.json = sc.b
	return b, sc, nil
}

// form returns the event as encoded for a namespace and version, making it on first use. The lock is held while
// encoding, so that a thousand sockets which ask at once encode once.
func (p *Prepared) form(namespace string, protocol int) form {
	// Text frames are the same in versions 3 and 4; only attachments and offsets differ.
	if p.offset == "" && len(p.body.attachments) == 0 {
		protocol = 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.forms {
		if f.protocol == protocol && f.namespace == namespace {
			return f
		}
	}
	b := p.body
	if p.offset != "" && protocol == engineio.V4 {
		open := b.json[:len(b.json)-1]
		b.json = append(appendString(append(slices.Clip(open), ','), p.offset), ']')
	}
	f := form{namespace: namespace, protocol: protocol, text: b.message(typeEvent, namespace, noAck)}
	if len(b.attachments) > 0 {
		f.parts = b.messages(f.text, protocol)
	}
	p.forms = append(p.forms, f)
	return f
}

// all is the form as a list of engine messages.
func (f form) all() []engineio.Message {
	if f.parts != nil {
		return f.parts
	}
	return []engineio.Message{f.text}
}

// sendTo sends the event to one socket in the form it needs.
func (p *Prepared) sendTo(s *Socket) error {
	f := p.form(s.name, s.Protocol())
	if f.parts != nil {
		return s.deliver(f.parts...)
	}
	return s.deliver(f.text)
}
