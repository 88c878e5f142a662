package alarm_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/alarm"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// fixture is a company with a late limit of 60 s and a long queue beyond 1.
type fixture struct {
	*alarm.Service
	world *storetest.World
	clock *clock.Stub
	sac   id.Team
	late  int
}

func (f *fixture) Book(_ context.Context, t id.Tenant) (*account.Book, error) {
	teams := map[id.Team]account.Team{f.sac: {ID: f.sac, Name: "SAC", Settings: setting.Team{Spills: []setting.Spill{{Waiting: 1}, {Waiting: 1}, {Waiting: 9}}}}}
	b := &account.Book{Tenant: account.Tenant{ID: t}, Teams: teams}
	b.Tenant.Settings.Timers.AgentLate = &f.late
	return b, nil
}

func TestAlarmsStandAsLongAsTheirReason(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t)
	f := &fixture{world: storetest.NewWorld(t, st, "main"), clock: clock.NewStub(storetest.T0), late: 60}
	f.Service = alarm.New(st, f, f.clock)
	w := f.world
	f.sac = w.Team("SAC")
	ann := w.Ready("ann", 5)
	want := func(texts ...string) {
		t.Helper()
		list, err := f.Standing(t.Context(), actor.ForSystem("main"))
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, a := range list {
			got = append(got, fmt.Sprint(a.Rule, " ", a.Level, " ", a.VisitorName, a.TeamName, " ", a.Value, ">", a.Limit, " ", a.At.Sub(storetest.T0)))
		}
		if fmt.Sprint(got) != fmt.Sprint(texts) {
			t.Fatalf("%q, want %q", got, texts)
		}
	}
	c := w.Assign(w.Start("Ada", ""), ann).Conversation
	w.Append(w.Say(c, "anybody?"))
	f.clock.Advance(60 * time.Second)
	want()
	f.clock.Advance(time.Second)
	want("unanswered 1 Ada 61>60 1m0s")
	f.clock.Advance(time.Minute)
	want("unanswered 2 Ada 121>60 1m0s")

	// The second and third in the queue make it long, twice over with the third.
	for i := range 3 {
		w.Now = storetest.T0.Add(time.Duration(80+i) * time.Second)
		w.Start(fmt.Sprint("Q", i), f.sac)
		if i == 1 {
			want("long_queue 1 SAC 2>1 1m21s", "unanswered 2 Ada 121>60 1m0s")
		}
	}
	want("long_queue 2 SAC 3>1 1m21s", "unanswered 2 Ada 121>60 1m0s")
	w.Append(w.Answer(c, ann, "yes"))
	want("long_queue 2 SAC 3>1 1m21s")

	_, err := f.Standing(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: "main", Permissions: []actor.Permission{actor.Reply}})
	if errs.ReasonOf(err) != "not_allowed" {
		t.Fatal(err)
	}
}

// TestRulesAreExact: a limit is passed by the second after it, promises hold for who
// waits for an agent only, and what is not set raises nothing.
func TestRulesAreExact(t *testing.T) {
	t.Parallel()
	now := storetest.T0
	late := func(d time.Duration, w alarm.Wait) alarm.Wait { w.Since = now.Add(-d); return w }
	for name, c := range map[string]struct {
		limit int
		wait  alarm.Wait
		want  string
	}{
		"just in time":        {30, late(30*time.Second, alarm.Wait{}), "[]"},
		"late":                {30, late(31*time.Second, alarm.Wait{}), "[unanswered  1]"},
		"nothing is set":      {0, late(time.Hour, alarm.Wait{}), "[]"},
		"promised":            {0, late(301*time.Second, alarm.Wait{Queued: true, Due: 5, Agreement: "Fast"}), "[promised Fast 1]"},
		"promised, long ago":  {0, late(601*time.Second, alarm.Wait{Queued: true, Due: 5, Agreement: "Fast"}), "[promised Fast 2]"},
		"promise kept":        {0, late(time.Hour, alarm.Wait{Due: 5, Agreement: "Fast"}), "[]"},
		"waits for an agent":  {30, late(time.Hour, alarm.Wait{Queued: true}), "[]"},
		"from the future":     {30, late(-time.Hour, alarm.Wait{}), "[]"},
		"team that is gone":   {30, late(time.Hour, alarm.Wait{Queued: true, Team: "gone"}), "[]"},
		"both kinds, in time": {30, late(time.Second, alarm.Wait{Due: 5}), "[]"},
	} {
		b := &account.Book{Tenant: account.Tenant{ID: "main"}}
		b.Tenant.Settings.Timers.AgentLate = &c.limit
		got := []string{}
		for _, a := range alarm.Find(b, []alarm.Wait{c.wait}, now) {
			got = append(got, fmt.Sprint(a.Rule, " ", a.Name, " ", a.Level))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
