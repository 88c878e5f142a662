package online

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/region"
)

// Times of the service.
const (
	// Grace is how long a visitor counts after the last connection: long enough to
	// move to another page.
	Grace = 15 * time.Second
	// Idle is how long a visitor counts who has no connection at all.
	Idle = 10 * time.Minute
	// Fresh is how long a visitor counts whose page reports again and again.
	Fresh = 30 * time.Second
	// tellEvery is the shortest time between two announcements.
	tellEvery = 500 * time.Millisecond
	// sweepEvery is the time between two looks for who has gone.
	sweepEvery = 2 * time.Second
	// maxChanges is how many changes one announcement carries.
	maxChanges = 200
	// maxDrops is how many visitors are dropped in one sweep, maxDropped in one go:
	// messages wait meanwhile.
	maxDrops   = 500
	maxDropped = 50
	// maxRewritten is how many rows are written anew in one go, for the same reason.
	maxRewritten = 50
	// asleep is a pause between two sweeps after which other nodes may have taken
	// this one for dead and dropped its rows.
	asleep = 12 * time.Second
)

// Service counts the visitors on the pages that this node serves.
type Service struct {
	store   Store
	trail   Trail
	regions Regions
	events  event.Publisher
	clock   clock.Clock
	log     *slog.Logger
	node    string

	mu   sync.Mutex
	held map[Key]*entry
	// news are changes that have not been announced.
	news map[id.Tenant]*news
	wake chan struct{}
	// again are visitors whose row must be written anew; renew says that there are some.
	again map[Key]bool
	renew chan struct{}
	// swept is when sweep ran last; only Run touches it.
	swept time.Time
}

// entry is a visitor on this node.
type entry struct {
	look Look
	// conns counts connections; without any the visitor goes at until.
	conns int
	until time.Time
	// written is true once there is a row.
	written bool
}

type news struct {
	rows map[id.Visitor]Visitor
	gone map[id.Visitor]bool
	more bool
}

// New returns a service for a node. Run must run for anybody to go, and for
// changes to be announced.
func New(store Store, trail Trail, regions Regions, events event.Publisher, c clock.Clock, log *slog.Logger, node string) *Service {
	return &Service{store: store, trail: trail, regions: regions, events: events, clock: c, log: log.With("component", "online"), node: node,
		held: map[Key]*entry{}, news: map[id.Tenant]*news{}, wake: make(chan struct{}, 1),
		again: map[Key]bool{}, renew: make(chan struct{}, 1)}
}

// Start forgets what an earlier life of this node left behind.
func (s *Service) Start(ctx context.Context) error { return s.store.DropOnlineNode(ctx, s.node) }

// Open counts a connection of a visitor and notes the page. The returned func
// ends it and may be called twice.
func (s *Service) Open(ctx context.Context, l Look) (release func(), err error) {
	defer errs.Wrap(&err, "online.Open")
	k := Key{l.Tenant, l.Visitor}
	s.mu.Lock()
	e := s.entry(k)
	e.conns++
	s.mu.Unlock()
	var once sync.Once
	release = func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if e := s.held[k]; e != nil {
				e.conns--
				e.until = s.clock.Now().Add(Grace)
			}
		})
	}
	if err = s.look(ctx, l); err != nil {
		release()
	}
	return release, err
}

// Seen notes the page of a visitor who has no connection: a beacon. It counts
// for Idle.
func (s *Service) Seen(ctx context.Context, l Look) (err error) {
	defer errs.Wrap(&err, "online.Seen")
	return s.seen(ctx, l, Idle)
}

// Reported notes the page of a visitor that reports every few seconds. It counts for Fresh.
func (s *Service) Reported(ctx context.Context, l Look) (err error) {
	defer errs.Wrap(&err, "online.Reported")
	return s.seen(ctx, l, Fresh)
}

func (s *Service) seen(ctx context.Context, l Look, span time.Duration) error {
	s.mu.Lock()
	if e, until := s.entry(Key{l.Tenant, l.Visitor}), s.clock.Now().Add(span); until.After(e.until) {
		e.until = until
	}
	s.mu.Unlock()
	return s.look(ctx, l)
}

// entry returns the entry of a visitor, made if need be. mu must be held.
func (s *Service) entry(k Key) *entry {
	e := s.held[k]
	if e == nil {
		e = &entry{until: s.clock.Now().Add(Grace)}
		s.held[k] = e
	}
	return e
}

