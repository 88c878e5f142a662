// Package hook tells other systems what happens in conversations: webhooks.
//
// A subscription (Hook) names an address and the occasions it wants. Delivery is
// durable: the verb that adds a message also marks the conversation as due for
// each subscription of the company, in the same transaction. A node that has
// capacity leases a due conversation, walks its messages from where the last
// delivery ended and posts one request for each wanted occasion, in the order in
// which they happened. So order holds within a conversation and a subscription,
// nothing is lost when a process dies, and a receiver may get a request twice:
// the delivery id is the same then.
package hook

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// Occasion is something that a subscription can want to know.
type Occasion string

// The occasions.
const (
	// Started: a conversation was started. It comes before its first message.
	Started Occasion = "conversation.started"
	// Queued: a conversation waits for an agent, at its start or again.
	Queued Occasion = "conversation.queued"
	// Assigned: an agent got it out of the queue.
	Assigned Occasion = "conversation.assigned"
	// Forwarded: it went to another agent or team.
	Forwarded Occasion = "conversation.forwarded"
	// Closed: it ended.
	Closed Occasion = "conversation.closed"
	// Edited: data of a conversation that has ended was changed.
	Edited Occasion = "conversation.edited"
	// FromVisitor and FromAgent: a message was written.
	FromVisitor Occasion = "message.visitor"
	FromAgent   Occasion = "message.agent"
	// Lead: an e-mail address or phone number stands in a visitor's message.
	Lead Occasion = "visitor.lead"
	// Rated: a visitor rated a conversation, or changed the rating.
	Rated Occasion = "conversation.rated"
	// LeftMessage: a visitor left a message because nobody was there.
	LeftMessage Occasion = "visitor.left_message"
	// Page: a visitor looked at a page during a conversation. Only companies that
	// have pages in their conversations get it.
	Page Occasion = "visitor.page"
	// BindingCreated and BindingDeleted: a visitor was bound to an agent for a business
	// flag, or not any more. Imports of many are not told.
	BindingCreated Occasion = "binding.created"
	BindingDeleted Occasion = "binding.deleted"
	// AgentState: an agent chose another state.
	AgentState Occasion = "agent.state"
	// Overflowed: a long queue sent a conversation on to another team.
	Overflowed Occasion = "queue.overflowed"
	// QueueWarned: a visitor was told that the waiting ends soon.
	QueueWarned Occasion = "queue.warned"
	// CallChanged: a voice or video call began, rang, was answered, or ended.
	CallChanged Occasion = "call.changed"
	// Sample is sent by Test only.
	Sample Occasion = "test"
)

// Occasions lists what a subscription can choose, in the order of documentation.
func Occasions() []Occasion {
	return []Occasion{Started, Queued, Assigned, Forwarded, Closed, Edited, Rated, FromVisitor, FromAgent, Lead, LeftMessage, Page, BindingCreated, BindingDeleted, AgentState, Overflowed, QueueWarned, CallChanged}
}

// Bounds.
const (
	// MaxHooks is how many subscriptions a company can have.
	MaxHooks = 50
	// MaxTries is the default and the most attempts before a delivery is set aside.
	MaxTries = 10
	// MaxBody is how much of a request or an answer the log keeps, in bytes.
	MaxBody = 64 << 10
	// Limits of the time for one attempt, in milliseconds.
	MinTimeout, DefaultTimeout, MaxTimeout = 100, 5000, 60_000
)

