package invite_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/invite"
	"parlor/internal/online"
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Row 34: every condition of a rule that the server judges.
func TestRow34Refusal(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	for name, c := range map[string]struct {
		rule setting.InviteRule
		m    invite.Moment
		want string
	}{
		"nothing asked":            {setting.InviteRule{}, invite.Moment{}, ""},
		"first visit":              {setting.InviteRule{MinVisits: 2}, invite.Moment{Visits: 1}, "wrong_visit"},
		"second visit":             {setting.InviteRule{MinVisits: 2, MaxVisits: 2}, invite.Moment{Visits: 2}, ""},
		"third visit":              {setting.InviteRule{MaxVisits: 2}, invite.Moment{Visits: 3}, "wrong_visit"},
		"in the span":              {setting.InviteRule{From: "12:00", To: "12:01"}, invite.Moment{}, ""},
		"one digit":                {setting.InviteRule{From: "9:00", To: "24:00"}, invite.Moment{}, ""},
		"at its end":               {setting.InviteRule{From: "09:00", To: "12:00"}, invite.Moment{}, "wrong_time"},
		"before it":                {setting.InviteRule{From: "12:01", To: "18:00"}, invite.Moment{}, "wrong_time"},
		"past midnight, by day":    {setting.InviteRule{From: "22:00", To: "06:00"}, invite.Moment{}, "wrong_time"},
		"past midnight, by night":  {setting.InviteRule{From: "22:00", To: "12:30"}, invite.Moment{}, ""},
		"the whole day":            {setting.InviteRule{From: "08:00", To: "08:00"}, invite.Moment{}, ""},
		"again without repeat":     {setting.InviteRule{}, invite.Moment{Asked: ago(999 * time.Hour)}, "invited_already"},
		"again too soon":           {setting.InviteRule{Repeat: 60}, invite.Moment{Asked: ago(59 * time.Second)}, "invited_lately"},
		"again in time":            {setting.InviteRule{Repeat: 60}, invite.Moment{Asked: ago(time.Minute)}, ""},
		"once in this visit":       {setting.InviteRule{Repeat: 60, Once: true}, invite.Moment{Asked: ago(time.Hour), VisitSince: ago(2 * time.Hour)}, "invited_already"},
		"at the visit's beginning": {setting.InviteRule{Repeat: 60, Once: true}, invite.Moment{Asked: ago(time.Hour), VisitSince: ago(time.Hour)}, "invited_already"},
		"once in the visit before": {setting.InviteRule{Repeat: 60, Once: true}, invite.Moment{Asked: ago(time.Hour), VisitSince: ago(time.Minute)}, ""},
		"nobody there":             {setting.InviteRule{Online: true}, invite.Moment{}, "nobody_available"},
		"somebody there":           {setting.InviteRule{Online: true}, invite.Moment{Available: true}, ""},
	} {
		c.m.Now = noon
		err := invite.Refusal(c.rule, c.m)
		if errs.ReasonOf(err) != c.want && (err != nil || c.want != "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && errs.CodeOf(err) != errs.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// house is an inbox with rules.
type house struct {
	rules     []setting.InviteRule
	available bool
	since     time.Time
}

func (h *house) Valid(context.Context, id.Tenant, id.Inbox) (time.Duration, error) {
	return invite.Valid, nil
}

func (h *house) Rules(context.Context, id.Tenant, id.Inbox) ([]setting.InviteRule, *time.Location, error) {
	return h.rules, time.UTC, nil
}

func (h *house) Visit(context.Context, id.Tenant, id.Visitor) (time.Time, int, error) {
	return h.since, 1, nil
}
func (h *house) Available(context.Context, id.Tenant) (bool, error) { return h.available, nil }

type events struct{ to [][]event.Topic }

func (e *events) Publish(x *event.Event) { e.to = append(e.to, x.To) }

type fixture struct {
	*invite.Service
	t       *testing.T
	clock   *clock.Stub
	house   *house
	events  *events
	visitor actor.Actor
	lin     actor.Actor
}

// setup is a visitor who looks at a page, and an agent.
func setup(t *testing.T) *fixture {
	t.Helper()
	st := storetest.SQLite(t)
	w := storetest.NewWorld(t, st, "main")
	f := &fixture{t: t, clock: clock.NewStub(storetest.T0), house: &house{since: storetest.T0}, events: &events{}}
	v := w.Visitor("Vera")
	if _, err := st.PutOnline(t.Context(), w.Node, online.Visitor{Visitor: v, Tenant: w.Tenant, Inbox: w.Inbox, Since: w.Now, PageSince: w.Now, URL: "https://shop.example/lamp"}); err != nil {
		t.Fatal(err)
	}
	f.visitor = actor.Actor{Kind: actor.Visitor, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: v}
	f.lin = actor.Actor{Kind: actor.Agent, Tenant: w.Tenant, Agent: w.Ready("lin", 3), Name: "Lin", Permissions: []actor.Permission{actor.Invite}}
	f.Service = invite.New(st, f.events, f.clock, f.house)
	return f
}

func (f *fixture) reason(err error, want string) {
	f.t.Helper()
	if errs.ReasonOf(err) != want || err == nil {
		f.t.Fatalf("%v, want %q", err, want)
	}
}

// Row 34: a rule invites once, again after its pause, and is recorded.
func TestRow34RulesOverTime(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.house.rules = []setting.InviteRule{{Name: "soon"}, {Repeat: 300}, {Name: "staffed", Repeat: 1, Online: true}}
	_, err := f.Shown(t.Context(), f.lin, "soon")
	f.reason(err, "visitors_only")
	_, err = f.Shown(t.Context(), f.visitor, strings.Repeat("x", 65))
	f.reason(err, "bad_rule")
	_, err = f.Shown(t.Context(), f.visitor, "rule 1")
	f.reason(err, "rules_changed") // it has a name
	got, err := f.Shown(t.Context(), f.visitor, "soon")
	if err != nil || got.Rule != "soon" || got.URL != "https://shop.example/lamp" || got.Result != invite.Open || len(f.events.to) != 1 {
		t.Fatalf("%+v %v %v", got, err, f.events.to)
	}
	_, err = f.Shown(t.Context(), f.visitor, "soon")
	f.reason(err, "invited_already")
	f.clock.Advance(299 * time.Second)
	_, err = f.Shown(t.Context(), f.visitor, "rule 2")
	f.reason(err, "invited_lately")
	f.clock.Advance(time.Second)
	if got, err = f.Shown(t.Context(), f.visitor, "rule 2"); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	_, err = f.Shown(t.Context(), f.visitor, "staffed")
	f.reason(err, "nobody_available")
	f.house.available = true
	if _, err = f.Shown(t.Context(), f.visitor, "staffed"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := f.Pending(t.Context(), f.visitor); ok || err != nil {
		t.Fatal("a rule's invitation is shown by the page itself", ok, err)
	}
	list, _, err := f.List(t.Context(), f.lin, invite.Filter{Limit: 9})
	if err != nil || len(list) != 3 || list[0].Rule != "staffed" {
		t.Fatalf("%v %+v", err, list)
	}
}

// Row 46: by hand; who accepts in time is the agent's.
func TestRow46ByHand(t *testing.T) {
	t.Parallel()
	f := setup(t)
	other := f.lin
	other.Permissions = nil
	_, err := f.Send(t.Context(), other, f.visitor.Visitor, "")
	f.reason(err, "not_allowed")
	_, err = f.Send(t.Context(), f.lin, f.visitor.Visitor, strings.Repeat("字", 501))
	f.reason(err, "text_too_long")
	_, err = f.Send(t.Context(), f.lin, "nobody", "")
	f.reason(err, "visitor_not_online")
	sent, err := f.Send(t.Context(), f.lin, f.visitor.Visitor, " may I help? ")
	if err != nil || sent.Text != "may I help?" || sent.AgentName != "Lin" {
		t.Fatalf("%+v %v", sent, err)
	}
	if got, ok, err := f.Pending(t.Context(), f.visitor); !ok || got.ID != sent.ID || err != nil {
		t.Fatalf("%+v %v %v", got, ok, err)
	}
	_, err = f.Answer(t.Context(), f.lin, "", true)
	f.reason(err, "visitors_only")
	f.clock.Advance(1500 * time.Millisecond)
	got, err := f.Answer(t.Context(), f.visitor, sent.ID, true)
	if err != nil || got.Result != invite.Accepted || got.ResponseMS != 1500 {
		t.Fatalf("%+v %v", got, err)
	}
	told := len(f.events.to)
	if got, err = f.Answer(t.Context(), f.visitor, sent.ID, false); err != nil || got.Result != invite.Accepted || len(f.events.to) != told {
		t.Fatalf("an answer was replaced: %+v %v", got, err)
	}
	if a, err := f.AgentFor(t.Context(), f.visitor); a != f.lin.Agent || err != nil {
		t.Fatal(a, err)
	}
	f.clock.Advance(invite.Valid)
	if a, err := f.AgentFor(t.Context(), f.visitor); a != "" || err != nil {
		t.Fatal("the invitation binds for ever:", a, err)
	}
	late, err := f.Send(t.Context(), f.lin, f.visitor.Visitor, "")
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(invite.Valid + time.Second)
	_, err = f.Answer(t.Context(), f.visitor, late.ID, true)
	f.reason(err, "invitation_not_found")
	if _, ok, err := f.Pending(t.Context(), f.visitor); ok || err != nil {
		t.Fatal("an invitation waits for ever", err)
	}
}
