package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestNamesOfSendersAreKnown holds random messages with few names to a model: what
// is a repetition stays one however little the writer holds and however often the
// server starts anew, and nothing else becomes one.
func TestNamesOfSendersAreKnown(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 60, 1 << 20} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			type key struct {
				c            id.Conversation
				author, name string
			}
			dir := t.TempDir()
			s := storetest.Open(t, store.Options{Dir: dir})
			store.LimitNames(s, most)
			w := storetest.NewWorld(t, s, "main")
			ann := w.Agent("ann", 9)
			var talks []conversation.Conversation
			for i := range 6 {
				talks = append(talks, w.Start(fmt.Sprint("Vera ", i), ""))
			}
			known := map[key]id.Message{}
			rnd := rand.New(rand.NewPCG(7, uint64(most)))
			repeated := 0
			for i := range 400 {
				if i%100 == 99 {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = storetest.Open(t, store.Options{Dir: dir})
					store.LimitNames(s, most)
				}
				c := talks[rnd.IntN(len(talks))]
				in := w.Say(c, fmt.Sprint("message ", i))
				if rnd.IntN(2) == 0 {
					in = w.Answer(c, ann, fmt.Sprint("message ", i))
				}
				in.Message.ClientID = fmt.Sprint("name ", rnd.IntN(40))
				got, err := s.Append(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				k := key{c.ID, in.Message.From.ID, in.Message.ClientID}
				old, was := known[k]
				if got.Repeated != was || was && got.Message.ID != old {
					t.Fatalf("message %d, %v: repeated %v, id %s; want %v, %s", i, k, got.Repeated, got.Message.ID, was, old)
				}
				if was {
					repeated++
				}
				known[k] = got.Message.ID
			}
			if repeated < 50 || len(known) < 200 {
				t.Fatalf("%d repetitions of %d messages show nothing", repeated, len(known))
			}
		})
	}
}

// TestANameThatWasRefusedIsFree: a name that was taken down for a message that was
// not kept is no repetition later.
func TestANameThatWasRefusedIsFree(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	in := w.Say(c, "hello")
	in.Message.ClientID, in.OnlyAgent = "x", "nobody"
	if _, err := s.Append(t.Context(), in); errs.ReasonOf(err) != "not_your_conversation" {
		t.Fatalf("to somebody else's conversation: %v", err)
	}
	in.OnlyAgent = ""
	if got, err := s.Append(t.Context(), in); err != nil || got.Repeated || got.Message.Seq != 1 {
		t.Fatalf("allowed later: %+v, %v", got, err)
	}
}

// TestOnlyTheServerAddsNamedMessages: what is added beside it, it would not know.
func TestOnlyTheServerAddsNamedMessages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := storetest.NewWorld(t, storetest.Open(t, store.Options{Dir: dir}), "main")
	in := w.Say(w.Start("Vera", ""), "hello")
	in.Message.ClientID = "x"
	_, err := storetest.Open(t, store.Options{Dir: dir, Shared: true}).Append(t.Context(), in)
	if errs.CodeOf(err) != errs.Conflict || errs.ReasonOf(err) != "data_shared" {
		t.Errorf("beside the server: %v", err)
	}
}

// TestNamesAreFoundAlongTheirConversations: neither a repetition nor a message by
// its name makes the engine read all messages.
func TestNamesAreFoundAlongTheirConversations(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	w := storetest.NewWorld(t, s, "main")
	c := w.Start("Vera", "")
	in := w.Say(c, "hello")
	in.Message.ClientID = "x"
	w.Append(in)
	type statement struct {
		text string
		args []any
	}
	var seen []statement
	store.Trace(s, func(text string, args []any) {
		if strings.Contains(text, "client_id = $") {
			seen = append(seen, statement{text, append([]any{}, args...)})
		}
	})
	if got := w.Append(in); !got.Repeated {
		t.Fatal("it is no repetition")
	}
	for _, where := range []id.Conversation{"", c.ID} {
		if m, err := s.FindMessage(t.Context(), w.Tenant, where, "x"); err != nil || m.From.Kind != actor.Visitor {
			t.Fatalf("found in %q: %+v, %v", where, m, err)
		}
	}
	if len(seen) != 4 {
		t.Fatalf("%d statements look for a name, want 4", len(seen))
	}
	for _, x := range seen {
		plan, err := store.Plan(t.Context(), s, x.text, x.args)
		got := strings.Join(plan, "\n")
		if err != nil || !strings.Contains(got, "SEARCH m USING PRIMARY KEY (conversation=?)") || strings.Contains(got, "SCAN m") {
			t.Errorf("%v\n%s\n%s", err, got, x.text)
		}
	}
}
