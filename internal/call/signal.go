package call

import (
	"encoding/json"
	"slices"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/event"
	"parlor/internal/id"
)

// SignalTypes are the signals that are passed on: a side is ready to begin or to
// begin anew, an offer, an answer, a way to be reached, what a side has switched off,
// that a device of the visitor is to be switched, and news of the whiteboard.
var SignalTypes = []string{"ready", "offer", "answer", "candidate", "state", "device", "board"}

// Pass passes a signal to the other side. It asks no store: callers have seen that
// who is a side of the call in, and that it goes on. What the browsers find their way
// with passes unread; devices and the whiteboard are checked. Errors: Forbidden
// "bad_ticket", "agents_only", "not_yours"; Invalid "bad_signal", "bad_board".
func (s *Service) Pass(who actor.Actor, in Call, ticket, kind, data string) error {
	c, err := s.Holder(who, ticket)
	if err != nil {
		return err
	}
	if c != in.ID {
		return errTicket
	}
	if !slices.Contains(SignalTypes, kind) || len(data) > MaxSignal {
		return errs.Field("type", "bad_signal", "A signal is one of ready, offer, answer, candidate, state, device and board, with at most %d bytes.", MaxSignal)
	}
	recorded := in.Recorded
	switch kind {
	case "device":
		recorded = false // the recorder has none to switch
		data, err = deviceOf(who.Kind, data)
	case "board":
		recorded = false
		data, err = boardNewsOf(who.Kind, data, func(address string) bool { return s.Pictures.Signed(in.Tenant, address) })
	}
	if err != nil {
		return err
	}
	g := Signal{Call: in.ID, From: who.Kind, Type: kind, Data: data, ToRecorder: recorded}
	if recorded {
		s.Events.Publish(&event.Event{ID: id.New(), Tenant: in.Tenant, Kind: event.CallSignal, At: s.Clock.Now(), To: []event.Topic{event.ToNodes}, Data: &g})
		return nil
	}
	s.Say(in, across(who.Kind), g)
	return nil
}

// across is the other side of a call.
func across(side actor.Kind) actor.Kind {
	if side == actor.Visitor {
		return actor.Agent
	}
	return actor.Visitor
}

// deviceOf checks that a device of the visitor is to be switched: off at once, on if
// the visitor consents. Only the agent's side asks for it.
func deviceOf(side actor.Kind, data string) (string, error) {
	if side != actor.Agent {
		return "", errAgentsOnly
	}
	var d struct {
		Device string `json:"device"`
		Action string `json:"action"`
	}
	if json.Unmarshal([]byte(data), &d) != nil || d.Device != "microphone" && d.Device != "camera" || d.Action != "on" && d.Action != "off" {
		return "", errs.Field("data", "bad_signal", "The microphone or the camera is switched on or off.")
	}
	b, err := json.Marshal(d)
	return string(b), err
}
