// Package grant holds the fine-grained permissions that integrations ask for by
// name, such as "view-l-room", and which roles have them. A company starts with
// the defaults and may change the roles of each permission; the change holds from
// the next call on. What a permission means for the domains is said by Means.
package grant

import (
	"context"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/memo"
)

// The names of roles as integrations know them.
const (
	Admin   = "admin"
	Manager = "livechat-manager"
	Monitor = "livechat-monitor"
	Agent   = "livechat-agent"
	User    = "user"
	Bot     = "bot"
	App     = "app"
	Guest   = "guest"
	// Integration is a program's, see account.Integration.
	Integration = "integration"
)

// Roles lists the roles that always exist.
func Roles() []string {
	return []string{Admin, App, Bot, Guest, Integration, Agent, Manager, Monitor, User}
}

// Entry is a permission with the roles that have it.
type Entry struct {
	Permission string
	Roles      []string
	UpdatedAt  time.Time
}

// Changed is the payload of event.GrantsChanged: the permissions as they are now.
type Changed struct{ Entries []Entry }

// MaxRoles bounds the roles of one permission.
const MaxRoles = 50

// Store is the memory that grant needs.
type Store interface {
	// Grants returns the permissions that a company has changed, ordered by name.
	Grants(ctx context.Context, t id.Tenant) ([]Entry, error)
	// SetGrants replaces the roles of some permissions.
	SetGrants(ctx context.Context, t id.Tenant, list []Entry) error
}

// Service is the use cases of grants.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
	tables *memo.Memo[id.Tenant, table]
}

// table is the roles of every permission.
type table map[string]Entry

// Tables are remembered for a while; an event forgets them earlier.
const (
	tableLife = 30 * time.Second
	maxTables = 200
)

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, events: events, clock: c, tables: memo.New[id.Tenant, table](c, tableLife, maxTables)}
}

// Heed forgets what another node has changed; it does not block.
func (s *Service) Heed(e *event.Event) {
	if e.Kind == event.GrantsChanged {
		s.forget(e.Tenant)
	}
}

func (s *Service) forget(t id.Tenant) { s.tables.Forget(func(k id.Tenant) bool { return k == t }) }

func (s *Service) table(ctx context.Context, t id.Tenant) (table, error) {
	return s.tables.Get(ctx, t, func(ctx context.Context) (table, error) {
		changed, err := s.store.Grants(ctx, t)
		all := make(table, len(defaults))
		for p, roles := range defaults {
			all[p] = Entry{Permission: p, Roles: roles}
		}
		for _, e := range changed {
			all[e.Permission] = e
		}
		return all, err
	})
}

// Allowed reports whether one of the roles has one of the permissions.
func (s *Service) Allowed(ctx context.Context, t id.Tenant, roles []string, permissions ...string) (bool, error) {
	all, err := s.table(ctx, t)
	if err != nil {
		return false, err
	}
	for _, p := range permissions {
		if slices.ContainsFunc(all[p].Roles, func(r string) bool { return slices.Contains(roles, r) }) {
			return true, nil
		}
	}
	return false, nil
}

// List returns all permissions ordered by name.
func (s *Service) List(ctx context.Context, t id.Tenant) ([]Entry, error) {
	all, err := s.table(ctx, t)
	if err != nil {
		return nil, err
	}
	list := make([]Entry, 0, len(all))
	for _, e := range all {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmpText(a.Permission, b.Permission) })
	return list, nil
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Set replaces the roles of some permissions. known are the roles that exist.
//
// Errors: Forbidden; Invalid "unknown_permission", "unknown_role".
func (s *Service) Set(ctx context.Context, who actor.Actor, list []Entry, known []string) (err error) {
	defer errs.Wrap(&err, "grant.Set")
	if !who.Can(actor.Administer) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing permissions.")
	}
	all, err := s.table(ctx, who.Tenant)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	for i, e := range list {
		if _, ok := all[e.Permission]; !ok {
			return errs.Field("permission", "unknown_permission", "%q is not a permission.", e.Permission)
		}
		if len(e.Roles) > MaxRoles {
			return errs.Field("roles", "unknown_role", "%d roles; %d are allowed.", len(e.Roles), MaxRoles)
		}
		for _, r := range e.Roles {
			if !slices.Contains(known, r) {
				return errs.Field("roles", "unknown_role", "%q is not a role.", r)
			}
		}
		list[i].UpdatedAt = now
	}
	if err = s.store.SetGrants(ctx, who.Tenant, list); err != nil {
		return err
	}
	s.forget(who.Tenant)
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.GrantsChanged, To: []event.Topic{event.ToNodes, event.ToAgents(who.Tenant)}, At: now,
		Data: &Changed{Entries: list}})
	return nil
}

// Lend returns who with what a permission means for the domains: whoever was
// allowed a call by name may do what that call does, and no other.
func Lend(who actor.Actor, permissions ...string) actor.Actor {
	have := slices.Clone(who.Permissions)
	for _, p := range permissions {
		for _, m := range Means(p) {
			if !slices.Contains(have, m) {
				have = append(have, m)
			}
		}
	}
	who.Permissions = have
	return who
}
