package live

import (
	"testing"

	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/routing"
)

// TestWhereAVisitorStandsAsksNobody: events are delivered one after the other, so that
// none may wait for the store. A front without routing would panic.
func TestWhereAVisitorStandsAsksNobody(t *testing.T) {
	t.Parallel()
	c := &visitorConn{f: &Front{}}
	conv := conversation.Conversation{ID: "a", Status: conversation.Open, Agent: id.NewRobot(), AgentName: "Bo"}
	if got := c.stands(conv).Robot; got == nil || got.Name != "Bo" || !got.Button || got.After != 0 {
		t.Errorf("unknown: %+v", got)
	}
	c.face, c.faced = &routing.Face{Name: "Bo", After: 3}, "a"
	if got := c.stands(conv).Robot; got == nil || got.Button || got.After != 3 {
		t.Errorf("known: %+v", got)
	}
	conv.ID = "b"
	if got := c.stands(conv).Robot; got == nil || got.After != 0 {
		t.Errorf("of another conversation: %+v", got)
	}
	conv.Agent = "ann"
	if got := c.stands(conv).Robot; got != nil {
		t.Errorf("a person: %+v", got)
	}
}
