package sheet

import (
	"encoding/csv"
	"errors"
	"io"

	"github.com/xuri/excelize/v2"

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
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	out, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = cell
		}
		at, err := excelize.CoordinatesToCellName(1, n)
		if err != nil {
			return err
		}
		if err := out.SetRow(at, cells); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}
