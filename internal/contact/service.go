package contact

import (
	"context"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Judge checks the values of fields that are sent for a contact that has old
// ones, and returns all that it has then. Errors: Invalid "unknown_field",
// "required", "bad_value" with the key.
type Judge func(old, given map[string]string) (map[string]string, error)

// World is what contacts need of other domains.
type World interface {
	// LooksAfter reports whether an agent may be the manager of a contact.
	LooksAfter(ctx context.Context, t id.Tenant, a id.Agent) (bool, error)
	// Judge returns how fields that who sends are checked now.
	Judge(ctx context.Context, who actor.Actor) (Judge, error)
	// Show returns values of fields as who may see them.
	Show(ctx context.Context, who actor.Actor, values map[string]string) (map[string]string, error)
	// Rename gives visitors the name of their contact.
	Rename(ctx context.Context, who actor.Actor, list []id.Visitor, name string) error
	// End closes the running conversation of a visitor that came from a source, if
	// there is one, with a word that all see.
	End(ctx context.Context, who actor.Actor, v id.Visitor, source, word string) error
}

// Service is the use cases of contacts.
type Service struct {
	store  Store
	world  World
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, world World, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, world: world, events: events, clock: c}
}

// ErrChannel says that a contact has no such channel.
var ErrChannel = errs.New(errs.NotFound, "channel_not_found", "The contact has no such channel.")

var (
	errAgents   = errs.New(errs.Forbidden, "agents_only", "Only agents have contacts.")
	errNotFound = errs.New(errs.NotFound, "contact_not_found", "There is no such contact.")
	errManager  = errs.Field("manager", "manager_not_found", "There is no such agent who could look after contacts.")
)

// serves refuses who does not answer visitors.
func serves(who actor.Actor) error {
	if who.Kind == actor.Visitor || !who.Can(actor.Reply) {
		return errAgents
	}
	return nil
}

// Find returns a page of contacts and how many fit. A page has 1 to 100, 50 if
// Limit is 0.
func (s *Service) Find(ctx context.Context, who actor.Actor, q Query) (page []Contact, total int, err error) {
	defer errs.Wrap(&err, "contact.Find")
	if err = serves(who); err != nil {
		return nil, 0, err
	}
	if utf8.RuneCountInString(q.Text) > MaxName {
		return nil, 0, errs.Field("text", "too_long", "The text has more than %d characters.", MaxName)
	}
	if q.Limit < 1 || q.Limit > 100 {
		q.Limit = 50
	}
	q.Offset = max(q.Offset, 0)
	q.Email = strings.ToLower(q.Email)
	if page, total, err = s.store.Contacts(ctx, who.Tenant, q); err != nil {
		return nil, 0, err
	}
	for i := range page {
		if page[i], err = s.show(ctx, who, page[i]); err != nil {
			return nil, 0, err
		}
	}
	return page, total, nil
}

// show returns a contact as who may see it.
func (s *Service) show(ctx context.Context, who actor.Actor, c Contact) (_ Contact, err error) {
	if len(c.Fields) > 0 {
		if c.Fields, err = s.world.Show(ctx, who, c.Fields); err != nil {
			return c, err
		}
	}
	return c.For(who), nil
}

// Contact returns one contact; NotFound "contact_not_found".
func (s *Service) Contact(ctx context.Context, who actor.Actor, c id.Contact) (got Contact, err error) {
	defer errs.Wrap(&err, "contact.Contact")
	if err = serves(who); err != nil {
		return got, err
	}
	if got, err = s.store.Contact(ctx, who.Tenant, c); err != nil {
		return Contact{}, err
	}
	return s.show(ctx, who, got)
}

// Of returns the contact of a visitor; NotFound "contact_not_found".
func (s *Service) Of(ctx context.Context, who actor.Actor, v id.Visitor) (got Contact, err error) {
	defer errs.Wrap(&err, "contact.Of")
	m, err := s.store.ContactsOf(ctx, who.Tenant, []id.Visitor{v})
	if err != nil {
		return got, err
	}
	c, ok := m[v]
	if !ok {
		return got, errNotFound
	}
	return s.Contact(ctx, who, c)
}

