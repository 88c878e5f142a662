package report_test

import (
	"fmt"
	"log/slog"
	"os"
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

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// at is a moment so many seconds after the start.
func at(seconds int) time.Time { return storetest.T0.Add(time.Duration(seconds) * time.Second) }

func said(kind actor.Kind, seconds int) conversation.Message {
	return conversation.Message{Kind: conversation.Text, From: conversation.Author{Kind: kind, ID: "a"}, At: at(seconds)}
}

func line(name string, seconds int) conversation.Message {
	return conversation.Message{Kind: conversation.Event, Line: &conversation.Line{Name: name, Agent: "a"}, At: at(seconds)}
}

func TestFactOf(t *testing.T) {
	t.Parallel()
	closed := at(100)
	c := conversation.Conversation{ID: "c", CreatedAt: storetest.T0, ClosedAt: &closed, EndBy: conversation.EndByAgent}
	for name, x := range map[string]struct {
		list []conversation.Message
		end  conversation.EndBy
		want string
	}{
		"nothing said": {nil, conversation.EndByVisitor, "wait -1ns first -1ns reaction -1ns 0 in 0s longest 0s service 0s messages 0 transfers 0 abandoned true"},
		"usual": {[]conversation.Message{said(actor.Visitor, 1), line(conversation.LineAssigned, 5), said(actor.Visitor, 6), said(actor.Agent, 11), said(actor.Agent, 12), said(actor.Visitor, 20),
			said(actor.Agent, 50), line(conversation.LineClosed, 100)}, conversation.EndByAgent,
			"wait 5s first 10s reaction 6s 2 in 40s longest 30s service 1m35s messages 6 transfers 0 abandoned false"},
		"the agent speaks first": {[]conversation.Message{line(conversation.LineAssigned, 2), said(actor.Agent, 4)}, conversation.EndByTimeout,
			"wait 2s first 4s reaction 2s 1 in 4s longest 4s service 1m38s messages 1 transfers 0 abandoned true"},
		"transferred": {[]conversation.Message{line(conversation.LineAssigned, 2), line(conversation.LineTransferred, 8), said(actor.Agent, 9)}, conversation.EndByAgent,
			"wait 2s first 9s reaction 7s 1 in 9s longest 9s service 1m38s messages 1 transfers 1 abandoned false"},
	} {
		c.EndBy = x.end
		f := report.FactOf(c, x.list, at(1000), nil)
		got := fmt.Sprintf("wait %v first %v reaction %v %d in %v longest %v service %v messages %d transfers %d abandoned %v", f.Wait, f.First, f.Reaction, f.Responses, f.Response,
			f.Longest, f.Service, f.Messages, f.Transfers, f.Abandoned)
		if got != x.want || f.Duration != 100*time.Second {
			t.Errorf("%s:\n got %s\nwant %s", name, got, x.want)
		}
	}
}

// TestWordsOfProgramsAreNoAnswers: they are counted, but the visitor still waits.
func TestWordsOfProgramsAreNoAnswers(t *testing.T) {
	t.Parallel()
	c := conversation.Conversation{ID: "c", CreatedAt: storetest.T0}
	list := []conversation.Message{line(conversation.LineAssigned, 1), said(actor.Visitor, 2), said(actor.Agent, 3), line(conversation.LineTransferred, 5), said(actor.Agent, 12)}
	list[4].From.ID = "b"
	f := report.FactOf(c, list, at(100), map[id.Agent]bool{"a": true})
	if f.First != 10*time.Second || f.Responses != 1 || f.Messages != 3 || f.FromAgent != 2 {
		t.Fatalf("%+v", f)
	}
	f = report.FactOf(c, list, at(100), nil)
	if f.First != time.Second || f.FromAgent != 2 {
		t.Fatalf("%+v", f)
	}
}

func TestSumsOfEndedAndRunningConversations(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w, o := storetest.NewWorld(t, st, "main"), storetest.NewWorld(t, st, "other")
		help := w.Team("help")
		ann := w.Ready("ann", 50, help)
		o.Start("foreign", "")
		a, b := w.Start("a", help), w.Start("b", "")
		w.Append(w.Say(a, "hello"))
		w.Assign(a, ann)
		w.Append(w.Answer(a, ann, "hi"))
		w.Now = w.Now.Add(10 * time.Minute)
		w.Close(a)
		w.Append(w.Say(b, "anybody?"))
		s := report.New(st, clock.NewStub(w.Now), slog.New(slog.DiscardHandler))
		boss := actor.Actor{Kind: actor.Agent, Tenant: "main", Permissions: []actor.Permission{actor.SeeAll}}
		q := report.Query{From: storetest.T0.Add(-time.Hour), To: storetest.T0.Add(time.Hour)}
		text := func(q report.Query) string {
			t.Helper()
			list, err := s.Sums(t.Context(), boss, q)
			if err != nil {
				t.Fatal(err)
			}
			out := ""
			for _, m := range list {
				key := m.Key
				if key == string(help) {
					key = "help"
				}
				if key == string(ann) {
					key = "ann"
				}
				out += fmt.Sprintf("%s:%d closed %d open %d queued %d messages %d first %d duration %v; ", key, m.Count, m.Closed, m.Open, m.Queued, m.Messages, m.First.N, m.Duration.Average())
			}
			return out
		}
		for group, want := range map[report.Group]string{
			report.Whole:     ":2 closed 1 open 0 queued 1 messages 3 first 1 duration 10m0s; ",
			report.ByTeam:    ":1 closed 0 open 0 queued 1 messages 1 first 0 duration 0s; help:1 closed 1 open 0 queued 0 messages 2 first 1 duration 10m0s; ",
			report.ByAgent:   ":1 closed 0 open 0 queued 1 messages 1 first 0 duration 0s; ann:1 closed 1 open 0 queued 0 messages 2 first 1 duration 10m0s; ",
			report.ByHour:    "3:2 closed 1 open 0 queued 1 messages 3 first 1 duration 10m0s; ",
			report.ByDay:     "2026-01-02:2 closed 1 open 0 queued 1 messages 3 first 1 duration 10m0s; ",
			report.ByChannel: "web:2 closed 1 open 0 queued 1 messages 3 first 1 duration 10m0s; ",
		} {
			q.Group = group
			if got := text(q); got != want {
				t.Errorf("by %q: %s\nwant %s", group, got, want)
			}
		}
		q.Group, q.Team = report.Whole, help
		if got := text(q); got != ":1 closed 1 open 0 queued 0 messages 2 first 1 duration 10m0s; " {
			t.Error("of a team:", got)
		}
		q.Team, q.Group, q.Offset = "", report.ByDay, -4*time.Hour
		if got := text(q); got[:10] != "2026-01-01" {
			t.Error("in another zone:", got)
		}
		n, err := s.Visitors(t.Context(), boss, q)
		if err != nil || n != 2 {
			t.Fatal(n, err)
		}
		q.To = q.From.Add(time.Minute)
		if got := text(q); got != "" {
			t.Error("before anything happened:", got)
		}
		boss.Permissions = nil
		if _, err := s.Sums(t.Context(), boss, q); errs.CodeOf(err) != errs.Forbidden {
			t.Fatal(err)
		}
	})
}
