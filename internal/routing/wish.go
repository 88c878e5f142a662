package routing

import (
	"context"
	"slices"
	"strings"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/binding"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// Bindings finds whom visitors are bound to.
type Bindings interface {
	// Find returns the binding of a flag for the first of some names that has one.
	Find(ctx context.Context, t id.Tenant, flag string, names ...string) (b binding.Binding, ok bool, err error)
}

// maxFlag is the longest flag or name that counts, in characters: no binding has a
// longer one.
const maxFlag = binding.MaxName

// cleaned trims a wish; what is too long is nothing that anybody has set.
func cleaned(w conversation.Wish) conversation.Wish {
	for _, s := range []*string{&w.BusinessFlag, &w.RoutingFlag, &w.Name} {
		if *s = strings.TrimSpace(*s); len([]rune(*s)) > maxFlag {
			*s = ""
		}
	}
	return w
}

// trusts reports whether a company lets flags count that come with a visitor.
func trusts(f setting.Flags, w conversation.Wish, in id.Inbox) bool {
	return w.Trust >= conversation.TrustSigned || slices.Contains(f.Inboxes, string(in))
}

// settle reads what a visitor asks for and lets a routing flag choose the team. It
// returns nil if nothing is asked for, and asks the store for nothing.
func (s *Service) settle(book *account.Book, who actor.Actor, inbox id.Inbox, in *conversation.StartInput) *conversation.Asked {
	w := cleaned(in.Wish)
	if who.Verified {
		w.Trust = max(w.Trust, conversation.TrustSigned)
	}
	if !w.Flagged() && in.Team == "" && in.Agent == "" {
		return nil
	}
	a := &conversation.Asked{Wish: w, Agent: in.Agent, Team: in.Team}
	if in.Team != "" {
		a.TeamBy = conversation.TeamByAsked
	}
	flags := book.Tenant.Settings.Flags
	if w.Flagged() && !trusts(flags, w, inbox) {
		a.Refused = []string{conversation.RefusedUntrusted}
		return a
	}
	if w.RoutingFlag == "" {
		return a
	}
	team, ok := book.Teams[id.Team(flags.Teams[w.RoutingFlag])]
	if !ok || team.Settings.Shut() {
		a.Refused = []string{conversation.RefusedUnmapped}
		return a
	}
	in.Team, a.TeamBy = team.ID, conversation.TeamByFlag
	return a
}

// counts reports whether the business flag of a wish is to be looked up.
func counts(a *conversation.Asked) bool {
	return a != nil && a.BusinessFlag != "" && !slices.Contains(a.Refused, conversation.RefusedUntrusted)
}

// bind looks the binding up that a business flag leads to, with its policy. explicit
// says that an agent or a team was asked for, before which some policies yield.
func (s *Service) bind(ctx context.Context, book *account.Book, who actor.Actor, a *conversation.Asked, explicit bool) error {
	if !counts(a) || s.opts.Bindings == nil {
		return nil
	}
	a.Bound, a.Yielded = nil, false
	names := []string{a.Name}
	if a.Name == "" {
		names = nil
		if s.opts.Names != nil {
			var err error
			if names, err = s.opts.Names(ctx, who.Tenant, who.Visitor); err != nil {
				return err
			}
		}
		names = append(names, string(who.Visitor))
	}
	b, ok, err := s.opts.Bindings.Find(ctx, who.Tenant, a.BusinessFlag, names...)
	if err != nil || !ok {
		return err
	}
	p := book.Tenant.Settings.Flags.Policy(a.BusinessFlag)
	if p.RoutingFirst() && explicit {
		a.Yielded = true
		return nil
	}
	a.Bound = &conversation.Bound{Flag: b.Flag, Agent: b.Agent, Name: b.AgentName, RoutingFirst: p.RoutingFirst(), AtOnce: p.AtOnce(),
		MaxHold: int(p.Hold().Seconds()), Since: s.clock.Now()}
	return nil
}

// entrance completes what Start needs to know of a wish.
func (s *Service) entrance(ctx context.Context, book *account.Book, who actor.Actor, in *conversation.StartInput, a *conversation.Asked) error {
	explicit := in.Agent != "" || in.Team != ""
	if a != nil && a.TeamBy == "" && in.Team != "" {
		a.TeamBy = conversation.TeamByInbox
	}
	err := s.bind(ctx, book, who, a, explicit)
	in.Enter = conversation.Entrance{Asked: a, Spills: s.rulesOf(who.Tenant, book).spills}
	return err
}

// same reports whether w asks for what was asked for before.
func same(old *conversation.Asked, w conversation.Wish) bool {
	return old.BusinessFlag == w.BusinessFlag && old.RoutingFlag == w.RoutingFlag && old.Name == w.Name
}

// Rewish lets flags count that come when the visitor's conversation is there
// already: until an agent has it, or while a bot has it, who hands it over by them.
// It does nothing if they are the same as before, unless the visitor has signed in
// since, and for a conversation that a person has.
func (s *Service) Rewish(ctx context.Context, who actor.Actor, c conversation.Conversation, w conversation.Wish) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.Rewish")
	if w = cleaned(w); !w.Flagged() || c.Status == conversation.Closed {
		return c, nil
	}
	if c.Status == conversation.Open {
		if bot, err := s.isBot(ctx, c); err != nil || !bot {
			return c, err
		}
	}
	old, err := s.store.Asked(ctx, c.Tenant, c.ID)
	if err != nil || old != nil && same(old, w) && !(who.Verified && slices.Contains(old.Refused, conversation.RefusedUntrusted)) {
		return c, err
	}
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return c, err
	}
	in := conversation.StartInput{Agent: c.RequestedAgent, Wish: w}
	if old != nil {
		in.Team = old.Team
	}
	a := s.settle(book, who, c.Inbox, &in)
	if a.TeamBy == "" || in.Team == "" {
		in.Team = c.Team
	}
	visitor := actor.Actor{Kind: actor.Visitor, Tenant: c.Tenant, Visitor: c.Visitor, Inbox: c.Inbox}
	if err = s.bind(ctx, book, visitor, a, in.Agent != "" || in.Team != ""); err != nil {
		return c, err
	}
	m, err := s.store.Rewish(ctx, RewishInput{Tenant: c.Tenant, Conversation: c.ID, Version: c.Version, Asked: a, Team: in.Team, Named: c.RequestedAgent})
	if err != nil || c.Status != conversation.Queued {
		return c, moved(err)
	}
	s.after(ctx, m, CauseWished)
	if _, err = s.Route(ctx, c.Tenant, c.ID); err != nil {
		return c, err
	}
	s.holdUntil(ctx, m.Conversation, a)
	return s.reader.Conversation(ctx, actor.ForSystem(who.Tenant), c.ID)
}

