package call_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/media"
	"parlor/internal/robot"
	"parlor/internal/routing"
)

// tape is a recorder that notes what it is told.
type tape struct {
	full  bool
	notes []string
}

func (r *tape) Room() bool { return !r.full }

func (r *tape) Begin(c call.Call) bool { r.notes = append(r.notes, "begin"); return !r.full }

func (r *tape) Hear(s *call.Signal) { r.notes = append(r.notes, string(s.From)+" "+s.Type) }

func (r *tape) End(id.Call) { r.notes = append(r.notes, "end") }

// records gives a world a recorder and a rule.
func (w *world) records() (r *tape, rule *call.Rule) {
	r, rule = &tape{}, &call.Rule{Record: true, KeepDays: 7}
	w.Recorder, w.Rule = r, func(context.Context, conversation.Conversation) (call.Rule, error) { return *rule, nil }
	w.Files = media.New(w.store, w.clock, media.Options{Dir: w.t.TempDir(), Key: []byte("key")})
	return r, rule
}

// take is a file that a recorder has finished.
func (w *world) take(c call.Call, side actor.Kind) call.Take {
	path := filepath.Join(w.t.TempDir(), "take.webm")
	w.must(os.WriteFile(path, []byte("film"), 0o600))
	return call.Take{Tenant: "main", Call: c.ID, Side: side, Path: path, Offset: 250 * time.Millisecond, Length: 61 * time.Second, Size: 4, Video: true}
}

func TestARecordedCallGoesThroughTheRecorder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, _ := w.records()
	ctx := t.Context()
	j := w.invite(w.agent)
	if !j.Call.Recorded || !w.lines()[0].Recorded {
		t.Fatal("nobody is told that the call is recorded")
	}
	got, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	w.events = nil
	w.must(w.Pass(w.visitor, got.Call, got.Ticket, "ready", "{}"))
	w.must(w.Pass(w.agent, got.Call, j.Ticket, "offer", "{}"))
	for _, e := range w.events {
		if !slices.Equal(e.To, []event.Topic{event.ToNodes}) {
			t.Errorf("a signal goes to %v past the recorder", e.To)
		}
	}
	w.events = nil
	w.Say(got.Call, actor.Agent, call.Signal{Call: got.Call.ID, From: actor.Visitor, Type: "answer"})
	w.Say(got.Call, actor.Visitor, call.Signal{Call: got.Call.ID, From: actor.Agent, Type: "offer"})
	if w.events[0].To[0] != event.ToAgent("main", w.agent.Agent) || w.events[1].To[0] != event.ToVisitor("main", w.visitor.Visitor) {
		t.Errorf("the recorder speaks to %v and %v", w.events[0].To, w.events[1].To)
	}
	_, err = w.Leave(ctx, w.agent, j.Call.ID, false)
	w.must(err)
	if got := strings.Join(r.notes, ", "); got != "begin, visitor ready, agent offer, end" {
		t.Error(got)
	}
}

func TestWhatCannotBeRecordedIsNotBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, rule := w.records()
	ctx := t.Context()
	r.full = true
	_, err := w.Invite(ctx, w.agent, w.conv, call.Video)
	w.reason(err, errs.TooMany, "recorder_full")
	if len(w.lines()) != 0 {
		t.Fatal("a call that was refused is told of")
	}
	r.full = false
	j := w.invite(w.agent)
	r.full = true // taken by others until the answer
	_, err = w.Accept(ctx, w.visitor, j.Call.ID)
	w.reason(err, errs.TooMany, "recorder_full")
	got, err := w.store.Call(ctx, "main", j.Call.ID)
	w.must(err)
	if got.State != call.Aborted || got.Reason != call.Failed {
		t.Errorf("%+v", got)
	}
	rule.Record = false
	if j = w.invite(w.agent); j.Call.Recorded {
		t.Error("recorded against the rule")
	}
}

func TestRecordingsAreKeptForTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.records()
	ctx := t.Context()
	j := w.invite(w.agent)
	_, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	c, err := w.Leave(ctx, w.agent, j.Call.ID, false)
	w.must(err)
	for _, side := range []actor.Kind{actor.Visitor, actor.Agent} {
		w.must(w.Keep(ctx, w.take(c, side)))
	}
	gone := w.take(call.Call{ID: id.Call(id.New())}, actor.Agent)
	w.reason(w.Keep(ctx, gone), errs.NotFound, "call_not_found")
	if _, err = os.Stat(gone.Path); err != nil {
		t.Error("the file of an unknown call is lost before its owner decides")
	}
	list := func() []call.Record {
		t.Helper()
		got, err := w.Records(ctx, w.agent, []call.Call{c})
		w.must(err)
		return got[c.ID]
	}
	got := list()
	if len(got) != 2 || got[0].Side != actor.Agent || got[0].Offset != 250 || got[0].Length != 61_000 || got[0].Size != 4 || !got[0].Video || !got[0].Until.Equal(w.clock.Now().AddDate(0, 0, 7)) {
		t.Fatalf("%+v", got)
	}
	files := w.Files.(*media.Service)
	if o, err := files.Content(ctx, "main", got[0].File); err != nil || o.Type != "video/webm" || o.Body.Close() != nil {
		t.Fatal(o.Type, err)
	}
	w.must(w.Workers()[call.JobForget](ctx, job.Job{Tenant: "main", Payload: `{"c":"` + string(c.ID) + `","f":"` + string(got[0].File) + `"}`}))
	if left := list(); len(left) != 1 || left[0].File != got[1].File {
		t.Errorf("%+v", left)
	}
	_, err = files.Content(ctx, "main", got[0].File)
	w.reason(err, errs.NotFound, "file_not_found")
	w.reason(w.Erase(ctx, w.agent, c.ID), errs.Forbidden, "not_allowed")
	w.must(w.Erase(ctx, w.boss, c.ID))
	w.must(w.Erase(ctx, w.boss, c.ID))
	w.reason(w.Erase(ctx, w.boss, "x"), errs.NotFound, "call_not_found")
	if left := list(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

// TestRecordingsAreForThoseWhoMaySeeTheConversation: who took part in a call and lost
// sight of the conversation neither hears nor deletes its recordings.
func TestRecordingsAreForThoseWhoMaySeeTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.records()
	ctx := t.Context()
	j := w.invite(w.agent)
	_, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	c, err := w.Leave(ctx, w.agent, j.Call.ID, false)
	w.must(err)
	w.must(w.Keep(ctx, w.take(c, actor.Agent)))
	talk, err := w.talks.Conversation(ctx, w.agent, w.conv)
	w.must(err)
	_, err = w.store.Assign(ctx, routing.AssignInput{Tenant: "main", Conversation: w.conv, Version: talk.Version, From: w.agent.Agent, To: w.other.Agent, Force: true, At: w.clock.Now(),
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: w.conv, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineTransferred}, At: w.clock.Now()}})
	w.must(err)
	bound := w.boss
	bound.Bound = true
	for _, x := range []struct {
		who  actor.Actor
		want int
	}{{w.agent, 0}, {bound, 0}, {w.other, 1}, {w.boss, 1}} {
		got, err := w.Records(ctx, x.who, []call.Call{c, c})
		w.must(err)
		if len(got[c.ID]) != x.want {
			t.Errorf("%s gets %d recordings, want %d", x.who.Name, len(got[c.ID]), x.want)
		}
	}
	w.reason(w.Erase(ctx, bound, c.ID), errs.NotFound, "call_not_found")
	_, err = w.Watch(ctx, w.agent, c.ID)
	w.reason(err, errs.NotFound, "call_not_found")
	got, err := w.Watch(ctx, w.other, c.ID)
	w.must(err)
	noted, _, err := w.store.Audit(ctx, "main", audit.Filter{Thing: "recording", Limit: 9})
	w.must(err)
	if len(got) != 1 || len(noted) != 1 || noted[0].Action != "read" || noted[0].ByName != w.other.Name {
		t.Errorf("%+v %+v", got, noted)
	}
	if got, err := w.Records(ctx, w.boss, []call.Call{c}); err != nil || len(got[c.ID]) != 1 {
		t.Error(got, err)
	}
}

// forgetful is a store that cannot write recordings down.
type forgetful struct{ call.Store }

func (forgetful) AddRecord(context.Context, id.Tenant, id.Conversation, call.Record, job.Job) error {
	return os.ErrDeadlineExceeded
}

func TestAFileThatNobodyKnowsOfIsNotLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.records()
	dir := t.TempDir()
	w.Files = media.New(w.store, w.clock, media.Options{Dir: dir, Key: []byte("key")})
	j := w.invite(w.agent)
	w.Store = forgetful{w.store}
	if err := w.Keep(t.Context(), w.take(j.Call, actor.Agent)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	w.must(filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s is left", path)
		}
		return err
	}))
}

func TestARobotIsNotCalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	bo, err := w.store.SaveRobot(ctx, robot.Robot{ID: id.New(), Tenant: "main", Agent: id.NewRobot(), Name: "Bo", Active: true}, 1, audit.None)
	w.must(err)
	in := conversation.StartInput{Channel: "web"}
	in.Enter.Robot = &conversation.Robot{Agent: bo.Agent, Name: bo.Name, Decision: "{}",
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineAssigned}, At: w.clock.Now()}}
	c, _, err := w.talks.Start(ctx, w.stranger, in)
	w.must(err)
	if !c.Bot {
		t.Fatalf("%+v", c)
	}
	_, err = w.Invite(ctx, w.stranger, c.ID, call.Voice)
	w.reason(err, errs.Conflict, "no_agent")
}
