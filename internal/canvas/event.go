package canvas

import (
	"parlor/internal/actor"
	"parlor/internal/id"
)

// Change says what happened to a canvas.
type Change string

// The changes.
const (
	Marked  Change = "mark"
	Undone  Change = "undo"
	Cleared Change = "clear"
	Layered Change = "layer"
)

// Changed is the payload of event.CanvasChanged. A receiver that has not got the
// version before Canvas.Version has missed something and reads the canvas anew.
type Changed struct {
	Canvas Canvas `json:"canvas"`
	Change Change `json:"change" enum:"mark,undo,clear,layer"`
	// Layer is the file of the saved drawing, if there is one.
	Layer id.File `json:"layer,omitempty"`
	// Mark is the mark that was added.
	Mark *Mark `json:"mark,omitempty"`
	// Gone and Author name the mark that was taken away.
	Gone   string `json:"gone,omitempty"`
	Author string `json:"author,omitempty"`
}

// Stroke is the payload of event.CanvasStroke: a mark that is being drawn. It is
// nowhere stored, and any of them may be lost. Without points it was given up.
type Stroke struct {
	Canvas       id.Canvas       `json:"canvas"`
	Conversation id.Conversation `json:"conversation"`
	Shape        Shape           `json:"shape"`
	By           actor.Kind      `json:"by" enum:"agent,visitor"`
	Author       string          `json:"author,omitempty"`
	Name         string          `json:"name,omitempty"`
}
