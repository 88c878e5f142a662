package store

import (
	"context"
	"encoding/json"
	"time"

	"parlor/internal/canvas"
	"parlor/internal/conversation"
	"parlor/internal/errs"
	"parlor/internal/id"
)

var _ canvas.Store = (*Store)(nil)

const canvasColumns = `id, tenant, conversation, file, width, height, layer, agent, version, marks, created_at, changed_at`

func scanCanvas(r row) (c canvas.Canvas, err error) {
	var created, changed int64
	err = r.Scan(&c.ID, &c.Tenant, &c.Conversation, &c.File, &c.Width, &c.Height, &c.Layer, &c.Agent, &c.Version, &c.Count, &created, &changed)
	c.CreatedAt, c.ChangedAt = at(created), at(changed)
	return c, err
}

const markColumns = `seq, id, side, author, name, tool, colour, width, points, at`

func scanMark(r row) (m canvas.Mark, err error) {
	var points string
	var when int64
	if err = r.Scan(&m.Seq, &m.ID, &m.By, &m.Author, &m.Name, &m.Tool, &m.Colour, &m.Width, &points, &when); err != nil {
		return m, err
	}
	m.At = at(when)
	return m, json.Unmarshal([]byte(points), &m.Points)
}

// canvasOf reads one canvas.
func canvasOf(ctx context.Context, q runner, t id.Tenant, c id.Canvas) (canvas.Canvas, error) {
	got, ok, err := first(ctx, q, scanCanvas, `SELECT `+canvasColumns+` FROM canvas WHERE id = $1 AND tenant = $2`, string(c), string(t))
	if err == nil && !ok {
		err = missing("canvas")
	}
	return got, err
}

// lockTalk locks the conversation of what is drawn on and refuses one that is
// over. Verbs of conversations lock it first too.
func (s *Store) lockTalk(ctx context.Context, x *tx, t id.Tenant, c id.Conversation) error {
	talk, err := conversationOf(ctx, x, t, c, s.dialect.lock("c"))
	if err == nil && talk.Status == conversation.Closed {
		err = errClosed()
	}
	return err
}

// onCanvas runs a change of a canvas whose conversation goes on. Who holds the
// conversation's lock is alone with its canvases.
func (s *Store) onCanvas(ctx context.Context, t id.Tenant, c id.Canvas, fn func(context.Context, *tx, canvas.Canvas) error) error {
	return s.write(ctx, func(ctx context.Context, x *tx) error {
		got, err := canvasOf(ctx, x, t, c)
		if err != nil {
			return err
		}
		if err := s.lockTalk(ctx, x, t, got.Conversation); err != nil {
			return err
		}
		if got, err = canvasOf(ctx, x, t, c); err != nil {
			return err
		}
		return fn(ctx, x, got)
	})
}

// CreateCanvas implements canvas.Store.
func (s *Store) CreateCanvas(ctx context.Context, c canvas.Canvas) (got canvas.Canvas, created bool, err error) {
	defer errs.Wrap(&err, "store.CreateCanvas %s", c.ID)
	err = s.write(ctx, func(ctx context.Context, t *tx) (err error) {
		if err := s.lockTalk(ctx, t, c.Tenant, c.Conversation); err != nil {
			return err
		}
		if err := mustHave(ctx, t, "file", c.Tenant, string(c.File)); err != nil {
			return err
		}
		var there bool
		got, there, err = first(ctx, t, scanCanvas, `SELECT `+canvasColumns+` FROM canvas WHERE conversation = $1 AND file = $2`, string(c.Conversation), string(c.File))
		if created = !there; err != nil || there {
			return err
		}
		n, _, err := first(ctx, t, scalar[int], `SELECT COUNT(*) FROM canvas WHERE conversation = $1`, string(c.Conversation))
		if err == nil && n >= canvas.MaxCanvases {
			err = errs.New(errs.Conflict, "too_many_canvases", "the conversation has %d pictures to draw on, more are not allowed", n)
		}
		if err != nil {
			return err
		}
		got, _, err = change(ctx, t, scanCanvas, `INSERT INTO canvas (id, tenant, conversation, file, width, height, layer, agent, version, marks, kept, created_at, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, '', $7, 1, 0, 0, $8, $8) RETURNING `+canvasColumns,
			string(c.ID), string(c.Tenant), string(c.Conversation), string(c.File), c.Width, c.Height, string(c.Agent), ms(c.CreatedAt))
		return err
	})
	return got, created && err == nil, err
}

// Canvas implements canvas.Store.
func (s *Store) Canvas(ctx context.Context, t id.Tenant, c id.Canvas) (got canvas.Canvas, err error) {
	defer errs.Wrap(&err, "store.Canvas %s", c)
	return canvasOf(ctx, s.readers, t, c)
}

// Canvases implements canvas.Store.
func (s *Store) Canvases(ctx context.Context, t id.Tenant, c id.Conversation) (list []canvas.Canvas, err error) {
	defer errs.Wrap(&err, "store.Canvases %s", c)
	return all(ctx, s.readers, scanCanvas, `SELECT `+canvasColumns+` FROM canvas WHERE conversation = $1 AND tenant = $2 ORDER BY id LIMIT $3`,
		string(c), string(t), canvas.MaxCanvases)
}

// Marks implements canvas.Store. The marks are those of the version that was read
// first: each has the version it came with, and those that went are still there.
func (s *Store) Marks(ctx context.Context, t id.Tenant, c id.Canvas) (got canvas.Canvas, list []canvas.Mark, err error) {
	defer errs.Wrap(&err, "store.Marks %s", c)
	if got, err = canvasOf(ctx, s.readers, t, c); err != nil {
		return got, nil, err
	}
	list, err = all(ctx, s.readers, scanMark, `SELECT `+markColumns+` FROM canvas_mark
		WHERE canvas = $1 AND seq <= $2 AND (gone = 0 OR gone > $2) ORDER BY seq LIMIT $3`, string(c), got.Version, canvas.MaxKept)
	return got, list, err
}

