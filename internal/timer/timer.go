// Package timer does what is due in a conversation: it reminds silent visitors
// and ends their conversations, tells visitors whose agent takes long, and ends
// waiting and conversations that last too long.
//
// A conversation with any timer in force, or on hold, has one job, which runs when the first
// of them may be due, looks at the conversation as it is then, and runs again
// when the next one may be. Messages cost nothing: they move what the job finds.
// Jobs are leased rows, so timers go on when a node dies.
package timer

import (
	"context"
	"encoding/json"
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
	"parlor/internal/job"
	"parlor/internal/setting"
	"parlor/internal/visitor"
)

// The kinds of job.
const (
	// JobDue looks at one conversation.
	JobDue = "conversation.due"
	// JobSweep looks at all conversations of a tenant, after its settings changed.
	JobSweep = "conversation.sweep"
)

// Accounts, Conversations, Visitors and Jobs are what the service asks of others.
type (
	// Accounts tells the settings.
	Accounts interface {
		Book(ctx context.Context, t id.Tenant) (*account.Book, error)
		Tenants(ctx context.Context) ([]account.Tenant, error)
	}
	// Conversations reads and ends conversations.
	Conversations interface {
		Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
		Messages(ctx context.Context, who actor.Actor, c id.Conversation, r conversation.Range) ([]conversation.Message, error)
		List(ctx context.Context, who actor.Actor, f conversation.Filter) ([]conversation.Conversation, string, error)
		Note(ctx context.Context, t id.Tenant, c id.Conversation, line conversation.Line, key string) (bool, error)
		Hold(ctx context.Context, who actor.Actor, c id.Conversation, comment string) (conversation.Conversation, error)
		Close(ctx context.Context, who actor.Actor, c id.Conversation, by conversation.EndBy) (conversation.Conversation, error)
	}
	// Visitors tells a visitor's language.
	Visitors interface {
		Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (visitor.Visitor, error)
	}
	// Reliefs gives conversations to other agents.
	Reliefs interface {
		// Relieve is told for how many seconds the agent was silent; done is false if
		// nobody else is there.
		Relieve(ctx context.Context, t id.Tenant, c id.Conversation, seconds int) (done bool, err error)
	}
	// Jobs takes jobs.
	Jobs interface {
		Enqueue(ctx context.Context, jobs ...job.Job) error
		Hasten(ctx context.Context, t id.Tenant, kind string) error
	}
)

// Service runs timers.
type Service struct {
	accounts      Accounts
	conversations Conversations
	visitors      Visitors
	jobs          Jobs
	reliefs       Reliefs
	clock         clock.Clock
	log           *slog.Logger
	todo          chan planned

	mu sync.Mutex
	// typed is when a visitor was last heard typing: typing is activity, but it
	// is not stored. Every node hears of it.
	typed map[id.Conversation]time.Time
}

// maxTyped bounds what is remembered of typing; beyond it all is forgotten, and
// a visitor who types gets a reminder a little early.
const maxTyped = 20000

// New returns a service. Run must run.
func New(a Accounts, c Conversations, v Visitors, ck clock.Clock, log *slog.Logger) *Service {
	return &Service{accounts: a, conversations: c, visitors: v, clock: ck, log: log.With("component", "timer"),
		todo: make(chan planned, 4096), typed: map[id.Conversation]time.Time{}}
}

// Workers returns the workers of the service's jobs. Use gives it the runner they run in.
func (s *Service) Workers() map[string]job.Worker {
	return map[string]job.Worker{JobDue: s.due, JobSweep: s.sweep}
}

// Use sets where jobs go; it must be called before Run.
func (s *Service) Use(jobs Jobs) { s.jobs = jobs }

// Relief sets who gives conversations of silent agents to others; it must be called
// before Run. Without it they stay.
func (s *Service) Relief(r Reliefs) { s.reliefs = r }

// ref is the payload of JobDue.
type ref struct {
	Conversation id.Conversation `json:"c"`
}

func dueJob(t id.Tenant, c id.Conversation) job.Job {
	b, err := json.Marshal(ref{c})
	if err != nil {
		panic(err) // a string always encodes
	}
	return job.Job{Tenant: t, Kind: JobDue, Payload: string(b), Key: string(c), Sooner: true}
}

// sweepJob looks at all conversations of a tenant; with "now" as its payload the
// jobs that are there already look again at once.
func sweepJob(t id.Tenant, payload string) job.Job {
	return job.Job{Tenant: t, Kind: JobSweep, Payload: payload, Key: string(t) + payload}
}

