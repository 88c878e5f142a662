package conversation

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// MaxMentions is how many agents a note can mention.
const MaxMentions = 20

// Colleague is an agent who can be mentioned.
type Colleague struct {
	Agent          id.Agent
	Name, Username string
}

// Mention is a note that names an agent.
type Mention struct {
	// Message is the id of the note; a later one has a greater id.
	Message      id.Message      `json:"message"`
	Conversation id.Conversation `json:"conversation"`
	Seq          int64           `json:"seq"`
	VisitorName  string          `json:"visitorName"`
	// From is who wrote the note, Text what it says.
	From   Author     `json:"from"`
	Text   string     `json:"text"`
	At     time.Time  `json:"at"`
	ReadAt *time.Time `json:"readAt,omitempty"`
}

// MentionChanged is the payload of event.MentionChanged.
type MentionChanged struct {
	// Agent is whom it concerns.
	Agent id.Agent `json:"agent"`
	// Mention is set if it is new; else some have been read.
	Mention *Mention `json:"mention,omitempty"`
	// Unread is how many the agent has not read, at most MaxUnreadMentions.
	Unread int `json:"unread"`
}

// MaxUnreadMentions is as far as unread mentions are counted.
const MaxUnreadMentions = 1000

// ParseMentions finds the colleagues whom a text names: an @ at the beginning or
// behind anything but a letter or digit, then a name or username, the longest
// that fits, without regard to case.
func ParseMentions(text string, colleagues []Colleague) (found []id.Agent) {
	names := make([]Colleague, 0, 2*len(colleagues))
	for _, c := range colleagues {
		for _, n := range []string{c.Name, c.Username} {
			if n != "" {
				names = append(names, Colleague{Agent: c.Agent, Name: strings.ToLower(n)})
			}
		}
	}
	slices.SortStableFunc(names, func(a, b Colleague) int { return cmp.Compare(len(b.Name), len(a.Name)) })
	text = strings.ToLower(text)
	for i := 0; i < len(text) && len(found) < MaxMentions; i++ {
		if text[i] != '@' {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(text[:i]); i > 0 && before < utf8.RuneSelf && (unicode.IsLetter(before) || unicode.IsDigit(before)) {
			continue
		}
		for _, n := range names {
			if !strings.HasPrefix(text[i+1:], n.Name) || !endsAt(text, i+1+len(n.Name)) {
				continue
			}
			if !slices.Contains(found, n.Agent) {
				found = append(found, n.Agent)
			}
			break
		}
	}
	return found
}

// endsAt reports whether a name that ends at i is whole: Latin words end where
// no letter or digit follows, Chinese names anywhere.
func endsAt(text string, i int) bool {
	last, _ := utf8.DecodeLastRuneInString(text[:i])
	next, _ := utf8.DecodeRuneInString(text[i:])
	word := func(r rune) bool {
		return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Han, r)
	}
	return !word(last) || !word(next)
}

// mentioned fills in whom a note mentions.
func (s *Service) mentioned(ctx context.Context, m *Message) error {
	if m.Kind != Note || !strings.Contains(m.Text, "@") {
		return nil
	}
	list, err := s.store.Colleagues(ctx, m.Tenant)
	if err != nil {
		return err
	}
	m.Mentions = ParseMentions(m.Text, list)
	return nil
}

// tellMentioned announces a note to whom it mentions.
func (s *Service) tellMentioned(ctx context.Context, p Posted) error {
	m := p.Message
	for _, a := range m.Mentions {
		n, err := s.store.UnreadMentions(ctx, m.Tenant, a)
		if err != nil {
			return err
		}
		s.mentionsChanged(m.Tenant, a, n, &Mention{Message: m.ID, Conversation: m.Conversation, Seq: m.Seq, VisitorName: p.Conversation.VisitorName,
			From: m.From, Text: m.Text, At: m.At})
	}
	return nil
}

func (s *Service) mentionsChanged(t id.Tenant, a id.Agent, unread int, m *Mention) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: t, Kind: event.MentionChanged, To: []event.Topic{event.ToAgent(t, a)}, At: s.clock.Now(),
		Data: &MentionChanged{Agent: a, Mention: m, Unread: unread}})
}

// MentionPage is a page of an agent's mentions.
type MentionPage struct {
	Items []Mention `json:"items"`
	// Next is the cursor of the next page, absent at the end.
	Next string `json:"next,omitempty"`
	// Unread is how many the agent has not read in all.
	Unread int `json:"unread"`
}

// Mentions returns the notes that mention who, newest first. unread leaves out
// those that have been read; after is the cursor of the previous page.
func (s *Service) Mentions(ctx context.Context, who actor.Actor, unread bool, after string, limit int) (p MentionPage, err error) {
	defer errs.Wrap(&err, "conversation.Mentions")
	if who.Kind != actor.Agent {
		return p, errs.New(errs.Forbidden, "agents_only", "Only agents are mentioned.")
	}
	limit = pageSize(limit)
	if p.Items, err = s.store.Mentions(ctx, who.Tenant, who.Agent, unread, after, limit+1); err != nil {
		return p, err
	}
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		p.Next = string(p.Items[limit-1].Message)
	}
	p.Unread, err = s.store.UnreadMentions(ctx, who.Tenant, who.Agent)
	return p, err
}

// ReadMentions marks the mentions of who in a conversation as read, "" in all of
// them, and returns how many are left.
func (s *Service) ReadMentions(ctx context.Context, who actor.Actor, c id.Conversation) (unread int, err error) {
	defer errs.Wrap(&err, "conversation.ReadMentions")
	n, err := s.store.ReadMentions(ctx, who.Tenant, who.Agent, c, s.clock.Now())
	if err != nil {
		return 0, err
	}
	unread, err = s.store.UnreadMentions(ctx, who.Tenant, who.Agent)
	if err == nil && n > 0 {
		s.mentionsChanged(who.Tenant, who.Agent, unread, nil)
	}
	return unread, err
}
