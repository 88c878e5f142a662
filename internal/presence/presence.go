// Package presence knows which agents hold live connections, across nodes. A
// node counts its own connections and keeps one row for each agent it holds;
// rows of a node whose lease ended do not count.
package presence

import (
	"context"
	"time"

	"parlor/internal/id"
)

// Store is the memory that presence needs.
type Store interface {
	// Beat extends the node's lease, creating the node if needed.
	Beat(ctx context.Context, node string, until time.Time) error
	// Connect records that the node holds connections of the agent.
	Connect(ctx context.Context, node string, t id.Tenant, a id.Agent, at time.Time) error
	// Disconnect records that the node holds none any more. last is true if no
	// other live node holds one; the time of loss is then kept with the agent.
	Disconnect(ctx context.Context, node string, t id.Tenant, a id.Agent, at time.Time) (last bool, err error)
	// DropNode forgets a node and its rows, as Disconnect does for each.
	DropNode(ctx context.Context, node string, at time.Time) ([]Agent, error)
	// ExpireNodes drops the nodes whose lease ended before now and returns the
	// agents that thereby lost their last connection.
	ExpireNodes(ctx context.Context, now time.Time) ([]Agent, error)
}

// Agent names an agent of a tenant.
type Agent struct {
	Tenant id.Tenant
	Agent  id.Agent
}