// AddMark implements canvas.Store.
func (s *Store) AddMark(ctx context.Context, in canvas.Add) (got canvas.Canvas, m canvas.Mark, repeated bool, err error) {
	defer errs.Wrap(&err, "store.AddMark %s", in.Canvas)
	points, err := json.Marshal(in.Mark.Points)
	if err != nil {
		return got, m, false, err
	}
	err = s.onCanvas(ctx, in.Tenant, in.Canvas, func(ctx context.Context, t *tx, c canvas.Canvas) (err error) {
		m, repeated, err = first(ctx, t, scanMark, `SELECT `+markColumns+` FROM canvas_mark WHERE canvas = $1 AND author = $2 AND id = $3`,
			string(c.ID), in.Mark.Author, in.Mark.ID)
		if got = c; err != nil || repeated {
			return err
		}
		var ok bool
		got, ok, err = change(ctx, t, scanCanvas, `UPDATE canvas SET version = version + 1, marks = marks + 1, kept = kept + 1, changed_at = $2
			WHERE id = $1 AND marks < $3 AND kept < $4 RETURNING `+canvasColumns, string(c.ID), ms(in.Mark.At), canvas.MaxMarks, canvas.MaxKept)
		if err == nil && !ok {
			err = errs.New(errs.Conflict, "too_many_marks", "there are too many marks on the picture")
		}
		if err != nil {
			return err
		}
		m = in.Mark
		m.Seq = got.Version
		_, err = t.exec(ctx, `INSERT INTO canvas_mark (canvas, seq, id, side, author, name, tool, colour, width, points, gone, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11)`,
			string(c.ID), m.Seq, m.ID, string(m.By), m.Author, m.Name, string(m.Tool), m.Colour, m.Width, string(points), ms(m.At))
		return err
	})
	return got, m, repeated && err == nil, err
}

// UndoMark implements canvas.Store.
func (s *Store) UndoMark(ctx context.Context, t id.Tenant, c id.Canvas, author, mark string, when time.Time) (got canvas.Canvas, gone string, err error) {
	defer errs.Wrap(&err, "store.UndoMark %s", c)
	err = s.onCanvas(ctx, t, c, func(ctx context.Context, x *tx, c canvas.Canvas) error {
		got, gone = c, ""
		last, ok, err := first(ctx, x, scanMark, `SELECT `+markColumns+` FROM canvas_mark WHERE canvas = $1 AND author = $2 AND gone = 0 ORDER BY seq DESC LIMIT 1`,
			string(c.ID), author)
		if err != nil || !ok || (mark != "" && mark != last.ID) {
			return err
		}
		if got, _, err = change(ctx, x, scanCanvas, `UPDATE canvas SET version = version + 1, marks = marks - 1, changed_at = $2
			WHERE id = $1 RETURNING `+canvasColumns, string(c.ID), ms(when)); err != nil {
			return err
		}
		gone = last.ID
		_, err = x.exec(ctx, `UPDATE canvas_mark SET gone = $3 WHERE canvas = $1 AND seq = $2`, string(c.ID), last.Seq, got.Version)
		return err
	})
	return got, gone, err
}

// ClearCanvas implements canvas.Store.
func (s *Store) ClearCanvas(ctx context.Context, t id.Tenant, c id.Canvas, when time.Time) (got canvas.Canvas, changed bool, err error) {
	defer errs.Wrap(&err, "store.ClearCanvas %s", c)
	err = s.onCanvas(ctx, t, c, func(ctx context.Context, x *tx, c canvas.Canvas) (err error) {
		got, changed = c, c.Count > 0 || c.Layer != ""
		if !changed {
			return nil
		}
		if got, _, err = change(ctx, x, scanCanvas, `UPDATE canvas SET version = version + 1, marks = 0, layer = '', changed_at = $2
			WHERE id = $1 RETURNING `+canvasColumns, string(c.ID), ms(when)); err != nil {
			return err
		}
		_, err = x.exec(ctx, `UPDATE canvas_mark SET gone = $2 WHERE canvas = $1 AND gone = 0`, string(c.ID), got.Version)
		return err
	})
	return got, changed && err == nil, err
}

// SetLayer implements canvas.Store.
func (s *Store) SetLayer(ctx context.Context, t id.Tenant, c id.Canvas, layer id.File, when time.Time) (got canvas.Canvas, err error) {
	defer errs.Wrap(&err, "store.SetLayer %s", c)
	err = s.onCanvas(ctx, t, c, func(ctx context.Context, x *tx, c canvas.Canvas) (err error) {
		if err := mustHave(ctx, x, "file", t, string(layer)); err != nil {
			return err
		}
		got, _, err = change(ctx, x, scanCanvas, `UPDATE canvas SET version = version + 1, layer = $2, changed_at = $3 WHERE id = $1 RETURNING `+canvasColumns,
			string(c.ID), string(layer), ms(when))
		return err
	})
	return got, err
}

// dropCanvas forgets a canvas whose message was taken back.
func dropCanvas(ctx context.Context, t *tx, tenant id.Tenant, c id.Canvas) error {
	if c == "" {
		return nil
	}
	n, err := t.exec(ctx, `DELETE FROM canvas WHERE id = $1 AND tenant = $2`, string(c), string(tenant))
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM canvas_mark WHERE canvas = $1`, string(c))
	return err
}
