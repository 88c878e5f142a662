package field_test

import (
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/field"
)

func TestValuesAreCheckedByKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind    field.Kind
		value   string
		allowed string // empty: fine
	}{
		{field.Text, " hi ", ""}, {field.Text, "a\nb", "one line"}, {field.Text, strings.Repeat("x", 501), "500"},
		{field.Number, "-12.5", ""}, {field.Number, "1e999", "a number"}, {field.Number, "NaN", "a number"}, {field.Number, "12a", "a number"},
		{field.Date, "2026-02-28", ""}, {field.Date, "2026-02-30", "a date"}, {field.Date, "1.2.2026", "a date"},
		{field.Choice, "b", ""}, {field.Choice, "c", "one of: a, b"},
		{field.Phone, "+86 (10) 1234-5678", ""}, {field.Phone, "call me", "a phone number"}, {field.Phone, "123", "a phone number"},
		{field.Email, "ann@example.com", ""}, {field.Email, "Ann <ann@example.com>", "an e-mail"}, {field.Email, "ann", "an e-mail"},
		{field.Number, "", ""},
	} {
		got, err := field.Check(field.VisitorField{Key: "k", Name: "The field", Kind: c.kind, Options: []string{"a", "b"}}, c.value)
		switch {
		case c.allowed == "" && (err != nil || got != strings.TrimSpace(c.value)):
			t.Errorf("%s %q: %q %v", c.kind, c.value, got, err)
		case c.allowed != "" && (errs.FieldOf(err) != "k" || !strings.Contains(errs.MessageOf(err), c.allowed)):
			t.Errorf("%s %q: %v does not say %q", c.kind, c.value, err, c.allowed)
		}
	}
}

func TestMaskShowsTheLastFour(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]string{"": "", "1234": "****", "13800138000": "****8000", "身份证号码一二三四": "****一二三四"} {
		if got := field.Mask(v); got != want {
			t.Errorf("%q shows as %q, want %q", v, got, want)
		}
	}
}
