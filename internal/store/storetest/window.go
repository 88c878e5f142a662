package storetest

import (
	"strings"
	"testing"

	"parlor/internal/actor"
	"parlor/internal/audit"
	"parlor/internal/store"
	"parlor/internal/window"
)

// testInteractions keeps who sent which message to which page.
func testInteractions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	in := window.Interaction{Conversation: "c", Message: "m-1", Seq: 3, Flag: "order-detail", Window: "crm", Name: "CRM"}
	must(t, s.AddInteraction(ctx, w.Tenant, in, audit.By{Kind: actor.Agent, ID: "a-1", Name: "Li", At: w.Now}))
	list, _, err := s.Audit(ctx, w.Tenant, audit.Filter{Thing: "interaction", Limit: 10})
	must(t, err)
	equal(t, "entries", len(list), 1)
	e := list[0]
	equal(t, "who", e.By+e.ByName, "a-1Li")
	equal(t, "what", e.Action+" "+e.ThingID+" "+e.Name, "create m-1 CRM")
	if !strings.Contains(string(e.After), `"flag":"order-detail"`) || !strings.Contains(string(e.After), `"seq":3`) {
		t.Errorf("after %s", e.After)
	}
	list, _, err = s.Audit(ctx, o.Tenant, audit.Filter{Thing: "interaction", Limit: 10})
	must(t, err)
	equal(t, "entries of the other company", len(list), 0)
}
