package routing

import (
	"context"
	"sync"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// repairEvery is how many reconciler rounds pass between recounts of loads.
const repairEvery = 30

// Run routes until ctx ends: workers for passes, the reconciler and the board
// of places.
func (s *Service) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	panics := make(chan any, s.opts.Workers+2)
	task := func(fn func(context.Context)) {
		wg.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					panics <- v
					stop()
				}
			}()
			fn(ctx)
		})
	}
	s.wakeIdle()
	for range s.opts.Workers {
		task(s.worker)
	}
	task(s.places.run)
	task(s.reconcile)
	wg.Wait()
	s.asks.Wait()
	s.release(ctx)
	select {
	case v := <-panics:
		panic(v) // whoever runs routing sees it and starts anew
	default:
		return nil
	}
}

// worker makes the passes that are asked for.
func (s *Service) worker(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case p := <-s.work:
			p.run(ctx)
		}
	}
}

// wakeIdle frees pumps that a run before this one left in the middle of a pass.
// What is still scheduled runs as it is.
func (s *Service) wakeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ran {
		s.ran = true
		return
	}
	for len(s.work) > 0 {
		<-s.work
	}
	for _, p := range s.pumps {
		p.mu.Lock()
		p.pending = true
		p.schedule()
		p.mu.Unlock()
	}
}

// release answers whoever still waits for a decision.
func (s *Service) release(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pumps {
		p.mu.Lock()
		answerAll(p.waiters, outcome{err: ctx.Err()})
		p.waiters = nil
		p.mu.Unlock()
	}
}

// Heed reacts to events of the bus; it does not block.
func (s *Service) Heed(e *event.Event) {
	if e.Kind == event.QueueWake || e.Kind == event.ContactChanged {
		s.Wake(e.Tenant)
		s.places.dirty(e.Tenant)
	}
}

// reconcile repairs what an event missed: lost agents, wrong loads, tenants
// whose queue nobody looked at.
func (s *Service) reconcile(ctx context.Context) {
	for round := 1; ; round++ {
		timer := s.clock.NewTimer(s.opts.ReconcileEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
		if err := s.Reconcile(ctx, round%repairEvery == 0); err != nil && ctx.Err() == nil {
			s.log.Error("reconciler failed", "error", err)
		}
	}
}

// Reconcile makes one round of repairs; loads says whether to recount them.
func (s *Service) Reconcile(ctx context.Context, loads bool) (err error) {
	defer errs.Wrap(&err, "routing.Reconcile")
	now := s.clock.Now()
	lost, err := s.store.LostAgents(ctx, now.Add(-s.opts.LostAfter), now)
	if err != nil {
		return err
	}
	for _, a := range lost {
		if err := s.takeBack(ctx, a); err != nil {
			return err
		}
	}
	if err := s.expire(ctx); err != nil {
		return err
	}
	tenants, err := s.accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if loads {
			wrong, err := s.store.RepairLoads(ctx, t.ID)
			if err != nil {
				return err
			}
			for _, a := range wrong {
				s.log.Warn("load of an agent was wrong and has been recounted", "agent", a)
				s.announce.Agent(ctx, t.ID, a)
			}
		}
		if s.opts.Order != nil {
			if err := s.opts.Order(ctx, t.ID); err != nil {
				return err
			}
		}
		s.Wake(t.ID)
	}
	return nil
}

// patienceOption is how many seconds a company waits for a lost agent, if it says
// so; LostAfter is the least.
const patienceOption = "Livechat_agent_leave_action_timeout"

// takeBack does with the conversations of a lost agent what their settings say:
// in front of the queue again, wait for the agent, or end.
func (s *Service) takeBack(ctx context.Context, a LostAgent) error {
	open, err := s.store.OpenOf(ctx, a.Tenant, a.Agent)
	if err != nil {
		return err
	}
	book, err := s.accounts.Book(ctx, a.Tenant)
	if err != nil {
		return err
	}
	company := book.Tenant.Settings
	if _, set := company.Options[patienceOption]; set && s.clock.Now().Sub(a.Since) < time.Duration(company.Number(patienceOption))*time.Second {
		return nil
	}
	for _, c := range open {
		rules := book.Service(c.Inbox, c.Team).Routing
		lost := rules.Lost
		if lost == "wait" || *rules.Unattended && !a.Gone || c.HeldAt != nil {
			continue
		}
		s.log.Info("agent lost", "agent", a.Agent, "conversation", c.ID, "then", lost)
		if lost == "end" {
			if _, err := s.reader.Close(ctx, actor.ForSystem(a.Tenant), c.ID, conversation.EndBySystem); err != nil && errs.CodeOf(err) != errs.Conflict {
				return err
			}
			continue
		}
		line := conversation.Line{Name: conversation.LineAgentLost, Agent: a.Agent, AgentName: a.Name}
		if _, err := s.requeue(ctx, c, c.Team, lostPriority, line); err != nil && errs.CodeOf(err) != errs.Conflict {
			return err
		}
	}
	return nil
}

// placeBoard pushes the places of a tenant's queues when they have moved, at
// most once per PlacesEvery.
type placeBoard struct {
	s    *Service
	mu   sync.Mutex
	set  map[id.Tenant]bool
	wake chan struct{}
}

func newPlaceBoard(s *Service) *placeBoard {
	return &placeBoard{s: s, set: map[id.Tenant]bool{}, wake: make(chan struct{}, 1)}
}

func (b *placeBoard) dirty(t id.Tenant) {
	b.mu.Lock()
	b.set[t] = true
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// maxPlaces is how many places of a queue are pushed; whoever waits further
// back is told by asking.
const maxPlaces = 200

func (b *placeBoard) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		b.mu.Lock()
		set := b.set
		b.set = map[id.Tenant]bool{}
		b.mu.Unlock()
		for t := range set {
			if err := b.push(ctx, t); err != nil && ctx.Err() == nil {
				b.s.log.Error("places not pushed", "tenant", t, "error", err)
			}
		}
		timer := b.s.clock.NewTimer(b.s.opts.PlacesEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C():
		}
	}
}

func (b *placeBoard) push(ctx context.Context, t id.Tenant) error {
	queues, err := b.s.store.Places(ctx, t, maxPlaces)
	if err != nil {
		return err
	}
	for _, q := range queues {
		to := make([]event.Topic, len(q.Places))
		for i, p := range q.Places {
			to[i] = event.ToVisitor(t, p.Visitor)
		}
		b.s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.QueueMoved, To: to, At: b.s.clock.Now(), Data: &q})
	}
	return nil
}
