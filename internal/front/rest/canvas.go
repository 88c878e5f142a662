package rest

import (
	"context"
	"net/http"
	"strconv"

	"parlor/internal/account"
	"parlor/internal/actor"
	"parlor/internal/canvas"
	"parlor/internal/front/wire"
	"parlor/internal/id"
)

// ByCanvas names a canvas. Exported because it is embedded.
type ByCanvas struct {
	ID id.Canvas `path:"id" maxLength:"64"`
}

type startCanvas struct {
	ByConversation
	Body struct {
		Seq      int64   `json:"seq,omitempty" minimum:"0" doc:"Number of the message with the picture"`
		File     id.File `json:"file,omitempty" maxLength:"64" doc:"Or a picture that the agent has uploaded"`
		ClientID string  `json:"clientId,omitempty" maxLength:"64" doc:"The sender's own id of the message; a repeated one posts nothing twice"`
	}
}

type startedCanvas struct {
	Canvas  wire.Canvas  `json:"canvas"`
	Message wire.Message `json:"message"`
}

type drawMark struct {
	ByCanvas
	Body canvas.Shape
}

type undoMark struct {
	ByCanvas
	Body struct {
		Mark string `json:"mark,omitempty" maxLength:"40" doc:"Only if this one is one's last"`
	}
}

type drawnPicture struct {
	ByCanvas
	Size string `query:"size" enum:"whole,small" default:"whole"`
}

// png is an answer that is a picture.
type png struct {
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

// canvases registers the calls about pictures that are drawn on together, for
// agents and in the same form for visitors.
func (a *API) canvases() {
	const tag = "canvases"
	asAgent(a, http.MethodPost, "/conversations/{id}/canvases", "Draw on a picture together", tag, func(ctx context.Context, l account.Login, in *startCanvas) (*body[startedCanvas], error) {
		got, err := a.Visit.Canvases.Start(ctx, l.Actor(), canvas.StartInput{Conversation: in.ID, Seq: in.Body.Seq, File: in.Body.File, ClientID: in.Body.ClientID})
		if err != nil {
			return nil, err
		}
		return reply(startedCanvas{a.drawing().Canvas(l.Agent.Tenant, got.Canvas), a.Views.Message(got.Message)}, nil)
	})
	asAgent(a, http.MethodDelete, "/canvases/{id}/marks", "Take everything away that was drawn", tag, func(ctx context.Context, l account.Login, in *ByCanvas) (*body[wire.Canvas], error) {
		return a.canvasOf(l.Actor())(a.Visit.Canvases.Clear(ctx, l.Actor(), in.ID))
	})
	forBoth(a, http.MethodGet, "/conversations/{id}/canvases", "Pictures that are drawn on together", func(ctx context.Context, who actor.Actor, in *ByConversation) (*body[items[wire.Canvas]], error) {
		list, err := a.Visit.Canvases.List(ctx, who, in.ID)
		return listed(a.drawing().List(who.Tenant, list), err)
	})
	forBoth(a, http.MethodGet, "/canvases/{id}", "A picture with its marks", func(ctx context.Context, who actor.Actor, in *ByCanvas) (*body[wire.OpenCanvas], error) {
		got, err := a.Visit.Canvases.Open(ctx, who, in.ID)
		if err != nil {
			return nil, err
		}
		return reply(a.drawing().Open(who, got), nil)
	})
	forBoth(a, http.MethodPost, "/canvases/{id}/marks", "Draw a mark; a repeated id draws nothing", func(ctx context.Context, who actor.Actor, in *drawMark) (*body[canvas.Mark], error) {
		m, err := a.Visit.Canvases.Draw(ctx, who, in.ID, in.Body)
		return reply(wire.MarkFor(who, m), err)
	})
	forBoth(a, http.MethodPost, "/canvases/{id}/undo", "Take one's own last mark away", func(ctx context.Context, who actor.Actor, in *undoMark) (*body[wire.Canvas], error) {
		return a.canvasOf(who)(a.Visit.Canvases.Undo(ctx, who, in.ID, in.Body.Mark))
	})
	forBoth(a, http.MethodGet, "/canvases/{id}/picture", "The picture with everything on it, as PNG", a.picture)
}

// forBoth registers a call for agents, and under /visitor for visitors.
func forBoth[I, O any](a *API, method, path, summary string, fn func(context.Context, actor.Actor, *I) (*O, error)) {
	asAgent(a, method, path, summary, "canvases", func(ctx context.Context, l account.Login, in *I) (*O, error) { return fn(ctx, l.Actor(), in) })
	asVisitor(a, method, "/visitor"+path, summary, fn)
}

func (a *API) drawing() wire.Drawing {
	return wire.Drawing{Views: a.Views, Canvases: a.Visit.Canvases}
}

// canvasOf answers with a canvas.
func (a *API) canvasOf(who actor.Actor) func(canvas.Canvas, error) (*body[wire.Canvas], error) {
	return func(c canvas.Canvas, err error) (*body[wire.Canvas], error) {
		if err != nil {
			return nil, err
		}
		return reply(a.drawing().Canvas(who.Tenant, c), nil)
	}
}

func (a *API) picture(ctx context.Context, who actor.Actor, in *drawnPicture) (*png, error) {
	size := canvas.Whole
	if in.Size == "small" {
		size = canvas.Small
	}
	d, err := a.Visit.Canvases.Picture(ctx, who, in.ID, size)
	if err != nil {
		return nil, err
	}
	return &png{ContentType: "image/png", ETag: strconv.Quote(strconv.FormatInt(d.Version, 10)), Cache: "private, no-cache", Body: d.PNG}, nil
}
