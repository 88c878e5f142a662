package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parlor/internal/errs"
	"parlor/internal/presence"
	"parlor/internal/store"
)

// testPresence follows an agent's connections over two nodes.
func testPresence(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Agent("ann", 3)
	connected := func(now time.Time) bool {
		t.Helper()
		st, err := s.AgentStatus(t.Context(), w.Tenant, ann, now)
		must(t, err)
		return st.Connected
	}
	equal(t, "at first", connected(T0), false)
	must(t, s.Beat(t.Context(), "n1", T0.Add(10*time.Second)))
	must(t, s.Beat(t.Context(), "n2", T0.Add(20*time.Second)))
	must(t, s.Connect(t.Context(), "n1", w.Tenant, ann, T0))
	must(t, s.Connect(t.Context(), "n1", w.Tenant, ann, T0))
	must(t, s.Connect(t.Context(), "n2", w.Tenant, ann, T0))
	equal(t, "on two nodes", connected(T0), true)
	last, err := s.Disconnect(t.Context(), "n1", w.Tenant, ann, T0)
	must(t, err)
	equal(t, "last of two", last, false)
	last, err = s.Disconnect(t.Context(), "n1", w.Tenant, ann, T0)
	must(t, err)
	equal(t, "repeated", last, false)
	equal(t, "lease over", connected(T0.Add(20*time.Second)), false)
	must(t, s.Beat(t.Context(), "n2", T0.Add(time.Minute)))
	equal(t, "lease extended", connected(T0.Add(20*time.Second)), true)
	lost, err := s.ExpireNodes(t.Context(), T0.Add(30*time.Second))
	must(t, err)
	equal(t, "n1 held nobody", spaced(lost), "[]")
	lost, err = s.ExpireNodes(t.Context(), T0.Add(time.Minute))
	must(t, err)
	equal(t, "n2 held ann", spaced(lost), fmt.Sprint([]presence.Agent{{Tenant: w.Tenant, Agent: ann}}))
	must(t, s.Connect(t.Context(), w.Node, w.Tenant, ann, T0))
	lost, err = s.DropNode(t.Context(), w.Node, T0)
	must(t, err)
	equal(t, "dropped", len(lost), 1)
	lost, err = s.DropNode(t.Context(), w.Node, T0)
	must(t, err)
	equal(t, "dropped again", len(lost), 0)
	wantReason(t, s.Connect(t.Context(), "n1", w.Tenant, "nobody", T0), errs.NotFound, "agent_not_found")
}

// testLost checks who has lost the connection for long enough.
func testLost(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann, idle, never := w.Ready("ann", 3), w.Ready("idle", 3), w.Ready("never", 3)
	w.Assign(w.Start("Vera", ""), ann)
	w.Assign(w.Start("Uli", ""), never)
	lost := func(before time.Time) string {
		t.Helper()
		list, err := s.LostAgents(t.Context(), before, before.Add(30*time.Second))
		must(t, err)
		out := []string{}
		for _, a := range list {
			out = append(out, a.Name)
		}
		return fmt.Sprint(out)
	}
	equal(t, "all connected", lost(T0), "[]")
	gone := T0.Add(time.Minute)
	last, err := s.Disconnect(t.Context(), w.Node, w.Tenant, ann, gone)
	must(t, err)
	equal(t, "last", last, true)
	_, err = s.Disconnect(t.Context(), w.Node, w.Tenant, idle, gone)
	must(t, err)
	equal(t, "before the loss", lost(gone.Add(-time.Second)), "[]")
	equal(t, "after the loss", lost(gone), "[ann]")
	must(t, s.Connect(t.Context(), w.Node, w.Tenant, ann, gone))
	equal(t, "back again", lost(gone), "[]")
	equal(t, "lease over, node not yet expired", lost(T0.Add(24*time.Hour)), "[]")
	_, err = s.ExpireNodes(t.Context(), T0.Add(25*time.Hour))
	must(t, err)
	equal(t, "just expired", lost(T0.Add(25*time.Hour-time.Second)), "[]")
	equal(t, "long expired", lost(T0.Add(25*time.Hour)), fmt.Sprint([]string{"ann", "never"}))
}

// testLastOfTwo lets two nodes lose the same agent at once: one of them is the last.
func testLastOfTwo(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Agent("ann", 3)
	for range 10 {
		var wg sync.WaitGroup
		last := make([]bool, 4)
		errors := make([]error, len(last))
		for i := range last {
			node := fmt.Sprint("n", i)
			must(t, s.Beat(t.Context(), node, T0.Add(time.Hour)))
			must(t, s.Connect(t.Context(), node, w.Tenant, ann, T0))
		}
		for i := range last {
			wg.Go(func() { last[i], errors[i] = s.Disconnect(t.Context(), fmt.Sprint("n", i), w.Tenant, ann, T0) })
		}
		wg.Wait()
		n := 0
		for i := range last {
			must(t, errors[i])
			if last[i] {
				n++
			}
		}
		equal(t, "nodes that were last", n, 1)
	}
}

// testRepair recounts loads that are wrong.
func testRepair(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Ready("ann", 5)
	c := w.Assign(w.Start("Vera", ""), ann).Conversation
	wrong, err := s.RepairLoads(t.Context(), w.Tenant)
	must(t, err)
	equal(t, "nothing to repair", len(wrong), 0)
	open, err := s.OpenOf(t.Context(), w.Tenant, ann)
	must(t, err)
	equal(t, "open of ann", spaced(len(open), open[0].ID == c.ID, open[0].AgentName), "1 true ann")
	roster, err := s.Roster(t.Context(), w.Tenant, w.Now)
	must(t, err)
	equal(t, "roster", spaced(len(roster), roster[0].Name, roster[0].State, roster[0].Connected, roster[0].Open, roster[0].Available()),
		"1 ann ready true 1 true")
}
