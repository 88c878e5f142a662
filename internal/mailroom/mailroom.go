// Package mailroom is the channel of mail: it fetches what comes into the mailboxes
// of a company, makes conversations of the channel "email" of it, and sends what
// agents answer by the server of the mailbox.
//
// A thread is a conversation. Its visitor is made of the letter that the thread
// began with and a key of this server, so that nobody who merely knows an address
// gets to read what it wrote. Letters of programs (out of office, lists, bounces,
// our own) become no conversation.
package mailroom

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/mailbox"
	"parlor/internal/media"
	"parlor/internal/routing"
	"parlor/internal/sign"
	"parlor/internal/visitor"
)

// Channel is what conversations of this channel have as theirs; Format is the name
// of the way out; JobFetch is the kind of the jobs that look into mailboxes.
const (
	Channel  = "email"
	Format   = "email"
	JobFetch = "mail.fetch"
)

// pause is the time between two looks into a mailbox, longest that after failures;
// look is how long one may take.
const (
	look    = 40 * time.Second
	pause   = 15 * time.Second
	longest = 10 * time.Minute
)

// Files keeps files and signs their addresses.
type Files interface {
	// Save keeps what r holds under a name.
	Save(ctx context.Context, who actor.Actor, name string, r io.Reader) (media.File, error)
	// Content opens a file of the company.
	Content(ctx context.Context, t id.Tenant, f id.File) (media.Opened, error)
	// Address returns the signed path of a variant on this server.
	Address(t id.Tenant, f id.File, variant string) string
}

// Deps are what the channel works with.
type Deps struct {
	Accounts      *account.Service
	Conversations *conversation.Service
	Routing       *routing.Service
	Visitors      *visitor.Service
	Hooks         *hook.Service
	Files         Files
	// Boxes reads the mailboxes of a company and keeps what came of looking into them.
	Boxes interface {
		Boxes(ctx context.Context, t id.Tenant) ([]mailbox.Box, error)
		SaveLook(ctx context.Context, t id.Tenant, box string, l mailbox.Look) error
	}
	// Queue takes the jobs that look into mailboxes.
	Queue interface {
		Enqueue(ctx context.Context, jobs ...job.Job) error
	}
	PublicURL string
	// Key makes the tokens of visitors and signs the names of letters; the same on
	// all nodes.
	Key []byte
	// TLS says whose certificates are trusted; nil means those of the system.
	TLS   *tls.Config
	Clock clock.Clock
	Log   *slog.Logger
}

// Service is the use cases of mail.
type Service struct {
	Deps
	// room bounds how many mailboxes this node reads at once: letters are large.
	room chan struct{}
}

// atOnce is how many those are.
const atOnce = 4

// New returns a service and adds the way out to the webhooks' formats.
func New(d Deps) *Service {
	s := &Service{Deps: d, room: make(chan struct{}, atOnce)}
	d.Hooks.Add(Format, s)
	return s
}

// Watch has a mailbox looked into from now on, by one node at a time, until it is
// switched off or gone.
func (s *Service) Watch(ctx context.Context, b mailbox.Box) error {
	if !b.Active {
		return nil
	}
	return s.Queue.Enqueue(ctx, job.Job{Tenant: b.Tenant, Kind: JobFetch, Key: b.ID, Payload: "{}", Sooner: true, RunAt: s.Clock.Now()})
}

// box finds a mailbox; ok is false if there is none.
func (s *Service) box(ctx context.Context, t id.Tenant, which string) (b mailbox.Box, ok bool, err error) {
	list, err := s.Boxes.Boxes(ctx, t)
	i := slices.IndexFunc(list, func(b mailbox.Box) bool { return b.ID == which })
	if err != nil || i < 0 {
		return b, false, err
	}
	return list[i], true, nil
}

