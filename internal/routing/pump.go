package routing

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Sizes of one look at the queue.
const (
	firstPage = 256
	lastPage  = 4096
	// together is how many assignments are on their way to the store at once,
	// so that they share commits.
	together = 64
	// maxRaces ends a pass that keeps losing; the next wake goes on.
	maxRaces = 16
)

// pump routes the queue of one tenant on this node. Passes of one tenant never
// overlap; other nodes are held off by the store's conditions.
type pump struct {
	s      *Service
	tenant id.Tenant

	mu      sync.Mutex
	pending bool
	running bool
	waiters []*waiter
	turn    uint64
	turns   map[id.Agent]uint64
	// asked says from when on it may be asked again who gets a conversation.
	asked map[id.Conversation]time.Time
	// offered remembers who was told of an offer.
	offered map[id.Conversation]map[id.Agent]bool
}

type waiter struct {
	conversation id.Conversation
	done         chan outcome
}

type outcome struct {
	decision Decision
	err      error
}

func (s *Service) pump(t id.Tenant) *pump {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pumps[t]
	if p == nil {
		p = &pump{s: s, tenant: t, turns: map[id.Agent]uint64{}}
		s.pumps[t] = p
	}
	return p
}

// wake asks for a pass; wakes during a pass lead to one more.
func (p *pump) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending {
		return
	}
	p.pending = true
	if !p.running {
		p.schedule()
	}
}

func (p *pump) add(w *waiter) {
	p.mu.Lock()
	p.waiters = append(p.waiters, w)
	p.mu.Unlock()
	p.wake()
}

// schedule hands the pump to a worker. With more than 1,024 tenants waiting the
// reconciler comes by later.
func (p *pump) schedule() {
	select {
	case p.s.work <- p:
		p.running = true
	default:
		p.pending = false
	}
}

// run makes passes until none is asked for.
func (p *pump) run(ctx context.Context) {
	for {
		p.mu.Lock()
		if !p.pending || ctx.Err() != nil {
			p.running = false
			waiters := p.waiters
			if ctx.Err() != nil {
				p.waiters = nil
			}
			p.mu.Unlock()
			if ctx.Err() != nil {
				answerAll(waiters, outcome{err: ctx.Err()})
			}
			return
		}
		p.pending = false
		waiters := p.waiters
		p.waiters = nil
		p.mu.Unlock()

		if err := p.pass(ctx, waiters); err != nil {
			if ctx.Err() == nil {
				p.s.log.Error("queue not routed", "tenant", p.tenant, "error", err)
			}
			answerAll(waiters, outcome{err: err})
		}
	}
}

func answerAll(list []*waiter, o outcome) {
	for _, w := range list {
		select {
		case w.done <- o:
		default: // answered already
		}
	}
}

// pass serves the queue until nobody is free or nobody waits, then answers the
// waiters that stay in the queue.
func (p *pump) pass(ctx context.Context, waiters []*waiter) error {
	finished := false
	defer func() {
		if !finished { // a panic: nobody may wait for an answer that never comes
			answerAll(waiters, outcome{err: errs.New(errs.Internal, "panic", "routing panicked")})
		}
	}()
	err := p.look(ctx, waiters)
	finished = true
	return err
}

// look is the body of pass.
func (p *pump) look(ctx context.Context, waiters []*waiter) error {
	snap, err := p.s.snapshot(ctx, p.tenant)
	if err != nil {
		return err
	}
	snap.Turn = p.turns
	if len(waiters) == 0 { // who has just come is looked at anyway
		if err := p.sweep(ctx); err != nil {
			return err
		}
	}
	taken := map[id.Conversation]Decision{}
	races := 0
	for limit := firstPage; snap.HasRoom() && races < maxRaces; {
		next, err := p.s.store.NextWaiting(ctx, p.tenant, reach(snap, limit))
		if err != nil {
			return err
		}
		if err := p.s.bar(ctx, snap, next); err != nil {
			return err
		}
		made, lost, err := p.serve(ctx, snap, next, taken)
		if err != nil {
			return err
		}
		switch {
		case lost:
			// Somebody else was faster: look again at what is true.
			races++
			if snap, err = p.s.snapshot(ctx, p.tenant); err != nil {
				return err
			}
			snap.Turn = p.turns
		case len(next) < limit:
			return p.answer(ctx, snap, waiters, taken)
		case made == 0 && limit == lastPage:
			return p.answer(ctx, snap, waiters, taken)
		case made == 0:
			limit = min(limit*4, lastPage)
		}
	}
	return p.answer(ctx, snap, waiters, taken)
}

// reach is the part of the queue that somebody free could serve.
func reach(s *Snapshot, limit int) WaitingFilter {
	w := WaitingFilter{Limit: limit}
	add := func(t id.Team) {
		if !slices.Contains(w.Teams, t) {
			w.Teams = append(w.Teams, t)
		}
	}
	for i := range s.Agents {
		a := &s.Agents[i]
		if !s.free(a) {
			continue
		}
		w.Agents = append(w.Agents, a.Agent)
		for _, t := range a.Teams {
			add(t)
		}
	}
	// The queues that a team of somebody free may help with.
	able := slices.Clone(w.Teams)
	for from, to := range s.helps {
		if slices.ContainsFunc(to, func(t id.Team) bool { return slices.Contains(able, t) }) {
			add(from)
		}
	}
	return w
}

