package setting

import (
	"math"
	"slices"
	"strconv"

	"parlor/internal/errs"
)

// Option is one switch of a company that integrations know by a name. Where the
// name stands for something that is set elsewhere, reading and writing go there;
// the others are kept in Company.Options.
type Option struct {
	ID string
	// Kind is boolean, string, int, select, multiSelect, color, code or password.
	Kind    string
	Default any
	// Public ones may be read without a login.
	Public bool
	// Section groups them on a page.
	Section string
	// Values are what a select allows.
	Values []string
	// get and set reach what the option stands for; nil: Company.Options.
	get func(c Company) any
	set func(c *Company, v any)
}

// MaxOptionText is the longest text of an option, in bytes.
const MaxOptionText = 20_000

// Value returns what a company has set, or the default.
func (o Option) Value(c Company) any {
	if o.get != nil {
		return o.get(c)
	}
	v, ok := c.Options[o.ID]
	if !ok {
		return o.Default
	}
	if n, isFloat := v.(float64); isFloat && o.Kind == "int" {
		return int(n)
	}
	return v
}

// Set changes a company's value. A value that does not fit is errs.Invalid "bad_option".
func (o Option) Set(c *Company, v any) error {
	v, ok := o.fit(v)
	if !ok {
		return errs.Field(o.ID, "bad_option", "%s is a %s; %v does not fit.", o.ID, o.Kind, short(v))
	}
	if o.set != nil {
		o.set(c, v)
		return nil
	}
	next := make(map[string]any, len(c.Options)+1)
	for k, old := range c.Options {
		next[k] = old
	}
	next[o.ID] = v
	c.Options = next
	return nil
}

// checkOptions refuses options that do not exist and values that do not fit.
func (c Company) checkOptions() error {
	for id, v := range c.Options {
		o, ok := byOption[id]
		if !ok {
			return errs.Field("options."+id, "unknown_option", "%s is not an option.", short(id))
		}
		if _, ok := o.fit(v); !ok {
			return errs.Field("options."+id, "bad_option", "%s is a %s; %v does not fit.", id, o.Kind, short(v))
		}
	}
	return nil
}

// short cuts what is quoted in an error.
func short(v any) any {
	if s, ok := v.(string); ok && len(s) > 60 {
		return s[:60]
	}
	return v
}

// fit makes a value one of the option's kind.
func (o Option) fit(v any) (any, bool) {
	switch o.Kind {
	case "boolean":
		switch v {
		case true, "true":
			return true, true
		case false, "false":
			return false, true
		}
		return v, false
	case "int":
		return fitNumber(v)
	case "multiSelect":
		list, ok := v.([]any)
		if !ok {
			return v, false
		}
		kept := []any{}
		for _, x := range list {
			if s, ok := x.(string); ok && slices.Contains(o.Values, s) {
				kept = append(kept, s)
			}
		}
		return kept, true
	case "select":
		s, ok := v.(string)
		return s, ok && (len(o.Values) == 0 || slices.Contains(o.Values, s))
	}
	s, ok := v.(string)
	return s, ok && len(s) <= MaxOptionText
}

// fitNumber takes a whole number, also as text; a text that is none is 0.
func fitNumber(v any) (any, bool) {
	switch x := v.(type) {
	case int:
		return x, true
	case float64:
		return int(x), x == math.Trunc(x) && math.Abs(x) < 1e12
	case string:
		n, err := strconv.Atoi(x)
		if err != nil {
			return 0, true
		}
		return n, true
	}
	return v, false
}

// Hidden stands for the value of a password that is set. Whoever sends it back
// keeps the password.
const Hidden = "••••••••"

// Shown is what may be shown of the settings: without passwords and keys.
func (c Company) Shown() Company {
	c.Windows = c.Windows.shown()
	next := make(map[string]any, len(c.Options))
	for id, v := range c.Options {
		if byOption[id].Kind == "password" && v != "" {
			v = Hidden
		}
		next[id] = v
	}
	if c.Options != nil {
		c.Options = next
	}
	return c
}

// Hides reports whether a password or key is to stay as it is.
func (c Company) Hides() bool {
	for id, v := range c.Options {
		if v == Hidden && byOption[id].Kind == "password" {
			return true
		}
	}
	return c.Windows.hides()
}

// Keeping takes the passwords and keys that are to stay from the settings before.
func (c Company) Keeping(before Company) Company {
	c.Windows = c.Windows.keeping(before.Windows)
	next := make(map[string]any, len(c.Options))
	for id, v := range c.Options {
		if v == Hidden && byOption[id].Kind == "password" {
			old, ok := before.Options[id]
			if !ok {
				continue
			}
			v = old
		}
		next[id] = v
	}
	if c.Options != nil {
		c.Options = next
	}
	return c
}

// Options lists all options in the order of documentation.
func Options() []Option { return options }

var byOption = func() map[string]Option {
	m := make(map[string]Option, len(options))
	for _, o := range options {
		m[o.ID] = o
	}
	return m
}()

// OptionByID finds an option.
func OptionByID(id string) (Option, bool) {
	o, ok := byOption[id]
	return o, ok
}

// On returns the value of a boolean option.
func (c Company) On(id string) bool { v, _ := byOption[id].Value(c).(bool); return v }

// Number returns the value of a number option.
func (c Company) Number(id string) int { v, _ := byOption[id].Value(c).(int); return v }

// Word returns the value of a text option.
func (c Company) Word(id string) string { v, _ := byOption[id].Value(c).(string); return v }

// Words returns the value of a list option.
func (c Company) Words(id string) []string {
	list, _ := byOption[id].Value(c).([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		if s, ok := x.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
