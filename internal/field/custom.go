package field

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// The scopes of a field.
const (
	OfVisitor      = "visitor"
	OfConversation = "room"
)

// Custom is what integrations say of a field.
type Custom struct {
	// Scope is OfVisitor or OfConversation; "" is OfVisitor.
	Scope string
	// Hidden fields are not shown to agents; Visibility is the word by which the
	// integration said so, "" for the usual ones.
	Hidden     bool
	Visibility string
	// Pattern is a regular expression that values must fit, "" for none.
	Pattern string
	// Searchable values find their visitor.
	Searchable bool
	// Public fields are asked of the visitor, Preset is what stands there then.
	Public bool
	Preset string
	// Choices is what the integration offers, with commas between; Select asks for
	// one of them.
	Choices string
	Select  bool
}

// options are the choices of a field that asks for one of them.
func (c Custom) options() (list []string) {
	for _, o := range strings.Split(c.Choices, ",") {
		if o = strings.TrimSpace(o); o != "" && c.Select && !slices.Contains(list, o) {
			list = append(list, o)
		}
	}
	return list
}

// In is the scope, OfVisitor if none was said.
func (c Custom) In() string {
	if c.Scope == OfConversation {
		return OfConversation
	}
	return OfVisitor
}

var customKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// All returns the fields of visitors and of conversations.
func (s *Service) All(ctx context.Context, t id.Tenant) ([]VisitorField, error) {
	return s.store.AllFields(ctx, t)
}

// Put adds the field with a key, or changes it; its options are those of c. It
// needs the permission actor.Content.
//
// Errors: Invalid "bad_key", "bad_pattern", "bad_name", "bad_options"; Conflict "too_many_fields".
func (s *Service) Put(ctx context.Context, who actor.Actor, key string, in FieldInput, c Custom) (f VisitorField, err error) {
	defer errs.Wrap(&err, "field.Put")
	if !who.Can(actor.Content) {
		return f, errRight
	}
	if !customKey.MatchString(key) {
		return f, errs.Field("key", "bad_key", "%q is not a key: letters, digits, _ and -, at most 64.", key)
	}
	if _, err := regexp.Compile(c.Pattern); err != nil || len(c.Pattern) > MaxValue {
		return f, errs.Field("pattern", "bad_pattern", "The pattern is not a regular expression of at most %d characters.", MaxValue)
	}
	for _, text := range []string{c.Preset, c.Choices, c.Visibility} {
		if utf8.RuneCountInString(text) > MaxValue || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return f, errs.Field("preset", "bad_value", "A text of a field has at most %d characters.", MaxValue)
		}
	}
	list, err := s.store.AllFields(ctx, who.Tenant)
	if err != nil {
		return f, err
	}
	i := slices.IndexFunc(list, func(f VisitorField) bool { return f.Key == key })
	f = VisitorField{ID: id.New(), Tenant: who.Tenant, Key: key, Kind: Text, CreatedAt: s.clock.Now()}
	if i >= 0 {
		f = list[i]
	}
	switch in.Options = c.options(); {
	case len(in.Options) > 0:
		f.Kind = Choice
	case f.Kind == Choice:
		f.Kind = Text
	}
	if err = fill(&f, in); err != nil {
		return f, err
	}
	f.Custom = c
	return f, s.store.SaveField(ctx, f, i < 0, 2*MaxFields)
}

// Value is a value that an integration sets.
type Value struct {
	Key, Value string
	// Overwrite replaces a value that is there.
	Overwrite bool
}

