package binding

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Agents finds the agents that bindings name.
type Agents interface {
	// BindingAgent returns the agent with an id, e-mail address or username; off is
	// true for one who is switched off. errs.NotFound if there is none.
	BindingAgent(ctx context.Context, t id.Tenant, ref string) (agent id.Agent, name string, off bool, err error)
}

// Service is the use cases of bindings.
type Service struct {
	store  Store
	agents Agents
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, agents Agents, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, agents: agents, events: events, clock: c}
}

// Changed is the payload of event.BindingChanged.
type Changed struct {
	// Type is BindingCreated or BindingDeleted; a binding that moves to another agent
	// is created anew, with Before.
	Type    string  `json:"type" enum:"binding.created,binding.deleted"`
	Binding Binding `json:"binding"`
	// Before is whom it was bound to.
	Before id.Agent `json:"before,omitempty"`
	How    How      `json:"how"`
}

// The types of Changed.
const (
	BindingCreated = "binding.created"
	BindingDeleted = "binding.deleted"
)

// may refuses who may not change bindings: they are for administrators and for
// programs of the company, which act as the system.
func may(who actor.Actor) error {
	if !who.Can(actor.Administer) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing bindings.")
	}
	return nil
}

// Bind binds a visitor who is not bound for the flag yet.
//
// Errors: Invalid "bad_flag", "bad_visitor", "bad_until", "agent_not_found",
// "agent_disabled"; Conflict "bound_already", also if it is the same agent.
func (s *Service) Bind(ctx context.Context, who actor.Actor, in Input, why Cause) (b Binding, err error) {
	defer errs.Wrap(&err, "binding.Bind")
	b, _, err = s.put(ctx, who, in, why, false)
	return b, err
}

// Put binds a visitor, to another agent than before if need be. changed is false if
// everything was so already. Errors are those of Bind without "bound_already".
func (s *Service) Put(ctx context.Context, who actor.Actor, in Input, why Cause) (b Binding, changed bool, err error) {
	defer errs.Wrap(&err, "binding.Put")
	return s.put(ctx, who, in, why, true)
}

func (s *Service) put(ctx context.Context, who actor.Actor, in Input, why Cause, replace bool) (b Binding, changed bool, err error) {
	if err = may(who); err != nil {
		return b, false, err
	}
	if b, err = s.clean(ctx, who, in, why); err != nil {
		return b, false, err
	}
	before, err := s.store.PutBinding(ctx, Put{ID: id.New(), Binding: b, Cause: why, By: who.Agent, Replace: replace, Audit: s.auditor(who, why)})
	if err != nil {
		return b, false, err
	}
	if before != nil && before.Agent == b.Agent && sameTime(before.Until, b.Until) {
		return *before, false, nil
	}
	s.tell(BindingCreated, b, before, why.How)
	return b, true, nil
}

// clean checks what is asked to be bound and finds the agent.
func (s *Service) clean(ctx context.Context, who actor.Actor, in Input, why Cause) (b Binding, err error) {
	now := s.clock.Now()
	b = Binding{Tenant: who.Tenant, Until: in.Until, CreatedAt: now, ByName: who.Name, How: why.How}
	if b.Flag, b.Visitor, err = names(in.Flag, in.Visitor); err != nil {
		return b, err
	}
	if utf8.RuneCountInString(why.Note) > MaxNote {
		return b, errs.Field("note", "note_too_long", "The note has more than %d characters.", MaxNote)
	}
	if b.Until != nil && !b.Until.After(now) {
		return b, errs.Field("until", "bad_until", "The binding would have ended already.")
	}
	b.Agent, b.AgentName, err = s.agent(ctx, who.Tenant, in.Agent)
	return b, err
}

// agent finds an agent who is there and not switched off.
func (s *Service) agent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, error) {
	ref = strings.TrimSpace(ref)
	if ref == "" || len(ref) > 4*MaxName {
		return "", "", errs.Field("agent", "agent_not_found", "An agent is named by id, e-mail address or username.")
	}
	agent, name, off, err := s.agents.BindingAgent(ctx, t, ref)
	switch {
	case errs.CodeOf(err) == errs.NotFound:
		return "", "", errs.Field("agent", "agent_not_found", "There is no such agent.")
	case err != nil:
		return "", "", err
	case off:
		return "", "", errs.Field("agent", "agent_disabled", "%s has been switched off.", name)
	}
	return agent, name, nil
}

// Unbind removes a binding; gone is false if there was none. Conversations that run
// stay with their agents. Errors: Invalid "bad_flag", "bad_visitor".
func (s *Service) Unbind(ctx context.Context, who actor.Actor, flag, visitor string, why Cause) (gone bool, err error) {
	defer errs.Wrap(&err, "binding.Unbind")
	if err = may(who); err != nil {
		return false, err
	}
	if flag, visitor, err = names(flag, visitor); err != nil {
		return false, err
	}
	return s.drop(ctx, s.dropOf(who, flag, visitor, why))
}

func (s *Service) dropOf(who actor.Actor, flag, visitor string, why Cause) Drop {
	return Drop{ID: id.New(), Tenant: who.Tenant, Flag: flag, Visitor: visitor, Cause: why, By: who.Agent, ByName: who.Name, At: s.clock.Now(), Audit: s.auditor(who, why)}
}

func (s *Service) drop(ctx context.Context, in Drop) (gone bool, err error) {
	old, err := s.store.DropBinding(ctx, in)
	if err != nil || old == nil {
		return false, err
	}
	s.tell(BindingDeleted, *old, nil, in.Cause.How)
	return true, nil
}

