package conversation

import (
	"context"
	"regexp"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// State narrows a Query to conversations in one state.
type State string

// The states of a Query; the zero value is all.
const (
	// Served are open and not on hold.
	Served State = "served"
	Ended  State = "closed"
	OnHold State = "held"
	Waits  State = "queued"
)

// Order is how a Query sorts.
type Order string

// The orders. Each can be turned round.
const (
	ByStart  Order = "start"
	ByEnd    Order = "end"
	ByLast   Order = "last"
	ByName   Order = "name"
	ByUnread Order = "messages"
	// ByOpen puts those that run before those that ended.
	ByOpen Order = "open"
	// ByPlace is where they stand in the queue; rising is the order of serving.
	ByPlace Order = "place"
)

// Span is a time; a zero end is open. Both ends belong to it.
type Span struct{ From, To time.Time }

// Query chooses conversations of a tenant by what is known of them.
type Query struct {
	Tenant id.Tenant
	// Agents and Teams, if any, are those of which one must have it.
	Agents []id.Agent
	Teams  []id.Team
	// Wanting is an agent; conversations that ask for it count as of its teams.
	Wanting id.Agent
	// Name is a part of the visitor's name, in any case.
	Name string
	// Exact is the visitor's whole name.
	Exact   string
	Visitor id.Visitor
	// Visitors, if any, are those of which one must be its visitor.
	Visitors []id.Visitor
	State    State
	Started  Span
	Closed   Span
	// Tags are ids of which it must have one.
	Tags []string
	// Levels are priorities of which it must have one.
	Levels []string
	// Fields are patterns that the values of its own fields must fit, by key.
	Fields map[string]*regexp.Regexp
	// Said is a part of a message of it, in any case.
	Said string
	// Assigned asks for those that have an agent, or had one when they ended.
	Assigned bool
	// Channel, if set, is where it came from.
	Channel string
	// Channels, if any, are those of which it must have come from one.
	Channels []string
	Order    Order
	// Rising turns the order round; the newest come first else.
	Rising        bool
	Offset, Limit int
}

// MaxFound is how many of the newest conversations that fit agent, team, state
// and time a Query looks at for the rest.
const MaxFound = 10_000

// Look returns a page of the conversations that fit a query, and how many there
// are, MaxFound at most. Who is bound to teams finds those of these teams, who may
// not see everything its own only.
// Errors: Forbidden "not_allowed" if others are asked for.
func (s *Service) Look(ctx context.Context, who actor.Actor, q Query) (page []Conversation, total int, err error) {
	defer errs.Wrap(&err, "conversation.Look")
	if who.Kind == actor.Visitor {
		return nil, 0, errs.New(errs.Forbidden, "agents_only", "Only agents search conversations.")
	}
	if who.Bound {
		if len(q.Teams) == 0 {
			q.Teams = who.Teams
		}
		q.Teams = slices.DeleteFunc(slices.Clone(q.Teams), func(t id.Team) bool { return !slices.Contains(who.Teams, t) })
		if len(q.Teams) == 0 {
			return []Conversation{}, 0, nil
		}
	} else if !who.Can(actor.SeeAll) && (len(q.Agents) != 1 || q.Agents[0] != who.Agent) {
		return nil, 0, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing conversations of others.")
	}
	q.Tenant = who.Tenant
	if q.Offset < 0 || q.Limit < 1 || q.Limit > MaxDetails {
		return nil, 0, errs.Field("limit", "bad_page", "A page has 1 to %d conversations.", MaxDetails)
	}
	return s.store.Find(ctx, q)
}

// Channels returns the channels through which conversations came.
func (s *Service) Channels(ctx context.Context, who actor.Actor) ([]string, error) {
	return s.store.Channels(ctx, who.Tenant)
}
