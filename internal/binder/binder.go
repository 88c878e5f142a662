// Package binder makes the rules take effect by which a company binds and unbinds
// visitors without anybody's doing: when an agent gets a conversation, when both
// sides have spoken, when it is rated, and when a binding is old. It also ends
// bindings whose time is up.
//
// Rules follow conversations by jobs. Events start a job as soon as something has
// happened; the end of a conversation and a rating leave one in their own
// transaction, so that nothing is missed if an event is. A job looks at the
// conversation as it is and applies every rule that fits; each rule acts once for a
// conversation, so a job may run any number of times.
package binder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/setting"
	"parlor/internal/survey"
)

// JobRules applies the rules of a company to one conversation.
const JobRules = "binding.rules"

// Times of the service.
const (
	// sweepEvery is how often bindings are looked through that are old or have ended.
	sweepEvery = time.Minute
	// keepMarks is how long it is remembered for which conversations rules have acted.
	keepMarks = 180 * 24 * time.Hour
)

// maxSpoken bounds what is remembered of who has spoken; beyond it all is forgotten,
// and a conversation is looked at once more.
const maxSpoken = 20_000

// Accounts, Conversations, Surveys and Jobs are what the service asks of others.
type (
	// Accounts tells settings and agents.
	Accounts interface {
		Book(ctx context.Context, t id.Tenant) (*account.Book, error)
		Tenants(ctx context.Context) ([]account.Tenant, error)
		AgentStatus(ctx context.Context, t id.Tenant, a id.Agent, now time.Time) (account.AgentStatus, error)
	}
	// Conversations reads conversations.
	Conversations interface {
		Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
		Messages(ctx context.Context, who actor.Actor, c id.Conversation, r conversation.Range) ([]conversation.Message, error)
	}
	// Surveys reads ratings.
	Surveys interface {
		Of(ctx context.Context, who actor.Actor, c id.Conversation) (survey.Survey, error)
	}
	// Leaves reads what visitors left behind.
	Leaves interface {
		Leave(ctx context.Context, t id.Tenant, message string) (leave.Message, error)
	}
	// Jobs takes jobs.
	Jobs interface {
		Enqueue(ctx context.Context, jobs ...job.Job) error
	}
	// Names returns the names of the visitor of a conversation in bindings, the one
	// that counts first.
	Names func(ctx context.Context, c conversation.Conversation) ([]string, error)
)

// Deps are what the service works with.
type Deps struct {
	Bindings      *binding.Service
	Accounts      Accounts
	Conversations Conversations
	Surveys       Surveys
	Leaves        Leaves
	Names         Names
	// Ruled is told which companies have rules that act on conversations.
	Ruled func(map[id.Tenant]bool)
	Clock clock.Clock
	Log   *slog.Logger
}

// Service applies rules.
type Service struct {
	Deps
	jobs  Jobs
	todo  chan job.Job
	stale chan struct{}
	// acts holds the companies that have rules for conversations.
	acts atomic.Pointer[map[id.Tenant]bool]

	mu sync.Mutex
	// spoken holds who has spoken in a conversation: 1 the visitor, 2 an agent.
	spoken map[id.Conversation]int
}

// New returns a service. Run must run.
func New(d Deps) *Service {
	d.Log = d.Log.With("component", "binder")
	return &Service{Deps: d, todo: make(chan job.Job, 1024), stale: make(chan struct{}, 1), spoken: map[id.Conversation]int{}}
}

// Use sets where jobs go; it must be called before Run.
func (s *Service) Use(jobs Jobs) { s.jobs = jobs }

// Workers returns the workers of the service's jobs.
func (s *Service) Workers() map[string]job.Worker {
	return map[string]job.Worker{JobRules: s.apply, JobTicket: s.ticket}
}

// ref is the payload of JobRules.
type ref struct {
	Conversation id.Conversation `json:"c"`
}

// RuleJob is the job that applies rules to a conversation. One that is there already
// runs again if it is running.
func RuleJob(t id.Tenant, c id.Conversation, when time.Time) job.Job {
	b, err := json.Marshal(ref{c})
	if err != nil {
		panic(err) // a text always encodes
	}
	return job.Job{ID: id.Job(id.New()), Tenant: t, Kind: JobRules, Payload: string(b), Key: string(c), Sooner: true, RunAt: when}
}

