package account

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// by names who as the maker of a change now.
func (s *Service) by(who actor.Actor) audit.By { return audit.Of(who, s.clock.Now()) }

// permissionsOf returns what an agent may do. A role that is gone allows nothing.
func (s *Service) permissionsOf(ctx context.Context, a Agent) ([]actor.Permission, error) {
	if list, ok := permissions[a.Role]; ok && len(a.Also) == 0 {
		return list, nil
	}
	book, err := s.Book(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	allowed := []actor.Permission{}
	for _, r := range a.Roles() {
		list, ok := permissions[r]
		if !ok {
			list = book.Roles[r].Permissions
		}
		for _, p := range list {
			if !slices.Contains(allowed, p) {
				allowed = append(allowed, p)
			}
		}
	}
	return allowed, nil
}

// administrator returns errs.Forbidden unless who may administer.
func administrator(who actor.Actor) error {
	if !who.Can(actor.Administer) {
		return errAdminOnly
	}
	return nil
}

// Agents returns all agents of the tenant, disabled ones included, for administrators.
func (s *Service) Agents(ctx context.Context, who actor.Actor) ([]Agent, error) {
	if err := administrator(who); err != nil {
		return nil, err
	}
	return s.store.Agents(ctx, who.Tenant)
}

// AgentChange is what an administrator changes of an agent; nil keeps.
type AgentChange struct {
	Email    *string
	Username *string
	Name     *string
	Role     *Role
	Also     []Role // nil keeps, empty takes all away
	Cap      *int
	Teams    []id.Team // nil keeps, empty takes all away
	Disabled *bool
	Password *string
	Profile  *Profile
}

// ChangeAgent changes an agent. Disabling one and setting a password end its
// sessions. Nobody takes the last administrator away: errs.Conflict "last_admin".
func (s *Service) ChangeAgent(ctx context.Context, who actor.Actor, agent id.Agent, c AgentChange) (a Agent, err error) {
	defer errs.Wrap(&err, "account.ChangeAgent")
	if err := administrator(who); err != nil {
		return a, err
	}
	if a, err = s.store.Agent(ctx, who.Tenant, agent); err != nil {
		return a, err
	}
	wasAdmin, hash, roles := a.Has(Admin) && !a.Disabled, a.PasswordHash, a.Roles()
	if err := c.apply(&a); err != nil {
		return a, err
	}
	if err := s.checkAgent(ctx, a); err != nil {
		return a, err
	}
	if wasAdmin && (!a.Has(Admin) || a.Disabled) {
		if err := s.notTheLast(ctx, who.Tenant, agent); err != nil {
			return a, err
		}
	}
	if err := s.store.UpdateAgent(ctx, a, s.by(who)); err != nil {
		return a, err
	}
	if a.Disabled || a.PasswordHash != hash {
		if err := s.endSessions(ctx, a); err != nil {
			return a, err
		}
	}
	s.rolesChanged(a, roles)
	return a, s.Refresh(ctx, who.Tenant, agent)
}

func (c AgentChange) apply(a *Agent) (err error) {
	if c.Email != nil {
		if a.Email = *c.Email; !isAddress(a.Email) {
			return errs.Field("email", "bad_email", "%q is not an e-mail address.", clip(a.Email, 100))
		}
	}
	for _, f := range []struct {
		field string
		from  *string
		to    *string
	}{{"name", c.Name, &a.Name}, {"username", c.Username, &a.Username}} {
		if f.from != nil {
			if *f.to, err = cleanName(f.field, *f.from); err != nil {
				return err
			}
		}
	}
	if c.Role != nil {
		a.Role = *c.Role
	}
	if c.Also != nil {
		a.Also = c.Also
	}
	if c.Cap != nil {
		a.Cap = *c.Cap
	}
	if c.Teams != nil {
		a.Teams = c.Teams
	}
	if c.Disabled != nil {
		a.Disabled = *c.Disabled
	}
	if c.Profile != nil {
		if err := c.Profile.check(); err != nil {
			return err
		}
		a.Profile = *c.Profile
	}
	if c.Password != nil {
		a.PasswordHash, err = HashPassword(*c.Password)
	}
	return err
}

// notTheLast refuses to take away the only administrator that can log in.
func (s *Service) notTheLast(ctx context.Context, t id.Tenant, but id.Agent) error {
	list, err := s.store.Agents(ctx, t)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(a Agent) bool { return a.ID != but && a.Has(Admin) && !a.Disabled }) {
		return nil
	}
	return errs.New(errs.Conflict, "last_admin", "This is the last administrator. Make another one first.")
}