// UnbindFlag removes all bindings of a flag, in many small steps, and returns how
// many. Cut short it has removed some.
func (s *Service) UnbindFlag(ctx context.Context, who actor.Actor, flag string, why Cause) (n int, err error) {
	defer errs.Wrap(&err, "binding.UnbindFlag")
	if err = may(who); err != nil {
		return 0, err
	}
	if flag, err = cleanName("flag", flag); err != nil {
		return 0, err
	}
	drop := s.dropOf(who, flag, "", why)
	by := drop.Audit
	drop.Audit = audit.None
	if n, err = s.dropAll(ctx, flag, time.Time{}, drop); err != nil || n == 0 {
		return n, err
	}
	return n, s.store.RecordBindings(ctx, who.Tenant, flag, map[string]any{"flag": flag, "bindings": n}, nil, by)
}

// Act lets a rule bind a visitor to the agent who served, or unbind the visitor, once
// for the conversation or the ticket that why names: called again it does nothing. It
// reports whether anything changed.
func (s *Service) Act(ctx context.Context, t id.Tenant, r setting.BindRule, visitor string, agent id.Agent, why Cause) (changed bool, err error) {
	defer errs.Wrap(&err, "binding.Act")
	who := actor.ForSystem(t)
	why.How, why.Rule = ByRule, r.Name
	flag, visitor, err := names(r.Flag, visitor)
	if err != nil {
		return false, err
	}
	if r.Unbind {
		in := s.dropOf(who, flag, visitor, why)
		in.Once = true
		changed, err = s.drop(ctx, in)
		return changed, doneAlready(err)
	}
	in := Input{Flag: flag, Visitor: visitor, Agent: string(agent)}
	if r.Days > 0 {
		until := s.clock.Now().AddDate(0, 0, r.Days)
		in.Until = &until
	}
	b, err := s.clean(ctx, who, in, why)
	if errs.CodeOf(err) == errs.Invalid {
		return false, nil // the agent has been switched off meanwhile
	}
	if err != nil {
		return false, err
	}
	before, err := s.store.PutBinding(ctx, Put{ID: id.New(), Binding: b, Cause: why, Replace: r.Replace, Once: true})
	if err != nil || before != nil && (!r.Replace || before.Agent == b.Agent && sameTime(before.Until, b.Until)) {
		return false, doneAlready(err)
	}
	s.tell(BindingCreated, b, before, ByRule)
	return true, nil
}

// doneAlready forgets that a rule has acted before.
func doneAlready(err error) error {
	if errs.ReasonOf(err) == "done_already" {
		return nil
	}
	return err
}

// Older removes the bindings of a flag that were made before a time, for a rule.
func (s *Service) Older(ctx context.Context, t id.Tenant, flag string, before time.Time, rule string) (n int, err error) {
	defer errs.Wrap(&err, "binding.Older")
	return s.dropAll(ctx, flag, before, s.dropOf(actor.ForSystem(t), flag, "", Cause{How: ByRule, Rule: rule}))
}

func (s *Service) dropAll(ctx context.Context, flag string, before time.Time, why Drop) (n int, err error) {
	for {
		list, err := s.store.DropBindings(ctx, why.Tenant, flag, before, MaxTogether, why)
		if err != nil {
			return n, err
		}
		n += len(list)
		if len(list) < MaxTogether {
			if n > 0 {
				s.many(why.Tenant)
			}
			return n, nil
		}
	}
}

// Expire removes bindings whose time is up, a page at a time, and returns how many.
func (s *Service) Expire(ctx context.Context) (n int, err error) {
	defer errs.Wrap(&err, "binding.Expire")
	for {
		list, err := s.store.ExpireBindings(ctx, s.clock.Now(), MaxTogether)
		if err != nil {
			return n, err
		}
		for _, b := range list {
			s.tell(BindingDeleted, b, nil, ByExpiry)
		}
		if n += len(list); len(list) < MaxTogether {
			return n, nil
		}
	}
}

// ForgetMarks forgets for which conversations rules acted before a time, and returns
// how many.
func (s *Service) ForgetMarks(ctx context.Context, before time.Time) (int, error) {
	return s.store.ForgetBindingMarks(ctx, before)
}

// Find returns the binding of a flag for the first of some names of a visitor that
// has one. It asks nobody who may see it: routing does.
func (s *Service) Find(ctx context.Context, t id.Tenant, flag string, names ...string) (b Binding, ok bool, err error) {
	if flag = strings.TrimSpace(flag); flag == "" || len(names) == 0 {
		return b, false, nil
	}
	return s.store.FindBinding(ctx, t, flag, names, s.clock.Now())
}

// sameTime compares two ends.
func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.UnixMilli() == b.UnixMilli()
}

// auditor is who is written into the audit log: people. Programs and rules are in
// the history only.
func (s *Service) auditor(who actor.Actor, why Cause) audit.By {
	if who.Kind != actor.Agent || why.How == ByRule || why.How == ByImport {
		return audit.None
	}
	return audit.Of(who, s.clock.Now())
}

// tell announces one change to administrators' screens.
func (s *Service) tell(kind string, b Binding, before *Binding, how How) {
	c := &Changed{Type: kind, Binding: b, How: how}
	if before != nil {
		c.Before = before.Agent
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: b.Tenant, Kind: event.BindingChanged, To: []event.Topic{event.ToSupervisors(b.Tenant)}, At: s.clock.Now(), Data: c})
}

// many announces that many were changed at once, without saying which.
func (s *Service) many(t id.Tenant) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.BindingChanged, To: []event.Topic{event.ToSupervisors(t)}, At: s.clock.Now(), Data: &Changed{}})
}
