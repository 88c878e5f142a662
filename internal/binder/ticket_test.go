package binder_test

import (
	"testing"
	"time"

	"parlor/internal/binder"
	"parlor/internal/id"
	"parlor/internal/leave"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// leaves adds a message that a visitor left behind.
func (c *company) leaves(message, name string, v id.Visitor) {
	c.T.Helper()
	c.must(c.S.AddLeave(c.T.Context(), leave.Message{ID: message, Tenant: c.Tenant, Inbox: c.Inbox, Visitor: v, Kind: leave.Form, Name: name, At: c.clock.Now()}))
}

// tickets runs the jobs that left messages have caused.
func (c *company) tickets() (n int) {
	c.T.Helper()
	now := c.clock.Now()
	jobs, err := c.S.Claim(c.T.Context(), []string{binder.JobTicket}, 100, now, now.Add(time.Minute))
	c.must(err)
	for _, j := range jobs {
		c.must(c.svc.Workers()[binder.JobTicket](c.T.Context(), j))
		c.must(c.S.Finish(c.T.Context(), j.ID))
	}
	return len(jobs)
}

func TestTheEndOfATicketBinds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		c := open(t, st, setting.BindRule{Name: "ticket", On: setting.OnTicket, Flag: "f"}, setting.BindRule{Name: "away", On: setting.OnTicket, Flag: "g", Unbind: true})
		mia := c.Ready("mia", 9)
		done, again := leave.Done, leave.Open
		change := func(message string, x leave.Change, by id.Agent) {
			t.Helper()
			_, err := st.ChangeLeave(t.Context(), c.Tenant, message, x, c.clock.Now(), leave.By{Agent: by, Name: "x"})
			c.must(err)
		}
		talk := c.Start("Vera", "")
		c.leaves("m1", "vera", talk.Visitor)
		change("m1", leave.Change{Assignee: &mia}, c.li)
		if n := c.tickets(); n != 0 {
			t.Fatalf("%d jobs before the end", n)
		}
		change("m1", leave.Change{State: &done}, c.li)
		if n := c.tickets(); n != 1 {
			t.Fatalf("%d jobs", n)
		}
		c.expect("f", "vera", "mia rule ticket")
		// Who closes it counts if it is assigned to nobody; a robot does not.
		c.leaves("m2", "uli", talk.Visitor)
		change("m2", leave.Change{State: &done}, c.li)
		c.leaves("m3", "ada", talk.Visitor)
		change("m3", leave.Change{State: &done}, c.bot)
		c.leaves("m4", "nobody", "")
		_, err := st.ReplyLeave(t.Context(), c.Tenant, "m4", leave.Reply{Text: "x", At: c.clock.Now(), By: leave.By{Agent: c.li}, Kind: "mail.leave", Key: "k", Payload: "{}"})
		c.must(err)
		if n := c.tickets(); n != 3 {
			t.Fatalf("%d jobs", n)
		}
		c.expect("f", "uli", "li rule ticket")
		c.expect("f", "ada", "")
		c.expect("f", "nobody", "")
		// A rule acts once for a ticket, and not for one that was opened again meanwhile.
		list, _, err := c.bindings.History(t.Context(), c.boss, "uli", "f", "", 9)
		c.must(err)
		change("m2", leave.Change{State: &done}, mia)
		c.leaves("m5", "eva", talk.Visitor)
		change("m5", leave.Change{State: &done}, c.li)
		change("m5", leave.Change{State: &again}, c.li)
		c.tickets()
		c.expect("f", "uli", "li rule ticket")
		c.expect("f", "eva", "")
		now, _, err := c.bindings.History(t.Context(), c.boss, "uli", "f", "", 9)
		c.must(err)
		if len(now) != len(list) {
			t.Errorf("%d changes, there were %d", len(now), len(list))
		}
	})
}
