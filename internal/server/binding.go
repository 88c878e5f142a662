package server

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/binding"
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
