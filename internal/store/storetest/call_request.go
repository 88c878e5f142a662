package storetest

import (
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/job"
	"parlor/internal/store"
)

// ask asks for a call in a conversation.
func (w *World) ask(c id.Conversation, v id.Visitor) (calls.Request, bool, error) {
	serve := job.Job{ID: id.Job(id.New()), Tenant: w.Tenant, Kind: calls.JobRequest, Key: string(c), Payload: "{}", RunAt: T0}
	return w.S.AskCall(w.T.Context(), calls.Request{Tenant: w.Tenant, Conversation: c, Visitor: v, Source: calls.SourceInvitation, Task: "任务 7", Own: true, AskedAt: T0}, serve)
}

// testCallRequest goes through the life of a request: once for each agent, until one is
// spoken to, and again after an agent was lost.
func testCallRequest(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, talk := t.Context(), w.Start("Vera", "")
	_, ok, err := s.CallRequest(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "there before", ok, false)
	made, fresh, err := w.ask(talk.ID, talk.Visitor)
	must(t, err)
	equal(t, "asked", spaced(fresh, made.Round, made.Source, made.Task, made.Own, made.Open(), made.AskedAt.Equal(T0)), "true 1 invitation 任务 7 true true true")
	_, fresh, err = w.ask(talk.ID, talk.Visitor)
	must(t, err)
	equal(t, "asked again while waiting", fresh, false)
	jobs, err := s.Claim(ctx, []string{calls.JobRequest}, 10, T0.Add(time.Hour), T0.Add(2*time.Hour))
	must(t, err)
	equal(t, "served", spaced(len(jobs), jobs[0].Key == string(talk.ID)), "1 true")

	begin := func(agent id.Agent) (calls.Call, error) {
		c, watch := w.ring(talk)
		c.By, c.Agent, c.Asked = actor.Visitor, agent, true
		return s.CreateCall(ctx, c, watch)
	}
	move := func(c calls.Call, to calls.State, why string) {
		serve := job.Job{ID: id.Job(id.New()), Tenant: w.Tenant, Kind: calls.JobRequest, Key: string(c.ID), Payload: "{}", RunAt: T0}
		_, err := s.MoveCall(ctx, calls.Move{Tenant: w.Tenant, Call: c.ID, To: to, At: T0.Add(time.Second), Reason: why, Serve: serve})
		must(t, err)
	}
	c, err := begin("ann")
	must(t, err)
	_, fresh, err = w.ask(talk.ID, talk.Visitor)
	must(t, err)
	equal(t, "asked while it rings", fresh, false)
	move(c, calls.Aborted, calls.Declined)
	_, err = begin("ann")
	wantReason(t, err, errs.Conflict, "call_not_asked")
	c, err = begin("bo")
	must(t, err)
	move(c, calls.Connected, "")
	got, _, err := s.CallRequest(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "answered", spaced(got.Called, got.Open(), got.AnsweredAt.Equal(T0.Add(time.Second))), "bo false true")
	move(c, calls.Aborted, calls.AgentLost)
	got, _, err = s.CallRequest(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "open anew", spaced(got.Called == "", got.Open()), "true true")

	must(t, s.EndRequest(ctx, "other", talk.ID, T0))
	c, err = begin("bo")
	must(t, err)
	must(t, s.EndRequest(ctx, w.Tenant, talk.ID, T0))
	move(c, calls.Aborted, calls.Cancelled)
	_, err = begin("cy")
	wantReason(t, err, errs.Conflict, "call_not_asked")
	made, fresh, err = w.ask(talk.ID, talk.Visitor)
	must(t, err)
	equal(t, "the second round", spaced(fresh, made.Round, made.Open(), made.Called == ""), "true 2 true true")

	_, ok, err = s.CallRequest(ctx, "other", talk.ID)
	must(t, err)
	equal(t, "of another company", ok, false)
	_, _, err = w.ask("nowhere", talk.Visitor)
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	other := w.Start("Ute", "")
	c, err = w.call(other)
	must(t, err)
	_, _, err = w.ask(other.ID, other.Visitor)
	wantReason(t, err, errs.Conflict, "call_running")
	w.races(s, talk.ID, talk.Visitor)
	w.Close(talk)
	must(t, s.DeleteConversation(ctx, w.Tenant, talk.ID))
	_, ok, err = s.CallRequest(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "after the conversation was deleted", ok, false)
}

// races begins the call of a request from many sides at once.
func (w *World) races(s *store.Store, talk id.Conversation, v id.Visitor) {
	const n = 6
	failed := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c := calls.Call{ID: id.Call(id.New()), Tenant: w.Tenant, Conversation: talk, Kind: calls.Video, State: calls.Inviting, By: actor.Visitor, Agent: "ann", Visitor: v, InvitedAt: T0, Asked: true}
			_, failed[i] = s.CreateCall(w.T.Context(), c, job.Job{ID: id.Job(id.New()), Tenant: w.Tenant, Kind: calls.JobWatch, Key: string(c.ID), Payload: "{}", RunAt: T0})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range failed {
		if err == nil {
			won++
		} else {
			wantReason(w.T, err, errs.Conflict, "call_running")
		}
	}
	equal(w.T, "begun once", won, 1)
}
