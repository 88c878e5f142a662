package storetest

import (
	"testing"
	"time"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/priority"
	"parlor/internal/store"
)

// testWaits lists those whose visitors wait, for an agent or an answer.
func testWaits(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ann, sac := w.Ready("ann", 9), w.Team("SAC")
	by := audit.By{Kind: "agent", ID: "ann", Name: "Ann", At: T0}
	must(t, s.SaveAgreement(t.Context(), priority.Agreement{ID: "fast", Tenant: w.Tenant, Name: "Fast", Due: 5, UpdatedAt: T0}, true, by))
	o.Start("Otto", "")

	w.Now = T0.Add(2 * time.Minute)
	queued := w.Start("Quinn", sac)
	_, err := s.Rank(t.Context(), priority.Ranking{Tenant: w.Tenant, Conversation: queued.ID, Agreement: new("fast"), Due: 5, Order: priority.ByTime})
	must(t, err)
	w.Now = T0.Add(time.Minute)
	asks, held := w.Assign(w.Start("Ada", ""), ann).Conversation, w.Assign(w.Start("Hal", ""), ann).Conversation
	w.Append(w.Say(asks, "anybody?"))
	w.Append(w.Say(held, "later"))
	_, err = s.Hold(t.Context(), conversation.HoldInput{Tenant: w.Tenant, Conversation: held.ID, At: w.Now, Line: w.Line("held")})
	must(t, err)
	answered, closed := w.Assign(w.Start("Bo", ""), ann).Conversation, w.Start("Cy", "")
	w.Append(w.Say(answered, "hello"))
	w.Append(w.Answer(answered, ann, "hello"))
	w.Close(closed)

	list, err := s.Waits(t.Context(), w.Tenant, 9)
	must(t, err)
	equal(t, "waits", len(list), 2)
	first, second := list[0], list[1]
	equal(t, "for an answer", spaced(first.Conversation == asks.ID, first.Queued, first.Since.Equal(T0.Add(time.Minute)), first.Agent == ann, first.AgentName, first.VisitorName, first.Due),
		"true false true true ann Ada 0")
	equal(t, "for an agent", spaced(second.Conversation == queued.ID, second.Queued, second.Since.Equal(T0.Add(2*time.Minute)), second.Team == sac, second.Agent, second.VisitorName, second.Agreement, second.Due),
		"true true true true  Quinn Fast 5")
	list, err = s.Waits(t.Context(), w.Tenant, 1)
	must(t, err)
	equal(t, "longest first", spaced(len(list), list[0].Conversation == asks.ID), "1 true")
}
