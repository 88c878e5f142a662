package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/actor"
	calls "parlor/internal/call"
	"parlor/internal/conversation"
	"parlor/internal/hook"
	"parlor/internal/id"
	"parlor/internal/store"
)

// notes returns the data of the notes of an occasion that are due, in no order.
func (w *World) notes(o hook.Occasion) (list []map[string]any) {
	w.T.Helper()
	due, err := w.S.ClaimHooks(w.T.Context(), 50, 50, nil, w.Now.Add(time.Hour), w.Now.Add(2*time.Hour))
	w.ok(err)
	for _, d := range due {
		if d.Note.Occasion == o {
			data := map[string]any{}
			w.ok(json.Unmarshal([]byte(d.Note.Data), &data))
			list = append(list, data)
		}
		w.ok(w.S.SettleHook(w.T.Context(), hook.Settled{Due: d, Done: true, Told: d.Last}))
	}
	return list
}

// testHookHappenings tells webhooks of agents, queues and calls in the transaction of
// what happens, once, and nobody without a webhook.
func testHookHappenings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWorld(t, s, "main")
	ann, one, two := w.Agent("ann", 5), w.Team("one"), w.Team("two")
	choose := func(st account.State, reason string) {
		t.Helper()
		_, err := s.SetState(ctx, w.Tenant, ann, st, reason, w.Now)
		must(t, err)
	}
	choose(account.Ready, "")
	w.hook("a", true)
	choose(account.Busy, "lunch")
	choose(account.Busy, "still")
	list := w.notes(hook.AgentState)
	equal(t, "states", spaced(len(list), list[0]["agent"] == string(ann), list[0]["before"], list[0]["state"], list[0]["reason"]), "1 true ready busy lunch")

	rules := conversation.Spills{one: {{Waiting: 1, Team: two}}}
	w.enter("first", one, nil, rules)
	c := w.enter("second", one, nil, rules)
	list = w.notes(hook.Overflowed)
	equal(t, "overflow", spaced(len(list), list[0]["conversation"] == string(c.ID), list[0]["from"] == string(one), list[0]["to"] == string(two), list[0]["waiting"]), "1 true true true 1")

	made, err := w.call(c)
	must(t, err)
	move := calls.Move{Tenant: w.Tenant, Call: made.ID, To: calls.Aborted, At: T0.Add(time.Second), Reason: calls.Declined, By: actor.Visitor}
	_, err = s.MoveCall(ctx, move)
	must(t, err)
	if _, err = s.MoveCall(ctx, move); err == nil {
		t.Error("a call ends twice")
	}
	var states []string
	for _, n := range w.notes(hook.CallChanged) {
		states = append(states, spaced(n["state"], n["id"] == string(made.ID), id.Conversation(n["conversation"].(string)) == c.ID))
	}
	slices.Sort(states)
	equal(t, "calls", spaced(len(states), states[0], states[1]), "2 ABORTED true true INVITING true true")
}
