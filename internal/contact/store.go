package contact

import (
	"context"
	"time"

	"parlor/internal/audit"
	"parlor/internal/id"
)

// Query chooses contacts. Fields that are empty choose nothing.
type Query struct {
	// Text is a part of name, e-mail address or phone number, in any case, of the
	// MaxFound who wrote last; or a whole address or number of anybody.
	Text string
	// Email and Phone are whole ones, as they are kept.
	Email, Phone string
	// Unknown chooses between unknown and confirmed ones; nil is both.
	Unknown *bool
	Manager id.Agent
	// Newest puts those who wrote last in front; else the order is that of names.
	Newest bool
	// Offset and Limit are the page.
	Offset, Limit int
}

// Store is the memory that contact needs. What belongs to another tenant does not
// exist for it: errs.NotFound "contact_not_found".
//
// Two more verbs know of contacts: the start of a conversation gives its visitor a
// channel of a contact and refuses a blocked one with errs.Forbidden
// "channel_blocked"; the verbs that change what is known of a visitor let its
// contact Learn it.
type Store interface {
	// AddContact adds a contact, without channels. Conflict "contact_exists" if
	// there is one with its External.
	AddContact(ctx context.Context, c Contact) error
	// Contact returns one contact with its channels.
	Contact(ctx context.Context, t id.Tenant, c id.Contact) (Contact, error)
	// Contacts returns a page of contacts with their channels, and how many fit.
	Contacts(ctx context.Context, t id.Tenant, q Query) (page []Contact, total int, err error)
	// ContactsOf returns the contacts of visitors; who has none is left out.
	ContactsOf(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]id.Contact, error)
	// EditContact lets edit change a contact; channels and times of it stay. edit may
	// be called more than once and changes nothing but what it is given.
	EditContact(ctx context.Context, t id.Tenant, c id.Contact, at time.Time, edit func(*Contact) error) (Contact, error)
	// BlockChannel blocks a channel, or lets it in again, and returns its contact.
	BlockChannel(ctx context.Context, t id.Tenant, v id.Visitor, source string, blocked bool, by audit.By) (Contact, error)
	// VerifyChannel notes that a channel is known to be the contact's, or that it is
	// not, and returns its contact.
	VerifyChannel(ctx context.Context, t id.Tenant, v id.Visitor, source string, verified bool, by audit.By) (Contact, error)
	// ReachVisitor returns the contact of a visitor; one that has none gets one, as
	// with a first conversation, and a channel on the source.
	ReachVisitor(ctx context.Context, t id.Tenant, v id.Visitor, source string, at time.Time) (Contact, error)
	// LinkContact makes a visitor a channel of a contact, and no longer of another.
	LinkContact(ctx context.Context, t id.Tenant, c id.Contact, ch Channel) error
	// LearnFields lets the contact of a visitor, if it has one, Learn values by key,
	// and reports whether there was anything new.
	LearnFields(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string, sure bool) (learnt bool, err error)
	// RemoveContact deletes a contact; its visitors and conversations stay.
	RemoveContact(ctx context.Context, t id.Tenant, c id.Contact, by audit.By) error
}
