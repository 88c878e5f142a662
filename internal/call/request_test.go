package call_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/routing"
)

// stand starts a conversation of the second visitor, which nobody has yet.
func (w *world) stand() conversation.Conversation {
	w.t.Helper()
	c, _, err := w.talks.Start(w.t.Context(), w.stranger, conversation.StartInput{Channel: "video"})
	w.must(err)
	return c
}

// assign gives a conversation to an agent and tells of it.
func (w *world) assign(c id.Conversation, to actor.Actor) {
	w.t.Helper()
	got, err := w.talks.Conversation(w.t.Context(), actor.ForSystem("main"), c)
	w.must(err)
	if got.Status == conversation.Open {
		_, err = w.store.Requeue(w.t.Context(), routing.RequeueInput{Tenant: "main", Conversation: c, Version: got.Version, At: w.clock.Now(),
			Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: c, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineQueued}, At: w.clock.Now()}})
		w.must(err)
		got, err = w.talks.Conversation(w.t.Context(), actor.ForSystem("main"), c)
		w.must(err)
	}
	_, err = w.store.Assign(w.t.Context(), routing.AssignInput{Tenant: "main", Conversation: c, Version: got.Version, To: to.Agent, Force: true, At: w.clock.Now(),
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: c, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineAssigned}, At: w.clock.Now()}})
	w.must(err)
}

// look runs the job of a request; again says that it wants to run once more.
func (w *world) look(c id.Conversation) (again bool) {
	w.t.Helper()
	return w.Workers()[call.JobRequest](w.t.Context(), job.Job{Tenant: "main", Payload: `{"c":"` + string(c) + `"}`}) != nil
}

func (w *world) running(c id.Conversation) (call.Call, bool) {
	w.t.Helper()
	got, ok, err := w.store.RunningCall(w.t.Context(), "main", c)
	w.must(err)
	return got, ok
}

func TestARequestedCallBeginsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.stand()
	r, err := w.Ask(ctx, w.stranger, call.AskInput{Conversation: c.ID, Source: call.SourceRelated, Related: w.conv, Own: true})
	w.must(err)
	if r.Related != "" || !r.Own || r.Round != 1 {
		t.Fatalf("a conversation of another visitor was linked: %+v", r)
	}
	if again := w.look(c.ID); !again {
		t.Fatal("nobody has it and the job gave up")
	}
	r, err = w.Ask(ctx, w.stranger, call.AskInput{Conversation: c.ID})
	w.must(err)
	said, err := w.talks.Messages(ctx, w.stranger, c.ID, conversation.Range{Limit: 50})
	w.must(err)
	if len(said) != 1 || r.Round != 1 || !r.Own || r.Source != call.SourceRelated {
		t.Fatalf("who waits and asks again is told twice: %+v %+v", said, r)
	}
	w.assign(c.ID, w.agent)
	if again := w.look(c.ID); again {
		t.Fatal("the call was not begun")
	}
	got, ok := w.running(c.ID)
	if !ok || got.By != actor.Visitor || got.Agent != w.agent.Agent || got.Kind != call.Video {
		t.Fatalf("%+v %v", got, ok)
	}
	w.look(c.ID)
	_, err = w.Leave(ctx, w.agent, got.ID, false)
	w.must(err)
	w.look(c.ID)
	if got, ok = w.running(c.ID); ok {
		t.Fatalf("an agent who has declined is called again: %+v", got)
	}

	// Asked again, it rings again; the next agent is called after the first is lost.
	r, err = w.Ask(ctx, w.stranger, call.AskInput{Conversation: c.ID})
	w.must(err)
	if got, ok = w.running(c.ID); !ok || r.Round != 2 {
		t.Fatal("asked again, nobody is called")
	}
	_, err = w.Accept(ctx, w.agent, got.ID)
	w.must(err)
	w.assign(c.ID, w.other)
	if ended, _ := w.watch(got); ended.Reason != call.AgentLost {
		t.Fatalf("%+v", ended)
	}
	w.look(c.ID)
	if got, ok = w.running(c.ID); !ok || got.Agent != w.other.Agent {
		t.Fatalf("the next agent is not called: %+v", got)
	}
}

func TestRunServesRequestsWhoseConversationsMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.stand()
	_, err := w.Ask(t.Context(), w.stranger, call.AskInput{Conversation: c.ID})
	w.must(err)
	w.assign(c.ID, w.agent)
	told := make(chan call.Call, 1)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	w.Events = publisher(func(e *event.Event) {
		if d, ok := e.Data.(*call.Changed); ok {
			told <- d.Call
		}
	})
	go func() { done <- w.Run(ctx) }()
	w.Heed(&event.Event{Tenant: "main", Data: &conversation.Changed{Conversation: conversation.Conversation{ID: w.conv}}})
	w.Heed(&event.Event{Tenant: "main", Data: &conversation.Changed{Conversation: conversation.Conversation{ID: c.ID}}})
	if got := <-told; got.Conversation != c.ID || got.State != call.Inviting {
		t.Fatalf("%+v", got)
	}
	stop()
	w.must(<-done)
}

func TestTheVisitorFinishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.stand()
	err := w.Finish(ctx, w.stranger, c.ID)
	w.reason(err, errs.NotFound, "call_request_not_found")
	_, err = w.Ask(ctx, w.stranger, call.AskInput{Conversation: c.ID, Own: true})
	w.must(err)
	w.assign(c.ID, w.agent)
	w.look(c.ID)
	for _, who := range []actor.Actor{w.visitor, w.other} {
		w.reason(w.Finish(ctx, who, c.ID), errs.NotFound, "conversation_not_found")
	}
	w.reason(w.Finish(ctx, w.agent, c.ID), errs.Forbidden, "visitors_only")
	w.must(w.Finish(ctx, w.stranger, c.ID))
	w.must(w.Finish(ctx, w.stranger, c.ID))
	if _, ok := w.running(c.ID); ok {
		t.Fatal("the call goes on")
	}
	talk, err := w.talks.Conversation(ctx, w.stranger, c.ID)
	w.must(err)
	if talk.Status != conversation.Closed || talk.EndBy != conversation.EndByVisitor {
		t.Fatalf("%+v", talk)
	}
	_, err = w.Ask(ctx, w.stranger, call.AskInput{Conversation: c.ID})
	w.reason(err, errs.Conflict, "conversation_closed")

	// A conversation that was there before goes on.
	_, err = w.Ask(ctx, w.visitor, call.AskInput{Conversation: w.conv})
	w.must(err)
	if got, ok := w.running(w.conv); !ok || got.State != call.Inviting {
		t.Fatal("whoever has the conversation is not called at once")
	}
	w.must(w.Finish(ctx, w.visitor, w.conv))
	talk, err = w.talks.Conversation(ctx, w.visitor, w.conv)
	w.must(err)
	if _, ok := w.running(w.conv); ok || talk.Status != conversation.Open {
		t.Fatalf("%v %+v", ok, talk)
	}
}

func TestARequestIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for _, x := range []struct {
		who    actor.Actor
		in     call.AskInput
		code   errs.Code
		reason string
	}{
		{w.visitor, call.AskInput{Conversation: w.conv, Source: "advert"}, errs.Invalid, "bad_source"},
		{w.visitor, call.AskInput{Conversation: w.conv, Task: strings.Repeat("七", 129)}, errs.Invalid, "bad_task"},
		{w.stranger, call.AskInput{Conversation: w.conv}, errs.NotFound, "conversation_not_found"},
		{w.agent, call.AskInput{Conversation: w.conv}, errs.Forbidden, "visitors_only"},
	} {
		_, err := w.Ask(ctx, x.who, x.in)
		w.reason(err, x.code, x.reason)
	}
	off := call.New(call.Deps{Store: w.store, Conversations: w.talks, Clock: w.clock, Off: true, Log: slog.New(slog.DiscardHandler)})
	_, err := off.Ask(ctx, w.visitor, call.AskInput{Conversation: w.conv})
	w.reason(err, errs.Forbidden, "calls_off")
	_, err = w.Requested(ctx, w.visitor, w.conv)
	w.reason(err, errs.NotFound, "call_request_not_found")
}

func TestACallBackIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.Ask(ctx, w.visitor, call.AskInput{Conversation: w.conv})
	w.must(err)
	first, _ := w.running(w.conv)
	_, err = w.Leave(ctx, w.agent, first.ID, false)
	w.must(err)
	w.clock.Advance(time.Second)
	j := w.invite(w.agent)
	_, err = w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	var names []string
	for _, l := range w.lines() {
		if !l.Asked {
			t.Errorf("%+v does not say what it belongs to", l)
		}
		names = append(names, l.Name+l.Reason)
	}
	if got := strings.Join(names, " "); got != "call_asked called call_endeddeclined called call_answered" {
		t.Fatal(got)
	}
}
