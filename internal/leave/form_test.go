package leave_test

import (
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/leave"
	"parlor/internal/setting"
)

// Row 72: configurable fields, and an error that names the field.
func TestRow72Form(t *testing.T) {
	t.Parallel()
	fields := []setting.Field{{Name: "name", Required: true}, {Name: "email"}, {Name: "phone"}, {Name: "qq"}, {Name: "order"}, {Name: "content", Required: true}}
	m, err := leave.Check(fields, map[string]string{"name": " 王\x00小明 ", "email": "w@example.com", "phone": "+86 (0)571-1234 ext.5", "qq": "10001", "order": "A\n1",
		"content": "line 1\r\nline 2\u202e", "hidden": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "王 小明" || m.Content != "line 1\nline 2" || m.Fields["order"] != "A 1" || m.Fields["qq"] != "10001" || len(m.Fields) != 2 {
		t.Errorf("%+v", m)
	}
	for field, answers := range map[string]map[string]string{
		"name":    {"content": "x"},
		"content": {"name": "x", "content": "  "},
		"email":   {"name": "x", "content": "x", "email": "Bob <b@x.example>"},
		"phone":   {"name": "x", "content": "x", "phone": "--"},
		"qq":      {"name": "x", "content": "x", "qq": "none"},
		"order":   {"name": "x", "content": "x", "order": strings.Repeat("字", 1001)},
	} {
		if _, err := leave.Check(fields, answers); errs.CodeOf(err) != errs.Invalid || errs.FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := leave.Check([]setting.Field{{Name: "name"}}, nil); errs.FieldOf(err) != "content" {
		t.Error("an empty form was taken:", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("a@b.c", "123", "text")
	f.Fuzz(func(t *testing.T, email, phone, content string) {
		m, err := leave.Check((setting.Offline{}).FieldList(), map[string]string{"email": email, "phone": phone, "content": content})
		if err == nil && (m.Content == "" || strings.ContainsAny(m.Email+m.Phone, "\r\n\x00") || strings.ContainsAny(m.Content, "\r\x00")) {
			t.Fatalf("%+v", m)
		}
	})
}
