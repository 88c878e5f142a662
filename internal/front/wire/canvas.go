package wire

import (
	"strconv"

	"parlor/internal/actor"
	"parlor/internal/canvas"
	"parlor/internal/id"
	"parlor/internal/media"
)

// Canvas is a picture that is drawn on together, with the signed paths of its
// pictures.
type Canvas struct {
	canvas.Canvas
	// Picture is the picture itself, Layer a drawing saved elsewhere that lies on it.
	Picture string `json:"picture"`
	Layer   string `json:"layer,omitempty"`
	// Drawn is the picture with everything on it as a PNG, Thumb the same smaller.
	Drawn string `json:"drawn"`
	Thumb string `json:"thumb"`
}

// OpenCanvas is a canvas with its marks.
type OpenCanvas struct {
	Canvas
	Marks []canvas.Mark `json:"marks"`
	// Closed is true if the conversation is over, Draws if who asks may draw.
	Closed bool `json:"closed"`
	Draws  bool `json:"draws"`
}

// CanvasChanged is a change of a canvas.
type CanvasChanged struct {
	Canvas Canvas        `json:"canvas"`
	Change canvas.Change `json:"change" enum:"mark,undo,clear,layer"`
	Mark   *canvas.Mark  `json:"mark,omitempty"`
	// Gone and Author name the mark that was taken away.
	Gone   string `json:"gone,omitempty"`
	Author string `json:"author,omitempty"`
}

// Drawing turns canvases into wire objects.
type Drawing struct {
	Views    Views
	Canvases *canvas.Service
}

// Canvas returns the client's form of a canvas of a tenant.
func (d Drawing) Canvas(t id.Tenant, c canvas.Canvas) Canvas {
	path := "/files/canvas/" + d.Canvases.Token(t, c.ID) + "?v=" + strconv.FormatInt(c.Version, 10)
	w := Canvas{Canvas: c, Picture: d.Views.Files.Address(t, c.File, media.Original), Drawn: path, Thumb: path + "&size=small"}
	if c.Layer != "" {
		w.Layer = d.Views.Files.Address(t, c.Layer, media.Original)
	}
	return w
}

// List returns the client's form of canvases.
func (d Drawing) List(t id.Tenant, list []canvas.Canvas) []Canvas {
	out := make([]Canvas, len(list))
	for i, c := range list {
		out[i] = d.Canvas(t, c)
	}
	return out
}

// Open returns the client's form of a canvas with its marks.
func (d Drawing) Open(who actor.Actor, s canvas.Seen) OpenCanvas {
	o := OpenCanvas{Canvas: d.Canvas(who.Tenant, s.Canvas), Marks: make([]canvas.Mark, len(s.Marks)), Closed: s.Closed, Draws: s.Draws}
	for i, m := range s.Marks {
		o.Marks[i] = MarkFor(who, m)
	}
	return o
}

// Changed returns the form of a change for who.
func (d Drawing) Changed(who actor.Actor, c *canvas.Changed) CanvasChanged {
	of := c.Canvas
	of.Layer = c.Layer // it does not travel with the canvas
	w := CanvasChanged{Canvas: d.Canvas(who.Tenant, of), Change: c.Change, Gone: c.Gone, Author: nameless(who, c.Author)}
	if c.Mark != nil {
		m := MarkFor(who, *c.Mark)
		w.Mark = &m
	}
	return w
}

// Stroke returns the form of a mark that is being drawn for who.
func (d Drawing) Stroke(who actor.Actor, s canvas.Stroke) canvas.Stroke {
	s.Author = nameless(who, s.Author)
	return s
}

// MarkFor returns the form of a mark for who.
func MarkFor(who actor.Actor, m canvas.Mark) canvas.Mark {
	m.Author = nameless(who, m.Author)
	return m
}

// nameless leaves out the ids of agents for visitors, who keep their own.
func nameless(who actor.Actor, author string) string {
	if who.Kind == actor.Visitor && author != string(who.Visitor) {
		return ""
	}
	return author
}
