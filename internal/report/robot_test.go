package report_test

import (
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/conversation"
	"parlor/internal/id"
	"parlor/internal/report"
)

// TestARobotIsNoAgent: what a robot had is nobody's part, and a person's figures begin
// when the robot hands over.
func TestARobotIsNoAgent(t *testing.T) {
	t.Parallel()
	closed, bo := at(100), string(id.NewRobot())
	hand := line(conversation.LineQueued, 40)
	hand.Line.FromAgent = id.Agent(bo)
	took := given(conversation.LineAssigned, "a", 40)
	took.Line.FromAgent = id.Agent(bo)
	received := []conversation.Message{given(conversation.LineAssigned, bo, 0), by(bo, 0), said(actor.Visitor, 10), by(bo, 11), said(actor.Visitor, 20)}
	served := []conversation.Message{given(conversation.LineAssigned, "a", 50), by("a", 55), line(conversation.LineClosed, 100)}
	for name, x := range map[string]struct {
		list                          []conversation.Message
		wait, first, reaction, served time.Duration
		parts                         int
	}{
		"robot only":  {append(received[:5:5], line(conversation.LineClosed, 100)), -1, -1, -1, 0, 0},
		"handed over": {append(append(received[:5:5], hand), served...), 10 * time.Second, 15 * time.Second, 5 * time.Second, 50 * time.Second, 1},
		"taken over":  {append(received[:5:5], took, by("a", 41), line(conversation.LineClosed, 100)), 0, time.Second, time.Second, 60 * time.Second, 1},
	} {
		c := conversation.Conversation{ID: "c", ClosedAt: &closed, CreatedAt: at(0), Agent: "a"}
		f := report.FactOf(c, x.list, closed, nil)
		if f.Wait != x.wait || f.First != x.first || f.Reaction != x.reaction || f.Service != x.served || f.FromVisitor != 2 {
			t.Errorf("%s: wait %v first %v reaction %v service %v visitor %d", name, f.Wait, f.First, f.Reaction, f.Service, f.FromVisitor)
		}
		parts := report.PartsOf(c, x.list, nil)
		if len(parts) != x.parts {
			t.Fatalf("%s: %+v", name, parts)
		}
		if len(parts) == 1 && (parts[0].Agent != "a" || parts[0].FromVisitor != 0 || parts[0].In || parts[0].First != x.reaction || parts[0].Responses != 1 || parts[0].Response != x.reaction) {
			t.Errorf("%s: %+v", name, parts[0])
		}
	}
}
