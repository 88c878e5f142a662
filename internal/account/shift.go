package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
)

// OnShift returns which working hours of an agent in some teams are open now, and
// whether the agent is on duty: hours are open, or none are in force.
func (b *Book) OnShift(teams []id.Team, now time.Time) (open []string, on bool) {
	sh := b.Tenant.Settings.Shifts
	if !sh.On {
		return nil, true
	}
	open = b.openOf(teams, sh, sh.Open(now))
	return open, len(open) > 0
}

// openOf picks the open hours that hold for an agent in some teams.
func (b *Book) openOf(teams []id.Team, sh setting.Shifts, isOpen map[string]bool) (open []string) {
	add := func(shift string) {
		if isOpen[shift] && !slices.Contains(open, shift) {
			open = append(open, shift)
		}
	}
	usual := true
	for _, t := range teams {
		team, ok := b.Teams[t]
		if !ok || team.Settings.Shut() {
			continue
		}
		own, ok := sh.Of(string(t))
		if !ok {
			add(setting.UsualID)
			continue
		}
		usual = false
		add(own.ID)
	}
	if usual {
		add(setting.UsualID)
	}
	return open
}

// SetDuty notes in statuses who is off duty.
func (b *Book) SetDuty(list []AgentStatus, now time.Time) {
	sh := b.Tenant.Settings.Shifts
	if !sh.On {
		return
	}
	open := sh.Open(now)
	for i := range list {
		list[i].OffDuty = !list[i].Bot && len(b.openOf(list[i].Teams, sh, open)) == 0
	}
}

// duty completes the status of one agent.
func (s *Service) duty(ctx context.Context, st AgentStatus, err error) (AgentStatus, error) {
	if err != nil {
		return st, err
	}
	list := []AgentStatus{st}
	err = s.duties(ctx, st.Tenant, list)
	return list[0], err
}

// duties completes statuses of a tenant.
func (s *Service) duties(ctx context.Context, t id.Tenant, list []AgentStatus) error {
	book, err := s.Book(ctx, t)
	if err == nil {
		book.SetDuty(list, s.clock.Now())
	}
	return err
}

// SetPresence records what an agent says of being at the desk, beside taking
// conversations. Errors: Invalid "unknown_presence".
func (s *Service) SetPresence(ctx context.Context, t id.Tenant, a id.Agent, word string) (err error) {
	defer errs.Wrap(&err, "account.SetPresence")
	if !slices.Contains([]string{PresenceHere, PresenceAway, PresenceBusy, PresenceOffline}, word) {
		return errs.Field("presence", "unknown_presence", "%q is not known; away, busy and offline are, and empty.", clip(word, 60))
	}
	st, err := s.store.AgentStatus(ctx, t, a, s.clock.Now())
	if err != nil || st.Presence == word {
		return err
	}
	if err := s.store.SetPresence(ctx, t, a, word); err != nil {
		return err
	}
	return s.Refresh(ctx, t, a)
}

// SaveShift makes working hours, or replaces those with an id; setting.UsualID are
// those of the company. Teams that are named leave other hours; those that do not
// exist are passed over.
//
// Errors: Forbidden; NotFound "shift_not_found"; Conflict "shift_exists" for a name
// that others have; Invalid "ends_before_start", "ends_at_start", "bad_time".
func (s *Service) SaveShift(ctx context.Context, who actor.Actor, x setting.Shift) (_ setting.Shift, err error) {
	defer errs.Wrap(&err, "account.SaveShift")
	if err := administrator(who); err != nil {
		return x, err
	}
	teams, err := s.store.Teams(ctx, who.Tenant)
	if err != nil {
		return x, err
	}
	x.Teams = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(x.Teams))), func(t string) bool {
		return !slices.ContainsFunc(teams, func(have Team) bool { return string(have.ID) == t && !have.Settings.Shut() })
	})
	fresh := x.ID == ""
	if fresh {
		x.ID = id.New()
	}
	return x, s.changeShifts(ctx, who, func(sh *setting.Shifts) error {
		if x.ID == setting.UsualID {
			x.Teams = nil
			sh.Usual = &x
			return nil
		}
		others := []setting.Shift{}
		found := fresh
		for _, o := range sh.Others {
			switch {
			case o.ID == x.ID:
				found = true
				continue
			case strings.EqualFold(o.Name, x.Name):
				return errs.New(errs.Conflict, "shift_exists", "There are working hours with the name %q.", clip(x.Name, 60))
			}
			o.Teams = slices.DeleteFunc(slices.Clone(o.Teams), func(t string) bool { return slices.Contains(x.Teams, t) })
			others = append(others, o)
		}
		if !found {
			return errs.New(errs.NotFound, "shift_not_found", "There are no such working hours.")
		}
		sh.Others = append(others, x)
		return nil
	})
}

// RemoveShift removes hours of teams, which follow the usual ones from then on.
// Errors: Forbidden; NotFound "shift_not_found", also for the usual ones.
func (s *Service) RemoveShift(ctx context.Context, who actor.Actor, shift string) (err error) {
	defer errs.Wrap(&err, "account.RemoveShift")
	return s.changeShifts(ctx, who, func(sh *setting.Shifts) error {
		others := slices.DeleteFunc(slices.Clone(sh.Others), func(o setting.Shift) bool { return o.ID == shift })
		if len(others) == len(sh.Others) {
			return errs.New(errs.NotFound, "shift_not_found", "There are no such working hours.")
		}
		sh.Others = others
		return nil
	})
}

// leaveShifts takes a team that is shut or gone out of its working hours; hours that
// are left without a team go out of use.
func (s *Service) leaveShifts(ctx context.Context, who actor.Actor, team id.Team) error {
	book, err := s.Book(ctx, who.Tenant)
	if err != nil {
		return err
	}
	in := func(o setting.Shift) bool { return slices.Contains(o.Teams, string(team)) }
	if !slices.ContainsFunc(book.Tenant.Settings.Shifts.Others, in) {
		return nil
	}
	return s.changeShifts(ctx, who, func(sh *setting.Shifts) error {
		sh.Others = slices.Clone(sh.Others)
		for i, o := range sh.Others {
			if in(o) {
				o.Teams = slices.DeleteFunc(slices.Clone(o.Teams), func(t string) bool { return t == string(team) })
				o.Off = o.Off || len(o.Teams) == 0
				sh.Others[i] = o
			}
		}
		return nil
	})
}

// changeShifts changes the working hours of the agents; they hold at once.
func (s *Service) changeShifts(ctx context.Context, who actor.Actor, change func(sh *setting.Shifts) error) error {
	return s.changeCompany(ctx, who, func(c *setting.Company) error {
		if err := change(&c.Shifts); err != nil {
			return err
		}
		c.Shifts.ChangedAt = s.clock.Now()
		return nil
	})
}
