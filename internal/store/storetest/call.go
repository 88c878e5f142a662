package storetest

import (
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/store"
)

// ring returns a call of a conversation with the job that watches it.
func (w *World) ring(c conversation.Conversation) (calls.Call, job.Job) {
	made := calls.Call{ID: id.Call(id.New()), Tenant: w.Tenant, Conversation: c.ID, Kind: calls.Video, State: calls.Inviting, By: actor.Agent, Agent: "ann", AgentName: "Ann 安",
		Visitor: c.Visitor, VisitorName: "Vera", InvitedAt: T0, AgentSeen: T0, VisitorSeen: T0}
	return made, job.Job{ID: id.Job(id.New()), Tenant: w.Tenant, Kind: calls.JobWatch, Key: string(made.ID), Payload: "{}", RunAt: T0.Add(calls.AnswerWithin)}
}

// call begins a call.
func (w *World) call(c conversation.Conversation) (calls.Call, error) {
	made, watch := w.ring(c)
	return w.S.CreateCall(w.T.Context(), made, watch)
}

// testCall goes through the life of a call.
func testCall(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, talk := t.Context(), w.Start("Vera", "")
	c, err := w.call(talk)
	must(t, err)
	equal(t, "made", spaced(c.Number, c.State, c.AgentName, c.Duration, c.AnsweredAt.IsZero(), c.AgentQuality == nil), "1 INVITING Ann 安 0 true true")
	_, err = w.call(talk)
	wantReason(t, err, errs.Conflict, "call_running")
	jobs, err := s.Claim(ctx, []string{calls.JobWatch}, 10, T0.Add(time.Hour), T0.Add(2*time.Hour))
	must(t, err)
	equal(t, "watched", spaced(len(jobs), jobs[0].Key == string(c.ID)), "1 true")

	move := func(to calls.State, after time.Duration, why string) (calls.Call, error) {
		return s.MoveCall(ctx, calls.Move{Tenant: w.Tenant, Call: c.ID, To: to, At: T0.Add(after), Reason: why, By: actor.Visitor})
	}
	_, err = move(calls.Terminated, 0, calls.HungUp)
	wantReason(t, err, errs.Conflict, "call_over")
	got, err := move(calls.Ringing, time.Second, "")
	must(t, err)
	equal(t, "rings", got.State, calls.Ringing)
	got, err = move(calls.Connected, 10*time.Second, "")
	must(t, err)
	equal(t, "answered", spaced(got.State, got.AnsweredAt.Equal(T0.Add(10*time.Second)), got.EndedAt.IsZero()), "CONNECTED true true")
	_, err = move(calls.Connected, 11*time.Second, "")
	wantReason(t, err, errs.Conflict, "call_over")

	q := &calls.Quality{Loss: 12, RTT: 80, Relayed: true}
	_, err = s.PingCall(ctx, calls.Ping{Tenant: w.Tenant, Call: c.ID, Side: actor.Agent, At: T0.Add(20 * time.Second), Quality: q})
	must(t, err)
	got, err = s.PingCall(ctx, calls.Ping{Tenant: w.Tenant, Call: c.ID, Side: actor.Agent, At: T0.Add(30 * time.Second)})
	must(t, err)
	equal(t, "pinged", spaced(*got.AgentQuality == *q, got.VisitorQuality == nil, got.AgentSeen.Equal(T0.Add(30*time.Second)), got.VisitorSeen.Equal(T0)), "true true true true")
	running, ok, err := s.RunningCall(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "running", spaced(ok, running.ID == c.ID), "true true")

	got, err = move(calls.Terminated, 75*time.Second, calls.HungUp)
	must(t, err)
	equal(t, "over", spaced(got.State, got.Duration, got.Reason, got.EndedBy, got.AnsweredAt.Equal(T0.Add(10*time.Second))), "TERMINATED 65 hung_up visitor true")
	_, ok, err = s.RunningCall(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "running after the end", ok, false)
	_, err = s.PingCall(ctx, calls.Ping{Tenant: w.Tenant, Call: c.ID, Side: actor.Agent, At: T0})
	wantReason(t, err, errs.Conflict, "call_over")

	second, err := w.call(talk)
	must(t, err)
	equal(t, "the next number", second.Number, int64(2))
	w.lists(s, talk, second, c)
}

// lists checks how calls are listed.
func (w *World) lists(s *store.Store, talk conversation.Conversation, newer, older calls.Call) {
	t, ctx := w.T, w.T.Context()
	for _, f := range []calls.Filter{{Limit: 5}, {Limit: 5, Agent: "ann"}, {Limit: 5, Conversation: talk.ID}} {
		list, err := s.Calls(ctx, w.Tenant, f)
		must(t, err)
		equal(t, "listed", spaced(len(list), list[0].ID == newer.ID, list[1].ID == older.ID), "2 true true")
		f.Before = newer.ID
		list, err = s.Calls(ctx, w.Tenant, f)
		must(t, err)
		equal(t, "the page behind", spaced(len(list), list[0].ID == older.ID), "1 true")
	}
	list, err := s.Calls(ctx, w.Tenant, calls.Filter{Limit: 5, Agent: "bo"})
	must(t, err)
	equal(t, "of another agent", len(list), 0)
	list, err = s.Calls(ctx, "other", calls.Filter{Limit: 5, Conversation: talk.ID})
	must(t, err)
	equal(t, "of another company", len(list), 0)
	_, err = s.Call(ctx, "other", newer.ID)
	wantReason(t, err, errs.NotFound, "call_not_found")
	_, err = s.MoveCall(ctx, calls.Move{Tenant: "other", Call: newer.ID, To: calls.Connected, At: T0})
	wantReason(t, err, errs.NotFound, "call_not_found")
	_, ok, err := s.RunningCall(ctx, "other", talk.ID)
	must(t, err)
	equal(t, "running in another company", ok, false)
}

// testCallRace begins one call from many sides at once, and ends it so.
func testCallRace(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	talk := w.Start("Vera", "")
	const n = 8
	made := make([]calls.Call, n)
	failed := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { made[i], failed[i] = w.call(talk) })
	}
	wg.Wait()
	var one calls.Call
	won := 0
	for i := range n {
		if failed[i] == nil {
			won++
			one = made[i]
			continue
		}
		wantReason(t, failed[i], errs.Conflict, "call_running")
	}
	equal(t, "calls begun", won, 1)
	for i := range n {
		wg.Go(func() {
			_, failed[i] = s.MoveCall(t.Context(), calls.Move{Tenant: w.Tenant, Call: one.ID, To: calls.Aborted, At: T0, Reason: calls.Cancelled})
		})
	}
	wg.Wait()
	won = 0
	for _, err := range failed {
		if err == nil {
			won++
			continue
		}
		wantReason(t, err, errs.Conflict, "call_over")
	}
	equal(t, "ends", won, 1)
	w.Close(talk)
	_, err := w.call(talk)
	wantReason(t, err, errs.Conflict, "conversation_closed")
}
