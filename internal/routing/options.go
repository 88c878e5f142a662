package routing

import (
	"cmp"
	"time"
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
}

func (o *Options) fill() {
	o.LostAfter = cmp.Or(o.LostAfter, 30*time.Second)
	o.ReconcileEvery = cmp.Or(o.ReconcileEvery, 2*time.Second)
	o.PlacesEvery = cmp.Or(o.PlacesEvery, 500*time.Millisecond)
	o.Workers = cmp.Or(o.Workers, 4)
}
