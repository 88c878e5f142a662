package survey_test

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
	"parlor/internal/setting"
	"parlor/internal/store/storetest"
	"parlor/internal/survey"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// desk knows one conversation and the form of its inbox.
type desk struct {
	talk survey.Talk
	form setting.Survey
}

func (d *desk) Talk(_ context.Context, who actor.Actor, c id.Conversation) (survey.Talk, error) {
	if c != d.talk.Conversation || who.Tenant != d.talk.Tenant || who.Kind == actor.Visitor && who.Visitor != d.talk.Visitor {
		return survey.Talk{}, errs.New(errs.NotFound, "conversation_not_found", "There is no such conversation.")
	}
	return d.talk, nil
}

func (d *desk) Survey(context.Context, id.Tenant, id.Inbox) (setting.Survey, error) {
	return d.form, nil
}

type events struct{ asked, answered int }

func (e *events) Publish(x *event.Event) {
	if x.Data.(*survey.Changed).Ask {
		e.asked++
	} else {
		e.answered++
	}
}

type fixture struct {
	*survey.Service
	*desk
	t            *testing.T
	clock        *clock.Stub
	events       *events
	visitor, lin actor.Actor
	conv         id.Conversation
}

func setup(t *testing.T) *fixture {
	t.Helper()
	st := storetest.SQLite(t)
	w := storetest.NewWorld(t, st, "main")
	lin := w.Ready("lin", 3)
	c := w.Start("Vera", "")
	w.Assign(c, lin)
	f := &fixture{t: t, clock: clock.NewStub(storetest.T0), events: &events{}, conv: c.ID,
		desk:    &desk{talk: survey.Talk{Conversation: c.ID, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: c.Visitor, VisitorName: "Vera", Agent: lin, AgentName: "Lin"}},
		visitor: actor.Actor{Kind: actor.Visitor, Tenant: w.Tenant, Inbox: w.Inbox, Visitor: c.Visitor},
		lin:     actor.Actor{Kind: actor.Agent, Tenant: w.Tenant, Agent: lin, Name: "Lin"}}
	f.Service = survey.New(st, f.desk, f.desk, f.events, f.clock, []byte("key"))
	return f
}

func (f *fixture) reason(err error, want string) {
	f.t.Helper()
	if err == nil || errs.ReasonOf(err) != want {
		f.t.Fatalf("%v, want %q", err, want)
	}
}

// Row 75: one answer, which its visitor may change for 24 hours.
func TestRow75OneAnswerEditableForADay(t *testing.T) {
	t.Parallel()
	f := setup(t)
	got, err := f.Of(t.Context(), f.lin, f.conv)
	if err != nil || got.Level != "" || got.Asked {
		t.Fatalf("%+v %v", got, err)
	}
	if _, err = f.Ask(t.Context(), f.lin, f.conv); err != nil || f.events.asked != 1 {
		t.Fatal(err, f.events)
	}
	for name, c := range map[string]struct {
		who    actor.Actor
		answer survey.Answer
		want   string
	}{
		"by the agent":   {f.lin, survey.Answer{Level: "1"}, "visitors_only"},
		"by a stranger":  {actor.Actor{Kind: actor.Visitor, Tenant: "main", Visitor: "x"}, survey.Answer{Level: "1"}, "conversation_not_found"},
		"unknown level":  {f.visitor, survey.Answer{Level: "77"}, "unknown_level"},
		"unknown reason": {f.visitor, survey.Answer{Level: "3", Reasons: []string{"99"}}, "unknown_reason"},
		"long comment":   {f.visitor, survey.Answer{Level: "3", Comment: strings.Repeat("长", 1001)}, "comment_too_long"},
	} {
		if _, err := f.Answer(t.Context(), c.who, f.conv, c.answer); errs.ReasonOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "4", Reasons: []string{"02", "02"}, Comment: " slow\x00 "})
	if err != nil || got.Score != 40 || len(got.Reasons) != 1 || got.Comment != "slow" || got.Agent != f.lin.Agent {
		t.Fatalf("%+v %v", got, err)
	}
	_, err = f.Ask(t.Context(), f.lin, f.conv)
	f.reason(err, "survey_answered")
	f.clock.Advance(survey.EditFor)
	if got, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "1"}); err != nil || got.Score != 100 || !got.AnsweredAt.Equal(storetest.T0) {
		t.Fatalf("%+v %v", got, err)
	}
	f.clock.Advance(time.Millisecond)
	_, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "5"})
	f.reason(err, "survey_answered")
	if f.events.answered != 2 {
		t.Fatalf("%d answers were announced", f.events.answered)
	}
	list, err := f.Tally(t.Context(), f.lin, 30)
	if err != nil || len(list) != 1 || list[0] != (survey.Tally{Level: "1", Count: 1}) {
		t.Fatalf("%v %v", list, err)
	}
}

