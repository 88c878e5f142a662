package setting_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parlor/internal/errs"
	"parlor/internal/setting"
)

func p[T any](v T) *T { return &v }

func TestATeamOverridesItsInboxAndTheInboxTheCompany(t *testing.T) {
	t.Parallel()
	company := setting.Company{Service: setting.Service{Timers: setting.Timers{IdleWarn: p(100), IdleClose: p(200), Queue: p(300)},
		Prompts: map[string]setting.Text{"finessmsg": {"en": "Bye", "zh-CN": "再见"}}, Routing: setting.Routing{Rule: "idle"}}}
	inbox := setting.Inbox{Service: setting.Service{Timers: setting.Timers{IdleClose: p(20), Queue: p(30)}, Prompts: map[string]setting.Text{"finessmsg": {"en": "So long"}}}}
	team := setting.Team{Service: setting.Service{Timers: setting.Timers{Queue: p(0)}, Routing: setting.Routing{LastServed: p(false)}}}
	got := setting.Effective(company, inbox, &team)
	if *got.Timers.IdleWarn != 100 || *got.Timers.IdleClose != 20 || *got.Timers.Queue != 0 || *got.Timers.Accept != 0 {
		t.Fatalf("timers %v %v %v %v", *got.Timers.IdleWarn, *got.Timers.IdleClose, *got.Timers.Queue, *got.Timers.Accept)
	}
	if got.Routing.Rule != "idle" || *got.Routing.LastServed || !*got.Routing.Returning {
		t.Fatalf("routing %+v", got.Routing)
	}
	if got.Prompt("finessmsg", "en") != "So long" || got.Prompt("finessmsg", "zh-CN") != "再见" || company.Prompts["finessmsg"]["en"] != "Bye" {
		t.Fatalf("prompts %v", got.Prompts)
	}
	all := setting.Merge(got, setting.Service{Prompts: map[string]setting.Text{"finessmsg": {"": "Ciao"}}})
	if all.Prompt("finessmsg", "en") != "Ciao" {
		t.Fatalf("a text for every language must replace the others: %v", all.Prompts)
	}
}

func TestDefaultsLeaveNothingUnset(t *testing.T) {
	t.Parallel()
	d := setting.Defaults()
	for _, v := range []reflect.Value{reflect.ValueOf(d.Timers), reflect.ValueOf(d.Routing)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s has no default", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
}

func TestEveryPromptIsWrittenInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, name := range setting.PromptNames() {
		for _, lang := range setting.Languages {
			if setting.Builtin(name)[lang] == "" {
				t.Errorf("%s is not there in %s", name, lang)
			}
		}
		if s := (setting.Service{}).Prompt(name, "xx"); s != setting.Builtin(name)["zh-CN"] {
			t.Errorf("%s in an unknown language is %q", name, s)
		}
	}
	if s := (setting.Service{}).Prompt("nothing", "en"); s != "" {
		t.Fatalf("unknown prompt %q", s)
	}
	if s := setting.Fill("{agent}: {num} {agent}", "agent", "李{num}", "num", "3"); s != "李{num}: 3 李{num}" {
		t.Fatalf("filled %q", s)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 2001)
	for field, in := range map[string]setting.Inbox{
		"color":                {Color: "red"},
		"origins":              {Origins: []string{"https://a.example/path"}},
		"generation":           {Generation: "D"},
		"greeting":             {Greeting: setting.Text{"fr": "x"}},
		"look.model":           {Look: setting.Look{Model: "star"}},
		"look.position":        {Look: setting.Look{Position: "middle"}},
		"look.offsetX":         {Look: setting.Look{OffsetX: p(401)}},
		"look.title":           {Look: setting.Look{Title: setting.Text{"": long}}},
		"look.text":            {Color: "#377FED", Look: setting.Look{Text: "#ffffff"}},
		"look.icon":            {Look: setting.Look{Icon: "../x"}},
		"invite.color":         {Invite: setting.Invite{Color: "#12345"}},
		"invite.width":         {Invite: setting.Invite{Width: 10}},
		"invite.rules.0.after": {Invite: setting.Invite{Rules: []setting.InviteRule{{After: -1}}}},
		"invite.rules.0.to":    {Invite: setting.Invite{Rules: []setting.InviteRule{{From: "09:00"}}}},
		"preChat.fields":       {PreChat: setting.PreChat{Fields: []setting.Field{{Name: "name"}, {Name: "name"}}}},
		"offline.fields":       {Offline: setting.Offline{Fields: []setting.Field{{Name: "no space"}}}},
		"survey.levels":        {Survey: setting.Survey{Levels: []setting.Level{{Code: "1"}, {Code: "1"}}}},
		"survey.reasons":       {Survey: setting.Survey{Reasons: []setting.Reason{{Code: ""}}}},
		"prompts":              {Service: setting.Service{Prompts: map[string]setting.Text{"hello": {"": "x"}}}},
		"timers.queue":         {Service: setting.Service{Timers: setting.Timers{Queue: p(-1)}}},
		"timers.accept":        {Service: setting.Service{Timers: setting.Timers{Accept: p(601)}}},
		"routing.rule":         {Service: setting.Service{Routing: setting.Routing{Rule: "random"}}},
		"routing.lost":         {Service: setting.Service{Routing: setting.Routing{Lost: "forget"}}},
		"routing.overflow":     {Service: setting.Service{Routing: setting.Routing{Overflow: []setting.Overflow{{After: 5}}}}},
		"hours.zone":           {Service: setting.Service{Hours: &setting.Hours{Zone: "Mars/Base"}}},
		"hours.classes.0":      {Service: setting.Service{Hours: &setting.Hours{Classes: []setting.Class{{}}}}},
		"hours.classes.0.days": {Service: setting.Service{Hours: &setting.Hours{Classes: []setting.Class{{Days: []int{8}}}}}},
		"hours.classes.0.open": {Service: setting.Service{Hours: &setting.Hours{Classes: []setting.Class{{Days: []int{1}, Open: []setting.Span{{From: "9", To: "12:00"}}}}}}},
	} {
		err := in.Check()
		if errs.CodeOf(err) != errs.Invalid || errs.FieldOf(err) != field {
			t.Errorf("%s: %v (field %q)", field, err, errs.FieldOf(err))
		}
	}
	if err := (setting.Company{Languages: []string{"fr"}}).Check(); errs.FieldOf(err) != "languages" {
		t.Error(err)
	}
	if err := (setting.Team{Service: setting.Service{Routing: setting.Routing{TeamCap: p(-1)}}}).Check(); errs.FieldOf(err) != "routing.teamCap" {
		t.Error(err)
	}
	for _, good := range []setting.Inbox{{}, {Look: setting.Look{Text: "#ffffff"}}, {Color: "#ffcc00", Look: setting.Look{Text: "#333333"}}} {
		if err := good.Check(); err != nil {
			t.Error(err)
		}
	}
	if err := (setting.Inbox{Look: setting.Look{Text: "#666666"}}).Check(); errs.FieldOf(err) != "look.text" || errs.ReasonOf(err) != "low_contrast" {
		t.Error("unreadable on the default colour:", err)
	}
}

