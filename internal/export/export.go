// Package export writes lists into files for people and programs to take away: past
// conversations and their messages, contacts, left messages, ratings, the audit log.
// An export is asked for, runs as a durable job in short turns, page by page along the
// lists' own indexes, and is kept for Life. A turn that was cut off makes the file anew;
// there is never more than one.
//
// Waiting → Running → Done | Failed. What an export holds is what its asker may see at
// the time of each turn.
package export

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/contact"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/leave"
	"parlor/internal/sheet"
	"parlor/internal/survey"
)

// Kind is which list is exported.
type Kind string

// The kinds.
const (
	Conversations Kind = "conversations"
	// Messages are those of the conversations that fit.
	Messages Kind = "messages"
	Contacts Kind = "contacts"
	Left     Kind = "left"
	Ratings  Kind = "ratings"
	Audit    Kind = "audit"
)

// State is how far an export is.
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Bounds.
const (
	// Life is how long file and row are kept from the time of asking.
	Life = 7 * 24 * time.Hour
	// LongestSpan is the longest time that an export covers.
	LongestSpan = 366 * 24 * time.Hour
	// MaxRows bounds a CSV file, MaxBook a workbook.
	MaxRows = 1_000_000
	MaxBook = 100_000
	// MaxWaiting is how many exports of one asker may be unfinished.
	MaxWaiting = 3
)

// Filter chooses rows. What a list does not know does not restrict it.
type Filter struct {
	// From and To, which is left out itself, are the times of a span: of the start of
	// conversations, of the making of contacts, of the rest when it happened.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Inbox, Team, Agent, Tag and Rating, a level, are ids; Agent is who looks after a
	// contact, has a left message, or made a change.
	Inbox  id.Inbox `json:"inbox,omitempty"`
	Team   id.Team  `json:"team,omitempty"`
	Agent  id.Agent `json:"agent,omitempty"`
	Tag    string   `json:"tag,omitempty"`
	Rating string   `json:"rating,omitempty"`
	// State is that of conversations or left messages.
	State string `json:"state,omitempty"`
	// Thing is what kind of thing was changed.
	Thing string `json:"thing,omitempty"`
}

// Export is one file that was asked for.
type Export struct {
	ID     string       `json:"id"`
	Tenant id.Tenant    `json:"-"`
	Kind   Kind         `json:"kind" enum:"conversations,messages,contacts,left,ratings,audit"`
	Format sheet.Format `json:"format" enum:"csv,xlsx"`
	Filter Filter       `json:"filter"`
	// Lang is the language of headings, Zone the IANA name of the time zone of times.
	Lang string `json:"lang"`
	Zone string `json:"zone"`
	// ByKind is "agent", or "system" for a program; ByID is the agent's id or the
	// program's name.
	ByKind actor.Kind `json:"byKind" enum:"agent,system"`
	ByID   string     `json:"by"`
	ByName string     `json:"byName"`
	State  State      `json:"state" enum:"waiting,running,done,failed"`
	// Reason is why it failed: "too_many_rows", "not_allowed", "no_space" or "internal".
	Reason string `json:"reason,omitempty"`
	// Rows are those written so far, without the heading.
	Rows int64 `json:"rows"`
	// Size is that of the file in bytes.
	Size int64 `json:"size"`
	// Name is that of the file.
	Name      string     `json:"name"`
	Downloads int        `json:"downloads"`
	CreatedAt time.Time  `json:"createdAt"`
	StartedAt *time.Time `json:"startedAt,omitempty"`
	EndedAt   *time.Time `json:"endedAt,omitempty"`
	// Until is when file and row are removed.
	Until time.Time `json:"until"`

	// Place is the cursor of the next page, Clean tells that the file is as long as
	// Size says, Turn numbers the turns, Tries counts those that were cut off.
	Place string `json:"-"`
	Clean bool   `json:"-"`
	Turn  int64  `json:"-"`
	Tries int    `json:"-"`
}

// Over reports whether nothing happens to x any more.
func (x Export) Over() bool { return x.State == Done || x.State == Failed }

