// Package field holds what a company wants to know of its visitors beyond name,
// e-mail and phone: fields with a kind, and their values for each visitor.
package field

import (
	"context"
	"math"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/mask"
)

// Kind is what sort of value a field takes.
type Kind string

// The kinds of field.
const (
	Text   Kind = "text"
	Number Kind = "number"
	Date   Kind = "date"
	Choice Kind = "choice"
	Phone  Kind = "phone"
	Email  Kind = "email"
)

// Bounds: rows of a company, and characters of a text.
const (
	MaxFields = 50
	// MaxName is of a name and of an option.
	MaxName    = 60
	MaxOptions = 100
	MaxValue   = 500
)

// VisitorField is one field of the company's visitors.
type VisitorField struct {
	ID     string    `json:"id"`
	Tenant id.Tenant `json:"-"`
	// Key names the field for programs; it never changes.
	Key  string `json:"key"`
	Name string `json:"name"`
	Kind Kind   `json:"kind" enum:"text,number,date,choice,phone,email"`
	// Options are the values of a choice.
	Options  []string `json:"options"`
	Required bool     `json:"required"`
	// Masked values show their last four characters only; who may manage can ask for
	// the whole.
	Masked bool `json:"masked"`
	// Sort orders the fields, lowest first.
	Sort      int       `json:"sort"`
	CreatedAt time.Time `json:"createdAt"`
	// Custom is what integrations say of a field beside that.
	Custom Custom `json:"-"`
}

// FieldValue is a field of one visitor, as somebody in particular sees it.
type FieldValue struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Kind  Kind   `json:"kind" enum:"text,number,date,choice,phone,email"`
	Value string `json:"value"`
	// Masked says that Value does not show the whole.
	Masked bool `json:"masked,omitempty"`
	// Options are the values of a choice.
	Options  []string `json:"options,omitempty"`
	Required bool     `json:"required,omitempty"`
}

// FieldsChanged is the payload of event.FieldsChanged.
type FieldsChanged struct {
	Visitor id.Visitor `json:"visitor"`
}

// Store is the memory that field needs.
type Store interface {
	// Fields returns the fields of a tenant ordered by sort and id.
	Fields(ctx context.Context, t id.Tenant) ([]VisitorField, error)
	// SaveField adds f or replaces all but key and kind of the one with its id.
	// Errors: Conflict "field_exists", "too_many_fields"; NotFound "field_not_found".
	SaveField(ctx context.Context, f VisitorField, fresh bool, most int) error
	// RemoveField deletes a field with its values.
	RemoveField(ctx context.Context, t id.Tenant, f string) error
	// FieldValues returns the values of a visitor by the id of their field;
	// NotFound "visitor_not_found".
	FieldValues(ctx context.Context, t id.Tenant, v id.Visitor) (map[string]string, error)
	// SetFieldValues replaces some values; an empty one is deleted.
	SetFieldValues(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string) error
	// AllFields returns the fields of visitors and of conversations.
	AllFields(ctx context.Context, t id.Tenant) ([]VisitorField, error)
	// ValuesOf returns the values of up to 200 visitors by visitor and key.
	ValuesOf(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]map[string]string, error)
	// LearnFields lets the contact of a visitor, if it has one, learn values by key
	// that the visitor did not get, and reports whether there was anything new.
	LearnFields(ctx context.Context, t id.Tenant, v id.Visitor, values map[string]string, sure bool) (learnt bool, err error)
	// SetRoomValues is SetFieldValues for a conversation; NotFound "conversation_not_found".
	SetRoomValues(ctx context.Context, t id.Tenant, c id.Conversation, values map[string]string, at time.Time) error
}

// Service is the use cases of visitor fields.
type Service struct {
	store  Store
	events event.Publisher
	clock  clock.Clock
}

// New returns a service.
func New(store Store, events event.Publisher, c clock.Clock) *Service {
	return &Service{store: store, events: events, clock: c}
}

// FieldInput is what is said of a field.
type FieldInput struct {
	Name     string   `json:"name" minLength:"1" maxLength:"60"`
	Options  []string `json:"options,omitempty" maxItems:"100"`
	Required bool     `json:"required,omitempty"`
	Masked   bool     `json:"masked,omitempty"`
	Sort     int      `json:"sort,omitempty" minimum:"0" maximum:"100000"`
}

