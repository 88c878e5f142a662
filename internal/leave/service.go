package leave

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/setting"
)

const (
	maxNote  = 2000
	maxReply = 10000
)

// Settings finds what is set for an inbox.
type Settings interface {
	// Offline returns the form of an inbox.
	Offline(ctx context.Context, t id.Tenant, in id.Inbox) (setting.Offline, error)
	// Notice says what happens when a message for a team ("" for none) is left.
	Notice(ctx context.Context, t id.Tenant, team id.Team) (Notice, error)
}

// Notice is how a company learns of left messages beside its list.
type Notice struct {
	// Off is true if the company takes none at all.
	Off bool
	// To is the address to which they are mailed, "" for none.
	To string
	// Verify asks that the domain of a visitor's address takes mail.
	Verify bool
}

// Mail is how answers are sent.
type Mail struct {
	// Ready is false if no mail server is set up.
	Ready bool
	// Kind is the kind of job that sends a Letter.
	Kind string
	// Resolve returns an error if a domain takes no mail; nil: not asked.
	Resolve func(ctx context.Context, domain string) error
}

// Letter is the payload of the job that sends an answer.
type Letter struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// ReplyTo is the address for answers, "" for the sender's.
	ReplyTo string `json:"replyTo,omitempty"`
	// ID becomes the Message-ID, so that a second try is known as one.
	ID string `json:"id"`
}

// Service is the use cases of entries.
type Service struct {
	store    Store
	settings Settings
	events   event.Publisher
	clock    clock.Clock
	mail     Mail
	// queued is called when a job was enqueued.
	queued func()
}

// New returns a service. queued is called after an answer was put into the outbox.
func New(store Store, settings Settings, events event.Publisher, c clock.Clock, mail Mail, queued func()) *Service {
	return &Service{store: store, settings: settings, events: events, clock: c, mail: mail, queued: queued}
}

// Input is what a visitor leaves.
type Input struct {
	// Answers are by the names of the fields.
	Answers map[string]string
	// Known are fields that are taken too, although the form does not have them.
	Known  []string
	Reason string
	// Team is whom it is for, "" for nobody in particular.
	Team id.Team
	// Strict refuses what cannot be mailed to the company or back to the visitor.
	Strict bool
	// URL and Title are the page on which it was written.
	URL, Title string
}

// Leave adds what a visitor wrote. An error names the field at fault;
// errs.Conflict "offline_disabled" if the inbox takes none; with Strict also
// "no_recipient" and "unknown_domain".
func (s *Service) Leave(ctx context.Context, who actor.Actor, in Input) (m Message, err error) {
	defer errs.Wrap(&err, "leave.Leave")
	if who.Kind != actor.Visitor {
		return m, errs.New(errs.Forbidden, "visitors_only", "Only visitors leave messages.")
	}
	m, notice, err := s.read(ctx, who.Tenant, who.Inbox, in)
	if err != nil {
		return m, err
	}
	m.ID, m.Tenant, m.Inbox, m.Visitor, m.Kind = id.New(), who.Tenant, who.Inbox, who.Visitor, Form
	m.Reason, m.URL, m.Title = cut(in.Reason, 32), cut(in.URL, 500), cut(in.Title, 200)
	m.At, m.State = s.clock.Now(), Open
	if m.Name == "" {
		m.Name = who.Name
	}
	if in.Strict {
		if err := s.reachable(ctx, notice, m.Email); err != nil {
			return m, err
		}
	}
	jobs, err := s.notify(notice, m)
	if err != nil {
		return m, err
	}
	if err = s.store.AddLeave(ctx, m, jobs...); err != nil {
		return m, err
	}
	if len(jobs) > 0 {
		s.queued()
	}
	s.tell(&m, true)
	return m, nil
}

// Check returns the error with which Leave would refuse what a visitor of an inbox writes;
// nil says that it would take it. Strict is not looked at.
func (s *Service) Check(ctx context.Context, t id.Tenant, inbox id.Inbox, in Input) (err error) {
	defer errs.Wrap(&err, "leave.Check")
	_, _, err = s.read(ctx, t, inbox, in)
	return err
}

// read reads what a visitor wrote by the form of the inbox.
func (s *Service) read(ctx context.Context, t id.Tenant, inbox id.Inbox, in Input) (m Message, notice Notice, err error) {
	form, err := s.settings.Offline(ctx, t, inbox)
	if err != nil {
		return m, notice, err
	}
	if notice, err = s.settings.Notice(ctx, t, in.Team); err != nil {
		return m, notice, err
	}
	if form.Disabled || notice.Off {
		return m, notice, errs.New(errs.Conflict, "offline_disabled", "Messages cannot be left here.")
	}
	fields := form.FieldList()
	for _, name := range in.Known {
		if !slices.ContainsFunc(fields, func(f setting.Field) bool { return f.Name == name }) {
			fields = append(slices.Clip(fields), setting.Field{Name: name})
		}
	}
	m, err = Check(fields, in.Answers)
	return m, notice, err
}

// reachable refuses a message that nobody would get or nobody could answer.
func (s *Service) reachable(ctx context.Context, n Notice, address string) error {
	if valid("email", n.To) != nil || n.To == "" {
		return errs.New(errs.Conflict, "no_recipient", "No address is set to which messages go.")
	}
	if !n.Verify || s.mail.Resolve == nil {
		return nil
	}
	if err := s.mail.Resolve(ctx, address[strings.LastIndexByte(address, '@')+1:]); err != nil {
		return errs.New(errs.Conflict, "unknown_domain", "The domain of this address takes no mail.").Because(err)
	}
	return nil
}

