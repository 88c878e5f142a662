package timer_test

import (
	"testing"
	"time"

	"parlor/internal/conversation"
	"parlor/internal/setting"
)

// TestHeldConversationsAreNotWaitedFor: no reminder while on hold, an end after a
// long time there, and the usual timers again after the visitor's next message.
func TestHeldConversationsAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{IdleWarn: p(10), IdleClose: p(5), Hold: p(40)}, func(b *bench) {
		stays, wakes := b.open("v1"), b.open("v2")
		for _, c := range []conversation.Conversation{stays, wakes} {
			if _, err := b.talks.Hold(b.t.Context(), b.ann(), c.ID, ""); err != nil {
				b.t.Fatal(err)
			}
		}
		b.pass(30 * time.Second)
		b.want(stays, "", conversation.Open, "")
		b.say(wakes, b.visitorOf(wakes), "hello")
		b.pass(9 * time.Second)
		b.want(wakes, "", conversation.Open, "")
		b.pass(3 * time.Second)
		b.want(stays, "idle_end", conversation.Closed, conversation.EndByTimeout)
		b.want(wakes, "idle", conversation.Open, "")
	})
}

// TestHoldEndsWithoutOtherTimers: a company that uses no timer has this one.
func TestHoldEndsWithoutOtherTimers(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Hold: p(20)}, func(b *bench) {
		c := b.open("v1")
		if _, err := b.talks.Hold(b.t.Context(), b.ann(), c.ID, ""); err != nil {
			b.t.Fatal(err)
		}
		b.pass(19 * time.Second)
		b.want(c, "", conversation.Open, "")
		b.pass(3 * time.Second)
		b.want(c, "idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}

// TestAbandonedConversations: counted from the agent's first unanswered message,
// they end or go on hold.
func TestAbandonedConversations(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Abandon: "close", AbandonAfter: p(90)}, func(b *bench) {
		left, answered, waits := b.open("v1"), b.open("v2"), b.open("v3")
		b.say(left, b.ann(), "how can I help?")
		b.say(answered, b.ann(), "how can I help?")
		b.say(waits, b.visitorOf(waits), "anybody?")
		b.pass(50 * time.Second)
		b.say(left, b.ann(), "are you there?")
		b.say(answered, b.visitorOf(answered), "yes")
		b.pass(75 * time.Second)
		b.want(left, "idle_end", conversation.Closed, conversation.EndByTimeout)
		b.want(answered, "", conversation.Open, "")
		b.want(waits, "", conversation.Open, "")
	})
	each(t, setting.Timers{Abandon: "hold", AbandonAfter: p(30)}, func(b *bench) {
		c := b.open("v1")
		b.say(c, b.ann(), "how can I help?")
		b.pass(65 * time.Second)
		b.want(c, "", conversation.Open, "")
		if _, now := b.lines(c); now.HeldAt == nil || now.Agent != b.agent {
			b.t.Fatal("not on hold", now)
		}
	})
}

// TestHoldEndsThoughItsEventWasLost: the sweep of each minute finds it, though the
// company uses no other timer.
func TestHoldEndsThoughItsEventWasLost(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{Hold: p(20)}, func(b *bench) {
		c := b.open("v1")
		_, err := b.w.S.Hold(b.t.Context(), conversation.HoldInput{Tenant: "main", Conversation: c.ID, At: b.clock.Now(), Line: b.w.Line("held")})
		b.must(err)
		b.pass(65 * time.Second)
		b.want(c, "idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}
