package setting

import (
	"slices"
	"time"
)

// Shifts are the working hours of agents. Outside of them nobody takes
// conversations, whatever the agent's state says; bots always do. They are apart
// from Service.Hours, which say when visitors may come.
type Shifts struct {
	// On puts them into force. Default false.
	On bool `json:"on,omitempty"`
	// Several lets teams have hours of their own; else Usual holds for everybody.
	Several bool `json:"several,omitempty"`
	// Usual are the hours of agents in no team, and in teams without own hours;
	// nil stands for UsualShift.
	Usual *Shift `json:"usual,omitempty"`
	// Others are the hours of teams. A team is in one of them at most.
	Others []Shift `json:"others,omitempty"`
	// ChangedAt is when any of this changed last.
	ChangedAt time.Time `json:"changedAt,omitzero"`
}

// Shift is one set of working hours.
type Shift struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Off takes it out of use: it is never open.
	Off bool `json:"off,omitempty"`
	// Zone is an IANA time zone; empty means DefaultZone.
	Zone  string     `json:"zone,omitempty"`
	Days  []ShiftDay `json:"days"`
	Teams []string   `json:"teams,omitempty"`
}

// ShiftDay is an opening time on a weekday from 1 (Monday) to 7.
type ShiftDay struct {
	Day int `json:"day"`
	Span
	Open bool `json:"open"`
}

// Bounds of shifts.
const (
	MaxShifts    = 200
	maxShiftDays = 50
	maxShiftName = 100
	maxZone      = 64
)

// UsualID is the id of the usual hours.
const UsualID = "usual"

// UsualShift are the usual hours of a company that set none: 8 to 20 o'clock from
// Monday to Friday.
func UsualShift() Shift {
	s := Shift{ID: UsualID}
	for day := 1; day <= 7; day++ {
		s.Days = append(s.Days, ShiftDay{Day: day, Span: Span{From: "08:00", To: "20:00"}, Open: day <= 5})
	}
	return s
}

// Base returns the usual hours.
func (s Shifts) Base() Shift {
	if s.Usual == nil {
		return UsualShift()
	}
	return *s.Usual
}

// Of returns the hours of a team that has its own.
func (s Shifts) Of(team string) (Shift, bool) {
	if !s.Several {
		return Shift{}, false
	}
	i := slices.IndexFunc(s.Others, func(x Shift) bool { return slices.Contains(x.Teams, team) })
	if i < 0 {
		return Shift{}, false
	}
	return s.Others[i], true
}

// OpenAt reports whether the shift is open at a time.
func (s Shift) OpenAt(t time.Time) bool {
	if s.Off {
		return false
	}
	h := Hours{Zone: s.Zone}
	for _, d := range s.Days {
		if d.Open {
			h.Classes = append(h.Classes, Class{Days: []int{d.Day}, Open: []Span{d.Span}})
		}
	}
	return h.OpenAt(t)
}

// Open returns the ids of all hours that are open at a time.
func (s Shifts) Open(t time.Time) map[string]bool {
	open := map[string]bool{}
	for _, x := range append([]Shift{s.Base()}, s.Others...) {
		open[x.ID] = x.OpenAt(t)
	}
	return open
}

func (s Shifts) check(c *check) {
	c.number("shifts", len(s.Others), 0, MaxShifts)
	all := s.Others
	if s.Usual != nil {
		all = append([]Shift{*s.Usual}, all...)
	}
	for _, x := range all {
		x.check(c)
	}
}

func (s Shift) check(c *check) {
	c.line("shifts.name", s.Name)
	c.number("shifts.name", len([]rune(s.Name)), 0, maxShiftName)
	c.number("shifts.days", len(s.Days), 0, maxShiftDays)
	c.number("shifts.teams", len(s.Teams), 0, 1000)
	if s.Zone != "" {
		if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" || len(s.Zone) > maxZone {
			c.fail("shifts.zone", "unknown_zone", "%q is not a time zone such as Asia/Shanghai.", clip(s.Zone))
		}
	}
	for _, d := range s.Days {
		c.number("shifts.days", d.Day, 1, 7)
		from, ok1 := minute(d.From)
		to, ok2 := minute(d.To)
		switch {
		case !ok1:
			c.clockTime("shifts.days", d.From)
		case !ok2:
			c.clockTime("shifts.days", d.To)
		case to < from:
			c.fail("shifts.days", "ends_before_start", "%s is before %s.", d.To, d.From)
		case to == from:
			c.fail("shifts.days", "ends_at_start", "The time from %s to %s is empty.", d.From, d.To)
		}
	}
}