// notify makes the letter that tells the company of a message.
func (s *Service) notify(n Notice, m Message) ([]Post, error) {
	if n.To == "" || !s.mail.Ready {
		return nil, nil
	}
	text := m.Content + "\n\n" + m.Name
	for _, more := range []string{m.Email, m.Phone, m.URL} {
		if more != "" {
			text += "\n" + more
		}
	}
	b, err := json.Marshal(Letter{To: n.To, Subject: cut(m.Name+": "+m.Content, 100), Text: text, ID: m.ID, ReplyTo: m.Email})
	return []Post{{s.mail.Kind, "left/" + m.ID, string(b)}}, err
}

// Missed announces the entry that the end of a conversation without an agent
// left behind, if there is one.
func (s *Service) Missed(ctx context.Context, t id.Tenant, c id.Conversation) (err error) {
	defer errs.Wrap(&err, "leave.Missed")
	m, ok, err := s.store.MissedLeave(ctx, t, c)
	if err == nil && ok {
		s.tell(&m, true)
	}
	return err
}

// agentOnly lets agents who may answer pass, and programs of the company.
func agentOnly(who actor.Actor) error {
	if who.Kind == actor.Visitor || !who.Can(actor.Reply) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow answering.")
	}
	return nil
}

// List returns a page of entries, newest first.
func (s *Service) List(ctx context.Context, who actor.Actor, f Filter) (page []Message, next string, err error) {
	defer errs.Wrap(&err, "leave.List")
	if err := agentOnly(who); err != nil {
		return nil, "", err
	}
	if f.State != "" && f.State != Open && f.State != Done {
		return nil, "", errs.Field("state", "unknown_state", "%q is not a state; notprocess and processed are.", cut(string(f.State), 20))
	}
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	page, next, err = s.store.Leaves(ctx, who.Tenant, f)
	for i := range page {
		page[i] = page[i].For(who)
	}
	return page, next, err
}

// Message returns one entry.
func (s *Service) Message(ctx context.Context, who actor.Actor, message string) (m Message, err error) {
	defer errs.Wrap(&err, "leave.Message")
	if err := agentOnly(who); err != nil {
		return m, err
	}
	m, err = s.store.Leave(ctx, who.Tenant, message)
	return m.For(who), err
}

// Count returns the sizes of the lists of an agent.
func (s *Service) Count(ctx context.Context, who actor.Actor) (Counts, error) {
	return s.store.CountLeave(ctx, who.Tenant, who.Agent)
}

// Change sets state, assignee or note.
func (s *Service) Change(ctx context.Context, who actor.Actor, message string, c Change) (m Message, err error) {
	defer errs.Wrap(&err, "leave.Change")
	if err := agentOnly(who); err != nil {
		return m, err
	}
	if c.State != nil && *c.State != Open && *c.State != Done {
		return m, errs.Field("state", "unknown_state", "%q is not a state; notprocess and processed are.", cut(string(*c.State), 20))
	}
	if c.Note != nil {
		note := clean(*c.Note, true)
		if n := utf8.RuneCountInString(note); n > maxNote {
			return m, errs.Field("note", "note_too_long", "The note has %d characters; %d are allowed.", n, maxNote)
		}
		c.Note = &note
	}
	if m, err = s.store.ChangeLeave(ctx, who.Tenant, message, c, s.clock.Now(), By{who.Agent, who.Name}); err == nil {
		s.tell(&m, false)
	}
	return m.For(who), err
}

// Reply answers an entry by mail and marks it as done. Errors: Conflict
// "mail_not_set_up" without a mail server, "no_address" if the visitor left none.
func (s *Service) Reply(ctx context.Context, who actor.Actor, message, subject, text string) (m Message, err error) {
	defer errs.Wrap(&err, "leave.Reply")
	if err = agentOnly(who); err != nil {
		return m, err
	}
	if m, err = s.store.Leave(ctx, who.Tenant, message); err != nil {
		return m, err
	}
	text, subject = clean(text, true), clean(subject, false)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return Message{}, errs.Field("text", "empty_text", "The answer is empty.")
	case n > maxReply:
		return Message{}, errs.Field("text", "text_too_long", "The answer has %d characters; %d are allowed.", n, maxReply)
	case subject == "" || utf8.RuneCountInString(subject) > 200:
		return Message{}, errs.Field("subject", "bad_subject", "The subject must have 1 to 200 characters.")
	case !s.mail.Ready:
		return Message{}, errs.New(errs.Conflict, "mail_not_set_up", "No mail server is set up.")
	case m.Email == "":
		return Message{}, errs.New(errs.Conflict, "no_address", "The visitor left no e-mail address.")
	}
	now := s.clock.Now()
	letter := Letter{To: m.Email, Subject: subject, Text: text, ID: id.New()}
	b, err := json.Marshal(letter)
	if err != nil {
		return Message{}, err
	}
	if m, err = s.store.ReplyLeave(ctx, who.Tenant, message, Reply{Text: text, At: now, By: By{who.Agent, who.Name}, Kind: s.mail.Kind, Key: letter.ID, Payload: string(b)}); err == nil {
		s.queued()
		s.tell(&m, false)
	}
	return m.For(who), err
}

func (s *Service) tell(m *Message, fresh bool) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: m.Tenant, Kind: event.LeaveChanged, To: []event.Topic{event.ToAgents(m.Tenant)}, At: s.clock.Now(),
		Data: &Changed{Message: m, New: fresh}})
}

// MailReady reports whether answers can be sent.
func (s *Service) MailReady() bool { return s.mail.Ready }

func cut(s string, n int) string {
	s = clean(s, false)
	if r := []rune(s); len(r) > n {
		s = string(r[:n])
	}
	return strings.TrimSpace(s)
}