// The causes of changes that no line records.
const (
	// CauseWished: what was asked for has changed.
	CauseWished = "wished"
	// CauseUnbound: the conversation waits for the bound agent no longer.
	CauseUnbound = "unbound"
)

// isBot reports whether a bot has a conversation.
func (s *Service) isBot(ctx context.Context, c conversation.Conversation) (bool, error) {
	if c.Agent == "" || c.Agent.Robot() {
		return c.Agent != "", nil
	}
	st, err := s.accounts.AgentStatus(ctx, c.Tenant, c.Agent, s.clock.Now())
	if errs.CodeOf(err) == errs.NotFound {
		return false, nil
	}
	return st.Bot, err
}

// fromBot looks the binding up anew of a conversation that a bot hands over, nil if
// there is nothing to look up.
func (s *Service) fromBot(ctx context.Context, c conversation.Conversation) (*conversation.Asked, error) {
	if c.Status != conversation.Open || s.opts.Bindings == nil {
		return nil, nil
	}
	a, err := s.store.Asked(ctx, c.Tenant, c.ID)
	if err != nil || !counts(a) {
		return nil, err
	}
	if bot, err := s.isBot(ctx, c); err != nil || !bot {
		return nil, err
	}
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	explicit := a.Agent != "" || a.Team != "" || a.TeamBy != ""
	return a, s.bind(ctx, book, actor.Actor{Tenant: c.Tenant, Visitor: c.Visitor}, a, explicit)
}

// Asked returns what was asked for when a conversation came, nil if nothing was.
func (s *Service) Asked(ctx context.Context, who actor.Actor, c id.Conversation) (a *conversation.Asked, err error) {
	defer errs.Wrap(&err, "routing.Asked")
	if _, err = s.reader.Conversation(ctx, who, c); err != nil {
		return nil, err
	}
	return s.store.Asked(ctx, who.Tenant, c)
}
