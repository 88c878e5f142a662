package account

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Membership is an agent's place in a team.
type Membership struct {
	Team     id.Team  `json:"team"`
	Agent    id.Agent `json:"agent"`
	Username string   `json:"username"`
	// Served is how many conversations the agent got as a member of the team.
	Served int64 `json:"served"`
	// Order is the agent's place among the members, the lowest first.
	Order int64 `json:"order"`
}

// Unit is a group of teams with the monitors who look after them. A monitor sees
// the conversations of these teams and no others.
type Unit struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Name   string    `json:"name"`
	// Visibility is "public" or "private".
	Visibility string     `json:"visibility"`
	Teams      []id.Team  `json:"teams"`
	Monitors   []id.Agent `json:"monitors"`
	// Extra are further values of integrations by name.
	Extra     map[string]any `json:"extra,omitempty"`
	CreatedAt time.Time      `json:"createdAt"`
}

// Bounds of units.
const (
	MaxUnits     = 200
	maxUnitExtra = 8 << 10
)

// UnitOf returns the unit of a team.
func (b *Book) UnitOf(team id.Team) (Unit, bool) {
	i := slices.IndexFunc(b.Units, func(u Unit) bool { return slices.Contains(u.Teams, team) })
	if i < 0 {
		return Unit{}, false
	}
	return b.Units[i], true
}

// Watched returns the teams that an agent sees as a monitor; bound is false for
// agents who are not limited to them.
func (b *Book) Watched(a Agent) (teams []id.Team, bound bool) {
	if !a.Has(Monitor) || a.Has(Admin) || a.Has(Supervisor) {
		return nil, false
	}
	for _, u := range b.Units {
		if slices.Contains(u.Monitors, a.ID) {
			teams = append(teams, u.Teams...)
		}
	}
	return teams, true
}

// bind limits a monitor's login to what its units are for.
func (s *Service) bind(ctx context.Context, l *Login) error {
	if !l.Agent.Has(Monitor) {
		return nil
	}
	book, err := s.Book(ctx, l.Agent.Tenant)
	if err != nil {
		return err
	}
	l.watched, l.bound = book.Watched(l.Agent)
	return nil
}

// checkFallback refuses a team behind this one that does not exist, or leads back.
func checkFallback(list []Team, team Team) error {
	next := make(map[id.Team]id.Team, len(list))
	for _, t := range list {
		next[t.ID] = id.Team(t.Settings.Fallback)
	}
	behind := id.Team(team.Settings.Fallback)
	next[team.ID] = behind
	if behind == "" {
		return nil
	}
	if _, ok := next[behind]; !ok {
		return errs.Field("fallback", "fallback_not_found", "There is no team %q to fall back on.", clip(string(behind), 60))
	}
	at := team.ID
	for range len(list) + 1 {
		if at = next[at]; at == "" {
			return nil
		}
	}
	return errs.Field("fallback", "fallback_cycle", "The team would fall back on itself.")
}

// Members returns the members of a team by their order.
func (s *Service) Members(ctx context.Context, t id.Tenant, team id.Team) ([]Membership, error) {
	return s.store.Members(ctx, t, team)
}

// MembershipsOf returns the teams of an agent with its place in each.
func (s *Service) MembershipsOf(ctx context.Context, t id.Tenant, agent id.Agent) ([]Membership, error) {
	return s.store.MembershipsOf(ctx, t, agent)
}

