package presence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parlor/internal/clock"
	"parlor/internal/errs"
)

// Times of the lease by which a node's connections count.
const (
	BeatEvery = 5 * time.Second
	Lease     = 15 * time.Second
)

// Service counts the live connections of agents on this node.
type Service struct {
	store   Store
	clock   clock.Clock
	log     *slog.Logger
	node    string
	changed func(context.Context, Agent)
	// declared are agents who say to be there without a connection.
	declared declared

	mu    sync.Mutex
	count map[Agent]*entry
	// beat is when the lease was last extended; only tick touches it.
	beat time.Time
}

// entry serialises the store calls of one agent.
type entry struct {
	mu    sync.Mutex
	conns int
	users int
}

// New returns a service. changed is called when an agent got its first or lost
// its last connection on this node, or by the end of another node.
func New(store Store, node string, c clock.Clock, log *slog.Logger, changed func(context.Context, Agent)) *Service {
	return &Service{store: store, clock: c, log: log.With("component", "presence"), node: node, changed: changed, declared: declared{at: map[Agent]time.Time{}}, count: map[Agent]*entry{}}
}

// Start makes this node count, dropping what an earlier life of it left behind.
func (s *Service) Start(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "presence.Start")
	now := s.clock.Now()
	if _, err = s.store.DropNode(ctx, s.node, now); err != nil {
		return err
	}
	s.beat = now
	return s.store.Beat(ctx, s.node, now.Add(Lease))
}

// Connect counts one connection of an agent. The returned func ends it and may
// be called twice.
func (s *Service) Connect(ctx context.Context, a Agent) (release func(context.Context), err error) {
	defer errs.Wrap(&err, "presence.Connect")
	if err = s.move(ctx, a, +1); err != nil {
		return nil, err
	}
	var once sync.Once
	return func(ctx context.Context) {
		once.Do(func() {
			if err := s.move(ctx, a, -1); err != nil {
				s.log.Error("connection not released", "agent", a.Agent, "error", err)
			}
		})
	}, nil
}

func (s *Service) move(ctx context.Context, a Agent, by int) error {
	s.mu.Lock()
	e := s.count[a]
	if e == nil {
		e = &entry{}
		s.count[a] = e
	}
	e.users++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		if e.users--; e.users == 0 && e.conns == 0 {
			delete(s.count, a)
		}
		s.mu.Unlock()
	}()

	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.conns
	now := s.clock.Now()
	var err error
	switch {
	case was == 0 && by > 0:
		err = s.store.Connect(ctx, s.node, a.Tenant, a.Agent, now)
	case was == 1 && by < 0:
		_, err = s.store.Disconnect(ctx, s.node, a.Tenant, a.Agent, now)
	}
	if err != nil && by > 0 {
		return err
	}
	s.mu.Lock()
	e.conns += by
	s.mu.Unlock()
	if (was == 0) != (was+by == 0) {
		s.changed(ctx, a)
	}
	return err
}

// Run keeps the lease alive and ends the nodes that lost theirs, until ctx ends;
// then it gives up this node's connections.
func (s *Service) Run(ctx context.Context) error {
	for {
		timer := s.clock.NewTimer(BeatEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_, err := s.store.DropNode(end, s.node, s.clock.Now())
			return err
		case <-timer.C():
			if err := s.tick(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("lease not extended", "error", err)
			}
		}
	}
}

func (s *Service) tick(ctx context.Context) error {
	now := s.clock.Now()
	if err := s.store.Beat(ctx, s.node, now.Add(Lease)); err != nil {
		return err
	}
	if now.Sub(s.beat) > Lease {
		// The node was asleep or cut off, and others have ended it meanwhile.
		if err := s.again(ctx, now); err != nil {
			return err
		}
	}
	s.beat = now
	lost, err := s.store.ExpireNodes(ctx, now)
	for _, a := range lost {
		s.changed(ctx, a)
	}
	return err
}

// again records all agents of this node anew.
func (s *Service) again(ctx context.Context, now time.Time) error {
	s.mu.Lock()
	var held []Agent
	for a, e := range s.count {
		if e.conns > 0 {
			held = append(held, a)
		}
	}
	s.mu.Unlock()
	for _, a := range held {
		if err := s.store.Connect(ctx, s.node, a.Tenant, a.Agent, now); err != nil {
			return err
		}
		s.changed(ctx, a)
	}
	return nil
}
