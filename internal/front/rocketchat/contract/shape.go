package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Kind is the JSON type that a shape asks for.
type Kind string

const (
	kindAny     Kind = ""
	KindString  Kind = "string"
	KindNumber  Kind = "number"
	kindInteger Kind = "integer"
	KindBoolean Kind = "boolean"
	kindArray   Kind = "array"
	kindObject  Kind = "object"
)

// Shape is what a body or query must look like. Scalars are made to fit, as the
// contract's validator does: "true" is true and 5 is "5".
type Shape struct {
	kind  Kind
	props []Prop
	// more allows properties beyond props.
	more bool
	item *Shape
	// one lists the allowed values of a string.
	one []string
	// least is the smallest number of items.
	least int
	// null allows null.
	null bool
	// pattern writes messages as pattern checks do, and makes nothing fit.
	pattern bool
}

// Prop is a property of an object.
type Prop struct {
	name  string
	shape Shape
	must  bool
}

// The shapes that others are made of.
var (
	Anything = Shape{}
	Text     = Shape{kind: KindString}
	Number   = Shape{kind: KindNumber}
	Integer  = Shape{kind: kindInteger}
	Boolean  = Shape{kind: KindBoolean}
)

// List is an array of items of one shape.
func List(item Shape) Shape { return Shape{kind: kindArray, item: &item} }

// Dict is an object with these properties and no other.
func Dict(props ...Prop) Shape { return Shape{kind: kindObject, props: props} }

// Must is a property that has to be there.
func Must(name string, s Shape) Prop { return Prop{name, s, true} }

// Maybe is a property that may be there.
func Maybe(name string, s Shape) Prop { return Prop{name, s, false} }

// Open allows further properties.
func (s Shape) Open() Shape { s.more = true; return s }

// OneOf restricts a string.
func (s Shape) OneOf(values ...string) Shape { s.one = values; return s }

// AtLeast asks for so many items.
func (s Shape) AtLeast(n int) Shape { s.least = n; return s }

// OrNull allows null.
func (s Shape) OrNull() Shape { s.null = true; return s }

// Matched makes a shape a pattern.
func (s Shape) Matched() Shape {
	s.pattern = true
	props := make([]Prop, len(s.props))
	for i, p := range s.props {
		p.shape = p.shape.Matched()
		props[i] = p
	}
	s.props = props
	if s.item != nil {
		item := s.item.Matched()
		s.item = &item
	}
	return s
}

// Decode checks v, makes it fit and decodes it into dest.
func (s Shape) Decode(v any, dest any) error {
	v, err := s.check(v, "")
	if err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(b, dest); errors.As(err, &wrong) {
		// A property that an open shape does not name is of another type than the one read.
		if s.pattern {
			return Mismatch("Failed Match.Where validation")
		}
		return InvalidParams("must not have a property of type " + wrong.Value + " here")
	} else if err != nil {
		return err
	}
	return nil
}

// check returns v made to fit, or what is wrong with it. field is its path.
func (s Shape) check(v any, field string) (any, error) {
	if v == nil && s.null {
		return nil, nil
	}
	switch s.kind {
	case kindAny:
		return v, nil
	case kindArray:
		return s.checkList(v, field)
	case kindObject:
		return s.checkObject(v, field)
	}
	fit, ok := v, TypeOf(v) == s.kind
	if !ok && !s.pattern {
		fit, ok = Coerce(v, s.kind)
	}
	if n, isNumber := v.(float64); !ok && s.kind == kindInteger && isNumber {
		ok = n == math.Trunc(n)
	}
	if !ok {
		return nil, s.wrongType(v, field)
	}
	if str, isText := fit.(string); isText && len(s.one) > 0 && !slices.Contains(s.one, str) {
		if s.pattern {
			return nil, Mismatch("Failed Match.OneOf, Match.Maybe or Match.Optional validation" + inField(field))
		}
		return nil, InvalidParams("must be equal to one of the allowed values")
	}
	return fit, nil
}

func (s Shape) checkList(v any, field string) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, s.wrongType(v, field)
	}
	if len(items) < s.least {
		return nil, InvalidParams(fmt.Sprintf("must NOT have fewer than %d items", s.least))
	}
	out := make([]any, len(items))
	for i, item := range items {
		fit, err := s.item.check(item, field+"["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		out[i] = fit
	}
	return out, nil
}

func (s Shape) checkObject(v any, field string) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, s.wrongType(v, field)
	}
	for _, p := range s.props {
		if _, there := m[p.name]; p.must && !there {
			if s.pattern {
				return nil, Mismatch("Missing key '" + p.name + "'" + inField(field))
			}
			return nil, InvalidParams("must have required property '" + p.name + "'")
		}
	}
	out := make(map[string]any, len(m))
	for _, name := range keys(m) {
		i := slices.IndexFunc(s.props, func(p Prop) bool { return p.name == name })
		switch {
		case i < 0 && s.more:
			out[name] = m[name]
			continue
		case i < 0 && s.pattern:
			return nil, Mismatch("Unknown key" + inField(join(field, name)))
		case i < 0:
			return nil, InvalidParams("must NOT have additional properties")
		}
		fit, err := s.props[i].shape.check(m[name], join(field, name))
		if err != nil {
			return nil, err
		}
		out[name] = fit
	}
	return out, nil
}

func (s Shape) wrongType(v any, field string) error {
	if s.pattern {
		return Mismatch("Expected " + string(s.kind) + ", got " + typeName(v) + inField(field))
	}
	return InvalidParams("must be " + string(s.kind))
}

// keys returns the names of an object in order, so that errors do not change.
func keys(m map[string]any) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

func inField(field string) string {
	if field == "" {
		return ""
	}
	return " in field " + field
}

// TypeOf is the kind of a decoded JSON value; null is kindAny.
func TypeOf(v any) Kind {
	switch v.(type) {
	case string:
		return KindString
	case float64:
		return KindNumber
	case bool:
		return KindBoolean
	case []any:
		return kindArray
	case map[string]any:
		return kindObject
	}
	return kindAny
}

// typeName is what pattern checks call the type of a value.
func typeName(v any) string {
	if v == nil {
		return "null"
	}
	return string(TypeOf(v))
}

// Coerce makes a scalar fit another scalar type.
func Coerce(v any, to Kind) (any, bool) {
	switch to {
	case KindString:
		switch x := v.(type) {
		case nil:
			return "", true
		case bool:
			return strconv.FormatBool(x), true
		case float64:
			return strconv.FormatFloat(x, 'f', -1, 64), true
		}
	case KindBoolean:
		switch v {
		case nil, "false", 0.0:
			return false, true
		case "true", 1.0:
			return true, true
		}
	case KindNumber, kindInteger:
		return coerceNumber(v, to)
	}
	return nil, false
}

func coerceNumber(v any, to Kind) (any, bool) {
	var n float64
	switch x := v.(type) {
	case nil:
	case bool:
		if x {
			n = 1
		}
	case float64:
		n = x
	case string:
		var err error
		if n, err = strconv.ParseFloat(strings.TrimSpace(x), 64); err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return nil, false
		}
	default:
		return nil, false
	}
	return n, to == KindNumber || n == math.Trunc(n)
}
