package setting_test

import (
	"slices"
	"strings"
	"testing"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

// crm is a window that is whole.
func crm(change func(*setting.Window)) setting.Windows {
	w := setting.Window{ID: "crm", Name: "CRM", Address: "https://crm.example.com/order?a=1"}
	if change != nil {
		change(&w)
	}
	return setting.Windows{Pages: []setting.Window{w}, Flags: []setting.WindowFlag{{Flag: "order-detail", Window: "crm", Label: setting.Text{"en": "Show order"}}}}
}

func TestWindowsAreChecked(t *testing.T) {
	t.Parallel()
	type change = func(*setting.Window)
	for _, address := range []string{"http://127.0.0.1:8099/x", "http://localhost/x", "http://[::1]:80/", "/demo/crm.html", "https://crm.example.com#/a"} {
		if err := crm(func(w *setting.Window) { w.Address = address }).Check(); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for name, c := range map[string]struct {
		reason string
		change change
	}{
		"PlainHTTP":     {"bad_address", func(w *setting.Window) { w.Address = "http://crm.example.com/" }},
		"Script":        {"bad_address", func(w *setting.Window) { w.Address = "javascript:alert(1)" }},
		"Data":          {"bad_address", func(w *setting.Window) { w.Address = "data:text/html,x" }},
		"NoScheme":      {"bad_address", func(w *setting.Window) { w.Address = "//crm.example.com/" }},
		"Login":         {"bad_address", func(w *setting.Window) { w.Address = "https://a:b@crm.example.com/" }},
		"EndsDirective": {"bad_address", func(w *setting.Window) { w.Address = "https://crm.example.com;script-src/" }},
		"Wildcard":      {"bad_address", func(w *setting.Window) { w.Address = "https://*.example.com/" }},
		"NoHost":        {"bad_address", func(w *setting.Window) { w.Address = "https:///x" }},
		"OursInside":    {"bad_address", func(w *setting.Window) { w.Address = "https://crm.example.com/?kefu_ts=1" }},
		"OriginPath":    {"bad_origin", func(w *setting.Window) { w.Origin = "https://crm.example.com/" }},
		"OriginStar":    {"bad_origin", func(w *setting.Window) { w.Origin = "*" }},
		"OriginPlain":   {"bad_origin", func(w *setting.Window) { w.Origin = "http://crm.example.com" }},
		"ID":            {"bad_id", func(w *setting.Window) { w.ID = "a b" }},
		"Name":          {"bad_name", func(w *setting.Window) { w.Name = "" }},
		"Without":       {"unknown_value", func(w *setting.Window) { w.Without = []string{"lang"} }},
		"FixedName":     {"bad_param", func(w *setting.Window) { w.Fixed = map[string]string{"a[]": "1"} }},
		"FixedOurs":     {"bad_param", func(w *setting.Window) { w.Fixed = map[string]string{"kefu_ts": "1"} }},
		"Sign":          {"unknown_value", func(w *setting.Window) { w.Sign = "rot13" }},
		"NoKey":         {"bad_key", func(w *setting.Window) { w.Sign = setting.SignHMAC }},
		"ShortKey":      {"bad_key", func(w *setting.Window) { w.Sign, w.Key = setting.SignHMAC, "short" }},
		"DESKey":        {"bad_key", func(w *setting.Window) { w.Sign, w.Key = setting.SignDES, "123456789" }},
		"KeyForNothing": {"bad_key", func(w *setting.Window) { w.Key = "0123456789abcdef" }},
	} {
		if err := crm(c.change).Check(); errs.ReasonOf(err) != c.reason {
			t.Errorf("%s: %v instead of %s", name, err, c.reason)
		}
	}
	twice := crm(nil)
	twice.Pages = append(twice.Pages, twice.Pages[0])
	if err := twice.Check(); errs.ReasonOf(err) != "bad_id" {
		t.Errorf("two of an id: %v", err)
	}
	flags := crm(nil)
	flags.Flags = append(flags.Flags, setting.WindowFlag{Flag: "x", Window: "nowhere"})
	if err := flags.Check(); errs.ReasonOf(err) != "window_not_found" {
		t.Errorf("flag to nowhere: %v", err)
	}
	flags.Flags[1] = flags.Flags[0]
	if err := flags.Check(); errs.ReasonOf(err) != "flag_twice" {
		t.Errorf("a flag twice: %v", err)
	}
	if err := (setting.Company{Windows: twice}).Check(); err == nil {
		t.Error("the company takes what the windows do not")
	}
}

func TestKeysOfWindowsStayAndAreNotShown(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef"
	c := setting.Company{Windows: crm(func(w *setting.Window) { w.Sign, w.Key = setting.SignHMAC, key })}
	shown := c.Shown()
	if shown.Windows.Pages[0].Key != setting.Hidden || c.Windows.Pages[0].Key != key || !shown.Hides() {
		t.Fatalf("shown %+v, kept %+v", shown.Windows, c.Windows)
	}
	if err := shown.Check(); err != nil {
		t.Error(err)
	}
	if back := shown.Keeping(c); back.Windows.Pages[0].Key != key || back.Hides() {
		t.Errorf("came back as %+v", back.Windows)
	}
	other := shown
	other.Windows.Pages = []setting.Window{shown.Windows.Pages[0]}
	other.Windows.Pages[0].ID = "other"
	if back := other.Keeping(c); back.Windows.Pages[0].Key != "" || back.Windows.Check() == nil {
		t.Errorf("another window got the key: %+v", back.Windows)
	}
}

func TestOriginsOfWindows(t *testing.T) {
	t.Parallel()
	w := setting.Windows{Pages: []setting.Window{
		{ID: "a", Address: "https://CRM.example.com:443/x", Origin: "https://sso.example.com"},
		{ID: "b", Address: "http://localhost:80/x"}, {ID: "c", Address: "/demo/crm.html"},
		{ID: "d", Address: "https://off.example.com/", Off: true}, {ID: "e", Address: "https://crm.example.com/y"}},
		Flags: []setting.WindowFlag{{Flag: "x", Window: "d"}, {Flag: "y", Window: "e"}, {Flag: "z", Window: "a", Off: true}}}
	if got := strings.Join(w.Origins(), " "); got != "http://localhost https://crm.example.com https://sso.example.com" {
		t.Errorf("origins %s", got)
	}
	if got := w.Pages[2].Speaks(); got != "" {
		t.Errorf("our own page speaks from %q", got)
	}
	if ids := len(w.Open()); ids != 4 || slices.ContainsFunc(w.Open(), func(p setting.Window) bool { return p.Off }) {
		t.Errorf("%d are open", ids)
	}
	for flag, want := range map[string]bool{"x": false, "y": true, "z": false, "?": false} {
		if _, ok := w.Of(flag); ok != want {
			t.Errorf("%s leads somewhere: %v", flag, ok)
		}
	}
}
