package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
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
	equal(t, "waiting since after the second", *w.Append(w.Say(c, "anybody?")).Conversation.WaitingSince, T0)
	note := w.Answer(c, a, "a note")
	note.Message.Kind = conversation.Note
	m3 := w.Append(note)
	equal(t, "note prev", m3.Message.Prev, 2)
	equal(t, "visible after note", m3.Conversation.VisibleSeq, 2)
	equal(t, "last text after note", m3.Conversation.LastText, "anybody?")
	equal(t, "unread after note", m3.Conversation.Unread, 2)
	if m3.Conversation.WaitingSince == nil {
		t.Fatal("a note ended the waiting")
	}

	answer := w.Answer(c, a, strings.Repeat("长", 150))
	answer.Reads = true
	m4 := w.Append(answer)
	equal(t, "answer prev", m4.Message.Prev, 2)
	equal(t, "visible after answer", m4.Conversation.VisibleSeq, 4)
	equal(t, "unread after answer", m4.Conversation.Unread, 0)
	equal(t, "agent read", m4.Conversation.AgentRead, 4)
	equal(t, "last text", m4.Conversation.LastText, strings.Repeat("长", 100))
	equal(t, "last from", m4.Conversation.LastFrom, actor.Agent)
	equal(t, "last at", m4.Conversation.LastAt, w.Now)
	if m4.Conversation.WaitingSince != nil {
		t.Fatal("the answer did not end the waiting")
	}
	line := w.Answer(c, a, "")
	line.Message.Kind = conversation.Event
	line.Message.Line = &conversation.Line{Name: conversation.LineTransferred, By: "ann"}
	m5 := w.Append(line)
	equal(t, "event prev", m5.Message.Prev, 4)
	equal(t, "event is visible", m5.Conversation.VisibleSeq, 5)
	equal(t, "last kind after event", m5.Conversation.LastKind, conversation.Text)
	said := w.Say(c, "thanks")
	said.Reads = true
	equal(t, "visitor read", w.Append(said).Conversation.VisitorRead, 6)
	got, err := s.Conversation(t.Context(), w.Tenant, c.ID)
	must(t, err)
	equal(t, "stored unread", got.Unread, 1)
	equal(t, "stored last seq", got.LastSeq, 6)
	equal(t, "visitor's name", got.VisitorName, "Vera")
}

// testMessageKept reads back every field of a message.
func testMessageKept(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	in := w.Say(c, "图片 \U0001F600 \"quoted\" \\ 'single'")
	in.Message.ClientID = "c-1"
	in.Message.Kind = conversation.Image
	in.Message.File = &conversation.File{ID: "f1", Name: "a.png", Type: "image/png", Size: 12, Width: 3, Height: 4}
	want := w.Append(in).Message
	list, err := s.Messages(t.Context(), w.Tenant, c.ID, conversation.Range{Limit: 10})
	must(t, err)
	equal(t, "messages", len(list), 1)
	got := list[0]
	equal(t, "file", *got.File, *want.File)
	got.File, want.File = nil, nil
	equal(t, "message", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
	equal(t, "id", id.Valid(string(got.ID)), true)
}

// testClientID repeats messages with the sender's own name for them.
func testClientID(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := w.Agent("ann", 1)
	c := w.Start("Vera", "")
	in := w.Say(c, "once")
	in.Message.ClientID = "x"
	firstTime := w.Append(in)
	equal(t, "first is new", firstTime.Repeated, false)
	in.Message.Text = "other text"
	again := w.Append(in)
	equal(t, "repeated", again.Repeated, true)
	equal(t, "repeated id", again.Message.ID, firstTime.Message.ID)
	equal(t, "repeated text", again.Message.Text, "once")
	equal(t, "repeated tenant", again.Message.Tenant, w.Tenant)
	equal(t, "last seq", again.Conversation.LastSeq, 1)
	other := w.Answer(c, a, "same name, other author")
	other.Message.ClientID = "x"
	equal(t, "another author", w.Append(other).Repeated, false)
	elsewhere := in
	elsewhere.Message.Conversation = w.Start("Bob", "").ID
	equal(t, "another conversation", w.Append(elsewhere).Repeated, false)
	_, err := s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, At: w.Now})
	must(t, err)
	equal(t, "repeated after the end", w.Append(in).Repeated, true)
}

