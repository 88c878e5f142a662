package office

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"parlor/internal/account"
	"parlor/internal/errs"
	"parlor/internal/front/rocketchat/contract"
	"parlor/internal/setting"
)

// hourCalls adds the calls about business hours, which are shifts.
func (f *Front) hourCalls() {
	view := []string{"view-livechat-business-hours"}
	f.Add(
		contract.Route{Method: http.MethodGet, Path: "livechat/business-hour", Do: f.oneHour, Auth: true, Needs: view},
		contract.Route{Method: http.MethodGet, Path: "livechat/business-hours", Do: f.listHours, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "livechat/business-hours.save", Do: f.saveHourCall, Auth: true, Needs: view},
		contract.Route{Method: http.MethodPost, Path: "livechat/business-hours.remove", Do: f.removeHourCall, Auth: true, Needs: view},
	)
	f.AddMethods(
		contract.Method{Name: "livechat:saveBusinessHour", Auth: true, Needs: view, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			var in hourInput
			if err := p.Read(0, hourShape.Matched(), &in); err != nil {
				return nil, err
			}
			return nil, f.saveHour(ctx, c, in)
		}},
		contract.Method{Name: "livechat:removeBusinessHour", Auth: true, Needs: view, Do: func(ctx context.Context, c *contract.Call, p contract.Params) (any, error) {
			which, err := p.Text(0)
			if err != nil {
				return nil, err
			}
			if _, err := p.Text(1); err != nil {
				return nil, err
			}
			return nil, f.removeHour(ctx, c, which)
		}},
	)
}

// Types of business hours.
const (
	usualHours = "default"
	teamHours  = "custom"
)

// clockView is a moment of a week as the contract writes it.
func clockView(zone *time.Location, d setting.ShiftDay, clock string, now time.Time) contract.Object {
	hour, minute, _ := strings.Cut(clock, ":")
	// The same moment in UTC and on the clock of the server, in the week of now.
	local := now.In(zone)
	at, err := time.ParseInLocation("2006-01-02 15:04", local.AddDate(0, 0, d.Day-weekday(local)).Format(time.DateOnly)+" "+hour+":"+minute, zone)
	if err != nil {
		return contract.Object{"time": clock}
	}
	dayTime := func(t time.Time) contract.Object {
		return contract.Object{"dayOfWeek": t.Weekday().String(), "time": t.Format("15:04")}
	}
	return contract.Object{"time": clock, "utc": dayTime(at.UTC()), "cron": dayTime(at.UTC())}
}

// weekday counts from 1 for Monday to 7.
func weekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// hourOf is the contract's form of a shift.
func (f *Front) hourOf(book *account.Book, s setting.Shift) contract.Object {
	now := f.Clock.Now()
	zone := (&setting.Hours{Zone: s.Zone}).Location()
	_, offset := now.In(zone).Zone()
	days := make([]contract.Object, len(s.Days))
	for i, d := range s.Days {
		days[i] = contract.Object{"day": time.Weekday(d.Day % 7).String(), "start": clockView(zone, d, d.From, now), "finish": clockView(zone, d, d.To, now),
			"open": d.Open, "code": d.Day % 7}
	}
	kind := teamHours
	if s.ID == setting.UsualID {
		kind = usualHours
	}
	name := s.Zone
	if name == "" {
		name = setting.DefaultZone
	}
	changed := book.Tenant.Settings.Shifts.ChangedAt
	out := contract.Object{"_id": s.ID, "name": s.Name, "active": !s.Off, "type": kind, "ts": contract.Stamp(changed), "_updatedAt": contract.Stamp(changed),
		"workHours": days, "timezone": contract.Object{"name": name, "utc": time.Unix(0, 0).In(time.FixedZone("", offset)).Format("-07:00")}}
	if kind == teamHours {
		teams := []contract.Object{}
		for _, t := range s.Teams {
			for id, team := range book.Teams {
				if string(id) == t {
					teams = append(teams, contract.Object{"_id": id, "name": team.Name})
				}
			}
		}
		out["departments"] = teams
	}
	return out
}

// oneHour answers livechat/business-hour: those of a type, null if there are none.
func (f *Front) oneHour(ctx context.Context, c *contract.Call) (any, error) {
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sh := book.Tenant.Settings.Shifts
	switch c.Arg("type") {
	case usualHours, "":
		return contract.Object{"businessHour": f.hourOf(book, sh.Base())}, nil
	case teamHours:
		if i := slices.IndexFunc(sh.Others, func(s setting.Shift) bool { return s.ID == c.Arg("_id") }); i >= 0 {
			return contract.Object{"businessHour": f.hourOf(book, sh.Others[i])}, nil
		}
	}
	return contract.Object{"businessHour": nil}, nil
}

