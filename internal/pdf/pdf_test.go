package pdf_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parlor/internal/pdf"
)

// parsed are the objects of a document, found through its table.
func parsed(t *testing.T, d *pdf.Document) (objects [][]byte) {
	t.Helper()
	var b bytes.Buffer
	if n, err := d.WriteTo(&b); err != nil || n != int64(b.Cap()-b.Available()) {
		t.Fatal(n, err)
	}
	file := b.Bytes()
	at := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
	if !bytes.HasPrefix(file, []byte("%PDF-1.4\n")) || at == nil {
		t.Fatalf("not a document: %.40q", file)
	}
	begin, err := strconv.Atoi(string(at[1]))
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(file[begin:], -1)
	for i, row := range table {
		off, err := strconv.Atoi(string(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("%d 0 obj\n", i+1)
		if !bytes.HasPrefix(file[off:], []byte(head)) {
			t.Fatalf("object %d is not at %d", i+1, off)
		}
		body, _, ok := bytes.Cut(file[off+len(head):], []byte("\nendobj\n"))
		if !ok {
			t.Fatalf("object %d has no end", i+1)
		}
		objects = append(objects, body)
	}
	return objects
}

// contents are the drawing commands of the pages.
func contents(t *testing.T, d *pdf.Document) (pages []string) {
	t.Helper()
	for _, o := range parsed(t, d) {
		head, rest, ok := bytes.Cut(o, []byte("\nstream\n"))
		if !ok {
			continue
		}
		length, err := strconv.Atoi(regexp.MustCompile(`/Length (\d+)`).FindStringSubmatch(string(head))[1])
		if err != nil || string(rest[length:]) != "\nendstream" {
			t.Fatalf("length %d of %d: %v", length, len(rest), err)
		}
		z, err := zlib.NewReader(bytes.NewReader(rest[:length]))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, string(text))
	}
	return pages
}

func TestBothFontsInOneLine(t *testing.T) {
	t.Parallel()
	d := pdf.New("会话 1")
	d.Add("Olá, 您好😀", pdf.Style{Gray: 0.5})
	pages := contents(t, d)
	if len(pages) != 1 {
		t.Fatalf("%d pages", len(pages))
	}
	for _, want := range []string{"0.50 g", "/L 10.5 Tf <4f6ce12c20> Tj", "/C 10.5 Tf <60a8597d25a1> Tj", "<31202f2031>"} {
		if !strings.Contains(pages[0], want) {
			t.Errorf("%q is missing in\n%s", want, pages[0])
		}
	}
	if title := string(parsed(t, d)[6]); title != "<< /Title <feff4f1a8bdd00200031> >>" {
		t.Error(title)
	}
}

// texts are the Latin lines of a page, in order, without its foot.
func texts(t *testing.T, page string) (list []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`<([0-9a-f]*)> Tj`).FindAllStringSubmatch(page, -1) {
		var b []byte
		if _, err := fmt.Sscanf(m[1], "%x", &b); err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
	return list[:len(list)-1]
}

func TestLinesWrapBetweenWords(t *testing.T) {
	t.Parallel()
	d := pdf.New("x")
	text := strings.Repeat("delivery tomorrow ", 30) + strings.Repeat("w", 200)
	d.Add(text, pdf.Style{})
	list := texts(t, contents(t, d)[0])
	if got := strings.Join(list, ""); got != text {
		t.Fatalf("wrapped to %q", got)
	}
	for i, line := range list {
		if len(line) > 130 || i < 5 && !strings.HasSuffix(line, " ") {
			t.Errorf("line %d is %q", i, line)
		}
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	t.Parallel()
	d := pdf.New("x")
	for i := range 200 {
		d.Add(strconv.Itoa(i), pdf.Style{Above: 4})
	}
	pages := contents(t, d)
	var all []string
	for _, p := range pages {
		all = append(all, texts(t, p)...)
	}
	if len(pages) < 4 || len(all) != 200 || all[199] != "199" {
		t.Fatalf("%d pages with %d lines", len(pages), len(all))
	}
	if list := string(parsed(t, d)[1]); !strings.Contains(list, fmt.Sprintf("/Count %d", len(pages))) {
		t.Error(list)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add("a\x00b\t会\u0301\n\U0001f600", 30.0)
	f.Fuzz(func(t *testing.T, text string, size float64) {
		if size < 1 || size > 500 {
			size = 10
		}
		d := pdf.New(text)
		d.Add(text, pdf.Style{Size: size, Center: true})
		contents(t, d)
	})
}
