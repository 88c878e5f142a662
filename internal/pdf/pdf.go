// Package pdf writes plain text as a PDF document of A4 pages: wrapped lines in
// sizes and greys, nothing else. It embeds no font: Latin text is in Helvetica,
// everything else in STSong-Light, which every reader of PDF brings or replaces.
// A character beyond Unicode's first plane, an emoji for example, becomes a box.
package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// The page, in points.
const (
	pageWidth, pageHeight = 595.0, 842.0
	margin                = 56.0
	leading               = 1.45 // height of a line in sizes of its font
)

// Style says how a piece of text looks.
type Style struct {
	// Size is the size of the font in points. Default 10.5.
	Size float64
	// Gray is 0 for black to 1 for white.
	Gray float64
	// Center puts each line in the middle.
	Center bool
	// Above is the room left above, in points.
	Above float64
}

// Document is a document that is being written. Its zero value is not usable.
type Document struct {
	title string
	pages []*bytes.Buffer
	// y is where the next line goes on the last page, from below.
	y float64
}

// New returns an empty document.
func New(title string) *Document { return &Document{title: title} }

// Add writes a piece of text, wrapped at the margins. A line feed begins a line.
func (d *Document) Add(text string, s Style) {
	if s.Size == 0 {
		s.Size = 10.5
	}
	d.y -= s.Above
	for _, paragraph := range strings.Split(text, "\n") {
		for _, line := range wrap(paragraph, (pageWidth-2*margin)/s.Size*1000) {
			d.line(line, s)
		}
	}
}

// line puts a line under the last one, on a new page if this one is full.
func (d *Document) line(l []rune, s Style) {
	d.y -= s.Size * leading
	if len(d.pages) == 0 || d.y < margin {
		d.pages = append(d.pages, &bytes.Buffer{})
		d.y = pageHeight - margin - s.Size
	}
	x := margin
	if s.Center {
		x = (pageWidth - width(l)*s.Size/1000) / 2
	}
	d.show(d.pages[len(d.pages)-1], l, s, x, d.y)
}

// show draws a line at a place.
func (d *Document) show(page *bytes.Buffer, l []rune, s Style, x, y float64) {
	fmt.Fprintf(page, "BT %.2f g 1 0 0 1 %.2f %.2f Tm\n", s.Gray, x, y)
	for len(l) > 0 {
		latin := isLatin(l[0])
		n := 1
		for n < len(l) && isLatin(l[n]) == latin {
			n++
		}
		if latin {
			fmt.Fprintf(page, "/L %.1f Tf <%x> Tj\n", s.Size, winAnsi(l[:n]))
		} else {
			fmt.Fprintf(page, "/C %.1f Tf <%x> Tj\n", s.Size, ucs2(l[:n]))
		}
		l = l[n:]
	}
	page.WriteString("ET\n")
}

// ucs2 is how the second font takes text.
func ucs2(l []rune) []byte {
	b := make([]byte, 0, 2*len(l))
	for _, r := range l {
		if r > 0xffff || utf16.IsSurrogate(r) {
			r = '□'
		}
		b = append(b, byte(r>>8), byte(r))
	}
	return b
}

// The objects in front of the pages.
var preamble = []string{
	"<< /Type /Catalog /Pages 2 0 R >>",
	"", // the list of pages
	"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>",
	"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /FontDescriptor 6 0 R" +
		" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> >>",
	"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0" +
		" /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
	"", // the title
}

// WriteTo writes the document with the numbers of its pages at their feet.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	if len(d.pages) == 0 {
		d.pages = append(d.pages, &bytes.Buffer{})
	}
	list := append([]string{}, preamble...)
	kids := make([]string, len(d.pages))
	for i, page := range d.pages {
		foot := []rune(fmt.Sprintf("%d / %d", i+1, len(d.pages)))
		d.show(page, foot, Style{Size: 8, Gray: 0.45}, (pageWidth-width(foot)*8/1000)/2, margin/2)
		kids[i] = fmt.Sprintf("%d 0 R", len(list)+1)
		content, err := deflate(page.Bytes())
		if err != nil {
			return 0, err
		}
		list = append(list, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.0f %.0f] /Contents %d 0 R"+
			" /Resources << /Font << /L 3 0 R /C 4 0 R >> >> >>", pageWidth, pageHeight, len(list)+2),
			fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", len(content), content))
	}
	list[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids))
	list[6] = fmt.Sprintf("<< /Title <feff%x> >>", ucs2([]rune(d.title)))
	return file(list).WriteTo(w)
}

// file puts the objects one behind the other, with the table of where they are.
func file(objects []string) *bytes.Buffer {
	var b, table bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	begin := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n",
		len(objects)+1, table.String(), len(objects)+1, begin)
	return &b
}

func deflate(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}
