package robot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/visitor"
)

// Accounts, Conversations, Routing and Visitors are what the service asks of others.
type (
	// Accounts tells the settings.
	Accounts interface {
		Book(ctx context.Context, t id.Tenant) (*account.Book, error)
		RobotsChanged(t id.Tenant)
	}
	// Conversations reads and posts.
	Conversations interface {
		Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
		Messages(ctx context.Context, who actor.Actor, c id.Conversation, r conversation.Range) ([]conversation.Message, error)
		Post(ctx context.Context, who actor.Actor, in conversation.PostInput) (conversation.Posted, error)
	}
	// Routing hands over to people.
	Routing interface {
		HandOver(ctx context.Context, t id.Tenant, in routing.HandOver) (conversation.Conversation, error)
		Staffed(ctx context.Context, t id.Tenant, in routing.HandOver) (bool, time.Time, error)
		Receptions
	}
	// Visitors tells a visitor's language.
	Visitors interface {
		Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (visitor.Visitor, error)
	}
)

// Deps is what a service is made of.
type Deps struct {
	Store         Store
	Accounts      Accounts
	Conversations Conversations
	Routing       Routing
	Visitors      Visitors
	Finder        Finder
	Engines       Engines
	Clock         clock.Clock
	Log           *slog.Logger
}

// Bounds of the work of one node.
const (
	// workers answer at the same time; a slow answer engine holds up one of them. Those
	// of one company hold up at most share of them.
	workers, share = 128, 32
	// mostWork is how many conversations wait for a worker, half of them for those of
	// one company; the others are found later.
	mostWork = 4096
	// sweepEvery is the pause between looks for what events missed.
	sweepEvery = 15 * time.Second
	// page is how many conversations one look reads at once, mostFailed how many of one
	// robot may fail before the rest waits for the next look.
	page       = 500
	mostFailed = 20
)

// Service lets robots answer.
type Service struct {
	Deps
	log  *slog.Logger
	work chan ref

	mu sync.Mutex
	// known are the conversations that wait or are answered; true asks for one more turn.
	known map[id.Conversation]bool
	// desks are the companies that are served now.
	desks map[id.Tenant]*desk
}

// desk is what goes on for one company: how many workers it has, and what waits for
// one of them to become free.
type desk struct {
	busy    int
	waiting []ref
}

// ref names a conversation.
type ref struct {
	tenant       id.Tenant
	conversation id.Conversation
}

// New returns a service. Run must run for robots to answer.
func New(d Deps) *Service {
	return &Service{Deps: d, log: d.Log.With("component", "robot"), work: make(chan ref, mostWork), known: map[id.Conversation]bool{}, desks: map[id.Tenant]*desk{}}
}

// Heed reacts to events of the bus; it does not block. What no robot has costs it a
// comparison.
func (s *Service) Heed(e *event.Event) {
	switch d := e.Data.(type) {
	case *conversation.Posted:
		if d.Message.From.Kind == actor.Visitor && d.Conversation.Status == conversation.Open && d.Conversation.Agent.Robot() {
			s.plan(ref{e.Tenant, d.Conversation.ID})
		}
	case *conversation.Changed:
		if d.Cause == conversation.LineAssigned && d.Conversation.Status == conversation.Open && d.Conversation.Agent.Robot() {
			s.plan(ref{e.Tenant, d.Conversation.ID})
		}
	}
}

// plan asks for a turn. Turns of a conversation never overlap on a node; with too much
// to do the next look finds it.
func (s *Service) plan(r ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[r.conversation]; ok {
		s.known[r.conversation] = true
		return
	}
	if d := s.desks[r.tenant]; d != nil && len(d.waiting) >= mostWork/2 {
		return
	}
	select {
	case s.work <- r:
		s.known[r.conversation] = false
	default:
	}
}

// Run answers until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { s.worker(ctx) })
	}
	for ctx.Err() == nil {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("conversations of robots not looked at", "error", err)
		}
		timer := s.Clock.NewTimer(sweepEvery)
		select {
		case <-ctx.Done():
		case <-timer.C():
		}
		timer.Stop()
	}
	wg.Wait()
	return nil
}

