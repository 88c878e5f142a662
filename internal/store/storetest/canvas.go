package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"parlor/internal/actor"
	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
	"parlor/internal/media"
	"parlor/internal/store"
)

// picture adds a file and returns a canvas for it.
func (w *World) picture(c conversation.Conversation) canvas.Canvas {
	w.T.Helper()
	f := id.File(id.New())
	w.ok(w.S.CreateFile(w.T.Context(), media.File{ID: f, Tenant: w.Tenant, Width: 40, Height: 30, CreatedAt: w.Now}))
	return canvas.Canvas{ID: id.Canvas(id.New()), Tenant: w.Tenant, Conversation: c.ID, File: f, Width: 40, Height: 30, Version: 1, CreatedAt: w.Now, ChangedAt: w.Now}
}

// mark returns a mark of an author to add.
func mark(c canvas.Canvas, author, markID string) canvas.Add {
	return canvas.Add{Tenant: c.Tenant, Canvas: c.ID, Mark: canvas.Mark{By: actor.Agent, Author: author, Name: "Name of " + author, At: T0.Add(time.Minute),
		Shape: canvas.Shape{ID: markID, Tool: canvas.Pen, Colour: "#ff0000", Width: 5, Points: []float64{0.1, 0.25, 1, 0}}}}
}

// shown is what a canvas shows: its version, its count and the ids of its marks.
func shown(t testing.TB, s *store.Store, c canvas.Canvas) string {
	t.Helper()
	got, list, err := s.Marks(t.Context(), c.Tenant, c.ID)
	must(t, err)
	text := fmt.Sprint(got.Version, " ", got.Count, ":")
	for _, m := range list {
		text += " " + m.ID
	}
	return text
}

// testCanvas keeps marks in order, each id once, and takes them away again.
func testCanvas(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, talk := t.Context(), w.Start("Vera", "")
	c, created, err := s.CreateCanvas(ctx, w.picture(talk))
	must(t, err)
	equal(t, "created", created, true)
	again := c
	again.ID = id.Canvas(id.New())
	got, created, err := s.CreateCanvas(ctx, again)
	must(t, err)
	equal(t, "the same picture again", spaced(created, got.ID == c.ID, got.CreatedAt.Equal(T0)), "false true true")

	add := func(author, markID string) canvas.Mark {
		t.Helper()
		_, m, repeated, err := s.AddMark(ctx, mark(c, author, markID))
		must(t, err)
		equal(t, "repeated", repeated, false)
		return m
	}
	first := add("ann", "1")
	add("vera", "1")
	add("ann", "2")
	equal(t, "marks", shown(t, s, c), "4 3: 1 1 2")
	got, m, repeated, err := s.AddMark(ctx, mark(c, "ann", "1"))
	must(t, err)
	equal(t, "an id again", spaced(repeated, m.Seq == first.Seq, got.Version), "true true 4")
	_, list, err := s.Marks(ctx, w.Tenant, c.ID)
	must(t, err)
	equal(t, "what is kept", fmt.Sprint(list[0]), fmt.Sprint(first))

	undo := func(author, markID string) string {
		t.Helper()
		_, gone, err := s.UndoMark(ctx, w.Tenant, c.ID, author, markID, T0)
		must(t, err)
		return gone
	}
	equal(t, "one that is not the last", undo("ann", "1"), "")
	equal(t, "the last", undo("ann", "2"), "2")
	equal(t, "the last again", undo("ann", "2"), "")
	equal(t, "whatever is the last", undo("ann", ""), "1")
	equal(t, "none left", undo("ann", ""), "")
	equal(t, "the other's stays", shown(t, s, c), "6 1: 1")

	layer := w.picture(talk).File
	got, err = s.SetLayer(ctx, w.Tenant, c.ID, layer, T0)
	must(t, err)
	equal(t, "layer", spaced(got.Layer == layer, got.Version), "true 7")
	got, changed, err := s.ClearCanvas(ctx, w.Tenant, c.ID, T0)
	must(t, err)
	equal(t, "cleared", spaced(changed, got.Layer, got.Version, got.Count), "true  8 0")
	_, changed, err = s.ClearCanvas(ctx, w.Tenant, c.ID, T0)
	must(t, err)
	equal(t, "cleared twice", spaced(changed, shown(t, s, c)), "false 8 0:")
}

// testCanvasBounds refuses what is too much, and everything when it is over.
func testCanvasBounds(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, talk, ann := t.Context(), w.Start("Vera", ""), w.Ready("ann", 5)
	c, _, err := s.CreateCanvas(ctx, w.picture(talk))
	must(t, err)
	for i := range canvas.MaxMarks {
		_, _, _, err := s.AddMark(ctx, mark(c, "ann", fmt.Sprint(i)))
		must(t, err)
	}
	_, _, _, err = s.AddMark(ctx, mark(c, "ann", "one more"))
	wantReason(t, err, errs.Conflict, "too_many_marks")
	_, _, repeated, err := s.AddMark(ctx, mark(c, "ann", "7"))
	must(t, err)
	equal(t, "a repeated one", repeated, true)
	for range canvas.MaxCanvases - 1 {
		_, _, err := s.CreateCanvas(ctx, w.picture(talk))
		must(t, err)
	}
	_, _, err = s.CreateCanvas(ctx, w.picture(talk))
	wantReason(t, err, errs.Conflict, "too_many_canvases")
	list, err := s.Canvases(ctx, w.Tenant, talk.ID)
	must(t, err)
	equal(t, "canvases", spaced(len(list), list[0].ID == c.ID, list[0].Count), spaced(canvas.MaxCanvases, true, canvas.MaxMarks))

	w.Close(w.Assign(talk, ann).Conversation)
	_, _, _, err = s.AddMark(ctx, mark(c, "ann", "late"))
	wantReason(t, err, errs.Conflict, "conversation_closed")
	_, _, err = s.UndoMark(ctx, w.Tenant, c.ID, "ann", "", T0)
	wantReason(t, err, errs.Conflict, "conversation_closed")
	_, _, err = s.ClearCanvas(ctx, w.Tenant, c.ID, T0)
	wantReason(t, err, errs.Conflict, "conversation_closed")
	_, err = s.SetLayer(ctx, w.Tenant, c.ID, c.File, T0)
	wantReason(t, err, errs.Conflict, "conversation_closed")
	_, _, err = s.CreateCanvas(ctx, w.picture(talk))
	wantReason(t, err, errs.Conflict, "conversation_closed")
}