// file is the id of its file: one export, one file.
func (x Export) file() id.File { return id.File(x.ID) }

// FileName is the name under which an export is downloaded: its kind, and when it was asked for in
// the zone of its asker.
func FileName(x Export) string {
	zone, err := time.LoadLocation(x.Zone)
	if err != nil {
		zone = time.UTC
	}
	return string(x.Kind) + "-" + x.CreatedAt.In(zone).Format("20060102-1504") + "." + string(x.Format)
}

// Changed is the payload of event.ExportChanged.
type Changed struct {
	Export Export `json:"export"`
	// Gone is true if it was deleted.
	Gone bool `json:"gone,omitempty"`
}

// Query chooses a page of exports, newest first.
type Query struct {
	// ByKind and ByID are those of one asker, both empty for all.
	ByKind actor.Kind
	ByID   string
	After  string
	// Limit is 1 to 200.
	Limit int
}

// Past chooses a page of conversations by their start, oldest first.
type Past struct {
	Tenant id.Tenant
	Scope  conversation.Scope
	// From and To, which is left out itself, are the times of the start.
	From, To time.Time
	// Agent and Team restrict if set.
	Agent id.Agent
	Team  id.Team
	After string
	// Limit is 1 to 200.
	Limit int
}

// PastConversation is a conversation with what its row in a file needs beside.
type PastConversation struct {
	conversation.Conversation
	Email, Phone string
	// Level is that of the rating, "" for none; Score and Comment belong to it.
	Level   string
	Score   int
	Comment string
}

// Store is the memory that export needs.
type Store interface {
	// AddExport adds x and its jobs; Conflict "too_many_exports" if the asker has most
	// that are not over.
	AddExport(ctx context.Context, x Export, most int, jobs []job.Job, by audit.By) error
	// Export returns one export; NotFound "export_not_found".
	Export(ctx context.Context, t id.Tenant, x string) (Export, error)
	// Exports returns a page and the cursor of the next.
	Exports(ctx context.Context, t id.Tenant, q Query) (page []Export, next string, err error)
	// TakeExport begins a turn. After one that was not kept it begins at the first row
	// again and counts a try. ok is false if the export is over; NotFound "export_not_found".
	TakeExport(ctx context.Context, t id.Tenant, x string, at time.Time) (got Export, ok bool, err error)
	// KeepExport ends the turn x.Turn with the state of x; Conflict "export_moved" if
	// another turn has begun or the export is gone.
	KeepExport(ctx context.Context, x Export) error
	// CountDownload notes a download, in the audit log too.
	CountDownload(ctx context.Context, t id.Tenant, x string, by audit.By) error
	// DropExport removes an export and returns what it was; NotFound "export_not_found".
	DropExport(ctx context.Context, t id.Tenant, x string, by audit.By) (Export, error)
}

// Lists are the lists that are exported, each read page by page along an index.
type Lists interface {
	// PastConversations returns a page of conversations and the cursor of the next.
	PastConversations(ctx context.Context, p Past) (page []PastConversation, next string, err error)
	// PastContacts returns a page of contacts by name and the cursor of the next.
	PastContacts(ctx context.Context, t id.Tenant, manager id.Agent, after string, limit int) (page []contact.Contact, next string, err error)
	// MessagesAfter returns messages behind marks, see conversation.Store.
	MessagesAfter(ctx context.Context, t id.Tenant, marks []conversation.Mark, limit int) ([]conversation.Message, error)
	// Leaves returns a page of left messages, newest first.
	Leaves(ctx context.Context, t id.Tenant, f leave.Filter) (page []leave.Message, next string, err error)
	// Surveys returns a page of ratings, newest first.
	Surveys(ctx context.Context, t id.Tenant, f survey.Filter) (page []survey.Survey, next string, err error)
	// Audit returns a page of changes, newest first.
	Audit(ctx context.Context, t id.Tenant, f audit.Filter) (page []audit.Entry, next string, err error)
}
