package canvas

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"sync"
	"time"

	"golang.org/x/image/draw"

	"parlor/internal/actor"
	"parlor/internal/errs"
	"parlor/internal/id"
)

// Sizes of a drawn picture: the longer side in pixels at most.
const (
	Whole = 1600
	Small = 460
)

// maxCached bounds the drawn pictures that are remembered, in bytes.
const maxCached = 32 << 20

// A canvas that takes longer than maxRender to be drawn is given up, and not tried
// again for restFor: whoever fills it with the largest marks holds up nobody else.
const (
	maxRender = 3 * time.Second
	restFor   = 30 * time.Second
	maxHeavy  = 1000
)

// Drawn is the picture of a canvas with everything on it.
type Drawn struct {
	PNG     []byte
	Version int64
}

// Picture returns a canvas as one PNG, for who may see it. size is Whole or Small.
func (s *Service) Picture(ctx context.Context, who actor.Actor, c id.Canvas, size int) (Drawn, error) {
	got, err := s.Store.Canvas(ctx, who.Tenant, c)
	if err != nil {
		return Drawn{}, err
	}
	if _, err := s.talk(ctx, who, got); err != nil {
		return Drawn{}, err
	}
	return s.Render(ctx, got, size)
}

// Render draws a canvas of which it is known that it may be shown. Each version
// is drawn once while it is remembered. errs.Unavailable "drawing_too_heavy" if it
// takes longer than three seconds.
func (s *Service) Render(ctx context.Context, c Canvas, size int) (d Drawn, err error) {
	defer errs.Wrap(&err, "canvas.Render %s", c.ID)
	key := pictureKey{c.ID, c.Version, size}
	if b := s.pictures.get(key); b != nil {
		return Drawn{b, c.Version}, nil
	}
	if s.pictures.rests(c.ID, s.Clock.Now()) {
		return d, errHeavy
	}
	if err := s.pictures.enter(ctx); err != nil {
		return d, err
	}
	defer s.pictures.leave()
	if b := s.pictures.get(key); b != nil { // somebody was faster
		return Drawn{b, c.Version}, nil
	}
	c, marks, err := s.Store.Marks(ctx, c.Tenant, c.ID)
	if err != nil {
		return d, err
	}
	key.version = c.Version
	dst, err := s.ground(ctx, c, size)
	if err != nil {
		return d, err
	}
	began := time.Now() // what it costs is measured by the real clock
	for _, m := range marks {
		if time.Since(began) > s.pictures.budget {
			s.pictures.tire(c.ID, s.Clock.Now())
			return d, errHeavy
		}
		paint(dst, m.Shape)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, dst); err != nil {
		return d, err
	}
	s.pictures.put(key, b.Bytes())
	return Drawn{b.Bytes(), c.Version}, nil
}

var errHeavy = errs.New(errs.Unavailable, "drawing_too_heavy", "There is too much on this picture to draw it.")

// ground is the picture with the saved drawing on it, scaled.
func (s *Service) ground(ctx context.Context, c Canvas, size int) (*image.RGBA, error) {
	src, err := s.Media.Image(ctx, c.Tenant, c.File)
	if err != nil {
		return nil, err
	}
	b := src.Bounds()
	scale := min(1, float64(size)/float64(max(b.Dx(), b.Dy(), 1)))
	dst := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, b, draw.Over, nil)
	if c.Layer == "" {
		return dst, nil
	}
	layer, err := s.Media.Image(ctx, c.Tenant, c.Layer)
	if err != nil {
		return nil, err
	}
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), layer, layer.Bounds(), draw.Over, nil)
	return dst, nil
}

// pictureKey names a drawn picture.
type pictureKey struct {
	canvas  id.Canvas
	version int64
	size    int
}

// pictures remembers drawn pictures within maxCached, the least used go first,
// and lets few be drawn at a time.
type pictures struct {
	drawing chan struct{}
	budget  time.Duration

	mu    sync.Mutex
	m     map[pictureKey]*picture
	bytes int
	turn  int64
	// heavy are canvases that took too long, with when they may be tried again.
	heavy map[id.Canvas]time.Time
}

type picture struct {
	data []byte
	used int64
}

func newPictures() *pictures {
	return &pictures{drawing: make(chan struct{}, 2), budget: maxRender, m: map[pictureKey]*picture{}, heavy: map[id.Canvas]time.Time{}}
}

func (p *pictures) enter(ctx context.Context) error {
	select {
	case p.drawing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pictures) leave() { <-p.drawing }

// rests reports whether a canvas took too long a moment ago.
func (p *pictures) rests(c id.Canvas, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.heavy[c])
}

// tire notes that a canvas took too long.
func (p *pictures) tire(c id.Canvas, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for old, until := range p.heavy {
		if !now.Before(until) || len(p.heavy) >= maxHeavy {
			delete(p.heavy, old)
		}
	}
	p.heavy[c] = now.Add(restFor)
}

func (p *pictures) get(k pictureKey) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.m[k]
	if got == nil {
		return nil
	}
	p.turn++
	got.used = p.turn
	return got.data
}

func (p *pictures) put(k pictureKey, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(data) > maxCached/2 || p.m[k] != nil {
		return
	}
	// Older versions of a canvas are not asked for again.
	for old := range p.m {
		if old.canvas == k.canvas && old.size == k.size && old.version < k.version {
			p.drop(old)
		}
	}
	for p.bytes+len(data) > maxCached {
		oldest, used := pictureKey{}, p.turn+1
		for key, x := range p.m {
			if x.used < used {
				oldest, used = key, x.used
			}
		}
		p.drop(oldest)
	}
	p.turn++
	p.m[k] = &picture{data, p.turn}
	p.bytes += len(data)
}

// drop must be called with mu held.
func (p *pictures) drop(k pictureKey) {
	p.bytes -= len(p.m[k].data)
	delete(p.m, k)
}