// serve decides on a page in order and makes the assignments take effect, up to
// `together` at a time. lost is true if one of them lost a race.
func (p *pump) serve(ctx context.Context, snap *Snapshot, next []Waiting, taken map[id.Conversation]Decision) (made int, lost bool, err error) {
	type result struct {
		w   Waiting
		d   Decision
		p   Policy
		m   conversation.Moved
		err error
	}
	var batch []*result
	flush := func() {
		var wg sync.WaitGroup
		for _, r := range batch {
			wg.Go(func() {
				defer func() {
					if v := recover(); v != nil {
						r.err = fmt.Errorf("assignment panicked: %T\n%s", v, debug.Stack())
					}
				}()
				r.m, r.err = p.assign(ctx, r.w, r.d, r.p)
			})
		}
		wg.Wait()
		for _, r := range batch {
			switch errs.CodeOf(r.err) {
			case "":
				made++
				taken[r.w.Conversation] = r.d
				p.s.waits.note(p.tenant, r.w.Team, r.d.At.Sub(r.w.QueuedAt), r.d.At)
				p.s.after(ctx, r.m, conversation.LineAssigned)
			case errs.Conflict:
				lost = true
			default:
				err = r.err
			}
		}
		batch = batch[:0]
	}
	check := later{p: p}
	for _, w := range next {
		p.s.learn(snap, w)
		d := Decide(snap, w)
		if d.Bound != nil && d.Bound.Outcome.Leaves() {
			if sure, err := check.leaves(ctx, w); err != nil || !sure {
				if err != nil {
					return made, lost, err
				}
				p.wake()
				continue
			}
		}
		if d.Rule == RuleOffer && d.Agent == "" {
			p.offer(w, d)
		}
		if d.Rule == RuleExternal && d.Agent == "" {
			p.ask(ctx, w)
		}
		if d.Agent == "" && d.Bound != nil && d.Bound.Outcome.Leaves() {
			if err := p.leave(ctx, snap, w, d); err != nil {
				return made, lost, err
			}
		}
		if d.Agent == "" {
			if !snap.HasRoom() {
				break
			}
			continue
		}
		p.turn++
		snap.Apply(d.Agent, w.Team, p.turn)
		if batch = append(batch, &result{w: w, d: d, p: snap.policy(w.Inbox, w.Team)}); len(batch) == together {
			if flush(); lost || err != nil {
				return made, lost, err
			}
		}
	}
	flush()
	return made, lost, err
}

func (p *pump) assign(ctx context.Context, w Waiting, d Decision, policy Policy) (conversation.Moved, error) {
	c := conversation.Conversation{ID: w.Conversation, Tenant: p.tenant}
	line := conversation.Line{Name: conversation.LineAssigned, Agent: d.Agent, AgentName: d.Name, Rule: string(d.Rule)}
	in := AssignInput{Tenant: p.tenant, Conversation: w.Conversation, Version: w.Version, To: d.Agent, Decision: d, At: d.At,
		Line: eventMessage(c, line, p.s.clock), TeamCap: policy.TeamCap, AgentCap: policy.AgentCap, Offline: policy.Unattended}
	if d.Team == policy.Fallback {
		in.Team = d.Team // who serves instead has it from now on
	}
	return p.s.store.Assign(ctx, in)
}

// answer tells the waiters what became of their conversations, and keeps the
// reasons of those that wait.
func (p *pump) answer(ctx context.Context, snap *Snapshot, waiters []*waiter, taken map[id.Conversation]Decision) error {
	if len(waiters) > 0 {
		p.s.places.dirty(p.tenant)
	}
	for _, w := range waiters {
		d, ok := taken[w.conversation]
		if !ok {
			next, err := p.s.store.NextWaiting(ctx, p.tenant, WaitingFilter{Only: w.conversation, Limit: 1})
			if err != nil {
				return err
			}
			if len(next) == 1 {
				if d, err = p.stays(ctx, snap, next); err != nil {
					return err
				}
			}
		}
		answerAll([]*waiter{w}, outcome{decision: d})
	}
	return nil
}

// stays keeps why the one conversation of a page waits.
func (p *pump) stays(ctx context.Context, snap *Snapshot, page []Waiting) (d Decision, err error) {
	w := page[0]
	p.s.learn(snap, w)
	if err := p.s.bar(ctx, snap, page); err != nil {
		return d, err
	}
	w = page[0]
	d = Decide(snap, w)
	if d.Bound != nil && d.Bound.Outcome.Leaves() {
		check := later{p: p}
		sure, err := check.leaves(ctx, w)
		if err == nil && sure {
			return d.waits(), p.leave(ctx, snap, w, d)
		}
		if err != nil {
			return d, err
		}
		p.wake()
	}
	return d.waits(), p.s.store.KeepDecision(ctx, p.tenant, w.Conversation, d.waits())
}
