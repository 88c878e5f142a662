package visitor

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Service is the use cases of visitor.
type Service struct {
	store  Store
	ids    IdentityStore
	events event.Publisher
	clock  clock.Clock
	key    []byte
	seen   Pages
}

// Pages hears of pages that visitors look at.
type Pages interface {
	// Looked is told of a page that is new; it is in the trail already.
	Looked(ctx context.Context, who actor.Actor, p Page) error
}

// Tell sets who hears of new pages; it must be called before the first Look.
func (s *Service) Tell(p Pages) { s.seen = p }

// New returns a service. key signs visitor tokens; it must be the same on all nodes.
func New(store interface {
	Store
	IdentityStore
}, events event.Publisher, c clock.Clock, key []byte) *Service {
	return &Service{store: store, ids: store, events: events, clock: c, key: key}
}

// Actor returns the acting party of a visitor.
func (v Visitor) Actor() actor.Actor {
	return actor.Actor{Kind: actor.Visitor, Tenant: v.Tenant, Visitor: v.ID, Inbox: v.Inbox, Name: v.Name, Verified: v.Verified}
}

func (s *Service) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, s.key)
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// Token returns the signed token by which a browser proves to be v from now on. That
// of a verified visitor counts until v.Until only.
func (s *Service) Token(v Visitor) string {
	body, what := string(v.Tenant)+"."+string(v.Inbox)+"."+string(v.ID), "token"
	if v.Verified {
		body, what = body+":"+strconv.FormatInt(v.Until.Unix(), 36), "signed token"
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(s.mac(what, body))
}

var errToken = errs.New(errs.Unauthenticated, "unauthenticated", "The visitor token is not valid.")

// Authenticate returns the actor a token was issued for. It reads nothing.
func (s *Service) Authenticate(token string) (who actor.Actor, err error) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 400 {
		return who, errToken
	}
	sum, err := base64.RawURLEncoding.DecodeString(token[i+1:])
	if err != nil {
		return who, errToken
	}
	part := strings.Split(token[:i], ".")
	if len(part) != 3 {
		return who, errToken
	}
	v := part[2]
	switch {
	case hmac.Equal(sum, s.mac("token", token[:i])):
	case hmac.Equal(sum, s.mac("signed token", token[:i])):
		at := strings.LastIndexByte(v, ':')
		until, err := strconv.ParseInt(v[at+1:], 36, 64)
		if at < 0 || err != nil || s.clock.Now().Unix() >= until {
			return who, errToken
		}
		v, who.Verified = v[:at], true
	default:
		return who, errToken
	}
	who.Kind, who.Tenant, who.Inbox, who.Visitor = actor.Visitor, id.Tenant(part[0]), id.Inbox(part[1]), id.Visitor(v)
	return who, nil
}

// Arrive recognises the browser that holds token in the inbox, or makes a new
// visitor of it. seen carries Tenant, Inbox and what the request tells. The token of
// a verified visitor is not enough: who does not sign in again is somebody new.
func (s *Service) Arrive(ctx context.Context, token string, seen Visitor) (v Visitor, err error) {
	defer errs.Wrap(&err, "visitor.Arrive")
	s.clean(&seen)
	if who, err := s.Authenticate(token); token != "" && err == nil && !who.Verified && who.Tenant == seen.Tenant && who.Inbox == seen.Inbox {
		seen.ID = who.Visitor
		v, err := s.store.TouchVisitor(ctx, seen)
		if errs.CodeOf(err) != errs.NotFound {
			return v, err
		}
	}
	seen.BrowserKey, seen.Verified = "", false
	v, _, err = s.create(ctx, seen)
	return v, err
}

// ArriveLegacy recognises a visitor of the legacy contract. userid names only
// an anonymous visitor bound to the browser that first used it with that
// session value: the same userid with another session is somebody else.
func (s *Service) ArriveLegacy(ctx context.Context, userid, session string, seen Visitor) (v Visitor, err error) {
	defer errs.Wrap(&err, "visitor.ArriveLegacy")
	if err := s.legacy(&seen, userid, session); err != nil {
		return v, err
	}
	v, created, err := s.create(ctx, seen)
	if err != nil || created {
		return v, err
	}
	seen.ID = v.ID
	return s.store.TouchVisitor(ctx, seen)
}

