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

// Details are what few conversations have beside their counters.
type Details struct {
	Conversation id.Conversation `json:"conversation"`
	Topic        string          `json:"topic,omitempty"`
	// Level is the id of its priority and Weight its place, 1 is served first; ""
	// and 0 without one.
	Level  string `json:"level,omitempty"`
	Weight int    `json:"weight,omitempty"`
	// Agreement is the id of the service level it was promised, Due its minutes.
	Agreement string `json:"agreement,omitempty"`
	Due       int    `json:"due,omitempty"`
	// ClosedBy is the agent who closed it.
	ClosedBy id.Agent `json:"closedBy,omitempty"`
	// Survey are the answers of the visitor by the name of the question.
	Survey map[string]string `json:"survey,omitempty"`
	// Transcript is a transcript that was asked for and is sent at the end.
	Transcript *TranscriptWish `json:"transcript,omitempty"`
	// Record is the file of its record that was kept last, "" for none.
	Record id.File `json:"record,omitempty"`
	// Call is how a call in it stands, in the word of who made it last; "" before the first.
	Call string `json:"call,omitempty"`
	// Origin is set for conversations of a channel that has addresses.
	Origin *Origin `json:"origin,omitempty"`
	// Fields are the values of the conversation's own fields by key.
	Fields map[string]string `json:"fields,omitempty"`
	// Params are what business pages are told of the conversation.
	Params map[string]string `json:"params,omitempty"`
}

// TranscriptWish says to whom a transcript goes when the conversation ends.
type TranscriptWish struct {
	Email   string    `json:"email"`
	Subject string    `json:"subject"`
	By      id.Agent  `json:"by"`
	At      time.Time `json:"at"`
}

// Origin is the way that the messages of a conversation take on a channel that has
// addresses: text messages and mail.
type Origin struct {
	// Service carries the messages: the name of a provider, or the id of a mailbox.
	Service string `json:"service,omitempty"`
	// Own is the company's number or address, Address the visitor's.
	Own     string `json:"own,omitempty"`
	Address string `json:"address,omitempty"`
	// Subject is that of the first letter, Thread names the letters, the oldest first.
	Subject string   `json:"subject,omitempty"`
	Thread  []string `json:"thread,omitempty"`
}

// Bounds.
const (
	// MaxTopic is the longest topic, in characters.
	MaxTopic = 500
	// MaxDetails is how many conversations Details are read of at once.
	MaxDetails = 200
	// MaxAnswers bounds the answers of a survey.
	MaxAnswers = 20
)

// DetailChange changes details; nil keeps.
type DetailChange struct {
	Topic      *string
	Survey     map[string]string
	Transcript *TranscriptWish
	// NoTranscript takes the wish for a transcript back.
	NoTranscript bool
	Record       *id.File
	Call         *string
	// Origin is set by the channel only.
	Origin *Origin
	// At is when it was changed; Describe fills it.
	At time.Time
}