// Hook is one subscription.
type Hook struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Name   string    `json:"name"`
	URL    string    `json:"url"`
	// Format names how bodies are written: "parlor", "rocketchat", "easemob" or "easemob-im".
	Format string `json:"format"`
	// Channel is set for what is no subscription of anybody's but the way out of a
	// channel, see Bind: it is told of conversations of that channel only, and does
	// not show in lists.
	Channel string `json:"channel,omitempty"`
	// Secret is sent as it is in the header of the format, if set. It is never
	// shown again: answers say only whether there is one.
	Secret string `json:"-"`
	// Key signs bodies (X-Parlor-Signature), if set. It is never shown again.
	Key string `json:"-"`
	// Occasions are those wanted.
	Occasions []Occasion `json:"occasions"`
	// Inboxes restricts to conversations of these; empty means all.
	Inboxes []id.Inbox `json:"inboxes"`
	// Timeout bounds one attempt, in milliseconds.
	Timeout int `json:"timeout"`
	// Tries is how often a delivery is tried, 1 to MaxTries.
	Tries int `json:"tries"`
	// AnySuccess counts every 2xx answer as delivered, else exactly 200.
	AnySuccess bool `json:"anySuccess"`
	// Old writes bodies as older versions of the format did.
	Old       bool      `json:"old"`
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"createdAt"`
}

// Wants reports whether the subscription asked for an occasion in an inbox.
func (h Hook) Wants(o Occasion, in id.Inbox) bool {
	return h.Active && slices.Contains(h.Occasions, o) && (len(h.Inboxes) == 0 || in == "" || slices.Contains(h.Inboxes, in))
}

// Due is what one subscription has not been told of one subject yet.
type Due struct {
	Hook   string
	Tenant id.Tenant
	// Conversation is set for the messages of a conversation; Told is the number
	// of the last message that was handled, -2 before its start was and -1 before
	// it was told whether it waits, and Last the newest one.
	Conversation id.Conversation
	Told, Last   int64
	// ID and Note are set for an occasion outside the messages: its own id, what it
	// is and the data it carries.
	ID   string
	Note Note
	// Tries counts failures of the delivery that is due now.
	Tries int
}

// Note is an occasion that no message tells.
type Note struct {
	Occasion     Occasion        `json:"occasion"`
	Conversation id.Conversation `json:"conversation,omitempty"`
	// Inbox is where it happened, for the filter.
	Inbox id.Inbox `json:"inbox,omitempty"`
	// Data is what the format makes a body of.
	Data string `json:"data,omitempty"`
	// Body is a finished body: a delivery that is repeated by hand.
	Body string `json:"body,omitempty"`
	// Delivery is the id of the delivery that is repeated.
	Delivery string `json:"delivery,omitempty"`
	At       time.Time
}

// Attempt is one try to deliver, as the log keeps it.
type Attempt struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Hook   string    `json:"hook"`
	// Delivery is the same for all tries of one delivery.
	Delivery     string          `json:"delivery"`
	Occasion     Occasion        `json:"occasion"`
	Conversation id.Conversation `json:"conversation,omitempty"`
	// Number counts the tries from 1.
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Took is the time until the answer, in milliseconds.
	Took int `json:"took"`
	// Status is the HTTP status, 0 if there was no answer.
	Status int `json:"status"`
	// Failure says why it does not count as delivered, empty if it does.
	Failure string `json:"failure,omitempty"`
	// Dead is true for the last try of a delivery that was set aside.
	Dead bool `json:"dead"`
	// Request and Answer are the bodies, cut at MaxBody. Lists leave them out.
	Request string `json:"request,omitempty"`
	Answer  string `json:"answer,omitempty"`
}

// Settled is the outcome of work on a Due.
type Settled struct {
	Due Due
	// Told replaces Due.Told; what has come behind it meanwhile stays due.
	Told int64
	// Done ends a note.
	Done bool
	// Tries and At say when a failed delivery is tried again.
	Tries int
	At    time.Time
	// Attempt is logged, if its ID is set.
	Attempt Attempt
	// Answer is kept as what the receivers said last of the conversation, if Keep.
	Keep   bool
	Answer string
}

// Filter chooses a page of the log.
type Filter struct {
	Hook string
	// Dead restricts to deliveries that were set aside.
	Dead bool
	// Conversation restricts to one conversation.
	Conversation id.Conversation
	After        string
	Limit        int
}

// Store is the memory that hook needs.
type Store interface {
	// SaveHook adds or replaces a subscription. Conflict "hooks_full" beyond most.
	SaveHook(ctx context.Context, h Hook, most int, by audit.By) error
	// DeleteHook removes a subscription and all that is due for it; its log stays
	// until it is old. NotFound "hook_not_found".
	DeleteHook(ctx context.Context, t id.Tenant, hook string, by audit.By) error
	// Hooks returns all subscriptions of a company, or of all companies for "",
	// in the order in which they were made.
	Hooks(ctx context.Context, t id.Tenant) ([]Hook, error)
	// HooksChanged makes the appends of this process follow the subscriptions as
	// they are now, and returns the companies that have active ones.
	HooksChanged(ctx context.Context) (map[id.Tenant]bool, error)
	// NoteHooks makes a note due for the given subscriptions.
	NoteHooks(ctx context.Context, t id.Tenant, hooks []string, n Note) error
	// ClaimHooks leases what is due until the given time, at most limit, not more
	// than each for one subscription and nothing of those that are busy.
	ClaimHooks(ctx context.Context, limit, each int, busy []string, now, until time.Time) ([]Due, error)
	// NextHook returns when something is due next; ok is false if nothing is.
	NextHook(ctx context.Context) (at time.Time, ok bool, err error)
	// SettleHook records the outcome of a leased Due and ends the lease.
	SettleHook(ctx context.Context, s Settled) error
	// HookAttempts returns a page of the log, newest first, without bodies.
	HookAttempts(ctx context.Context, t id.Tenant, f Filter) ([]Attempt, error)
	// HookAttempt returns one entry with its bodies.
	HookAttempt(ctx context.Context, t id.Tenant, attempt string) (Attempt, error)
	// HookAnswers returns what the receivers said last of conversations.
	HookAnswers(ctx context.Context, t id.Tenant, list []id.Conversation) (map[id.Conversation]string, error)
	// ExpireAttempts deletes log entries from before a time and returns how many.
	ExpireAttempts(ctx context.Context, before time.Time) (int, error)
}

// Check returns what is wrong with a subscription: errs.Invalid with the field.
func (h Hook) Check() error {
	u, err := url.Parse(h.URL)
	switch {
	case strings.TrimSpace(h.Name) == "" || utf8.RuneCountInString(h.Name) > 80:
		return errs.Field("name", "bad_name", "The name has 1 to 80 characters.")
	case h.URL == "" && !h.Active: // an address is needed to be active
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || len(h.URL) > 2000:
		return errs.Field("url", "bad_url", "%q is not an address that starts with http:// or https://.", h.URL)
	case u != nil && u.User != nil:
		return errs.Field("url", "credentials_in_url", "A name and password do not belong in the address.")
	case len(h.Secret) > 500 || strings.ContainsAny(h.Secret, "\r\n"):
		return errs.Field("secret", "bad_secret", "The secret has more than 500 characters or a line break.")
	case len(h.Key) > 500:
		return errs.Field("key", "bad_key", "The signing key has more than 500 characters.")
	case h.Timeout < MinTimeout || h.Timeout > MaxTimeout:
		return errs.Field("timeout", "bad_timeout", "%d ms; %d to %d are allowed.", h.Timeout, MinTimeout, MaxTimeout)
	case h.Tries < 1 || h.Tries > MaxTries:
		return errs.Field("tries", "bad_tries", "%d attempts; 1 to %d are allowed.", h.Tries, MaxTries)
	case len(h.Inboxes) > 100:
		return errs.Field("inboxes", "too_many", "At most 100 inboxes.")
	}
	for _, o := range h.Occasions {
		if !slices.Contains(Occasions(), o) {
			return errs.Field("occasions", "bad_occasion", "%q is not an occasion; those that exist: %v.", o, Occasions())
		}
	}
	return nil
}

// mayManage refuses who may not change settings of the company.
func mayManage(who actor.Actor) error {
	if !who.Can(actor.Administer) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow managing webhooks.")
	}
	return nil
}

// changed tells every node that the subscriptions of a company were changed.
func changed(p event.Publisher, t id.Tenant, at time.Time) {
	p.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.HooksChanged, To: []event.Topic{event.ToNodes}, At: at})
}
