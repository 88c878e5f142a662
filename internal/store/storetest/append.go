package storetest

import (
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/store"
)

// testCounters follows every counter of a conversation through its messages.
func testCounters(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := w.Agent("ann", 3)
	c := w.Start("Vera", "")
	m1 := w.Append(w.Say(c, "hello"))
	equal(t, "first seq", m1.Message.Seq, 1)
	equal(t, "first prev", m1.Message.Prev, 0)
	equal(t, "unread", m1.Conversation.Unread, 1)
	equal(t, "waiting since", *m1.Conversation.WaitingSince, T0)

	w.Now = T0.Add(time.Second)
	note := w.Answer(c, a, "a note")
	note.Message.Kind = conversation.Note
	m2 := w.Append(note)
	equal(t, "note seq", m2.Message.Seq, 2)
	equal(t, "note prev", m2.Message.Prev, 1)
	equal(t, "visible after note", m2.Conversation.VisibleSeq, 1)
	equal(t, "last text after note", m2.Conversation.LastText, "hello")
	equal(t, "unread after note", m2.Conversation.Unread, 1)

	answer := w.Answer(c, a, "hi")
	answer.Reads = true
	m3 := w.Append(answer)
	equal(t, "answer prev", m3.Message.Prev, 1)
	equal(t, "visible after answer", m3.Conversation.VisibleSeq, 3)
	equal(t, "unread after answer", m3.Conversation.Unread, 0)
	equal(t, "agent read", m3.Conversation.AgentRead, 3)
	if m3.Conversation.WaitingSince != nil {
		t.Fatal("the answer did not end the waiting")
	}
	equal(t, "last at", m3.Conversation.LastAt, T0.Add(time.Second))
}