// Introduce makes a person whom the host page knows the visitor that userid and
// session stand for, if there is none and fresh allows it; known tells whether
// there was one. A known one keeps its details: agents may have corrected them.
func (s *Service) Introduce(ctx context.Context, userid, session string, seen Visitor, fresh bool) (known bool, err error) {
	defer errs.Wrap(&err, "visitor.Introduce")
	if err := s.legacy(&seen, userid, session); err != nil {
		return false, err
	}
	if !fresh {
		_, known, err = s.store.VisitorByKey(ctx, seen.Tenant, seen.Inbox, seen.BrowserKey)
		return known, err
	}
	_, created, err := s.create(ctx, seen)
	return !created, err
}

// legacy names a visitor by the ids of the legacy contract.
func (s *Service) legacy(seen *Visitor, userid, session string) error {
	if userid == "" || len(userid) > 128 {
		return errs.Field("userid", "bad_userid", "The userid has %d characters; 1 to 128 are allowed.", len(userid))
	}
	s.clean(seen)
	seen.External = cut(userid, 128)
	seen.BrowserKey = hex.EncodeToString(s.mac("legacy", string(seen.Inbox), userid, session)[:16])
	return nil
}

func (s *Service) create(ctx context.Context, seen Visitor) (Visitor, bool, error) {
	seen.ID = id.Visitor(id.New())
	if seen.Name == "" {
		seen.Name = guest(seen.Locale) + " " + tail(seen.ID)
	}
	seen.Visits = 1
	return s.store.CreateVisitor(ctx, seen)
}

// tail tells visitors without a name apart.
func tail(v id.Visitor) string { return strings.ToUpper(string(v[max(len(v)-4, 0):])) }

// Unnamed reports whether the name of v was made up.
func (v Visitor) Unnamed() bool {
	for _, locale := range []string{"en", "zh", "pt"} {
		if v.Name == guest(locale)+" "+tail(v.ID) {
			return true
		}
	}
	return v.Name == ""
}

// guest is what a visitor without a name is called, in the visitor's language.
func guest(locale string) string {
	switch base, _, _ := strings.Cut(strings.ToLower(locale), "-"); base {
	case "zh":
		return "访客"
	case "pt":
		return "Visitante"
	}
	return "Guest"
}

func (s *Service) clean(v *Visitor) {
	v.FirstSeen = s.clock.Now()
	v.LastSeen = v.FirstSeen
	v.Name, v.Email, v.Phone = cut(v.Name, 100), cut(v.Email, 254), cut(v.Phone, 40)
	v.Memo, v.Locale, v.IP = cut(v.Memo, 500), cut(v.Locale, 16), cut(v.IP, 64)
	v.OS, v.Browser, v.Referrer = cut(v.OS, 60), cut(v.Browser, 60), cut(webURL(v.Referrer), 500)
}

// Visitor returns one visitor.
func (s *Service) Visitor(ctx context.Context, t id.Tenant, v id.Visitor) (Visitor, error) {
	return s.store.Visitor(ctx, t, v)
}

// Visitors returns those of the given visitors that exist, by id.
func (s *Service) Visitors(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]Visitor, error) {
	got, err := s.store.Visitors(ctx, t, list)
	if err != nil {
		return nil, err
	}
	m := make(map[id.Visitor]Visitor, len(got))
	for _, v := range got {
		m[v.ID] = v
	}
	return m, nil
}

// StillHere notes that the given visitors have a page open now, for those who ask
// on other nodes when they were seen last.
func (s *Service) StillHere(ctx context.Context, t id.Tenant, list []id.Visitor) error {
	return s.store.SeeVisitors(ctx, t, list, s.clock.Now())
}

// Update changes contact details and tells consoles. A visitor may change only
// itself, and one who is verified says only what is not known yet. A masked value
// that comes back as it was shown stays as it is; any other masked one is Invalid
// "masked".
func (s *Service) Update(ctx context.Context, who actor.Actor, v id.Visitor, d Details) (got Visitor, err error) {
	defer errs.Wrap(&err, "visitor.Update")
	if who.Kind == actor.Visitor && who.Visitor != v {
		return got, errs.New(errs.Forbidden, "not_you", "A visitor may change only its own details.")
	}
	if err = d.Fit(); err != nil {
		return got, err
	}
	if err = s.unmask(ctx, who, v, &d); err != nil {
		return got, err
	}
	if who.Verified {
		if err = s.blanks(ctx, who, &d); err != nil {
			return got, err
		}
	}
	d.Sure = who.Kind != actor.Visitor
	if got, err = s.store.UpdateVisitor(ctx, who.Tenant, v, d); err != nil {
		return got, err
	}
	s.announce(got, nil)
	return got.For(who), nil
}

