package call

import (
	"parlor/internal/actor"
	"parlor/internal/id"
)

// Changed is the payload of event.CallChanged.
type Changed struct {
	Call Call `json:"call"`
}

// Signal is the payload of event.CallSignal: what one browser tells the other. It is
// kept nowhere, and any of them may be lost.
type Signal struct {
	Call id.Call `json:"call"`
	// From is the side that sent it.
	From actor.Kind `json:"from" enum:"agent,visitor"`
	// Type is one of SignalTypes.
	Type string `json:"type"`
	// Data is the browser's own text.
	Data string `json:"data"`
	// ToRecorder is true for what no browser gets, but the recorder of the call.
	ToRecorder bool `json:"toRecorder,omitempty"`
}