// endSessions logs an agent out everywhere.
func (s *Service) endSessions(ctx context.Context, a Agent) error {
	list, err := s.store.Credentials(ctx, a.Tenant, a.ID, s.clock.Now())
	if err != nil {
		return err
	}
	if err := s.store.DeleteCredentials(ctx, a.Tenant, a.ID); err != nil {
		return err
	}
	for _, c := range list {
		if c.Kind != AccessToken || a.Disabled {
			s.sessionEnded(a.Tenant, a.ID, c.Hash)
		}
	}
	return nil
}

// CreateAgent is AddAgent for an administrator.
func (s *Service) CreateAgent(ctx context.Context, who actor.Actor, in NewAgent) (Agent, error) {
	if err := administrator(who); err != nil {
		return Agent{}, err
	}
	in.Tenant = who.Tenant
	return s.addAgent(ctx, in, s.by(who))
}

// CreateTeam is AddTeam for an administrator, with settings.
func (s *Service) CreateTeam(ctx context.Context, who actor.Actor, name string, settings setting.Team) (Team, error) {
	return s.OpenTeam(ctx, who, Team{Name: name, Settings: settings})
}

// OpenTeam adds a team with a name, settings and the leave to share the name. It
// keeps an id that it comes with.
func (s *Service) OpenTeam(ctx context.Context, who actor.Actor, team Team) (_ Team, err error) {
	defer errs.Wrap(&err, "account.OpenTeam")
	if err := administrator(who); err != nil {
		return team, err
	}
	if team.Name, err = cleanName("name", team.Name); err != nil {
		return team, err
	}
	if err := team.Settings.Check(); err != nil {
		return team, err
	}
	team.ID, team.Tenant, team.CreatedAt = cmp.Or(team.ID, id.Team(id.New())), who.Tenant, s.clock.Now()
	if err := s.checkParent(ctx, team); err != nil {
		return team, err
	}
	if err := s.store.CreateTeam(ctx, team, s.by(who)); err != nil {
		return team, err
	}
	s.settingsChanged(who.Tenant)
	return team, nil
}

// RemoveTeam deletes a team that no running conversation is in and no team is below.
func (s *Service) RemoveTeam(ctx context.Context, who actor.Actor, team id.Team) (err error) {
	defer errs.Wrap(&err, "account.RemoveTeam")
	if err := administrator(who); err != nil {
		return err
	}
	list, err := s.store.Teams(ctx, who.Tenant)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(t Team) bool { return t.Settings.Parent == string(team) }) {
		return errs.New(errs.Conflict, "team_has_teams", "There are teams below this one. Move them first.")
	}
	if err := s.store.DeleteTeam(ctx, who.Tenant, team, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	return s.leaveShifts(ctx, who, team)
}

// CreateInbox adds a website. Its public id (appid) is made up.
func (s *Service) CreateInbox(ctx context.Context, who actor.Actor, name string, settings setting.Inbox) (in Inbox, err error) {
	defer errs.Wrap(&err, "account.CreateInbox")
	if err := administrator(who); err != nil {
		return in, err
	}
	if name, err = cleanName("name", name); err != nil {
		return in, err
	}
	if err := settings.Check(); err != nil {
		return in, err
	}
	in = Inbox{ID: id.Inbox(strings.ToLower(id.Secret(8))), Tenant: who.Tenant, Name: name, Channel: "web", Settings: settings, CreatedAt: s.clock.Now()}
	if err := s.store.CreateInbox(ctx, in, s.by(who)); err != nil {
		return in, err
	}
	s.settingsChanged(who.Tenant)
	return in, nil
}

