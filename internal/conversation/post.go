package conversation

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/ext"
	"parlor/internal/id"
)

// PostInput is a message to post.
type PostInput struct {
	Conversation id.Conversation
	Kind         Kind
	Text         string
	// File is set for images, files and voice messages.
	File id.File
	// More are further files of an image or a file, as many as Rules.MaxFiles allows.
	More []id.File
	// Duration of a voice message in milliseconds.
	Duration int
	// ClientID is the sender's own name for the message; a repeated one returns
	// the first message.
	ClientID string
	// Blank lets a text be empty.
	Blank bool
	// Carried is set for what a channel has brought: it was written elsewhere, so the
	// length that visitors may write here does not count.
	Carried bool
	// Canvas is set for cooperations, by the domain of canvases only.
	Canvas *Drawn
	// Ext is the structured part that an integration sends with it, a JSON object as
	// package ext reads it, nil for none.
	Ext []byte
	// Robot is set for what a robot says, which is never a visitor.
	Robot *RobotNote
}

// Drawn is a picture that is drawn on together.
type Drawn struct {
	ID id.Canvas
	// File is the picture; whoever names it has checked that it may be shown.
	File File
}

// Post adds a message and tells everybody concerned once it is on disk. One that says
// nothing, whose Ext only has parameters or flags, is not added: what it returns then
// has the conversation and no message.
//
// It returns errs.Conflict "conversation_closed" if the conversation is over,
// errs.Conflict "not_your_conversation" if who is an agent to whom it is not
// assigned (notes excepted), and errs.NotFound if who may not see it.
func (s *Service) Post(ctx context.Context, who actor.Actor, in PostInput) (out Posted, err error) {
	defer errs.Wrap(&err, "conversation.Post")
	add := Append{Reads: true}
	m := &add.Message
	*m = Message{Tenant: who.Tenant, Conversation: in.Conversation, ClientID: in.ClientID, Kind: in.Kind, At: s.clock.Now()}
	if err = s.author(ctx, who, &add); err != nil {
		return out, err
	}
	if len(in.Ext) > 0 && string(in.Ext) != "null" {
		silent, err := s.extend(ctx, &in, m)
		if err == nil && silent {
			out.Conversation, err = s.store.Conversation(ctx, who.Tenant, in.Conversation)
		}
		if err != nil || silent {
			return out, err
		}
	}
	if err = s.body(ctx, who, in, m); err != nil {
		return out, err
	}
	if in.Robot != nil && who.Agent.Robot() {
		if m.Extra == nil {
			m.Extra = &Extra{}
		}
		m.Extra.Robot, m.Extra.Worded = in.Robot, m.Extra.Card != nil
	}
	if err = s.mentioned(ctx, m); err != nil {
		return out, err
	}
	m.ID = id.Message(id.New())
	got, err := s.store.Append(ctx, add)
	if err != nil {
		return out, err
	}
	out = Posted{Message: got.Message, Conversation: got.Conversation}
	if got.Repeated {
		return out, nil
	}
	s.announce(&out)
	s.sent(ctx, who, m.Conversation)
	if out.Conversation.HeldAt != nil && m.Kind != Note {
		if err = s.wakeHeld(ctx, who, &out.Conversation); err != nil {
			return out, err
		}
	}
	return out, s.tellMentioned(ctx, out)
}

// Takes returns the error with which Post would refuse what a message says, whatever the
// conversation; nil says that it would take it. Nothing is kept.
func (s *Service) Takes(ctx context.Context, who actor.Actor, in PostInput) (err error) {
	defer errs.Wrap(&err, "conversation.Takes")
	if len(in.Ext) > 0 && string(in.Ext) != "null" {
		if _, err := ext.Parse(in.Ext); err != nil {
			return err
		}
		if in.Kind == Text && CleanText(in.Text) == "" {
			return nil // it says nothing, or what its card says
		}
	}
	return s.body(ctx, who, in, &Message{})
}

// Note adds a line that nobody wrote, such as the reminder of a timer. key names
// it within the conversation: a line with a key that is there already is not
// added again, and repeated is true. It returns errs.Conflict
// "conversation_closed" if the conversation is over.
func (s *Service) Note(ctx context.Context, t id.Tenant, c id.Conversation, line Line, key string) (repeated bool, err error) {
	defer errs.Wrap(&err, "conversation.Note")
	got, err := s.store.Append(ctx, Append{Message: Message{ID: id.Message(id.New()), Tenant: t, Conversation: c, ClientID: key, Kind: Event,
		From: Author{Kind: actor.System}, Line: &line, At: s.clock.Now()}})
	if err != nil || got.Repeated {
		return got.Repeated, err
	}
	s.announce(&Posted{Message: got.Message, Conversation: got.Conversation})
	return false, nil
}

// Loss is something that a channel could not bring over.
type Loss struct {
	// Seq is the number of the message that did not reach the visitor; 0 for
	// something that was on its way from the visitor, which Key names.
	Seq    int64
	Key    string
	Reason string
	// Word is the stable word of the reason, for screens to put into their language,
	// "" for none; About is what it speaks of, such as the name of a file.
	Word, About string
}

