package routing_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"parlor/internal/account"
	"parlor/internal/bus/memory"
	"parlor/internal/clock"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
	"parlor/internal/setting"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// oracle answers who gets a conversation.
type oracle struct {
	mu     sync.Mutex
	answer string
	fault  error
	asked  int
}

func (o *oracle) ask(context.Context, id.Tenant, id.Team) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	return o.answer, o.fault
}

func (o *oracle) says(answer string, fault error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer, o.fault = answer, fault
}

// TestExternalRuleAsks: the company's server names an agent; nobody, an error or
// somebody who is not there leave it waiting, and it is asked again later.
func TestExternalRuleAsks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		o := &oracle{}
		n := start(t, st, memory.New(), clock.NewStub(epoch), "one", func(opts *routing.Options) { opts.Ask = o.ask })
		n.set(withRouting(setting.Routing{Rule: "external"}))
		lin, kim := n.agent("lin", 9, account.Member), n.agent("kim", 9, account.Member)
		defer n.ready(lin)()
		var waiting []id.Conversation
		for _, x := range []struct {
			answer string
			fault  error
		}{{"", nil}, {"nobody", nil}, {"kim", nil}, {"lin", errors.New("down")}} {
			o.says(x.answer, x.fault)
			a := n.admit(n.visitor("v-"+x.answer), conversation.StartInput{Channel: "web"})
			waiting = append(waiting, a.Conversation.ID)
			n.advance(3 * time.Second)
			if c := n.get(a.Conversation.ID); c.Status != conversation.Queued {
				t.Fatalf("answer %q, %v: %+v", x.answer, x.fault, c)
			}
		}
		o.mu.Lock()
		if o.asked < 4 || o.asked > 12 {
			t.Errorf("asked %d times", o.asked)
		}
		o.mu.Unlock()
		o.says("lin", nil)
		last := n.admit(n.visitor("last"), conversation.StartInput{Channel: "web"}).Conversation.ID
		n.until("the named agent has it", func() bool { return n.get(last).Agent == lin.Agent })
		n.advance(10 * time.Second)
		for _, c := range waiting {
			n.until("it is asked for again", func() bool { return n.get(c).Agent == lin.Agent })
		}
		if st, err := n.accounts.AgentStatus(t.Context(), "main", kim.Agent, n.clock.Now()); err != nil || st.Open != 0 {
			t.Error("somebody who is not there got one", st, err)
		}
	})
}
