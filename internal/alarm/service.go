package alarm

import (
	"context"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxWaits is how many of those who have waited longest are looked at. What a longer
// list holds beyond it raises no alarm and is not counted in queues.
const MaxWaits = 5000

// Store is the memory that alarm needs.
type Store interface {
	// Waits returns conversations whose visitors wait, those that have waited longest
	// first. Conversations on hold are not among them.
	Waits(ctx context.Context, t id.Tenant, limit int) ([]Wait, error)
}

// Books reads what is set for a company.
type Books interface {
	// Book returns the settings now in force.
	Book(ctx context.Context, t id.Tenant) (*account.Book, error)
}

// Service is the use cases of alarms.
type Service struct {
	store Store
	books Books
	clock clock.Clock
}

// New returns a service.
func New(store Store, books Books, c clock.Clock) *Service { return &Service{store, books, c} }

// Standing returns the alarms of a company, the newest first.
// It returns errs.Forbidden "not_allowed" to who may not see all conversations.
func (s *Service) Standing(ctx context.Context, who actor.Actor) (list []Alarm, err error) {
	defer errs.Wrap(&err, "alarm.Standing")
	if !who.Can(actor.SeeAll) {
		return nil, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing alarms.")
	}
	book, err := s.books.Book(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	waits, err := s.store.Waits(ctx, who.Tenant, MaxWaits)
	if err != nil {
		return nil, err
	}
	return Find(book, waits, s.clock.Now()), nil
}