// Heed reacts to events of the bus; it does not block.
func (s *Service) Heed(e *event.Event) {
	switch d := e.Data.(type) {
	case *conversation.Changed:
		if d.Conversation.Status != conversation.Closed {
			j := dueJob(e.Tenant, d.Conversation.ID)
			s.plan(j, d.Conversation.HeldAt != nil)
		}
	case *conversation.Typing:
		if d.From == actor.Visitor {
			s.mu.Lock()
			if len(s.typed) >= maxTyped {
				clear(s.typed)
			}
			s.typed[d.Conversation] = e.At
			s.mu.Unlock()
		}
	}
	if e.Kind == event.SettingsChanged {
		s.plan(sweepJob(e.Tenant, "now"), false)
	}
}

// planned is a job to keep; always, though the tenant may use no timer.
type planned struct {
	job    job.Job
	always bool
}

// plan hands a job to Run. If Run is far behind the job is left out, and the next
// sweep finds the conversation.
func (s *Service) plan(j job.Job, always bool) {
	select {
	case s.todo <- planned{j, always}:
	default:
		s.log.Warn("timers are behind; a conversation waits for the next sweep", "tenant", j.Tenant)
	}
}

// sweepEvery is the pause between sweeps for what events missed.
const sweepEvery = time.Minute

// Run enqueues jobs until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.sweepAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("timers not swept", "error", err)
		}
		s.work(ctx)
	}
	return nil
}

// work enqueues what is planned until it is time to sweep.
func (s *Service) work(ctx context.Context) {
	timer := s.clock.NewTimer(sweepEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
			return
		case j := <-s.todo:
			if err := s.enqueue(ctx, j.job, j.always); err != nil && ctx.Err() == nil {
				s.log.Error("timer not kept", "tenant", j.job.Tenant, "error", err)
			}
		}
	}
}

// enqueue keeps a job, unless the tenant uses no timer at all.
func (s *Service) enqueue(ctx context.Context, j job.Job, always bool) error {
	used, err := s.used(ctx, j.Tenant)
	if err != nil || !used && !always {
		return err
	}
	return s.jobs.Enqueue(ctx, j)
}

// used reports whether any inbox or team of the tenant has a timer, or a robot.
func (s *Service) used(ctx context.Context, t id.Tenant) (bool, error) {
	book, err := s.accounts.Book(ctx, t)
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if len(book.Robots) > 0 {
		return true, nil
	}
	for in := range book.Inboxes {
		if anyTimer(book.Service(in, "").Timers) {
			return true, nil
		}
		for team := range book.Teams {
			if anyTimer(book.Service(in, team).Timers) {
				return true, nil
			}
		}
	}
	return false, nil
}

func anyTimer(t setting.Timers) bool {
	return *t.IdleWarn > 0 || *t.IdleClose > 0 || *t.Queue > 0 || *t.AgentLate > 0 || *t.Silent > 0 || *t.MaxLength > 0 || t.Abandon != "none"
}

func (s *Service) sweepAll(ctx context.Context) error {
	tenants, err := s.accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := s.jobs.Enqueue(ctx, sweepJob(t.ID, "")); err != nil {
			return err
		}
	}
	return nil
}

// sweep makes sure that every running conversation of a tenant has its job, only
// those on hold if the tenant uses no timer, and that the jobs look at the
// settings as they are now.
func (s *Service) sweep(ctx context.Context, j job.Job) error {
	used, err := s.used(ctx, j.Tenant)
	if err != nil {
		return err
	}
	who := actor.ForSystem(j.Tenant)
	for after := ""; ; {
		list, next, err := s.conversations.List(ctx, who, conversation.Filter{View: conversation.ViewAll, After: after, Limit: 200})
		if err != nil {
			return err
		}
		jobs := make([]job.Job, 0, len(list))
		for _, c := range list {
			if used || c.HeldAt != nil || c.Agent.Robot() {
				due := dueJob(j.Tenant, c.ID)
				due.Sooner = false
				jobs = append(jobs, due)
			}
		}
		if err := s.jobs.Enqueue(ctx, jobs...); err != nil {
			return err
		}
		if after = next; next != "" {
			continue
		}
		if j.Payload == "now" {
			return s.jobs.Hasten(ctx, j.Tenant, JobDue)
		}
		return nil
	}
}