// Roles returns the company's own roles.
func (s *Service) Roles(ctx context.Context, who actor.Actor) ([]CustomRole, error) {
	if err := administrator(who); err != nil {
		return nil, err
	}
	return s.store.Roles(ctx, who.Tenant)
}

// SaveRole adds a role (no id) or changes one. It holds from the next request of
// its agents on. A role with the permission to administer may be given only by
// who has it, which is every caller.
func (s *Service) SaveRole(ctx context.Context, who actor.Actor, role CustomRole) (_ CustomRole, err error) {
	defer errs.Wrap(&err, "account.SaveRole")
	if err := administrator(who); err != nil {
		return role, err
	}
	if role.Name, err = cleanName("name", role.Name); err != nil {
		return role, err
	}
	all := actor.Permissions()
	for _, p := range role.Permissions {
		if !slices.Contains(all, p) {
			return role, errs.Field("permissions", "unknown_permission", "%q is not a permission.", clip(string(p), 60))
		}
	}
	role.Tenant, role.CreatedAt = who.Tenant, s.clock.Now()
	role.Permissions = slices.Compact(slices.Sorted(slices.Values(role.Permissions)))
	switch {
	case role.ID == "":
		role.ID = Role(id.New())
	case role.ID.BuiltIn():
		return role, errs.Field("id", "built_in_role", "The roles admin, supervisor and agent cannot be changed.")
	default:
		list, err := s.store.Roles(ctx, who.Tenant)
		if err != nil {
			return role, err
		}
		if !slices.ContainsFunc(list, func(r CustomRole) bool { return r.ID == role.ID }) {
			return role, errs.New(errs.NotFound, "role_not_found", "There is no such role.")
		}
	}
	if err := s.store.SaveRole(ctx, role, s.by(who)); err != nil {
		return role, err
	}
	s.settingsChanged(who.Tenant)
	return role, nil
}

