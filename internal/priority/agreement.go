package priority

import (
	"context"
	"slices"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Agreements returns the agreements of a company ordered by name.
func (s *Service) Agreements(ctx context.Context, t id.Tenant) ([]Agreement, error) {
	return s.store.Agreements(ctx, t)
}

// Agreement finds one by id or name; NotFound "agreement_not_found".
func (s *Service) Agreement(ctx context.Context, t id.Tenant, which string) (Agreement, error) {
	list, err := s.store.Agreements(ctx, t)
	if err != nil {
		return Agreement{}, err
	}
	i := slices.IndexFunc(list, func(a Agreement) bool { return a.ID == which || a.Name == which })
	if i < 0 {
		return Agreement{}, errs.New(errs.NotFound, "agreement_not_found", "There is no such agreement.")
	}
	return list[i], nil
}

// AgreementInput is what is said of an agreement.
type AgreementInput struct {
	Name, Description string
	// Due is in minutes, 1 to MaxDue.
	Due int
}

// Save adds an agreement, or changes the one with an id. It needs the permission
// actor.Content.
//
// Errors: Conflict "agreement_exists" for the same name or time, "too_many_agreements";
// NotFound "agreement_not_found"; Invalid with the field.
func (s *Service) Save(ctx context.Context, who actor.Actor, agreement string, in AgreementInput) (a Agreement, err error) {
	defer errs.Wrap(&err, "priority.Save")
	if !who.Can(actor.Content) {
		return a, errRight
	}
	a = Agreement{ID: agreement, Tenant: who.Tenant, Name: strings.TrimSpace(in.Name), Description: strings.TrimSpace(in.Description), Due: in.Due, UpdatedAt: s.clock.Now()}
	switch {
	case !fits(a.Name, 1, MaxName):
		return a, errs.Field("name", "bad_name", "The name has 1 to %d characters.", MaxName)
	case !fits(a.Description, 0, MaxDescription):
		return a, errs.Field("description", "bad_description", "The description has at most %d characters.", MaxDescription)
	case a.Due < 1 || a.Due > MaxDue:
		return a, errs.Field("due", "bad_due", "The time is 1 to %d minutes.", MaxDue)
	}
	fresh := agreement == ""
	if fresh {
		a.ID = id.New()
	}
	return a, s.store.SaveAgreement(ctx, a, fresh, s.by(who))
}

// Delete removes an agreement; conversations that have it lose it. It needs the
// permission actor.Content.
func (s *Service) Delete(ctx context.Context, who actor.Actor, agreement string) (err error) {
	defer errs.Wrap(&err, "priority.Delete")
	if !who.Can(actor.Content) {
		return errRight
	}
	if err := s.store.DeleteAgreement(ctx, who.Tenant, agreement, s.by(who)); err != nil {
		return err
	}
	// Those who had it stand where they would without it.
	s.mu.Lock()
	delete(s.applied, who.Tenant)
	s.mu.Unlock()
	return s.Keep(ctx, who.Tenant)
}

// SetLevel gives a conversation that who may see a priority, by id or name; ""
// takes it away; one that is over may have one, too. Errors: NotFound "level_not_found".
func (s *Service) SetLevel(ctx context.Context, who actor.Actor, c id.Conversation, level string) (err error) {
	defer errs.Wrap(&err, "priority.SetLevel")
	r := Ranking{Conversation: c, Level: &level}
	if level != "" {
		l, err := s.Level(ctx, who.Tenant, level)
		if err != nil {
			return err
		}
		r.Level, r.Weight = &l.ID, l.Weight
	}
	return s.rank(ctx, who, r)
}

// SetAgreement gives a conversation that who may see a service level, by id or
// name; "" takes it away. Errors: NotFound "agreement_not_found"; Conflict
// "conversation_closed".
func (s *Service) SetAgreement(ctx context.Context, who actor.Actor, c id.Conversation, agreement string) (err error) {
	defer errs.Wrap(&err, "priority.SetAgreement")
	r := Ranking{Conversation: c, Agreement: &agreement}
	if agreement != "" {
		a, err := s.Agreement(ctx, who.Tenant, agreement)
		if err != nil {
			return err
		}
		r.Agreement, r.Due = &a.ID, a.Due
	}
	return s.rank(ctx, who, r)
}

func (s *Service) rank(ctx context.Context, who actor.Actor, r Ranking) error {
	if _, err := s.conversations.Conversation(ctx, who, r.Conversation); err != nil {
		return err
	}
	order, err := s.orders(ctx, who.Tenant)
	if err != nil {
		return err
	}
	r.Tenant, r.Order = who.Tenant, order
	got, err := s.store.Rank(ctx, r)
	if err != nil {
		return err
	}
	s.conversations.Announce(conversation.Moved{Conversation: got}, conversation.CauseDescribed)
	if got.Status == conversation.Queued {
		s.wake(who.Tenant)
	}
	return nil
}

// wake lets all nodes look at the queues of a tenant.
func (s *Service) wake(t id.Tenant) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.QueueWake, To: []event.Topic{event.ToNodes}, At: s.clock.Now()})
}

// maxApplied bounds what is remembered; beyond it queues are put in order once more.
const maxApplied = 10_000

// Keep puts the queues of a tenant into the order that is set, if it is not the
// one that this node put them into last.
func (s *Service) Keep(ctx context.Context, t id.Tenant) (err error) {
	defer errs.Wrap(&err, "priority.Keep")
	order, err := s.orders(ctx, t)
	if err != nil {
		return err
	}
	s.mu.Lock()
	done := s.applied[t] == order
	s.mu.Unlock()
	if done {
		return nil
	}
	if err := s.store.Reorder(ctx, t, order); err != nil {
		return err
	}
	s.mu.Lock()
	if len(s.applied) >= maxApplied {
		clear(s.applied)
	}
	s.applied[t] = order
	s.mu.Unlock()
	s.wake(t)
	return nil
}
