package conversation

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
)

// Store is the memory that conversation needs. Every verb is one transaction
// and is on disk when it returns. Conversations of another tenant do not exist
// for it: errs.NotFound "conversation_not_found".
type Store interface {
	// Start adds c in state Queued unless the visitor already has a conversation
	// that is not closed; then that one is returned with created false, whatever
	// the number of nodes that ask at once. PreviousAgent is filled by the store
	// from the visitor's newest closed conversation that had an agent. An entrance, at
	// most one, says what is kept of the visitor's wish and which team takes it instead;
	// who waits for a bound agent (c.BoundAgent) is not sent on.
	Start(ctx context.Context, c Conversation, e ...Entrance) (got Conversation, created bool, err error)
	// Append adds one message and moves the conversation's counters and the
	// outbox in the same transaction; appends of concurrent callers share one
	// commit. A ClientID already used by the same author in the conversation
	// returns the first message with Repeated true and changes nothing.
	// Errors: Conflict "conversation_closed"; Conflict "not_your_conversation" if
	// OnlyAgent is set and is not the assigned agent.
	Append(ctx context.Context, in Append) (Appended, error)
	// AppendLines adds lines, which nobody said, to a conversation: all or none.
	// Errors: Conflict "conversation_closed".
	AppendLines(ctx context.Context, t id.Tenant, c id.Conversation, lines []Message) ([]Moved, error)
	// Conversation returns one conversation.
	Conversation(ctx context.Context, t id.Tenant, c id.Conversation) (Conversation, error)
	// Conversations returns those of the given conversations that exist, at most
	// MaxBulk, in no order.
	Conversations(ctx context.Context, t id.Tenant, list []id.Conversation) ([]Conversation, error)
	// MessagesAfter returns the messages behind each of up to MaxBulk marks, the
	// oldest limit of each conversation, ordered by conversation and number.
	MessagesAfter(ctx context.Context, t id.Tenant, marks []Mark, limit int) ([]Message, error)
	// Active returns the visitor's conversation that is not closed, or NotFound.
	Active(ctx context.Context, t id.Tenant, v id.Visitor) (Conversation, error)
	// List returns conversations by Filter, one page, newest activity first
	// (queue: next to be served first), and the cursor of the next page, "" at the end.
	List(ctx context.Context, f Filter) (page []Conversation, next string, err error)
	// Count returns how many conversations each view holds within the scope.
	Count(ctx context.Context, t id.Tenant, s Scope) (Counts, error)
	// Messages returns messages of a conversation in ascending order.
	Messages(ctx context.Context, t id.Tenant, c id.Conversation, r Range) ([]Message, error)
	// MarkRead moves one side's read mark forward, never back, at most to LastSeq;
	// moved is false if it already was there.
	MarkRead(ctx context.Context, t id.Tenant, c id.Conversation, side actor.Kind, seq int64) (got Conversation, moved bool, err error)
	// CloseConversation ends a conversation, frees the agent's place and appends Line as a
	// message. Errors: Conflict "conversation_closed"; Conflict
	// "not_your_conversation" if OnlyAgent is set and differs.
	CloseConversation(ctx context.Context, in CloseInput) (Moved, error)
	// Search returns messages that hold every word of the query, newest first.
	// Words of two or more characters match anywhere in a text, without regard to case.
	Search(ctx context.Context, q SearchQuery) (hits []Hit, next string, err error)
	// Recall takes the text and file of a message away, in the conversation's list
	// row and the search index too, and appends the line that tells of it. What was
	// taken back before is returned without a line. Errors: NotFound
	// "message_not_found"; Forbidden "not_author"; Conflict "too_late",
	// "not_recallable".
	Recall(ctx context.Context, in RecallInput) (RecallResult, error)
	// Edit replaces the text of a message, in the conversation's list row and the
	// search index too, and appends the line that tells of it; the same text
	// changes nothing. Errors: NotFound "message_not_found"; Forbidden
	// "not_author"; Conflict "conversation_closed", "message_recalled",
	// "not_editable", "too_many_edits".
	Edit(ctx context.Context, in EditInput) (EditResult, error)
	// FindMessage returns the newest message with a client id, in one conversation
	// or ("") in any of the tenant's MaxFound newest. Errors: NotFound
	// "message_not_found".
	FindMessage(ctx context.Context, t id.Tenant, c id.Conversation, client string) (Message, error)
	// TagConversation adds and removes tags and returns the conversation.
	// Errors: NotFound "tag_not_found"; Conflict "too_many_tags" beyond MaxTags.
	TagConversation(ctx context.Context, in TagInput) (Conversation, error)
	// Colleagues returns the agents of a tenant who are not disabled.
	Colleagues(ctx context.Context, t id.Tenant) ([]Colleague, error)
	// Mentions returns the notes that mention an agent, newest first, those behind
	// the message after ("": from the newest).
	Mentions(ctx context.Context, t id.Tenant, a id.Agent, unread bool, after string, limit int) ([]Mention, error)
	// UnreadMentions counts unread mentions up to MaxUnreadMentions.
	UnreadMentions(ctx context.Context, t id.Tenant, a id.Agent) (int, error)
	// ReadMentions marks mentions of one conversation ("": all) as read and
	// returns how many it marked.
	ReadMentions(ctx context.Context, t id.Tenant, a id.Agent, c id.Conversation, at time.Time) (int, error)
	// SaveDraft replaces the draft of an agent; an empty text removes it. The
	// newest MaxDrafts stay.
	SaveDraft(ctx context.Context, t id.Tenant, a id.Agent, d Draft) error
	// DropDraft removes a draft if there is one; had tells whether there was.
	DropDraft(ctx context.Context, t id.Tenant, a id.Agent, c id.Conversation) (had bool, err error)
	// Drafts returns an agent's drafts, newest first, at most MaxDrafts.
	Drafts(ctx context.Context, t id.Tenant, a id.Agent) ([]Draft, error)
	// DetailStore is what few conversations have beside their counters.
	DetailStore
	// IndexNext lets the search index follow committed messages: it takes up to
	// limit messages from the outbox in order, indexes them and remembers the
	// position, all in one transaction. It returns how many it took.
	IndexNext(ctx context.Context, limit int) (int, error)
}

