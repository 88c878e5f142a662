package rest

import (
	"context"
	"net/http"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/mailbox"
	"parlor/internal/mailroom"
)

// MailServer is a server of a mailbox as administrators see it: passwords are never
// shown.
type MailServer struct {
	mailbox.Server
	HasPassword bool `json:"hasPassword"`
}

// Mailbox is a mailbox as administrators see it.
type Mailbox struct {
	ID          string     `json:"id"`
	Name        string     `json:"name"`
	Email       string     `json:"email"`
	Active      bool       `json:"active"`
	Description string     `json:"description"`
	Sender      string     `json:"sender" doc:"The name that answers are sent under"`
	Team        string     `json:"team" doc:"Id of the team that its conversations go to, \"\" for none"`
	IMAP        MailServer `json:"imap"`
	SMTP        MailServer `json:"smtp"`
	Look        *MailLook  `json:"look,omitempty" doc:"The newest look into it; absent before the first"`
	CreatedAt   time.Time  `json:"createdAt"`
	UpdatedAt   time.Time  `json:"updatedAt"`
}

// MailLook is what came of the newest look into a mailbox.
type MailLook struct {
	At        time.Time      `json:"at"`
	Waiting   *int           `json:"waiting,omitempty" doc:"Unread letters that are still in the mailbox; absent if the newest look could not count them"`
	Taken     int64          `json:"taken" doc:"Letters taken so far"`
	LastTaken *time.Time     `json:"lastTaken,omitempty"`
	Failures  int            `json:"failures" doc:"Looks in a row that failed"`
	Fault     *mailbox.Fault `json:"fault,omitempty" doc:"Why the newest look failed"`
}

func mailboxOf(b mailbox.Box) Mailbox {
	m := Mailbox{ID: b.ID, Name: b.Name, Email: b.Email, Active: b.Active, Description: b.Description, Sender: b.Sender, Team: b.Department,
		IMAP: MailServer{b.IMAP, b.IMAP.Password != ""}, SMTP: MailServer{b.SMTP, b.SMTP.Password != ""}, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt}
	if l := b.Look; !l.At.IsZero() {
		m.Look = &MailLook{At: l.At, Waiting: l.Waiting, Taken: l.Taken, Failures: l.Failures, Fault: l.Fault}
		if !l.LastTaken.IsZero() {
			m.Look.LastTaken = &l.LastTaken
		}
	}
	return m
}

// MailServerBody is what is sent of a server of a mailbox.
type MailServerBody struct {
	Host     string  `json:"host" maxLength:"500"`
	Port     int     `json:"port" minimum:"1" maximum:"65535"`
	Username string  `json:"username,omitempty" maxLength:"500"`
	Password *string `json:"password,omitempty" maxLength:"500" doc:"Absent keeps the password while host and port are the same, \"\" removes it"`
	Secure   bool    `json:"secure" doc:"TLS from the first byte; else it is begun if the server offers it"`
}

func (b MailServerBody) server() mailbox.Server {
	return mailbox.Server{Host: b.Host, Port: b.Port, Username: b.Username, Secure: b.Secure}
}

// MailboxBody is what is sent to add or change a mailbox.
type MailboxBody struct {
	Name        string         `json:"name" maxLength:"500"`
	Email       string         `json:"email" maxLength:"500"`
	Active      bool           `json:"active"`
	Description string         `json:"description,omitempty" maxLength:"500"`
	Sender      string         `json:"sender,omitempty" maxLength:"500" doc:"The name that answers are sent under"`
	Team        id.Team        `json:"team,omitempty" maxLength:"64"`
	IMAP        MailServerBody `json:"imap"`
	SMTP        MailServerBody `json:"smtp"`
}

type newMailbox struct{ Body MailboxBody }

type changeMailbox struct {
	ByID
	Body MailboxBody
}

// tries is what a mailbox of this API has as its number of attempts.
const tries = 10

// saveMailbox adds a mailbox, or changes the one that before is.
func (a *API) saveMailbox(ctx context.Context, l account.Login, before mailbox.Box, in MailboxBody) (*body[Mailbox], error) {
	book, err := a.Accounts.Book(ctx, l.Agent.Tenant)
	if err != nil {
		return nil, err
	}
	if _, known := book.Teams[in.Team]; in.Team != "" && !known && string(in.Team) != before.Department {
		return nil, errs.Field("team", "team_not_found", "There is no such team.")
	}
	b := mailbox.Box{ID: before.ID, Name: in.Name, Email: in.Email, Active: in.Active, Description: in.Description, Sender: in.Sender, Department: string(in.Team),
		IMAP: in.IMAP.server(), SMTP: in.SMTP.server(), Retries: before.Retries}
	if err := b.Keep(before, in.SMTP.Password, in.IMAP.Password); err != nil {
		return nil, err
	}
	b, err = a.Mailboxes.Save(ctx, l.Actor(), b)
	return reply(mailboxOf(b), err)
}

// mailboxes registers the mailboxes of a company, for administrators.
func (a *API) mailboxes() {
	const tag = "mailboxes"
	s := a.Mailboxes
	asAgent(a, http.MethodGet, "/mailboxes", "All mailboxes in the order in which they were made, with what came of the newest look into them", tag, func(ctx context.Context, l account.Login, _ *none) (*body[[]Mailbox], error) {
		list, err := s.List(ctx, l.Actor())
		out := make([]Mailbox, 0, len(list))
		for _, b := range list {
			out = append(out, mailboxOf(b))
		}
		return reply(out, err)
	})
	asAgent(a, http.MethodPost, "/mailboxes", "Add a mailbox", tag, func(ctx context.Context, l account.Login, in *newMailbox) (*body[Mailbox], error) {
		return a.saveMailbox(ctx, l, mailbox.Box{Retries: tries}, in.Body)
	})
	asAgent(a, http.MethodPut, "/mailboxes/{id}", "Change a mailbox", tag, func(ctx context.Context, l account.Login, in *changeMailbox) (*body[Mailbox], error) {
		before, err := s.Box(ctx, l.Actor(), in.ID)
		if err != nil {
			return nil, err
		}
		return a.saveMailbox(ctx, l, before, in.Body)
	})
	asAgent(a, http.MethodDelete, "/mailboxes/{id}", "Delete a mailbox; its conversations stay", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, s.Delete(ctx, l.Actor(), in.ID)
	})
	asAgent(a, http.MethodPost, "/mailboxes/{id}/test", "Send a letter to your own address and say what the server made of it", tag, func(ctx context.Context, l account.Login, in *ByID) (*body[mailroom.Trial], error) {
		return reply(a.Mailroom.Try(ctx, l.Actor(), in.ID))
	})
	asAgent(a, http.MethodPost, "/mailboxes/{id}/fetch", "Look into a mailbox now", tag, func(ctx context.Context, l account.Login, in *ByID) (*none, error) {
		return nil, a.Mailroom.Look(ctx, l.Actor(), in.ID)
	})
}
