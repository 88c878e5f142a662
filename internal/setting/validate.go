package setting

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parlor/internal/errs"
)

// Bounds of what can be set.
const (
	maxText     = 2000  // characters of a text
	maxSpan     = 86400 // seconds of a timer
	maxRules    = 20
	maxFields   = 20
	maxClasses  = 200
	maxOverflow = 10
	minContrast = 4.5 // of text, WCAG AA
)

var (
	positions = []string{"", "right,bottom", "right,middle", "right,top", "left,bottom", "left,middle", "left,top"}
	hexColor  = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	fileID    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)
	fieldName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]{0,31}$`)
)

// check collects the first fault that is found.
type check struct{ err error }

// fail notes a fault unless there is one: field, value and what is allowed.
func (c *check) fail(field, reason, format string, args ...any) {
	if c.err == nil {
		c.err = errs.Field(field, reason, format, args...)
	}
}

func (c *check) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.fail(field, "unknown_value", "%q is not allowed; %s are.", clip(value), strings.Join(slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" }), ", "))
	}
}

func (c *check) number(field string, n, low, high int) {
	if n < low || n > high {
		c.fail(field, "out_of_range", "%d is not allowed; %d to %d are.", n, low, high)
	}
}

func (c *check) maybe(field string, n *int, low, high int) {
	if n != nil {
		c.number(field, *n, low, high)
	}
}

func (c *check) color(field, s string) {
	if s != "" && !hexColor.MatchString(s) {
		c.fail(field, "bad_color", "%q is not a colour; write it as #rrggbb.", clip(s))
	}
}

func (c *check) file(field, s string) {
	if s != "" && !fileID.MatchString(s) {
		c.fail(field, "bad_file", "%q is not the id of a file.", clip(s))
	}
}

func (c *check) text(field string, t Text) {
	for lang, s := range t {
		if lang != "" && !slices.Contains(Languages, lang) {
			c.fail(field, "unknown_language", "%q is not a language; %s are, and the empty one for all.", clip(lang), strings.Join(Languages, ", "))
		}
		if n := utf8.RuneCountInString(s); n > maxText || !utf8.ValidString(s) {
			c.fail(field, "text_too_long", "The text has %d characters; %d are allowed.", n, maxText)
		}
	}
}

func (c *check) clockTime(field, s string) {
	if _, ok := minute(s); !ok {
		c.fail(field, "bad_time", "%q is not a time of day; write it as 09:30.", clip(s))
	}
}

func (c *check) fields(field string, list []Field) {
	c.number(field, len(list), 0, maxFields)
	seen := map[string]bool{}
	for _, f := range list {
		if !fieldName.MatchString(f.Name) {
			c.fail(field, "bad_field", "%q is not a field name: a letter, then letters, digits and _, at most 32.", clip(f.Name))
		}
		if seen[f.Name] {
			c.fail(field, "field_twice", "The field %q is there twice.", f.Name)
		}
		seen[f.Name] = true
		c.text(field, f.Label)
	}
}

// Check returns the first fault of an inbox's settings as errs.Invalid, or nil.
func (in Inbox) Check() error {
	c := &check{}
	c.color("color", in.Color)
	c.text("greeting", in.Greeting)
	c.oneOf("generation", in.Generation, "", "A", "B", "C")
	c.number("origins", len(in.Origins), 0, 100)
	for _, o := range in.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || strings.ContainsAny(o, " ;,") {
			c.fail("origins", "bad_origin", "%q is not a web origin such as https://shop.example.com.", clip(o))
		}
	}
	in.Look.check(c)
	in.legible(c)
	in.Invite.check(c)
	c.text("preChat.text", in.PreChat.Text)
	c.text("preChat.consent", in.PreChat.Consent)
	c.fields("preChat.fields", in.PreChat.Fields)
	c.text("offline.text", in.Offline.Text)
	c.text("offline.thanks", in.Offline.Thanks)
	c.fields("offline.fields", in.Offline.Fields)
	in.Survey.check(c)
	c.maybe("calls.keepDays", in.Calls.KeepDays, 1, 3650)
	c.text("calls.counter.waiting", in.Calls.Counter.Waiting)
	c.text("calls.counter.calling", in.Calls.Counter.Calling)
	c.text("calls.counter.ending", in.Calls.Counter.Ending)
	in.Service.check(c)
	return c.err
}

// legible refuses a colour of writing that cannot be read on the brand colour.
func (in Inbox) legible(c *check) {
	ground := in.Color
	if ground == "" {
		ground = DefaultColor
	}
	if in.Look.Text == "" || c.err != nil {
		return
	}
	if got, err := Contrast(in.Look.Text, ground); err != nil || got < minContrast {
		c.fail("look.text", "low_contrast", "%s on %s has a contrast of %.1f; %.1f is needed.", in.Look.Text, ground, got, minContrast)
	}
}

// Check returns the first fault of a company's settings, or nil.
func (s Company) Check() error {
	c := &check{}
	for _, l := range s.Languages {
		c.oneOf("languages", l, Languages...)
	}
	c.maybe("recallSeconds", s.RecallSeconds, 0, maxSpan)
	c.maybe("keepTrailDays", s.KeepTrailDays, 1, 3650)
	s.Service.check(c)
	s.Shifts.check(c)
	s.Flags.check(c)
	s.Windows.check(c)
	if c.err == nil {
		c.err = s.checkOptions()
	}
	return c.err
}

// Check returns the first fault of a team's settings, or nil.
func (t Team) Check() error {
	c := &check{}
	c.regions(t.Regions)
	checkSpills(c, t.Spills)
	t.Desk.check(c)
	t.Service.check(c)
	return c.err
}

func (l Look) check(c *check) {
	c.oneOf("look.model", l.Model, "", "round", "square", "bar")
	c.oneOf("look.position", l.Position, positions...)
	c.maybe("look.offsetX", l.OffsetX, 0, 400)
	c.maybe("look.offsetY", l.OffsetY, 0, 400)
	c.number("look.delayMs", l.DelayMS, 0, 60000)
	c.oneOf("look.theme", l.Theme, "", "auto", "light", "dark")
	c.number("look.maxChars", l.MaxChars, 0, 10000)
	c.color("look.text", l.Text)
	c.file("look.icon", l.Icon)
	c.file("look.logo", l.Logo)
	c.number("look.teams", len(l.Teams), 0, 50)
	l.TeamList.check(c)
	c.ads(l.Ads)
	for field, t := range map[string]Text{"look.label": l.Label, "look.title": l.Title, "look.subtitle": l.Subtitle,
		"look.contact.name": l.Contact.Name, "look.contact.about": l.Contact.About, "look.contact.address": l.Contact.Address} {
		c.text(field, t)
	}
	c.text("look.contact.phone", Text{"": l.Contact.Phone})
	c.text("look.contact.email", Text{"": l.Contact.Email})
}

func (i Invite) check(c *check) {
	c.text("invite.text", i.Text)
	c.text("invite.accept", i.Accept)
	c.text("invite.later", i.Later)
	c.oneOf("invite.position", i.Position, append([]string{"center"}, positions...)...)
	c.color("invite.color", i.Color)
	c.file("invite.image", i.Image)
	if i.Width != 0 {
		c.number("invite.width", i.Width, 240, 600)
	}
	c.number("invite.rules", len(i.Rules), 0, maxRules)
	for n, r := range i.Rules {
		field := "invite.rules." + strconv.Itoa(n)
		c.number(field+".after", r.After, 0, 3600)
		c.number(field+".repeat", r.Repeat, 0, maxSpan)
		c.number(field+".minVisits", r.MinVisits, 0, math.MaxInt32)
		c.number(field+".maxVisits", r.MaxVisits, 0, math.MaxInt32)
		if len(r.Page) > 500 || len(r.Referrer) > 500 {
			c.fail(field, "pattern_too_long", "A pattern of an address has at most 500 characters.")
		}
		if r.From != "" || r.To != "" {
			c.clockTime(field+".from", r.From)
			c.clockTime(field+".to", r.To)
		}
		c.text(field+".text", r.Text)
	}
}

func (s Survey) check(c *check) {
	c.text("survey.text", s.Text)
	c.text("survey.thanks", s.Thanks)
	if n := len(s.Levels); n != 0 {
		c.number("survey.levels", n, 2, 10)
	}
	c.number("survey.reasons", len(s.Reasons), 0, 20)
	seen := map[string]bool{}
	for _, l := range s.Levels {
		if !fileID.MatchString(l.Code) || seen[l.Code] {
			c.fail("survey.levels", "bad_code", "The code %q of a level is not 1 to 64 letters and digits, or is there twice.", clip(l.Code))
		}
		seen[l.Code] = true
		c.number("survey.levels", l.Score, 0, 100)
		c.text("survey.levels", l.Text)
	}
	for _, r := range s.Reasons {
		if !fileID.MatchString(r.Code) || seen["r"+r.Code] {
			c.fail("survey.reasons", "bad_code", "The code %q of a reason is not 1 to 64 letters and digits, or is there twice.", clip(r.Code))
		}
		seen["r"+r.Code] = true
		c.text("survey.reasons", r.Text)
	}
}

func (s Service) check(c *check) {
	for name, t := range s.Prompts {
		if _, ok := builtin[name]; !ok {
			c.fail("prompts", "unknown_prompt", "There is no prompt %q.", clip(name))
		}
		c.text("prompts."+clip(name), t)
	}
	s.Hours.check(c)
	t, r := s.Timers, s.Routing
	for field, n := range map[string]*int{"timers.idleWarn": t.IdleWarn, "timers.idleClose": t.IdleClose, "timers.queue": t.Queue, "timers.queueWarn": t.QueueWarn,
		"timers.agentLate": t.AgentLate, "timers.silent": t.Silent, "timers.maxLength": t.MaxLength, "timers.inviteValid": t.InviteValid,
		"timers.hold": t.Hold, "timers.abandonAfter": t.AbandonAfter} {
		c.maybe(field, n, 0, maxSpan)
	}
	c.maybe("timers.accept", t.Accept, 0, 600)
	c.oneOf("timers.abandon", t.Abandon, "", "none", "close", "hold")
	c.oneOf("routing.rule", r.Rule, "", "rotation", "idle", "least", "fewest", "served", "external", "manual", "offer")
	c.oneOf("routing.lost", r.Lost, "", "requeue", "wait", "end")
	c.maybe("routing.teamCap", r.TeamCap, 0, 999)
	c.maybe("routing.firstBatch", r.FirstBatch, 0, 999)
	c.maybe("routing.maxWaiting", r.MaxWaiting, 0, 1_000_000)
	c.maybe("routing.agentCap", r.AgentCap, 0, maxCap)
	c.number("routing.overflow", len(r.Overflow), 0, maxOverflow)
	for _, o := range r.Overflow {
		if o.Team == "" {
			c.fail("routing.overflow", "team_missing", "An overflow names no team.")
		}
		c.number("routing.overflow", o.After, 0, maxSpan)
		c.number("routing.overflow", o.Waiting, 0, 1_000_000)
	}
}

func (h *Hours) check(c *check) {
	if h == nil {
		return
	}
	if h.Zone != "" {
		if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "Local" {
			c.fail("hours.zone", "unknown_zone", "%q is not a time zone such as Asia/Shanghai.", clip(h.Zone))
		}
	}
	c.number("hours.classes", len(h.Classes), 0, maxClasses)
	for i, class := range h.Classes {
		field := "hours.classes." + strconv.Itoa(i)
		c.oneOf(field+".kind", class.Kind, "", "workday", "festival", "holiday")
		if (class.From == "") == (len(class.Days) == 0) {
			c.fail(field, "bad_class", "A class has either weekdays or a date.")
		}
		for _, d := range class.Days {
			c.number(field+".days", d, 1, 7)
		}
		for _, d := range []string{class.From, class.To} {
			if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
				c.fail(field, "bad_date", "%q is not a date; write it as 2026-10-01.", clip(d))
			}
		}
		if class.To != "" && class.To < class.From {
			c.fail(field, "bad_date", "The range ends on %s, before it starts on %s.", class.To, class.From)
		}
		c.number(field+".open", len(class.Open), 0, 24)
		for _, s := range class.Open {
			c.clockTime(field+".open", s.From)
			c.clockTime(field+".open", s.To)
		}
	}
}

// clip keeps a value that is shown in an error short.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Contrast returns the contrast ratio of two colours #rrggbb by WCAG 2, 1 to 21.
// Text wants 4.5.
func Contrast(a, b string) (float64, error) {
	x, err := luminance(a)
	if err != nil {
		return 0, err
	}
	y, err := luminance(b)
	if err != nil {
		return 0, err
	}
	return (max(x, y) + 0.05) / (min(x, y) + 0.05), nil
}

func luminance(color string) (float64, error) {
	if !hexColor.MatchString(color) {
		return 0, fmt.Errorf("%q is not a colour #rrggbb", clip(color))
	}
	n, err := strconv.ParseUint(color[1:], 16, 32)
	if err != nil {
		return 0, err
	}
	part := func(v uint64) float64 {
		f := float64(v&0xff) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(n>>16) + 0.7152*part(n>>8) + 0.0722*part(n), nil
}