// Take makes what a letter says part of a conversation. A letter that was taken
// before changes nothing; one that is none, or of a program, is passed over.
func (s *Service) Take(ctx context.Context, b mailbox.Box, raw []byte) (err error) {
	defer errs.Wrap(&err, "mailroom.Take")
	l, err := readLetter(raw)
	if err != nil {
		s.Log.Info("letter passed over", "mailbox", b.ID, "error", err)
		return nil
	}
	if l.bounce {
		return s.bounced(ctx, b, l)
	}
	own, err := s.Boxes.Boxes(ctx, b.Tenant)
	if err != nil {
		return err
	}
	if l.auto || slices.ContainsFunc(own, func(x mailbox.Box) bool { return x.Email == l.from.Address }) {
		s.Log.Info("letter of a program passed over", "mailbox", b.ID)
		return nil
	}
	if err = s.Hooks.Bind(ctx, b.Tenant, Channel, Format); err != nil {
		return err
	}
	err = s.file(ctx, b, l)
	if refused(err) {
		s.Log.Info("letter refused", "mailbox", b.ID, "reason", errs.ReasonOf(err))
		return nil
	}
	return err
}

// refused tells what is not mended by reading the letter again. A conversation that
// ended meanwhile is: the next look starts another.
func refused(err error) bool {
	code := errs.CodeOf(err)
	return err != nil && errs.ReasonOf(err) != "conversation_closed" && (code == errs.Forbidden || code == errs.Conflict || code == errs.Invalid || code == errs.NotFound || code == errs.TooLarge)
}

