package routing

import (
	"context"
	"encoding/json"
	"fmt"

	"parlor/internal/account"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
)

// JobHold looks at a conversation that has waited for its bound agent as long as the
// policy allows.
const JobHold = "binding.hold"

// Jobs takes jobs.
type Jobs interface {
	Enqueue(ctx context.Context, jobs ...job.Job) error
}

// Use sets where jobs go; it must be called before anybody is admitted. Without it
// the reconciler finds who has waited long enough.
func (s *Service) Use(jobs Jobs) { s.jobs = jobs }

// Workers returns the workers of the service's jobs.
func (s *Service) Workers() map[string]job.Worker {
	return map[string]job.Worker{JobHold: s.holdEnds}
}

// heldRef is the payload of JobHold.
type heldRef struct {
	Conversation id.Conversation `json:"c"`
}

// holdUntil makes sure that somebody looks when a visitor has waited long enough for
// the bound agent. If the job cannot be kept the reconciler is a little later.
func (s *Service) holdUntil(ctx context.Context, c conversation.Conversation, a *conversation.Asked) {
	if s.jobs == nil || a == nil || a.Bound == nil {
		return
	}
	at, ok := a.Bound.HeldUntil()
	if !ok {
		return
	}
	body, err := json.Marshal(heldRef{c.ID})
	if err == nil {
		err = s.jobs.Enqueue(ctx, job.Job{Tenant: c.Tenant, Kind: JobHold, Payload: string(body), Key: fmt.Sprintf("%s-%d", c.ID, at.UnixMilli()), RunAt: at})
	}
	if err != nil && ctx.Err() == nil {
		s.log.Error("end of the waiting for a bound agent not kept", "conversation", c.ID, "error", err)
	}
}

// holdEnds is the worker of JobHold. Who has an agent by then is not waiting.
func (s *Service) holdEnds(ctx context.Context, j job.Job) error {
	var ref heldRef
	if err := json.Unmarshal([]byte(j.Payload), &ref); err != nil {
		return fmt.Errorf("%w: %w", job.ErrGiveUp, err)
	}
	_, err := s.Route(ctx, j.Tenant, ref.Conversation)
	return err
}

// maxHeld is how many who wait for bound agents are looked at in one pass.
const maxHeld = 1000

// sweep sends on whoever waits for a bound agent and need not any more: their agents
// are not among those with room, for whom the queue is read.
func (p *pump) sweep(ctx context.Context) error {
	held, err := p.s.store.NextWaiting(ctx, p.tenant, WaitingFilter{Bound: true, Limit: maxHeld})
	if err != nil || len(held) == 0 {
		return err
	}
	snap, err := p.s.snapshot(ctx, p.tenant) // of a time when they waited already, see later
	if err != nil {
		return err
	}
	if err := p.s.bar(ctx, snap, held); err != nil {
		return err
	}
	for _, w := range held {
		p.s.learn(snap, w)
		if d := Decide(snap, w); d.Bound != nil && d.Bound.Outcome.Leaves() {
			if err := p.leave(ctx, snap, w, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// later looks at the agents as they are after some conversations were read. An agent
// may have signed in between the snapshot of a pass and the coming of a visitor, and
// to be sent on cannot be undone.
type later struct {
	p    *pump
	snap *Snapshot
}

// leaves reports whether a conversation really waits for its bound agent no longer.
func (l *later) leaves(ctx context.Context, w Waiting) (bool, error) {
	if l.snap == nil {
		var err error
		if l.snap, err = l.p.s.snapshot(ctx, l.p.tenant); err != nil {
			return false, err
		}
	}
	l.p.s.learn(l.snap, w)
	d := Decide(l.snap, w)
	return d.Bound != nil && d.Bound.Outcome.Leaves(), nil
}

// leave keeps that a conversation waits for its bound agent no longer, unless it has
// moved meanwhile.
func (p *pump) leave(ctx context.Context, snap *Snapshot, w Waiting, d Decision) error {
	r := p.s.rulesOf(p.tenant, snap.book)
	m, steps, err := p.s.store.LeaveBound(ctx, LeaveInput{Tenant: p.tenant, Conversation: w.Conversation, Version: w.Version, Cause: d.Bound.Outcome, At: snap.Now, Spills: r.spills})
	if err != nil {
		return moved(err)
	}
	p.s.log.Info("waits for the bound agent no longer", "conversation", w.Conversation, "agent", d.Bound.Agent, "cause", d.Bound.Outcome)
	d.Agent, d.Name, d.Team = "", "", ""
	if err := p.s.store.KeepDecision(ctx, p.tenant, w.Conversation, d.waits()); err != nil {
		return err
	}
	p.s.announce.Moved(m, CauseUnbound)
	p.s.spilled(snap.book, m.Conversation, steps)
	p.s.places.dirty(p.tenant)
	if len(steps) > 0 {
		p.s.Wake(p.tenant)
	}
	return nil
}

// Spilled is the payload of event.QueueSpilled: a queue is long, and To takes who
// comes; To is "" if nobody does.
type Spilled struct {
	Conversation id.Conversation `json:"conversation"`
	From         id.Team         `json:"from"`
	FromName     string          `json:"fromName"`
	To           id.Team         `json:"to,omitempty"`
	ToName       string          `json:"toName,omitempty"`
	Waiting      int             `json:"waiting"`
}

// spilled tells those whom a team wants to know of it that its queue is long.
func (s *Service) spilled(book *account.Book, c conversation.Conversation, steps []conversation.Spilled) {
	for _, step := range steps {
		for _, rule := range book.Teams[step.From].Settings.Spills {
			if id.Team(rule.Team) == step.To {
				s.tellSpilled(book, c, step, rule.Notify)
				break
			}
		}
	}
}

func (s *Service) tellSpilled(book *account.Book, c conversation.Conversation, step conversation.Spilled, notify []string) {
	to := make([]event.Topic, 0, len(notify))
	for _, a := range notify {
		to = append(to, event.ToAgent(c.Tenant, id.Agent(a)))
	}
	if len(to) == 0 {
		return
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.QueueSpilled, To: to, At: s.clock.Now(), Data: &Spilled{Conversation: c.ID,
		From: step.From, FromName: book.Teams[step.From].Name, To: step.To, ToName: book.Teams[step.To].Name, Waiting: step.Waiting}})
}

// entered tells of long queues when a conversation has entered one, if it waits.
func (s *Service) entered(ctx context.Context, book *account.Book, asked id.Team, c conversation.Conversation) error {
	if c.Team != asked {
		a, err := s.store.Asked(ctx, c.Tenant, c.ID)
		if err != nil || a == nil {
			return err
		}
		s.spilled(book, c, a.Spilled)
	}
	return s.tellLong(ctx, book, c)
}

// tellLong tells those who want to know of it when the queue that a conversation has
// entered becomes long.
func (s *Service) tellLong(ctx context.Context, book *account.Book, c conversation.Conversation) error {
	list := s.rulesOf(c.Tenant, book).notices[c.Team]
	if len(list) == 0 || c.Status != conversation.Queued {
		return nil
	}
	waiting, err := s.store.WaitingByTeam(ctx, c.Tenant)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return err
	}
	for _, rule := range list {
		if waiting[c.Team] == rule.Waiting+1 { // once, when the line is crossed
			s.tellSpilled(book, c, conversation.Spilled{From: c.Team, Waiting: waiting[c.Team]}, rule.Notify)
		}
	}
	return nil
}