// testCanvasRace gives marks of many at once versions without gaps.
func testCanvasRace(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	c, _, err := s.CreateCanvas(t.Context(), w.picture(w.Start("Vera", "")))
	must(t, err)
	const each, authors = 8, 4
	var all sync.WaitGroup
	for a := range authors {
		all.Go(func() {
			for i := range each {
				if _, _, _, err := s.AddMark(t.Context(), mark(c, fmt.Sprint("a", a), fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, list, err := s.Marks(t.Context(), w.Tenant, c.ID)
	must(t, err)
	equal(t, "canvas", spaced(got.Version, got.Count, len(list)), spaced(each*authors+1, each*authors, each*authors))
	for i, m := range list {
		equal(t, "version", m.Seq, int64(i+2))
	}
}

// testCanvasRecalled forgets a canvas with the message that showed it.
func testCanvasRecalled(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, "main")
	ctx, talk, ann := t.Context(), w.Start("Vera", ""), w.Ready("ann", 5)
	c, _, err := s.CreateCanvas(ctx, w.picture(talk))
	must(t, err)
	_, _, _, err = s.AddMark(ctx, mark(c, "ann", "1"))
	must(t, err)
	in := w.Answer(talk, ann, "")
	in.Message.Kind, in.Message.Canvas, in.Message.File = conversation.Cooperation, c.ID, &conversation.File{ID: c.File, Name: "x.png"}
	posted := w.Append(in)
	list, err := s.Messages(ctx, w.Tenant, talk.ID, conversation.Range{Limit: 9})
	must(t, err)
	equal(t, "message", spaced(len(list), list[0].Kind, list[0].Canvas == c.ID), "1 cooperation true")
	_, err = s.Recall(ctx, conversation.RecallInput{Tenant: w.Tenant, Conversation: talk.ID, Seq: posted.Message.Seq, Recall: conversation.Recall{At: T0}})
	must(t, err)
	_, err = s.Canvas(ctx, w.Tenant, c.ID)
	wantReason(t, err, errs.NotFound, "canvas_not_found")
}

// testCanvasIsolation calls every verb as another tenant.
func testCanvasIsolation(t *testing.T, s *store.Store) {
	w, o := NewWorld(t, s, "main"), NewWorld(t, s, "other")
	ctx, talk := t.Context(), w.Start("Vera", "")
	own, _, err := s.CreateCanvas(ctx, o.picture(o.Start("Uli", "")))
	must(t, err)
	c, _, err := s.CreateCanvas(ctx, w.picture(talk))
	must(t, err)
	_, _, _, err = s.AddMark(ctx, mark(c, "ann", "1"))
	must(t, err)
	before := dump(t, s)
	stolen := c
	stolen.Tenant = o.Tenant
	for name, call := range map[string]func() error{
		"CreateCanvas": func() error { _, _, err := s.CreateCanvas(ctx, stolen); return err },
		"CreateCanvas/ForeignFile": func() error {
			mine := own
			mine.ID, mine.File = id.Canvas(id.New()), c.File
			_, _, err := s.CreateCanvas(ctx, mine)
			return err
		},
		"Canvas":      func() error { _, err := s.Canvas(ctx, o.Tenant, c.ID); return err },
		"Marks":       func() error { _, _, err := s.Marks(ctx, o.Tenant, c.ID); return err },
		"AddMark":     func() error { _, _, _, err := s.AddMark(ctx, mark(stolen, "eve", "2")); return err },
		"UndoMark":    func() error { _, _, err := s.UndoMark(ctx, o.Tenant, c.ID, "ann", "", T0); return err },
		"ClearCanvas": func() error { _, _, err := s.ClearCanvas(ctx, o.Tenant, c.ID, T0); return err },
		"SetLayer":    func() error { _, err := s.SetLayer(ctx, o.Tenant, c.ID, own.File, T0); return err },
		"SetLayer/ForeignFile": func() error {
			_, err := s.SetLayer(ctx, o.Tenant, own.ID, c.File, T0)
			return err
		},
	} {
		if err := call(); errs.CodeOf(err) != errs.NotFound {
			t.Errorf("%s: %v, want not found", name, err)
		}
	}
	list, err := s.Canvases(ctx, o.Tenant, talk.ID)
	must(t, err)
	equal(t, "canvases of another tenant", len(list), 0)
	equal(t, "everything", dump(t, s), before)
}