// file finds the conversation of a letter, or starts it, and posts what it says.
func (s *Service) file(ctx context.Context, b mailbox.Box, l letter) error {
	book, err := s.Accounts.Book(ctx, b.Tenant)
	if err != nil {
		return err
	}
	who, err := s.writer(ctx, book, b, l)
	if err != nil {
		return err
	}
	a, err := s.Routing.Admit(ctx, who, conversation.StartInput{Channel: Channel, Team: teamOf(book, b.Department), Later: true})
	if err != nil {
		return err
	}
	c := a.Conversation
	o, err := s.thread(ctx, b, l, c)
	if err != nil {
		return err
	}
	name := nameOf(l)
	text := l.text
	if text == "" && len(l.files) == 0 {
		text = l.subject
	}
	if o.Address != l.from.Address {
		text = strings.TrimSpace(l.from.String() + "\n" + text) // somebody else in the thread
	}
	if text != "" {
		_, err := s.Conversations.Post(ctx, who, conversation.PostInput{Conversation: c.ID, Kind: conversation.Text, Text: text, ClientID: name, Carried: true})
		if err != nil {
			return err
		}
	}
	for i, f := range l.files {
		if err := s.attach(ctx, who, c, f, name+"-"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	if l.more == 0 {
		return nil
	}
	return s.Conversations.Undelivered(ctx, c.Tenant, c.ID, conversation.Loss{Key: name + "-more", Word: "mail_more", About: strconv.Itoa(l.more),
		Reason: fmt.Sprintf("%d more files were left out: %d are taken from a letter.", l.more, maxFiles)})
}

// attach posts a file. One that is not taken is told to the agents.
func (s *Service) attach(ctx context.Context, who actor.Actor, c conversation.Conversation, a attachment, name string) error {
	_, err := s.Conversations.Find(ctx, who, c.ID, name)
	if errs.CodeOf(err) != errs.NotFound {
		return err // it is there
	}
	f, err := s.Files.Save(ctx, who, a.name, bytes.NewReader(a.data))
	if refused(err) {
		return s.Conversations.Undelivered(ctx, c.Tenant, c.ID, conversation.Loss{Key: name, Word: errs.ReasonOf(err), About: media.CleanName(a.name),
			Reason: media.CleanName(a.name) + ": " + errs.MessageOf(err)})
	}
	if err != nil {
		return err
	}
	kind := conversation.FileK
	if strings.HasPrefix(f.Type, "image/") {
		kind = conversation.Image
	}
	_, err = s.Conversations.Post(ctx, who, conversation.PostInput{Conversation: c.ID, Kind: kind, File: f.ID, ClientID: name})
	return err
}

// nameOf is the client id of a letter.
func nameOf(l letter) string {
	sum := sha256.Sum256([]byte(l.id))
	return "mail-" + hex.EncodeToString(sum[:16])
}

// maxThread is how many letters of a thread are remembered, the first among them.
const maxThread = 20

// thread notes a letter with its conversation and returns the way of its answers.
func (s *Service) thread(ctx context.Context, b mailbox.Box, l letter, c conversation.Conversation) (o conversation.Origin, err error) {
	all, err := s.Conversations.DetailsOf(ctx, c.Tenant, []id.Conversation{c.ID})
	if err != nil {
		return o, err
	}
	change := conversation.DetailChange{Origin: &o}
	if old := all[c.ID].Origin; old != nil {
		o = *old
	} else {
		o = conversation.Origin{Service: b.ID, Own: b.Email, Address: l.from.Address, Subject: l.subject}
		if all[c.ID].Topic == "" && l.subject != "" {
			change.Topic = &l.subject
		}
	}
	if slices.Contains(o.Thread, l.id) {
		return o, nil
	}
	o.Thread = append(slices.Clone(o.Thread), l.id)
	if n := len(o.Thread); n > maxThread {
		o.Thread = append(o.Thread[:1:1], o.Thread[n-maxThread+1:]...)
	}
	return o, s.Conversations.Describe(ctx, actor.ForSystem(c.Tenant), c.ID, change)
}

// writer is the visitor of the thread that a letter belongs to.
func (s *Service) writer(ctx context.Context, book *account.Book, b mailbox.Box, l letter) (who actor.Actor, err error) {
	for _, ref := range slices.Backward(l.refs) {
		if v, ok, err := s.known(ctx, b, ref); err != nil || ok {
			return v.Actor(), err
		}
	}
	name := l.from.Name
	if name == "" {
		name, _, _ = strings.Cut(l.from.Address, "@")
	}
	k, _, err := s.Visitors.Register(ctx, visitor.Registration{Tenant: b.Tenant, Inbox: inboxOf(book), Token: s.token(b, l.root), Name: clip(name, 100), Email: l.from.Address,
		Team: teamOf(book, b.Department)})
	return k.Visitor.Actor(), err
}

// known finds the visitor of the thread that has a letter: one that came, or an answer.
func (s *Service) known(ctx context.Context, b mailbox.Box, ref string) (v visitor.Visitor, ok bool, err error) {
	if c, _, ours := s.readID(b.Tenant, ref); ours {
		got, err := s.Conversations.Conversation(ctx, actor.ForSystem(b.Tenant), c)
		if err == nil {
			v, err = s.Visitors.Visitor(ctx, b.Tenant, got.Visitor)
		}
		if errs.CodeOf(err) == errs.NotFound {
			return v, false, nil
		}
		return v, err == nil, err
	}
	k, err := s.Visitors.ByToken(ctx, b.Tenant, s.token(b, ref))
	if errs.CodeOf(err) == errs.NotFound {
		return v, false, nil
	}
	return k.Visitor, err == nil, err
}

// inboxOf is the inbox that the mail of a company counts to: the main one, else the
// first by its id.
func inboxOf(book *account.Book) id.Inbox {
	var first id.Inbox
	for in := range book.Inboxes {
		if in == account.MainInbox {
			return in
		}
		if first == "" || in < first {
			first = in
		}
	}
	return first
}

func teamOf(book *account.Book, department string) id.Team {
	if _, ok := book.Teams[id.Team(department)]; ok {
		return id.Team(department)
	}
	return ""
}

// token is the visitor of a thread.
func (s *Service) token(b mailbox.Box, root string) string {
	return hex.EncodeToString(s.mac("thread", string(b.Tenant), b.ID, root))
}

func (s *Service) mac(list ...string) []byte {
	return sign.Of(s.Key, append([]string{"mail"}, list...)...)
}