// Append is a message to add. Message.Seq and Prev are chosen by the store.
type Append struct {
	Message Message
	// OnlyAgent, if set, must be the assigned agent.
	OnlyAgent id.Agent
	// Reads moves the author's own read mark to the new message.
	Reads bool
}

// Appended is the result of Append.
type Appended struct {
	Message Message
	// Conversation holds the counters after the append; names are not filled.
	Conversation Conversation
	Repeated     bool
}

// CloseInput says how to close.
type CloseInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	EndBy        EndBy
	At           time.Time
	OnlyAgent    id.Agent
	Line         Message
	// By, if set, is the agent who closes it, for Details.ClosedBy.
	By id.Agent
}

// Moved is the result of a verb that changed status, agent or team.
type Moved struct {
	Conversation Conversation
	// Before is the agent it was taken from, if any.
	Before id.Agent
	// Line is the message that records the change; Seq is 0 if none was written.
	Line Message
	// Spilled are the steps that long queues have sent it on.
	Spilled []Spilled
}

// View is a slice of the conversations an agent may see.
type View string

// The views.
const (
	ViewMine   View = "mine"
	ViewQueue  View = "queue"
	ViewAll    View = "all"
	ViewClosed View = "closed"
	// ViewRobot are those that robots have.
	ViewRobot View = "robot"
)

// Scope is what an agent may see: own conversations, and those of its teams or
// of no team. All lifts the limit.
type Scope struct {
	Agent id.Agent
	Teams []id.Team
	All   bool
}

// Filter chooses a page of conversations.
type Filter struct {
	Tenant id.Tenant
	View   View
	Scope  Scope
	// Tag, if set, restricts to conversations that have it. Closed ones then come
	// in the order of their starts.
	Tag string
	// Visitor, if set, restricts to one visitor, in any state.
	Visitor id.Visitor
	// After is the cursor of the previous page, "" for the first.
	After string
	// Limit is 1 to 200.
	Limit int
}

// Counts holds the sizes of the views. All counts queued and open ones.
type Counts struct {
	Mine   int `json:"mine"`
	Queue  int `json:"queue"`
	All    int `json:"all"`
	Unread int `json:"unread"`
}

// Range chooses messages of a conversation. With After > 0 the messages behind
// it, oldest first; else those before Before (0: the newest), the newest Limit of them.
type Range struct {
	After, Before int64
	Limit         int
	// Until, if set, leaves out what was not sent before it.
	Until time.Time
	// Text, if set, leaves out what does not hold it, without regard to the case of
	// ASCII letters.
	Text string
	// Visible leaves out what visitors may not see.
	Visible bool
}

// SearchQuery asks for messages.
type SearchQuery struct {
	Tenant id.Tenant
	Scope  Scope
	Text   string
	After  string
	Limit  int
}

// Hit is one message found.
type Hit struct {
	Message Message `json:"message"`
	// VisitorName and Status are of the conversation.
	VisitorName string `json:"visitorName"`
	Status      Status `json:"status"`
}
