package conversation

import (
	"context"
	"slices"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Sight is a page that a visitor looked at.
type Sight struct {
	URL, Title string
	At         time.Time
}

// Sights reads the pages that visitors looked at.
type Sights interface {
	// Sights returns the newest pages of a visitor after a time, oldest first.
	Sights(ctx context.Context, t id.Tenant, v id.Visitor, after time.Time, limit int) ([]Sight, error)
}

// Bounds of what a new conversation is told of the pages before it.
const (
	sightsFor  = 30 * 24 * time.Hour
	mostSights = 50
)

// UseSights sets where the pages of visitors are read; it must be called before the
// first conversation starts. Without it a new one begins without them.
func (s *Service) UseSights(p Sights) { s.sights = p }

// Seen adds a page that a visitor looks at to the visitor's running conversation,
// as a line that visitors do not see. Without a running conversation, and in
// companies that do not want it (Rules.Sights), it does nothing.
func (s *Service) Seen(ctx context.Context, who actor.Actor, p Sight) (err error) {
	defer errs.Wrap(&err, "conversation.Seen")
	if !s.limits.Rules(who.Tenant, who.Inbox).Sights {
		return nil
	}
	c, err := s.store.Active(ctx, who.Tenant, who.Visitor)
	if errs.CodeOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.see(ctx, c, p)
}

// see adds the lines of pages.
func (s *Service) see(ctx context.Context, c Conversation, pages ...Sight) error {
	lines := make([]Message, len(pages))
	for i, p := range pages {
		lines[i] = Message{Kind: Note, From: Author{Kind: actor.System},
			Line: &Line{Name: LineVisited, URL: p.URL, Title: p.Title}, At: p.At}
	}
	list, err := s.store.AppendLines(ctx, c.Tenant, c.ID, lines)
	if errs.ReasonOf(err) == "conversation_closed" {
		return nil
	}
	if err != nil {
		return err
	}
	for _, got := range list {
		s.announce(&Posted{Message: got.Line, Conversation: got.Conversation})
	}
	return nil
}

// seenBefore adds the pages since the visitor's last conversation, within 30 days,
// to a new one.
func (s *Service) seenBefore(ctx context.Context, c Conversation) error {
	if s.sights == nil || !s.limits.Rules(c.Tenant, c.Inbox).Sights {
		return nil
	}
	after := c.CreatedAt.Add(-sightsFor)
	known, _, err := s.store.List(ctx, Filter{Tenant: c.Tenant, Scope: Scope{All: true}, Visitor: c.Visitor, View: ViewAll, Limit: 2})
	if err != nil {
		return err
	}
	for _, last := range known {
		if last.ClosedAt != nil && last.ClosedAt.After(after) {
			after = *last.ClosedAt
		}
	}
	list, err := s.sights.Sights(ctx, c.Tenant, c.Visitor, after, mostSights)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b Sight) int { return a.At.Compare(b.At) })
	if len(list) == 0 {
		return nil
	}
	return s.see(ctx, c, list...)
}