// DetailStore is the memory of details, of what is on hold and of the long list.
type DetailStore interface {
	// Details returns those of the given conversations that have any, in no order.
	Details(ctx context.Context, t id.Tenant, list []id.Conversation) ([]Details, error)
	// ChangeDetails changes some of them, of a conversation in any state.
	ChangeDetails(ctx context.Context, t id.Tenant, c id.Conversation, d DetailChange) error
	// SetParams changes the parameters of a running conversation, see MergeParams, and
	// returns it with all of them, nil if nothing changed. Errors: Conflict
	// "conversation_closed", "too_many_params".
	SetParams(ctx context.Context, t id.Tenant, c id.Conversation, set map[string]string) (Conversation, map[string]string, error)
	// Answered returns, for each of the visitors, when an agent wrote last in each
	// conversation that moved since a time; at most limit.
	Answered(ctx context.Context, t id.Tenant, list []id.Visitor, since time.Time, limit int) ([]Answer, error)
	// Give makes a running conversation that of another visitor. Errors: NotFound
	// "visitor_not_found"; Conflict "conversation_closed", "not_its_visitor",
	// "visitor_in_service" if the other one has a running conversation.
	Give(ctx context.Context, t id.Tenant, c id.Conversation, from, to id.Visitor) (Conversation, error)
	// Hold puts an open conversation on hold: its agent keeps it and gets the place
	// back. Errors: Conflict "conversation_closed", "conversation_queued", "held".
	Hold(ctx context.Context, in HoldInput) (Moved, error)
	// Unhold takes a conversation off hold. Errors: Conflict "conversation_closed",
	// "not_held"; "agent_full" if the agent has no place and in.Queue is not set.
	Unhold(ctx context.Context, in UnholdInput) (Moved, error)
	// Find returns a page of the conversations that fit, and how many there are.
	Find(ctx context.Context, q Query) (page []Conversation, total int, err error)
	// Channels returns the distinct channels of a tenant's conversations.
	Channels(ctx context.Context, t id.Tenant) ([]string, error)
	// Label puts tags on a conversation by their names and takes the others off. A
	// name that is no tag becomes one that is not offered. Errors: Conflict "too_many_tags".
	Label(ctx context.Context, in LabelInput) (Conversation, error)
	// DeleteConversation removes a closed conversation with all that belongs to it.
	// Errors: Conflict "conversation_open".
	DeleteConversation(ctx context.Context, t id.Tenant, c id.Conversation) error
	// OldestClosed returns up to limit closed conversations, of some teams if any.
	OldestClosed(ctx context.Context, t id.Tenant, teams []id.Team, limit int) ([]id.Conversation, error)
}

// LabelInput is what the verb Label needs.
type LabelInput struct {
	Tenant       id.Tenant
	Conversation id.Conversation
	Names        []string
	// Keep leaves the tags that it has beside the named ones.
	Keep bool
	By   id.Agent
	At   time.Time
}

// MaxLabel is the longest name of a tag, in characters.
const MaxLabel = 100

// DetailsOf returns the details of up to MaxDetails conversations by id, without
// asking who may see them: the caller has read them for somebody who may.
func (s *Service) DetailsOf(ctx context.Context, t id.Tenant, list []id.Conversation) (map[id.Conversation]Details, error) {
	if len(list) > MaxDetails {
		return nil, errs.Field("conversations", "too_many_conversations", "%d conversations; %d are allowed.", len(list), MaxDetails)
	}
	got, err := s.store.Details(ctx, t, list)
	m := make(map[id.Conversation]Details, len(got))
	for _, d := range got {
		m[d.Conversation] = d
	}
	return m, err
}

// Describe changes the details of a conversation that who may see. A visitor may
// only answer the survey of its own. Errors: Invalid "topic_too_long", "too_many_answers".
func (s *Service) Describe(ctx context.Context, who actor.Actor, c id.Conversation, d DetailChange) (err error) {
	defer errs.Wrap(&err, "conversation.Describe")
	got, err := s.Conversation(ctx, who, c)
	if err != nil {
		return err
	}
	if who.Kind == actor.Visitor && (d.Topic != nil || d.Transcript != nil || d.NoTranscript || d.Record != nil || d.Origin != nil) {
		return errs.New(errs.Forbidden, "agents_only", "Only agents change this.")
	}
	if d.Topic != nil {
		topic := CleanText(*d.Topic)
		if n := utf8.RuneCountInString(topic); n > MaxTopic {
			return errs.Field("topic", "topic_too_long", "The topic has %d characters; %d are allowed.", n, MaxTopic)
		}
		d.Topic = &topic
	}
	if len(d.Survey) > MaxAnswers {
		return errs.Field("survey", "too_many_answers", "%d answers; %d are allowed.", len(d.Survey), MaxAnswers)
	}
	for name, value := range d.Survey {
		if len(name) > 100 || utf8.RuneCountInString(value) > MaxComment || !utf8.ValidString(name+value) {
			return errs.Field("survey", "answer_too_long", "An answer has at most %d characters.", MaxComment)
		}
	}
	d.At = s.clock.Now()
	if err = s.store.ChangeDetails(ctx, who.Tenant, c, d); err != nil {
		return err
	}
	s.Announce(Moved{Conversation: got}, CauseDescribed)
	return nil
}

// CauseDescribed is the cause of a Changed that tells of changed details.
const CauseDescribed = "described"

