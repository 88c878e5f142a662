// Package ext reads the structured part that integrations send beside the text of a
// message, a JSON object: what the visitor wishes, what the message is about, what
// business systems are told. docs/ext.md shows the object. What is not known is kept
// as it came, what is of a wrong type counts as absent: the text beside it matters more.
package ext

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
)

// Limits.
const (
	// MaxBytes bounds the whole object.
	MaxBytes = 16 << 10
	// MaxFlag is the longest flag, MaxWord the longest other word, in characters.
	MaxFlag = 64
	MaxWord = 128
	// MaxParams bounds how many parameters a message sets, MaxParam the longest
	// value of one, in characters.
	MaxParams = 50
	MaxParam  = 2000
	// maxTags bounds the tags of a visitor.
	maxTags = 20
)

// Ext is what was read.
type Ext struct {
	// Raw is the object, compact.
	Raw json.RawMessage
	// Flag names the kind of business data; a console offers the window that is
	// mapped to it.
	Flag string
	Wish Wish
	// Visitor is what the visitor says of itself, nil for nothing.
	Visitor *Visitor
	// Language is the visitor's language, such as zh-CN.
	Language string
	// Key is the sender's own name for the message.
	Key string
	// Params are for business pages; they replace earlier values of the same names.
	Params map[string]string
	// Card is what the message shows beside its text, nil for nothing.
	Card *MessageCard
	// Control is what the message asks for instead of saying something; "" for nothing.
	Control string
	// Args are the arguments of Control.
	Args json.RawMessage
}

// Wish is what a visitor asks of the routing.
type Wish struct {
	// BusinessFlag names a business for whose visitors agents may be bound.
	BusinessFlag string
	// RoutingFlag stands for a team.
	RoutingFlag string
	// Agent is the login of an agent, Team the name of a team.
	Agent string
	Team  string
}

// Visitor is a profile.
type Visitor struct {
	Nickname, Name, QQ, Phone, Company, Description, Email string
	Tags                                                   []string
}

// object is a JSON object by its keys without blanks around them.
type object map[string]json.RawMessage

// Parse reads an object. Errors: Invalid "bad_ext" for what is none, "ext_too_long".
func Parse(raw []byte) (e Ext, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > MaxBytes {
		return e, errs.Field("ext", "ext_too_long", "The ext has %d bytes; %d are allowed.", len(raw), MaxBytes)
	}
	var compact bytes.Buffer
	if len(raw) == 0 || raw[0] != '{' || !utf8.Valid(raw) || json.Compact(&compact, raw) != nil {
		return e, errs.Field("ext", "bad_ext", "The ext is not a JSON object.")
	}
	e.Raw = compact.Bytes()
	all := objectOf(e.Raw)
	chat := objectOf(all["weichat"])
	kinds := objectOf(all["msgtype"])
	e.Flag = clip(first(chat.text("interactiveFlag"), all.text("interactiveFlag"), objectOf(kinds["order"]).text("interactiveFlag"), objectOf(kinds["track"]).text("interactiveFlag")), MaxFlag)
	e.Wish = Wish{BusinessFlag: chat.text("businessFlag"), RoutingFlag: chat.text("routingRuleFlag"), Agent: chat.text("agentUsername"), Team: chat.text("queueName")}
	e.Language, e.Key = chat.text("language"), chat.text("msg_id_for_ack")
	e.Visitor = visitorOf(objectOf(chat["visitor"]))
	e.Params = paramsOf(objectOf(objectOf(objectOf(all["cmd"])["updateVisitorInfoSrc"])["params"]))
	e.Card = cardOf(kinds)
	e.Control, e.Args = chat.text("ctrlType"), compactObject(chat["ctrlArgs"])
	return e, nil
}

func objectOf(raw json.RawMessage) object {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		bare := strings.TrimSpace(k)
		if _, taken := m[bare]; bare != k && !taken {
			m[bare] = m[k]
		}
	}
	return m
}

func compactObject(raw json.RawMessage) json.RawMessage {
	if objectOf(raw) == nil {
		return nil
	}
	return raw
}

// text returns a word, of which numbers are one too.
func (o object) text(key string) string { return o.long(key, MaxWord) }

func (o object) long(key string, most int) string {
	var v any
	if json.Unmarshal(o[key], &v) != nil {
		return ""
	}
	return clip(textOf(v), most)
}

// textOf is a text, number or truth value as text, "" for all else.
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return Clean(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// Clean takes control characters, direction overrides and blanks around it off a text.
func Clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

func visitorOf(o object) *Visitor {
	v := Visitor{Nickname: o.text("userNickname"), Name: o.text("trueName"), QQ: o.text("qq"), Phone: o.text("phone"),
		Company: o.text("companyName"), Description: o.long("description", MaxParam), Email: o.text("email")}
	var tags []any
	if json.Unmarshal(o["tags"], &tags) == nil {
		for _, t := range tags {
			if s := clip(textOf(t), MaxWord); s != "" && len(v.Tags) < maxTags && !slices.Contains(v.Tags, s) {
				v.Tags = append(v.Tags, s)
			}
		}
	}
	if v.empty() {
		return nil
	}
	return &v
}

func (v Visitor) empty() bool {
	return len(v.Tags) == 0 && v.Nickname+v.Name+v.QQ+v.Phone+v.Company+v.Description+v.Email == ""
}

// paramsOf reads parameters. Those that are lists or objects are kept as JSON.
func paramsOf(o object) map[string]string {
	var m map[string]string
	for _, k := range slices.Sorted(maps.Keys(o)) {
		name := clip(Clean(k), MaxWord)
		if name == "" || name != strings.TrimSpace(k) || len(m) == MaxParams {
			continue
		}
		var v any
		if json.Unmarshal(o[k], &v) != nil || v == nil {
			continue
		}
		s := textOf(v)
		switch v.(type) {
		case map[string]any, []any:
			s = string(o[k])
		}
		if m == nil {
			m = map[string]string{}
		}
		m[name] = clip(s, MaxParam)
	}
	return m
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func clip(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}
