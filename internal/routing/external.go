package routing

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Ask asks a server of the company's own who gets a conversation of a team, "" for
// none. It answers with a username, "" for nobody.
type Ask func(ctx context.Context, t id.Tenant, team id.Team) (username string, err error)

// Bounds of asking.
const (
	askFor   = 10 * time.Second
	askAgain = 5 * time.Second
	askers   = 16
	maxAsked = 4096
)

// ask asks for one waiting conversation, beside the pass: not while it is being asked
// for, and not sooner than askAgain after the last answer.
func (p *pump) ask(ctx context.Context, w Waiting) {
	s := p.s
	now := s.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.opts.Ask == nil || now.Before(p.asked[w.Conversation]) {
		return
	}
	select {
	case s.asking <- struct{}{}:
	default:
		return // the next pass asks
	}
	if p.asked == nil || len(p.asked) >= maxAsked {
		p.asked = map[id.Conversation]time.Time{}
	}
	p.asked[w.Conversation] = now.Add(askFor)
	s.asks.Go(func() {
		defer func() { <-s.asking }()
		err := s.askAndGive(ctx, p.tenant, w)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("asked in vain who gets a conversation", "tenant", p.tenant, "conversation", w.Conversation, "error", err)
		}
		p.mu.Lock()
		p.asked[w.Conversation] = s.clock.Now().Add(askAgain)
		p.mu.Unlock()
	})
}

// askAndGive gives a waiting conversation to whom the company's server names, if that
// agent can take it now.
func (s *Service) askAndGive(ctx context.Context, t id.Tenant, w Waiting) (err error) {
	defer errs.Wrap(&err, "routing.ask")
	defer func() {
		if v := recover(); v != nil {
			err = errs.New(errs.Internal, "panic", "asking panicked: %T", v)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	username, err := s.opts.Ask(ctx, t, w.Team)
	if err != nil || username == "" {
		return err
	}
	a, err := s.accounts.AgentByLogin(ctx, t, username)
	if err != nil {
		return err
	}
	st, err := s.accounts.AgentStatus(ctx, t, a.ID, s.clock.Now())
	if err != nil {
		return err
	}
	if !st.Available() && !st.Bot {
		return errs.New(errs.Conflict, "agent_unavailable", "%s is not available.", a.Name)
	}
	c, err := s.reader.Conversation(ctx, actor.ForSystem(t), w.Conversation)
	if err != nil || c.Status != conversation.Queued {
		return err
	}
	_, err = s.give(ctx, c, handover{to: a.ID, name: a.Name, rule: RuleExternal})
	return err
}
