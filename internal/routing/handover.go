package routing

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Handover is a conversation that is offered to another agent and stays with the
// first one until the offer is accepted.
type Handover struct {
	Conversation id.Conversation `json:"conversation"`
	Tenant       id.Tenant       `json:"-"`
	From         id.Agent        `json:"from"`
	To           id.Agent        `json:"to"`
	Note         string          `json:"note,omitempty"`
	// By is the name of who offered it.
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// The states of a handover that event.HandoverMoved tells.
const (
	HandoverOffered   = "offered"
	HandoverAccepted  = "accepted"
	HandoverDeclined  = "declined"
	HandoverExpired   = "expired"
	HandoverWithdrawn = "withdrawn"
)

// HandoverMoved is the payload of event.HandoverMoved.
type HandoverMoved struct {
	Handover
	State string `json:"state" enum:"offered,accepted,declined,expired,withdrawn"`
}

// offer offers a conversation to an agent if the settings ask for consent; it
// reports whether it did. The agent must be able to take it now.
func (s *Service) offer(ctx context.Context, who actor.Actor, c conversation.Conversation, to Target) (bool, error) {
	if to.Direct || c.Status != conversation.Open {
		return false, nil
	}
	book, err := s.accounts.Book(ctx, c.Tenant)
	if err != nil {
		return false, err
	}
	seconds := *book.Service(c.Inbox, c.Team).Timers.Accept
	if seconds == 0 {
		return false, nil
	}
	now := s.clock.Now()
	st, err := s.accounts.AgentStatus(ctx, c.Tenant, to.Agent, now)
	switch {
	case err != nil:
		return false, err
	case !st.Available():
		return false, errs.New(errs.Conflict, "agent_unavailable", "%s is not available.", st.Name)
	case st.Open >= st.Cap:
		return false, errs.New(errs.Conflict, "agent_full", "%s has no free place.", st.Name)
	}
	h := Handover{Conversation: c.ID, Tenant: c.Tenant, From: c.Agent, To: to.Agent, Note: to.Note, By: who.Name, At: now,
		Expires: now.Add(time.Duration(seconds) * time.Second)}
	if err := s.store.OfferHandover(ctx, h); err != nil {
		return false, err
	}
	s.handoverMoved(h, HandoverOffered)
	return true, nil
}

func (s *Service) handoverMoved(h Handover, state string) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: h.Tenant, Kind: event.HandoverMoved, At: s.clock.Now(),
		To: []event.Topic{event.ToAgent(h.Tenant, h.From), event.ToAgent(h.Tenant, h.To), event.ToSupervisors(h.Tenant)}, Data: &HandoverMoved{h, state}})
}

// Handovers returns the offers that stand, made by or to who.
func (s *Service) Handovers(ctx context.Context, who actor.Actor) ([]Handover, error) {
	return s.store.Handovers(ctx, who.Tenant, who.Agent)
}

// Accept takes a conversation that was offered to who. errs.NotFound
// "handover_not_found" if the offer is over.
func (s *Service) Accept(ctx context.Context, who actor.Actor, c id.Conversation) (got conversation.Conversation, err error) {
	defer errs.Wrap(&err, "routing.Accept")
	h, err := s.store.TakeHandover(ctx, who.Tenant, c, "", who.Agent)
	if err != nil {
		return got, err
	}
	before, err := s.reader.Conversation(ctx, actor.ForSystem(who.Tenant), c)
	if err == nil && (before.Agent != h.From || before.Status != conversation.Open) {
		err = errMoved
	}
	if err == nil {
		got, err = s.give(ctx, before, handover{to: who.Agent, name: who.Name, rule: RuleTransfer, force: true, by: h.By, note: h.Note})
	}
	if err != nil {
		s.handoverMoved(h, HandoverExpired) // the first agent keeps it and has to know
		return got, err
	}
	s.handoverMoved(h, HandoverAccepted)
	return got, nil
}

// Decline leaves a conversation that was offered to who with the agent who has it.
func (s *Service) Decline(ctx context.Context, who actor.Actor, c id.Conversation) error {
	return s.endHandover(ctx, who.Tenant, c, "", who.Agent, HandoverDeclined)
}

// Withdraw takes an offer back that who made.
func (s *Service) Withdraw(ctx context.Context, who actor.Actor, c id.Conversation) error {
	return s.endHandover(ctx, who.Tenant, c, who.Agent, "", HandoverWithdrawn)
}

func (s *Service) endHandover(ctx context.Context, t id.Tenant, c id.Conversation, from, to id.Agent, state string) error {
	h, err := s.store.TakeHandover(ctx, t, c, from, to)
	if err == nil {
		s.handoverMoved(h, state)
	}
	return err
}

// maxExpired bounds the offers that one round of the reconciler ends.
const maxExpired = 100

// expire ends offers that nobody answered.
func (s *Service) expire(ctx context.Context) error {
	list, err := s.store.ExpiredHandovers(ctx, s.clock.Now(), maxExpired)
	for _, h := range list {
		s.handoverMoved(h, HandoverExpired)
	}
	return err
}
