// Package leave keeps what visitors leave behind when nobody can talk to them
// (留言): the form of the leave-message page, and visitors who waited and went
// without having met an agent. Each entry stands by itself; a second one never
// replaces the first.
package leave

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// State says whether somebody has dealt with an entry.
type State string

// The states, in the words of the UCKeFu contract.
const (
	Open State = "notprocess"
	Done State = "processed"
)

// Kind is how an entry came to be.
type Kind string

// The kinds. A missed visitor waited in the queue and left, or was sent away by
// its time limit.
const (
	Form   Kind = "form"
	Missed Kind = "missed"
)

// Message is one entry.
type Message struct {
	ID      string     `json:"id"`
	Tenant  id.Tenant  `json:"-"`
	Inbox   id.Inbox   `json:"inbox"`
	Visitor id.Visitor `json:"visitor,omitempty"`
	Kind    Kind       `json:"kind" enum:"form,missed"`
	// Conversation is that of a missed visitor.
	Conversation id.Conversation `json:"conversation,omitempty"`
	Name         string          `json:"name"`
	Email        string          `json:"email,omitempty"`
	Phone        string          `json:"phone,omitempty"`
	Content      string          `json:"content"`
	// Fields are the other answers of the form, by the name of the field.
	Fields map[string]string `json:"fields,omitempty"`
	// Reason is why nobody could talk: "closed", "nobody", "queue_full", "timeout",
	// "left" or empty.
	Reason string    `json:"reason,omitempty"`
	URL    string    `json:"url,omitempty"`
	Title  string    `json:"title,omitempty"`
	At     time.Time `json:"at"`

	State    State    `json:"state" enum:"notprocess,processed"`
	Assignee id.Agent `json:"assignee,omitempty"`
	// Note is for agents.
	Note string `json:"note,omitempty"`
	// Reply is the answer that was sent by mail.
	Reply     string     `json:"reply,omitempty"`
	RepliedAt *time.Time `json:"repliedAt,omitempty"`
	RepliedBy string     `json:"repliedBy,omitempty"`
	// ChangedAt and ChangedBy are of the newest change by an agent.
	ChangedAt *time.Time `json:"changedAt,omitempty"`
	ChangedBy string     `json:"changedBy,omitempty"`
}

// For returns m as an agent may see it: without actor.Contact phone number,
// e-mail address and the like are masked.
func (m Message) For(who actor.Actor) Message {
	if who.Kind != actor.Agent || who.Can(actor.Contact) {
		return m
	}
	m.Email, m.Phone = mask.Email(m.Email), mask.Phone(m.Phone)
	fields := make(map[string]string, len(m.Fields))
	for name, v := range m.Fields {
		switch name {
		case "qq", "wechat", "mobile", "tel":
			v = mask.Contact(v)
		}
		fields[name] = v
	}
	m.Fields = fields
	return m
}

// Changed is the payload of event.LeaveChanged. Message is nil if only the counts
// may have moved.
type Changed struct {
	Message *Message `json:"message,omitempty"`
	New     bool     `json:"new,omitempty"`
}

// Filter chooses a page, newest first.
type Filter struct {
	// State and Assignee restrict if set; Visitor excludes both.
	State    State
	Assignee id.Agent
	Visitor  id.Visitor
	// From and To, which is left out itself, restrict the time.
	From, To time.Time
	After    string
	// Limit is 1 to 200.
	Limit int
}

// Counts are the sizes of the lists, at most MaxCount each.
type Counts struct {
	Open int `json:"open"`
	// Mine are open ones assigned to the agent.
	Mine int `json:"mine"`
}

// MaxCount is as far as entries are counted.
const MaxCount = 1000

// Change is what an agent may change; nil keeps.
type Change struct {
	State *State `json:"state,omitempty" enum:"notprocess,processed"`
	// Assignee is an agent's id, "" for nobody.
	Assignee *id.Agent `json:"assignee,omitempty" maxLength:"64"`
	Note     *string   `json:"note,omitempty" maxLength:"8000"`
}

// By is the agent who does something.
type By struct {
	Agent id.Agent
	Name  string
}

// Reply is an answer that was given.
type Reply struct {
	Text string
	At   time.Time
	By   By
	// Key names the job that sends it, Payload is what it needs.
	Kind, Key, Payload string
}

// Post is a job that sends a letter.
type Post struct{ Kind, Key, Payload string }

// Store is the memory that leave needs.
type Store interface {
	// AddLeave adds an entry and enqueues the jobs that tell of it, all at once.
	AddLeave(ctx context.Context, m Message, jobs ...Post) error
	// Leave returns one entry, errs.NotFound "leave_not_found" otherwise.
	Leave(ctx context.Context, t id.Tenant, message string) (Message, error)
	// MissedLeave returns the entry of a missed visitor by its conversation.
	MissedLeave(ctx context.Context, t id.Tenant, c id.Conversation) (m Message, ok bool, err error)
	// Leaves returns a page of entries and the cursor of the next, "" at the end.
	Leaves(ctx context.Context, t id.Tenant, f Filter) (page []Message, next string, err error)
	// LeavePage returns a page of entries, newest first, and how many there are,
	// MaxFound at most.
	LeavePage(ctx context.Context, t id.Tenant, f PageFilter) (page []Message, total int, err error)
	// ChangeLeave changes an entry. An assignee must be an agent of the tenant:
	// errs.NotFound "agent_not_found".
	ChangeLeave(ctx context.Context, t id.Tenant, message string, c Change, at time.Time, by By) (Message, error)
	// ReplyLeave notes an answer, marks the entry as done and enqueues the job that
	// sends it, all at once.
	ReplyLeave(ctx context.Context, t id.Tenant, message string, r Reply) (Message, error)
	// CountLeave counts the open entries.
	CountLeave(ctx context.Context, t id.Tenant, a id.Agent) (Counts, error)
}
