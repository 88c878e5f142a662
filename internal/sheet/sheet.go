// Package sheet reads and writes tables of texts as CSV and Excel workbooks,
// for import and export. What it writes is safe to open: a cell that a
// spreadsheet would run as a formula is marked as text.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"parlor/internal/errs"
)

// Format is a form of a table.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Bounds of what Read takes. A file beyond them is refused whole: half an import
// would be worse than none.
const (
	// MaxBytes is of the file, MaxCell of a cell in characters (Excel's own limit).
	MaxBytes   = 10 << 20
	MaxRows    = 20_000
	MaxColumns = 100
	MaxCell    = 32_767
	// maxUnpacked bounds what a workbook may unpack to.
	maxUnpacked = 100 << 20
)

// Type is the media type of the format.
func (f Format) Type() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// bom is the byte order mark of UTF-8.
var bom = []byte("\ufeff")

// Guard makes a text safe as a cell: one that begins like a formula gets an
// apostrophe in front, which spreadsheets do not show.
func Guard(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Unguard is the reverse of Guard.
func Unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(s[1])) {
		return s[1:]
	}
	return s
}

// Write writes rows in the format; the first row is the heading. CSV begins with
// a byte order mark, without which Excel garbles Chinese.
func Write(w io.Writer, f Format, rows [][]string) (err error) {
	defer errs.Wrap(&err, "sheet.Write")
	if f == XLSX {
		return writeBook(w, rows)
	}
	if _, err = w.Write(bom); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = Guard(cell)
		}
		if err = out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeBook writes a workbook of one sheet. Its cells are texts by type, and
// guarded all the same, for whoever saves it as CSV.
func writeBook(w io.Writer, rows [][]string) error {
	n := -1
	return book(w, func() ([]string, error) {
		if n++; n == len(rows) {
			return nil, io.EOF
		}
		safe := make([]string, len(rows[n]))
		for i, cell := range rows[n] {
			safe[i] = Guard(cell)
		}
		return safe, nil
	})
}

// book writes a workbook of the rows that next gives until io.EOF.
func book(w io.Writer, next func() ([]string, error)) (err error) {
	made := excelize.NewFile()
	defer func() { err = errors.Join(err, made.Close()) }()
	// Streamed row by row: a whole sheet in the library's memory is many times its file.
	out, err := made.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		row, err := next()
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
	return made.Write(w)
}

// Read reads the first table of a CSV file or Excel workbook; which it is is
// told by its bytes. CSV may be UTF-8 with or without mark, or GBK, and divided
// by commas, semicolons or tabs. Errors: TooLarge "table_too_large"; Invalid
// "bad_table" if it is neither.
func Read(r io.Reader) (rows [][]string, err error) {
	defer errs.Wrap(&err, "sheet.Read")
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxBytes {
		return nil, errs.New(errs.TooLarge, "table_too_large", "The file is larger than %d MiB.", MaxBytes>>20)
	}
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		rows, err = readBook(b)
	} else {
		rows, err = readCSV(b)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) > MaxRows {
		return nil, errs.New(errs.TooLarge, "table_too_large", "The table has more than %d lines.", MaxRows)
	}
	return rows, clean(rows)
}

// clean unguards cells and refuses what is no text.
func clean(rows [][]string) error {
	for n, row := range rows {
		if len(row) > MaxColumns {
			return errs.New(errs.TooLarge, "table_too_large", "Line %d has more than %d columns.", n+1, MaxColumns)
		}
		for i, cell := range row {
			if !utf8.ValidString(cell) || strings.IndexByte(cell, 0) >= 0 || len(cell) > 4*MaxCell {
				return badTable("line %d has a cell that is no text", n+1)
			}
			row[i] = Unguard(strings.TrimSpace(cell))
		}
	}
	return nil
}

// badTable is the error for a file that is no table, with the reason in words that
// tell an agent what to mend.
func badTable(format string, args ...any) *errs.Error {
	return errs.New(errs.Invalid, "bad_table", "This is not a table we can read: "+format+".", args...)
}

// readCSV is lenient where people's programs are: lines may differ in length, and
// a quotation mark may stand inside of a cell.
func readCSV(b []byte) ([][]string, error) {
	b = bytes.TrimPrefix(b, bom)
	if !utf8.Valid(b) {
		// What Excel in Chinese saves as CSV.
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, badTable("it is neither UTF-8 nor GBK")
		}
		b = decoded
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.FieldsPerRecord, in.LazyQuotes, in.Comma = -1, true, divider(b)
	var rows [][]string
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, badTable("line %d is broken", len(rows)+1).Because(err)
		}
		if rows = append(rows, row); len(rows) > MaxRows {
			return rows, nil // Read says that it is too much
		}
	}
}

// divider is the divider that the heading uses most.
func divider(b []byte) rune {
	head, _, _ := bytes.Cut(b, []byte("\n"))
	best, most := ',', bytes.Count(head, []byte(","))
	for _, c := range []rune{';', '\t'} {
		if n := bytes.Count(head, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// readBook reads the first sheet, row by row, so that a small file cannot
// unpack to more than the bounds allow.
func readBook(b []byte) (rows [][]string, err error) {
	// Raw values: a cell's number format is the author's taste, not its content.
	book, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked, RawCellValue: true})
	if err != nil {
		return nil, badTable("the workbook is broken or too large").Because(err)
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	names := book.GetSheetList()
	if len(names) == 0 {
		return nil, badTable("the workbook has no sheet")
	}
	in, err := book.Rows(names[0])
	if err != nil {
		return nil, badTable("the first sheet is broken").Because(err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	// One row more than allowed is enough for Read to refuse the file.
	for in.Next() && len(rows) <= MaxRows {
		row, err := in.Columns()
		if err != nil {
			return nil, badTable("line %d is broken", len(rows)+1).Because(err)
		}
		rows = append(rows, row)
	}
	if err := in.Error(); err != nil {
		return nil, badTable("line %d is broken", len(rows)+1).Because(err)
	}
	return rows, nil
}
