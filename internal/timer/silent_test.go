package timer_test

import (
	"context"
	"testing"
	"time"

	"parlor/internal/id"
	"parlor/internal/setting"
)

// reliefs counts what a timer asks for; nobody is there until somebody is.
type reliefs struct {
	there bool
	asked map[id.Conversation]int
	given int
}

func (r *reliefs) Relieve(_ context.Context, _ id.Tenant, c id.Conversation, seconds int) (bool, error) {
	r.asked[c] += seconds
	if r.there {
		r.given++
	}
	return r.there, nil
}

// TestSilentAgentsAreRelieved: only of what they wrote nothing in since they got
// it, and again and again while nobody else is there.
func TestSilentAgentsAreRelieved(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Silent: p(20)}, func(b *bench) {
		r := &reliefs{asked: map[id.Conversation]int{}}
		b.timers.Relief(r)
		silent, answered, waits := b.open("v1"), b.open("v2"), b.w.Start("v3", "")
		b.say(silent, b.visitorOf(silent), "anybody?")
		b.say(answered, b.ann(), "hello")
		b.say(answered, b.visitorOf(answered), "and now?")
		b.pass(15 * time.Second)
		if len(r.asked) != 0 {
			t.Fatal("early", r.asked)
		}
		b.pass(10 * time.Second)
		if r.asked[silent.ID] != 20 || len(r.asked) != 1 {
			t.Fatal("not asked once", r.asked, waits.ID)
		}
		r.there = true
		b.pass(25 * time.Second)
		if r.asked[silent.ID] < 40 || len(r.asked) != 1 || r.given == 0 {
			t.Fatal("not asked again", r.asked, r.given)
		}
	})
}
