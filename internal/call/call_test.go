package call_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/bus/memory"
	"parlor/internal/call"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/routing"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
	"parlor/internal/visitor"
)

// world is a visitor's conversation that is open with an agent.
type world struct {
	*call.Service
	t      *testing.T
	store  *store.Store
	talks  *conversation.Service
	clock  *clock.Stub
	events []*event.Event

	visitor, stranger, agent, other, boss actor.Actor
	conv                                  id.Conversation
}

type noFiles struct{}

func (noFiles) ForMessage(context.Context, actor.Actor, id.File) (conversation.File, error) {
	return conversation.File{}, errors.New("no files here")
}

func newWorld(t *testing.T) *world {
	t.Helper()
	st, b := storetest.SQLite(t), memory.New()
	w := &world{t: t, store: st, clock: clock.NewStub(time.Now().Truncate(time.Second))}
	accounts := account.New(st, b, w.clock)
	_, err := accounts.Setup(t.Context())
	w.must(err)
	add := func(name string, role account.Role) actor.Actor {
		a, err := accounts.AddAgent(t.Context(), account.NewAgent{Tenant: "main", Email: name + "@example.com", Name: name, Password: "correct horse", Role: role})
		w.must(err)
		return account.Login{Agent: a}.Actor()
	}
	w.agent, w.other, w.boss = add("lin", account.Member), add("bo", account.Member), add("cy", account.Supervisor)
	visitors := visitor.New(st, b, w.clock, []byte("key"))
	for _, who := range []*actor.Actor{&w.visitor, &w.stranger} {
		v, err := visitors.Arrive(t.Context(), "", visitor.Visitor{Tenant: "main", Inbox: "main", Name: "Ann"})
		w.must(err)
		*who = v.Actor()
	}
	w.talks = conversation.New(st, noFiles{}, b, w.clock)
	c, _, err := w.talks.Start(t.Context(), w.visitor, conversation.StartInput{Channel: "web"})
	w.must(err)
	_, err = st.Assign(t.Context(), routing.AssignInput{Tenant: "main", Conversation: c.ID, Version: c.Version, To: w.agent.Agent, Force: true, At: w.clock.Now(),
		Line: conversation.Message{ID: id.Message(id.New()), Tenant: "main", Conversation: c.ID, Kind: conversation.Event, Line: &conversation.Line{Name: conversation.LineAssigned}, At: w.clock.Now()}})
	w.must(err)
	w.conv = c.ID
	servers := func(c id.Call, side actor.Kind) []call.Server {
		return []call.Server{{URLs: []string{"turn:x"}, Username: string(c) + string(side)}}
	}
	w.Service = call.New(call.Deps{Store: st, Conversations: w.talks, Events: b, Clock: w.clock, Servers: servers, Key: []byte("key"), Pictures: ours{}, Log: slog.New(slog.DiscardHandler)})
	b.Subscribe(func(e *event.Event) { w.events = append(w.events, e); w.Heed(e) })
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reason(err error, code errs.Code, reason string) {
	w.t.Helper()
	if errs.CodeOf(err) != code || errs.ReasonOf(err) != reason {
		w.t.Fatalf("error = %v, want %s %s", err, code, reason)
	}
}

func (w *world) invite(who actor.Actor) call.Joined {
	w.t.Helper()
	j, err := w.Invite(w.t.Context(), who, w.conv, call.Video)
	w.must(err)
	return j
}

// watch runs the job of a call; again says that it wants to run once more.
func (w *world) watch(c call.Call) (got call.Call, again bool) {
	w.t.Helper()
	err := w.Workers()[call.JobWatch](w.t.Context(), job.Job{Tenant: "main", Payload: `{"c":"` + string(c.ID) + `"}`})
	got, cerr := w.store.Call(w.t.Context(), "main", c.ID)
	w.must(cerr)
	return got, err != nil
}

// lines are the lines of the conversation about calls.
func (w *world) lines() (list []conversation.Line) {
	w.t.Helper()
	all, err := w.talks.Messages(w.t.Context(), w.agent, w.conv, conversation.Range{Limit: 50})
	w.must(err)
	for _, m := range all {
		if m.Line != nil && strings.HasPrefix(m.Line.Name, "call") {
			list = append(list, *m.Line)
		}
	}
	return list
}

func TestMovesAreAsWritten(t *testing.T) {
	t.Parallel()
	for to, want := range map[call.State][]call.State{
		call.Inviting: {call.Init}, call.Ringing: {call.Inviting}, call.Connected: {call.Inviting, call.Ringing},
		call.Terminated: {call.Connected}, call.Aborted: {call.Inviting, call.Ringing, call.Connected}, call.Init: nil,
	} {
		if got := call.From(to); !slices.Equal(got, want) {
			t.Errorf("to %s from %v, want %v", to, got, want)
		}
	}
}

func TestACallIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j := w.invite(w.agent)
	if j.Call.By != actor.Agent || j.Servers[0].Username != string(j.Call.ID)+"agent" {
		t.Fatalf("%+v", j)
	}
	w.clock.Advance(5 * time.Second)
	w.must(w.Ring(ctx, w.visitor, j.Call.ID))
	w.must(w.Ring(ctx, w.visitor, j.Call.ID))
	_, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	w.must(w.Ring(ctx, w.visitor, j.Call.ID))
	w.clock.Advance(65 * time.Second)
	got, err := w.Leave(ctx, w.visitor, j.Call.ID, false)
	w.must(err)
	if got.State != call.Terminated || got.Duration != 65 || got.Reason != call.HungUp {
		t.Fatalf("%+v", got)
	}
	again, err := w.Leave(ctx, w.agent, j.Call.ID, false)
	w.must(err)
	if again.EndedBy != actor.Visitor {
		t.Fatal("the second end changed the first")
	}
	l := w.lines()
	if len(l) != 2 || l[0].Media != "video" || l[0].ByAgent != w.agent.Agent || l[1].Name != conversation.LineCallEnded || l[1].Duration != 65 || l[1].By != got.VisitorName {
		t.Fatalf("%+v", l)
	}
}

func TestInviteIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for _, x := range []struct {
		who    actor.Actor
		kind   call.Kind
		code   errs.Code
		reason string
	}{
		{w.agent, "fax", errs.Invalid, "bad_kind"},
		{w.stranger, call.Video, errs.NotFound, "conversation_not_found"},
		{w.other, call.Video, errs.NotFound, "conversation_not_found"},
		{w.boss, call.Video, errs.Conflict, "not_your_conversation"},
	} {
		_, err := w.Invite(ctx, x.who, w.conv, x.kind)
		w.reason(err, x.code, x.reason)
	}
	off := call.New(call.Deps{Store: w.store, Conversations: w.talks, Clock: w.clock, Off: true, Log: slog.New(slog.DiscardHandler)})
	_, err := off.Invite(ctx, w.agent, w.conv, call.Voice)
	w.reason(err, errs.Forbidden, "calls_off")
	j := w.invite(w.agent)
	_, err = w.Invite(ctx, w.visitor, w.conv, call.Voice)
	w.reason(err, errs.Conflict, "call_running")
	for _, who := range []actor.Actor{w.stranger, w.other, w.boss} {
		_, err = w.Accept(ctx, who, j.Call.ID)
		w.reason(err, errs.NotFound, "call_not_found")
	}
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.invite(w.visitor)
	w.clock.Advance(call.AnswerWithin - time.Second)
	if got, again := w.watch(j.Call); got.State.Over() || !again {
		t.Fatalf("%+v", got)
	}
	w.clock.Advance(time.Second)
	got, again := w.watch(j.Call)
	if got.State != call.Aborted || got.Reason != call.NoAnswer || got.EndedBy != actor.System || again {
		t.Fatalf("%+v", got)
	}
	_, err := w.Accept(t.Context(), w.agent, j.Call.ID)
	w.reason(err, errs.Conflict, "call_over")
	w.invite(w.visitor) // there may be another one
}

func TestASilentPageEndsTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j := w.invite(w.agent)
	answer, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	mine, his := j.Ticket, answer.Ticket
	for range 10 {
		w.clock.Advance(20 * time.Second)
		mine, err = w.Ping(ctx, w.agent, mine, &call.Quality{Loss: 2000, RTT: -1})
		w.must(err)
		his, err = w.Ping(ctx, w.visitor, his, nil)
		w.must(err)
		if got, again := w.watch(j.Call); !again {
			t.Fatalf("%+v", got)
		}
	}
	_, err = w.Ping(ctx, w.agent, his, nil)
	w.reason(err, errs.Forbidden, "bad_ticket")
	w.clock.Advance(30 * time.Second)
	_, err = w.Ping(ctx, w.agent, mine, nil)
	w.must(err)
	w.clock.Advance(15 * time.Second)
	got, _ := w.watch(j.Call)
	if got.Reason != call.PingLost || got.State != call.Aborted || got.Duration != 245 || *got.AgentQuality != (call.Quality{Loss: 1000}) {
		t.Fatalf("%+v %+v", got, got.AgentQuality)
	}
}

func TestTicketsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.invite(w.agent)
	got, err := w.Holder(w.agent, j.Ticket)
	w.must(err)
	if got != j.Call.ID {
		t.Fatal(got)
	}
	for _, bad := range []string{"", "a.b.c.d", j.Ticket + "x", strings.Replace(j.Ticket, ".agent.", ".visitor.", 1)} {
		for _, who := range []actor.Actor{w.agent, w.visitor} {
			_, err := w.Holder(who, bad)
			w.reason(err, errs.Forbidden, "bad_ticket")
		}
	}
	_, err = w.Holder(actor.Actor{Kind: actor.Agent, Tenant: "other"}, j.Ticket)
	w.reason(err, errs.Forbidden, "bad_ticket")
	w.clock.Advance(call.TicketFor + time.Second)
	_, err = w.Holder(w.agent, j.Ticket)
	w.reason(err, errs.Forbidden, "bad_ticket")
}

func TestTheConversationGoesAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j := w.invite(w.agent)
	_, err := w.Accept(ctx, w.visitor, j.Call.ID)
	w.must(err)
	_, err = w.talks.Close(ctx, w.agent, w.conv, conversation.EndByAgent)
	w.must(err)
	got, again := w.watch(j.Call)
	if got.State != call.Terminated || got.Reason != call.ConversationClosed || again {
		t.Fatalf("%+v", got)
	}
	_, ok, err := w.Withdraw(ctx, "main", w.conv)
	if ok || err != nil {
		t.Fatal(ok, err)
	}
}

func TestRunEndsCallsOfClosedConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	j := w.invite(w.agent)
	_, err := w.talks.Close(t.Context(), w.agent, w.conv, conversation.EndByAgent)
	w.must(err)
	told := make(chan string, 1)
	w.Events = publisher(func(e *event.Event) { told <- e.Data.(*call.Changed).Call.Reason })
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	if got := <-told; got != call.ConversationClosed {
		t.Fatal(got)
	}
	stop()
	w.must(<-done)
	got, err := w.store.Call(t.Context(), "main", j.Call.ID)
	w.must(err)
	if got.State != call.Aborted {
		t.Fatalf("%+v", got)
	}
}

type publisher func(*event.Event)

func (p publisher) Publish(e *event.Event) { p(e) }

func TestAProgramWithdraws(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.invite(w.agent)
	got, ok, err := w.Withdraw(t.Context(), "main", w.conv)
	w.must(err)
	if !ok || got.State != call.Aborted || got.Reason != call.Cancelled || got.EndedBy != actor.System {
		t.Fatalf("%+v", got)
	}
}
