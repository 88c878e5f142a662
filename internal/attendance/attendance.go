// Package attendance knows which agents are in a room just now, on all nodes:
// who looks at a conversation, who types there, who has the colleague chat open.
// Nothing of it is stored. A connection that dies leaves its rooms with it; what
// a lost event or a dead node leaves behind goes after a while by itself.
package attendance

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/clock"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Times of the protocol between nodes.
const (
	// BeatEvery is how often a node repeats who is in its rooms.
	BeatEvery = 20 * time.Second
	// Forget is how long the word of another node counts.
	Forget = 65 * time.Second
	// TypingFor is how long typing counts without being repeated.
	TypingFor = 6 * time.Second
)

// Bounds.
const (
	// MaxRemote is how many connections of other nodes are remembered.
	MaxRemote = 100_000
	// MaxListed is how many agents of a room are told.
	MaxListed = 50
	// beatSize is how many connections one event of a beat carries.
	beatSize = 200
)

// Member is a connection in a room.
type Member struct {
	Conn  string    `json:"conn"`
	Agent id.Agent  `json:"agent"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	// TypingUntil is how long the agent counts as typing.
	TypingUntil time.Time `json:"typingUntil"`
}

// Entered is the payload of event.RoomEntered.
type Entered struct {
	Node string `json:"node"`
	Room string `json:"room"`
	// Members are in the room; not all of it.
	Members []Member `json:"members,omitempty"`
	// Gone are those that left.
	Gone []Member `json:"gone,omitempty"`
}

// Present is an agent in a room, through one connection or several.
type Present struct {
	Agent  id.Agent  `json:"agent"`
	Name   string    `json:"name"`
	Typing bool      `json:"typing"`
	Since  time.Time `json:"since"`
}

// roomKey names a room: rooms of different tenants have nothing in common, even
// with the same name.
type roomKey struct {
	tenant id.Tenant
	room   string
}

// entry is a connection as it is remembered; until is zero for connections here.
type entry struct {
	Member
	until time.Time
	// topic is whom to tell when the connection goes: the one it was announced with.
	topic event.Topic
}

// Service keeps the rooms. It is safe for concurrent use; no call blocks.
type Service struct {
	node   string
	events event.Publisher
	clock  clock.Clock
	next   atomic.Uint64

	mu sync.Mutex
	// rooms holds the connections of each room by their name, which begins with
	// the name of their node and so is unique among all nodes.
	rooms map[roomKey]map[string]*entry
	// remote counts connections of other nodes, of which there may be MaxRemote.
	remote int
}

// New returns a service for a node. Run must run for other nodes to be believed
// for long.
func New(node string, events event.Publisher, c clock.Clock) *Service {
	return &Service{node: node, events: events, clock: c, rooms: map[roomKey]map[string]*entry{}}
}

// Seat is a connection's place in a room.
type Seat struct {
	s    *Service
	key  roomKey
	conn string
	once sync.Once
}

// Enter puts a connection of an agent into a room and tells those who follow
// topic. The seat must be left when the connection ends.
func (s *Service) Enter(t id.Tenant, room string, topic event.Topic, a id.Agent, name string) *Seat {
	seat := &Seat{s: s, key: roomKey{t, room}, conn: s.node + "/" + strconv.FormatUint(s.next.Add(1), 36)}
	m := Member{Conn: seat.conn, Agent: a, Name: name, Since: s.clock.Now()}
	s.mu.Lock()
	s.put(seat.key, &entry{Member: m, topic: topic})
	s.mu.Unlock()
	s.tell(seat.key, topic, []Member{m}, nil)
	return seat
}

// Leave takes the connection out of the room. It may be called twice.
func (x *Seat) Leave() {
	x.once.Do(func() {
		x.s.mu.Lock()
		e := x.s.rooms[x.key][x.conn]
		x.s.drop(x.key, x.conn)
		x.s.mu.Unlock()
		if e != nil {
			x.s.tell(x.key, e.topic, nil, []Member{e.Member})
		}
	})
}

// Type says that the agent types, or has stopped.
func (x *Seat) Type(on bool) {
	now := x.s.clock.Now()
	x.s.mu.Lock()
	e := x.s.rooms[x.key][x.conn]
	if e == nil || (!on && e.TypingUntil.IsZero()) {
		x.s.mu.Unlock()
		return
	}
	e.TypingUntil = time.Time{}
	if on {
		e.TypingUntil = now.Add(TypingFor)
	}
	// Told without the lock: a subscriber may ask who is here.
	m, topic := e.Member, e.topic
	x.s.mu.Unlock()
	x.s.tell(x.key, topic, []Member{m}, nil)
}

// put must be called with mu held.
func (s *Service) put(k roomKey, e *entry) {
	if s.rooms[k] == nil {
		s.rooms[k] = map[string]*entry{}
	}
	if s.rooms[k][e.Conn] == nil && !e.until.IsZero() {
		s.remote++
	}
	s.rooms[k][e.Conn] = e
}

// drop must be called with mu held.
func (s *Service) drop(k roomKey, conn string) {
	if e := s.rooms[k][conn]; e != nil && !e.until.IsZero() {
		s.remote--
	}
	delete(s.rooms[k], conn)
	if len(s.rooms[k]) == 0 {
		delete(s.rooms, k)
	}
}

// tell announces who came (or changed) and who left, without the lock held.
func (s *Service) tell(k roomKey, topic event.Topic, in, gone []Member) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: k.tenant, Kind: event.RoomEntered, To: []event.Topic{topic}, At: s.clock.Now(),
		Data: &Entered{Node: s.node, Room: k.room, Members: in, Gone: gone}})
}

// Heed believes what another node says of its rooms; it does not block.
func (s *Service) Heed(e *event.Event) {
	d, ok := e.Data.(*Entered)
	if !ok || d.Node == s.node {
		return
	}
	k := roomKey{e.Tenant, d.Room}
	until := s.clock.Now().Add(Forget)
	// A beat goes to nodes alone; it must not replace the topic that is to hear of
	// the connection's end.
	topic := event.ToNodes
	if len(e.To) > 0 {
		topic = e.To[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range d.Gone {
		s.drop(k, m.Conn)
	}
	for _, m := range d.Members {
		old := s.rooms[k][m.Conn]
		if old == nil && s.remote >= MaxRemote {
			continue
		}
		at := topic
		if old != nil && at == event.ToNodes {
			at = old.topic
		}
		s.put(k, &entry{Member: m, until: until, topic: at})
	}
}

// List returns who is in a room, first come first, at most MaxListed.
func (s *Service) List(t id.Tenant, room string) []Present {
	now := s.clock.Now()
	s.mu.Lock()
	// Several tabs of an agent are one presence: since the first, typing if any.
	by := map[id.Agent]*Present{}
	for _, e := range s.rooms[roomKey{t, room}] {
		p := by[e.Agent]
		if p == nil {
			p = &Present{Agent: e.Agent, Name: e.Name, Since: e.Since}
			by[e.Agent] = p
		}
		p.Typing = p.Typing || now.Before(e.TypingUntil)
		if e.Since.Before(p.Since) {
			p.Since = e.Since
		}
	}
	s.mu.Unlock()
	list := make([]Present, 0, len(by))
	for _, p := range by {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Present) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Agent, b.Agent)) })
	return list[:min(len(list), MaxListed)]
}

// Has reports whether an agent is in a room.
func (s *Service) Has(t id.Tenant, room string, a id.Agent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.rooms[roomKey{t, room}] {
		if e.Agent == a {
			return true
		}
	}
	return false
}

// Run repeats who is here for the other nodes, and forgets what they no longer
// say, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		timer := s.clock.NewTimer(BeatEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
		s.beat()
		s.sweep()
	}
}

// beat tells the services of other nodes who is here; connections hear nothing.
func (s *Service) beat() {
	here := map[roomKey][]Member{}
	s.mu.Lock()
	for k, room := range s.rooms {
		for _, e := range room {
			if e.until.IsZero() {
				here[k] = append(here[k], e.Member)
			}
		}
	}
	s.mu.Unlock()
	for k, list := range here {
		for part := range slices.Chunk(list, beatSize) {
			s.tell(k, event.ToNodes, part, nil)
		}
	}
}

// sweep drops connections of which nobody speaks any more and tells the rooms.
func (s *Service) sweep() {
	now := s.clock.Now()
	type lost struct {
		topic event.Topic
		gone  []Member
	}
	gone := map[roomKey]*lost{}
	s.mu.Lock()
	for k, room := range s.rooms {
		for conn, e := range room {
			if e.until.IsZero() || now.Before(e.until) {
				continue
			}
			if gone[k] == nil {
				gone[k] = &lost{topic: e.topic}
			}
			gone[k].gone = append(gone[k].gone, e.Member)
			s.drop(k, conn)
		}
	}
	s.mu.Unlock()
	for k, l := range gone {
		s.tell(k, l.topic, nil, l.gone)
	}
}
