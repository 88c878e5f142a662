package timer_test

import (
	"testing"
	"time"

	"parlor/internal/audit"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/robot"
	"parlor/internal/setting"
)

// TestRobotsWaitNoLongerThanPeople: the timers of silent visitors hold for what a robot
// has.
func TestRobotsWaitNoLongerThanPeople(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{IdleWarn: p(10), IdleClose: p(5)}, func(b *bench) {
		r, err := b.w.S.SaveRobot(b.t.Context(), robot.Robot{ID: id.New(), Tenant: "main", Agent: id.NewRobot(), Name: "Bo", Active: true, CreatedAt: b.clock.Now()}, 9, audit.None)
		b.must(err)
		line := b.w.Line(conversation.LineAssigned)
		c, _, err := b.w.S.Start(b.t.Context(), conversation.Conversation{Tenant: "main", Inbox: b.w.Inbox, Channel: "web", Visitor: b.w.Visitor("v"), CreatedAt: b.clock.Now()},
			conversation.Entrance{Robot: &conversation.Robot{Agent: r.Agent, Name: r.Name, Decision: "{}", Line: line}})
		b.must(err)
		b.talks.Announce(conversation.Moved{Conversation: c}, conversation.LineAssigned)
		b.say(c, b.visitorOf(c), "hello")
		_, err = b.w.S.Append(b.t.Context(), b.w.Answer(c, r.Agent, "hello to you"))
		b.must(err)
		b.pass(12 * time.Second)
		b.want(c, "idle", conversation.Open, "")
		b.pass(8 * time.Second)
		b.want(c, "idle idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}

// TestARobotDoesNotWaitForEver: where no timer is set, who says nothing to a robot is let
// go after half an hour.
func TestARobotDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	each(t, setting.Timers{}, func(b *bench) {
		r, err := b.w.S.SaveRobot(b.t.Context(), robot.Robot{ID: id.New(), Tenant: "main", Agent: id.NewRobot(), Name: "Bo", Active: true, Inboxes: []id.Inbox{b.w.Inbox}, CreatedAt: b.clock.Now()}, 9, audit.None)
		b.must(err)
		c, _, err := b.w.S.Start(b.t.Context(), conversation.Conversation{Tenant: "main", Inbox: b.w.Inbox, Channel: "web", Visitor: b.w.Visitor("v"), CreatedAt: b.clock.Now()},
			conversation.Entrance{Robot: &conversation.Robot{Agent: r.Agent, Name: r.Name, Decision: "{}", Line: b.w.Line(conversation.LineAssigned)}})
		b.must(err)
		b.talks.Announce(conversation.Moved{Conversation: c}, conversation.LineAssigned)
		b.pass(29 * time.Minute)
		b.want(c, "", conversation.Open, "")
		b.pass(2 * time.Minute)
		b.want(c, "idle_end", conversation.Closed, conversation.EndByTimeout)
	})
}
