package conversation

import (
	"context"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// MaxEdits is how often one message may be changed.
const MaxEdits = 100

// Edit says who changed the text of a message last, and when.
type Edit struct {
	By Author    `json:"by"`
	At time.Time `json:"at"`
	// Times is how often it was changed.
	Times int `json:"times"`
}

// Edited is the payload of event.MessageEdited.
type Edited struct {
	// Message has the new text.
	Message      Message      `json:"message"`
	Conversation Conversation `json:"conversation"`
}

// EditInput is what the verb Edit needs.
type EditInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Seq          int64
	// Author, if set, must be who wrote the message.
	Author string
	Text   string
	By     Author
	At     time.Time
}

// EditResult is the result of the verb Edit.
type EditResult struct {
	Message      Message
	Conversation Conversation
	// Line is the message that tells of it with the new text, so that whoever was
	// away learns of it by its number. Seq is 0 if the text was the same.
	Line Message
}

// Edit replaces the text of a message that was sent; its number and time stay.
// Authors may do so if the company lets them, who may manage always. Errors:
// NotFound "message_not_found"; Forbidden "not_author", "edit_disabled"; Conflict
// "conversation_closed", "message_recalled", "not_editable" for a line,
// "too_many_edits" beyond MaxEdits; Invalid "text_too_long".
func (s *Service) Edit(ctx context.Context, who actor.Actor, c id.Conversation, seq int64, text string) (m Message, err error) {
	defer errs.Wrap(&err, "conversation.Edit")
	conv, err := s.Conversation(ctx, who, c)
	if err != nil {
		return m, err
	}
	rules := s.limits.Rules(conv.Tenant, conv.Inbox)
	in := EditInput{Tenant: who.Tenant, Conversation: c, Seq: seq, Text: CleanText(text), At: s.clock.Now(),
		By: Author{Kind: who.Kind, ID: string(who.Visitor) + string(who.Agent), Name: who.Name}}
	if !manages(who) {
		if rules.NoEdit {
			return m, errs.New(errs.Forbidden, "edit_disabled", "Messages cannot be changed here.")
		}
		in.Author = in.By.ID
	}
	if n := utf8.RuneCountInString(in.Text); n > rules.maxText(who) {
		return m, errs.Field("text", "text_too_long", "The message has %d characters; %d are allowed.", n, rules.maxText(who))
	}
	got, err := s.store.Edit(ctx, in)
	if err != nil || got.Line.Seq == 0 {
		return got.Message, err
	}
	s.announce(&Posted{Message: got.Line, Conversation: got.Conversation})
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.MessageEdited, To: concerned(got.Conversation, got.Message), At: in.At,
		Data: &Edited{Message: got.Message, Conversation: got.Conversation}})
	return got.Message, nil
}

// manages reports whether who may change what others wrote.
func manages(who actor.Actor) bool {
	return who.Kind == actor.System || who.Kind == actor.Agent && who.Can(actor.Manage)
}

// concerned are the connections that a change of a message concerns.
func concerned(c Conversation, m Message) []event.Topic {
	to := agentTopics(c)
	if m.Kind.VisibleToVisitor() {
		to = append(to, event.ToVisitor(c.Tenant, c.Visitor))
	}
	return to
}

// Find returns the newest message that its sender named client, in conversation
// c or, if c is empty, in any of the MaxFound newest that who may see. Visitors
// find no notes.
// Errors: NotFound "message_not_found".
func (s *Service) Find(ctx context.Context, who actor.Actor, c id.Conversation, client string) (m Message, err error) {
	defer errs.Wrap(&err, "conversation.Find")
	if client == "" || len(client) > MaxClientID || !utf8.ValidString(client) {
		return m, errNoMessage
	}
	if m, err = s.store.FindMessage(ctx, who.Tenant, c, client); err != nil {
		return m, err
	}
	if _, err = s.Conversation(ctx, who, m.Conversation); errs.CodeOf(err) == errs.NotFound || who.Kind == actor.Visitor && !m.Kind.VisibleToVisitor() {
		return Message{}, errNoMessage
	}
	return m, err
}

var errNoMessage = errs.New(errs.NotFound, "message_not_found", "There is no such message.")

// Rules are what a company lets the writers of messages do.
type Rules struct {
	// VisitorText is the longest text of a visitor in characters; 0: MaxText.
	VisitorText int
	// NoEdit and NoRecall forbid authors to change and to take back what they wrote.
	NoEdit, NoRecall bool
	// NoVisitorEnd forbids visitors to end their conversations.
	NoVisitorEnd bool
	// HoldAnswered keeps conversations off hold in which the visitor spoke last.
	HoldAnswered bool
	// Sights puts the pages that visitors look at into their conversations.
	Sights bool
	// MaxFiles is how many files a message may have, MaxFiles at most; 0 is 1.
	MaxFiles int
}

// MaxFiles bounds the files of a message.
const MaxFiles = 10

// maxFiles is how many files a message may have.
func (r Rules) maxFiles() int { return min(max(r.MaxFiles, 1), MaxFiles) }

// maxText is the longest text that who may send.
func (r Rules) maxText(who actor.Actor) int {
	if who.Kind == actor.Visitor && r.VisitorText > 0 {
		return min(r.VisitorText, MaxText)
	}
	return MaxText
}