// Row 75, S12: a link is signed, answers once, ends a week after the conversation,
// and only the browser that answered sees and changes the answer.
func TestRow75SignedLink(t *testing.T) {
	t.Parallel()
	f := setup(t)
	link := f.Link("main", f.conv)
	for _, forged := range []string{"", "x", link + "x", link[:len(link)-1], "other" + link[4:], "main." + string(f.conv) + ".", strings.Repeat("a", 400)} {
		_, err := f.Open(t.Context(), forged, "")
		f.reason(err, "survey_not_found")
		_, _, err = f.AnswerLink(t.Context(), forged, "", survey.Answer{Level: "1"})
		f.reason(err, "survey_not_found")
	}
	o, err := f.Open(t.Context(), link, "")
	if err != nil || !o.Editable || o.Survey.Level != "" {
		t.Fatalf("%+v %v", o, err)
	}
	_, edit, err := f.AnswerLink(t.Context(), link, "", survey.Answer{Level: "2", Comment: "private"})
	if err != nil || edit == "" {
		t.Fatal(err)
	}
	_, _, err = f.AnswerLink(t.Context(), link, "", survey.Answer{Level: "5"})
	f.reason(err, "survey_answered")
	if o, err = f.Open(t.Context(), link, "guess"); err != nil || o.Editable || o.Survey.Level != "" || o.Survey.Comment != "" {
		t.Fatalf("somebody else sees the answer: %+v %v", o, err)
	}
	if o, err = f.Open(t.Context(), link, edit); err != nil || !o.Editable || o.Survey.Comment != "private" {
		t.Fatalf("%+v %v", o, err)
	}
	f.clock.Advance(time.Hour)
	if got, _, err := f.AnswerLink(t.Context(), link, edit, survey.Answer{Level: "3"}); err != nil || got.Level != "3" {
		t.Fatalf("%+v %v", got, err)
	}
	f.clock.Advance(survey.EditFor)
	_, _, err = f.AnswerLink(t.Context(), link, edit, survey.Answer{Level: "1"})
	f.reason(err, "survey_answered")
	f.talk.Closed, f.talk.ClosedAt = true, f.clock.Now()
	f.clock.Advance(survey.LinkFor)
	if _, err = f.Open(t.Context(), link, ""); err != nil {
		t.Fatal(err)
	}
	if err = f.MayAnswer(t.Context(), f.visitor, f.conv); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Millisecond)
	_, err = f.Open(t.Context(), link, "")
	f.reason(err, "survey_not_found")
	f.reason(f.MayAnswer(t.Context(), f.visitor, f.conv), "survey_late")
	_, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "1"})
	f.reason(err, "survey_late")
}

func TestRow75WhoMayAsk(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, c := range map[string]struct {
		who  actor.Actor
		want string
	}{
		"a colleague":   {actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "bo"}, "not_your_conversation"},
		"a supervisor":  {actor.Actor{Kind: actor.Agent, Tenant: "main", Agent: "bo", Permissions: []actor.Permission{actor.Manage}}, ""},
		"the system":    {actor.ForSystem("main"), ""},
		"the visitor":   {f.visitor, "not_your_conversation"},
		"other company": {actor.ForSystem("other"), "conversation_not_found"},
	} {
		if _, err := f.Ask(t.Context(), c.who, f.conv); (err != nil || c.want != "") && errs.ReasonOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.form.Disabled = true
	_, err := f.Ask(t.Context(), f.lin, f.conv)
	f.reason(err, "survey_disabled")
	_, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "1"})
	f.reason(err, "survey_disabled")
	f.form.Disabled, f.form.NoComment, f.talk.Agent = false, true, ""
	_, err = f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "1"})
	f.reason(err, "nobody_to_rate")
	f.talk.Agent = f.lin.Agent
	if got, err := f.Answer(t.Context(), f.visitor, f.conv, survey.Answer{Level: "1", Comment: "x"}); err != nil || got.Comment != "" {
		t.Fatalf("%+v %v", got, err)
	}
	_, _, err = f.List(t.Context(), f.visitor, survey.Filter{})
	f.reason(err, "agents_only")
}
