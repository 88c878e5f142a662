package canvas

import (
	"image"
	"math"
	"strconv"
	"testing"
	"time"

	"parlor/internal/id"
)

// scribble is the largest mark there is: every point, all over the picture.
func scribble(tool Tool) Shape {
	s := Shape{ID: "x", Tool: tool, Colour: "#ff0000", Width: MaxWidth}
	for i := range MaxPoints {
		sin, cos := math.Sincos(float64(i) / 3)
		s.Points = append(s.Points, 0.5+sin*0.49, 0.5+cos*0.49)
	}
	return s
}

// Marks at and beyond the edge, and of no extent, must not reach outside.
func TestPaintStaysInside(t *testing.T) {
	t.Parallel()
	for _, tool := range []Tool{Pen, Highlighter, Arrow, Rectangle, Ellipse} {
		for _, points := range [][]float64{{0, 0, 1, 1}, {1, 1, 1, 1}, {0, 1, 0, 0}, {0.5, 0.5, 0.5, 0.5}} {
			for _, size := range []image.Point{{1, 1}, {3, 200}, {64, 64}} {
				dst := image.NewRGBA(image.Rectangle{Max: size})
				paint(dst, Shape{ID: "x", Tool: tool, Colour: "#ff0000", Width: MaxWidth, Points: points})
				for i := 0; i < len(dst.Pix); i += 4 {
					if dst.Pix[i+1] != 0 || dst.Pix[i+2] != 0 || dst.Pix[i] > dst.Pix[i+3] {
						t.Fatalf("%s %v in %v: %v", tool, points, size, dst.Pix[i:i+4])
					}
				}
			}
		}
	}
}

// BenchmarkPaint draws the largest mark on the largest picture.
func BenchmarkPaint(b *testing.B) {
	dst, s := image.NewRGBA(image.Rect(0, 0, Whole, Whole*3/4)), scribble(Pen)
	for b.Loop() {
		paint(dst, s)
	}
}

// BenchmarkPaintUsual draws a line of forty points.
func BenchmarkPaintUsual(b *testing.B) {
	dst, s := image.NewRGBA(image.Rect(0, 0, Whole, Whole*3/4)), scribble(Pen)
	s.Width, s.Points = 8, nil
	for i := range 40 {
		s.Points = append(s.Points, 0.2+float64(i)/100, 0.3+float64(i%7)/100)
	}
	for b.Loop() {
		paint(dst, s)
	}
}

func TestPicturesAreRememberedWithinBounds(t *testing.T) {
	t.Parallel()
	p := newPictures()
	big := make([]byte, maxCached/4)
	for i := range 6 {
		p.put(pictureKey{canvas: "c", version: int64(i), size: i}, big)
	}
	if p.bytes > maxCached || p.get(pictureKey{"c", 0, 0}) != nil || p.get(pictureKey{"c", 5, 5}) == nil {
		t.Fatalf("%d bytes are kept", p.bytes)
	}
	p.put(pictureKey{"d", 1, Whole}, []byte{1})
	p.put(pictureKey{"d", 2, Whole}, []byte{2})
	if p.get(pictureKey{"d", 1, Whole}) != nil || p.get(pictureKey{"d", 2, Whole}) == nil {
		t.Fatal("an older version is kept")
	}
	p.put(pictureKey{"e", 1, Whole}, make([]byte, maxCached))
	if p.get(pictureKey{"e", 1, Whole}) != nil || p.bytes > maxCached {
		t.Fatal("what is too large is kept")
	}
}

func TestWhatTakesTooLongRests(t *testing.T) {
	t.Parallel()
	p, now := newPictures(), time.Unix(1e9, 0)
	if p.rests("c", now) {
		t.Fatal("it rests before it took long")
	}
	p.tire("c", now)
	if !p.rests("c", now.Add(restFor-1)) || p.rests("c", now.Add(restFor)) || p.rests("d", now) {
		t.Fatal("it rests too long, too short, or another one does")
	}
	for i := range 3 * maxHeavy {
		p.tire(id.Canvas(strconv.Itoa(i)), now)
	}
	if len(p.heavy) > maxHeavy {
		t.Fatalf("%d are remembered", len(p.heavy))
	}
}

// Limit sets how long a drawing may take, for tests.
func Limit(s *Service, d time.Duration) { s.pictures.budget = d }