func TestAnEmptyDocumentStaysEmpty(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(setting.Inbox{})
	if err != nil || string(b) != "{}" {
		t.Fatalf("%s %v", b, err)
	}
}

func TestSurveyAndOfflineDefaults(t *testing.T) {
	t.Parallel()
	if l := (setting.Survey{}).LevelList(); len(l) != 5 || l[0].Code != "1" {
		t.Fatalf("%v", l)
	}
	if r := (setting.Survey{Reasons: []setting.Reason{{Code: "9"}}}).ReasonList(); len(r) != 1 {
		t.Fatalf("%v", r)
	}
	if f := (setting.Offline{}).FieldList(); !f[3].Required || f[3].Name != "content" {
		t.Fatalf("%v", f)
	}
}

func TestContrast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b      string
		low, high float64
	}{{"#000000", "#ffffff", 21, 21}, {"#777777", "#ffffff", 4.47, 4.49}, {"#377FED", "#377fed", 1, 1}} {
		got, err := setting.Contrast(c.a, c.b)
		if err != nil || got < c.low-0.001 || got > c.high+0.001 {
			t.Errorf("%s on %s: %v %v", c.a, c.b, got, err)
		}
	}
	if _, err := setting.Contrast("#000", "#ffffff"); err == nil {
		t.Error("a short colour was taken")
	}
}

// Property: nothing that a lower level leaves out is lost, and what it sets wins.
func TestMergeProperty(t *testing.T) {
	t.Parallel()
	maybe := rapid.Custom(func(t *rapid.T) *int {
		if rapid.Bool().Draw(t, "set") {
			return p(rapid.IntRange(0, 99).Draw(t, "n"))
		}
		return nil
	})
	rapid.Check(t, func(t *rapid.T) {
		low, high := maybe.Draw(t, "over"), maybe.Draw(t, "base")
		got := setting.Merge(setting.Service{Timers: setting.Timers{Queue: high}}, setting.Service{Timers: setting.Timers{Queue: low}}).Timers.Queue
		want := low
		if low == nil {
			want = high
		}
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Fatalf("%v over %v is %v", low, high, got)
		}
	})
}
