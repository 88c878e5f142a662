package report_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/report"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func given(name, agent string, seconds int) conversation.Message {
	m := line(name, seconds)
	m.Line.Agent = id.Agent(agent)
	return m
}

func by(agent string, seconds int) conversation.Message {
	m := said(actor.Agent, seconds)
	m.From.ID = agent
	return m
}

// TestPartsBelongToWhoHadIt: what was said before a transfer counts for the first
// agent, after it for the second, and nobody answers for the time before.
func TestPartsBelongToWhoHadIt(t *testing.T) {
	t.Parallel()
	closed := at(100)
	text := func(list []report.Part) string {
		out := ""
		for _, p := range list {
			out += fmt.Sprintf("%s %v-%v first %v %d in %v longest %v visitor %d agent %d system %d ended %v in %v out %v; ", p.Agent, p.From.Sub(storetest.T0), p.Until.Sub(storetest.T0),
				p.First, p.Responses, p.Response, p.Longest, p.FromVisitor, p.FromAgent, p.FromSystem, p.Ended, p.In, p.Out)
		}
		return out
	}
	reminder := line(conversation.LineIdle, 50)
	reminder.Line.Text = "Are you there?"
	note := by("a", 12)
	note.Kind = conversation.Note
	for name, x := range map[string]struct {
		list []conversation.Message
		want string
	}{
		"nobody": {[]conversation.Message{said(actor.Visitor, 1), line(conversation.LineClosed, 100)}, ""},
		"one": {[]conversation.Message{said(actor.Visitor, 1), given(conversation.LineAssigned, "a", 5), note, by("a", 15), said(actor.Visitor, 20), said(actor.Visitor, 25), by("a", 30), reminder, line(conversation.LineClosed, 100)},
			"a 5s-1m40s first 10s 2 in 20s longest 10s visitor 3 agent 2 system 1 ended true in false out false; "},
		"handed on": {[]conversation.Message{given(conversation.LineAssigned, "a", 5), said(actor.Visitor, 10), given(conversation.LineTransferred, "b", 40), by("a", 42), by("b", 45), line(conversation.LineClosed, 100)},
			"a 5s-40s first -1ns 0 in 0s longest 0s visitor 1 agent 0 system 0 ended false in false out true; b 40s-1m40s first 2s 1 in 2s longest 2s visitor 0 agent 2 system 0 ended true in true out false; "},
		"back to the queue": {[]conversation.Message{given(conversation.LineAssigned, "a", 5), given(conversation.LineTransferred, "", 20), given(conversation.LineAssigned, "b", 30), line(conversation.LineIdleEnd, 90)},
			"a 5s-20s first -1ns 0 in 0s longest 0s visitor 0 agent 0 system 0 ended false in false out true; b 30s-1m30s first -1ns 0 in 0s longest 0s visitor 0 agent 0 system 0 ended true in true out false; "},
	} {
		if got := text(report.PartsOf(conversation.Conversation{ID: "c", ClosedAt: &closed}, x.list, nil)); got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, x.want)
		}
	}
	bot := report.PartsOf(conversation.Conversation{ID: "c"}, []conversation.Message{given(conversation.LineAssigned, "a", 1), said(actor.Visitor, 2), by("a", 3)}, map[id.Agent]bool{"a": true})
	if len(bot) != 1 || bot[0].First >= 0 || bot[0].FromAgent != 1 || !bot[0].Until.IsZero() || !bot[0].Valid() {
		t.Errorf("%+v", bot)
	}
}

func TestPartsAndToday(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := storetest.NewWorld(t, st, "main")
		help := w.Team("help")
		ann := w.Ready("ann", 3, help)
		a, b, c := w.Start("a", help), w.Start("b", help), w.Start("c", "")
		w.Now = w.Now.Add(5 * time.Second)
		for _, c := range []conversation.Conversation{a, b} {
			in := w.AssignInput(c, ann)
			in.Line.Line.Agent = ann
			if _, err := st.Assign(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		w.Append(w.Say(a, "hello"))
		w.Append(w.Answer(a, ann, "hi"))
		w.Now = w.Now.Add(10 * time.Minute)
		w.Close(a)
		s := report.New(st, clock.NewStub(w.Now), slog.New(slog.DiscardHandler))
		boss := actor.Actor{Kind: actor.Agent, Tenant: "main", Permissions: []actor.Permission{actor.SeeAll}}
		q := report.Query{From: storetest.T0.Add(-time.Hour), To: storetest.T0.Add(time.Hour), Group: report.ByAgent}
		list, err := s.Parts(t.Context(), boss, q)
		if err != nil || len(list) != 1 || list[0].Key != string(ann) || list[0].Accepted != 2 || list[0].Ended != 1 || list[0].Valid != 1 || list[0].First.N != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		q.To = storetest.T0.Add(-time.Minute)
		if list, err = s.Parts(t.Context(), boss, q); err != nil || len(list) != 0 {
			t.Fatalf("%+v %v", list, err)
		}
		m, err := s.Today(t.Context(), boss, 0)
		if err != nil || m.Accepted != 2 || m.Serving != 1 || m.Waiting != 1 || m.MostWaiting != 3 || m.Places != 3*m.SignedIn {
			t.Fatalf("%+v %v of %s", m, err, c.ID)
		}
		// In a zone where the day has begun only now nothing has happened yet.
		if m, err = s.Today(t.Context(), boss, -w.Now.UTC().Sub(w.Now.UTC().Truncate(24*time.Hour))); err != nil || m.Accepted != 0 || m.Waiting != 0 {
			t.Fatalf("%+v %v", m, err)
		}
		q.From = q.To.AddDate(0, 0, -report.MostDays-2)
		if _, err := s.Parts(t.Context(), boss, q); errs.ReasonOf(err) != "too_long" {
			t.Error(err)
		}
		boss.Permissions = nil
		if _, err := s.States(t.Context(), boss, q); errs.CodeOf(err) != errs.Forbidden {
			t.Error(err)
		}
	})
}
