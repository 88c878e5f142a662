package account

import (
	"context"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds of a profile.
const (
	MaxPreferences = 32 << 10
	maxFields      = 50
	maxField       = 2000
	maxStatusText  = 256
)

// check refuses a profile that is too large.
func (p Profile) check() error {
	b, err := json.Marshal(p.Preferences)
	if err != nil || len(b) > MaxPreferences {
		return errs.Field("preferences", "too_large", "The preferences have %d bytes; %d are allowed.", len(b), MaxPreferences)
	}
	if utf8.RuneCountInString(p.StatusText) > maxStatusText {
		return errs.Field("statusText", "too_large", "The status has more than %d characters.", maxStatusText)
	}
	if len(p.Fields) > maxFields {
		return errs.Field("fields", "too_large", "%d fields; %d are allowed.", len(p.Fields), maxFields)
	}
	for name, v := range p.Fields {
		if len(name) > 100 || len(v) > maxField {
			return errs.Field("fields", "too_large", "The field %q is longer than %d bytes.", clip(name, 60), maxField)
		}
	}
	return nil
}

// Agent returns one agent of a tenant.
func (s *Service) Agent(ctx context.Context, t id.Tenant, a id.Agent) (Agent, error) {
	return s.store.Agent(ctx, t, a)
}

// AgentByLogin returns the agent with an e-mail address or a username.
func (s *Service) AgentByLogin(ctx context.Context, t id.Tenant, login string) (Agent, error) {
	return s.store.AgentByLogin(ctx, t, login)
}

// Authors returns all agents who may have written something: those there are and
// those who were removed lately.
func (s *Service) Authors(ctx context.Context, t id.Tenant) (list []Agent, err error) {
	defer errs.Wrap(&err, "account.Authors")
	if list, err = s.store.RemovedAgents(ctx, t); err != nil {
		return nil, err
	}
	now, err := s.store.Agents(ctx, t)
	return append(list, now...), err
}

// RemoveIdleAgent is RemoveAgent for an agent who has no conversations. Errors:
// Conflict "agent_busy".
func (s *Service) RemoveIdleAgent(ctx context.Context, who actor.Actor, agent id.Agent) (err error) {
	defer errs.Wrap(&err, "account.RemoveIdleAgent")
	if err = administrator(who); err != nil {
		return err
	}
	st, err := s.store.AgentStatus(ctx, who.Tenant, agent, s.clock.Now())
	if err != nil {
		return err
	}
	if st.Open > 0 {
		return errs.New(errs.Conflict, "agent_busy", "%s has %d conversations.", st.Name, st.Open)
	}
	return s.RemoveAgent(ctx, who, agent)
}

// RemoveAgent takes an agent away for good: log-ins end, the names are free
// again, what the agent wrote stays. Nobody removes the last administrator.
func (s *Service) RemoveAgent(ctx context.Context, who actor.Actor, agent id.Agent) (err error) {
	defer errs.Wrap(&err, "account.RemoveAgent")
	if err := administrator(who); err != nil {
		return err
	}
	a, err := s.store.Agent(ctx, who.Tenant, agent)
	if err != nil {
		return err
	}
	if a.Has(Admin) && !a.Disabled {
		if err := s.notTheLast(ctx, who.Tenant, agent); err != nil {
			return err
		}
	}
	a.Disabled = true
	if err := s.endSessions(ctx, a); err != nil {
		return err
	}
	if err := s.store.RemoveAgent(ctx, who.Tenant, agent, s.clock.Now(), s.by(who)); err != nil {
		return err
	}
	return s.Refresh(ctx, who.Tenant, agent)
}

// strength orders roles: the first of an agent's roles is its main one.
var strength = []Role{Admin, Supervisor, Member, Monitor, Bot}

// ranked puts the main role in front: built-in roles by what they allow, then the
// company's own, then those that allow nothing.
func ranked(roles []Role) (Role, []Role) {
	list := []Role{}
	for _, r := range roles {
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b Role) int { return place(a) - place(b) })
	if len(list) == 0 {
		return User, list
	}
	return list[0], list[1:]
}

func place(r Role) int {
	if i := slices.Index(strength, r); i >= 0 {
		return i
	}
	if r.BuiltIn() {
		return len(strength) + 1
	}
	return len(strength)
}

