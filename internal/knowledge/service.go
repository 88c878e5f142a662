package knowledge

import (
	"context"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Files finds the picture that an article wants to carry.
type Files interface {
	// ForKnowledge returns the file if who uploaded it; errs.NotFound otherwise.
	ForKnowledge(ctx context.Context, who actor.Actor, f id.File) (File, error)
}

// Service is the use cases of the knowledge base.
type Service struct {
	store  Store
	files  Files
	events event.Publisher
	clock  clock.Clock

	mu sync.Mutex
	// slots are the indexes of the companies that asked lately; together they have at
	// most wordings wordings, beside the newest.
	slots    map[id.Tenant]*slot
	wordings int
}

// slot is where the index of one company is made and kept. Who asks while it is
// being made waits, so that it is made once.
type slot struct {
	mu    sync.Mutex
	index *index
	until time.Time
	// size is how many wordings the index has. The service's mu guards it.
	size int
}

// An index is kept for a while; an event drops it earlier. The time bounds how long
// a change may go unnoticed whose event was lost.
const (
	indexLife  = 5 * time.Minute
	maxIndexes = 200
	// heldWordings take about 0.25 GB; a company has at most MaxWordings.
	heldWordings = 10 * MaxWordings
)

// New returns a service.
func New(store Store, files Files, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, files: files, events: events, clock: c, slots: map[id.Tenant]*slot{}, wordings: heldWordings}
}

// Heed drops what another node has changed; it does not block.
func (s *Service) Heed(e *event.Event) {
	if e.Kind == event.KnowledgeChanged {
		s.forget(e.Tenant)
	}
}

// forget drops the index of a company. One that is being made is not asked again.
func (s *Service) forget(t id.Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.slots, t)
}

// changed drops the index here and tells everybody.
func (s *Service) changed(t id.Tenant) {
	s.forget(t)
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.KnowledgeChanged, To: []event.Topic{event.ToAgents(t)}, At: s.clock.Now(), Data: &Changed{}})
}

// slot returns the slot of a company.
func (s *Service) slot(t id.Tenant) *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[t]
	if sl == nil {
		// Any other goes: an order of use would cost more than making an index again.
		for other := range s.slots {
			if len(s.slots) < maxIndexes {
				break
			}
			delete(s.slots, other)
		}
		sl = &slot{}
		s.slots[t] = sl
	}
	return sl
}

// index returns the index of a company, made of what the store has if need be.
func (s *Service) index(ctx context.Context, t id.Tenant) (*index, error) {
	sl, now := s.slot(t), s.clock.Now()
	sl.mu.Lock()
	defer sl.mu.Unlock()
	if sl.index != nil && now.Before(sl.until) {
		return sl.index, nil
	}
	texts, err := s.store.KnowledgeTexts(ctx, t)
	if err != nil {
		return nil, err
	}
	sl.index, sl.until = newIndex(texts), now.Add(indexLife)
	s.weigh(t, sl, len(sl.index.wordings))
	return sl.index, nil
}

// weigh notes how large an index is, and drops others while all are too large together.
func (s *Service) weigh(t id.Tenant, sl *slot, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl.size = size
	all := 0
	for _, other := range s.slots {
		all += other.size
	}
	for name, other := range s.slots {
		if all <= s.wordings {
			return
		}
		if name != t {
			all -= other.size
			delete(s.slots, name)
		}
	}
}

var errNotAllowed = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing the knowledge base.")

// reader refuses everybody but agents and the system itself.
func reader(who actor.Actor) error {
	if who.Kind != actor.Agent && who.Kind != actor.System {
		return errs.New(errs.Forbidden, "agents_only", "Only agents read the knowledge base.")
	}
	return nil
}

// editor refuses who has not the permission actor.Content.
func editor(who actor.Actor) error {
	if err := reader(who); err != nil {
		return err
	}
	if !who.Can(actor.Content) {
		return errNotAllowed
	}
	return nil
}

// Articles returns those of the named articles that exist, in the order of ids;
// at most MaxArticles are looked for. It asks no permission: it is for robots.
func (s *Service) Articles(ctx context.Context, t id.Tenant, ids []string) (list []Article, err error) {
	defer errs.Wrap(&err, "knowledge.Articles")
	if len(ids) == 0 {
		return nil, nil
	}
	ids = ids[:min(len(ids), MaxArticles)]
	got, err := s.store.KnowledgeArticles(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]Article, len(got))
	for _, a := range got {
		by[a.ID] = a
	}
	for _, want := range ids {
		if a, ok := by[want]; ok {
			list = append(list, a)
			delete(by, want)
		}
	}
	return list, nil
}

// Counted counts what came of an article: it was given as an answer, or a visitor
// said whether it helped. Errors: NotFound "article_not_found".
func (s *Service) Counted(ctx context.Context, t id.Tenant, article string, what Happening) (err error) {
	defer errs.Wrap(&err, "knowledge.Counted %s", article)
	return s.store.CountKnowledge(ctx, t, article, what)
}

// Use counts that an agent sent an article. Errors: Forbidden "agents_only"; NotFound
// "article_not_found".
func (s *Service) Use(ctx context.Context, who actor.Actor, article string) error {
	if err := reader(who); err != nil {
		return err
	}
	return s.Counted(ctx, who.Tenant, article, Used)
}

// Article returns one article. Errors: NotFound "article_not_found".
func (s *Service) Article(ctx context.Context, who actor.Actor, article string) (a Article, err error) {
	defer errs.Wrap(&err, "knowledge.Article")
	if err = reader(who); err != nil {
		return a, err
	}
	return s.article(ctx, who.Tenant, article)
}

func (s *Service) article(ctx context.Context, t id.Tenant, article string) (Article, error) {
	list, err := s.store.KnowledgeArticles(ctx, t, []string{article})
	if err != nil {
		return Article{}, err
	}
	if len(list) == 0 {
		return Article{}, errs.New(errs.NotFound, "article_not_found", "There is no such article.")
	}
	return list[0], nil
}

// Shares reports whether who may send a file because an article shows it.
func (s *Service) Shares(ctx context.Context, who actor.Actor, f id.File) (bool, error) {
	if reader(who) != nil {
		return false, nil
	}
	return s.store.KnowledgeShows(ctx, who.Tenant, f)
}
