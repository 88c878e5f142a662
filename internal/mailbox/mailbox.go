// Package mailbox keeps the mail accounts of a company that its departments read
// and answer from: where its mail is fetched and by what it is sent.
package mailbox

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxBoxes is how many mailboxes a company can have; maxText is the longest text
// of one, in characters, and maxRetries the highest number of attempts in a row.
const (
	MaxBoxes   = 100
	maxText    = 500
	maxRetries = 1000
)

// Box is one mailbox.
type Box struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	Name   string    `json:"name"`
	// Email is its address, unique within the company, in small letters.
	Email       string `json:"email"`
	Active      bool   `json:"active"`
	Description string `json:"description"`
	// Sender is the name that mail is sent under.
	Sender string `json:"sender"`
	// Department is where its conversations go, "" for none.
	Department string `json:"department"`
	SMTP       Server `json:"smtp"`
	IMAP       Server `json:"imap"`
	// Retries is how often fetching is tried before the mailbox is given up.
	Retries   int       `json:"retries"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	// Look is kept by whoever looks into the mailbox; Save leaves it as it is.
	Look Look `json:"-"`
}

// Server is how a mail server is reached.
type Server struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Username string `json:"username"`
	// Password is kept for logging in and leaves the program nowhere else.
	Password string `json:"-"`
	// Secure asks for TLS from the first byte.
	Secure bool `json:"secure"`
}

// Store is the memory that mailbox needs.
type Store interface {
	// Boxes returns those of a tenant in the order in which they were made.
	Boxes(ctx context.Context, t id.Tenant) ([]Box, error)
	// SaveBox adds a mailbox or replaces the one with its id; CreatedAt of a known
	// one stays. Errors: Conflict "mailbox_exists" for an address that another has,
	// "too_many_mailboxes".
	SaveBox(ctx context.Context, b Box, by audit.By) error
	// SaveLook notes what came of a look; it does nothing if the mailbox is gone.
	SaveLook(ctx context.Context, t id.Tenant, box string, l Look) error
	// DeleteBox removes one; NotFound "mailbox_not_found".
	DeleteBox(ctx context.Context, t id.Tenant, box string, by audit.By) error
}

// Service is the use cases of mailboxes. All of them need actor.Administer.
type Service struct {
	store Store
	clock clock.Clock
	saved func(ctx context.Context, b Box) error
}

// New returns a service. saved is told of every mailbox that was added or changed.
func New(store Store, c clock.Clock, saved func(ctx context.Context, b Box) error) *Service {
	return &Service{store: store, clock: c, saved: saved}
}

var errNotAllowed = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing mailboxes.")

// List returns the mailboxes of the company in the order in which they were made.
func (s *Service) List(ctx context.Context, who actor.Actor) ([]Box, error) {
	if !who.Can(actor.Administer) {
		return nil, errNotAllowed
	}
	return s.store.Boxes(ctx, who.Tenant)
}

// Box returns one by its id; NotFound "mailbox_not_found".
func (s *Service) Box(ctx context.Context, who actor.Actor, box string) (Box, error) {
	list, err := s.List(ctx, who)
	for _, b := range list {
		if b.ID == box {
			return b, nil
		}
	}
	if err == nil {
		err = errs.New(errs.NotFound, "mailbox_not_found", "There is no such mailbox.")
	}
	return Box{}, err
}

// Save adds a mailbox (no id) or changes one.
//
// Errors: Invalid with the field; NotFound "mailbox_not_found"; Conflict
// "mailbox_exists", "too_many_mailboxes".
func (s *Service) Save(ctx context.Context, who actor.Actor, b Box) (_ Box, err error) {
	defer errs.Wrap(&err, "mailbox.Save")
	if !who.Can(actor.Administer) {
		return b, errNotAllowed
	}
	now := s.clock.Now()
	b.Tenant, b.CreatedAt, b.UpdatedAt = who.Tenant, now, now
	if b.ID == "" {
		b.ID = id.New()
	} else if old, err := s.Box(ctx, who, b.ID); err != nil {
		return b, err
	} else {
		b.CreatedAt, b.Look = old.CreatedAt, old.Look
	}
	if err = b.check(); err != nil {
		return b, err
	}
	if err = s.store.SaveBox(ctx, b, audit.Of(who, now)); err != nil {
		return b, err
	}
	return b, s.saved(ctx, b)
}

// Delete removes a mailbox; NotFound "mailbox_not_found".
func (s *Service) Delete(ctx context.Context, who actor.Actor, box string) (err error) {
	defer errs.Wrap(&err, "mailbox.Delete")
	if !who.Can(actor.Administer) {
		return errNotAllowed
	}
	return s.store.DeleteBox(ctx, who.Tenant, box, audit.Of(who, s.clock.Now()))
}

// check cleans a mailbox and refuses what cannot be kept.
func (b *Box) check() error {
	b.Name, b.Email = strings.TrimSpace(b.Name), strings.ToLower(strings.TrimSpace(b.Email))
	if b.Name == "" {
		return errs.Field("name", "bad_name", "The name is empty.")
	}
	if a, err := mail.ParseAddress(b.Email); err != nil || a.Address != b.Email {
		return errs.Field("email", "bad_email", "%q is not an e-mail address.", clip(b.Email))
	}
	for field, text := range map[string]string{"name": b.Name, "email": b.Email, "description": b.Description, "senderInfo": b.Sender, "department": b.Department,
		"smtp": b.SMTP.Host + b.SMTP.Username + b.SMTP.Password, "imap": b.IMAP.Host + b.IMAP.Username + b.IMAP.Password} {
		if utf8.RuneCountInString(text) > maxText || strings.ContainsAny(text, "\x00\r\n") {
			return errs.Field(field, "bad_text", "%s has more than %d characters or a line break.", field, maxText)
		}
	}
	for field, server := range map[string]Server{"smtp": b.SMTP, "imap": b.IMAP} {
		if server.Port < 1 || server.Port > 65535 || strings.TrimSpace(server.Host) == "" {
			return errs.Field(field, "bad_server", "A server has a name and a port from 1 to 65535.")
		}
	}
	if b.Retries < 0 || b.Retries > maxRetries {
		return errs.Field("imap", "bad_retries", "The number of attempts is 0 to %d.", maxRetries)
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100])
	}
	return s
}
