package sheet

import (
	"encoding/csv"
	"io"

	"parlor/internal/errs"
)

// Lines writes a table as CSV row by row, however long it is, as RFC 4180 has it:
// lines end with CR LF.
type Lines struct {
	to   io.Writer
	out  *csv.Writer
	safe []string
}

// NewLines returns a writer. The first lines of a file begin with the byte order mark;
// lines that are added to a file do not.
func NewLines(w io.Writer, first bool) (*Lines, error) {
	l := &Lines{to: w, out: csv.NewWriter(w)}
	l.out.UseCRLF = true
	if !first {
		return l, nil
	}
	_, err := w.Write(bom)
	return l, err
}

// Row adds a row. Cells that a spreadsheet would run are guarded.
func (l *Lines) Row(cells []string) error {
	l.safe = l.safe[:0]
	for _, cell := range cells {
		l.safe = append(l.safe, Guard(cell))
	}
	return l.out.Write(l.safe)
}

// Flush writes out what is kept back.
func (l *Lines) Flush() error {
	l.out.Flush()
	return l.out.Error()
}

// Book makes a workbook of lines that this package wrote. Neither is ever in memory as
// a whole.
func Book(w io.Writer, lines io.Reader) (err error) {
	defer errs.Wrap(&err, "sheet.Book")
	if _, err = io.ReadFull(lines, make([]byte, len(bom))); err != nil {
		return err
	}
	in := csv.NewReader(lines)
	in.ReuseRecord = true
	return book(w, in.Read)
}