// SetRoles replaces all roles of an agent; none makes it a User.
func (s *Service) SetRoles(ctx context.Context, who actor.Actor, agent id.Agent, roles []Role) (Agent, error) {
	main, also := ranked(roles)
	return s.ChangeAgent(ctx, who, agent, AgentChange{Role: &main, Also: also})
}

// RolesFor splits a list of roles into the main one and the others, for NewAgent.
func RolesFor(roles []Role) (Role, []Role) { return ranked(roles) }

// Enlist gives an agent a role more. Whoever becomes a Member takes conversations
// from now on, if there; one whose cap is the usual one gets the highest, so that
// the limit of the company holds (setting.Routing.AgentCap).
func (s *Service) Enlist(ctx context.Context, who actor.Actor, agent id.Agent, role Role) (a Agent, err error) {
	defer errs.Wrap(&err, "account.Enlist")
	if a, err = s.store.Agent(ctx, who.Tenant, agent); err != nil || a.Has(role) {
		return a, err
	}
	main, also := ranked(append(a.Roles(), role))
	change := AgentChange{Role: &main, Also: also}
	if unlimited := MaxCap; role == Member && a.Cap == DefaultCap {
		change.Cap = &unlimited
	}
	if a, err = s.ChangeAgent(ctx, who, agent, change); err != nil || role != Member {
		return a, err
	}
	st, err := s.store.AgentStatus(ctx, who.Tenant, agent, s.clock.Now())
	if err != nil {
		return a, err
	}
	state := Away
	if st.Connected {
		state = Ready
	}
	_, err = s.setState(ctx, who.Tenant, agent, state, "")
	return a, err
}

// Discharge takes a role away. Who is no Member any more leaves all teams and
// takes no conversations; those that are open stay.
func (s *Service) Discharge(ctx context.Context, who actor.Actor, agent id.Agent, role Role) (a Agent, err error) {
	defer errs.Wrap(&err, "account.Discharge")
	if a, err = s.store.Agent(ctx, who.Tenant, agent); err != nil {
		return a, err
	}
	main, also := ranked(slices.DeleteFunc(a.Roles(), func(r Role) bool { return r == role }))
	change := AgentChange{Role: &main, Also: also}
	if role == Member {
		change.Teams = []id.Team{}
	}
	if a, err = s.ChangeAgent(ctx, who, agent, change); err != nil {
		return a, err
	}
	if role == Monitor {
		return a, s.leaveUnits(ctx, who, agent)
	}
	if role != Member {
		return a, nil
	}
	_, err = s.SetState(ctx, actor.Actor{Kind: actor.Agent, Tenant: who.Tenant, Agent: agent}, Away, "")
	return a, err
}

// leaveUnits takes an agent who is no monitor any more out of the units.
func (s *Service) leaveUnits(ctx context.Context, who actor.Actor, agent id.Agent) error {
	list, err := s.store.Units(ctx, who.Tenant)
	if err != nil {
		return err
	}
	for _, u := range list {
		if slices.Contains(u.Monitors, agent) {
			if _, err := s.SaveUnit(ctx, who, u); err != nil {
				return err
			}
		}
	}
	return nil
}

// SetProfile changes what is kept of an agent: everybody may change the own, an
// administrator everybody's.
func (s *Service) SetProfile(ctx context.Context, who actor.Actor, agent id.Agent, change func(p *Profile)) (a Agent, err error) {
	defer errs.Wrap(&err, "account.SetProfile")
	if who.Agent != agent && !who.Can(actor.Administer) {
		return a, errAdminOnly
	}
	if a, err = s.store.Agent(ctx, who.Tenant, agent); err != nil {
		return a, err
	}
	change(&a.Profile)
	if err := a.Profile.check(); err != nil {
		return a, err
	}
	return a, s.store.UpdateAgent(ctx, a, s.by(who))
}

// OpenNow reports whether the company is open by its working hours.
func (s *Service) OpenNow(ctx context.Context, t id.Tenant) (bool, error) {
	book, err := s.Book(ctx, t)
	if err != nil {
		return false, err
	}
	h := book.Service("", "").Hours
	return h == nil || h.OpenAt(s.clock.Now()), nil
}
