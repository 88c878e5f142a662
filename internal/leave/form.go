package leave

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

// limits are the longest answers, in characters.
var limits = map[string]int{"name": 100, "email": 254, "phone": 40, "content": 5000}

const maxField = 1000

// Check reads the answers of a form whose fields are set. Answers to other
// questions are left out. The error names the field at fault.
func Check(fields []setting.Field, answers map[string]string) (m Message, err error) {
	m.Fields = map[string]string{}
	any := false
	for _, f := range fields {
		v := clean(answers[f.Name], f.Name == "content")
		limit := limits[f.Name]
		if limit == 0 {
			limit = maxField
		}
		switch n := utf8.RuneCountInString(v); {
		case v == "" && f.Required:
			return m, errs.Field(f.Name, "required", "Please fill in this field.")
		case n > limit:
			return m, errs.Field(f.Name, "too_long", "This has %d characters; %d are allowed.", n, limit)
		}
		if err := valid(f.Name, v); err != nil {
			return m, err
		}
		any = any || v != ""
		switch f.Name {
		case "name":
			m.Name = v
		case "email":
			m.Email = v
		case "phone":
			m.Phone = v
		case "content":
			m.Content = v
		default:
			if v != "" {
				m.Fields[f.Name] = v
			}
		}
	}
	if !any {
		return m, errs.Field("content", "required", "Please write something.")
	}
	return m, nil
}

// valid checks what an address must look like to be of use.
func valid(name, v string) error {
	switch {
	case v == "":
	case name == "email":
		if a, err := mail.ParseAddress(v); err != nil || a.Address != v || !strings.Contains(v[strings.LastIndexByte(v, '@'):], ".") {
			return errs.Field(name, "bad_email", "This is not an e-mail address.")
		}
	case name == "phone" || name == "qq":
		digits := 0
		for _, r := range v {
			if unicode.IsDigit(r) {
				digits++
			} else if !strings.ContainsRune(" +-()./#*xXext", r) {
				return errs.Field(name, "bad_"+name, "This is not a number.")
			}
		}
		if digits < 3 {
			return errs.Field(name, "bad_"+name, "This is not a number.")
		}
	}
	return nil
}

// clean makes an answer safe to store; lines says whether it may have several.
func clean(s string, lines bool) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case r == '\r', r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.TrimSpace(s)
}
