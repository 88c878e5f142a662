package conversation_test

import (
	"testing"

	"parlor/internal/conversation"
	"parlor/internal/store"
	"parlor/internal/store/storetest"
)

// TestTwoWhoCloseAtOnce: who comes within AtOnce of the end is told so, later ones
// that it is closed.
func TestTwoWhoCloseAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := setup(t, st)
		_, err := f.End(t.Context(), f.visitor, f.conv)
		f.must(err)
		f.clock.Advance(conversation.AtOnce - 1)
		_, err = f.End(t.Context(), f.visitor, f.conv)
		f.refused("closed_at_once", err)
		_, err = f.Finish(t.Context(), f.agent, f.conv, conversation.FinishInput{})
		f.refused("closed_at_once", err)
		_, err = f.Finish(t.Context(), f.agent, f.conv, conversation.FinishInput{Force: true})
		f.refused("conversation_closed", err)
		_, err = f.Close(t.Context(), f.visitor, f.conv, conversation.EndByVisitor)
		f.refused("conversation_closed", err)
		f.clock.Advance(1)
		_, err = f.End(t.Context(), f.visitor, f.conv)
		f.refused("conversation_closed", err)
		_, err = f.Finish(t.Context(), f.agent, f.conv, conversation.FinishInput{})
		f.refused("conversation_closed", err)
	})
}
