package trigger_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/clock"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/trigger"
)

// memory is a store of one company.
type memory struct{ list []trigger.Trigger }

func (m *memory) Triggers(context.Context, id.Tenant) ([]trigger.Trigger, error) {
	return append([]trigger.Trigger{}, m.list...), nil
}

func (m *memory) SaveTrigger(_ context.Context, tr trigger.Trigger, _ audit.By) error {
	for i := range m.list {
		if m.list[i].ID == tr.ID {
			m.list[i] = tr
			return nil
		}
	}
	m.list = append(m.list, tr)
	return nil
}

func (m *memory) DeleteTrigger(context.Context, id.Tenant, string, audit.By) error {
	m.list = nil
	return nil
}

// services answers what it was told.
type services struct {
	secret, answer string
	status         int
	err            error
	body           string
}

func (s *services) Secret(context.Context, id.Tenant) (string, error) { return s.secret, nil }

func (s *services) Ask(_ context.Context, _ id.Tenant, _ string, body []byte, _ time.Duration) (int, []byte, error) {
	s.body = string(body)
	return s.status, []byte(s.answer), s.err
}

var admin = actor.Actor{Kind: actor.Agent, Tenant: "t", Permissions: []actor.Permission{actor.Administer}}

func TestServicesAreAskedForTheirMessages(t *testing.T) {
	t.Parallel()
	web := &services{}
	s := trigger.New(&memory{}, web, clock.NewStub(time.Unix(1e9, 0)))
	ask := trigger.Trigger{Name: " Ask ", Enabled: true, Conditions: []trigger.Condition{{Name: trigger.Opened}},
		Actions: []trigger.Action{{Name: trigger.UseService, Params: trigger.Params{URL: "https://shop.test/x", Timeout: 100, Fallback: "later"}}}}
	if _, err := s.Save(t.Context(), actor.Actor{Kind: actor.Agent, Tenant: "t"}, ask); errs.CodeOf(err) != errs.Forbidden {
		t.Fatal(err)
	}
	tr, err := s.Save(t.Context(), admin, ask)
	if err != nil || tr.Name != "Ask" || tr.ID == "" {
		t.Fatal(tr, err)
	}
	call := func() (trigger.Reply, error) {
		r, _, err := s.Call(t.Context(), "t", tr.ID, "token", []trigger.Pair{{Key: "a", Value: "b"}})
		return r, err
	}
	if _, err := call(); errs.ReasonOf(err) != "no_secret" {
		t.Fatal(err)
	}
	web.secret = "s"
	for _, x := range []struct {
		status  int
		answer  string
		err     error
		failure string
		texts   int
	}{
		{200, `{"contents":[{"msg":"b","order":2},{"msg":"a","order":1}]}`, nil, "", 2},
		{200, `{"contents":[]}`, nil, "", 0},
		{200, `{}`, nil, "invalid", 0},
		{200, `{"contents":[{"msg":"b"}]}`, nil, "invalid", 0},
		{200, `{"contents":[{"msg":"` + strings.Repeat("x", trigger.MaxText+1) + `","order":1}]}`, nil, "invalid", 0},
		{200, `no`, nil, "invalid", 0},
		{204, ``, nil, "invalid", 0},
		{0, ``, errs.New(errs.Unavailable, "timeout", "x"), "timeout", 0},
		{0, ``, errs.New(errs.Unavailable, "unreachable", "x"), "invalid", 0},
	} {
		web.status, web.answer, web.err = x.status, x.answer, x.err
		r, err := call()
		if err != nil || r.Failure != x.failure || len(r.Contents) != x.texts || x.texts > 1 && r.Contents[0].Msg != "a" {
			t.Errorf("%d %.80s gave %+v %v", x.status, x.answer, r, err)
		}
	}
	if web.body != `{"metadata":[{"key":"a","value":"b"}],"visitorToken":"token"}` {
		t.Fatal(web.body)
	}
	tr.Enabled = false
	if _, err := s.Save(t.Context(), admin, tr); err != nil {
		t.Fatal(err)
	}
	if _, err := call(); errs.ReasonOf(err) != "no_service" {
		t.Fatal("a trigger that is switched off was called", err)
	}
	if list, err := s.Enabled(t.Context(), "t"); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
}

func TestBadTriggersAreRefused(t *testing.T) {
	t.Parallel()
	s := trigger.New(&memory{}, &services{}, clock.NewStub(time.Unix(1e9, 0)))
	for want, change := range map[string]func(tr *trigger.Trigger){
		"bad_name":       func(tr *trigger.Trigger) { tr.Name = " " },
		"too_long":       func(tr *trigger.Trigger) { tr.Description = strings.Repeat("x", trigger.MaxText+1) },
		"bad_conditions": func(tr *trigger.Trigger) { tr.Conditions = nil },
		"bad_actions":    func(tr *trigger.Trigger) { tr.Actions = make([]trigger.Action, trigger.MaxParts+1) },
		"bad_condition":  func(tr *trigger.Trigger) { tr.Conditions[0].Value = "soon" },
		"bad_condition ": func(tr *trigger.Trigger) { tr.Conditions[0] = trigger.Condition{} },
		"bad_action":     func(tr *trigger.Trigger) { tr.Actions[0].Name = "dance" },
		"bad_url": func(tr *trigger.Trigger) {
			tr.Actions[0] = trigger.Action{Name: trigger.UseService, Params: trigger.Params{URL: "ftp://x", Timeout: 5}}
		},
		"bad_timeout": func(tr *trigger.Trigger) {
			tr.Actions[0] = trigger.Action{Name: trigger.UseService, Params: trigger.Params{URL: "https://x", Timeout: trigger.MaxTimeout + 1}}
		},
		"trigger_not_found": func(tr *trigger.Trigger) { tr.ID = "none" },
	} {
		tr := trigger.Trigger{Name: "x", Conditions: []trigger.Condition{{Name: trigger.TimeOnSite, Value: "1"}}, Actions: []trigger.Action{{Name: trigger.SendMessage, Params: trigger.Params{Msg: "x"}}}}
		change(&tr)
		if _, err := s.Save(t.Context(), admin, tr); errs.ReasonOf(err) != strings.TrimSpace(want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
