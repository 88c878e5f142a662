package server

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/binder"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// bindable finds the agents that bindings name.
type bindable struct{ accounts *account.Service }

// BindingAgent implements binding.Agents.
func (b bindable) BindingAgent(ctx context.Context, t id.Tenant, ref string) (id.Agent, string, bool, error) {
	a, err := b.accounts.AgentByLogin(ctx, t, ref)
	if errs.CodeOf(err) == errs.NotFound {
		a, err = b.accounts.Agent(ctx, t, id.Agent(ref))
	}
	return a.ID, a.Name, a.Disabled, err
}

// bindingDomain builds the domain of business bindings.
func (s *Server) bindingDomain() {
	s.services.bindings = binding.New(s.store, bindable{s.services.accounts}, s.bus, s.opts.Clock)
}

// bindingRules builds what binds and unbinds by itself.
func (s *Server) bindingRules() {
	d := &s.services
	d.binder = binder.New(binder.Deps{Bindings: d.bindings, Accounts: d.accounts, Conversations: d.conversations, Surveys: d.visit.surveys, Leaves: s.store,
		Names: s.boundNames, Ruled: s.store.Ruled, Clock: s.opts.Clock, Log: s.log})
}

// boundNames returns the names of the visitor of a conversation in bindings. A visitor who
// left a message may have had none.
func (s *Server) boundNames(ctx context.Context, c conversation.Conversation) ([]string, error) {
	if c.ID != "" {
		asked, err := s.store.Asked(ctx, c.Tenant, c.ID)
		if err != nil {
			return nil, err
		}
		if asked != nil && asked.Name != "" {
			return []string{asked.Name}, nil
		}
	}
	names, err := s.namesOf(ctx, c.Tenant, c.Visitor)
	return append(names, string(c.Visitor)), err
}

// namesOf returns the name under which a program brought a visitor.
func (s *Server) namesOf(ctx context.Context, t id.Tenant, v id.Visitor) ([]string, error) {
	who, err := s.services.visitors.Identity(ctx, t, v)
	if err != nil || who.Username == "" {
		return nil, err
	}
	return []string{who.Username}, nil
}

// bindingPayload makes an empty payload of the kinds of event about bindings.
func bindingPayload(k event.Kind) any {
	switch k {
	case event.BindingChanged:
		return &binding.Changed{}
	case event.QueueSpilled:
		return &routing.Spilled{}
	}
	return nil
}

// Bindings gives tests, the demo and fronts the business bindings.
func (s *Server) Bindings() *binding.Service { return s.services.bindings }
