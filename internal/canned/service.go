package canned

import (
	"context"
	"slices"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/memo"
)

// Files finds the file that an entry wants to carry.
type Files interface {
	// ForCanned returns the file if who uploaded it; errs.NotFound otherwise.
	ForCanned(ctx context.Context, who actor.Actor, f id.File) (File, error)
}

// Service is the use cases of canned replies and common pictures.
type Service struct {
	store   Store
	files   Files
	events  event.Publisher
	clock   clock.Clock
	shelves *memo.Memo[shelfKey, []Entry]
}

// shelfKey names what is remembered: one shelf of one company.
type shelfKey struct {
	tenant id.Tenant
	shelf  Shelf
}

// Shelves are remembered for a minute at most; an event forgets them earlier.
const (
	shelfLife  = time.Minute
	maxShelves = 500
)

// New returns a service.
func New(store Store, files Files, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, files: files, events: events, clock: c, shelves: memo.New[shelfKey, []Entry](c, shelfLife, maxShelves)}
}

// Heed forgets what another node has changed; it does not block.
func (s *Service) Heed(e *event.Event) {
	if d, ok := e.Data.(*Changed); ok {
		s.shelves.Forget(func(k shelfKey) bool { return k.tenant == e.Tenant && k.shelf == d.Shelf })
	}
}

// changed forgets a shelf here and tells everybody who reads it.
func (s *Service) changed(t id.Tenant, shelf Shelf) { s.altered(t, Changed{Shelf: shelf}) }

// altered is changed for one entry.
func (s *Service) altered(t id.Tenant, d Changed) {
	shelf := d.Shelf
	s.shelves.Forget(func(k shelfKey) bool { return k.tenant == t && k.shelf == shelf })
	to := event.ToAgents(t)
	switch shelf.Scope {
	case Personal:
		to = event.ToAgent(t, id.Agent(shelf.Owner))
	case Team:
		to = event.ToTeam(t, id.Team(shelf.Owner))
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.CannedChanged, To: []event.Topic{to}, At: s.clock.Now(), Data: &d})
}

// shelf returns the entries of a shelf, remembered for a while. The caller must
// not change them.
func (s *Service) shelf(ctx context.Context, t id.Tenant, shelf Shelf) ([]Entry, error) {
	return s.shelves.Get(ctx, shelfKey{t, shelf}, func(ctx context.Context) ([]Entry, error) {
		list, err := s.store.CannedEntries(ctx, t, shelf)
		if err != nil || len(list) > 0 || shelf != companyReplies {
			return list, err
		}
		// A company that was just made has not been seeded yet.
		if err := s.Seed(ctx, t); err != nil {
			return nil, err
		}
		return s.store.CannedEntries(ctx, t, shelf)
	})
}

// ShelfOf checks the name of a shelf and that who may read it: agents read
// their own, those of their teams, and the company's; who sees everything reads
// those of all teams. owner is a team and ignored for the other scopes.
func ShelfOf(who actor.Actor, kind Kind, scope Scope, team id.Team) (Shelf, error) {
	shelf := Shelf{Kind: kind, Scope: scope}
	if kind != Reply && kind != Picture {
		return shelf, errs.Field("kind", "unknown_kind", "%q is not a kind; reply and picture are.", kind)
	}
	if who.Kind != actor.Agent && who.Kind != actor.System {
		return shelf, errs.New(errs.Forbidden, "agents_only", "Only agents have canned replies.")
	}
	switch scope {
	case Personal:
		shelf.Owner = string(who.Agent)
	case Company:
	case Team:
		if team == "" {
			return shelf, errs.Field("team", "team_missing", "Name the team.")
		}
		if !slices.Contains(who.Teams, team) && !who.Can(actor.SeeAll) {
			return shelf, errs.New(errs.NotFound, "team_not_found", "There is no such team.")
		}
		shelf.Owner = string(team)
	default:
		return shelf, errs.Field("scope", "unknown_scope", "%q is not a scope; personal, team and company are.", scope)
	}
	return shelf, nil
}

// mayRead reports whether who is offered the entries of a shelf.
func mayRead(who actor.Actor, s Shelf) bool {
	switch s.Scope {
	case Personal:
		return who.Agent != "" && s.Owner == string(who.Agent)
	case Team:
		return who.Can(actor.SeeAll) || who.Can(actor.Content) || slices.Contains(who.Teams, id.Team(s.Owner))
	}
	return who.Kind != actor.Visitor
}

// mayEdit reports whether who may change a shelf: an agent its own; a team's a
// member with the permission to manage, or a supervisor; the company's who has
// the permission actor.Content.
func mayEdit(who actor.Actor, s Shelf) bool {
	switch s.Scope {
	case Personal:
		return mayRead(who, s)
	case Team:
		return who.Can(actor.Content) || (who.Can(actor.Manage) && mayRead(who, s))
	}
	return who.Can(actor.Content)
}

