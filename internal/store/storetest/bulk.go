package storetest

import (
	"fmt"
	"testing"

	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/store"
)

// testBulk reads many conversations, and the messages behind many marks, at once.
func testBulk(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ann := w.Ready("ann", 99)
	var names []id.Conversation
	var marks []conversation.Mark
	want := map[string]bool{}
	for i := range conversation.MaxBulk {
		c := w.Start(fmt.Sprint("v", i), "")
		for n := range 5 {
			w.Append(w.Say(c, fmt.Sprint(i, "/", n+1)))
		}
		if i == 0 {
			w.Assign(c, ann)
		}
		names = append(names, c.ID)
		marks = append(marks, conversation.Mark{Conversation: c.ID, Seq: int64(i % 6)})
		for n := i%6 + 1; n <= 5 && n <= i%6+3; n++ {
			want[fmt.Sprint(i, "/", n)] = true
		}
	}
	got, err := s.Conversations(t.Context(), w.Tenant, append(names[:10:10], "nobody's"))
	must(t, err)
	equal(t, "conversations", len(got), 10)
	for _, c := range got {
		one, err := s.Conversation(t.Context(), w.Tenant, c.ID)
		must(t, err)
		equal(t, "conversation", spaced(c.ID, c.VisitorName, c.AgentName, c.LastSeq, c.Unread), spaced(one.ID, one.VisitorName, one.AgentName, one.LastSeq, one.Unread))
	}
	for _, n := range []int{0, 1, 3, 64} {
		list, err := s.MessagesAfter(t.Context(), w.Tenant, marks[:n], 3)
		must(t, err)
		found := 0
		for i, m := range list {
			if m.Kind == conversation.Event {
				continue // the line of the assignment, whose number depends on nothing here
			}
			if !want[m.Text] || m.Tenant != w.Tenant {
				t.Fatalf("%d marks: %q should not be there", n, m.Text)
			}
			found++
			if i > 0 && list[i-1].Conversation == m.Conversation && list[i-1].Seq >= m.Seq {
				t.Fatalf("%d marks: not in order at %d", n, i)
			}
		}
		if n == 64 {
			equal(t, "messages", found, len(want))
		}
	}
}
