package transcript

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
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
	// Describe changes the details of a conversation that who may see.
	Describe(ctx context.Context, who actor.Actor, c id.Conversation, d conversation.DetailChange) error
}

// Files keeps files.
type Files interface {
	// Save keeps what r holds under a name.
	Save(ctx context.Context, who actor.Actor, name string, r io.Reader) (media.File, error)
}

// Queue takes jobs.
type Queue interface {
	Enqueue(ctx context.Context, jobs ...job.Job) error
}

// Service mails and keeps records.
type Service struct {
	conversations Conversations
	queue         Queue
	files         Files
}

// New returns a service.
func New(c Conversations, q Queue, f Files) *Service { return &Service{c, q, f} }

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

// Keep makes the record of an ended conversation that who may see, as a PDF
// document, and notes the file in the conversation's details. Errors: NotFound
// "conversation_not_found"; Conflict "conversation_open".
func (s *Service) Keep(ctx context.Context, who actor.Actor, c id.Conversation, title, lang string) (f media.File, err error) {
	defer errs.Wrap(&err, "transcript.Keep")
	got, err := s.conversations.Conversation(ctx, who, c)
	if err != nil {
		return f, err
	}
	if got.Status != conversation.Closed {
		return f, errs.New(errs.Conflict, "conversation_open", "The conversation has not ended.")
	}
	r, err := Read(ctx, s.conversations, got, lang, who.Kind == actor.Visitor)
	if err != nil {
		return f, err
	}
	r.Title = title
	var b bytes.Buffer
	if err = r.PDF(&b, time.UTC); err != nil {
		return f, err
	}
	if f, err = s.files.Save(ctx, who, "conversation-"+string(c)+".pdf", &b); err != nil {
		return f, err
	}
	return f, s.conversations.Describe(ctx, who, c, conversation.DetailChange{Record: &f.ID})
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
	r, err := Read(ctx, s.conversations, conversation.Conversation{Tenant: t, ID: l.Conversation}, l.Lang, true)
	if err != nil {
		return "", err
	}
	r.Title = title
	var b strings.Builder
	err = r.Text(&b, time.UTC)
	return strings.ReplaceAll(b.String(), "\r\n", "\n"), err
}
