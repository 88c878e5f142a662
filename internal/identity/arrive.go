package identity

import (
	"context"
	"strings"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/visitor"
)

// texts are what visitors read, by the first two letters of their language.
var texts = map[string]struct{ required, expired string }{
	"en": {"Please log in to chat with us.", "Your login has expired. Please reload the page and log in again."},
	"zh": {"请先登录，再与我们联系。", "登录已过期，请刷新页面并重新登录。"},
	"pt": {"Faça login para conversar conosco.", "Seu login expirou. Recarregue a página e entre novamente."},
}

// in returns the texts of a language.
func in(locale string) struct{ required, expired string } {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	if t, ok := texts[base]; ok {
		return t
	}
	return texts["en"]
}

// Please asks a visitor to log in, in a language.
func Please(locale string) string { return in(locale).required }

// words puts what a visitor must do into the visitor's language; other errors stay.
func words(err error, locale string) error {
	switch errs.ReasonOf(err) {
	case errRequired.Reason:
		return errs.New(errs.Unauthenticated, errRequired.Reason, "%s", in(locale).required)
	case "identity_expired":
		return errs.New(errs.Unauthenticated, "identity_expired", "%s", in(locale).expired)
	}
	return err
}

var errRequired = errs.New(errs.Unauthenticated, "identity_required", "%s", Please("en"))

// Arrival is who looks at a page.
type Arrival struct {
	// Token is the visitor token of the browser, "" for none.
	Token string
	// Identity is the token that the company has signed, "" for none.
	Identity string
	// Seen carries Tenant, Inbox and what the request tells.
	Seen visitor.Visitor
}

// Arrive recognises the visitor who looks at a page: by the signed identity, or by the
// browser's token. A signed identity that does not hold lets nobody in. The running
// conversation that the browser had with nobody in particular becomes the person's.
//
// Errors: Unauthenticated "identity_invalid", "identity_expired"; "identity_required"
// if the inbox wants an identity and there is none.
func (s *Service) Arrive(ctx context.Context, in Arrival) (v visitor.Visitor, err error) {
	defer errs.Wrap(&err, "identity.Arrive")
	if in.Identity == "" {
		if err = s.Admits(ctx, in.Seen.Tenant, in.Seen.Inbox); err != nil {
			return v, words(err, in.Seen.Locale)
		}
		return s.Visitors.Arrive(ctx, in.Token, in.Seen)
	}
	k, err := s.verify(ctx, in.Identity, visitor.Claim{Seen: in.Seen})
	if err != nil || in.Token == "" {
		return k.Visitor, words(err, in.Seen.Locale)
	}
	if before, aerr := s.Visitors.Authenticate(in.Token); aerr == nil && !before.Verified && before.Tenant == k.Visitor.Tenant && before.Inbox == k.Visitor.Inbox {
		err = s.adopt(ctx, before.Visitor, k.Visitor)
	}
	return k.Visitor, err
}

// Register is Arrive for programs of pages that choose a token of their own: until the
// identity ends, or a registration without one, the token leads to the person.
//
// Errors: those of Arrive and visitor.Register.
func (s *Service) Register(ctx context.Context, r visitor.Registration, identity string) (k visitor.Known, err error) {
	defer errs.Wrap(&err, "identity.Register")
	if identity == "" {
		if err = s.Admits(ctx, r.Tenant, r.Inbox); err == nil {
			k, _, err = s.Visitors.Register(ctx, r)
		}
		return k, err
	}
	before, err := s.Visitors.ByToken(ctx, r.Tenant, r.Token)
	if err != nil && errs.CodeOf(err) != errs.NotFound {
		return k, err
	}
	r.Seen.Tenant, r.Seen.Inbox = r.Tenant, r.Inbox
	if k, err = s.verify(ctx, identity, visitor.Claim{Pass: r.Token, Team: r.Team, Seen: r.Seen}); err != nil {
		return k, err
	}
	if v := before.Visitor; v.ID != "" && !v.Verified && v.Inbox == r.Inbox {
		err = s.adopt(ctx, v.ID, k.Visitor)
	}
	return k, err
}

// Admits refuses visitors without an identity where the inbox wants one.
// Errors: Unauthenticated "identity_required".
func (s *Service) Admits(ctx context.Context, t id.Tenant, in id.Inbox) error {
	book, err := s.Accounts.Book(ctx, t)
	if err == nil && book.Inboxes[in].Settings.IdentityRequired {
		err = errRequired
	}
	return err
}

// verify opens a token for the inbox of a claim and returns the person.
func (s *Service) verify(ctx context.Context, token string, c visitor.Claim) (k visitor.Known, err error) {
	t, in := c.Seen.Tenant, c.Seen.Inbox
	keys, err := s.Store.IdentityKeys(ctx, t, in)
	if err != nil {
		return k, err
	}
	secrets := make([][]byte, len(keys))
	for i, key := range keys {
		secrets[i] = []byte(s.secret(key))
	}
	said, err := Open(token, secrets, []string{string(in), string(t)}, s.Clock.Now())
	if err != nil {
		return k, err
	}
	c.Subject, c.Name, c.Email, c.Phone, c.Until = said.Subject, said.Name, said.Email, said.Phone, said.Expires
	return s.Visitors.Verify(ctx, c)
}

// recall lets a person keep what it said of itself before it signed in, where nothing
// else is known.
func (s *Service) recall(ctx context.Context, from id.Visitor, to visitor.Visitor) error {
	v, err := s.Visitors.Visitor(ctx, to.Tenant, from)
	if err != nil || v.Email+v.Phone+v.Memo == "" {
		return err
	}
	_, err = s.Visitors.Update(ctx, to.Actor(), to.ID, visitor.Details{Email: &v.Email, Phone: &v.Phone, Memo: &v.Memo})
	return err
}

// adopt gives the running conversation of a visitor without an identity to the person
// it was. A person who has a conversation already keeps that one.
func (s *Service) adopt(ctx context.Context, from id.Visitor, to visitor.Visitor) error {
	c, err := s.Conversations.Active(ctx, to.Tenant, from)
	if err == nil {
		_, err = s.Conversations.Give(ctx, actor.ForSystem(to.Tenant), c.ID, from, to.ID)
	}
	if err == nil {
		err = s.recall(ctx, from, to)
	}
	switch errs.CodeOf(err) {
	case errs.NotFound, errs.Conflict, errs.Forbidden: // none, another one runs, or the person is blocked
		return nil
	}
	return err
}
