package visitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds of verified visitors.
const (
	// MaxSubject is the longest id of a company for a person, in characters.
	MaxSubject = 128
	// MaxPasses is how many tokens of programs lead to one verified visitor; the ones
	// that end last stay.
	MaxPasses = 100
)

// Claim is what a company has signed of a visitor. Empty fields keep what is known.
type Claim struct {
	// Subject is the company's own id of the person: one visitor in each inbox.
	Subject            string
	Name, Email, Phone string
	// Until is when the claim ends.
	Until time.Time
	// Pass is a token that leads to the visitor until then, "" for none. PassHash is
	// set by the service.
	Pass, PassHash string
	Team           id.Team
	// Seen carries Tenant, Inbox and what the request tells.
	Seen Visitor
}

// Verify returns the visitor whose identity a company has signed; the caller has
// checked that. Details that are no details are left out: a conversation matters more.
//
// Errors: Invalid "bad_subject", "blank_token", "bad_token".
func (s *Service) Verify(ctx context.Context, c Claim) (k Known, err error) {
	defer errs.Wrap(&err, "visitor.Verify")
	if n := utf8.RuneCountInString(c.Subject); n < 1 || n > MaxSubject || !utf8.ValidString(c.Subject) || strings.ContainsFunc(c.Subject, unicode.IsControl) {
		return k, errs.Field("sub", "bad_subject", "The id of a person has 1 to %d printable characters.", MaxSubject)
	}
	if c.Pass != "" {
		if err = (&Registration{Token: c.Pass}).check(); err != nil {
			return k, err
		}
		c.PassHash = PassHash(c.Pass)
	}
	c.Name, c.Phone, c.Email = cut(c.Name, 100), cut(c.Phone, 40), strings.ToLower(cut(c.Email, 254))
	if a, err := mail.ParseAddress(c.Email); err != nil || a.Address != c.Email {
		c.Email = ""
	}
	s.clean(&c.Seen)
	v := &c.Seen
	v.ID, v.Verified, v.External, v.BrowserKey = id.Visitor(id.New()), true, c.Subject, "sub "+c.Subject
	v.Name, v.Email, v.Phone, v.Visits = c.Name, c.Email, c.Phone, 1
	if v.Name == "" {
		v.Name = guest(v.Locale) + " " + tail(v.ID)
	}
	if k, err = s.ids.Verify(ctx, c); err != nil {
		return k, err
	}
	k.Visitor.Until = c.Until
	if c.Pass != "" {
		k.Identity.Token = c.Pass
	}
	s.announce(k.Visitor, nil)
	return k, nil
}

// PassHash is what is kept of a token that leads to a verified visitor.
func PassHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
