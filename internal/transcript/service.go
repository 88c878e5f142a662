package transcript

import (
	"context"
	"encoding/json"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
)

// Job is the kind of the jobs that mail records.
const Job = "transcript.mail"

// Letter is the payload of a job: whose record goes where.
type Letter struct {
	Conversation id.Conversation `json:"conversation"`
	To           string          `json:"to"`
	Subject      string          `json:"subject"`
	Lang         string          `json:"lang"`
}

// Conversations is what mailing needs of that domain.
type Conversations interface {
	Source
	// Conversation returns one conversation if who may see it.
	Conversation(ctx context.Context, who actor.Actor, c id.Conversation) (conversation.Conversation, error)
}

// Queue takes jobs.
type Queue interface {
	Enqueue(ctx context.Context, jobs ...job.Job) error
}

// Service mails records.
type Service struct {
	conversations Conversations
	queue         Queue
	clock         clock.Clock
}

// New returns a service.
func New(c Conversations, q Queue, ck clock.Clock) *Service { return &Service{c, q, ck} }

// maxSubject is the longest subject, in characters.
const maxSubject = 200

// Send has the record of a conversation that who may see mailed. An empty subject
// gets one. Errors: NotFound "conversation_not_found"; Invalid "bad_email",
// "bad_subject". Without a mail server the job is kept and fails as all mail does.
func (s *Service) Send(ctx context.Context, who actor.Actor, l Letter) (err error) {
	defer errs.Wrap(&err, "transcript.Send")
	if err := l.check(); err != nil {
		return err
	}
	if _, err := s.conversations.Conversation(ctx, who, l.Conversation); err != nil {
		return err
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.queue.Enqueue(ctx, job.Job{Tenant: who.Tenant, Kind: Job, Key: string(l.Conversation) + "/" + l.To, Payload: string(b)})
}

func (l Letter) check() error {
	a, err := mail.ParseAddress(l.To)
	switch {
	case err != nil, a.Address != l.To, len(l.To) > 254:
		return errs.Field("email", "bad_email", "This is not an e-mail address.")
	case utf8.RuneCountInString(l.Subject) > maxSubject, strings.ContainsAny(l.Subject, "\r\n\x00"):
		return errs.Field("subject", "bad_subject", "The subject must have at most %d characters in one line.", maxSubject)
	}
	return nil
}

// Compose writes the text of a letter.
func (s *Service) Compose(ctx context.Context, t id.Tenant, l Letter, title string) (text string, err error) {
	defer errs.Wrap(&err, "transcript.Compose")
	r, err := Read(ctx, s.conversations, t, l.Conversation, l.Lang)
	if err != nil {
		return "", err
	}
	r.Title = title
	var b strings.Builder
	err = r.Text(&b, time.UTC)
	return strings.ReplaceAll(b.String(), "\r\n", "\n"), err
}