// Undelivered tells the agents of a conversation, once, of a loss. That of a
// conversation that has ended is told to nobody.
func (s *Service) Undelivered(ctx context.Context, t id.Tenant, c id.Conversation, l Loss) (err error) {
	defer errs.Wrap(&err, "conversation.Undelivered")
	if l.Seq > 0 {
		l.Key = strconv.FormatInt(l.Seq, 10)
	}
	got, err := s.store.Append(ctx, Append{Message: Message{ID: id.Message(id.New()), Tenant: t, Conversation: c, ClientID: "lost-" + l.Key, Kind: Note,
		From: Author{Kind: actor.System}, Line: &Line{Name: LineUndelivered, Seq: l.Seq, Text: clip(CleanText(l.Reason), MaxReason), Reason: l.Word, Title: clip(CleanText(l.About), MaxReason)}, At: s.clock.Now()}})
	if errs.ReasonOf(err) == "conversation_closed" {
		return nil
	}
	if err != nil || got.Repeated {
		return err
	}
	s.announce(&Posted{Message: got.Message, Conversation: got.Conversation})
	return nil
}

// MaxReason is the longest reason of a line, in characters.
const MaxReason = 300

// author checks who may post and fills From and the conditions of the append.
func (s *Service) author(ctx context.Context, who actor.Actor, add *Append) error {
	m := &add.Message
	switch who.Kind {
	case actor.Visitor:
		if m.Kind == Note || m.Kind == Event {
			return errs.Field("kind", "kind_not_allowed", "A visitor cannot send a %s.", m.Kind)
		}
		m.From = Author{Kind: actor.Visitor, ID: string(who.Visitor), Name: who.Name}
		return s.ownedBy(ctx, who, m.Conversation)
	case actor.Agent:
		m.From = Author{Kind: actor.Agent, ID: string(who.Agent), Name: who.Name}
		if !who.Can(actor.Reply) {
			return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow answering.")
		}
		if m.Kind == Note {
			_, err := s.Conversation(ctx, who, m.Conversation)
			return err
		}
		add.OnlyAgent = who.Agent
		return nil
	}
	m.From = Author{Kind: actor.System}
	add.Reads = false
	return nil
}

// ownedBy makes sure that the conversation is the visitor's own. Whose it is
// seldom changes, so that the answer is remembered.
func (s *Service) ownedBy(ctx context.Context, who actor.Actor, c id.Conversation) error {
	if s.owners.is(c, who.Visitor) {
		return nil
	}
	got, err := s.store.Conversation(ctx, who.Tenant, c)
	if err != nil {
		return err
	}
	if got.Visitor != who.Visitor {
		return errNotFound
	}
	s.owners.put(c, who.Visitor)
	return nil
}

// body checks and fills what the message says.
func (s *Service) body(ctx context.Context, who actor.Actor, in PostInput, m *Message) error {
	if len(in.ClientID) > MaxClientID || !utf8.ValidString(in.ClientID) {
		return errs.Field("clientId", "bad_client_id", "The client id has %d bytes; %d are allowed.", len(in.ClientID), MaxClientID)
	}
	switch in.Kind {
	case Text, Note:
		m.Text = CleanText(in.Text)
		if m.Text == "" && !in.Blank {
			return errs.Field("text", "empty_text", "The message is empty.")
		}
		most := MaxText
		if !in.Carried {
			most = s.limits.Rules(who.Tenant, who.Inbox).maxText(who)
		}
		if n := utf8.RuneCountInString(m.Text); n > most {
			return errs.Field("text", "text_too_long", "The message has %d characters; %d are allowed.", n, most)
		}
		return nil
	case Image, FileK, Voice:
		f, err := s.files.ForMessage(ctx, who, in.File)
		if err != nil {
			return err
		}
		if in.Kind == Image && !strings.HasPrefix(f.Type, "image/") {
			return errs.Field("file", "not_an_image", "The file %q is not a picture.", f.Name)
		}
		f.Duration = max(in.Duration, 0)
		m.File, m.Text = &f, clip(CleanText(in.Text), MaxText)
		return s.moreFiles(ctx, who, in, m)
	}
	if in.Kind == Cooperation && in.Canvas != nil && who.Kind != actor.Visitor {
		m.Canvas, m.File = in.Canvas.ID, &in.Canvas.File
		return nil
	}
	return errs.Field("kind", "unknown_kind", "%q is not a kind of message; text, image, file, voice and note are.", clip(string(in.Kind), 20))
}

// moreFiles adds the further files of a message.
func (s *Service) moreFiles(ctx context.Context, who actor.Actor, in PostInput, m *Message) error {
	if len(in.More) == 0 {
		return nil
	}
	if n, most := len(in.More)+1, s.limits.Rules(who.Tenant, who.Inbox).maxFiles(); n > most || in.Kind == Voice {
		return errs.Field("file", "too_many_files", "The message has %d files; %d are allowed.", n, most)
	}
	for _, file := range in.More {
		f, err := s.files.ForMessage(ctx, who, file)
		if err != nil {
			return err
		}
		m.More = append(m.More, f)
	}
	return nil
}

// announce publishes a posted message.
func (s *Service) announce(p *Posted) {
	c := &p.Conversation
	to := agentTopics(*c)
	if p.Message.Kind.VisibleToVisitor() {
		to = append(to, event.ToVisitor(c.Tenant, c.Visitor))
	}
	if c.Status == Queued {
		to = append(to, event.ToTeam(c.Tenant, c.Team))
	}
	s.events.Publish(&event.Event{ID: string(p.Message.ID), Tenant: c.Tenant, Kind: event.MessagePosted, To: to, At: p.Message.At, Data: p})
}

// CleanText makes text safe to store: valid UTF-8, newlines as \n, no control
// characters but newline and tab, no blank ends.
func CleanText(s string) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			// Control characters and direction overrides, which could disguise a text.
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// plain reports whether s is printable ASCII, the common case that needs no work.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\n' && c != '\t') || c >= 0x7F {
			return false
		}
	}
	return true
}
