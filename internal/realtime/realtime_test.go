package realtime_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"parlor/internal/conversation"
	"parlor/internal/event"
	"parlor/internal/realtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type conn struct{ got []string }

func (c *conn) Deliver(e *event.Event) { c.got = append(c.got, e.ID) }

func TestHubDeliversOnceToFollowersOnly(t *testing.T) {
	t.Parallel()
	h := realtime.NewHub()
	a, b, c := &conn{}, &conn{}, &conn{}
	h.Follow(a, "x", "y")
	h.Follow(b, "y")
	h.Follow(c, "z")
	h.Dispatch(&event.Event{ID: "1", To: []event.Topic{"x", "y"}})
	h.Unfollow(a, "x", "y")
	h.Dispatch(&event.Event{ID: "2", To: []event.Topic{"x", "y"}})
	if !slices.Equal(a.got, []string{"1"}) || !slices.Equal(b.got, []string{"1", "2"}) || c.got != nil {
		t.Fatalf("a %v b %v c %v", a.got, b.got, c.got)
	}
	if h.Following("x") || !h.Following("y") {
		t.Fatal("Following is wrong")
	}
}

// log is a conversation that can be fetched in pages of 3.
func history(n int64) []conversation.Message {
	var all []conversation.Message
	var prev int64
	for s := int64(1); s <= n; s++ {
		m := conversation.Message{Seq: s, Prev: prev, Kind: conversation.Text}
		if s%4 == 0 {
			m.Kind = conversation.Note
		} else {
			prev = s
		}
		all = append(all, m)
	}
	return all
}

func TestFollowerOrdersRepairsAndDropsTwins(t *testing.T) {
	t.Parallel()
	for _, visible := range []bool{true, false} {
		all := history(200)
		r := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		var got []int64
		done := make(chan struct{})
		var want []int64
		for _, m := range all {
			if !visible || m.Kind.VisibleToVisitor() {
				want = append(want, m.Seq)
			}
		}
		f := realtime.NewFollower(0, visible, func(after int64) ([]conversation.Message, error) {
			var page []conversation.Message
			for _, m := range all {
				if m.Seq > after && (!visible || m.Kind.VisibleToVisitor()) && len(page) < 3 {
					page = append(page, m)
				}
			}
			return page, nil
		}, func(m conversation.Message) {
			mu.Lock()
			defer mu.Unlock()
			if got = append(got, m.Seq); m.Seq == want[len(want)-1] {
				close(done)
			}
		})
		// Shuffle within a window, lose a third, repeat a third, but the last comes.
		order := r.Perm(198)
		for _, i := range order {
			switch r.IntN(3) {
			case 0:
				f.Take(all[i])
			case 1:
				f.Take(all[i])
				f.Take(all[i])
			}
		}
		f.Take(all[198])
		<-done
		if !slices.Equal(got, want) {
			t.Fatalf("visible %v: got %v", visible, got)
		}
	}
}

func TestFollowerTriesAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	all := history(3)
	fail := true
	failed, got := make(chan struct{}), make(chan int64, 3)
	f := realtime.NewFollower(0, false, func(after int64) ([]conversation.Message, error) {
		if fail {
			fail = false
			close(failed)
			return nil, errors.New("store away")
		}
		return all[after:], nil
	}, func(m conversation.Message) { got <- m.Seq })
	f.Take(all[1])
	<-failed
	// The failed fill may still be ending; a later event must bring everything.
	for len(got) == 0 {
		f.Take(all[2])
	}
	for want := int64(1); want <= 3; want++ {
		if s := <-got; s != want {
			t.Fatalf("got %d, want %d", s, want)
		}
	}
}

func TestFollowerSkipAndClose(t *testing.T) {
	t.Parallel()
	all := history(3)
	var got []int64
	f := realtime.NewFollower(0, false, nil, func(m conversation.Message) { got = append(got, m.Seq) })
	f.Skip(2)
	f.Take(all[0])
	f.Take(all[2])
	f.Close()
	f.Take(conversation.Message{Seq: 4})
	if !slices.Equal(got, []int64{3}) || f.Last() != 3 {
		t.Fatalf("got %v", got)
	}
}

type bad struct{}

func (bad) Deliver(*event.Event) { panic("a bug in one connection") }

// TestAPanicOfOneConnectionIsItsOwn: the others get the event all the same.
func TestAPanicOfOneConnectionIsItsOwn(t *testing.T) {
	t.Parallel()
	h := realtime.NewHub()
	caught := 0
	h.Caught = func(any) { caught++ }
	topic := event.ToAgents("main")
	var good [3]counter
	h.Follow(&good[0], topic)
	h.Follow(&bad{}, topic)
	h.Follow(&good[1], topic)
	h.Follow(&good[2], topic)
	for range 5 {
		h.Dispatch(&event.Event{To: []event.Topic{topic}})
	}
	for i := range good {
		if good[i].n != 5 {
			t.Errorf("connection %d got %d of 5", i, good[i].n)
		}
	}
	if caught != 5 {
		t.Errorf("%d panics were told", caught)
	}
}

type counter struct{ n int }

func (c *counter) Deliver(*event.Event) { c.n++ }

func TestAFollowerOutlivesAPanic(t *testing.T) {
	t.Parallel()
	h := realtime.NewHub()
	caught := make(chan any, 4)
	h.Caught = func(v any) { caught <- v }
	got := make(chan int64, 10)
	fetches := 0
	f := h.Follower(0, false, func(after int64) ([]conversation.Message, error) {
		if fetches++; fetches == 1 {
			panic("in fetch")
		}
		var page []conversation.Message
		for n := after + 1; n <= 6; n++ {
			page = append(page, conversation.Message{Seq: n})
		}
		return page, nil
	}, func(m conversation.Message) {
		if m.Seq == 2 {
			panic("in emit")
		}
		got <- m.Seq
	})
	f.Take(conversation.Message{Seq: 3}) // the gap cannot be read
	if v := <-caught; v != "in fetch" {
		t.Fatal(v)
	}
	awaitFollower(f, 4) // 1, then 2 cannot be emitted
	if v := <-caught; v != "in emit" || <-got != 1 {
		t.Fatal(v)
	}
	awaitFollower(f, 6)
	for want := int64(3); want <= 6; want++ {
		if n := <-got; n != want {
			t.Fatalf("%d came instead of %d", n, want)
		}
	}
}

// awaitFollower announces a message until the follower, which may still be on its
// way out of a panic, has begun to fill the gap before it.
func awaitFollower(f *realtime.Follower, seq int64) {
	for before := f.Last(); f.Last() == before; {
		f.Take(conversation.Message{Seq: seq})
	}
}
