package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are the working hours (工作时间). The most specific class that fits a day
// decides it alone: dates before ranges before weekdays. Several classes of the
// same scope add up. A day that no class fits is closed.
type Hours struct {
	// Zone is an IANA time zone; empty means Asia/Shanghai.
	Zone    string  `json:"zone,omitempty"`
	Classes []Class `json:"classes"`
}

// Class is a kind of day with its opening times.
type Class struct {
	Name string `json:"name,omitempty"`
	// Kind is "workday", "festival" or "holiday"; it is shown, not judged.
	Kind string `json:"kind,omitempty"`
	// Days are weekdays from 1 (Monday) to 7; a class by weekday has nothing else.
	Days []int `json:"days,omitempty"`
	// From and To are dates as 2006-01-02; To empty means From alone.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Open are the spans of the day; none means closed. A span whose end is not
	// after its start goes on past midnight.
	Open []Span `json:"open,omitempty"`
}

// Span is an opening time, both as 15:04; To may be 24:00.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// DefaultZone is the time zone of hours that name none.
const DefaultZone = "Asia/Shanghai"

// The scopes of a class, the more specific the higher.
const (
	byWeekday = iota + 1
	byRange
	byDate
)

func (c Class) scope() int {
	switch {
	case c.From == "":
		return byWeekday
	case c.To == "" || c.To == c.From:
		return byDate
	}
	return byRange
}

// fits reports whether the class is about the day.
func (c Class) fits(day time.Time) bool {
	switch date := day.Format(time.DateOnly); c.scope() {
	case byWeekday:
		return slices.Contains(c.Days, (int(day.Weekday())+6)%7+1)
	case byDate:
		return date == c.From
	default:
		return c.From <= date && date <= c.To
	}
}

// spans returns the opening times of a day.
func (h *Hours) spans(day time.Time) (open []Span) {
	best := 0
	for _, c := range h.Classes {
		if s := c.scope(); s >= best && c.fits(day) {
			if s > best {
				best, open = s, nil
			}
			open = append(open, c.Open...)
		}
	}
	return open
}

// minute reads 15:04 as minutes from midnight; 24:00 is 1440.
func minute(s string) (int, bool) {
	h, m, ok := strings.Cut(s, ":")
	hour, err1 := strconv.Atoi(h)
	mins, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || len(h) > 2 || len(m) != 2 || mins < 0 || mins > 59 || hour < 0 || hour > 24 || hour == 24 && mins > 0 {
		return 0, false
	}
	return hour*60 + mins, true
}

// OpenAt reports whether the company works at t. No hours at all are always open.
func (h *Hours) OpenAt(t time.Time) bool {
	if h == nil {
		return true
	}
	t = t.In(h.Location())
	now := t.Hour()*60 + t.Minute()
	for _, s := range h.spans(t) {
		from, _ := minute(s.From)
		to, _ := minute(s.To)
		if to <= from {
			to = 24 * 60 // the rest belongs to the next day's morning
		}
		if from <= now && now < to {
			return true
		}
	}
	for _, s := range h.spans(t.AddDate(0, 0, -1)) {
		from, _ := minute(s.From)
		to, _ := minute(s.To)
		if to <= from && now < to {
			return true
		}
	}
	return false
}

// NextOpen returns when the company opens next, at the latest 60 days after t;
// ok is false if it does not open until then. An open company answers t.
func (h *Hours) NextOpen(t time.Time) (next time.Time, ok bool) {
	if h.OpenAt(t) {
		return t, true
	}
	zone := h.Location()
	local := t.In(zone)
	for day := 0; day <= 60; day++ {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, zone)
		for _, s := range h.spans(date) {
			from, _ := minute(s.From)
			at := time.Date(date.Year(), date.Month(), date.Day(), from/60, from%60, 0, 0, zone)
			if at.After(t) && (!ok || at.Before(next)) {
				next, ok = at, true
			}
		}
		if ok {
			return next, true
		}
	}
	return time.Time{}, false
}

// Location returns the time zone; an unknown one, which validation refuses, is DefaultZone.
func (h *Hours) Location() *time.Location {
	name := DefaultZone
	if h != nil && h.Zone != "" {
		name = h.Zone
	}
	if l, err := time.LoadLocation(name); err == nil {
		return l
	}
	return time.FixedZone(DefaultZone, 8*3600)
}

// legacyHours is an element of the UCKeFu contract's list of opening times.
type legacyHours struct {
	Type  string `json:"type"`
	Hours string `json:"workinghours"`
}

// ParseLegacy reads the two older forms of opening times: one string of spans for
// every day ("9:00-12:00,13:30-15:30") and a JSON list whose elements name one of
// the given classes by its name and carry one span ("09:00~12:00").
func ParseLegacy(s string, classes []Class) (*Hours, error) {
	h := &Hours{}
	if s = strings.TrimSpace(s); !strings.HasPrefix(s, "[") {
		open, err := parseSpans(s)
		if err != nil {
			return nil, err
		}
		h.Classes = []Class{{Kind: "workday", Days: []int{1, 2, 3, 4, 5, 6, 7}, Open: open}}
		return h, nil
	}
	var list []legacyHours
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("working hours are neither spans nor a JSON list: %w", err)
	}
	h.Classes = slices.Clone(classes)
	for i := range h.Classes {
		h.Classes[i].Open = slices.Clone(h.Classes[i].Open)
	}
	for _, item := range list {
		open, err := parseSpans(item.Hours)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(h.Classes, func(c Class) bool { return c.Name == item.Type })
		if i < 0 {
			return nil, fmt.Errorf("working hours name the class %q, which does not exist", item.Type)
		}
		h.Classes[i].Open = append(h.Classes[i].Open, open...)
	}
	return h, nil
}

// parseSpans reads spans with - or ~ between the times and commas between the spans.
func parseSpans(s string) (open []Span, err error) {
	for part := range strings.SplitSeq(s, ",") {
		from, to, ok := strings.Cut(strings.ReplaceAll(part, "~", "-"), "-")
		from, to = strings.TrimSpace(from), strings.TrimSpace(to)
		_, ok1 := minute(from)
		_, ok2 := minute(to)
		if !ok || !ok1 || !ok2 {
			return nil, fmt.Errorf("%q is not a span of working hours such as 9:00-12:00", part)
		}
		open = append(open, Span{From: from, To: to})
	}
	return open, nil
}
