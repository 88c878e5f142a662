package live

import (
	"context"
	"sync/atomic"

	"parlor/internal/actor"
	"parlor/internal/canvas"
	"parlor/internal/front/wire"
	"parlor/internal/id"
)

// easel is the canvas that a connection has open: marks being drawn are checked
// against it alone.
type easel struct{ seen atomic.Pointer[canvas.Seen] }

type canvasInput struct {
	Canvas id.Canvas `json:"canvas"`
	// Mark is the id of the mark to take away.
	Mark string `json:"mark"`
}

type strokeInput struct {
	Canvas id.Canvas    `json:"canvas"`
	Shape  canvas.Shape `json:"shape"`
}

type startCanvas struct {
	Conversation id.Conversation `json:"conversation"`
	Seq          int64           `json:"seq"`
	File         id.File         `json:"file"`
	ClientID     string          `json:"clientId"`
}

type startedCanvas struct {
	Canvas  wire.Canvas  `json:"canvas"`
	Message wire.Message `json:"message"`
}

func (f *Front) drawing() wire.Drawing {
	return wire.Drawing{Views: f.Views, Canvases: f.Visit.Canvases}
}

// open answers with a canvas and its marks; without an id none is open any more.
func (e *easel) open(ctx context.Context, f *Front, who actor.Actor, in canvasInput) (out wire.OpenCanvas, err error) {
	if in.Canvas == "" {
		e.seen.Store(nil)
		return wire.OpenCanvas{Marks: []canvas.Mark{}}, nil
	}
	got, err := f.Visit.Canvases.Open(ctx, who, in.Canvas)
	if err != nil {
		return out, err
	}
	e.seen.Store(&got)
	return f.drawing().Open(who, got), nil
}

// stroke passes a mark on that is being drawn. Too many are dropped: the mark
// itself comes later.
func (e *easel) stroke(f *Front, who actor.Actor, in strokeInput) (empty, error) {
	on := e.seen.Load()
	if on == nil || on.Canvas.ID != in.Canvas || !on.Draws || f.strokes.Take(limitKey(who)) != nil {
		return empty{}, nil
	}
	return empty{}, f.Visit.Canvases.Stroke(who, *on, in.Shape)
}

func limitKey(who actor.Actor) string {
	if who.Kind == actor.Agent {
		return "a " + string(who.Agent)
	}
	return "v " + string(who.Visitor)
}

func (f *Front) draw(ctx context.Context, who actor.Actor, in strokeInput) (out canvas.Mark, err error) {
	if err := f.Posts.Take("canvas " + limitKey(who)); err != nil {
		return out, err
	}
	out, err = f.Visit.Canvases.Draw(ctx, who, in.Canvas, in.Shape)
	return wire.MarkFor(who, out), err
}

func (f *Front) undo(ctx context.Context, who actor.Actor, in canvasInput) (out wire.Canvas, err error) {
	if err := f.Posts.Take("canvas " + limitKey(who)); err != nil {
		return out, err
	}
	got, err := f.Visit.Canvases.Undo(ctx, who, in.Canvas, in.Mark)
	return f.drawing().Canvas(who.Tenant, got), err
}

func (c *agentConn) canvasStart(ctx context.Context, in startCanvas) (out startedCanvas, err error) {
	if err := c.f.Posts.Take(limitKey(c.who)); err != nil {
		return out, err
	}
	got, err := c.f.Visit.Canvases.Start(ctx, c.who, canvas.StartInput{Conversation: in.Conversation, Seq: in.Seq, File: in.File, ClientID: in.ClientID})
	if err != nil {
		return out, err
	}
	return startedCanvas{c.f.drawing().Canvas(c.who.Tenant, got.Canvas), c.f.Views.Message(got.Message)}, nil
}

func (c *agentConn) canvasOpen(ctx context.Context, in canvasInput) (wire.OpenCanvas, error) {
	return c.easel.open(ctx, c.f, c.who, in)
}

func (c *agentConn) canvasStroke(_ context.Context, in strokeInput) (empty, error) {
	return c.easel.stroke(c.f, c.who, in)
}

func (c *agentConn) canvasMark(ctx context.Context, in strokeInput) (canvas.Mark, error) {
	return c.f.draw(ctx, c.who, in)
}

func (c *agentConn) canvasUndo(ctx context.Context, in canvasInput) (wire.Canvas, error) {
	return c.f.undo(ctx, c.who, in)
}

func (c *agentConn) canvasClear(ctx context.Context, in canvasInput) (out wire.Canvas, err error) {
	if err := c.f.Posts.Take("canvas " + limitKey(c.who)); err != nil {
		return out, err
	}
	got, err := c.f.Visit.Canvases.Clear(ctx, c.who, in.Canvas)
	return c.f.drawing().Canvas(c.who.Tenant, got), err
}

func (c *visitorConn) canvasOpen(ctx context.Context, in canvasInput) (wire.OpenCanvas, error) {
	return c.easel.open(ctx, c.f, c.who, in)
}

func (c *visitorConn) canvasStroke(_ context.Context, in strokeInput) (empty, error) {
	return c.easel.stroke(c.f, c.who, in)
}

func (c *visitorConn) canvasMark(ctx context.Context, in strokeInput) (canvas.Mark, error) {
	return c.f.draw(ctx, c.who, in)
}

func (c *visitorConn) canvasUndo(ctx context.Context, in canvasInput) (wire.Canvas, error) {
	return c.f.undo(ctx, c.who, in)
}

// drawn and stroked encode the events of canvases for a console.
func (c *agentConn) drawn(d *canvas.Changed) {
	_ = c.sock.Emit("canvas", c.f.drawing().Changed(c.who, d)) // a full queue closes the socket; the client resumes
}

func (c *agentConn) stroked(d *canvas.Stroke) {
	if c.easel.shows(d.Canvas) && d.Author != string(c.who.Agent) {
		_ = c.sock.EmitVolatile("canvas-stroke", d)
	}
}

// drawn and stroked encode the events of canvases for a visitor.
func (c *visitorConn) drawn(d *canvas.Changed) {
	_ = c.sock.Emit("canvas", c.f.drawing().Changed(c.who, d)) // a full queue closes the socket; the client resumes
}

func (c *visitorConn) stroked(d *canvas.Stroke) {
	if c.easel.shows(d.Canvas) && d.By != actor.Visitor {
		_ = c.sock.EmitVolatile("canvas-stroke", c.f.drawing().Stroke(c.who, *d))
	}
}

// shows reports whether a canvas is open.
func (e *easel) shows(c id.Canvas) bool {
	on := e.seen.Load()
	return on != nil && on.Canvas.ID == c
}