// Reach returns the contact of a visitor, and makes an unknown one with a channel
// on the source if it has none.
func (s *Service) Reach(ctx context.Context, who actor.Actor, v id.Visitor, source string) (got Contact, err error) {
	defer errs.Wrap(&err, "contact.Reach")
	if err = serves(who); err != nil {
		return got, err
	}
	if got, err = s.store.ReachVisitor(ctx, who.Tenant, v, source, s.clock.Now()); err != nil {
		return got, err
	}
	return s.show(ctx, who, got)
}

// ContactsOf returns the contacts of visitors, without asking who may see them;
// who has none is left out.
func (s *Service) ContactsOf(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]id.Contact, error) {
	return s.store.ContactsOf(ctx, t, list)
}

// Input is what is said of a contact; nil keeps what is there.
type Input struct {
	Name   *string   `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Emails *[]string `json:"emails,omitempty" maxItems:"20"`
	Phones *[]string `json:"phones,omitempty" maxItems:"20"`
	// Manager is an agent, "" for nobody.
	Manager *id.Agent `json:"manager,omitempty" maxLength:"64"`
	// Fields are all values of visitor fields, by key.
	Fields map[string]string `json:"fields,omitempty"`
	// Settled drops the conflicts.
	Settled bool `json:"settled,omitempty" doc:"The conflicts are settled"`
	// External is kept with a new contact.
	External string `json:"-"`
	// Unknown makes a new contact that nobody has confirmed.
	Unknown bool `json:"-"`
}

// Add makes a contact. Required fields must be given.
//
// Errors: Invalid with the field at fault; "manager_not_found"; Conflict
// "contact_exists" for a known External.
func (s *Service) Add(ctx context.Context, who actor.Actor, in Input) (c Contact, err error) {
	defer errs.Wrap(&err, "contact.Add")
	if err = serves(who); err != nil {
		return c, err
	}
	if in.Name == nil {
		return c, errs.Field("name", "bad_name", "The name is empty.")
	}
	if in.Fields == nil {
		in.Fields = map[string]string{}
	}
	edit, err := s.prepare(ctx, who, in)
	if err != nil {
		return c, err
	}
	now := s.clock.Now()
	c = Contact{ID: id.Contact(id.New()), Tenant: who.Tenant, External: in.External, CreatedAt: now, UpdatedAt: now}
	if err = edit(&c); err != nil {
		return c, err
	}
	c.Unknown = in.Unknown
	if err = s.store.AddContact(ctx, c); err != nil {
		return c, err
	}
	return s.Contact(ctx, who, c.ID)
}

// Change changes a contact, which is a confirmed one from then on; its visitors
// get its name. A masked number or address that comes back as it was shown stays.
//
// Errors: NotFound "contact_not_found", and those of Add; Invalid "masked".
func (s *Service) Change(ctx context.Context, who actor.Actor, c id.Contact, in Input) (got Contact, err error) {
	defer errs.Wrap(&err, "contact.Change")
	return s.edit(ctx, who, c, in, func(c *Contact) {
		c.Unknown = false
		if in.Settled {
			c.Conflicts = nil
		}
	})
}

// Settle settles conflicts: what is given, is so from now on, and its conflicts
// are gone; the values of other fields stay. Conflict "no_conflicts" if there are
// none.
func (s *Service) Settle(ctx context.Context, who actor.Actor, c id.Contact, in Input) (got Contact, err error) {
	defer errs.Wrap(&err, "contact.Settle")
	if err = serves(who); err != nil {
		return got, err
	}
	old, err := s.store.Contact(ctx, who.Tenant, c)
	if err != nil {
		return got, err
	}
	if len(old.Conflicts) == 0 {
		return got, errs.New(errs.Conflict, "no_conflicts", "Nothing about this contact is in doubt.")
	}
	given := in.Fields
	if given != nil {
		in.Fields = maps.Clone(old.Fields)
		if in.Fields == nil {
			in.Fields = map[string]string{}
		}
		maps.Copy(in.Fields, given)
	}
	return s.edit(ctx, who, c, in, func(c *Contact) {
		if in.Settled {
			c.Conflicts = nil
		}
		if in.Name != nil {
			c.settle(FieldName)
		}
		if in.Manager != nil {
			c.settle(FieldManager)
		}
		for key := range given {
			c.settle(FieldPrefix + key)
		}
	})
}

// edit changes a contact and tells everybody.
func (s *Service) edit(ctx context.Context, who actor.Actor, c id.Contact, in Input, after func(*Contact)) (got Contact, err error) {
	if err = serves(who); err != nil {
		return got, err
	}
	if _, err = s.store.Contact(ctx, who.Tenant, c); err != nil {
		return got, err
	}
	change, err := s.prepare(ctx, who, in)
	if err != nil {
		return got, err
	}
	got, err = s.store.EditContact(ctx, who.Tenant, c, s.clock.Now(), func(c *Contact) error {
		if err := change(c); err != nil {
			return err
		}
		after(c)
		return nil
	})
	if err != nil {
		return Contact{}, err
	}
	if in.Name != nil {
		if err = s.world.Rename(ctx, who, got.Visitors(), got.Name); err != nil {
			return got, err
		}
	}
	s.tell(got)
	return s.show(ctx, who, got)
}

// tell announces a contact that is different now to who serves its visitors.
func (s *Service) tell(c Contact) {
	e := &event.Event{ID: id.New(), Tenant: c.Tenant, Kind: event.ContactChanged, At: s.clock.Now(), Data: &Changed{Contact: c.ID, Visitors: c.Visitors()}}
	for _, v := range c.Visitors() {
		e.To = append(e.To, event.ToFollowers(c.Tenant, v))
	}
	if len(e.To) > 0 {
		s.events.Publish(e)
	}
}

// prepare asks what the check of an input needs, and returns what it does to a
// contact.
func (s *Service) prepare(ctx context.Context, who actor.Actor, in Input) (func(*Contact) error, error) {
	if in.Manager != nil && *in.Manager != "" {
		ok, err := s.world.LooksAfter(ctx, who.Tenant, *in.Manager)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errManager
		}
	}
	var judge Judge
	if in.Fields != nil {
		var err error
		if judge, err = s.world.Judge(ctx, who); err != nil {
			return nil, err
		}
	}
	return func(c *Contact) (err error) {
		if in.Name != nil {
			if c.Name, err = line("name", *in.Name, MaxName); err != nil {
				return err
			}
			if c.Name == "" {
				return errs.Field("name", "bad_name", "The name is empty.")
			}
		}
		if in.Emails != nil {
			if c.Emails, err = points(*in.Emails, c.Emails, "emails", emailOf, mask.Email); err != nil {
				return err
			}
		}
		if in.Phones != nil {
			if c.Phones, err = points(*in.Phones, c.Phones, "phones", phoneOf, mask.Phone); err != nil {
				return err
			}
		}
		if in.Manager != nil {
			c.Manager = *in.Manager
		}
		if judge != nil {
			c.Fields, err = judge(c.Fields, in.Fields)
		}
		return err
	}, nil
}

// line is one line without blank ends.
func line(field, s string, most int) (string, error) {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " ")))
	if n := utf8.RuneCountInString(s); n > most {
		return "", errs.Field(field, "too_long", "%s has %d characters; %d are allowed.", field, n, most)
	}
	return s, nil
}

// points checks numbers or addresses: each once, none empty, and the mask of one
// that is there stands for that one.
func points(in, old []string, field string, check func(string) (string, error), hide func(string) string) (list []string, err error) {
	for _, p := range in {
		if mask.Is(p) {
			i := slices.IndexFunc(old, func(o string) bool { return hide(o) == p })
			if i < 0 {
				return nil, errs.Field(field, "masked", "Write the whole value, or leave it as it is.")
			}
			p = old[i]
		} else if p, err = check(p); err != nil {
			return nil, err
		}
		if p != "" && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	if len(list) > MaxPoints {
		return nil, errs.Field(field, "too_many", "%d values; %d are allowed.", len(list), MaxPoints)
	}
	return list, nil
}

func emailOf(s string) (string, error) {
	s, err := line("emails", s, MaxEmail)
	if err != nil || s == "" {
		return "", err
	}
	s = strings.ToLower(s)
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		return "", errs.Field("emails", "bad_email", "%q is not an e-mail address.", s)
	}
	return s, nil
}

func phoneOf(s string) (string, error) { return line("phones", s, MaxPhone) }

// Block blocks a channel of a contact: no conversation begins on it any more, and
// the one that runs is closed with a word that all see. It needs actor.Block.
func (s *Service) Block(ctx context.Context, who actor.Actor, v id.Visitor, source, word string) (c Contact, err error) {
	defer errs.Wrap(&err, "contact.Block")
	if c, err = s.bar(ctx, who, v, source, true); err != nil {
		return c, err
	}
	return c, s.world.End(ctx, who, v, source, word)
}

// Unblock lets a blocked channel in again. It needs actor.Block.
func (s *Service) Unblock(ctx context.Context, who actor.Actor, v id.Visitor, source string) (c Contact, err error) {
	defer errs.Wrap(&err, "contact.Unblock")
	return s.bar(ctx, who, v, source, false)
}

// Verify notes that a channel is known to be the contact's: that whoever writes
// there has shown to be that person. It needs actor.Contact.
func (s *Service) Verify(ctx context.Context, who actor.Actor, v id.Visitor, source string, verified bool) (c Contact, err error) {
	defer errs.Wrap(&err, "contact.Verify")
	if !who.Can(actor.Contact) {
		return c, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow confirming contacts.")
	}
	if c, err = s.store.VerifyChannel(ctx, who.Tenant, v, source, verified, audit.Of(who, s.clock.Now())); err != nil {
		return c, err
	}
	s.tell(c)
	return s.show(ctx, who, c)
}

func (s *Service) bar(ctx context.Context, who actor.Actor, v id.Visitor, source string, blocked bool) (c Contact, err error) {
	if !who.Can(actor.Block) {
		return c, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow refusing visitors.")
	}
	if c, err = s.store.BlockChannel(ctx, who.Tenant, v, source, blocked, audit.Of(who, s.clock.Now())); err != nil {
		return c, err
	}
	s.tell(c)
	return s.show(ctx, who, c)
}

// Link makes a visitor a channel of a contact, for imports.
func (s *Service) Link(ctx context.Context, who actor.Actor, c id.Contact, ch Channel) (err error) {
	defer errs.Wrap(&err, "contact.Link")
	if err = serves(who); err != nil {
		return err
	}
	if ch.CreatedAt.IsZero() {
		ch.CreatedAt = s.clock.Now()
	}
	return s.store.LinkContact(ctx, who.Tenant, c, ch)
}

// Remove deletes a contact; visitors and conversations stay, and the next one
// makes an unknown contact. It needs actor.Manage.
func (s *Service) Remove(ctx context.Context, who actor.Actor, c id.Contact) (err error) {
	defer errs.Wrap(&err, "contact.Remove")
	if !who.Can(actor.Manage) {
		return errs.New(errs.Forbidden, "not_allowed", "Your role does not allow deleting contacts.")
	}
	old, err := s.store.Contact(ctx, who.Tenant, c)
	if err != nil {
		return err
	}
	if err = s.store.RemoveContact(ctx, who.Tenant, c, audit.Of(who, s.clock.Now())); err != nil {
		return err
	}
	s.tell(old)
	return nil
}