// openHours are the business hours of an agent that are open. Told is false while
// none are in force, and for an agent who came after they were closed.
func openHours(book *account.Book, a account.Agent, st account.AgentStatus, now time.Time) (open []string, told bool) {
	sh := book.Tenant.Settings.Shifts
	open, on := book.OnShift(a.Teams, now)
	return append([]string{}, open...), sh.On && (on || sh.ChangedAt.After(st.Since))
}

func (f *Front) listHours(ctx context.Context, c *contract.Call) (any, error) {
	w, err := c.Window()
	if err != nil {
		return nil, err
	}
	book, err := f.Accounts.Book(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	sh := book.Tenant.Settings.Shifts
	list := []contract.Object{}
	for _, s := range append([]setting.Shift{sh.Base()}, sh.Others...) {
		if matches(c.Arg("name"), s.Name) {
			list = append(list, f.hourOf(book, s))
		}
	}
	return contract.Page("businessHours", list, w), nil
}

// hourShape is business hours as callers send them: what they were told, with
// changes, so further keys are passed over.
var hourShape = contract.Dict(contract.Maybe("_id", contract.Text), contract.Maybe("name", contract.Text), contract.Must("active", contract.Boolean), contract.Must("type", contract.Text),
	contract.Maybe("timezoneName", contract.Text), contract.Maybe("departmentsToApplyBusinessHour", contract.Text),
	contract.Must("workHours", contract.List(contract.Dict(contract.Must("day", contract.Text), contract.Must("start", contract.Anything), contract.Must("finish", contract.Anything),
		contract.Must("open", contract.Boolean)).Open()))).Open()

type hourInput struct {
	ID           string `json:"_id"`
	Name, Type   string
	Active       bool
	TimezoneName string
	Timezone     any
	Departments  string `json:"departmentsToApplyBusinessHour"`
	WorkHours    []struct {
		Day           string
		Start, Finish any
		Open          bool
	}
}

// clockOf reads a time of day: a text, or the form that hours are told in.
func clockOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case map[string]any:
		s, _ := x["time"].(string)
		return s
	}
	return ""
}

// zoneOf reads a time zone: a text, or the form that hours are told in.
func zoneOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case map[string]any:
		s, _ := x["name"].(string)
		return s
	}
	return ""
}

// shift is the shift that was sent.
func (in hourInput) shift() (setting.Shift, error) {
	s := setting.Shift{ID: in.ID, Name: in.Name, Off: !in.Active, Zone: in.TimezoneName}
	if s.Zone == "" {
		s.Zone = zoneOf(in.Timezone)
	}
	if in.Type == usualHours {
		s.ID = setting.UsualID
	}
	for t := range strings.SplitSeq(in.Departments, ",") {
		if t = strings.TrimSpace(t); t != "" {
			s.Teams = append(s.Teams, t)
		}
	}
	for _, w := range in.WorkHours {
		day := slices.IndexFunc([]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}, func(d string) bool { return d == w.Day })
		if day < 0 {
			return s, contract.Structured("error-invalid-day", "Invalid day")
		}
		if day == 0 {
			day = 7
		}
		s.Days = append(s.Days, setting.ShiftDay{Day: day, Span: setting.Span{From: clockOf(w.Start), To: clockOf(w.Finish)}, Open: w.Open})
	}
	return s, nil
}

func (f *Front) saveHour(ctx context.Context, c *contract.Call, in hourInput) error {
	s, err := in.shift()
	if err != nil {
		return err
	}
	_, err = f.Accounts.SaveShift(ctx, c.Who, s)
	switch errs.ReasonOf(err) {
	case "shift_not_found":
		return contract.Structured("error-business-hour-not-found", "Business hour not found")
	case "shift_exists":
		return contract.Plain("error-business-hour-name-already-in-use")
	case "ends_before_start":
		return contract.Plain("error-business-hour-finish-time-before-start-time")
	case "ends_at_start":
		return contract.Plain("error-business-hour-finish-time-equals-start-time")
	case "bad_time", "unknown_zone":
		return contract.Structured("error-invalid-params", errs.MessageOf(err))
	}
	return err
}

func (f *Front) saveHourCall(ctx context.Context, c *contract.Call) (any, error) {
	var in hourInput
	if err := c.Read(hourShape, &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.saveHour(ctx, c, in)
}

func (f *Front) removeHour(ctx context.Context, c *contract.Call, which string) error {
	err := f.Accounts.RemoveShift(ctx, c.Who, which)
	if errs.ReasonOf(err) == "shift_not_found" {
		err = contract.Structured("error-business-hour-not-found", "Business hour not found")
	}
	return err
}

func (f *Front) removeHourCall(ctx context.Context, c *contract.Call) (any, error) {
	var in struct {
		ID   string `json:"_id"`
		Type string
	}
	if err := c.Read(contract.Dict(contract.Must("_id", contract.Text), contract.Must("type", contract.Text)), &in); err != nil {
		return nil, err
	}
	return contract.Object{}, f.removeHour(ctx, c, in.ID)
}