var errNotAllowed = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing these entries.")

// ListInput chooses offers.
type ListInput struct {
	Kind Kind
	// Query is matched with shortcut, title, initials and text; "" is everything.
	Query string
	// Language leaves out entries of other languages; "" is all languages.
	Language string
	// Scope and Team restrict to one shelf, for those who tend it; "" is all.
	Scope Scope
	Team  id.Team
	// Category restricts to one category, without those below it.
	Category string
	// Limit is 1 to 1,000; 0 is 1,000.
	Limit int
}

const maxOffers = 1000

// List returns what an agent is offered, best first.
func (s *Service) List(ctx context.Context, who actor.Actor, in ListInput) (list []Offer, err error) {
	defer errs.Wrap(&err, "canned.List")
	shelves, err := s.offered(who, in)
	if err != nil {
		return nil, err
	}
	// How often the agent used each decides the order; what is older than the newest
	// thousand uses counts as unused.
	uses, err := s.store.CannedUses(ctx, who.Tenant, who.Agent, maxOffers)
	if err != nil {
		return nil, err
	}
	used := make(map[string]Use, len(uses))
	for _, u := range uses {
		used[u.Entry] = u
	}
	query := strings.ToLower(strings.TrimSpace(in.Query))
	for _, shelf := range shelves {
		entries, err := s.shelf(ctx, who.Tenant, shelf)
		if err != nil {
			return nil, err
		}
		editable := mayEdit(who, shelf)
		for _, e := range entries {
			if (in.Language != "" && e.Language != "" && e.Language != in.Language) || (in.Category != "" && e.Category != in.Category) || match(e, query) == noMatch {
				continue
			}
			o := Offer{Entry: e, Editable: editable}
			if u, ok := used[e.ID]; ok {
				o.Mine, o.UsedAt = u.Uses, &u.LastAt
			}
			list = append(list, o)
		}
	}
	rank(list, query)
	if in.Limit < 1 || in.Limit > maxOffers {
		in.Limit = maxOffers
	}
	return list[:min(len(list), in.Limit)], nil
}

// offered are the shelves that a list is made of: the agent's own, those of its
// teams and the company's, or the one that is named.
func (s *Service) offered(who actor.Actor, in ListInput) ([]Shelf, error) {
	if in.Scope != "" {
		shelf, err := ShelfOf(who, in.Kind, in.Scope, in.Team)
		return []Shelf{shelf}, err
	}
	mine, err := ShelfOf(who, in.Kind, Personal, "")
	if err != nil {
		return nil, err
	}
	list := []Shelf{mine}
	for _, t := range who.Teams {
		list = append(list, Shelf{in.Kind, Team, string(t)})
	}
	return append(list, Shelf{Kind: in.Kind, Scope: Company}), nil
}

// Tree returns the categories of the shelves that an agent is offered, or of one.
func (s *Service) Tree(ctx context.Context, who actor.Actor, in ListInput) (list []Category, err error) {
	defer errs.Wrap(&err, "canned.Tree")
	shelves, err := s.offered(who, in)
	if err != nil {
		return nil, err
	}
	for _, shelf := range shelves {
		part, err := s.store.CannedCategories(ctx, who.Tenant, shelf)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	return list, nil
}

// Use counts that who used an entry and returns it, with the text as it is.
func (s *Service) Use(ctx context.Context, who actor.Actor, entry string) (e Entry, err error) {
	defer errs.Wrap(&err, "canned.Use")
	if e, err = s.entry(ctx, who, entry); err != nil {
		return e, err
	}
	return e, s.store.UseCanned(ctx, who.Tenant, who.Agent, entry, s.clock.Now())
}

// entry returns an entry that who is offered.
func (s *Service) entry(ctx context.Context, who actor.Actor, entry string) (Entry, error) {
	e, err := s.store.CannedEntry(ctx, who.Tenant, entry)
	if err == nil && !mayRead(who, e.Shelf) {
		return Entry{}, errs.New(errs.NotFound, "canned_not_found", "There is no such entry.")
	}
	return e, err
}

// Shares reports whether who may send a file because an entry carries it.
func (s *Service) Shares(ctx context.Context, who actor.Actor, f id.File) (bool, error) {
	if who.Kind != actor.Agent {
		return false, nil
	}
	shelves, err := s.store.CannedByFile(ctx, who.Tenant, f)
	return slices.ContainsFunc(shelves, func(sh Shelf) bool { return mayRead(who, sh) }), err
}