// SetBy sets values of a visitor or, for fields of conversations, of a
// conversation ("": none is open) for an integration. changed are the keys that
// have the value now, or whose value is in doubt with the visitor's contact; one
// that had it before counts only if it was to be overwritten. Keys that are no
// field are left out if lax.
//
// Errors: Invalid "unknown_field"; "bad_value" with the key as field.
func (s *Service) SetBy(ctx context.Context, t id.Tenant, v id.Visitor, c id.Conversation, room map[string]string, values []Value, lax bool) (changed []string, err error) {
	defer errs.Wrap(&err, "field.SetBy")
	fields, err := s.store.AllFields(ctx, t)
	if err != nil {
		return nil, err
	}
	known, err := s.store.ValuesOf(ctx, t, []id.Visitor{v})
	if err != nil {
		return nil, err
	}
	mine, its, doubtful := map[string]string{}, map[string]string{}, map[string]string{}
	for _, x := range values {
		i := slices.IndexFunc(fields, func(f VisitorField) bool { return f.Key == x.Key })
		if i < 0 {
			if lax {
				continue
			}
			return nil, errs.Field(x.Key, "unknown_field", "There is no field %q.", x.Key)
		}
		f := fields[i]
		old, dest := known[v][x.Key], mine
		if f.Custom.In() == OfConversation {
			old, dest = room[x.Key], its
			if c == "" {
				continue
			}
		}
		value := strings.TrimSpace(x.Value)
		if value, err = Check(f, value); err != nil {
			return nil, err
		}
		if p := f.Custom.Pattern; p != "" && value != "" {
			if re, err := regexp.Compile(p); err != nil || !re.MatchString(value) {
				return nil, errs.Field(x.Key, "bad_value", "%s does not fit.", f.Name)
			}
		}
		if old == value {
			if x.Overwrite {
				changed = append(changed, x.Key)
			}
			continue
		}
		if old != "" && !x.Overwrite {
			if f.Custom.In() == OfVisitor && value != "" {
				doubtful[x.Key] = value
			}
			continue
		}
		dest[f.ID], changed = value, append(changed, x.Key)
	}
	if len(mine) > 0 {
		if err = s.store.SetFieldValues(ctx, t, v, mine); err != nil {
			return nil, err
		}
	}
	if len(doubtful) > 0 {
		noted, err := s.store.LearnFields(ctx, t, v, doubtful, false)
		if err != nil {
			return nil, err
		}
		if noted {
			changed = slices.AppendSeq(changed, maps.Keys(doubtful))
		}
	}
	if len(its) > 0 {
		err = s.store.SetRoomValues(ctx, t, c, its, s.clock.Now())
	}
	return changed, err
}

// ValuesOf returns the values of visitors by visitor and key, without asking who
// may see them.
func (s *Service) ValuesOf(ctx context.Context, t id.Tenant, list []id.Visitor) (map[id.Visitor]map[string]string, error) {
	return s.store.ValuesOf(ctx, t, list)
}

// Judge returns how values are checked that who sends for a person who has old
// ones. All values of the company's fields are sent; values of fields that are gone
// stay as they are.
//
// Errors of the check, with the key: Invalid "unknown_field", "required", "bad_value".
func (s *Service) Judge(ctx context.Context, who actor.Actor) (func(old, given map[string]string) (map[string]string, error), error) {
	fields, err := s.store.Fields(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	return func(old, given map[string]string) (map[string]string, error) {
		out := make(map[string]string, len(old)+len(given))
		for key, value := range old {
			out[key] = value
		}
		for key := range given {
			_, kept := old[key]
			if !kept && !slices.ContainsFunc(fields, func(f VisitorField) bool { return f.Key == key }) {
				return nil, errs.Field(key, "unknown_field", "There is no field %q.", key)
			}
		}
		for _, f := range fields {
			value, err := f.judge(who, old[f.Key], given[f.Key])
			if err != nil {
				return nil, err
			}
			delete(out, f.Key)
			if value != "" {
				out[f.Key] = value
			}
		}
		return out, nil
	}, nil
}

// judge checks one value.
func (f VisitorField) judge(who actor.Actor, old, value string) (string, error) {
	if shown, masked := f.shown(who, old, false); masked && value != "" && value == shown {
		return old, nil
	}
	value, err := Check(f, value)
	if err != nil {
		return "", err
	}
	if value == "" && f.Required {
		return "", errs.Field(f.Key, "required", "%s must not be empty.", f.Name)
	}
	if p := f.Custom.Pattern; p != "" && value != "" {
		if re, err := regexp.Compile(p); err != nil || !re.MatchString(value) {
			return "", errs.Field(f.Key, "bad_value", "%s does not fit.", f.Name)
		}
	}
	return value, nil
}

// Show returns values by key as who may see them.
func (s *Service) Show(ctx context.Context, who actor.Actor, values map[string]string) (map[string]string, error) {
	show, err := s.Shower(ctx, who)
	if err != nil {
		return nil, err
	}
	return show(values), nil
}

// Shower is Show for many: what it returns does not ask again.
func (s *Service) Shower(ctx context.Context, who actor.Actor) (func(values map[string]string) map[string]string, error) {
	fields, err := s.store.Fields(ctx, who.Tenant)
	return func(values map[string]string) map[string]string {
		out := maps.Clone(values)
		for _, f := range fields {
			if value, ok := values[f.Key]; ok {
				out[f.Key], _ = f.shown(who, value, false)
			}
		}
		return out
	}, err
}