// List returns the fields of the company.
func (s *Service) List(ctx context.Context, who actor.Actor) ([]VisitorField, error) {
	return s.store.Fields(ctx, who.Tenant)
}

var (
	keyForm  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	phone    = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{3,24}$`)
	errRight = errs.New(errs.Forbidden, "not_allowed", "Your role does not allow changing visitor fields.")
)

// Add makes a field. It needs the permission actor.Content.
func (s *Service) Add(ctx context.Context, who actor.Actor, key string, kind Kind, in FieldInput) (f VisitorField, err error) {
	defer errs.Wrap(&err, "field.Add")
	f = VisitorField{ID: id.New(), Tenant: who.Tenant, Key: key, Kind: kind, CreatedAt: s.clock.Now()}
	if !who.Can(actor.Content) {
		return f, errRight
	}
	if !keyForm.MatchString(key) {
		return f, errs.Field("key", "bad_key", "%q is not a key: a small letter, then small letters, digits and _, at most 32.", key)
	}
	if !slices.Contains([]Kind{Text, Number, Date, Choice, Phone, Email}, kind) {
		return f, errs.Field("kind", "unknown_kind", "%q is not a kind; text, number, date, choice, phone and email are.", kind)
	}
	if err = fill(&f, in); err != nil {
		return f, err
	}
	return f, s.store.SaveField(ctx, f, true, MaxFields)
}

// Change changes a field but its key and kind. It needs the permission actor.Content.
func (s *Service) Change(ctx context.Context, who actor.Actor, field string, in FieldInput) (f VisitorField, err error) {
	defer errs.Wrap(&err, "field.Change")
	if !who.Can(actor.Content) {
		return f, errRight
	}
	list, err := s.store.Fields(ctx, who.Tenant)
	if err != nil {
		return f, err
	}
	i := slices.IndexFunc(list, func(f VisitorField) bool { return f.ID == field })
	if i < 0 {
		return f, errs.New(errs.NotFound, "field_not_found", "There is no such field.")
	}
	f = list[i]
	if err = fill(&f, in); err != nil {
		return f, err
	}
	return f, s.store.SaveField(ctx, f, false, MaxFields)
}

// fill checks what is said of a field and puts it in. Options keep their order: it
// is the one in which agents choose. Values that are there stay as they are, also
// those that would not be accepted any more.
func fill(f *VisitorField, in FieldInput) error {
	f.Name, f.Required, f.Masked, f.Sort, f.Options = strings.TrimSpace(in.Name), in.Required, in.Masked, in.Sort, []string{}
	if n := utf8.RuneCountInString(f.Name); n < 1 || n > MaxName || !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, unicode.IsControl) {
		return errs.Field("name", "bad_name", "The name has 1 to %d characters.", MaxName)
	}
	for _, o := range in.Options {
		o = strings.TrimSpace(o)
		if n := utf8.RuneCountInString(o); n < 1 || n > MaxName || slices.Contains(f.Options, o) {
			return errs.Field("options", "bad_option", "%q is not an option: 1 to %d characters, each once.", o, MaxName)
		}
		f.Options = append(f.Options, o)
	}
	if (f.Kind == Choice) != (len(f.Options) > 0) || len(f.Options) > MaxOptions {
		return errs.Field("options", "bad_options", "A choice has 1 to %d options, other fields have none.", MaxOptions)
	}
	return nil
}

// Remove deletes a field with all its values. It needs the permission actor.Content.
func (s *Service) Remove(ctx context.Context, who actor.Actor, field string) error {
	if !who.Can(actor.Content) {
		return errRight
	}
	return s.store.RemoveField(ctx, who.Tenant, field)
}

// Of returns all fields of the company with the values of a visitor. Masked ones
// show their last four characters, unless reveal is asked for by who has the
// permission actor.Manage: errs.Forbidden otherwise. Phone numbers and addresses
// are masked for who lacks actor.Contact, whatever is asked for.
func (s *Service) Of(ctx context.Context, who actor.Actor, v id.Visitor, reveal bool) (list []FieldValue, err error) {
	defer errs.Wrap(&err, "field.Of")
	if who.Kind != actor.Agent {
		return nil, errs.New(errs.Forbidden, "agents_only", "Only agents see these fields.")
	}
	if reveal && !who.Can(actor.Manage) {
		return nil, errs.New(errs.Forbidden, "not_allowed", "Your role does not allow seeing masked values.")
	}
	fields, err := s.store.Fields(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	values, err := s.store.FieldValues(ctx, who.Tenant, v)
	for _, f := range fields {
		x := FieldValue{Key: f.Key, Name: f.Name, Kind: f.Kind, Options: f.Options, Required: f.Required}
		x.Value, x.Masked = f.shown(who, values[f.ID], reveal)
		list = append(list, x)
	}
	return list, err
}

// shown is what who sees of a value, and whether that is less than the whole.
func (f VisitorField) shown(who actor.Actor, value string, reveal bool) (string, bool) {
	switch {
	case f.Kind == Phone && !who.Can(actor.Contact):
		return mask.Phone(value), true
	case f.Kind == Email && !who.Can(actor.Contact):
		return mask.Email(value), true
	case f.Masked && !reveal:
		return Mask(value), true
	}
	return value, false
}

// Mask hides all but the last four characters of a value; of four or less
// nothing is shown.
func Mask(v string) string {
	r := []rune(v)
	switch {
	case len(r) == 0:
		return ""
	case len(r) <= 4:
		return "****"
	}
	return "****" + string(r[len(r)-4:])
}

// Set changes some values of a visitor, by key; an empty one is deleted. A masked
// value that comes back as it was shown stays. Errors name the key: Invalid
// "unknown_field", "required", "bad_value" with what is allowed.
func (s *Service) Set(ctx context.Context, who actor.Actor, v id.Visitor, in map[string]string) (list []FieldValue, err error) {
	defer errs.Wrap(&err, "field.Set")
	if who.Kind != actor.Agent {
		return nil, errs.New(errs.Forbidden, "agents_only", "Only agents change these fields.")
	}
	fields, err := s.store.Fields(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	old, err := s.store.FieldValues(ctx, who.Tenant, v)
	if err != nil {
		return nil, err
	}
	changes := map[string]string{}
	for key, value := range in {
		i := slices.IndexFunc(fields, func(f VisitorField) bool { return f.Key == key })
		if i < 0 {
			return nil, errs.Field(key, "unknown_field", "There is no field %q.", key)
		}
		f := fields[i]
		// A form sends back what it was shown; a mask is not a value.
		if shown, masked := f.shown(who, old[f.ID], false); masked && value != "" && value == shown {
			continue
		}
		if value, err = Check(f, value); err != nil {
			return nil, err
		}
		changes[f.ID] = value
	}
	// A required field that is empty is a fault even if this change does not touch
	// it, but one that is filled already need not be sent again.
	for _, f := range fields {
		value, given := changes[f.ID]
		if f.Required && value == "" && (given || old[f.ID] == "") {
			return nil, errs.Field(f.Key, "required", "%s must not be empty.", f.Name)
		}
	}
	if err = s.store.SetFieldValues(ctx, who.Tenant, v, changes); err != nil {
		return nil, err
	}
	s.events.Publish(&event.Event{ID: id.New(), Tenant: who.Tenant, Kind: event.FieldsChanged, To: []event.Topic{event.ToFollowers(who.Tenant, v)},
		At: s.clock.Now(), Data: &FieldsChanged{Visitor: v}})
	return s.Of(ctx, who, v, false)
}

// Check returns the form in which a value is kept, without blank ends, or why it
// is not one of the field: errs.Invalid "bad_value", which says what is allowed.
// An empty value is always one.
func Check(f VisitorField, value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", nil
	}
	bad := func(allowed string) error {
		return errs.Field(f.Key, "bad_value", "%s takes %s.", f.Name, allowed)
	}
	if utf8.RuneCountInString(value) > MaxValue || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return "", bad("one line of at most " + strconv.Itoa(MaxValue) + " characters")
	}
	switch f.Kind {
	case Number:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return "", bad("a number, like 12 or 12.5")
		}
	case Date:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "", bad("a date, like 2026-01-31")
		}
	case Choice:
		if !slices.Contains(f.Options, value) {
			return "", bad("one of: " + strings.Join(f.Options, ", "))
		}
	case Phone:
		if !phone.MatchString(value) {
			return "", bad("a phone number, like +86 10 1234 5678")
		}
	case Email:
		if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
			return "", bad("an e-mail address, like ann@example.com")
		}
	}
	return value, nil
}
