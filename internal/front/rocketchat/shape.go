package rocketchat

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// kind is the JSON type that a shape asks for.
type kind string

const (
	kindAny     kind = ""
	kindString  kind = "string"
	kindNumber  kind = "number"
	kindInteger kind = "integer"
	kindBoolean kind = "boolean"
	kindArray   kind = "array"
	kindObject  kind = "object"
)

// shape is what a body or query must look like. Scalars are made to fit, as the
// contract's validator does: "true" is true and 5 is "5".
type shape struct {
	kind  kind
	props []prop
	// more allows properties beyond props.
	more bool
	item *shape
	// one lists the allowed values of a string.
	one []string
	// least is the smallest number of items.
	least int
	// null allows null.
	null bool
	// pattern writes messages as pattern checks do, and makes nothing fit.
	pattern bool
}

// prop is a property of an object.
type prop struct {
	name  string
	shape shape
	must  bool
}

// The shapes that others are made of.
var (
	anything = shape{}
	text     = shape{kind: kindString}
	number   = shape{kind: kindNumber}
	integer  = shape{kind: kindInteger}
	boolean  = shape{kind: kindBoolean}
)

func list(item shape) shape           { return shape{kind: kindArray, item: &item} }
func dict(props ...prop) shape        { return shape{kind: kindObject, props: props} }
func must(name string, s shape) prop  { return prop{name, s, true} }
func maybe(name string, s shape) prop { return prop{name, s, false} }

// open allows further properties.
func (s shape) open() shape { s.more = true; return s }

// oneOf restricts a string.
func (s shape) oneOf(values ...string) shape { s.one = values; return s }

// atLeast asks for so many items.
func (s shape) atLeast(n int) shape { s.least = n; return s }

// orNull allows null.
func (s shape) orNull() shape { s.null = true; return s }

// matched makes a shape a pattern.
func (s shape) matched() shape {
	s.pattern = true
	props := make([]prop, len(s.props))
	for i, p := range s.props {
		p.shape = p.shape.matched()
		props[i] = p
	}
	s.props = props
	if s.item != nil {
		item := s.item.matched()
		s.item = &item
	}
	return s
}

// decode checks v, makes it fit and decodes it into dest.
func (s shape) decode(v any, dest any) error {
	v, err := s.check(v, "")
	if err != nil {
		return err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, dest)
}

// check returns v made to fit, or what is wrong with it. field is its path.
func (s shape) check(v any, field string) (any, error) {
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
	fit, ok := v, typeOf(v) == s.kind
	if !ok && !s.pattern {
		fit, ok = coerce(v, s.kind)
	}
	if n, isNumber := v.(float64); !ok && s.kind == kindInteger && isNumber {
		ok = n == math.Trunc(n)
	}
	if !ok {
		return nil, s.wrongType(v, field)
	}
	if str, isText := fit.(string); isText && len(s.one) > 0 && !slices.Contains(s.one, str) {
		if s.pattern {
			return nil, mismatch("Failed Match.OneOf, Match.Maybe or Match.Optional validation" + inField(field))
		}
		return nil, invalidParams("must be equal to one of the allowed values")
	}
	return fit, nil
}

func (s shape) checkList(v any, field string) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, s.wrongType(v, field)
	}
	if len(items) < s.least {
		return nil, invalidParams(fmt.Sprintf("must NOT have fewer than %d items", s.least))
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

func (s shape) checkObject(v any, field string) (any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, s.wrongType(v, field)
	}
	for _, p := range s.props {
		if _, there := m[p.name]; p.must && !there {
			if s.pattern {
				return nil, mismatch("Missing key '" + p.name + "'" + inField(field))
			}
			return nil, invalidParams("must have required property '" + p.name + "'")
		}
	}
	out := make(map[string]any, len(m))
	for _, name := range keys(m) {
		i := slices.IndexFunc(s.props, func(p prop) bool { return p.name == name })
		switch {
		case i < 0 && s.more:
			out[name] = m[name]
			continue
		case i < 0 && s.pattern:
			return nil, mismatch("Unknown key" + inField(join(field, name)))
		case i < 0:
			return nil, invalidParams("must NOT have additional properties")
		}
		fit, err := s.props[i].shape.check(m[name], join(field, name))
		if err != nil {
			return nil, err
		}
		out[name] = fit
	}
	return out, nil
}

func (s shape) wrongType(v any, field string) error {
	if s.pattern {
		return mismatch("Expected " + string(s.kind) + ", got " + typeName(v) + inField(field))
	}
	return invalidParams("must be " + string(s.kind))
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

// typeOf is the kind of a decoded JSON value; null is kindAny.
func typeOf(v any) kind {
	switch v.(type) {
	case string:
		return kindString
	case float64:
		return kindNumber
	case bool:
		return kindBoolean
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
	return string(typeOf(v))
}

// coerce makes a scalar fit another scalar type.
func coerce(v any, to kind) (any, bool) {
	switch to {
	case kindString:
		switch x := v.(type) {
		case nil:
			return "", true
		case bool:
			return strconv.FormatBool(x), true
		case float64:
			return strconv.FormatFloat(x, 'f', -1, 64), true
		}
	case kindBoolean:
		switch v {
		case nil, "false", 0.0:
			return false, true
		case "true", 1.0:
			return true, true
		}
	case kindNumber, kindInteger:
		return coerceNumber(v, to)
	}
	return nil, false
}

func coerceNumber(v any, to kind) (any, bool) {
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
	return n, to == kindNumber || n == math.Trunc(n)
}
