package account

import (
	"context"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Book is all settings of a tenant at one moment. It must not be changed.
type Book struct {
	Tenant  Tenant
	Inboxes map[id.Inbox]Inbox
	Teams   map[id.Team]Team
	Roles   map[Role]CustomRole
	// Units are ordered by name.
	Units []Unit
	// Robots are who receives the visitors of an inbox before people do.
	Robots map[id.Inbox]Reception
	// services remembers the merged settings.
	mu       sync.Mutex
	services map[scope]setting.Service
}

// scope is what settings are merged for.
type scope struct {
	inbox id.Inbox
	team  id.Team
}

// Service returns what holds for conversations of an inbox and a team ("" for
// none). Unknown ones set nothing.
func (b *Book) Service(inbox id.Inbox, team id.Team) setting.Service {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := scope{inbox, team}
	s, ok := b.services[key]
	if !ok {
		var own *setting.Team
		if t, ok := b.Teams[team]; ok {
			own = &t.Settings
		} else {
			key.team = ""
		}
		if _, ok := b.Inboxes[inbox]; !ok {
			key.inbox = ""
		}
		s = setting.Effective(b.Tenant.Settings, b.Inboxes[inbox].Settings, own)
		if b.services == nil {
			b.services = map[scope]setting.Service{}
		}
		b.services[key] = s
	}
	return s
}

// TakesMessages reports whether visitors of an inbox can leave a message when nobody
// talks to them: company and inbox both want it.
func (b *Book) TakesMessages(inbox id.Inbox) bool {
	return b.Tenant.Settings.On("Livechat_display_offline_form") && !b.Inboxes[inbox].Settings.Offline.Disabled
}

// booksFor is how long a book may be believed when the event of a change was lost.
const booksFor = 10 * time.Second

// books remembers the settings of tenants until they change.
type books struct {
	store Store
	clock clock.Clock
	mu    sync.Mutex
	known map[id.Tenant]*knownBook
	// turn grows with each change, so that a book read before one is not kept after it.
	turn uint64
	// tenants are those of the inboxes that were asked for; an inbox never changes its.
	tenants map[id.Inbox]id.Tenant
}

// mostInboxes bounds what is remembered of inboxes; when it is full it begins anew.
const mostInboxes = 10_000

type knownBook struct {
	book *Book
	at   time.Time
}

func newBooks(store Store, c clock.Clock) *books {
	return &books{store: store, clock: c, known: map[id.Tenant]*knownBook{}, tenants: map[id.Inbox]id.Tenant{}}
}

// forget drops what is known of a tenant.
func (b *books) forget(t id.Tenant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, t)
	b.turn++
}

// tenantOf returns whose inbox it is, if it was asked for before.
func (b *books) tenantOf(in id.Inbox) (t id.Tenant, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok = b.tenants[in]
	return t, ok
}

// belongs remembers whose inbox it is.
func (b *books) belongs(in id.Inbox, t id.Tenant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.tenants) >= mostInboxes {
		clear(b.tenants)
	}
	b.tenants[in] = t
}

// of returns the settings of a tenant.
func (b *books) of(ctx context.Context, t id.Tenant) (*Book, error) {
	now := b.clock.Now()
	b.mu.Lock()
	got, turn := b.known[t], b.turn
	b.mu.Unlock()
	if got != nil && now.Sub(got.at) < booksFor {
		return got.book, nil
	}
	book, err := b.read(ctx, t)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.turn == turn {
		b.known[t] = &knownBook{book: book, at: now}
	}
	return book, nil
}

func (b *books) read(ctx context.Context, t id.Tenant) (*Book, error) {
	book := &Book{Inboxes: map[id.Inbox]Inbox{}, Teams: map[id.Team]Team{}, Roles: map[Role]CustomRole{}}
	tenants, err := b.store.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	for _, have := range tenants {
		if have.ID == t {
			book.Tenant = have
		}
	}
	if book.Tenant.ID == "" {
		return nil, errs.New(errs.NotFound, "tenant_not_found", "There is no company %q.", clip(string(t), 64))
	}
	inboxes, err := b.store.Inboxes(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, in := range inboxes {
		book.Inboxes[in.ID] = in
	}
	teams, err := b.store.Teams(ctx, t)
	for _, team := range teams {
		book.Teams[team.ID] = team
	}
	if err != nil {
		return nil, err
	}
	if book.Units, err = b.store.Units(ctx, t); err != nil {
		return nil, err
	}
	if book.Robots, err = b.store.Receptions(ctx, t); err != nil {
		return nil, err
	}
	roles, err := b.store.Roles(ctx, t)
	for _, r := range roles {
		book.Roles[r.ID] = r
	}
	return book, err
}

// Book returns the settings of a tenant as they are now. It is meant for hot
// paths: the answer is remembered until something changes, at most 10 s.
func (s *Service) Book(ctx context.Context, t id.Tenant) (*Book, error) {
	return s.books.of(ctx, t)
}

// Heed reacts to events of the bus; it does not block.
func (s *Service) Heed(e *event.Event) {
	switch e.Kind {
	case event.SettingsChanged:
		s.books.forget(e.Tenant)
	case event.AgentChanged:
		// Who came or went is known at once.
		s.onlineMu.Lock()
		delete(s.online, e.Tenant)
		s.onlineMu.Unlock()
	}
}

// settingsChanged makes every node read the settings anew and tells the consoles.
func (s *Service) settingsChanged(t id.Tenant) {
	s.books.forget(t)
	now := s.clock.Now()
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.SettingsChanged, To: []event.Topic{event.ToNodes, event.ToAgents(t)}, At: now})
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.QueueWake, To: []event.Topic{event.ToNodes}, At: now})
}