// Fit cuts details into the form in which they are kept. Errors: Invalid "too_long" with
// the field, "bad_name".
func (d *Details) Fit() error {
	limits := []struct {
		field string
		p     *string
		n     int
	}{{"name", d.Name, 100}, {"email", d.Email, 254}, {"phone", d.Phone, 40}, {"memo", d.Memo, 500}}
	for _, l := range limits {
		if l.p == nil {
			continue
		}
		if n := len([]rune(*l.p)); n > l.n {
			return errs.Field(l.field, "too_long", "%s has %d characters; %d are allowed.", l.field, n, l.n)
		}
		*l.p = cut(*l.p, l.n)
	}
	if d.Name != nil && *d.Name == "" {
		return errs.Field("name", "bad_name", "The name is empty.")
	}
	return nil
}

// blanks takes out of d what is known of a verified visitor: the word of the company
// and of agents stands above the visitor's own.
func (s *Service) blanks(ctx context.Context, who actor.Actor, d *Details) error {
	v, err := s.store.Visitor(ctx, who.Tenant, who.Visitor)
	if err != nil {
		return err
	}
	name := v.Name
	if v.Unnamed() {
		name = ""
	}
	for _, f := range []struct {
		known string
		said  **string
	}{{name, &d.Name}, {v.Email, &d.Email}, {v.Phone, &d.Phone}} {
		if f.known != "" {
			*f.said = nil
		}
	}
	return nil
}

// Rename gives visitors the name of the person they are and tells consoles.
func (s *Service) Rename(ctx context.Context, who actor.Actor, list []id.Visitor, name string) error {
	for _, v := range list {
		if _, err := s.Update(ctx, who, v, Details{Name: &name}); err != nil && errs.CodeOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

// unmask takes out of d what is only the masked form of what is there.
func (s *Service) unmask(ctx context.Context, who actor.Actor, v id.Visitor, d *Details) error {
	masked := func(p *string) bool { return p != nil && mask.Is(*p) }
	if who.Kind != actor.Agent || !masked(d.Email) && !masked(d.Phone) {
		return nil
	}
	old, err := s.store.Visitor(ctx, who.Tenant, v)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		field string
		p     **string
		shown string
	}{{"email", &d.Email, mask.Email(old.Email)}, {"phone", &d.Phone, mask.Phone(old.Phone)}} {
		if !masked(*c.p) {
			continue
		}
		if **c.p != c.shown {
			return errs.Field(c.field, "masked", "Write the whole value, or leave it as it is.")
		}
		*c.p = nil
	}
	return nil
}

// Look records that the visitor looks at a page.
func (s *Service) Look(ctx context.Context, who actor.Actor, address, title string) (err error) {
	defer errs.Wrap(&err, "visitor.Look")
	address = cut(webURL(address), 500)
	if address == "" {
		return nil
	}
	now := s.clock.Now()
	p, fresh, err := s.store.AddPage(ctx, who.Tenant, Page{ID: id.New(), Visitor: who.Visitor, URL: address, Title: cut(title, 200), At: now, Until: now})
	if err != nil || !fresh {
		return err
	}
	v, err := s.store.Visitor(ctx, who.Tenant, who.Visitor)
	if err != nil {
		return err
	}
	s.announce(v, &p)
	if s.seen == nil {
		return nil
	}
	return s.seen.Looked(ctx, who, p)
}

// Left prolongs the newest page view of each visitor to now.
func (s *Service) Left(ctx context.Context, t id.Tenant, visitors []id.Visitor) (err error) {
	defer errs.Wrap(&err, "visitor.Left")
	return s.store.ProlongPages(ctx, t, visitors, s.clock.Now())
}

// Pages returns the newest page views of a visitor, at most 100.
func (s *Service) Pages(ctx context.Context, t id.Tenant, v id.Visitor, limit int) ([]Page, error) {
	if limit < 1 || limit > 100 {
		limit = 50
	}
	return s.store.Pages(ctx, t, v, time.Time{}, limit)
}

func (s *Service) announce(v Visitor, p *Page) {
	s.events.Publish(&event.Event{ID: id.New(), Tenant: v.Tenant, Kind: event.VisitorChanged,
		To: []event.Topic{event.ToFollowers(v.Tenant, v.ID)}, At: s.clock.Now(), Data: &Changed{Visitor: v, Page: p}})
}

// webURL returns address if it is an http or https address or a path, else "".
func webURL(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || (u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	u.User = nil
	return u.String()
}

// cut removes control characters and invalid UTF-8, trims, and keeps n characters.
func cut(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	r := []rune(strings.TrimSpace(s))
	if len(r) > n {
		r = r[:n]
	}
	return string(r)
}
