package visitor

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// MaxFound is how many of the newest visitors a Search looks at. An e-mail
// address, telephone number or username that is given whole finds older ones too.
const MaxFound = 10_000

// Search chooses a page of visitors.
type Search struct {
	// Text is a part of the name, e-mail address, telephone number, username or a
	// value of a searchable field, in any case.
	Text string
	// Except are usernames that are left out.
	Except []string
	Order  Order
	// Rising turns the order round; the newest come first else.
	Rising bool
	// Limit is 1 to 100.
	Offset, Limit int
}

// Order is what a page of visitors is ordered by.
type Order string

// The orders.
const (
	// ByChat is the time of the last conversation; those who had none come last.
	ByChat Order = ""
	ByName Order = "name"
	BySeen Order = "seen"
)

// Found is a visitor with its last conversation, "" if it had none.
type Found struct {
	Known
	LastChat   id.Conversation
	LastChatAt time.Time
}

// Search returns a page of the visitors that fit, and how many there are.
func (s *Service) Search(ctx context.Context, who actor.Actor, q Search) (page []Found, total int, err error) {
	defer errs.Wrap(&err, "visitor.Search")
	if who.Kind == actor.Visitor || !who.Can(actor.SeeAll) && !who.Can(actor.Reply) {
		return nil, 0, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow looking for visitors.")
	}
	if q.Offset < 0 || q.Limit < 1 || q.Limit > 100 || utf8.RuneCountInString(q.Text) > 200 {
		return nil, 0, errs.Field("limit", "bad_page", "A page has 1 to 100 visitors, a text up to 200 characters.")
	}
	q.Text = strings.ReplaceAll(strings.TrimSpace(q.Text), "\x00", "")
	page, total, err = s.ids.FindVisitors(ctx, who.Tenant, q)
	for i := range page {
		page[i].Visitor = page[i].Visitor.For(who)
		page[i].Identity = identityOr(page[i].Identity, who.Tenant, page[i].Visitor.ID)
	}
	return page, total, err
}

// Remove forgets a visitor: its details, fields, trail and invitations. What it
// said goes with its conversations, which are removed before.
//
// Errors: NotFound "visitor_not_found"; Conflict "visitor_has_conversations".
func (s *Service) Remove(ctx context.Context, t id.Tenant, v id.Visitor) (err error) {
	defer errs.Wrap(&err, "visitor.Remove")
	return s.ids.RemoveVisitor(ctx, t, v)
}