func (s *Service) worker(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.work:
			for ok := s.enter(r); ok && ctx.Err() == nil; r, ok = s.leave(r.tenant) {
				s.answer(ctx, r)
			}
		}
	}
}

// answer answers a conversation until nothing more is said in it.
func (s *Service) answer(ctx context.Context, r ref) {
	for more := true; more; more = s.finished(r) {
		if err := s.Turn(ctx, r.tenant, r.conversation); err != nil && ctx.Err() == nil {
			s.log.Error("robot did not answer; it tries again", "conversation", r.conversation, "error", err)
		}
	}
}

// enter takes a worker for a company, unless that has its share: what is planned then
// waits for one of those to become free.
func (s *Service) enter(r ref) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.desks[r.tenant]
	if d == nil {
		d = &desk{}
		s.desks[r.tenant] = d
	}
	if d.busy == share {
		d.waiting = append(d.waiting, r)
		return false
	}
	d.busy++
	return true
}

// leave gives a worker to what waits for one of its company, or gives it back.
func (s *Service) leave(t id.Tenant) (next ref, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.desks[t]
	if len(d.waiting) > 0 {
		next, d.waiting = d.waiting[0], d.waiting[1:]
		return next, true
	}
	if d.busy--; d.busy == 0 {
		delete(s.desks, t)
	}
	return ref{}, false
}

// finished reports whether something was said meanwhile.
func (s *Service) finished(r ref) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if more = s.known[r.conversation]; more {
		s.known[r.conversation] = false
	} else {
		delete(s.known, r.conversation)
	}
	return more
}

// Sweep plans the turns that events missed, and takes the conversations off robots
// that are switched off.
func (s *Service) Sweep(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "robot.Sweep")
	var failed []error
	for after := ""; ; {
		robots, err := s.Store.AllRobots(ctx, after, MaxRobots)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, r := range robots {
			after = r.ID
			// The others do not wait for one that is in trouble.
			failed = append(failed, s.sweepOne(ctx, r, mostSwept))
		}
		if len(robots) < MaxRobots {
			return errors.Join(failed...)
		}
	}
}

// mostSwept is how many conversations of a robot one look plans or hands over.
const mostSwept = 20 * page

// sweepOne looks at up to most conversations of a robot.
func (s *Service) sweepOne(ctx context.Context, r Robot, most int) error {
	var failed []error
	for after := id.Conversation(""); ; most -= page {
		var list []id.Conversation
		var err error
		if r.Active {
			list, err = s.Store.DueTurns(ctx, r.Tenant, r.Agent, after, s.Clock.Now(), page)
		} else {
			list, err = s.Store.HeldBy(ctx, r.Tenant, r.Agent, after, min(most, page))
		}
		if err != nil {
			return err
		}
		for _, c := range list {
			if after = c; r.Active {
				s.plan(ref{r.Tenant, c})
			} else if err := s.off(ctx, &r, c); gone(err) != nil {
				failed = append(failed, err)
			}
		}
		if len(list) < page || most <= page || ctx.Err() != nil || len(failed) > mostFailed {
			return errors.Join(failed...)
		}
	}
}

// gone is err, unless it says that the robot has the conversation no more.
func gone(err error) error {
	switch errs.ReasonOf(err) {
	case "conversation_closed", "conversation_moved", "not_your_conversation", "conversation_not_found":
		return nil
	}
	return err
}

// actor is the robot as one who writes.
func (r *Robot) actor() actor.Actor {
	return actor.Actor{Kind: actor.Agent, Tenant: r.Tenant, Agent: r.Agent, Name: r.Name, Permissions: []actor.Permission{actor.Reply}}
}

// company is the name of a company.
func (s *Service) company(ctx context.Context, t id.Tenant) (string, error) {
	book, err := s.Accounts.Book(ctx, t)
	if err != nil {
		return "", err
	}
	return book.Tenant.Name, nil
}

// language is that of a visitor.
func (s *Service) language(ctx context.Context, c conversation.Conversation) (string, error) {
	v, err := s.Visitors.Visitor(ctx, c.Tenant, c.Visitor)
	return Language(v.Locale), err
}
