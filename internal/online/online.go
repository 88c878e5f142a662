// Package online knows which visitors look at a page now, on every node, and
// how they came. A node counts its own connections and keeps one row for each
// visitor it holds; rows of a node without a lease do not count. A heartbeat
// writes nothing: a row is written when somebody comes, moves to another page,
// is invited or served, and when somebody goes.
package online

import (
	"context"
	"time"

	"parlor/internal/id"
	"parlor/internal/region"
)

// State is where a visitor stands with invitations.
type State string

// The states. InService holds while the visitor has a conversation that is not
// closed; such a visitor is not invited.
const (
	None      State = "none"
	Invited   State = "invited"
	Accepted  State = "accepted"
	Refused   State = "refused"
	InService State = "in_service"
)

// Visitor is somebody who looks at a page.
type Visitor struct {
	Visitor id.Visitor `json:"visitor"`
	Tenant  id.Tenant  `json:"-"`
	Inbox   id.Inbox   `json:"inbox"`
	// Name, Visits, OS, Browser, Mobile and Locale are the visitor's at the time of reading.
	Name    string `json:"name"`
	Visits  int    `json:"visits"`
	OS      string `json:"os,omitempty"`
	Browser string `json:"browser,omitempty"`
	Mobile  bool   `json:"mobile,omitempty"`
	Locale  string `json:"locale,omitempty"`
	// Since is when the visit began, PageSince when the page was opened.
	Since     time.Time `json:"since"`
	PageSince time.Time `json:"pageSince"`
	URL       string    `json:"url"`
	Title     string    `json:"title"`
	// Origin is how the visit began; it stays while the visitor moves on.
	Origin
	Region region.Place `json:"region"`
	State  State        `json:"state" enum:"none,invited,accepted,refused,in_service"`
	// Invites counts the invitations of this visit, InvitedAt is the newest.
	Invites   int        `json:"invites"`
	InvitedAt *time.Time `json:"invitedAt,omitempty"`
}

// Look is what a connection or a request says of the page that is looked at.
type Look struct {
	Tenant  id.Tenant
	Visitor id.Visitor
	Inbox   id.Inbox
	// URL may be empty: the page is the one before.
	URL, Title, Referrer string
	IP                   string
}

// Changed is the payload of event.OnlineChanged.
type Changed struct {
	// Rows are visitors who came or of whom something changed.
	Rows []Visitor `json:"rows,omitempty"`
	// Gone are those who left.
	Gone []id.Visitor `json:"gone,omitempty"`
	// More says that there were more changes than fit: read the list anew.
	More bool `json:"more,omitempty"`
}

// Filter chooses a page of visitors, the newest visit first.
type Filter struct {
	Inbox id.Inbox
	After string
	// Limit is 1 to 200.
	Limit int
}

// Key names a visitor of a tenant.
type Key struct {
	Tenant  id.Tenant
	Visitor id.Visitor
}

// Store is the memory that online needs. Rows of nodes without a lease at now do
// not exist for the verbs that read.
type Store interface {
	// PutOnline writes the row of a visitor for a node. A row that is there keeps
	// Since, Origin and Region; State is InService if the visitor has a running
	// conversation, and None if it was InService before. It returns the row. A row
	// that was not there is the beginning of a visit, of which Origin, Region and
	// the visitor's device are kept, for the newest 200 visits.
	// errs.NotFound "visitor_not_found" for a stranger.
	PutOnline(ctx context.Context, node string, v Visitor) (Visitor, error)
	// RefreshOnline sets the State of rows as PutOnline does, takes them over for a
	// node and returns them. It makes no row; visitors without one are left out.
	RefreshOnline(ctx context.Context, node string, t id.Tenant, list []id.Visitor) ([]Visitor, error)
	// DropOnline removes rows of a node; those another node has taken over stay.
	DropOnline(ctx context.Context, node string, list []Key) error
	// DropOnlineNode removes all rows of a node; the rows of a node that lost its
	// lease go with its presence.
	DropOnlineNode(ctx context.Context, node string) error
	// Online returns a page of visitors and the cursor of the next, "" at the end.
	Online(ctx context.Context, t id.Tenant, f Filter, now time.Time) (page []Visitor, next string, err error)
	// OnlineVisitor returns one, errs.NotFound "visitor_not_online" otherwise.
	OnlineVisitor(ctx context.Context, t id.Tenant, v id.Visitor, now time.Time) (Visitor, error)
	// CountOnline returns how many are there, by inbox.
	CountOnline(ctx context.Context, t id.Tenant, now time.Time) (map[id.Inbox]int, error)
}

// Regions finds places of addresses.
type Regions interface {
	Find(address string) region.Place
}

// Trail keeps the pages that visitors looked at.
type Trail interface {
	// Looked records that a visitor looks at a page now; the same page as before
	// is prolonged.
	Looked(ctx context.Context, l Look) error
	// Left records that visitors have looked at their pages until now.
	Left(ctx context.Context, looks []Look) error
}
