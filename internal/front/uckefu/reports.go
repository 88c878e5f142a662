package uckefu

import (
	"context"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
)

// reportEvery is the shortest time between two reports to a tenant.
const reportEvery = time.Second

// reports pushes the counters of tenants to their consoles, at most once a second.
type reports struct {
	f     *Front
	mu    sync.Mutex
	conns map[id.Tenant]map[*agentConn]struct{}
	set   map[id.Tenant]bool
	wake  chan struct{}
}

func newReports(f *Front) *reports {
	return &reports{f: f, conns: map[id.Tenant]map[*agentConn]struct{}{}, set: map[id.Tenant]bool{}, wake: make(chan struct{}, 1)}
}

func (r *reports) join(c *agentConn) {
	r.mu.Lock()
	if r.conns[c.who.Tenant] == nil {
		r.conns[c.who.Tenant] = map[*agentConn]struct{}{}
	}
	r.conns[c.who.Tenant][c] = struct{}{}
	r.mu.Unlock()
	r.dirty(c.who.Tenant)
}

func (r *reports) leave(c *agentConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns[c.who.Tenant], c)
	if len(r.conns[c.who.Tenant]) == 0 {
		delete(r.conns, c.who.Tenant)
	}
}

func (r *reports) dirty(t id.Tenant) {
	r.mu.Lock()
	r.set[t] = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *reports) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		}
		r.mu.Lock()
		set := r.set
		r.set = map[id.Tenant]bool{}
		r.mu.Unlock()
		for t := range set {
			if err := r.push(ctx, t); err != nil && ctx.Err() == nil {
				r.f.Log.Error("counters not pushed", "tenant", t, "error", err)
			}
		}
		timer := r.f.Clock.NewTimer(reportEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

func (r *reports) push(ctx context.Context, t id.Tenant) error {
	r.mu.Lock()
	conns := make([]*agentConn, 0, len(r.conns[t]))
	for c := range r.conns[t] {
		conns = append(conns, c)
	}
	r.mu.Unlock()
	if len(conns) == 0 {
		return nil
	}
	rep, err := r.f.report(ctx, t)
	if err != nil {
		return err
	}
	for _, c := range conns {
		_ = c.sock.Emit("status", rep)
	}
	return nil
}

// report reads the counters of a tenant.
func (f *Front) report(ctx context.Context, t id.Tenant) (report, error) {
	roster, err := f.Accounts.Roster(ctx, t)
	if err != nil {
		return report{}, err
	}
	counts, err := f.Conversations.Count(ctx, actor.ForSystem(t))
	if err != nil {
		return report{}, err
	}
	return newReport(string(t), f.Clock.Now(), roster, counts), nil
}