var errAdminOnly = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing settings.")

// SetInbox replaces the name and the settings of an inbox. They hold at once,
// for running conversations too.
func (s *Service) SetInbox(ctx context.Context, who actor.Actor, in Inbox) (err error) {
	defer errs.Wrap(&err, "account.SetInbox")
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	if in.Name, err = cleanName("name", in.Name); err != nil {
		return err
	}
	if err := in.Settings.Check(); err != nil {
		return err
	}
	in.Tenant = who.Tenant
	if err := s.store.UpdateInbox(ctx, in, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	return nil
}

// SetTeam replaces the name and the settings of a team. A team cannot be below itself.
func (s *Service) SetTeam(ctx context.Context, who actor.Actor, team Team) (err error) {
	defer errs.Wrap(&err, "account.SetTeam")
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	if team.Name, err = cleanName("name", team.Name); err != nil {
		return err
	}
	if err := team.Settings.Check(); err != nil {
		return err
	}
	team.Tenant = who.Tenant
	if err := s.checkParent(ctx, team); err != nil {
		return err
	}
	if err := s.store.UpdateTeam(ctx, team, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	if team.Settings.Shut() {
		return s.leaveShifts(ctx, who, team.ID)
	}
	return nil
}

// checkParent refuses teams above or behind this one that do not exist, and a
// parent that lies below the team.
func (s *Service) checkParent(ctx context.Context, team Team) error {
	if team.Settings.Parent == "" && team.Settings.Fallback == "" {
		return nil
	}
	list, err := s.store.Teams(ctx, team.Tenant)
	if err != nil {
		return err
	}
	parents := make(map[id.Team]id.Team, len(list))
	for _, t := range list {
		parents[t.ID] = id.Team(t.Settings.Parent)
	}
	parents[team.ID] = id.Team(team.Settings.Parent)
	if err := checkFallback(list, team); err != nil {
		return err
	}
	if team.Settings.Parent == "" {
		return nil
	}
	if _, ok := parents[id.Team(team.Settings.Parent)]; !ok {
		return errs.Field("parent", "team_not_found", "There is no team %q to be the parent.", team.Settings.Parent)
	}
	at := team.ID
	for range len(list) + 1 {
		if at = parents[at]; at == "" {
			return nil
		}
	}
	return errs.Field("parent", "team_cycle", "The team would be below itself.")
}

// SetOption changes one option of the company, see setting.Options. Changes on one
// node wait for one another.
//
// Errors: NotFound "option_not_found"; Invalid "bad_option".
func (s *Service) SetOption(ctx context.Context, who actor.Actor, option string, v any) (err error) {
	defer errs.Wrap(&err, "account.SetOption")
	o, ok := setting.OptionByID(option)
	if !ok {
		return errs.New(errs.NotFound, "option_not_found", "There is no option %q.", clip(option, 60))
	}
	return s.changeCompany(ctx, who, func(c *setting.Company) error { return o.Set(c, v) })
}

// SetFlags changes what business and routing flags do, and nothing else.
func (s *Service) SetFlags(ctx context.Context, who actor.Actor, f setting.Flags) (err error) {
	defer errs.Wrap(&err, "account.SetFlags")
	return s.changeCompany(ctx, who, func(c *setting.Company) error {
		c.Flags = f
		return nil
	})
}

// changeCompany reads the settings of the company, changes them and keeps them.
func (s *Service) changeCompany(ctx context.Context, who actor.Actor, change func(c *setting.Company) error) error {
	s.optionMu.Lock()
	defer s.optionMu.Unlock()
	tenants, err := s.store.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if t.ID != who.Tenant {
			continue
		}
		if err = change(&t.Settings); err != nil {
			return err
		}
		return s.SetCompany(ctx, who, t.Name, t.Settings)
	}
	return errs.New(errs.NotFound, "tenant_not_found", "There is no such company.")
}

// SetCompany replaces the name and the settings of the tenant.
func (s *Service) SetCompany(ctx context.Context, who actor.Actor, name string, c setting.Company) (err error) {
	defer errs.Wrap(&err, "account.SetCompany")
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	if name, err = cleanName("name", name); err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	before, err := s.company(ctx, who.Tenant)
	if err != nil {
		return err
	}
	if c.Hides() {
		// A key that was to stay may not have been there.
		c = c.Keeping(before)
		if err := c.Windows.Check(); err != nil {
			return err
		}
	}
	if err := s.store.UpdateTenant(ctx, Tenant{ID: who.Tenant, Name: name, Settings: c}, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	s.optionsChanged(who.Tenant, before, c)
	return nil
}