// testAppendLines adds several lines at once, and none to what has ended.
func testAppendLines(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	line := func(url string) conversation.Message {
		return conversation.Message{Kind: conversation.Note, From: conversation.Author{Kind: actor.System}, Line: &conversation.Line{Name: conversation.LineVisited, URL: url}, At: T0}
	}
	list, err := s.AppendLines(t.Context(), w.Tenant, c.ID, []conversation.Message{line("/a"), line("/b")})
	must(t, err)
	equal(t, "lines", len(list), 2)
	equal(t, "numbers", list[0].Line.Seq*10+list[1].Line.Seq, 12)
	equal(t, "moved", list[1].Conversation.LastSeq, 2)
	equal(t, "kept", CheckGapless(t, s, c)[1].Line.URL, "/b")
	_, err = s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, At: w.Now})
	must(t, err)
	_, err = s.AppendLines(t.Context(), w.Tenant, c.ID, []conversation.Message{line("/c")})
	wantReason(t, err, errs.Conflict, "conversation_closed")
	CheckGapless(t, s, c)
}

// testRepeatRace sends the same message from many callers at once.
func testRepeatRace(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	in := w.Say(c, "once")
	in.Message.ClientID = "x"
	var wg sync.WaitGroup
	ids := make([]id.Message, 32)
	errors := make([]error, len(ids))
	for i := range ids {
		wg.Go(func() {
			got, err := s.Append(t.Context(), in)
			ids[i], errors[i] = got.Message.ID, err
		})
	}
	wg.Wait()
	for i := range ids {
		must(t, errors[i])
		equal(t, "id", ids[i], ids[0])
	}
	equal(t, "messages", len(allMessages(t, s, c)), 1)
}

// testRefusals checks what may not be appended, and that nothing is left of it.
func testRefusals(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a, b := w.Ready("ann", 5), w.Ready("bob", 5)
	c := w.Start("Vera", "")
	c = w.Assign(c, a).Conversation
	in := w.Answer(c, b, "hi")
	in.OnlyAgent = b
	_, err := s.Append(t.Context(), in)
	wantReason(t, err, errs.Conflict, "not_your_conversation")
	bad := w.Say(c, "nul \x00")
	_, err = s.Append(t.Context(), bad)
	wantReason(t, err, errs.Invalid, "bad_text")
	bad = w.Say(c, "fine")
	bad.Message.From.Name = "\xff"
	_, err = s.Append(t.Context(), bad)
	wantReason(t, err, errs.Invalid, "bad_text")
	_, err = s.Append(t.Context(), w.Say(conversation.Conversation{ID: "nothing"}, "hi"))
	wantReason(t, err, errs.NotFound, "conversation_not_found")
	moved, err := s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID,
		EndBy: conversation.EndByAgent, At: w.Now, Line: w.Line(conversation.LineClosed)})
	must(t, err)
	equal(t, "seq of the line", moved.Line.Seq, 2)
	_, err = s.Append(t.Context(), w.Say(c, "too late"))
	wantReason(t, err, errs.Conflict, "conversation_closed")
	_, err = s.CloseConversation(t.Context(), conversation.CloseInput{Tenant: w.Tenant, Conversation: c.ID, At: w.Now})
	wantReason(t, err, errs.Conflict, "conversation_closed")
	equal(t, "messages", len(allMessages(t, s, c)), 2)
}

// testGapless appends from many callers at once.
func testGapless(t *testing.T, s *store.Store) {
	AppendRace(NewWorld(t, s, "main"), 1, s)
}

