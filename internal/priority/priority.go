// Package priority holds what makes a company serve one waiting conversation
// before another: five levels of priority, whose names a company may change, and
// agreements on the time until a conversation is served (SLA). A conversation has
// at most one of each; Omnichannel_sorting_mechanism says which of them, if any,
// orders the queues.
package priority

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Level is one of the five priorities.
type Level struct {
	// ID never changes; Word is its usual name.
	ID   string
	Word string
	// Name is the company's own name for it, empty if it has none.
	Name string
	// Weight is 1 for the level that is served first, 5 for the last.
	Weight    int
	UpdatedAt time.Time
}

// Words are the usual names of the levels from 1 on.
var Words = []string{"Highest", "High", "Medium", "Low", "Lowest"}

// Agreement promises to serve conversations within a time.
type Agreement struct {
	ID          string
	Tenant      id.Tenant
	Name        string
	Description string
	// Due is in minutes.
	Due       int
	UpdatedAt time.Time
}

// Bounds.
const (
	MaxName        = 100
	MaxDescription = 1000
	// MaxDue is the longest time of an agreement, in minutes: 19 years.
	MaxDue        = 9_999_999
	MaxAgreements = 200
)

// Order is what orders the queues besides the time of waiting.
type Order string

// The orders.
const (
	ByTime      Order = "Timestamp"
	ByLevel     Order = "Priority"
	ByAgreement Order = "SLAs"
)

// Ranking gives a conversation a level or an agreement; nil keeps, "" takes away.
type Ranking struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Level        *string
	Weight       int
	Agreement    *string
	Due          int
	Order        Order
}

// Store is the memory that priority needs.
type Store interface {
	// LevelNames returns the levels that have a name of the company's own.
	LevelNames(ctx context.Context, t id.Tenant) ([]Level, error)
	// NameLevels sets or, with an empty name, removes the own name of levels.
	NameLevels(ctx context.Context, t id.Tenant, list []Level, by audit.By) error
	// Agreements returns those of a tenant ordered by name.
	Agreements(ctx context.Context, t id.Tenant) ([]Agreement, error)
	// SaveAgreement adds or replaces one. Errors: Conflict "agreement_exists" for
	// the same name or time, "too_many_agreements"; NotFound "agreement_not_found".
	SaveAgreement(ctx context.Context, a Agreement, fresh bool, by audit.By) error
	// DeleteAgreement removes one and takes it off its conversations.
	DeleteAgreement(ctx context.Context, t id.Tenant, agreement string, by audit.By) error
	// Rank changes the rank of a conversation and its place in the queue.
	Rank(ctx context.Context, r Ranking) (conversation.Conversation, error)
	// Reorder puts all queues of a tenant into an order.
	Reorder(ctx context.Context, t id.Tenant, o Order) error
}

// Conversations is what priority asks of conversations.
type Conversations interface {
	Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
	Announce(m conversation.Moved, cause string)
}

// Orders tells the order that a company has set.
type Orders func(ctx context.Context, t id.Tenant) (Order, error)

// Service is the use cases of priority.
type Service struct {
	store         Store
	conversations Conversations
	orders        Orders
	events        event.Publisher
	clock         clock.Clock

	mu sync.Mutex
	// applied is the order that the queues of a tenant were put into last.
	applied map[id.Tenant]Order
}

// New returns a service.
func New(store Store, c Conversations, orders Orders, events event.Publisher, ck clock.Clock) *Service {
	return &Service{store: store, conversations: c, orders: orders, events: events, clock: ck, applied: map[id.Tenant]Order{}}
}

// Levels returns the five levels, the one that is served first in front.
func (s *Service) Levels(ctx context.Context, t id.Tenant) ([]Level, error) {
	named, err := s.store.LevelNames(ctx, t)
	if err != nil {
		return nil, err
	}
	list := make([]Level, len(Words))
	for i, w := range Words {
		list[i] = Level{ID: strings.ToLower(w), Word: w, Weight: i + 1}
		if k := slices.IndexFunc(named, func(l Level) bool { return l.ID == list[i].ID }); k >= 0 {
			list[i].Name, list[i].UpdatedAt = named[k].Name, named[k].UpdatedAt
		}
	}
	return list, nil
}

// Level finds a level by id or name; NotFound "level_not_found".
func (s *Service) Level(ctx context.Context, t id.Tenant, which string) (Level, error) {
	list, err := s.Levels(ctx, t)
	if err != nil {
		return Level{}, err
	}
	for _, l := range list {
		if l.ID == which || l.Name == which && which != "" || l.Name == "" && l.Word == which {
			return l, nil
		}
	}
	return Level{}, errs.New(errs.NotFound, "level_not_found", "There is no such priority.")
}

var errRight = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing priorities.")

// Rename gives a level a name of the company's own; "" is the usual name again.
// It needs the permission actor.Content.
//
// Errors: Conflict "level_name_taken"; NotFound "level_not_found"; Invalid "bad_name".
func (s *Service) Rename(ctx context.Context, who actor.Actor, level, name string) (err error) {
	defer errs.Wrap(&err, "priority.Rename")
	if !who.Can(actor.Content) {
		return errRight
	}
	name = strings.TrimSpace(name)
	if !fits(name, 0, MaxName) {
		return errs.Field("name", "bad_name", "The name has at most %d characters.", MaxName)
	}
	list, err := s.Levels(ctx, who.Tenant)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(l Level) bool { return l.ID == level })
	if i < 0 {
		return errs.New(errs.NotFound, "level_not_found", "There is no such priority.")
	}
	for k, l := range list {
		if name != "" && k != i && (strings.EqualFold(l.Name, name) || strings.EqualFold(l.Word, name)) {
			return errs.New(errs.Conflict, "level_name_taken", "Another priority has this name.")
		}
	}
	now := s.clock.Now()
	return s.store.NameLevels(ctx, who.Tenant, []Level{{ID: level, Name: name, UpdatedAt: now}}, s.by(who))
}

// ResetLevels gives all levels their usual names; changed tells whether one had
// another. It needs the permission actor.Content.
func (s *Service) ResetLevels(ctx context.Context, who actor.Actor) (changed bool, err error) {
	defer errs.Wrap(&err, "priority.ResetLevels")
	if !who.Can(actor.Content) {
		return false, errRight
	}
	named, err := s.store.LevelNames(ctx, who.Tenant)
	if err != nil || len(named) == 0 {
		return false, err
	}
	for i := range named {
		named[i].Name = ""
	}
	return true, s.store.NameLevels(ctx, who.Tenant, named, s.by(who))
}

// by is who makes a change, for its audit entry.
func (s *Service) by(who actor.Actor) audit.By { return audit.Of(who, s.clock.Now()) }

func fits(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}
