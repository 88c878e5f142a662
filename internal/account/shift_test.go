package account_test

import (
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// days are seven that that are open around the clock but for a minute, or never.
func days(open bool) (list []setting.ShiftDay) {
	for d := 1; d <= 7; d++ {
		list = append(list, setting.ShiftDay{Day: d, Span: setting.Span{From: "00:00", To: "23:59"}, Open: open})
	}
	return list
}

// TestWorkingHoursOfAgents: whose hours are closed is not available and cannot get
// ready; teams have hours of their own; a team that goes leaves them.
func TestWorkingHoursOfAgents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := setup(t, st)
		ctx := t.Context()
		boss := actor.Actor{Kind: actor.Agent, Tenant: account.MainTenant, Permissions: actor.Permissions()}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		day, err := s.CreateTeam(ctx, boss, "Day", setting.Team{})
		must(err)
		night, err := s.CreateTeam(ctx, boss, "Night", setting.Team{})
		must(err)
		lin := s.add(t, account.NewAgent{Email: "lin@x.org", Name: "Lin", Teams: []string{"Day"}})
		kim := s.add(t, account.NewAgent{Email: "kim@x.org", Name: "Kim", Teams: []string{"Day", "Night"}})
		self := func(a account.Agent) actor.Actor {
			return actor.Actor{Kind: actor.Agent, Tenant: a.Tenant, Agent: a.ID}
		}
		off := func(a account.Agent) bool {
			t.Helper()
			got, err := s.Status(ctx, self(a))
			must(err)
			list, err := s.Roster(ctx, a.Tenant)
			must(err)
			for _, x := range list {
				if x.Agent == a.ID && x.OffDuty != got.OffDuty {
					t.Fatal("the roster says otherwise", x, got)
				}
			}
			return got.OffDuty
		}
		option := func(id string, v any) { t.Helper(); must(s.SetOption(ctx, boss, id, v)) }
		_, err = s.SetState(ctx, self(lin), account.Ready, "")
		must(err)
		closed := setting.Shift{ID: setting.UsualID, Days: days(false)}
		_, err = s.SaveShift(ctx, boss, closed)
		must(err)
		if off(lin) {
			t.Fatal("the hours hold although they are not in force")
		}
		option("Livechat_enable_business_hours", true)
		if _, err := s.SetState(ctx, self(lin), account.Ready, ""); errs.ReasonOf(err) != "off_duty" || !off(lin) || !off(kim) {
			t.Fatal("closed hours do not hold", err)
		}
		own, err := s.SaveShift(ctx, boss, setting.Shift{Name: "Nights", Zone: "Asia/Kolkata", Days: days(true), Teams: []string{string(night.ID), "none", string(night.ID)}})
		must(err)
		if len(own.Teams) != 1 || !off(kim) {
			t.Fatal("teams have hours of their own although there is one for all", own)
		}
		option("Livechat_business_hour_type", "Multiple")
		if off(kim) || !off(lin) {
			t.Fatal("the hours of the team do not hold")
		}
		for reason, x := range map[string]setting.Shift{
			"shift_exists":      {Name: "nights", Days: days(true)},
			"shift_not_found":   {ID: "none", Name: "x", Days: days(true)},
			"ends_before_start": {Name: "x", Days: []setting.ShiftDay{{Day: 1, Span: setting.Span{From: "10:00", To: "08:00"}, Open: true}}},
			"ends_at_start":     {Name: "x", Days: []setting.ShiftDay{{Day: 1, Span: setting.Span{From: "10:00", To: "10:00"}, Open: true}}},
			"bad_time":          {Name: "x", Days: []setting.ShiftDay{{Day: 1, Span: setting.Span{From: "20000", To: "x"}, Open: true}}},
			"unknown_zone":      {Name: "x", Zone: "Mars/Base", Days: days(true)},
			"out_of_range":      {Name: "x", Days: []setting.ShiftDay{{Day: 8, Span: setting.Span{From: "08:00", To: "10:00"}}}},
		} {
			if _, err := s.SaveShift(ctx, boss, x); errs.ReasonOf(err) != reason {
				t.Errorf("want %s, got %v", reason, err)
			}
		}
		if _, err := s.SaveShift(ctx, self(lin), own); errs.CodeOf(err) != errs.Forbidden {
			t.Fatal("anybody may set the hours", err)
		}
		moved, err := s.SaveShift(ctx, boss, setting.Shift{Name: "All", Days: days(true), Teams: []string{string(night.ID), string(day.ID)}})
		must(err)
		if off(lin) || off(kim) {
			t.Fatal("the new hours do not hold")
		}
		night.Settings.Archived = true
		must(s.SetTeam(ctx, boss, night))
		must(s.DissolveTeam(ctx, boss, day.ID))
		book, err := s.Book(ctx, account.MainTenant)
		must(err)
		for _, x := range book.Tenant.Settings.Shifts.Others {
			if len(x.Teams) != 0 || x.Off != (x.ID == moved.ID) {
				t.Fatal("the hours of teams that are gone", x)
			}
		}
		if open, on := book.OnShift([]id.Team{night.ID}, s.clock.Now()); on || len(open) != 0 || !off(kim) {
			t.Fatal("whoever has no team left follows the usual hours", open)
		}
		must(s.RemoveShift(ctx, boss, moved.ID))
		if err := s.RemoveShift(ctx, boss, moved.ID); errs.ReasonOf(err) != "shift_not_found" {
			t.Fatal(err)
		}
		must(s.SetPresence(ctx, account.MainTenant, lin.ID, account.PresenceAway))
		if got, err := s.Status(ctx, self(lin)); err != nil || got.Presence != account.PresenceAway {
			t.Fatal(got, err)
		}
		if err := s.SetPresence(ctx, account.MainTenant, lin.ID, "asleep"); errs.ReasonOf(err) != "unknown_presence" {
			t.Fatal(err)
		}
	})
}

func TestUsualHoursOpenAndClose(t *testing.T) {
	t.Parallel()
	usual := setting.UsualShift()
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	for hour, want := range map[int]bool{7: false, 8: true, 19: true, 20: false, 5*24 + 12: false} {
		if got := usual.OpenAt(monday.Add(time.Duration(hour) * time.Hour)); got != want {
			t.Errorf("at hour %d: %v", hour, got)
		}
	}
	usual.Off = true
	if usual.OpenAt(monday.Add(12 * time.Hour)) {
		t.Error("open although out of use")
	}
}