// look writes the row and the trail if the page is another one.
func (s *Service) look(ctx context.Context, l Look) error {
	l.URL, l.Title = clip(l.URL, 500), clip(l.Title, 200)
	s.mu.Lock()
	e := s.entry(Key{l.Tenant, l.Visitor})
	before, known := e.look, e.written
	if l.URL == "" {
		l.URL, l.Title = before.URL, before.Title
	}
	if known && l.URL == before.URL && l.Title == before.Title {
		s.mu.Unlock()
		return nil
	}
	e.look, e.written = l, true
	s.mu.Unlock()
	err := s.record(ctx, before, l)
	if err != nil {
		s.mu.Lock()
		e.written = false
		s.mu.Unlock()
	}
	return err
}

// record keeps the trail and the row: the page before is prolonged to now.
func (s *Service) record(ctx context.Context, before, l Look) error {
	if before.URL != "" && before.URL != l.URL {
		if err := s.trail.Looked(ctx, before); err != nil {
			return err
		}
	}
	if l.URL != "" {
		if err := s.trail.Looked(ctx, l); err != nil {
			return err
		}
	}
	return s.write(ctx, l)
}

// write puts the row of a visitor and notes the change.
func (s *Service) write(ctx context.Context, l Look) error {
	now := s.clock.Now()
	v, err := s.store.PutOnline(ctx, s.node, Visitor{Visitor: l.Visitor, Tenant: l.Tenant, Inbox: l.Inbox, Since: now, PageSince: now,
		URL: l.URL, Title: l.Title, Origin: OriginOf(l.URL, l.Referrer), Region: s.regions.Find(l.IP)})
	if err != nil {
		return err
	}
	s.changed(v)
	return nil
}

// changed notes a row that was written.
func (s *Service) changed(v Visitor) {
	s.tell(v.Tenant, func(n *news) {
		delete(n.gone, v.Visitor)
		n.rows[v.Visitor] = v
	})
}

// tell notes a change; Run announces it.
func (s *Service) tell(t id.Tenant, change func(*news)) {
	s.mu.Lock()
	n := s.news[t]
	if n == nil {
		n = &news{rows: map[id.Visitor]Visitor{}, gone: map[id.Visitor]bool{}}
		s.news[t] = n
	}
	if len(n.rows)+len(n.gone) >= maxChanges {
		n.more = true
	} else {
		change(n)
	}
	s.mu.Unlock()
	poke(s.wake)
}

// poke leaves word on c, which has room for one.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Refresh writes the row of a visitor anew if this node holds it: somebody was
// invited, or a conversation began or ended. It does not block. However often a
// visitor is named before its turn comes, the row is written once.
func (s *Service) Refresh(t id.Tenant, v id.Visitor) {
	k := Key{t, v}
	s.mu.Lock()
	e := s.held[k]
	held := e != nil && e.written
	if held {
		s.again[k] = true
	}
	s.mu.Unlock()
	if held {
		poke(s.renew)
	}
}

// Heed reacts to events of other nodes; it does not block. A visitor who left
// another node may still be here.
func (s *Service) Heed(e *event.Event) {
	if d, ok := e.Data.(*Changed); ok {
		for _, v := range d.Gone {
			s.Refresh(e.Tenant, v)
		}
	}
}

// Run announces changes and drops who has gone, until ctx ends; then it drops
// all visitors of this node.
func (s *Service) Run(ctx context.Context) error {
	sweep := s.clock.NewTimer(sweepEvery)
	defer func() { sweep.Stop() }()
	var tell clock.Timer
	var due <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			if tell != nil {
				tell.Stop()
			}
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return s.store.DropOnlineNode(end, s.node)
		case <-s.renew:
			s.rewriteSome(ctx)
		case <-s.wake:
			if due == nil {
				tell = s.clock.NewTimer(tellEvery)
				due = tell.C()
			}
		case <-due:
			due = nil
			s.announce()
		case <-sweep.C():
			s.sweep(ctx)
			sweep = s.clock.NewTimer(sweepEvery)
		}
	}
}

// rewriteSome writes rows that are to be written anew, and sees to it that the
// others have their turn.
func (s *Service) rewriteSome(ctx context.Context) {
	var keys []Key
	s.mu.Lock()
	for k := range s.again {
		if len(keys) == maxRewritten {
			break
		}
		keys = append(keys, k)
		delete(s.again, k)
	}
	more := len(s.again) > 0
	s.mu.Unlock()
	if more {
		poke(s.renew)
	}
	s.rewrite(ctx, keys)
}

