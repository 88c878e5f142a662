// Package summary holds what agents note of a conversation when it is over
// (服务小结): a text, a class out of a tree of session types, and a follow-up that
// somebody has to see to.
package summary

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Bounds, in characters and rows.
const (
	MaxText    = 5000
	MaxNote    = 2000
	MaxContact = 254
	MaxName    = 60
	MaxTypes   = 500
	// MaxDepth is how deep session types may be nested.
	MaxDepth = 5
)

// SessionType is a class of conversations, in a tree.
type SessionType struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Parent is the class above, empty at the top.
	Parent string `json:"parent,omitempty"`
	Name   string `json:"name"`
	// Code is the company's own sign for it.
	Code      string    `json:"code,omitempty"`
	Sort      int       `json:"sort"`
	CreatedAt time.Time `json:"createdAt"`
}

// Way is how a follow-up is made.
type Way string

// The ways.
const (
	Phone  Way = "phone"
	Email  Way = "email"
	SMS    Way = "sms"
	WeChat Way = "wechat"
)

// FollowUp is an appointment to get in touch again.
type FollowUp struct {
	Kind Way       `json:"kind" enum:"phone,email,sms,wechat"`
	At   time.Time `json:"at"`
	// Contact is the number or address.
	Contact string `json:"contact,omitempty" maxLength:"254"`
}

// State says whether there is something left to do.
type State string

// The states of a summary.
const (
	// None has no follow-up.
	None State = "none"
	// Open has a follow-up that waits.
	Open State = "open"
	// Handled has been seen to.
	Handled State = "handled"
)

// Summary is the note on one conversation.
type Summary struct {
	Conversation id.Conversation `json:"conversation"`
	Tenant       id.Tenant       `json:"-"`
	Visitor      id.Visitor      `json:"visitor"`
	// VisitorName and AgentName are the names at the time of reading.
	VisitorName string `json:"visitorName"`
	// Agent is who sees to the follow-up, Team the conversation's.
	Agent     id.Agent  `json:"agent"`
	AgentName string    `json:"agentName"`
	Team      id.Team   `json:"team,omitempty"`
	Text      string    `json:"text"`
	Class     string    `json:"class,omitempty"`
	FollowUp  *FollowUp `json:"followUp,omitempty"`
	State     State     `json:"state" enum:"none,open,handled"`
	// Note, HandledBy and HandledAt tell how it was seen to.
	Note      string     `json:"note,omitempty"`
	HandledBy string     `json:"handledBy,omitempty"`
	HandledAt *time.Time `json:"handledAt,omitempty"`
	CreatedAt time.Time  `json:"createdAt"`
	UpdatedAt time.Time  `json:"updatedAt"`
}

// For returns s as an agent may see it: without actor.Contact the contact of the
// follow-up is masked.
func (s Summary) For(who actor.Actor) Summary {
	if s.FollowUp != nil && who.Kind == actor.Agent && !who.Can(actor.Contact) {
		f := *s.FollowUp
		f.Contact = mask.Contact(f.Contact)
		s.FollowUp = &f
	}
	return s
}

// SummaryChanged is the payload of event.SummaryChanged.
type SummaryChanged struct {
	Conversation id.Conversation `json:"conversation"`
	State        State           `json:"state"`
	Agent        id.Agent        `json:"agent"`
}

// DueFilter chooses follow-ups that wait.
type DueFilter struct {
	Tenant id.Tenant
	// Agent or Team restrict; both empty is the whole company.
	Agent id.Agent
	Team  id.Team
	// Until leaves out what is later; zero is everything.
	Until time.Time
	After string
	Limit int
}

// Store is the memory that summary needs.
type Store interface {
	// SessionTypes returns the session types of a tenant ordered by sort and id.
	SessionTypes(ctx context.Context, t id.Tenant) ([]SessionType, error)
	// SaveSessionType adds or replaces one. Conflict "too_many_types" beyond most.
	SaveSessionType(ctx context.Context, st SessionType, fresh bool, most int) error
	// RemoveSessionType deletes one that nothing hangs below: Conflict
	// "type_not_empty". Summaries keep the id.
	RemoveSessionType(ctx context.Context, t id.Tenant, st string) error
	// Summary returns the summary of a conversation, NotFound "summary_not_found".
	Summary(ctx context.Context, t id.Tenant, c id.Conversation) (Summary, error)
	// SaveSummary adds or replaces the summary of a conversation. Errors:
	// NotFound "type_not_found", "agent_not_found".
	SaveSummary(ctx context.Context, s Summary) error
	// HandleSummary ends an open follow-up: Conflict "not_open" if there is none.
	HandleSummary(ctx context.Context, t id.Tenant, c id.Conversation, by, note string, at time.Time) error
	// DueFollowUps returns a page of open follow-ups, the earliest first, and the
	// cursor of the next, "" at the end.
	DueFollowUps(ctx context.Context, f DueFilter) (page []Summary, next string, err error)
}