// RemoveRole deletes a role that no agent has.
func (s *Service) RemoveRole(ctx context.Context, who actor.Actor, role Role) (err error) {
	defer errs.Wrap(&err, "account.RemoveRole")
	if err := administrator(who); err != nil {
		return err
	}
	if role.BuiltIn() {
		return errs.Field("id", "built_in_role", "The roles admin, supervisor and agent cannot be removed.")
	}
	if err := s.store.DeleteRole(ctx, who.Tenant, role, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	return nil
}

// AuditLog returns a page of changes, newest first.
func (s *Service) AuditLog(ctx context.Context, who actor.Actor, f audit.Filter) ([]audit.Entry, string, error) {
	if !who.Can(actor.Audit) {
		return nil, "", errs.New(errs.Forbidden, "not_allowed", "Your role does not allow reading the audit log.")
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	return s.store.Audit(ctx, who.Tenant, f)
}

// seenEvery is the shortest time between two notes of one origin.
const seenEvery = time.Minute

// maxSeenKeys bounds what is remembered of notes; beyond it everything is noted anew.
const maxSeenKeys = 4096

// sightings remembers which origins were noted lately.
type sightings struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due reports whether the key was not noted within seenEvery, and notes it.
func (g *sightings) due(key string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if at, ok := g.last[key]; ok && now.Sub(at) < seenEvery {
		return false
	}
	if g.last == nil || len(g.last) >= maxSeenKeys {
		g.last = map[string]time.Time{}
	}
	g.last[key] = now
	return true
}

// InboxSeenOn notes that a page asked for the inbox's script; referrer is what
// the browser said of it. It is how the check "is it installed?" knows.
func (s *Service) InboxSeenOn(ctx context.Context, in Inbox, referrer string) error {
	u, err := url.Parse(referrer)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(referrer) > 2000 || !utf8.ValidString(referrer) {
		return nil
	}
	now := s.clock.Now()
	origin := u.Scheme + "://" + u.Host
	if !s.seen.due(string(in.ID)+" "+origin, now) {
		return nil
	}
	return s.store.SeenInbox(ctx, in.Tenant, in.ID, Seen{Origin: origin, Page: clip(origin+u.EscapedPath(), 500), At: now})
}

// InboxSeen returns the web origins whose pages carry the inbox's script.
func (s *Service) InboxSeen(ctx context.Context, who actor.Actor, in id.Inbox) ([]Seen, error) {
	if err := administrator(who); err != nil {
		return nil, err
	}
	return s.store.InboxSeen(ctx, who.Tenant, in)
}

// InboxFor returns one inbox of the tenant for an administrator.
func (s *Service) InboxFor(ctx context.Context, who actor.Actor, in id.Inbox) (Inbox, error) {
	if err := administrator(who); err != nil {
		return Inbox{}, err
	}
	got, err := s.Inbox(ctx, in)
	if err == nil && got.Tenant != who.Tenant {
		return Inbox{}, errs.New(errs.NotFound, "inbox_not_found", "There is no such inbox.")
	}
	return got, err
}

// BuiltInRoles returns the roles that always exist, as far as people choose them.
func BuiltInRoles() []CustomRole {
	list := make([]CustomRole, 0, len(permissions))
	for _, r := range []Role{Admin, Supervisor, Member, Integration} {
		list = append(list, CustomRole{ID: r, Name: string(r), Permissions: permissions[r]})
	}
	return list
}

// TenantsFor returns the companies that who may see: all of them for
// administrators of the tenant "main", its own for anybody else.
func (s *Service) TenantsFor(ctx context.Context, who actor.Actor) ([]Tenant, error) {
	if err := administrator(who); err != nil {
		return nil, err
	}
	list, err := s.store.Tenants(ctx)
	if who.Tenant != MainTenant {
		list = slices.DeleteFunc(list, func(t Tenant) bool { return t.ID != who.Tenant })
	}
	for i := range list {
		list[i].Settings = list[i].Settings.Shown()
	}
	return list, err
}

// CreateTenant adds a company with an inbox and its first administrator. Only
// administrators of the tenant "main" may.
func (s *Service) CreateTenant(ctx context.Context, who actor.Actor, t Tenant, admin NewAgent) (Tenant, error) {
	if err := administrator(who); err != nil {
		return t, err
	}
	if who.Tenant != MainTenant && who.Kind != actor.System {
		return t, errs.New(errs.Forbidden, "not_allowed", "Companies are added by administrators of the first company.")
	}
	return s.AddTenant(ctx, t, admin)
}

// AddTenant adds a company. Its id is 1 to 32 letters, digits, - and _.
func (s *Service) AddTenant(ctx context.Context, t Tenant, admin NewAgent) (_ Tenant, err error) {
	defer errs.Wrap(&err, "account.AddTenant")
	if t.Name, err = cleanName("name", t.Name); err != nil {
		return t, err
	}
	if len(t.ID) < 1 || len(t.ID) > 32 || strings.Trim(string(t.ID), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return t, errs.Field("id", "bad_tenant", "%q is not the id of a company: 1 to 32 letters, digits, - and _.", clip(string(t.ID), 60))
	}
	admin.Tenant, admin.Role = t.ID, Admin
	// Everything that can be refused is checked before the company exists.
	if _, err := s.fillAgent(ctx, admin); err != nil {
		return t, err
	}
	if _, err := HashPassword(admin.Password); err != nil {
		return t, err
	}
	t.CreatedAt = s.clock.Now()
	if t, err = s.store.CreateTenant(ctx, t); err != nil {
		return t, err
	}
	in := Inbox{ID: id.Inbox(strings.ToLower(id.Secret(8))), Tenant: t.ID, Name: t.Name, Channel: "web", CreatedAt: t.CreatedAt}
	if err := s.store.CreateInbox(ctx, in, audit.None); err != nil {
		return t, err
	}
	_, err = s.addAgent(ctx, admin, audit.None)
	return t, err
}
