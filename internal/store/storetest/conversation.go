package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
)

// testStart checks that a visitor has one conversation at a time.
func testStart(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := w.Ready("ann", 5)
	v := w.Visitor("Vera")
	in := conversation.Conversation{Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Visitor: v, RequestedAgent: a,
		PageURL: "https://shop.example/", PageTitle: "Shop", CreatedAt: T0, Priority: 3}
	c, created, err := s.Start(t.Context(), in)
	must(t, err)
	equal(t, "created", created, true)
	equal(t, "status", c.Status, conversation.Queued)
	equal(t, "version", c.Version, 1)
	equal(t, "queued at", c.QueuedAt, T0)
	equal(t, "page", c.PageURL+c.PageTitle, "https://shop.example/Shop")
	equal(t, "requested", c.RequestedAgent, a)
	equal(t, "priority", c.Priority, 3)
	again, created, err := s.Start(t.Context(), in)
	must(t, err)
	equal(t, "created again", created, false)
	equal(t, "same conversation", again.ID, c.ID)
	active, err := s.Active(t.Context(), w.Tenant, v)
	must(t, err)
	equal(t, "active", active.ID, c.ID)

	w.Assign(c, a)
	w.Close(c)
	_, err = s.Active(t.Context(), w.Tenant, v)
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	next, created, err := s.Start(t.Context(), in)
	must(t, err)
	equal(t, "created after the end", created, true)
	equal(t, "previous agent", next.PreviousAgent, a)
	in.Visitor = "nobody"
	_, _, err = s.Start(t.Context(), in)
	wantReason(t, err, errs.NotFound, "visitor_not_found")
	in.Visitor, in.Team = v, "no team"
	_, _, err = s.Start(t.Context(), in)
	wantReason(t, err, errs.NotFound, "team_not_found")
}

// testStartRace starts conversations of one visitor from many callers at once.
func testStartRace(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	StartRace(w, s, s)
}

// StartRace lets two nodes start conversations of the same visitors at once.
func StartRace(w *World, nodes ...*store.Store) {
	t := w.T
	for round := range 5 {
		v := w.Visitor(fmt.Sprint("v", round))
		ids := make([]id.Conversation, 16)
		fresh := make([]bool, len(ids))
		errors := make([]error, len(ids))
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				c, created, err := nodes[i%len(nodes)].Start(t.Context(), conversation.Conversation{
					Tenant: w.Tenant, Inbox: w.Inbox, Channel: "web", Visitor: v, CreatedAt: T0})
				ids[i], fresh[i], errors[i] = c.ID, created, err
			})
		}
		wg.Wait()
		created := 0
		for i := range ids {
			must(t, errors[i])
			equal(t, "conversation", ids[i], ids[0])
			if fresh[i] {
				created++
			}
		}
		equal(t, "conversations created", created, 1)
	}
}

// testMarkRead moves both sides' marks.
func testMarkRead(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	for range 5 {
		w.Append(w.Say(c, "hello"))
	}
	for _, x := range []struct {
		side         actor.Kind
		seq          int64
		moved        bool
		agent, guest int64
		unread       int
	}{
		{actor.Agent, 2, true, 2, 0, 3},
		{actor.Agent, 1, false, 2, 0, 3},
		{actor.Agent, 2, false, 2, 0, 3},
		{actor.Visitor, 99, true, 2, 5, 3},
		{actor.Visitor, 5, false, 2, 5, 3},
		{actor.Agent, 99, true, 5, 5, 0},
	} {
		got, moved, err := s.MarkRead(t.Context(), w.Tenant, c.ID, x.side, x.seq)
		must(t, err)
		equal(t, "moved", moved, x.moved)
		equal(t, "marks", spaced(got.AgentRead, got.VisitorRead, got.Unread), spaced(x.agent, x.guest, x.unread))
		stored, err := s.Conversation(t.Context(), w.Tenant, c.ID)
		must(t, err)
		equal(t, "stored", spaced(stored.AgentRead, stored.VisitorRead, stored.Unread), spaced(x.agent, x.guest, x.unread))
	}
}

// testClose checks that the end is recorded and the agent's place freed.
func testClose(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := w.Ready("ann", 2)
	c := w.Assign(w.Start("Vera", ""), a).Conversation
	_, err := s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, OnlyAgent: "other", At: w.Now})
	wantReason(t, err, errs.Conflict, "not_your_conversation")
	w.Now = T0.Add(time.Minute)
	moved, err := s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, OnlyAgent: a,
		EndBy: conversation.EndByAgent, At: w.Now, Line: w.Line(conversation.LineClosed)})
	must(t, err)
	got := moved.Conversation
	equal(t, "status", got.Status, conversation.Closed)
	equal(t, "end", got.EndBy, conversation.EndByAgent)
	equal(t, "closed at", *got.ClosedAt, w.Now)
	equal(t, "before", moved.Before, a)
	equal(t, "agent stays", got.Agent, a)
	equal(t, "names", got.VisitorName+got.AgentName, "Veraann")
	equal(t, "version", got.Version, c.Version+1)
	equal(t, "line", moved.Line.Line.Name, conversation.LineClosed)
	equal(t, "last seq", got.LastSeq, moved.Line.Seq)
	st, err := s.AgentStatus(t.Context(), w.Tenant, a, w.Now)
	must(t, err)
	equal(t, "open", st.Open, 0)
	equal(t, "idle since", st.IdleSince, w.Now)
	CheckGapless(t, s, got)
}