// SetMembers adds or changes members of a team and takes others out. Agents that
// do not exist are passed over.
//
// Errors: Forbidden; NotFound "team_not_found".
func (s *Service) SetMembers(ctx context.Context, who actor.Actor, team id.Team, in []Membership, out []id.Agent) (err error) {
	defer errs.Wrap(&err, "account.SetMembers")
	if err := administrator(who); err != nil {
		return err
	}
	if err := s.store.SetMembers(ctx, who.Tenant, team, in, out, s.by(who)); err != nil {
		return err
	}
	for _, m := range in {
		out = append(out, m.Agent)
	}
	for _, a := range out {
		if err := s.Refresh(ctx, who.Tenant, a); err != nil && errs.CodeOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

// ChangeTeam reads a team's settings, changes them and keeps them.
//
// Errors: Forbidden; NotFound "team_not_found"; Invalid as SetTeam.
func (s *Service) ChangeTeam(ctx context.Context, who actor.Actor, team id.Team, change func(t *Team)) (t Team, err error) {
	defer errs.Wrap(&err, "account.ChangeTeam")
	if t, err = s.team(ctx, who.Tenant, team); err != nil {
		return t, err
	}
	change(&t)
	return t, s.SetTeam(ctx, who, t)
}

func (s *Service) team(ctx context.Context, t id.Tenant, team id.Team) (Team, error) {
	list, err := s.store.Teams(ctx, t)
	if i := slices.IndexFunc(list, func(x Team) bool { return x.ID == team }); i >= 0 {
		return list[i], err
	}
	if err == nil {
		err = errs.New(errs.NotFound, "team_not_found", "There is no such team.")
	}
	return Team{}, err
}

// DissolveTeam removes a team at once: running conversations go on without a
// team, and other teams forget it.
func (s *Service) DissolveTeam(ctx context.Context, who actor.Actor, team id.Team) (err error) {
	defer errs.Wrap(&err, "account.DissolveTeam")
	if err := administrator(who); err != nil {
		return err
	}
	if _, err := s.team(ctx, who.Tenant, team); err != nil {
		return err
	}
	list, err := s.store.Teams(ctx, who.Tenant)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID == team || !names(t.Settings, string(team)) {
			continue
		}
		if err := s.SetTeam(ctx, who, without(t, string(team))); err != nil {
			return err
		}
	}
	if err := s.store.ReleaseTeam(ctx, who.Tenant, team); err != nil {
		return err
	}
	return s.RemoveTeam(ctx, who, team)
}

// names reports whether a team's settings speak of another team.
func names(t setting.Team, other string) bool {
	return t.Fallback == other || t.Parent == other || slices.Contains(t.Forwards, other) ||
		slices.ContainsFunc(t.Routing.Overflow, func(o setting.Overflow) bool { return o.Team == other })
}

// without takes another team out of a team's settings.
func without(t Team, other string) Team {
	st := &t.Settings
	if st.Fallback == other {
		st.Fallback = ""
	}
	if st.Parent == other {
		st.Parent = ""
	}
	st.Forwards = slices.DeleteFunc(slices.Clone(st.Forwards), func(s string) bool { return s == other })
	st.Routing.Overflow = slices.DeleteFunc(slices.Clone(st.Routing.Overflow), func(o setting.Overflow) bool { return o.Team == other })
	return t
}

// Units returns the tenant's units by name.
func (s *Service) Units(ctx context.Context, t id.Tenant) ([]Unit, error) {
	return s.store.Units(ctx, t)
}

// Unit returns one unit. Errors: NotFound "unit_not_found".
func (s *Service) Unit(ctx context.Context, t id.Tenant, unit string) (Unit, error) {
	list, err := s.store.Units(ctx, t)
	if i := slices.IndexFunc(list, func(u Unit) bool { return u.ID == unit }); i >= 0 {
		return list[i], err
	}
	if err == nil {
		err = errs.New(errs.NotFound, "unit_not_found", "There is no such unit.")
	}
	return Unit{}, err
}

// SaveUnit adds a unit (no id) or changes one. Agents who are no monitors are left
// out; a team leaves the unit it was in.
//
// Errors: Forbidden; NotFound "unit_not_found", "team_not_found"; Invalid
// "bad_name", "unknown_visibility", "too_large"; Conflict "too_many_units".
func (s *Service) SaveUnit(ctx context.Context, who actor.Actor, u Unit) (_ Unit, err error) {
	defer errs.Wrap(&err, "account.SaveUnit")
	if err := administrator(who); err != nil {
		return u, err
	}
	if u.Name, err = cleanName("name", u.Name); err != nil {
		return u, err
	}
	if u.Visibility != "public" && u.Visibility != "private" {
		return u, errs.Field("visibility", "unknown_visibility", "%q is not a visibility; public and private are.", clip(u.Visibility, 60))
	}
	if b, err := json.Marshal(u.Extra); err != nil || len(b) > maxUnitExtra {
		return u, errs.Field("extra", "too_large", "The further values have %d bytes; %d are allowed.", len(b), maxUnitExtra)
	}
	if err := s.onlyMonitors(ctx, who.Tenant, &u); err != nil {
		return u, err
	}
	fresh := u.ID == ""
	if fresh {
		list, err := s.store.Units(ctx, who.Tenant)
		if err != nil {
			return u, err
		}
		if len(list) >= MaxUnits {
			return u, errs.New(errs.Conflict, "too_many_units", "There are %d units, more are not allowed.", len(list))
		}
		u.ID = id.New()
	}
	u.Tenant, u.CreatedAt = who.Tenant, s.clock.Now()
	if err := s.store.SaveUnit(ctx, u, fresh, s.by(who)); err != nil {
		return u, err
	}
	s.settingsChanged(who.Tenant)
	return s.Unit(ctx, who.Tenant, u.ID)
}

// onlyMonitors drops who is no monitor, and what is there twice.
func (s *Service) onlyMonitors(ctx context.Context, t id.Tenant, u *Unit) error {
	agents, err := s.store.Agents(ctx, t)
	if err != nil {
		return err
	}
	u.Monitors = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(u.Monitors))), func(m id.Agent) bool {
		return !slices.ContainsFunc(agents, func(a Agent) bool { return a.ID == m && a.Has(Monitor) })
	})
	u.Teams = slices.Compact(slices.Sorted(slices.Values(u.Teams)))
	return nil
}

