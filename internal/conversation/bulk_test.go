package conversation_test

import (
	"fmt"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

func TestVisibleIsWhatTheScopeHolds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		// More than one statement takes, the one that is there behind all others.
		var names []id.Conversation
		for n := range conversation.MaxBulk + 9 {
			names = append(names, id.Conversation(fmt.Sprintf("%032d", n)))
		}
		names = append(names, f.conv, f.conv)
		foreign := f.boss
		foreign.Tenant = "other"
		for _, x := range []struct {
			who       actor.Actor
			sees, any bool
		}{{f.agent, true, true}, {f.other, false, true}, {f.boss, true, true}, {f.visitor, false, true}, {foreign, false, false}} {
			got, err := f.Visible(t.Context(), x.who, names)
			f.must(err)
			if sees, there := got[f.conv]; sees != x.sees || there != x.any || len(got) > 1 {
				t.Errorf("%s %s: %v", x.who.Kind, x.who.Name, got)
			}
		}
	})
}