// Label sets the tags of a conversation that who may see, by their names; keep
// leaves those it has. A name that is no tag of the company becomes one that is
// not offered to agents. Errors: Invalid "bad_label"; Conflict "too_many_tags".
func (s *Service) Label(ctx context.Context, who actor.Actor, c id.Conversation, names []string, keep bool) (got Conversation, err error) {
	defer errs.Wrap(&err, "conversation.Label")
	if who.Kind == actor.Visitor {
		return got, errs.New(errs.Forbidden, "agents_only", "Only agents set tags.")
	}
	if _, err = s.Conversation(ctx, who, c); err != nil {
		return got, err
	}
	in := LabelInput{Tenant: who.Tenant, Conversation: c, Keep: keep, By: who.Agent, At: s.clock.Now()}
	for _, n := range names {
		n = CleanText(n)
		if k := utf8.RuneCountInString(n); k < 1 || k > MaxLabel {
			return got, errs.Field("tags", "bad_label", "A tag has 1 to %d characters.", MaxLabel)
		}
		in.Names = append(in.Names, n)
	}
	if len(in.Names) > MaxTags {
		return got, errs.New(errs.Conflict, "too_many_tags", "%d tags; %d are allowed.", len(in.Names), MaxTags)
	}
	if got, err = s.store.Label(ctx, in); err != nil {
		return got, err
	}
	s.tagsMoved(got, who.Name)
	return got, nil
}

// tagsMoved tells whom a conversation concerns that its tags changed.
func (s *Service) tagsMoved(c Conversation, by string) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.TagsChanged, To: append(agentTopics(c), event.ToTeam(c.Tenant, c.Team)), At: s.clock.Now(),
		Data: &Tagged{Conversation: c.ID, Tags: append([]string{}, c.Tags...), Version: c.Version, By: by}})
}

// Remove deletes a closed conversation with its messages. It needs the permission
// actor.Manage. Errors: Conflict "conversation_open".
func (s *Service) Remove(ctx context.Context, who actor.Actor, c id.Conversation) (err error) {
	defer errs.Wrap(&err, "conversation.Remove")
	if !who.Can(actor.Manage) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow deleting conversations.")
	}
	if _, err = s.Conversation(ctx, who, c); err != nil {
		return err
	}
	return s.store.DeleteConversation(ctx, who.Tenant, c)
}

// RemoveOf deletes all conversations of the visitor who asks. Running ones are
// ended first if end is set. Errors: Forbidden "not_you" for who is no visitor;
// Conflict "conversation_open".
func (s *Service) RemoveOf(ctx context.Context, who actor.Actor, end bool) (err error) {
	defer errs.Wrap(&err, "conversation.RemoveOf")
	if who.Kind != actor.Visitor || who.Visitor == "" {
		return errs.New(errs.Forbidden, "not_you", "Only visitors remove what is about them.")
	}
	q := Query{Tenant: who.Tenant, Visitor: who.Visitor, Limit: MaxDetails}
	for {
		list, _, err := s.store.Find(ctx, q)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if c.Status != Closed && !end {
				return errs.New(errs.Conflict, "conversation_open", "A conversation is still running.")
			}
		}
		for _, c := range list {
			if c.Status != Closed {
				if _, err := s.Close(ctx, who, c.ID, EndByVisitor); err != nil {
					return err
				}
			}
			if err := s.store.DeleteConversation(ctx, who.Tenant, c.ID); err != nil && errs.CodeOf(err) != errs.NotFound {
				return err
			}
		}
	}
}

// RemoveClosed deletes all closed conversations, of some teams if any are named,
// and returns how many. One that was begun and broken off may be called again.
func (s *Service) RemoveClosed(ctx context.Context, who actor.Actor, teams []id.Team) (n int, err error) {
	defer errs.Wrap(&err, "conversation.RemoveClosed")
	if !who.Can(actor.Manage) {
		return 0, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow deleting conversations.")
	}
	for {
		list, err := s.store.OldestClosed(ctx, who.Tenant, teams, MaxDetails)
		if err != nil || len(list) == 0 {
			return n, err
		}
		for _, c := range list {
			if err := s.store.DeleteConversation(ctx, who.Tenant, c); err != nil && errs.CodeOf(err) != errs.NotFound {
				return n, err
			}
			n++
		}
	}
}