// rewrite writes the rows of visitors anew, in one go those that are there.
func (s *Service) rewrite(ctx context.Context, keys []Key) {
	looks := map[id.Tenant]map[id.Visitor]Look{}
	s.mu.Lock()
	for _, k := range keys {
		if e := s.held[k]; e != nil {
			if looks[k.Tenant] == nil {
				looks[k.Tenant] = map[id.Visitor]Look{}
			}
			looks[k.Tenant][k.Visitor] = e.look
		}
	}
	s.mu.Unlock()
	for t, of := range looks {
		err := s.rewriteOf(ctx, t, of)
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.log.Error("visitors not refreshed; it is tried again", "count", len(of), "error", err)
		s.mu.Lock()
		for v := range of {
			s.again[Key{t, v}] = true
		}
		s.mu.Unlock()
	}
}

// rewriteOf is rewrite for one company. It takes out of looks what is done.
func (s *Service) rewriteOf(ctx context.Context, t id.Tenant, looks map[id.Visitor]Look) error {
	rows, err := s.store.RefreshOnline(ctx, s.node, t, slices.Collect(maps.Keys(looks)))
	if err != nil {
		return err
	}
	for _, v := range rows {
		s.changed(v)
		delete(looks, v.Visitor)
	}
	for v, l := range looks { // somebody has dropped the row, or the visitor was removed
		if err := s.write(ctx, l); err != nil && errs.CodeOf(err) != errs.NotFound {
			return err
		}
		delete(looks, v)
	}
	return nil
}

// rewriteAll writes the rows of all visitors of this node.
func (s *Service) rewriteAll(ctx context.Context) {
	s.mu.Lock()
	keys := make([]Key, 0, len(s.held))
	for k, e := range s.held {
		if e.written {
			keys = append(keys, k)
		}
	}
	s.mu.Unlock()
	for part := range slices.Chunk(keys, maxRewritten) {
		s.rewrite(ctx, part)
	}
}

// announce publishes what has changed.
func (s *Service) announce() {
	s.mu.Lock()
	all := s.news
	s.news = map[id.Tenant]*news{}
	s.mu.Unlock()
	for t, n := range all {
		c := &Changed{More: n.more}
		for _, v := range n.rows {
			c.Rows = append(c.Rows, v)
		}
		for v := range n.gone {
			c.Gone = append(c.Gone, v)
		}
		s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.OnlineChanged, To: []event.Topic{event.ToOnline(t), event.ToNodes},
			At: s.clock.Now(), Data: c})
	}
}

// sweep drops the visitors whose time is over.
func (s *Service) sweep(ctx context.Context) {
	now := s.clock.Now()
	if !s.swept.IsZero() && now.Sub(s.swept) > asleep {
		s.rewriteAll(ctx)
	}
	s.swept = now
	var gone []Key
	var looks []Look
	s.mu.Lock()
	if len(s.again) > 0 { // the store could not do it
		poke(s.renew)
	}
	for k, e := range s.held {
		if e.conns <= 0 && !e.until.After(now) && len(gone) < maxDrops {
			gone, looks = append(gone, k), append(looks, e.look)
			delete(s.held, k)
		}
	}
	s.mu.Unlock()
	var err error
	for part := range slices.Chunk(gone, maxDropped) {
		if err = s.store.DropOnline(ctx, s.node, part); err != nil {
			break
		}
	}
	for part := range slices.Chunk(looks, maxDropped) {
		if err != nil {
			break
		}
		err = s.trail.Left(ctx, part)
	}
	for _, l := range looks {
		s.tell(l.Tenant, func(n *news) {
			delete(n.rows, l.Visitor)
			n.gone[l.Visitor] = true
		})
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("visitors not dropped", "count", len(gone), "error", err)
	}
}

// List returns a page of the visitors who look at a page now, the newest visit
// first, and how many there are by inbox.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page []Visitor, next string, counts map[id.Inbox]int, err error) {
	defer errs.Wrap(&err, "online.List")
	if who.Kind != actor.Agent {
		return nil, "", nil, errs.New(errs.Forbidden, "agents_only", "Only agents see who is online.")
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	now := s.clock.Now()
	if page, next, err = s.store.Online(ctx, who.Tenant, f, now); err != nil {
		return nil, "", nil, err
	}
	counts, err = s.store.CountOnline(ctx, who.Tenant, now)
	return page, next, counts, err
}

// Place returns where an address is.
func (s *Service) Place(address string) region.Place { return s.regions.Find(address) }

// Visitor returns one visitor who looks at a page now, errs.NotFound
// "visitor_not_online" if it does not.
func (s *Service) Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (Visitor, error) {
	return s.store.OnlineVisitor(ctx, t, v, s.clock.Now())
}

// Held returns how many visitors this node holds.
func (s *Service) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}
