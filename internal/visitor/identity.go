package visitor

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/id"
)

// Limits of an identity.
const (
	// MaxToken is the longest token that a program may choose, in bytes.
	MaxToken = 255
	// ShortToken is the length below which a token can be guessed.
	ShortToken = 16
)

// Identity is a visitor whom a program brings, under a token of its own. Whoever
// knows the token is the visitor.
type Identity struct {
	Visitor id.Visitor
	Tenant  id.Tenant
	Token   string
	// Username is fixed when the visitor is registered.
	Username string
	// Team is where its conversations go.
	Team id.Team
	// Status is "online", "away", "busy" or "offline", as the program says.
	Status string
	// Host and UserAgent are of the request that registered it; empty unless the
	// company keeps them.
	Host, UserAgent string
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Registration is what a program says of a visitor. Empty fields keep what is known.
type Registration struct {
	Tenant id.Tenant
	Inbox  id.Inbox
	Token  string
	// ID is the visitor's id, if the program chooses it; only for a new one.
	ID       id.Visitor
	Username string
	Name     string
	Email    string
	Phone    string
	Team     id.Team
	Seen     Visitor
	Host     string
	// UserAgent is kept with Host.
	UserAgent string
	// ByPhone and ByEmail let a visitor of the inbox be found by these. Whoever knows the number
	// or address of a visitor then becomes that visitor: the one found by phone
	// keeps its token, which the caller gets; the one found by e-mail gets the new one.
	ByPhone, ByEmail bool
	At               time.Time
}

// Known is a visitor with its identity.
type Known struct {
	Visitor  Visitor
	Identity Identity
}

// IdentityStore is the memory of identities.
type IdentityStore interface {
	// Register finds the visitor of a registration or adds it, and changes what the
	// registration says. Its token leads to nobody verified any more. Without a username it becomes "guest-" and a number that
	// counts within the tenant. created is true for a new one.
	Register(ctx context.Context, r Registration) (k Known, created bool, err error)
	// ByToken finds a visitor by its token: the verified one to whom it leads now, else
	// the one whose own it is; errs.NotFound "visitor_not_found".
	ByToken(ctx context.Context, t id.Tenant, token string, now time.Time) (Known, error)
	// Identity returns the identity of a visitor, a zero one if it has none.
	Identity(ctx context.Context, t id.Tenant, v id.Visitor) (Identity, error)
	// Identities returns those of the given visitors that have one, in no order.
	Identities(ctx context.Context, t id.Tenant, list []id.Visitor) ([]Identity, error)
	// FindVisitors returns a page of the visitors that fit, and how many there are,
	// among the newest MaxFound and those named whole.
	FindVisitors(ctx context.Context, t id.Tenant, q Search) (page []Found, total int, err error)
	// RemoveVisitor deletes a visitor with everything that is only about it. Errors:
	// NotFound "visitor_not_found"; Conflict "visitor_has_conversations".
	RemoveVisitor(ctx context.Context, t id.Tenant, v id.Visitor) error
	// Verify finds or makes the verified visitor of a claim, keeps what the claim says
	// of it where no agent has entered something, and lets claim.Pass lead to it.
	Verify(ctx context.Context, c Claim) (Known, error)
	// SetStatus changes the status of an identity.
	SetStatus(ctx context.Context, t id.Tenant, v id.Visitor, status string, at time.Time) error
}

// Statuses are what a program may say of a visitor.
var Statuses = []string{"online", "away", "busy", "offline"}

// Register recognises the visitor whom a program brings, or makes a new one.
//
// Errors: Invalid "blank_token", "bad_token", "bad_email", "too_long" with the field.
func (s *Service) Register(ctx context.Context, r Registration) (k Known, created bool, err error) {
	defer errs.Wrap(&err, "visitor.Register")
	if err = r.check(); err != nil {
		return k, false, err
	}
	r.Seen.Tenant, r.Seen.Inbox = r.Tenant, r.Inbox
	s.clean(&r.Seen)
	r.At = s.clock.Now()
	if k, created, err = s.ids.Register(ctx, r); err != nil {
		return k, created, err
	}
	s.announce(k.Visitor, nil)
	return k, created, nil
}

// check cleans a registration and refuses what cannot be kept.
func (r *Registration) check() error {
	r.Email = strings.ToLower(strings.TrimSpace(r.Email))
	r.Phone, r.Name = strings.TrimSpace(r.Phone), strings.TrimSpace(r.Name)
	switch {
	case strings.TrimSpace(r.Token) == "":
		return errs.Field("token", "blank_token", "Token cannot be empty")
	case len(r.Token) > MaxToken || !utf8.ValidString(r.Token) || strings.ContainsRune(r.Token, 0):
		return errs.Field("token", "bad_token", "The token is longer than %d bytes or is not text.", MaxToken)
	}
	for field, v := range map[string]struct {
		text string
		most int
	}{"name": {r.Name, 200}, "username": {r.Username, 100}, "phone": {r.Phone, 40}, "email": {r.Email, 254}, "id": {string(r.ID), 64}} {
		if utf8.RuneCountInString(v.text) > v.most || strings.ContainsRune(v.text, 0) {
			return errs.Field(field, "too_long", "%s has more than %d characters.", field, v.most)
		}
	}
	if r.Email != "" {
		if a, err := mail.ParseAddress(r.Email); err != nil || a.Address != r.Email {
			return errs.Field("email", "bad_email", "Invalid email %s", r.Email)
		}
	}
	return nil
}

// ByToken returns the visitor that has a token; errs.NotFound "visitor_not_found".
func (s *Service) ByToken(ctx context.Context, t id.Tenant, token string) (Known, error) {
	if token == "" || len(token) > MaxToken {
		return Known{}, errs.New(errs.NotFound, "visitor_not_found", "There is no visitor with this token.")
	}
	return s.ids.ByToken(ctx, t, token, s.clock.Now())
}

// Identity returns the identity of a visitor. One that no program brought has
// its own id as username and no token.
func (s *Service) Identity(ctx context.Context, t id.Tenant, v id.Visitor) (Identity, error) {
	got, err := s.ids.Identity(ctx, t, v)
	return identityOr(got, t, v), err
}

// Identities returns the identities of visitors by id, each as Identity does.
func (s *Service) Identities(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]Identity, error) {
	got, err := s.ids.Identities(ctx, t, list)
	if err != nil {
		return nil, err
	}
	m := make(map[id.Visitor]Identity, len(list))
	for _, i := range got {
		m[i.Visitor] = i
	}
	for _, v := range list {
		m[v] = identityOr(m[v], t, v)
	}
	return m, nil
}

// identityOr fills in what a visitor without an identity shows.
func identityOr(i Identity, t id.Tenant, v id.Visitor) Identity {
	if i.Username == "" {
		i.Visitor, i.Tenant, i.Username, i.Status = v, t, "guest-"+string(v), "online"
	}
	return i
}

// SetStatus keeps what a program says of a visitor's presence.
func (s *Service) SetStatus(ctx context.Context, t id.Tenant, v id.Visitor, status string) (err error) {
	defer errs.Wrap(&err, "visitor.SetStatus")
	for _, known := range Statuses {
		if status == known {
			return s.ids.SetStatus(ctx, t, v, status, s.clock.Now())
		}
	}
	return errs.Field("status", "bad_status", "%q is not a status; those that exist: %v.", status, Statuses)
}