// AppendRace lets 64 callers on some nodes append to 8 conversations at once. The
// callers on the first named nodes give their messages names.
func AppendRace(w *World, named int, nodes ...*store.Store) {
	const callers, each, conversations = 64, 20, 8
	t := w.T
	var list []conversation.Conversation
	for i := range conversations {
		list = append(list, w.Start(fmt.Sprint("v", i), ""))
	}
	var wg sync.WaitGroup
	acked := make([]map[id.Conversation][]int64, callers)
	errors := make([]error, callers)
	for n := range callers {
		acked[n] = map[id.Conversation][]int64{}
		wg.Go(func() {
			for i := range each {
				c := list[(n+i)%conversations]
				in := w.Say(c, fmt.Sprint(n, "/", i))
				if n%len(nodes) < named {
					in.Message.ClientID = fmt.Sprint(n, "/", i)
				}
				got, err := nodes[n%len(nodes)].Append(t.Context(), in)
				if err != nil {
					errors[n] = err
					return
				}
				acked[n][c.ID] = append(acked[n][c.ID], got.Message.Seq)
			}
		})
	}
	wg.Wait()
	for n, err := range errors {
		must(t, err)
		for _, seqs := range acked[n] {
			for i := 1; i < len(seqs); i++ {
				if seqs[i] <= seqs[i-1] {
					t.Fatalf("caller %d was given %v", n, seqs)
				}
			}
		}
	}
	total := 0
	for _, c := range list {
		total += len(CheckGapless(t, w.S, c))
	}
	equal(t, "messages", total, callers*each)
}

// CheckGapless returns the messages of c and fails the test unless they are
// numbered 1, 2, 3 … with Prev in step.
func CheckGapless(t testing.TB, s *store.Store, c conversation.Conversation) []conversation.Message {
	t.Helper()
	list := allMessages(t, s, c)
	prev := int64(0)
	for i, m := range list {
		if m.Seq != int64(i+1) || m.Prev != prev {
			t.Fatalf("message %d has seq %d, prev %d, want prev %d", i+1, m.Seq, m.Prev, prev)
		}
		if m.Kind.VisibleToVisitor() {
			prev = m.Seq
		}
	}
	now, err := s.Conversation(t.Context(), c.Tenant, c.ID)
	must(t, err)
	equal(t, "last seq", now.LastSeq, int64(len(list)))
	return list
}

func allMessages(t testing.TB, s *store.Store, c conversation.Conversation) []conversation.Message {
	t.Helper()
	list, err := s.Messages(t.Context(), c.Tenant, c.ID, conversation.Range{Limit: 1 << 20})
	must(t, err)
	return list
}

// testRange reads windows of a conversation.
func testRange(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	a := w.Agent("ann", 1)
	c := w.Start("Vera", "")
	for i := range 10 {
		in := w.Answer(c, a, fmt.Sprint(i))
		if i%3 == 0 {
			in.Message.Kind = conversation.Note
		}
		w.Append(in)
	}
	for _, x := range []struct {
		name string
		r    conversation.Range
		want string
	}{
		{"newest", conversation.Range{Limit: 3}, "[8 9 10]"},
		{"before", conversation.Range{Before: 4, Limit: 2}, "[2 3]"},
		{"after", conversation.Range{After: 4, Limit: 2}, "[5 6]"},
		{"visible newest", conversation.Range{Limit: 3, Visible: true}, "[6 8 9]"},
		{"visible after", conversation.Range{After: 3, Limit: 3, Visible: true}, "[5 6 8]"},
		{"beyond", conversation.Range{After: 10, Limit: 3}, "[]"},
	} {
		list, err := s.Messages(t.Context(), w.Tenant, c.ID, x.r)
		must(t, err)
		seqs := []int64{}
		for _, m := range list {
			seqs = append(seqs, m.Seq)
		}
		equal(t, x.name, fmt.Sprint(seqs), x.want)
	}
}
