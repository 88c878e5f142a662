// Package visitor holds the anonymous people who write to an inbox, and the
// pages they looked at. It knows nothing of conversations.
package visitor

import (
	"context"
	"time"

	"parlor/internal/actor"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Visitor is an anonymous identity in an inbox.
type Visitor struct {
	ID     id.Visitor `json:"id"`
	Tenant id.Tenant  `json:"tenant"`
	Inbox  id.Inbox   `json:"inbox"`
	// Name is what agents see; the service makes one up for newcomers.
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
	// Memo is what the visitor wrote before the conversation (pre-chat).
	Memo string `json:"memo,omitempty"`
	// External is the id a legacy page or the host site gave; display only.
	External string `json:"external,omitempty"`
	// BrowserKey binds a legacy id to the browser that first used it: a keyed
	// hash, unique within the inbox, empty for visitors with a token of ours.
	BrowserKey string    `json:"-"`
	Locale     string    `json:"locale,omitempty"`
	IP         string    `json:"ip,omitempty"`
	OS         string    `json:"os,omitempty"`
	Browser    string    `json:"browser,omitempty"`
	Mobile     bool      `json:"mobile,omitempty"`
	Referrer   string    `json:"referrer,omitempty"`
	Visits     int       `json:"visits"`
	FirstSeen  time.Time `json:"firstSeen"`
	LastSeen   time.Time `json:"lastSeen"`
	// Verified is set for somebody whose identity the company signs; External is the
	// company's own id of the person. Nothing but a signed identity leads to it.
	Verified bool `json:"verified,omitempty"`
	// Until is when what was shown to be a verified visitor ends.
	Until time.Time `json:"-"`
}

// For returns v as an agent may see it: without actor.Contact phone number and
// e-mail address are masked.
func (v Visitor) For(who actor.Actor) Visitor {
	if who.Kind == actor.Agent && !who.Can(actor.Contact) {
		v.Email, v.Phone = mask.Email(v.Email), mask.Phone(v.Phone)
	}
	return v
}

// Page is one page view of a visitor's trail.
type Page struct {
	ID      string     `json:"id"`
	Visitor id.Visitor `json:"-"`
	URL     string     `json:"url"`
	Title   string     `json:"title"`
	At      time.Time  `json:"at"`
	// Until is the last time the page was known to be open.
	Until time.Time `json:"until"`
}

// Details are the contact fields a visitor or agent may change; nil means "keep".
type Details struct {
	Name  *string `json:"name,omitempty"`
	Email *string `json:"email,omitempty"`
	Phone *string `json:"phone,omitempty"`
	Memo  *string `json:"memo,omitempty"`
	// Sure is set by the service for what somebody else than the visitor says: the
	// visitor's contact takes it over.
	Sure bool `json:"-"`
}

// Changed is the payload of event.VisitorChanged.
type Changed struct {
	Visitor Visitor `json:"visitor"`
	// Page is set when the visitor moved to another page.
	Page *Page `json:"page,omitempty"`
}

// Store is the memory that visitor needs.
type Store interface {
	// CreateVisitor adds v. If v.BrowserKey is set and already known in the inbox,
	// nothing is added and the known visitor is returned with created false.
	CreateVisitor(ctx context.Context, v Visitor) (got Visitor, created bool, err error)
	// VisitorByKey returns the visitor of an inbox with a browser key that is not
	// empty; ok is false if there is none.
	VisitorByKey(ctx context.Context, t id.Tenant, in id.Inbox, key string) (v Visitor, ok bool, err error)
	// Visitor returns one visitor, errs.NotFound "visitor_not_found" otherwise.
	Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (Visitor, error)
	// Visitors returns those of the given visitors that exist, in no order.
	Visitors(ctx context.Context, t id.Tenant, list []id.Visitor) ([]Visitor, error)
	// UpdateVisitor changes the given details and returns the result.
	UpdateVisitor(ctx context.Context, t id.Tenant, v id.Visitor, d Details) (Visitor, error)
	// TouchVisitor sets LastSeen, IP, OS, Browser, Mobile and Locale where given
	// in seen, and counts a visit if the last one is more than 30 minutes old.
	TouchVisitor(ctx context.Context, seen Visitor) (Visitor, error)
	// SeeVisitors moves LastSeen of those of the given visitors that exist forward
	// to at, and changes nothing else.
	SeeVisitors(ctx context.Context, t id.Tenant, list []id.Visitor, at time.Time) error
	// AddPage appends a page view; the same URL as the newest one only moves its
	// Until and Title. Fresh is true when a row was added. At most 1,000 pages a
	// visitor are kept: older ones go.
	AddPage(ctx context.Context, t id.Tenant, p Page) (got Page, fresh bool, err error)
	// ProlongPages moves Until of the newest page view of each of the given visitors
	// forward to until; those without one stay as they are.
	ProlongPages(ctx context.Context, t id.Tenant, list []id.Visitor, until time.Time) error
	// Arrivals returns up to limit arrivals of a visitor within a time, newest first.
	Arrivals(ctx context.Context, t id.Tenant, v id.Visitor, from, to time.Time, limit int) ([]Arrival, error)
	// Pages returns up to limit page views, newest first, older than before (zero: all).
	Pages(ctx context.Context, t id.Tenant, v id.Visitor, before time.Time, limit int) ([]Page, error)
}