// Heed reacts to events of the bus; it does not block.
func (s *Service) Heed(e *event.Event) {
	if e.Kind == event.SettingsChanged {
		select {
		case s.stale <- struct{}{}:
		default:
		}
		return
	}
	if m := s.acts.Load(); m == nil || !(*m)[e.Tenant] {
		return
	}
	switch d := e.Data.(type) {
	case *conversation.Changed:
		if d.Cause == conversation.LineAssigned || d.Cause == conversation.LineTransferred {
			s.plan(e.Tenant, d.Conversation.ID)
		}
	case *conversation.Posted:
		if s.spoke(d) {
			s.plan(e.Tenant, d.Conversation.ID)
		}
	case *survey.Changed:
		if !d.Ask {
			s.plan(e.Tenant, d.Survey.Conversation)
		}
	}
}

// spoke notes who wrote a message; both is true when that completes the two sides.
func (s *Service) spoke(d *conversation.Posted) (both bool) {
	side := sideOf(d.Message)
	if side == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known := s.spoken[d.Conversation.ID]
	if !known && len(s.spoken) >= maxSpoken {
		clear(s.spoken)
	}
	s.spoken[d.Conversation.ID] = before | side
	return before != 3 && before|side == 3
}

// sideOf says who speaks: 1 the visitor, 2 an agent, 0 nobody.
func sideOf(m conversation.Message) int {
	switch {
	case m.Kind == conversation.Note || m.Kind == conversation.Event:
		return 0
	case m.From.Kind == actor.Visitor:
		return 1
	case m.From.Kind == actor.Agent:
		return 2
	}
	return 0
}

// plan hands a job to Run. If Run is far behind it is left out: the end of the
// conversation leaves one too.
func (s *Service) plan(t id.Tenant, c id.Conversation) {
	select {
	case s.todo <- RuleJob(t, c, s.Clock.Now()):
	default:
	}
}

// Run keeps jobs and looks through bindings until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.Refresh(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("rules not read", "error", err)
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("bindings not looked through", "error", err)
		}
		s.follow(ctx)
	}
	return nil
}

// follow keeps jobs until it is time for the next sweep, or rules have changed.
func (s *Service) follow(ctx context.Context) {
	timer := s.Clock.NewTimer(sweepEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
			return
		case <-s.stale:
			return
		case j := <-s.todo:
			if err := s.jobs.Enqueue(ctx, j); err != nil && ctx.Err() == nil {
				s.Log.Error("job not kept", "conversation", j.Key, "error", err)
			}
		}
	}
}

// Refresh learns which companies have rules.
func (s *Service) Refresh(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "binder.Refresh")
	tenants, err := s.Accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	acts := map[id.Tenant]bool{}
	for _, t := range tenants {
		if t.Settings.Flags.Acts() {
			acts[t.ID] = true
		}
	}
	s.acts.Store(&acts)
	s.Ruled(acts)
	return nil
}

// Sweep ends the bindings whose time is up or which are older than a rule allows.
func (s *Service) Sweep(ctx context.Context) (err error) {
	defer errs.Wrap(&err, "binder.Sweep")
	now := s.Clock.Now()
	if _, err := s.Bindings.Expire(ctx); err != nil {
		return err
	}
	if _, err := s.Bindings.ForgetMarks(ctx, now.Add(-keepMarks)); err != nil {
		return err
	}
	tenants, err := s.Accounts.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		for _, r := range t.Settings.Flags.On(setting.OnAge) {
			n, err := s.Bindings.Older(ctx, t.ID, r.Flag, now.AddDate(0, 0, -r.Days), r.Name)
			if err != nil {
				return err
			}
			if n > 0 {
				s.Log.Info("old bindings ended", "tenant", t.ID, "rule", r.Name, "bindings", n)
			}
		}
	}
	return nil
}

// apply is the worker of JobRules.
func (s *Service) apply(ctx context.Context, j job.Job) (err error) {
	defer errs.Wrap(&err, "binder.apply")
	var in ref
	if err := json.Unmarshal([]byte(j.Payload), &in); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	book, err := s.Accounts.Book(ctx, j.Tenant)
	if err != nil {
		return err
	}
	flags := book.Tenant.Settings.Flags
	if !flags.Acts() {
		return nil
	}
	f, err := s.facts(ctx, j.Tenant, in.Conversation, flags)
	if errs.CodeOf(err) == errs.NotFound {
		return nil // it has been removed
	}
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range flags.Rules {
		agent, fits := f.fit(r)
		if r.Off || !fits {
			continue
		}
		changed, err := s.Bindings.Act(ctx, j.Tenant, r, f.visitor, agent, binding.Cause{Conversation: in.Conversation})
		if failed = append(failed, err); changed {
			s.Log.Info("a rule changed a binding", "tenant", j.Tenant, "rule", r.Name, "conversation", in.Conversation)
		}
	}
	return errors.Join(failed...)
}
