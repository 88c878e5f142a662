package routing

import (
	"cmp"
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/region"
)

// Options are the settings of routing; a zero field has its default.
type Options struct {
	// LostAfter is how long an agent without connections keeps its
	// conversations. Default 30 s.
	LostAfter time.Duration
	// ReconcileEvery is the pause between repairs of what events missed. Default 2 s.
	ReconcileEvery time.Duration
	// PlacesEvery is the shortest time between two pushes of queue places. Default 500 ms.
	PlacesEvery time.Duration
	// Workers is how many tenants are routed at the same time. Default 4.
	Workers int
	// Gate decides who may come in; without it everybody may.
	Gate Gate
	// Inviter names the agent whose invitation a visitor accepted; without it
	// nobody invites.
	Inviter Inviter
	// Bindings finds whom visitors are bound to; without it business flags do nothing.
	Bindings Bindings
	// Names returns the names under which programs brought a visitor, for bindings.
	Names func(ctx context.Context, t id.Tenant, v id.Visitor) ([]string, error)
	// Order keeps the queues of a tenant in the order that is set; without it only
	// the time of waiting counts.
	Order func(ctx context.Context, t id.Tenant) error
	// Ask asks the server of a company who gets a conversation, for the rule
	// external; without it they wait to be picked.
	Ask Ask
	// Place tells where an address is, for teams that serve some regions only;
	// without it nobody's place is known.
	Place func(address string) region.Place
}

// Inviter knows accepted invitations.
type Inviter interface {
	// AgentFor returns the agent for whom a conversation of the visitor is that
	// begins now, "" for none.
	AgentFor(ctx context.Context, who actor.Actor) (id.Agent, error)
}

// Gate refuses visitors.
type Gate interface {
	// Refuse returns errs.Forbidden with the reason if the visitor may not come
	// in. address and fingerprint may be empty.
	Refuse(ctx context.Context, t id.Tenant, v id.Visitor, address, fingerprint string) error
}

func (o *Options) fill() {
	o.LostAfter = cmp.Or(o.LostAfter, 30*time.Second)
	o.ReconcileEvery = cmp.Or(o.ReconcileEvery, 2*time.Second)
	o.PlacesEvery = cmp.Or(o.PlacesEvery, 500*time.Millisecond)
	o.Workers = cmp.Or(o.Workers, 4)
}
