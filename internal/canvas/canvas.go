// Package canvas lets both sides of a conversation draw on a picture together
// (图片协作): an agent turns a picture into a canvas, which the conversation shows
// as a message of its own kind, and agents and the visitor put marks on it.
//
// Marks are only ever added. Undoing takes one's own last mark away, clearing is
// the agents' and takes all. Each change gives the canvas its next version, and a
// mark is named by the version it came with. When the conversation is closed
// nothing changes any more.
package canvas

import (
	"context"
	"math"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Bounds.
const (
	// MaxPoints is the highest number of points of a mark.
	MaxPoints = 512
	// MaxMarks is the highest number of marks that a canvas shows.
	MaxMarks = 500
	// MaxKept is the highest number of marks a canvas ever had, those that were
	// taken away included.
	MaxKept = 2000
	// MaxCanvases is the highest number of canvases of a conversation.
	MaxCanvases = 20
	// MaxWidth is the widest line, in thousandths of the picture's longer side.
	MaxWidth = 60
	// MaxMarkID is the longest id of a mark, in bytes.
	MaxMarkID = 40
)

// Tool is what a mark is drawn with.
type Tool string

// The tools.
const (
	// Pen and Highlighter draw a line through all points.
	Pen         Tool = "pen"
	Highlighter Tool = "highlighter"
	// Arrow goes from the first to the second point.
	Arrow Tool = "arrow"
	// Rectangle and Ellipse lie between two opposite corners.
	Rectangle Tool = "rectangle"
	Ellipse   Tool = "ellipse"
)

// Canvas is a picture that is drawn on.
type Canvas struct {
	ID           id.Canvas       `json:"id"`
	Tenant       id.Tenant       `json:"-"`
	Conversation id.Conversation `json:"conversation"`
	// File is the picture, Width and Height its size in pixels.
	File   id.File `json:"file"`
	Width  int     `json:"width"`
	Height int     `json:"height"`
	// Layer is a drawing that was saved as a whole picture, under the marks; "" for none.
	Layer id.File `json:"-"`
	// Agent is who began it.
	Agent id.Agent `json:"-"`
	// Version grows with each change, from 1.
	Version int64 `json:"version"`
	// Count is how many marks it shows.
	Count     int       `json:"count"`
	CreatedAt time.Time `json:"createdAt"`
	ChangedAt time.Time `json:"changedAt"`
}

// Shape is a mark as it is sent.
type Shape struct {
	// ID is chosen by whoever draws; a repeated one adds nothing.
	ID     string `json:"id" minLength:"1" maxLength:"40"`
	Tool   Tool   `json:"tool" enum:"pen,highlighter,arrow,rectangle,ellipse"`
	Colour string `json:"colour" pattern:"^#[0-9a-f]{6}$"`
	// Width of the line in thousandths of the picture's longer side, 1 to MaxWidth.
	Width int `json:"width" minimum:"1" maximum:"60"`
	// Points are x and y by turns, each from 0 to 1 across the picture.
	Points []float64 `json:"points" minItems:"2" maxItems:"1024"`
}

// Mark is a shape with who drew it.
type Mark struct {
	Shape
	// Seq is the version of the canvas that the mark came with.
	Seq int64      `json:"seq"`
	By  actor.Kind `json:"by" enum:"agent,visitor"`
	// Author is the agent's or visitor's id; visitors are not told it.
	Author string    `json:"author,omitempty"`
	Name   string    `json:"name,omitempty"`
	At     time.Time `json:"at"`
}

var (
	colours = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	tools   = []Tool{Pen, Highlighter, Arrow, Rectangle, Ellipse}
)

// Check refuses what is no mark and rounds its points to a hundredth of a
// percent. Errors: Invalid "bad_mark_id", "unknown_tool", "bad_color",
// "out_of_range", "bad_points".
func (m *Shape) Check() error {
	switch {
	case m.ID == "" || len(m.ID) > MaxMarkID || !utf8.ValidString(m.ID):
		return errs.Field("id", "bad_mark_id", "The id of a mark has 1 to %d bytes.", MaxMarkID)
	case !slices.Contains(tools, m.Tool):
		return errs.Field("tool", "unknown_tool", "There is no such tool; pen, highlighter, arrow, rectangle and ellipse are.")
	case !colours.MatchString(m.Colour):
		return errs.Field("colour", "bad_color", "Write the colour as #rrggbb in small letters.")
	case m.Width < 1 || m.Width > MaxWidth:
		return errs.Field("width", "out_of_range", "%d is not allowed; 1 to %d are.", m.Width, MaxWidth)
	}
	n := len(m.Points)
	free := m.Tool == Pen || m.Tool == Highlighter
	if n%2 != 0 || n < 2 || n > 2*MaxPoints || (!free && n != 4) {
		return errs.Field("points", "bad_points", "A line has 1 to %d points, other marks have two; each is x and y.", MaxPoints)
	}
	for i, v := range m.Points {
		if !(v >= 0 && v <= 1) { // not a number is neither
			return errs.Field("points", "bad_points", "Points lie between 0 and 1.")
		}
		m.Points[i] = math.Round(v*1e4) / 1e4
	}
	return nil
}

// Add is a mark to add.
type Add struct {
	Tenant id.Tenant
	Canvas id.Canvas
	Mark   Mark
}

// Store is the memory that canvas needs. Every verb is one transaction. Canvases
// of another tenant do not exist for it: errs.NotFound "canvas_not_found". What
// changes something is refused with Conflict "conversation_closed" when the
// conversation is over.
type Store interface {
	// CreateCanvas adds c, or returns the one that the conversation has for its
	// file with created false. Conflict "too_many_canvases" beyond MaxCanvases.
	CreateCanvas(ctx context.Context, c Canvas) (got Canvas, created bool, err error)
	// Canvas returns one canvas.
	Canvas(ctx context.Context, t id.Tenant, c id.Canvas) (Canvas, error)
	// Canvases returns the canvases of a conversation, the oldest first, at most MaxCanvases.
	Canvases(ctx context.Context, t id.Tenant, c id.Conversation) ([]Canvas, error)
	// Marks returns a canvas with the marks it shows, in order, as of one moment.
	Marks(ctx context.Context, t id.Tenant, c id.Canvas) (Canvas, []Mark, error)
	// AddMark adds a mark with the next version as Seq. An id that the author has
	// used there returns the first mark with repeated true. Conflict
	// "too_many_marks" beyond MaxMarks or MaxKept.
	AddMark(ctx context.Context, in Add) (c Canvas, m Mark, repeated bool, err error)
	// UndoMark takes away the author's last mark, if mark is "" or its id, and
	// returns its id. Gone is "" if there is nothing to take away.
	UndoMark(ctx context.Context, t id.Tenant, c id.Canvas, author, mark string, at time.Time) (got Canvas, gone string, err error)
	// ClearCanvas takes away all marks and the layer; changed is false if there were none.
	ClearCanvas(ctx context.Context, t id.Tenant, c id.Canvas, at time.Time) (got Canvas, changed bool, err error)
	// SetLayer puts a saved drawing under the marks, in place of an earlier one.
	SetLayer(ctx context.Context, t id.Tenant, c id.Canvas, layer id.File, at time.Time) (Canvas, error)
}