// MoveTeam puts a team into a unit, or with "" takes it out of the one it is in.
// Who is limited to units moves teams into and out of those only.
//
// Errors: Forbidden, "foreign_unit"; NotFound "unit_not_found"; Invalid "unit_empty" for the last
// team of a unit.
func (s *Service) MoveTeam(ctx context.Context, who actor.Actor, team id.Team, unit string) (err error) {
	defer errs.Wrap(&err, "account.MoveTeam")
	list, err := s.store.Units(ctx, who.Tenant)
	if err != nil {
		return err
	}
	from := slices.IndexFunc(list, func(u Unit) bool { return slices.Contains(u.Teams, team) })
	to := slices.IndexFunc(list, func(u Unit) bool { return u.ID == unit })
	switch {
	case unit != "" && to < 0:
		return errs.New(errs.NotFound, "unit_not_found", "There is no such unit.")
	case from == to:
		return nil
	case foreign(who, list, from) || foreign(who, list, to):
		return errs.New(errs.Forbidden, "foreign_unit", "This is not a unit of yours.")
	case from >= 0 && len(list[from].Teams) == 1:
		return errs.Field("teams", "unit_empty", "A unit has one team at least.")
	case to >= 0:
		list[to].Teams = append(list[to].Teams, team)
		_, err = s.SaveUnit(ctx, who, list[to])
	default:
		list[from].Teams = slices.DeleteFunc(list[from].Teams, func(x id.Team) bool { return x == team })
		_, err = s.SaveUnit(ctx, who, list[from])
	}
	if err != nil {
		return err
	}
	_, err = s.ChangeTeam(ctx, who, team, func(t *Team) { t.Settings.LeftUnit = to < 0 })
	return err
}

// foreign reports whether who is limited to units and the one at i is not its own.
func foreign(who actor.Actor, list []Unit, i int) bool {
	return who.Bound && i >= 0 && !slices.Contains(list[i].Monitors, who.Agent)
}

// RemoveUnit deletes a unit; its teams stay. Errors: Forbidden; NotFound "unit_not_found".
func (s *Service) RemoveUnit(ctx context.Context, who actor.Actor, unit string) (err error) {
	defer errs.Wrap(&err, "account.RemoveUnit")
	if err := administrator(who); err != nil {
		return err
	}
	if err := s.store.DeleteUnit(ctx, who.Tenant, unit, s.by(who)); err != nil {
		return err
	}
	s.settingsChanged(who.Tenant)
	return nil
}
