package canvas

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// highlight is how opaque a highlighter is, of 255.
const highlight = 102

// point is a place in pixels.
type point struct{ x, y float64 }

// paint draws a mark on a picture.
func paint(dst *image.RGBA, m Shape) {
	w, h := float64(dst.Bounds().Dx()), float64(dst.Bounds().Dy())
	radius := max(float64(m.Width)*max(w, h)/2000, 0.5)
	var lines [][]point
	pts := make([]point, len(m.Points)/2)
	for i := range pts {
		pts[i] = point{m.Points[2*i] * w, m.Points[2*i+1] * h}
	}
	switch m.Tool {
	case Arrow:
		lines = arrow(pts[0], pts[1], radius)
	case Rectangle:
		a, b := pts[0], pts[1]
		lines = [][]point{{a, {b.x, a.y}, b, {a.x, b.y}, a}}
	case Ellipse:
		lines = [][]point{ellipse(pts[0], pts[1])}
	default:
		lines = [][]point{pts}
	}
	box := bounds(lines, radius).Intersect(dst.Bounds())
	if box.Empty() {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, line := range lines {
		stroke(z, line, radius, point{float64(box.Min.X), float64(box.Min.Y)})
	}
	z.DrawOp = draw.Over
	z.Draw(dst, box, image.NewUniform(ink(m)), image.Point{})
}

// ink is the colour of a mark.
func ink(m Shape) color.NRGBA {
	v, err := strconv.ParseUint(m.Colour[1:], 16, 32)
	if err != nil {
		v = 0 // Check has refused it
	}
	c := color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
	if m.Tool == Highlighter {
		c.A = highlight
	}
	return c
}

// arrow is a line with two strokes at its end.
func arrow(a, b point, radius float64) [][]point {
	turn := math.Atan2(b.y-a.y, b.x-a.x)
	length := min(radius*8+6, math.Hypot(b.x-a.x, b.y-a.y))
	wing := func(by float64) point {
		return point{b.x - length*math.Cos(turn+by), b.y - length*math.Sin(turn+by)}
	}
	return [][]point{{a, b}, {wing(0.5), b, wing(-0.5)}}
}

// ellipse is a closed line between two corners.
func ellipse(a, b point) []point {
	const steps = 96
	line := make([]point, steps+1)
	for i := range line {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / steps)
		line[i] = point{(a.x+b.x)/2 + math.Abs(b.x-a.x)/2*cos, (a.y+b.y)/2 + math.Abs(b.y-a.y)/2*sin}
	}
	return line
}

// bounds is the rectangle that lines of a width touch.
func bounds(lines [][]point, radius float64) image.Rectangle {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, line := range lines {
		for _, p := range line {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	return image.Rect(int(low.x-radius)-2, int(low.y-radius)-2, int(high.x+radius)+3, int(high.y+radius)+3)
}

// stroke adds a line with round ends and corners: a disc at each point and a bar
// between two. All turn the same way, so that what overlaps stays filled.
func stroke(z *vector.Rasterizer, line []point, radius float64, origin point) {
	at := func(p point) (float32, float32) { return float32(p.x - origin.x), float32(p.y - origin.y) }
	for i, p := range line {
		disc(z, p, radius, at)
		if i == 0 {
			continue
		}
		q := line[i-1]
		length := math.Hypot(p.x-q.x, p.y-q.y)
		if length == 0 {
			continue
		}
		nx, ny := -(p.y-q.y)/length*radius, (p.x-q.x)/length*radius
		z.MoveTo(at(point{q.x + nx, q.y + ny}))
		z.LineTo(at(point{q.x - nx, q.y - ny}))
		z.LineTo(at(point{p.x - nx, p.y - ny}))
		z.LineTo(at(point{p.x + nx, p.y + ny}))
		z.ClosePath()
	}
}

// disc adds a circle of chords.
func disc(z *vector.Rasterizer, c point, radius float64, at func(point) (float32, float32)) {
	steps := max(8, min(48, int(radius*2)))
	for i := range steps {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(steps))
		p := point{c.x + radius*cos, c.y + radius*sin}
		if i == 0 {
			z.MoveTo(at(p))
		} else {
			z.LineTo(at(p))
		}
	}
	z.ClosePath()
}
