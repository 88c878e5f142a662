// Package bus carries events between the services and nodes of one
// installation. Delivery is at most once; order is kept for one publisher.
// Whoever must not miss an event reads the store by sequence number.
package bus

import (
	"context"

	"parlor/internal/event"
)

// Bus is what an implementation offers. bustest holds the tests every
// implementation passes.
type Bus interface {
	event.Publisher
	// Subscribe calls fn for every event of every node, this one included. fn
	// must not block: it hands the event to a bounded queue. The returned func
	// ends the subscription and may be called twice.
	Subscribe(fn func(*event.Event)) (cancel func())
	// Ping reports whether other nodes can be reached.
	Ping(ctx context.Context) error
	// Close releases the bus; publishing after it does nothing.
	Close() error
}
